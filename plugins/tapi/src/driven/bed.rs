//! The adapter as it is, the simulated library, and what happens at telephones: for the tests beside it.

#![allow(unsafe_code, reason = "the simulator is told what to do through a function of its own")]
#![cfg_attr(windows, allow(clippy::missing_const_for_thread_local, reason = "clippy does not see the `const` there"))]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

use std::cell::RefCell;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{Adapter, CallFact, Command, ConfigError, Fact, Host, Input, LineId, Manifest};
use libloading::Library;
use serde_json::{Value, json};

use crate::config::{Config, LineConfig};
use crate::extensions::wanted;
use crate::machine::Machine;
use crate::room::{Ear, Room};

/// How long anything may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

struct Channel(Mutex<Sender<Vec<u8>>>);

impl Ear for Channel {
    fn hear(&self, told: &[u8]) -> bool {
        self.0.lock().is_ok_and(|sender| sender.send(told.to_vec()).is_ok())
    }
}

thread_local! {
    /// What the room of the adapter that was made last tells.
    pub(super) static TOLD: RefCell<Option<Receiver<Vec<u8>>>> = const { RefCell::new(None) };
}

/// The adapter as it is, but that a test carries what its room tells.
pub(super) struct Driven {
    pub(super) machine: Machine,
    room: Room,
}

impl Adapter for Driven {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        crate::adapter::manifest()
    }

    fn new(config: Config, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        let (sender, told) = mpsc::channel();
        TOLD.set(Some(told));
        let room =
            Room::new(Box::new(Channel(Mutex::new(sender))), &config.library, wanted(&config.extensions)?).unwrap();
        Ok(Self { machine: Machine::new(config, 1), room })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        self.machine.input(input, host);
        for ask in self.machine.asked() {
            self.room.ask(ask);
        }
    }
}

/// The simulated library beside this test.
pub(super) fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let name = format!("{}cti_tapisim{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [test.with_file_name(&name), test.parent().unwrap().with_file_name(&name)];
    let found = places.iter().find(|place| place.exists());
    found.unwrap_or_else(|| panic!("{name} is in none of {places:?}")).clone()
}

type Tell = unsafe extern "C" fn(*const std::ffi::c_char, *mut std::ffi::c_char, usize) -> i32;

pub(super) struct Bed {
    pub(super) driver: Driver<Driven>,
    pub(super) told: Receiver<Vec<u8>>,
    pub(super) line: LineId,
    pub(super) library: Library,
    pub(super) facts: Vec<Fact>,
    _dir: tempfile::TempDir,
}

impl Bed {
    pub(super) fn new(config: &Value, settings: &Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A copy of its own: a phone system of its own.
        std::fs::copy(built(), dir.path().join(built().file_name().unwrap())).unwrap();
        Self::at(dir, config, settings)
    }

    /// With a library that lies in a folder already, under its name.
    pub(super) fn at(dir: tempfile::TempDir, config: &Value, settings: &Value) -> Self {
        let path = dir.path().join(built().file_name().unwrap());
        std::fs::write(path.with_extension("json"), config.to_string()).unwrap();
        let mut all = json!({ "library": path_text(&path) });
        for (key, value) in settings.as_object().unwrap() {
            all[key] = value.clone();
        }
        let mut driver = Driver::<Driven>::new(&all).unwrap();
        let told = TOLD.take().unwrap();
        driver.started().unwrap();
        // SAFETY: our own library, which the room loads as well.
        let library = unsafe { Library::new(&path) }.unwrap();
        let line = driver.line("101", &json!({})).unwrap();
        let mut bed = Self { driver, told, line, library, facts: Vec::new(), _dir: dir };
        bed.until(|fact| matches!(fact, Fact::Snapshot(_)));
        bed
    }

    /// Another line, with what is up on it.
    pub(super) fn line(&mut self, name: &str) -> (LineId, Vec<CallFact>) {
        let line = self.driver.line(name, &json!({})).unwrap();
        let mut facts = self.driver.facts();
        facts.retain(|fact| matches!(fact, Fact::Snapshot(_)));
        let found = facts
            .pop()
            .unwrap_or_else(|| self.until(|fact| matches!(fact, Fact::Snapshot(snapshot) if snapshot.line == line)));
        let Fact::Snapshot(snapshot) = found else { unreachable!() };
        (line, snapshot.calls)
    }

    pub(super) fn close(&mut self, line: LineId) {
        self.driver.give(&InputFrame::line_closed(line)).unwrap();
    }

    /// Waits until the library has so many open lines.
    pub(super) fn has_open(&self, lines: u64) {
        let until = Instant::now() + PATIENCE;
        while self.tapi(json!({"do": "count"}))["lines"] != lines {
            assert!(Instant::now() < until, "{}", self.tapi(json!({"do": "count"})));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Carries what the room tells until a fact comes.
    pub(super) fn until(&mut self, wanted: impl Fn(&Fact) -> bool) -> Fact {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let told = self.told.recv_timeout(left).unwrap_or_else(|_| panic!("it did not come: {:?}", self.facts));
            self.driver.posted(told).unwrap();
            let facts = self.driver.facts();
            self.facts.extend(facts.iter().cloned());
            if let Some(found) = facts.into_iter().find(&wanted) {
                return found;
            }
        }
    }

    /// Waits until a call is in a state; its key.
    pub(super) fn call(&mut self, state: &str) -> String {
        let found = self.until(|fact| matches!(fact, Fact::Call(call) if call.state.as_str() == state));
        if let Fact::Call(call) = found { call.key.as_str().to_owned() } else { String::new() }
    }

    pub(super) fn asks(&mut self, name: &str, params: Value) {
        let command = Command::decode(name, params).unwrap().unwrap();
        self.driver.command(self.line, &command).unwrap();
    }

    pub(super) fn tapi(&self, what: Value) -> Value {
        let what = CString::new(what.to_string()).unwrap();
        let mut room = vec![0_u8; 65_536];
        // SAFETY: the function's signature, as its library says; both pointers live for the call.
        let length = unsafe {
            let tell: libloading::Symbol<'_, Tell> = self.library.get(b"cti_tapisim_command\0").unwrap();
            tell(what.as_ptr(), room.as_mut_ptr().cast(), room.len())
        };
        let answer: Value = serde_json::from_slice(&room[..usize::try_from(length).unwrap()]).unwrap();
        assert_eq!(answer["ok"], true, "{what:?}: {answer}");
        answer
    }

    /// Everything is let go: in the adapter, and at the library.
    pub(super) fn is_empty(&mut self) {
        let until = Instant::now() + PATIENCE;
        loop {
            let (legs, talks, pending, early) = self.driver.adapter().machine.counts();
            if (legs, talks, pending, early) == (0, 0, 0, 0) {
                break;
            }
            let left = until.saturating_duration_since(Instant::now());
            let told = self.told.recv_timeout(left);
            let told = told.unwrap_or_else(|_| panic!("{legs} handles, {talks} calls, {pending} requests are left"));
            self.driver.posted(told).unwrap();
        }
        // What nobody has opened goes by itself, a little later.
        loop {
            let count = self.tapi(json!({"do": "count"}));
            if (&count["handles"], &count["calls"]) == (&json!(0), &json!(0)) {
                return;
            }
            assert!(Instant::now() < until, "{count}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// The states of calls as they were told, by the last part of their keys, less those that repeat.
    pub(super) fn states(&self) -> Vec<String> {
        let mut last = std::collections::BTreeMap::new();
        let mut states = Vec::new();
        for fact in &self.facts {
            let Fact::Call(call) = fact else { continue };
            let number = call.key.as_str().trim_start_matches("1-").to_owned();
            if last.insert(number.clone(), call.state) != Some(call.state) {
                states.push(format!("{number} {}", call.state));
            }
        }
        states
    }
}

pub(super) fn path_text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

pub(super) fn lines() -> Value {
    json!({
        "lines": [
            {"name": "Line 101", "addresses": [{"number": "101"}]},
            {"name": "Line 102", "addresses": [{"number": "102"}]},
        ],
        "outside": [{"number": "0449*", "fate": "busy"}],
        "times": {"busy": 5, "release": 1, "dial": 0, "proceed": 0},
    })
}

/// A conference with a caller from outside and the other line: its call.
pub(super) fn conference(bed: &mut Bed) -> String {
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let first = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": first }));
    bed.call("connected");
    joined(bed, &first);
    first
}

/// The other line is asked about a call, and joins it.
pub(super) fn joined(bed: &mut Bed, first: &str) {
    bed.asks("makeConsultCall", json!({"callId": first, "to": "102"}));
    bed.until(|fact| {
        let rings = |call: &CallFact| call.phase == Some(jackfield_plugin_api::Phase::Ringing);
        matches!(fact, Fact::Call(call) if call.key.as_str() != first && rings(call))
    });
    bed.tapi(json!({"do": "answer", "number": "102"}));
    let consult = bed.call("connected");
    bed.asks("conferenceCall", json!({"callId": first, "consultCallId": consult}));
    bed.call("conferenced");
}

/// One of each: in and out, held, busy, asked about, handed over, joined.
pub(super) fn courses(bed: &mut Bed) {
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let first = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": first }));
    bed.call("connected");
    bed.asks("holdCall", json!({ "callId": first }));
    bed.call("held");
    bed.asks("unholdCall", json!({ "callId": first }));
    bed.call("connected");
    joined(bed, &first);
    bed.tapi(json!({"do": "hangup", "number": "102"}));
    bed.call("connected");
    bed.tapi(json!({"do": "hangup", "number": "380442752305"}));
    bed.call("finished");
    bed.asks("makeCall", json!({"to": "0449111111"}));
    bed.call("busy");
    bed.call("finished");
}

/// A copy of the library that does not export these functions.
pub(super) fn without(functions: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let bytes = cti_tapisim::testing::without(&std::fs::read(built()).unwrap(), functions).unwrap();
    std::fs::write(dir.path().join(built().file_name().unwrap()), bytes).unwrap();
    dir
}
