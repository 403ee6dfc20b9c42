//! What an administrator can find in the log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use jackfield_tests::host::Setup;
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";

const CONFIG: &str = r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 1
[[user]]
name = "alice"
role = "agent"
token = "alice-token-0123456789"
lines = ["sim/101"]
"#;

#[test]
fn every_input_has_a_span_with_its_connection_line_and_call() {
    let mut setup = Setup::new(CONFIG, &["simulator"]);
    setup.env.push(("JACKFIELD_LOG".to_owned(), "info,jackfield::input=debug".to_owned()));
    let host = setup.start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "555" })).unwrap();
    let started = alice.named("callStarted", "sim/101").unwrap();
    let call = &started["params"]["data"]["call"]["callId"];
    host.wait_log(call.as_str().unwrap()).unwrap();
    let log = host.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let spans: Vec<&Value> = lines.iter().filter(|l| l["target"] == "jackfield::input").map(|l| &l["span"]).collect();
    assert!(spans.iter().all(|span| span["connection"] == "sim"), "{spans:?}");
    let of_call: Vec<_> = spans.iter().filter(|span| &span["call"] == call).collect();
    assert!(of_call.iter().any(|span| span["line"] == "sim/101" && span["kind"] == "command"), "{spans:?}");
}
