//! Values that must not be seen: plain, `{ env = "…" }` or `{ file = "…" }`.

use std::path::Path;

use serde::{Deserialize, Deserializer, de};
use toml::{Table, Value};

/// A secret's text. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    Plain(String),
    Env(String),
    File(String),
}

impl SecretText {
    /// The text; empty until it was looked up.
    #[must_use]
    pub fn reveal(&self) -> &str {
        match &self.0 {
            Source::Plain(text) => text,
            Source::Env(_) | Source::File(_) => "",
        }
    }

    pub(super) fn look_up(&mut self, base: &Path) -> Result<(), String> {
        let text = match &self.0 {
            Source::Plain(_) => return Ok(()),
            Source::Env(name) => from_env(name)?,
            Source::File(file) => from_file(base, file)?,
        };
        self.0 = Source::Plain(text);
        Ok(())
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(Source::Plain(text))),
            Value::Table(table) => match reference(&table) {
                Some(Reference::Env(name)) => Ok(Self(Source::Env(name.to_owned()))),
                Some(Reference::File(file)) => Ok(Self(Source::File(file.to_owned()))),
                None => Err(de::Error::custom("a secret is a text, { env = \"NAME\" } or { file = \"PATH\" }")),
            },
            _ => Err(de::Error::custom("a secret is a text, { env = \"NAME\" } or { file = \"PATH\" }")),
        }
    }
}

enum Reference<'a> {
    Env(&'a str),
    File(&'a str),
}

/// A table with exactly one key, `env` or `file`, stands for a secret wherever a text is expected.
fn reference(table: &Table) -> Option<Reference<'_>> {
    if table.len() != 1 {
        return None;
    }
    match (table.get("env"), table.get("file")) {
        (Some(Value::String(name)), None) => Some(Reference::Env(name)),
        (None, Some(Value::String(file))) => Some(Reference::File(file)),
        _ => None,
    }
}

fn from_env(name: &str) -> Result<String, String> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => Ok(text),
        Ok(_) => Err(format!("the environment variable {name} is empty")),
        Err(std::env::VarError::NotPresent) => Err(format!("the environment variable {name} is not set")),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("the environment variable {name} is not UTF-8")),
    }
}

fn from_file(base: &Path, file: &str) -> Result<String, String> {
    let path = base.join(file);
    let text = std::fs::read_to_string(&path).map_err(|e| format!("the secret file {}: {e}", path.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(format!("the secret file {} is empty", path.display()));
    }
    Ok(text.to_owned())
}

/// Looks up every secret in settings. `path` names the settings in findings.
pub(super) fn look_up_all(table: &mut Table, path: &str, base: &Path, findings: &mut Vec<String>) {
    for (key, value) in table.iter_mut() {
        look_up_value(value, &format!("{path}.{key}"), base, findings);
    }
}

fn look_up_value(value: &mut Value, path: &str, base: &Path, findings: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            let text = match reference(table) {
                Some(Reference::Env(name)) => from_env(name),
                Some(Reference::File(file)) => from_file(base, file),
                None => return look_up_all(table, path, base, findings),
            };
            match text {
                Ok(text) => *value = Value::String(text),
                Err(error) => findings.push(format!("{path}: {error}")),
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter_mut().enumerate() {
                look_up_value(value, &format!("{path}[{index}]"), base, findings);
            }
        }
        _ => {}
    }
}
