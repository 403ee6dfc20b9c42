//! What is written down: how the events of a connection become changes of rows. Pure: no file, no clock.

use std::collections::{HashMap, HashSet, VecDeque};

use jackfield_plugin_api::{CallKey, CallState, LineId, Phase};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::record::{CallRecord, Outcome, was_answered};
use crate::model::{Body, Event, EventName};
use crate::recordings::{LONGEST_NAME, MOST_OF_CALL};

/// Ids of conversations that are remembered after their calls, per connection: transfers and queues tie calls that are
/// minutes apart.
const MOST_IDS: usize = 20_000;

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Entry {
    /// A call has changed.
    Call(Box<CallChange>),
    /// A line's stream has begun or ended.
    Line(LineChange),
}

/// A call as it is after an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallChange {
    /// Which change of this call, from 1. A change that comes again is known by it.
    pub change: i64,
    /// The call.
    pub record: CallRecord,
    /// The event.
    pub event: TimelineEvent,
    /// Conversations that have turned out to be this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
}

/// An event of a call's timeline. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimelineEvent {
    /// The host's time.
    pub at: i64,
    /// The phone system's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub src_at: Option<i64>,
    /// The event's name.
    pub name: String,
    /// What it told beyond the call: `state`, `cause`, `changed`, `synthetic`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub detail: Map<String, Value>,
}

/// A line's stream has begun or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineChange {
    /// The line's full name.
    pub line: String,
    /// The connection's id.
    pub connection: String,
    /// Its epoch.
    pub epoch: i64,
    /// Whether it is up.
    pub up: bool,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// A call that is up.
#[derive(Debug, Default)]
struct Live {
    change: i64,
    answered: bool,
    told_busy: bool,
    state: CallState,
    conversation: String,
    is_kept: bool,
    /// What its recordings are called.
    recordings: Vec<String>,
}

/// What must be remembered between the events of one connection.
#[derive(Debug, Default)]
pub struct Book {
    live: HashMap<String, Live>,
    agents: HashMap<LineId, String>,
    lines: HashMap<String, LineId>,
    /// Conversations by the ids that tie calls: global ids, and the calls' own.
    conversations: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Book {
    /// Takes up a call that an earlier life of the host left behind.
    pub fn restore(&mut self, record: &CallRecord, change: i64) {
        let live = Live {
            change,
            answered: record.connected_at.is_some() || was_answered(record.state),
            told_busy: record.details.told_busy,
            state: record.state,
            conversation: record.conversation.clone(),
            is_kept: true,
            recordings: record.details.recordings.clone(),
        };
        self.live.insert(record.call_id.clone(), live);
        for id in record.details.global_ids.iter().chain([&record.call_id]) {
            self.tie(id, &record.conversation);
        }
    }

    /// What a recording of a call that is up is called. It may be told before the call's first event is noted.
    pub fn recorded(&mut self, call_id: &str, reference: &str) {
        let live = self.live.entry(call_id.to_owned()).or_default();
        let is_new = !live.recordings.iter().any(|known| known == reference);
        if is_new && live.recordings.len() < MOST_OF_CALL && (1..=LONGEST_NAME).contains(&reference.len()) {
            live.recordings.push(reference.to_owned());
        }
    }

    /// The line of a name, once an event has named it.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<LineId> {
        self.lines.get(name).copied()
    }

    /// What an event changes. `key`: the adapter's name of a call that is up.
    pub fn note<'k>(&mut self, event: &Event, key: impl FnOnce(LineId, &str) -> Option<&'k CallKey>) -> Option<Entry> {
        let (id, name) = (event.line?, event.place.line.as_deref()?);
        if self.lines.get(name) != Some(&id) {
            self.lines.insert(name.to_owned(), id);
        }
        match &event.body {
            Body::Initialized(_) | Body::Disconnected(_) => Some(Entry::Line(LineChange {
                line: name.to_owned(),
                connection: event.place.connection.clone(),
                epoch: i64::try_from(event.epoch?).unwrap_or(i64::MAX),
                up: matches!(event.body, Body::Initialized(_)),
                at: event.at.micros(),
            })),
            Body::AgentStateChanged { agent, .. } => {
                match &agent.agent_id {
                    Some(agent) => self.agents.insert(id, agent.to_string()),
                    None => self.agents.remove(&id),
                };
                None
            }
            body => {
                let call = body.call()?;
                let mut record = CallRecord::of(call, &event.place.connection, name);
                record.details.told_by = (event.epoch?, event.seq?);
                record.agent = self.agents.get(&id).cloned();
                record.details.key = key(id, call.id.as_str()).map(|key| key.as_str().to_owned());
                self.call(event, record).map(|change| Entry::Call(Box::new(change)))
            }
        }
    }

    fn call(&mut self, event: &Event, mut record: CallRecord) -> Option<CallChange> {
        let merged = self.converse(&mut record);
        let live = self.live.entry(record.call_id.clone()).or_default();
        record.details.recordings.clone_from(&live.recordings);
        live.conversation.clone_from(&record.conversation);
        live.answered |= event.name() == EventName::CommutationStarted || was_answered(record.state);
        live.told_busy |= event.name() == EventName::CallBusy;
        record.details.told_busy = live.told_busy;
        match record.state {
            // What it was before is worth more: the phone system may show it again as it was.
            CallState::Unknown => record.state = live.state,
            state => live.state = state,
        }
        // A call that never came further than lifting the phone is none.
        live.is_kept |= record.details.phase != Some(Phase::Initiated);
        live.change += 1;
        let (change, is_kept, answered) = (live.change, live.is_kept, live.answered);
        if let Body::CallFinished(finished) = &event.body {
            record.released_by = Some(finished.released_by);
            record.estimated = finished.estimated;
            record.result = record.cause.map(|cause| Outcome::of(cause, answered, finished.missed));
            self.live.remove(&record.call_id);
        }
        is_kept.then(|| CallChange { change, event: timeline(event), record, merged })
    }

    /// Finds the call's conversation. Which others have turned out to be the same.
    fn converse(&mut self, record: &mut CallRecord) -> Vec<String> {
        let ids: Vec<String> =
            record.details.global_ids.iter().chain(&record.parent).chain([&record.call_id]).cloned().collect();
        let mut known: Vec<String> = ids.iter().filter_map(|id| self.conversations.get(id)).cloned().collect();
        // Ids of calls grow with time: the first call of the conversation names it.
        known.sort();
        known.dedup();
        let mut known = known.into_iter();
        let conversation = known.next().unwrap_or_else(|| record.call_id.clone());
        let merged: Vec<String> = known.collect();
        if !merged.is_empty() {
            let gone: HashSet<&String> = merged.iter().collect();
            self.conversations.values_mut().filter(|id| gone.contains(*id)).for_each(|id| id.clone_from(&conversation));
        }
        for id in &ids {
            self.tie(id, &conversation);
        }
        record.conversation = conversation;
        merged
    }

    fn tie(&mut self, id: &str, conversation: &str) {
        if self.conversations.insert(id.to_owned(), conversation.to_owned()).is_none() {
            self.order.push_back(id.to_owned());
            if self.order.len() > MOST_IDS
                && let Some(oldest) = self.order.pop_front()
            {
                self.conversations.remove(&oldest);
            }
        }
    }
}

fn timeline(event: &Event) -> TimelineEvent {
    let mut detail = Map::new();
    let call = event.body.call();
    if let Some(call) = call {
        detail.insert("state".to_owned(), call.state.as_str().into());
    }
    if event.synthetic {
        detail.insert("synthetic".to_owned(), true.into());
    }
    if let Some(cause) = &event.cause {
        let mut told = json!({ "code": cause.code });
        if let Some(text) = &cause.text {
            told["text"] = json!(**text);
        }
        detail.insert("cause".to_owned(), told);
    }
    if let Body::CallInfoChanged(changed, _) = &event.body {
        detail.insert("changed".to_owned(), changed.names().collect::<Vec<_>>().into());
    }
    TimelineEvent {
        at: event.at.micros(),
        src_at: event.src_at.map(jackfield_plugin_api::Timestamp::micros),
        name: event.method().to_owned(),
        detail,
    }
}
