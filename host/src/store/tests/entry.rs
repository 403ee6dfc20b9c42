//! From events to rows, and from rows back to calls: over random lives of a host.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::{
    CallFact, CallFeatures, CallState, Capabilities, Direction, Fact, LineId, Party, Phase, Snapshot, SnapshotSupport,
    Timestamp, Up,
};
use proptest::prelude::*;
use serde_json::Value;

use super::super::entry::{Book, CallChange, Entry};
use super::super::record::{Outcome, settle_focus};
use crate::model::check::Checker;
use crate::model::{CallId, CallSaved, Event, Loss, Model, ModelConfig, UuidV7Ids};

const LINE: LineId = LineId(1);

/// What a database would have.
#[derive(Debug, Default)]
struct Rows {
    calls: BTreeMap<String, (CallChange, u64)>,
    epoch: u64,
}

/// A host, its clock, its rows; and a checker that follows what clients see.
struct Life {
    model: Model,
    book: Book,
    rows: Rows,
    now: Timestamp,
    checker: Checker,
    seed: u64,
    /// Calls that clients saw start, and whether they were more than a lifted phone.
    started: BTreeMap<String, bool>,
}

fn capabilities() -> Capabilities {
    let mut capabilities = Capabilities::new(CallFeatures::ALL);
    capabilities.snapshot = SnapshotSupport::Full;
    capabilities
}

fn model(seed: u64) -> Model {
    Model::new(ModelConfig::new("pbx", "test", "1.0.0", capabilities()), Box::new(UuidV7Ids::new(seed)))
}

impl Life {
    fn new() -> Self {
        let mut life = Self {
            model: model(1),
            book: Book::default(),
            rows: Rows::default(),
            now: Timestamp::from_millis(1_795_165_200_000),
            checker: Checker::new(),
            seed: 1,
            started: BTreeMap::new(),
        };
        life.begin(&[]);
        life
    }

    /// The phone system is there, and shows these calls.
    fn begin(&mut self, shown: &[CallFact]) {
        self.input(|model, now, out| model.open_line(now, LINE, "101", out));
        self.connect(shown);
    }

    fn connect(&mut self, shown: &[CallFact]) {
        let up = Fact::from(Up::new("PBX", capabilities()));
        self.input(|model, now, out| model.apply(now, &up, None, out));
        let snapshot = Fact::from(Snapshot::new(LINE, shown.to_vec()));
        self.input(|model, now, out| model.apply(now, &snapshot, None, out));
    }

    fn input(&mut self, input: impl FnOnce(&mut Model, Timestamp, &mut Vec<Event>)) {
        self.now = self.now + Duration::from_millis(7);
        let mut events = Vec::new();
        input(&mut self.model, self.now, &mut events);
        let saved = self.keep(&events);
        self.see(&events);
        for saved in saved {
            let mut told = Vec::new();
            self.model.saved(self.now, LINE, saved, &mut told);
            assert!(self.keep(&told).is_empty(), "what is told of the store is not stored");
            self.see(&told);
        }
        self.checker.settled();
    }

    /// As the journal and the database do it: through JSON, one revision for each change.
    fn keep(&mut self, events: &[Event]) -> Vec<CallSaved> {
        let mut saved = Vec::new();
        for event in events {
            let model = &self.model;
            let Some(entry) = self.book.note(event, |line, id| model.key(line, id)) else { continue };
            let read: Entry = serde_json::from_str(&serde_json::to_string(&entry).unwrap()).unwrap();
            assert_eq!(read, entry, "the journal gives back what it was given");
            match read {
                Entry::Line(change) => self.rows.epoch = u64::try_from(change.epoch).unwrap(),
                Entry::Call(change) => {
                    let id = change.record.call_id.clone();
                    let revision = self.rows.calls.get(&id).map_or(1, |(before, revision)| {
                        assert!(change.change > before.change, "changes are counted");
                        assert!(!before.record.is_final(), "what is over does not change");
                        revision + 1
                    });
                    saved.push(CallSaved {
                        call: CallId::new(id.as_str()),
                        database_id: id.as_str().into(),
                        store: "test".into(),
                        revision,
                        created: revision == 1,
                        is_final: change.record.is_final(),
                    });
                    self.rows.calls.insert(id, (*change, revision));
                }
            }
        }
        saved
    }

    fn see(&mut self, events: &[Event]) {
        for event in events {
            let json: Value = serde_json::from_str(&event.to_json()).unwrap();
            if let Some(call) = event.body.call() {
                *self.started.entry(call.id.to_string()).or_default() |= call.phase != Phase::Initiated;
            }
            self.checker.event(&json);
        }
    }

    /// Killed, and started again; the phone system shows what it has now.
    fn die(&mut self, shown: &[CallFact]) {
        self.checker.host_died();
        self.seed += 1;
        self.model = model(self.seed);
        self.book = Book::default();
        let rows = self.rows.calls.values().map(|(change, _)| change);
        let mut open: Vec<CallChange> = rows.filter(|change| !change.record.is_final()).cloned().collect();
        open.sort_by_key(|change| (change.record.started_at, change.record.call_id.clone()));
        settle_focus(open.iter_mut().map(|change| &mut change.record));
        let kept = open
            .into_iter()
            .map(|change| {
                self.book.restore(&change.record, change.change);
                change.record.kept(self.now, &[]).expect("a call that is up has its key")
            })
            .collect();
        let (now, epoch) = (self.now, self.rows.epoch);
        let mut none = Vec::new();
        self.model.open_line(now, LINE, "101", &mut none);
        self.model.restore(LINE, epoch, kept);
        self.connect(shown);
    }

    fn has_lifted(&self) -> bool {
        self.started.iter().any(|(id, kept)| !kept && self.model.call(LINE, id).is_some())
    }

    fn check(&self) {
        assert!(self.checker.violations().is_empty(), "{}", self.checker.violations()[0]);
        for (id, kept) in &self.started {
            match self.rows.calls.get(id) {
                Some((change, _)) => {
                    let record = &change.record;
                    assert_eq!(record.is_final(), self.model.call(LINE, id).is_none(), "{record:?}");
                    assert_eq!(record.is_final(), record.result.is_some() && record.ended_at.is_some(), "{record:?}");
                    assert!(record.ended_at.is_none_or(|end| end >= record.started_at), "{record:?}");
                }
                None => assert!(!kept, "call {id} was seen and is not kept"),
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Fact(Box<CallFact>),
    /// The connection breaks, and shows these calls when it is back.
    Lose(Vec<CallFact>),
    /// The host is killed, and is shown these calls when it is back.
    Die(Vec<CallFact>),
}

fn fact() -> impl Strategy<Value = CallFact> {
    let states = [
        CallState::Alerting,
        CallState::Connected,
        CallState::Held,
        CallState::Conferenced,
        CallState::Busy,
        CallState::Finished,
    ];
    (0..4u8, prop::sample::select(states.to_vec()), 0..3u8, any::<bool>()).prop_map(|(key, state, global, lifted)| {
        let (direction, way) = if key % 2 == 0 { (Direction::In, "in") } else { (Direction::Out, "out") };
        let mut fact = CallFact::new(LINE, format!("{way}{key}"), state).direction(direction);
        fact = fact.caller(Party::new("+380441234567")).called(Party::new("101"));
        if global > 0 {
            fact.global_ids = Some(vec![format!("g{global}")]);
        }
        if lifted && state == CallState::Alerting {
            fact = fact.phase(Phase::Initiated);
        }
        fact
    })
}

fn shown() -> impl Strategy<Value = Vec<CallFact>> {
    prop::collection::vec(fact(), 0..3).prop_map(|facts| {
        let mut shown: Vec<CallFact> = Vec::new();
        for fact in facts {
            if fact.state != CallState::Finished && shown.iter().all(|other| other.key != fact.key) {
                shown.push(fact);
            }
        }
        shown
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => fact().prop_map(|fact| Step::Fact(Box::new(fact))),
        1 => shown().prop_map(Step::Lose),
        2 => shown().prop_map(Step::Die),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Through deaths and losses: the stream stays sound, every call that was seen is kept, and ends when it is over.
    #[test]
    fn every_call_that_is_seen_is_kept(steps in steps()) {
        let mut life = Life::new();
        for step in steps {
            match step {
                Step::Fact(fact) => {
                    let fact = Fact::from(*fact);
                    life.input(|model, now, out| model.apply(now, &fact, None, out));
                }
                Step::Lose(shown) => {
                    let loss = Loss::new(jackfield_plugin_api::ErrorCode::ConnectionLost, "reset");
                    life.input(|model, now, out| model.lost(now, &loss, out));
                    life.connect(&shown);
                }
                // A phone that was only lifted is no call yet, and is not known any more after a death.
                Step::Die(_) if life.has_lifted() => {}
                Step::Die(shown) => life.die(&shown),
            }
            life.check();
        }
    }
}

#[test]
fn what_was_told_once_is_not_told_again_after_a_death() {
    let mut life = Life::new();
    let call = |state| {
        let fact = CallFact::new(LINE, "out1", state).direction(Direction::Out);
        fact.caller(Party::new("101")).called(Party::new("+380441234567"))
    };
    for state in [CallState::Alerting, CallState::Busy, CallState::Alerting] {
        let fact = Fact::from(call(state));
        life.input(|model, now, out| model.apply(now, &fact, None, out));
    }
    life.die(&[call(CallState::Busy)]);
    life.check();
    life.die(&[call(CallState::Alerting)]);
    life.die(&[call(CallState::Busy)]);
    life.check();
}

#[test]
fn calls_of_one_conversation_are_tied() {
    let mut life = Life::new();
    let global = |key: &str, ids: &[&str]| {
        let mut fact = CallFact::new(LINE, key, CallState::Connected).direction(Direction::In);
        fact.global_ids = Some(ids.iter().map(|id| (*id).to_owned()).collect());
        Fact::from(fact)
    };
    for fact in [global("a", &["g1"]), global("b", &["g2"]), global("c", &["g3"])] {
        life.input(|model, now, out| model.apply(now, &fact, None, out));
    }
    let of = |life: &Life, key: &str| {
        let rows = life.rows.calls.values();
        let row =
            rows.map(|(change, _)| change).find(|change| change.record.details.key.as_deref() == Some(key)).unwrap();
        (row.record.conversation.clone(), row.merged.clone())
    };
    // A call beside another one is tied to it by its parent.
    assert_eq!(of(&life, "b").0, of(&life, "a").0);
    let other = of(&life, "c").0;
    assert_eq!(other, of(&life, "a").0);
}

#[test]
fn outcomes_are_what_a_person_would_say() {
    use jackfield_plugin_api::CauseCode::{Busy, Cancelled, Lost, NoAnswer, NormalClearing, Redirected, Transferred};
    for (cause, answered, missed, outcome) in [
        (NormalClearing, true, false, Outcome::Answered),
        (Cancelled, false, true, Outcome::Missed),
        (Cancelled, false, false, Outcome::Cancelled),
        (NoAnswer, false, false, Outcome::NoAnswer),
        (Busy, false, false, Outcome::Busy),
        (Transferred, true, false, Outcome::Transferred),
        (Redirected, false, false, Outcome::Redirected),
        (Lost, true, false, Outcome::Answered),
        (Lost, false, false, Outcome::Unknown),
    ] {
        assert_eq!(Outcome::of(cause, answered, missed), outcome, "{cause} {answered} {missed}");
        assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
    }
}
