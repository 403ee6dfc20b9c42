//! A phone system that says that something has changed and not what: a link and a look for each of 500 lines.
//!
//! The phone system is the simulated Oktell, in this process. What is measured is the way from a hand at a phone to the
//! client's socket: the simulator's own work, its event, the look that the adapter takes, and the host.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jackfield_sim::oktell::{Config, Simulator};
use jackfield_sim::{Behaviour, Door, Kind, Server, serve};
use serde_json::{Value, json};

use crate::Scale;
use crate::host::Host;
use crate::measure::{ROUNDS, Spread};
use crate::sockets::{Client, TOKEN};
use crate::table::{Figure, Outcome};

const LINES: usize = 500;
/// Things that happen in a second, each at another line.
const RATE: u32 = 100;
/// Things of a turn: each line has as many.
const TURN: u32 = 1_000;
/// How long the last ones may take, and the start.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it is watched how much CPU is used while nothing happens.
const REST: Duration = Duration::from_secs(15);

fn number(line: usize) -> String {
    (1_000 + line).to_string()
}

fn phone_system() -> Result<Config, String> {
    let mut text = String::from("lift_ms = 0\noutside = \"manual\"\nqueues = []\n");
    for line in 0..LINES {
        text += &format!("[[users]]\nlogin = \"op{line}\"\npassword = \"bench\"\nnumber = \"{}\"\n", number(line));
    }
    let mut config = Config::parse(&text)?;
    config.outside = Behaviour::Manual;
    Ok(config)
}

fn configuration(oktell: SocketAddr) -> String {
    let mut text = format!(
        "[[connection]]\nid = \"okt\"\nplugin = \"oktell\"\nisolation = \"host\"\n[connection.settings]\nurl = \
         \"ws://{oktell}\"\nanswer_timeout = 60\n"
    );
    for line in 0..LINES {
        text +=
            &format!("[[line]]\nname = \"okt/{line}\"\n[line.settings]\nlogin = \"op{line}\"\npassword = \"bench\"\n");
    }
    text + &format!("[[user]]\nname = \"bench\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"okt/*\"]\n")
}

/// The hands at the phones.
pub(super) struct Hands(BufReader<TcpStream>);

impl Hands {
    pub(super) fn at(control: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(control).map_err(|e| format!("the control channel: {e}"))?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        Ok(Self(BufReader::new(stream)))
    }

    fn send(&mut self, what: &Value) -> Result<(), String> {
        self.0.get_mut().write_all(format!("{what}\n").as_bytes()).map_err(|e| format!("the control channel: {e}"))
    }

    fn done(&mut self, what: &Value) -> Result<(), String> {
        let mut answer = String::new();
        self.0.read_line(&mut answer).map_err(|e| format!("the control channel: {e}"))?;
        if answer.contains("\"ok\":true") { Ok(()) } else { Err(format!("{what}: {answer}")) }
    }

    pub(super) fn tell(&mut self, what: &Value) -> Result<(), String> {
        self.send(what)?;
        self.done(what)
    }
}

/// What is on its way to each client, and how long it took.
struct Watch {
    begin: Instant,
    /// When it was sent, in nanoseconds from `begin`; 0: nothing is on its way.
    sent: Vec<AtomicU64>,
    took: Mutex<Vec<f64>>,
}

impl Watch {
    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    /// Reads events, for ever; the first of a kind after something happened is what it is about.
    async fn read(self: Arc<Self>, line: usize, mut client: Client) {
        while let Ok(text) = client.text().await {
            let text = String::from_utf8_lossy(&text);
            let about = ["\"hold\"", "\"unhold\""].iter().any(|name| text.contains(&format!("\"method\":{name}")));
            if !about {
                continue;
            }
            let sent = self.sent[line].swap(0, Ordering::AcqRel);
            if sent > 0 {
                let millis = self.now().saturating_sub(sent) as f64 / 1e6;
                self.took.lock().unwrap_or_else(PoisonError::into_inner).push(millis);
            }
        }
    }

    /// A turn: milliseconds of the median, and of one in a hundred.
    fn turn(&self, hands: &mut Hands) -> Result<(f64, f64), String> {
        let begin = Instant::now();
        for count in 0..TURN {
            let due = Duration::from_secs(1) * count / RATE;
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
            let line = count as usize % LINES;
            self.sent[line].store(self.now(), Ordering::Release);
            hands.tell(&json!({ "do": "flash", "number": number(line) }))?;
        }
        let until = Instant::now() + PATIENCE;
        while self.sent.iter().any(|sent| sent.load(Ordering::Acquire) > 0) {
            if Instant::now() > until {
                return Err("something that happened at a phone was never told".to_owned());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut took = std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner));
        took.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Ok((at(0.5), at(0.99)))
    }
}

/// CPU of the host for each line and second, in microseconds, while nothing happens.
fn at_rest(host: &Host) -> Result<f64, String> {
    let (before, begin) = (host.cpu()?, Instant::now());
    std::thread::sleep(REST);
    // The time of threads that have ended is not in it: it may be less than before.
    Ok(host.cpu()?.saturating_sub(before).as_secs_f64() * 1e6 / begin.elapsed().as_secs_f64() / LINES as f64)
}

pub(crate) fn run(_: &Scale) -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let door = Door { at: anywhere, kind: Kind::WebSocket, tls: None };
    let oktell = serve(Simulator::new(phone_system()?, 1), vec![door], anywhere);
    let oktell: Server = runtime.block_on(oktell).map_err(|e| e.to_string())?;
    let mut hands = Hands::at(oktell.control)?;
    let host = Host::start(&["oktell"], &configuration(oktell.doors[0].1))?;
    let watch = Arc::new(Watch {
        begin: Instant::now(),
        sent: (0..LINES).map(|_| AtomicU64::new(0)).collect(),
        took: Mutex::default(),
    });
    runtime.block_on(async {
        for line in 0..LINES {
            let until = Instant::now() + PATIENCE;
            loop {
                let (client, status) = Client::connect(host.address(), &format!("okt/{line}"), None).await?;
                if status["state"] == "up" {
                    tokio::spawn(Arc::clone(&watch).read(line, client));
                    break;
                }
                if Instant::now() > until {
                    return Err(format!("line {line} does not come up: {status}"));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok::<(), String>(())
    })?;
    let idle = at_rest(&host)?;
    for line in 0..LINES {
        hands.tell(&json!({ "do": "call", "from": format!("7999{line:07}"), "to": number(line) }))?;
        hands.tell(&json!({ "do": "answer", "number": number(line) }))?;
    }
    std::thread::sleep(Duration::from_secs(5));
    let talking = at_rest(&host)?;
    let (mut half, mut most, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let before = host.cpu()?;
        let (p50, p99) = watch.turn(&mut hands)?;
        if round > 0 {
            half.push(p50);
            most.push(p99);
            cpu.push((host.cpu()? - before).as_secs_f64() * 1e6 / f64::from(TURN));
        }
    }
    let what = |kind: &str| format!("Oktell, {LINES} lines on one connection: {kind}");
    let p99 = Spread::of(most.clone()).median;
    Ok(vec![
        Figure::alone(what("CPU of a line at rest in a second"), "µs CPU", Spread::of(vec![idle])),
        Figure::alone(what("the same with a call on every line"), "µs CPU", Spread::of(vec![talking])),
        Figure::alone(what("CPU for a hold or its end, with its look"), "µs CPU", Spread::of(cpu)),
        Figure::alone(what(&format!("phone to client, {RATE} a second, p50")), "ms", Spread::of(half)),
        Figure::alone(what(&format!("phone to client, {RATE} a second, p99")), "ms", Spread::of(most))
            .goal("≤ 20 ms", p99 <= 20.0),
    ])
}
