//! The agent, the call-centre mode, the line itself (I12, I13), and what the host finds out.

use jackfield_plugin_api::{
    AgentFact, AgentFeatures, AgentQueue, AgentState, Capabilities, ErrorCode, ErrorFact, Forwarding, ForwardingKind,
    LineFact, Reason, SelectableState, Severity, Timestamp,
};
use serde_json::Value;

use super::bench::{Bench, LINE, everything, hangs_up, rings, talks};
use crate::model::{Contact, Enrichment, Fault, Link, ReplyTo, Rule};

fn agent(state: AgentState, code: &str) -> AgentFact {
    AgentFact::new(LINE, state, code)
}

#[test]
fn only_changes_are_told() {
    let mut bench = Bench::up();
    bench
        .says(agent(AgentState::Ready, "READY").agent_id("8001"), "agentStateChanged")
        .says(agent(AgentState::Ready, "READY"), "")
        .says(agent(AgentState::Ready, "READY").since(Timestamp::from_millis(0)), "")
        .says(agent(AgentState::NotReady, "NOT_READY").reason(Reason::new("7").label("Break")), "agentStateChanged")
        .says(agent(AgentState::NotReady, "NOT_READY").reason(Reason::new("8")), "agentStateChanged")
        .says(agent(AgentState::NotReady, "NOT_READY").reason(Reason::new("8")).pending("READY"), "agentStateChanged");
    let data = &bench.log.last().expect("an event")["params"]["data"];
    assert_eq!(data["agentId"], "8001", "kept");
    assert_eq!(data["previous"]["reason"]["code"], "8");
    assert_eq!(data["pending"], "READY");
}

#[test]
fn since_when_is_kept_while_the_state_is_the_same() {
    let ready = || agent(AgentState::Ready, "READY").reason(Reason::new("7"));
    let since = Timestamp::from_millis(1_795_165_000_000);
    for (next, kept) in [
        (ready().pending("BREAK"), true),
        (ready().pending("BREAK").since(Timestamp::from_millis(1_795_165_100_000)), false),
        (agent(AgentState::Busy, "READY").reason(Reason::new("7")), false),
        (agent(AgentState::Ready, "OTHER").reason(Reason::new("7")), false),
        (agent(AgentState::Ready, "READY").reason(Reason::new("8")), false),
    ] {
        let mut bench = Bench::up();
        bench.apply(ready().since(since)).says(next.clone(), "agentStateChanged");
        let told = &bench.log.last().expect("an event")["params"]["data"]["since"];
        assert_eq!(told == "2026-11-20T08:56:40.000Z", kept, "{next:?}: {told}");
    }
}

#[test]
fn the_next_epoch_begins_with_the_agent_and_the_mode_as_they_were() {
    let mut bench = Bench::up();
    bench.apply(agent(AgentState::Ready, "READY").call_centre(true)).lose().back();
    bench.says(
        super::bench::shows([]),
        "initialized snapshot(beforeReconcile) snapshot(reconciled) agentStateChanged L",
    );
    let snapshot = bench.log.iter().rev().find(|event| event["method"] == "activeCallSnapshot").expect("a snapshot");
    assert_eq!(snapshot["params"]["data"]["callCentreActive"], true);
    assert_eq!(snapshot["params"]["data"]["agent"]["state"], "ready");
    let told = bench.log.iter().rev().find(|event| event["method"] == "agentStateChanged").expect("the agent");
    assert_eq!(told["params"]["data"]["previous"], Value::Null);
}

#[test]
fn what_may_be_chosen_and_the_queues_are_told() {
    let mut bench = Bench::up();
    let mut fact = agent(AgentState::Ready, "READY");
    let mut not_ready = SelectableState::new("NOT_READY", AgentState::NotReady);
    not_ready.reasons = vec![Reason::new("7").label("Break")];
    fact.selectable = vec![SelectableState::new("READY", AgentState::Ready), not_ready];
    fact.queues = vec![AgentQueue::new("support", AgentState::Ready).name("Support")];
    bench.says(fact.clone(), "agentStateChanged").says(fact.clone(), "");
    fact.queues[0].state = AgentState::NotReady;
    bench.says(fact, "agentStateChanged");
    let data = &bench.log.last().expect("an event")["params"]["data"];
    assert_eq!(data["selectable"][1]["reasons"][0]["label"], "Break");
    assert_eq!(
        data["queues"][0],
        serde_json::json!({"id":"support","name":"Support","state":"notReady","reason":null})
    );
}

#[test]
fn the_call_centre_mode_only_where_there_is_one() {
    let mut bench = Bench::up();
    bench
        .says(agent(AgentState::Ready, "R").call_centre(true), "agentStateChanged callCentreStateChanged")
        .says(agent(AgentState::Ready, "R").call_centre(true), "")
        .says(agent(AgentState::Ready, "R"), "")
        .says(agent(AgentState::Ready, "R").call_centre(false), "callCentreStateChanged");
    let mut bench = Bench::up_with(Capabilities::new(everything().call).agent(AgentFeatures::SET_STATE));
    bench.says(agent(AgentState::Ready, "R").call_centre(true), "agentStateChanged");
    assert_eq!(bench.repairs().rule(Rule::CallCentre), 1);
}

#[test]
fn forwarding_is_told_by_the_line_and_answers_its_command() {
    let mut bench = Bench::up();
    let tab = ReplyTo { session: "s-7".to_owned(), id: "x".into() };
    let mut fact = LineFact::new(LINE);
    fact.forwarding = Some(vec![Forwarding::new(ForwardingKind::Busy, "200")]);
    bench.apply_for(fact.clone(), Some(&tab)).expect("L");
    let params = &bench.log.last().expect("an event")["params"];
    assert_eq!(params["data"]["line"]["forwarding"], serde_json::json!([{"kind":"busy","to":"200"}]));
    assert_eq!(params["replyTo"], serde_json::json!({"session":"s-7","id":"x"}));
    bench.says(fact, "");
    let mut fact = LineFact::new(LINE);
    fact.agent_features = Some(AgentFeatures::LOGIN);
    bench.says(fact, "L");
}

#[test]
fn a_fault_changes_nothing() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let fault = ErrorFact::new(ErrorCode::InvalidCallState, Severity::Warning, "not connected").line(LINE).key("1");
    bench.says(fault.native(serde_json::json!({"cstaError": "X"})), "error(A)");
    let data = &bench.log.last().expect("an event")["params"]["data"];
    assert_eq!((&data["type"], &data["source"], &data["retryable"]), (&3.into(), &"phoneSystem".into(), &false.into()));
    bench.says(ErrorFact::new(ErrorCode::LinkDown, Severity::Warning, "a trunk is down"), "error");
    assert_eq!(bench.log.last().expect("an event")["params"]["line"], Value::Null);
    let fault = Fault::new(ErrorCode::StoreFailed, Severity::Error, "the disk is full");
    bench.input(|model, now, out| model.fault(now, Some(LINE), fault, out)).expect("error");
    assert_eq!(bench.log.last().expect("an event")["params"]["data"]["source"], "host");
}

#[test]
fn what_the_directory_finds_is_told_once() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let contact = Contact {
        id: "c1".into(),
        kind: "contact".into(),
        name: "Olena".into(),
        organisation: None,
        number: "+380441234567".into(),
        exact: true,
        source: "csv".into(),
    };
    let found =
        Enrichment { caller: Some("+380441234567".into()), contacts: Some(vec![contact]), ..Enrichment::default() };
    let id = bench.call("A").id.clone();
    bench
        .input(|model, now, out| model.enrich(now, LINE, &id, &found, out))
        .expect("callInfoChanged(A:caller+contacts)");
    bench.input(|model, now, out| model.enrich(now, LINE, &id, &found, out)).expect("");
    bench.says(talks("1").caller(jackfield_plugin_api::Party::new("+380441234567")), "commutationStarted(A) L(A)");
    let call = &bench.log[bench.log.len() - 2]["params"]["data"]["call"];
    assert_eq!(call["caller"]["normalized"], "+380441234567", "kept while the number stays");
    assert_eq!(call["contacts"][0]["match"], "exact");
    bench.apply(hangs_up("1"));
    bench.input(|model, now, out| model.enrich(now, LINE, &id, &found, out)).expect("");
}

#[test]
fn what_the_host_does_not_say_of_a_call_stays() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let id = bench.call("A").id.clone();
    let link = Link { kind: "Case".into(), id: "c7".into(), title: "A broken phone".into() };
    let all = Enrichment {
        database_id: Some("row".into()),
        called: Some("+380441110101".into()),
        links: Some(vec![link]),
        ..Enrichment::default()
    };
    bench
        .input(|model, now, out| model.enrich(now, LINE, &id, &all, out))
        .expect("callInfoChanged(A:databaseId+called+links)");
    bench.input(|model, now, out| model.enrich(now, LINE, &id, &all, out)).expect("");
    bench.input(|model, now, out| model.enrich(now, LINE, &id, &Enrichment::default(), out)).expect("");
    let other = Enrichment { database_id: Some("another".into()), ..Enrichment::default() };
    bench.input(|model, now, out| model.enrich(now, LINE, &id, &other, out)).expect("callInfoChanged(A:databaseId)");
    let call = &bench.log.last().expect("an event")["params"]["data"]["call"];
    assert_eq!((&call["databaseId"], &call["called"]["normalized"]), (&"another".into(), &"+380441110101".into()));
    assert_eq!(call["links"], serde_json::json!([{"kind": "Case", "id": "c7", "title": "A broken phone"}]));
}
