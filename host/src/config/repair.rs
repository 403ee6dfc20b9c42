//! A configuration with wrong keys, made into one without them, so that the rest of it can be judged too.
//!
//! What comes out is never used to run anything: it only carries on the search for findings. Members of lists keep their
//! numbers, so that whatever is found later still stands where it says.

use toml::{Table, Value};

use super::path::KeyPath;

/// Takes out what does not fit, and puts something harmless where something must be.
pub(super) fn repair<'a>(top: &mut Value, wrong: impl Iterator<Item = &'a KeyPath>) {
    for path in wrong {
        let hooks = hooks_around(path);
        let path = hooks.as_ref().unwrap_or(path);
        match (path.above(top), path.last_key(), path.last_index()) {
            (Some(Value::Table(table)), Some(key), _) => {
                table.remove(key);
                if let Some(value) = stand_in(path) {
                    table.insert(key.to_owned(), text(value));
                }
            }
            (Some(Value::Array(values)), _, Some(index)) => {
                if let Some(value) = values.get_mut(index) {
                    *value = member(path);
                }
            }
            _ => {}
        }
    }
}

/// What stands in for a key without which its table cannot be read.
fn stand_in(path: &KeyPath) -> Option<&'static str> {
    let of_member = path.element().map(|(list, _, rest)| format!("{list}.{rest}"));
    match of_member.unwrap_or_else(|| path.to_string()).as_str() {
        "user.role" => Some("agent"),
        "connection.id" | "connection.plugin" | "line.name" | "user.name" | "user.token" => Some(""),
        "store.url" | "server.tls.cert" | "server.tls.key" => Some(""),
        _ => None,
    }
}

/// What stands in for a member of a list: `[[connection]]`, `[[line]]`, `[[user]]` are tables, other lists are texts.
fn member(path: &KeyPath) -> Value {
    let keys: &[(&str, &str)] = match path.element() {
        Some(("connection", _, rest)) if rest.is_empty() => &[("id", ""), ("plugin", "")],
        Some(("line", _, rest)) if rest.is_empty() => &[("name", "")],
        Some(("user", _, rest)) if rest.is_empty() => &[("name", ""), ("role", "agent"), ("token", "")],
        _ => return text(""),
    };
    Value::Table(keys.iter().map(|(key, value)| ((*key).to_owned(), text(value))).collect::<Table>())
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// Addresses have no harmless stand-in: hooks are taken out as a whole.
fn hooks_around(path: &KeyPath) -> Option<KeyPath> {
    let (list, index, rest) = path.element()?;
    (list == "connection" && rest.first_key() == Some("hooks")).then(|| KeyPath::of(list).index(index).key("hooks"))
}
