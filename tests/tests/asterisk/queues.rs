//! Queues: members log in and out, pause, are rung together, win and lose.

use jackfield_tests::asterisk::{Caller, PATIENCE, Phone};
use serde_json::json;

use crate::bed::{Bed, CALLER, L101, L102, call};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];
const MISSED: &[&str] = &["callStarted", "callFinished"];

fn log_in(bed: &mut Bed, line: &str) {
    bed.command("loginAgent", line, &json!({ "id": line.trim_start_matches("ast/") }));
    let agent = bed.agent_is(line, "ready");
    assert_eq!((&agent["queues"][0]["id"], &agent["queues"][0]["state"]), (&json!("support"), &json!("ready")));
}

#[test]
pub(crate) fn two_members_ring_and_one_wins() {
    let Some(mut bed) = Bed::new("queue rings 101 and 102, 102 answers") else { return };
    let _loses = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    let _wins = bed.pbx.phone("102", Phone::Remote).unwrap();
    log_in(&mut bed, L101);
    log_in(&mut bed, L102);
    let mut caller = bed.pbx.call(CALLER, "5559000", Caller::Stays).unwrap();
    for line in [L101, L102] {
        let started = bed.wait("callStarted", line);
        let ringing = call(&started);
        assert_eq!((&ringing["direction"], &ringing["caller"]["number"]), (&json!("in"), &json!(CALLER)));
        assert_eq!(ringing["called"]["number"], "5559000", "what the caller dialled");
        bed.agent_is(line, "reserved");
    }
    let id = bed.ids(L102)[0].clone();
    bed.command("answerCall", L102, &json!({ "callId": id }));
    bed.wait("commutationStarted", L102);
    bed.wait("callFinished", L101);
    bed.agent_is(L102, "busy");
    bed.agent_is(L101, "ready");
    assert_eq!(bed.latest(&id)["queue"]["id"], "support");
    bed.drop_call(L102, &id);
    bed.agent_is(L102, "ready");
    caller.wait(PATIENCE).unwrap();
    bed.expect(&[(L101, MISSED), (L102, TALKED)]);
    let lost = bed.finish(L101);
    assert_eq!((&lost["cause"]["code"], &lost["data"]["missed"]), (&json!("pickedUpElsewhere"), &json!(false)));
    assert_eq!(lost["data"]["releasedBy"], "remote");
    assert_eq!(bed.end(&id), ("normalClearing".into(), "local".into()));
    assert_eq!(bed.agent_states(L101), ["ready", "reserved", "ready"]);
    assert_eq!(bed.agent_states(L102), ["ready", "reserved", "busy", "ready"]);
}

#[test]
fn the_caller_leaves_the_queue_unserved() {
    let Some(mut bed) = Bed::new("queue rings 101, the caller gives up") else { return };
    let _phone = bed.pbx.phone("101", Phone::NeverAnswers).unwrap();
    log_in(&mut bed, L101);
    // The queue has answered: to give up is to hang up.
    let _caller = bed.pbx.call(CALLER, "5559000", Caller::Talks { ms: 1_500 }).unwrap();
    bed.wait("callFinished", L101);
    bed.agent_is(L101, "ready");
    bed.expect(&[(L101, MISSED)]);
    let lost = bed.finish(L101);
    assert_eq!((&lost["cause"]["code"], &lost["data"]["missed"]), (&json!("cancelled"), &json!(true)));
    assert_eq!(bed.agent_states(L101), ["ready", "reserved", "ready"]);
}

#[test]
fn an_agent_calls_a_queue_and_waits() {
    let Some(mut bed) = Bed::new("101 calls queue 500, 102 answers") else { return };
    let _member = bed.pbx.phone("102", Phone::Answers { ring_ms: 1_500 }).unwrap();
    log_in(&mut bed, L102);
    let _caller = bed.pbx.call("101", "500", Caller::Stays).unwrap();
    let id = call(&bed.wait("callStarted", L101))["callId"].clone();
    let waits = bed.call_is(&id, "waiting in the queue", |c| c["phase"] == "queued");
    assert_eq!(call(&waits)["state"], "alerting", "a queue that has answered is no conversation: {waits}");
    bed.wait("commutationStarted", L102);
    bed.wait("commutationStarted", L101);
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED), (L102, TALKED)]);
    assert_eq!(bed.finish(L102)["data"]["releasedBy"], "remote");
}

#[test]
fn a_member_pauses_with_a_reason_and_goes_on() {
    let Some(mut bed) = Bed::new("log in, pause, go on, log out") else { return };
    let refused = bed.refused("setUserState", L101, &json!({ "code": "paused" }));
    assert_eq!(refused, "agentStateForbids", "who is in no queue has nothing to pause");
    log_in(&mut bed, L101);
    let again = bed.command("loginAgent", L101, &json!({ "id": "101" }));
    assert_eq!(again["noop"], true, "{again}");
    bed.command("setUserState", L101, &json!({ "code": "paused", "reason": "lunch" }));
    let paused = bed.agent_is(L101, "notReady");
    assert_eq!((&paused["code"], &paused["reason"]["label"]), (&json!("paused"), &json!("Lunch")), "{paused}");
    bed.command("setUserState", L101, &json!({ "code": "paused", "reason": "training" }));
    bed.agent_is(L101, "notReady");
    assert_eq!(bed.refused("setUserState", L101, &json!({ "code": "paused", "reason": "x" })), "reasonRequired");
    assert_eq!(bed.refused("setUserState", L101, &json!({ "code": "asleep" })), "unknownState");
    // Whoever pauses is not rung.
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5559000", Caller::Stays).unwrap();
    bed.command("setUserState", L101, &json!({ "code": "ready" }));
    bed.agent_is(L101, "busy");
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    bed.drop_call(L101, &id);
    bed.agent_is(L101, "ready");
    bed.command("logoutAgent", L101, &json!({}));
    bed.agent_is(L101, "loggedOut");
    bed.expect(&[(L101, TALKED)]);
    let states = bed.agent_states(L101);
    let paused = ["ready", "notReady (lunch)", "notReady (training)", "ready"];
    assert_eq!(states[..4], paused);
    assert_eq!(states[4..], ["reserved", "busy", "ready", "loggedOut"]);
}

#[test]
fn the_call_centre_mode_is_membership() {
    let Some(mut bed) = Bed::new("call-centre mode on and off") else { return };
    bed.command("changeCallCentreState", L101, &json!({ "active": true }));
    bed.agent_is(L101, "ready");
    bed.find("the mode on", |e| e["method"] == "callCentreStateChanged" && e["params"]["data"]["isActive"] == true);
    bed.command("changeCallCentreState", L101, &json!({ "active": false }));
    bed.agent_is(L101, "loggedOut");
    bed.find("the mode off", |e| e["method"] == "callCentreStateChanged" && e["params"]["data"]["isActive"] == false);
    bed.expect(&[(L101, &[])]);
    assert_eq!(bed.agent_states(L101), ["ready", "loggedOut"]);
}
