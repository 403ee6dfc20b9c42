//! The state machine and the room together, against the simulated library: the real functions, threads and memory, on
//! every system that this is built for.

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
use jackfield_plugin_api::{Adapter, CallFact, CallState, Command, ConfigError, Fact, Host, Input, LineId, Manifest};
use libloading::Library;
use serde_json::{Value, json};

use crate::config::{Config, LineConfig};
use crate::extensions::{Extension, ExtensionId, wanted};
use crate::machine::Machine;
use crate::room::{Ear, Room};
use crate::sys::constants::{LINEERR_INCOMPATIBLEEXTVERSION, LINEERR_OPERATIONUNAVAIL, error};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Channel(Mutex<Sender<Vec<u8>>>);

impl Ear for Channel {
    fn hear(&self, told: &[u8]) -> bool {
        self.0.lock().is_ok_and(|sender| sender.send(told.to_vec()).is_ok())
    }
}

thread_local! {
    /// What the room of the adapter that was made last tells.
    static TOLD: RefCell<Option<Receiver<Vec<u8>>>> = const { RefCell::new(None) };
}

/// The adapter as it is, but that a test carries what its room tells.
struct Driven {
    machine: Machine,
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
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let name = format!("{}cti_tapisim{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let places = [test.with_file_name(&name), test.parent().unwrap().with_file_name(&name)];
    let found = places.iter().find(|place| place.exists());
    found.unwrap_or_else(|| panic!("{name} is in none of {places:?}")).clone()
}

type Tell = unsafe extern "C" fn(*const std::ffi::c_char, *mut std::ffi::c_char, usize) -> i32;

struct Bed {
    driver: Driver<Driven>,
    told: Receiver<Vec<u8>>,
    line: LineId,
    library: Library,
    facts: Vec<Fact>,
    _dir: tempfile::TempDir,
}

impl Bed {
    fn new(config: &Value, settings: &Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A copy of its own: a phone system of its own.
        std::fs::copy(built(), dir.path().join(built().file_name().unwrap())).unwrap();
        Self::at(dir, config, settings)
    }

    /// With a library that lies in a folder already, under its name.
    fn at(dir: tempfile::TempDir, config: &Value, settings: &Value) -> Self {
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
    fn line(&mut self, name: &str) -> (LineId, Vec<CallFact>) {
        let line = self.driver.line(name, &json!({})).unwrap();
        let mut facts = self.driver.facts();
        facts.retain(|fact| matches!(fact, Fact::Snapshot(_)));
        let found = facts
            .pop()
            .unwrap_or_else(|| self.until(|fact| matches!(fact, Fact::Snapshot(snapshot) if snapshot.line == line)));
        let Fact::Snapshot(snapshot) = found else { unreachable!() };
        (line, snapshot.calls)
    }

    fn close(&mut self, line: LineId) {
        self.driver.give(&InputFrame::line_closed(line)).unwrap();
    }

    /// Waits until the library has so many open lines.
    fn has_open(&self, lines: u64) {
        let until = Instant::now() + PATIENCE;
        while self.tapi(json!({"do": "count"}))["lines"] != lines {
            assert!(Instant::now() < until, "{}", self.tapi(json!({"do": "count"})));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Carries what the room tells until a fact comes.
    fn until(&mut self, wanted: impl Fn(&Fact) -> bool) -> Fact {
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
    fn call(&mut self, state: &str) -> String {
        let found = self.until(|fact| matches!(fact, Fact::Call(call) if call.state.as_str() == state));
        if let Fact::Call(call) = found { call.key.as_str().to_owned() } else { String::new() }
    }

    fn asks(&mut self, name: &str, params: Value) {
        let command = Command::decode(name, params).unwrap().unwrap();
        self.driver.command(self.line, &command).unwrap();
    }

    fn tapi(&self, what: Value) -> Value {
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
    fn is_empty(&mut self) {
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
    fn states(&self) -> Vec<String> {
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

fn path_text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn lines() -> Value {
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
fn conference(bed: &mut Bed) -> String {
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let first = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": first }));
    bed.call("connected");
    joined(bed, &first);
    first
}

/// The other line is asked about a call, and joins it.
fn joined(bed: &mut Bed, first: &str) {
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
fn courses(bed: &mut Bed) {
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

#[test]
fn calls_through_the_real_functions() {
    let mut bed = Bed::new(&lines(), &json!({}));
    courses(&mut bed);
    assert_eq!(
        bed.states(),
        [
            "1 alerting",
            "1 connected",
            "1 held",
            "1 connected",
            "1 held",
            "2 alerting",
            "2 connected",
            // The conference is there before its second member is in it.
            "1 connected",
            "1 conferenced",
            "2 finished",
            "1 connected",
            "1 finished",
            "3 alerting",
            "3 busy",
            "3 finished",
        ]
    );
    bed.is_empty();
}

/// A few hundred calls of all kinds; 10,000 and more with `JACKFIELD_TAPI_CALLS` in the environment.
#[test]
fn many_calls_leave_no_handle_behind() {
    let calls: u32 = std::env::var("JACKFIELD_TAPI_CALLS").map_or(200, |calls| calls.parse().unwrap());
    let mut bed = Bed::new(&lines(), &json!({}));
    for number in 0..calls {
        bed.facts.clear();
        match number % 4 {
            0 => courses(&mut bed),
            1 => {
                bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
                bed.call("alerting");
                bed.tapi(json!({"do": "hangup", "number": "380442752305"}));
                bed.call("finished");
            }
            2 => {
                bed.asks("makeCall", json!({"to": "0449111111"}));
                bed.call("busy");
                bed.call("finished");
            }
            _ => {
                bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
                let call = bed.call("alerting");
                bed.asks("answerCall", json!({ "callId": call }));
                bed.call("connected");
                bed.asks("dropCall", json!({ "callId": call }));
                bed.call("finished");
            }
        }
        bed.is_empty();
    }
}

/// A copy of the library that does not export these functions.
fn without(functions: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let bytes = cti_tapisim::testing::without(&std::fs::read(built()).unwrap(), functions).unwrap();
    std::fs::write(dir.path().join(built().file_name().unwrap()), bytes).unwrap();
    dir
}

/// As Wine's library lacks them, and more: what can be done without them is done.
#[test]
fn a_library_without_functions() {
    let dir = without(&[
        "lineParkW",
        "lineGetAddressStatusW",
        "lineGetLineDevStatusW",
        "lineGetAddressCapsW",
        "lineSetStatusMessages",
        "lineGetAgentStatusW",
        "lineBlindTransferW",
    ]);
    // Without its capabilities an address has no number: the device is found by its name.
    let lines = json!({"lines": [{"name": "101", "addresses": [{"number": "101"}]}]});
    let mut bed = Bed::at(dir, &lines, &json!({"agents": true}));
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let call = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": call }));
    bed.call("connected");
    bed.asks("blindTransferCall", json!({"callId": call, "to": "102"}));
    bed.asks("dropCall", json!({ "callId": call }));
    bed.call("finished");
    bed.is_empty();
}

/// Two addresses of one device are two lines and one open device, which is closed with the last of them. A line that comes
/// later finds what is up on its address, and nothing else.
#[test]
fn addresses_of_one_device() {
    let config = json!({"lines": [{"name": "Desk", "addresses": [{"number": "101"}, {"number": "102"}]}]});
    let mut bed = Bed::new(&config, &json!({}));
    let one = bed.line;
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let first = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": first }));
    bed.call("connected");
    // Nobody's yet.
    bed.tapi(json!({"do": "call", "from": "380442419707", "to": "102"}));
    bed.tapi(json!({"do": "answer", "number": "102"}));
    while bed.driver.adapter().machine.states() != ["CONNECTED", "CONNECTED"] {
        let told = bed.told.recv_timeout(PATIENCE).unwrap();
        bed.driver.posted(told).unwrap();
    }
    let (two, calls) = bed.line("102");
    let [other] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((other.state, other.line), (CallState::Connected, two));
    assert_eq!(other.caller.as_ref().map(|caller| caller.number.as_str()), Some("380442419707"));
    bed.has_open(1);
    // Each is commanded as its own.
    let other = other.key.as_str().to_owned();
    bed.line = two;
    bed.asks("holdCall", json!({ "callId": other }));
    assert_eq!(bed.call("held"), other);
    bed.asks("holdCall", json!({ "callId": first }));
    assert!(matches!(bed.driver.answers().as_slice(), [answer] if answer.result.is_err()));
    bed.close(one);
    bed.tapi(json!({"do": "hangup", "number": "380442419707"}));
    assert_eq!(bed.call("finished"), other);
    bed.has_open(1);
    // Back again: what is up there is found.
    let (again, calls) = bed.line("101");
    assert_eq!(calls.iter().map(|call| call.state).collect::<Vec<_>>(), [CallState::Connected]);
    for line in [two, again] {
        bed.close(line);
    }
    bed.has_open(0);
}

/// A driver that answers nothing, again and again: what its answers would be written to is not kept for ever. TAPI is
/// begun anew, and the call that is up is found again.
#[test]
fn a_driver_that_leaves_everything_unanswered() {
    let mut bed = Bed::new(&lines(), &json!({}));
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let call = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": call }));
    bed.call("connected");
    bed.tapi(json!({"do": "fault", "fault": {"on": "lineSetCallData", "reply": "lost"}}));
    for _ in 0..80 {
        bed.asks("setUserData", json!({"callId": call, "map": {"order": "17"}}));
    }
    let Fact::Down(down) = bed.until(|fact| matches!(fact, Fact::Down(_))) else { unreachable!() };
    assert!(down.text.contains("requests wait for an answer"), "{}", down.text);
    bed.tapi(json!({"do": "faults", "faults": []}));
    while bed.driver.adapter().machine.states().is_empty() {
        if let Ok(told) = bed.told.recv_timeout(Duration::from_millis(20)) {
            bed.driver.posted(told).unwrap();
        } else {
            bed.driver.advance(Duration::from_millis(500)).unwrap();
        }
    }
    let Fact::Snapshot(found) = bed.until(|fact| matches!(fact, Fact::Snapshot(_))) else { unreachable!() };
    assert_eq!(found.calls.iter().map(|call| call.state).collect::<Vec<_>>(), [CallState::Connected]);
    let key = found.calls[0].key.as_str().to_owned();
    bed.asks("dropCall", json!({ "callId": key }));
    assert_eq!(bed.call("finished"), key);
    bed.is_empty();
}

/// Extensions of a driver, as settings name them: used in the version that both know, and never in the way.
#[test]
fn extensions_of_a_driver() {
    let mut lines = lines();
    lines["lines"][0]["extension"] = json!({"id": [1, 2, 3, 4], "versions": ["1.0", "1.2"]});
    let id = "00000001-00000002-00000003-00000004";
    let set = |from: &str, to: &str| json!({"extensions": [{"id": id, "from": from, "to": to}]});
    let known = |version, refused: Option<u32>| {
        let id = ExtensionId([1, 2, 3, 4]);
        (Some(Extension { id, version, refused: refused.map(error) }), true)
    };
    for (settings, expected) in [
        (json!({}), known(0, None)),
        (set("1.1", "7.0"), known(0x1_0002, None)),
        (set("1.3", "7.0"), known(0, Some(LINEERR_INCOMPATIBLEEXTVERSION))),
    ] {
        let mut bed = Bed::new(&lines, &settings);
        assert_eq!(bed.driver.adapter().machine.device(0), expected, "{settings}");
        assert_eq!(bed.driver.adapter().machine.device(1), (None, false));
        courses(&mut bed);
        bed.is_empty();
    }
    let dir = without(&["lineNegotiateExtVersion"]);
    let bed = Bed::at(dir, &lines, &set("1.0", "1.0"));
    assert_eq!(bed.driver.adapter().machine.device(0), known(0, Some(LINEERR_OPERATIONUNAVAIL)));
}

/// A conference that comes to its end while it is dropped: it ends, whatever its driver thinks of the order.
#[test]
fn a_conference_is_dropped_while_it_comes_to_its_end() {
    let times: u32 = std::env::var("JACKFIELD_TAPI_DROPS").map_or(24, |times| times.parse().unwrap());
    let mut plain = lines();
    let mut both = lines();
    (plain["quirks"], both["quirks"]) =
        (json!({"end": "idle"}), json!({"end": "both", "drop": "both", "order": "states-first"}));
    for config in [lines(), plain, both] {
        let mut bed = Bed::new(&config, &json!({}));
        for number in 0..times {
            bed.facts.clear();
            let first = conference(&mut bed);
            // At once, a little later, and when the adapter has seen that somebody left.
            bed.tapi(json!({"do": "hangup", "number": if number % 2 == 0 { "102" } else { "380442752305" }}));
            match number % 3 {
                0 => {}
                1 => std::thread::sleep(Duration::from_micros(u64::from(number) * 100)),
                _ => {
                    bed.call("connected");
                }
            }
            bed.asks("dropCall", json!({ "callId": first }));
            let mut answers = bed.driver.answers();
            let until = Instant::now() + PATIENCE;
            while answers.is_empty()
                || bed.states().last() != Some(&format!("{} finished", first.trim_start_matches("1-")))
            {
                let left = until.saturating_duration_since(Instant::now());
                match bed.told.recv_timeout(left.min(Duration::from_millis(50))) {
                    Ok(told) => bed.driver.posted(told).unwrap(),
                    Err(_) => bed.driver.advance(Duration::from_millis(50)).unwrap(),
                }
                answers.extend(bed.driver.answers());
                let facts = bed.driver.facts();
                bed.facts.extend(facts);
                assert!(Instant::now() < until, "{number}: {answers:?} {:?}", bed.states());
            }
            assert!(matches!(answers.as_slice(), [answer] if answer.result.is_ok()), "{number}: {answers:?}");
            // Nobody rings again, and nobody is left talking.
            let calls: std::collections::BTreeSet<_> =
                bed.states().iter().map(|s| s.split(' ').next().unwrap().to_owned()).collect();
            assert_eq!(calls.len(), 2, "{number}: {:?}", bed.states());
            bed.is_empty();
        }
    }
}

/// Wine's own library, and the simulator as that behaves: refused in words.
#[test]
fn a_stub_is_refused() {
    let stub = |settings: Value| {
        let mut driver = Driver::<Driven>::new(&settings).unwrap();
        let told = TOLD.take().unwrap();
        driver.started().unwrap();
        let told = told.recv_timeout(PATIENCE).unwrap();
        driver.posted(told).unwrap();
        match driver.facts().as_slice() {
            [Fact::Down(down)] => down.text.clone(),
            other => panic!("{other:?}"),
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(built().file_name().unwrap());
    std::fs::copy(built(), &path).unwrap();
    std::fs::write(path.with_extension("json"), json!({"quirks": {"stub": true}}).to_string()).unwrap();
    let text = stub(json!({ "library": path_text(&path) }));
    assert!(text.contains("it is a stub"), "{text}");
    let dir = without(&["lineGetMessage"]);
    let path = dir.path().join(built().file_name().unwrap());
    let text = stub(json!({ "library": path_text(&path) }));
    assert!(text.contains("it has no lineGetMessage"), "{text}");
    #[cfg(windows)]
    {
        // There is a real one on Windows, and none on Wine.
        let text = stub(json!({}));
        assert!(text.contains("it is a stub") || text.contains("lineInitializeEx"), "{text}");
    }
}
