//! Who takes part in a call, and why it is as it is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::setters;
use super::state::{CauseCode, PartyRole, PartyState};

/// Why a call is as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cause {
    /// The normalised cause.
    pub code: CauseCode,
    /// The phone system's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The phone system's codes, as an object: `{"q850": 16}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Value>,
}

impl Cause {
    /// A cause.
    #[must_use]
    pub fn new(code: CauseCode) -> Self {
        Self { code, text: None, native: None }
    }
}
setters! { Cause { text: String, native: Value, } }

impl From<CauseCode> for Cause {
    fn from(code: CauseCode) -> Self {
        Self::new(code)
    }
}

/// A number, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Party {
    /// The number as the phone system gives it.
    pub number: String,
    /// The name as the phone system gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Party {
    /// A party without a name.
    pub fn new(number: impl Into<String>) -> Self {
        Self { number: number.into(), name: None }
    }
}
setters! { Party { name: String, } }

/// One party of a call, the local one included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Participant {
    /// The adapter's own name for the participant, stable within the call.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is this line.
    pub local: bool,
    /// Its connection state.
    pub state: PartyState,
    /// What it is there for.
    #[serde(default)]
    #[schemars(!default)]
    pub role: PartyRole,
}

impl Participant {
    /// A participant.
    pub fn new(id: impl Into<String>, number: impl Into<String>, local: bool, state: PartyState) -> Self {
        Self { id: id.into(), number: number.into(), name: None, local, state, role: PartyRole::Party }
    }
}
setters! { Participant { name: String, } }

/// A queue of the phone system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Queue {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Queue {
    /// A queue.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: None }
    }
}
setters! { Queue { name: String, } }
