//! The canonical sequences of M6, by name.

use jackfield_plugin_api::CauseCode;

use super::bench::{Bench, busy, conference, consults, dials, ends, hangs_up, held, rings, shows, talks};

#[test]
fn incoming_answered_caller_hangs_up() {
    let mut bench = Bench::up();
    bench
        .says(rings("1"), "callStarted(A) L(A)")
        .says(talks("1"), "commutationStarted(A) L(A)")
        .says(hangs_up("1"), "callFinished(A,normalClearing) L");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn incoming_missed() {
    let mut bench = Bench::up();
    bench.says(rings("1"), "callStarted(A) L(A)").says(ends("1", CauseCode::Cancelled), "callFinished(A,cancelled) L");
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("it finished");
    assert_eq!(finished["params"]["data"]["missed"], true);
}

#[test]
fn incoming_rejected_is_not_missed() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(ends("1", CauseCode::Rejected), "callFinished(A,rejected) L");
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("it finished");
    assert_eq!(finished["params"]["data"]["missed"], false);
}

#[test]
fn outgoing_answered_hold_resume_end() {
    let mut bench = Bench::up();
    bench
        .says(dials("1"), "callStarted(A) L(A)")
        .says(talks("1"), "commutationStarted(A) L(A)")
        .says(held("1"), "hold(A) L(A)")
        .says(talks("1"), "unhold(A) L(A)")
        .says(hangs_up("1"), "callFinished(A,normalClearing) L");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn outgoing_busy() {
    let mut bench = Bench::up();
    bench
        .says(dials("1"), "callStarted(A) L(A)")
        .says(busy("1"), "callBusy(A) L(A)")
        .says(ends("1", CauseCode::Busy), "callFinished(A,busy) L");
    assert_eq!(bench.repairs().total(), 0);
}

/// A talks and consults B, who talks too.
fn consulting() -> Bench {
    let mut bench = Bench::up();
    bench
        .apply(rings("1"))
        .apply(talks("1"))
        .says(held("1"), "hold(A) L(A)")
        .says(consults("2", "1"), "callStarted(B) L(A) L(B)")
        .says(talks("2"), "commutationStarted(B) L(A) L(B)");
    bench
}

#[test]
fn consult_and_complete() {
    let mut bench = consulting();
    bench
        .says(ends("2", CauseCode::Transferred), "callFinished(B,transferred) L L(A)")
        .says(ends("1", CauseCode::Transferred), "unhold(A)* callFinished(A,transferred) L");
    assert_eq!(bench.repairs().total(), 0);
    let finished = &bench.log[bench.log.len() - 2]["params"]["data"]["call"];
    assert_eq!(finished["redirecting"]["number"], "101", "who transferred it");
    assert_eq!(finished["redirection"]["number"], "2000", "where to");
}

#[test]
fn consult_and_cancel() {
    let mut bench = consulting();
    bench.says(hangs_up("2"), "callFinished(B,normalClearing) L L(A)").says(talks("1"), "unhold(A) L(A)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn consult_and_cancel_in_the_other_order() {
    // M13.7: the phone system takes the primary back first.
    let mut bench = consulting();
    bench.says(talks("1"), "unhold(A) L(A)").says(hangs_up("2"), "callFinished(B,normalClearing) L L(A)");
    assert_eq!(bench.call("A").role, jackfield_plugin_api::Role::Primary);
}

#[test]
fn consult_target_busy() {
    let mut bench = Bench::up();
    bench
        .apply(rings("1"))
        .apply(talks("1"))
        .apply(held("1"))
        .apply(consults("2", "1"))
        .says(busy("2"), "callBusy(B) L(B)")
        .says(ends("2", CauseCode::Busy), "callFinished(B,busy) L L(A)")
        .says(talks("1"), "unhold(A) L(A)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn primary_leaves_during_the_consult() {
    let mut bench = consulting();
    bench.says(hangs_up("1"), "unhold(A)* callFinished(A,normalClearing) currentCallChanged(A→B) L L(B)");
    let changed = bench.log.iter().find(|event| event["method"] == "currentCallChanged").expect("the focus moved");
    assert_eq!(changed["params"]["data"]["call"]["role"], "primary");
    assert_eq!(changed["params"]["data"]["call"]["parentCallId"], serde_json::Value::Null);
    assert_eq!(changed["params"]["cause"]["code"], "previousFinished");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn blind_transfer() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).says(ends("1", CauseCode::Transferred), "callFinished(A,transferred) L");
}

#[test]
fn second_call_while_talking_answered() {
    let mut bench = Bench::up();
    bench
        .apply(rings("1"))
        .apply(talks("1"))
        .says(rings("2"), "callStarted(B) L(B)")
        .says(held("1"), "hold(A) L(A)")
        .says(talks("2"), "commutationStarted(B) currentCallChanged(A→B) L(A) L(B)");
    assert_eq!(bench.call("B").role, jackfield_plugin_api::Role::Secondary);
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn alternate_of_two_calls() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(rings("2")).apply(held("1")).apply(talks("2"));
    bench.says(held("2"), "hold(B) L(A) L(B)").says(talks("1"), "unhold(A) currentCallChanged(B→A) L(A) L(B)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn alternate_within_a_consult_pair_keeps_the_primary_current() {
    let mut bench = consulting();
    bench
        .says(held("2"), "hold(B) L(A) L(B)")
        .says(talks("1"), "unhold(A) L(A) L(B)")
        .says(held("1"), "hold(A) L(A) L(B)")
        .says(talks("2"), "unhold(B) L(A) L(B)");
    assert!(bench.call("A").is_current);
}

#[test]
fn blonde_transfer_while_the_target_still_rings() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1"));
    bench
        .says(ends("2", CauseCode::Transferred), "callFinished(B,transferred) L L(A)")
        .says(ends("1", CauseCode::Transferred), "unhold(A)* callFinished(A,transferred) L");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn recall_is_a_new_call_with_the_old_one_as_parent() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(ends("1", CauseCode::Transferred));
    bench.says(rings("2").parent("1"), "callStarted(B) L(B)");
    assert_eq!(bench.call("B").parent.as_ref().map(|id| id.as_str()), Some("A"));
    assert_eq!(bench.call("B").role, jackfield_plugin_api::Role::Primary);
}

#[test]
fn conference_of_a_consult_pair() {
    let mut bench = consulting();
    bench
        .says(conference("1"), "unhold(A)* callInfoChanged(A:state) L(A)")
        .says(ends("2", CauseCode::Conferenced), "callFinished(B,conferenced) L L(A)")
        .says(held("1"), "hold(A) L(A)")
        .says(conference("1"), "unhold(A) L(A)")
        .says(talks("1"), "callInfoChanged(A:state) L(A)")
        .says(hangs_up("1"), "callFinished(A,normalClearing) L");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn held_party_hangs_up() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    bench.says(hangs_up("1"), "unhold(A)* callFinished(A,normalClearing) L");
}

#[test]
fn three_parallel_calls() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    bench.apply(rings("2")).apply(talks("2")).apply(held("2"));
    bench.says(rings("3"), "callStarted(C) L(C)");
    assert_eq!(bench.call("C").parent.as_ref().map(|id| id.as_str()), Some("B"));
    bench.says(talks("3"), "commutationStarted(C) currentCallChanged(B→C) L(A) L(B) L(C)");
    // The first call was the parent of the second only.
    bench.says(hangs_up("1"), "unhold(A)* callFinished(A,normalClearing) callInfoChanged(B:role+parentCallId)*");
    bench.says(hangs_up("3"), "callFinished(C,normalClearing) currentCallChanged(C→B) L L(B)");
    bench.says(hangs_up("2"), "unhold(B)* callFinished(B,normalClearing) L");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn polled_system_shows_everything_each_time() {
    let mut bench = Bench::up();
    bench
        .says(shows([rings("1")]), "callStarted(A) L(A)")
        .says(shows([rings("1")]), "")
        .says(shows([talks("1")]), "commutationStarted(A) L(A)")
        .says(shows([]), "callFinished(A,unknown)* L");
    assert_eq!(bench.repairs().total(), 0);
}
