//! The adapter and a simulated Oktell, two state machines that were written apart: what happens at the phones must be
//! what the adapter reports, on every line that it concerns.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::testing::{Driver, Output, Swaps, same_with_swaps};
use jackfield_plugin_api::{
    CallFact, CallState, CloseKind, CloseReason, Command, CommandError, CommandId, Fact, LineId, Reply,
};
use jackfield_plugin_oktell::Oktell;
use jackfield_sim::oktell::{Config, Simulator};
use jackfield_sim::{Data, Output as Said, System as _};
use proptest::prelude::*;
use serde_json::{Value, json};

const OUTSIDE: &str = "79990000001";
/// How much time passes at once, in milliseconds.
const STEP: u64 = 20;

/// Both, and the wires between them.
struct Pair {
    driver: Driver<Oktell>,
    server: Simulator,
    now: u64,
    /// Sessions of the server by transport; a link that is opened again is another session.
    sessions: BTreeMap<u32, u64>,
    next_session: u64,
    /// What is on its way to the adapter: when, to whom.
    on_the_way: Vec<(u64, u64, String)>,
    /// Links that are opened again.
    reopen: Vec<(u64, u32)>,
    calls: BTreeMap<(u32, String), CallFact>,
    /// Events per line, as the facts make them.
    events: BTreeMap<u32, Vec<String>>,
    answers: BTreeMap<CommandId, Result<Reply, CommandError>>,
    downs: usize,
    /// Everything that the adapter said.
    all: Vec<String>,
}

impl Pair {
    /// Users 101 and up, one line each, all logged in. `swapped.rs` has the adapter replaced after every input.
    fn new(config: &str, lines: u32) -> Self {
        let swapped = module_path!().contains("swapped::");
        Self::swapping(config, lines, if swapped { Swaps::EACH_INPUT } else { Swaps::NEVER })
    }

    fn swapping(config: &str, lines: u32, swaps: Swaps) -> Self {
        let settings = json!({"url": "ws://oktell.example"});
        let mut driver = Driver::new(&settings).unwrap().swapping(swaps);
        driver.started().unwrap();
        let mut pair = Self {
            driver,
            server: Simulator::new(Config::parse(config).unwrap(), 1),
            now: 0,
            sessions: BTreeMap::new(),
            next_session: 0,
            on_the_way: Vec::new(),
            reopen: Vec::new(),
            calls: BTreeMap::new(),
            events: BTreeMap::new(),
            answers: BTreeMap::new(),
            downs: 0,
            all: Vec::new(),
        };
        for line in 1..=lines {
            let settings = json!({"login": format!("op{line}"), "password": "Secret1"});
            pair.driver.line(&format!("10{line}"), &settings).unwrap();
            pair.collect();
        }
        pair.wait(500);
        pair
    }

    fn open(&mut self, transport: u32) {
        self.next_session += 1;
        self.sessions.insert(transport, self.next_session);
        self.server.open(self.next_session, self.now);
        self.driver.opened(transport).unwrap();
        self.collect();
    }

    fn lost(&mut self, transport: u32, told: bool) {
        let Some(session) = self.sessions.remove(&transport) else { return };
        self.server.closed(session, self.now);
        if told {
            self.driver.closed(transport, &CloseReason::new(CloseKind::Lost, "connection reset")).unwrap();
            self.collect();
            self.reopen.push((self.now + 200, transport));
        }
    }

    /// What the adapter said to its last input.
    fn collect(&mut self) {
        let mut sends = Vec::new();
        let mut facts = Vec::new();
        let mut breaks = Vec::new();
        self.all.extend(self.driver.rendered());
        for output in self.driver.outputs() {
            match output {
                Output::Open { transport, .. } => self.reopen.push((self.now, transport.0)),
                Output::SendText { transport, text } => sends.push((transport.0, text.to_owned())),
                Output::Close { transport } => breaks.push((transport.0, false)),
                Output::Reconnect { transport, .. } => breaks.push((transport.0, true)),
                Output::Reply(answer) => {
                    let earlier = self.answers.insert(answer.id, answer.result.clone());
                    assert!(earlier.is_none(), "command {} is answered twice", answer.id);
                }
                Output::Fact(fact) => facts.push(fact),
                _ => {}
            }
        }
        for fact in facts {
            self.fact(fact);
        }
        for (transport, text) in sends {
            if let Some(session) = self.sessions.get(&transport) {
                self.server.receive(*session, Data::Text(text), self.now);
            }
        }
        for (transport, told) in breaks {
            self.lost(transport, told);
        }
        self.serve();
    }

    /// What the server wants sent.
    fn serve(&mut self) {
        for said in self.server.outputs() {
            match said {
                Said::Send { client, data: Data::Text(text), delay } => {
                    self.on_the_way.push((self.now + delay, client, text));
                }
                Said::Close { client: session, .. } | Said::Cut { client: session, .. } => {
                    let transport = self.sessions.iter().find(|(_, own)| **own == session).map(|(t, _)| *t);
                    if let Some(transport) = transport {
                        self.lost(transport, true);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn fact(&mut self, fact: Fact) {
        match fact {
            Fact::Call(call) => self.call(*call),
            Fact::Snapshot(snapshot) => {
                let line = snapshot.line.0;
                let shown: Vec<String> = snapshot.calls.iter().map(|call| call.key.to_string()).collect();
                self.calls.retain(|(of, key), _| *of != line || shown.contains(key));
                for call in snapshot.calls {
                    self.calls.insert((line, call.key.to_string()), call);
                }
            }
            Fact::Down(_) => self.downs += 1,
            _ => {}
        }
    }

    fn call(&mut self, call: CallFact) {
        let key = (call.line.0, call.key.to_string());
        let before = self.calls.get(&key).map(|call| call.state);
        let word = match (before, call.state) {
            (None, CallState::Alerting) => format!("started {}", call.direction.unwrap()),
            (None, state) => format!("started {} {state}", call.direction.unwrap()),
            (Some(before), now) if before == now => String::new(),
            (_, CallState::Finished) => format!("finished {}", call.cause.as_ref().unwrap().code),
            (_, state) => state.to_string(),
        };
        if !word.is_empty() {
            self.events.entry(call.line.0).or_default().push(word);
        }
        if call.state == CallState::Finished {
            self.calls.remove(&key);
        } else {
            self.calls.insert(key, call);
        }
    }

    fn deliver(&mut self) {
        while let Some(at) = self.on_the_way.iter().position(|(at, _, _)| *at <= self.now) {
            let (_, session, text) = self.on_the_way.remove(at);
            let transport = self.sessions.iter().find(|(_, own)| **own == session).map(|(t, _)| *t);
            if let Some(transport) = transport {
                self.driver.text(transport, &text).unwrap();
                self.collect();
            }
        }
        while let Some(at) = self.reopen.iter().position(|(at, _)| *at <= self.now) {
            let (_, transport) = self.reopen.remove(at);
            self.open(transport);
        }
    }

    fn wait(&mut self, millis: u64) {
        let until = self.now + millis;
        while self.now < until {
            self.now += STEP;
            self.server.tick(self.now);
            self.serve();
            self.driver.advance(Duration::from_millis(STEP)).unwrap();
            self.collect();
            self.deliver();
        }
    }

    /// A command on a line; it is answered within its time.
    fn command(&mut self, line: u32, name: &str, params: Value) -> CommandId {
        let command = Command::decode(name, params).unwrap().unwrap();
        let id = self.driver.command(LineId(line), &command).unwrap();
        self.collect();
        self.deliver();
        id
    }

    fn accepted(&mut self, line: u32, name: &str, params: Value) {
        let id = self.command(line, name, params);
        self.wait(1500);
        match self.answers.get(&id) {
            Some(Ok(_)) => {}
            other => panic!("{name}: {other:?}"),
        }
    }

    /// What happens at the phones.
    fn phones(&mut self, command: Value) {
        let answer = self.server.control(&command, self.now);
        assert_eq!(answer["ok"], true, "{command}: {answer}");
        self.serve();
        self.deliver();
        self.wait(1500);
    }

    fn keys(&self, line: u32) -> Vec<String> {
        self.calls.keys().filter(|(of, _)| *of == line).map(|(_, key)| key.clone()).collect()
    }

    fn only(&self, line: u32) -> &CallFact {
        let keys = self.keys(line);
        assert_eq!(keys.len(), 1, "{:?}", self.calls);
        &self.calls[&(line, keys[0].clone())]
    }

    fn take(&mut self, line: u32) -> Vec<String> {
        self.events.remove(&line).unwrap_or_default()
    }

    /// How many calls each line has for the server.
    fn at_the_server(&mut self) -> Vec<usize> {
        let show = self.server.control(&json!({"do": "show"}), self.now);
        let count = |user: &Value| {
            let line = &user["line"];
            let here = line["abonent"].as_object().is_some_and(|abonent| !abonent.is_empty());
            usize::from(here) + usize::from(line["isflashing"] == true)
        };
        show["users"].as_array().unwrap().iter().map(count).collect()
    }
}

fn other_of(call: &CallFact) -> &str {
    &call.participants.as_ref().unwrap()[1].number
}

#[test]
fn a_call_by_click_to_the_outside() {
    for sequence in ["", "lift_ms = 300\n"] {
        let mut pair = Pair::new(sequence, 1);
        pair.command(0, "makeCall", json!({"to": OUTSIDE}));
        pair.wait(6000);
        assert_eq!(pair.take(0), ["started out", "connected"]);
        let key = pair.keys(0)[0].clone();
        pair.accepted(0, "holdCall", json!({"callId": key}));
        pair.accepted(0, "unholdCall", json!({"callId": key}));
        pair.accepted(0, "dropCall", json!({"callId": key}));
        assert_eq!(pair.take(0), ["held", "connected", "finished normalClearing"]);
        assert_eq!(pair.server.calls(), 0);
    }
}

#[test]
fn two_users_each_see_their_half() {
    let mut pair = Pair::new("", 2);
    pair.command(0, "makeCall", json!({"to": "102"}));
    pair.wait(3000);
    let ringing = pair.only(1).clone();
    assert_eq!(ringing.caller.unwrap().number, "101");
    pair.accepted(1, "answerCall", json!({"callId": ringing.key}));
    let key = pair.keys(0)[0].clone();
    pair.accepted(0, "holdCall", json!({"callId": key}));
    assert_eq!(pair.only(1).state, CallState::Connected, "who is held by the other one is not on hold here");
    pair.phones(json!({"do": "hangup", "number": "102"}));
    assert_eq!(pair.take(1), ["started in", "connected", "finished normalClearing"]);
    assert_eq!(pair.take(0), ["started out", "connected", "held", "finished normalClearing"]);
}

#[test]
fn a_consultation_is_completed_and_who_stays_keeps_the_call() {
    for chains in ["", "consultation_chain = \"same\"\n", "answer_chain = \"new\"\n"] {
        let mut pair = Pair::new(chains, 2);
        pair.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
        let first = pair.keys(0)[0].clone();
        pair.accepted(0, "answerCall", json!({"callId": first}));
        pair.command(0, "makeConsultCall", json!({"callId": first, "to": "102"}));
        pair.wait(2000);
        let second = pair.keys(1)[0].clone();
        pair.accepted(1, "answerCall", json!({"callId": second}));
        let consult = pair.keys(0).into_iter().find(|key| *key != first).unwrap();
        pair.accepted(0, "transferCall", json!({"callId": first, "consultCallId": consult}));
        assert_eq!(
            pair.take(0),
            [
                "started in",
                "connected",
                "held",
                "started out",
                "connected",
                "finished transferred",
                "finished transferred",
            ],
            "{chains}"
        );
        assert_eq!(pair.take(1), ["started in", "connected"], "{chains}: the call goes on with somebody else");
        let stays = pair.only(1);
        assert_eq!((stays.key.as_str(), other_of(stays)), (second.as_str(), OUTSIDE), "{chains}");
    }
}

#[test]
fn a_consultation_is_given_up_or_the_held_party_leaves() {
    let consulting = || {
        let mut pair = Pair::new("", 2);
        pair.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
        let first = pair.keys(0)[0].clone();
        pair.accepted(0, "answerCall", json!({"callId": first}));
        pair.command(0, "makeConsultCall", json!({"callId": first, "to": "102"}));
        pair.wait(1500);
        pair.phones(json!({"do": "answer", "number": "102"}));
        pair.take(0);
        let consult = pair.keys(0).into_iter().find(|key| *key != first).unwrap();
        (pair, first, consult)
    };
    let (mut pair, first, consult) = consulting();
    pair.accepted(0, "alternateCall", json!({"callId": first, "otherCallId": consult}));
    assert_eq!(pair.take(0), ["held", "connected"]);
    let (mut pair, first, consult) = consulting();
    pair.accepted(0, "cancelTransfer", json!({"callId": first, "consultCallId": consult}));
    assert_eq!(pair.take(0), ["finished normalClearing", "connected"]);
    assert_eq!(pair.take(1).last().map(String::as_str), Some("finished normalClearing"));
    let (mut pair, _, consult) = consulting();
    pair.phones(json!({"do": "hangup", "number": OUTSIDE}));
    assert_eq!(pair.take(0), ["finished normalClearing"]);
    assert_eq!(pair.only(0).key.as_str(), consult);
}

#[test]
fn three_talk_in_a_conference() {
    let mut pair = Pair::new("", 2);
    pair.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let first = pair.keys(0)[0].clone();
    pair.accepted(0, "answerCall", json!({"callId": first}));
    pair.command(0, "makeConsultCall", json!({"callId": first, "to": "102"}));
    pair.wait(1500);
    pair.phones(json!({"do": "answer", "number": "102"}));
    let consult = pair.keys(0).into_iter().find(|key| *key != first).unwrap();
    pair.take(0);
    pair.accepted(0, "conferenceCall", json!({"callId": first, "consultCallId": consult}));
    assert_eq!(pair.take(0), ["conferenced", "finished conferenced"]);
    for line in [0, 1] {
        let call = pair.only(line);
        assert_eq!((call.state, call.participants.as_ref().unwrap().len()), (CallState::Conferenced, 3), "{call:?}");
    }
    pair.accepted(0, "dropCall", json!({"callId": first}));
    assert_eq!(pair.take(0), ["finished normalClearing"]);
    assert_eq!(pair.only(1).state, CallState::Connected);
}

#[test]
fn a_link_that_breaks_in_a_call_finds_it_again() {
    let mut pair = Pair::new("", 1);
    pair.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let key = pair.keys(0)[0].clone();
    pair.accepted(0, "answerCall", json!({"callId": key}));
    for fault in ["cut", "half"] {
        pair.phones(json!({"do": fault, "number": "101"}));
        pair.wait(2000);
        assert_eq!(pair.only(0).key.as_str(), key, "{fault}");
    }
    assert_eq!((pair.downs, pair.take(0)), (2, vec!["started in".to_owned(), "connected".to_owned()]));
}

#[test]
fn a_machine_answers_and_sends_on() {
    let mut pair = Pair::new("[[scripts]]\nnumber = \"800\"\nname = \"Welcome\"\ntalks_ms = 3000\n", 1);
    pair.command(0, "makeCall", json!({"to": "800"}));
    pair.wait(4000);
    assert_eq!(pair.take(0), ["started out", "connected"]);
    pair.wait(4000);
    assert_eq!(pair.take(0), ["finished normalClearing"]);
}

#[derive(Debug, Clone)]
enum Step {
    Phones(Value),
    Command(u32, usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = || prop_oneof![Just("101"), Just("102"), Just("103"), Just(OUTSIDE), Just("79990000002")];
    let inside = || prop_oneof![Just("101"), Just("102"), Just("103")];
    prop_oneof![
        3 => (number(), number()).prop_map(|(from, to)| Step::Phones(json!({"do": "call", "from": from, "to": to}))),
        4 => number().prop_map(|n| Step::Phones(json!({"do": "answer", "number": n}))),
        2 => number().prop_map(|n| Step::Phones(json!({"do": "hangup", "number": n}))),
        1 => inside().prop_map(|n| Step::Phones(json!({"do": "flash", "number": n}))),
        1 => (inside(), number()).prop_map(|(n, to)| Step::Phones(json!({"do": "transfer", "number": n, "to": to}))),
        1 => inside().prop_map(|n| Step::Phones(json!({"do": "cut", "number": n}))),
        8 => (0u32..3, 0usize..11).prop_map(|(line, command)| Step::Command(line, command)),
        4 => prop_oneof![Just(100u64), Just(800), Just(3000)].prop_map(Step::Wait),
    ]
}

/// A command as a client may give it; the server may refuse it.
fn any_command(pair: &mut Pair, line: u32, at: usize) {
    let keys = pair.keys(line);
    let (one, other) = (keys.first().cloned(), keys.get(1).cloned());
    let (name, params) = match (at, one, other) {
        (0, None, _) => ("makeCall", json!({"to": "102"})),
        (1, None, _) => ("makeCall", json!({"to": OUTSIDE})),
        (2, Some(one), None) => ("makeConsultCall", json!({"callId": one, "to": "103"})),
        (3, Some(one), _) => ("answerCall", json!({"callId": one})),
        (4, Some(one), _) => ("dropCall", json!({"callId": one})),
        (5, Some(one), None) => ("holdCall", json!({"callId": one})),
        (6, Some(one), None) => ("blindTransferCall", json!({"callId": one, "to": "79990000002"})),
        (7, Some(one), Some(other)) => ("transferCall", json!({"callId": one, "consultCallId": other})),
        (8, Some(one), Some(other)) => ("cancelTransfer", json!({"callId": one, "consultCallId": other})),
        (9, Some(one), Some(other)) => ("alternateCall", json!({"callId": one, "otherCallId": other})),
        (10, Some(one), Some(other)) => ("conferenceCall", json!({"callId": one, "consultCallId": other})),
        _ => return,
    };
    pair.command(line, name, params);
}

/// How many courses to try; `PROPTEST_CASES` asks for more of them than a build has time for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

fn course(steps: &[Step], config: &str, swaps: Swaps) -> Pair {
    let mut pair = Pair::swapping(config, 3, swaps);
    for step in steps {
        match step {
            Step::Phones(command) => {
                // What the phones cannot do now they do not do.
                pair.server.control(command, pair.now);
                pair.serve();
                pair.wait(200);
            }
            Step::Command(line, at) => {
                any_command(&mut pair, *line, *at);
                pair.wait(100);
            }
            Step::Wait(millis) => pair.wait(*millis),
        }
    }
    pair.wait(2500);
    let server = pair.at_the_server();
    let adapter: Vec<usize> = (0..3).map(|line| pair.keys(line).len()).collect();
    assert_eq!(&server[..3], &adapter[..], "{:#?}", pair.events);
    // All phones are put down: nothing is left anywhere.
    pair.server.control(&json!({"do": "end"}), pair.now);
    pair.serve();
    pair.wait(15_000);
    let left: Vec<usize> = (0..3).map(|line| pair.keys(line).len()).collect();
    assert_eq!(left, [0, 0, 0]);
    pair
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Also when the adapter is replaced after every input; then it says the same.
    #[test]
    fn whatever_happens_the_adapter_knows_who_is_there(
        steps in proptest::collection::vec(step(), 1..30),
        config in prop_oneof![Just(""), Just("consultation_chain = \"same\"\n"), Just("answer_chain = \"new\"\n")],
    ) {
        let same = same_with_swaps(&[Swaps::EACH_INPUT], |swaps| course(&steps, config, swaps).all);
        prop_assert_eq!(same, Ok(()));
    }
}
