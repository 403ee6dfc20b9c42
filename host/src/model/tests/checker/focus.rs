//! The current call, broken (I8, I9, R1–R9).

use serde_json::json;

use super::{answered, consulted, engaged, second};

const MOVED: &str = "currentCallChanged(A→B)";

#[test]
fn a_move_is_announced_right_after_its_cause() {
    second().without(MOVED).breaks("I9", "where currentCallChanged A → B should be");
    second().until("commutationStarted(B)").breaks("I9", "A → B and currentCallChanged did not follow");
    second().set(MOVED, "data.previousCallId", "C").breaks("I9", "currentCallChanged C → B");
    second().set(MOVED, "currentCallId", "A").breaks("I9", "announces another call");
    second().again(MOVED, MOVED).breaks("I9", "the focus moved None");
    second().set("last hold(A)", "currentCallId", "B").breaks("I8", "no call of the line");
}

#[test]
fn the_first_call_and_no_call() {
    answered().set("callStarted(A)", "currentCallId", "B").breaks("R1", "callStarted made B the current call");
    let silent = || answered().set("callStarted(A)", "currentCallId", json!(null));
    silent().breaks("R1", "the first call is not the current one");
    silent().breaks("R1", "lineStateChanged made A the current call");
    answered().set("hold(A)", "currentCallId", json!(null)).breaks("R9", "hold left no current call");
    answered().set("hold(A)", "currentCallId", json!(null)).breaks("I8", "currentCallId is None with 1 calls");
}

#[test]
fn a_further_call_does_not_take_over() {
    second().set("callStarted(B)", "currentCallId", "B").breaks("R2", "a further call took over");
    second().set("callStarted(B)", "data.call.role", "primary").breaks("R2", "is primary, or has no parent");
    second().set("callStarted(B)", "data.call.parentCallId", json!(null)).breaks("R2", "is primary, or has no parent");
}

#[test]
fn who_answers_or_takes_back_has_the_focus() {
    second().set("commutationStarted(B)", "currentCallId", "A").breaks("R5", "commutationStarted of B left the focus");
    consulted().set("commutationStarted(B)", "currentCallId", "B").breaks("R5", "commutationStarted of B moved");
    consulted().set("unhold(A)*", "currentCallId", "B").breaks("R5", "unhold of A moved the focus");
    // A consultation whose primary is gone, and a call beside another, are none.
    second().set("last unhold(A)", "currentCallId", "A").sound();
    consulted().set("hold(A)", "currentCallId", "B").breaks("I9", "hold moved the focus");
}

#[test]
fn the_next_one_is_the_best() {
    let end = "callFinished(A,normalClearing)";
    consulted().set(end, "currentCallId", json!(null)).breaks("R3", "the next one is None, not Some(\"B\")");
    let other = "callFinished(B,normalClearing)";
    second().set(other, "currentCallId", "B").breaks("R3", "the next one is Some(\"B\"), not Some(\"A\")");
    engaged().set("callBusy(A)", "currentCallId", "B").breaks("I9", "callBusy moved the focus");
}
