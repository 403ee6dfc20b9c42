//! The schemas are what is checked in, and what is really written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use jackfield_plugin_api::{Command, CommandError, ErrorCode};
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Document;
use crate::connection::is_command;
use crate::model::EventName;
use crate::rpc::{self, RpcError};

/// Set: the checked-in schemas are written anew instead of compared.
const BLESS: &str = "JACKFIELD_BLESS_SCHEMAS";

/// The document with every described object closed, so that a field that it does not describe is an error.
fn closed(document: Document) -> Value {
    fn close(schema: &mut Value) {
        if let Value::Object(object) = schema {
            if object.get("properties").is_some_and(|p| p.as_object().is_some_and(|p| !p.is_empty())) {
                object.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            object.values_mut().for_each(close);
        } else if let Value::Array(list) = schema {
            list.iter_mut().for_each(close);
        }
    }
    let mut schema = document.schema();
    close(&mut schema);
    schema
}

/// A validator for one definition of a closed document.
fn validator(document: &Value, name: &str) -> Validator {
    let mut schema = json!({ "$ref": format!("#/$defs/{name}") });
    schema["$defs"] = document["$defs"].clone();
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

/// Panics unless this event is one that the schemas describe, with nothing that they do not.
#[track_caller]
pub(crate) fn check_event(event: &Value) {
    static BY_NAME: OnceLock<BTreeMap<&'static str, Validator>> = OnceLock::new();
    let by_name = BY_NAME.get_or_init(|| {
        let document = closed(Document::Events);
        EventName::ALL.into_iter().map(|name| (name.as_str(), validator(&document, name.as_str()))).collect()
    });
    let validator = &by_name[event["method"].as_str().expect("a method")];
    let wrong: Vec<String> = validator.iter_errors(event).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "not as its schema says: {}\n{event:#}", wrong.join("\n"));
}

#[test]
fn the_checked_in_schemas_are_those_of_the_types() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
    for document in Document::ALL {
        let path = folder.join(format!("{}.json", document.name()));
        let made = document.text() + "\n";
        if std::env::var_os(BLESS).is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, &made).expect("written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == made,
            "{} is not what the types say; run this test with {BLESS}=1 and look at the difference",
            path.display()
        );
    }
}

#[test]
fn the_documents_are_schemas_without_loose_ends() {
    for document in Document::ALL {
        let schema = document.schema();
        jsonschema::meta::validate(&schema).expect("a schema of draft 2020-12");
        let text = document.text();
        assert!(!text.contains("x-null-allowed") && !text.contains("CallKey"), "{}", document.name());
        let definitions = schema["$defs"].as_object().expect("definitions");
        for name in definitions.keys() {
            assert!(
                text.contains(&format!("\"#/$defs/{name}\"")) || name.ends_with("Result"),
                "{name} is used nowhere"
            );
        }
        for (at, _) in text.match_indices("\"#/$defs/") {
            let name = text[at + 9..].split('"').next().unwrap_or_default();
            assert!(definitions.contains_key(name), "{name} is missing");
        }
    }
}

#[test]
fn every_event_and_every_command_has_its_schema() {
    let events = Document::Events.schema();
    for name in EventName::ALL {
        assert_eq!(events["$defs"][name.as_str()]["title"], name.as_str());
        assert_ne!(events["$defs"][name.as_str()]["description"], "", "{name}");
    }
    let commands = Document::Commands.schema();
    for command in commands["oneOf"].as_array().expect("a list") {
        let name = command["$ref"].as_str().expect("a name").trim_start_matches("#/$defs/");
        assert!(is_command(name), "{name} is no command");
        assert!(commands["$defs"].get(format!("{name}Result")).is_some(), "{name} has no result");
        assert_ne!(commands["$defs"][name]["description"], "", "{name}");
    }
    for name in Command::NAMES {
        assert!(commands["$defs"].get(*name).is_some(), "{name}");
    }
}

#[test]
fn an_event_that_is_not_as_described_is_found() {
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut event: Value = json!({
            "jsonrpc": "2.0", "method": "dtmfEntered", "params": {
                "connection": "a", "line": "a/1", "epoch": 1, "seq": 1, "at": "2026-11-20T09:00:00.120Z",
                "currentCallId": null, "data": { "callId": "c", "digits": "1", "by": "local" },
            },
        });
        change(&mut event);
        std::panic::catch_unwind(|| check_event(&event)).is_err()
    };
    assert!(!wrong(&|_| {}));
    assert!(wrong(&|e| e["params"]["data"]["by"] = json!("nobody")));
    assert!(wrong(&|e| e["params"]["data"]["extra"] = json!(1)));
    assert!(wrong(&|e| e["params"]["extra"] = json!(1)));
    assert!(wrong(&|e| e["params"]["at"] = json!("today")));
    assert!(wrong(&|e| e["params"]["srcAt"] = Value::Null));
    assert!(wrong(&|e| {
        e["params"].as_object_mut().expect("an object").remove("seq");
    }));
}

#[test]
fn refusals_are_as_described() {
    let validator = validator(&closed(Document::Session), "error");
    let native = CommandError::new(ErrorCode::CommandFailed, "no").native(json!({ "cause": 17 })).retryable();
    for error in [
        RpcError::parse("no JSON"),
        RpcError::invalid_request("a batch"),
        RpcError::method_not_found("teleport"),
        RpcError::invalid_params("/params/to", "missing"),
        RpcError::from(native),
    ] {
        for id in [json!(1), json!("a"), Value::Null] {
            let text: Value = serde_json::from_str(&rpc::error(&id, &error)).expect("JSON");
            assert!(validator.is_valid(&text), "{text}");
        }
    }
    for code in ErrorCode::ALL {
        let text: Value = serde_json::from_str(&rpc::error(&json!(1), &RpcError::ours(*code, "no"))).expect("JSON");
        assert!(validator.is_valid(&text), "{text}");
    }
}

#[test]
fn commands_are_closed_and_what_may_be_left_out_may_be_null() {
    let validator = validator(&Document::Commands.schema(), "makeCall");
    let call = |params: Value| json!({ "jsonrpc": "2.0", "id": 1, "method": "makeCall", "params": params });
    assert!(validator.is_valid(&call(json!({ "line": "a/1", "to": "2" }))));
    assert!(validator.is_valid(&call(json!({ "line": "a/1", "to": "2", "from": null, "timeoutMs": 5 }))));
    assert!(!validator.is_valid(&call(json!({ "line": "a/1", "to": "2", "form": "1" }))));
    assert!(!validator.is_valid(&call(json!({ "to": "2" }))));
    assert!(!validator.is_valid(&call(json!({ "line": "a/1", "to": "2", "timeoutMs": 0 }))));
}
