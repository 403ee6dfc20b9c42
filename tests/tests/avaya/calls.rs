//! Calls of one line, one after the other at one switch: what happens at telephones and what clients ask, against what a
//! client of each line is told.

use serde_json::{Value, json};

use crate::bed::{Bed, FOUR, ONE, OTHER, OUTSIDE, Plan, QUIET, THREE, TWO, call_id, ended};

/// An incoming call with its data, held, taken back, ended outside.
fn incoming(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101", "uui": "7265663D3737"}));
    let started = bed.first("callStarted", ONE, |_| true);
    let call = &started["params"]["data"]["call"];
    assert_eq!(
        (&call["direction"], &call["state"], &call["caller"]["number"], &call["called"]["number"], &call["scope"]),
        (&json!("in"), &json!("alerting"), &json!(OUTSIDE), &json!("101"), &json!("external"))
    );
    assert_eq!(call["userData"]["ref"], "77", "{call}");
    let ucid = call["globalCallIds"][0].as_str().unwrap().to_owned();
    assert_eq!((ucid.len(), &ucid[..5]), (20, "00001"), "{call}");
    let call = call_id(&started);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    let talks = bed.of("commutationStarted", ONE, &call);
    assert!(talks["params"]["replyTo"].is_object(), "{talks}");
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.asks(ONE, "sendDtmf", json!({"callId": call, "digits": "12#"}));
    let digits = bed.first("dtmfEntered", ONE, |_| true);
    assert_eq!(
        (&digits["params"]["data"]["digits"], &digits["params"]["data"]["by"]),
        (&json!("12#"), &json!("local"))
    );
    bed.at("hangup", OUTSIDE);
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(ended(&end), ("normalClearing".into(), "remote".into(), "connected".into()));
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "hold A", "unhold A", "callFinished A normalClearing"]);
}

fn missed(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = bed.started(ONE, &[]);
    bed.at("hangup", OUTSIDE);
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(ended(&end), ("cancelled".into(), "remote".into(), "alerting".into()));
    assert_eq!(end["params"]["data"]["missed"], true);
    bed.told(ONE, &["callStarted A in", "callFinished A cancelled"]);
}

/// Ringing cannot be dropped here; it can be sent elsewhere.
fn deflected(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let started = bed.first("callStarted", ONE, |_| true);
    assert_eq!(started["params"]["data"]["call"]["features"], json!(["answer", "deflect"]));
    let call = call_id(&started);
    assert_eq!(bed.refused(ONE, "dropCall", json!({"callId": call}))["code"], "invalidCallState");
    bed.asks(ONE, "deflectCall", json!({"callId": call, "to": "102"}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["cause"]["code"], "redirected");
    let theirs = bed.first("callStarted", TWO, |_| true);
    let shown = &theirs["params"]["data"]["call"];
    assert_eq!(shown["caller"]["number"], OUTSIDE);
    assert_eq!(shown["called"]["number"], "101", "{shown}");
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", TWO, &call_id(&theirs));
    bed.told(ONE, &["callStarted A in", "callFinished A redirected"]);
    bed.told(TWO, &["callStarted A in", "callFinished A cancelled"]);
}

/// An outgoing call with hold, taking back and end.
fn outgoing(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE, "userData": {"ref": "42"}}));
    let started = bed.first("callStarted", ONE, |_| true);
    let call = &started["params"]["data"]["call"];
    assert_eq!((&made["callId"], &call["direction"]), (&call["callId"], &json!("out")));
    assert_eq!(call["called"]["number"], OUTSIDE);
    assert!(started["params"]["replyTo"].is_object(), "{started}");
    let call = call_id(&started);
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "ringing");
    bed.at("answer", OUTSIDE);
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    assert_eq!(bed.asks(ONE, "holdCall", json!({"callId": call}))["noop"], true);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(ended(&end), ("normalClearing".into(), "local".into(), "connected".into()));
    bed.told(
        ONE,
        &["callStarted A out", "commutationStarted A", "hold A", "unhold A", "callFinished A normalClearing"],
    );
}

fn busy(bed: &mut Bed) {
    bed.phones(json!({"do": "behave", "number": OTHER, "behaviour": "busy"}));
    let made = bed.asks(ONE, "makeCall", json!({"to": OTHER}));
    bed.of("callBusy", ONE, &made["callId"]);
    bed.asks(ONE, "dropCall", json!({"callId": made["callId"]}));
    let end = bed.of("callFinished", ONE, &made["callId"]);
    assert_eq!(end["params"]["cause"]["code"], "busy");
    bed.told(ONE, &["callStarted A out", "callBusy A", "callFinished A busy"]);
    bed.phones(json!({"do": "behave", "number": OTHER, "behaviour": "manual"}));
}

fn nobody(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "77"}));
    bed.of("callStarted", ONE, &made["callId"]);
    let failed = bed.first("callInfoChanged", ONE, |e| e["params"]["cause"]["code"] == "invalidDestination");
    let shown = &failed["params"]["data"]["call"];
    assert_eq!((&shown["state"], &shown["callId"]), (&json!("alerting"), &made["callId"]), "{failed}");
    bed.at("hangup", "101");
    let end = bed.of("callFinished", ONE, &made["callId"]);
    assert_eq!(end["params"]["cause"]["code"], "invalidDestination");
    bed.told(ONE, &["callStarted A out", "callFinished A invalidDestination"]);
}

fn given_up(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}));
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "ringing");
    bed.asks(ONE, "dropCall", json!({"callId": made["callId"]}));
    let end = bed.of("callFinished", ONE, &made["callId"]);
    assert_eq!(ended(&end), ("cancelled".into(), "local".into(), "alerting".into()));
    bed.told(ONE, &["callStarted A out", "callFinished A cancelled"]);
}

/// Two stations of the same switch: what one does the other hears of.
/// It rings at one line, and another one takes it.
fn picked_up(bed: &mut Bed) {
    assert_eq!(bed.refused(ONE, "pickupCall", json!({"target": "102"}))["code"], "nothingToPickUp");
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "102"}));
    let theirs = bed.started(TWO, &[]);
    bed.asks(ONE, "pickupCall", json!({"target": "102"}));
    let started = bed.first("callStarted", ONE, |_| true);
    let call = &started["params"]["data"]["call"];
    assert_eq!((&call["direction"], &call["caller"]["number"]), (&json!("in"), &json!(OUTSIDE)), "{started}");
    assert!(started["params"]["replyTo"].is_object(), "{started}");
    let ours = call_id(&started);
    bed.of("commutationStarted", ONE, &ours);
    let end = bed.of("callFinished", TWO, &theirs);
    assert_eq!(end["params"]["cause"]["code"], "pickedUpElsewhere");
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", ONE, &ours);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    bed.told(TWO, &["callStarted A in", "callFinished A pickedUpElsewhere"]);
}

fn inside(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "102"}));
    let rings = bed.first("callStarted", TWO, |_| true);
    let shown = &rings["params"]["data"]["call"];
    assert_eq!(shown["scope"], "internal", "{rings}");
    assert_eq!((&shown["direction"], &shown["caller"]["number"]), (&json!("in"), &json!("101")));
    assert_ne!(shown["scope"], "external", "{shown}");
    let theirs = call_id(&rings);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", TWO, &theirs);
    bed.of("commutationStarted", ONE, &made["callId"]);
    bed.asks(TWO, "holdCall", json!({"callId": theirs}));
    bed.of("hold", TWO, &theirs);
    bed.asks(TWO, "unholdCall", json!({"callId": theirs}));
    bed.of("unhold", TWO, &theirs);
    bed.asks(ONE, "dropCall", json!({"callId": made["callId"]}));
    bed.of("callFinished", TWO, &theirs);
    bed.of("callFinished", ONE, &made["callId"]);
    bed.told(ONE, &["callStarted A out", "commutationStarted A", "callFinished A normalClearing"]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "hold A", "unhold A", "callFinished A normalClearing"]);
}

/// The far end hangs up while it is on hold.
fn held_party_lost(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.at("hangup", OUTSIDE);
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(ended(&end), ("normalClearing".into(), "remote".into(), "held".into()));
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "hold A", "unhold A", "callFinished A normalClearing"]);
}

/// A second call while the first one is talked; then three at once.
fn three_calls(bed: &mut Bed) {
    let first = bed.incoming();
    bed.phones(json!({"do": "call", "from": OTHER, "to": "101"}));
    let second = bed.started(ONE, &[&first]);
    bed.asks(ONE, "answerCall", json!({"callId": second}));
    bed.of("commutationStarted", ONE, &second);
    bed.phones(json!({"do": "call", "from": "104", "to": "101"}));
    let third = bed.started(ONE, &[&first, &second]);
    bed.of(
        "callStarted",
        FOUR,
        &call_id(
            &bed.client
                .events
                .iter()
                .rfind(|e| e["params"]["line"] == FOUR && e["method"] == "callStarted")
                .cloned()
                .unwrap_or_default(),
        ),
    );
    bed.asks(ONE, "alternateCall", json!({"callId": first, "otherCallId": second}));
    bed.of("unhold", ONE, &first);
    bed.at("hangup", "104");
    bed.of("callFinished", ONE, &third);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", ONE, &first);
    bed.asks(ONE, "unholdCall", json!({"callId": second}));
    bed.of("unhold", ONE, &second);
    bed.asks(ONE, "dropCall", json!({"callId": second}));
    bed.of("callFinished", ONE, &second);
    bed.told(
        ONE,
        &[
            "callStarted A in",
            "commutationStarted A",
            "callStarted B in",
            "hold A",
            "commutationStarted B",
            "currentCallChanged B",
            "callStarted C in",
            "hold B",
            "unhold A",
            "currentCallChanged A",
            "callFinished C cancelled",
            "callFinished A normalClearing",
            "currentCallChanged B",
            "unhold B",
            "callFinished B normalClearing",
        ],
    );
}

/// Forwarding and do not disturb.
fn features(bed: &mut Bed) {
    bed.asks(THREE, "setForwarding", json!({"kind": "all", "to": "104"}));
    bed.first("lineStateChanged", THREE, |e| e["params"]["data"]["line"].to_string().contains("104"));
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "103"}));
    let started = bed.first("callStarted", FOUR, |_| true);
    assert_eq!(started["params"]["data"]["call"]["called"]["number"], "103");
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", FOUR, &call_id(&started));
    bed.asks(THREE, "setForwarding", json!({"kind": "all", "to": null}));
    assert_eq!(
        bed.refused(THREE, "setForwarding", json!({"kind": "busy", "to": "104"}))["code"],
        "commandNotSupported"
    );
    bed.told(THREE, &[]);
}

/// What is refused, and why.
fn refusals(bed: &mut Bed) {
    let call = bed.incoming();
    let mut refuse = |category: &str, value: &str| {
        bed.phones(json!({"do": "refuse", "service": "HoldCall", "category": category, "value": value}));
        bed.refused(ONE, "holdCall", json!({"callId": call}))
    };
    let told: Value = json!([
        refuse("stateIncompatibility", "invalidObjectState")["code"],
        refuse("operation", "privilegeViolationSpecifiedDevice")["code"],
        refuse("subscribedResourceAvailability", "objectMonitorLimitExceeded")["code"],
        refuse("systemResourceAvailibility", "deviceOutOfService")["code"],
        refuse("operation", "serviceNotSupported")["code"],
        refuse("unspecified", "")["code"],
    ]);
    assert_eq!(
        told,
        json!([
            "invalidCallState",
            "forbidden",
            "licenceMissing",
            "deviceOutOfService",
            "commandNotSupported",
            "commandFailed"
        ])
    );
    let busy = refuse("systemResourceAvailibility", "resourceBusy");
    assert_eq!(busy["retryable"], true, "{busy}");
    bed.phones(
        json!({"do": "refuse", "service": "HoldCall", "category": "operation", "value": "generic", "exception": true}),
    );
    assert_eq!(bed.refused(ONE, "holdCall", json!({"callId": call}))["code"], "commandFailed");
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "hold A"]);
}

type Scenario = (&'static str, fn(&mut Bed));
const ALL: [Scenario; 13] = [
    ("incoming", incoming),
    ("missed", missed),
    ("deflected", deflected),
    ("outgoing", outgoing),
    ("busy", busy),
    ("nobody", nobody),
    ("given up", given_up),
    ("inside", inside),
    ("picked up", picked_up),
    ("held party lost", held_party_lost),
    ("three calls", three_calls),
    ("features", features),
    ("refusals", refusals),
];

fn all(bed: &mut Bed) {
    for (name, scenario) in ALL {
        bed.next(name);
        scenario(bed);
        bed.clean(name);
    }
}

#[test]
fn calls_isolated() {
    all(&mut Bed::new("process"));
}

#[test]
fn calls_in_the_host() {
    all(&mut Bed::new("host"));
}

/// A switch that clears what rings: a call is declined at the panel. At the telephone, the switch tells of its end what
/// it tells when the caller has had enough.
#[test]
fn a_call_is_declined() {
    let switch = format!("{QUIET}clears_all = true\n");
    let mut bed = Bed::start(&switch, &Plan::with("process", "clears_ringing = true\n"));
    for by_hand in [false, true] {
        bed.next("declined");
        bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
        let call = bed.started(ONE, &[]);
        if by_hand {
            bed.at("hangup", "101");
        } else {
            bed.asks(ONE, "dropCall", json!({"callId": call}));
        }
        let end = bed.of("callFinished", ONE, &call);
        if by_hand {
            bed.told(ONE, &["callStarted A in", "callFinished A cancelled"]);
        } else {
            assert_eq!(ended(&end), ("rejected".into(), "local".into(), "alerting".into()));
            bed.told(ONE, &["callStarted A in", "callFinished A rejected"]);
        }
    }
    bed.clean("declined");
}
