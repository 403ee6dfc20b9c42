//! Recordings of a call, asked for by either of its names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use jackfield_tests::host::Setup;
use serde_json::json;

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
fn recordings_of_a_call_that_is_over_are_found_by_its_call_id() {
    let host = Setup::new(CONFIG, &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    alice
        .call("librarySpecificService", &json!({ "line": "sim/101", "name": "ring", "params": { "from": "555" } }))
        .unwrap();
    let started = alice.named("callStarted", "sim/101").unwrap();
    let call = &started["params"]["data"]["call"];
    let on_call = json!({ "line": "sim/101", "callId": call["callId"] });
    alice.call("answerCall", &on_call).unwrap();
    alice.named("commutationStarted", "sim/101").unwrap();
    let record = |action: &str| json!({ "line": "sim/101", "callId": call["callId"], "action": action });
    alice.call("recordCall", &record("start")).unwrap();
    let live = alice.call("queryCallRecords", &on_call).unwrap();
    alice.call("dropCall", &on_call).unwrap();
    alice.named("callFinished", "sim/101").unwrap();

    let over = alice.call("queryCallRecords", &on_call).unwrap();
    let native = json!({ "line": "sim/101", "nativeId": call["nativeId"] });
    assert_eq!(over["urls"], alice.call("queryCallRecords", &native).unwrap()["urls"]);
    assert_eq!(over["urls"], live["urls"]);
    assert_eq!(over["urls"].as_array().map(Vec::len), Some(1), "{over}");

    let unknown = json!({ "line": "sim/101", "callId": "nobody's" });
    let refused = alice.call("queryCallRecords", &unknown).unwrap_err();
    assert!(refused.contains("recordNotFound"), "{refused}");
    let both = json!({ "line": "sim/101", "callId": call["callId"], "nativeId": "1" });
    let refused = alice.call("queryCallRecords", &both).unwrap_err();
    assert!(refused.contains("/params/callId"), "{refused}");
}
