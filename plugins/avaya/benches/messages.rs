//! What a message of AE Services costs: bytes in, facts written for the host.
//!
//! `cargo bench -p jackfield-plugin-avaya --bench messages`; the adapter's own CPU time on this thread (what the driver does
//! around it is not counted), the best of five rounds.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people at a terminal")]

use std::cell::Cell;
use std::time::Duration;

use jackfield_csta::frame::encode;
use jackfield_csta::{Message, frame::Framer};
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{Adapter, ConfigError, Host, Input, Manifest, RestoreError};
use jackfield_plugin_avaya::{Avaya, Config, LineConfig};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

/// Monitored stations.
const STATIONS: u32 = 1_000;
/// Calls in a busy hour, the ceiling that Avaya names for AE Services.
const BUSY_HOUR: f64 = 36_000.0;
const CALLS: u32 = 5_000;

thread_local! {
    static SPENT: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// The adapter, with a look at the clock before and after each input.
struct Metered(Avaya);

impl Adapter for Metered {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Avaya::manifest()
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        Avaya::new(config, host).map(Self)
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        let begin = cpu();
        self.0.handle(input, host);
        SPENT.set(SPENT.get() + (cpu() - begin));
    }

    fn restore(config: Config, saved: &[u8], host: &mut Host<'_>) -> Result<Self, RestoreError> {
        Avaya::restore(config, saved, host).map(Self)
    }
}

const CSTA: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";

/// The tests' events of one incoming call: it rings, is answered, held, taken back, and both ends are cleared.
fn templates() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../csta/tests/messages");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}.xml")).unwrap().trim_end().to_owned();
    [
        "DeliveredEvent-incoming-acd",
        "EstablishedEvent",
        "HeldEvent",
        "RetrievedEvent",
        "ConnectionClearedEvent-other",
        "ConnectionClearedEvent-own",
    ]
    .map(read)
    .to_vec()
}

fn stream() -> Vec<u8> {
    let templates = templates();
    let mut stream = Vec::new();
    for call in 0..CALLS {
        let station = call % STATIONS;
        for template in &templates {
            let text = template
                .replace("<monitorCrossRefID>1<", &format!("<monitorCrossRefID>{station}<"))
                .replace("2101:CMHQ", &format!("{}:CMHQ", 10_000 + station))
                .replace(">312<", &format!(">{call}<"))
                .replace("00001003181796000002", &format!("00001{call:05}1796000002"));
            stream.extend(encode(9_999, &text).unwrap());
        }
    }
    stream
}

/// Answers the adapter's requests until there are none.
fn set_up(driver: &mut Driver<Metered>) {
    let mut framer = Framer::default();
    let mut monitors = 0;
    framer.push(&driver.sent(0));
    loop {
        let mut answers = Vec::new();
        while let Some(frame) = framer.next_frame().unwrap() {
            let (invoke, text) = (frame.invoke, std::str::from_utf8(frame.body).unwrap());
            let answer = match Message::parse(text).unwrap() {
                Message::StartApplicationSession(_) => {
                    "<StartApplicationSessionPosResponse><sessionID>S-0</sessionID></StartApplicationSessionPosResponse>".to_owned()
                }
                Message::GetDeviceId(get) => format!("<GetDeviceIdResponse><device>{}:CMHQ::0</device></GetDeviceIdResponse>", get.extension),
                Message::MonitorStart(_) => {
                    monitors += 1;
                    let monitor = monitors - 1;
                    format!("<MonitorStartResponse><monitorCrossRefID>{monitor}</monitorCrossRefID></MonitorStartResponse>")
                }
                Message::SnapshotDevice(_) => {
                    "<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData></SnapshotDeviceResponse>".to_owned()
                }
                _ => format!("<CSTAErrorCode xmlns=\"{CSTA}\"><operation>generic</operation></CSTAErrorCode>"),
            };
            answers.extend(encode(invoke, &answer).unwrap());
        }
        if answers.is_empty() {
            break;
        }
        driver.received(0, &answers).unwrap();
        framer.push(&driver.sent(0));
    }
    assert_eq!(monitors, STATIONS, "all stations are monitored");
}

fn main() {
    let stream = stream();
    let messages = f64::from(CALLS) * templates().len() as f64;
    let (mut best, mut setting_up, mut facts) = (f64::MAX, f64::MAX, 0);
    for _ in 0..5 {
        let settings =
            json!({"servers": ["aes.example"], "username": "cti", "password": "x", "switch": "CMHQ", "parallel": 1});
        let mut driver = Driver::<Metered>::new(&settings).unwrap();
        driver.started().unwrap();
        for station in 0..STATIONS {
            driver.line(&(10_000 + station).to_string(), &json!({})).unwrap();
        }
        SPENT.set(Duration::ZERO);
        driver.opened(0).unwrap();
        set_up(&mut driver);
        setting_up = setting_up.min(SPENT.get().as_secs_f64());
        SPENT.set(Duration::ZERO);
        facts = 0;
        for piece in stream.chunks(2_048) {
            driver.received(0, piece).unwrap();
            facts += driver.facts().len();
        }
        best = best.min(SPENT.get().as_secs_f64());
    }
    let each = best / messages;
    println!("{STATIONS} stations set up in {:.1} ms of CPU", setting_up * 1e3);
    println!("{messages} messages, {} MB, {facts} facts", stream.len() / 1_000_000);
    println!("{:.0} messages, {:.0} MB a CPU second", 1.0 / each, stream.len() as f64 / 1e6 / best);
    let share = BUSY_HOUR * templates().len() as f64 * each / 3_600.0;
    println!("{BUSY_HOUR} calls an hour: {:.3} % of a core", share * 100.0);
}
