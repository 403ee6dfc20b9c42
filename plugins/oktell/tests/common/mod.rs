//! An Oktell for tests: answers what the adapter asks, from what the test says the line is; and what the adapter said
//! in words that can be compared.
#![allow(dead_code, reason = "every test uses a part of it")]

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::testing::{Driver, Output, Swaps};
use jackfield_plugin_api::{
    CallFact, CallState, CloseKind, CloseReason, Command, CommandId, Direction, Fact, LineId, Phase,
};
use jackfield_plugin_oktell::Oktell;
use serde_json::{Map, Value, json};

pub(crate) const ZERO: &str = "00000000-0000-0000-0000-000000000000";
pub(crate) const CHAIN: &str = "11111111-aaaa-4aaa-8aaa-000000000001";
pub(crate) const CHAIN_2: &str = "22222222-aaaa-4aaa-8aaa-000000000002";
pub(crate) const OUTSIDE: &str = "79990000001";

/// What the server has for one line.
pub(crate) struct Side {
    /// The answer to `getextendedlineinfo`.
    pub(crate) info: Value,
    pub(crate) user: Value,
    /// Answers to other requests, by name; absent: success.
    pub(crate) replies: BTreeMap<String, Value>,
    /// Requests that are not answered.
    pub(crate) deaf: Vec<&'static str>,
    /// What came in, in order.
    pub(crate) requests: Vec<(String, Value)>,
}

pub(crate) struct Bench {
    pub(crate) driver: Driver<Oktell>,
    pub(crate) settings: Value,
    pub(crate) sides: BTreeMap<u32, Side>,
    /// Facts and answers as words.
    pub(crate) said: Vec<String>,
    /// Everything that the adapter said, as lines of a script.
    pub(crate) all: Vec<String>,
    pub(crate) facts: Vec<Fact>,
    /// Transports that are to be open.
    pub(crate) open: Vec<(u32, String)>,
    pub(crate) commands: Vec<(CommandId, bool)>,
    /// The values of the last answer that had some.
    pub(crate) values: Value,
    /// What tied the last command's first request to its reply.
    pub(crate) last_qid: Value,
    login: String,
    names: BTreeMap<(u32, String), (char, CallState)>,
}

pub(crate) fn idle() -> Value {
    json!({"linestatestr": "lsHookDown", "chainid": ZERO, "abonent": {}, "isflashing": false, "timertalklensec": 0})
}

pub(crate) fn party(number: &str) -> Value {
    json!({"number": number, "callerid": number, "isextline": true, "extline": "00901", "callername": ""})
}

/// A line with somebody there in this state.
pub(crate) fn with(number: &str, chain: &str, flags: Value) -> Value {
    let mut abonent = if number.is_empty() { json!({}) } else { party(number) };
    merge(&mut abonent, &flags);
    json!({"linestatestr": "lsOther", "chainid": chain, "abonent": abonent, "isflashing": false, "timertalklensec": 0})
}

pub(crate) fn rings(number: &str, chain: &str) -> Value {
    with(number, chain, json!({"isringing": true, "direction": "pstn"}))
}

pub(crate) fn talks(number: &str, chain: &str) -> Value {
    let mut info = with(number, chain, json!({"iscommutated": true}));
    merge(&mut info, &json!({"linestatestr": "lsCommutated"}));
    info
}

pub(crate) fn dials(number: &str, chain: &str) -> Value {
    with(number, chain, json!({"iswaitingforanswer": true}))
}

/// The same with somebody on hold.
pub(crate) fn holding(mut info: Value, number: &str, chain: &str) -> Value {
    let mut held = party(number);
    merge(&mut held, &json!({"chainid": chain}));
    merge(&mut info, &json!({"isflashing": true, "flashed": held}));
    info
}

/// Nobody there, somebody on hold.
pub(crate) fn only_holding(number: &str, chain: &str) -> Value {
    let mut info = idle();
    merge(&mut info, &json!({"linestatestr": "lsHookUp"}));
    holding(info, number, chain)
}

pub(crate) fn merge(into: &mut Value, from: &Value) {
    for (key, value) in from.as_object().unwrap() {
        into.as_object_mut().unwrap().insert(key.clone(), value.clone());
    }
}

impl Side {
    fn new(number: &str) -> Self {
        let user = format!("aaaaaaaa-0000-4000-8000-000000000{number}");
        let reply = |body: Value| body;
        let replies = [
            ("login", json!({"result": 1, "userid": user, "sessionid": format!("sess-{number}")})),
            ("getversion", json!({"version": {"dated": 150_501, "build": "2.12.0.150501", "webserverport": 80}})),
            ("getmyuserinfo", json!({"result": 1, "userid": user, "mainpbxnumber": number, "hasline": true})),
            ("cc_getlunchtypes", json!({"items": [{"id": 1, "name": "Lunch"}, {"id": 2, "name": "Meeting"}]})),
            ("getredirectrules", json!({"redirectrules": []})),
            ("getpbxnumbers", json!({"numbers": [{"number": "102", "caption": "Operator Two", "state": 1}]})),
        ];
        Self {
            info: idle(),
            user: json!({"userstateid": 1, "oncallcenter": false, "onlunch": false, "onccmanual": false, "onredirect": false}),
            replies: replies.into_iter().map(|(name, body)| (name.to_owned(), reply(body))).collect(),
            deaf: Vec::new(),
            requests: Vec::new(),
        }
    }

    fn answer(&mut self, name: &str, body: &Map<String, Value>) -> Option<Value> {
        self.requests.push((name.to_owned(), Value::Object(body.clone())));
        if self.deaf.contains(&name) {
            return None;
        }
        if name == "setuserstate" && !self.replies.contains_key(name) {
            for (key, value) in body.iter().filter(|(key, _)| key.as_str() != "qid" && key.as_str() != "userlogin") {
                self.user[key.as_str()] = value.clone();
            }
        }
        let mut reply = match name {
            "getextendedlineinfo" if !self.replies.contains_key(name) => self.info.clone(),
            "getuserstate" | "setuserstate" if !self.replies.contains_key(name) => self.user.clone(),
            name => self.replies.get(name).cloned().unwrap_or_else(|| json!({})),
        };
        if reply.get("result").is_none() {
            merge(&mut reply, &json!({"result": 1}));
        }
        merge(&mut reply, &json!({"qid": body["qid"]}));
        let name = if name == "ping" { "pong".to_owned() } else { format!("{name}result") };
        Some(json!([name, reply]))
    }

    /// Requests of these names since the last time.
    pub(crate) fn take(&mut self, names: &[&str]) -> Vec<Value> {
        let all = std::mem::take(&mut self.requests);
        all.into_iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, body)| json!([name, body]))
            .collect()
    }
}

impl Bench {
    /// An adapter without lines. `swapped.rs` has it replaced after every input.
    pub(crate) fn new(more: &Value) -> Self {
        Self::swapping(more, if module_path!().contains("swapped::") { Swaps::EACH_INPUT } else { Swaps::NEVER })
    }

    pub(crate) fn swapping(more: &Value, swaps: Swaps) -> Self {
        let mut settings = json!({"url": "ws://oktell.example:4066"});
        merge(&mut settings, more);
        let mut driver = Driver::new(&settings).unwrap().swapping(swaps);
        driver.started().unwrap();
        Self {
            driver,
            settings,
            sides: BTreeMap::new(),
            said: Vec::new(),
            all: Vec::new(),
            facts: Vec::new(),
            open: Vec::new(),
            commands: Vec::new(),
            values: Value::Null,
            last_qid: Value::Null,
            login: String::new(),
            names: BTreeMap::new(),
        }
    }

    /// One line, 101, logged in and idle.
    pub(crate) fn up() -> Self {
        Self::new(&json!({})).with_a_line()
    }

    pub(crate) fn with_a_line(self) -> Self {
        let mut bench = self;
        bench.line("101");
        bench.opened(0);
        bench.said.clear();
        bench.side(0).requests.clear();
        bench
    }

    pub(crate) fn side(&mut self, transport: u32) -> &mut Side {
        self.sides.get_mut(&transport).unwrap()
    }

    pub(crate) fn line(&mut self, name: &str) -> LineId {
        self.line_as(name, &format!("op{name}"))
    }

    /// A line with a login of another name.
    pub(crate) fn line_as(&mut self, name: &str, login: &str) -> LineId {
        let settings = json!({"login": login, "password": "Secret1"});
        self.login = login.to_owned();
        let line = self.driver.line(name, &settings).unwrap();
        self.sides.insert(line.0, Side::new(name));
        self.pump();
        line
    }

    pub(crate) fn opened(&mut self, transport: u32) {
        self.driver.opened(transport).unwrap();
        self.pump();
    }

    pub(crate) fn closed(&mut self, transport: u32) {
        self.driver.closed(transport, &CloseReason::new(CloseKind::Lost, "connection reset")).unwrap();
        self.pump();
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        // Answers come at the time at which they are asked for.
        for _ in 0..millis / 50 {
            self.driver.advance(Duration::from_millis(50)).unwrap();
            self.pump();
        }
    }

    /// The server sends an event of line 101's user.
    pub(crate) fn event(&mut self, name: &str, more: Value) {
        let mut body = json!({"qid": "e", "userid": "aaaaaaaa-0000-4000-8000-000000000101", "userlogin": self.login});
        merge(&mut body, &more);
        self.text(0, &json!([name, body]).to_string());
    }

    pub(crate) fn text(&mut self, transport: u32, text: &str) {
        self.driver.text(transport, text).unwrap();
        self.pump();
    }

    /// The line is as this from now on, and these events tell.
    pub(crate) fn becomes(&mut self, info: Value, events: &[&str]) {
        self.side(0).info = info;
        for event in events {
            let (name, flash) = event.split_once(' ').unwrap_or((event, ""));
            let more = if flash.is_empty() { json!({}) } else { json!({"flashtypeid": flash.parse::<i64>().unwrap()}) };
            self.event(name, more);
        }
    }

    pub(crate) fn command(&mut self, name: &str, params: Value) -> CommandId {
        let command = Command::decode(name, params).unwrap().unwrap();
        let id = self.driver.command(LineId(0), &command).unwrap();
        self.commands.push((id, false));
        self.last_qid = Value::Null;
        self.pump();
        id
    }

    /// The key of a call by the letter that it has here.
    pub(crate) fn key(&self, name: char) -> String {
        let found = self.names.iter().find(|((line, _), (letter, _))| *line == 0 && *letter == name);
        found.unwrap().0.1.clone()
    }

    /// The newest call.
    pub(crate) fn newest(&self) -> char {
        self.names.values().map(|(name, _)| *name).max().unwrap()
    }

    /// The keys of the calls that are up, oldest first.
    pub(crate) fn live(&self) -> Vec<String> {
        let mut live: Vec<String> = Vec::new();
        for fact in &self.facts {
            match fact {
                Fact::Call(call) if call.state == CallState::Finished => live.retain(|key| *key != call.key.as_str()),
                Fact::Call(call) if !live.contains(&call.key.to_string()) => live.push(call.key.to_string()),
                Fact::Snapshot(all) => live = all.calls.iter().map(|call| call.key.to_string()).collect(),
                _ => {}
            }
        }
        live
    }

    /// The requests of this name so far, without what ties them to their replies.
    pub(crate) fn sent(&self, name: &str) -> Vec<Value> {
        let requests = self.sides[&0].requests.iter().filter(|(sent, _)| sent == name);
        let bare = |(_, body): &(String, Value)| {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove("qid");
            body
        };
        requests.map(bare).collect()
    }

    /// Takes what was said since the last time.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    pub(crate) fn last_call(&self, name: char) -> CallFact {
        let key = self.key(name);
        let of = |fact: &Fact| match fact {
            Fact::Call(fact) if fact.key.as_str() == key => Some((**fact).clone()),
            Fact::Snapshot(snapshot) => snapshot.calls.iter().find(|call| call.key.as_str() == key).cloned(),
            _ => None,
        };
        self.facts.iter().rev().find_map(of).unwrap()
    }

    /// Takes in what the adapter said, and answers what it asked, until it asks nothing more.
    pub(crate) fn pump(&mut self) {
        let mut waiting = self.collect();
        while !waiting.is_empty() {
            let (transport, reply) = waiting.remove(0);
            self.driver.text(transport, &reply).unwrap();
            waiting.extend(self.collect());
        }
    }

    fn collect(&mut self) -> Vec<(u32, String)> {
        let mut replies = Vec::new();
        let mut said: Vec<Result<Fact, String>> = Vec::new();
        self.all.extend(self.driver.rendered());
        for output in self.driver.outputs() {
            match output {
                Output::SendText { transport, text } => {
                    let message: Value = serde_json::from_str(text).unwrap();
                    let (name, body) =
                        (message[0].as_str().unwrap().to_owned(), message[1].as_object().unwrap().clone());
                    if self.last_qid.is_null() && !name.starts_with("getextended") {
                        self.last_qid = body["qid"].clone();
                    }
                    if let Some(side) = self.sides.get_mut(&transport.0)
                        && let Some(reply) = side.answer(&name, &body)
                    {
                        replies.push((transport.0, reply.to_string()));
                    }
                }
                Output::Fact(fact) => said.push(Ok(fact)),
                Output::Reply(answer) => {
                    let entry = self.commands.iter_mut().find(|(id, _)| *id == answer.id).unwrap();
                    assert!(!entry.1, "command {} is answered twice", answer.id);
                    entry.1 = true;
                    if let Ok(reply) = &answer.result
                        && !reply.values.is_empty()
                    {
                        self.values = serde_json::to_value(&reply.values).unwrap();
                    }
                    said.push(Err(match &answer.result {
                        Ok(reply) if reply.noop => format!("noop {}", answer.id),
                        Ok(_) => format!("ok {}", answer.id),
                        Err(error) => format!("refused {} {}", answer.id, error.code),
                    }));
                }
                Output::Open { transport, spec } => self.open.push((transport.0, format!("open {:?}", spec.unwrap()))),
                Output::Close { transport } => self.open.push((transport.0, "close".to_owned())),
                Output::Reconnect { transport, .. } => self.open.push((transport.0, "reconnect".to_owned())),
                Output::Slow { transport } => self.open.push((transport.0, "slow".to_owned())),
                _ => {}
            }
        }
        for said in said {
            match said {
                Ok(fact) => {
                    let words = self.words(&fact);
                    self.said.extend(words);
                    self.facts.push(fact);
                }
                Err(answer) => self.said.push(answer),
            }
        }
        replies
    }

    fn words(&mut self, fact: &Fact) -> Option<String> {
        Some(match fact {
            Fact::Call(fact) => self.call_words(fact)?,
            Fact::Snapshot(snapshot) => {
                let calls: Vec<_> = snapshot.calls.iter().filter_map(|call| self.call_words(call)).collect();
                format!("snapshot {} [{}]", snapshot.line, calls.join("; "))
            }
            Fact::Up(up) => format!("up {}", up.phone_system),
            Fact::Down(down) => {
                let line = down.line.map_or_else(String::new, |line| format!(" line {line}"));
                format!("down{line} {}{}", down.code, if down.retry { "" } else { " no retry" })
            }
            Fact::Agent(agent) => {
                let reason = agent.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", reason.code));
                format!("agent {} {}{reason} cc={}", agent.state, agent.code, agent.call_centre.unwrap())
            }
            Fact::Error(error) => format!("error {}", error.code),
            _ => return None,
        })
    }

    /// State, phase, way and number of a call when its state is news; its first letter of the alphabet is its name.
    fn call_words(&mut self, fact: &CallFact) -> Option<String> {
        let next = char::from(b'A' + u8::try_from(self.names.len() % 26).unwrap());
        let known = self.names.get(&(fact.line.0, fact.key.to_string())).copied();
        let (name, before) = known.map_or((next, None), |(name, state)| (name, Some(state)));
        assert!(before != Some(CallState::Finished), "call {name} speaks after its end: {fact:?}");
        self.names.insert((fact.line.0, fact.key.to_string()), (name, fact.state));
        let command = fact.command.map_or_else(String::new, |command| format!(" <- {command}"));
        if fact.state == CallState::Finished {
            let cause = fact.cause.as_ref().unwrap().code;
            return Some(format!("{name} finished {cause} by {}{command}", fact.released_by.unwrap()));
        }
        let phase = fact.phase.filter(|phase| *phase != Phase::None);
        let phase = phase.map_or_else(String::new, |phase| format!("/{phase}"));
        if before == Some(fact.state) && fact.state != CallState::Alerting {
            return Some(format!("{name} changed{command}"));
        }
        let number = match fact.direction? {
            Direction::Out => fact.called.as_ref()?.number.clone(),
            _ => fact.caller.as_ref()?.number.clone(),
        };
        let consult = if fact.role.is_some() { " consult" } else { "" };
        Some(format!("{name} {}{phase} {} {number}{consult}{command}", fact.state, fact.direction?))
    }
}
