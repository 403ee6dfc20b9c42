//! One line: an operator, with calls and a state.

use std::collections::VecDeque;

use jackfield_plugin_api::{CallKey, Direction, LineId};
use serde::{Deserialize, Serialize};

use crate::config::{Config, LineConfig};

/// Calls of a line that are kept; of more the oldest is forgotten.
const MOST_CALLS: usize = 32;
/// Ids that are remembered though their call is over or hidden.
const MOST_IDS: usize = 64;

/// An operator.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    /// The id at CallWay, which is the internal number.
    pub(crate) operator: String,
    pub(crate) softphone: bool,
    pub(crate) routing_rule: Option<String>,
    pub(crate) calls: Vec<Call>,
    /// Legs that are hidden: the server's own calls to the operator's phone.
    pub(crate) hidden: VecDeque<String>,
    /// Ids of calls that are over, and the last key of each: a key is never given twice.
    over: VecDeque<(String, u32)>,
    /// The operator's state, as CallWay calls it.
    pub(crate) state: Option<String>,
    /// That state was set as after-call work.
    pub(crate) wraps_up: bool,
}

/// A call of an operator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    /// CallWay's id.
    pub(crate) unique: String,
    pub(crate) key: CallKey,
    /// How often the id has been used before.
    used: u32,
    pub(crate) direction: Direction,
    pub(crate) number: String,
    pub(crate) at: Stage,
    /// CallWay has spoken of it since the link is up.
    pub(crate) is_sure: bool,
    /// The call that this one was made from.
    pub(crate) first: Option<String>,
    /// What was asked of it from here, and ends it.
    pub(crate) asked: Option<Asked>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    Alerting,
    Connected,
    Held,
}

/// What ends a call from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Drop,
    Transfer,
}

impl Line {
    pub(crate) fn new(id: LineId, operator: String, settings: &LineConfig, config: &Config) -> Self {
        Self {
            id,
            operator,
            softphone: settings.softphone.unwrap_or(config.softphone),
            routing_rule: settings.routing_rule.clone().or_else(|| config.routing_rule.clone()),
            calls: Vec::new(),
            hidden: VecDeque::new(),
            over: VecDeque::new(),
            state: None,
            wraps_up: false,
        }
    }

    pub(crate) fn call(&self, unique: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.unique == unique)
    }

    pub(crate) fn call_mut(&mut self, unique: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.unique == unique)
    }

    pub(crate) fn by_key(&self, key: &CallKey) -> Option<&Call> {
        self.calls.iter().find(|call| call.key == *key)
    }

    /// The call that a further one is made from: the oldest that talks, else the oldest that is held.
    pub(crate) fn main(&self) -> Option<&Call> {
        let at = |stage| self.calls.iter().find(move |call| call.is_sure && call.at == stage);
        at(Stage::Connected).or_else(|| at(Stage::Held))
    }

    /// A new call. Its key is CallWay's id, so that a call is known again by an adapter that has just begun; an id that
    /// comes twice makes another key.
    pub(crate) fn begin(&mut self, unique: &str, direction: Direction, number: &str) -> &mut Call {
        let used = self.over.iter().find(|(id, _)| id == unique).map_or(0, |(_, used)| used + 1);
        let key = if used == 0 { CallKey::from(unique) } else { CallKey::from(format!("{unique}~{used}")) };
        if self.calls.len() >= MOST_CALLS {
            self.calls.remove(0);
        }
        self.calls.push(Call {
            unique: unique.to_owned(),
            key,
            used,
            direction,
            number: number.to_owned(),
            at: Stage::Alerting,
            is_sure: true,
            first: None,
            asked: None,
        });
        let last = self.calls.len() - 1;
        &mut self.calls[last]
    }

    /// A call is over.
    pub(crate) fn end(&mut self, unique: &str) -> Option<Call> {
        let at = self.calls.iter().position(|call| call.unique == unique)?;
        let call = self.calls.remove(at);
        self.over.retain(|(id, _)| *id != call.unique);
        bounded(&mut self.over, (call.unique.clone(), call.used));
        Some(call)
    }

    pub(crate) fn hide(&mut self, unique: &str) {
        if !self.is_hidden(unique) {
            bounded(&mut self.hidden, unique.to_owned());
        }
    }

    pub(crate) fn is_hidden(&self, unique: &str) -> bool {
        self.hidden.iter().any(|id| id == unique)
    }

    pub(crate) fn is_over(&self, unique: &str) -> bool {
        self.over.iter().any(|(id, _)| id == unique)
    }
}

fn bounded<T>(ids: &mut VecDeque<T>, id: T) {
    if ids.len() >= MOST_IDS {
        ids.pop_front();
    }
    ids.push_back(id);
}
