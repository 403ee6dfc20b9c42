//! Whatever clients do, in whatever order: no panic, every command is answered exactly once, a finished call never
//! comes back, what is offered works, and a save and restore after every step changes nothing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::{Watch, decode};
use jackfield_plugin_api::serde_json::{Value, json};
use jackfield_plugin_api::testing::{Driver, Swaps, same_with_swaps};
use jackfield_plugin_api::{ErrorCode, Needs};
use jackfield_plugin_simulator::Simulator;
use proptest::prelude::*;

/// What a client does. Calls are chosen by numbers among those that are (or just were) there.
#[derive(Debug, Clone)]
enum Step {
    /// Line, command, two calls, a number.
    Command(usize, usize, usize, usize, usize),
    /// One of the things that are offered, with another call of the line and a number.
    Offered(usize, usize, usize),
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
        6 => (any::<usize>(), 0..6usize, 0..NUMBERS.len()).prop_map(|(what, b, number)| Step::Offered(what, b, number)),
        2 => (0..20_000u64).prop_map(Step::Wait),
        1 => Just(Step::Wait(130_000)),
    ]
}

/// The command with this number.
fn command(what: usize, a: &str, b: &str, number: &str, pick: usize) -> (&'static str, Value) {
    let service = |name: &str, params: Value| json!({"name": name, "params": params});
    match what {
        0..=3 => ("makeCall", json!({"to": number})),
        4..=7 => ("answerCall", json!({"callId": a})),
        8 => ("dropCall", json!({"callId": a})),
        9 => ("holdCall", json!({"callId": a})),
        10 => ("unholdCall", json!({"callId": a})),
        11 | 12 => ("makeConsultCall", json!({"callId": a, "to": number})),
        13 => ("setupTransferCall", json!({"callId": a})),
        14 | 15 => ("transferCall", json!({"callId": a, "consultCallId": b})),
        16 => ("cancelTransfer", json!({"callId": a, "consultCallId": b})),
        17 => ("blindTransferCall", json!({"callId": a, "to": number})),
        18 => ("alternateCall", json!({"callId": a, "otherCallId": b})),
        19 | 20 => ("conferenceCall", json!({"callId": a, "consultCallId": b})),
        21 => ("deflectCall", json!({"callId": a, "to": number})),
        22 => ("pickupCall", json!({})),
        23 => ("parkCall", json!({"callId": a})),
        24 => ("recordCall", json!({"callId": a, "action": ACTIONS[pick % 4]})),
        25 => ("sendDtmf", json!({"callId": a, "digits": "1#"})),
        26 => ("mute", json!({"callId": a})),
        27 => ("setForwarding", json!({"kind": KINDS[pick % 3], "to": number})),
        28 => ("setForwarding", json!({"kind": KINDS[pick % 3], "to": null})),
        29 => ("setDnd", json!({"on": pick.is_multiple_of(4)})),
        30 if pick == 0 => ("logoutAgent", json!({})),
        30 if pick < 8 => ("loginAgent", json!({"id": number})),
        30 => ("setUserState", json!({"code": STATES[pick % 4]})),
        31 => ("hookup", json!({})),
        32 => ("librarySpecificService", service("ring", json!({"to": number, "patience": 20}))),
        33 => ("librarySpecificService", service("remoteAnswer", json!({}))),
        34 => ("librarySpecificService", service("remoteHangup", json!({}))),
        _ => ("librarySpecificService", service("remoteHold", json!({"on": pick.is_multiple_of(2)}))),
    }
}

/// The command that a feature stands for.
fn offered(feature: &str, a: &str, b: &str, number: &str, pick: usize) -> (&'static str, Value) {
    match feature {
        "answer" => ("answerCall", json!({"callId": a})),
        "drop" => ("dropCall", json!({"callId": a})),
        "hold" => ("holdCall", json!({"callId": a})),
        "unhold" => ("unholdCall", json!({"callId": a})),
        "setupTransfer" => ("setupTransferCall", json!({"callId": a})),
        "completeTransfer" => ("transferCall", json!({"callId": a, "consultCallId": b})),
        "blindTransfer" => ("blindTransferCall", json!({"callId": a, "to": number})),
        "makeConsultCall" => ("makeConsultCall", json!({"callId": a, "to": number})),
        "dtmf" => ("sendDtmf", json!({"callId": a, "digits": "1#"})),
        "video" => ("setVideoState", json!({"callId": a, "active": pick.is_multiple_of(2)})),
        "mute" => ("mute", json!({"callId": a})),
        "unmute" => ("unmute", json!({"callId": a})),
        "cancelTransfer" => ("cancelTransfer", json!({"callId": a, "consultCallId": b})),
        "alternate" => ("alternateCall", json!({"callId": a, "otherCallId": b})),
        "conference" => ("conferenceCall", json!({"callId": a, "consultCallId": b})),
        "deflect" => ("deflectCall", json!({"callId": a, "to": number})),
        "park" => ("parkCall", json!({"callId": a})),
        "record" => ("recordCall", json!({"callId": a, "action": "start"})),
        "setUserData" => ("setUserData", json!({"callId": a, "map": {"n": number}})),
        _ => ("librarySpecificService", json!({"name": "status"})),
    }
}

/// What an offered command may still be refused for: what it names beside the call, a recording that there is not.
fn excusable(name: &str, calls: usize, code: ErrorCode) -> bool {
    name == "recordCall"
        || (calls > 1 && code == ErrorCode::UnknownCall)
        || matches!(code, ErrorCode::InvalidDestination | ErrorCode::CommandFailed | ErrorCode::NoConsultCall)
        || matches!(code, ErrorCode::NothingToPickUp | ErrorCode::UnknownState | ErrorCode::NotOwner)
}

fn play(settings: &Value, steps: &[Step], swaps: Swaps) -> Vec<String> {
    let mut driver = Driver::<Simulator>::new(settings).unwrap().swapping(swaps);
    let (mut watch, mut said) = (Watch::default(), Vec::new());
    driver.started().unwrap();
    watch.see(&driver, &mut said);
    let mut lines = Vec::new();
    for name in LINES {
        lines.push(driver.line(name, &json!({"robot": name == "104"})).unwrap());
        watch.see(&driver, &mut said);
    }
    for step in steps {
        let (line, (name, params)) = match *step {
            Step::Wait(ms) => {
                driver.advance(Duration::from_millis(ms)).unwrap();
                watch.see(&driver, &mut said);
                continue;
            }
            Step::Command(line, what, a, b, number) => {
                let (a, b) = (watch.key(lines[line], a), watch.key(lines[line], b));
                (lines[line], command(what, &a, &b, NUMBERS[number], number))
            }
            Step::Offered(what, b, number) => {
                let Some((line, a, feature)) = watch.offer(what) else { continue };
                let b = watch.other_key(line, &a, b);
                (line, offered(feature, &a, &b, NUMBERS[number], number))
            }
        };
        let command = decode(name, params.clone());
        let calls: Vec<String> = command.calls().iter().map(|key| key.as_str().to_owned()).collect();
        let id = driver.command(line, &command).unwrap();
        let answers = driver.answers();
        let mine: Vec<_> = answers.iter().filter(|answer| answer.id == id).collect();
        assert_eq!((answers.len(), mine.len()), (1, 1), "{name} is answered once: {answers:?}");
        let (features, agent) = watch.lines[&line];
        let offered = match (command.needs(), calls.first()) {
            (Needs::Call(needs), Some(_)) => Some(calls.iter().any(|call| watch.offers(line, call, needs))),
            (Needs::Call(needs), None) => Some(features.contains(needs)),
            (Needs::Agent(needs), _) => Some(agent.contains(needs)),
            _ => None,
        };
        if let Some(offered) = offered {
            match (offered, &mine[0].result) {
                (true, Err(error)) => {
                    assert!(excusable(name, calls.len(), error.code), "{name} {params} was offered: {error:?}");
                }
                (false, Ok(reply)) => assert!(reply.noop, "{name} {params} was not offered, and done"),
                _ => {}
            }
        }
        watch.see(&driver, &mut said);
        assert_eq!(driver.adapter().contradictions(), Vec::<String>::new(), "after {name} {params}");
    }
    // Nobody does anything any more: what is left either ends or is held up by a person.
    driver.advance(Duration::from_secs(600)).unwrap();
    watch.see(&driver, &mut said);
    watch.compare_with_status(&mut driver, lines[0]);
    said
}

/// How many cases; `PROPTEST_CASES` in the environment says otherwise.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(32)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

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
        let same = same_with_swaps(&[Swaps::EACH_INPUT], |swaps| play(&settings, &steps, swaps));
        prop_assert_eq!(same, Ok(()));
    }
}
