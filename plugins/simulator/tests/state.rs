//! State that nobody saved, and state of an earlier version.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::{decode, service};
use jackfield_plugin_api::serde_json::{Value, json};
use jackfield_plugin_api::testing::{Driver, damaged_states, kept_state};
use jackfield_plugin_simulator::Simulator;

fn settings() -> Value {
    json!({
        "seed": 5, "traffic": {"calls_per_minute": 6.0, "consulted": 0.2}, "agents": {"wrap_up": 10.0},
        "calls": [{"at": 90.0, "every": 60.0, "line": "103", "number": "+4420123"}],
    })
}

/// Something of everything: calls in every state, a queue, agents, forwarding, a late answer.
fn busy() -> Driver<Simulator> {
    let mut driver = Driver::<Simulator>::new(&settings()).unwrap();
    driver.started().unwrap();
    let lines = ["101", "102", "103", "104"]
        .map(|name| driver.line(name, &json!({"robot": name > "102", "agent": "A1"})).unwrap());
    driver.advance(Duration::from_secs(100)).unwrap();
    let [one, two, ..] = lines;
    service(&mut driver, one, "ring", &json!({"from": "+4930", "patience": 500}));
    driver.command(one, &decode("setForwarding", json!({"kind": "busy", "to": "104"}))).unwrap();
    driver.command(two, &decode("makeCall", json!({"to": "600"}))).unwrap();
    for name in ["queue", "ring"] {
        service(&mut driver, two, "ring", &json!({"to": if name == "queue" { "700" } else { "102" }}));
    }
    service(&mut driver, two, "fault", &json!({"kind": "slow", "seconds": 5, "count": 2}));
    driver.command(two, &decode("makeCall", json!({"to": "103"}))).unwrap();
    driver
}

#[test]
fn damaged_states_do_no_harm() {
    let rounds = std::env::var("JACKFIELD_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    damaged_states(&busy(), rounds, |driver| {
        for _ in 0..6 {
            let _ = driver.advance(Duration::from_secs(20));
        }
        for line in ["101", "102"] {
            let line = driver.line_id(line).unwrap();
            for (name, params) in [
                ("makeCall", json!({"to": "102"})),
                ("pickupCall", json!({})),
                ("setUserState", json!({"code": "READY"})),
                ("librarySpecificService", json!({"name": "status"})),
                ("librarySpecificService", json!({"name": "history"})),
                ("librarySpecificService", json!({"name": "ring", "params": Value::Null})),
            ] {
                let _ = driver.command(line, &decode(name, params));
            }
        }
        let _ = driver.advance(Duration::from_secs(600));
    })
    .unwrap();
}

/// The answers that are late, the calls that go on: all that was on its way comes, hours after the state was written.
#[test]
fn state_of_version_1_is_read() {
    let driver = busy();
    let saved = kept_state(format!("{}/tests/states/1.state", env!("CARGO_MANIFEST_DIR")), &driver).unwrap();
    let mut driver = driver.restored(&settings(), &saved).unwrap();
    let line = driver.line_id("101").unwrap();
    let status = service(&mut driver, line, "status", &Value::Null);
    assert_eq!(status.values["calls"].as_array().map(Vec::len), Some(9), "{status:?}");
    driver.advance(Duration::from_secs(10)).unwrap();
    assert_eq!(driver.answers().len(), 1, "the late answer comes");
    driver.advance(Duration::from_secs(3600)).unwrap();
    assert_eq!(driver.adapter().contradictions(), [""; 0]);
}
