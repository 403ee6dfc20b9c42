//! Agents and what brings calls to them: splits, VDNs, all at once; and numbers that ring at several telephones.

use serde_json::{Value, json};

use crate::bed::{Bed, ONE, OTHER, OUTSIDE, Plan, QUIET, THREE, TWO, agents, call_id, ended};

/// Agents at 101, 102 and 103 of a split, and a number for it.
fn centre(strategy: &str, more: &str) -> String {
    let people = agents(&["101", "102", "103"], "\"700\"");
    format!(
        "{QUIET}{more}\n{people}[[splits]]\nnumber = \"700\"\nstrategy = \"{strategy}\"\n[[vdns]]\nnumber = \"600\"\nsplit = \
         \"700\"\ndigits = \"42\"\n"
    )
}

const SETTINGS: &str = "vdns = [\"600\"]\nskills = [\"700\"]\nready_mode = \"manualIn\"\nnames = { 700 = \"Support\" }\n\
                        reasons = { 3 = \"Lunch\" }\n";

impl Bed {
    /// The agent's state on a line becomes this.
    fn state(&mut self, line: &str, state: &str) -> Value {
        self.first("agentStateChanged", line, |e| e["params"]["data"]["state"] == state)
    }

    fn logs_on(&mut self, line: &str) {
        let id = line.replace("aes/", "9");
        self.asks(line, "loginAgent", json!({"id": id, "secretRef": "agent_password"}));
        self.state(line, "notReady");
    }

    fn ready(&mut self, line: &str) {
        self.asks(line, "setUserState", json!({"code": "manualIn"}));
        self.state(line, "ready");
    }
}

/// An agent's day: log-in, ready, a call, work after it, lunch, log-off.
fn day(isolation: &'static str, events: &str) {
    let mut bed = Bed::start(&centre("most-idle", events), &Plan::with(isolation, SETTINGS));
    assert_eq!(bed.refused(ONE, "loginAgent", json!({"id": "9999"}))["code"], "authenticationFailed");
    bed.logs_on(ONE);
    bed.ready(ONE);
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "600"}));
    let started = bed.first("callStarted", ONE, |_| true);
    let call = &started["params"]["data"]["call"];
    assert_eq!((&call["caller"]["number"], &call["called"]["number"]), (&json!(OUTSIDE), &json!("600")));
    assert_eq!(call["queue"], json!({"id": "700", "name": "Support"}), "{call}");
    assert_eq!(
        (&call["userData"]["vdn"], &call["userData"]["collectedDigits"]),
        (&json!("600"), &json!("42")),
        "{call}"
    );
    let call = call_id(&started);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    bed.of("commutationStarted", ONE, &call);
    bed.state(ONE, "busy");
    let seen = bed.client.events.len();
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.state(ONE, "afterCallWork");
    bed.asks(ONE, "setUserState", json!({"code": "auxWork", "reason": "3"}));
    let lunch = bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["reason"]["code"] == "3");
    assert_eq!(
        (&lunch["params"]["data"]["state"], &lunch["params"]["data"]["reason"]["label"]),
        (&json!("notReady"), &json!("Lunch"))
    );
    assert!(lunch["params"]["replyTo"].is_object() || events.contains("false"), "{lunch}");
    bed.asks(ONE, "logoutAgent", json!({}));
    bed.client.event(|e| e["method"] == "agentStateChanged" && e["params"]["data"]["state"] == "loggedOut").unwrap();
    let states: Vec<&Value> = bed.client.events[seen..]
        .iter()
        .filter(|e| e["method"] == "agentStateChanged" && e["params"]["line"] == ONE)
        .map(|e| &e["params"]["data"]["state"])
        .collect();
    assert_eq!(states, ["afterCallWork", "notReady", "loggedOut"]);
    bed.told(ONE, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    bed.clean("day");
}

#[test]
fn an_agents_day_isolated() {
    day("process", "");
}

#[test]
fn an_agents_day_in_the_host() {
    day("host", "");
}

/// The switch tells stations' monitors nothing of agents: the state is asked for.
#[test]
fn an_agents_day_that_nobody_tells_of() {
    day("process", "agent_events = false\nbusy_is_ready = true\n");
}

/// A change during a call waits for its end.
#[test]
fn a_change_in_a_call_waits() {
    let mut bed = Bed::start(&centre("most-idle", ""), &Plan::with("process", SETTINGS));
    bed.logs_on(ONE);
    bed.ready(ONE);
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "600"}));
    let call = bed.started(ONE, &[]);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    bed.state(ONE, "busy");
    let answer = bed.asks(ONE, "setUserState", json!({"code": "auxWork", "reason": "3"}));
    assert!(answer.get("noop").is_none(), "{answer}");
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["pending"] == "auxWork");
    let seen = bed.client.events.len();
    bed.at("hangup", OUTSIDE);
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["reason"]["code"] == "3");
    let states = bed.client.events[seen..].iter().filter(|e| e["method"] == "agentStateChanged").count();
    assert_eq!(states, 1);
    bed.clean("pending");
}

/// All ring, one answers; then one refuses, and the rest go on ringing.
fn ring_all(isolation: &'static str) {
    let mut bed = Bed::start(&centre("ring-all", ""), &Plan::with(isolation, SETTINGS));
    for line in [ONE, TWO, THREE] {
        bed.logs_on(line);
        bed.ready(line);
    }
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "600"}));
    let calls = [ONE, TWO, THREE].map(|line| bed.started(line, &[]));
    assert!(calls[0] != calls[1] && calls[1] != calls[2], "each line has a call of its own");
    bed.asks(TWO, "answerCall", json!({"callId": calls[1]}));
    bed.of("commutationStarted", TWO, &calls[1]);
    for (line, call) in [(ONE, &calls[0]), (THREE, &calls[2])] {
        let end = bed.of("callFinished", line, call);
        assert_eq!(end["params"]["cause"]["code"], "pickedUpElsewhere", "{line}");
        assert_eq!(end["params"]["data"]["missed"], false);
        bed.told(line, &["callStarted A in", "callFinished A pickedUpElsewhere"]);
    }
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", TWO, &calls[1]);
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    // Those who did not get it are ready for the next one.
    bed.phones(json!({"do": "call", "from": OTHER, "to": "600"}));
    let calls = [(ONE, bed.started(ONE, &[&calls[0]])), (THREE, bed.started(THREE, &[&calls[2]]))];
    bed.at("hangup", OTHER);
    for (line, call) in &calls {
        assert_eq!(ended(&bed.of("callFinished", line, call)).0, "cancelled", "{line}");
    }
    bed.clean("ring all");
}

#[test]
fn all_ring_and_one_answers_isolated() {
    ring_all("process");
}

#[test]
fn all_ring_and_one_answers_in_the_host() {
    ring_all("host");
}

/// An agent does not answer, and the next one is rung.
#[test]
fn a_call_that_an_agent_does_not_answer_goes_on() {
    let mut bed = Bed::start(&centre("most-idle", "agent_ring_ms = 1000\n"), &Plan::with("process", SETTINGS));
    for line in [ONE, TWO] {
        bed.logs_on(line);
        bed.ready(line);
    }
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "600"}));
    let first = bed.started(ONE, &[]);
    let end = bed.of("callFinished", ONE, &first);
    assert!(["redirected", "noAnswer"].contains(&ended(&end).0.as_str()), "{end}");
    let second = bed.started(TWO, &[]);
    bed.asks(TWO, "answerCall", json!({"callId": second}));
    bed.of("commutationStarted", TWO, &second);
    bed.first("agentStateChanged", ONE, |e| {
        e["params"]["data"]["state"] == "notReady" && e["params"]["data"]["previous"]["state"] == "ready"
    });
    bed.clean("no answer");
}

/// A call is transferred to a number for a split, waits there, and comes to an agent.
fn to_a_vdn(isolation: &'static str) {
    let mut bed = Bed::start(&centre("most-idle", ""), &Plan::with(isolation, SETTINGS));
    let first = bed.incoming();
    let made = bed.asks(ONE, "makeConsultCall", json!({"callId": first, "to": "600"}));
    let consult = made["callId"].clone();
    bed.first("callInfoChanged", ONE, |e| call_id(e) == consult && e["params"]["data"]["call"]["phase"] == "queued");
    bed.asks(ONE, "transferCall", json!({"callId": first, "consultCallId": consult}));
    bed.of("callFinished", ONE, &consult);
    bed.of("callFinished", ONE, &first);
    bed.logs_on(TWO);
    bed.ready(TWO);
    let started = bed.first("callStarted", TWO, |_| true);
    let call = &started["params"]["data"]["call"];
    assert_eq!(
        (&call["caller"]["number"], &call["called"]["number"], &call["redirecting"]["number"]),
        (&json!(OUTSIDE), &json!("600"), &json!("101")),
        "{call}"
    );
    assert_eq!(call["queue"]["id"], "700");
    let theirs = call_id(&started);
    bed.asks(TWO, "answerCall", json!({"callId": theirs}));
    bed.of("commutationStarted", TWO, &theirs);
    bed.at("hangup", OUTSIDE);
    bed.of("callFinished", TWO, &theirs);
    bed.told(
        ONE,
        &[
            "callStarted A in",
            "commutationStarted A",
            "hold A",
            "callStarted B out",
            "callFinished B transferred",
            "unhold A",
            "callFinished A transferred",
        ],
    );
    bed.told(TWO, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
    bed.clean("vdn");
}

#[test]
fn a_call_is_transferred_to_a_vdn_isolated() {
    to_a_vdn("process");
}

#[test]
fn a_call_is_transferred_to_a_vdn_in_the_host() {
    to_a_vdn("host");
}

/// 102 has an appearance of 101: it rings, one answers, and the other one is told.
#[test]
fn an_appearance_is_answered_elsewhere() {
    for how in ["cleared", "bridged"] {
        let stations = "[[stations]]\nnumber = \"101\"\n[[stations]]\nnumber = \"102\"\nbridges = [\"101\"]\n[[stations]]\n\
                        number = \"103\"\n[[stations]]\nnumber = \"104\"\n";
        let mut bed = Bed::start(&format!("{QUIET}answered_elsewhere = \"{how}\"\n{stations}"), &Plan::new("process"));
        for (answers, line, other) in [("102", TWO, ONE), ("101", ONE, TWO)] {
            bed.next("appearance");
            bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
            let (mine, theirs) = (bed.started(line, &[]), bed.started(other, &[]));
            bed.at("answer", answers);
            bed.of("commutationStarted", line, &mine);
            let end = bed.of("callFinished", other, &theirs);
            assert_eq!(end["params"]["cause"]["code"], "pickedUpElsewhere", "{how}");
            bed.at("hangup", OUTSIDE);
            bed.of("callFinished", line, &mine);
            bed.told(line, &["callStarted A in", "commutationStarted A", "callFinished A normalClearing"]);
            bed.told(other, &["callStarted A in", "callFinished A pickedUpElsewhere"]);
            bed.clean(how);
        }
    }
}
