//! How tests and people move the simulator: commands in JSON, from a function in the same process, from a file that is
//! watched, or from the configuration's script.

mod calls;
mod devices;
mod faults;
mod load;
mod show;
mod watch;

use serde_json::{Map, Value, json};

pub(crate) use load::load;
pub(crate) use watch::{Watch, look};

use crate::service::Service;

/// What a command was given.
pub(crate) struct Given(Map<String, Value>);

/// The answer to a command, or what is wrong with it.
pub(crate) type Answer = Result<Value, String>;

impl Given {
    /// A text; what is not there is empty.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text that has to be there.
    pub(crate) fn needed(&self, key: &str) -> Result<&str, String> {
        let text = self.text(key);
        if text.is_empty() { Err(format!("`{key}` is missing, or is no text")) } else { Ok(text) }
    }

    /// A number; a number written as text is one.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        let value = self.0.get(key)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    pub(crate) fn flag(&self, key: &str, otherwise: bool) -> bool {
        self.0.get(key).and_then(Value::as_bool).unwrap_or(otherwise)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// What a key holds, as a type of the configuration.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, key: &str) -> Result<T, String> {
        let value = self.0.get(key).cloned().ok_or_else(|| format!("`{key}` is missing"))?;
        serde_json::from_value(value).map_err(|e| format!("`{key}`: {e}"))
    }
}

/// Does a command; the answer is `{"ok":true,…}` or `{"ok":false,"error":"…"}`.
pub(crate) fn obey(service: &mut Service, command: Value) -> Value {
    let answer = match command {
        Value::Object(map) => known(service, &Given(map)),
        _ => Err("a command is an object with a `do`".to_owned()),
    };
    service.flush();
    match answer {
        Ok(Value::Object(mut map)) => {
            map.insert("ok".to_owned(), Value::Bool(true));
            Value::Object(map)
        }
        Ok(_) => json!({"ok": true}),
        Err(error) => json!({"ok": false, "error": error}),
    }
}

/// Does a command of which nobody sees the answer: what is wrong goes to standard error.
pub(crate) fn obey_aloud(service: &mut Service, command: Value) {
    let answer = obey(service, command);
    if answer["ok"] != true {
        eprintln!("cti_tapisim: {}", answer["error"].as_str().unwrap_or("a command failed"));
    }
}

fn known(service: &mut Service, given: &Given) -> Answer {
    let rooms = [calls::obey, devices::obey, faults::obey, show::obey];
    for room in rooms {
        if let Some(answer) = room(service, given) {
            return answer;
        }
    }
    Err(format!("there is no command `{}`", given.text("do")))
}

/// An answer without anything in it.
pub(crate) fn done() -> Answer {
    Ok(Value::Null)
}
