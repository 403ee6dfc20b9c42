//! The current call (R1–R9) where the canonical sequences do not go.

use jackfield_plugin_api::{CallState, CauseCode, Role};

use super::bench::{
    Bench, LINE, busy, conference, consults, dials, ends, everything, fact, hangs_up, held, rings, talks,
};

#[test]
fn a_consultation_never_takes_the_focus_while_its_primary_lives() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1"));
    bench
        .says(talks("2"), "commutationStarted(B) L(A) L(B)")
        .says(held("2"), "hold(B) L(A) L(B)")
        .says(talks("2"), "unhold(B) L(A) L(B)");
    assert!(bench.call("A").is_current);
}

#[test]
fn a_consultation_reported_before_the_hold_keeps_its_real_order() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    bench
        .says(consults("2", "1"), "callStarted(B) L(A) L(B)")
        .says(held("1"), "hold(A)")
        .says(talks("2"), "commutationStarted(B) L(A) L(B)");
    assert!(bench.call("A").is_current);
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn the_next_call_is_the_best_by_state_then_the_oldest() {
    for (states, next) in [
        ([held("2"), talks("3")], "C"),
        ([talks("2"), held("3")], "B"),
        ([fact("2", CallState::Alerting), held("3")], "B"),
        ([held("2"), fact("3", CallState::Alerting)], "C"),
        ([held("2"), held("3")], "B"),
        ([talks("2"), conference("3")], "B"),
        ([conference("2"), talks("3")], "C"),
        ([busy("2"), fact("3", CallState::Alerting)], "C"),
        ([held("2"), busy("3")], "C"),
    ] {
        let mut bench = Bench::up();
        // The first call is a conference: the others begin beside it and it stays the current one.
        bench.apply(rings("1")).apply(dials("2")).apply(dials("3"));
        for state in states {
            bench.apply(state);
        }
        bench.apply(talks("1")).apply(hangs_up("1"));
        assert_eq!(bench.log.last().expect("an event")["params"]["currentCallId"], next);
    }
}

#[test]
fn an_outgoing_second_call_takes_the_focus_when_it_is_answered() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    bench
        .says(dials("2"), "callStarted(B) L(B)")
        .says(talks("2"), "commutationStarted(B) currentCallChanged(A→B) L(A) L(B)");
    let changed = bench.log.iter().find(|event| event["method"] == "currentCallChanged").expect("it changed");
    assert_eq!(changed["params"]["cause"]["code"], "answered");
    assert_eq!(bench.call("B").role, Role::Secondary);
}

#[test]
fn a_consultation_that_a_command_asked_for_is_one() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    let (now, id) = (bench.now, bench.call("A").id.clone());
    bench.model.expect_consult(now, LINE, &id);
    bench.apply(dials("2"));
    assert_eq!(bench.call("B").role, Role::Consult);
    bench.apply(hangs_up("2")).apply(dials("3"));
    assert_eq!(bench.call("C").role, Role::Secondary, "once");
}

#[test]
fn an_expected_consultation_is_forgotten_after_a_while_and_with_its_primary() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    let (now, id) = (bench.now, bench.call("A").id.clone());
    bench.model.expect_consult(now, LINE, &id);
    bench.wait(31_000).apply(dials("2"));
    assert_eq!(bench.call("B").role, Role::Secondary);
    let now = bench.now;
    bench.model.expect_consult(now, LINE, &id);
    bench.apply(hangs_up("1")).apply(dials("3"));
    assert_eq!(bench.call("C").role, Role::Secondary);
}

#[test]
fn an_incoming_call_beside_another_is_no_consultation_though_it_names_a_parent() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(rings("2").parent("1"));
    assert_eq!(bench.call("B").role, Role::Secondary);
    assert_eq!(bench.call("B").parent.as_ref().map(|id| id.as_str()), Some("A"));
}

#[test]
fn a_call_that_turns_out_to_be_the_consultation_gives_the_focus_back() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(dials("2")).apply(talks("2"));
    bench.says(talks("2").role(Role::Consult), "callInfoChanged(B:role) currentCallChanged(B→A) L(A)");
    assert_eq!(bench.call("B").role, Role::Consult);
}

#[test]
fn a_secondary_that_is_current_becomes_primary_when_its_parent_ends() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2")).apply(talks("2"));
    bench.says(hangs_up("1"), "unhold(A)* callFinished(A,normalClearing) callInfoChanged(B:role+parentCallId)* L L(B)");
    assert_eq!(bench.call("B").role, Role::Primary);
    assert_eq!(bench.call("B").parent, None);
}

#[test]
fn the_end_of_a_consultation_leaves_the_focus() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.says(hangs_up("2"), "callFinished(B,normalClearing) L L(A)");
}

#[test]
fn a_merge_that_survives_in_the_consultation_makes_it_current() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.says(conference("2"), "callInfoChanged(B:state) L(B)").says(
        ends("1", CauseCode::Conferenced),
        "unhold(A)* callFinished(A,conferenced) currentCallChanged(A→B) L L(B)",
    );
}

#[test]
fn the_adapters_own_idea_of_the_focus_is_but_a_hint() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(rings("2"));
    bench.says(fact("2", CallState::Alerting).focus(true), "");
    assert!(bench.call("A").is_current);
}

#[test]
fn a_role_or_parent_that_makes_no_sense_is_ignored() {
    let mut bench = Bench::up();
    bench.apply(rings("1").role(Role::Consult).parent("nobody"));
    assert_eq!(bench.call("A").role, Role::Primary);
    bench.apply(rings("2"));
    bench.says(fact("2", CallState::Alerting).role(Role::Primary), "");
    bench.says(fact("2", CallState::Alerting).parent("2"), "");
    bench.says(fact("1", CallState::Alerting).role(Role::Secondary).parent("2"), "");
}

#[test]
fn a_consultation_that_names_no_primary_is_made_from_the_current_call() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(rings("3")).apply(held("1"));
    bench.apply(dials("2").role(Role::Consult));
    assert_eq!(bench.call("C").role, Role::Consult);
    assert_eq!(bench.call("C").parent.as_ref().map(|id| id.as_str()), Some("A"));
    bench.apply(hangs_up("1"));
    assert_eq!(bench.call("C").role, Role::Primary);
    bench.says(dials("2").role(Role::Consult), "");
}

#[test]
fn a_promoted_consultation_is_not_demoted_by_hearing_the_same_again() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(rings("3")).apply(held("1"));
    bench.apply(consults("2", "1")).apply(hangs_up("1"));
    assert_eq!(bench.call("C").role, Role::Primary);
    bench.says(consults("2", "1"), "");
    bench.says(consults("2", "3"), "callInfoChanged(C:role+parentCallId)");
}

#[test]
fn what_a_further_call_is_to_the_others() {
    let parent = |bench: &Bench, id: &str| bench.call(id).parent.as_ref().map(|id| id.to_string());
    // The adapter says that it is none, whatever else speaks for a consultation.
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(dials("2").role(Role::Secondary).parent("1"));
    assert_eq!(bench.call("B").role, Role::Secondary);
    // A consultation of a call that is gone is one no more, and stands beside the current call.
    bench.apply(consults("3", "gone"));
    assert_eq!((bench.call("C").role, parent(&bench, "C")), (Role::Secondary, Some("A".to_owned())));
    // A call that comes back beside another one still names the one it was.
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(rings("2")).apply(hangs_up("1")).apply(rings("3").parent("1"));
    assert_eq!((bench.call("C").role, parent(&bench, "C")), (Role::Secondary, Some("A".to_owned())));
}

#[test]
fn a_consultation_that_was_asked_for_is_the_next_outgoing_call_without_a_role() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    let (now, id) = (bench.now, bench.call("A").id.clone());
    bench.model.expect_consult(now, LINE, &id);
    bench.apply(rings("2")).apply(dials("3").role(Role::Secondary)).apply(dials("4"));
    assert_eq!(bench.call("B").role, Role::Secondary, "it came in");
    assert_eq!(bench.call("C").role, Role::Secondary, "the adapter knows better");
    assert_eq!(bench.call("D").role, Role::Consult);
}

#[test]
fn a_call_on_hold_is_better_than_one_that_nothing_is_known_of() {
    let blind = everything().snapshot(jackfield_plugin_api::SnapshotSupport::None);
    let mut bench = Bench::up_with(blind);
    for key in ["1", "2", "3"] {
        bench.apply(rings(key)).apply(talks(key)).apply(held(key));
    }
    bench.lose().back().apply(held("2")).apply(hangs_up("3"));
    assert_eq!(bench.log.last().expect("an event")["params"]["currentCallId"], "B");
}
