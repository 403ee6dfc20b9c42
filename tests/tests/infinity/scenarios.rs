//! Scenario after scenario: what happens at phones and what clients ask, against what a client of each line is told.
//! Every scenario has a client of its own, and both isolation modes.

use serde_json::json;

use crate::bed::{Bed, ONE, OTHER, OUTSIDE, TWO, call_id};

/// Incoming, answered, held, taken back; the caller hangs up.
fn incoming(bed: &mut Bed) {
    let call = bed.rings(OUTSIDE);
    let started = bed.of("callStarted", ONE, &call);
    let shown = &started["params"]["data"]["call"];
    assert_eq!(
        (&shown["direction"], &shown["phase"], &shown["called"]["number"]),
        (&json!("in"), &json!("ringing"), &json!("101"))
    );
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(finished["params"]["cause"]["code"], "normalClearing");
    bed.core(ONE, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

fn missed(bed: &mut Bed) {
    let call = bed.rings(OUTSIDE);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(finished["params"]["data"]["missed"], true);
    bed.core(ONE, &["callStarted", "callFinished"]);
}

fn rejected(bed: &mut Bed) {
    let call = bed.rings(OUTSIDE);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(finished["params"]["cause"]["code"], "rejected");
    assert_eq!(finished["params"]["data"]["missed"], false);
    bed.core(ONE, &["callStarted", "callFinished"]);
}

fn outgoing(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}));
    let call = made["callId"].clone();
    let started = bed.of("callStarted", ONE, &call);
    let shown = &started["params"]["data"]["call"];
    assert_eq!((&shown["direction"], &shown["called"]["number"]), (&json!("out"), &json!(OUTSIDE)));
    assert!(started["params"]["replyTo"].is_object(), "{started}");
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "ringing");
    bed.phones(json!({"do": "answer", "number": OUTSIDE}));
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "sendDtmf", json!({"callId": call, "digits": "12#"}));
    bed.infinity.wait_for(&json!({"do": "show"}), |all| all["users"][0]["calls"][0]["digits"] == "12#").unwrap();
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&finished["params"]["cause"]["code"], &finished["params"]["data"]["releasedBy"]),
        (&json!("normalClearing"), &json!("local"))
    );
    bed.core(ONE, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

/// Infinity does not say why a call is no more: busy looks like refused, and both may be over before a look.
fn busy_and_refused(bed: &mut Bed) {
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": {"refuse": {"after_ms": 1500}}}));
    let call = bed.asks(ONE, "makeCall", json!({"to": OTHER}))["callId"].clone();
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(finished["params"]["cause"]["code"], "unknown");
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": "busy"}));
    let call = bed.asks(ONE, "makeCall", json!({"to": OTHER}))["callId"].clone();
    let finished = bed.of("callFinished", ONE, &call);
    assert_eq!(finished["params"]["data"]["call"]["called"]["number"], OTHER);
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": "manual"}));
    bed.core(ONE, &["callStarted", "callFinished", "callStarted", "callFinished"]);
}

fn cancelled(bed: &mut Bed) {
    let call = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}))["callId"].clone();
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    assert_eq!(bed.of("callFinished", ONE, &call)["params"]["cause"]["code"], "cancelled");
    bed.core(ONE, &["callStarted", "callFinished"]);
}

fn consultation_completed(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.can("completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    for call in [&consult, &first] {
        assert_eq!(bed.of("callFinished", ONE, call)["params"]["cause"]["code"], "transferred");
    }
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "hold",
            "callStarted",
            "commutationStarted",
            "callFinished",
            "unhold",
            "callFinished",
        ],
    );
    // The colleague's call goes on, with somebody else.
    bed.first("callInfoChanged", TWO, |e| {
        let call = &e["params"]["data"]["call"];
        call["callId"] == theirs && call["state"] == "connected" && call["caller"]["number"] == OUTSIDE
    });
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.core(TWO, &["callStarted", "commutationStarted", "callFinished"]);
}

fn consultation_cancelled(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.can("cancelTransfer");
    bed.asks(ONE, "cancelTransfer", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.of("unhold", ONE, &first);
    bed.of("callFinished", TWO, &theirs);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "hold",
            "callStarted",
            "commutationStarted",
            "callFinished",
            "unhold",
            "callFinished",
        ],
    );
}

fn primary_leaves_during_a_consultation(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, _) = bed.consult(&first);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    let current = bed.first("currentCallChanged", ONE, |_| true);
    assert_eq!((&call_id(&current), &current["params"]["data"]["call"]["role"]), (&consult, &json!("primary")));
    bed.asks(ONE, "dropCall", json!({"callId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "hold",
            "callStarted",
            "commutationStarted",
            "unhold",
            "callFinished",
            "currentCallChanged",
            "callFinished",
        ],
    );
}

fn consulted_one_refuses(bed: &mut Bed) {
    let first = bed.incoming();
    let consult = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}))["callId"].clone();
    bed.of("hold", ONE, &first);
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", ONE, &consult);
    assert_eq!(bed.of("callFinished", TWO, &theirs)["params"]["cause"]["code"], "rejected");
    bed.asks(ONE, "unholdCall", json!({"callId": first}));
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.core(
        ONE,
        &["callStarted", "commutationStarted", "hold", "callStarted", "callFinished", "unhold", "callFinished"],
    );
}

fn blind_transfer(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "blindTransferCall", json!({"callId": call, "to": "102"}));
    assert_eq!(bed.of("callFinished", ONE, &call)["params"]["cause"]["code"], "transferred");
    let theirs =
        call_id(&bed.first("callStarted", TWO, |e| e["params"]["data"]["call"]["caller"]["number"] == OUTSIDE));
    bed.phones(json!({"do": "answer", "number": "102"}));
    bed.of("commutationStarted", TWO, &theirs);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
    bed.core(TWO, &["callStarted", "commutationStarted", "callFinished"]);
}

/// A second call while talking, answered: the first is held; the one that is held then hangs up.
fn second_call(bed: &mut Bed) {
    let first = bed.incoming();
    let second = bed.rings(OTHER);
    assert_eq!(bed.of("callStarted", ONE, &second)["params"]["data"]["call"]["role"], "secondary");
    bed.asks(ONE, "answerCall", json!({"callId": second}));
    bed.of("commutationStarted", ONE, &second);
    let current = bed.first("currentCallChanged", ONE, |_| true);
    assert_eq!(call_id(&current), second);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": second}));
    bed.of("callFinished", ONE, &second);
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "callStarted",
            "hold",
            "commutationStarted",
            "currentCallChanged",
            "unhold",
            "callFinished",
            "callFinished",
        ],
    );
}

fn held_party_lost(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    assert_eq!(bed.of("callFinished", ONE, &call)["params"]["data"]["finishedFrom"], "held");
    bed.core(ONE, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

/// The server starts anew: its calls are gone, and the next one has the same number as one before.
fn server_restarts(bed: &mut Bed) {
    bed.phones(json!({"do": "restart"}));
    let call = bed.incoming();
    let native = bed.of("callStarted", ONE, &call)["params"]["data"]["call"]["nativeId"].clone();
    bed.phones(json!({"do": "restart"}));
    bed.of("callFinished", ONE, &call);
    bed.phones(json!({"do": "call", "from": OTHER, "to": "101"}));
    let again = bed.first("callStarted", ONE, |e| e["params"]["data"]["call"]["caller"]["number"] == OTHER);
    assert_eq!(again["params"]["data"]["call"]["nativeId"], native);
    assert_ne!(call_id(&again), call);
    bed.phones(json!({"do": "hangup", "number": OTHER}));
    bed.of("callFinished", ONE, &call_id(&again));
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished", "callStarted", "callFinished"]);
}

fn three_calls(bed: &mut Bed) {
    let first = bed.incoming();
    let second = bed.rings(OTHER);
    let third = bed.rings("79990000003");
    bed.asks(ONE, "answerCall", json!({"callId": third}));
    bed.of("hold", ONE, &first);
    bed.of("commutationStarted", ONE, &third);
    bed.phones(json!({"do": "hangup", "number": OTHER}));
    bed.of("callFinished", ONE, &second);
    bed.asks(ONE, "dropCall", json!({"callId": third}));
    bed.of("callFinished", ONE, &third);
    bed.asks(ONE, "unholdCall", json!({"callId": first}));
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "callStarted",
            "callStarted",
            "hold",
            "commutationStarted",
            "currentCallChanged",
            "callFinished",
            "callFinished",
            "currentCallChanged",
            "unhold",
            "callFinished",
        ],
    );
}

fn conference(bed: &mut Bed) {
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    bed.can("conference");
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": consult}));
    assert_eq!(bed.of("callFinished", ONE, &consult)["params"]["cause"]["code"], "conferenced");
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["state"] == "conferenced");
    bed.first("callInfoChanged", TWO, |e| e["params"]["data"]["call"]["state"] == "conferenced");
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    // Two are left: a call between them.
    bed.first("callInfoChanged", TWO, |e| {
        let call = &e["params"]["data"]["call"];
        call["state"] == "connected" && call["caller"]["number"] == OUTSIDE
    });
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.core(TWO, &["callStarted", "commutationStarted", "callFinished"]);
}

/// Two users talk; each sees the other, and the hold of the other as such.
fn two_agents(bed: &mut Bed) {
    let mine = bed.asks(ONE, "makeCall", json!({"to": "102"}))["callId"].clone();
    let rings = bed.first("callStarted", TWO, |_| true);
    let theirs = call_id(&rings);
    assert_eq!(rings["params"]["data"]["call"]["caller"], json!({"number": "101", "name": "Operator One"}));
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &mine);
    bed.of("commutationStarted", TWO, &theirs);
    bed.asks(TWO, "holdCall", json!({"callId": theirs}));
    bed.of("hold", TWO, &theirs);
    let far = |state: &'static str| {
        move |e: &serde_json::Value| {
            let call = &e["params"]["data"]["call"];
            let parties = call["participants"].as_array().map_or(&[][..], Vec::as_slice);
            call["state"] == "connected" && parties.iter().any(|p| p["local"] == false && p["state"] == state)
        }
    };
    bed.first("callInfoChanged", ONE, far("held"));
    bed.asks(TWO, "unholdCall", json!({"callId": theirs}));
    bed.of("unhold", TWO, &theirs);
    bed.first("callInfoChanged", ONE, far("connected"));
    bed.asks(ONE, "dropCall", json!({"callId": mine}));
    bed.of("callFinished", ONE, &mine);
    bed.of("callFinished", TWO, &theirs);
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
    bed.core(TWO, &["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

/// The user's state, from here and from there, and the way out of the call centre and back.
fn states(bed: &mut Bed) {
    bed.asks(ONE, "setUserState", json!({"code": "301"}));
    let set = bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["code"] == "301");
    assert_eq!(set["params"]["data"]["state"], "notReady");
    bed.infinity.wait_for(&json!({"do": "show"}), |all| all["users"][0]["state"] == 301).unwrap();
    bed.phones(json!({"do": "state", "number": "101", "state": 304}));
    let set = bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["code"] == "304");
    assert_eq!(set["params"]["data"]["state"], "busy");
    bed.asks(ONE, "changeCallCentreState", json!({"active": false}));
    bed.first("callCentreStateChanged", ONE, |e| e["params"]["data"]["isActive"] == false);
    bed.infinity.wait_for(&json!({"do": "show"}), |all| all["users"][0]["state"] == 399).unwrap();
    let refused = bed.try_ask(ONE, "makeCall", json!({"to": OUTSIDE})).unwrap_err();
    assert!(refused.contains("User is not logged on"), "{refused}");
    bed.asks(ONE, "changeCallCentreState", json!({"active": true}));
    bed.first("callCentreStateChanged", ONE, |e| e["params"]["data"]["isActive"] == true);
    let refused = bed.try_ask(ONE, "setUserState", json!({"code": "77"})).unwrap_err();
    assert!(refused.contains("unknownState") || refused.contains("User state not found"), "{refused}");
    for wrong in ["1\r\nGET /call/drop/", " ", &"1".repeat(300)] {
        let refused = bed.try_ask(ONE, "makeCall", json!({"to": wrong})).unwrap_err();
        assert!(refused.contains("invalidDestination") || refused.contains("-32602"), "{refused}");
    }
}

type Scenario = (&'static str, fn(&mut Bed));
const ALL: [Scenario; 17] = [
    ("incoming", incoming),
    ("missed", missed),
    ("rejected", rejected),
    ("outgoing", outgoing),
    ("busy and refused", busy_and_refused),
    ("cancelled", cancelled),
    ("consultation completed", consultation_completed),
    ("consultation cancelled", consultation_cancelled),
    ("primary leaves during a consultation", primary_leaves_during_a_consultation),
    ("consulted one refuses", consulted_one_refuses),
    ("blind transfer", blind_transfer),
    ("second call", second_call),
    ("held party lost", held_party_lost),
    ("server restarts", server_restarts),
    ("three calls", three_calls),
    ("conference", conference),
    ("two agents", two_agents),
];

fn all(isolation: &str) {
    let mut bed = Bed::new(isolation);
    for (name, scenario) in ALL.into_iter().chain([("states", states as fn(&mut Bed))]) {
        bed.next(name);
        scenario(&mut bed);
        bed.sound(name);
    }
}

#[test]
fn every_scenario_isolated() {
    all("process");
}

#[test]
fn every_scenario_in_the_host() {
    all("host");
}
