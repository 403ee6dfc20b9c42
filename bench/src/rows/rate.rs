//! As many events as one core of a host should carry: 60,000 a second, each for one client.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::measure::{ROUNDS, Spread};
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Lines of the phone system in a millisecond; each makes two events.
const A_TICK: usize = 30;
/// Milliseconds of a turn.
const TICKS: usize = 2_000;
/// Lines and clients.
const CLIENTS: usize = 1_000;
/// How long the last events may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is on its way to each client, how long it took, and how many events have come.
struct Watch {
    begin: Instant,
    sent: Vec<AtomicU64>,
    took: Mutex<Vec<f64>>,
    came: AtomicU64,
}

impl Watch {
    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Reads frames, for ever.
    async fn read(self: Arc<Self>, number: usize, mut stream: TcpStream) {
        let (mut buffer, mut frames) = (vec![0; 16 * 1024], Frames::default());
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            let sent = self.sent[number].swap(0, Ordering::AcqRel);
            if sent > 0 {
                let micros = self.now().saturating_sub(sent) as f64 / 1e3;
                self.took.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
            }
            let (texts, pings) = frames.count(&buffer[..count]);
            self.came.fetch_add(texts, Ordering::AcqRel);
            for _ in 0..pings {
                // A broken socket is seen at the next read.
                let _ = stream.write_all(&[0x8a, 0x80, 0, 0, 0, 0]).await;
            }
        }
    }
}

/// Frames of a server in a stream that is read in pieces.
#[derive(Debug, Default)]
struct Frames {
    head: Vec<u8>,
    /// Bytes of a payload that are still to come.
    left: usize,
}

impl Frames {
    /// How many texts and pings begin in these bytes.
    fn count(&mut self, mut bytes: &[u8]) -> (u64, u64) {
        let (mut texts, mut pings) = (0, 0);
        while !bytes.is_empty() {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len());
                self.left -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head.push(bytes[0]);
            bytes = &bytes[1..];
            let long = match self.head.get(1) {
                Some(126) => 2,
                Some(127) => 8,
                _ => 0,
            };
            if self.head.len() < 2 + long {
                continue;
            }
            let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum * 256 + usize::from(*byte));
            self.left = if long == 0 { usize::from(self.head[1]) } else { number(&self.head[2..]) };
            match self.head[0] & 0x0f {
                1 => texts += 1,
                9 => pings += 1,
                _ => {}
            }
            self.head.clear();
        }
        (texts, pings)
    }
}

pub(crate) fn run(_: &Scale) -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let host = Host::start(&["acme"], &acme::config(port, CLIENTS))?;
    let core = on_one_core(host.pid())?;
    let mut pbx = Pbx::accept(&listener, CLIENTS)?;
    let watch = Arc::new(Watch {
        begin: Instant::now(),
        sent: (0..CLIENTS).map(|_| AtomicU64::new(0)).collect(),
        took: Mutex::default(),
        came: AtomicU64::new(0),
    });
    runtime.block_on(async {
        for number in 0..CLIENTS {
            let (client, _) = Client::connect(host.address(), &format!("acme/{number}"), None).await?;
            tokio::spawn(Arc::clone(&watch).read(number, client.stream));
        }
        // The last of what comes first.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok::<(), String>(())
    })?;
    let (mut half, mut most, mut share, mut lost) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let before = host.cpu()?;
        let turn = turn(&watch, &mut pbx)?;
        if round > 0 {
            half.push(turn.p50);
            most.push(turn.p99);
            share.push((host.cpu()? - before).as_secs_f64() / turn.took.as_secs_f64() * 100.0);
            lost.push(turn.lost);
        }
    }
    let rate = 2 * A_TICK * 1_000;
    let what = |kind: &str| format!("phone system to client, {rate} events a second, the host on {core}: {kind}");
    let (half, most, share, lost) = (Spread::of(half), Spread::of(most), Spread::of(share), Spread::of(lost));
    Ok(vec![
        Figure::alone(what("p50"), "µs", half).goal("≤ 200 µs", half.median <= 200.0),
        Figure::alone(what("p99"), "µs", most).goal("≤ 5,000 µs", most.median <= 5_000.0),
        Figure::alone(what("its share of that core"), "%", share),
        Figure::alone(what("events that did not come"), "", lost).goal("0", lost.most <= 0.0),
    ])
}

struct Turn {
    p50: f64,
    p99: f64,
    took: Duration,
    lost: f64,
}

fn turn(watch: &Watch, pbx: &mut Pbx) -> Result<Turn, String> {
    let before = watch.came.load(Ordering::Acquire);
    let (begin, mut line) = (Instant::now(), 0);
    for tick in 0..TICKS {
        let due = Duration::from_millis(1) * u32::try_from(tick).unwrap_or(u32::MAX);
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
        let lines: Vec<usize> = (line..line + A_TICK).map(|line| line % CLIENTS).collect();
        line += A_TICK;
        let now = watch.now().max(1);
        for line in &lines {
            // Where something is on its way already the older one is timed.
            let _ = watch.sent[*line].compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire);
        }
        pbx.turns(&lines)?;
    }
    let expected = (2 * A_TICK * TICKS) as u64;
    let until = Instant::now() + PATIENCE;
    let came = || watch.came.load(Ordering::Acquire) - before;
    while came() < expected && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = begin.elapsed();
    let mut times = std::mem::take(&mut *watch.took.lock().unwrap_or_else(PoisonError::into_inner));
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    Ok(Turn { p50: at(0.5), p99: at(0.99), took, lost: expected as f64 - came() as f64 })
}

/// Leaves a process the first core alone; what is measured from has the others. Says where it runs.
fn on_one_core(pid: u32) -> Result<&'static str, String> {
    let bound = Command::new("taskset").args(["-apc", "0", &pid.to_string()]).stdout(Stdio::null()).status();
    match bound {
        Ok(status) if status.success() => Ok("one core"),
        Ok(status) => Err(format!("taskset failed ({status})")),
        Err(error) => Err(format!("taskset, which leaves the host one core: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let text = |length: usize| {
            let mut frame = vec![0x81, 126];
            frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            frame.extend(vec![b'x'; length]);
            frame
        };
        let bytes = [text(300), vec![0x89, 0], vec![0x81, 2, b'h', b'i'], text(1_000)].concat();
        for piece in [1, 2, 3, 7, 400, bytes.len()] {
            let mut frames = Frames::default();
            let counts = bytes.chunks(piece).map(|piece| frames.count(piece));
            assert_eq!(counts.fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1)), (3, 1), "{piece}");
        }
    }
}
