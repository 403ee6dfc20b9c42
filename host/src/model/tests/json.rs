//! Events on the wire (M4, M7).

use jackfield_plugin_api::{
    Cause, CauseCode, Participant, Party, PartyState, Phase, Queue, ReleasedBy, Scope, Timestamp,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::bench::{Bench, LINE, START, ends, everything, held, rings, talks};
use crate::model::{Body, CallId, CallSaved, Event, EventName, LineStage, RawMessage, ReplyTo, write_capabilities};

fn event<'b>(bench: &'b Bench, method: &str) -> &'b Value {
    bench.log.iter().rev().find(|event| event["method"] == method).expect("such an event came")
}

#[test]
fn initialized() {
    let bench = Bench::up();
    let params = &event(&bench, "initialized")["params"];
    assert_eq!(params["connection"], "pbx");
    assert_eq!(params["line"], "pbx/101");
    assert_eq!(params["seq"], 1);
    assert_eq!(params["at"], "2026-11-20T09:00:00.002Z");
    assert_eq!(params["epoch"], 1_795_165_200_002_u64);
    let data = &params["data"];
    assert_eq!(data["connection"], json!({"id":"pbx","adapter":"test","adapterVersion":"1.0.0","phoneSystem":"PBX 1"}));
    assert_eq!(data["device"], json!({"id":"101","state":"unknown"}));
    assert_eq!(data["resumed"], false);
    let mut out = Vec::new();
    write_capabilities(&everything(), &mut out);
    assert_eq!(serde_json::from_slice::<Value>(&out).expect("JSON"), data["capabilities"]);
    assert_eq!(data["capabilities"]["snapshot"], "full");
}

#[test]
fn a_call_with_everything() {
    let mut bench = Bench::up();
    let mut fact = rings("k")
        .native_id("2871")
        .scope(Scope::External)
        .phase(Phase::Ringing)
        .caller(Party::new("+380441234567").name("Olena \"K.\"\n"))
        .native_time(Timestamp::from_millis(START.millis() - 19))
        .queue(Queue::new("support").name("Support"))
        .muted(false);
    fact.global_ids = Some(vec!["00001028711763630047".to_owned()]);
    fact.participants = Some(vec![Participant::new("p1", "101", true, PartyState::Alerting)]);
    fact.user_data = Some([("ivr.lang".to_owned(), "uk".to_owned())].into());
    let tab = ReplyTo { session: "s-7".to_owned(), id: json!(12) };
    bench.apply_for(fact, Some(&tab));
    let params = &event(&bench, "callStarted")["params"];
    assert_eq!(params["srcAt"], "2026-11-20T08:59:59.981Z");
    assert_eq!(params["replyTo"], json!({"session":"s-7","id":12}));
    assert_eq!(
        params["data"]["call"],
        json!({
            "callId":"A","nativeId":"2871","nativeIds":["2871"],"globalCallIds":["00001028711763630047"],
            "device":"101","direction":"in","scope":"external","state":"alerting","phase":"ringing",
            "caller":{"number":"+380441234567","name":"Olena \"K.\"\n"},"called":{"number":"101"},
            "role":"primary","parentCallId":null,"isCurrent":true,
            "participants":[{"id":"p1","number":"101","local":true,"state":"alerting","role":"party"}],
            "features":["answer","drop","deflect"],"featuresMask":0x8000c,
            "startedAt":"2026-11-20T08:59:59.981Z","connectedAt":null,"finishedAt":null,
            "ringMs":0,"talkMs":0,"holdMs":0,"holdCount":0,"muted":false,
            "queue":{"id":"support","name":"Support"},"userData":{"ivr.lang":"uk"}
        })
    );
}

#[test]
fn the_end_of_a_call() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    let cause = Cause::new(CauseCode::NormalClearing).native(json!({"q850": 16})).text("bye");
    bench.apply(ends("1", CauseCode::NormalClearing).cause(cause).released_by(ReleasedBy::Remote));
    let params = &event(&bench, "callFinished")["params"];
    assert_eq!(params["cause"], json!({"code":"normalClearing","text":"bye","native":{"q850":16}}));
    assert_eq!(params["data"]["releasedBy"], "remote");
    assert_eq!(params["data"]["finishedFrom"], "held");
    assert_eq!(params["data"].get("estimated"), None);
    assert_eq!(params["currentCallId"], Value::Null);
    let unhold = &event(&bench, "unhold")["params"];
    assert_eq!((&unhold["synthetic"], &unhold["cause"]["code"]), (&true.into(), &"callEnded".into()));
    assert_eq!(unhold["data"]["heldBy"], "local");
}

#[test]
fn line_state_and_snapshot() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let data = &event(&bench, "lineStateChanged")["params"]["data"];
    assert_eq!(data["callId"], "A");
    assert_eq!(data["features"], data["line"]["features"]);
    bench.lose().back();
    bench.apply(super::bench::shows([rings("1")]));
    let params = &event(&bench, "activeCallSnapshot")["params"];
    assert_eq!(params["data"]["asOfSeq"], params["seq"]);
    assert_eq!(params["data"]["reason"], "reconciled");
    assert_eq!(params["data"]["activeCalls"][0]["callId"], "A");
    assert_eq!(params["data"]["agent"], Value::Null);
    assert_eq!(params["data"]["callCentreActive"], Value::Null);
}

#[test]
fn events_that_others_make() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let saved = CallSaved {
        call: CallId::new("A"),
        database_id: "9e1d".into(),
        store: "crm-http".into(),
        revision: 1,
        created: true,
        is_final: false,
    };
    bench.input(|model, now, out| model.saved(now, LINE, saved, out));
    assert_eq!(
        event(&bench, "callSaved")["params"]["data"],
        json!({"callId":"A","databaseId":"9e1d","store":"crm-http","revision":1,"created":true,"final":false})
    );
    let seq = bench.model.status(LINE).expect("open").seq;
    let raw = RawMessage {
        raw_seq: 90_211,
        incoming: true,
        format: "ami".into(),
        redacted: vec!["Secret".into()],
        summary: "Hangup".into(),
        message: "Event: Hangup\r\n".into(),
    };
    let raw = bench.model.raw(bench.now, Some(LINE), raw).expect("the line is open");
    let json: Value = serde_json::from_str(&raw.to_json()).expect("JSON");
    crate::schema::tests::check_event(&json);
    assert_eq!(json["params"]["rawSeq"], 90_211);
    assert_eq!(json["params"].get("seq"), None);
    assert_eq!(json["params"]["data"]["dir"], "in");
    assert_eq!(bench.model.status(LINE).expect("open").seq, seq);
}

#[test]
fn the_list_of_events_is_closed() {
    assert_eq!(EventName::ALL.len(), 21);
    for name in EventName::ALL {
        assert_eq!(EventName::from_name(name.as_str()), Some(name));
    }
    assert_eq!(EventName::from_name("webRtcSignal"), None);
    assert_eq!(LineStage::NotStarted.as_str(), "notStarted");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_and_number_survive(
        text in "\\PC*|[\u{0}-\u{1f}\"\\\\]*",
        revision in any::<u64>(),
        millis in any::<i64>(),
    ) {
        let bench = Bench::up();
        let mut event: Event = bench.model.raw(bench.now, Some(LINE), RawMessage {
            raw_seq: revision,
            incoming: false,
            format: text.as_str().into(),
            redacted: vec![],
            summary: "".into(),
            message: text.as_str().into(),
        }).expect("the line is open");
        event.at = Timestamp::from_millis(millis);
        let json: Value = serde_json::from_str(&event.to_json()).expect("JSON");
        prop_assert_eq!(json["params"]["data"]["message"].as_str(), Some(text.as_str()));
        prop_assert_eq!(json["params"]["rawSeq"].as_u64(), Some(revision));
        prop_assert!(matches!(event.body, Body::RawMessage(_)));
    }

    #[test]
    fn times_are_those_of_the_time_crate(millis in -62_167_219_200_000_i64..253_402_300_800_000) {
        let mut out = Vec::new();
        crate::model::time_text::write_time(Timestamp::from_millis(millis), &mut out);
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        let same = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).expect("in range");
        prop_assert_eq!(String::from_utf8(out).expect("ASCII"), same.format(&format).expect("a date"));
    }
}
