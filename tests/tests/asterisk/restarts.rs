//! Asterisk dies, or is restarted, in every phase of a call: no call is left that is not there, and none is lost that
//! is.

use jackfield_tests::asterisk::{Caller, Phone};
use serde_json::{Value, json};

use crate::bed::{Bed, CALLER, L101, L102, call};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];

/// Asterisk is killed and comes back; then the host knows no call, and a new one is like any other.
fn kill_and_restart(bed: &mut Bed, open: &[&Value]) {
    bed.pbx.kill().unwrap();
    let gone = bed.wait("disconnected", L101);
    assert_eq!(gone["params"]["data"]["activeCallIds"], json!(open), "calls are not ended by it: {gone}");
    bed.pbx.restart().unwrap();
    let epoch = bed.wait("initialized", L101)["params"]["epoch"].clone();
    let after = bed.find("the snapshot after the restart", |e| {
        let params = &e["params"];
        params["line"] == L101 && params["data"]["reason"] == "reconciled" && params["epoch"] == epoch
    });
    assert_eq!(after["params"]["data"]["activeCalls"], json!([]), "a call that is not there: {after}");
    for id in open {
        let finished = bed.find("the end of a call", |e| e["method"] == "callFinished" && call(e)["callId"] == **id);
        let params = &finished["params"];
        assert_eq!((&params["cause"]["code"], &params["synthetic"]), (&json!("lost"), &json!(true)), "{finished}");
    }
}

/// A new call after all that.
fn another_call(bed: &mut Bed) {
    let _phone = bed.pbx.phone("101", Phone::HangsUp { ring_ms: 200, talk_ms: 300 }).unwrap();
    let _caller = bed.pbx.call("79160000009", "5550101", Caller::Stays).unwrap();
    let from_new = |e: &Value| e["method"] == "callFinished" && call(e)["caller"]["number"] == "79160000009";
    bed.find("the end of a new call", from_new);
}

#[test]
fn asterisk_dies_while_a_call_rings() {
    let Some(mut bed) = Bed::new("Asterisk killed while ringing") else { return };
    let phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::Stays).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    kill_and_restart(&mut bed, &[&id]);
    drop(phone);
    another_call(&mut bed);
    bed.expect(&[(L101, &[&["callStarted", "callFinished"], TALKED].concat())]);
}

#[test]
fn asterisk_dies_while_a_call_is_held() {
    let Some(mut bed) = Bed::new("Asterisk killed while held") else { return };
    let (phone, _caller, id) = bed.talk(Phone::Remote);
    bed.command("holdCall", L101, &json!({ "callId": id }));
    bed.wait("hold", L101);
    kill_and_restart(&mut bed, &[&id]);
    drop(phone);
    another_call(&mut bed);
    let held = ["callStarted", "commutationStarted", "hold", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&held, TALKED].concat())]);
}

#[test]
fn asterisk_dies_during_a_consultation() {
    let Some(mut bed) = Bed::new("Asterisk killed during a consultation") else { return };
    let (phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let made = bed.command("makeConsultCall", L101, &json!({ "callId": first, "to": "102" }));
    let second = made["callId"].clone();
    bed.call_is(&second, "talking to 102", |c| c["state"] == "connected");
    bed.wait("commutationStarted", L102);
    kill_and_restart(&mut bed, &[&first, &second]);
    drop(phone);
    another_call(&mut bed);
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let ends = ["unhold", "callFinished", "currentCallChanged", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends, TALKED].concat()), (L102, TALKED)]);
}

#[test]
fn asterisk_dies_while_two_calls_are_up() {
    let Some(mut bed) = Bed::new("Asterisk killed with a second call ringing") else { return };
    let (phone, _caller, first) = bed.talk(Phone::Remote);
    let _second = bed.pbx.call("79167654321", "5550101", Caller::Stays).unwrap();
    let second = call(&bed.wait("callStarted", L101))["callId"].clone();
    kill_and_restart(&mut bed, &[&first, &second]);
    drop(phone);
    another_call(&mut bed);
    let both =
        ["callStarted", "commutationStarted", "callStarted", "callFinished", "currentCallChanged", "callFinished"];
    bed.expect(&[(L101, &[&both, TALKED].concat())]);
}

#[test]
fn asterisk_is_stopped_in_good_order() {
    let Some(mut bed) = Bed::new("Asterisk stopped in good order while talking") else { return };
    let (phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    bed.pbx.restart().unwrap();
    bed.wait("disconnected", L101);
    bed.wait("initialized", L101);
    bed.find("the end of the call", |e| e["method"] == "callFinished" && call(e)["callId"] == id);
    drop(phone);
    another_call(&mut bed);
    bed.expect(&[(L101, &[TALKED, TALKED].concat())]);
}

#[test]
fn asterisk_dies_while_nobody_calls() {
    let Some(mut bed) = Bed::new("Asterisk killed while idle, an agent logged in") else { return };
    bed.command("loginAgent", L101, &json!({ "id": "101" }));
    bed.agent_is(L101, "ready");
    kill_and_restart(&mut bed, &[]);
    // Members that were added live are not kept over a restart (`persistentmembers = no`).
    bed.agent_is(L101, "loggedOut");
    another_call(&mut bed);
    bed.expect(&[(L101, TALKED)]);
}
