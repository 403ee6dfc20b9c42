//! `jackfield plugins inspect`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::super::{Failure, output};
use crate::plugins::{LoadedPlugin, Loader, look};

/// Shows what one library says of itself. It is loaded in a process that is thrown away.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield plugins inspect libacme.so
  jackfield plugins inspect --json libacme.so | jq .configSchema")]
pub(super) struct Inspect {
    /// The library.
    #[arg(value_name = "LIB")]
    library: PathBuf,
    /// As JSON, with the schemas of its settings.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) fn main(self) -> Result<(), Failure> {
        let refused = |why: &dyn std::fmt::Display| Failure::new(format!("{}: {why}", self.library.display()));
        let looked = look::look(&self.library).map_err(|e| refused(&e))?;
        let plugin = Loader::default().load(&looked).map_err(|e| refused(&e))?;
        let size = looked.bytes.len();
        if self.json {
            return output::say(&as_json(&plugin, size).to_string());
        }
        for (what, value) in rows(&plugin, size) {
            output::say(&output::harmless(&format!("{what:<14} {value}")))?;
        }
        Ok(())
    }
}

fn as_json(plugin: &LoadedPlugin, size: usize) -> Value {
    let m = &plugin.manifest;
    json!({
        "name": m.name, "version": m.version, "phoneSystem": m.phone_system, "description": m.description,
        "apiVersion": m.api_version, "needs": m.needs, "sha256": plugin.hash, "bytes": size,
        "stateVersion": m.state_version, "oldestStateVersion": m.oldest_state_version,
        "call": m.capabilities.call.names().collect::<Vec<_>>(),
        "agent": m.capabilities.agent.names().collect::<Vec<_>>(),
        "configSchema": m.config_schema, "lineSchema": m.line_schema,
    })
}

fn rows(plugin: &LoadedPlugin, size: usize) -> Vec<(&'static str, String)> {
    let m = &plugin.manifest;
    let list = |names: Vec<&str>| if names.is_empty() { "-".to_owned() } else { names.join(", ") };
    let states = match (m.state_version, m.oldest_state_version) {
        (0, _) => "none is saved".to_owned(),
        (now, oldest) => format!("writes {now}, reads from {oldest} on"),
    };
    vec![
        ("name", format!("{} {}", m.name, m.version)),
        ("phone system", m.phone_system.clone()),
        ("description", m.description.clone()),
        ("API", m.api_version.clone()),
        ("needs", list(m.needs.iter().map(String::as_str).collect())),
        ("settings", list(keys(m.config_schema.as_value()))),
        ("of a line", list(keys(m.line_schema.as_value()))),
        ("calls", list(m.capabilities.call.names().collect())),
        ("agents", list(m.capabilities.agent.names().collect())),
        ("state", states),
        ("size", format!("{size} bytes")),
        ("SHA-256", plugin.hash.clone()),
    ]
}

/// The names of a schema's keys.
fn keys(schema: &Value) -> Vec<&str> {
    let keys = schema.get("properties").and_then(Value::as_object);
    keys.into_iter().flat_map(serde_json::Map::keys).map(String::as_str).collect()
}
