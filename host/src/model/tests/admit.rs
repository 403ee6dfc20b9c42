//! Which commands may go to the adapter (M8, M9).

use jackfield_plugin_api::{
    AgentFact, AgentState, CallFeatures, Capabilities, Command, CommandError, DeviceState, ErrorCode, LineFact, LineId,
    Reply,
};
use serde_json::{Value, json};

use super::bench::{Bench, LINE, consults, everything, held, rings, talks};
use crate::model::Admitted;

fn command(name: &str, params: Value) -> Command {
    Command::decode(name, params).expect("a command of this name").expect("its parameters")
}

fn admit(bench: &Bench, name: &str, params: Value) -> Result<(Admitted, Command), CommandError> {
    let mut command = command(name, params);
    bench.model.admit(LINE, &mut command).map(|admitted| (admitted, command))
}

#[track_caller]
fn refused(bench: &Bench, name: &str, params: Value, code: ErrorCode, says: &str) {
    let error = admit(bench, name, params).expect_err("it is refused");
    assert_eq!(error.code, code, "{}", error.text);
    assert!(error.text.contains(says), "`{}` does not say `{says}`", error.text);
}

fn talking() -> Bench {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    bench
}

#[test]
fn call_ids_become_keys() {
    let bench = talking();
    let (admitted, command) = admit(&bench, "holdCall", json!({"callId": "A"})).expect("it may go");
    assert_eq!(admitted, Admitted::Go);
    assert_eq!(command.calls()[0].as_str(), "1");
}

#[test]
fn what_is_so_already_is_answered() {
    let mut bench = talking();
    let noop = Admitted::Noop(Reply::noop());
    assert_eq!(admit(&bench, "unholdCall", json!({"callId": "A"})).map(|(admitted, _)| admitted), Ok(noop.clone()));
    bench.apply(held("1"));
    assert_eq!(admit(&bench, "holdCall", json!({"callId": "A"})).map(|(admitted, _)| admitted), Ok(noop.clone()));
    bench.apply(talks("1").muted(true));
    assert_eq!(admit(&bench, "mute", json!({"callId": "A"})).map(|(admitted, _)| admitted), Ok(noop));
}

#[test]
fn the_toggle_means_what_is_possible() {
    let mut bench = talking();
    assert_eq!(bench.model.toggle_hold(LINE, "A").map(|command| command.name()), Ok("holdCall"));
    bench.apply(held("1"));
    let command = bench.model.toggle_hold(LINE, "A").expect("it is up");
    assert_eq!((command.name(), command.calls()[0].as_str()), ("unholdCall", "A"));
    assert_eq!(bench.model.toggle_hold(LINE, "B").map_err(|error| error.code), Err(ErrorCode::UnknownCall));
}

#[test]
fn calls_that_are_not_there() {
    let mut bench = talking();
    refused(&bench, "holdCall", json!({"callId": "B"}), ErrorCode::UnknownCall, "no call B");
    bench.apply(super::bench::hangs_up("1"));
    refused(&bench, "holdCall", json!({"callId": "A"}), ErrorCode::UnknownCall, "call A is over");
}

#[test]
fn what_is_not_possible_in_this_state() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    refused(
        &bench,
        "holdCall",
        json!({"callId": "A"}),
        ErrorCode::InvalidCallState,
        "alerting; possible: answer, drop",
    );
    refused(&bench, "makeCall", json!({"to": "5"}), ErrorCode::InvalidCallState, "makeConsultCall");
}

#[test]
fn what_this_phone_system_cannot_do_at_all() {
    let mut bench = Bench::up_with(Capabilities::new(CallFeatures::DIAL | CallFeatures::DROP));
    bench.apply(rings("1"));
    refused(&bench, "holdCall", json!({"callId": "A"}), ErrorCode::CommandNotSupported, "holdCall");
    refused(&bench, "setDnd", json!({"on": true}), ErrorCode::CommandNotSupported, "setDnd");
    refused(&bench, "librarySpecificService", json!({"name": "x"}), ErrorCode::CommandNotSupported, "Service");
    let bench = Bench::up();
    assert!(admit(&bench, "librarySpecificService", json!({"name": "weather"})).is_ok());
    assert!(admit(&bench, "setDnd", json!({"on": true})).is_ok());
}

#[test]
fn lines_that_are_down() {
    let mut bench = Bench::down(everything());
    refused(&bench, "makeCall", json!({"to": "5"}), ErrorCode::ConnectionFailed, "not up yet");
    bench.lose();
    let error = admit(&bench, "makeCall", json!({"to": "5"})).expect_err("it is down");
    assert_eq!((error.code, error.retryable), (ErrorCode::ConnectionLost, true));
    assert!(error.text.contains("TCP reset by peer"));
    let mut call = command("makeCall", json!({"to": "5"}));
    assert!(bench.model.admit(LineId(9), &mut call).is_err());
}

#[test]
fn a_call_of_unknown_state_takes_no_commands() {
    let mut bench = Bench::up_with(everything().snapshot(jackfield_plugin_api::SnapshotSupport::None));
    bench.apply(rings("1")).apply(talks("1")).lose().back();
    refused(&bench, "dropCall", json!({"callId": "A"}), ErrorCode::InvalidCallState, "since the connection broke");
}

#[test]
fn pairs() {
    let mut bench = talking();
    let both = |one: &str, other: &str| json!({"callId": one, "consultCallId": other});
    refused(&bench, "transferCall", both("A", "A"), ErrorCode::NoConsultCall, "both are A");
    refused(&bench, "transferCall", both("A", "B"), ErrorCode::UnknownCall, "no call B");
    bench.apply(held("1")).apply(consults("2", "1"));
    refused(&bench, "transferCall", both("A", "B"), ErrorCode::InvalidCallState, "held and alerting");
    assert!(admit(&bench, "cancelTransfer", both("A", "B")).is_ok());
    refused(&bench, "cancelTransfer", both("B", "A"), ErrorCode::NoConsultCall, "no consultation");
    refused(&bench, "unholdCall", json!({"callId": "A"}), ErrorCode::InvalidCallState, "consultation");
    bench.apply(talks("2"));
    for name in ["transferCall", "conferenceCall"] {
        let (_, command) = admit(&bench, name, both("A", "B")).expect("a held and a connected call");
        assert_eq!(command.calls()[1].as_str(), "2");
        assert!(admit(&bench, name, both("B", "A")).is_ok(), "whichever is named first");
    }
    assert!(admit(&bench, "alternateCall", json!({"callId": "A", "otherCallId": "B"})).is_ok());
    bench.apply(super::bench::hangs_up("2"));
    refused(&bench, "transferCall", both("A", "B"), ErrorCode::NoConsultCall, "is over");
}

#[test]
fn a_call_of_a_pair_that_cannot_be_dropped_alone() {
    let mut together = everything();
    together.drops_one_of_pair = false;
    let mut bench = Bench::up_with(together);
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2")).apply(talks("2"));
    refused(&bench, "dropCall", json!({"callId": "B"}), ErrorCode::InvalidCallState, "one of two calls alone");
}

#[test]
fn parameters_that_cannot_be_right() {
    let bench = Bench::up();
    refused(&bench, "makeCall", json!({"to": " "}), ErrorCode::InvalidDestination, "empty");
    refused(&bench, "makeCall", json!({"to": "5\r\nAction: x"}), ErrorCode::InvalidDestination, "control");
    refused(&bench, "makeCall", json!({"to": "5".repeat(300)}), ErrorCode::InvalidDestination, "300 bytes");
    refused(&bench, "makeCall", json!({"to": "5", "from": "\n"}), ErrorCode::InvalidDestination, "`from`");
    refused(&talking(), "sendDtmf", json!({"callId": "A", "digits": "1x"}), ErrorCode::InvalidDigits, "1x");
    assert!(admit(&talking(), "sendDtmf", json!({"callId": "A", "digits": "1#"})).is_ok());
    assert!(admit(&bench, "setForwarding", json!({"kind": "all", "to": null})).is_ok());
}

#[test]
fn why_a_line_does_not_dial() {
    let mut bench = Bench::up();
    bench.apply(LineFact::new(LINE).features(CallFeatures::NONE));
    refused(&bench, "makeCall", json!({"to": "5"}), ErrorCode::InvalidCallState, "line 101");
    bench.apply(AgentFact::new(LINE, AgentState::LoggedOut, "LOGOUT"));
    refused(&bench, "makeCall", json!({"to": "5"}), ErrorCode::AgentStateForbids, "loggedOut (LOGOUT)");
    bench.apply(LineFact::new(LINE).device_state(DeviceState::OutOfService));
    refused(&bench, "makeCall", json!({"to": "5"}), ErrorCode::DeviceOutOfService, "out of service");
}

#[test]
fn a_feature_of_the_agents_session_that_is_missing_now() {
    let mut bench = Bench::up();
    bench.apply(LineFact::new(LINE).agent_features(jackfield_plugin_api::AgentFeatures::LOGIN));
    refused(&bench, "setUserState", json!({"code": "READY"}), ErrorCode::CommandNotSupported, "setUserState");
    assert!(admit(&bench, "loginAgent", json!({"id": "8001"})).is_ok());
}

#[test]
fn mute_is_answered_only_where_it_would_change_nothing() {
    let muted = |state: bool| {
        let mut bench = talking();
        bench.apply(talks("1").muted(state));
        bench
    };
    let go = |bench: &Bench, name: &str| admit(bench, name, json!({"callId": "A"})).map(|(admitted, _)| admitted);
    assert_eq!(go(&muted(true), "unmute"), Ok(Admitted::Go));
    assert_eq!(go(&muted(false), "mute"), Ok(Admitted::Go));
    assert_eq!(go(&muted(false), "unmute"), Ok(Admitted::Noop(Reply::noop())));
    for (state, name) in [(true, "mute"), (false, "unmute")] {
        let mut bench = muted(state);
        bench.apply(held("1"));
        refused(&bench, name, json!({"callId": "A"}), ErrorCode::InvalidCallState, "held");
    }
}

#[test]
fn which_two_calls_can_be_joined() {
    let both = || json!({"callId": "A", "consultCallId": "B"});
    // A consult pair of a system that knows of no hold; the same without a consultation.
    let mut bench = talking();
    bench.apply(consults("2", "1")).apply(talks("2"));
    assert!(admit(&bench, "transferCall", both()).is_ok() && admit(&bench, "conferenceCall", both()).is_ok());
    let mut bench = talking();
    bench.apply(rings("2")).apply(talks("2"));
    refused(&bench, "transferCall", both(), ErrorCode::InvalidCallState, "connected and connected");
    refused(&bench, "conferenceCall", both(), ErrorCode::InvalidCallState, "connected and connected");
    refused(&bench, "cancelTransfer", both(), ErrorCode::NoConsultCall, "no consultation");
    // A target that still rings, where the phone system can: only of a consultation, and only to transfer.
    let mut early = everything();
    early.early_transfer = true;
    let mut bench = Bench::up_with(early);
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(rings("3"));
    assert!(admit(&bench, "transferCall", both()).is_ok());
    refused(&bench, "conferenceCall", both(), ErrorCode::InvalidCallState, "held and alerting");
    let other = json!({"callId": "A", "consultCallId": "C"});
    refused(&bench, "transferCall", other, ErrorCode::InvalidCallState, "held and alerting");
    // Both on hold: neither is there to be joined.
    bench.apply(talks("2")).apply(held("2"));
    refused(&bench, "transferCall", both(), ErrorCode::InvalidCallState, "held and held");
}

#[test]
fn a_refusal_hints_at_nothing_that_is_not_so() {
    let says = |bench: &Bench, name: &str| admit(bench, name, json!({"callId": "A"})).expect_err("it is refused").text;
    let mut bench = talking();
    bench.apply(talks("1").features(CallFeatures::HOLD));
    assert!(says(&bench, "dropCall").contains("call A is connected; possible: hold"), "it is alone");
    bench.apply(rings("2"));
    assert!(says(&bench, "dropCall").contains("one of two calls alone"));
    assert!(says(&bench, "parkCall").contains("call A is connected; possible: hold"), "not about dropping");
}

#[test]
fn the_longest_destination() {
    let bench = Bench::up();
    let to = |length: usize| json!({"to": "5".repeat(length)});
    assert!(admit(&bench, "makeCall", to(crate::model::limits::MAX_DESTINATION)).is_ok());
    let long = to(crate::model::limits::MAX_DESTINATION + 1);
    refused(&bench, "makeCall", long, ErrorCode::InvalidDestination, "257 bytes");
}

#[test]
fn no_destination_speaks_the_phone_systems_protocol() {
    let bench = talking();
    let bad = "5\r\nAction: x";
    for (name, params) in [
        ("makeCall", json!({"to": bad})),
        ("makeConsultCall", json!({"callId": "A", "to": bad})),
        ("blindTransferCall", json!({"callId": "A", "to": bad})),
        ("deflectCall", json!({"callId": "A", "to": bad})),
        ("setForwarding", json!({"kind": "all", "to": bad})),
        ("pickupCall", json!({"target": bad})),
        ("parkCall", json!({"callId": "A", "slot": bad})),
    ] {
        refused(&bench, name, params, ErrorCode::InvalidDestination, "control characters");
    }
}
