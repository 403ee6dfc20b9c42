//! The bench on which the model is tested.

use std::sync::Arc;
use std::time::Duration;

use jackfield_plugin_api::{
    AgentFeatures, CallFact, CallFeatures, CallState, Capabilities, CauseCode, Direction, Fact, LineId, Party, Role,
    Snapshot, SnapshotSupport, Timestamp, Up,
};
use serde_json::Value;

use crate::model::check::Checker;
use crate::model::replay::LineTable;
use crate::model::{Call, CallId, CallIds, Event, Loss, Model, ModelConfig, Repairs, ReplyTo, SnapshotReason};

/// The line of most tests.
pub(super) const LINE: LineId = LineId(1);
/// Its name.
pub(super) const NAME: &str = "pbx/101";
/// 2026-11-20T09:00:00Z.
pub(super) const START: Timestamp = Timestamp::from_millis(1_795_165_200_000);

/// `A`, `B`, `C` …: the ids of tests, in the order of the calls' start.
#[derive(Debug, Default)]
struct Letters(usize);

impl CallIds for Letters {
    fn next(&mut self, _: Timestamp) -> CallId {
        let name = if self.0 < 26 { char::from(b'A' + self.0 as u8).to_string() } else { format!("call{}", self.0) };
        self.0 += 1;
        CallId::new(name)
    }
}

/// A model, its clock, and what came out.
pub(super) struct Bench {
    pub(super) model: Model,
    pub(super) now: Timestamp,
    /// The events of the last input.
    pub(super) last: Vec<Event>,
    /// All events as JSON.
    pub(super) log: Vec<Value>,
    checker: Checker,
}

/// Everything a phone system can do.
pub(super) fn everything() -> Capabilities {
    let mut capabilities = Capabilities::new(CallFeatures::ALL).agent(AgentFeatures::ALL);
    capabilities.snapshot = SnapshotSupport::Full;
    capabilities.drops_one_of_pair = true;
    capabilities.services = vec!["weather".to_owned()];
    capabilities
}

impl Bench {
    /// A line whose connection has not come up yet.
    pub(super) fn down(capabilities: Capabilities) -> Self {
        Self::with(ModelConfig::new("pbx", "test", "1.0.0", capabilities))
    }

    /// The same with other settings.
    pub(super) fn with(config: ModelConfig) -> Self {
        let model = Model::new(config, Box::new(Letters::default()));
        let checker = Checker::new();
        let mut bench = Self { model, now: START, last: Vec::new(), log: Vec::new(), checker };
        bench.input(|model, now, out| model.open_line(now, LINE, "101", out));
        bench
    }

    /// A line that is up and has no calls; the phone system can do everything.
    pub(super) fn up() -> Self {
        Self::up_with(everything())
    }

    /// A line that is up and has no calls.
    pub(super) fn up_with(capabilities: Capabilities) -> Self {
        let mut bench = Self::down(capabilities.clone());
        bench.apply(Up::new("PBX 1", capabilities));
        bench.apply(Snapshot::new(LINE, vec![]));
        bench
    }

    /// The host dies without a word.
    pub(super) fn died(&mut self) {
        self.checker.host_died();
    }

    /// Another life of the host on the same stream, with a model that knows nothing.
    pub(super) fn heir(&mut self, capabilities: Capabilities) -> Self {
        let mut heir = Self::down(capabilities);
        heir.checker = std::mem::take(&mut self.checker);
        heir.now = self.now;
        heir
    }

    /// Gives the model one input and checks what comes out.
    pub(super) fn input(&mut self, input: impl FnOnce(&mut Model, Timestamp, &mut Vec<Event>)) -> &mut Self {
        self.last.clear();
        input(&mut self.model, self.now, &mut self.last);
        for event in &self.last {
            let json: Value = serde_json::from_str(&event.to_json()).expect("an event is JSON");
            crate::schema::tests::check_event(&json);
            self.checker.event(&json);
            self.log.push(json);
        }
        self.checker.settled();
        self.agrees();
        self
    }

    /// Applies a fact, 1 ms after the last input.
    pub(super) fn apply(&mut self, fact: impl Into<Fact>) -> &mut Self {
        self.apply_for(fact, None)
    }

    /// Applies a fact that a command led to.
    pub(super) fn apply_for(&mut self, fact: impl Into<Fact>, origin: Option<&ReplyTo>) -> &mut Self {
        let fact = fact.into();
        self.wait(1);
        self.input(|model, now, out| model.apply(now, &fact, origin, out))
    }

    /// Applies a fact and expects these events: `hold(A) L(A) L`, where L is lineStateChanged.
    #[track_caller]
    pub(super) fn says(&mut self, fact: impl Into<Fact>, events: &str) -> &mut Self {
        self.apply(fact);
        self.expect(events)
    }

    /// Expects that these events came of the last input.
    #[track_caller]
    pub(super) fn expect(&mut self, events: &str) -> &mut Self {
        let names: Vec<String> = self.last.iter().map(short).collect();
        assert_eq!(names.join(" "), events);
        self
    }

    /// A session comes and is told the state as it is; nothing changes by it.
    pub(super) fn look(&mut self) {
        for event in self.model.view(self.now, LINE, SnapshotReason::Session) {
            let json: Value = serde_json::from_str(&event.to_json()).expect("an event is JSON");
            crate::schema::tests::check_event(&json);
            self.checker.event(&json);
        }
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, millis: u64) -> &mut Self {
        self.now = self.now + Duration::from_millis(millis);
        self
    }

    /// The connection breaks.
    pub(super) fn lose(&mut self) -> &mut Self {
        self.wait(1);
        let loss = Loss::new(jackfield_plugin_api::ErrorCode::ConnectionLost, "TCP reset by peer");
        self.input(|model, now, out| model.lost(now, &loss, out))
    }

    /// The connection is back; the line's snapshot has not come yet.
    pub(super) fn back(&mut self) -> &mut Self {
        let capabilities = self.model.capabilities().clone();
        self.apply(Up::new("PBX 1", capabilities))
    }

    /// Calls `tick` when the model wants it.
    pub(super) fn deadline(&mut self) -> &mut Self {
        self.now = self.model.next_deadline().expect("something is due by time").max(self.now);
        self.input(|model, now, out| model.tick(now, out))
    }

    pub(super) fn call(&self, id: &str) -> &Arc<Call> {
        self.model.call(LINE, id).unwrap_or_else(|| panic!("call {id} is up"))
    }

    pub(super) fn repairs(&self) -> &Repairs {
        self.model.repairs()
    }

    /// The rules that the stream breaks.
    #[track_caller]
    pub(super) fn sound(&self) {
        if let Some(first) = self.checker.violations().first() {
            let names: Vec<String> = self.log.iter().map(short_json).collect();
            panic!("{first}\nin: {}", names.join(" "));
        }
    }

    /// M13.8: the table is what the events say.
    #[track_caller]
    fn agrees(&self) {
        let view = self.model.view(self.now, LINE, SnapshotReason::Query);
        let Some(snapshot) = view.iter().find(|event| event.method() == "activeCallSnapshot") else { return };
        let snapshot: Value = serde_json::from_str(&snapshot.to_json()).expect("a snapshot is JSON");
        let table = LineTable::of_snapshot(&snapshot["params"]);
        assert_eq!(self.checker.replay().line(NAME).cloned().unwrap_or_default(), table, "{:?}", self.log.last());
    }
}

impl Drop for Bench {
    /// Every test, whatever it looks at, must leave a sound stream behind.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.sound();
        }
    }
}

/// `hold(A)`, `callFinished(A,lost)*` (synthetic), `L(A)`, `L`.
pub(super) fn short(event: &Event) -> String {
    short_json(&serde_json::from_str(&event.to_json()).expect("an event is JSON"))
}

pub(super) fn short_json(event: &Value) -> String {
    let params = &event["params"];
    let data = &params["data"];
    let mut text = match event["method"].as_str().unwrap_or_default() {
        "lineStateChanged" => "L".to_owned(),
        "activeCallSnapshot" => format!("snapshot({})", data["reason"].as_str().unwrap_or_default()),
        "currentCallChanged" => {
            let from = data["previousCallId"].as_str().unwrap_or_default();
            format!("currentCallChanged({from}→{})", data["call"]["callId"].as_str().unwrap_or_default())
        }
        "callInfoChanged" => {
            let words: Vec<&str> = data["changed"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("callInfoChanged({}:{})", data["call"]["callId"].as_str().unwrap_or_default(), words.join("+"))
        }
        "callFinished" => {
            let id = data["call"]["callId"].as_str().unwrap_or_default();
            format!("callFinished({id},{})", params["cause"]["code"].as_str().unwrap_or_default())
        }
        method => method.to_owned(),
    };
    let id = data["call"]["callId"].as_str().or_else(|| data["callId"].as_str());
    if let Some(id) = id.filter(|_| !text.contains('(')) {
        text = format!("{text}({id})");
    }
    if params["synthetic"] == true { format!("{text}*") } else { text }
}

/// An incoming call rings.
pub(super) fn rings(key: &str) -> CallFact {
    fact(key, CallState::Alerting)
        .direction(Direction::In)
        .caller(Party::new("+380441234567"))
        .called(Party::new("101"))
}

/// We call somebody.
pub(super) fn dials(key: &str) -> CallFact {
    fact(key, CallState::Alerting).direction(Direction::Out).caller(Party::new("101")).called(Party::new("2000"))
}

/// We call somebody to consult about another call.
pub(super) fn consults(key: &str, parent: &str) -> CallFact {
    dials(key).role(Role::Consult).parent(parent)
}

pub(super) fn talks(key: &str) -> CallFact {
    fact(key, CallState::Connected)
}

pub(super) fn held(key: &str) -> CallFact {
    fact(key, CallState::Held)
}

pub(super) fn conference(key: &str) -> CallFact {
    fact(key, CallState::Conferenced)
}

pub(super) fn busy(key: &str) -> CallFact {
    fact(key, CallState::Busy)
}

pub(super) fn ends(key: &str, cause: CauseCode) -> CallFact {
    CallFact::finished(LINE, key, cause)
}

pub(super) fn hangs_up(key: &str) -> CallFact {
    ends(key, CauseCode::NormalClearing)
}

pub(super) fn fact(key: &str, state: CallState) -> CallFact {
    CallFact::new(LINE, key, state)
}

/// All calls of the line.
pub(super) fn shows(calls: impl IntoIterator<Item = CallFact>) -> Snapshot {
    Snapshot::new(LINE, calls.into_iter().collect())
}
