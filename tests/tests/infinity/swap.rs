//! The adapter is replaced in the middle of calls, between any two steps: nobody notices.

use std::collections::BTreeSet;

use serde_json::json;

use crate::bed::{BOSS, Bed, ONE, OUTSIDE, TWO};

/// `jackfield plugins swap`, which goes on.
fn swap(bed: &Bed) {
    let output = bed.host.command(&["plugins", "swap", "inf"]).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("goes on for"), "{said}\n{}", bed.host.log());
}

fn swapped(isolation: &str) {
    let mut bed = Bed::new(isolation);
    swap(&bed);
    let call = bed.rings(OUTSIDE);
    swap(&bed);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    swap(&bed);
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "holdCall", json!({"callId": call}));
    swap(&bed);
    bed.of("hold", ONE, &call);
    swap(&bed);
    bed.asks(ONE, "unholdCall", json!({"callId": call}));
    bed.of("unhold", ONE, &call);
    let consult = bed.asks(ONE, "makeConsultCall", json!({"callId": call, "to": "102"}))["callId"].clone();
    swap(&bed);
    let theirs = bed.first("callStarted", TWO, |_| true)["params"]["data"]["call"]["callId"].clone();
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &consult);
    swap(&bed);
    // The command is under way while the adapter is replaced.
    let transfer = json!({"line": ONE, "callId": call, "consultCallId": consult});
    bed.client
        .event(|e| {
            let features = &e["params"]["data"]["features"];
            e["method"] == "lineStateChanged"
                && e["params"]["line"] == ONE
                && features.as_array().is_some_and(|f| f.contains(&json!("completeTransfer")))
        })
        .unwrap();
    let id = bed.client.send("transferCall", &transfer).unwrap();
    swap(&bed);
    let answer = bed.client.answer(&json!(id)).unwrap();
    assert!(answer.get("result").is_some(), "{answer}");
    for one in [&consult, &call] {
        assert_eq!(bed.of("callFinished", ONE, one)["params"]["cause"]["code"], "transferred");
    }
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "hold",
            "unhold",
            "hold",
            "callStarted",
            "commutationStarted",
            "callFinished",
            "unhold",
            "callFinished",
        ],
    );
    let epochs: BTreeSet<String> = bed
        .client
        .events
        .iter()
        .filter(|e| e["params"]["line"].is_string())
        .map(|e| format!("{} {}", e["params"]["line"], e["params"]["epoch"]))
        .collect();
    assert_eq!(epochs.len(), 2, "a line has begun another epoch: {epochs:?}");
    let page = bed.host.metrics(BOSS).unwrap();
    let outcomes: Vec<&str> =
        page.lines().filter(|l| l.starts_with("cti_adapter_swaps_total") && !l.ends_with(" 0")).collect();
    assert!(outcomes.len() == 1 && outcomes[0].contains("swapped") && outcomes[0].ends_with(" 8"), "{outcomes:?}");
    bed.sound("swaps");
}

#[test]
fn nobody_notices_a_swap_isolated() {
    swapped("process");
}

#[test]
fn nobody_notices_a_swap_in_the_host() {
    swapped("host");
}
