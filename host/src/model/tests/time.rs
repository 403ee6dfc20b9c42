//! Totals, timeouts, clocks, the re-order window (I5, I6, I7).

use std::time::Duration;

use jackfield_plugin_api::{CallFact, CauseCode, Timestamp};

use super::bench::{Bench, LINE, START, busy, dials, everything, hangs_up, held, rings, shows, talks};
use crate::model::ModelConfig;

/// A fact with the phone system's time: milliseconds after the start.
fn at(fact: CallFact, millis: i64) -> CallFact {
    fact.native_time(Timestamp::from_millis(START.millis() + millis))
}

#[test]
fn rung_talked_held_by_the_hosts_clock() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).wait(999).apply(talks("1")).wait(1999).apply(held("1"));
    bench.wait(2999).apply(talks("1")).wait(499).apply(hangs_up("1"));
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("it finished");
    let call = &finished["params"]["data"]["call"];
    assert_eq!([&call["ringMs"], &call["talkMs"], &call["holdMs"]], [1000, 2500, 3000]);
    assert_eq!(call["holdCount"], 1);
}

#[test]
fn rung_talked_held_by_the_phone_systems_clock_also_when_it_is_wrong() {
    let mut bench = Bench::up();
    let day = 86_400_000;
    bench.apply(at(rings("1"), day)).apply(at(talks("1"), day + 8499)).apply(at(held("1"), day + 10_000));
    bench.apply(at(hangs_up("1"), day + 20_000));
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("it finished");
    let call = &finished["params"]["data"]["call"];
    assert_eq!([&call["ringMs"], &call["talkMs"], &call["holdMs"]], [8499, 1501, 10_000]);
    assert_eq!(call["startedAt"], "2026-11-21T09:00:00.000Z");
    assert_eq!(call["finishedAt"], "2026-11-21T09:00:20.000Z");
    assert_eq!(finished["params"]["srcAt"], "2026-11-21T09:00:20.000Z");
}

#[test]
fn a_clock_that_steps_back_takes_no_time_away() {
    let mut bench = Bench::up();
    bench.apply(at(rings("1"), 5000)).wait(1000).apply(at(talks("1"), 1000)).wait(2000).apply(at(hangs_up("1"), 500));
    let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("it finished");
    let call = &finished["params"]["data"]["call"];
    assert_eq!([&call["ringMs"], &call["talkMs"]], [1001, 2001], "then the host's clock counts");
}

#[test]
fn the_hosts_clock_never_steps_back_in_the_stream() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let back = Timestamp::from_millis(START.millis() - 60_000);
    bench.input(|model, _, out| model.apply(back, &talks("1").into(), None, out)).expect("commutationStarted(A) L(A)");
}

#[test]
fn snapshots_and_later_events_tell_totals_as_of_then() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).wait(60_000);
    bench.apply(talks("1").muted(true));
    assert_eq!(bench.call("A").talk_ms, 60_001);
}

#[test]
fn a_busy_call_without_an_end_is_ended() {
    let mut bench = Bench::up();
    bench.apply(dials("1")).apply(busy("1"));
    let began = bench.now;
    bench.deadline().expect("callFinished(A,busy)* L");
    assert_eq!(bench.now, began + ModelConfig::BUSY_TIMEOUT);
    assert_eq!(bench.repairs().rule(crate::model::Rule::Busy), 1);
    bench.says(hangs_up("1"), "");
    assert_eq!(bench.model.next_deadline(), None);
}

#[test]
fn deadlines_of_many_lines() {
    let mut bench = Bench::up();
    let other = jackfield_plugin_api::LineId(2);
    bench.input(|model, now, out| model.open_line(now, other, "102", out));
    bench.apply(jackfield_plugin_api::Snapshot::new(other, vec![]));
    bench.apply(dials("1")).apply(busy("1")).wait(10_000);
    let mut second = dials("1");
    second.line = other;
    bench.apply(second);
    let mut second = busy("1");
    second.line = other;
    bench.apply(second);
    let first = bench.model.next_deadline().expect("a deadline");
    bench.deadline().expect("callFinished(A,busy)* L");
    assert!(bench.model.next_deadline().expect("the other line's") > first);
    bench.input(|model, now, out| model.close_line(now, other, out));
    assert_eq!(bench.model.next_deadline(), None);
}

/// A line whose phone system delivers out of order.
fn patient() -> Bench {
    let mut config = ModelConfig::new("pbx", "test", "1.0.0", everything());
    config.reorder_window = Duration::from_millis(100);
    let mut bench = Bench::with(config);
    bench.apply(jackfield_plugin_api::Up::new("PBX 1", everything()));
    bench.apply(shows([]));
    bench
}

#[test]
fn facts_out_of_order_are_put_in_order() {
    let mut bench = patient();
    bench.says(at(rings("1"), 0), "").says(at(held("1"), 30), "").says(at(talks("1"), 20), "");
    bench.deadline().expect("callStarted(A) L(A)");
    bench.wait(5).deadline().expect("commutationStarted(A) L(A) hold(A) L(A)");
    assert_eq!(bench.repairs().total(), 0);
    assert_eq!(bench.model.next_deadline(), None);
}

#[test]
fn a_loss_and_a_snapshot_let_waiting_facts_through() {
    let mut bench = patient();
    bench.says(rings("1"), "").lose().expect("callStarted(A) L(A) disconnected");
    bench.back();
    bench.apply(shows([rings("1")]));
    bench.says(talks("1"), "").says(shows([talks("1")]), "commutationStarted(A) L(A)");
}

#[test]
fn facts_of_the_line_do_not_wait() {
    let mut bench = patient();
    let agent = jackfield_plugin_api::AgentFact::new(LINE, jackfield_plugin_api::AgentState::Ready, "READY");
    bench.says(agent, "agentStateChanged");
}

#[test]
fn missed_is_for_incoming_calls_that_nobody_took() {
    for (fact, cause, missed) in [
        (rings("1"), CauseCode::Cancelled, true),
        (rings("1"), CauseCode::NoAnswer, true),
        (rings("1"), CauseCode::PickedUpElsewhere, false),
        (dials("1"), CauseCode::NoAnswer, false),
    ] {
        let mut bench = Bench::up();
        bench.apply(fact).apply(super::bench::ends("1", cause));
        let finished = bench.log.iter().find(|event| event["method"] == "callFinished").expect("it finished");
        assert_eq!(finished["params"]["data"]["missed"], missed, "{cause}");
    }
}

#[test]
fn no_time_is_measured_from_one_clock_to_the_other() {
    let day = 86_400_000;
    let talked = |bench: &Bench| bench.call("A").talk_ms;
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).wait(999).apply(at(held("1"), day));
    assert_eq!(talked(&bench), 1000, "only one of the two was timed by the phone system");
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(at(talks("1"), -day)).wait(999).apply(held("1"));
    assert_eq!(talked(&bench), 1000);
    let mut bench = Bench::up();
    let early = Timestamp::from_millis(START.millis() - 5000);
    bench.apply(rings("1")).apply(talks("1").connected_at(early)).wait(995).apply(held("1"));
    assert_eq!(talked(&bench), 6000, "connected before we heard of it, by the phone system's word");
}

#[test]
fn a_fatal_fault_is_told_after_what_was_reported_before_it() {
    use jackfield_plugin_api::{ErrorCode, ErrorFact, Severity};
    let mut bench = patient();
    let fault = |severity| ErrorFact::new(ErrorCode::LinkDown, severity, "the link is gone").line(LINE);
    bench.says(rings("1"), "").says(fault(Severity::Error), "error");
    bench.says(fault(Severity::Fatal), "callStarted(A) L(A) error disconnected");
}
