//! Calls of one operator at a time: what happens at phones and what clients ask, against what a client is told.

use serde_json::{Value, json};

use crate::bed::{Bed, DESK, ONE, OTHER, OUTSIDE, Plan, TWO};

/// What an answered call begins with.
const TALKS: [&str; 4] = ["callStarted(A)", "L(A)", "commutationStarted(A)", "L(A)"];

fn from_talk(rest: &[&'static str]) -> Vec<&'static str> {
    TALKS.iter().chain(rest).copied().collect()
}

/// M12 1.
fn incoming(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
    let call = bed.call(ONE, 1);
    let started = bed.of("callStarted", ONE, &call);
    let told = &started["params"]["data"]["call"];
    assert_eq!(
        (&told["direction"], &told["scope"], &told["state"], &told["phase"], &told["caller"]["number"]),
        (&json!("in"), &json!("external"), &json!("alerting"), &json!("ringing"), &json!(OUTSIDE))
    );
    assert_eq!((&told["called"]["number"], &told["features"]), (&json!("210"), &json!(["answer", "drop"])));
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    let answered = bed.of("commutationStarted", ONE, &call);
    assert!(answered["params"]["replyTo"].is_object(), "{answered}");
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["missed"], false);
    bed.told(ONE, &from_talk(&["hold(A)", "L(A)", "unhold(A)", "L(A)", "callFinished(A,normalClearing)", "L"]));
}

/// M12 2. Whether the caller gave up or nobody came is not told.
fn missed(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
    let call = bed.call(ONE, 1);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["data"]["missed"], &end["params"]["data"]["finishedFrom"]),
        (&json!(true), &json!("alerting"))
    );
    bed.told(ONE, &["callStarted(A)", "L(A)", "callFinished(A,noAnswer)", "L"]);
}

/// M12 3.
fn rejected(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "210"}));
    let call = bed.call(ONE, 1);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(
        (&end["params"]["data"]["missed"], &end["params"]["data"]["releasedBy"]),
        (&json!(false), &json!("local"))
    );
    bed.told(ONE, &["callStarted(A)", "L(A)", "callFinished(A,rejected)", "L"]);
}

/// M12 4: with hold, digits and the end from here.
fn outgoing(bed: &mut Bed) {
    let call = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}))["callId"].clone();
    let started = bed.of("callStarted", ONE, &call);
    let told = &started["params"]["data"]["call"];
    assert_eq!(
        (&told["direction"], &told["phase"], &told["called"]["number"], &told["features"]),
        (&json!("out"), &json!("dialing"), &json!(OUTSIDE), &json!(["drop"]))
    );
    assert!(started["params"]["replyTo"].is_object(), "{started}");
    bed.phones(json!({"do": "answer", "number": OUTSIDE}));
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "sendDtmf", json!({"callId": call, "digits": "12#"}));
    bed.callway.wait_for(&json!({"do": "show"}), |all| all["calls"][0]["caller"]["digits"] == "12#").unwrap();
    let twice = bed.asks(ONE, "holdCall", json!({"callId": call}));
    assert_eq!(twice["noop"], Value::Null);
    assert_eq!(bed.asks(ONE, "holdCall", json!({"callId": call}))["noop"], true);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["releasedBy"], "local");
    bed.told(ONE, &from_talk(&["hold(A)", "L(A)", "unhold(A)", "L(A)", "callFinished(A,normalClearing)", "L"]));
}

/// M12 5: CallWay does not tell that somebody is busy; the call ends.
fn busy(bed: &mut Bed) {
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": "busy"}));
    let call = bed.asks(ONE, "makeCall", json!({"to": OTHER}))["callId"].clone();
    bed.of("callFinished", ONE, &call);
    bed.phones(json!({"do": "outside", "number": OTHER, "behaviour": "manual"}));
    bed.told(ONE, &["callStarted(A)", "L(A)", "callFinished(A,unknown)", "L"]);
}

/// M12 6.
fn cancelled(bed: &mut Bed) {
    let call = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}))["callId"].clone();
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.told(ONE, &["callStarted(A)", "L(A)", "callFinished(A,cancelled)", "L"]);
}

/// M12 11, inside and by hand.
fn blind_transfer(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "blindTransferCall", json!({"callId": call, "to": "211"}));
    let theirs = bed.call(TWO, 1);
    let rings = bed.of("callStarted", TWO, &theirs);
    assert_eq!(rings["params"]["data"]["call"]["caller"]["number"], OUTSIDE);
    bed.told(ONE, &from_talk(&["callFinished(A,transferred)", "L"]));
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.told(TWO, &from_talk(&["callFinished(A,normalClearing)", "L"]));
}

/// M12 13.
fn held_party_hangs_up(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["finishedFrom"], "held");
    bed.told(ONE, &from_talk(&["hold(A)", "L(A)", "unhold(A)*", "callFinished(A,normalClearing)", "L"]));
}

/// Two operators: each has a call of its own.
fn two_operators(bed: &mut Bed) {
    let mine = bed.asks(ONE, "makeCall", json!({"to": "211"}))["callId"].clone();
    let theirs = bed.call(TWO, 1);
    assert_ne!(mine, theirs);
    for (line, call, direction) in [(ONE, &mine, "out"), (TWO, &theirs, "in")] {
        let told = bed.of("callStarted", line, call)["params"]["data"]["call"].take();
        assert_eq!(
            (&told["direction"], &told["scope"], &told["caller"]["number"], &told["called"]["number"]),
            (&json!(direction), &json!("internal"), &json!("210"), &json!("211")),
            "{line}"
        );
    }
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.asks(TWO, "holdCall", json!({"callId": theirs}));
    bed.asks(TWO, "unholdCall", json!({"callId": theirs}));
    bed.asks(ONE, "dropCall", json!({"callId": mine}));
    bed.told(TWO, &from_talk(&["hold(A)", "L(A)", "unhold(A)", "L(A)", "callFinished(A,normalClearing)", "L"]));
    bed.told(ONE, &from_talk(&["callFinished(A,normalClearing)", "L"]));
}

/// A desk phone is rung first, and the leg of that is nobody's call.
fn desk_phone(bed: &mut Bed) {
    let made = bed.asks(DESK, "makeCall", json!({"to": OUTSIDE}));
    assert_eq!(made["callId"], Value::Null, "the phone rings, and there is no call yet: {made}");
    bed.phones(json!({"do": "answer", "number": "213"}));
    let call = bed.call(DESK, 1);
    let started = bed.of("callStarted", DESK, &call);
    assert_eq!(started["params"]["data"]["call"]["called"]["number"], OUTSIDE);
    bed.phones(json!({"do": "answer", "number": OUTSIDE}));
    bed.of("commutationStarted", DESK, &call);
    bed.asks(DESK, "dropCall", json!({"callId": call}));
    bed.told(DESK, &from_talk(&["callFinished(A,normalClearing)", "L"]));
    // An incoming call is answered at the phone.
    bed.next();
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "213"}));
    let call = bed.call(DESK, 1);
    let started = bed.of("callStarted", DESK, &call);
    assert_eq!(started["params"]["data"]["call"]["features"], json!(["drop"]));
    bed.refused(DESK, "answerCall", json!({"callId": call}));
    bed.phones(json!({"do": "answer", "number": "213"}));
    bed.of("commutationStarted", DESK, &call);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.told(DESK, &from_talk(&["callFinished(A,normalClearing)", "L"]));
    // Nobody walks to the phone: there never was a call.
    bed.next();
    bed.asks(DESK, "makeCall", json!({"to": OUTSIDE}));
    bed.phones(json!({"do": "decline", "number": "213"}));
    bed.settle(DESK);
    assert!(bed.client.events.iter().all(|e| e["params"]["line"] != DESK || e["method"] == "rawMessage"));
}

/// Through a script and a queue; the agent sees where the call has been.
fn queue(bed: &mut Bed) {
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "800"}));
    bed.callway.wait_for(&json!({"do": "show"}), |all| all["calls"][0]["stage"] == "talk").unwrap();
    bed.phones(json!({"do": "press", "number": OUTSIDE, "digits": "2"}));
    let call = bed.call(ONE, 1);
    let told = bed.of("callStarted", ONE, &call)["params"]["data"]["call"].take();
    assert_eq!(
        (&told["queue"]["id"], &told["userData"]["callway.ivr"], &told["caller"]["number"]),
        (&json!("Продажи: юг"), &json!("Welcome"), &json!(OUTSIDE))
    );
    bed.phones(json!({"do": "decline", "number": "210"}));
    bed.told(ONE, &["callStarted(A)", "L(A)", "callFinished(A,noAnswer)", "L"]);
    let theirs = bed.call(TWO, 1);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.told(TWO, &from_talk(&["callFinished(A,normalClearing)", "L"]));
}

/// The recording of a call is played at the operator's phone.
fn recording(bed: &mut Bed) {
    let call = bed.incoming();
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let native = bed.of("callFinished", ONE, &call)["params"]["data"]["call"]["nativeId"].clone();
    bed.asks(ONE, "librarySpecificService", json!({"name": "listenCall", "params": {"nativeId": native}}));
    let plays = bed.call(ONE, 2);
    let told = bed.of("callStarted", ONE, &plays);
    assert_eq!(told["params"]["data"]["call"]["caller"]["number"], "record");
    bed.asks(ONE, "dropCall", json!({"callId": plays}));
    bed.of("callFinished", ONE, &plays);
}

type Scenario = (&'static str, fn(&mut Bed));
const ALL: [Scenario; 12] = [
    ("incoming", incoming),
    ("missed", missed),
    ("rejected", rejected),
    ("outgoing", outgoing),
    ("busy", busy),
    ("cancelled", cancelled),
    ("blind transfer", blind_transfer),
    ("held party hangs up", held_party_hangs_up),
    ("two operators", two_operators),
    ("desk phone", desk_phone),
    ("queue", queue),
    ("recording", recording),
];

const PHONES: &str = "[[queues]]\nnumber = \"700\"\nid = \"Продажи: юг\"\nmembers = [\"210\", \"211\"]\n[[scripts]]\nnumber = \
                      \"800\"\nid = \"Welcome\"\ntalks_ms = 60000\nkeys = { 2 = \"700\" }\n";

fn all(plan: &Plan) {
    let mut bed = Bed::new(plan);
    for (name, scenario) in ALL {
        bed.next();
        scenario(&mut bed);
        bed.sound(name);
    }
}

#[test]
fn every_scenario_isolated() {
    all(&Plan { phones: PHONES, ..Plan::new("process") });
}

#[test]
fn every_scenario_in_the_host() {
    all(&Plan { phones: PHONES, ..Plan::new("host") });
}

/// The same where both operators of a call see one id, ids come again, and the server's leg ends when it is taken.
#[test]
fn every_scenario_at_another_callway() {
    const OTHERWISE: &str = "unique_id = \"call\"\nids_again = true\ninternal_number = \"caller\"\nring_back_ends = \
                             \"when-lifted\"\ntells_transfer = false\n[[queues]]\nnumber = \"700\"\nid = \"Продажи: \
                             юг\"\nmembers = [\"210\", \"211\"]\n[[scripts]]\nnumber = \"800\"\nid = \
                             \"Welcome\"\ntalks_ms = 60000\nkeys = { 2 = \"700\" }\n";
    all(&Plan { phones: OTHERWISE, ..Plan::new("process") });
}
