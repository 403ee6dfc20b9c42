//! Calls that clients make.

use jackfield_tests::asterisk::Phone;
use serde_json::json;

use crate::bed::{Bed, DESTINATION, call};

#[test]
fn click_to_call_is_an_outgoing_call_though_the_own_phone_rings() {
    let Some(mut bed) = Bed::new("click-to-call, answered, dropped by command") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 300 }).unwrap();
    let _outside = bed.pbx.outside(Phone::Answers { ring_ms: 300 }).unwrap();
    let made = bed.command("makeCall", "ast/101", &json!({ "to": DESTINATION }));
    let started = bed.wait("callStarted", "ast/101");
    assert_eq!(call(&started)["callId"], made["callId"]);
    assert_eq!(
        (&call(&started)["direction"], &call(&started)["called"]["number"]),
        (&json!("out"), &json!(DESTINATION))
    );
    assert_eq!(call(&started)["phase"], "ownRinging");
    bed.wait("commutationStarted", "ast/101");
    bed.command("dropCall", "ast/101", &json!({ "callId": made["callId"] }));
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "commutationStarted", "callFinished"])]);
    assert_eq!(bed.finish("ast/101")["data"]["releasedBy"], "local");
}

#[test]
fn click_to_call_finds_the_destination_busy() {
    let Some(mut bed) = Bed::new("click-to-call, destination busy") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _busy = bed.pbx.phone("102", Phone::Busy).unwrap();
    bed.command("makeCall", "ast/101", &json!({ "to": "102" }));
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "callBusy", "callFinished"]), ("ast/102", &[])]);
    assert_eq!(bed.finish("ast/101")["cause"]["code"], "busy");
}

#[test]
fn click_to_call_is_given_up_while_the_destination_rings() {
    let Some(mut bed) = Bed::new("click-to-call, destination does not answer, dropped by command") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _outside = bed.pbx.outside(Phone::NeverAnswers).unwrap();
    let made = bed.command("makeCall", "ast/101", &json!({ "to": DESTINATION }));
    bed.call_is(&made["callId"], "ringing", |c| c["phase"] == "ringing");
    bed.command("dropCall", "ast/101", &json!({ "callId": made["callId"] }));
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "callFinished"])]);
    assert_eq!(bed.finish("ast/101")["cause"]["code"], "cancelled");
}

#[test]
fn click_to_call_is_not_answered_by_the_agent() {
    let Some(mut bed) = Bed::new("click-to-call, own phone declines") else { return };
    let _phone = bed.pbx.phone("101", Phone::Declines { ring_ms: 300 }).unwrap();
    let made = bed.command("makeCall", "ast/101", &json!({ "to": DESTINATION }));
    assert!(made["callId"].is_string());
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "callFinished"])]);
}

#[test]
fn a_busy_number_is_called_again() {
    let Some(mut bed) = Bed::new("click-to-call, busy, called again") else { return };
    let _phone = bed.pbx.phone_for("101", Phone::Answers { ring_ms: 200 }, 2).unwrap();
    let busy = bed.pbx.phone("102", Phone::Busy).unwrap();
    bed.command("makeCall", "ast/101", &json!({ "to": "102" }));
    let engaged = bed.wait("callBusy", "ast/101");
    assert!(call(&engaged)["features"].as_array().unwrap().contains(&json!("recall")), "{engaged}");
    bed.wait("callFinished", "ast/101");
    drop(busy);
    let _free = bed.pbx.phone("102", Phone::Answers { ring_ms: 200 }).unwrap();
    let again = bed.command("makeCall", "ast/101", &json!({ "to": call(&engaged)["called"]["number"] }));
    bed.wait("commutationStarted", "ast/101");
    bed.drop_call("ast/101", &again["callId"]);
    bed.wait("callFinished", "ast/102");
    let busy = ["callStarted", "callBusy", "callFinished"];
    let talked = ["callStarted", "commutationStarted", "callFinished"];
    bed.expect(&[("ast/101", &[busy, talked].concat()), ("ast/102", &talked)]);
}
