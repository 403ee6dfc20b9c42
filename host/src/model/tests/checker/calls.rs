//! One call's events, broken (T1–T10, I2–I7, I16, I17).

use serde_json::json;

use super::{answered, consulted, engaged, lost, media, missed, second};

const END: &str = "callFinished(A,normalClearing)";

#[test]
fn one_start_one_end() {
    answered().again("callStarted(A)", "callStarted(A)").breaks("I2", "for the second time");
    answered().again("callStarted(A)", END).breaks("I2", "for the second time");
    answered().without("callStarted(A)").breaks("I2", "commutationStarted of call A, which is not up");
    answered().again("hold(A)", END).breaks("I3", "hold of call A, which is over");
    answered().again(END, END).breaks("I3", "callFinished of call A, which is over");
    answered().set("callStarted(A)", "data.call.state", "connected").breaks("T1", "starts as connected");
    answered().set("callStarted(A)", "data.call.state", "unknown").breaks("T1", "starts as unknown");
}

#[test]
fn transitions() {
    let wrong = "leads from";
    answered().set("commutationStarted(A)", "data.call.state", "held").breaks("M3", wrong);
    answered().again("commutationStarted(A)", "hold(A)").breaks("M3", "from held to connected");
    answered().again("hold(A)", "callStarted(A)").breaks("M3", "hold leads from alerting to held");
    answered().set("hold(A)", "data.call.state", "connected").breaks("M3", "hold leads from connected to connected");
    answered().again("unhold(A)", "unhold(A)").breaks("M3", "unhold leads from connected");
    answered().set("unhold(A)", "data.call.state", "held").breaks("M3", "unhold leads from held to held");
    engaged().set("callBusy(A)", "data.call.state", "connected").breaks("M3", "callBusy leads from alerting");
    engaged().again("callBusy(A)", "callBusy(A)").breaks("M3", "callBusy leads from busy");
    answered().set(END, "data.call.state", "connected").breaks("M3", "to connected");
    answered().set(END, "data.finishedFrom", "alerting").breaks("M3", "from connected to finished");
    second().set("currentCallChanged(A→B)", "data.call.state", "held").breaks("M3", "from connected to held");
}

#[test]
fn an_end_says_where_it_came_from() {
    // A closing unhold may lie between; then the call was held before.
    consulted().set(END, "data.finishedFrom", "held").sound();
    consulted().set(END, "data.finishedFrom", "unknown").sound();
    consulted().set(END, "data.finishedFrom", "alerting").breaks("M3", "callFinished leads from connected");
    // One that was never held was not held at its end.
    media().set(END, "data.finishedFrom", "held").breaks("M3", "callFinished leads from connected");
    missed().set("callFinished(A,cancelled)", "data.finishedFrom", "held").breaks("M3", "leads from alerting");
    missed()
        .set("callFinished(A,cancelled)", "data.finishedFrom", "held")
        .set("callFinished(A,cancelled)", "data.call.holdCount", 1)
        .breaks("M3", "leads from alerting");
}

#[test]
fn a_state_that_only_call_info_tells() {
    let info = "callInfoChanged(A:state)*";
    lost().set(info, "data.changed", json!(["muted"])).breaks("M3", "leads from unknown to connected");
    lost().set(info, "data.call.state", "unknown").breaks("T9", "changed: state, and it was unknown");
    lost().set(info, "data.changed", json!([])).breaks("T9", "without a change");
    // From a known state only to a conference and back, and from busy to alerting.
    let told = |from: &str, to: &str, changed: &str| {
        let story = if matches!(from, "alerting" | "busy") { engaged() } else { answered() };
        let behind = match from {
            "alerting" => "callStarted(A)",
            "busy" => "callBusy(A)",
            "connected" => "commutationStarted(A)",
            _ => "hold(A)",
        };
        let mut story = story.again(behind, behind);
        let at = story.at(behind) + 1;
        story.0[at]["method"] = "callInfoChanged".into();
        story.0[at]["params"]["data"]["changed"] = json!([changed]);
        story.0[at]["params"]["data"]["call"]["state"] = to.into();
        story.0.truncate(at + 1);
        let found = story.checked();
        !found.violations().iter().any(|violation| violation.rule == "M3")
    };
    for (from, to) in [("connected", "conferenced"), ("held", "conferenced"), ("busy", "alerting")] {
        assert!(told(from, to, "state"), "{from} → {to}");
        assert!(!told(from, to, "muted"), "{from} → {to} must be named");
    }
    for (from, to) in [("connected", "held"), ("held", "connected"), ("alerting", "connected"), ("alerting", "busy")] {
        assert!(!told(from, to, "state"), "{from} → {to}");
    }
    assert!(told("connected", "connected", "muted"));
}

#[test]
fn busy_again_after_a_call_back() {
    let rung = |story: super::Stream| {
        let mut story = story.again("callBusy(A)", "callBusy(A)").again("callBusy(A)", "callBusy(A)");
        let at = story.at("callBusy(A)");
        for (at, state) in [(at + 1, "alerting"), (at + 2, "busy")] {
            story.0[at]["method"] = "callInfoChanged".into();
            story.0[at]["params"]["data"]["changed"] = json!(["state"]);
            story.0[at]["params"]["data"]["call"]["state"] = state.into();
        }
        story
    };
    rung(engaged()).sound();
    rung(engaged()).set("last callInfoChanged(A:state)", "data.changed", json!(["muted"])).breaks("M3", "to busy");
}

#[test]
fn holds_and_answers_come_once() {
    answered().again("commutationStarted(A)", "commutationStarted(A)").breaks("I4", "the second commutationStarted");
    answered().without("commutationStarted(A)").breaks("I4", "hold before commutationStarted");
    answered().without("commutationStarted(A)").breaks("I4", "dtmfEntered before commutationStarted");
    answered().again("hold(A)", "hold(A)").breaks("I5", "hold twice");
    answered().again("unhold(A)", "unhold(A)").breaks("I5", "unhold twice");
    answered().without("unhold(A)").breaks("I5", "while a hold is open");
    engaged().again("callBusy(A)", "callBusy(A)").breaks("I6", "callBusy twice");
    engaged().again("callBusy(A)", "callBusy(A)").breaks("I6", "callBusy from busy");
    engaged().set("callBusy(A)", "data.call.direction", "in").breaks("I6", "callBusy of \"in\" call");
}

#[test]
fn digits_and_sessions() {
    answered().set("dtmfEntered(A)", "data.digits", "5x").breaks("I17", "5x");
    answered().set("dtmfEntered(A)", "data.digits", "").breaks("I17", "\"\"");
    answered().set("callStarted(A)", "data.call.phase", "early").without("commutationStarted(A)").breaks("I4", "hold");
    let early = answered().set("callStarted(A)", "data.call.phase", "early").again("dtmfEntered(A)", "callStarted(A)");
    let found = early.checked();
    assert!(!found.violations().iter().any(|violation| violation.text.contains("dtmfEntered before")), "early media");
    media().again("webRtcStarted(A)", "webRtcStarted(A)").breaks("I16", "session w started twice");
    media().without("webRtcStarted(A)").breaks("I16", "video of session w, which does not live");
    media().again("webRtcVideoStarted(A)", "webRtcDestroyed(A)").breaks("I16", "video of session w");
    media().again("webRtcDestroyed(A)", "webRtcDestroyed(A)").breaks("I16", "session w ended twice");
    media().without("webRtcDestroyed(A)").breaks("I16", "before its WebRTC session");
}

#[test]
fn a_call_object_is_complete() {
    let always = [
        "callId",
        "nativeId",
        "device",
        "direction",
        "state",
        "caller",
        "called",
        "role",
        "parentCallId",
        "isCurrent",
        "features",
        "featuresMask",
        "startedAt",
        "connectedAt",
        "finishedAt",
    ];
    let told = answered().0[answered().at("callStarted(A)")]["params"]["data"]["call"].clone();
    for key in always.into_iter().filter(|key| *key != "callId" && told.get(key).is_some()) {
        answered().unset("callStarted(A)", key).breaks("M13.8", &format!("no `{key}`"));
    }
}

#[test]
fn a_call_object_does_not_go_back() {
    answered().set("hold(A)", "data.call.direction", "out").breaks("M13.10", "from in to out");
    answered().set("callStarted(A)", "data.call.direction", "unknown").sound();
    answered().set("hold(A)", "data.call.featuresMask", 1).breaks("I11", "do not make featuresMask 1");
    answered().set("hold(A)", "data.call.startedAt", "2026-11-20T08:00:00.000Z").breaks("M2", "startedAt changed");
    answered().set("hold(A)", "data.call.connectedAt", "2026-11-20T08:00:00.000Z").breaks("M2", "connectedAt changed");
    let early = "2026-11-20T09:00:00.003Z";
    answered().set("callStarted(A)", "data.call.connectedAt", early).breaks("I4", "connectedAt before");
    for total in ["ringMs", "talkMs", "holdMs"] {
        answered().set("hold(A)", &format!("data.call.{total}"), 50_000).breaks("M2", "totals");
    }
    answered().set("unhold(A)", "data.call.talkMs", 50_000).set(END, "data.estimated", true).sound();
    answered().set("hold(A)", "data.call.finishedAt", early).breaks("M2", "in state held");
    answered().set(END, "data.call.finishedAt", json!(null)).breaks("M2", "in state finished");
}

#[test]
fn what_may_be_done_with_a_call_that_is_over_or_unknown() {
    let drop = |name: &str, story: super::Stream| {
        story.set(name, "data.call.features", json!(["drop"])).set(name, "data.call.featuresMask", 8)
    };
    drop(END, answered()).breaks("I15", "features in state finished");
    let info = "callInfoChanged(A:state)*";
    drop(info, lost()).set(info, "data.call.state", "unknown").breaks("I15", "features in state unknown");
}

#[test]
fn an_end_agrees_with_what_was_before() {
    missed().set("callFinished(A,cancelled)", "data.call.talkMs", 5).breaks("I4", "talk time without");
    answered().set(END, "data.missed", true).breaks("M13.9", "missed, but connected");
    engaged().set("callFinished(A,busy)", "data.missed", true).breaks("M13.9", "or outgoing");
    engaged().set("callFinished(A,busy)", "data.missed", false).sound();
}
