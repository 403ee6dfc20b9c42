//! Calls that are kept: how soon clients hear that a call is in the database, and what events pay for it. The reference
//! is the same host that keeps nothing.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::measure::{ROUNDS, Spread, Turns};
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Calls in a second.
const RATE: u64 = 200;
/// Calls of a turn.
const CALLS: u64 = 1_000;
/// So many calls later one is answered, and is over.
const RING: u64 = 10;
const TALK: u64 = 60;
const LINES: usize = 300;
/// How long the last ones may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// When what was said, and when it came.
#[derive(Debug, Default)]
struct Times {
    /// The calls' ids, by the numbers from which they come.
    numbers: HashMap<String, u64>,
    rung: HashMap<u64, Instant>,
    ended: HashMap<u64, Instant>,
    /// Until `callStarted` was read.
    started: Vec<Duration>,
    /// From the phone system's word of the end until the last `callSaved` was read.
    saved: Vec<Duration>,
    finished: u64,
}

/// A host, its phone system, and a client that sees all lines.
struct Bed {
    pbx: Pbx,
    times: Arc<Mutex<Times>>,
    next: u64,
    keeps: bool,
    _host: Host,
}

fn lock(times: &Mutex<Times>) -> std::sync::MutexGuard<'_, Times> {
    times.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bed {
    fn start(runtime: &tokio::runtime::Runtime, keeps: bool) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let port = listener.local_addr().map_err(text)?.port();
        let store = if keeps { "[store]\nurl = \"sqlite://calls.db\"\n" } else { "" };
        let host = Host::start(&["acme"], &format!("{store}{}", acme::config(port, LINES)))?;
        let pbx = Pbx::accept(&listener, 0)?;
        let times: Arc<Mutex<Times>> = Arc::default();
        let mut client = runtime.block_on(Client::connect_to_all(host.address()))?;
        let heard = Arc::clone(&times);
        runtime.spawn(async move {
            while let Ok(text) = client.text().await {
                hear(&heard, &text);
            }
        });
        Ok(Self { pbx, times, next: 1, keeps, _host: host })
    }

    /// A turn: until `callStarted` (median, one in a hundred) and `callSaved`, in milliseconds.
    fn turn(&mut self) -> Result<(f64, f64, f64, f64), String> {
        let (first, begin) = (self.next, Instant::now());
        self.next += CALLS;
        for tick in 0..CALLS + TALK {
            let due = Duration::from_secs(1) * u32::try_from(tick).unwrap_or(0) / u32::try_from(RATE).unwrap_or(1);
            std::thread::sleep(due.saturating_sub(begin.elapsed()));
            if tick < CALLS {
                let call = first + tick;
                lock(&self.times).rung.insert(call, Instant::now());
                self.pbx.say(&format!("RING {call} {} +38{call:010}\n", call % LINES as u64))?;
            }
            if let Some(call) = tick.checked_sub(RING).filter(|call| *call < CALLS).map(|call| first + call) {
                self.pbx.say(&format!("ANSWERED {call} {}\n", call % LINES as u64))?;
            }
            if let Some(call) = tick.checked_sub(TALK).map(|call| first + call) {
                lock(&self.times).ended.insert(call, Instant::now());
                self.pbx.say(&format!("ENDED {call} {} normal\n", call % LINES as u64))?;
            }
        }
        let until = Instant::now() + PATIENCE;
        loop {
            let times = lock(&self.times);
            if times.finished >= CALLS && (!self.keeps || times.saved.len() as u64 >= CALLS) {
                break;
            }
            if Instant::now() > until {
                return Err(format!("{} calls ended, {} were saved", times.finished, times.saved.len()));
            }
            drop(times);
            std::thread::sleep(Duration::from_millis(5));
        }
        let times = std::mem::take(&mut *lock(&self.times));
        let ((half, most), (saved_half, saved_most)) = (shares(times.started), shares(times.saved));
        Ok((half, most, saved_half, saved_most))
    }
}

fn shares(mut took: Vec<Duration>) -> (f64, f64) {
    took.sort_unstable();
    let at =
        |share: f64| took.get((took.len() as f64 * share) as usize).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3);
    (at(0.5), at(0.99))
}

fn hear(times: &Mutex<Times>, text: &[u8]) {
    let now = Instant::now();
    let Ok(event) = serde_json::from_slice::<Value>(text) else { return };
    let data = &event["params"]["data"];
    let mut times = lock(times);
    let times = &mut *times;
    match event["method"].as_str() {
        Some("callStarted") => {
            let number = data["call"]["caller"]["number"].as_str().and_then(|number| number.get(3..)?.parse().ok());
            let (Some(number), Some(id)) = (number, data["call"]["callId"].as_str()) else { return };
            times.numbers.insert(id.to_owned(), number);
            times.started.extend(times.rung.get(&number).map(|rung| now - *rung));
        }
        Some("callFinished") => times.finished += 1,
        Some("callSaved") if data["final"] == true => {
            let number = data["callId"].as_str().and_then(|id| times.numbers.get(id));
            times.saved.extend(number.and_then(|number| times.ended.get(number)).map(|ended| now - *ended));
        }
        _ => {}
    }
}

pub(crate) fn run(_: &Scale) -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let (mut keeping, mut other) = (Bed::start(&runtime, true)?, Bed::start(&runtime, false)?);
    let (mut half, mut most) = (Turns::default(), Turns::default());
    let (mut saved_half, mut saved_most) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let (p50, p99, saved, saved99) = keeping.turn()?;
        let (other50, other99, ..) = other.turn()?;
        if round > 0 {
            half.add(p50, other50);
            most.add(p99, other99);
            saved_half.push(saved);
            saved_most.push(saved99);
        }
    }
    let what = |what: &str| format!("{RATE} calls/s kept: {what}");
    let (saved_half, saved_most) = (Spread::of(saved_half), Spread::of(saved_most));
    let met = saved_most.median <= 50.0;
    Ok(vec![
        Figure::compared(what("callStarted at the client, p50"), "ms", half.pair(), "a host without a store"),
        Figure::compared(what("callStarted at the client, p99"), "ms", most.pair(), "a host without a store"),
        Figure::alone(what("end of the call to its last callSaved, p50"), "ms", saved_half),
        Figure::alone(what("end of the call to its last callSaved, p99"), "ms", saved_most).goal("≤ 50 ms", met),
    ])
}
