//! A configuration with wrong keys, made into one without them, so that the rest of it can be judged too.
//!
//! What comes out is never used to run anything: it only carries on the search for findings. Members of lists keep their
//! numbers, so that whatever is found later still stands where it says.

use toml::{Table, Value};

use super::path::KeyPath;

/// The lists of tables, and the keys without which their members cannot be read.
const MEMBERS: [(&str, &[&str]); 3] =
    [("connection", &["id", "plugin"]), ("line", &["name"]), ("user", &["name", "role", "token"])];

/// Takes out what does not fit, and puts something harmless where something must be.
pub(super) fn repair<'a>(top: &mut Value, wrong: impl Iterator<Item = &'a KeyPath>) {
    for path in wrong {
        let hooks = hooks_around(path);
        let path = hooks.as_ref().unwrap_or(path);
        match (path.above(top), path.last_key(), path.last_index()) {
            (Some(Value::Table(table)), Some(key), _) => {
                table.remove(key);
            }
            (Some(Value::Array(values)), _, Some(index)) => {
                if let Some(value) = values.get_mut(index) {
                    *value = member(path);
                }
            }
            _ => {}
        }
    }
    // A key may also be missing because another one, misspelt, was meant.
    for (list, keys) in MEMBERS {
        for member in top.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            complete(member, keys);
        }
    }
    if let Some(store) = top.get_mut("store") {
        complete(store, &["url"]);
    }
    if let Some(tls) = top.get_mut("server").and_then(|server| server.get_mut("tls")) {
        complete(tls, &["cert", "key"]);
    }
}

fn complete(table: &mut Value, keys: &[&str]) {
    if let Value::Table(table) = table {
        for key in keys {
            table.entry(*key).or_insert_with(|| stand_in(key));
        }
    }
}

/// What stands in for a key without which its table cannot be read.
fn stand_in(key: &str) -> Value {
    Value::String(if key == "role" { "agent" } else { "" }.to_owned())
}

/// What stands in for a member of a list: `[[connection]]`, `[[line]]`, `[[user]]` are tables, other lists are texts.
fn member(path: &KeyPath) -> Value {
    let is_table = path.element().is_some_and(|(list, _, rest)| rest.is_empty() && MEMBERS.iter().any(|m| m.0 == list));
    if is_table { Value::Table(Table::new()) } else { Value::String(String::new()) }
}

/// Addresses have no harmless stand-in: hooks are taken out as a whole.
fn hooks_around(path: &KeyPath) -> Option<KeyPath> {
    let (list, index, rest) = path.element()?;
    (list == "connection" && rest.first_key() == Some("hooks")).then(|| KeyPath::of(list).index(index).key("hooks"))
}
