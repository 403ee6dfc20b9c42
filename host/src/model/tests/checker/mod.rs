//! The checker itself: a sound stream with one thing broken must be found out, by the rule that is broken. (That a
//! sound stream is left alone, every other test shows.)

mod calls;
mod focus;
mod lines;
mod order;

use jackfield_plugin_api::{AgentFact, AgentState, CauseCode, DtmfFact, Side, WebRtcFact, WebRtcState};
use serde_json::Value;

use super::bench::{Bench, LINE, busy, consults, dials, ends, hangs_up, held, rings, short_json, shows, talks};
use crate::model::check::Checker;
use crate::model::{CallId, CallSaved, SnapshotReason};

/// The events of a story, to be broken.
struct Stream(Vec<Value>);

impl Stream {
    fn of(bench: &Bench) -> Self {
        Self(bench.log.clone())
    }

    /// The first event of this name (as [`short_json`] gives it), or with `last ` before it the last one.
    #[track_caller]
    fn at(&self, name: &str) -> usize {
        let found = match name.strip_prefix("last ") {
            Some(name) => self.0.iter().rposition(|event| short_json(event) == name),
            None => self.0.iter().position(|event| short_json(event) == name),
        };
        found.unwrap_or_else(|| panic!("no {name} in {:?}", self.0.iter().map(short_json).collect::<Vec<_>>()))
    }

    /// Sets something in the event's `params`; missing objects are made.
    #[track_caller]
    fn set(mut self, name: &str, path: &str, value: impl Into<Value>) -> Self {
        let at = self.at(name);
        let mut place = &mut self.0[at]["params"];
        for key in path.split('.') {
            place = match key.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_) => &mut place[key],
            };
        }
        *place = value.into();
        self
    }

    /// Takes a field of the call object away.
    #[track_caller]
    fn unset(mut self, name: &str, key: &str) -> Self {
        let at = self.at(name);
        let call = self.0[at]["params"]["data"]["call"].as_object_mut().expect("it carries a call");
        call.remove(key).expect("the call has such a field");
        self
    }

    /// Leaves the event out.
    #[track_caller]
    fn without(mut self, name: &str) -> Self {
        let at = self.at(name);
        self.0.remove(at);
        self.numbered()
    }

    /// Tells the event `name` once more, right behind the event `behind`.
    #[track_caller]
    fn again(mut self, name: &str, behind: &str) -> Self {
        let event = self.0[self.at(name)].clone();
        let mut at = self.at(behind);
        let time = self.0[at]["params"]["at"].clone();
        at += 1;
        self.0.insert(at, event);
        self.0[at]["params"]["at"] = time;
        self.numbered()
    }

    /// Everything up to this event.
    #[track_caller]
    fn until(mut self, name: &str) -> Self {
        let at = self.at(name);
        self.0.truncate(at + 1);
        self
    }

    /// Numbers without gaps: what is broken is not the count.
    fn numbered(mut self) -> Self {
        let (mut epoch, mut seq) = (Value::Null, 0);
        for event in &mut self.0 {
            let params = &event["params"];
            if params["line"].is_null() || params["resent"] == true || params["seq"].is_null() {
                continue;
            }
            let begins = event["method"] == "initialized";
            let snapshot = event["method"] == "activeCallSnapshot";
            if begins {
                epoch = params["epoch"].clone();
                seq = 0;
            }
            seq += 1;
            let params = &mut event["params"];
            params["seq"] = seq.into();
            params["epoch"] = epoch.clone();
            if snapshot {
                params["data"]["asOfSeq"] = seq.into();
            }
        }
        self
    }

    fn checked(&self) -> Checker {
        let mut checker = Checker::new();
        self.0.iter().for_each(|event| checker.event(event));
        checker.settled();
        checker
    }

    /// The checker finds this rule broken, in these words.
    #[track_caller]
    fn breaks(self, rule: &str, words: &str) {
        let checker = self.checked();
        let found = checker.violations();
        let hit = found.iter().any(|violation| violation.rule == rule && violation.text.contains(words));
        assert!(hit, "{rule} ({words}) is not among {found:#?}");
    }

    /// The checker finds nothing.
    #[track_caller]
    fn sound(self) {
        assert_eq!(self.checked().violations(), []);
    }
}

/// `initialized snapshot(beforeReconcile) snapshot(reconciled) L callStarted(A) L(A) commutationStarted(A) L(A)
/// dtmfEntered(A) hold(A) L(A) unhold(A) L(A) callFinished(A,normalClearing) L`
fn answered() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(DtmfFact::new(LINE, "1", "5", Side::Local));
    bench.apply(held("1")).apply(talks("1")).apply(hangs_up("1"));
    Stream::of(&bench)
}

/// `… callStarted(A) L(A) callBusy(A) L(A) callFinished(A,busy) L`
fn engaged() -> Stream {
    let mut bench = Bench::up();
    bench.apply(dials("1")).apply(busy("1")).apply(ends("1", CauseCode::Busy));
    Stream::of(&bench)
}

/// `… callStarted(A) L(A) callFinished(A,cancelled) L`
fn missed() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(ends("1", CauseCode::Cancelled));
    Stream::of(&bench)
}

/// A call with a WebRTC session that begins, has video, and ends.
fn media() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    for state in [WebRtcState::Started, WebRtcState::Video, WebRtcState::Destroyed] {
        bench.apply(WebRtcFact::new(LINE, "1", "w", state));
    }
    bench.apply(hangs_up("1"));
    Stream::of(&bench)
}

/// `… hold(A) L(A) callStarted(B) L(A) L(B) commutationStarted(B) L(A) L(B) unhold(A)* callFinished(A,normalClearing)
/// currentCallChanged(A→B) L L(B) callFinished(B,normalClearing) L`
fn consulted() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.apply(hangs_up("1")).apply(hangs_up("2"));
    Stream::of(&bench)
}

/// `… callStarted(B) L(B) commutationStarted(B) currentCallChanged(A→B) L(A) L(B) callFinished(A,…) …`
fn second() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2")).apply(talks("2"));
    bench.apply(hangs_up("2")).apply(talks("1")).apply(hangs_up("1"));
    Stream::of(&bench)
}

/// `… commutationStarted(A) L(A) disconnected initialized snapshot(beforeReconcile) callInfoChanged(A:state)*
/// snapshot(reconciled) L(A) callFinished(A,normalClearing) L`
fn lost() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).lose().back().apply(shows([talks("1")])).apply(hangs_up("1"));
    Stream::of(&bench)
}

/// An agent who is ready and then not, and a call-centre mode that goes on and off.
fn agents() -> Stream {
    let mut bench = Bench::up();
    bench.apply(AgentFact::new(LINE, AgentState::Ready, "READY").call_centre(true));
    bench.apply(AgentFact::new(LINE, AgentState::NotReady, "BREAK").call_centre(false));
    Stream::of(&bench)
}

/// `… callStarted(A) L(A) callSaved(A) callFinished(A,normalClearing) L callSaved(A)`
fn stored() -> Stream {
    let saved = |revision| CallSaved {
        call: CallId::new("A"),
        database_id: "d1".into(),
        store: "sqlite".into(),
        revision,
        created: revision == 1,
        is_final: revision == 2,
    };
    let mut bench = Bench::up();
    bench.apply(rings("1")).input(|model, now, out| model.saved(now, LINE, saved(1), out));
    bench.apply(hangs_up("1")).input(|model, now, out| model.saved(now, LINE, saved(2), out));
    Stream::of(&bench)
}

/// A call rings, and a session comes and is told so: four events sent again.
fn looked_at() -> Stream {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let view = bench.model.view(bench.now, LINE, SnapshotReason::Session);
    let told = view.iter().map(|event| serde_json::from_str(&event.to_json()).expect("an event is JSON"));
    Stream(bench.log.iter().cloned().chain(told).collect())
}

#[test]
fn the_stories_are_sound_before_they_are_broken() {
    for story in [answered, engaged, missed, media, consulted, second, lost, agents, stored, looked_at] {
        story().sound();
        story().numbered().sound();
    }
}

#[test]
fn a_violation_says_which_rule_and_shows_the_event() {
    let checker = answered().again("hold(A)", "hold(A)").checked();
    let found = checker.violations().iter().find(|violation| violation.rule == "I5").expect("I5 is broken");
    assert_eq!(found.text, "hold twice");
    let shown = found.to_string();
    assert!(shown.starts_with("I5: hold twice\n    {") && shown.contains(r#""method":"hold""#), "{shown}");
}
