//! Values that must not be seen: plain, `{ env = "…" }` or `{ file = "…" }`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use toml::{Table, Value};

use super::finding::Finding;
use super::path::KeyPath;
use super::schema::MASK;
use super::source::{At, Source};
use super::words;

/// The longest secret in a file: a private key fits, a wrong file does not.
const LONGEST: u64 = 64 * 1024;

/// A secret's text. Neither `Debug` nor serialisation shows it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Of an address with a password (`postgres://USER:PASSWORD@HOST`): the password.
    pub(crate) fn password(&self) -> Option<Self> {
        let (_, rest) = self.0.split_once("://")?;
        let (account, _) = rest.split('/').next()?.rsplit_once('@')?;
        Some(Self(account.split_once(':')?.1.to_owned()))
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

impl JsonSchema for SecretText {
    fn schema_name() -> Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "writeOnly": true, "format": "password" })
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

fn from_env(variables: &BTreeMap<OsString, OsString>, name: &str) -> Result<String, String> {
    // No variable has such a name.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(format!("{} is no name of an environment variable", words::quoted(name)));
    }
    let shown = words::name(name);
    match variables.get(OsStr::new(name)).map(|value| value.to_str()) {
        Some(Some("")) => Err(format!("the environment variable {shown} is empty")),
        Some(Some(text)) => Ok(text.to_owned()),
        Some(None) => Err(format!("the environment variable {shown} is not UTF-8")),
        None => Err(format!("the environment variable {shown} is not set")),
    }
}

fn from_file(base: &Path, file: &str) -> Result<String, String> {
    let path = base.join(file);
    let shown = words::name(&path.to_string_lossy());
    let trouble = |e: std::io::Error| format!("the secret file {shown}: {e}");
    // A pipe or a device might never end.
    if !std::fs::metadata(&path).map_err(trouble)?.is_file() {
        return Err(format!("the secret file {shown} is no ordinary file"));
    }
    let mut bytes = Vec::new();
    File::open(&path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes)).map_err(trouble)?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("the secret file {shown} has more than {LONGEST} bytes; that is no secret"));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(format!("the secret file {shown} is not UTF-8"));
    };
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(format!("the secret file {shown} is empty")),
        text => Ok(text.to_owned()),
    }
}

/// Looks up secrets.
pub(super) struct LookUp<'a> {
    /// What file names are relative to.
    pub(super) base: &'a Path,
    /// The environment.
    pub(super) variables: &'a BTreeMap<OsString, OsString>,
    pub(super) source: &'a mut Source,
    pub(super) findings: &'a mut Vec<Finding>,
    /// What was looked up.
    pub(super) found: Vec<SecretText>,
}

impl LookUp<'_> {
    /// Every reference within a value is replaced by its text; by an empty one where it cannot be had.
    pub(super) fn within(&mut self, value: &mut Value, path: &KeyPath) {
        match value {
            Value::Table(table) => {
                let text = match reference(table) {
                    Some(Reference::Env(name)) => from_env(self.variables, name),
                    Some(Reference::File(file)) => from_file(self.base, file),
                    None => {
                        for (key, value) in table.iter_mut() {
                            self.within(value, &path.key(key));
                        }
                        return;
                    }
                };
                self.source.secret(path.clone());
                if let Err(why) = &text {
                    self.findings.push(self.source.locate(Finding::new(path.clone(), why), At::Value));
                }
                let text = text.unwrap_or_default();
                self.found.push(SecretText(text.clone()));
                *value = Value::String(text);
            }
            Value::Array(values) => {
                for (index, value) in values.iter_mut().enumerate() {
                    self.within(value, &path.index(index));
                }
            }
            _ => {}
        }
    }
}
