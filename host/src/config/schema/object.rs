//! Tables: unknown keys, missing keys, and what is behind the others.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::Table;

use super::{Here, Judge, Misfit, describe, list, misfit};
use crate::config::finding::Finding;
use crate::config::source::At;
use crate::config::words;

impl Judge<'_> {
    pub(super) fn object(&self, schema: &Json, table: &Table, here: &Here, out: &mut Vec<Misfit>) {
        let own = schema.get("properties").and_then(Json::as_object);
        let others = schema.get("additionalProperties");
        let closed =
            others == Some(&Json::Bool(false)) || schema.get("unevaluatedProperties") == Some(&Json::Bool(false));
        let mut known = BTreeMap::new();
        self.properties(schema, &mut known, 0);
        // Keys that a pattern allows are the adapter's to judge.
        let closed = closed && schema.get("patternProperties").is_none();
        let mut meant = Vec::new();
        for (key, value) in table {
            match (own.and_then(|own| own.get(key)), others) {
                (Some(schema), _) => self.value(schema, value, &here.key(key), out),
                (None, Some(schema)) if schema.is_object() && !known.contains_key(key.as_str()) => {
                    self.value(schema, value, &here.key(key), out);
                }
                (None, _) if closed && !known.contains_key(key.as_str()) => {
                    let free = known.keys().copied().filter(|name| !table.contains_key(*name));
                    let hint = words::meant(key, free);
                    meant.extend(hint);
                    out.push(misfit(unknown(here, key, &known, hint), At::Key));
                }
                (None, _) => {}
            }
        }
        let required = list(schema, "required").iter().filter_map(Json::as_str);
        for name in required.filter(|name| !table.contains_key(*name) && !meant.contains(name)) {
            let schema = known.get(name).copied().unwrap_or(&Json::Null);
            let expected = describe::describe(self.root, schema);
            let finding = Finding::new(here.path.key(name), format!("missing, expected {expected}"));
            let finding = Finding { expected: Some(expected), hint: describe::purpose(self.root, schema), ..finding };
            out.push(Misfit { finding, at: At::Key, missing: true });
        }
    }

    /// Every key that a table may have: also those of the parts that a schema is put together from.
    fn properties<'a>(&'a self, schema: &'a Json, known: &mut BTreeMap<&'a str, &'a Json>, depth: usize) {
        if depth > 8 {
            return;
        }
        known.extend(
            schema.get("properties").and_then(Json::as_object).into_iter().flatten().map(|(k, v)| (k.as_str(), v)),
        );
        let parts = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|key| list(schema, key));
        for part in parts.chain(describe::target(self.root, schema)) {
            self.properties(part, known, depth + 1);
        }
    }
}

/// A key that is not there. Its value is not shown: it may be a misspelt password.
fn unknown(here: &Here, key: &str, known: &BTreeMap<&str, &Json>, meant: Option<&str>) -> Finding {
    let names: Vec<String> = known.keys().map(|name| words::key(name)).collect();
    // Who misspelt a key does not want to read about all the others.
    let message = match names.as_slice() {
        _ if meant.is_some() => "unknown key".to_owned(),
        [] => "unknown key; there are none here".to_owned(),
        [only] => format!("unknown key; there is only {only}"),
        _ => format!("unknown key; there are {}", words::list(&names, "and")),
    };
    let finding = Finding::new(here.path.key(key), message);
    Finding {
        found: Some(words::name(key)),
        expected: Some(format!("one of {}", words::list(&names, "and"))),
        hint: meant.map(|name| format!("did you mean {}?", words::name(name))),
        ..finding
    }
}

/// The keys of a table that stands under this key.
pub(in crate::config) fn properties(schema: &Json, key: &str) -> Vec<String> {
    let below = schema.get("properties").and_then(|properties| properties.get(key)).unwrap_or(&Json::Null);
    let mut all = vec![describe::resolve(schema, below)];
    all.extend(describe::alternatives(schema, below));
    let keys = all.into_iter().filter_map(|one| one.get("properties")?.as_object());
    keys.flat_map(|keys| keys.keys().cloned()).collect()
}
