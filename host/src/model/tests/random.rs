//! Random facts of random adapters, with duplicates, reorderings, losses and reconnects: whatever goes in, what comes
//! out keeps every invariant, and the table is what the events say.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::{
    AgentFact, AgentFeatures, AgentState, CallFact, CallFeatures, CallState, Capabilities, Cause, CauseCode, Command,
    DeviceState, Direction, Down, DtmfFact, ErrorCode, ErrorFact, Fact, LineFact, LineId, Participant, Party,
    PartyState, Phase, Reason, RecordingFact, RecordingState, Role, Severity, Side, Snapshot, SnapshotSupport,
    Timestamp, Up, WebRtcFact, WebRtcState,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::bench::{Bench, LINE, START, everything};
use crate::model::{CallSaved, Enrichment, LineStage, Loss, ModelConfig};

/// One input of the model.
#[derive(Debug, Clone)]
enum Step {
    Fact(Box<Fact>),
    Lost,
    LostLine,
    Tick,
    Wait(u64),
    ClockBack,
    Enrich(usize),
    Save(usize),
    Expect(usize),
    Reopen,
    Command(usize, &'static str),
}

fn key() -> impl Strategy<Value = String> {
    (0..9_u8).prop_map(|key| key.to_string())
}

/// Mostly this line; sometimes one that does not exist.
fn line() -> impl Strategy<Value = LineId> {
    prop_oneof![30 => Just(LINE), 1 => Just(LineId(9))]
}

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    // Also a clock that is a minute off, and one that steps back.
    prop::option::of((-60_000_i64..200_000).prop_map(|millis| Timestamp::from_millis(START.millis() + millis)))
}

fn state() -> impl Strategy<Value = CallState> {
    prop_oneof![
        4 => Just(CallState::Alerting),
        6 => Just(CallState::Connected),
        4 => Just(CallState::Held),
        2 => Just(CallState::Conferenced),
        1 => Just(CallState::Busy),
        3 => Just(CallState::Finished),
        1 => Just(CallState::Unknown),
    ]
}

fn parties() -> impl Strategy<Value = Vec<Participant>> {
    (1..5_usize).prop_map(|count| {
        let party = |n: usize| Participant::new(format!("p{n}"), format!("{n}00"), n == 0, PartyState::Connected);
        (0..count).map(party).collect()
    })
}

prop_compose! {
    fn call()(
        line in line(),
        key in key(),
        state in state(),
        native in prop::option::of(select(vec!["n1", "n2", "n3"])),
        direction in prop::option::weighted(0.7, select(Direction::ALL)),
        phase in prop::option::of(select(Phase::ALL)),
        role in prop::option::weighted(0.2, select(Role::ALL)),
        parent in prop::option::weighted(0.2, key()),
        parties in prop::option::weighted(0.2, parties()),
        features in prop::option::weighted(0.2, any::<u32>()),
        cause in prop::option::weighted(0.5, select(CauseCode::ALL)),
        caller in prop::option::weighted(0.3, "[0-9]{1,3}"),
        muted in prop::option::weighted(0.2, any::<bool>()),
        (native_time, started_at, connected_at) in (time(), time(), time()),
    ) -> CallFact {
        let mut fact = CallFact::new(line, key, state);
        fact.native_id = native.map(str::to_owned);
        fact.direction = direction;
        fact.phase = phase;
        fact.role = role;
        fact.parent = parent.map(Into::into);
        fact.participants = parties;
        fact.features = features.map(CallFeatures::from_bits);
        fact.cause = cause.map(Cause::new);
        fact.caller = caller.map(Party::new);
        fact.muted = muted;
        fact.native_time = native_time;
        fact.started_at = started_at.filter(|_| state != CallState::Finished);
        fact.connected_at = connected_at.filter(|_| muted == Some(true));
        fact
    }
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    prop::collection::vec(call(), 0..4).prop_map(|calls| Snapshot::new(LINE, calls))
}

fn agent() -> impl Strategy<Value = AgentFact> {
    (select(AgentState::ALL), select(vec!["1", "2"]), any::<(bool, bool)>(), prop::option::of(any::<bool>())).prop_map(
        |(state, code, (reason, pending), centre)| {
            let mut fact = AgentFact::new(LINE, state, code);
            fact.reason = reason.then(|| Reason::new("7"));
            fact.pending = pending.then(|| "READY".to_owned());
            fact.call_centre = centre;
            fact
        },
    )
}

fn line_fact() -> impl Strategy<Value = LineFact> {
    let bits = || prop::option::of(any::<u32>());
    (prop::option::of(select(DeviceState::ALL)), bits(), bits(), bits()).prop_map(|(state, idle, agent, can)| {
        let mut fact = LineFact::new(LINE);
        fact.device_state = state;
        fact.features = idle.map(CallFeatures::from_bits);
        fact.agent_features = agent.map(AgentFeatures::from_bits);
        fact.capabilities = can.map(|can| Capabilities::new(CallFeatures::from_bits(can)));
        fact
    })
}

fn media() -> impl Strategy<Value = Fact> {
    // Few calls and sessions, so that they meet.
    let few = || (0..2_u8).prop_map(|key| key.to_string());
    let session = (few(), select(vec!["w1", "w2"]), select(WebRtcState::ALL));
    prop_oneof![
        (key(), select(vec!["1", "12#", "", "x"]), time()).prop_map(|(key, digits, at)| {
            let mut fact = DtmfFact::new(LINE, key, digits, Side::Local);
            fact.native_time = at;
            Fact::from(fact)
        }),
        (key(), select(RecordingState::ALL)).prop_map(|(key, state)| RecordingFact::new(LINE, key, state).into()),
        session.prop_map(|(key, session, state)| WebRtcFact::new(LINE, key, session, state).into()),
    ]
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    (prop::option::weighted(0.3, any::<u32>()), any::<(bool, bool, bool)>(), select(SnapshotSupport::ALL)).prop_map(
        |(call, (early, drops, centre), snapshot)| {
            let mut capabilities = everything().snapshot(snapshot);
            capabilities.call = call.map_or(CallFeatures::ALL, CallFeatures::from_bits);
            (capabilities.early_transfer, capabilities.drops_one_of_pair) = (early, drops);
            if !centre {
                capabilities.agent = AgentFeatures::NONE;
            }
            capabilities
        },
    )
}

fn trouble() -> impl Strategy<Value = Fact> {
    (select(Severity::ALL), any::<bool>(), prop::option::of(key())).prop_map(|(severity, whole, key)| {
        let mut fact = ErrorFact::new(ErrorCode::LinkDown, severity, "the link is down");
        fact.line = (!whole).then_some(LINE);
        fact.key = key.map(Into::into);
        fact.into()
    })
}

fn step() -> impl Strategy<Value = Step> {
    let fact = |fact: Fact| Step::Fact(Box::new(fact));
    prop_oneof![
        40 => call().prop_map(move |call| fact(call.into())),
        3 => snapshot().prop_map(move |snapshot| fact(snapshot.into())),
        12 => media().prop_map(fact),
        3 => agent().prop_map(move |agent| fact(agent.into())),
        2 => line_fact().prop_map(move |line| fact(line.into())),
        1 => trouble().prop_map(fact),
        3 => capabilities().prop_map(move |can| fact(Up::new("PBX", can).into())),
        1 => Just(Down::new(ErrorCode::ConnectionLost, "gone")).prop_map(move |down| fact(down.into())),
        1 => Just(Step::Lost),
        1 => Just(Step::LostLine),
        3 => Just(Step::Tick),
        3 => (0..90_000_u64).prop_map(Step::Wait),
        1 => Just(Step::ClockBack),
        1 => (0..6_usize).prop_map(Step::Enrich),
        1 => (0..6_usize).prop_map(Step::Save),
        1 => (0..6_usize).prop_map(Step::Expect),
        1 => Just(Step::Reopen),
        4 => (0..6_usize, select(Command::NAMES)).prop_map(|(call, name)| Step::Command(call, name)),
    ]
}

/// Steps, some of them twice, some swapped with their neighbour.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let disturbed = prop::collection::vec((step(), 0..10_u8), 0..60);
    disturbed.prop_map(|disturbed| {
        let mut steps: Vec<Step> = Vec::new();
        for (step, luck) in disturbed {
            match luck {
                0 => steps.extend([step.clone(), step]),
                1 => steps.insert(steps.len().saturating_sub(1), step),
                _ => steps.push(step),
            }
        }
        steps
    })
}

fn config() -> impl Strategy<Value = ModelConfig> {
    (capabilities(), select(vec![0_u64, 100])).prop_map(|(capabilities, window)| {
        let mut config = ModelConfig::new("pbx", "test", "1.0.0", capabilities);
        config.reorder_window = Duration::from_millis(window);
        config.stale_timeout = Duration::from_secs(120);
        config
    })
}

/// The id of some call that the stream has named; of any age.
fn some_call(bench: &Bench, at: usize) -> Option<crate::model::CallId> {
    let ids: Vec<&str> =
        bench.log.iter().filter_map(|event| event["params"]["data"]["call"]["callId"].as_str()).collect();
    (!ids.is_empty()).then(|| crate::model::CallId::new(ids[ids.len().saturating_sub(1 + at)]))
}

/// A command on a call, with parameters that fit.
fn command(name: &str, call: &str, other: &str) -> Command {
    let params = serde_json::json!({
        "callId": call, "consultCallId": other, "otherCallId": other, "to": "200", "digits": "1", "action": "start",
        "active": true, "on": true, "code": "READY", "id": "8001", "nativeId": "n1", "map": {}, "name": "weather",
        "kind": if name == "webRtcSignal" { "offer" } else { "all" }, "sessionId": "w1", "payload": "",
    });
    Command::decode(name, params).expect("a command of this name").expect("its parameters")
}

fn run(config: ModelConfig, begin: u8, steps: Vec<Step>) {
    let mut revisions: BTreeMap<String, u64> = BTreeMap::new();
    let mut bench = Bench::with(config.clone());
    if begin > 0 {
        bench.apply(Up::new("PBX", config.capabilities));
    }
    if begin > 1 {
        bench.apply(Snapshot::new(LINE, vec![]));
    }
    for step in steps {
        match step {
            Step::Fact(fact) => {
                bench.apply(*fact);
            }
            Step::Lost => {
                bench.lose();
            }
            Step::LostLine => {
                let loss = Loss::new(ErrorCode::ConnectionLost, "the login was lost");
                bench.input(|model, now, out| model.lost_line(now, LINE, &loss, out));
            }
            Step::Tick => {
                bench.input(|model, now, out| model.tick(now, out));
                let due = bench.model.next_deadline();
                assert!(due.is_none_or(|due| due > bench.now), "due {due:?} right after a tick at {:?}", bench.now);
            }
            Step::Wait(millis) => {
                bench.wait(millis);
            }
            Step::ClockBack => bench.now = Timestamp::from_millis(bench.now.millis() - 500),
            Step::Enrich(at) => {
                let Some(id) = some_call(&bench, at) else { continue };
                let found = Enrichment { caller: Some("+1".into()), links: Some(vec![]), ..Enrichment::default() };
                bench.input(|model, now, out| model.enrich(now, LINE, &id, &found, out));
            }
            Step::Save(at) => {
                let Some(call) = some_call(&bench, at) else { continue };
                let revision = revisions.entry(call.to_string()).or_default();
                *revision += 1;
                let saved = CallSaved {
                    call,
                    database_id: "d1".into(),
                    store: "test".into(),
                    revision: *revision,
                    created: *revision == 1,
                    is_final: false,
                };
                bench.input(|model, now, out| model.saved(now, LINE, saved, out));
            }
            Step::Expect(at) => {
                let Some(call) = some_call(&bench, at) else { continue };
                let now = bench.now;
                bench.model.expect_consult(now, LINE, &call);
            }
            // While a line is down its stream cannot tell that its calls are forgotten (M13.1).
            Step::Reopen if bench.model.status(LINE).is_none_or(|status| status.state != LineStage::Up) => {}
            Step::Reopen => {
                bench.input(|model, now, out| model.close_line(now, LINE, out));
                bench.input(|model, now, out| model.open_line(now, LINE, "101", out));
            }
            Step::Command(at, name) => {
                let id = some_call(&bench, at).map_or_else(|| "none".to_owned(), |id| id.to_string());
                let other = some_call(&bench, at + 1).map_or_else(|| "none".to_owned(), |id| id.to_string());
                let mut command = command(name, &id, &other);
                let admitted = bench.model.admit(LINE, &mut command);
                if let Err(error) = admitted {
                    assert!(!error.text.is_empty());
                }
            }
        }
        bench.look();
    }
    bench.sound();
}

/// Few enough for every build; `PROPTEST_CASES` asks for more.
pub(super) fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(64), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whatever_goes_in_the_stream_is_sound(config in config(), begin in 0..6_u8, steps in steps()) {
        run(config, begin, steps);
    }

    #[test]
    fn a_line_that_stays_up_is_sound(calls in prop::collection::vec(call(), 0..60)) {
        let mut bench = Bench::up();
        for call in calls {
            bench.apply(call);
        }
        bench.sound();
    }

    #[test]
    fn two_runs_are_equal(config in config(), facts in prop::collection::vec(call(), 0..20)) {
        let story = |config: ModelConfig, facts: &[CallFact]| {
            let mut bench = Bench::with(config);
            bench.apply(Up::new("PBX", everything()));
            for fact in facts {
                bench.apply(fact.clone());
            }
            bench.log.clone()
        };
        prop_assert_eq!(story(config.clone(), &facts), story(config, &facts));
    }
}
