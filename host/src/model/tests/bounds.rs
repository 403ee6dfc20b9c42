//! Every list of a fact is bounded, and a fact that exceeds a bound is no news when it is said again (limits.rs).

use jackfield_plugin_api::{
    AgentFact, AgentQueue, AgentState, Capabilities, Fact, Forwarding, ForwardingKind, LineFact, Participant,
    PartyState, Reason, SelectableState, Up, WebRtcFact, WebRtcState,
};
use serde_json::Value;

use super::bench::{Bench, LINE, everything, rings, shows, talks};
use crate::model::limits::{
    MAX_AGENT_LIST, MAX_CONTACTS, MAX_FORWARDINGS, MAX_GLOBAL_IDS, MAX_PARTICIPANTS, MAX_TEXT, MAX_USER_DATA,
    MAX_WAITING_FACTS, MAX_WAITING_SAVES,
};
use crate::model::{CallId, CallSaved, Contact, Dropped, Enrichment, Link, ModelConfig};

fn length(value: &Value) -> usize {
    value.as_array().map_or_else(|| value.as_object().map_or(0, serde_json::Map::len), Vec::len)
}

#[test]
fn lists_of_a_call() {
    let mut fact = rings("1");
    fact.global_ids = Some((0..=MAX_GLOBAL_IDS).map(|n| format!("g{n}")).collect());
    fact.user_data = Some((0..=MAX_USER_DATA).map(|n| (format!("k{n:03}"), "v".repeat(MAX_TEXT + 1))).collect());
    let party = |n: usize| Participant::new(format!("p{n}"), "1", n == 0, PartyState::Connected);
    let fact = fact.participants((0..=MAX_PARTICIPANTS).map(party).collect::<Vec<_>>());
    let mut bench = Bench::up();
    bench.says(fact.clone(), "callStarted(A) L(A)");
    let call = &bench.log[bench.log.len() - 2]["params"]["data"]["call"];
    assert_eq!(length(&call["globalCallIds"]), MAX_GLOBAL_IDS);
    assert_eq!(length(&call["participants"]), MAX_PARTICIPANTS);
    assert_eq!(length(&call["userData"]), MAX_USER_DATA);
    assert_eq!(call["userData"]["k000"].as_str().map(str::len), Some(MAX_TEXT));
    bench.says(fact.clone(), "");
    let mut other = fact;
    other.global_ids = Some(vec!["g".to_owned()]);
    other.user_data = Some([("k".to_owned(), "v".to_owned())].into());
    bench.says(other.participants(vec![party(0)]), "callInfoChanged(A:globalCallIds+participants+userData)");
}

#[test]
fn lists_of_an_agent_and_of_a_line() {
    let mut bench = Bench::up();
    let mut agent = AgentFact::new(LINE, AgentState::Ready, "READY");
    let mut state = SelectableState::new("BREAK", AgentState::NotReady);
    state.reasons = vec![Reason::new("7"); MAX_AGENT_LIST + 1];
    agent.selectable = vec![state; MAX_AGENT_LIST + 1];
    agent.queues = vec![AgentQueue::new("support", AgentState::Ready); MAX_AGENT_LIST + 1];
    bench.says(agent.clone(), "agentStateChanged").says(agent, "");
    let data = &bench.log.last().expect("an event")["params"]["data"];
    assert_eq!(length(&data["selectable"]), MAX_AGENT_LIST);
    assert_eq!(length(&data["selectable"][0]["reasons"]), MAX_AGENT_LIST);
    assert_eq!(length(&data["queues"]), MAX_AGENT_LIST);
    let mut line = LineFact::new(LINE);
    line.forwarding = Some(vec![Forwarding::new(ForwardingKind::Busy, "2"); MAX_FORWARDINGS + 1]);
    bench.says(line.clone(), "L").says(line, "");
    let told = &bench.log.last().expect("an event")["params"]["data"]["line"]["forwarding"];
    assert_eq!(length(told), MAX_FORWARDINGS);
}

#[test]
fn what_the_directory_finds() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let contact = Contact {
        id: "c1".into(),
        kind: "contact".into(),
        name: "Olena".into(),
        organisation: None,
        number: "+380441234567".into(),
        exact: false,
        source: "csv".into(),
    };
    let link = Link { kind: "Case".into(), id: "c7".into(), title: "A broken phone".into() };
    let found = Enrichment {
        contacts: Some(vec![contact; MAX_CONTACTS + 1]),
        links: Some(vec![link; MAX_CONTACTS + 1]),
        ..Enrichment::default()
    };
    let id = CallId::new("A");
    bench
        .input(|model, now, out| model.enrich(now, LINE, &id, &found, out))
        .expect("callInfoChanged(A:contacts+links)");
    let call = &bench.log.last().expect("an event")["params"]["data"]["call"];
    assert_eq!((length(&call["contacts"]), length(&call["links"])), (MAX_CONTACTS, MAX_CONTACTS));
}

#[test]
fn media_of_a_session() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1"));
    let mut fact = WebRtcFact::new(LINE, "1", "w", WebRtcState::Started);
    fact.media = Some(vec!["audio".to_owned(), "video".to_owned()]);
    bench.says(fact, "webRtcStarted(A)");
    assert_eq!(bench.log.last().expect("an event")["params"]["data"]["media"], serde_json::json!(["audio", "video"]));
}

#[test]
fn saves_that_wait_for_the_next_epoch() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).lose();
    for revision in 1..=MAX_WAITING_SAVES as u64 + 1 {
        let saved = CallSaved {
            call: CallId::new("A"),
            database_id: "d".into(),
            store: "sqlite".into(),
            // The first one is dropped: what is told begins at 1.
            revision: revision - 1,
            created: false,
            is_final: false,
        };
        bench.input(|model, now, out| model.saved(now, LINE, saved, out)).expect("");
    }
    assert_eq!(bench.repairs().dropped(Dropped::TooManySaves), 1);
    bench.back().apply(shows([rings("1")]));
    let told: Vec<u64> = bench
        .log
        .iter()
        .filter(|event| event["method"] == "callSaved")
        .filter_map(|event| event["params"]["data"]["revision"].as_u64())
        .collect();
    assert_eq!(told, (1..=MAX_WAITING_SAVES as u64).collect::<Vec<_>>());
}

#[test]
fn facts_that_wait_for_earlier_ones() {
    let mut config = ModelConfig::new("pbx", "test", "1.0.0", everything());
    config.reorder_window = std::time::Duration::from_millis(200);
    let mut bench = Bench::with(config);
    bench.apply(Up::new("PBX 1", everything())).apply(shows([]));
    let first = Fact::from(rings("1"));
    let next = Fact::from(talks("1"));
    bench.input(|model, now, out| model.apply(now, &first, None, out)).expect("");
    for _ in 1..MAX_WAITING_FACTS {
        bench.input(|model, now, out| model.apply(now, &next, None, out)).expect("");
    }
    bench.input(|model, now, out| model.apply(now, &next, None, out)).expect("callStarted(A) L(A)");
    bench.input(|model, now, out| model.apply(now, &next, None, out)).expect("commutationStarted(A) L(A)");
}

#[test]
fn a_window_is_at_most_a_fifth_of_a_second() {
    let mut config = ModelConfig::new("pbx", "test", "1.0.0", Capabilities::new(everything().call));
    config.reorder_window = std::time::Duration::from_secs(3600);
    let mut bench = Bench::with(config);
    bench.apply(Up::new("PBX 1", everything())).apply(shows([])).says(rings("1"), "");
    let due = bench.model.next_deadline().expect("it waits");
    assert_eq!(due.millis() - bench.now.millis(), 200);
}
