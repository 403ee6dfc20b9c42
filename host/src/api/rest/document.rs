//! The description of the API: OpenAPI 3.1, made from the operations and their types.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::routing::MethodRouter;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::{Shared, operations};

/// The name of the one operation that needs no token: it is where one comes from.
pub(super) const OPEN_TO_ALL: &str = "logIn";
/// What stands in paths for something else.
const PLACES: [(&str, &str); 3] =
    [("callId", "The call's id."), ("connectionId", "The connection's id."), ("number", "Which one, from 1.")];

/// Something that can be asked for.
pub(super) struct Operation {
    /// The method, in lower case.
    pub(super) method: &'static str,
    /// The path; what stands for something else in it is one of [`PLACES`].
    pub(super) path: &'static str,
    /// The name by which generators of clients call it.
    pub(super) id: &'static str,
    /// What it is, in a line.
    pub(super) summary: &'static str,
    /// The parameters of the query.
    pub(super) parameters: fn(&mut SchemaGenerator) -> Vec<Value>,
    /// The header fields that must be there, and what they are for.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The body's type.
    pub(super) body: Option<Content>,
    /// The answers.
    pub(super) replies: &'static [Reply],
    /// The problems, by their status.
    pub(super) problems: &'static [u16],
    /// Who answers.
    pub(super) route: MethodRouter<Arc<Shared>>,
}

/// A media type and its schema.
type Content = (&'static str, fn(&mut SchemaGenerator) -> Schema);

/// An answer.
pub(super) struct Reply {
    /// Its status.
    pub(super) status: u16,
    /// What it says.
    pub(super) about: &'static str,
    /// What it holds.
    pub(super) content: Option<Content>,
}

/// The schema of a type.
pub(super) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Some text.
pub(super) fn text_schema(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "string" })
}

/// Some bytes.
pub(super) fn binary_schema(_: &mut SchemaGenerator) -> Schema {
    // As OpenAPI 3.1 has it: anything, not in JSON.
    schemars::json_schema!({})
}

/// The parameters of a query: the fields of a type.
pub(super) fn parameters_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Vec<Value> {
    let schema = T::json_schema(generator).to_value();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, field)| {
            let mut field = field.clone();
            let about = field.as_object_mut().and_then(|field| field.remove("description")).unwrap_or_default();
            json!({
                "name": name,
                "in": "query",
                "required": required.contains(&name.as_str()),
                "description": about,
                "schema": without_null(field),
            })
        })
        .collect()
}

/// A parameter that is left out is not there; it is never null.
fn without_null(mut schema: Value) -> Value {
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array)
        && let [one, null] = choices.as_slice()
        && null["type"] == "null"
    {
        return one.clone();
    }
    if let Some(kinds) = schema.get("type").and_then(Value::as_array)
        && let Some(kind) = kinds.iter().find(|kind| **kind != "null").cloned()
    {
        schema["type"] = kind;
    }
    if let Some(object) = schema.as_object_mut() {
        object.retain(|key, value| !(key == "default" && value.is_null()));
    }
    schema
}

/// An RFC 9457 problem.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Problem {
    /// What kind of problem, in a few words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What was found, and what to do.
    detail: String,
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations() {
        let described = describe(&operation, &mut generator);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    generator.subschema_for::<Problem>();
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Jackfield",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Logging in, the history of calls, administration. What is live travels over the WebSocket at /ws.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "A user's token, as for the WebSocket." },
            },
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters = Vec::new();
    let places = PLACES.iter().filter(|(name, _)| operation.path.contains(&format!("{{{name}}}")));
    parameters.extend(places.map(|(name, about)| {
        let schema = match *name {
            "number" => json!({ "type": "integer", "minimum": 1 }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "path", "required": true, "description": about, "schema": schema })
    }));
    parameters.extend((operation.parameters)(generator));
    parameters.extend(operation.headers.iter().map(|(name, about)| {
        json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } })
    }));
    let mut responses = Map::new();
    for reply in operation.replies {
        let mut response = json!({ "description": reply.about });
        if let Some((kind, schema)) = reply.content {
            response["content"] = json!({ kind: { "schema": schema(generator) } });
        }
        responses.insert(reply.status.to_string(), response);
    }
    for status in operation.problems {
        let about = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        responses.insert(status.to_string(), json!({ "description": about.unwrap_or_default(), "content": content }));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses,
    });
    if let Some((kind, schema)) = operation.body {
        described["requestBody"] = json!({ "required": true, "content": { kind: { "schema": schema(generator) } } });
    }
    if operation.id == OPEN_TO_ALL {
        described["security"] = json!([]);
    }
    described
}
