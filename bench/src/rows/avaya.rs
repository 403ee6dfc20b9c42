//! The busy hour of a switch: 1,000 stations, each monitored, and 36,000 calls an hour, which is what AE Services are
//! said to carry.
//!
//! The phone system is the simulated one, in this process. Somebody outside calls a station ten times a second; the
//! station answers after a second, and the caller hangs up after a talk. A client reads the events of all lines. What is
//! measured is the CPU of the host and of the adapter's process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jackfield_sim::avaya::{Config, Simulator};
use jackfield_sim::{Door, Kind, Server, serve};
use serde_json::json;

use super::oktell::Hands;
use crate::Scale;
use crate::host::Host;
use crate::machine;
use crate::measure::{Spread, process_cpu};
use crate::sockets::{Client, TOKEN};
use crate::table::{Figure, Outcome};

const LINES: u32 = 1_000;
const FIRST: u32 = 2_000;
/// Calls in a second: 36,000 an hour.
const RATE: u32 = 10;
/// How long a turn is.
const TURN: Duration = Duration::from_secs(30);
const ROUNDS: usize = 3;
/// How long a call is, from its answer.
const TALK: Duration = Duration::from_secs(15);
const PATIENCE: Duration = Duration::from_secs(120);

fn phone_system() -> Result<Config, String> {
    Config::parse(&format!(
        "stations = []\nagents = []\nvdns = []\nsplits = []\nranges = [{{ first = {FIRST}, count = {LINES} }}]\ntalk_ms = {}\n",
        TALK.as_millis()
    ))
}

fn configuration(server: SocketAddr) -> String {
    let mut text = format!(
        "[[connection]]\nid = \"aes\"\nplugin = \"avaya\"\nisolation = \"process\"\n[connection.settings]\nservers = \
         [\"{server}\"]\nplain = true\nusername = \"cti\"\npassword = \"Secret1\"\nswitch = \"CM1\"\nanswer_timeout = 60\n"
    );
    for line in FIRST..FIRST + LINES {
        text += &format!("[[line]]\nname = \"aes/{line}\"\n[line.settings]\nextension = \"{line}\"\n");
    }
    text + &format!("[[user]]\nname = \"bench\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"aes/*\"]\n")
}

/// Calls that a client has seen begin and end.
#[derive(Default)]
struct Seen {
    started: AtomicU64,
    finished: AtomicU64,
}

impl Seen {
    async fn read(self: Arc<Self>, mut client: Client) {
        while let Ok(text) = client.text().await {
            let text = String::from_utf8_lossy(&text);
            for (name, count) in
                [("\"method\":\"callStarted\"", &self.started), ("\"method\":\"callFinished\"", &self.finished)]
            {
                if text.contains(name) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// CPU so far: of the host, and of its adapters' processes.
fn cpu(host: &Host) -> Result<(Duration, Duration), String> {
    let runners = machine::children(host.pid()).into_iter().map(process_cpu).sum::<Result<Duration, String>>()?;
    Ok((host.cpu()?, runners))
}

/// Calls for the length of a turn: the share of a core, in percent, of the host and of its runner.
fn turn(host: &Host, hands: &mut Hands, number: &mut u32, calls: bool) -> Result<(f64, f64), String> {
    let (before, begin) = (cpu(host)?, Instant::now());
    let mut count = 0;
    while begin.elapsed() < TURN {
        if calls {
            let line = FIRST + *number % LINES;
            hands.tell(&json!({ "do": "call", "from": format!("3805{:08}", *number), "to": line.to_string() }))?;
            *number += 1;
        }
        count += 1;
        std::thread::sleep((Duration::from_secs(1) * count / RATE).saturating_sub(begin.elapsed()));
    }
    let (after, took) = (cpu(host)?, begin.elapsed().as_secs_f64());
    let share = |before: Duration, after: Duration| after.saturating_sub(before).as_secs_f64() * 100.0 / took;
    Ok((share(before.0, after.0), share(before.1, after.1)))
}

pub(crate) fn run(_: &Scale) -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let door = Door { at: anywhere, kind: Kind::Tcp, tls: None };
    let server: Server =
        runtime.block_on(serve(Simulator::new(phone_system()?, 1), vec![door], anywhere)).map_err(|e| e.to_string())?;
    let mut hands = Hands::at(server.control)?;
    for line in FIRST..FIRST + LINES {
        let answers = json!({ "answer": { "after_ms": 1_000 } });
        hands.tell(&json!({ "do": "behave", "number": line.to_string(), "behaviour": answers }))?;
    }
    let host = Host::start(&["avaya"], &configuration(server.doors[0].1))?;
    let begin = Instant::now();
    let seen = Arc::new(Seen::default());
    runtime.block_on(async {
        for line in FIRST..FIRST + LINES {
            loop {
                let (client, status) = Client::connect(host.address(), &format!("aes/{line}"), None).await?;
                if status["state"] == "up" {
                    tokio::spawn(Arc::clone(&seen).read(client));
                    break;
                }
                if begin.elapsed() > PATIENCE {
                    return Err(format!("line {line} does not come up: {status}"));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok::<(), String>(())
    })?;
    let up = begin.elapsed().as_secs_f64();
    let mut number = 0;
    let rest = turn(&host, &mut hands, &mut number, false)?;
    // As many calls at a time as there are in the middle of the hour.
    turn(&host, &mut hands, &mut number, true)?;
    let (mut hosts, mut runners, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (host, runner) = turn(&host, &mut hands, &mut number, true)?;
        hosts.push(host);
        runners.push(runner);
        both.push(host + runner);
    }
    let until = Instant::now() + PATIENCE;
    let all = u64::from(number);
    while seen.finished.load(Ordering::Relaxed) < all {
        if Instant::now() > until {
            let (started, finished) = (seen.started.load(Ordering::Relaxed), seen.finished.load(Ordering::Relaxed));
            return Err(format!("of {all} calls {started} were told to begin and {finished} to end"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let what = |kind: &str| format!("Avaya, {LINES} stations on one connection: {kind}");
    let most = Spread::of(both.clone()).median;
    Ok(vec![
        Figure::alone(what("until all are up"), "s", Spread::of(vec![up])),
        Figure::alone(what("CPU at rest, host and runner"), "% of a core", Spread::of(vec![rest.0 + rest.1])),
        Figure::alone(what("CPU of the host at 36,000 calls an hour"), "% of a core", Spread::of(hosts)),
        Figure::alone(what("CPU of the adapter's process at the same"), "% of a core", Spread::of(runners)),
        Figure::alone(what("both"), "% of a core", Spread::of(both)).goal("≤ 5 %", most <= 5.0),
    ])
}
