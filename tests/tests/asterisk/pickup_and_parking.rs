//! Calls that ring elsewhere are picked up; calls are parked, retrieved, and come back.

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, Pbx, Phone};
use serde_json::json;

use crate::bed::{Bed, CALLER, L101, L102, call, config};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];
const MISSED: &[&str] = &["callStarted", "callFinished"];

/// What both sides of a pickup are to have seen.
fn check_pickup(bed: &mut Bed) {
    let id = bed.ids(L102)[0].clone();
    bed.call_is(&id, "the caller at 102", |c| c["caller"]["number"] == CALLER && c["state"] == "connected");
    bed.wait("callFinished", L101);
    bed.drop_call(L102, &id);
    bed.expect(&[(L101, MISSED), (L102, TALKED)]);
    let picked = bed.latest(&id);
    assert_eq!((&picked["direction"], &picked["called"]["number"]), (&json!("in"), &json!("5550101")));
    let lost = bed.finish(L101);
    assert_eq!((&lost["cause"]["code"], &lost["data"]["missed"]), (&json!("pickedUpElsewhere"), &json!(false)));
    assert_eq!(bed.end(&id), ("normalClearing".into(), "local".into()));
}

#[test]
fn a_phone_picks_up_by_code() {
    let Some(mut bed) = Bed::new("pickup by *8101 at the phone") else { return };
    let _phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    bed.wait("callStarted", L101);
    let _picker = bed.pbx.call("102", "*8101", Caller::Stays).unwrap();
    let started = bed.wait("callStarted", L102);
    assert_eq!(call(&started)["direction"], "in", "a pickup is an incoming call: {started}");
    bed.wait("commutationStarted", L102);
    check_pickup(&mut bed);
}

#[test]
fn a_command_picks_up_what_rings_at_a_number() {
    let Some(mut bed) = Bed::new("pickup by command, of a number") else { return };
    let _phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _picker = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    bed.wait("callStarted", L101);
    bed.command("pickupCall", L102, &json!({ "target": "101" }));
    let started = bed.wait("callStarted", L102);
    assert_eq!(call(&started)["direction"], "in", "a pickup is an incoming call: {started}");
    bed.wait("commutationStarted", L102);
    check_pickup(&mut bed);
}

#[test]
fn a_command_picks_up_what_rings_in_the_group() {
    let Some(mut bed) = Bed::new("pickup by command, of the group") else { return };
    let _phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _picker = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    bed.wait("callStarted", L101);
    bed.command("pickupCall", L102, &json!({}));
    bed.wait("commutationStarted", L102);
    check_pickup(&mut bed);
}

#[test]
fn nothing_rings_that_could_be_picked_up() {
    let Some(mut bed) = Bed::new("refused: pickup where nothing rings") else { return };
    assert_eq!(bed.refused("pickupCall", L102, &json!({ "target": "101" })), "nothingToPickUp");
    bed.expect(&[(L101, &[]), (L102, &[])]);
}

#[test]
fn a_call_is_parked_and_retrieved() {
    let Some(mut bed) = Bed::new("parked by command, retrieved by another phone") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    let parked = bed.command("parkCall", L101, &json!({ "callId": id }));
    let slot = parked["slot"].as_str().unwrap_or_else(|| panic!("no slot in {parked}")).to_owned();
    assert!(("701"..="720").contains(&slot.as_str()), "{slot}");
    bed.wait("callFinished", L101);
    let _fetches = bed.pbx.call("102", &slot, Caller::Stays).unwrap();
    let started = bed.wait("callStarted", L102);
    assert_eq!((&call(&started)["direction"], &call(&started)["called"]["number"]), (&json!("out"), &json!(slot)));
    let there = call(&started)["callId"].clone();
    bed.wait("commutationStarted", L102);
    bed.call_is(&there, "102 talks to the caller", |c| c["participants"][1]["number"] == CALLER);
    bed.drop_call(L102, &there);
    bed.expect(&[(L101, TALKED), (L102, TALKED)]);
    assert_eq!(bed.end(&id), ("parked".into(), "local".into()));
    assert_eq!(bed.end(&there), ("normalClearing".into(), "local".into()));
}

#[test]
fn a_parked_call_comes_back() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let config = config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET)
        .replace("context = \"internal\"", "context = \"internal\"\nparking_lot = \"short\"");
    let mut bed = Bed::with("parked by command, comes back", pbx, config);
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    let parked = bed.command("parkCall", L101, &json!({ "callId": id }));
    assert!(parked["slot"].as_str().is_some_and(|slot| slot.starts_with("73")), "{parked}");
    bed.wait("callFinished", L101);
    let back = bed.wait("callStarted", L101);
    assert_eq!((&call(&back)["direction"], &call(&back)["caller"]["number"]), (&json!("in"), &json!(CALLER)));
    let again = call(&back)["callId"].clone();
    assert_ne!(again, id);
    bed.wait("commutationStarted", L101);
    bed.call_is(&again, "the caller again", |c| c["state"] == "connected" && c["caller"]["number"] == CALLER);
    bed.drop_call(L101, &again);
    bed.expect(&[(L101, &[TALKED, TALKED].concat())]);
    assert_eq!(bed.end(&id), ("parked".into(), "local".into()));
    assert_eq!(bed.end(&again), ("normalClearing".into(), "local".into()));
}
