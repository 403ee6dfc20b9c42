//! The adapter in conversation with CallWay, without either CallWay or a host.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use jackfield_plugin_api::testing::{Driver, damaged_states, script};
use jackfield_plugin_api::{Command, Fact, serde_json::json};
use jackfield_plugin_callway::Callway;

#[test]
fn the_conversations_go_as_written() {
    let folder = format!("{}/tests/conversations", env!("CARGO_MANIFEST_DIR"));
    let mut played = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        script::check::<Callway>(file.unwrap().path()).unwrap();
        played += 1;
    }
    assert!(played >= 5, "{played} conversations");
}

/// What CallWay sends, in the pieces that `cut` makes of it, with or without a swap after each.
fn facts(cut: usize, swaps: bool) -> Vec<Fact> {
    let said = "Message: AuthorizationResponse\r\nAuthorizationResult: Success\r\n\r\n\
                Message: NewCall\r\nOperatorId: 210\r\nNumber: 555\r\nDirection: Incoming\r\nUniqueId: 1.1\r\n\r\n\
                Message: CallStateChanged\r\nOperatorId: 210\r\nUniqueId: 1.1\r\nState: Bridge\r\n\r\n\
                Message: CallStateChanged\r\nOperatorId: 210\r\nUniqueId: 1.1\r\nState: Hold\r\n\r\n\
                Message: CallStateChanged\r\nOperatorId: 210\r\nUniqueId: 1.1\r\nState: Hangup\r\n\r\n";
    let settings = json!({"host": "cw.example", "login": "cti", "password": "x"});
    let mut driver = Driver::<Callway>::new(&settings).unwrap();
    driver.started().unwrap();
    driver.line("210", &json!({})).unwrap();
    driver.opened(0).unwrap();
    let mut facts = Vec::new();
    for piece in said.as_bytes().chunks(cut) {
        driver.received(0, piece).unwrap();
        facts.extend(driver.facts());
        if swaps {
            assert!(driver.swap(&settings).unwrap());
        }
    }
    facts
}

#[test]
fn bytes_may_be_cut_anywhere_and_the_adapter_swapped_there() {
    let whole = facts(usize::MAX, false);
    assert_eq!(whole.len(), 5, "{whole:?}");
    for cut in 1..120 {
        assert_eq!(facts(cut, true), whole, "cut into pieces of {cut} bytes");
    }
}

#[test]
fn damaged_states_do_no_harm() {
    let settings = json!({"host": "cw.example", "login": "cti", "password": "Planted-1"});
    let mut driver = Driver::<Callway>::new(&settings).unwrap();
    driver.started().unwrap();
    let line = driver.line("210", &json!({})).unwrap();
    driver.opened(0).unwrap();
    driver
        .received(
            0,
            "Message: AuthorizationResponse\r\nAuthorizationResult: Success\r\n\r\n\
             Message: NewCall\r\nOperatorId: 210\r\nNumber: 555\r\nDirection: Incoming\r\nUniqueId: 1\r\n\r\nMessage: Ne",
        )
        .unwrap();
    let answer = Command::decode("answerCall", json!({"callId": "1"})).unwrap().unwrap();
    driver.command(line, &answer).unwrap();
    damaged_states(&driver, 150, |driver| {
        for state in ["Bridge", "Hold", "Hangup"] {
            let said = format!("Message: CallStateChanged\r\nOperatorId: 210\r\nUniqueId: 1\r\nState: {state}\r\n\r\n");
            let _ = driver.received(0, said);
        }
        let _ = driver.command(line, &answer);
        let _ = driver.advance(std::time::Duration::from_secs(60));
    })
    .unwrap();
}
