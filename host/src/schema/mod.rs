//! JSON Schemas (draft 2020-12) of everything that travels between host and clients, made from the types of the model
//! and of the plugin API.
//!
//! What the host sends is described with the fields that this version sends, and with room for more: a client must
//! not mind a field it does not know. The parameters of commands are closed, since the host refuses one that it does
//! not know.
//!
//! The schemas are for people and for generators of types; the host itself does not check messages against them. That
//! they say what is really sent is tested: every event of the model's random tests is checked against them, with all
//! objects closed.

mod commands;
mod data;
mod events;
mod session;
#[cfg(test)]
pub(crate) mod tests;
mod tidy;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value, json};

/// The schemas are three documents, each complete in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Document {
    /// The 21 events, and `reconnect`.
    Events,
    /// Every command: the request, and what the answer's `result` holds.
    Commands,
    /// The requests that are about the session: `hello`, `subscribe` …; answers and errors.
    Session,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Events, Self::Commands, Self::Session];

    /// The name, as on the command line and of the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Commands => "commands",
            Self::Session => "session",
        }
    }

    /// The schema.
    #[must_use]
    pub fn schema(self) -> Value {
        match self {
            Self::Events => events::document(),
            Self::Commands => commands::document(),
            Self::Session => session::document(),
        }
    }

    /// The schema as text, without a line break at the end.
    #[must_use]
    pub fn text(self) -> String {
        // A tree of JSON values can always be written.
        serde_json::to_string_pretty(&self.schema()).unwrap_or_default()
    }
}

/// What is written, not what is read: an optional field that is left out is no null.
fn written() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_serialize().into_generator()
}

/// What is read: what may be left out may be null, too.
fn read() -> SchemaGenerator {
    SchemaSettings::draft2020_12().for_deserialize().into_generator()
}

/// A message of the protocol: an object of JSON-RPC.
fn message(title: &str, description: &str, fields: &[(&str, Value)]) -> Value {
    let mut properties = Map::from_iter([("jsonrpc".to_owned(), json!({ "type": "string", "const": "2.0" }))]);
    properties.extend(fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    let required: Vec<&String> = properties.keys().collect();
    json!({
        "title": title,
        "description": description,
        "type": "object",
        "required": required,
        "properties": properties,
    })
}

/// A request of a client.
fn request(method: &str, description: &str, params: Value, params_required: bool) -> Value {
    let id = json!({ "type": ["string", "number"], "maxLength": 200, "description": "The client's own; the answer has the same." });
    let method_schema = json!({ "type": "string", "const": method });
    let mut request = message(method, description, &[("id", id), ("method", method_schema), ("params", params)]);
    if !params_required && let Some(required) = request["required"].as_array_mut() {
        required.retain(|name| name != "params");
    }
    request
}

/// A call without a phase has no such field: the name for "none" is never written.
fn no_phase_is_absent(definitions: &mut Map<String, Value>) {
    let Some(phase) = definitions.get_mut("Phase") else { return };
    if let Some(names) = phase["enum"].as_array_mut() {
        names.retain(|name| name != "none");
    }
    if let Some(about) = phase["description"].as_str() {
        let kept: Vec<&str> = about.lines().filter(|line| !line.starts_with("- `none`")).collect();
        phase["description"] = kept.join("\n").into();
    }
}

/// A document: any one of the messages, and what they are made of.
fn document(title: &str, description: &str, messages: &[&str], mut definitions: Map<String, Value>) -> Value {
    no_phase_is_absent(&mut definitions);
    for schema in definitions.values_mut() {
        tidy::tidy(schema);
    }
    let any: Vec<Value> = messages.iter().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        "oneOf": any,
        "$defs": definitions,
    })
}
