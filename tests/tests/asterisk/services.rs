//! Calls to who is no person: echo, music, a busy signal, endless ringing, conference rooms.

use jackfield_tests::asterisk::{Caller, PATIENCE, Phone};
use serde_json::{Value, json};

use crate::bed::{Bed, L101, L102, call};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];

/// A phone calls a service that answers.
fn service_answers(name: &'static str, number: &str) {
    let Some(mut bed) = Bed::new(name) else { return };
    let _caller = bed.pbx.call("101", number, Caller::Stays).unwrap();
    let started = bed.wait("callStarted", L101);
    assert_eq!((&call(&started)["direction"], &call(&started)["called"]["number"]), (&json!("out"), &json!(number)));
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
    assert_eq!(bed.end(&id), ("normalClearing".into(), "local".into()));
}

#[test]
fn echo_answers() {
    service_answers("101 calls 600, echo", "600");
}

#[test]
fn music_answers() {
    service_answers("101 calls 601, music", "601");
}

/// A dialled code is kept back for a second: it may be a pickup.
#[test]
fn a_code_that_is_no_pickup() {
    let Some(mut bed) = Bed::new("101 calls *60, echo") else { return };
    let _caller = bed.pbx.call("101", "*60", Caller::Stays).unwrap();
    let started = bed.wait("callStarted", L101);
    assert_eq!((&call(&started)["direction"], &call(&started)["called"]["number"]), (&json!("out"), &json!("*60")));
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
}

#[test]
fn click_to_call_to_a_service() {
    let Some(mut bed) = Bed::new("click-to-call to 600, echo") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let id = bed.command("makeCall", L101, &json!({ "to": "600" }))["callId"].clone();
    bed.wait("commutationStarted", L101);
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
    assert_eq!(bed.end(&id), ("normalClearing".into(), "local".into()));
}

#[test]
fn a_service_is_busy() {
    let Some(mut bed) = Bed::new("101 calls 603, busy") else { return };
    let mut caller = bed.pbx.call("101", "603", Caller::Refused).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    bed.wait("callFinished", L101);
    caller.wait(PATIENCE).unwrap();
    bed.expect(&[(L101, &["callStarted", "callBusy", "callFinished"])]);
    assert_eq!(bed.end(&id), ("busy".into(), "remote".into()));
}

/// The own leg is up already when the dialplan plays the tone on it.
#[test]
fn click_to_call_ends_in_a_tone() {
    let Some(mut bed) = Bed::new("click-to-call to 603, busy, then to 604, congestion") else { return };
    let _phone = bed.pbx.phone_for("101", Phone::Answers { ring_ms: 200 }, 2).unwrap();
    let busy = bed.command("makeCall", L101, &json!({ "to": "603" }))["callId"].clone();
    bed.wait("callFinished", L101);
    let congested = bed.command("makeCall", L101, &json!({ "to": "604" }))["callId"].clone();
    bed.wait("callFinished", L101);
    bed.expect(&[(L101, &["callStarted", "callBusy", "callFinished", "callStarted", "callFinished"])]);
    assert_eq!(bed.end(&busy), ("busy".into(), "remote".into()));
    assert_eq!(bed.end(&congested), ("networkError".into(), "system".into()));
    assert_eq!(bed.latest(&busy)["connectedAt"], json!(null));
}

#[test]
fn it_only_rings() {
    let Some(mut bed) = Bed::new("101 calls 605, rings, gives up") else { return };
    let mut caller = bed.pbx.call("101", "605", Caller::GivesUp { ring_ms: 1_500 }).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    bed.wait("callFinished", L101);
    caller.wait(PATIENCE).unwrap();
    bed.expect(&[(L101, &["callStarted", "callFinished"])]);
    assert_eq!(bed.end(&id), ("cancelled".into(), "local".into()));
}

#[test]
fn the_number_does_not_exist() {
    let Some(mut bed) = Bed::new("refused: click-to-call to a number that is not in the dialplan") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    assert_eq!(bed.refused("makeCall", L101, &json!({ "to": "499" })), "invalidDestination");
    bed.expect(&[(L101, &[])]);
}

#[test]
fn two_agents_meet_in_a_conference_room() {
    let Some(mut bed) = Bed::new("101 and 102 meet in conference 850") else { return };
    let _one = bed.pbx.call("101", "850", Caller::Stays).unwrap();
    let first = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    assert_eq!(bed.latest(&first)["state"], "connected", "a room with one party");
    let _two = bed.pbx.call("102", "850", Caller::Stays).unwrap();
    let second = call(&bed.wait("commutationStarted", L102))["callId"].clone();
    let with = |number: &'static str| {
        move |c: &Value| {
            let parties = c["participants"].as_array().unwrap();
            c["state"] == "connected" && parties.len() == 2 && parties[1]["number"] == number
        }
    };
    bed.call_is(&first, "102 in the room", with("102"));
    bed.call_is(&second, "101 in the room", with("101"));
    bed.drop_call(L101, &first);
    bed.drop_call(L102, &second);
    bed.expect(&[(L101, TALKED), (L102, TALKED)]);
    for id in [&first, &second] {
        assert_eq!(bed.end(id), ("normalClearing".into(), "local".into()));
    }
}

#[test]
fn three_in_a_conference_room() {
    let Some(mut bed) = Bed::new("101, 102 and 103 in conference 851") else { return };
    let _one = bed.pbx.call("101", "851", Caller::Stays).unwrap();
    let first = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    let _two = bed.pbx.call("102", "851", Caller::Stays).unwrap();
    let second = call(&bed.wait("commutationStarted", L102))["callId"].clone();
    let _three = bed.pbx.call("103", "851", Caller::Stays).unwrap();
    let third = call(&bed.wait("commutationStarted", crate::bed::L103))["callId"].clone();
    let three = |c: &Value| c["state"] == "conferenced" && c["participants"].as_array().unwrap().len() == 3;
    for id in [&first, &second, &third] {
        bed.call_is(id, "three in the room", three);
    }
    bed.drop_call(crate::bed::L103, &third);
    bed.drop_call(L102, &second);
    bed.drop_call(L101, &first);
    bed.expect(&[(L101, TALKED), (L102, TALKED), (crate::bed::L103, TALKED)]);
}
