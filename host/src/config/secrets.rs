//! Which values of a connection's settings are secret: for who writes down what travels, and must not write those.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::schema::{MASK, mask};

/// The secrets of one connection, and where they stand: what the schemas mark, and what no schema knows.
#[derive(Debug, Clone, Default)]
pub struct SecretLeaves {
    connection: BTreeSet<Vec<String>>,
    lines: BTreeSet<Vec<String>>,
    texts: BTreeSet<Secret>,
}

/// Never shown.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl SecretLeaves {
    /// Those of a connection's settings and of its lines'. `config` and `line`: the adapter's schemas.
    pub fn new<'a>(config: &Json, settings: &Table, line: &Json, lines: impl IntoIterator<Item = &'a Table>) -> Self {
        let mut leaves = Self::default();
        let mut found = Found { paths: BTreeSet::new(), texts: std::mem::take(&mut leaves.texts) };
        found.table(config, settings);
        leaves.connection = std::mem::take(&mut found.paths);
        for settings in lines {
            found.table(line, settings);
        }
        (leaves.lines, leaves.texts) = (found.paths, found.texts);
        leaves
    }

    /// Every secret.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|secret| secret.0.as_str())
    }

    /// Whether a value of the connection's settings is secret.
    #[must_use]
    pub fn of_connection(&self, path: &[String]) -> bool {
        self.connection.contains(path)
    }

    /// Whether a value of a line's settings is secret.
    #[must_use]
    pub fn of_line(&self, path: &[String]) -> bool {
        self.lines.contains(path)
    }
}

struct Found {
    paths: BTreeSet<Vec<String>>,
    texts: BTreeSet<Secret>,
}

impl Found {
    fn table(&mut self, schema: &Json, settings: &Table) {
        let value = Value::Table(settings.clone());
        let mut shown = value.clone();
        mask(Some(schema), &mut shown, &|_| false);
        self.differences(&value, &shown, &mut Vec::new());
    }

    fn differences(&mut self, value: &Value, shown: &Value, path: &mut Vec<String>) {
        match (value, shown) {
            (Value::Table(values), Value::Table(shown)) => {
                for (key, value) in values {
                    let Some(shown) = shown.get(key) else { continue };
                    path.push(key.clone());
                    self.differences(value, shown, path);
                    path.pop();
                }
            }
            (Value::Array(values), Value::Array(shown)) => {
                for (index, (value, shown)) in values.iter().zip(shown).enumerate() {
                    path.push(index.to_string());
                    self.differences(value, shown, path);
                    path.pop();
                }
            }
            (value, Value::String(shown)) if shown == MASK => {
                let text = match value {
                    Value::String(text) if !text.is_empty() => text.clone(),
                    Value::Integer(number) => number.to_string(),
                    Value::Float(number) => number.to_string(),
                    // Neither truth nor an empty text is a secret, and a time is none that an adapter takes.
                    _ => return,
                };
                self.paths.insert(path.clone());
                self.texts.insert(Secret(text));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_schemas_mark_and_what_they_do_not_know_is_secret() {
        let schema = json!({ "type": "object", "properties": {
            "host": { "type": "string" }, "port": { "type": "integer" },
            "password": { "type": "string", "format": "password", "writeOnly": true },
        } });
        let settings: Table =
            toml::from_str("host = \"h\"\nport = 5038\npassword = \"hunter2\"\npin = 4711\nempty = \"\"").unwrap();
        let leaves = SecretLeaves::new(&schema, &settings, &schema, [&settings]);
        assert_eq!(leaves.texts().collect::<Vec<_>>(), ["4711", "hunter2"]);
        assert!(leaves.of_connection(&["password".to_owned()]) && leaves.of_line(&["pin".to_owned()]));
        assert!(!leaves.of_connection(&["host".to_owned()]));
        assert!(!format!("{leaves:?}").contains("hunter2"));
    }
}
