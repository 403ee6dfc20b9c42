//! Several calls at one operator: consultations, their ends, and calls beside each other.

use serde_json::json;

use crate::bed::{Bed, ONE, OTHER, OUTSIDE, Plan, TWO, story};

/// The canonical beginning: the first call is held, the second begins and is answered.
const CONSULTS: [&str; 5] =
    ["callStarted(A)", "commutationStarted(A)", "hold(A)", "callStarted(B)", "commutationStarted(B)"];

/// What a line was told less what shows states: those depend on how TCP cuts what belongs together.
fn core(bed: &mut Bed, line: &str, begin: &[&str], rest: &[&str]) {
    let wanted: Vec<&str> = begin.iter().chain(rest).copied().collect();
    bed.settle(line);
    let mut told = story(&bed.client.events, line);
    told.retain(|text| !text.starts_with("L") && !text.starts_with("callInfoChanged"));
    assert_eq!(told, wanted, "{line}");
}

/// M12 7.
fn complete(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    let began = bed.of("callStarted", ONE, &consult);
    let told = &began["params"]["data"]["call"];
    assert_eq!((&told["role"], &told["parentCallId"]), (&json!("consult"), &first));
    bed.can(ONE, "completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    for ended in [&consult, &first] {
        bed.of("callFinished", ONE, ended);
    }
    core(bed, ONE, &CONSULTS, &["callFinished(B,transferred)", "unhold(A)*", "callFinished(A,transferred)"]);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    core(bed, TWO, &["callStarted(A)", "commutationStarted(A)"], &["callFinished(A,normalClearing)"]);
}

/// M12 8.
fn cancel(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.asks(ONE, "cancelTransfer", json!({"callId": first, "consultCallId": consult}));
    bed.of("unhold", ONE, &first);
    bed.of("callFinished", TWO, &theirs);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    core(bed, ONE, &CONSULTS, &["callFinished(B,normalClearing)", "unhold(A)", "callFinished(A,normalClearing)"]);
}

/// M12 9.
fn primary_leaves(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    let current = bed.first("currentCallChanged", ONE, |_| true);
    let told = &current["params"]["data"]["call"];
    assert_eq!((&told["callId"], &told["role"], &told["isCurrent"]), (&consult, &json!("primary"), &json!(true)));
    bed.phones(json!({"do": "hangup", "number": "211"}));
    bed.of("callFinished", ONE, &consult);
    bed.of("callFinished", TWO, &theirs);
    let rest =
        ["unhold(A)*", "callFinished(A,normalClearing)", "currentCallChanged(B)", "callFinished(B,normalClearing)"];
    core(bed, ONE, &CONSULTS, &rest);
}

/// M12 10: that the target is busy is not told; its end is.
fn target_busy(bed: &mut Bed) {
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": "busy"}));
    let first = bed.incoming();
    let consult = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": OTHER}))["callId"].clone();
    bed.of("callFinished", ONE, &consult);
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": "manual"}));
    bed.asks(ONE, "unholdCall", json!({"callId": first}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    core(bed, ONE, &CONSULTS[..4], &["callFinished(B,unknown)", "unhold(A)", "callFinished(A,normalClearing)"]);
}

/// M12 12: a second caller is answered, which holds the first; and the two are swapped.
fn second_call(bed: &mut Bed) {
    let first = bed.incoming();
    bed.phones(json!({"do": "call", "from": OTHER, "to": "210"}));
    let second = bed.call(ONE, 2);
    let rings = bed.of("callStarted", ONE, &second);
    assert_eq!(rings["params"]["data"]["call"]["role"], "secondary");
    bed.asks(ONE, "answerCall", json!({"callId": second}));
    bed.of("currentCallChanged", ONE, &second);
    bed.asks(ONE, "alternateCall", json!({"callId": second, "otherCallId": first}));
    bed.of("currentCallChanged", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.asks(ONE, "dropCall", json!({"callId": second}));
    bed.of("callFinished", ONE, &second);
    let rest = [
        "callStarted(B)",
        "hold(A)",
        "commutationStarted(B)",
        "currentCallChanged(B)",
        "hold(B)",
        "unhold(A)",
        "currentCallChanged(A)",
        "callFinished(A,normalClearing)",
        "currentCallChanged(B)",
        "unhold(B)*",
        "callFinished(B,normalClearing)",
    ];
    core(bed, ONE, &CONSULTS[..2], &rest);
}

/// M12 17: three callers, ended one after the other.
fn three_calls(bed: &mut Bed) {
    let first = bed.incoming();
    let mut calls = vec![first];
    for (nth, caller) in [(2, OTHER), (3, "79990000003")] {
        bed.phones(json!({"do": "call", "from": caller, "to": "210"}));
        let next = bed.call(ONE, nth);
        bed.asks(ONE, "answerCall", json!({"callId": next}));
        bed.of("currentCallChanged", ONE, &next);
        calls.push(next);
    }
    let snapshot = bed.client.call("queryActiveCallSnapshot", &json!({"line": ONE})).unwrap();
    let states: Vec<_> = snapshot["activeCalls"].as_array().unwrap().iter().map(|call| call["state"].clone()).collect();
    assert_eq!(states, ["held", "held", "connected"], "{snapshot}");
    for call in calls.iter().rev() {
        bed.asks(ONE, "dropCall", json!({"callId": call}));
        bed.of("callFinished", ONE, call);
    }
    let rest = [
        "callStarted(B)",
        "hold(A)",
        "commutationStarted(B)",
        "currentCallChanged(B)",
        "callStarted(C)",
        "hold(B)",
        "commutationStarted(C)",
        "currentCallChanged(C)",
        "callFinished(C,normalClearing)",
        "currentCallChanged(A)",
        "unhold(B)*",
        "callFinished(B,normalClearing)",
        "unhold(A)*",
        "callFinished(A,normalClearing)",
    ];
    core(bed, ONE, &CONSULTS[..2], &rest);
}

type Scenario = (&'static str, fn(&mut Bed));
const ALL: [Scenario; 6] = [
    ("complete", complete),
    ("cancel", cancel),
    ("primary leaves", primary_leaves),
    ("target busy", target_busy),
    ("second call", second_call),
    ("three calls", three_calls),
];

fn all(plan: &Plan, scenarios: &[Scenario]) {
    let mut bed = Bed::new(plan);
    for (name, scenario) in scenarios {
        bed.next();
        scenario(&mut bed);
        bed.sound(name);
    }
}

const ALTERNATES: &str = "alternate = true";

#[test]
fn every_pair_isolated() {
    all(&Plan { settings: ALTERNATES, ..Plan::new("process") }, &ALL);
}

#[test]
fn every_pair_in_the_host() {
    all(&Plan { settings: ALTERNATES, ..Plan::new("host") }, &ALL);
}

/// Phones that hold nothing by themselves: the adapter holds before it dials. And the first of two ends first.
#[test]
fn pairs_where_nothing_is_held_by_itself() {
    let plan = Plan {
        phones: "one_talk = false\ntransfer_ends = \"first\"\nunique_id = \"call\"\ninternal_number = \"caller\"",
        settings: "alternate = true\nhold_before_consult = true",
        ..Plan::new("host")
    };
    all(&plan, &ALL[..4]);
}

/// Phones that take the first call back by themselves.
#[test]
fn a_cancelled_consultation_where_the_first_call_comes_back_by_itself() {
    let plan = Plan { phones: "returns = true", ..Plan::new("host") };
    all(&plan, &ALL[..3]);
}

/// A target that rings can be given the call, where CallWay can.
#[test]
fn a_ringing_target_is_given_the_call() {
    let mut bed =
        Bed::new(&Plan { phones: "early_transfer = true", settings: "early_transfer = true", ..Plan::new("host") });
    let first = bed.incoming();
    let consult = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "211"}))["callId"].clone();
    let theirs = bed.call(TWO, 1);
    bed.can(ONE, "completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &first);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    core(&mut bed, ONE, &CONSULTS[..4], &["callFinished(B,transferred)", "unhold(A)*", "callFinished(A,transferred)"]);
    bed.sound("early transfer");
}
