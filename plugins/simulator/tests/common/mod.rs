//! A watcher of facts: it keeps what a host would know, and minds what no fact may do.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "shared by tests; a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::serde_json::{Value, json};
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{AgentFeatures, CallFact, CallFeatures, CallState, Command, Fact, LineId, Reply};
use jackfield_plugin_simulator::Simulator;

pub(crate) fn decode(name: &str, params: Value) -> Command {
    Command::decode(name, params).unwrap().unwrap()
}

/// Calls a service and returns its answer.
pub(crate) fn service(driver: &mut Driver<Simulator>, line: LineId, name: &str, params: &Value) -> Reply {
    let command = decode("librarySpecificService", json!({"name": name, "params": params}));
    driver.command(line, &command).unwrap();
    driver.answers().remove(0).result.unwrap()
}

/// A call as the facts told it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) line: LineId,
    pub(crate) state: CallState,
    pub(crate) features: CallFeatures,
    pub(crate) direction: String,
    pub(crate) started: i64,
    pub(crate) connected: Option<i64>,
    pub(crate) finished: Option<i64>,
    pub(crate) holds: u32,
    pub(crate) cause: String,
    pub(crate) released_by: String,
}

#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Calls that are up, by line and key.
    pub(crate) up: BTreeMap<(LineId, String), Seen>,
    pub(crate) over: BTreeMap<String, Seen>,
    /// What is offered at each line beside its calls.
    pub(crate) lines: BTreeMap<LineId, (CallFeatures, AgentFeatures)>,
    keys: BTreeSet<(LineId, String)>,
}

impl Watch {
    /// Takes in what the driver's adapter has just said.
    pub(crate) fn see(&mut self, driver: &Driver<Simulator>, said: &mut Vec<String>) {
        for fact in driver.facts() {
            match fact {
                Fact::Call(call) => self.call(&call),
                Fact::Snapshot(snapshot) => {
                    self.up.retain(|(line, _), _| *line != snapshot.line);
                    for call in &snapshot.calls {
                        self.call(call);
                    }
                }
                Fact::Line(fact) => {
                    let (features, agent) = self.lines.entry(fact.line).or_default();
                    *features = fact.features.unwrap_or(*features);
                    *agent = fact.agent_features.unwrap_or(*agent);
                }
                _ => {}
            }
        }
        said.extend(driver.rendered());
    }

    fn call(&mut self, fact: &CallFact) {
        let key = (fact.line, fact.key.as_str().to_owned());
        assert!(!self.over.contains_key(&key.1), "{} is over and comes back: {fact:?}", fact.key);
        if fact.state == CallState::Finished {
            let mut seen = self.up.remove(&key).unwrap_or_else(|| panic!("finished, and never told of: {fact:?}"));
            seen.state = CallState::Finished;
            seen.finished = fact.native_time.map(|at| at.micros());
            seen.cause = fact.cause.as_ref().map(|cause| cause.code.to_string()).unwrap_or_default();
            seen.released_by = fact.released_by.map(|by| by.to_string()).unwrap_or_default();
            self.over.insert(key.1, seen);
            return;
        }
        self.keys.insert(key.clone());
        let new = !self.up.contains_key(&key);
        assert!(!new || fact.direction.is_some(), "the first fact of a call has its direction: {fact:?}");
        let seen = self.up.entry(key).or_insert_with(|| Seen {
            line: fact.line,
            state: CallState::Unknown,
            features: CallFeatures::NONE,
            direction: fact.direction.map(|d| d.to_string()).unwrap_or_default(),
            started: fact.started_at.map(|at| at.micros()).unwrap_or_default(),
            connected: None,
            finished: None,
            holds: 0,
            cause: String::new(),
            released_by: String::new(),
        });
        let talks = |state| matches!(state, CallState::Connected | CallState::Held | CallState::Conferenced);
        assert!(
            !talks(seen.state) || talks(fact.state),
            "{} went back from {} to {}",
            fact.key,
            seen.state,
            fact.state
        );
        if fact.state == CallState::Held && seen.state != CallState::Held {
            seen.holds += 1;
        }
        seen.state = fact.state;
        seen.features = fact.features.unwrap();
        seen.connected = seen.connected.or(fact.connected_at.map(|at| at.micros()));
        assert_eq!(talks(seen.state), seen.connected.is_some(), "connected since when: {fact:?}");
    }

    /// The key of a call of a line: the first ones are up, then an earlier one, then none at all.
    pub(crate) fn key(&self, line: LineId, number: usize) -> String {
        let mut up = self.up.keys().filter(|(of, _)| *of == line).map(|(_, key)| key);
        let old = self.keys.iter().rfind(|(of, _)| *of == line).map(|(_, key)| key);
        match number {
            5 => old.cloned().unwrap_or_default(),
            _ => {
                let count = up.clone().count().max(1);
                up.nth(number % count).cloned().unwrap_or_else(|| "nothing-7".to_owned())
            }
        }
    }

    pub(crate) fn offers(&self, line: LineId, key: &str, features: CallFeatures) -> bool {
        self.up.get(&(line, key.to_owned())).is_some_and(|seen| seen.features.contains(features))
    }

    /// One of all the things that are offered: line, call, feature.
    pub(crate) fn offer(&self, number: usize) -> Option<(LineId, String, &'static str)> {
        let all = self.up.iter().flat_map(|((line, key), seen)| seen.features.names().map(|f| (*line, key.clone(), f)));
        // What ends calls is chosen less often, so that there is something left to do.
        let all: Vec<_> = all.enumerate().filter(|(i, (_, _, f))| *f != "drop" || i % 3 == 0).map(|(_, o)| o).collect();
        all.get(number % all.len().max(1)).cloned()
    }

    /// Another call of the line, if there is one.
    pub(crate) fn other_key(&self, line: LineId, key: &str, number: usize) -> String {
        let others: Vec<_> = self.up.keys().filter(|(of, other)| *of == line && other != key).collect();
        others.get(number % others.len().max(1)).map_or_else(|| key.to_owned(), |(_, key)| key.clone())
    }

    /// What was told is what the phone system itself says.
    pub(crate) fn compare_with_status(&self, driver: &mut Driver<Simulator>, line: LineId) {
        let status = service(driver, line, "status", &Value::Null);
        let mut own = BTreeMap::new();
        for call in status.values["calls"].as_array().unwrap() {
            for leg in call["legs"].as_array().unwrap().iter().filter(|leg| leg.get("key").is_some()) {
                let words = leg["state"].as_str().unwrap();
                let state = match words {
                    "connected" if leg["conference"] == true => "conferenced",
                    "connected" | "held" | "busy" => words,
                    _ => "alerting",
                };
                let names: Vec<String> =
                    leg["features"].as_array().unwrap().iter().map(|f| f.as_str().unwrap().to_owned()).collect();
                own.insert(leg["key"].as_str().unwrap().to_owned(), (state.to_owned(), names));
            }
        }
        let told: BTreeMap<_, _> = self
            .up
            .iter()
            .map(|((_, key), seen)| {
                (key.clone(), (seen.state.to_string(), seen.features.names().map(str::to_owned).collect::<Vec<_>>()))
            })
            .collect();
        assert_eq!(told, own);
    }
}
