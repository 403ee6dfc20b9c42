//! Values against a JSON Schema, with findings in words.
//!
//! It knows what `schemars` makes of Rust types, which is what adapters bring and what this host's own keys are: types,
//! properties, lists, choices, bounds, references. Keywords it does not know (`pattern`, `if`, `not` …) it passes: an
//! adapter judges its settings itself when it starts, so that nothing wrong runs; here it is found before.

mod alternatives;
mod describe;
mod number;
mod object;
mod show;
mod text;

use std::cell::Cell;

use serde_json::Value as Json;
use toml::Value;

use super::finding::Finding;
use super::path::KeyPath;
use super::source::At;
use super::words;

pub(super) use object::properties;
pub(super) use show::{MASK, fill_in_defaults, mask};
pub(super) use text::{ADDRESS, DURATION, NETWORK};

/// Schemas are somebody else's: so deep may they go, and so many steps may one value take.
const DEEPEST: usize = 128;
const MOST_STEPS: u32 = 1_000_000;

/// Where a value does not fit.
pub(super) struct Misfit {
    /// Its path begins at the judged value.
    pub(super) finding: Finding,
    pub(super) at: At,
    /// A key is missing; somebody else may still bring it.
    pub(super) missing: bool,
}

/// Everything about a value that does not fit a schema. `is_secret`: paths whose values are not to be shown, beside
/// those that the schema marks.
pub(super) fn judge(schema: &Json, value: &Value, is_secret: &dyn Fn(&KeyPath) -> bool) -> Vec<Misfit> {
    let judge = Judge { root: schema, is_secret, steps: Cell::new(0) };
    let mut misfits = Vec::new();
    let here = Here { path: KeyPath::default(), secret: false, depth: 0 };
    judge.value(schema, value, &here, &mut misfits);
    misfits
}

struct Judge<'a> {
    root: &'a Json,
    is_secret: &'a dyn Fn(&KeyPath) -> bool,
    steps: Cell<u32>,
}

/// Which value is being judged.
struct Here {
    path: KeyPath,
    /// A schema above marks it as secret.
    secret: bool,
    depth: usize,
}

impl Here {
    fn key(&self, key: &str) -> Self {
        Self { path: self.path.key(key), secret: self.secret, depth: self.depth + 1 }
    }

    fn index(&self, index: usize) -> Self {
        Self { path: self.path.index(index), secret: self.secret, depth: self.depth + 1 }
    }

    /// The same value, against another schema.
    fn again(&self, secret: bool) -> Self {
        Self { path: self.path.clone(), secret: self.secret || secret, depth: self.depth + 1 }
    }
}

impl Judge<'_> {
    fn value(&self, schema: &Json, value: &Value, here: &Here, out: &mut Vec<Misfit>) {
        self.steps.set(self.steps.get() + 1);
        if here.depth > DEEPEST || self.steps.get() > MOST_STEPS {
            return;
        }
        if *schema == Json::Bool(false) {
            out.push(misfit(Finding::new(here.path.clone(), "nothing may stand here"), At::Key));
            return;
        }
        let here = here.again(marks_secret(schema));
        let before = out.len();
        if let Some(target) = describe::target(self.root, schema) {
            self.value(target, value, &here, out);
        }
        for part in list(schema, "allOf") {
            self.value(part, value, &here, out);
        }
        // What does not fit is told once.
        if out.len() > before {
            return;
        }
        if let Some(choices) = describe::choices(self.root, schema) {
            self.choice(&choices, schema, value, &here, out);
            return;
        }
        self.alternatives(schema, value, &here, out);
        if out.len() > before {
            return;
        }
        let types = types(schema);
        if !types.is_empty() && !types.iter().any(|t| is_type(value, t)) {
            out.push(self.wrong_type(schema, value, &here));
            return;
        }
        match value {
            Value::Table(table) => self.object(schema, table, &here, out),
            Value::Array(values) => self.array(schema, values, &here, out),
            Value::String(text) => self.text(schema, text, &here, out),
            Value::Integer(number) => self.number(schema, *number as f64, value, &here, out),
            Value::Float(number) => self.number(schema, *number, value, &here, out),
            Value::Boolean(_) | Value::Datetime(_) => {}
        }
    }

    fn array(&self, schema: &Json, values: &[Value], here: &Here, out: &mut Vec<Misfit>) {
        let size = |key| schema.get(key).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok());
        let (least, most) = (size("minItems").unwrap_or_default(), size("maxItems").unwrap_or(usize::MAX));
        if values.len() < least || values.len() > most {
            let found = match values.len() {
                0 => "an empty list".to_owned(),
                1 => "a list of one".to_owned(),
                many => format!("a list of {many}"),
            };
            let finding = Finding::other(here.path.clone(), found, describe::describe(self.root, schema));
            out.push(misfit(finding, At::Value));
            return;
        }
        let first = list(schema, "prefixItems");
        for (index, value) in values.iter().enumerate() {
            if let Some(schema) = first.get(index).or_else(|| schema.get("items")) {
                self.value(schema, value, &here.index(index), out);
            }
        }
    }

    /// What was found: the value itself only where it is a single one, expected to be one, and no secret.
    fn found(&self, schema: &Json, value: &Value, here: &Here) -> String {
        let types = types(schema);
        let single = types.is_empty() || types.iter().any(|t| !matches!(*t, "object" | "array" | "null"));
        if self.is_hidden(here) || !single { words::kind(value).to_owned() } else { words::value(value) }
    }

    fn is_hidden(&self, here: &Here) -> bool {
        here.secret || (self.is_secret)(&here.path)
    }

    fn wrong_type(&self, schema: &Json, value: &Value, here: &Here) -> Misfit {
        let found = self.found(schema, value, here);
        let finding = Finding::other(here.path.clone(), found, describe::describe(self.root, schema));
        let hint = if self.is_hidden(here) { None } else { describe::rewritten(self.root, schema, value) };
        misfit(finding.maybe_hint(hint.or_else(|| describe::purpose(self.root, schema))), At::Value)
    }
}

fn misfit(finding: Finding, at: At) -> Misfit {
    Misfit { finding, at, missing: false }
}

fn list<'a>(schema: &'a Json, key: &str) -> &'a [Json] {
    schema.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// `type` of a schema, be it one or a list.
fn types(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(some)) => some.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_type(value: &Value, name: &str) -> bool {
    match value {
        Value::String(_) => name == "string",
        Value::Integer(_) => matches!(name, "integer" | "number"),
        Value::Float(_) => name == "number",
        Value::Boolean(_) => name == "boolean",
        Value::Array(_) => name == "array",
        Value::Table(_) => name == "object",
        Value::Datetime(_) => false,
    }
}

/// Whether a schema itself says that its values must not be seen.
fn marks_secret(schema: &Json) -> bool {
    schema.get("writeOnly") == Some(&Json::Bool(true)) || schema.get("format").is_some_and(|f| f == "password")
}
