//! Consultation: a first call waits while somebody is asked. Completed, given up, failed, left by either side.

use jackfield_tests::asterisk::Phone;
use serde_json::{Value, json};

use crate::bed::{Bed, CALLER, L101, L102, call};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];

/// 101 talks to a caller and asks 102: the two calls of 101.
fn consult(bed: &mut Bed, first: &Value) -> Value {
    let made = bed.command("makeConsultCall", L101, &json!({ "callId": first, "to": "102" }));
    let id = made["callId"].clone();
    let started = bed.find("the consultation", |e| e["method"] == "callStarted" && call(e)["callId"] == id);
    let started = call(&started);
    assert_eq!((&started["role"], &started["parentCallId"]), (&json!("consult"), first));
    assert_eq!((&started["direction"], &started["called"]["number"]), (&json!("out"), &json!("102")));
    id
}

/// The same, and 102 answered.
fn consult_talking(bed: &mut Bed, first: &Value) -> Value {
    let id = consult(bed, first);
    bed.wait("commutationStarted", L102);
    bed.call_is(&id, "talking to 102", |c| c["state"] == "connected");
    id
}

#[test]
pub(crate) fn a_consultation_is_completed() {
    let Some(mut bed) = Bed::new("consult, complete") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    let second = consult_talking(&mut bed, &first);
    let there = bed.ids(L102)[0].clone();
    assert_eq!(bed.latest(&there)["caller"]["number"], "101", "102 talks to who asks");
    bed.command("transferCall", L101, &json!({ "callId": first, "consultCallId": second }));
    bed.wait("callFinished", L101);
    bed.wait("callFinished", L101);
    bed.call_is(&there, "102 talks to the caller", |c| c["participants"][1]["number"] == CALLER);
    bed.drop_call(L102, &there);
    let ends = ["callFinished", "unhold", "callFinished"];
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED)]);
    for id in [&first, &second] {
        assert_eq!(bed.end(id), ("transferred".into(), "local".into()));
    }
    assert_eq!(bed.latest(&first)["redirection"]["number"], "102");
    assert_eq!(bed.latest(&there)["redirecting"]["number"], "101");
    assert_eq!(bed.latest(&there)["caller"]["number"], CALLER);
}

#[test]
pub(crate) fn a_consultation_is_completed_while_it_rings() {
    let Some(mut bed) = Bed::new("consult, complete while it rings (blonde)") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Remote).unwrap();
    let second = consult(&mut bed, &first);
    let there = call(&bed.wait("callStarted", L102))["callId"].clone();
    bed.call_is(&second, "ringing at 102", |c| c["phase"] == "ringing");
    bed.command("transferCall", L101, &json!({ "callId": first, "consultCallId": second }));
    bed.wait("callFinished", L101);
    bed.wait("callFinished", L101);
    bed.command("answerCall", L102, &json!({ "callId": there }));
    bed.wait("commutationStarted", L102);
    bed.call_is(&there, "102 talks to the caller", |c| c["participants"][1]["number"] == CALLER);
    bed.drop_call(L102, &there);
    let seen = ["callStarted", "commutationStarted", "hold", "callStarted", "callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &seen), (L102, TALKED)]);
    for id in [&first, &second] {
        assert_eq!(bed.end(id), ("transferred".into(), "local".into()));
    }
}

#[test]
fn a_transfer_to_who_does_not_answer_comes_back() {
    let Some(mut bed) = Bed::new("consult, complete while it rings, nobody answers") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::NeverAnswers).unwrap();
    let second = consult(&mut bed, &first);
    bed.call_is(&second, "ringing at 102", |c| c["phase"] == "ringing");
    bed.command("transferCall", L101, &json!({ "callId": first, "consultCallId": second }));
    bed.wait("callFinished", L101);
    bed.wait("callFinished", L101);
    // Asterisk calls the user back: a new call.
    let again = bed.call_is(&first, "the end", |c| c["state"] == "finished");
    assert_eq!(again["params"]["currentCallId"], Value::Null, "no call is left at 101 meanwhile");
    bed.wait("callFinished", L102);
    bed.wait("commutationStarted", L101);
    let back = bed.ids(L101)[2].clone();
    bed.drop_call(L101, &back);
    let seen = ["callStarted", "commutationStarted", "hold", "callStarted", "callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&seen, TALKED].concat()), (L102, &["callStarted", "callFinished"])]);
    assert_eq!((&bed.latest(&back)["direction"], &bed.latest(&back)["role"]), (&json!("in"), &json!("primary")));
    assert_eq!(bed.latest(&back)["parentCallId"], first, "it is the first call that comes back");
    assert_eq!(bed.end(&bed.ids(L102)[0]), ("noAnswer".into(), "system".into()));
    assert_eq!(bed.end(&back), ("normalClearing".into(), "local".into()));
}

#[test]
fn a_consultation_is_given_up() {
    let Some(mut bed) = Bed::new("consult, cancel") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    let second = consult_talking(&mut bed, &first);
    bed.command("cancelTransfer", L101, &json!({ "callId": first, "consultCallId": second }));
    bed.wait("unhold", L101);
    bed.wait("callFinished", L102);
    bed.drop_call(L101, &first);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let ends = ["callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED)]);
    assert_eq!(bed.end(&second), ("normalClearing".into(), "local".into()));
    assert_eq!(bed.end(&first), ("normalClearing".into(), "local".into()));
    assert_eq!(bed.finish(L102)["data"]["releasedBy"], "remote");
}

#[test]
fn a_consultation_is_given_up_while_it_rings() {
    let Some(mut bed) = Bed::new("consult, cancel while it rings") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::NeverAnswers).unwrap();
    let second = consult(&mut bed, &first);
    bed.wait("callStarted", L102);
    bed.call_is(&second, "ringing at 102", |c| c["phase"] == "ringing");
    bed.command("cancelTransfer", L101, &json!({ "callId": first, "consultCallId": second }));
    bed.wait("unhold", L101);
    bed.wait("callFinished", L102);
    bed.drop_call(L101, &first);
    let seen = ["callStarted", "commutationStarted", "hold", "callStarted", "callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &seen), (L102, &["callStarted", "callFinished"])]);
    assert_eq!(bed.end(&second), ("cancelled".into(), "local".into()));
    assert_eq!(bed.finish(L102)["cause"]["code"], "cancelled");
    assert_eq!(bed.finish(L102)["data"]["missed"], true);
}

#[test]
fn who_is_to_be_consulted_is_busy() {
    let Some(mut bed) = Bed::new("consult, target busy") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _busy = bed.pbx.phone("102", Phone::Busy).unwrap();
    let second = consult(&mut bed, &first);
    bed.wait("unhold", L101);
    bed.drop_call(L101, &first);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "callBusy"];
    let ends = ["callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, &[])]);
    assert_eq!(bed.end(&second), ("busy".into(), "remote".into()));
}

#[test]
fn who_is_consulted_hangs_up() {
    let Some(mut bed) = Bed::new("consult, target hangs up") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::HangsUp { ring_ms: 300, talk_ms: 900 }).unwrap();
    let second = consult(&mut bed, &first);
    bed.wait("unhold", L101);
    bed.drop_call(L101, &first);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let ends = ["callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED)]);
    assert_eq!(bed.end(&second), ("normalClearing".into(), "remote".into()));
    assert_eq!(bed.finish(L102)["data"]["releasedBy"], "local");
}

#[test]
fn the_first_caller_leaves_during_the_consultation() {
    let Some(mut bed) = Bed::new("consult, the first caller hangs up meanwhile") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let talks = jackfield_tests::asterisk::Caller::Talks { ms: 6_000 };
    let _caller = bed.pbx.call(CALLER, "5550101", talks).unwrap();
    let first = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    let second = consult_talking(&mut bed, &first);
    let current = bed.wait("currentCallChanged", L101);
    assert_eq!((&call(&current)["callId"], &current["params"]["currentCallId"]), (&second, &second));
    assert_eq!((&call(&current)["role"], &call(&current)["parentCallId"]), (&json!("primary"), &Value::Null));
    bed.may(&second, "drop");
    bed.drop_call(L101, &second);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let ends = ["unhold", "callFinished", "currentCallChanged", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED)]);
    assert_eq!(bed.end(&first), ("normalClearing".into(), "remote".into()));
    assert_eq!(bed.end(&second), ("normalClearing".into(), "local".into()));
}

#[test]
fn a_consultation_is_alternated_and_completed() {
    let Some(mut bed) = Bed::new("consult, alternate twice, complete") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let second = consult_talking(&mut bed, &first);
    bed.command("alternateCall", L101, &json!({ "callId": second, "otherCallId": first }));
    bed.wait("unhold", L101);
    bed.call_is(&second, "102 waits", |c| c["state"] == "held");
    bed.command("alternateCall", L101, &json!({ "callId": first, "otherCallId": second }));
    bed.wait("unhold", L101);
    bed.wait("hold", L101);
    bed.wait("hold", L101);
    bed.wait("hold", L101);
    bed.command("transferCall", L101, &json!({ "callId": first, "consultCallId": second }));
    let there = bed.ids(L102)[0].clone();
    bed.call_is(&there, "102 talks to the caller", |c| c["participants"][1]["number"] == CALLER);
    bed.drop_call(L102, &there);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let swaps = ["hold", "unhold", "hold", "unhold"];
    let ends = ["callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &swaps, &ends].concat()), (L102, TALKED)]);
    assert_eq!(bed.digits(&first), "", "codes are nobody's digits");
    assert_eq!(bed.digits(&second), "");
    assert_eq!(bed.digits(&there), "");
}

#[test]
fn a_consultation_becomes_a_conference() {
    let Some(mut bed) = Bed::new("consult, three-way conference") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let second = consult_talking(&mut bed, &first);
    let there = bed.ids(L102)[0].clone();
    bed.command("conferenceCall", L101, &json!({ "callId": first, "consultCallId": second }));
    let of_three = |c: &Value| c["state"] == "conferenced" && c["participants"].as_array().unwrap().len() == 3;
    bed.call_is(&first, "three parties at 101", of_three);
    bed.call_is(&there, "three parties at 102", of_three);
    bed.wait("callFinished", L101);
    bed.drop_call(L102, &there);
    let two_again = |c: &Value| c["state"] == "connected" && c["holdCount"] == 1;
    bed.call_is(&first, "two parties at 101", two_again);
    bed.drop_call(L101, &first);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let ends = ["unhold", "callFinished", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED)]);
    assert_eq!(bed.end(&second).0, "conferenced");
    assert_eq!(bed.end(&there), ("normalClearing".into(), "local".into()));
    assert_eq!(bed.end(&first), ("normalClearing".into(), "local".into()));
}
