//! The wire to Asterisk is cut in every phase of a call, while the call goes on, changes, or ends: afterwards the host
//! has every call that is there, under its old name, and none that is not.

use std::time::Duration;

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, Pbx, Phone};
use jackfield_tests::proxy::Proxy;
use serde_json::{Value, json};

use crate::bed::{Bed, CALLER, L101, L102, call, config};

/// A bed whose wire to Asterisk can be cut.
fn bed(name: &'static str) -> Option<(Bed, Proxy)> {
    let pbx = Pbx::for_test().unwrap()?;
    let wire = Proxy::to(pbx.ami_port()).unwrap();
    let config = config(wire.port(), AMI_MIN_USER, AMI_MIN_SECRET);
    Some((Bed::with(name, pbx, config), wire))
}

/// Cuts the wire, lets something happen, mends it: the calls of 101 after it.
fn cut(bed: &mut Bed, wire: &Proxy, meanwhile: impl FnOnce(&mut Bed)) -> Vec<Value> {
    wire.cut();
    bed.wait("disconnected", L101);
    meanwhile(bed);
    wire.mend();
    let epoch = bed.wait("initialized", L101)["params"]["epoch"].clone();
    let after = bed.find("the snapshot after the cut", |e| {
        let params = &e["params"];
        params["line"] == L101 && params["data"]["reason"] == "reconciled" && params["epoch"] == epoch
    });
    let calls = after["params"]["data"]["activeCalls"].as_array().unwrap();
    calls.iter().map(|c| json!([c["callId"], c["state"]])).collect()
}

#[test]
fn a_call_that_rings_goes_on_ringing() {
    let Some((mut bed, wire)) = bed("wire cut while ringing") else { return };
    let _phone = bed.pbx.phone("101", Phone::Remote).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    assert_eq!(cut(&mut bed, &wire, |_| {}), [json!([id, "alerting"])]);
    bed.command("answerCall", L101, &json!({ "callId": id }));
    bed.wait("commutationStarted", L101);
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "callFinished"])]);
}

#[test]
fn a_call_that_is_answered_meanwhile_is_connected() {
    let Some((mut bed, wire)) = bed("wire cut, answered meanwhile") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 2_500 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    let after = cut(&mut bed, &wire, |_| std::thread::sleep(Duration::from_secs(5)));
    assert_eq!(after, [json!([id, "connected"])]);
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "callFinished"])]);
}

#[test]
fn a_held_call_stays_held() {
    let Some((mut bed, wire)) = bed("wire cut while held") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Remote);
    bed.command("holdCall", L101, &json!({ "callId": id }));
    bed.wait("hold", L101);
    // Asterisk does not tell a newcomer who is on hold; what was known before the cut counts.
    let after = cut(&mut bed, &wire, |_| {});
    assert_eq!(after.len(), 1);
    assert_eq!(after[0][0], id);
    bed.drop_call(L101, &id);
    bed.client.call("getCapabilities", &json!({ "line": L101 })).unwrap();
    bed.check_invariants();
}

#[test]
fn a_consultation_lives_on() {
    let Some((mut bed, wire)) = bed("wire cut during a consultation") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let made = bed.command("makeConsultCall", L101, &json!({ "callId": first, "to": "102" }));
    let second = made["callId"].clone();
    bed.call_is(&second, "talking to 102", |c| c["state"] == "connected");
    bed.wait("commutationStarted", L102);
    let after = cut(&mut bed, &wire, |_| {});
    let ids: Vec<&Value> = after.iter().map(|c| &c[0]).collect();
    assert!(ids.contains(&&first), "the first call is lost: {after:?}");
    bed.check_invariants();
}

#[test]
fn a_call_that_ends_meanwhile_is_over() {
    let Some((mut bed, wire)) = bed("wire cut, hung up meanwhile") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::HangsUp { ring_ms: 200, talk_ms: 2_500 });
    let after = cut(&mut bed, &wire, |_| std::thread::sleep(Duration::from_secs(5)));
    assert_eq!(after, Vec::<Value>::new());
    assert_eq!(bed.end(&id).0, "lost");
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "callFinished"])]);
}

#[test]
fn a_call_that_begins_meanwhile_is_known() {
    let Some((mut bed, wire)) = bed("wire cut, a call begins meanwhile") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let mut kept = None;
    let after = cut(&mut bed, &wire, |bed| {
        kept = Some(bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap());
        std::thread::sleep(Duration::from_secs(2));
    });
    let id = bed.ids(L101)[0].clone();
    assert_eq!(after, [json!([id, "connected"])]);
    assert_eq!(bed.latest(&id)["caller"]["number"], CALLER);
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "callFinished"])]);
}
