//! States of operators, and after-call work.

use serde_json::{Value, json};

use crate::bed::{Bed, ONE, Plan, TWO};

fn state(bed: &mut Bed, line: &str, code: &str) -> Value {
    bed.first("agentStateChanged", line, |e| e["params"]["data"]["code"] == code)["params"]["data"].take()
}

fn states(isolation: &'static str) {
    let settings = "selectable = [\"Available\", \"Обід: до 14\", \"Busy\"]\nstates = { Available = \"ready\", \
                    \"Обід: до 14\" = \"notReady\", Busy = \"busy\" }";
    let mut bed = Bed::new(&Plan { settings, ..Plan::new(isolation) });
    let asked = bed.client.call("queryUserState", &json!({"line": ONE})).unwrap();
    assert_eq!((&asked["state"], &asked["code"]), (&json!("ready"), &json!("Available")), "{asked}");

    // Set from here, with a separator in it; the event is the command's.
    bed.asks(ONE, "setUserState", json!({"code": "Обід: до 14"}));
    let told = bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["state"] == "notReady");
    assert!(told["params"]["replyTo"].is_object(), "{told}");
    assert_eq!(
        (&told["params"]["data"]["code"], &told["params"]["data"]["agentId"]),
        (&json!("Обід: до 14"), &json!("210"))
    );
    assert_eq!(bed.heard("SetOperatorState"), [("State", "Обід: до 14"), ("OperatorId", "210")].map(owned));

    // Set at CallWay's own client; a code that nobody has explained.
    bed.phones(json!({"do": "state", "number": "211", "state": "Training"}));
    assert_eq!(state(&mut bed, TWO, "Training")["state"], "unknown");

    // After-call work is Busy that was set as such; Busy of the operator is busy.
    bed.asks(ONE, "setWrapUpUserState", json!({"active": true}));
    assert_eq!(state(&mut bed, ONE, "Busy")["state"], "afterCallWork");
    bed.asks(ONE, "setWrapUpUserState", json!({"active": false}));
    bed.phones(json!({"do": "state", "number": "210", "state": "Busy"}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["state"] == "busy");
    bed.told(ONE, &["agent(notReady)", "agent(afterCallWork)", "agent(ready)", "agent(busy)"]);
    // Said again, it is no news.
    bed.phones(json!({"do": "state", "number": "210", "state": "Busy"}));
    bed.phones(json!({"do": "state", "number": "210", "state": "Available"}));
    bed.first("agentStateChanged", ONE, |e| {
        e["params"]["data"]["previous"]["code"] == "Busy"
            && e["params"]["data"]["code"] == "Available"
            && e["params"]["data"]["previous"]["state"] == "busy"
    });
    assert_eq!(crate::bed::story(&bed.client.events, ONE).len(), 5);

    // Line ends cannot be smuggled in.
    let refused = bed.refused(ONE, "setUserState", json!({"code": "A\r\nMessage: Drop"}));
    assert_eq!(refused["code"], "unknownState", "{refused}");
    bed.sound("states");
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn states_are_set_told_and_explained_isolated() {
    states("process");
}

#[test]
fn states_are_set_told_and_explained_in_the_host() {
    states("host");
}

/// CallWay moves an operator by itself: busy while talking, in after-call work after a queue's call.
#[test]
fn states_that_follow_calls() {
    let plan = Plan {
        phones: "talking_state = \"Talk\"\nafter_queue_state = \"Work\"",
        settings: "states = { Available = \"ready\", Talk = \"busy\", Work = \"afterCallWork\" }",
        ..Plan::new("host")
    };
    let mut bed = Bed::new(&plan);
    bed.phones(json!({"do": "call", "from": "79990000001", "to": "700"}));
    let call = bed.call(ONE, 1);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["state"] == "busy");
    bed.phones(json!({"do": "hangup", "number": "79990000001"}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["state"] == "afterCallWork");
    bed.sound("states that follow calls");
}
