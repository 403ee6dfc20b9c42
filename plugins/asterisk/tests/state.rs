//! State that nobody saved.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::time::Duration;

use common::{Bed, events, messages, trace};
use jackfield_plugin_api::testing::damaged_states;
use jackfield_plugin_api::{CloseKind, CloseReason, Command, LineId};
use serde_json::json;

/// How many changed states of each kind there are; `JACKFIELD_DAMAGES` in the environment says otherwise.
fn rounds() -> u32 {
    std::env::var("JACKFIELD_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
}

/// In the middle of a consultation, with half a message in the buffer and commands that wait: each damaged state is
/// either refused, or the adapter goes on with the rest of what came, with commands, a new connection and new lines.
fn damage(name: &str, until: &str) {
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
