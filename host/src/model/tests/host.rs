//! What the host does to lines, and what befalls it: losses, crashes, closed lines, saves, its own death.

use jackfield_plugin_api::{CallFact, CallState, Down, ErrorCode, ErrorFact, LineId, Severity, Snapshot, Up};
use serde_json::Value;

use super::bench::{Bench, LINE, busy, dials, everything, fact, hangs_up, held, rings, short, shows, talks};
use crate::model::{CallSaved, Dropped, KeptCall, LineStage, Loss, RawMessage, SnapshotReason};

const BEGIN: &str = "initialized snapshot(beforeReconcile)";

#[test]
fn a_loss_tells_what_was_up_and_what_the_host_does() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    bench.says(Down::new(ErrorCode::ConnectionLost, "TCP reset by peer"), "disconnected");
    let params = &bench.log.last().expect("an event")["params"];
    assert_eq!(params["cause"]["code"], "connectionLost");
    assert_eq!(params["data"]["activeCallIds"], serde_json::json!(["A"]));
    assert_eq!(params["data"]["willRetry"], true);
    assert_eq!(params["currentCallId"], "A");
    let again = Loss { retry_in_ms: Some(2000), ..Loss::new(ErrorCode::ConnectionLost, "TCP reset by peer") };
    bench.input(|model, now, out| model.lost(now, &again, out)).expect("");
    let view = bench.model.view(bench.now, LINE, SnapshotReason::Session);
    assert_eq!(view.iter().map(short).collect::<Vec<_>>().join(" "), "disconnected snapshot(session)");
    let json: Value = serde_json::from_str(&view[0].to_json()).expect("JSON");
    assert_eq!(json["params"]["data"]["retryInMs"], 2000);
    assert_eq!(json["params"]["resent"], true);
    let json: Value = serde_json::from_str(&view[1].to_json()).expect("JSON");
    assert_eq!(json["params"]["data"]["activeCalls"][0]["state"], "unknown");
    assert_eq!(json["params"]["data"]["activeCalls"][0]["featuresMask"], 0);
}

#[test]
fn a_connection_that_cannot_come_up_says_so_once() {
    let mut bench = Bench::down(everything());
    let refused = Loss { will_retry: false, ..Loss::new(ErrorCode::AuthenticationFailed, "the password is wrong") };
    bench.input(|model, now, out| model.lost(now, &refused, out)).expect("error");
    assert_eq!(bench.log[0]["params"]["line"], Value::Null);
    assert_eq!(bench.log[0]["params"].get("seq"), None);
    bench.input(|model, now, out| model.lost(now, &refused, out)).expect("");
    let status = bench.model.status(LINE).expect("open");
    assert_eq!((status.state, status.epoch), (LineStage::Down, 0));
    assert_eq!(status.last_error.map(|loss| loss.code), Some(ErrorCode::AuthenticationFailed));
    let unreachable = Loss::new(ErrorCode::ConnectionFailed, "connection refused");
    bench.input(|model, now, out| model.lost(now, &unreachable, out)).expect("error");
    let view = bench.model.view(bench.now, LINE, SnapshotReason::Session);
    assert_eq!(view.iter().map(short).collect::<Vec<_>>().join(" "), "disconnected snapshot(session)");
    assert_eq!(view[0].epoch, Some(0), "of its last epoch, 0 if it was never up");
}

#[test]
fn an_adapter_that_crashed_looks_like_a_loss() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    let crash = Loss::new(ErrorCode::AdapterFault, "the adapter panicked at src/lib.rs:7");
    bench.input(|model, now, out| model.lost(now, &crash, out)).expect("disconnected");
    bench.back().expect("");
    bench.says(shows([talks("1")]), &format!("{BEGIN} callInfoChanged(A:state)* snapshot(reconciled) L(A)"));
}

#[test]
fn one_line_alone_can_be_lost() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let loss = Loss::new(ErrorCode::AuthenticationFailed, "the login of this line was refused");
    bench.input(|model, now, out| model.lost_line(now, LINE, &loss, out)).expect("disconnected");
    assert_eq!(bench.log.last().expect("an event")["params"]["data"]["scope"], "line");
    bench.says(shows([]), &format!("{BEGIN} callFinished(A,lost)* snapshot(reconciled) L"));
}

#[test]
fn one_login_that_is_refused_is_told_once_and_touches_no_other_line() {
    let mut bench = Bench::up();
    let other = LineId(7);
    bench.input(|model, now, out| model.open_line(now, other, "102", out)).expect("");
    let refused = Down::new(ErrorCode::AuthenticationFailed, "the login of line 102 was refused").line(other);
    bench.says(refused.clone(), "error");
    assert_eq!(bench.log.last().expect("an event")["params"]["line"], Value::Null);
    bench.says(refused, "");
    let status = bench.model.status(other).expect("open");
    assert_eq!((status.state, status.epoch), (LineStage::Down, 0));
    assert_eq!(status.last_error.map(|loss| loss.code), Some(ErrorCode::AuthenticationFailed));
    assert_eq!(bench.model.status(LINE).expect("open").state, LineStage::Up);
    bench.says(Snapshot::new(other, vec![]), &format!("{BEGIN} snapshot(reconciled) L"));
    bench.says(Down::new(ErrorCode::ConnectionLost, "its socket broke").line(other), "disconnected");
    assert_eq!(bench.log.last().expect("an event")["params"]["data"]["scope"], "line");
    bench.says(Down::new(ErrorCode::ConnectionLost, "no such line").line(LineId(99)), "");
    assert_eq!(bench.repairs().dropped(Dropped::UnknownLine), 1);
}

#[test]
fn a_closed_line_forgets_its_calls_and_its_name_begins_above_its_epoch() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let epoch = bench.model.status(LINE).expect("open").epoch;
    bench.input(|model, now, out| model.close_line(now, LINE, out)).expect("disconnected");
    let params = &bench.log.last().expect("an event")["params"];
    assert_eq!((&params["cause"]["code"], &params["data"]["willRetry"]), (&"lineClosed".into(), &false.into()));
    assert_eq!(bench.model.status(LINE), None);
    bench.says(talks("1"), "");
    assert_eq!(bench.repairs().dropped(Dropped::UnknownLine), 1);
    bench.input(|model, now, out| model.open_line(now, LINE, "101", out));
    bench.says(shows([]), "initialized snapshot(beforeReconcile) snapshot(reconciled) L");
    assert!(bench.model.status(LINE).expect("open").epoch > epoch);
}

/// The line's calls as the host's store has them when the host dies.
fn kept(bench: &Bench, ids: &[&str]) -> Vec<KeptCall> {
    let one = |id: &&str| KeptCall {
        key: bench.model.key(LINE, id).expect("it is up").clone(),
        call: (**bench.call(id)).clone(),
        last_seen: bench.now,
        told_busy: false,
    };
    ids.iter().map(one).collect()
}

#[test]
fn a_host_that_died_takes_its_calls_up_again() {
    let mut first = Bench::up();
    first.apply(rings("1").native_id("n1")).apply(talks("1")).apply(held("1")).apply(rings("2"));
    let kept = kept(&first, &["A", "B"]);
    let epoch = first.model.status(LINE).expect("open").epoch;
    first.died();
    let mut second = first.heir(everything());
    second.model.restore(LINE, epoch + 5, kept);
    second.wait(3_600_000).says(Up::new("PBX 1", everything()), "").says(
        shows([talks("1")]),
        "initialized snapshot(beforeReconcile) callInfoChanged(A:state)* unhold(A)* callFinished(B,lost)* \
         snapshot(reconciled) L(A)",
    );
    let call = second.call("A");
    assert_eq!((call.hold_count, call.hold_ms / 1000), (1, 3600));
    assert!(second.model.status(LINE).expect("open").epoch > epoch + 5);
}

#[test]
fn calls_that_are_taken_up_again_go_on_as_they_were() {
    let heir = |facts: &[CallFact]| {
        let mut first = Bench::up();
        facts.iter().for_each(|fact| _ = first.apply(fact.clone()));
        let (kept, epoch) = (kept(&first, &["A"]), first.model.status(LINE).expect("open").epoch);
        first.died();
        let mut second = first.heir(everything());
        second.model.restore(LINE, epoch, kept);
        second.wait(60_000).apply(Up::new("PBX 1", everything()));
        second
    };
    let mut bench = heir(&[rings("1"), talks("1"), held("1")]);
    bench.says(shows([]), &format!("{BEGIN} unhold(A)* callFinished(A,lost)* snapshot(reconciled) L"));
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("A is over");
    assert_eq!(finished["params"]["data"]["estimated"], true);
    assert_eq!(finished["params"]["data"]["call"]["finishedAt"], "2026-11-20T09:00:00.005Z", "when it was last seen");
    let mut bench = heir(&[rings("1"), talks("1")]);
    bench.says(shows([talks("1")]), &format!("{BEGIN} callInfoChanged(A:state)* snapshot(reconciled) L(A)"));
    let end = hangs_up("1").connected_at(bench.now);
    bench.says(end, "callFinished(A,normalClearing) L");
    assert_eq!(bench.repairs().total(), 0, "the answer was told by the life before");
    let mut bench = heir(&[dials("1"), busy("1")]);
    bench.says(shows([busy("1")]), &format!("{BEGIN} callInfoChanged(A:state)* snapshot(reconciled) L(A)"));
    bench.apply(fact("1", CallState::Alerting)).says(busy("1"), "callInfoChanged(A:state) L(A)");
}

#[test]
fn what_was_kept_decides_which_call_is_current_and_what_is_over_stays_so() {
    let mut first = Bench::up();
    first.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2")).apply(talks("2"));
    let mut kept = kept(&first, &["A", "B"]);
    let mut over = kept[0].clone();
    over.key = "3".into();
    over.call.id = crate::model::CallId::new("C");
    over.call.state = CallState::Finished;
    kept.push(over);
    let epoch = first.model.status(LINE).expect("open").epoch;
    first.died();
    let mut second = first.heir(everything());
    second.model.restore(LINE, epoch, kept.clone());
    // Said once more, or of a line that lives, it is too late.
    second.model.restore(LINE, epoch, kept.clone());
    second.wait(1000).apply(Up::new("PBX 1", everything())).apply(shows([held("1"), talks("2")]));
    assert_eq!(second.log[0]["params"]["currentCallId"], "B");
    assert_eq!(second.log[0]["params"]["data"]["resumed"], true);
    assert_eq!(second.log[1]["params"]["data"]["activeCalls"].as_array().map(Vec::len), Some(2));
    second.apply(hangs_up("1")).apply(hangs_up("2"));
    second.model.restore(LINE, epoch, kept);
    assert!(second.model.call(LINE, "A").is_none());
}

#[test]
fn saves_wait_for_the_next_epoch() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let saved = |revision| CallSaved {
        call: crate::model::CallId::new("A"),
        database_id: "d1".into(),
        store: "sqlite".into(),
        revision,
        created: revision == 1,
        is_final: false,
    };
    bench.input(|model, now, out| model.saved(now, LINE, saved(1), out)).expect("callSaved(A)");
    assert_eq!(bench.call("A").database_id.as_deref(), Some("d1"));
    bench.lose();
    bench.input(|model, now, out| model.saved(now, LINE, saved(2), out)).expect("");
    bench.back();
    bench.says(shows([]), &format!("{BEGIN} callFinished(A,lost)* snapshot(reconciled) L callSaved(A)"));
}

#[test]
fn a_fault_of_a_line_that_is_down_is_one_of_the_connection() {
    let mut bench = Bench::down(everything());
    let fault = ErrorFact::new(ErrorCode::AuthenticationFailed, Severity::Error, "login refused").line(LINE);
    bench.says(fault, "error");
    assert_eq!(bench.log[0]["params"]["line"], Value::Null);
    let status = bench.model.status(LINE).expect("open");
    assert_eq!(status.last_error.map(|loss| loss.text), Some("login refused".to_owned()));
}

#[test]
fn a_fatal_fault_ends_the_epoch() {
    let mut bench = Bench::up();
    bench.says(
        ErrorFact::new(ErrorCode::LinkDown, Severity::Fatal, "the link is gone").line(LINE),
        "error disconnected",
    );
    bench.says(Down::new(ErrorCode::LinkDown, "the link is gone"), "");
}

#[test]
fn a_connection_that_was_stopped_is_no_error() {
    for (code, severity) in [(ErrorCode::Cancelled, "warning"), (ErrorCode::ConnectionFailed, "error")] {
        let mut bench = Bench::down(everything());
        let loss = Loss::new(code, "stopped by the administrator");
        bench.input(|model, now, out| model.lost(now, &loss, out)).expect("error");
        assert_eq!(bench.log[0]["params"]["data"]["severity"], severity);
    }
}

#[test]
fn raw_messages_name_their_line_or_the_connection() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let raw = || RawMessage {
        raw_seq: 1,
        incoming: true,
        format: "ami".into(),
        redacted: vec![],
        summary: "".into(),
        message: "".into(),
    };
    let json = |event: Option<crate::model::Event>| -> Value {
        serde_json::from_str(&event.expect("there is such a line").to_json()).expect("JSON")
    };
    assert_eq!(bench.model.raw(bench.now, Some(LINE), raw()).and_then(|event| event.line), Some(LINE));
    let of_line = json(bench.model.raw(bench.now, Some(LINE), raw()));
    assert_eq!((&of_line["params"]["line"], &of_line["params"]["currentCallId"]), (&"pbx/101".into(), &"A".into()));
    assert_eq!(of_line["params"]["epoch"], bench.model.status(LINE).expect("open").epoch);
    let whole = json(bench.model.raw(bench.now, None, raw()));
    assert_eq!((&whole["params"]["connection"], &whole["params"]["line"]), (&"pbx".into(), &Value::Null));
    assert_eq!(bench.model.raw(bench.now, Some(LineId(9)), raw()), None);
}
