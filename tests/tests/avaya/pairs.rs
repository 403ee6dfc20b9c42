//! Two calls of a line, and what becomes of them: consultations, transfers, conferences; at a switch of each kind.

use serde_json::{Value, json};

use crate::bed::{Bed, FOUR, ONE, OTHER, OUTSIDE, Plan, QUIET, THREE, TWO, call_id, ended};

/// The beginning of every consultation.
const ASKED: [&str; 5] =
    ["callStarted A in", "commutationStarted A", "hold A", "callStarted B out", "commutationStarted B"];

fn begins(bed: &Bed, line: &str, first: &[&str], rest: &[&str]) {
    bed.told(line, &[first, rest].concat());
}

/// The outside party and the colleague are connected; the colleague's call stays the same one.
fn transferred(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first, TWO);
    let before = bed.of("commutationStarted", TWO, &theirs)["params"]["data"]["call"].clone();
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    for ended in [&consult, &first] {
        assert_eq!(bed.of("callFinished", ONE, ended)["params"]["cause"]["code"], "transferred");
    }
    let changed =
        bed.first("callInfoChanged", TWO, |e| e["params"]["data"]["call"]["redirection"]["number"] == OUTSIDE);
    let call = &changed["params"]["data"]["call"];
    assert_eq!((&call["callId"], &call["state"], &call["direction"]), (&theirs, &json!("connected"), &json!("in")));
    assert_eq!(before["callId"], call["callId"]);
    assert_eq!(call["redirecting"]["number"], "101");
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", TWO, &theirs);
    begins(bed, ONE, &ASKED, &["callFinished B transferred", "unhold A", "callFinished A transferred"]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
}

/// The same before the colleague has answered.
fn transferred_early(bed: &mut Bed) {
    let first = bed.incoming();
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = bed.started(TWO, &[]);
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "ringing");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": made["callId"]}));
    bed.of("callFinished", ONE, &first);
    bed.first("callInfoChanged", TWO, |e| e["params"]["data"]["call"]["caller"]["number"] == OUTSIDE);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", TWO, &theirs);
    bed.at("hangup", "102");
    bed.of("callFinished", TWO, &theirs);
    begins(bed, ONE, &ASKED[..4], &["callFinished B transferred", "unhold A", "callFinished A transferred"]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
}

fn blind(bed: &mut Bed) {
    let call = bed.incoming();
    assert_eq!(
        bed.refused(ONE, "blindTransferCall", json!({"callId": call, "to": "77"}))["code"],
        "invalidDestination"
    );
    bed.asks(ONE, "blindTransferCall", json!({"callId": call, "to": "102"}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!((ended(&end).0.as_str(), ended(&end).1.as_str()), ("transferred", "local"));
    let theirs = bed.first("callStarted", TWO, |_| true);
    assert_eq!(theirs["params"]["data"]["call"]["caller"]["number"], OUTSIDE);
    assert_eq!(theirs["params"]["data"]["call"]["redirecting"]["number"], "101");
    let theirs = call_id(&theirs);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", TWO, &theirs);
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", TWO, &theirs);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A transferred"]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
}

/// Who is called by a colleague, and then talks to somebody outside.
fn renamed(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "102"}));
    let mine = made["callId"].clone();
    let theirs = bed.started(TWO, &[]);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &mine);
    bed.asks(TWO, "blindTransferCall", json!({"callId": theirs, "to": "103"}));
    let third = bed.started(THREE, &[]);
    bed.asks(THREE, "answerCall", json!({"callId": third}));
    bed.of("commutationStarted", THREE, &third);
    let changed = bed.first("callInfoChanged", ONE, |e| {
        let call = &e["params"]["data"]["call"];
        call_id(e) == mine && call["nativeIds"].as_array().is_some_and(|ids| ids.len() == 2)
    });
    assert_eq!(changed["params"]["data"]["call"]["direction"], "out", "it stays");
    bed.parties(ONE, &mine, "connected", &["101", "103"]);
    bed.asks(ONE, "dropCall", json!({"callId": mine}));
    bed.of("callFinished", ONE, &mine);
    bed.of("callFinished", THREE, &third);
    bed.told(ONE, &["callStarted A out", "commutationStarted A", "callFinished A normalClearing"]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A transferred"]);
    bed.told(THREE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
}

fn cancelled(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first, TWO);
    bed.asks(ONE, "cancelTransfer", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.of("unhold", ONE, &first);
    bed.of("callFinished", TWO, &theirs);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    begins(bed, ONE, &ASKED, &["callFinished B normalClearing", "unhold A", "callFinished A normalClearing"]);
}

/// Whom it is about hangs up meanwhile.
fn about_nobody(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first, TWO);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.of("callFinished", TWO, &theirs);
    let rest = ["unhold A", "callFinished A normalClearing", "currentCallChanged B", "callFinished B normalClearing"];
    begins(bed, ONE, &ASKED, &rest);
}

fn asked_is_busy(bed: &mut Bed) {
    bed.phones(json!({"do": "behave", "number": OTHER, "behaviour": "busy"}));
    let first = bed.incoming();
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": OTHER}));
    bed.of("callBusy", ONE, &made["callId"]);
    bed.asks(ONE, "cancelTransfer", json!({"callId": first, "consultCallId": made["callId"]}));
    bed.of("callFinished", ONE, &made["callId"]);
    bed.of("unhold", ONE, &first);
    begins(bed, ONE, &ASKED[..4], &["callBusy B", "callFinished B busy", "unhold A"]);
    bed.phones(json!({"do": "behave", "number": OTHER, "behaviour": "manual"}));
}

fn alternated(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, _) = bed.consult(&first, TWO);
    bed.asks(ONE, "alternateCall", json!({"callId": first, "otherCallId": consult}));
    bed.of("hold", ONE, &consult);
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &first);
    bed.of("callFinished", ONE, &consult);
    let story = bed.story(ONE);
    assert_eq!(story[..7], [&ASKED[..], &["hold B", "unhold A"]].concat()[..], "{story:?}");
    let mut ends = story[7..].to_vec();
    ends.sort_unstable();
    assert_eq!(ends, ["callFinished A transferred", "callFinished B transferred", "unhold B"], "{story:?}");
}

/// Three confer, then four, and leave one by one.
fn four(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first, TWO);
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &consult);
    let three = ["101", "102", OUTSIDE];
    bed.parties(ONE, &first, "conferenced", &three);
    bed.parties(TWO, &theirs, "conferenced", &three);
    let (second, last) = bed.consult(&first, THREE);
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": second}));
    bed.of("callFinished", ONE, &second);
    let all = ["101", "102", "103", OUTSIDE];
    for (line, call) in [(ONE, &first), (TWO, &theirs), (THREE, &last)] {
        bed.parties(line, call, "conferenced", &all);
    }
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", TWO, &theirs);
    bed.parties(THREE, &last, "conferenced", &["101", "103", OUTSIDE]);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.parties(THREE, &last, "connected", &["103", OUTSIDE]);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", THREE, &last);
    let rest = [
        "unhold A",
        "callFinished B conferenced",
        "hold A",
        "callStarted C out",
        "commutationStarted C",
        "unhold A",
        "callFinished C conferenced",
        "callFinished A normalClearing",
    ];
    begins(bed, ONE, &ASKED, &rest);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    bed.told(THREE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
}

/// A chief comes into a talk in one step; the call stays the same one.
fn joined(bed: &mut Bed) {
    let call = bed.incoming();
    bed.phones(json!({"do": "join", "number": "101", "to": "104"}));
    bed.parties(ONE, &call, "conferenced", &["101", "104", OUTSIDE]);
    let theirs = bed.started(FOUR, &[]);
    bed.of("commutationStarted", FOUR, &theirs);
    bed.asks(FOUR, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", FOUR, &theirs);
    bed.parties(ONE, &call, "connected", &["101", OUTSIDE]);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", ONE, &call);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
}

type Scenario = (&'static str, fn(&mut Bed));
const ALL: [Scenario; 10] = [
    ("transferred", transferred),
    ("transferred early", transferred_early),
    ("blind", blind),
    ("renamed", renamed),
    ("cancelled", cancelled),
    ("about nobody", about_nobody),
    ("asked is busy", asked_is_busy),
    ("alternated", alternated),
    ("four", four),
    ("joined", joined),
];

fn all(switch: &str, isolation: &'static str) {
    let mut bed = Bed::start(&format!("{QUIET}{switch}"), &Plan::new(isolation));
    for (name, scenario) in ALL {
        bed.next(name);
        scenario(&mut bed);
        bed.clean(name);
    }
}

#[test]
fn pairs_isolated() {
    all("", "process");
}

#[test]
fn pairs_in_the_host() {
    all("", "host");
}

/// The call id is that of the held call, and the own end is told first.
#[test]
fn pairs_at_a_switch_that_keeps_the_held_id() {
    all("merged = \"held\"\nclears = \"other\"\ntransfer_clears = \"before\"\n", "host");
}

/// The call id is a new one, and clearings come after the transfer.
#[test]
fn pairs_at_a_switch_that_gives_new_ids() {
    all("merged = \"new\"\ntransfer_clears = \"after\"\noutside_ids = \"trunk\"\n", "host");
}

/// What a transfer leaves of a call whose caller nobody knows.
#[test]
fn a_withheld_number_is_no_number() {
    let mut bed = Bed::new("process");
    bed.phones(json!({"do": "call", "from": "*380501112233", "to": "101"}));
    let started = bed.first("callStarted", ONE, |_| true);
    let call: &Value = &started["params"]["data"]["call"];
    assert!(!call["caller"].to_string().contains("380501112233"), "{call}");
    bed.at("hangup", "*380501112233");
    bed.of("callFinished", ONE, &call_id(&started));
    bed.told(ONE, &["callStarted A in", "callFinished A cancelled"]);
    bed.clean("withheld");
}
