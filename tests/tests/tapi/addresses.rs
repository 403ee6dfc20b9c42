//! Several addresses of one device, each a line of its own: nothing of one shows at the other.

use serde_json::json;

use super::BOTH;
use super::bed::{Bed, ONE, OTHER, OUTSIDE, Plan, TWO, call_id};

/// One device with the addresses 101 and 102, and another one.
fn plan(isolation: &'static str) -> Plan {
    let mut plan = Plan::new(isolation);
    plan.tapi["lines"] = json!([
        {"name": "Two keys", "addresses": [{"number": "101"}, {"number": "102"}]},
        {"name": "Line 103", "addresses": [{"number": "103"}]},
    ]);
    plan
}

/// A call on each address at the same time: what is done with one is not seen at the other.
fn a_call_on_each(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    // Out from the other address, with its own number.
    let made = bed.asks(TWO, "makeCall", json!({"to": OTHER}))["callId"].clone();
    let started = bed.of("callStarted", TWO, &made);
    assert_eq!(started["params"]["data"]["call"]["caller"]["number"], "102", "{started}");
    bed.first("callInfoChanged", TWO, |e| call_id(e) == made && e["params"]["data"]["call"]["phase"] == "ringing");
    bed.tapi(json!({"do": "answer", "number": OTHER}));
    bed.of("commutationStarted", TWO, &made);
    bed.asks(ONE, "holdCall", json!({"callId": first}));
    bed.of("hold", ONE, &first);
    // Each line knows its own calls only.
    let refused = bed.try_asks(TWO, "unholdCall", json!({"callId": first})).unwrap_err();
    assert_eq!(refused["data"]["code"], "unknownCall", "{refused}");
    bed.asks(TWO, "sendDtmf", json!({"callId": made, "digits": "5"}));
    bed.first("dtmfEntered", TWO, |_| true);
    bed.tapi(json!({"do": "hangup", "number": OTHER}));
    bed.of("callFinished", TWO, &made);
    bed.asks(ONE, "unholdCall", json!({"callId": first}));
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.is_told(
        ONE,
        &["callStarted(A)", "commutationStarted(A)", "hold(A)", "unhold(A)", "callFinished(A, normalClearing)"],
    );
    bed.is_told(TWO, &["callStarted(A)", "commutationStarted(A)", "dtmfEntered", "callFinished(A, normalClearing)"]);
}

/// A call from one address to the other of the same device.
fn from_one_to_the_other(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "102"}))["callId"].clone();
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    assert_ne!(made, theirs);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &made);
    bed.of("commutationStarted", TWO, &theirs);
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", ONE, &made);
    bed.of("callFinished", TWO, &theirs);
    let both = &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"];
    bed.is_told(ONE, both);
    bed.is_told(TWO, both);
}

/// A conference at one address while the other one talks.
fn a_conference_at_one(bed: &mut Bed) {
    let other = bed.incoming(TWO);
    bed.tapi(json!({"do": "call", "from": OTHER, "to": "101"}));
    let first = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.asks(ONE, "answerCall", json!({"callId": first}));
    bed.of("commutationStarted", ONE, &first);
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "103"}))["callId"].clone();
    bed.of("callStarted", ONE, &made);
    bed.first("callInfoChanged", ONE, |e| call_id(e) == made && e["params"]["data"]["call"]["phase"] == "ringing");
    bed.tapi(json!({"do": "answer", "number": "103"}));
    bed.of("commutationStarted", ONE, &made);
    bed.can(ONE, &first, "conference");
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": made}));
    bed.of("callFinished", ONE, &made);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.asks(TWO, "dropCall", json!({"callId": other}));
    bed.of("callFinished", TWO, &other);
    bed.is_told(TWO, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"]);
}

/// What is set for one address is set for it alone.
fn forwarded_alone(bed: &mut Bed) {
    bed.asks(TWO, "setForwarding", json!({"kind": "all", "to": "103"}));
    bed.first("lineStateChanged", TWO, |e| {
        e["params"]["data"]["line"]["forwarding"] == json!([{"kind": "all", "to": "103"}])
    });
    let shown = bed.client.call("queryLineState", &json!({"line": ONE})).unwrap();
    assert!(!shown.to_string().contains("\"to\":\"103\""), "{shown}");
    bed.asks(TWO, "setForwarding", json!({"kind": "all", "to": null}));
    bed.first("lineStateChanged", TWO, |e| e["params"]["data"]["line"]["forwarding"] == json!([]));
}

type Scenario = (&'static str, fn(&mut Bed));

#[test]
fn two_addresses_of_a_device_are_two_lines() {
    let scenarios: [Scenario; 4] = [
        ("a call on each", a_call_on_each),
        ("from one to the other", from_one_to_the_other),
        ("a conference at one", a_conference_at_one),
        ("forwarded alone", forwarded_alone),
    ];
    for isolation in BOTH {
        let mut bed = plan(isolation).start();
        for (name, scenario) in scenarios {
            bed.next(name);
            scenario(&mut bed);
            bed.clean();
        }
    }
}

/// A line of a device goes and comes back during a call: it finds it, and the call of the other line is not disturbed.
#[test]
fn a_line_comes_back_to_a_device_that_is_open() {
    for isolation in BOTH {
        let mut bed = plan(isolation).start();
        bed.next("comes back");
        let both = bed.config().to_owned();
        let first = bed.incoming(ONE);
        let second = bed.incoming(TWO);
        // What clients may see changes: they begin anew with each.
        bed.reload(&Bed::without_line(&both, "101"));
        bed.asks(TWO, "holdCall", json!({"callId": second}));
        bed.of("hold", TWO, &second);
        bed.reload(&both);
        let up = bed.client.event(|e| {
            e["method"] == "activeCallSnapshot"
                && e["params"]["line"] == ONE
                && e["params"]["data"]["activeCalls"].as_array().is_some_and(|calls| !calls.is_empty())
        });
        let up = up.unwrap_or_else(|e| panic!("{e}\n{}", bed.host.log()));
        let [back] = up["params"]["data"]["activeCalls"].as_array().unwrap().as_slice() else { panic!("{up}") };
        assert_eq!((&back["state"], &back["caller"]["number"]), (&json!("connected"), &json!(OUTSIDE)), "{first} {up}");
        let back = back["callId"].clone();
        bed.client.look_again();
        let held = bed.client.named("activeCallSnapshot", TWO).unwrap();
        assert_eq!(held["params"]["data"]["activeCalls"][0]["callId"], second, "{held}");
        for (line, call) in [(ONE, &back), (TWO, &second)] {
            bed.asks(line, "dropCall", json!({"callId": call}));
            bed.of("callFinished", line, call);
        }
        bed.clean();
    }
}
