//! The requests that are about the session, and how every answer looks.
#![allow(dead_code, reason = "these types are described, never made")]

use jackfield_plugin_api::ErrorCode;
use schemars::JsonSchema;
use schemars::generate::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::data::CapabilitiesInfo;
use super::{document as make_document, message, read, request, written};
use crate::model::shape::{Native, RequestId};

/// The parameters of `hello`.
#[derive(JsonSchema)]
struct HelloParams {
    /// The token, when it did not come with the handshake.
    token: Option<String>,
    /// Who connects; for the log.
    client: Option<ClientInfo>,
    /// The lines that are wanted; absent: all that the user may see.
    lines: Option<Vec<String>>,
    /// What the client has seen.
    resume: Option<Vec<Seen>>,
}

/// Who connects.
#[derive(JsonSchema)]
struct ClientInfo {
    /// The name.
    name: Option<String>,
    /// The version.
    version: Option<String>,
}

/// Up to where a client has seen a line's events.
#[derive(JsonSchema)]
struct Seen {
    /// The line: `connection/device`.
    line: String,
    /// The epoch of the last event.
    epoch: u64,
    /// Its number.
    seq: u64,
}

/// The answer to `hello`.
#[derive(JsonSchema)]
struct HelloResult {
    /// The version of the protocol.
    #[schemars(extend("const" = 1))]
    protocol: u32,
    /// The session's id, as `replyTo` names it.
    session: String,
    /// Who it is.
    user: UserInfo,
    /// The lines that are subscribed, in the user's order.
    lines: Vec<LineEntry>,
}

/// Who it is.
#[derive(JsonSchema)]
struct UserInfo {
    /// The name.
    name: String,
    /// What they may do.
    #[schemars(extend("enum" = ["agent", "supervisor", "service", "admin"]))]
    role: String,
}

/// A line that is subscribed.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct LineEntry {
    /// The line: `connection/device`.
    line: String,
    /// The connection's id.
    connection: String,
    /// Whether its events flow.
    #[schemars(extend("enum" = ["up", "down", "notStarted"]))]
    state: String,
    /// Why they do not.
    #[schemars(skip_serializing_if = "absent")]
    last_error: Option<LastError>,
    /// The current epoch, or the last one; 0 before the first.
    epoch: u64,
    /// The number of its last event; 0 before the first.
    seq: u64,
    /// What the line can do at all.
    capabilities: CapabilitiesInfo,
    /// Whether the missed events follow, and no snapshot.
    resumed: bool,
}

/// Why a line does not work.
#[derive(JsonSchema)]
struct LastError {
    /// What kind.
    code: ErrorCode,
    /// What was found, where, what to do.
    text: String,
}

/// Which lines, and what of them was seen.
#[derive(JsonSchema)]
struct SubscribeParams {
    /// The lines; absent: all that the user may see.
    lines: Option<Vec<String>>,
    /// What the client has seen.
    resume: Option<Vec<Seen>>,
}

/// The answer to `subscribe`.
#[derive(JsonSchema)]
struct SubscribeResult {
    /// The lines that were named.
    lines: Vec<LineEntry>,
}

/// Which lines.
#[derive(JsonSchema)]
struct LinesParams {
    /// The lines; absent: all that the user may see.
    lines: Option<Vec<String>>,
}

/// A new token of the same user.
#[derive(JsonSchema)]
struct AuthenticateParams {
    /// The token.
    token: String,
}

/// No parameters.
#[derive(JsonSchema)]
struct NoParams {}

/// Accepted.
#[derive(JsonSchema)]
struct EmptyResult {}

/// Why a request was refused.
#[derive(JsonSchema)]
struct ErrorObject {
    /// JSON-RPC's own code, or -32000.
    #[schemars(extend("enum" = [-32700, -32600, -32601, -32602, -32000]))]
    code: i32,
    /// In words, for people.
    message: String,
    /// What programs act on.
    data: ErrorData,
}

/// What programs act on.
#[derive(JsonSchema)]
struct ErrorData {
    /// What kind.
    code: ErrorCode,
    /// The number that the CtiModel used for this kind.
    r#type: u8,
    /// Whether the same request may work later.
    retryable: bool,
    /// What the phone system said.
    #[schemars(skip_serializing_if = "absent")]
    native: Option<Native>,
    /// The parameter that is wrong (RFC 6901), from the top of the request.
    #[schemars(skip_serializing_if = "absent")]
    pointer: Option<String>,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut schema = T::json_schema(generator).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("x-null-allowed".to_owned(), true.into());
    }
    schema
}

pub(super) fn document() -> Value {
    let mut r = read();
    let mut w = written();
    let empty = w.subschema_for::<EmptyResult>().to_value();
    let subscribed = w.subschema_for::<SubscribeResult>().to_value();
    let hello = w.subschema_for::<HelloResult>().to_value();
    let methods = [
        ("hello", "Who the client is and what it wants: the first request.", of::<HelloParams>(&mut r), false, hello),
        ("subscribe", "Further lines, or a line anew.", of::<SubscribeParams>(&mut r), false, subscribed),
        ("unsubscribe", "No more of these lines.", of::<LinesParams>(&mut r), false, empty.clone()),
        ("authenticate", "A new token on the live socket.", of::<AuthenticateParams>(&mut r), true, empty.clone()),
        (
            "subscribeRaw",
            "The phone system's own messages; for admins.",
            of::<LinesParams>(&mut r),
            false,
            empty.clone(),
        ),
        ("unsubscribeRaw", "No more of them.", of::<NoParams>(&mut r), false, empty.clone()),
        ("goodbye", "The end: the host answers and closes.", of::<NoParams>(&mut r), false, empty),
    ];
    let mut messages = Map::new();
    for (name, about, params, required, result) in methods {
        messages.insert(name.to_owned(), request(name, about, params, required));
        messages.insert(format!("{name}Result"), result);
    }
    let id = w.subschema_for::<RequestId>().to_value();
    let error = w.subschema_for::<ErrorObject>().to_value();
    let about = "The answer to a request that was accepted; its `result` is as the request's name and `Result` say.";
    messages
        .insert("answer".to_owned(), message("answer", about, &[("id", id), ("result", json!({ "type": "object" }))]));
    let no_id = json!({ "type": ["string", "number", "null"], "description": "The request's; null when it could not be read." });
    let about = "The answer to a request that was refused.";
    messages.insert("error".to_owned(), message("error", about, &[("id", no_id), ("error", error)]));
    let names: Vec<String> = messages.keys().filter(|name| !name.ends_with("Result")).cloned().collect();
    let mut definitions: Map<String, Value> = r.take_definitions(true);
    for schema in definitions.values_mut() {
        if let Some(object) = schema.as_object_mut() {
            object.insert("x-null-allowed".to_owned(), true.into());
        }
    }
    definitions.extend(w.take_definitions(true));
    definitions.extend(messages);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    make_document("session", "A request about the session, or an answer to any request.", &names, definitions)
}
