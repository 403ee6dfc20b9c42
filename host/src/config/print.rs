//! What is in effect, for somebody to read.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::lines::line_plans;
use super::path::KeyPath;
use super::schema::{fill_in_defaults, mask};
use super::settings::{Manifests, line_secrets};
use super::{Config, LineConfig};

/// The configuration as TOML: variables laid over it, defaults of host and adapters filled in, every line with the
/// settings that its adapter gets. Secrets are masked; so is every setting of which no schema says that it is none.
///
/// # Errors
/// It cannot be written as TOML.
pub fn effective(config: &Config, manifests: &impl Manifests) -> Result<String, String> {
    let mut shown = config.clone();
    shown.lines.clear();
    for (index, connection) in config.connections.iter().enumerate() {
        let path = KeyPath::of("connection").index(index);
        let manifest = manifests.choose(&connection.plugin, connection.version.as_deref()).ok();
        let of_connection = manifest.map(|manifest| manifest.config_schema.as_value());
        let of_line = manifest.map(|manifest| manifest.line_schema.as_value());
        let (settings, lines) = (path.key("settings"), path.key("lines"));
        let is_secret = |below: &KeyPath| config.source.is_secret(&settings.join(below));
        let complete = with_defaults(of_connection, connection.settings.clone());
        shown.connections[index].settings = masked(of_connection, complete, &is_secret);
        let is_secret = |below: &KeyPath| config.source.is_secret(&lines.join(below));
        shown.connections[index].lines = masked(of_line, connection.lines.clone(), &is_secret);
        let of_own = line_secrets(config, &path);
        for plan in line_plans(config, connection) {
            let complete = with_defaults(of_line, plan.settings.clone());
            let settings = masked(of_line, complete, &|below| of_own(&plan, below));
            shown.lines.push(LineConfig { name: plan.name, open: Some(plan.open), settings });
        }
    }
    toml::to_string(&shown).map_err(|e| format!("the configuration cannot be written as TOML: {e}"))
}

fn with_defaults(schema: Option<&Json>, mut settings: Table) -> Table {
    if let Some(schema) = schema {
        fill_in_defaults(schema, &mut settings);
    }
    settings
}

fn masked(schema: Option<&Json>, settings: Table, is_secret: &dyn Fn(&KeyPath) -> bool) -> Table {
    let mut value = Value::Table(settings);
    mask(schema, &mut value, is_secret);
    match value {
        Value::Table(table) => table,
        _ => Table::new(),
    }
}
