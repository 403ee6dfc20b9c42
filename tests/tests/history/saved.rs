//! Calls are written, and clients are told.

use serde_json::{Value, json};

use super::*;

#[test]
fn a_call_is_in_the_history_with_all_it_was() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let id = ring(&mut alice, "sim/101", "+380441234567", "Olena K.");
    for command in ["answerCall", "holdCall", "unholdCall", "dropCall"] {
        alice.call(command, &json!({ "line": "sim/101", "callId": id })).unwrap();
    }
    let last = saved(&mut alice, &id);
    let finished = alice.events.iter().find(|e| e["method"] == "callFinished").unwrap();
    let told = finished["params"]["data"]["call"].clone();
    let revisions: Vec<i64> = alice
        .events
        .iter()
        .filter(|e| e["method"] == "callSaved")
        .map(|e| e["params"]["data"]["revision"].as_i64().unwrap())
        .collect();
    assert_eq!(revisions, (1..=revisions.len() as i64).collect::<Vec<_>>(), "revision by revision (I14)");
    let page = host.get("/api/v1/calls", ALICE).unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
    let page = page.json();
    let call = &page["calls"][0];
    assert_eq!(page["calls"].as_array().unwrap().len(), 1);
    assert_eq!(page["next"], Value::Null);
    assert_eq!(call["callId"], id.as_str());
    assert_eq!(call["revision"], last["params"]["data"]["revision"]);
    assert_eq!(call["line"], "sim/101");
    assert_eq!(call["result"], "answered");
    assert_eq!(call["caller"], json!({ "number": "+380441234567", "name": "Olena K." }));
    for (kept, told) in [
        (&call["startedAt"], &told["startedAt"]),
        (&call["connectedAt"], &told["connectedAt"]),
        (&call["endedAt"], &told["finishedAt"]),
        (&call["talkMs"], &told["talkMs"]),
        (&call["holdMs"], &told["holdMs"]),
        (&call["ringMs"], &told["ringMs"]),
        (&call["holdCount"], &json!(1)),
        (&call["cause"], &json!("normalClearing")),
        (&call["releasedBy"], &json!("local")),
        (&call["estimated"], &json!(false)),
    ] {
        assert_eq!(kept, told, "{call}");
    }
    let whole = host.get(&format!("/api/v1/calls/{id}"), ALICE).unwrap().json();
    let events: Vec<&str> =
        whole["timeline"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
    assert_eq!(whole["conversation"][0]["callId"], id.as_str());
}

#[test]
fn a_host_without_a_store_says_so() {
    let without = config("").replace("[store]\n", "");
    let host = Setup::new(without, &["simulator"]).start().unwrap();
    let answer = host.get("/api/v1/calls", ALICE).unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")));
    assert!(answer.json()["detail"].as_str().unwrap().contains("[store]"), "{}", answer.body);
}
