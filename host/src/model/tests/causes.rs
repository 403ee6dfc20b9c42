//! Why an event is sent: its cause, the command behind it, the phone system's time.

use jackfield_plugin_api::{Cause, CauseCode, Down, ErrorCode, ErrorFact, Severity, WebRtcFact, WebRtcState};
use serde_json::{Value, json};

use super::bench::{Bench, LINE, START, busy, consults, dials, ends, everything, hangs_up, held, rings, shows, talks};
use crate::model::ReplyTo;

fn event<'b>(bench: &'b Bench, method: &str) -> &'b Value {
    bench.log.iter().rev().find(|event| event["method"] == method).expect("such an event came")
}

#[test]
fn what_the_phone_system_says_of_the_cause_is_told() {
    let mut bench = Bench::up();
    let cause = Cause::new(CauseCode::Busy).native(json!({"q850": 17})).text("user busy");
    bench.apply(dials("1")).says(busy("1").cause(cause), "callBusy(A) L(A)");
    let told = json!({"code": "busy", "text": "user busy", "native": {"q850": 17}});
    assert_eq!(event(&bench, "callBusy")["params"]["cause"], told);
    let mut bench = Bench::up();
    bench.apply(dials("1")).says(busy("1"), "callBusy(A) L(A)");
    assert_eq!(event(&bench, "callBusy")["params"]["cause"], json!({"code": "busy"}), "busy explains itself");
    let mut bench = Bench::up();
    let cause = Cause::new(CauseCode::Redirected);
    bench.apply(rings("1")).says(talks("1").cause(cause), "commutationStarted(A) L(A)");
    assert_eq!(event(&bench, "commutationStarted")["params"]["cause"]["code"], "redirected");
}

#[test]
fn a_command_whose_call_is_first_seen_connected_is_answered_by_its_start() {
    let tab = ReplyTo { session: "s-7".to_owned(), id: 12.into() };
    let mut bench = Bench::up();
    bench.apply_for(talks("1"), Some(&tab)).expect("callStarted(A)* commutationStarted(A)* L(A)");
    let told = json!({"session": "s-7", "id": 12});
    assert_eq!(event(&bench, "callStarted")["params"]["replyTo"], told);
    assert_eq!(event(&bench, "callStarted")["params"]["cause"]["code"], "firstSeen");
    assert_eq!(event(&bench, "lineStateChanged")["params"].get("replyTo"), None);
}

#[test]
fn what_the_model_makes_up_answers_no_command() {
    let tab = ReplyTo { session: "s-7".to_owned(), id: 12.into() };
    let told = json!({"session": "s-7", "id": 12});
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(WebRtcFact::new(LINE, "1", "w", WebRtcState::Started));
    bench.apply(held("1")).apply_for(hangs_up("1"), Some(&tab));
    bench.expect("webRtcDestroyed(A)* unhold(A)* callFinished(A,normalClearing) L");
    assert_eq!(event(&bench, "callFinished")["params"]["replyTo"], told);
    for made_up in ["webRtcDestroyed", "unhold"] {
        assert_eq!(event(&bench, made_up)["params"].get("replyTo"), None, "{made_up}");
        assert_eq!(event(&bench, made_up)["params"]["cause"]["code"], "callEnded", "{made_up}");
    }
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply_for(held("1"), Some(&tab)).expect("commutationStarted(A)* hold(A) L(A)");
    assert_eq!(event(&bench, "hold")["params"]["replyTo"], told);
    assert_eq!(event(&bench, "commutationStarted")["params"].get("replyTo"), None);
}

#[test]
fn the_end_of_a_transferred_call_that_waited_answers_its_command() {
    let tab = ReplyTo { session: "s-7".to_owned(), id: 12.into() };
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    let end = ends("1", CauseCode::Transferred).native_time(START);
    bench.apply_for(end, Some(&tab)).expect("");
    bench.says(
        ends("2", CauseCode::Transferred),
        "callFinished(B,transferred) unhold(A)* callFinished(A,transferred) L",
    );
    let params = &event(&bench, "callFinished")["params"];
    assert_eq!(params["replyTo"], json!({"session": "s-7", "id": 12}));
    assert_eq!(params["srcAt"], "2026-11-20T09:00:00.000Z");
}

#[test]
fn what_the_phone_system_itself_said_of_a_loss_is_told() {
    let native = json!({"errno": 104});
    let mut down = Down::new(ErrorCode::ConnectionLost, "TCP reset by peer");
    down.native = Some(native.clone());
    let mut bench = Bench::up();
    bench.says(down.clone(), "disconnected");
    assert_eq!(event(&bench, "disconnected")["params"]["cause"]["native"], native);
    let mut bench = Bench::down(everything());
    bench.says(down, "error");
    assert_eq!(event(&bench, "error")["params"]["data"]["native"], native);
    let fatal = ErrorFact::new(ErrorCode::LinkDown, Severity::Fatal, "the link is gone").native(native.clone());
    let mut bench = Bench::up();
    bench.says(fatal.clone(), "error disconnected");
    assert_eq!(event(&bench, "disconnected")["params"]["cause"]["native"], native);
    // When nothing was up, it is remembered all the same, and `Down` is no news after it.
    let mut bench = Bench::down(everything());
    bench.says(fatal, "error");
    let status = bench.model.status(LINE).expect("open");
    assert_eq!(status.last_error.and_then(|loss| loss.native), Some(native.clone()));
    bench.says(Down::new(ErrorCode::LinkDown, "the link is gone"), "");
    let mut bench = Bench::down(everything());
    bench.says(
        ErrorFact::new(ErrorCode::AuthenticationFailed, Severity::Error, "no").line(LINE).native(native),
        "error",
    );
    let status = bench.model.status(LINE).expect("open");
    assert_eq!(status.last_error.and_then(|loss| loss.native), Some(json!({"errno": 104})));
}

#[test]
fn a_fault_answers_the_command_that_led_to_it() {
    let tab = ReplyTo { session: "s-7".to_owned(), id: 12.into() };
    let fault = ErrorFact::new(ErrorCode::InvalidCallState, Severity::Warning, "not connected").line(LINE);
    let told = json!({"session": "s-7", "id": 12});
    let mut bench = Bench::up();
    bench.apply_for(fault.clone(), Some(&tab)).expect("error");
    assert_eq!(event(&bench, "error")["params"]["replyTo"], told);
    assert_eq!(event(&bench, "error")["params"]["data"]["source"], "adapter");
    let mut bench = Bench::down(everything());
    bench.apply_for(fault, Some(&tab)).expect("error");
    assert_eq!(event(&bench, "error")["params"]["replyTo"], told);
}

#[test]
fn what_a_polled_system_says_of_times_and_causes_is_told() {
    let mut bench = Bench::up();
    bench.apply(shows([rings("1")]));
    let answered = talks("1").native_time(START).cause(Cause::new(CauseCode::Redirected));
    bench.says(shows([answered]), "commutationStarted(A) L(A)");
    let params = &event(&bench, "commutationStarted")["params"];
    assert_eq!(
        (&params["srcAt"], &params["cause"]["code"]),
        (&"2026-11-20T09:00:00.000Z".into(), &"redirected".into())
    );
    // After a loss every difference is the reconciliation's.
    bench.lose().back().apply(shows([held("1").cause(Cause::new(CauseCode::Redirected))]));
    let params = &event(&bench, "hold")["params"];
    assert_eq!((params.get("srcAt"), &params["cause"]["code"]), (None, &"reconciled".into()));
}
