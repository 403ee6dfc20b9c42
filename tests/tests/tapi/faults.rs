//! Drivers that do what none should: that never answer, answer twice, too late, for another request, from two threads;
//! that spoil what they write, hang, or die.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::BOTH;
use super::bed::{Bed, ONE, OUTSIDE, Plan, TWO, call_id};

/// A bed whose requests are given up soon.
fn hasty(isolation: &'static str, hang: u32) -> Bed {
    let mut plan = Plan::new(isolation);
    plan.settings = format!("request_timeout = 1\nhang_timeout = {hang}");
    plan.start()
}

fn fault(bed: &Bed, fault: Value) {
    bed.tapi(json!({"do": "faults", "faults": [fault]}));
}

/// A course of a call with every kind of request, after which nothing may be left.
fn course(bed: &mut Bed) {
    let first = bed.incoming(ONE);
    bed.asks(ONE, "holdCall", json!({"callId": first}));
    bed.of("hold", ONE, &first);
    bed.asks(ONE, "unholdCall", json!({"callId": first}));
    bed.of("unhold", ONE, &first);
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "102"}));
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", ONE, &made["callId"]);
    bed.can(ONE, &first, "completeTransfer");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": made["callId"]}));
    bed.of("callFinished", ONE, &first);
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", TWO, &theirs);
    bed.is_told(
        ONE,
        &[
            "callStarted(A)",
            "commutationStarted(A)",
            "hold(A)",
            "unhold(A)",
            "hold(A)",
            "callStarted(B)",
            "commutationStarted(B)",
            "callFinished(B, transferred)",
            "unhold(A)",
            "callFinished(A, transferred)",
        ],
    );
}

/// Answers that come in other ways than they should, to every request: nothing is to be seen of it.
#[test]
fn answers_twice_early_too_many_and_from_two_threads() {
    for isolation in BOTH {
        let mut bed = Plan::new(isolation).start();
        for kind in ["twice", "stranger-first", "early", "two-threads", "handle-later"] {
            bed.next(kind);
            fault(&bed, json!({"on": "*", "reply": kind}));
            // It is done when the next command of the file is.
            course(&mut bed);
            bed.clean();
        }
        assert!(bed.host.log().contains("which is none"), "{}", bed.host.log());
    }
}

/// The command is refused when its time is over, whether it was done or not; what was done is told all the same.
#[test]
fn a_driver_that_never_answers() {
    for (kind, done) in [("never", true), ("lost", false), ("wrong-id", true)] {
        let mut bed = hasty("process", 20);
        bed.next(kind);
        let call = bed.incoming(ONE);
        bed.tapi(json!({"do": "fault", "fault": {"on": "lineHold", "times": 1, "reply": kind}}));
        bed.tapi(json!({"do": "info", "number": "101", "caller": OUTSIDE, "name": "Now"}));
        bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["caller"]["name"] == "Now");
        let refused = bed.try_asks(ONE, "holdCall", json!({"callId": call})).unwrap_err();
        assert_eq!(refused["data"]["code"], "timeout", "{refused}");
        if done {
            bed.of("hold", ONE, &call);
        }
        bed.asks(ONE, "dropCall", json!({"callId": call}));
        bed.of("callFinished", ONE, &call);
        bed.clean();
    }
}

/// The answer to a drop comes when nobody has a handle of the call any more: who dropped it knows before.
#[test]
fn an_answer_after_the_call_is_gone() {
    for isolation in BOTH {
        let mut bed = Plan::new(isolation).start();
        for number in 0..3 {
            bed.next("after gone");
            if number == 0 {
                fault(&bed, json!({"on": "lineDrop", "reply": "after-gone"}));
            }
            let call = bed.incoming(ONE);
            let began = Instant::now();
            bed.asks(ONE, "dropCall", json!({"callId": call}));
            // Not by its time running out, which takes ten seconds.
            assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
            bed.of("callFinished", ONE, &call);
        }
        bed.clean();
    }
}

/// The request that makes a call is never answered: its call is there all the same.
#[test]
fn a_call_without_an_answer() {
    let mut bed = hasty("process", 20);
    bed.next("unanswered call");
    bed.tapi(json!({"do": "faults", "faults": [{"on": "lineMakeCallW", "times": 1, "reply": "never"}]}));
    bed.tapi(json!({"do": "call", "from": OUTSIDE, "to": "102"}));
    let theirs = call_id(&bed.first("callStarted", TWO, |_| true));
    let refused = bed.try_asks(ONE, "makeCall", json!({"to": "380501112233"})).unwrap_err();
    assert_eq!(refused["data"]["code"], "timeout", "{refused}");
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", TWO, &theirs);
    bed.clean();
}

/// What the functions refuse is told with the driver's own word.
#[test]
fn refusals_of_the_driver() {
    let mut bed = Plan::new("process").start();
    bed.next("refusals");
    let call = bed.incoming(ONE);
    for (how, error, code) in [
        ("error", "INVALCALLSTATE", "invalidCallState"),
        ("fails", "OPERATIONFAILED", "commandFailed"),
        ("fails", "RESOURCEUNAVAIL", "phoneSystemUnavailable"),
        ("error", "NOTOWNER", "notOwner"),
    ] {
        bed.tapi(json!({"do": "faults", "faults": [{"on": "lineHold", how: error}]}));
        bed.tapi(json!({"do": "info", "number": "101", "caller": OUTSIDE, "name": format!("{how} {error}")}));
        let name = format!("{how} {error}");
        bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["caller"]["name"] == name.as_str());
        let refused = bed.try_asks(ONE, "holdCall", json!({"callId": call})).unwrap_err();
        assert_eq!(refused["data"]["code"], code, "{refused}");
        assert!(refused["message"].as_str().unwrap().contains(&format!("lineHold: LINEERR_{error}")), "{refused}");
    }
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.clean();
}

/// Structures that lead elsewhere, are cut, or never fit: the calls are there, with what can be read.
#[test]
fn spoilt_structures() {
    for kind in ["offsets", "sizes", "odd", "unterminated", "insatiable"] {
        let mut bed = Plan::new("process").start();
        bed.next(kind);
        bed.tapi(json!({"do": "faults", "faults": [{"on": "lineGetCallInfoW", "structure": kind}]}));
        let call = bed.incoming(ONE);
        bed.asks(ONE, "dropCall", json!({"callId": call}));
        bed.of("callFinished", ONE, &call);
        bed.clean();
    }
}

/// A function that does not return: the adapter ends itself and is started anew. In a process of its own the driver ends
/// with it; nobody else is touched.
#[test]
fn a_driver_that_hangs() {
    let mut bed = hasty("process", 2);
    bed.next("hang");
    let call = bed.incoming(ONE);
    bed.tapi(json!({"do": "faults", "faults": [{"on": "lineHold", "times": 1, "hang": true}]}));
    bed.tapi(json!({"do": "info", "number": "101", "caller": OUTSIDE, "name": "Now"}));
    bed.first("callInfoChanged", ONE, |e| e["params"]["data"]["call"]["caller"]["name"] == "Now");
    let began = Instant::now();
    bed.try_asks(ONE, "holdCall", json!({"callId": call})).unwrap_err();
    let fault = bed.client.event(|e| e["method"] == "error" && e["params"]["data"]["code"] == "adapterFault").unwrap();
    bed.forget();
    let text = fault["params"]["data"]["message"].as_str().unwrap();
    assert!(text.contains("the TAPI driver has not returned from lineHold for 2 s"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(60));
    // A new process has a new phone system, in which there are no calls.
    bed.first("callFinished", ONE, |e| e["params"]["cause"]["code"] == "lost");
    bed.next("after the hang");
    let again = bed.incoming(ONE);
    bed.asks(ONE, "dropCall", json!({"callId": again}));
    bed.of("callFinished", ONE, &again);
}

/// A driver that dies takes the adapter's process with it, and nothing else.
#[test]
fn a_driver_that_dies() {
    for how in ["abort", "segv", "exit"] {
        let mut bed = Plan::new("process").start();
        bed.next(how);
        bed.incoming(ONE);
        bed.tapi(json!({"do": "crash", "how": how}));
        bed.client.event(|e| e["method"] == "error" && e["params"]["data"]["code"] == "adapterFault").unwrap();
        bed.forget();
        bed.first("callFinished", ONE, |e| e["params"]["cause"]["code"] == "lost");
        assert!(bed.host.client(super::bed::TOKEN).is_ok());
    }
}
