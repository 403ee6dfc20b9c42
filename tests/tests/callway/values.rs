//! What stands in messages: letters, separators, line ends, and kinds that nobody knows.

use serde_json::{Value, json};

use crate::bed::{BOSS, Bed, ONE, Plan, TWO};

fn letters(plan: Plan) {
    let mut bed = Bed::new(&plan);
    // From CallWay: a number with a separator in it, the name of a queue, a state.
    bed.phones(json!({"do": "call", "from": "380: 44: «Київ»", "to": "700"}));
    let call = bed.call(ONE, 1);
    let told = bed.of("callStarted", ONE, &call)["params"]["data"]["call"].take();
    assert_eq!((&told["caller"]["number"], &told["queue"]["id"]), (&json!("380: 44: «Київ»"), &json!("Продажи: юг")));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    // To CallWay, and back.
    bed.asks(ONE, "setUserState", json!({"code": "Перерыв: чай"}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["code"] == "Перерыв: чай");
    let made = bed.asks(ONE, "makeCall", json!({"to": "офис: 5"}))["callId"].clone();
    let told = bed.of("callStarted", ONE, &made);
    assert_eq!(told["params"]["data"]["call"]["called"]["number"], "офис: 5");
    assert_eq!(bed.heard("MakeCall")[1], ("Number".to_owned(), "офис: 5".to_owned()));
    // Letters that do not exist there are refused, and nothing is sent.
    let answer = bed.client.call("makeCall", &json!({"line": "cw/212", "to": "漢 1"}));
    assert_eq!(answer.is_err(), plan.settings.contains("1251"), "{answer:?}");
    bed.sound("letters");
}

const QUEUE: &str = "[[queues]]\nnumber = \"700\"\nid = \"Продажи: юг\"\nmembers = [\"210\", \"211\"]\n";
const QUEUE_1251: &str = "encoding = \"windows-1251\"\n[[queues]]\nnumber = \"700\"\nid = \"Продажи: юг\"\nmembers = \
                          [\"210\", \"211\"]\n";

#[test]
fn letters_travel_in_utf_8() {
    for isolation in ["process", "host"] {
        letters(Plan { phones: QUEUE, ..Plan::new(isolation) });
    }
}

#[test]
fn letters_travel_in_windows_1251() {
    for isolation in ["process", "host"] {
        letters(Plan { phones: QUEUE_1251, settings: "encoding = \"windows-1251\"", ..Plan::new(isolation) });
    }
}

fn smuggling(isolation: &'static str) {
    let mut bed = Bed::new(&Plan::new(isolation));
    let call = bed.incoming();
    let before = bed.phones(json!({"do": "heard"}))["messages"].as_array().unwrap().len();
    for bad in
        ["555\r\nMessage: Drop", "555\r\n\r\nMessage: Drop\r\nOperatorId: 211", "555\n", "\r555", "5\u{85}5", "\0"]
    {
        for (method, params, code) in [
            ("makeConsultCall", json!({"callId": call, "to": bad}), "invalidDestination"),
            ("blindTransferCall", json!({"callId": call, "to": bad}), "invalidDestination"),
            ("sendDtmf", json!({"callId": call, "digits": bad}), "invalidDigits"),
            ("setUserState", json!({"code": bad}), "unknownState"),
            ("librarySpecificService", json!({"name": "listenCall", "params": {"nativeId": bad}}), "unknownCall"),
        ] {
            // What the host itself takes for no number is refused before it gets here.
            let refused = bed.refused(ONE, method, params);
            assert!(refused["code"] == code || refused["code"].is_null(), "{method} {bad:?}: {refused}");
        }
        bed.refused(TWO, "makeCall", json!({"to": bad}));
    }
    bed.settle(ONE);
    let heard = bed.phones(json!({"do": "heard"}));
    assert_eq!(heard["messages"].as_array().unwrap().len(), before, "{heard}");
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.sound("smuggling");
}

#[test]
fn a_line_end_in_a_value_is_refused_isolated() {
    smuggling("process");
}

#[test]
fn a_line_end_in_a_value_is_refused_in_the_host() {
    smuggling("host");
}

/// Kinds and states that nobody knows make no events; who looks for a fault sees them, and sees no password.
#[test]
fn what_nobody_knows_is_shown_to_who_looks_for_a_fault() {
    let mut bed = Bed::new(&Plan::new("process"));
    let mut boss = bed.host.client(BOSS).unwrap();
    boss.call("subscribeRaw", &json!({})).unwrap();
    let say = |message: &str, fields: Value| json!({"do": "say", "message": message, "fields": fields});
    for odd in [
        say("QueueStatistics", json!([["OperatorId", "210"], ["Waiting", "3: 4"]])),
        say("CallStateChanged", json!([["OperatorId", "210"], ["UniqueId", "9.9"], ["State", "Parked"]])),
        say("CallStateChanged", json!([["OperatorId", "210"], ["UniqueId", "9.9"], ["State", "Transfer"]])),
        say("CallStateChanged", json!([["OperatorId", "210"], ["State", "Bridge"]])),
        say("CallStateChanged", json!([["OperatorId", "210"], ["UniqueId", "9.9"], ["State", "Hangup"]])),
        say("NewCall", json!([["OperatorId", "999"], ["Number", "1"], ["UniqueId", "9.8"]])),
        say("NewCall", json!([["OperatorId", "210"], ["Number", "1"]])),
        say("OperatorState", json!([["OperatorId", "210"]])),
        say("AuthorizationResponse", json!([["AuthorizationResult", "Success"]])),
    ] {
        bed.phones(odd);
    }
    let raw =
        boss.event(|e| e["method"] == "rawMessage" && e["params"]["data"]["summary"] == "QueueStatistics").unwrap();
    assert!(raw["params"]["data"]["message"].as_str().unwrap().contains("Waiting: 3: 4"), "{raw}");
    bed.phones(json!({"do": "cut", "number": "210"}));
    boss.event(|e| e["method"] == "rawMessage" && e["params"]["data"]["summary"] == "AuthorizationRequest").unwrap();
    assert!(!format!("{:?}", boss.events).contains("Secret1"));
    bed.first("disconnected", ONE, |_| true);
    let before =
        bed.client.events.iter().filter(|e| e["params"]["line"] == ONE).position(|e| e["method"] == "disconnected");
    assert_eq!(before, Some(0), "{:?}", crate::bed::story(&bed.client.events, ONE));
    bed.sound("odd messages");
}
