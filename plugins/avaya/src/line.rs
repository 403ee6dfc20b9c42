//! One line: a station, with its calls and its agent.

use std::collections::{BTreeSet, VecDeque};

use jackfield_csta::types::{LocalState, same_device};
use jackfield_plugin_api::{CallKey, CommandId, Direction, Forwarding, LineId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agent::Agent;
use crate::call::Call;
use crate::config::LineConfig;

/// Calls of a line that are kept; a station has fewer appearances.
const MOST_CALLS: usize = 64;
/// Calls that are over and remembered.
const MOST_OVER: usize = 128;
/// So long after its end what is said of a call is late.
pub(crate) const LATE: std::time::Duration = std::time::Duration::from_secs(10);

/// How far a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// It waits until the link is up and others are done.
    Waiting,
    /// It is being made known, monitored, looked at.
    Setup,
    /// Its calls are known.
    Up,
    /// It could not be set up; it is tried again.
    Failed,
}

/// A station.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) name: String,
    pub(crate) extension: String,
    pub(crate) stage: Stage,
    /// The device's id, as the server gave it.
    pub(crate) device: Option<String>,
    /// The monitor's reference.
    pub(crate) monitor: Option<String>,
    pub(crate) calls: Vec<Call>,
    over: VecDeque<Over>,
    /// A snapshot is being taken: calls that were seen in it, and those that events spoke of meanwhile.
    pub(crate) look: Option<Look>,
    pub(crate) agent: Agent,
    pub(crate) forwarding: Vec<Forwarding>,
    /// Digits that were sent from here and reported: the switch may report them, too.
    pub(crate) digits: Option<(String, String, Timestamp)>,
    /// A call that rings elsewhere is being taken: by which command, and until when that shows.
    #[serde(default)]
    pub(crate) picking: Option<(CommandId, Timestamp)>,
    /// Failures of the set-up, one after the other.
    pub(crate) failures: u32,
    pub(crate) agent_id: Option<String>,
    pub(crate) split: Option<String>,
}

/// A snapshot that is being taken.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Look {
    pub(crate) seen: BTreeSet<String>,
    pub(crate) touched: BTreeSet<String>,
    /// Calls whose parties are being asked for.
    pub(crate) asking: BTreeSet<String>,
    /// The device's calls are all told.
    pub(crate) told: bool,
    /// Once more when it is done: something happened that it may not show.
    pub(crate) again: bool,
}

/// A call that is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Over {
    native: String,
    key: CallKey,
    at: Timestamp,
}

impl Line {
    pub(crate) fn new(id: LineId, name: &str, settings: &LineConfig) -> Self {
        Self {
            id,
            name: name.to_owned(),
            extension: settings.extension.clone().unwrap_or_else(|| name.to_owned()),
            stage: Stage::Waiting,
            device: None,
            monitor: None,
            calls: Vec::new(),
            over: VecDeque::new(),
            look: None,
            agent: Agent::default(),
            forwarding: Vec::new(),
            digits: None,
            picking: None,
            failures: 0,
            agent_id: settings.agent.clone(),
            split: settings.split.clone(),
        }
    }

    /// Whether a device is this station.
    pub(crate) fn is(&self, device: &str) -> bool {
        match &self.device {
            Some(own) => same_device(own, device),
            None => jackfield_csta::types::number(device) == self.extension,
        }
    }

    pub(crate) fn call(&self, native: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.native == native)
    }

    pub(crate) fn call_mut(&mut self, native: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.native == native)
    }

    pub(crate) fn by_key(&self, key: &CallKey) -> Option<&Call> {
        self.calls.iter().find(|call| call.key == *key)
    }

    pub(crate) fn by_key_mut(&mut self, key: &CallKey) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.key == *key)
    }

    /// A new call. Its key is the id that is the same everywhere, so that a call is known again by an adapter that has just
    /// begun. A call that comes to the line a second time gets another key.
    pub(crate) fn begin(
        &mut self,
        native: &str,
        ucid: Option<&str>,
        direction: Direction,
        state: LocalState,
        now: Timestamp,
    ) -> &mut Call {
        let base = match ucid {
            Some(ucid) => ucid.to_owned(),
            None => format!("{native}@{}", now.millis()),
        };
        let taken = |key: &str| {
            self.calls.iter().any(|call| call.key.as_str() == key)
                || self.over.iter().any(|over| over.key.as_str() == key)
        };
        let mut key = base.clone();
        for times in 1.. {
            if !taken(&key) {
                break;
            }
            key = format!("{base}~{times}");
        }
        if self.calls.len() >= MOST_CALLS {
            self.calls.remove(0);
        }
        let own = self.device.clone().unwrap_or_default();
        let mut call = Call::new(key.into(), native, &own, direction, state);
        if let Some(ucid) = ucid {
            call.add_ucid(ucid);
        }
        self.calls.push(call);
        let last = self.calls.len() - 1;
        &mut self.calls[last]
    }

    /// The id that is the same everywhere has become known. It is the key, too, of a call that nobody was told of.
    pub(crate) fn learn_key(&mut self, native: &str, ucid: &str) {
        let taken = |key: &str| {
            self.calls.iter().any(|call| call.key.as_str() == key)
                || self.over.iter().any(|over| over.key.as_str() == key)
        };
        let free = !taken(ucid);
        let Some(call) = self.call_mut(native) else { return };
        call.add_ucid(ucid);
        if free && call.reported.is_none() && call.asked.is_empty() {
            call.key = ucid.into();
        }
    }

    /// The key of a call that ended just now.
    pub(crate) fn over_key(&self, native: &str, now: Timestamp) -> Option<&CallKey> {
        let over = self.over.iter().rev().find(|over| over.native == native && now.since(over.at) <= LATE)?;
        Some(&over.key)
    }

    /// The call of this line, over by now, that had this id or this key.
    pub(crate) fn earlier(&self, native: &str, ucid: Option<&str>) -> Option<CallKey> {
        let is = |over: &&Over| over.native == native || ucid.is_some_and(|ucid| over.key.as_str().starts_with(ucid));
        self.over.iter().rev().find(is).map(|over| over.key.clone())
    }

    /// A call is over.
    pub(crate) fn end(&mut self, key: &CallKey, now: Timestamp) -> Option<Call> {
        let at = self.calls.iter().position(|call| call.key == *key)?;
        let call = self.calls.remove(at);
        if self.over.len() >= MOST_OVER {
            self.over.pop_front();
        }
        self.over.push_back(Over { native: call.native.clone(), key: call.key.clone(), at: now });
        // A consultation whose first call is gone is a call like any other.
        for other in &mut self.calls {
            if other.first.as_ref() == Some(key) {
                other.first = None;
            }
        }
        Some(call)
    }

    /// Whether a call of this id has ended just now.
    pub(crate) fn is_just_over(&self, native: &str, now: Timestamp) -> bool {
        self.over.iter().rev().any(|over| over.native == native && now.since(over.at) <= LATE)
    }

    /// The call that a further one is made from: the one that talks, else the one that is held.
    pub(crate) fn main(&self) -> Option<&Call> {
        let at = |state| self.calls.iter().find(move |call| !call.hidden && call.answered && call.state == state);
        at(LocalState::Connected).or_else(|| at(LocalState::Hold))
    }

    /// The consultation that was made from a call.
    pub(crate) fn consult_of(&self, key: &CallKey) -> Option<CallKey> {
        self.calls.iter().find(|call| call.first.as_ref() == Some(key)).map(|call| call.key.clone())
    }

    /// An event spoke of a call: what a snapshot that is being taken says of it may be older.
    pub(crate) fn touch(&mut self, native: &str) {
        if let Some(look) = &mut self.look
            && !look.told
            && look.touched.len() < 256
        {
            look.touched.insert(native.to_owned());
        }
    }
}
