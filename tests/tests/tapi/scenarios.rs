//! The golden scenarios of one call: what happens at telephones and what clients ask, against what they are told.

use jackfield_tests::scenarios::show;
use serde_json::json;

use super::BOTH;
use super::bed::{Bed, ONE, OTHER, OUTSIDE, Plan, TWO, call_id};

fn answered_held_remote_end(bed: &mut Bed) {
    bed.tapi(json!({"do": "call", "from": OUTSIDE, "name": "Olena", "to": "101"}));
    let started = bed.first("callStarted", ONE, |_| true);
    let data = &started["params"]["data"]["call"];
    assert_eq!(
        (&data["direction"], &data["caller"], &data["called"]["number"]),
        (&json!("in"), &json!({"number": OUTSIDE, "name": "Olena"}), &json!("101"))
    );
    let call = call_id(&started);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    let answered = bed.of("commutationStarted", ONE, &call);
    assert!(answered["params"]["replyTo"].is_object(), "{answered}");
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    bed.of("hold", ONE, &call);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["releasedBy"], "remote");
    bed.is_told(
        ONE,
        &["callStarted(A)", "commutationStarted(A)", "hold(A)", "unhold(A)", "callFinished(A, normalClearing)"],
    );
}

fn missed(bed: &mut Bed) {
    bed.tapi(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["missed"], json!(true));
    bed.is_told(ONE, &["callStarted(A)", "callFinished(A, cancelled)"]);
}

fn rejected(bed: &mut Bed) {
    bed.tapi(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["releasedBy"], "local");
    bed.is_told(ONE, &["callStarted(A)", "callFinished(A, rejected)"]);
}

fn outgoing_answered(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}));
    let started = bed.first("callStarted", ONE, |_| true);
    let call = call_id(&started);
    assert_eq!(made["callId"], call);
    assert!(started["params"]["replyTo"].is_object(), "{started}");
    assert_eq!(started["params"]["data"]["call"]["called"]["number"], OUTSIDE);
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "ringing");
    bed.tapi(json!({"do": "answer", "number": OUTSIDE}));
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["data"]["releasedBy"], "local");
    bed.is_told(ONE, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"]);
}

fn outgoing_busy(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "0449111111"}));
    let busy = bed.of("callBusy", ONE, &made["callId"]);
    assert_eq!(busy["params"]["cause"]["native"]["linebusymode"], 1, "{busy}");
    assert_eq!(busy["params"]["data"]["call"]["state"], "busy");
    bed.of("callFinished", ONE, &made["callId"]);
    bed.is_told(ONE, &["callStarted(A)", "callBusy(A)", "callFinished(A, busy)"]);
}

fn outgoing_not_answered(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "0448111111"}));
    let end = bed.of("callFinished", ONE, &made["callId"]);
    assert_eq!(end["params"]["data"]["releasedBy"], "system");
    bed.is_told(ONE, &["callStarted(A)", "callFinished(A, noAnswer)"]);
}

fn outgoing_cancelled(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": OUTSIDE}));
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["phase"] == "ringing");
    bed.asks(ONE, "dropCall", json!({"callId": made["callId"]}));
    bed.of("callFinished", ONE, &made["callId"]);
    bed.is_told(ONE, &["callStarted(A)", "callFinished(A, cancelled)"]);
}

/// From one of our lines to the other, both seen.
fn between_two_lines(bed: &mut Bed) {
    let made = bed.asks(ONE, "makeCall", json!({"to": "102"}));
    let theirs = bed.first("callStarted", TWO, |_| true);
    assert_eq!(theirs["params"]["data"]["call"]["caller"]["number"], "101");
    let theirs = call_id(&theirs);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &made["callId"]);
    bed.of("commutationStarted", TWO, &theirs);
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", ONE, &made["callId"]);
    bed.of("callFinished", TWO, &theirs);
    bed.is_told(ONE, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"]);
    bed.is_told(TWO, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"]);
}

/// Off the hook, and down again.
fn off_the_hook(bed: &mut Bed) {
    bed.asks(ONE, "hookup", json!({}));
    let call = call_id(&bed.first("callStarted", ONE, |e| e["params"]["data"]["call"]["phase"] == "initiated"));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.is_told(ONE, &["callStarted(A)", "callFinished(A, cancelled)"]);
}

fn digits(bed: &mut Bed) {
    let call = bed.incoming(ONE);
    bed.asks(ONE, "sendDtmf", json!({"callId": call, "digits": "12#"}));
    let sent = bed.first("dtmfEntered", ONE, |_| true);
    assert_eq!((&sent["params"]["data"]["digits"], &sent["params"]["data"]["by"]), (&json!("12#"), &json!("local")));
    assert!(sent["params"]["replyTo"].is_object(), "{sent}");
    bed.tapi(json!({"do": "digits", "number": OUTSIDE, "digits": "7"}));
    let heard = bed.first("dtmfEntered", ONE, |e| e["params"]["data"]["by"] == "remote");
    assert_eq!(heard["params"]["data"]["digits"], "7");
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
}

/// Sent elsewhere before it is answered; and somebody takes a call that rings elsewhere.
fn deflected_and_picked_up(bed: &mut Bed) {
    bed.tapi(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.asks(ONE, "deflectCall", json!({"callId": call, "to": "102"}));
    bed.of("callFinished", ONE, &call);
    bed.is_told(ONE, &["callStarted(A)", "callFinished(A, redirected)"]);
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    let taken = bed.asks(ONE, "pickupCall", json!({"target": "102"}));
    bed.of("commutationStarted", ONE, &taken["callId"]);
    let end = bed.of("callFinished", TWO, &theirs);
    // A driver that says no more than that the call is idle: why, is not known.
    assert_eq!(end["params"]["cause"]["code"], "cancelled", "{end}");
    bed.asks(ONE, "dropCall", json!({"callId": taken["callId"]}));
    bed.of("callFinished", ONE, &taken["callId"]);
}

fn parked_and_fetched(bed: &mut Bed) {
    let call = bed.incoming(ONE);
    let parked = bed.asks(ONE, "parkCall", json!({"callId": call}));
    let slot = parked["slot"].as_str().unwrap_or_else(|| panic!("{parked}")).to_owned();
    let end = bed.of("callFinished", ONE, &call);
    assert_eq!(end["params"]["cause"]["code"], "parked");
    let fetched = bed.asks(TWO, "pickupCall", json!({"target": slot}));
    bed.of("commutationStarted", TWO, &fetched["callId"]);
    bed.asks(TWO, "dropCall", json!({"callId": fetched["callId"]}));
    bed.of("callFinished", TWO, &fetched["callId"]);
}

/// The phone system gives a call another id while it is up.
fn renamed(bed: &mut Bed) {
    let call = bed.incoming(ONE);
    let before = bed.of("commutationStarted", ONE, &call)["params"]["data"]["call"]["nativeId"].clone();
    bed.tapi(json!({"do": "info", "number": "101", "call": 99_001, "caller": OUTSIDE, "name": "Somebody Else"}));
    let changed = bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["nativeId"] == "99001");
    assert_eq!(changed["params"]["data"]["call"]["nativeIds"], json!([before, "99001"]));
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["caller"]["name"] == "Somebody Else");
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &call);
    bed.is_told(ONE, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"]);
}

/// Forwardings and "do not disturb" of a line.
fn forwarded(bed: &mut Bed) {
    bed.asks(ONE, "setForwarding", json!({"kind": "noAnswer", "to": "102"}));
    bed.first("lineStateChanged", ONE, |e| {
        e["params"]["data"]["line"]["forwarding"] == json!([{"kind": "noAnswer", "to": "102"}])
    });
    bed.asks(ONE, "setDnd", json!({"on": true}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["state"] == "notReady");
    bed.asks(ONE, "setDnd", json!({"on": false}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["state"] == "ready");
    bed.asks(ONE, "setForwarding", json!({"kind": "noAnswer", "to": null}));
    bed.first("lineStateChanged", ONE, |e| e["params"]["data"]["line"]["forwarding"] == json!([]));
}

/// Two calls one after the other, of which nothing remains.
fn called_twice(bed: &mut Bed) {
    for number in [OUTSIDE, OTHER] {
        bed.tapi(json!({"do": "call", "from": number, "to": "101"}));
        let call =
            call_id(&bed.first("callStarted", ONE, |e| e["params"]["data"]["call"]["caller"]["number"] == number));
        bed.tapi(json!({"do": "hangup", "number": number}));
        bed.of("callFinished", ONE, &call);
    }
}

type Scenario = (&'static str, fn(&mut Bed));

const SCENARIOS: [Scenario; 15] = [
    ("incoming, answered, held, taken back, the caller hangs up", answered_held_remote_end),
    ("incoming, missed", missed),
    ("incoming, rejected", rejected),
    ("outgoing, answered", outgoing_answered),
    ("outgoing, busy", outgoing_busy),
    ("outgoing, no answer", outgoing_not_answered),
    ("outgoing, cancelled", outgoing_cancelled),
    ("between two lines", between_two_lines),
    ("off the hook, and down again", off_the_hook),
    ("digits", digits),
    ("deflected, and picked up", deflected_and_picked_up),
    ("parked, and fetched", parked_and_fetched),
    ("native id and name change", renamed),
    ("forwarded, not disturbed", forwarded),
    ("two calls, one after the other", called_twice),
];

#[test]
fn the_scenarios_of_one_call() {
    for isolation in BOTH {
        let mut plan = Plan::new(isolation);
        plan.settings = "monitor_digits = true".to_owned();
        let mut bed = plan.start();
        for (name, scenario) in SCENARIOS {
            bed.next(name);
            scenario(&mut bed);
            bed.clean();
            show(&format!("| {name} | {isolation} | {} |", bed.told(ONE).join(" ")));
        }
    }
}
