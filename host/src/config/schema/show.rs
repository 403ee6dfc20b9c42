//! Settings for somebody to read: complete, and without secrets.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::{describe, is_type, list, marks_secret, types};
use crate::config::path::KeyPath;

/// What stands for a value that is not shown.
pub(in crate::config) const MASK: &str = "…";
/// So deep are schemas followed.
const DEEPEST: usize = 64;
/// Of so many parts within parts is a table put together.
const DEEPEST_PART: usize = 8;

/// Replaces what is secret: what the schema marks, what it does not know, what was looked up. Without a schema nobody
/// knows what is secret, so nothing is shown.
pub(in crate::config) fn mask(schema: Option<&Json>, value: &mut Value, is_secret: &dyn Fn(&KeyPath) -> bool) {
    let masking = Masking { root: schema.unwrap_or(&Json::Null), is_secret };
    masking.value(schema, value, &KeyPath::default(), 0);
}

struct Masking<'a> {
    root: &'a Json,
    is_secret: &'a dyn Fn(&KeyPath) -> bool,
}

impl Masking<'_> {
    fn value(&self, schema: Option<&Json>, value: &mut Value, path: &KeyPath, depth: usize) {
        let schema = schema.filter(|_| depth < DEEPEST);
        let known = schema.map(|schema| self.meant(schema, value));
        let secret = |s: &Json| marks_secret(s) || describe::alternatives(self.root, s).into_iter().any(marks_secret);
        let hidden = (self.is_secret)(path) || known.is_some_and(secret) || schema.is_some_and(marks_secret);
        match value {
            Value::Table(table) => {
                for (key, value) in table.iter_mut() {
                    let of_key = known.and_then(|schema| self.property(schema, key, 0));
                    self.value(of_key.filter(|_| !hidden), value, &path.key(key), depth + 1);
                }
            }
            Value::Array(values) => {
                for (index, value) in values.iter_mut().enumerate() {
                    let first = known.map(|schema| list(schema, "prefixItems")).unwrap_or_default();
                    let of_item = first.get(index).or_else(|| known.and_then(|schema| schema.get("items")));
                    self.value(of_item.filter(|_| !hidden), value, &path.index(index), depth + 1);
                }
            }
            single if hidden || known.is_none() => *single = Value::String(MASK.to_owned()),
            _ => {}
        }
    }

    /// The schema behind references, and of alternatives the one that is about such values.
    fn meant<'s>(&'s self, schema: &'s Json, value: &Value) -> &'s Json {
        let schema = describe::resolve(self.root, schema);
        let mut alternatives = describe::alternatives(self.root, schema);
        // Where one of them is secret, the others may not show it.
        if alternatives.iter().any(|one| marks_secret(one)) {
            return schema;
        }
        alternatives.retain(|one| types(one).iter().any(|name| is_type(value, name)));
        match alternatives.as_slice() {
            [only] => only,
            _ => schema,
        }
    }

    fn property<'s>(&'s self, schema: &'s Json, key: &str, depth: usize) -> Option<&'s Json> {
        let schema = describe::resolve(self.root, schema);
        if let Some(own) = schema.get("properties").and_then(|properties| properties.get(key)) {
            return Some(own);
        }
        let parts = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|name| list(schema, name));
        let mut of_parts =
            parts.filter(|_| depth < DEEPEST_PART).filter_map(|part| self.property(part, key, depth + 1));
        // Of several that know the key, one that hides it counts.
        let first = of_parts.next();
        let strict = of_parts.find(|one| marks_secret(describe::resolve(self.root, one)));
        strict.or(first).or_else(|| schema.get("additionalProperties").filter(|others| others.is_object()))
    }
}

/// Adds what a schema says of keys that are not there.
pub(in crate::config) fn fill_in_defaults(schema: &Json, table: &mut Table) {
    fill_in(schema, schema, table, 0);
}

fn fill_in(root: &Json, schema: &Json, table: &mut Table, depth: usize) {
    let properties = describe::resolve(root, schema).get("properties").and_then(Json::as_object);
    for (key, schema) in properties.into_iter().flatten().filter(|_| depth < DEEPEST) {
        match (table.get_mut(key), schema.get("default")) {
            (Some(Value::Table(inner)), _) => fill_in(root, schema, inner, depth + 1),
            // TOML has no null, so a default of null is no key.
            (None, Some(default)) if !default.is_null() => {
                if let Ok(default) = Value::try_from(default) {
                    table.insert(key.clone(), default);
                }
            }
            _ => {}
        }
    }
}
