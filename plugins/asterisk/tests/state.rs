//! State that nobody saved.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::time::Duration;

use common::{Bed, events, messages, settings, trace};
use jackfield_plugin_api::testing::{damaged_states, kept_state};
use jackfield_plugin_api::{CloseKind, CloseReason, Command, LineId};
use serde_json::json;

/// How many changed states of each kind there are; `JACKFIELD_DAMAGES` in the environment says otherwise.
fn rounds() -> u32 {
    std::env::var("JACKFIELD_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
}

/// In the middle of something, with half a message in the buffer and commands that wait. With it come the call's key and
/// the rest of the stream.
fn middle(name: &str, until: &str) -> (Bed, String, String) {
    let mut bed = Bed::up();
    let all = messages(&events(&trace(name)));
    let at = all.iter().position(|message| message.contains(until)).unwrap();
    all[..at].iter().for_each(|message| bed.receive(message.as_bytes()));
    let call = common::key(&mut bed);
    for (command, params) in [
        ("makeCall", json!({"to": "102"})),
        ("setUserData", json!({"callId": call, "map": {"order": "17"}})),
        ("sendDtmf", json!({"callId": call, "digits": "12"})),
        ("dropCall", json!({"callId": call})),
    ] {
        bed.command("101", command, params);
    }
    let (half, rest) = all[at].split_at(all[at].len() / 2);
    bed.receive(half.as_bytes());
    let rest = format!("{rest}{}", all[at + 1..].concat());
    (bed, call, rest)
}

/// Each damaged state is either refused, or the adapter goes on with the rest of what came, with commands, a new
/// connection and new lines.
fn damage(name: &str, until: &str) {
    let (bed, call, rest) = middle(name, until);
    damaged_states(&bed.driver, rounds(), |driver| {
        let _ = driver.received(0, &rest);
        for (command, params) in [
            ("holdCall", json!({"callId": call})),
            ("blindTransferCall", json!({"callId": call, "to": "201"})),
            ("parkCall", json!({"callId": call})),
            ("setUserState", json!({"code": "ready"})),
            ("makeCall", json!({"to": "102"})),
        ] {
            let _ = driver.command(LineId(0), &Command::decode(command, params).unwrap().unwrap());
        }
        let _ = driver.line("301", &json!({"device": "PJSIP/301"}));
        let _ = driver.advance(Duration::from_secs(60));
        let _ = driver.closed(0, &CloseReason::new(CloseKind::Lost, "reset by peer"));
        let _ = driver.opened(0);
        let _ = driver.received(0, "Asterisk Call Manager/11.0.0\r\n");
    })
    .unwrap();
}

#[test]
fn damage_in_a_consultation_does_no_harm() {
    damage("attended-transfer-completed.ami", "Event: AttendedTransfer");
}

#[test]
fn damage_in_a_queue_call_does_no_harm() {
    damage("queue-ringall-answered.ami", "Event: BridgeLeave");
}

#[test]
fn state_of_version_1_is_read() {
    let (mut bed, _, rest) = middle("attended-transfer-completed.ami", "Event: AttendedTransfer");
    let kept = kept_state(format!("{}/tests/states/1.state", env!("CARGO_MANIFEST_DIR")), &bed.driver).unwrap();
    bed.answers();
    bed.driver = bed.driver.restored(&settings(), &kept).unwrap();
    assert!(bed.driver.outputs().is_empty(), "{:?}", bed.driver.rendered());
    bed.receive(rest.as_bytes());
    bed.wait(60_000);
    // The consultation is completed: both calls of line 101 are over, the far ends talk; what nobody answered is refused.
    let ends: Vec<String> = common::said(&mut bed).into_iter().filter(|fact| fact.contains("finished")).collect();
    assert_eq!(
        ends,
        [
            "101 A finished transferred by local to 102 \"Agent 102\"",
            "101 B finished transferred by local to 102 \"Agent 102\"",
            "102 A finished normalClearing by remote",
        ]
    );
    let refused = bed.answers().iter().filter(|answer| answer.result.is_err()).count();
    assert_eq!(refused, 2, "the click-to-call and the hanging up");
}
