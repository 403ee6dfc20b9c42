//! The 21 events, and the notification that is none.
#![allow(dead_code, reason = "these types are described, never made: the model writes its events by hand")]

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    AgentState, CallState, DeviceState, ErrorCode, HoldDetection, Reason, ReleasedBy, Severity, SnapshotSupport,
    TimestampSource,
};
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, json_schema};
use serde_json::{Map, Value, json};

use super::{document as make_document, message, written};
use crate::model::shape::{AgentFeatureNames, CallFeatureNames, ChangedNames, Masked, Native, Time};
use crate::model::{
    ActiveCallSnapshot, Agent, Call, CallId, CallSaved, DtmfEntered, EventCause, EventName, LineStateChanged,
    LossScope, ReplyTo, WebRtcVideo,
};

/// The parameters of an event of a line.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct LineEvent<D> {
    /// The connection's id.
    connection: String,
    /// The line: `connection/device`.
    line: String,
    /// When the line's stream began, in milliseconds since 1970; greater with every new beginning.
    epoch: u64,
    /// The number within the epoch: from 1, without gaps. A resent event has the number of the last one.
    seq: u64,
    /// The host's time.
    at: Time,
    /// The phone system's time; it may step back.
    #[schemars(skip_serializing_if = "absent")]
    src_at: Option<Time>,
    /// The line's current call after the event; null when there is no call.
    current_call_id: Option<CallId>,
    /// The host made it up, so that the stream keeps its rules; `cause` says why.
    #[schemars(skip_serializing_if = "absent")]
    synthetic: Option<True>,
    /// The state as it is, told again to this session alone; it uses no number of its own.
    #[schemars(skip_serializing_if = "absent")]
    resent: Option<True>,
    /// Why it happened.
    #[schemars(skip_serializing_if = "absent")]
    cause: Option<EventCause>,
    /// The request that led to it; anybody's.
    #[schemars(skip_serializing_if = "absent")]
    reply_to: Option<ReplyTo>,
    /// What happened.
    data: D,
}

/// The parameters of `error`: of a line, or of the connection as a whole.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct AnyEvent<D> {
    /// The connection's id.
    connection: String,
    /// The line: `connection/device`; null: the connection as a whole.
    line: Option<String>,
    /// The line's epoch; absent: the connection as a whole.
    #[schemars(skip_serializing_if = "absent")]
    epoch: Option<u64>,
    /// The number within the epoch; absent: the connection as a whole.
    #[schemars(skip_serializing_if = "absent")]
    seq: Option<u64>,
    /// The host's time.
    at: Time,
    /// The phone system's time.
    #[schemars(skip_serializing_if = "absent")]
    src_at: Option<Time>,
    /// The line's current call; null when there is none.
    current_call_id: Option<CallId>,
    /// The request that led to it.
    #[schemars(skip_serializing_if = "absent")]
    reply_to: Option<ReplyTo>,
    /// What happened.
    data: D,
}

/// The parameters of `rawMessage`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct RawEvent<D> {
    /// The connection's id.
    connection: String,
    /// The line: `connection/device`; null: the connection as a whole.
    line: Option<String>,
    /// The line's epoch; absent: the connection as a whole.
    #[schemars(skip_serializing_if = "absent")]
    epoch: Option<u64>,
    /// Its own number; raw messages use no `seq`.
    raw_seq: u64,
    /// The host's time.
    at: Time,
    /// The line's current call; null when there is none.
    current_call_id: Option<CallId>,
    /// The message.
    data: D,
}

/// Always true; absent otherwise.
struct True;

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
struct InitializedData {
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
struct ConnectionInfo {
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
struct DeviceInfo {
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
struct DisconnectedData {
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
struct CallData {
    /// The call after the event, complete.
    call: Call,
}

/// A call that is held or taken back.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct HoldData {
    /// The call after the event, complete.
    call: Call,
    /// By whom. What the other party does is told by `callInfoChanged`.
    #[schemars(extend("const" = "local"))]
    held_by: String,
}

/// Something of a call has changed.
#[derive(JsonSchema)]
struct CallInfoChangedData {
    /// What.
    changed: ChangedNames,
    /// The call after the event, complete.
    call: Call,
}

/// Another call is the current one.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct CurrentCallChangedData {
    /// The current call before.
    previous_call_id: CallId,
    /// The current call now, complete.
    call: Call,
}

/// A call is over. Why is in `cause`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct CallFinishedData {
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
struct AgentStateChangedData {
    /// The state before; null: the first one of this epoch.
    previous: Option<PreviousAgentState>,
    /// The state now.
    #[schemars(flatten)]
    agent: Agent,
}

/// The agent's state before.
#[derive(JsonSchema)]
struct PreviousAgentState {
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
struct CallCentreStateChangedData {
    /// Whether it is on.
    is_active: bool,
}

/// A fault that no command's answer tells.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct ErrorEventData {
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
struct RawMessageData {
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
struct WebRtcStartedData {
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
struct WebRtcDestroyedData {
    /// The session.
    session_id: String,
    /// Its call.
    call_id: CallId,
}

/// The host is stopping; the socket is closed with 4503 after it.
#[derive(JsonSchema)]
struct ReconnectParams {
    /// Why, as a word.
    #[schemars(extend("enum" = ["stopping"]))]
    reason: String,
    /// Why, in words.
    text: String,
}

/// The data of an event that a command's answer carries too.
pub(super) fn data_of(event: EventName, generator: &mut SchemaGenerator) -> schemars::Schema {
    match event {
        EventName::LineStateChanged => generator.subschema_for::<LineStateChanged>(),
        EventName::AgentStateChanged => generator.subschema_for::<AgentStateChangedData>(),
        _ => generator.subschema_for::<ActiveCallSnapshot>(),
    }
}

fn params(event: EventName, g: &mut SchemaGenerator) -> schemars::Schema {
    fn line<D: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
        LineEvent::<D>::json_schema(generator)
    }
    match event {
        EventName::Initialized => line::<InitializedData>(g),
        EventName::Disconnected => line::<DisconnectedData>(g),
        EventName::CallStarted | EventName::CommutationStarted | EventName::CallBusy => line::<CallData>(g),
        EventName::LineStateChanged => line::<LineStateChanged>(g),
        EventName::Hold | EventName::Unhold => line::<HoldData>(g),
        EventName::DtmfEntered => line::<DtmfEntered>(g),
        EventName::CallInfoChanged => line::<CallInfoChangedData>(g),
        EventName::CallSaved => line::<CallSaved>(g),
        EventName::CurrentCallChanged => line::<CurrentCallChangedData>(g),
        EventName::CallFinished => line::<CallFinishedData>(g),
        EventName::ActiveCallSnapshot => line::<ActiveCallSnapshot>(g),
        EventName::AgentStateChanged => line::<AgentStateChangedData>(g),
        EventName::CallCentreStateChanged => line::<CallCentreStateChangedData>(g),
        EventName::Error => AnyEvent::<ErrorEventData>::json_schema(g),
        EventName::RawMessage => RawEvent::<RawMessageData>::json_schema(g),
        EventName::WebRtcStarted => line::<WebRtcStartedData>(g),
        EventName::WebRtcVideoStarted => line::<WebRtcVideo>(g),
        EventName::WebRtcDestroyed => line::<WebRtcDestroyedData>(g),
    }
}

fn notification(method: &str, description: &str, params: schemars::Schema) -> Value {
    let mut params = params.to_value();
    if let Some(params) = params.as_object_mut() {
        params.remove("title");
        params.remove("description");
    }
    message(method, description, &[("method", json!({ "type": "string", "const": method })), ("params", params)])
}

/// What each event is, from the list of their names.
fn meanings(generator: &mut SchemaGenerator) -> BTreeMap<String, String> {
    let names = EventName::json_schema(generator).to_value();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let choices = names["oneOf"].as_array().into_iter().flatten();
    choices.map(|choice| (text(&choice["const"]), text(&choice["description"]))).collect()
}

pub(super) fn document() -> Value {
    let mut generator = written();
    let meanings = meanings(&mut generator);
    let mut messages = Map::new();
    for event in EventName::ALL {
        let meaning = meanings.get(event.as_str()).map_or("", String::as_str);
        let params = params(event, &mut generator);
        messages.insert(event.as_str().to_owned(), notification(event.as_str(), meaning, params));
    }
    let reconnect = ReconnectParams::json_schema(&mut generator);
    let about = "The host is stopping; the socket is closed after it. Not an event of a line.";
    messages.insert("reconnect".to_owned(), notification("reconnect", about, reconnect));
    let names: Vec<String> = messages.keys().cloned().collect();
    let mut definitions = generator.take_definitions(true);
    definitions.extend(messages);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    make_document("event", "A notification of the host: one of the 21 events, or `reconnect`.", &names, definitions)
}
