//! Whatever comes, however it is cut, doubled or swapped: the adapter goes on, and ends with what the switch has.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::collections::BTreeMap;

use common::*;
use jackfield_csta::frame::encode;
use jackfield_plugin_api::testing::{Driver, Swaps, damaged_states, kept_state, same_with_swaps};
use jackfield_plugin_api::{CallState, CloseKind, CloseReason, Command, Fact, LineId};
use proptest::prelude::*;
use serde_json::json;

/// One call of the switch, as station 2101 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Rings,
    Talks,
    Held,
}

/// What happens to one of a few calls.
#[derive(Debug, Clone, Copy)]
enum Step {
    Comes(u8),
    Answered(u8),
    Held(u8),
    Retrieved(u8),
    FarEnds(u8),
    Ends(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_u8).prop_map(Step::Comes),
        (0..4_u8).prop_map(Step::Answered),
        (0..4_u8).prop_map(Step::Held),
        (0..4_u8).prop_map(Step::Retrieved),
        (0..4_u8).prop_map(Step::FarEnds),
        (0..4_u8).prop_map(Step::Ends),
    ];
    prop::collection::vec(step, 1..40)
}

/// A switch with calls whose ids it uses again.
#[derive(Debug, Default)]
struct Switch {
    calls: BTreeMap<u8, At>,
    /// How often each id was used: another call, another id that is the same everywhere.
    used: BTreeMap<u8, u32>,
}

impl Switch {
    fn number(call: u8) -> String {
        (310 + u32::from(call)).to_string()
    }

    fn ucid(&self, call: u8) -> String {
        let used = self.used.get(&call).copied().unwrap_or_default();
        ucid(&format!("0000100{call:03}{used:010}"))
    }

    /// The event, if the step is possible.
    fn step(&mut self, step: Step) -> Option<String> {
        let (Step::Comes(call)
        | Step::Answered(call)
        | Step::Held(call)
        | Step::Retrieved(call)
        | Step::FarEnds(call)
        | Step::Ends(call)) = step;
        let number = Self::number(call);
        let now = self.calls.get(&call).copied();
        Some(match (step, now) {
            (Step::Comes(_), None) => {
                *self.used.entry(call).or_default() += 1;
                self.calls.insert(call, At::Rings);
                rings(1, &number, "2101", "0445550100", "2101", "alerting").replace(&linked(&number), &self.ucid(call))
            }
            (Step::Answered(_), Some(At::Rings)) => {
                self.calls.insert(call, At::Talks);
                answered(1, &number, "2101", "0445550100", "2101").replace(&linked(&number), &self.ucid(call))
            }
            (Step::Held(_), Some(At::Talks)) => {
                self.calls.insert(call, At::Held);
                held(1, &number, "2101")
            }
            (Step::Retrieved(_), Some(At::Held)) => {
                self.calls.insert(call, At::Talks);
                retrieved(1, &number, "2101")
            }
            (Step::FarEnds(_), Some(at)) => {
                let state = match at {
                    At::Rings => "alerting",
                    At::Talks => "connected",
                    At::Held => "hold",
                };
                cleared(1, &number, "0445550100", "0445550100", state, "normalClearing")
            }
            (Step::Ends(_), Some(_)) => {
                self.calls.remove(&call);
                cleared(1, &number, "2101", "2101", "null", "normalClearing")
            }
            _ => return None,
        })
    }

    /// Answers what the adapter asks, truthfully.
    fn answer(&self, bed: &mut Bed) {
        for _ in 0..100 {
            let Some(sent) = bed.open.first().cloned() else { return };
            bed.open.remove(0);
            match sent.message.name() {
                "SnapshotDevice" => {
                    let infos: String = self.calls.iter().map(|(call, at)| shown(&Self::number(*call), *at)).collect();
                    let data = format!(
                        "<crossRefIDorSnapshotData><snapshotData>{infos}</snapshotData></crossRefIDorSnapshotData>"
                    );
                    bed.frame(sent.invoke, &csta("SnapshotDeviceResponse", &data));
                }
                "SnapshotCall" => {
                    let of = |call: &&u8| sent.text.contains(&format!(">{}<", Self::number(**call)));
                    let linkage = self.calls.keys().find(of).map(|call| self.ucid(*call)).unwrap_or_default();
                    let inner = format!(
                        "<crossRefIDorSnapshotData/>{}{}{linkage}",
                        subject("callingDevice", "0445550100"),
                        subject("calledDevice", "2101")
                    );
                    bed.frame(sent.invoke, &csta("SnapshotCallResponse", &inner));
                }
                _ => {
                    bed.frame(sent.invoke, &csta("CSTAErrorCode", "<operation>generic</operation>"));
                }
            }
        }
        panic!("the adapter asks without end: {:?}", bed.open);
    }
}

fn shown(call: &str, at: At) -> String {
    let state = match at {
        At::Rings => "callReceived",
        At::Talks => "callEstablished",
        At::Held => "callEstablishedOnHold",
    };
    format!(
        "<snapshotDeviceResponseInfo>{}<localCallState><simpleCallState>{state}</simpleCallState></localCallState>\
         </snapshotDeviceResponseInfo>",
        conn("connectionIdentifier", call, "2101")
    )
}

/// The calls that are up, as the facts tell it. Checks that no key comes back.
fn calls(facts: &[Fact]) -> BTreeMap<String, CallState> {
    let mut calls = BTreeMap::new();
    let mut over = std::collections::BTreeSet::new();
    for fact in facts {
        match fact {
            Fact::Call(call) if call.state == CallState::Finished => {
                assert!(calls.remove(call.key.as_str()).is_some(), "{} ends and never was", call.key);
                over.insert(call.key.to_string());
            }
            Fact::Call(call) => {
                assert!(!over.contains(call.key.as_str()), "{} comes back", call.key);
                calls.insert(call.key.to_string(), call.state);
            }
            Fact::Snapshot(snapshot) => {
                for key in calls.keys() {
                    if !snapshot.calls.iter().any(|call| call.key.as_str() == key) {
                        over.insert(key.clone());
                    }
                }
                calls = snapshot.calls.iter().map(|call| (call.key.to_string(), call.state)).collect();
                assert!(!calls.keys().any(|key| over.contains(key)), "a call comes back in a snapshot");
            }
            _ => {}
        }
    }
    calls
}

fn sorted(calls: impl Iterator<Item = CallState>) -> Vec<String> {
    let mut all: Vec<String> = calls.map(|state| state.to_string()).collect();
    all.sort();
    all
}

fn expected(switch: &Switch) -> Vec<String> {
    sorted(switch.calls.values().map(|at| match at {
        At::Rings => CallState::Alerting,
        At::Talks => CallState::Connected,
        At::Held => CallState::Held,
    }))
}

/// How many streams of each kind are tried; `JACKFIELD_STREAMS` in the environment says otherwise.
fn cases() -> u32 {
    std::env::var("JACKFIELD_STREAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// In order, each once: what the facts tell is what the switch has, at every step.
    #[test]
    fn the_facts_tell_what_the_switch_has(steps in steps()) {
        let (mut switch, mut bed) = (Switch::default(), Bed::up(&settings()));
        for step in steps {
            if let Some(event) = switch.step(step) {
                bed.event(&event);
                switch.answer(&mut bed);
                prop_assert_eq!(sorted(calls(&bed.facts).into_values()), expected(&switch), "after {:?}", step);
            }
        }
    }

    /// Doubled, swapped and lost events: nothing comes back from its end, and after a look at the switch all is as it is.
    #[test]
    fn a_look_at_the_switch_mends_whatever_came(
        steps in steps(),
        mischief in prop::collection::vec(0..6_u8, 40),
    ) {
        let (mut switch, mut bed) = (Switch::default(), Bed::up(&with(&json!({"check": 60}))));
        let mut waiting: Vec<String> = Vec::new();
        for (step, mischief) in steps.into_iter().zip(mischief) {
            let Some(event) = switch.step(step) else { continue };
            match mischief {
                0 => bed.events(&[event.clone(), event]),
                1 => {
                    waiting.push(event);
                    continue;
                }
                2 => continue,
                _ => bed.event(&event),
            };
            for late in waiting.drain(..) {
                bed.event(&late);
            }
            switch.answer(&mut bed);
        }
        bed.live(2);
        switch.answer(&mut bed);
        prop_assert_eq!(sorted(calls(&bed.facts).into_values()), expected(&switch));
    }

    /// Bytes of any kind do no harm.
    #[test]
    fn noise_is_endured(noise in prop::collection::vec(any::<u8>(), 0..200), at in 0..2_000_usize) {
        let mut bed = Bed::up(&settings());
        let mut bytes: Vec<u8> = stream();
        let at = at.min(bytes.len());
        bytes.splice(at..at, noise);
        for piece in bytes.chunks(97) {
            bed.driver.received(0, piece).unwrap();
        }
    }
}

/// A few events of every kind.
fn stream() -> Vec<u8> {
    let texts = [
        rings(1, "312", "2101", "0445550100", "2101", "alerting"),
        answered(1, "312", "2101", "0445550100", "2101"),
        held(1, "312", "2101"),
        initiated(1, "313", "2101", "consultation"),
        originated(1, "313", "2101", "2102"),
        rings(1, "313", "2102", "2101", "2102", "connected"),
        answered(1, "313", "2102", "2101", "2102"),
        merged(
            "ConferencedEvent",
            1,
            ("312", Some("313"), "313"),
            ("2101", "2102"),
            &["2101", "2102", "0445550100"],
            "connected",
        ),
        cleared(1, "313", "2102", "2102", "connected", "normalClearing"),
        diverted(1, "314", "2101", "2150", "null", "redirected"),
        failed(1, "315", "2102", "2101", "busy"),
        queued(1, "316", "7050", "0445550100", "6200"),
        cleared(1, "313", "2101", "2101", "null", "normalClearing"),
    ];
    texts.iter().flat_map(|text| encode(9_999, text).unwrap()).collect()
}

/// Everything that is said to the stream, in reads of so many bytes.
fn said(cut: usize, swaps: Swaps) -> Vec<String> {
    let mut bed = Bed::up(&settings());
    bed.driver = std::mem::replace(&mut bed.driver, Driver::new(&settings()).unwrap()).swapping(swaps);
    let mut said = Vec::new();
    for piece in stream().chunks(cut) {
        bed.driver.received(0, piece).unwrap();
        said.extend(bed.driver.rendered());
    }
    // When the timer is set depends on where reads end.
    said.retain(|line| !line.starts_with("timer"));
    said
}

#[test]
fn bytes_may_be_cut_anywhere_and_several_come_at_once() {
    let whole = said(usize::MAX, Swaps::NEVER);
    assert!(whole.len() > 8, "{whole:?}");
    for cut in [1, 2, 7, 8, 9, 64, 313, 1_460, 4_096] {
        assert_eq!(said(cut, Swaps::NEVER), whole, "cut into pieces of {cut} bytes");
    }
    same_with_swaps(&[Swaps::EACH_INPUT, Swaps::every(31).cut(1)], |swaps| said(1_000, swaps)).unwrap();
}

/// In the middle of everything: a call, a consultation, a command without an answer, half a frame.
fn middle() -> Bed {
    let mut bed = Bed::up_with(
        &with(&json!({"vdns": ["6200"], "skills": ["7050"]})),
        &[("2101", json!({"agent": "5101", "agent_password": "Planted-2"})), ("2102", json!({}))],
    );
    let all = stream();
    bed.bytes(&all[..all.len() / 2]);
    for (name, params) in [
        ("makeCall", json!({"to": "2102"})),
        ("holdCall", json!({"callId": "00001003121796000000"})),
        ("changeCallCentreState", json!({"active": true})),
    ] {
        bed.command("2101", name, &params);
    }
    bed
}

#[test]
fn damaged_states_do_no_harm() {
    let rounds = std::env::var("JACKFIELD_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let bed = middle();
    let all = stream();
    damaged_states(&bed.driver, rounds, |driver| {
        let _ = driver.received(0, &all[all.len() / 2..]);
        for (name, params) in [
            ("makeCall", json!({"to": "0445550100"})),
            ("unholdCall", json!({"callId": "00001003121796000000"})),
            ("dropCall", json!({"callId": "00001003121796000000"})),
            ("setDnd", json!({"on": true})),
        ] {
            let _ = driver.command(LineId(0), &Command::decode(name, params).unwrap().unwrap());
        }
        let _ = driver.line("2103", &json!({}));
        let _ = driver.advance(std::time::Duration::from_secs(70));
        let _ = driver.closed(0, &CloseReason::new(CloseKind::Lost, "reset by peer"));
        let _ = driver.opened(0);
        let _ = driver.received(0, &all);
    })
    .unwrap();
}

#[test]
fn states_that_were_saved_before_are_read() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/states/1.state");
    let bed = middle();
    let saved = kept_state(path, &bed.driver).unwrap();
    let settings = with(&json!({"vdns": ["6200"], "skills": ["7050"]}));
    let mut driver = bed.driver.restored(&settings, &saved).unwrap();
    let all = stream();
    driver.received(0, &all[all.len() / 2..]).unwrap();
    assert!(!driver.facts().is_empty(), "it goes on");
    let fewer = bed.driver.restored(&with(&json!({})), &saved);
    assert!(fewer.is_err_and(|error| error.to_string().contains("other VDNs or skills")));
    let others = with(&json!({"vdns": ["6200"], "skills": ["7050"], "servers": ["other.example"]}));
    assert!(bed.driver.restored(&others, &saved).is_err_and(|error| error.to_string().contains("other servers")));
}
