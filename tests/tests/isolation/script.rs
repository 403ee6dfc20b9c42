//! What the clients of another connection see of one and the same course of calls, so that two of them can be compared.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// What differs from run to run.
const TIMES: [&str; 8] = ["at", "srcAt", "startedAt", "connectedAt", "finishedAt", "ringMs", "talkMs", "holdMs"];
/// What is another in each run, and the same within one.
const IDS: [&str; 10] = [
    "callId",
    "currentCallId",
    "nativeId",
    "nativeIds",
    "globalCallIds",
    "parentCallId",
    "otherCallId",
    "activeCallIds",
    "epoch",
    "id",
];

/// Events of one line, in words that two runs share: without times, ids by their first appearance, numbers from the
/// first event on.
pub(crate) fn comparable(events: &[Value], line: &str) -> Vec<Value> {
    let mut ids = BTreeMap::new();
    let mine = events.iter().filter(|e| e["params"]["line"] == line && e["params"]["resent"] != true);
    let mut first = None;
    mine.map(|event| {
        let mut event = plain(event, &mut ids);
        let from = *first.get_or_insert(event["params"]["seq"].as_i64().unwrap_or(0));
        if let Some(seq) = event["params"]["seq"].as_i64() {
            event["params"]["seq"] = (seq - from).into();
        }
        event
    })
    .collect()
}

fn plain(value: &Value, ids: &mut BTreeMap<String, usize>) -> Value {
    match value {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                match name.as_str() {
                    name if TIMES.contains(&name) => {}
                    // Which of a client's requests it was.
                    "replyTo" => {}
                    name if IDS.contains(&name) => drop(kept.insert(name.to_owned(), renamed(value, ids))),
                    name => drop(kept.insert(name.to_owned(), plain(value, ids))),
                }
            }
            Value::Object(kept)
        }
        Value::Array(list) => Value::Array(list.iter().map(|value| plain(value, ids)).collect()),
        other => other.clone(),
    }
}

fn renamed(value: &Value, ids: &mut BTreeMap<String, usize>) -> Value {
    match value {
        Value::String(id) => {
            let next = ids.len();
            format!("id {}", *ids.entry(id.clone()).or_insert(next)).into()
        }
        Value::Array(list) => Value::Array(list.iter().map(|id| renamed(id, ids)).collect()),
        Value::Number(id) => renamed(&Value::String(id.to_string()), ids),
        other => other.clone(),
    }
}

/// Where two courses differ first.
pub(crate) fn difference(expected: &[Value], came: &[Value]) -> Option<String> {
    let at = (0..expected.len().max(came.len())).find(|at| expected.get(*at) != came.get(*at))?;
    let show = |events: &[Value]| events.get(at).map_or_else(|| "nothing".to_owned(), ToString::to_string);
    Some(format!("event {at} is\n{}\nand should be\n{}", show(came), show(expected)))
}

#[test]
fn courses_are_told_apart_by_what_matters() {
    let event = |seq: i64, call: &str, state: &str| {
        serde_json::json!({ "method": "hold", "params": { "line": "good/101", "seq": seq, "at": call,
            "data": { "callId": call, "state": state } } })
    };
    let of = |events: &[Value]| comparable(events, "good/101");
    let one = of(&[event(7, "a", "held"), event(8, "a", "held")]);
    assert_eq!(difference(&one, &of(&[event(70, "b", "held"), event(71, "b", "held")])), None);
    assert!(difference(&one, &of(&[event(7, "a", "held"), event(8, "b", "held")])).is_some(), "another call");
    assert!(difference(&one, &of(&[event(7, "a", "held"), event(9, "a", "held")])).is_some(), "one is missing");
    assert!(difference(&one, &of(&[event(7, "a", "held"), event(8, "a", "up")])).is_some(), "another state");
    assert!(difference(&one, &one[..1]).is_some(), "one less");
    assert!(of(&[serde_json::json!({ "params": { "line": "good/102" } })]).is_empty());
}
