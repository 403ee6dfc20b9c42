//! Blind transfer and deflection: one call of a line goes elsewhere.

use jackfield_tests::asterisk::{Caller, PATIENCE, Phone};
use serde_json::json;

use crate::bed::{Bed, CALLER, L101, L102, L103, call};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];

#[test]
pub(crate) fn a_call_is_transferred_blindly_by_a_command() {
    let Some(mut bed) = Bed::new("blind transfer by command") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _target = bed.pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    bed.command("blindTransferCall", L101, &json!({ "callId": id, "to": "102" }));
    bed.wait("callFinished", L101);
    let ringing = bed.wait("callStarted", L102);
    assert_eq!(call(&ringing)["direction"], "in");
    assert_eq!(call(&ringing)["caller"]["number"], CALLER, "who was transferred, not who transferred");
    let there = call(&ringing)["callId"].clone();
    bed.wait("commutationStarted", L102);
    bed.drop_call(L102, &there);
    bed.expect(&[(L101, TALKED), (L102, TALKED)]);
    assert_eq!(bed.end(&id), ("transferred".into(), "local".into()));
    let finished = bed.finish(L101);
    assert_eq!(finished["data"]["call"]["redirection"]["number"], "102", "{finished}");
    assert_eq!(bed.latest(&there)["redirecting"]["number"], "101");
    assert_eq!(bed.end(&there), ("normalClearing".into(), "local".into()));
}

#[test]
fn a_call_is_transferred_blindly_to_a_busy_number() {
    let Some(mut bed) = Bed::new("blind transfer by command, target busy") else { return };
    let (_phone, mut caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _busy = bed.pbx.phone("102", Phone::Busy).unwrap();
    bed.command("blindTransferCall", L101, &json!({ "callId": id, "to": "102" }));
    bed.wait("callFinished", L101);
    caller.wait(PATIENCE).unwrap();
    bed.expect(&[(L101, TALKED), (L102, &[])]);
    assert_eq!(bed.end(&id), ("transferred".into(), "local".into()));
}

#[test]
fn a_phone_transfers_blindly() {
    let Some(mut bed) = Bed::new("blind transfer by the phone (REFER)") else { return };
    let _stays = bed.pbx.phone("103", Phone::Answers { ring_ms: 200 }).unwrap();
    let _target = bed.pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    let mut transferer = bed.pbx.call("101", "103", Caller::Transfers { talk_ms: 600, to: "102" }).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    let stays = call(&bed.wait("callStarted", L103))["callId"].clone();
    let there = call(&bed.wait("callStarted", L102))["callId"].clone();
    bed.wait("commutationStarted", L102);
    transferer.wait(PATIENCE).unwrap();
    bed.wait("callFinished", L101);
    bed.call_is(&stays, "103 talks to 102", |c| c["participants"][1]["number"] == "102");
    bed.drop_call(L102, &there);
    bed.wait("callFinished", L103);
    bed.expect(&[(L101, TALKED), (L102, TALKED), (L103, TALKED)]);
    assert_eq!(bed.end(&id), ("transferred".into(), "local".into()));
    assert_eq!(bed.finish(L101)["data"]["call"]["redirection"]["number"], "102");
    assert_eq!(bed.latest(&there)["caller"]["number"], "103", "102 talks to who was transferred");
    assert_eq!(bed.latest(&there)["redirecting"]["number"], "101");
    assert_eq!(bed.latest(&stays)["direction"], "in", "who stays keeps the direction");
    assert_eq!(bed.end(&there), ("normalClearing".into(), "local".into()));
    assert_eq!(bed.end(&stays), ("normalClearing".into(), "remote".into()));
}

#[test]
pub(crate) fn a_phone_transfers_after_asking() {
    let Some(mut bed) = Bed::new("attended transfer by the phone (REFER with Replaces)") else { return };
    let _stays = bed.pbx.phone("103", Phone::Answers { ring_ms: 200 }).unwrap();
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    let mut transferer = bed.pbx.call("101", "103", Caller::TransfersAfterAsking { talk_ms: 800, to: "102" }).unwrap();
    let stays = call(&bed.wait("callStarted", L103))["callId"].clone();
    let there = call(&bed.wait("callStarted", L102))["callId"].clone();
    bed.wait("callFinished", L101);
    bed.wait("callFinished", L101);
    transferer.wait(PATIENCE).unwrap();
    bed.call_is(&stays, "103 talks to 102", |c| c["participants"][1]["number"] == "102");
    bed.call_is(&there, "102 talks to 103", |c| c["participants"][1]["number"] == "103");
    bed.drop_call(L102, &there);
    bed.wait("callFinished", L103);
    let begins =
        ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted", "currentCallChanged"];
    let ends = ["unhold", "callFinished", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED), (L103, TALKED)]);
    for id in bed.ids(L101) {
        assert_eq!(bed.end(&id), ("transferred".into(), "local".into()));
    }
    let [first, second] = [0, 1].map(|nth| bed.ids(L101)[nth].clone());
    assert_eq!(bed.latest(&first)["redirection"]["number"], "102");
    assert_eq!(bed.latest(&second)["redirection"]["number"], "103");
    assert_eq!((&bed.latest(&stays)["direction"], &bed.latest(&there)["direction"]), (&json!("in"), &json!("in")));
    assert_eq!(bed.latest(&there)["redirecting"]["number"], "101");
    assert_eq!(bed.end(&there), ("normalClearing".into(), "local".into()));
    assert_eq!(bed.end(&stays), ("normalClearing".into(), "remote".into()));
}

#[test]
fn a_ringing_call_is_deflected() {
    let Some(mut bed) = Bed::new("ringing call deflected by command") else { return };
    let _phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _target = bed.pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    bed.command("deflectCall", L101, &json!({ "callId": id, "to": "102" }));
    bed.wait("callFinished", L101);
    let ringing = bed.wait("callStarted", L102);
    assert_eq!(call(&ringing)["caller"]["number"], CALLER);
    let there = call(&ringing)["callId"].clone();
    bed.wait("commutationStarted", L102);
    bed.drop_call(L102, &there);
    bed.expect(&[(L101, &["callStarted", "callFinished"]), (L102, TALKED)]);
    assert_eq!(bed.end(&id).0, "redirected");
    let finished = bed.finish(L101);
    assert_eq!(finished["data"]["missed"], false);
    assert_eq!(finished["data"]["call"]["redirection"]["number"], "102", "{finished}");
}

#[test]
fn what_does_not_ring_cannot_be_deflected_and_nobody_is_nowhere() {
    let Some(mut bed) = Bed::new("refused: transfers that make no sense") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    let refused = bed.refused("deflectCall", L101, &json!({ "callId": id, "to": "102" }));
    assert_eq!(refused, "invalidCallState");
    let refused = bed.refused("blindTransferCall", L101, &json!({ "callId": id, "to": "1 0\r\n2" }));
    assert_eq!(refused, "invalidDestination");
    let refused = bed.refused("transferCall", L101, &json!({ "callId": id, "consultCallId": id }));
    assert!(["noConsultCall", "invalidCallState"].contains(&refused.as_str()), "{refused}");
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
}
