//! The golden scenarios of several calls: consultations, transfers, swaps, conferences.

use jackfield_tests::scenarios::show;
use serde_json::{Value, json};

use super::BOTH;
use super::bed::{Bed, ONE, OTHER, OUTSIDE, Plan, TWO, call_id};

/// 102 is asked about a call, and answers: the consultation's id, and that of 102.
fn consult(bed: &mut Bed, first: &Value) -> (Value, Value) {
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    let consult = made["callId"].clone();
    bed.of("commutationStarted", ONE, &consult);
    let started = bed.of("callStarted", ONE, &consult);
    let call = &started["params"]["data"]["call"];
    assert_eq!((&call["role"], &call["parentCallId"]), (&json!("consult"), first), "{started}");
    (consult, theirs)
}

fn completed(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let (second, theirs) = consult(bed, &first);
    bed.can(ONE, &first, "completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": second}));
    bed.of("callFinished", ONE, &first);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "hold(A)",
            "callStarted(B)",
            "commutationStarted(B)",
            "callFinished(B, transferred)",
            "unhold(A)",
            "callFinished(A, transferred)",
        ],
    );
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.is_told(TWO, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, normalClearing)"]);
}

/// The target still rings.
fn completed_early(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    bed.can(ONE, &first, "completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": made["callId"]}));
    bed.of("callFinished", ONE, &first);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "hold(A)",
            "callStarted(B)",
            "callFinished(B, transferred)",
            "unhold(A)",
            "callFinished(A, transferred)",
        ],
    );
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", TWO, &theirs);
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", TWO, &theirs);
}

fn cancelled(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let (second, _) = consult(bed, &first);
    bed.can(ONE, &first, "cancelTransfer");
    bed.asks(ONE, "cancelTransfer", json!({"callId": first, "consultCallId": second}));
    bed.of("callFinished", ONE, &second);
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    let told = bed.told(ONE);
    assert_eq!(
        told[..5],
        ["callStarted(A)", "commutationStarted(A)", "hold(A)", "callStarted(B)", "commutationStarted(B)"]
    );
    // The driver says which comes first.
    let mut middle = told[5..7].to_vec();
    middle.sort();
    assert_eq!(middle, ["callFinished(B, normalClearing)", "unhold(A)"]);
    assert_eq!(told[7..], ["callFinished(A, normalClearing)"]);
}

fn the_first_party_leaves(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let (second, _) = consult(bed, &first);
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    bed.first("currentCallChanged", ONE, |e| call_id(e) == second);
    bed.asks(ONE, "dropCall", json!({"callId": second}));
    bed.of("callFinished", ONE, &second);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "hold(A)",
            "callStarted(B)",
            "commutationStarted(B)",
            "unhold(A)",
            "callFinished(A, normalClearing)",
            "currentCallChanged(B)",
            "callFinished(B, normalClearing)",
        ],
    );
}

fn the_target_is_busy(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "0449111111"}));
    bed.of("callBusy", ONE, &made["callId"]);
    bed.of("callFinished", ONE, &made["callId"]);
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "hold(A)",
            "callStarted(B)",
            "callBusy(B)",
            "callFinished(B, busy)",
            "unhold(A)",
            "callFinished(A, normalClearing)",
        ],
    );
}

fn blind(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    bed.asks(ONE, "blindTransferCall", json!({"callId": first, "to": "102"}));
    bed.of("callFinished", ONE, &first);
    bed.is_told(ONE, &["callStarted(A)", "commutationStarted(A)", "callFinished(A, transferred)"]);
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
}

/// A second call while one is talked on: the first is held by answering it.
fn a_second_call(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    bed.tapi(json!({"do": "call", "from": OTHER, "to": "101"}));
    let second = call_id(&bed.first("callStarted", ONE, |e| call_id(e) != first));
    bed.asks(ONE, "answerCall", json!({"callId": second}));
    bed.first("currentCallChanged", ONE, |e| call_id(e) == second);
    // The one that is held hangs up.
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": second}));
    bed.of("callFinished", ONE, &second);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "callStarted(B)",
            "hold(A)",
            "commutationStarted(B)",
            "currentCallChanged(B)",
            "unhold(A)",
            "callFinished(A, normalClearing)",
            "callFinished(B, normalClearing)",
        ],
    );
}

fn swapped(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    bed.tapi(json!({"do": "call", "from": OTHER, "to": "101"}));
    let second = call_id(&bed.first("callStarted", ONE, |e| call_id(e) != first));
    bed.asks(ONE, "answerCall", json!({"callId": second}));
    bed.first("currentCallChanged", ONE, |e| call_id(e) == second);
    bed.can(ONE, &first, "alternate");
    bed.asks(ONE, "alternateCall", json!({"callId": second, "otherCallId": first}));
    bed.first("currentCallChanged", ONE, |e| call_id(e) == first);
    for call in [&second, &first] {
        bed.asks(ONE, "dropCall", json!({"callId": call}));
        bed.of("callFinished", ONE, call);
    }
    let told = bed.told(ONE);
    let swap = told.iter().position(|event| event == "hold(B)").unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(told[swap..swap + 3], ["hold(B)", "unhold(A)", "currentCallChanged(A)"], "{told:?}");
}

fn three_calls(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let mut calls = vec![first];
    for number in [OTHER, "380501112233"] {
        bed.tapi(json!({"do": "call", "from": number, "to": "101"}));
        let call =
            call_id(&bed.first("callStarted", ONE, |e| e["params"]["data"]["call"]["caller"]["number"] == number));
        bed.asks(ONE, "answerCall", json!({"callId": call}));
        bed.of("commutationStarted", ONE, &call);
        calls.push(call);
    }
    for number in [OUTSIDE, OTHER, "380501112233"] {
        bed.tapi(json!({"do": "hangup", "number": number}));
        let call = calls.remove(0);
        bed.of("callFinished", ONE, &call);
    }
}

/// A conference, which one party leaves.
fn conference(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let (second, theirs) = consult(bed, &first);
    bed.can(ONE, &first, "conference");
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": second}));
    let together = bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["state"] == "conferenced");
    assert_eq!(call_id(&together), first);
    let parties = together["params"]["data"]["call"]["participants"].as_array().map_or(0, Vec::len);
    assert_eq!(parties, 3, "{together}");
    bed.of("callFinished", ONE, &second);
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", TWO, &theirs);
    bed.first("callInfoChanged", ONE, |e| {
        let data = &e["params"]["data"];
        data["call"]["state"] == "connected" && data["changed"].as_array().is_some_and(|c| c.contains(&json!("state")))
    });
    // The driver may not have ended the conference yet, or is just ending it: it is dropped all the same.
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "hold(A)",
            "callStarted(B)",
            "commutationStarted(B)",
            "unhold(A)",
            "callFinished(B, conferenced)",
            "callFinished(A, normalClearing)",
        ],
    );
}

/// A conference is dropped as soon as a party has left, before anything is told of it.
fn conference_dropped(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    let (second, theirs) = consult(bed, &first);
    bed.can(ONE, &first, "conference");
    bed.asks(ONE, "conferenceCall", json!({"callId": first, "consultCallId": second}));
    bed.of("callFinished", ONE, &second);
    bed.tapi(json!({"do": "hangup", "number": "102"}));
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    let end = bed.of("callFinished", ONE, &first);
    assert_eq!(end["params"]["cause"]["code"], "normalClearing", "{end}");
    bed.of("callFinished", TWO, &theirs);
    let told = bed.told(ONE);
    assert_eq!(told.iter().filter(|event| event.starts_with("callStarted")).count(), 2, "{told:?}");
}

type Scenario = (&'static str, fn(&mut Bed));

const SCENARIOS: [Scenario; 12] = [
    ("consult, complete", completed),
    ("consult, complete while the target rings", completed_early),
    ("consult, cancel", cancelled),
    ("consult, the first party leaves", the_first_party_leaves),
    ("consult, the target is busy", the_target_is_busy),
    ("blind transfer", blind),
    ("second call while talking; the held party hangs up", a_second_call),
    ("swap", swapped),
    ("three calls", three_calls),
    ("conference, and leave", conference),
    ("conference, dropped while it ends", conference_dropped),
    ("consult, complete", completed),
];

#[test]
fn the_scenarios_of_several_calls() {
    for isolation in BOTH {
        let mut bed = Plan::new(isolation).start();
        for (name, scenario) in SCENARIOS {
            bed.next(name);
            scenario(&mut bed);
            bed.clean();
            show(&format!("| {name} | {isolation} | {} |", bed.told(ONE).join(" ")));
        }
    }
}

/// The same with drivers that do it otherwise: in another order, without some states, with fewer words.
#[test]
fn the_scenarios_with_other_drivers() {
    let quirks: [(&str, Value); 9] = [
        ("order", json!("states-first")),
        ("end", json!("both")),
        ("end", json!("idle")),
        ("drop", json!("both")),
        ("call_ids", json!("none")),
        ("reuse_handles", json!(true)),
        ("unknown_first", json!(true)),
        ("skip_states", json!(["DIALTONE", "PROCEEDING"])),
        ("info_first", json!(true)),
    ];
    for (quirk, value) in quirks {
        let mut bed = Plan::new("process").quirk(quirk, value.clone()).start();
        for (name, scenario) in [
            ("consult, complete", completed as fn(&mut Bed)),
            ("consult, cancel", cancelled),
            ("blind transfer", blind),
            ("conference, and leave", conference),
            ("conference, dropped while it ends", conference_dropped),
        ] {
            bed.next(name);
            scenario(&mut bed);
            bed.clean();
            show(&format!("| {name} | {quirk} = {value} | {} |", bed.told(ONE).join(" ")));
        }
    }
}
