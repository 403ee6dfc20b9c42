//! The fact of a call, and of all calls of a line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::party::{Cause, Participant, Party, Queue};
use super::setters;
use super::state::{CallState, Direction, Phase, ReleasedBy, Role, Scope};
use crate::features::CallFeatures;
use crate::ids::{CallKey, CommandId, LineId};
use crate::time::Timestamp;

/// "Call `key` on line `line` is in state `state` now", and what else is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallFact {
    /// The line.
    pub line: LineId,
    /// The adapter's name for the call.
    pub key: CallKey,
    /// The state now.
    pub state: CallState,
    /// The phone system's id of the call; may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_id: Option<String>,
    /// Ids that tie legs of one conversation, newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub global_ids: Option<Vec<String>>,
    /// The way of the call; needed with the first fact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Internal or external.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Detail within `alerting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Who calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<Party>,
    /// Who is called (of an incoming call: what the caller dialled).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<Party>,
    /// Who sent the call here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirecting: Option<Party>,
    /// Where the call was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirection: Option<Party>,
    /// What the call is to the others of its line, when the adapter knows better than the host can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The call that this one was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CallKey>,
    /// All parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<Vec<Participant>>,
    /// What the phone system allows for this call now. The host intersects it with its rules; absent: with what the
    /// connection can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<CallFeatures>,
    /// Whether the line is muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Whether video flows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<bool>,
    /// Whether it is being recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<bool>,
    /// The queue it came through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<Queue>,
    /// Data attached to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<BTreeMap<String, String>>,
    /// Why it is as it is; needed with `busy` and `finished`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released_by: Option<ReleasedBy>,
    /// A hint: the agent looks at this call now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub focus: Option<bool>,
    /// The phone system's time of this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_time: Option<Timestamp>,
    /// When the call began, by the phone system's clock (for calls first seen in a snapshot).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it was connected, by the phone system's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connected_at: Option<Timestamp>,
    /// The command that led to this state, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// A field of a later version.
    #[cfg(feature = "growth")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub later: Option<String>,
}

impl CallFact {
    /// The call `key` on `line` is in `state`.
    pub fn new(line: LineId, key: impl Into<CallKey>, state: CallState) -> Self {
        Self {
            line,
            key: key.into(),
            state,
            native_id: None,
            global_ids: None,
            direction: None,
            scope: None,
            phase: None,
            caller: None,
            called: None,
            redirecting: None,
            redirection: None,
            role: None,
            parent: None,
            participants: None,
            features: None,
            muted: None,
            video: None,
            recording: None,
            queue: None,
            user_data: None,
            cause: None,
            released_by: None,
            focus: None,
            native_time: None,
            started_at: None,
            connected_at: None,
            command: None,
            #[cfg(feature = "growth")]
            later: None,
        }
    }

    /// The call is over.
    pub fn finished(line: LineId, key: impl Into<CallKey>, cause: impl Into<Cause>) -> Self {
        Self::new(line, key, CallState::Finished).cause(cause)
    }
}
setters! {
    CallFact {
        native_id: String,
        global_ids: Vec<String>,
        direction: Direction,
        scope: Scope,
        phase: Phase,
        caller: Party,
        called: Party,
        redirecting: Party,
        redirection: Party,
        role: Role,
        parent: CallKey,
        participants: Vec<Participant>,
        features: CallFeatures,
        muted: bool,
        video: bool,
        recording: bool,
        queue: Queue,
        user_data: BTreeMap<String, String>,
        cause: Cause,
        released_by: ReleasedBy,
        focus: bool,
        native_time: Timestamp,
        started_at: Timestamp,
        connected_at: Timestamp,
        command: CommandId,
    }
}

/// All calls that are up on a line now: after each (re)connect, and whenever a polled system shows the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The line.
    pub line: LineId,
    /// Its calls; none of them finished.
    pub calls: Vec<CallFact>,
}

impl Snapshot {
    /// These are all calls of the line.
    #[must_use]
    pub fn new(line: LineId, calls: Vec<CallFact>) -> Self {
        Self { line, calls }
    }
}
