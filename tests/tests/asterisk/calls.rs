//! Calls that phones make.

use jackfield_tests::asterisk::{Caller, PATIENCE, Phone};
use serde_json::json;

use crate::bed::{Bed, CALLER, call};

#[test]
pub(crate) fn one_phone_calls_another_is_held_and_dropped_by_a_command() {
    let Some(mut bed) = Bed::new("101 calls 102; 101 is dropped by command") else { return };
    let _phone = bed.pbx.phone("102", Phone::Remote).unwrap();
    let mut caller = bed.pbx.call("101", "102", Caller::Stays).unwrap();
    let out = bed.wait("callStarted", "ast/101");
    assert_eq!((&call(&out)["direction"], &call(&out)["called"]["number"]), (&json!("out"), &json!("102")));
    let ringing = bed.wait("callStarted", "ast/102");
    assert_eq!((&call(&ringing)["direction"], &call(&ringing)["caller"]["number"]), (&json!("in"), &json!("101")));
    let id = call(&ringing)["callId"].clone();
    bed.command("answerCall", "ast/102", &json!({ "callId": id }));
    bed.wait("commutationStarted", "ast/102");
    bed.command("holdCall", "ast/102", &json!({ "callId": id }));
    bed.wait("hold", "ast/102");
    bed.command("unholdCall", "ast/102", &json!({ "callId": id }));
    bed.wait("unhold", "ast/102");
    bed.command("dropCall", "ast/101", &json!({ "callId": call(&out)["callId"] }));
    bed.wait("callFinished", "ast/102");
    bed.wait("callFinished", "ast/101");
    bed.expect(&[
        ("ast/101", &["callStarted", "commutationStarted", "callFinished"]),
        ("ast/102", &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]),
    ]);
    assert_eq!(bed.finish("ast/101")["data"]["releasedBy"], "local");
    assert_eq!(bed.finish("ast/102")["data"]["releasedBy"], "remote");
    caller.wait(PATIENCE).unwrap();
}

#[test]
fn an_outside_call_is_answered_and_the_caller_hangs_up() {
    let Some(mut bed) = Bed::new("inbound, answered, caller hangs up") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 500 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Talks { ms: 700 }).unwrap();
    let started = bed.wait("callStarted", "ast/101");
    assert_eq!(call(&started)["caller"]["number"], CALLER);
    assert_eq!(call(&started)["called"]["number"], "5550101", "what the caller dialled");
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "commutationStarted", "callFinished"]), ("ast/102", &[])]);
    let finish = bed.finish("ast/101");
    assert_eq!((&finish["cause"]["code"], &finish["data"]["missed"]), (&json!("normalClearing"), &json!(false)));
    assert_eq!(finish["data"]["releasedBy"], "remote");
    let ended = &finish["data"]["call"];
    assert!(ended["ringMs"].as_u64().unwrap() >= 300 && ended["talkMs"].as_u64().unwrap() >= 400, "{ended}");
}

#[test]
pub(crate) fn a_caller_gives_up() {
    let Some(mut bed) = Bed::new("inbound, caller gives up") else { return };
    let _phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::GivesUp { ring_ms: 800 }).unwrap();
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "callFinished"])]);
    let finish = bed.finish("ast/101");
    assert_eq!((&finish["cause"]["code"], &finish["data"]["missed"]), (&json!("cancelled"), &json!(true)));
}

#[test]
fn an_agent_declines() {
    let Some(mut bed) = Bed::new("inbound, declined at the phone") else { return };
    let _phone = bed.pbx.phone("101", Phone::Declines { ring_ms: 500 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Refused).unwrap();
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "callFinished"])]);
    let finish = bed.finish("ast/101");
    assert_eq!((&finish["cause"]["code"], &finish["data"]["missed"]), (&json!("rejected"), &json!(false)));
}

#[test]
pub(crate) fn a_phone_holds_and_resumes() {
    let Some(mut bed) = Bed::new("inbound, held and resumed at the phone") else { return };
    let holds = Phone::Holds { ring_ms: 300, talk_ms: 400, held_ms: 600 };
    let _phone = bed.pbx.phone("101", holds).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("callStarted", "ast/101"))["callId"].clone();
    bed.wait("unhold", "ast/101");
    bed.command("dropCall", "ast/101", &json!({ "callId": id }));
    bed.wait("callFinished", "ast/101");
    bed.expect(&[("ast/101", &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"])]);
    let ended = &bed.finish("ast/101")["data"]["call"];
    assert_eq!(ended["holdCount"], 1);
    assert!(ended["holdMs"].as_u64().unwrap() >= 400, "{ended}");
}
