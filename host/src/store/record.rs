//! What is kept of a call: one row per line and call, and the way back from the row to the call.

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_plugin_api::{
    CallFeatures, CallKey, CallState, CauseCode, Direction, Participant, Phase, Queue, ReleasedBy, Role, Scope,
    Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Call, CallId, KeptCall, Link, Number};

/// How a call went, in a word that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Two people spoke, or a person and a service.
    Answered,
    /// An incoming call that nobody took.
    Missed,
    /// The called side was busy.
    Busy,
    /// The called side did not answer.
    NoAnswer,
    /// The called side declined.
    Rejected,
    /// The calling side gave up.
    Cancelled,
    /// It was passed on to somebody else.
    Transferred,
    /// It went elsewhere: forwarded, parked, or taken by another application.
    Redirected,
    /// Somebody else took it.
    PickedUpElsewhere,
    /// It could not be set up.
    Failed,
    /// Nobody saw its end, and nobody saw it answered.
    Unknown,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Answered,
        Self::Missed,
        Self::Busy,
        Self::NoAnswer,
        Self::Rejected,
        Self::Cancelled,
        Self::Transferred,
        Self::Redirected,
        Self::PickedUpElsewhere,
        Self::Failed,
        Self::Unknown,
    ];

    /// The name in rows and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Missed => "missed",
            Self::Busy => "busy",
            Self::NoAnswer => "noAnswer",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Transferred => "transferred",
            Self::Redirected => "redirected",
            Self::PickedUpElsewhere => "pickedUpElsewhere",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }

    /// Of a call that is over.
    #[must_use]
    pub fn of(cause: CauseCode, answered: bool, missed: bool) -> Self {
        match cause {
            CauseCode::Transferred => Self::Transferred,
            _ if missed => Self::Missed,
            _ if answered => Self::Answered,
            CauseCode::Busy => Self::Busy,
            CauseCode::NoAnswer => Self::NoAnswer,
            CauseCode::Rejected => Self::Rejected,
            CauseCode::Cancelled | CauseCode::NormalClearing => Self::Cancelled,
            CauseCode::Redirected | CauseCode::Parked => Self::Redirected,
            CauseCode::PickedUpElsewhere => Self::PickedUpElsewhere,
            CauseCode::InvalidDestination | CauseCode::NetworkError => Self::Failed,
            _ => Self::Unknown,
        }
    }
}

/// A number, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    /// As the phone system gives it.
    pub number: String,
    /// As the phone system gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Party {
    fn of(number: &Number) -> Self {
        Self { number: number.number.to_string(), name: number.name.as_deref().map(str::to_owned) }
    }

    fn number(&self) -> Number {
        Number { number: self.number.as_str().into(), name: self.name.as_deref().map(Into::into), normalized: None }
    }
}

/// A record of the CRM that is tied to a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallLink {
    /// `Contact`, `Account`, `Case`, `Order` …
    #[schemars(length(min = 1, max = 200))]
    pub kind: String,
    /// Its id in the CRM.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
    /// What to show.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
}

impl CallLink {
    /// As the model has it.
    #[must_use]
    pub fn link(&self) -> Link {
        Link { kind: self.kind.as_str().into(), id: self.id.as_str().into(), title: self.title.as_str().into() }
    }
}

/// What no question asks for, kept together in one column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Details {
    /// The adapter's name for the call, while it is up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// All native ids it had, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub native_ids: Vec<String>,
    /// Ids that tie legs of one conversation, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub global_ids: Vec<String>,
    /// Who sent it here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirecting: Option<Party>,
    /// Where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirection: Option<Party>,
    /// All parties, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participants: Option<Vec<Participant>>,
    /// Data attached to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_data: Option<BTreeMap<String, String>>,
    /// Detail of `alerting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Whether it is the line's current call.
    pub is_current: bool,
    /// The event that told all this: the line's epoch, and the number within it.
    pub told_by: (u64, u64),
    /// Whether it was told that the called side is busy, whatever the call came to after that: it is told once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub told_busy: bool,
    /// Whether the line is muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Whether video flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// Whether it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<bool>,
    /// What the phone system calls its recordings, oldest first. Nobody but the host sees it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recordings: Vec<String>,
}

/// A call as the phone system told it, up to one of its events. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallRecord {
    /// The host's id.
    pub call_id: String,
    /// The connection's id.
    pub connection: String,
    /// The line's full name.
    pub line: String,
    /// The conversation it belongs to: the id of its first call.
    pub conversation: String,
    /// The call it was made from or beside.
    pub parent: Option<String>,
    /// What it is to the other calls of its line.
    pub role: Role,
    /// Its last known state.
    pub state: CallState,
    /// Its way.
    pub direction: Direction,
    /// Internal or external.
    pub scope: Scope,
    /// The phone system's id.
    pub native_id: Option<String>,
    /// Who called.
    pub caller: Option<Party>,
    /// Who was called.
    pub called: Option<Party>,
    /// The queue it came through.
    pub queue: Option<Queue>,
    /// The agent at the line.
    pub agent: Option<String>,
    /// When it began.
    pub started_at: i64,
    /// When two-way speech became possible.
    pub connected_at: Option<i64>,
    /// When it ended.
    pub ended_at: Option<i64>,
    /// Milliseconds rung.
    pub ring_ms: i64,
    /// Milliseconds talked, hold excluded.
    pub talk_ms: i64,
    /// Milliseconds on hold.
    pub hold_ms: i64,
    /// How often it was held.
    pub hold_count: i64,
    /// How it went; none while it is up.
    pub result: Option<Outcome>,
    /// Why it ended.
    pub cause: Option<CauseCode>,
    /// Who ended it.
    pub released_by: Option<ReleasedBy>,
    /// Nobody saw the end: `ended_at` is when it was last known to live.
    pub estimated: bool,
    /// The rest.
    pub details: Details,
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn amount(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

impl CallRecord {
    /// What an event's call says. The conversation is the call's own until somebody knows better.
    #[must_use]
    pub fn of(call: &Call, connection: &str, line: &str) -> Self {
        let owned = |text: &Arc<str>| text.to_string();
        Self {
            call_id: call.id.to_string(),
            connection: connection.to_owned(),
            line: line.to_owned(),
            conversation: call.id.to_string(),
            parent: call.parent.as_ref().map(ToString::to_string),
            role: call.role,
            state: call.state,
            direction: call.direction,
            scope: call.scope,
            native_id: call.native_id.as_ref().map(owned),
            caller: call.caller.as_ref().map(Party::of),
            called: call.called.as_ref().map(Party::of),
            queue: call.queue.as_deref().cloned(),
            agent: None,
            started_at: call.started_at.micros(),
            connected_at: call.connected_at.map(Timestamp::micros),
            ended_at: call.finished_at.map(Timestamp::micros),
            ring_ms: count(call.ring_ms),
            talk_ms: count(call.talk_ms),
            hold_ms: count(call.hold_ms),
            hold_count: i64::from(call.hold_count),
            result: None,
            cause: call.cause,
            released_by: None,
            estimated: false,
            details: Details {
                key: None,
                native_ids: call.native_ids.iter().map(owned).collect(),
                global_ids: call.global_ids.iter().flat_map(|ids| ids.iter()).map(owned).collect(),
                redirecting: call.redirecting.as_ref().map(Party::of),
                redirection: call.redirection.as_ref().map(Party::of),
                participants: call.participants.as_deref().map(<[_]>::to_vec),
                user_data: call.user_data.as_deref().cloned(),
                phase: Some(call.phase).filter(|phase| *phase != Phase::None),
                is_current: call.is_current,
                told_by: (0, 0),
                told_busy: false,
                muted: call.muted,
                video: call.video,
                recorded: call.recording,
                recordings: Vec::new(),
            },
        }
    }

    /// Whether the call is over.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.state == CallState::Finished
    }

    /// The other side's number.
    #[must_use]
    pub fn remote(&self) -> Option<&Party> {
        match self.direction {
            Direction::Out => self.called.as_ref(),
            _ => self.caller.as_ref(),
        }
    }

    /// The end of a call of which nothing more was heard.
    pub fn lose(&mut self, last_seen: i64) {
        let answered = self.connected_at.is_some() || was_answered(self.state);
        self.ended_at = Some(last_seen.max(self.started_at));
        self.state = CallState::Finished;
        self.cause = Some(CauseCode::Lost);
        self.result = Some(Outcome::of(CauseCode::Lost, answered, false));
        self.released_by = Some(ReleasedBy::Unknown);
        self.estimated = true;
        self.details.key = None;
        self.details.is_current = false;
    }

    /// The call as the model takes it up again after a restart of the host. None: it is over, or its adapter's name
    /// for it was never told.
    #[must_use]
    pub fn kept(&self, last_seen: Timestamp, links: &[CallLink]) -> Option<KeptCall> {
        let key = CallKey::from(self.details.key.as_deref()?);
        if self.is_final() {
            return None;
        }
        let text = |text: &String| Arc::from(text.as_str());
        let details = &self.details;
        let global_ids: Vec<Arc<str>> = details.global_ids.iter().map(text).collect();
        let call = Call {
            id: CallId::new(self.call_id.as_str()),
            native_id: self.native_id.as_ref().map(text),
            native_ids: details.native_ids.iter().map(text).collect(),
            global_ids: Some(global_ids).filter(|ids| !ids.is_empty()).map(Into::into),
            database_id: Some(self.call_id.as_str().into()),
            device: self.line.split_once('/').map_or("", |(_, device)| device).into(),
            direction: self.direction,
            scope: self.scope,
            state: self.state,
            phase: details.phase.unwrap_or(Phase::None),
            caller: self.caller.as_ref().map(Party::number),
            called: self.called.as_ref().map(Party::number),
            redirecting: details.redirecting.as_ref().map(Party::number),
            redirection: details.redirection.as_ref().map(Party::number),
            role: self.role,
            parent: self.parent.as_deref().map(CallId::new),
            is_current: details.is_current,
            participants: details.participants.clone().map(Into::into),
            features: CallFeatures::NONE,
            started_at: Timestamp::from_micros(self.started_at),
            connected_at: self.connected_at.map(Timestamp::from_micros),
            finished_at: None,
            ring_ms: amount(self.ring_ms),
            talk_ms: amount(self.talk_ms),
            hold_ms: amount(self.hold_ms),
            hold_count: u32::try_from(self.hold_count).unwrap_or(0),
            muted: details.muted,
            video: details.video,
            recording: details.recorded,
            queue: self.queue.clone().map(Arc::new),
            user_data: details.user_data.clone().map(Arc::new),
            cause: self.cause,
            contacts: None,
            links: Some(links.iter().map(CallLink::link).collect::<Vec<_>>())
                .filter(|links| !links.is_empty())
                .map(Into::into),
        };
        Some(KeptCall { key, call, last_seen, told_busy: details.told_busy })
    }
}

/// Of the calls of a line that are up, only the one of which it was told last is the current one: who loses the focus
/// is not told of by itself.
pub fn settle_focus<'a>(records: impl Iterator<Item = &'a mut CallRecord>) {
    let mut current: Option<&mut CallRecord> = None;
    for record in records.filter(|record| record.details.is_current) {
        match &mut current {
            Some(other) if other.details.told_by > record.details.told_by => record.details.is_current = false,
            Some(other) => {
                other.details.is_current = false;
                current = Some(record);
            }
            None => current = Some(record),
        }
    }
}

/// Whether a call in this state has been answered.
pub(super) const fn was_answered(state: CallState) -> bool {
    matches!(state, CallState::Connected | CallState::Held | CallState::Conferenced)
}
