//! The adapter's finished library, loaded as a host loads it, with this simulator as its TAPI: the whole way over both
//! C interfaces and through the adapter's threads. What it says of calls is the same on every system.

#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that loads libraries"
)]

mod driver;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jackfield_plugin_api::abi::abi_stable::library::lib_header_from_path;
use jackfield_plugin_api::abi::abi_stable::sabi_trait::TD_Opaque;
use jackfield_plugin_api::abi::abi_stable::std_types::{RArc, ROption, RSlice, RVec};
use jackfield_plugin_api::abi::{AbiAdapterObject, AbiPoster, AbiPoster_TO, PluginRef, status};
// The library itself is loaded by its path; this has it built.
use jackfield_plugin_api::frame::input::{InputFrame, NEW};
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::frame::{Start, frames, pack};
use jackfield_plugin_api::{Command, CommandId, Fact, LineId};
use jackfield_plugin_tapi as _;
use serde_json::{Value, json};

/// What the adapter's threads bring.
struct Post(Mutex<Sender<Vec<u8>>>);

#[derive(Clone)]
struct Shared(std::sync::Arc<Post>);

impl AbiPoster for Shared {
    fn post(&self, bytes: RSlice<'_, u8>) -> bool {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).send(bytes.to_vec()).is_ok()
    }
}

/// A host with one connection, as far as these tests need one.
struct Host {
    adapter: AbiAdapterObject,
    posts: Receiver<Vec<u8>>,
    folder: tempfile::TempDir,
    commands: PathBuf,
    numbers: u64,
    /// The keys of calls, in the order in which they were told.
    keys: Vec<String>,
    /// What was said, in short: a state that stays the same is said once.
    said: Vec<String>,
    /// How much of it was waited for.
    past: usize,
}

/// A copy of a built library, of its own: what is loaded twice in a process is the same library, with its state.
fn adapter(folder: &Path) -> PluginRef {
    let built = driver::built();
    let name = format!("{}jackfield_plugin_tapi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let path = folder.join(&name);
    std::fs::copy(built.with_file_name(name), &path).unwrap();
    let header = lib_header_from_path(&path).unwrap();
    header.init_root_module::<PluginRef>().unwrap()
}

impl Host {
    fn start(library: Option<&str>, config: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let simulator = driver::put(folder.path(), &std::fs::read(driver::built()).unwrap(), Some(&config));
        let module = adapter(folder.path());
        let settings = json!({"library": library.unwrap_or(simulator.to_str().unwrap())});
        let start = Start {
            seed: 1,
            connection: "tapi".to_owned(),
            settings: settings.to_string(),
            state_version: 0,
            granted: vec!["threads".to_owned(), "libraries".to_owned()],
        };
        let (sender, posts) = channel();
        let poster = Shared(std::sync::Arc::new(Post(Mutex::new(sender))));
        let poster = AbiPoster_TO::from_ptr(RArc::new(poster), TD_Opaque);
        let (mut made, mut out) = (ROption::RNone, RVec::new());
        let (head, body) = (pack(&start), Vec::new());
        let answer = module.create()(
            NEW,
            1_700_000_000_000_000,
            RSlice::from_slice(&head),
            RSlice::from_slice(&body),
            poster,
            &mut made,
            &mut out,
        );
        assert_eq!(answer, status::OK, "{}", String::from_utf8_lossy(&out));
        let ROption::RSome(adapter) = made else { panic!("no adapter") };
        let commands = simulator.with_extension("commands");
        let mut host =
            Self { adapter, posts, folder, commands, numbers: 0, keys: Vec::new(), said: Vec::new(), past: 0 };
        host.give(&InputFrame::started());
        host
    }

    fn give(&mut self, frame: &InputFrame<'_>) {
        let mut out = RVec::new();
        let (head, body) = (RSlice::from_slice(&frame.head), RSlice::from_slice(&frame.body));
        let answer = self.adapter.handle(1_700_000_000_000_000, frame.kind, frame.arg, head, body, &mut out);
        assert_eq!(answer, status::OK, "{}", String::from_utf8_lossy(&out));
        for frame in frames(&out) {
            let text = match Output::decode(frame.unwrap()).unwrap() {
                Some(Output::Fact(Fact::Up(_))) => "up".to_owned(),
                Some(Output::Fact(Fact::Down(down))) => format!("down {}", json!(down)),
                Some(Output::Fact(Fact::Snapshot(snapshot))) => {
                    format!("line {} has {} calls", snapshot.line.0, snapshot.calls.len())
                }
                Some(Output::Fact(Fact::Call(call))) => {
                    let call = json!(call);
                    let word = |key: &str| call[key].as_str().unwrap_or("-").to_owned();
                    let number = |key: &str| call[key]["number"].as_str().unwrap_or("-").to_owned();
                    let key = word("key");
                    let at = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                        self.keys.push(key);
                        self.keys.len() - 1
                    });
                    format!(
                        "line {} call {at} {} {} > {}: {} {} {}",
                        call["line"],
                        word("direction"),
                        number("caller"),
                        number("called"),
                        word("state"),
                        word("phase"),
                        call["cause"]["code"].as_str().unwrap_or("-"),
                    )
                }
                Some(Output::Fact(Fact::Error(error))) => format!("error {}", json!(error)),
                Some(Output::Reply(reply)) if reply.result.is_err() => format!("refused {}", json!(reply)),
                _ => continue,
            };
            if self.said.last() != Some(&text) {
                self.said.push(text);
            }
        }
    }

    /// Waits until something is said that was not waited for yet.
    fn until(&mut self, what: &str) {
        let end = Instant::now() + driver::PATIENCE;
        loop {
            if let Some(at) = self.said[self.past..].iter().position(|said| said.contains(what)) {
                self.past += at + 1;
                return;
            }
            assert!(Instant::now() < end, "`{what}` was not said; what was: {:#?}", self.said);
            if let Ok(bytes) = self.posts.recv_timeout(Duration::from_millis(250)) {
                self.give(&InputFrame::posted(&bytes));
            }
        }
    }

    /// Waits until the last that was said of a call is this state.
    fn is(&mut self, line: u32, call: usize, state: &str) {
        let about = format!("line {line} call {call} ");
        let end = Instant::now() + driver::PATIENCE;
        loop {
            let last = self.said.iter().rev().find(|said| said.starts_with(&about));
            if last.and_then(|said| said.rsplit_once(": ")).is_some_and(|(_, now)| now.starts_with(state)) {
                return;
            }
            assert!(Instant::now() < end, "call {call} is not {state}; what was said: {:#?}", self.said);
            if let Ok(bytes) = self.posts.recv_timeout(Duration::from_millis(250)) {
                self.give(&InputFrame::posted(&bytes));
            }
        }
    }

    fn line(&mut self, line: u32, name: &str) {
        self.give(&InputFrame::line_opened(LineId(line), name, "{}"));
        self.until(&format!("line {line} has 0 calls"));
    }

    /// A command about a call, by its number here.
    fn about(&mut self, call: usize, name: &str) {
        let key = self.keys[call].clone();
        self.command(0, name, json!({"callId": key}));
    }

    fn command(&mut self, line: u32, name: &str, parameters: Value) {
        self.numbers += 1;
        let command = Command::decode(name, parameters).expect(name).unwrap();
        self.give(&InputFrame::command(CommandId(self.numbers), LineId(line), &command));
    }

    /// A command for the simulator, as it gets one in a sandboxed process: by its file.
    fn telephone(&self, command: Value) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.commands).unwrap();
        file.write_all(format!("{command}\n").as_bytes()).unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.give(&InputFrame::stopping());
        }
        let _ = self.folder.path();
    }
}

#[test]
fn calls_are_told_the_same_way_on_every_system() {
    let mut host = Host::start(
        None,
        json!({"outside": [{"number": "0449*", "fate": "busy"}, {"number": "0441111111", "answers_after": 20}]}),
    );
    host.until("up");
    host.line(0, "101");
    host.line(1, "102");

    host.telephone(json!({"do": "call", "from": "0447654321", "name": "Zoë", "to": "101"}));
    host.until("ringing");
    host.about(0, "answerCall");
    host.until("connected");
    host.about(0, "holdCall");
    host.until("held");
    host.about(0, "unholdCall");
    host.until("connected");
    host.telephone(json!({"do": "hangup", "number": "0447654321"}));
    host.until("finished");

    host.command(0, "makeCall", json!({"to": "0449000000"}));
    host.until("busy");
    host.until("finished");

    host.command(0, "makeCall", json!({"to": "0441111111"}));
    host.until("connected");
    host.about(2, "dropCall");
    host.until("finished");

    host.command(0, "makeCall", json!({"to": "102"}));
    host.until("line 1 call 4 in 101 > 102: alerting ringing");
    host.telephone(json!({"do": "hangup", "number": "102"}));
    host.until("line 1 call 4 - - > -: finished");
    host.until("line 0 call 3 - - > -: finished");

    let of = |line: &str| host.said.iter().filter(|said| said.starts_with(line)).cloned().collect::<Vec<_>>();
    assert_eq!(of("line 0"), EXPECTED_AT_101, "{:#?}", host.said);
    assert_eq!(of("line 1"), EXPECTED_AT_102, "{:#?}", host.said);
}

/// Each line by itself: what is said of two lines may be said in either order.
const EXPECTED_AT_101: &[&str] = &[
    "line 0 has 0 calls",
    "line 0 call 0 in 0447654321 > 101: alerting offered -",
    "line 0 call 0 in 0447654321 > 101: alerting ringing -",
    "line 0 call 0 in 0447654321 > 101: connected none -",
    "line 0 call 0 in 0447654321 > 101: held none -",
    "line 0 call 0 in 0447654321 > 101: connected none -",
    "line 0 call 0 - - > -: finished - normalClearing",
    "line 0 call 1 out 101 > 0449000000: alerting initiated -",
    "line 0 call 1 out 101 > 0449000000: alerting dialing -",
    "line 0 call 1 out 101 > 0449000000: busy none busy",
    "line 0 call 1 - - > -: finished - busy",
    "line 0 call 2 out 101 > 0441111111: alerting initiated -",
    "line 0 call 2 out 101 > 0441111111: alerting dialing -",
    "line 0 call 2 out 101 > 0441111111: alerting ringing -",
    "line 0 call 2 out 101 > 0441111111: connected none -",
    "line 0 call 2 - - > -: finished - normalClearing",
    "line 0 call 3 out 101 > 102: alerting initiated -",
    "line 0 call 3 out 101 > 102: alerting dialing -",
    "line 0 call 3 out 101 > 102: alerting ringing -",
    "line 0 call 3 - - > -: finished - rejected",
];
const EXPECTED_AT_102: &[&str] = &[
    "line 1 has 0 calls",
    "line 1 call 4 in 101 > 102: alerting offered -",
    "line 1 call 4 in 101 > 102: alerting ringing -",
    "line 1 call 4 - - > -: finished - cancelled",
];

/// The states of a line's calls, each once: the call, its state, and why it ended.
fn states(host: &Host, line: &str) -> Vec<String> {
    let mut last = std::collections::BTreeMap::new();
    let mut states = Vec::new();
    for said in &host.said {
        let Some(about) = said.strip_prefix(line).and_then(|rest| rest.strip_prefix(" call ")) else { continue };
        let (call, state) = (about.split(' ').next().unwrap(), about.rsplit_once(": ").unwrap().1);
        let mut words = state.split(' ');
        let (state, cause) = (words.next().unwrap(), words.nth(1).unwrap());
        let told = format!("{call} {state} {cause}");
        if last.insert(call, told.clone()).as_ref() != Some(&told) {
            states.push(told);
        }
    }
    states
}

/// Consultations that are handed over, taken back and joined.
#[test]
fn what_is_done_with_two_calls_is_told_the_same_way_on_every_system() {
    let mut host = Host::start(None, json!({"outside": [{"number": "044*", "answers_after": 20}]}));
    host.until("up");
    host.line(0, "101");
    host.line(1, "102");
    for course in ["transferCall", "cancelTransfer", "conferenceCall"] {
        let first = host.keys.len();
        host.command(0, "makeCall", json!({"to": "0441111111"}));
        host.until(&format!("line 0 call {first} out 101 > 0441111111: connected"));
        let key = host.keys[first].clone();
        host.command(0, "makeConsultCall", json!({"callId": key, "to": "102"}));
        host.until(&format!("line 0 call {first} out 101 > 0441111111: held"));
        host.until("line 1 call ");
        let theirs = host.keys.len() - 1;
        host.telephone(json!({"do": "answer", "number": "102"}));
        host.until(&format!("line 1 call {theirs} in 101 > 102: connected"));
        let consult = first + 1;
        host.is(0, consult, "connected");
        let both = json!({"callId": key, "consultCallId": host.keys[consult].clone()});
        host.command(0, course, both);
        match course {
            "transferCall" => {
                host.is(0, first, "finished");
                host.is(0, consult, "finished");
                host.telephone(json!({"do": "hangup", "number": "0441111111"}));
            }
            "cancelTransfer" => {
                host.is(0, consult, "finished");
                host.is(0, first, "connected");
                host.about(first, "dropCall");
            }
            _ => {
                host.is(0, first, "conferenced");
                host.telephone(json!({"do": "hangup", "number": "102"}));
                host.is(0, first, "connected");
                host.about(first, "dropCall");
            }
        }
        host.is(0, first, "finished");
        host.is(1, theirs, "finished");
    }
    assert_eq!(states(&host, "line 0"), TWO_CALLS_AT_101, "{:#?}", host.said);
    assert_eq!(states(&host, "line 1"), TWO_CALLS_AT_102, "{:#?}", host.said);
}

/// The three courses: handed over, taken back, joined. The conference is there before its second member is in it.
const TWO_CALLS_AT_101: &[&str] = &[
    "0 alerting -",
    "0 connected -",
    "0 held -",
    "1 alerting -",
    "1 connected -",
    "1 finished transferred",
    "0 finished transferred",
    "3 alerting -",
    "3 connected -",
    "3 held -",
    "4 alerting -",
    "4 connected -",
    "4 finished normalClearing",
    "3 connected -",
    "3 finished normalClearing",
    "6 alerting -",
    "6 connected -",
    "6 held -",
    "7 alerting -",
    "7 connected -",
    "6 connected -",
    "6 conferenced -",
    "7 finished conferenced",
    "6 connected -",
    "6 finished normalClearing",
];
const TWO_CALLS_AT_102: &[&str] = &[
    "2 alerting -",
    "2 connected -",
    "2 finished normalClearing",
    "5 alerting -",
    "5 connected -",
    "5 finished normalClearing",
    "8 alerting -",
    "8 connected -",
    "8 finished normalClearing",
];

#[cfg(windows)]
#[test]
fn wines_own_tapi_is_refused_in_words() {
    let mut host = Host::start(Some("tapi32.dll"), json!({}));
    host.until("down");
    let said = host.said.join("\n");
    assert!(said.contains("stub"), "{said}");
    println!("{said}");
}
