//! Whatever clients do, in whatever order: no panic, every command is answered exactly once, a finished call never
//! comes back, what is offered works, and a save and restore after every step changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::{Watch, decode};
use jackfield_plugin_api::CallFeatures as F;
use jackfield_plugin_api::serde_json::{Value, json};
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_simulator::Simulator;
use proptest::prelude::*;

/// What a client does. Calls are chosen by numbers among those that are (or just were) there.
#[derive(Debug, Clone)]
enum Step {
    Command(usize, usize, usize, usize, usize),
    Wait(u64),
}

const LINES: [&str; 4] = ["101", "102", "103", "104"];
const NUMBERS: [&str; 20] = [
    "101", "102", "103", "104", "600", "601", "602", "603", "604", "605", "606", "607", "608", "609", "700", "711",
    "712", "+4930123", "nonsense", "",
];
const STATES: [&str; 4] = ["READY", "NOT_READY", "WORK", "MOON"];
const ACTIONS: [&str; 4] = ["start", "stop", "pause", "resume"];
const KINDS: [&str; 3] = ["all", "busy", "noAnswer"];
const COMMANDS: usize = 36;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..LINES.len(), 0..COMMANDS, 0..6usize, 0..6usize, 0..NUMBERS.len())
            .prop_map(|(line, what, a, b, number)| Step::Command(line, what, a, b, number)),
        2 => (0..20_000u64).prop_map(Step::Wait),
        1 => Just(Step::Wait(130_000)),
    ]
}

/// The command with this number, and the feature that must be offered for it to work.
fn command(what: usize, a: &str, b: &str, number: &str, pick: usize) -> (&'static str, Value, Option<F>) {
    let service = |name: &str, params: Value| json!({"name": name, "params": params});
    match what {
        0..=3 => ("makeCall", json!({"to": number}), None),
        4..=7 => ("answerCall", json!({"callId": a}), Some(F::ANSWER)),
        8 => ("dropCall", json!({"callId": a}), Some(F::DROP)),
        9 => ("holdCall", json!({"callId": a}), Some(F::HOLD)),
        10 => ("unholdCall", json!({"callId": a}), Some(F::UNHOLD)),
        11 | 12 => ("makeConsultCall", json!({"callId": a, "to": number}), None),
        13 => ("setupTransferCall", json!({"callId": a}), Some(F::SETUP_TRANSFER)),
        14 | 15 => ("transferCall", json!({"callId": a, "consultCallId": b}), None),
        16 => ("cancelTransfer", json!({"callId": a, "consultCallId": b}), None),
        17 => ("blindTransferCall", json!({"callId": a, "to": number}), None),
        18 => ("alternateCall", json!({"callId": a, "otherCallId": b}), None),
        19 | 20 => ("conferenceCall", json!({"callId": a, "consultCallId": b}), None),
        21 => ("deflectCall", json!({"callId": a, "to": number}), None),
        22 => ("pickupCall", json!({}), None),
        23 => ("parkCall", json!({"callId": a}), None),
        24 => ("recordCall", json!({"callId": a, "action": ACTIONS[pick % 4]}), None),
        25 => ("sendDtmf", json!({"callId": a, "digits": "1#"}), Some(F::DTMF)),
        26 => ("mute", json!({"callId": a}), Some(F::MUTE)),
        27 => ("setForwarding", json!({"kind": KINDS[pick % 3], "to": number}), None),
        28 => ("setForwarding", json!({"kind": KINDS[pick % 3], "to": null}), None),
        29 => ("setDnd", json!({"on": pick.is_multiple_of(2)}), None),
        30 => ("setUserState", json!({"code": STATES[pick % 4]}), None),
        31 => ("hookup", json!({}), None),
        32 => ("librarySpecificService", service("ring", json!({"to": number, "patience": 20})), None),
        33 => ("librarySpecificService", service("remoteAnswer", json!({})), None),
        34 => ("librarySpecificService", service("remoteHangup", json!({})), None),
        _ => ("librarySpecificService", service("remoteHold", json!({"on": pick.is_multiple_of(2)})), None),
    }
}

fn play(settings: &Value, steps: &[Step], swap: bool) -> Vec<String> {
    let mut driver = Driver::<Simulator>::new(settings).unwrap();
    let (mut watch, mut said) = (Watch::default(), Vec::new());
    driver.started().unwrap();
    watch.see(&driver, &mut said);
    let lines: Vec<_> = LINES
        .iter()
        .map(|name| {
            let line = driver.line(name, &json!({"robot": *name == "104"})).unwrap();
            watch.see(&driver, &mut said);
            line
        })
        .collect();
    for step in steps {
        if swap {
            assert!(driver.swap(settings).unwrap());
            assert!(driver.outputs().is_empty(), "a restore says nothing");
        }
        match step {
            Step::Wait(ms) => driver.advance(Duration::from_millis(*ms)).unwrap(),
            Step::Command(line, what, a, b, number) => {
                let (a, b) = (watch.key(lines[*line], *a), watch.key(lines[*line], *b));
                let (name, params, needs) = command(*what, &a, &b, NUMBERS[*number], *number);
                let offered = needs.is_some_and(|needs| watch.offers(lines[*line], &a, needs));
                let id = driver.command(lines[*line], &decode(name, params)).unwrap();
                let answers = driver.answers();
                let mine: Vec<_> = answers.iter().filter(|answer| answer.id == id).collect();
                assert_eq!((answers.len(), mine.len()), (1, 1), "{name} is answered once: {answers:?}");
                if offered {
                    assert!(mine[0].result.is_ok(), "{name} was offered, and refused: {:?}", mine[0].result);
                }
            }
        }
        watch.see(&driver, &mut said);
        assert_eq!(driver.adapter().contradictions(), Vec::<String>::new(), "after {step:?}");
    }
    // Nobody does anything any more: what is left either ends or is held up by a person.
    driver.advance(Duration::from_secs(3600)).unwrap();
    watch.see(&driver, &mut said);
    watch.compare_with_status(&mut driver, lines[0]);
    said
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_may_be_commanded(
        steps in prop::collection::vec(step(), 1..120),
        seed in 0..1000u64,
        own_phone in any::<bool>(),
        waiting in any::<bool>(),
    ) {
        let settings = json!({
            "seed": seed,
            "exchange": {"own_phone_first": own_phone, "call_waiting": waiting},
            "traffic": {"calls_per_minute": 2.0},
            "agents": {"wrap_up": 3.0},
        });
        let said = play(&settings, &steps, false);
        prop_assert_eq!(said, play(&settings, &steps, true), "a swap after every step changes something");
    }
}
