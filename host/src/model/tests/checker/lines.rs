//! A line's state, broken: snapshots, features, the agent, saves (I8, I10–I15).

use serde_json::json;

use super::{agents, answered, consulted, lost, second, stored};

#[test]
fn a_snapshot_is_the_table() {
    let first = "last snapshot(beforeReconcile)";
    let last = "last snapshot(reconciled)";
    lost().set(first, "data.asOfSeq", 1).breaks("I10", "asOfSeq is 1");
    lost().set(first, "data.activeCalls.0.state", "held").breaks("I15", "not unknown after a loss");
    lost()
        .set(first, "data.activeCalls.0.features", json!(["drop"]))
        .set(first, "data.activeCalls.0.featuresMask", 8)
        .breaks("I15", "not unknown after a loss");
    lost().set(last, "data.activeCalls.0.state", "held").breaks("I10", "the snapshot lists");
    lost().set(last, "data.activeCalls", json!([])).breaks("I10", "the snapshot lists []");
    lost().set(last, "data.activeCalls.0.isCurrent", false).breaks("I8", "isCurrent of \"A\"");
    lost().set(last, "data.activeCalls.0.featuresMask", 8).breaks("I11", "do not make featuresMask 8");
    // Other features than the stream told are news, not a breach: the snapshot tells them.
    lost()
        .set(last, "data.activeCalls.0.features", json!(["drop"]))
        .set(last, "data.activeCalls.0.featuresMask", 8)
        .until(last)
        .sound();
}

#[test]
fn features_are_told_when_they_change() {
    answered().without("L(A)").until("callStarted(A)").breaks("I11", "told are 0xffffffffffffffff");
    answered().again("L(A)", "L(A)").breaks("I11", "with what was told before");
    answered().again("last L", "last L").breaks("I11", "with what was told before");
    answered().set("L(A)", "data.callId", "B").breaks("I11", "of call B, which is not up");
    answered().set("L(A)", "data.featuresMask", 1).breaks("I11", "do not make featuresMask 1");
    answered().set("L(A)", "data.line.featuresMask", 1).breaks("I11", "do not make featuresMask 1");
    answered().set("initialized", "data.capabilities.callMask", 1).breaks("I11", "do not make callMask 1");
    answered()
        .set("L(A)", "data.line.features", json!(["drop"]))
        .set("L(A)", "data.line.featuresMask", 8)
        .breaks("M8", "the line's features are 0x8");
    answered()
        .set("last L", "data.features", json!(["drop"]))
        .set("last L", "data.featuresMask", 8)
        .breaks("I11", "without a call the features are the line's");
}

#[test]
fn another_calls_features_may_differ_from_the_lines() {
    consulted().until("L(B)").sound();
    let mask = second().0[second().at("L(B)")]["params"]["data"]["featuresMask"].clone();
    assert_ne!(mask, second().0[second().at("L(B)")]["params"]["data"]["line"]["featuresMask"]);
}

#[test]
fn a_line_that_told_its_calls_features_but_not_the_last() {
    let mut story = answered().until("L(A)");
    let at = story.at("callStarted(A)");
    story.0[at]["params"]["data"]["call"]["features"] = json!(["drop"]);
    story.0[at]["params"]["data"]["call"]["featuresMask"] = 8.into();
    story.sound();
}

#[test]
fn the_agent_speaks_only_of_changes() {
    agents().set("last agentStateChanged", "data.previous.state", "busy").breaks("I12", "previous is");
    agents().set("agentStateChanged", "data.previous", json!({"state": "busy"})).breaks("I12", "previous is");
    let same = agents().again("agentStateChanged", "agentStateChanged");
    let at = same.at("agentStateChanged") + 1;
    let mut same = same.until("callCentreStateChanged");
    same.0[at]["params"]["data"]["previous"] = same.0[at - 1]["params"]["data"].clone();
    same.0[at]["params"]["data"]["since"] = "2026-11-20T08:00:00.000Z".into();
    same.breaks("I12", "agentStateChanged without a change");
}

#[test]
fn the_call_centre_mode_speaks_only_of_changes() {
    agents()
        .again("callCentreStateChanged", "callCentreStateChanged")
        .breaks("I13", "callCentreStateChanged without a change");
    agents().set("initialized", "data.capabilities.agentMask", 1).breaks("I13", "no call-centre mode");
    agents().set("snapshot(reconciled)", "data.callCentreActive", true).breaks("I13", "without a change");
}

#[test]
fn saves_are_of_calls_and_counted() {
    stored().set("callSaved(A)", "data.callId", "B").breaks("I14", "callSaved of call B, which never started");
    stored().set("callSaved(A)", "data.revision", 2).breaks("I14", "revision 2 after 0");
    stored().set("last callSaved(A)", "data.revision", 1).breaks("I14", "revision 1 after 1");
}
