//! Several calls on one line.

use jackfield_tests::asterisk::{CallHandle, Caller, PATIENCE, Phone, PhoneHandle};
use serde_json::{Value, json};

use crate::bed::{Bed, L101, L102, call};

/// A second outside number that calls.
const SECOND: &str = "79167654321";
/// And a third.
const THIRD: &str = "79160000003";

/// While 101 talks, another calls.
fn rings(bed: &mut Bed, from: &str) -> (CallHandle, Value) {
    let caller = bed.pbx.call(from, "5550101", Caller::Stays).unwrap();
    let started = bed.wait("callStarted", L101);
    (caller, call(&started)["callId"].clone())
}

/// A talks to 101 and is held; B rings, and is answered.
fn two(bed: &mut Bed) -> ((PhoneHandle, CallHandle, CallHandle), Value, Value) {
    let (phone, first, a) = bed.talk(Phone::Remote);
    let (second, b) = rings(bed, SECOND);
    let started = call(bed.client.events.iter().find(|e| call(e)["callId"] == b).unwrap());
    assert_eq!((&started["role"], &started["parentCallId"]), (&json!("secondary"), &a));
    assert_eq!(started["isCurrent"], false, "a further call does not take over");
    bed.command("holdCall", L101, &json!({ "callId": a }));
    bed.wait("hold", L101);
    bed.command("answerCall", L101, &json!({ "callId": b }));
    let current = bed.wait("currentCallChanged", L101);
    assert_eq!((&current["params"]["data"]["previousCallId"], &call(&current)["callId"]), (&a, &b));
    ((phone, first, second), a, b)
}

const BEGINS: &[&str] =
    &["callStarted", "commutationStarted", "callStarted", "hold", "commutationStarted", "currentCallChanged"];

#[test]
fn a_second_call_is_answered_and_dropped_and_the_first_resumed() {
    let Some(mut bed) = Bed::new("second call while talking, the first held") else { return };
    let (_sides, a, b) = two(&mut bed);
    bed.drop_call(L101, &b);
    let back = bed.wait("currentCallChanged", L101);
    assert_eq!(call(&back)["callId"], a);
    bed.command("unholdCall", L101, &json!({ "callId": a }));
    bed.wait("unhold", L101);
    bed.drop_call(L101, &a);
    let ends = ["callFinished", "currentCallChanged", "unhold", "callFinished"];
    bed.expect(&[(L101, &[BEGINS, &ends].concat())]);
    for id in [&a, &b] {
        assert_eq!(bed.end(id), ("normalClearing".into(), "local".into()));
    }
}

#[test]
pub(crate) fn two_calls_are_alternated() {
    let Some(mut bed) = Bed::new("two calls, alternated") else { return };
    let (_sides, a, b) = two(&mut bed);
    bed.may(&a, "alternate");
    bed.command("alternateCall", L101, &json!({ "callId": b, "otherCallId": a }));
    let current = bed.wait("currentCallChanged", L101);
    assert_eq!(call(&current)["callId"], a);
    bed.drop_call(L101, &b);
    bed.drop_call(L101, &a);
    let ends = ["hold", "unhold", "currentCallChanged", "unhold", "callFinished", "callFinished"];
    bed.expect(&[(L101, &[BEGINS, &ends].concat())]);
}

#[test]
fn two_calls_are_joined_by_a_transfer() {
    let Some(mut bed) = Bed::new("two calls, their far ends joined") else { return };
    let (_sides, a, b) = two(&mut bed);
    bed.may(&a, "completeTransfer");
    bed.command("transferCall", L101, &json!({ "callId": a, "consultCallId": b }));
    bed.wait("callFinished", L101);
    bed.wait("callFinished", L101);
    for id in [&a, &b] {
        assert_eq!(bed.end(id), ("transferred".into(), "local".into()));
    }
    // No currentCallChanged: both end.
    bed.expect(&[(L101, &[BEGINS, &["unhold", "callFinished", "callFinished"]].concat())]);
}

#[test]
fn two_calls_become_a_conference() {
    let Some(mut bed) = Bed::new("two calls, joined in a conference room") else { return };
    let (_sides, a, b) = two(&mut bed);
    bed.may(&a, "conference");
    bed.command("conferenceCall", L101, &json!({ "callId": a, "consultCallId": b }));
    let three = |c: &Value| c["state"] == "conferenced" && c["participants"].as_array().unwrap().len() == 3;
    // Whom the agent talks to goes on hearing the agent; the phone still holds the other call.
    bed.call_is(&b, "three parties", three);
    bed.wait("callFinished", L101);
    let event = |what: &dyn Fn(&Value) -> bool| bed.client.events.iter().position(what).unwrap();
    let conference = event(&|e| call(e)["callId"] == b && call(e)["state"] == "conferenced");
    let merged = event(&|e| call(e)["callId"] == a && e["method"] == "callFinished");
    assert!(conference < merged, "first the conference, then the end of the call that became a part of it");
    bed.drop_call(L101, &b);
    assert_eq!(bed.end(&a).0, "conferenced");
    bed.expect(&[(L101, &[BEGINS, &["unhold", "callFinished", "callFinished"]].concat())]);
}

#[test]
fn three_calls_at_once() {
    let Some(mut bed) = Bed::new("three calls at once") else { return };
    let (_sides, a, b) = two(&mut bed);
    let (mut third, c) = rings(&mut bed, THIRD);
    bed.command("holdCall", L101, &json!({ "callId": b }));
    bed.wait("hold", L101);
    bed.command("answerCall", L101, &json!({ "callId": c }));
    let current = bed.wait("currentCallChanged", L101);
    assert_eq!(call(&current)["callId"], c);
    bed.command("queryActiveCallSnapshot", L101, &json!({}));
    bed.drop_call(L101, &c);
    third.wait(PATIENCE).unwrap();
    let current = bed.wait("currentCallChanged", L101);
    assert_eq!(call(&current)["callId"], a, "of two held calls the older");
    bed.command("unholdCall", L101, &json!({ "callId": b }));
    let current = bed.wait("currentCallChanged", L101);
    assert_eq!(call(&current)["callId"], b, "who is spoken to");
    bed.drop_call(L101, &b);
    bed.drop_call(L101, &a);
    let more = ["callStarted", "hold", "commutationStarted", "currentCallChanged"];
    let ends = [
        "callFinished",
        "currentCallChanged",
        "unhold",
        "currentCallChanged",
        "callFinished",
        "currentCallChanged",
        "unhold",
        "callFinished",
    ];
    bed.expect(&[(L101, &[BEGINS, &more, &ends].concat())]);
}

#[test]
fn a_held_party_hangs_up() {
    let Some(mut bed) = Bed::new("the held party hangs up") else { return };
    let _phone = bed.pbx.phone_for("101", Phone::Remote, 1).unwrap();
    let _caller = bed.pbx.call("102", "101", Caller::Talks { ms: 2_500 }).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    bed.command("answerCall", L101, &json!({ "callId": id }));
    bed.wait("commutationStarted", L101);
    bed.command("holdCall", L101, &json!({ "callId": id }));
    bed.wait("hold", L101);
    let there = bed.ids(L102)[0].clone();
    bed.call_is(&there, "102 sees that it is held", |c| c["participants"][1]["state"] == "held");
    bed.wait("callFinished", L101);
    bed.wait("callFinished", L102);
    bed.expect(&[
        (L101, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]),
        (L102, &["callStarted", "commutationStarted", "callFinished"]),
    ]);
    assert_eq!(bed.end(&id), ("normalClearing".into(), "remote".into()));
    assert_eq!(bed.finish(L101)["data"]["finishedFrom"], "held");
    assert_eq!(bed.end(&there), ("normalClearing".into(), "local".into()));
}
