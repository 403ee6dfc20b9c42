//! How it is said: dialects, broken frames, messages twice and in the wrong order. The calls are the same.

use serde_json::json;

use crate::bed::{Bed, ONE, OUTSIDE, Plan, QUIET, TWO};

/// A call with a consultation and a transfer, as it is always told.
fn course(bed: &mut Bed, name: &str) {
    bed.next(name);
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first, TWO);
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &first);
    bed.first("callInfoChanged", TWO, |e| e["params"]["data"]["call"]["redirection"]["number"] == OUTSIDE);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", TWO, &theirs);
    let wanted = [
        "callStarted A in",
        "commutationStarted A",
        "hold A",
        "callStarted B out",
        "commutationStarted B",
        "callFinished B transferred",
        "unhold A",
        "callFinished A transferred",
    ];
    assert_eq!(bed.story(ONE), wanted, "{name}");
    assert_eq!(bed.story(TWO), ["callStarted A in", "commutationStarted A", "callFinished A normalClearing"], "{name}");
    bed.clean(name);
}

#[test]
fn every_dialect_is_understood() {
    for dialect in [
        "namespaces = \"prefixed\"\n",
        "namespaces = \"none\"\nprolog = false\n",
        "outside_ids = \"trunk\"\nnetwork_rings = false\nsimple_snapshots = true\nsnapshot_parts = 1\n",
        "clears = \"other\"\nmerged = \"new\"\ntransfer_clears = \"before\"\ndigits_events = false\n",
        "[faults]\ndisorder = true\ncut_every = 100\n",
        "[faults]\nlate_replies = true\ncut_every = 7\n",
        "[faults]\nduplicate_events = 1\n",
    ] {
        course(&mut Bed::start(&format!("{QUIET}{dialect}"), &Plan::new("process")), dialect);
    }
}

/// Events change places in pairs: what was said may be other than what was, but all ends, and the next call is right.
fn disorder(isolation: &'static str) {
    let mut bed = Bed::start(QUIET, &Plan::new(isolation));
    bed.next("disorder");
    bed.phones(json!({"do": "faults", "faults": {"reorder": true, "duplicate_events": 3}}));
    for _ in 0..5 {
        bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
        bed.at("answer", "101");
        bed.at("hold", "101");
        bed.at("hold", "101");
        bed.phones(json!({"do": "call", "from": "102", "to": "103"}));
        bed.at("answer", "103");
        bed.at("hangup", "102");
        bed.at("hangup", OUTSIDE);
    }
    bed.phones(json!({"do": "faults", "faults": {}}));
    // Whatever is still believed is put right by asking.
    let until = std::time::Instant::now() + jackfield_tests::host::PATIENCE;
    loop {
        let left: Vec<_> = [ONE, TWO, "aes/103"]
            .into_iter()
            .map(|line| {
                let story = bed.story(line);
                let count = |name: &str| story.iter().filter(|event| event.starts_with(name)).count();
                count("callStarted") - count("callFinished")
            })
            .collect();
        if left == [0, 0, 0] {
            break;
        }
        assert!(std::time::Instant::now() < until, "{left:?}: {:?}", bed.story(ONE));
        bed.client.read_for(std::time::Duration::from_millis(200));
    }
    course(&mut bed, "after disorder");
}

#[test]
fn events_in_any_order_and_twice_leave_nothing_behind_isolated() {
    disorder("process");
}

#[test]
fn events_in_any_order_and_twice_leave_nothing_behind_in_the_host() {
    disorder("host");
}

/// Frames that no server should send: those that can be passed over are, the others cost the connection and no call.
fn pranks(isolation: &'static str) {
    let mut bed = Bed::start(QUIET, &Plan::new(isolation));
    let call = bed.incoming();
    for (count, kind) in ["big", "invalid-utf8", "entities", "deep", "no-xml", "unknown", "answer"].iter().enumerate() {
        bed.phones(json!({"do": "prank", "number": "101", "kind": kind}));
        bed.asks(ONE, "holdCall", json!({"callId": call}));
        bed.until(ONE, count + 1, "hold");
        bed.asks(ONE, "unholdCall", json!({"callId": call}));
        bed.until(ONE, count + 1, "unhold");
    }
    assert_eq!(bed.pbx.visits("cti").unwrap(), ["started"], "none of them cost the connection");
    for kind in ["too-short", "too-long", "empty", "format"] {
        let since = bed.client.events.len();
        bed.phones(json!({"do": "prank", "number": "101", "kind": kind}));
        // A length that is too long swallows the beginning of what comes next.
        bed.phones(json!({"do": "info", "number": "101", "uui": "6162"}));
        bed.phones(json!({"do": "info", "number": "101", "uui": "6163"}));
        let back = loop {
            let back = bed.client.event(|e| {
                e["method"] == "activeCallSnapshot"
                    && e["params"]["line"] == ONE
                    && e["params"]["data"]["reason"] == "reconciled"
            });
            let back = back.unwrap_or_else(|e| panic!("{kind}: {e}\n{}", bed.host.log()));
            if bed.client.events.iter().rposition(|e| *e == back).is_some_and(|place| place >= since) {
                break back;
            }
        };
        assert_eq!(back["params"]["data"]["activeCalls"][0]["callId"], call, "{kind}");
    }
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    course(&mut bed, "after pranks");
}

#[test]
fn frames_that_nobody_should_send_cost_no_call_isolated() {
    pranks("process");
}

#[test]
fn frames_that_nobody_should_send_cost_no_call_in_the_host() {
    pranks("host");
}
