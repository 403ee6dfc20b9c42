//! What an adapter does wrong, and what the model makes of it (M5).

use jackfield_plugin_api::{
    CallKey, CallState, CauseCode, Direction, DtmfFact, LineId, Participant, PartyState, Phase, Side, Snapshot,
    SnapshotSupport,
};

use super::bench::{
    Bench, LINE, busy, conference, consults, dials, ends, everything, fact, hangs_up, held, rings, shows, talks,
};
use crate::model::limits::{MAX_CALLS, REMEMBERED_CALLS};
use crate::model::{Dropped, Rule};

#[track_caller]
fn counts(bench: &Bench, rule: Rule, times: u64) {
    assert_eq!(bench.repairs().rule(rule), times, "{rule:?}");
    assert_eq!(bench.repairs().total(), times);
}

#[test]
fn equal_levels_are_no_news_and_no_repair() {
    let mut bench = Bench::up();
    for fact in [rings("1"), talks("1"), held("1"), talks("1")] {
        bench.apply(fact.clone()).says(fact, "");
    }
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn a_call_first_seen_connected_is_derived_not_repaired() {
    let mut bench = Bench::up();
    bench.says(talks("1"), "callStarted(A)* commutationStarted(A)* L(A)");
    bench.says(held("2"), "callStarted(B)* commutationStarted(B)* currentCallChanged(A→B) hold(B)* L(A) L(B)");
    bench.says(busy("3"), "callStarted(C)* callBusy(C) L(C)");
    assert_eq!(bench.call("C").direction, Direction::Out);
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn held_without_ever_being_connected() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(held("1"), "commutationStarted(A)* hold(A) L(A)");
    assert_eq!(bench.call("A").connected_at, None);
    counts(&bench, Rule::MissingCommutation, 1);
}

#[test]
fn an_end_with_talk_time_of_a_call_that_only_rang() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let connected = bench.now;
    bench
        .wait(5000)
        .says(hangs_up("1").connected_at(connected), "commutationStarted(A)* callFinished(A,normalClearing) L");
    counts(&bench, Rule::MissingCommutation, 1);
    assert_eq!(bench.log[bench.log.len() - 2]["params"]["data"]["call"]["talkMs"], 5001);
}

#[test]
fn late_facts_do_not_revive_a_call() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(hangs_up("1")).says(hangs_up("1"), "");
    assert_eq!(bench.repairs().total(), 0, "an end said twice is no breach");
    bench.says(talks("1"), "");
    counts(&bench, Rule::LateFact, 1);
    assert_eq!(bench.repairs().dropped(Dropped::Late), 2);
}

#[test]
fn finished_calls_are_remembered_but_not_for_ever() {
    let mut bench = Bench::up();
    for key in 0..=REMEMBERED_CALLS {
        bench.apply(rings(&key.to_string())).apply(hangs_up(&key.to_string()));
    }
    bench.says(talks("1"), "");
    assert_eq!(bench.model.call_id(LINE, &"0".into()), None);
    assert!(bench.model.call_id(LINE, &"1".into()).is_some());
}

#[test]
fn the_end_of_a_call_nobody_saw_is_dropped() {
    let mut bench = Bench::up();
    bench.says(hangs_up("1"), "");
    assert_eq!(bench.repairs().dropped(Dropped::UnknownFinish), 1);
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn an_unknown_state_says_nothing() {
    let mut bench = Bench::up();
    bench.says(fact("1", CallState::Unknown), "");
    counts(&bench, Rule::UnknownCall, 1);
    bench.apply(rings("2")).says(fact("2", CallState::Unknown).muted(true), "callInfoChanged(A:muted)");
}

#[test]
fn states_do_not_go_back() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).says(fact("1", CallState::Alerting), "");
    bench.apply(held("1")).says(fact("1", CallState::Alerting).muted(true), "callInfoChanged(A:muted)");
    counts(&bench, Rule::Transition, 2);
}

#[test]
fn busy_is_for_outgoing_calls_that_ring() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(busy("1"), "");
    bench.apply(talks("1")).says(busy("1"), "");
    counts(&bench, Rule::Busy, 2);
}

#[test]
fn busy_then_called_back_then_busy_again() {
    let mut bench = Bench::up();
    bench
        .apply(dials("1"))
        .says(busy("1"), "callBusy(A) L(A)")
        .says(fact("1", CallState::Alerting), "callInfoChanged(A:state) L(A)")
        .says(busy("1"), "callInfoChanged(A:state) L(A)")
        .says(talks("1"), "callInfoChanged(A:state)* commutationStarted(A) L(A)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn a_conference_from_the_first_moment() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(conference("1"), "commutationStarted(A)* callInfoChanged(A:state) L(A)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn a_conference_of_two_is_none() {
    let parties = |count: usize| -> Vec<Participant> {
        (0..count).map(|n| Participant::new(format!("p{n}"), "1", n == 0, PartyState::Connected)).collect()
    };
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    bench.says(conference("1").participants(parties(3)), "callInfoChanged(A:state+participants) L(A)");
    bench.says(conference("1").participants(parties(2)), "callInfoChanged(A:state+participants) L(A)");
    counts(&bench, Rule::SmallConference, 1);
}

#[test]
fn a_conference_that_dissolves_while_it_is_held() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(conference("1"));
    let two = (0..2).map(|n| Participant::new(format!("p{n}"), "1", n == 0, PartyState::Connected));
    bench.says(held("1").participants(two.collect::<Vec<_>>()), "callInfoChanged(A:state+participants) hold(A) L(A)");
    bench.says(talks("1"), "unhold(A) L(A)");
}

#[test]
fn the_direction_stays() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(fact("1", CallState::Alerting).direction(Direction::Out), "");
    assert_eq!(bench.call("A").direction, Direction::In);
    counts(&bench, Rule::Direction, 1);
}

#[test]
fn a_transfer_whose_primary_ends_first() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.says(ends("1", CauseCode::Transferred), "").says(talks("1"), "").wait(500);
    bench.says(
        ends("2", CauseCode::Transferred),
        "callFinished(B,transferred) unhold(A)* callFinished(A,transferred) L",
    );
    counts(&bench, Rule::TransferOrder, 1);
    let finished = bench.log.iter().rev().find(|event| event["method"] == "callFinished").expect("A is over");
    assert_eq!(finished["params"]["data"]["call"]["finishedAt"], "2026-11-20T09:00:00.008Z", "when it was reported");
}

#[test]
fn a_primary_transferred_elsewhere_leaves_the_consultation() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.says(ends("1", CauseCode::Transferred), "");
    bench.deadline().expect("unhold(A)* callFinished(A,transferred) currentCallChanged(A→B) L L(B)");
    assert_eq!(bench.repairs().total(), 0);
    bench.says(hangs_up("2"), "callFinished(B,normalClearing) L");
}

#[test]
fn a_transfer_whose_primary_ends_first_and_then_the_connection() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.apply(ends("1", CauseCode::Transferred)).lose();
    bench.expect("unhold(A)* callFinished(A,transferred) currentCallChanged(A→B) disconnected");
}

#[test]
fn keys_and_calls_are_bounded() {
    let mut bench = Bench::up();
    bench.says(rings(&"k".repeat(CallKey::MAX + 1)), "");
    Bench::up().says(rings(&"k".repeat(CallKey::MAX)), "callStarted(A) L(A)");
    assert_eq!(bench.repairs().dropped(Dropped::KeyTooLong), 1);
    for key in 0..=MAX_CALLS {
        bench.apply(rings(&key.to_string()));
    }
    assert_eq!(bench.repairs().dropped(Dropped::TooManyCalls), 1);
    bench.apply(hangs_up("0"));
    bench.says(
        talks(&MAX_CALLS.to_string()),
        "callStarted(call64)* commutationStarted(call64)* \
        currentCallChanged(B→call64) L(call64)",
    );
}

#[test]
fn facts_of_unknown_lines_and_calls_are_counted() {
    let mut bench = Bench::up();
    bench.says(Snapshot::new(LineId(7), vec![]), "");
    assert_eq!(bench.repairs().dropped(Dropped::UnknownLine), 1);
    bench.says(DtmfFact::new(LINE, "1", "5", Side::Local), "");
    counts(&bench, Rule::UnknownCall, 1);
}

#[test]
fn late_details_of_a_snapshot_of_the_same_epoch_revive_nothing() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(hangs_up("1")).says(shows([rings("1")]), "");
    assert_eq!(bench.repairs().dropped(Dropped::Late), 1);
}

#[test]
fn native_ids_are_kept_as_aliases_and_bounded() {
    let mut bench = Bench::up();
    bench.apply(rings("1").native_id("n0"));
    for n in 1..30 {
        bench.says(fact("1", CallState::Alerting).native_id(format!("n{n}")), "callInfoChanged(A:nativeId)");
    }
    let call = bench.call("A");
    assert_eq!(call.native_id.as_deref(), Some("n29"));
    assert_eq!(call.native_ids.len(), crate::model::limits::MAX_NATIVE_IDS);
    assert_eq!(call.native_ids.last().map(|id| &**id), Some("n29"));
}

#[test]
fn a_name_that_is_absent_is_no_news() {
    use jackfield_plugin_api::Party;
    let mut bench = Bench::up();
    bench.apply(rings("1").caller(Party::new("5").name("Olena")));
    bench.says(fact("1", CallState::Alerting).caller(Party::new("5")), "");
    bench.says(fact("1", CallState::Alerting).caller(Party::new("6")), "callInfoChanged(A:caller)");
    assert_eq!(bench.call("A").caller.as_ref().and_then(|caller| caller.name.as_deref()), None);
}

#[test]
fn an_end_that_knows_of_an_answer_which_nobody_reported() {
    let answered = super::bench::START;
    let end = || hangs_up("1").connected_at(answered);
    let events = "callInfoChanged(A:state)* commutationStarted(A)* callFinished(A,normalClearing) L";
    let mut bench = Bench::up();
    bench.apply(dials("1")).apply(busy("1")).says(end(), events);
    counts(&bench, Rule::MissingCommutation, 1);
    // While the connection was lost nobody could report it.
    let mut bench = Bench::up_with(everything().snapshot(SnapshotSupport::None));
    bench.apply(dials("1")).lose().back().says(end(), events);
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn a_phase_is_of_a_call_that_rings() {
    let rung = |phase| fact("1", CallState::Alerting).phase(phase);
    let mut bench = Bench::up();
    bench.apply(dials("1").phase(Phase::Dialing)).apply(busy("1"));
    assert_eq!(bench.call("A").phase, Phase::None);
    bench.says(rung(Phase::Ringing), "callInfoChanged(A:state+phase) L(A)");
    assert_eq!(bench.call("A").phase, Phase::Ringing);
    bench.says(rung(Phase::Queued), "callInfoChanged(A:phase)").apply(busy("1"));
    assert_eq!(bench.call("A").phase, Phase::None, "busy again");
    bench.apply(talks("1")).says(talks("1").phase(Phase::Ringing), "");
    let mut bench = Bench::up();
    bench.apply(talks("1").phase(Phase::Ringing));
    assert_eq!(bench.call("A").phase, Phase::None);
}

#[test]
fn a_held_conference_of_three_stays_one() {
    let three = || -> Vec<Participant> {
        (0..3).map(|n| Participant::new(format!("p{n}"), "1", n == 0, PartyState::Connected)).collect()
    };
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(conference("1").participants(three()));
    bench.says(held("1").participants(three()), "hold(A) L(A)").says(conference("1"), "unhold(A) L(A)");
    assert_eq!(bench.call("A").state, CallState::Conferenced);
}
