//! Facts of the connection as a whole, and faults.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::setters;
use crate::error::ErrorCode;
use crate::ids::{CallKey, CommandId, LineId};
use crate::manifest::Capabilities;
use crate::names::names;

/// The connection is up. After it the adapter reports a [`Snapshot`](crate::Snapshot) for every open line (when its manifest says it
/// can); a line's events begin with its snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Up {
    /// The phone system and its version, as people call it: `Asterisk 22.10.1`.
    pub phone_system: String,
    /// What this phone system, licence and configuration allow: a subset of the manifest's.
    pub capabilities: Capabilities,
}

impl Up {
    /// The connection is up.
    pub fn new(phone_system: impl Into<String>, capabilities: Capabilities) -> Self {
        Self { phone_system: phone_system.into(), capabilities }
    }
}

/// The connection is down, or one line of it that has a link of its own. Calls are not ended by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Down {
    /// The line, where each line has a link of its own; absent: the connection as a whole. The line comes back with its
    /// next [`Snapshot`](crate::Snapshot).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// Why.
    pub code: ErrorCode,
    /// Why, in words for the administrator: what was found, where, what to do.
    pub text: String,
    /// Whether trying again without a change makes sense (a wrong password: no; the host then waits for its longest
    /// back-off between tries).
    pub retry: bool,
    /// What the phone system said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Value>,
}

impl Down {
    /// The connection is down; trying again makes sense.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { line: None, code, text: text.into(), retry: true, native: None }
    }

    /// Only this line is down; the connection and its other lines are not.
    #[must_use]
    pub fn line(mut self, line: LineId) -> Self {
        self.line = Some(line);
        self
    }

    /// Trying again without a change is of no use.
    #[must_use]
    pub fn no_retry(mut self) -> Self {
        self.retry = false;
        self
    }
}

names! { lenient Warning;
    /// How bad a fault is.
    pub enum Severity {
        /// Work goes on; somebody should look.
        Warning = "warning",
        /// Something was not done.
        Error = "error",
        /// The connection is lost by it; a `Down` follows.
        Fatal = "fatal",
    }
}

/// A fault outside commands, or after a command's answer. A refused command is told by its answer alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorFact {
    /// The line; absent: the connection as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// What kind.
    pub code: ErrorCode,
    /// How bad.
    pub severity: Severity,
    /// What was found, where, what to do.
    pub text: String,
    /// The call it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<CallKey>,
    /// The command it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
    /// What the phone system said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Value>,
}

impl ErrorFact {
    /// A fault of the connection as a whole.
    pub fn new(code: ErrorCode, severity: Severity, text: impl Into<String>) -> Self {
        Self { line: None, code, severity, text: text.into(), key: None, command: None, native: None }
    }
}
setters! { ErrorFact { line: LineId, key: CallKey, command: CommandId, native: Value, } }
