//! The 21 events, and the notification that is none.
#![allow(dead_code, reason = "these types are described, never made: the model writes its events by hand")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::data::{
    AgentStateChangedData, CallCentreStateChangedData, CallData, CallFinishedData, CallInfoChangedData,
    CurrentCallChangedData, DisconnectedData, ErrorEventData, HoldData, InitializedData, RawMessageData,
    ReconnectParams, True, WebRtcDestroyedData, WebRtcStartedData,
};
use super::{document as make_document, message, written};
use crate::model::shape::Time;
use crate::model::{
    ActiveCallSnapshot, CallId, CallSaved, DtmfEntered, EventCause, EventName, LineStateChanged, ReplyTo, WebRtcVideo,
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
