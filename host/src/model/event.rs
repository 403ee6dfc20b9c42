//! One event of the CtiModel: what all 21 have in common (M4).

use std::borrow::Cow;
use std::sync::Arc;

use jackfield_plugin_api::{CauseCode, ErrorCode, LineId, Timestamp};
use schemars::JsonSchema;
use serde_json::Value;

use super::body::Body;
use super::call::Text;
use super::ids::CallId;
use super::shape::{CauseName, Native, RequestId};

/// The 21 events. The list is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum EventName {
    /// A line's stream begins.
    Initialized,
    /// A line's stream ends.
    Disconnected,
    /// A call is there.
    CallStarted,
    /// Two-way speech is possible, for the first time in this call.
    CommutationStarted,
    /// What may be done has changed.
    LineStateChanged,
    /// A call was held by this line.
    Hold,
    /// A call was taken back.
    Unhold,
    /// Digits were sent or received.
    DtmfEntered,
    /// Something of a call has changed.
    CallInfoChanged,
    /// A call was written to the history.
    CallSaved,
    /// Another call is the current one.
    CurrentCallChanged,
    /// A call is over.
    CallFinished,
    /// The called side is busy.
    CallBusy,
    /// All calls of a line.
    ActiveCallSnapshot,
    /// The agent's state has changed.
    AgentStateChanged,
    /// The call-centre mode was switched.
    CallCentreStateChanged,
    /// A fault.
    Error,
    /// A message of the phone system, for diagnostics.
    RawMessage,
    /// WebRTC media began.
    WebRtcStarted,
    /// WebRTC video began or changed.
    WebRtcVideoStarted,
    /// WebRTC media ended.
    WebRtcDestroyed,
}

impl EventName {
    /// All 21, in the order of the specification (M7).
    pub const ALL: [Self; 21] = [
        Self::Initialized,
        Self::Disconnected,
        Self::CallStarted,
        Self::CommutationStarted,
        Self::LineStateChanged,
        Self::Hold,
        Self::Unhold,
        Self::DtmfEntered,
        Self::CallInfoChanged,
        Self::CallSaved,
        Self::CurrentCallChanged,
        Self::CallFinished,
        Self::CallBusy,
        Self::ActiveCallSnapshot,
        Self::AgentStateChanged,
        Self::CallCentreStateChanged,
        Self::Error,
        Self::RawMessage,
        Self::WebRtcStarted,
        Self::WebRtcVideoStarted,
        Self::WebRtcDestroyed,
    ];

    /// The name on the wire: the `method` of the notification.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initialized => "initialized",
            Self::Disconnected => "disconnected",
            Self::CallStarted => "callStarted",
            Self::CommutationStarted => "commutationStarted",
            Self::LineStateChanged => "lineStateChanged",
            Self::Hold => "hold",
            Self::Unhold => "unhold",
            Self::DtmfEntered => "dtmfEntered",
            Self::CallInfoChanged => "callInfoChanged",
            Self::CallSaved => "callSaved",
            Self::CurrentCallChanged => "currentCallChanged",
            Self::CallFinished => "callFinished",
            Self::CallBusy => "callBusy",
            Self::ActiveCallSnapshot => "activeCallSnapshot",
            Self::AgentStateChanged => "agentStateChanged",
            Self::CallCentreStateChanged => "callCentreStateChanged",
            Self::Error => "error",
            Self::RawMessage => "rawMessage",
            Self::WebRtcStarted => "webRtcStarted",
            Self::WebRtcVideoStarted => "webRtcVideoStarted",
            Self::WebRtcDestroyed => "webRtcDestroyed",
        }
    }

    /// The event of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }
}

impl std::fmt::Display for EventName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where an event happened, by name. Events share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// The connection's id.
    pub connection: String,
    /// The line's full name, `connection/device`; none for an event of the connection as a whole.
    pub line: Option<String>,
}

/// The command that led to an event.
#[derive(Debug, Clone, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
pub struct ReplyTo {
    /// The session that sent it.
    pub session: String,
    /// The id of its request.
    #[schemars(with = "RequestId")]
    pub id: Value,
}

/// Why an event happened.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(rename = "Cause")]
pub struct EventCause {
    /// A stable word: a [`CauseCode`], an [`ErrorCode`], or one of the model's own (`callEnded`, `firstSeen`,
    /// `reconciled`, `missingCommutation`, `previousFinished`, `parentFinished`, `answered`, `resumed`, `consult`,
    /// `lineClosed`).
    #[schemars(with = "CauseName")]
    pub code: Cow<'static, str>,
    /// In words.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The phone system's codes.
    #[schemars(with = "Native", skip_serializing_if = "Option::is_none")]
    pub native: Option<Value>,
}

impl EventCause {
    /// A cause without words.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), text: None, native: None }
    }

    /// With words.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = Some(super::limits::cut(text, super::limits::MAX_MESSAGE).into());
        self
    }
}

impl From<CauseCode> for EventCause {
    fn from(code: CauseCode) -> Self {
        Self::new(code.as_str())
    }
}

impl From<ErrorCode> for EventCause {
    fn from(code: ErrorCode) -> Self {
        Self::new(code.as_str())
    }
}

/// One event. [`write_json`](Self::write_json) makes the notification of M4 out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The line; none for an event of the connection as a whole.
    pub line: Option<LineId>,
    /// The names of connection and line.
    pub place: Arc<Place>,
    /// The line's epoch; none for an event of the connection as a whole.
    pub epoch: Option<u64>,
    /// The number within the epoch; none for `rawMessage` and for events of the connection as a whole.
    pub seq: Option<u64>,
    /// The host's time.
    pub at: Timestamp,
    /// The phone system's time.
    pub src_at: Option<Timestamp>,
    /// The model made it up to keep an invariant; `cause` says why.
    pub synthetic: bool,
    /// Sent again to one session; uses no new number.
    pub resent: bool,
    /// Why it happened.
    pub cause: Option<EventCause>,
    /// The command that led to it.
    pub reply_to: Option<ReplyTo>,
    /// The line's current call after the event.
    pub current: Option<CallId>,
    /// What happened.
    pub body: Body,
}

impl Event {
    /// Which of the 21 it is.
    #[must_use]
    pub const fn name(&self) -> EventName {
        self.body.name()
    }

    /// The `method` of the notification.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.name().as_str()
    }
}
