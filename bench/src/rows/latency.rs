//! From the phone system's byte to the client's socket, beside a relay that knows nothing.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::machine;
use crate::measure::{ROUNDS, Spread, Turns, process_cpu};
use crate::relay::Relay;
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Lines of the phone system in a second; each makes two events, in one write.
const RATE: u32 = 1_000;
/// Lines of a turn.
const LINES: u32 = 3_000;
/// How long the last ones may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A ping of the host, and the answer.
const PING: [u8; 2] = [0x89, 0];
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// What is on its way to each client, and how long it took.
pub(super) struct Watch {
    begin: Instant,
    /// When it was sent, in nanoseconds from `begin`; 0: nothing is on its way.
    sent: Vec<AtomicU64>,
    took: Mutex<Vec<f64>>,
}

impl Watch {
    pub(super) fn new(clients: usize) -> Arc<Self> {
        let sent = (0..clients).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { begin: Instant::now(), sent, took: Mutex::default() })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Reads what comes, for ever.
    pub(super) async fn read(self: Arc<Self>, number: usize, mut stream: TcpStream) {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            if buffer[..count] == PING {
                // A broken socket is seen at the next read.
                let _ = stream.write_all(&PONG).await;
                continue;
            }
            let sent = self.sent[number].swap(0, Ordering::AcqRel);
            if sent > 0 {
                let micros = self.now().saturating_sub(sent) as f64 / 1e3;
                self.took.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
            }
        }
    }

    /// A turn: microseconds of the median, and of one in a hundred.
    pub(super) fn turn(&self, mut send: impl FnMut(usize) -> Result<(), String>) -> Result<(f64, f64), String> {
        let begin = Instant::now();
        for count in 0..LINES {
            let due = Duration::from_secs(1) * count / RATE;
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
            let number = count as usize % self.sent.len();
            self.sent[number].store(self.now().max(1), Ordering::Release);
            send(number)?;
        }
        let until = Instant::now() + PATIENCE;
        while self.sent.iter().any(|sent| sent.load(Ordering::Acquire) > 0) {
            if Instant::now() > until {
                return Err("something that was sent never came".to_owned());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut took = std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner));
        took.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
        Ok((at(0.5), at(0.99)))
    }
}

pub(crate) fn run(scale: &Scale) -> Outcome {
    // Clients of the host and of the relay, all open here.
    let clients = scale.clients.min(machine::files() / 2 - 100);
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let host = Host::start(&["acme"], &acme::config(port, clients))?;
    let mut pbx = Pbx::accept(&listener, clients)?;
    let (ours, theirs) = (Watch::new(clients), Watch::new(clients));
    let size = runtime.block_on(async {
        let mut size = 0;
        for number in 0..clients {
            let (mut client, _) = Client::connect(host.address(), &format!("acme/{number}"), None).await?;
            if number == 0 {
                size = size_of_a_turn(&mut client, &mut pbx).await?;
            }
            runtime.spawn(Arc::clone(&ours).read(number, client.stream));
        }
        Ok::<usize, String>(size)
    })?;
    let relay = Relay::start(size, clients)?;
    let mut phone = relay.phone()?;
    runtime.block_on(async {
        for number in 0..clients {
            let client = relay.client(number).await?;
            runtime.spawn(Arc::clone(&theirs).read(number, client));
        }
        Ok::<(), String>(())
    })?;
    phone.ready()?;
    let (mut half, mut most, mut cpu) = (Turns::default(), Turns::default(), Turns::default());
    let (mut host_p50, mut host_p99) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let before = host.cpu()?;
        let (p50, p99) = ours.turn(|line| pbx.turn(line))?;
        let host_cpu = each(host.cpu()? - before);
        let before = process_cpu(relay.pid())?;
        let (relay_p50, relay_p99) = theirs.turn(|line| phone.turn(line))?;
        let relay_cpu = each(process_cpu(relay.pid())? - before);
        if round > 0 {
            half.add(p50, relay_p50);
            most.add(p99, relay_p99);
            cpu.add(host_cpu, relay_cpu);
            host_p50.push(p50);
            host_p99.push(p99);
        }
    }
    let what =
        |kind: &str| format!("phone system to client, 2 events {RATE} times a second, {clients} clients: {kind}");
    let (p50, p99) = (Spread::of(host_p50).median, Spread::of(host_p99).median);
    Ok(vec![
        Figure::compared(what("p50"), "µs", half.pair(), "a plain relay").goal("≤ 150 µs", p50 <= 150.0),
        Figure::compared(what("p99"), "µs", most.pair(), "a plain relay").goal("≤ 1,000 µs", p99 <= 1_000.0),
        Figure::compared(what("CPU of the process"), "µs CPU", cpu.pair(), "a plain relay").ratio_at_most(1.25),
    ])
}

fn each(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(LINES)
}

/// How many bytes a line of the phone system becomes at a client, once what comes first is over.
async fn size_of_a_turn(client: &mut Client, pbx: &mut Pbx) -> Result<usize, String> {
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    for _ in 0..4 {
        pbx.turn(0)?;
        size = client.stream.read(&mut buffer).await.map_err(|e| format!("a client: {e}"))?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(size)
}
