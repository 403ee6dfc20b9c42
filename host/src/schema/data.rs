//! What the events carry in `data`, where the wire has another shape than the model's type.
#![allow(dead_code, reason = "these types are described, never made: the model writes its events by hand")]

use jackfield_plugin_api::{
    AgentState, CallState, DeviceState, ErrorCode, HoldDetection, Reason, ReleasedBy, Severity, SnapshotSupport,
    TimestampSource,
};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, json_schema};

use crate::model::shape::{AgentFeatureNames, CallFeatureNames, ChangedNames, Masked, Native};
use crate::model::{Agent, Call, CallId, LossScope};

/// Always true; absent otherwise.
pub(super) struct True;

impl JsonSchema for True {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "True".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "boolean", "const": true })
    }
}

/// A line's stream begins.
#[derive(JsonSchema)]
pub(super) struct InitializedData {
    /// The connection.
    connection: ConnectionInfo,
    /// The device.
    device: DeviceInfo,
    /// What this line can do.
    capabilities: CapabilitiesInfo,
    /// Whether the line was up before, so that calls may have kept their ids.
    resumed: bool,
}

/// A connection to a phone system.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct ConnectionInfo {
    /// Its id.
    id: String,
    /// The adapter plugin.
    adapter: String,
    /// The plugin's version.
    adapter_version: String,
    /// The phone system, as people call it.
    phone_system: String,
}

/// A line's device.
#[derive(JsonSchema)]
pub(super) struct DeviceInfo {
    /// The part of the line's name after the slash.
    id: String,
    /// Whether it works.
    state: DeviceState,
}

/// What a line can do at all. What it can do now is in `lineStateChanged` and in each call's features.
#[derive(JsonSchema)]
#[schemars(rename = "Capabilities", rename_all = "camelCase", transform = Masked(&["call", "agent"]))]
pub(super) struct CapabilitiesInfo {
    /// With calls.
    call: CallFeatureNames,
    /// With the agent's session.
    agent: AgentFeatureNames,
    /// What the phone system can tell after a loss.
    snapshot: SnapshotSupport,
    /// Whose clock the times of calls come from.
    timestamps: TimestampSource,
    /// How hold is known.
    hold_detection: HoldDetection,
    /// Whether busy is told apart from other failures.
    busy_detection: bool,
    /// Whether the phone system renames calls while they live.
    renames_calls: bool,
    /// Whether an attended transfer can be completed while the target still rings.
    early_transfer: bool,
    /// Whether one call of a held and connected pair can be dropped without touching the other.
    drops_one_of_pair: bool,
    /// Names that `librarySpecificService` takes.
    services: Vec<String>,
}

/// A line's stream ends. Why is in `cause`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct DisconnectedData {
    /// What went down.
    scope: LossScope,
    /// Whether the host tries again.
    will_retry: bool,
    /// When, in milliseconds.
    #[schemars(skip_serializing_if = "absent")]
    retry_in_ms: Option<u64>,
    /// The opposite of `willRetry`, as the CtiModel has it.
    ignore_try_reconnection: bool,
    /// What the calls' state is now.
    #[schemars(extend("const" = "unknown"))]
    calls_state: String,
    /// The calls that were up. They are not ended by it.
    active_call_ids: Vec<CallId>,
}

/// A call.
#[derive(JsonSchema)]
pub(super) struct CallData {
    /// The call after the event, complete.
    call: Call,
}

/// A call that is held or taken back.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct HoldData {
    /// The call after the event, complete.
    call: Call,
    /// By whom. What the other party does is told by `callInfoChanged`.
    #[schemars(extend("const" = "local"))]
    held_by: String,
}

/// Something of a call has changed.
#[derive(JsonSchema)]
pub(super) struct CallInfoChangedData {
    /// What.
    changed: ChangedNames,
    /// The call after the event, complete.
    call: Call,
}

/// Another call is the current one.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct CurrentCallChangedData {
    /// The current call before.
    previous_call_id: CallId,
    /// The current call now, complete.
    call: Call,
}

/// A call is over. Why is in `cause`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct CallFinishedData {
    /// The call, complete, for the last time.
    call: Call,
    /// Who ended it.
    released_by: ReleasedBy,
    /// The state before.
    finished_from: CallState,
    /// An incoming call that nobody took.
    missed: bool,
    /// Nobody saw the end: `finishedAt` is when the call was last known to live.
    #[schemars(skip_serializing_if = "absent")]
    estimated: Option<True>,
}

/// The agent's state has changed.
#[derive(JsonSchema)]
pub(super) struct AgentStateChangedData {
    /// The state before; null: the first one of this epoch.
    previous: Option<PreviousAgentState>,
    /// The state now.
    #[schemars(flatten)]
    agent: Agent,
}

/// The agent's state before.
#[derive(JsonSchema)]
pub(super) struct PreviousAgentState {
    /// The normalised state.
    state: AgentState,
    /// The phone system's code for it.
    code: String,
    /// The reason.
    reason: Option<Reason>,
}

/// The call-centre mode was switched.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct CallCentreStateChangedData {
    /// Whether it is on.
    is_active: bool,
}

/// A fault that no command's answer tells.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct ErrorEventData {
    /// What kind.
    code: ErrorCode,
    /// The number that the CtiModel used for this kind.
    r#type: u8,
    /// How bad.
    severity: Severity,
    /// What was found, where, what to do.
    message: String,
    /// Whether the same may work later without anybody changing anything.
    retryable: bool,
    /// The call it is about.
    #[schemars(skip_serializing_if = "absent")]
    call_id: Option<CallId>,
    /// Who noticed.
    #[schemars(extend("enum" = ["phoneSystem", "adapter", "host"]))]
    source: String,
    /// What the phone system said.
    #[schemars(skip_serializing_if = "absent")]
    native: Option<Native>,
}

/// A message of the phone system.
#[derive(JsonSchema)]
pub(super) struct RawMessageData {
    /// From the phone system, or to it.
    #[schemars(extend("enum" = ["in", "out"]))]
    dir: String,
    /// `csta-xml`, `ami` …
    format: String,
    /// What was replaced.
    redacted: Vec<String>,
    /// In a few words.
    summary: String,
    /// The message.
    message: String,
}

/// WebRTC media began.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct WebRtcStartedData {
    /// The session.
    session_id: String,
    /// Its call.
    call_id: CallId,
    /// `audio`, `video`.
    media: Vec<String>,
    /// Where the media goes.
    #[schemars(extend("const" = "browser"))]
    endpoint: String,
    /// The client that should attach media; null: none is known.
    owner_session: Option<String>,
}

/// WebRTC media ended.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct WebRtcDestroyedData {
    /// The session.
    session_id: String,
    /// Its call.
    call_id: CallId,
}

/// The host is stopping; the socket is closed with 4503 after it.
#[derive(JsonSchema)]
pub(super) struct ReconnectParams {
    /// Why, as a word.
    #[schemars(extend("enum" = ["stopping"]))]
    reason: String,
    /// Why, in words.
    text: String,
}
