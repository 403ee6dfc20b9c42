//! A line: its call table, its agent, its place in the stream of events.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, CallKey, Capabilities, DeviceState, Fact, Forwarding, LineId, Role, Timestamp,
};

use super::body::{Agent, CallSaved, LineState, LossScope};
use super::call::Text;
use super::config::Loss;
use super::event::{Place, ReplyTo};
use super::ids::CallId;
use super::leg::Leg;
use super::limits::{REMEMBERED_CALLS, TRANSFER_PATIENCE};
use super::reorder::Reorder;

/// Everything known of one line.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Line {
    pub(super) id: LineId,
    pub(super) place: Arc<Place>,
    /// The part of the name after the slash.
    pub(super) device: Text,
    /// Whether an epoch runs.
    pub(super) up: bool,
    /// Whether one ever ran.
    pub(super) ever_up: bool,
    /// Whether one ran before this one.
    pub(super) resumed: bool,
    pub(super) epoch: u64,
    pub(super) seq: u64,
    /// Calls in the order of their start.
    pub(super) legs: Vec<Leg>,
    pub(super) current: Option<CallId>,
    pub(super) finished: Finished,
    /// Facts of calls that came before the line's snapshot.
    pub(super) waiting: VecDeque<(Fact, Option<ReplyTo>)>,
    /// Facts that wait for earlier ones.
    pub(super) reorder: Reorder,
    /// Saves that wait for the next epoch.
    pub(super) saves: VecDeque<CallSaved>,
    pub(super) agent: Option<Arc<Agent>>,
    pub(super) call_centre: Option<bool>,
    /// Whether there is a call-centre mode: as `initialized` told it, for the whole epoch (I13).
    pub(super) has_call_centre: bool,
    pub(super) device_state: Option<DeviceState>,
    /// What the adapter says this line can do at all.
    pub(super) own: Option<Capabilities>,
    /// What the line can do: the connection's capabilities, narrowed by `own`.
    pub(super) capabilities: Capabilities,
    /// What the adapter says can be done without a call now.
    pub(super) idle: Option<CallFeatures>,
    pub(super) agent_features: Option<AgentFeatures>,
    pub(super) forwarding: Option<Arc<[Forwarding]>>,
    /// The line as the last event told it.
    pub(super) told: LineState,
    /// A consultation that a command asked for: from which call, and how long to expect it.
    pub(super) consult: Option<(CallId, Timestamp)>,
    /// Why the line went down, or cannot come up, and whether it is alone in that.
    pub(super) loss: Option<(Loss, LossScope)>,
    /// The deadline under which the model's index has this line.
    pub(super) indexed: Option<Timestamp>,
}

impl Line {
    pub(super) fn new(id: LineId, connection: &str, name: &str, capabilities: Capabilities) -> Self {
        Self {
            id,
            place: Arc::new(Place { connection: connection.to_owned(), line: Some(format!("{connection}/{name}")) }),
            device: name.into(),
            up: false,
            ever_up: false,
            resumed: false,
            epoch: 0,
            seq: 0,
            legs: Vec::new(),
            current: None,
            finished: Finished::default(),
            waiting: VecDeque::new(),
            reorder: Reorder::default(),
            saves: VecDeque::new(),
            agent: None,
            call_centre: None,
            has_call_centre: false,
            device_state: None,
            own: None,
            capabilities,
            idle: None,
            agent_features: None,
            forwarding: None,
            told: LineState::default(),
            consult: None,
            loss: None,
            indexed: None,
        }
    }

    /// Where the call of this key is in the table.
    pub(super) fn find(&self, key: &CallKey) -> Option<usize> {
        self.legs.iter().position(|leg| leg.key == *key)
    }

    /// Where the call of this id is in the table.
    pub(super) fn index(&self, id: &CallId) -> Option<usize> {
        self.legs.iter().position(|leg| leg.id() == id)
    }

    /// The call of this key, also when it is over.
    pub(super) fn id_of(&self, key: &CallKey) -> Option<&CallId> {
        self.find(key).map(|index| self.legs[index].id()).or_else(|| self.finished.id(key))
    }

    pub(super) fn current_leg(&self) -> Option<&Leg> {
        let current = self.current.as_ref()?;
        self.legs.iter().find(|leg| leg.id() == current)
    }

    /// Whether this call is a consultation whose primary still lives.
    pub(super) fn in_consult(&self, index: usize) -> bool {
        let call = &self.legs[index].call;
        call.role == Role::Consult && call.parent.as_ref().is_some_and(|parent| self.index(parent).is_some())
    }

    /// The line as it is now.
    pub(super) fn state(&self) -> LineState {
        LineState {
            features: super::features::line_features(self),
            agent_features: self.agent_features,
            device_state: self.device_state,
            forwarding: self.forwarding.clone(),
        }
    }

    /// When time alone changes something on this line.
    pub(super) fn deadline(&self, stale: std::time::Duration) -> Option<Timestamp> {
        if !self.up {
            return None;
        }
        let busy = self.legs.iter().filter_map(|leg| leg.busy_until);
        let stale = self.legs.iter().filter_map(|leg| leg.unknown_since.map(|since| since + stale));
        let endings =
            self.legs.iter().filter_map(|leg| leg.ending.as_ref().map(|ending| ending.at + TRANSFER_PATIENCE));
        busy.chain(stale).chain(endings).chain(self.reorder.due()).min()
    }
}

/// Keys of calls that are over (I3), the oldest forgotten first. Only a hash of each key is kept: thousands of lines
/// remember, and 64 bits do not collide among a few dozen.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Finished {
    ring: VecDeque<(u64, CallId)>,
}

impl Finished {
    pub(super) fn remember(&mut self, key: &CallKey, id: CallId) {
        if self.ring.len() == REMEMBERED_CALLS {
            self.ring.pop_front();
        }
        self.ring.push_back((hash(key), id));
    }

    /// The call that had this key.
    pub(super) fn id(&self, key: &CallKey) -> Option<&CallId> {
        let hash = hash(key);
        self.ring.iter().rev().find(|(known, _)| *known == hash).map(|(_, id)| id)
    }

    /// Whether this call was one of them.
    pub(super) fn contains(&self, id: &str) -> bool {
        self.ring.iter().any(|(_, known)| known.as_str() == id)
    }

    pub(super) fn clear(&mut self) {
        self.ring.clear();
    }
}

/// A hash that is the same in every run.
fn hash(key: &CallKey) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.as_str().hash(&mut hasher);
    hasher.finish()
}
