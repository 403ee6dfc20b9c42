//! What events say of a call besides its state: each detail by its name, once, and none that nobody told.

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    CallFact, CallState, Cause, CauseCode, Direction, Participant, Party, PartyState, Phase, Queue, Scope,
};

use super::bench::{Bench, LINE, conference, ends, everything, fact, held, rings, shows, talks};
use crate::model::{CallId, Enrichment};

fn with(change: impl FnOnce(&mut CallFact)) -> CallFact {
    let mut fact = fact("1", CallState::Alerting);
    change(&mut fact);
    fact
}

#[test]
fn every_detail_has_its_word() {
    let party = || Some(Party::new("77"));
    for (news, word) in [
        (with(|fact| fact.native_id = Some("n1".to_owned())), "nativeId"),
        (with(|fact| fact.global_ids = Some(vec!["g1".to_owned()])), "globalCallIds"),
        (with(|fact| fact.direction = Some(Direction::In)), "direction"),
        (with(|fact| fact.scope = Some(Scope::External)), "scope"),
        (with(|fact| fact.phase = Some(Phase::Queued)), "phase"),
        (with(|fact| fact.caller = party()), "caller"),
        (with(|fact| fact.called = party()), "called"),
        (with(|fact| fact.redirecting = party()), "redirecting"),
        (with(|fact| fact.redirection = party()), "redirection"),
        (
            with(|fact| fact.participants = Some(vec![Participant::new("p1", "1", true, PartyState::Alerting)])),
            "participants",
        ),
        (with(|fact| fact.muted = Some(true)), "muted"),
        (with(|fact| fact.video = Some(true)), "video"),
        (with(|fact| fact.recording = Some(true)), "recording"),
        (with(|fact| fact.queue = Some(Queue::new("support"))), "queue"),
        (with(|fact| fact.user_data = Some(BTreeMap::from([("k".to_owned(), "v".to_owned())]))), "userData"),
    ] {
        let mut bench = Bench::up();
        bench.apply(fact("1", CallState::Alerting)).apply(news.clone());
        let told = &bench.log.iter().rev().find(|event| event["method"] == "callInfoChanged");
        assert_eq!(told.expect("it is told")["params"]["data"]["changed"], serde_json::json!([word]));
        bench.says(news.clone(), "");
        // What came with the call is no news either.
        let mut bench = Bench::up();
        bench.apply(news.clone()).says(news, "").says(fact("1", CallState::Alerting), "");
    }
}

#[test]
fn when_it_was_connected_may_become_known_later_but_not_change() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(with(|fact| fact.connected_at = Some(super::bench::START)), "");
    bench.apply(held("1"));
    assert_eq!(bench.call("A").connected_at, None, "nobody saw it");
    bench.says(held("1"), "").says(held("1").connected_at(bench_time(7)), "callInfoChanged(A:connectedAt)");
    bench.says(held("1").connected_at(bench_time(8)), "");
    assert_eq!(bench.call("A").connected_at, Some(bench_time(7)));
}

fn bench_time(millis: i64) -> jackfield_plugin_api::Timestamp {
    jackfield_plugin_api::Timestamp::from_millis(super::bench::START.millis() + millis)
}

#[test]
fn a_cause_alone_is_no_news_and_comes_with_the_next_event() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).says(with(|fact| fact.cause = Some(Cause::new(CauseCode::Redirected))), "");
    bench.says(with(|fact| fact.muted = Some(true)), "callInfoChanged(A:muted)");
    assert_eq!(bench.log.last().expect("an event")["params"]["data"]["call"]["cause"], "redirected");
}

#[test]
fn only_a_consultation_tells_where_its_primary_went() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2")).apply(talks("2"));
    bench.apply(ends("2", CauseCode::Transferred)).apply(ends("1", CauseCode::Transferred));
    let ended: Vec<_> = bench.log.iter().filter(|event| event["method"] == "callFinished").collect();
    assert_eq!(ended.len(), 2);
    for event in ended {
        let call = &event["params"]["data"]["call"];
        assert_eq!((&call["redirecting"]["number"], call["redirection"].is_null()), (&"101".into(), true), "{call}");
    }
}

#[test]
fn what_the_host_finds_while_the_line_is_down_waits_for_the_snapshot() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).lose();
    let (id, found) = (CallId::new("A"), Enrichment { database_id: Some("row".into()), ..Enrichment::default() });
    bench.input(|model, now, out| model.enrich(now, LINE, &id, &found, out)).expect("");
    bench.back().apply(shows([rings("1")]));
    let first = bench.last.iter().find(|event| event.method() == "activeCallSnapshot").expect("a snapshot");
    assert!(first.to_json().contains(r#""databaseId":"row""#));
}

#[test]
fn a_call_is_found_again_by_its_native_id_and_by_nothing_else() {
    for (before, after) in [
        (rings("1"), rings("2")),
        (rings("1").native_id("n1"), rings("2").native_id("n2")),
        (rings("1").native_id("n1"), rings("2")),
        (rings("1"), rings("2").native_id("n1")),
    ] {
        let mut bench = Bench::up();
        bench.apply(before).lose().back();
        bench.says(
            shows([after]),
            "initialized snapshot(beforeReconcile) callFinished(A,lost)* callStarted(B)* snapshot(reconciled) L(B)",
        );
    }
}

#[test]
fn an_epoch_says_whether_it_goes_on_from_another() {
    let resumed = |bench: &Bench| {
        let begun = bench.log.iter().rev().find(|event| event["method"] == "initialized").expect("it is up");
        begun["params"]["data"]["resumed"].clone()
    };
    let mut bench = Bench::up();
    assert_eq!(resumed(&bench), false);
    bench.lose().back().apply(shows([]));
    assert_eq!(resumed(&bench), true, "though there are no calls");
}

#[test]
fn a_held_conference_of_unknown_size_stays_one_over_a_loss() {
    let mut bench = Bench::up_with(everything());
    bench.apply(rings("1")).apply(talks("1")).apply(conference("1")).apply(held("1")).lose().back();
    bench.says(
        shows([conference("1")]),
        "initialized snapshot(beforeReconcile) callInfoChanged(A:state)* unhold(A)* snapshot(reconciled) L(A)",
    );
    assert_eq!(bench.call("A").state, CallState::Conferenced);
}
