//! The life of a line's stream: I1, I15, I22, M13.1, M13.3, M13.4, M13.5.

use jackfield_plugin_api::{
    AgentFact, AgentState, CallFeatures, CallState, Capabilities, CauseCode, DeviceState, ErrorCode, LineFact,
    Snapshot, SnapshotSupport, Timestamp, Up, WebRtcFact, WebRtcState,
};
use serde_json::Value;

use super::bench::{
    Bench, LINE, START, busy, consults, dials, ends, everything, fact, hangs_up, held, rings, short, shows, talks,
};
use crate::model::limits::{MAX_CALLS, MAX_WAITING_FACTS};
use crate::model::{Dropped, LineStage, Loss, ModelConfig, SnapshotReason};

const BEGIN: &str = "initialized snapshot(beforeReconcile)";

fn blind() -> Capabilities {
    everything().snapshot(SnapshotSupport::None)
}

#[test]
fn a_cold_start_has_both_snapshots_and_the_line_speaks() {
    let mut bench = Bench::down(everything());
    bench
        .says(Up::new("PBX 1", everything()), "")
        .says(shows([]), "initialized snapshot(beforeReconcile) snapshot(reconciled) L");
    let status = bench.model.status(LINE).expect("open");
    assert_eq!((status.state, status.seq), (LineStage::Up, 4));
    assert_eq!(status.epoch, u64::try_from(bench.now.millis()).expect("after 1970"));
}

#[test]
fn without_snapshots_the_epoch_begins_with_up() {
    let mut bench = Bench::down(blind());
    bench.says(Up::new("PBX 1", blind()), "initialized snapshot(beforeReconcile) snapshot(reconciled) L");
}

#[test]
fn a_line_opened_later_waits_for_its_own_snapshot() {
    let mut bench = Bench::up();
    let other = jackfield_plugin_api::LineId(2);
    bench.input(|model, now, out| model.open_line(now, other, "102", out)).expect("");
    assert_eq!(bench.model.status(other).map(|status| status.state), Some(LineStage::NotStarted));
    bench.says(Snapshot::new(other, vec![]), "initialized snapshot(beforeReconcile) snapshot(reconciled) L");
}

#[test]
fn the_agent_and_the_line_that_came_before_are_shown() {
    let mut bench = Bench::down(everything());
    bench
        .says(AgentFact::new(LINE, AgentState::Ready, "READY"), "")
        .says(LineFact::new(LINE).device_state(DeviceState::InService), "")
        .says(Up::new("PBX 1", everything()), "")
        .says(shows([]), "initialized snapshot(beforeReconcile) snapshot(reconciled) agentStateChanged L");
    assert_eq!(bench.log[0]["params"]["data"]["device"]["state"], "inService");
    assert_eq!(bench.log[1]["params"]["data"]["agent"]["state"], "ready");
    assert_eq!(bench.log[3]["params"]["data"]["previous"], Value::Null);
}

#[test]
fn facts_before_the_snapshot_are_applied_after_it() {
    let mut bench = Bench::down(everything());
    bench.says(rings("2"), "").apply(Up::new("PBX 1", everything())).says(hangs_up("1"), "").says(held("3"), "");
    bench.says(
        shows([talks("1"), talks("3")]),
        "initialized snapshot(beforeReconcile) callStarted(A)* commutationStarted(A)* callStarted(B)* \
         commutationStarted(B)* currentCallChanged(A→B) callStarted(C) callFinished(A,normalClearing) \
         callInfoChanged(B:role+parentCallId)* hold(B) snapshot(reconciled) L(B)",
    );
}

#[test]
fn facts_that_wait_are_bounded() {
    let mut bench = Bench::down(everything());
    bench.apply(rings("0"));
    for _ in 0..MAX_WAITING_FACTS {
        bench.input(|model, now, out| model.apply(now, &rings("1").into(), None, out));
    }
    assert_eq!(bench.repairs().dropped(Dropped::BufferFull), 1);
    bench.apply(Up::new("PBX 1", everything())).apply(shows([]));
    assert_eq!(bench.model.call_id(LINE, &"0".into()), None);
    assert!(bench.model.call_id(LINE, &"1".into()).is_some());
}

#[test]
fn survivors_are_what_they_were_and_then_what_became_of_them() {
    for (before, after, events) in [
        (talks("1"), talks("1"), "callInfoChanged(A:state)*"),
        (held("1"), held("1"), "callInfoChanged(A:state)*"),
        (held("1"), talks("1"), "callInfoChanged(A:state)* unhold(A)*"),
        (talks("1"), held("1"), "callInfoChanged(A:state)* hold(A)*"),
        (rings("1"), rings("1"), "callInfoChanged(A:state)*"),
        (rings("1"), talks("1"), "callInfoChanged(A:state)* commutationStarted(A)*"),
        (rings("1"), held("1"), "callInfoChanged(A:state)* commutationStarted(A)* hold(A)*"),
    ] {
        let mut bench = Bench::up();
        bench.apply(rings("1"));
        if before.state == CallState::Held {
            bench.apply(talks("1"));
        }
        bench.apply(before).lose().expect("disconnected").back();
        bench.says(shows([after]), &format!("{BEGIN} {events} snapshot(reconciled) L(A)"));
        assert_eq!(bench.repairs().total(), 0, "what happened meanwhile is nobody's fault");
    }
}

#[test]
fn the_differences_come_in_the_order_of_the_calls_start() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2")).apply(talks("2")).lose().back();
    bench.says(
        shows([dials("4").native_id("n4"), dials("3").native_id("n3"), talks("2")]),
        "initialized snapshot(beforeReconcile) unhold(A)* callFinished(A,lost)* \
         callInfoChanged(B:role+parentCallId)* callInfoChanged(B:state)* callStarted(C)* callStarted(D)* \
         snapshot(reconciled) L(B)",
    );
    assert_eq!(bench.call("C").native_id.as_deref(), Some("n3"));
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("A is over");
    assert_eq!(finished["params"]["data"]["estimated"], true);
    assert_eq!(finished["params"]["data"]["call"]["finishedAt"], "2026-11-20T09:00:00.008Z", "when it was last seen");
}

#[test]
fn calls_keep_their_ids_over_epochs_also_under_another_key() {
    let mut bench = Bench::up();
    bench.apply(rings("1").native_id("n1")).apply(talks("1")).lose().back();
    bench.says(
        shows([talks("other").native_id("n1")]),
        "initialized snapshot(beforeReconcile) callInfoChanged(A:state)* snapshot(reconciled) L(A)",
    );
    bench.says(hangs_up("other"), "callFinished(A,normalClearing) L");
}

#[test]
fn a_line_that_has_not_started_shows_nothing() {
    let bench = Bench::down(everything());
    let status = bench.model.status(LINE).expect("open");
    assert_eq!((status.state, status.epoch, status.seq), (LineStage::NotStarted, 0, 0));
    assert_eq!(bench.model.view(bench.now, LINE, SnapshotReason::Session), vec![]);
}

#[test]
fn a_line_that_is_not_open_is_shown_as_one_that_never_was() {
    let mut bench = Bench::down(everything());
    let other = jackfield_plugin_api::LineId(2);
    let (status, events) = bench.model.unopened(bench.now, other, "102");
    assert_eq!((status.state, status.epoch, status.seq, events), (LineStage::NotStarted, 0, 0, vec![]));
    assert_eq!(status.capabilities.call, everything().call);
    assert!(
        bench.model.status(other).is_none() && bench.model.view(bench.now, other, SnapshotReason::Session).is_empty()
    );

    // The phone system is gone: that is known before the line is opened.
    bench
        .says(Up::new("PBX 1", everything()), "")
        .says(shows([]), "initialized snapshot(beforeReconcile) snapshot(reconciled) L")
        .lose();
    let (status, events) = bench.model.unopened(bench.now, other, "102");
    assert_eq!((status.state, status.epoch), (LineStage::Down, 0));
    assert!(status.last_error.is_some());
    assert_eq!(events.iter().map(short).collect::<Vec<_>>().join(" "), "disconnected snapshot(session)");
}

#[test]
fn a_line_that_is_opened_again_begins_a_higher_epoch() {
    let mut bench = Bench::up();
    let first = bench.model.status(LINE).expect("open").epoch;
    bench.input(|model, now, out| model.close_line(now, LINE, out)).expect("disconnected");
    assert!(bench.model.status(LINE).is_none());
    bench.input(|model, now, out| model.open_line(now, LINE, "101", out)).expect("");
    bench.says(shows([]), "initialized snapshot(beforeReconcile) snapshot(reconciled) L");
    assert!(bench.model.status(LINE).expect("open").epoch > first);
}

#[test]
fn a_line_that_is_up_is_shown_with_its_stamp() {
    let mut bench = Bench::up();
    bench.apply(AgentFact::new(LINE, AgentState::Ready, "READY")).apply(rings("1"));
    let status = bench.model.status(LINE).expect("open");
    let view = bench.model.view(bench.now, LINE, SnapshotReason::Session);
    let names: Vec<String> = view.iter().map(short).collect();
    assert_eq!(names.join(" "), "initialized snapshot(session) agentStateChanged L(A)");
    assert!(view.iter().all(|event| event.resent && event.seq == Some(status.seq)));
    assert_eq!(bench.model.status(LINE).expect("open").seq, status.seq, "nothing changes by looking");
}

#[test]
fn without_snapshots_calls_stay_unknown_until_a_fact_names_them() {
    let mut bench = Bench::up_with(blind());
    bench.apply(rings("1")).apply(talks("1")).lose();
    bench.back().expect("initialized snapshot(beforeReconcile) snapshot(reconciled) L(A)");
    assert_eq!(bench.call("A").state, CallState::Unknown);
    bench.says(held("1"), "callInfoChanged(A:state)* hold(A) L(A)");
    assert_eq!(bench.repairs().total(), 0);
}

#[test]
fn a_silent_call_is_not_a_dead_call_until_the_stale_timeout() {
    let mut bench = Bench::up_with(blind());
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).lose().back();
    bench.deadline().expect("unhold(A)* callFinished(A,lost)* L");
    // Lost at the fourth millisecond after the two of the start.
    assert_eq!(bench.now, START + ModelConfig::STALE_TIMEOUT + std::time::Duration::from_millis(6));
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("A is over");
    assert_eq!(finished["params"]["data"]["estimated"], true);
    assert!(finished["params"]["data"]["call"]["holdMs"].as_u64().expect("a number") < 10, "hold ends with the loss");
    assert_eq!(bench.repairs().total(), 0);
    bench.says(talks("1"), "");
}

#[test]
fn a_new_call_contradicts_a_silent_one_where_there_can_be_but_one() {
    let one = Capabilities::new(CallFeatures::DIAL | CallFeatures::ANSWER | CallFeatures::DROP);
    let mut bench = Bench::up_with(one);
    bench.apply(rings("1")).apply(talks("1")).lose().back();
    bench.says(rings("2"), "callFinished(A,lost)* callStarted(B) L L(B)");
    assert_eq!(bench.call("B").role, jackfield_plugin_api::Role::Primary);
}

#[test]
fn ids_only_snapshots_keep_calls_alive_without_a_state() {
    let mut bench = Bench::up_with(everything().snapshot(SnapshotSupport::Ids));
    bench.apply(rings("1")).apply(talks("1")).lose().back();
    bench.says(
        shows([fact("1", CallState::Unknown), fact("2", CallState::Unknown)]),
        "initialized snapshot(beforeReconcile) callStarted(B)* snapshot(reconciled) L(A)",
    );
    assert_eq!(bench.call("B").state, CallState::Unknown);
    bench.says(held("2"), "callInfoChanged(B:state)* commutationStarted(B)* currentCallChanged(A→B) hold(B) L(B)");
}

#[test]
fn a_second_loss_before_anything_was_heard_keeps_the_state_before_the_first() {
    let mut bench = Bench::up_with(blind());
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).lose().back().lose().back();
    bench.says(talks("1"), "callInfoChanged(A:state)* unhold(A) L(A)");
}

#[test]
fn epochs_grow_though_the_clock_stands_still() {
    let mut bench = Bench::up_with(blind());
    let mut last = bench.model.status(LINE).expect("open").epoch;
    for _ in 0..3 {
        let now = bench.now;
        bench.input(|model, _, out| model.lost(now, &Loss::new(ErrorCode::ConnectionLost, "gone"), out));
        let up = Up::new("PBX 1", blind());
        bench.input(|model, _, out| model.apply(now, &up.into(), None, out));
        let epoch = bench.model.status(LINE).expect("open").epoch;
        assert!(epoch > last);
        last = epoch;
    }
}

#[test]
fn up_once_more_is_no_news_but_for_what_can_be_done() {
    let mut bench = Bench::up();
    bench.says(Up::new("PBX 1", everything()), "");
    let mut less = everything();
    less.call = CallFeatures::DIAL;
    bench.says(Up::new("PBX 1", less), "L");
}

#[test]
fn a_snapshot_within_an_epoch_opens_none() {
    let mut bench = Bench::up();
    let epoch = bench.model.status(LINE).expect("open").epoch;
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1")).apply(talks("2"));
    bench.says(shows([talks("1")]), "unhold(A) callFinished(B,unknown)* L L(A)");
    assert_eq!(bench.model.status(LINE).expect("open").epoch, epoch);
}

#[test]
fn a_snapshot_with_more_calls_than_a_line_can_have_is_cut() {
    let mut bench = Bench::down(everything());
    bench.apply(Up::new("PBX 1", everything()));
    let calls = (0..MAX_CALLS + 3).map(|n| rings(&format!("{n:03}")));
    bench.apply(shows(calls.collect::<Vec<_>>()));
    assert_eq!(bench.repairs().dropped(Dropped::TooManyCalls), 3);
}

#[test]
fn times_of_the_phone_system_are_taken_from_snapshots() {
    let mut bench = Bench::down(everything());
    bench.apply(Up::new("PBX 1", everything()));
    let at = |seconds: i64| Timestamp::from_millis(START.millis() - seconds * 1000);
    bench.apply(shows([talks("1")
        .started_at(at(60))
        .connected_at(at(50))
        .direction(jackfield_plugin_api::Direction::In)]));
    assert_eq!(bench.call("A").started_at, at(60));
    assert_eq!(bench.call("A").connected_at, Some(at(50)));
    assert_eq!(bench.call("A").talk_ms / 1000, 50);
}

#[test]
fn a_call_first_seen_in_a_snapshot_has_no_time_of_connection_unless_told() {
    let mut bench = Bench::down(everything());
    bench.apply(Up::new("PBX 1", everything())).apply(shows([talks("1")]));
    assert_eq!(bench.call("A").connected_at, None);
}

#[test]
fn a_busy_call_that_survives_has_its_timeout_again() {
    let mut bench = Bench::up();
    bench.apply(dials("1")).apply(busy("1")).lose().back();
    bench.says(shows([busy("1")]), &format!("{BEGIN} callInfoChanged(A:state)* snapshot(reconciled) L(A)"));
    bench.deadline().expect("callFinished(A,busy)* L");
    bench.says(ends("1", CauseCode::Busy), "");
}
#[test]
fn a_call_that_was_heard_of_again_is_not_stale() {
    let mut bench = Bench::up_with(blind());
    bench.apply(rings("1")).apply(talks("1")).lose().back().apply(talks("1"));
    assert_eq!(bench.model.next_deadline(), None);
    bench.wait(9 * 3_600_000).input(|model, now, out| model.tick(now, out)).expect("");
}

#[test]
fn a_call_that_is_known_by_its_id_alone_is_not_waited_for_for_ever() {
    let mut bench = Bench::up_with(everything().snapshot(SnapshotSupport::Ids));
    bench.lose().back().apply(shows([fact("1", CallState::Unknown)]));
    let seen = bench.now;
    bench.deadline().expect("callFinished(A,lost)* L");
    assert_eq!(bench.now, seen + ModelConfig::STALE_TIMEOUT);
}

#[test]
fn what_ends_with_a_lost_call_is_no_fault_of_the_adapter() {
    let session = || WebRtcFact::new(LINE, "1", "w", WebRtcState::Started);
    let one = Capabilities::new(CallFeatures::DIAL | CallFeatures::ANSWER | CallFeatures::DROP);
    for capabilities in [everything(), blind(), one] {
        let mut bench = Bench::up_with(capabilities.clone());
        bench.apply(rings("1")).apply(talks("1")).apply(session()).lose().back();
        match capabilities.snapshot {
            SnapshotSupport::Full => bench.apply(shows([])),
            _ if capabilities.call.contains(CallFeatures::HOLD) => bench.deadline(),
            _ => bench.apply(rings("2")),
        };
        let names: Vec<String> = bench.last.iter().map(short).collect();
        assert!(names.join(" ").contains("webRtcDestroyed(A)* callFinished(A,lost)*"), "{names:?}");
        assert_eq!(bench.repairs().total(), 0, "{names:?}");
    }
}

#[test]
fn a_call_that_is_named_lives_though_its_state_stays_unknown() {
    let mut bench = Bench::up_with(blind());
    bench.apply(rings("1")).apply(talks("1")).lose().back();
    bench.wait(7 * 3_600_000).says(fact("1", CallState::Unknown), "");
    assert_eq!(bench.model.next_deadline(), Some(bench.now + ModelConfig::STALE_TIMEOUT));
    bench.says(talks("1"), "callInfoChanged(A:state) L(A)").says(fact("1", CallState::Unknown), "");
    assert_eq!(bench.model.next_deadline(), None, "a call whose state is known waits for nothing");
    assert_eq!(bench.repairs().total(), 0);
}
