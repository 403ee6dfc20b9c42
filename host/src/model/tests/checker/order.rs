//! The frame of the stream, broken: what is an event, numbers, epochs, and what may come when (I1, I7, I15, I18, I19).

use jackfield_plugin_api::{ErrorCode, ErrorFact, Severity};
use serde_json::{Value, json};

use super::super::bench::{Bench, LINE};
use super::{Stream, agents, answered, looked_at, lost, stored};

/// A stream of this one event.
fn alone(method: &str, params: &Value) -> Stream {
    Stream(vec![json!({"jsonrpc": "2.0", "method": method, "params": params})])
}

#[test]
fn what_is_an_event() {
    alone("callEnded", &json!({"line": "pbx/101"})).breaks("M7", "`callEnded` is none");
    let mut old = alone("error", &json!({"line": null}));
    old.0[0]["jsonrpc"] = "1.0".into();
    old.breaks("M4", "not JSON-RPC 2.0");
}

#[test]
fn events_of_the_connection_as_a_whole() {
    alone("error", &json!({"line": null})).sound();
    alone("error", &json!({"line": null, "epoch": 1})).breaks("M4", "no epoch and no seq");
    alone("error", &json!({"line": null, "seq": 1})).breaks("M4", "no epoch and no seq");
    alone("hold", &json!({"line": null})).breaks("I1", "`hold` is an event of a line");
}

#[test]
fn raw_messages_are_beside_the_stream() {
    alone("rawMessage", &json!({"line": "pbx/101", "rawSeq": 7})).sound();
    alone("rawMessage", &json!({"line": "pbx/101", "rawSeq": 7, "seq": 1})).breaks("I18", "a rawSeq and no seq");
    alone("rawMessage", &json!({"line": "pbx/101"})).breaks("I18", "a rawSeq and no seq");
}

#[test]
fn numbers() {
    answered().set("hold(A)", "seq", 1).breaks("M4", "seq 1 after");
    answered().set("hold(A)", "epoch", 5).breaks("I1", "epoch 5 within epoch");
    answered().set("hold(A)", "at", "2026-11-20T08:59:59.000Z").breaks("I7", "at 2026-11-20T08:59:59.000Z after");
    answered().set("initialized", "seq", 2).breaks("I1", "initialized has seq 2");
    let first = lost().0[0]["params"]["epoch"].clone();
    lost().set("last initialized", "epoch", first).breaks("I1", "epoch 1795165200002 after epoch 1795165200002");
}

#[test]
fn an_epoch_begins_in_order() {
    answered().without("initialized").breaks("I1", "activeCallSnapshot when the line is Down");
    answered().without("snapshot(beforeReconcile)").breaks("I1", "activeCallSnapshot when the line is Initialized");
    answered().without("snapshot(reconciled)").breaks("I15", "lineStateChanged among the differences");
    answered().without("L").breaks("I1", "callStarted when the line is Reconciled");
    answered().again("snapshot(reconciled)", "hold(A)").breaks("I1", "activeCallSnapshot within an epoch");
    answered().set("snapshot(reconciled)", "data.reason", "query").breaks("I15", "lineStateChanged among");
    let mut twice = answered().again("initialized", "hold(A)");
    let at = twice.at("hold(A)") + 1;
    twice.0[at]["params"]["epoch"] = 1_795_165_300_000_u64.into();
    twice.breaks("I1", "initialized within an epoch");
    for event in ["agentStateChanged", "callCentreStateChanged", "initialized"] {
        agents().again(event, "snapshot(beforeReconcile)").breaks("I15", &format!("{event} among the differences"));
    }
    agents().again("agentStateChanged", "snapshot(reconciled)").breaks("I12", "previous is");
    answered().again("callStarted(A)", "initialized").breaks("I1", "callStarted when the line is Initialized");
}

#[test]
fn an_epoch_ends_once() {
    lost().again("disconnected", "disconnected").breaks("I1", "disconnected when the line is Down");
    lost().without("disconnected").breaks("I1", "initialized within an epoch");
    let cut = lost().until("last snapshot(beforeReconcile)");
    cut.again("disconnected", "last snapshot(beforeReconcile)").sound();
    lost().set("disconnected", "data.activeCallIds", json!([])).breaks("I15", "activeCallIds are not");
    lost().set("disconnected", "data.activeCallIds", json!(["A", "B"])).breaks("I15", "activeCallIds are not");
}

#[test]
fn a_line_that_was_closed() {
    let mut bench = Bench::up();
    bench.apply(super::rings("1")).input(|model, now, out| model.close_line(now, LINE, out));
    let closed = || Stream::of(&bench);
    closed().set("disconnected", "data.activeCallIds", json!([])).breaks("I15", "activeCallIds are not");
    // Its calls may not come back.
    closed().again("callStarted(A)", "disconnected").breaks("I2", "for the second time");
}

#[test]
fn nothing_but_the_end_follows_a_fatal_error() {
    let fault = |severity| {
        let mut bench = Bench::up();
        bench.apply(ErrorFact::new(ErrorCode::LinkDown, severity, "the link is gone").line(LINE));
        bench.apply(super::rings("1"));
        Stream::of(&bench)
    };
    fault(Severity::Fatal).sound();
    fault(Severity::Error).sound();
    fault(Severity::Error).set("error", "data.severity", "fatal").breaks("I19", "callStarted after a fatal error");
}

#[test]
fn what_is_sent_again_carries_the_stamp_of_now() {
    looked_at().set("last initialized", "seq", 1).breaks("M13.3", "resent with epoch and seq");
    looked_at().set("last initialized", "epoch", 1).breaks("M13.3", "resent with epoch and seq");
    looked_at().set("snapshot(session)", "data.asOfSeq", 1).breaks("I10", "asOfSeq is 1");
    // Of a line that is down: of its last epoch, or of none when it was opened anew.
    let anew = |story: Stream, seq: u64| {
        let at = story.0.len();
        let mut story = Stream(story.0.into_iter().chain(looked_at().0.into_iter().rev().take(1)).collect());
        story.0[at]["params"]["epoch"] = 0.into();
        story.0[at]["params"]["seq"] = seq.into();
        story
    };
    anew(lost().until("disconnected"), 0).sound();
    anew(lost().until("disconnected"), 1).breaks("M13.3", "resent");
    anew(lost(), 0).breaks("M13.3", "resent");
}

#[test]
fn what_nobody_reported_says_why() {
    lost().set("callInfoChanged(A:state)*", "cause", json!(null)).breaks("M1.6", "says why");
    stored().set("callSaved(A)", "synthetic", true).breaks("M1.6", "says why");
}
