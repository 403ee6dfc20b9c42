//! What the 21 events carry in `data` (M7).

use std::sync::Arc;

use jackfield_plugin_api::{AgentFeatures, AgentQueue, AgentState, CallFeatures, CallState, Capabilities, DeviceState};
use jackfield_plugin_api::{ErrorCode, Forwarding, Reason, ReleasedBy, SelectableState, Severity, Side, Timestamp};
use schemars::JsonSchema;
use serde_json::Value;

use super::call::{Call, Changed, Text};
use super::event::EventName;
use super::ids::CallId;
use super::shape::{AgentFeatureNames, CallFeatureNames, Masked, Time};

/// The data of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A line's stream begins.
    Initialized(Box<Initialized>),
    /// A line's stream ends.
    Disconnected(Disconnected),
    /// A call is there.
    CallStarted(Arc<Call>),
    /// Two-way speech.
    CommutationStarted(Arc<Call>),
    /// Features changed.
    LineStateChanged(LineStateChanged),
    /// Held.
    Hold(Arc<Call>),
    /// Taken back.
    Unhold(Arc<Call>),
    /// Digits.
    DtmfEntered(DtmfEntered),
    /// Something of a call changed.
    CallInfoChanged(Changed, Arc<Call>),
    /// Written to the history.
    CallSaved(CallSaved),
    /// Another current call.
    CurrentCallChanged {
        /// The current call before.
        previous: CallId,
        /// The current call now.
        call: Arc<Call>,
    },
    /// Over.
    CallFinished(CallFinished),
    /// Busy.
    CallBusy(Arc<Call>),
    /// All calls.
    ActiveCallSnapshot(Box<ActiveCallSnapshot>),
    /// The agent's state.
    AgentStateChanged {
        /// The state now.
        agent: Arc<Agent>,
        /// The state before, if there was one in this epoch.
        previous: Option<Arc<Agent>>,
    },
    /// The call-centre mode.
    CallCentreStateChanged {
        /// Whether it is on.
        is_active: bool,
    },
    /// A fault.
    Error(Fault),
    /// A message of the phone system.
    RawMessage(Box<RawMessage>),
    /// WebRTC media began.
    WebRtcStarted(WebRtcStarted),
    /// WebRTC video.
    WebRtcVideoStarted(WebRtcVideo),
    /// WebRTC media ended.
    WebRtcDestroyed {
        /// The session.
        session_id: Text,
        /// Its call.
        call: CallId,
    },
}

impl Body {
    /// Which of the 21 it is.
    #[must_use]
    pub const fn name(&self) -> EventName {
        match self {
            Self::Initialized(_) => EventName::Initialized,
            Self::Disconnected(_) => EventName::Disconnected,
            Self::CallStarted(_) => EventName::CallStarted,
            Self::CommutationStarted(_) => EventName::CommutationStarted,
            Self::LineStateChanged(_) => EventName::LineStateChanged,
            Self::Hold(_) => EventName::Hold,
            Self::Unhold(_) => EventName::Unhold,
            Self::DtmfEntered(_) => EventName::DtmfEntered,
            Self::CallInfoChanged(..) => EventName::CallInfoChanged,
            Self::CallSaved(_) => EventName::CallSaved,
            Self::CurrentCallChanged { .. } => EventName::CurrentCallChanged,
            Self::CallFinished(_) => EventName::CallFinished,
            Self::CallBusy(_) => EventName::CallBusy,
            Self::ActiveCallSnapshot(_) => EventName::ActiveCallSnapshot,
            Self::AgentStateChanged { .. } => EventName::AgentStateChanged,
            Self::CallCentreStateChanged { .. } => EventName::CallCentreStateChanged,
            Self::Error(_) => EventName::Error,
            Self::RawMessage(_) => EventName::RawMessage,
            Self::WebRtcStarted(_) => EventName::WebRtcStarted,
            Self::WebRtcVideoStarted(_) => EventName::WebRtcVideoStarted,
            Self::WebRtcDestroyed { .. } => EventName::WebRtcDestroyed,
        }
    }

    /// The call object it carries, if it carries one.
    #[must_use]
    pub const fn call(&self) -> Option<&Arc<Call>> {
        match self {
            Self::CallStarted(call)
            | Self::CommutationStarted(call)
            | Self::Hold(call)
            | Self::Unhold(call)
            | Self::CallInfoChanged(_, call)
            | Self::CurrentCallChanged { call, .. }
            | Self::CallBusy(call) => Some(call),
            Self::CallFinished(finished) => Some(&finished.call),
            _ => None,
        }
    }
}

/// `initialized`.
#[derive(Debug, Clone, PartialEq)]
pub struct Initialized {
    /// The connection's id.
    pub connection: Text,
    /// The adapter plugin.
    pub adapter: Text,
    /// Its version.
    pub adapter_version: Text,
    /// The phone system, as people call it.
    pub phone_system: Text,
    /// The line's device: the part of its name after the slash.
    pub device: Text,
    /// Whether the device works.
    pub device_state: DeviceState,
    /// What this line can do.
    pub capabilities: Capabilities,
    /// Whether the line was up before, so that calls may have kept their ids.
    pub resumed: bool,
}

/// What went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[schemars(rename_all = "camelCase")]
pub enum LossScope {
    /// The connection with all its lines.
    Connection,
    /// This line alone.
    Line,
}

impl LossScope {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Line => "line",
        }
    }
}

/// `disconnected`. Why is in the event's cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Disconnected {
    /// What went down.
    pub scope: LossScope,
    /// Whether the host tries again.
    pub will_retry: bool,
    /// When.
    pub retry_in_ms: Option<u64>,
    /// The calls that were up; their state is unknown now.
    pub active: Vec<CallId>,
}

/// What is so of a line itself.
#[derive(Debug, Clone, PartialEq, Default, JsonSchema, serde::Serialize, serde::Deserialize)]
#[schemars(rename_all = "camelCase", transform = Masked(&["features", "agentFeatures"]))]
pub struct LineState {
    /// What may be done now: the current call's features; without a call, dial and pickup.
    #[schemars(with = "CallFeatureNames")]
    pub features: CallFeatures,
    /// What may be done with the agent's session, if the adapter says so.
    #[schemars(with = "Option<AgentFeatureNames>", skip_serializing_if = "Option::is_none")]
    pub agent_features: Option<AgentFeatures>,
    /// Whether the device works, if known.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub device_state: Option<DeviceState>,
    /// The forwardings that are set, if known.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub forwarding: Option<Arc<[Forwarding]>>,
}

/// `lineStateChanged`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(rename = "LineStateChangedData", transform = Masked(&["features"]))]
pub struct LineStateChanged {
    /// The call it speaks of; none: the line.
    #[schemars(rename = "callId")]
    pub call: Option<CallId>,
    /// The features of that call, or of the line.
    #[schemars(with = "CallFeatureNames")]
    pub features: CallFeatures,
    /// The line.
    pub line: LineState,
}

/// `dtmfEntered`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(rename = "DtmfEnteredData")]
pub struct DtmfEntered {
    /// The call.
    #[schemars(rename = "callId")]
    pub call: CallId,
    /// The digits.
    pub digits: Text,
    /// Who sent them.
    pub by: Side,
}

/// `callSaved`.
#[derive(Debug, Clone, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[schemars(rename = "CallSavedData", rename_all = "camelCase")]
pub struct CallSaved {
    /// The call.
    #[schemars(rename = "callId")]
    pub call: CallId,
    /// The id of the history row.
    pub database_id: Text,
    /// Which store.
    pub store: Text,
    /// The row's revision; grows by one, from 1.
    pub revision: u64,
    /// Whether the row is new.
    pub created: bool,
    /// Whether the row is complete.
    #[schemars(rename = "final")]
    pub is_final: bool,
}

/// `callFinished`. The cause is the event's.
#[derive(Debug, Clone, PartialEq)]
pub struct CallFinished {
    /// The call.
    pub call: Arc<Call>,
    /// Who ended it.
    pub released_by: ReleasedBy,
    /// The state before.
    pub finished_from: CallState,
    /// An incoming call that nobody took.
    pub missed: bool,
    /// Nobody saw the end: `finishedAt` is when the call was last known to live.
    pub estimated: bool,
}

/// Why a snapshot is sent (M13.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub enum SnapshotReason {
    /// An epoch begins: the host's table as it was left.
    BeforeReconcile,
    /// The table agrees with the phone system again.
    Reconciled,
    /// A session has come.
    Session,
    /// A client asked.
    Query,
    /// A client was too slow and missed events.
    Overflow,
}

impl SnapshotReason {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeReconcile => "beforeReconcile",
            Self::Reconciled => "reconciled",
            Self::Session => "session",
            Self::Query => "query",
            Self::Overflow => "overflow",
        }
    }
}

/// `activeCallSnapshot`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(rename = "ActiveCallSnapshotData", rename_all = "camelCase")]
pub struct ActiveCallSnapshot {
    /// The number of the event up to which it is true.
    pub as_of_seq: u64,
    /// Why it is sent.
    pub reason: SnapshotReason,
    /// All calls that are started and not finished, in the order of their start.
    #[schemars(rename = "activeCalls")]
    pub calls: Vec<Arc<Call>>,
    /// The line.
    pub line: LineState,
    /// The agent, if the line has one.
    pub agent: Option<Arc<Agent>>,
    /// The call-centre mode, if there is one.
    pub call_centre_active: Option<bool>,
}

/// The state of a line's agent.
#[derive(Debug, Clone, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[schemars(rename_all = "camelCase")]
pub struct Agent {
    /// The agent's id in the phone system.
    #[schemars(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<Text>,
    /// The normalised state.
    pub state: AgentState,
    /// The phone system's code for it.
    pub code: Text,
    /// The reason.
    pub reason: Option<Reason>,
    /// Since when.
    #[schemars(with = "Option<Time>", skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What the agent may choose now.
    pub selectable: Vec<SelectableState>,
    /// A state chosen for later.
    pub pending: Option<Text>,
    /// The state in each queue.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<AgentQueue>,
}

/// `error`: a fault that no command's answer tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What kind.
    pub code: ErrorCode,
    /// How bad.
    pub severity: Severity,
    /// What was found, where, what to do.
    pub message: Text,
    /// The call it is about.
    pub call: Option<CallId>,
    /// Who noticed: `phoneSystem`, `adapter`, `host`.
    pub source: &'static str,
    /// What the phone system said.
    pub native: Option<Value>,
}

impl Fault {
    /// A fault that the host itself noticed.
    pub fn new(code: ErrorCode, severity: Severity, message: &str) -> Self {
        let message = super::limits::cut(message, super::limits::MAX_MESSAGE).into();
        Self { code, severity, message, call: None, source: "host", native: None }
    }

    /// Whether the same may work later without anybody changing anything.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(
            self.code,
            ErrorCode::ConnectionFailed
                | ErrorCode::ConnectionLost
                | ErrorCode::PhoneSystemUnavailable
                | ErrorCode::LinkDown
                | ErrorCode::Timeout
                | ErrorCode::RateLimited
                | ErrorCode::Overloaded
        )
    }
}

/// `rawMessage`.
#[derive(Debug, Clone, PartialEq)]
pub struct RawMessage {
    /// Its own counter; raw messages use no `seq` (I18).
    pub raw_seq: u64,
    /// Whether it came from the phone system.
    pub incoming: bool,
    /// `csta-xml`, `ami`, …
    pub format: Text,
    /// What was replaced.
    pub redacted: Vec<Text>,
    /// In a few words.
    pub summary: Text,
    /// The message.
    pub message: Text,
}

/// `webRtcStarted`.
#[derive(Debug, Clone, PartialEq)]
pub struct WebRtcStarted {
    /// The session.
    pub session_id: Text,
    /// Its call.
    pub call: CallId,
    /// `audio`, `video`.
    pub media: Vec<Text>,
    /// The client that should attach media: the one whose command led to the call, else none; the host fills in the
    /// most recently focused one.
    pub owner_session: Option<Text>,
}

/// `webRtcVideoStarted`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(rename = "WebRtcVideoStartedData", rename_all = "camelCase")]
pub struct WebRtcVideo {
    /// The session.
    pub session_id: Text,
    /// Its call.
    #[schemars(rename = "callId")]
    pub call: CallId,
    /// `sendrecv`, `sendonly`, `recvonly`, `inactive`.
    pub direction: Text,
}
