//! Digits, recordings, WebRTC (I16, I17).

use jackfield_plugin_api::{
    DtmfFact, Fact, Phase, RecordingFact, RecordingState, Side, SignalKind, WebRtcFact, WebRtcSignalFact, WebRtcState,
};

use super::bench::{Bench, LINE, START, dials, hangs_up, held, rings, talks};
use crate::model::limits::MAX_WEBRTC_SESSIONS;
use crate::model::{Dropped, ReplyTo, Rule};

fn digits(digits: &str) -> DtmfFact {
    DtmfFact::new(LINE, "1", digits, Side::Local)
}

fn session(id: &str, state: WebRtcState) -> WebRtcFact {
    WebRtcFact::new(LINE, "1", id, state)
}

#[test]
fn digits_of_a_connected_and_of_a_held_call() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    bench.says(digits("12#"), "dtmfEntered(A)").says(digits("12#"), "dtmfEntered(A)");
    bench.apply(held("1")).says(digits("9"), "dtmfEntered(A)");
    assert_eq!(bench.log.last().expect("an event")["params"]["data"]["by"], "local");
}

#[test]
fn digits_in_early_media_do_not_make_an_answer() {
    let mut bench = Bench::up();
    bench.apply(dials("1").phase(Phase::Early)).says(digits("1"), "dtmfEntered(A)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn digits_of_a_call_that_rings_show_that_it_is_connected() {
    let mut bench = Bench::up();
    bench.apply(dials("1")).says(digits("1"), "commutationStarted(A)* dtmfEntered(A) L(A)");
    assert_eq!(bench.repairs().rule(Rule::MissingCommutation), 1);
}

#[test]
fn what_are_no_digits_is_dropped() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    bench.says(digits("12x"), "").says(digits(""), "").says(digits(&"1".repeat(65)), "");
    assert_eq!(bench.repairs().rule(Rule::Digits), 3);
}

#[test]
fn a_recording_is_a_level() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    let recording = |state| RecordingFact::new(LINE, "1", state);
    bench
        .says(recording(RecordingState::Started), "callInfoChanged(A:recording)")
        .says(recording(RecordingState::Started), "")
        .says(recording(RecordingState::Paused), "callInfoChanged(A:recording)")
        .says(recording(RecordingState::Stopped), "");
    let told: Vec<bool> =
        bench.log.iter().filter_map(|event| event["params"]["data"]["call"]["recording"].as_bool()).collect();
    assert_eq!(told, [true, false]);
}

#[test]
fn digits_have_the_phone_systems_time() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    let mut fact = digits("5");
    fact.native_time = Some(START);
    bench.says(fact, "dtmfEntered(A)");
    assert_eq!(bench.log.last().expect("an event")["params"]["srcAt"], "2026-11-20T09:00:00.000Z");
}

#[test]
fn the_client_that_made_answered_or_claimed_a_call_carries_its_media() {
    let tab = |name: &str| ReplyTo { session: name.to_owned(), id: 7.into() };
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    assert_eq!(bench.model.media_owner(LINE, "A"), None);
    bench.apply_for(talks("1"), Some(&tab("tab-1")));
    assert_eq!(bench.model.media_owner(LINE, "A"), Some("tab-1"));
    bench.apply_for(dials("2"), Some(&tab("tab-2")));
    assert_eq!(bench.model.media_owner(LINE, "B"), Some("tab-2"));
    bench.model.claim_media(LINE, "A", "tab-3");
    assert_eq!(bench.model.media_owner(LINE, "A"), Some("tab-3"));
    assert_eq!(bench.model.media_owner(LINE, "B"), Some("tab-2"));
    assert_eq!(bench.model.media_owner(LINE, "C"), None);
}

#[test]
fn a_webrtc_session_lives_once() {
    let mut bench = Bench::up();
    let tab = ReplyTo { session: "tab-3".to_owned(), id: 7.into() };
    bench.apply(rings("1")).apply_for(talks("1"), Some(&tab));
    bench
        .says(session("w", WebRtcState::Started), "webRtcStarted(A)")
        .says(session("w", WebRtcState::Started), "")
        .says(session("w", WebRtcState::Video).direction("sendonly"), "webRtcVideoStarted(A)")
        .says(session("w", WebRtcState::Video), "")
        .says(session("w", WebRtcState::Video).direction("sendrecv"), "webRtcVideoStarted(A)")
        .says(session("w", WebRtcState::Destroyed), "webRtcDestroyed(A)")
        .says(session("w", WebRtcState::Destroyed), "")
        .says(session("w", WebRtcState::Video), "")
        .says(session("w", WebRtcState::Started), "")
        .says(hangs_up("1"), "callFinished(A,normalClearing) L");
    let started = bench.log.iter().find(|event| event["method"] == "webRtcStarted").expect("it started");
    assert_eq!(started["params"]["data"]["ownerSession"], "tab-3");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn a_session_ends_with_its_call() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    bench.says(session("w", WebRtcState::Video), "webRtcStarted(A)* webRtcVideoStarted(A)");
    bench.says(hangs_up("1"), "webRtcDestroyed(A)* callFinished(A,normalClearing) L");
    assert_eq!(bench.repairs().rule(Rule::WebRtc), 1);
}

#[test]
fn sessions_are_bounded_and_signals_go_past_the_model() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    for n in 0..=MAX_WEBRTC_SESSIONS {
        bench
            .apply(session(&n.to_string(), WebRtcState::Started))
            .apply(session(&n.to_string(), WebRtcState::Destroyed));
    }
    assert_eq!(bench.repairs().dropped(Dropped::TooManySessions), 1);
    let signal = WebRtcSignalFact::new(LINE, "1", "w", SignalKind::Bye, "");
    bench.says(Fact::WebRtcSignal(signal), "");
    assert_eq!(bench.repairs().dropped(Dropped::UnknownKind), 0, "it is known, and not the model's business");
}
