//! A host as far as tests need one: it loads the adapter's finished library with this simulator as its TAPI, and carries
//! what the adapter's threads bring.
#![allow(
    unsafe_code,
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "it loads libraries, for tests; each uses a part of it"
)]

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
use jackfield_plugin_api::frame::input::{InputFrame, NEW};
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::frame::{Start, frames, pack};
use jackfield_plugin_api::{Command, CommandId, Fact, LineId};
// The library itself is loaded by its path; this has it built.
use jackfield_plugin_tapi as _;
use serde_json::{Value, json};

use crate::driver;

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
pub struct Host {
    adapter: AbiAdapterObject,
    posts: Receiver<Vec<u8>>,
    folder: tempfile::TempDir,
    commands: PathBuf,
    numbers: u64,
    /// The keys of calls, in the order in which they were told.
    pub keys: Vec<String>,
    /// What was said, in short: a state that stays the same is said once.
    pub said: Vec<String>,
    /// How much of it was waited for.
    past: usize,
    stopped: bool,
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
    pub fn start(library: Option<&str>, config: Value) -> Self {
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
        let mut host = Self {
            adapter,
            posts,
            folder,
            commands,
            numbers: 0,
            keys: Vec::new(),
            said: Vec::new(),
            past: 0,
            stopped: false,
        };
        host.give(&InputFrame::started());
        host
    }

    /// The library that it has loaded as its TAPI.
    pub fn simulator(&self) -> PathBuf {
        self.folder.path().join(driver::built().file_name().unwrap())
    }

    /// The call of which something was said last on a line.
    pub fn last(&self, line: u32) -> usize {
        let about = format!("line {line} call ");
        let said = self.said.iter().rev().find_map(|said| said.strip_prefix(&about));
        said.and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("something was said of a call")
    }

    /// The connection ends.
    pub fn stop(&mut self) {
        self.stopped = true;
        self.give(&InputFrame::stopping());
    }

    /// What was said is forgotten.
    pub fn rewind(&mut self) {
        self.said.clear();
        self.past = 0;
    }

    pub fn give(&mut self, frame: &InputFrame<'_>) {
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
    pub fn until(&mut self, what: &str) {
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
    pub fn is(&mut self, line: u32, call: usize, state: &str) {
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

    pub fn line(&mut self, line: u32, name: &str) {
        self.give(&InputFrame::line_opened(LineId(line), name, "{}"));
        self.until(&format!("line {line} has 0 calls"));
    }

    /// A command about a call, by its number here.
    pub fn about(&mut self, call: usize, name: &str) {
        let key = self.keys[call].clone();
        self.command(0, name, json!({"callId": key}));
    }

    pub fn command(&mut self, line: u32, name: &str, parameters: Value) {
        self.numbers += 1;
        let command = Command::decode(name, parameters).expect(name).unwrap();
        self.give(&InputFrame::command(CommandId(self.numbers), LineId(line), &command));
    }

    /// A command for the simulator, as it gets one in a sandboxed process: by its file.
    pub fn telephone(&self, command: Value) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.commands).unwrap();
        file.write_all(format!("{command}\n").as_bytes()).unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !std::thread::panicking() && !self.stopped {
            self.give(&InputFrame::stopping());
        }
        let _ = self.folder.path();
    }
}
