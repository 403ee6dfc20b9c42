//! Which lines a configuration has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use toml::{Table, Value};

use super::types::KeysOf;
use super::{Config, ConnectionConfig, LineConfig, OpenMode};

/// A line of a connection, with its settings put together.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct LinePlan {
    /// `connection/device`.
    pub name: String,
    /// What stands after the slash.
    pub device: String,
    /// When it is opened.
    pub open: OpenMode,
    /// The adapter's settings of the line.
    pub settings: Table,
}

impl fmt::Debug for LinePlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinePlan").field("name", &self.name).field("settings", &KeysOf(&self.settings)).finish()
    }
}

/// The lines of a connection: those of `[[line]]`, and those that users name.
#[must_use]
pub fn line_plans(config: &Config, connection: &ConnectionConfig) -> Vec<LinePlan> {
    let own: BTreeMap<&str, &LineConfig> = config.lines.iter().rev().map(|line| (line.name.as_str(), line)).collect();
    let mut names: BTreeSet<&str> = own.keys().copied().collect();
    names.extend(config.users.iter().flat_map(|u| u.lines.iter().map(String::as_str)).filter(|n| !n.ends_with("/*")));
    names
        .into_iter()
        .filter_map(|name| {
            name.split_once('/').filter(|(id, _)| *id == connection.id).map(|(_, device)| (name, device))
        })
        .map(|(name, device)| {
            let mut settings = connection.lines.clone();
            fill_in(&mut settings, device);
            let open = own.get(name).and_then(|line| line.open).unwrap_or(connection.open);
            if let Some(line) = own.get(name) {
                settings.extend(line.settings.clone());
            }
            LinePlan { name: name.to_owned(), device: device.to_owned(), open, settings }
        })
        .collect()
}

/// Replaces `{device}` in every text.
fn fill_in(table: &mut Table, device: &str) {
    for (_, value) in table.iter_mut() {
        fill_in_value(value, device);
    }
}

fn fill_in_value(value: &mut Value, device: &str) {
    match value {
        Value::String(text) => *text = text.replace("{device}", device),
        Value::Table(table) => fill_in(table, device),
        Value::Array(values) => values.iter_mut().for_each(|v| fill_in_value(v, device)),
        _ => {}
    }
}
