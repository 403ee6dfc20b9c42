//! The fact of an agent's session.

use serde::{Deserialize, Serialize};

use super::setters;
use crate::ids::{CommandId, LineId};
use crate::names::names;
use crate::time::Timestamp;

names! { lenient Unknown;
    /// The normalised state of an agent (MODEL M10).
    pub enum AgentState {
        /// Not logged in.
        LoggedOut = "loggedOut",
        /// Takes no calls.
        NotReady = "notReady",
        /// Takes calls.
        Ready = "ready",
        /// A call is coming.
        Reserved = "reserved",
        /// In a call.
        Busy = "busy",
        /// Works on the last call.
        AfterCallWork = "afterCallWork",
        /// Has a call on hold.
        Held = "held",
        /// Not known.
        Unknown = "unknown",
    }
}

/// A reason for a state, as the phone system lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Reason {
    /// Its code.
    pub code: String,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl Reason {
    /// A reason.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), label: None }
    }
}
setters! { Reason { label: String, } }

/// A state that the agent may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct SelectableState {
    /// The phone system's code, to be sent with `setUserState`.
    pub code: String,
    /// What it means.
    pub state: AgentState,
    /// The reasons to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

impl SelectableState {
    /// A state without reasons.
    pub fn new(code: impl Into<String>, state: AgentState) -> Self {
        Self { code: code.into(), state, reasons: Vec::new() }
    }
}

/// The agent's state in one queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct AgentQueue {
    /// The queue.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The state in it.
    pub state: AgentState,
    /// The reason in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(!default, !skip_serializing_if)]
    pub reason: Option<String>,
}

impl AgentQueue {
    /// The agent's state in a queue.
    pub fn new(id: impl Into<String>, state: AgentState) -> Self {
        Self { id: id.into(), name: None, state, reason: None }
    }
}
setters! { AgentQueue { name: String, reason: String, } }

/// The state of a line's agent now. A line for which no agent fact ever came has no agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentFact {
    /// The line.
    pub line: LineId,
    /// The normalised state.
    pub state: AgentState,
    /// The phone system's own code for it.
    pub code: String,
    /// The agent's id in the phone system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The reason; absent: there is none (an agent fact is always the whole state).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Since when, by the phone system's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What the agent may choose now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selectable: Vec<SelectableState>,
    /// A state chosen for later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// The state in each queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<AgentQueue>,
    /// Whether the call-centre mode is on; absent: the phone system has no such mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_centre: Option<bool>,
    /// The command that led to it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
}

impl AgentFact {
    /// The agent of `line` is in `state`.
    pub fn new(line: LineId, state: AgentState, code: impl Into<String>) -> Self {
        Self {
            line,
            state,
            code: code.into(),
            agent_id: None,
            reason: None,
            since: None,
            selectable: Vec::new(),
            pending: None,
            queues: Vec::new(),
            call_centre: None,
            command: None,
        }
    }
}
setters! {
    AgentFact { agent_id: String, reason: Reason, since: Timestamp, pending: String, call_centre: bool, command: CommandId, }
}
