//! The adapter in conversation with a PBX, without either a PBX or a host.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use jackfield_example_first_plugin::Acme;
use jackfield_plugin_api::testing::{Driver, damaged_states, script};
use jackfield_plugin_api::{CloseKind, CloseReason, Command, Fact, serde_json::json};

#[test]
fn the_conversations_go_as_written() {
    for name in ["conversation", "errors"] {
        script::check::<Acme>(format!("{}/tests/{name}.script", env!("CARGO_MANIFEST_DIR"))).unwrap();
    }
}

/// What the PBX sends, in the pieces that `cut` makes of it.
fn facts(cut: usize) -> Vec<Fact> {
    let said = "OK login\nSTATUS 16 101 out 777 held\nSTATUS END\nRING 17 101 555\nANSWERED 17 101\nHELD 17 101\n\
                RESUMED 17 101\nENDED 17 101 normal\nENDED 16 101 normal\n";
    let mut driver = Driver::<Acme>::new(&json!({"host": "pbx.example", "user": "cti", "password": "x"})).unwrap();
    driver.started().unwrap();
    driver.line("101", &json!({"extension": "101"})).unwrap();
    driver.opened(0).unwrap();
    let mut facts = Vec::new();
    for piece in said.as_bytes().chunks(cut) {
        driver.received(0, piece).unwrap();
        facts.extend(driver.facts());
    }
    facts
}

#[test]
fn bytes_may_be_cut_anywhere() {
    let whole = facts(usize::MAX);
    assert_eq!(whole.len(), 8, "{whole:?}");
    for cut in 1..40 {
        assert_eq!(facts(cut), whole, "cut into pieces of {cut} bytes");
    }
}

#[test]
fn settings_that_would_break_the_protocol_are_refused() {
    let error = Driver::<Acme>::new(&json!({"host": "h", "user": "cti", "password": "two words"})).unwrap_err();
    assert_eq!(error.to_string(), "settings: password: must not be empty and must not contain spaces");
    let error = Driver::<Acme>::new(&json!({"host": "h", "user": "cti", "pasword": "x"})).unwrap_err();
    assert!(error.to_string().contains("pasword"), "{error}");
}

/// The host replaces a library while calls are up: whoever takes over must take any state, also one that is damaged.
#[test]
fn damaged_states_do_no_harm() {
    let mut driver = Driver::<Acme>::new(&json!({"host": "pbx.example", "user": "cti", "password": "x"})).unwrap();
    driver.started().unwrap();
    let line = driver.line("101", &json!({"extension": "101"})).unwrap();
    driver.opened(0).unwrap();
    driver.received(0, "OK login\nSTATUS END\nRING 17 101 555\n").unwrap();
    driver.command(line, &Command::decode("answerCall", json!({"callId": "17"})).unwrap().unwrap()).unwrap();
    driver.received(0, "OK 1\nANSWERED 17 101\nSTATUS 16 101 out 777 held\nHE").unwrap();
    damaged_states(&driver, 500, |driver| {
        for bytes in ["LD 17 101\n", "OK 1\nSTATUS END\n"] {
            let _ = driver.received(0, bytes);
        }
        let _ = driver.closed(0, &CloseReason::new(CloseKind::Lost, "reset by peer"));
    })
    .unwrap();
}
