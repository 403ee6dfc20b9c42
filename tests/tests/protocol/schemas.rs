//! The checked-in schemas, as a strict reader of the page takes them: a field that they do not describe is an error.

use std::collections::BTreeMap;
use std::fs;

use jackfield_tests::build::workspace;
use jsonschema::Validator;
use serde_json::{Value, json};

/// A validator for each message, by document and name.
pub(crate) struct Schemas(BTreeMap<(&'static str, String), Validator>);

impl Schemas {
    pub(crate) fn read() -> Self {
        let mut all = BTreeMap::new();
        for document in ["events", "commands", "session"] {
            let path = workspace().join(format!("docs/schemas/{document}.json"));
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let mut schema: Value = serde_json::from_str(&text).unwrap();
            close(&mut schema);
            let messages: Vec<String> = schema["oneOf"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["$ref"].as_str().unwrap().trim_start_matches("#/$defs/").to_owned())
                .collect();
            let results = messages.iter().map(|name| format!("{name}Result"));
            let names: Vec<String> = messages.iter().cloned().chain(results).collect();
            for name in names.into_iter().filter(|name| schema["$defs"].get(name).is_some()) {
                let one = json!({ "$ref": format!("#/$defs/{name}"), "$defs": schema["$defs"] });
                let options = jsonschema::options().should_validate_formats(true);
                all.insert((document, name), options.build(&one).unwrap());
            }
        }
        Self(all)
    }

    /// The names of the requests and notifications of a document.
    pub(crate) fn names(&self, document: &str) -> Vec<String> {
        let keys = self.0.keys().filter(|(of, name)| *of == document && !name.ends_with("Result"));
        keys.map(|(_, name)| name.clone()).collect()
    }

    fn one(&self, document: &'static str, name: &str, value: &Value) -> Result<(), String> {
        let Some(validator) = self.0.get(&(document, name.to_owned())) else {
            return Err(format!("there is no schema of `{name}` among the {document}"));
        };
        let wrong: Vec<String> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("not as the schema of `{name}` says: {}", wrong.join("; "))) }
    }

    /// A notification of the host.
    pub(crate) fn event(&self, message: &Value) -> Result<(), String> {
        self.one("events", message["method"].as_str().unwrap_or_default(), message)
    }

    /// A request that the host accepts, and the answer to it.
    pub(crate) fn accepted(&self, request: &Value, answer: &Value) -> Result<(), String> {
        let method = request["method"].as_str().unwrap_or_default();
        let document = if self.0.contains_key(&("session", method.to_owned())) { "session" } else { "commands" };
        self.one(document, method, request)?;
        self.one("session", "answer", answer)?;
        self.one(document, &format!("{method}Result"), &answer["result"])
    }

    /// A refusal.
    pub(crate) fn refused(&self, answer: &Value) -> Result<(), String> {
        self.one("session", "error", answer)
    }
}

fn close(schema: &mut Value) {
    if let Value::Object(object) = schema {
        let described = object.get("properties").and_then(Value::as_object).is_some_and(|fields| !fields.is_empty());
        if described {
            object.entry("additionalProperties").or_insert(Value::Bool(false));
        }
        object.values_mut().for_each(close);
    } else if let Value::Array(list) = schema {
        list.iter_mut().for_each(close);
    }
}
