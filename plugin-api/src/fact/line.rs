//! The fact of a line itself: its device, what it can do, its forwardings.

use serde::{Deserialize, Serialize};

use super::setters;
use crate::features::{AgentFeatures, CallFeatures};
use crate::ids::{CommandId, LineId};
use crate::manifest::Capabilities;
use crate::names::names;

names! { lenient Unknown;
    /// Whether a device works.
    pub enum DeviceState {
        /// It works.
        InService = "inService",
        /// It does not (not registered, switched off).
        OutOfService = "outOfService",
        /// Not known.
        Unknown = "unknown",
    }
}

names! {
    /// When a call is forwarded.
    pub enum ForwardingKind {
        /// Always.
        All = "all",
        /// When busy.
        Busy = "busy",
        /// When nobody answers.
        NoAnswer = "noAnswer",
    }
}

/// A forwarding that is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Forwarding {
    /// When.
    pub kind: ForwardingKind,
    /// Where to.
    pub to: String,
}

impl Forwarding {
    /// Calls are forwarded to `to`.
    pub fn new(kind: ForwardingKind, to: impl Into<String>) -> Self {
        Self { kind, to: to.into() }
    }
}

/// What is known of the line itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LineFact {
    /// The line.
    pub line: LineId,
    /// Whether its device works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_state: Option<DeviceState>,
    /// What this line can do at all: a subset of the connection's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
    /// What can be done without a call now (dial, pickup); absent: what the connection can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<CallFeatures>,
    /// What can be done with the agent's session now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_features: Option<AgentFeatures>,
    /// All forwardings that are set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarding: Option<Vec<Forwarding>>,
    /// The command that led to it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
}

impl LineFact {
    /// A fact of `line`.
    #[must_use]
    pub fn new(line: LineId) -> Self {
        Self {
            line,
            device_state: None,
            capabilities: None,
            features: None,
            agent_features: None,
            forwarding: None,
            command: None,
        }
    }
}
setters! {
    LineFact {
        device_state: DeviceState,
        capabilities: Capabilities,
        features: CallFeatures,
        agent_features: AgentFeatures,
        forwarding: Vec<Forwarding>,
        command: CommandId,
    }
}
