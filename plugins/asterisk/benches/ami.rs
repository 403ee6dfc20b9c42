//! AMI bytes to facts, on one core: recorded streams in reads of 2 KiB, over and over through one adapter.
//!
//! `cargo bench -p jackfield-plugin-asterisk --bench ami` prints events per second of the adapter's own time, the best
//! of all rounds: what else the machine does can only make a round slower. Under `valgrind --tool=callgrind` give it
//! one round: `… --bench ami -- 1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{Adapter, ConfigError, Host, Input, Manifest, RestoreError};
use jackfield_plugin_asterisk::{Asterisk, Config, LineConfig};
use serde_json::json;

/// A usual read.
const READ: usize = 2048;

thread_local! {
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The adapter, with a look at the clock before and after each input: what the driver does with the outputs is not
/// counted.
struct Metered(Asterisk);

impl Adapter for Metered {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Asterisk::manifest()
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        Asterisk::new(config, host).map(Self)
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        let begin = Instant::now();
        self.0.handle(input, host);
        SPENT.set(SPENT.get() + begin.elapsed());
    }

    fn restore(config: Config, saved: &[u8], host: &mut Host<'_>) -> Result<Self, RestoreError> {
        Asterisk::restore(config, saved, host).map(Self)
    }
}

/// The recorded streams whose names begin, or do not begin, with `all-classes`; from their first event on.
fn streams(all_classes: bool) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.ends_with(".ami") && name.starts_with("all-classes") == all_classes
    });
    files.sort_unstable();
    let mut together = Vec::new();
    for file in files {
        let stream = std::fs::read(file).unwrap();
        let booted = b"Fully Booted\r\n\r\n";
        let begin = stream.windows(booted.len()).position(|w| w == booted).unwrap() + booted.len();
        together.extend_from_slice(&stream[begin..]);
    }
    together
}

/// A connected adapter with lines.
fn up() -> Driver<Metered> {
    let settings = json!({ "host": "pbx.example", "username": "cti", "password": "x" });
    let mut driver = Driver::new(&settings).unwrap();
    driver.started().unwrap();
    for number in ["101", "102", "103", "201"] {
        driver.line(number, &json!({ "device": format!("PJSIP/{number}") })).unwrap();
    }
    driver.opened(0).unwrap();
    let mut answers = "Asterisk Call Manager/11.0.0\r\n".to_owned();
    while !answers.is_empty() {
        driver.received(0, answers.as_bytes()).unwrap();
        let sent = String::from_utf8(driver.sent(0)).unwrap();
        let ids = sent.lines().filter_map(|line| line.strip_prefix("ActionID: "));
        let yes = |id| format!("Response: Success\r\nActionID: {id}\r\nChallenge: 1\r\n\r\n");
        answers = ids.map(yes).collect();
        if sent.starts_with("Action: Login") {
            answers.push_str("Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
        }
    }
    driver
}

fn main() {
    // Cargo passes `--bench`.
    let rounds: u32 = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(300);
    for (name, all_classes) in [("everything on", true), ("least privilege", false)] {
        let stream = streams(all_classes);
        let events = stream.windows(7).filter(|w| w == b"Event: ").count();
        let (mut best, mut facts) = (Duration::MAX, 0);
        let mut driver = up();
        for _ in 0..rounds {
            SPENT.set(Duration::ZERO);
            facts = 0;
            for read in stream.chunks(READ) {
                driver.received(0, read).unwrap();
                facts += driver.facts().len();
            }
            best = best.min(SPENT.get());
        }
        let per_second = events as f64 / best.as_secs_f64();
        println!(
            "{name:16} {events:5} events, {:4} KB, {facts:4} facts: {:6.3} M events/s, {:4.0} MB/s",
            stream.len() / 1000,
            per_second / 1e6,
            stream.len() as f64 / best.as_secs_f64() / 1e6,
        );
    }
}
