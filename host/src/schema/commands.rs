//! Commands: their requests, and what the answers hold.
#![allow(dead_code, reason = "these types are described, never made")]

use jackfield_plugin_api::Command;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::data::CapabilitiesInfo;
use super::events::data_of;
use super::{document as make_document, request, written};
use crate::connection::MOST_TIMEOUT;
use crate::model::{CallId, EventName};

/// The answer to a command on a call: the phone system accepted it.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct CallResult {
    /// The call.
    call_id: CallId,
    /// Nothing had to be done: it was so already.
    #[schemars(skip_serializing_if = "absent")]
    noop: Option<bool>,
}

/// The answer to a command that makes a call.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct NewCallResult {
    /// The call that was made; absent when nothing had to be done.
    #[schemars(skip_serializing_if = "absent")]
    call_id: Option<CallId>,
    /// Nothing had to be done: it was so already.
    #[schemars(skip_serializing_if = "absent")]
    noop: Option<bool>,
}

/// The answer to a command on a line or an agent: the phone system accepted it.
#[derive(JsonSchema)]
struct LineResult {
    /// Nothing had to be done: it was so already.
    #[schemars(skip_serializing_if = "absent")]
    noop: Option<bool>,
}

/// The answer to `parkCall`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct ParkResult {
    /// The call.
    call_id: CallId,
    /// Where it is parked, when the phone system tells.
    #[schemars(skip_serializing_if = "absent")]
    slot: Option<String>,
    /// Nothing had to be done: it was so already.
    #[schemars(skip_serializing_if = "absent")]
    noop: Option<bool>,
}

/// The answer to `recordCall`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct RecordResult {
    /// The call.
    call_id: CallId,
    /// How the phone system names the recording, when it tells.
    #[schemars(skip_serializing_if = "absent")]
    reference: Option<String>,
    /// Nothing had to be done: it was so already.
    #[schemars(skip_serializing_if = "absent")]
    noop: Option<bool>,
}

/// The answer to `queryCallRecords`.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct RecordsResult {
    /// Where the recordings can be fetched.
    urls: Vec<String>,
    /// Until when, when the phone system tells: as the adapter gives it, RFC 3339 or milliseconds since 1970.
    #[schemars(skip_serializing_if = "absent", extend("type" = ["string", "integer"]))]
    expires_at: Option<String>,
}

/// The answer to `librarySpecificService`: what the adapter says.
#[derive(JsonSchema)]
struct ServiceResult {}

/// Commands that the host answers by itself, and what they are.
const OWN: [(&str, &str); 5] = [
    ("holdOrUnholdCall", "Holds a call, or takes it back when it is held."),
    ("queryLineState", "Asks for `lineStateChanged`: the answer is its data, and it is sent again to the asker."),
    ("queryUserState", "Asks for `agentStateChanged`: the answer is its data, and it is sent again to the asker."),
    (
        "queryActiveCallSnapshot",
        "Asks for `activeCallSnapshot`: the answer is its data, and it is sent again to the asker.",
    ),
    ("getCapabilities", "Asks what the line can do at all."),
];

/// Parameters that every command takes beside its own.
fn shared() -> Map<String, Value> {
    let most = u64::try_from(MOST_TIMEOUT.as_millis()).unwrap_or(u64::MAX);
    let line = json!({ "type": "string", "description": "The line: `connection/device`." });
    let connection = json!({ "type": "string", "description": "The connection's id; not needed, the line names it." });
    let key = json!({
        "type": ["string", "null"], "minLength": 1, "maxLength": 100,
        "description": "The client's own: a command sent twice with it within ten minutes is done once.",
    });
    let timeout = json!({
        "type": ["integer", "null"], "minimum": 1, "maximum": most,
        "description": "How long to wait for the phone system, in milliseconds; else 15000.",
    });
    Map::from_iter([
        ("line".to_owned(), line),
        ("connection".to_owned(), connection),
        ("idempotencyKey".to_owned(), key),
        ("timeoutMs".to_owned(), timeout),
    ])
}

/// A command's own parameters as the plugin API has them. Clients name calls by the host's ids, adapters by keys.
fn own_params(name: &str, definitions: &mut Map<String, Value>) -> Value {
    let Some(schema) = Command::schema(name) else {
        let call = json!({ "$ref": "#/$defs/CallId", "description": "The call." });
        return match name {
            "holdOrUnholdCall" => json!({ "properties": { "callId": call }, "required": ["callId"] }),
            _ => json!({}),
        };
    };
    let mut schema = schema.to_value();
    rename_keys(&mut schema);
    if name == "queryCallRecords" {
        // Clients may name the call by either of its ids; adapters get the phone system's.
        schema["properties"]["callId"] =
            json!({ "$ref": "#/$defs/CallId", "description": "The host's id of the call." });
        schema["properties"]["nativeId"]["description"] = json!("The phone system's id of the call.");
        schema["required"] = json!([]);
        schema["oneOf"] = json!([{ "required": ["callId"] }, { "required": ["nativeId"] }]);
    }
    if let Some(Value::Object(inner)) = schema.as_object_mut().and_then(|s| s.remove("$defs")) {
        definitions.extend(inner.into_iter().filter(|(name, _)| name != "CallKey"));
    }
    schema
}

fn rename_keys(schema: &mut Value) {
    match schema {
        Value::String(text) if text == "#/$defs/CallKey" => *text = "#/$defs/CallId".to_owned(),
        Value::Object(object) => object.values_mut().for_each(rename_keys),
        Value::Array(list) => list.iter_mut().for_each(rename_keys),
        _ => {}
    }
}

fn params(own: &Value) -> Value {
    let mut properties = shared();
    properties.extend(own["properties"].as_object().cloned().unwrap_or_default());
    let mut required = vec![json!("line")];
    required.extend(own["required"].as_array().cloned().unwrap_or_default());
    // What a client leaves out may be null, too: the tidying must not take that away.
    let mut params = json!({
        "type": "object", "additionalProperties": false, "required": required, "properties": properties,
        "x-null-allowed": true,
    });
    if let Some(either) = own.get("oneOf") {
        params["oneOf"] = either.clone();
    }
    params
}

pub(super) fn document() -> Value {
    let mut generator = written();
    // Named by the parameters, which another generator made.
    let _ = generator.subschema_for::<CallId>();
    let mut definitions = Map::new();
    let mut messages = Map::new();
    let names = Command::NAMES.iter().copied().chain(OWN.iter().map(|(name, _)| *name));
    for name in names.clone() {
        let own = own_params(name, &mut definitions);
        let about = OWN.iter().find(|(own, _)| *own == name).map_or_else(
            || own["description"].as_str().unwrap_or_default().to_owned(),
            |(_, about)| (*about).to_owned(),
        );
        messages.insert(name.to_owned(), request(name, &about, params(&own), true));
        let on_call = own["properties"].get("callId").is_some();
        let result = match name {
            "makeCall" | "makeConsultCall" | "pickupCall" | "hookup" => generator.subschema_for::<NewCallResult>(),
            "parkCall" => generator.subschema_for::<ParkResult>(),
            "recordCall" => generator.subschema_for::<RecordResult>(),
            "queryCallRecords" => generator.subschema_for::<RecordsResult>(),
            "librarySpecificService" => generator.subschema_for::<ServiceResult>(),
            "getCapabilities" => generator.subschema_for::<CapabilitiesInfo>(),
            "queryLineState" => data_of(EventName::LineStateChanged, &mut generator),
            "queryUserState" => data_of(EventName::AgentStateChanged, &mut generator),
            "queryActiveCallSnapshot" => data_of(EventName::ActiveCallSnapshot, &mut generator),
            _ if on_call => generator.subschema_for::<CallResult>(),
            _ => generator.subschema_for::<LineResult>(),
        };
        messages.insert(format!("{name}Result"), result.to_value());
    }
    definitions.extend(generator.take_definitions(true));
    definitions.extend(messages);
    let about = "A command. What its answer's `result` holds is under the command's name and `Result`.";
    make_document("command", about, &names.collect::<Vec<_>>(), definitions)
}
