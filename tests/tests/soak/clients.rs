//! The clients: one that stays and sees everything, one that comes and goes, one that never reads; and their commands.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jackfield::model::check::Checker;
use jackfield_tests::client::Client;
use jackfield_tests::host::Host;
use serde_json::{Value, json};

use crate::bed::{BOSS, TOKEN};
use crate::chance::Chance;
use crate::systems::{KINDS, OUTSIDE};

/// How many events go by before the one that comes and goes comes anew.
const VISIT: usize = 2_000;

pub(crate) struct Clients {
    url: String,
    steady: Client,
    guest: Client,
    _sleeper: Client,
    checker: Checker,
    /// How many of the steady client's events were looked at.
    looked: usize,
    /// The last state of every call that is up, by line.
    up: BTreeMap<String, BTreeMap<String, Value>>,
    calls: BTreeSet<String>,
    asked: Vec<(u64, String)>,
}

/// What the steady client has seen.
pub(crate) struct Seen {
    pub(crate) events: usize,
    /// Every call that was more than a lifted handset.
    pub(crate) calls: BTreeSet<String>,
    pub(crate) commands: usize,
    pub(crate) done: usize,
}

impl Clients {
    pub(crate) fn start(host: &Host) -> Self {
        Self {
            url: host.url().to_owned(),
            steady: host.client(TOKEN).unwrap(),
            guest: host.client(BOSS).unwrap(),
            _sleeper: host.client(TOKEN).unwrap(),
            checker: Checker::new(),
            looked: 0,
            up: BTreeMap::new(),
            calls: BTreeSet::new(),
            asked: Vec::new(),
        }
    }

    /// Reads what has come.
    pub(crate) fn read(&mut self) {
        self.steady.read_for(Duration::from_millis(5));
        assert_eq!(self.steady.closed, None);
        for event in &self.steady.events[self.looked..] {
            self.checker.event(event);
            let params = &event["params"];
            let Some(line) = params["line"].as_str() else { continue };
            if params["resent"] == true {
                continue;
            }
            let up = self.up.entry(line.to_owned()).or_default();
            match event["method"].as_str().unwrap_or_default() {
                "activeCallSnapshot" => {
                    let calls = params["data"]["activeCalls"].as_array().into_iter().flatten();
                    *up = calls.map(|call| (call["callId"].as_str().unwrap().to_owned(), call.clone())).collect();
                }
                "callFinished" => drop(up.remove(params["data"]["call"]["callId"].as_str().unwrap())),
                "lineStateChanged" => {
                    if let Some(call) = params["data"]["callId"].as_str().and_then(|id| up.get_mut(id)) {
                        call["features"] = params["data"]["features"].clone();
                    }
                }
                _ => {
                    if let Some(id) = params["data"]["call"]["callId"].as_str() {
                        up.insert(id.to_owned(), params["data"]["call"].clone());
                    }
                }
            }
            for (id, call) in up {
                if call["phase"] != "initiated" && !self.calls.contains(id) {
                    self.calls.insert(id.clone());
                }
            }
        }
        self.looked = self.steady.events.len();
        let violations = self.checker.violations();
        assert!(violations.is_empty(), "{}", violations[0]);
        self.guest.read_for(Duration::from_millis(1));
        if self.guest.events.len() > VISIT {
            self.guest = Client::connect(&self.url, Some(BOSS)).unwrap();
            self.guest.call("hello", &json!({})).unwrap();
        }
    }

    /// One of the clients asks for something that is offered, or for a new call.
    pub(crate) fn command(&mut self, chance: &mut Chance) {
        if !chance.once_in(3) {
            return;
        }
        let kind = &KINDS[chance.below(KINDS.len())];
        let number = chance.of(&kind.numbers);
        let line = kind.line(number);
        let to = if chance.once_in(2) { chance.of(&OUTSIDE) } else { chance.of(&kind.numbers) };
        let calls: Vec<&Value> = self.up.get(&line).map(|up| up.values().collect()).unwrap_or_default();
        let (method, params) = if calls.is_empty() {
            ("makeCall", json!({"line": line, "to": to}))
        } else {
            let call = chance.of(&calls);
            let other = calls.iter().find(|other| other["callId"] != call["callId"]).map(|other| &other["callId"]);
            let features: Vec<&str> =
                call["features"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if features.is_empty() {
                return;
            }
            let Some((method, more)) = asks(chance.of(&features), to, other) else { return };
            let mut params = json!({"line": line, "callId": call["callId"]});
            for (key, value) in more.as_object().unwrap() {
                params[key] = value.clone();
            }
            (method, params)
        };
        let id = self.steady.send(method, &params).unwrap();
        self.asked.push((id, format!("{method} {params}")));
    }

    /// The calls that are up, by line.
    pub(crate) fn left(&self) -> Vec<&Value> {
        self.up.values().flat_map(BTreeMap::values).collect()
    }

    /// Every command was answered, no rule was broken.
    pub(crate) fn judge(&mut self) -> Seen {
        let mut done = 0;
        for (id, what) in &self.asked {
            let answer = self.steady.answer(&json!(id)).unwrap_or_else(|e| panic!("{what}: {e}"));
            done += usize::from(answer["error"].is_null());
        }
        self.read();
        self.checker.settled();
        assert!(self.checker.violations().is_empty(), "{}", self.checker.violations()[0]);
        let left = self.left();
        assert!(left.is_empty(), "{left:?}");
        Seen { events: self.looked, calls: self.calls.clone(), commands: self.asked.len(), done }
    }
}

/// The command of a feature, and what it needs besides the call.
fn asks(feature: &str, to: &str, other: Option<&Value>) -> Option<(&'static str, Value)> {
    Some(match feature {
        "answer" => ("answerCall", json!({})),
        "drop" => ("dropCall", json!({})),
        "hold" => ("holdCall", json!({})),
        "unhold" => ("unholdCall", json!({})),
        "makeConsultCall" => ("makeConsultCall", json!({"to": to})),
        "blindTransfer" => ("blindTransferCall", json!({"to": to})),
        "deflect" => ("deflectCall", json!({"to": to})),
        "dtmf" => ("sendDtmf", json!({"digits": "12#"})),
        "completeTransfer" => ("transferCall", json!({"consultCallId": other?})),
        "cancelTransfer" => ("cancelTransfer", json!({"consultCallId": other?})),
        "conference" => ("conferenceCall", json!({"consultCallId": other?})),
        "alternate" => ("alternateCall", json!({"otherCallId": other?})),
        _ => return None,
    })
}
