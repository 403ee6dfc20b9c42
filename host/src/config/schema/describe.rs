//! What a schema expects, in words.

use serde_json::Value as Json;
use toml::Value;

use super::{list, marks_secret, number, text, types};
use crate::config::words;

/// So far references are followed.
const MOST_REFERENCES: usize = 16;
/// So deep are lists and alternatives followed.
const DEEPEST: usize = 4;
/// So many keys of a table are named.
const FEW: usize = 3;
/// The longest description that is repeated, in characters.
const LONGEST: usize = 120;

/// What a schema refers to.
pub(super) fn target<'a>(root: &'a Json, schema: &Json) -> Option<&'a Json> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// The schema that is meant, behind its references. (A reference may have keywords beside it: those are lost here.)
pub(super) fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    let mut meant = schema;
    for _ in 0..MOST_REFERENCES {
        let Some(next) = target(root, meant) else { break };
        meant = next;
    }
    meant
}

/// The alternatives of a schema, without the one for `null`, which TOML does not have.
pub(super) fn alternatives<'a>(root: &'a Json, schema: &'a Json) -> Vec<&'a Json> {
    let all = list(schema, "anyOf").iter().chain(list(schema, "oneOf"));
    all.map(|one| resolve(root, one)).filter(|one| types(one) != ["null"]).collect()
}

/// The values of a schema that lists them all.
pub(super) fn choices<'a>(root: &'a Json, schema: &'a Json) -> Option<Vec<&'a Json>> {
    choices_within(root, resolve(root, schema), 0)
}

fn choices_within<'a>(root: &'a Json, schema: &'a Json, depth: usize) -> Option<Vec<&'a Json>> {
    if let Some(only) = schema.get("const") {
        return Some(vec![only]);
    }
    if schema.get("enum").is_some() {
        return Some(list(schema, "enum").iter().filter(|v| !v.is_null()).collect());
    }
    let alternatives = alternatives(root, schema);
    if alternatives.is_empty() || depth > DEEPEST {
        return None;
    }
    let each = alternatives.into_iter().map(|one| choices_within(root, one, depth + 1));
    each.collect::<Option<Vec<_>>>().map(|lists| lists.into_iter().flatten().collect())
}

/// A value of a list of choices, as TOML writes it.
pub(super) fn choice(value: &Json) -> String {
    match value {
        Json::String(text) => words::quoted(text),
        other => other.to_string(),
    }
}

/// What is expected: `a whole number from 0 to 65535`.
pub(super) fn describe(root: &Json, schema: &Json) -> String {
    within(root, schema, 0)
}

fn within(root: &Json, schema: &Json, depth: usize) -> String {
    let schema = resolve(root, schema);
    if depth > DEEPEST {
        return "a value".to_owned();
    }
    if marks_secret(schema) {
        return "a text, { env = \"NAME\" } or { file = \"PATH\" }".to_owned();
    }
    if let Some(choices) = choices(root, schema) {
        return words::list(&choices.into_iter().map(choice).collect::<Vec<_>>(), "or");
    }
    let alternatives = alternatives(root, schema);
    if !alternatives.is_empty() {
        let mut all: Vec<String> = alternatives.into_iter().map(|one| within(root, one, depth + 1)).collect();
        all.dedup();
        return words::list(&all, "or");
    }
    let named: Vec<String> = types(schema).into_iter().filter_map(|name| one_type(root, schema, name, depth)).collect();
    if named.is_empty() { "a value".to_owned() } else { words::list(&named, "or") }
}

fn one_type(root: &Json, schema: &Json, name: &str, depth: usize) -> Option<String> {
    Some(match name {
        "string" => text::expected(schema),
        "integer" => number::expected(schema, "a whole number"),
        "number" => number::expected(schema, "a number"),
        "boolean" => "true or false".to_owned(),
        "array" => array(root, schema, depth),
        "object" => table(schema),
        _ => return None,
    })
}

fn array(root: &Json, schema: &Json, depth: usize) -> String {
    let size = |key: &str| schema.get(key).and_then(Json::as_u64);
    let mut first: Vec<String> = list(schema, "prefixItems").iter().map(|one| within(root, one, depth + 1)).collect();
    if let Some((one, others)) = first.split_first() {
        if others.iter().any(|other| other != one) {
            return format!("a list of {}", words::list(&first, "and"));
        }
        first.truncate(1);
    }
    let items = schema.get("items").filter(|items| items.is_object());
    let each = first.pop().or_else(|| items.map(|items| within(root, items, depth + 1)));
    // `a list of texts`, `a list of 2 numbers`.
    if let Some(each) = each.as_deref().and_then(several) {
        return match (size("minItems"), size("maxItems")) {
            (Some(least), Some(most)) if least == most => format!("a list of {least} {each}"),
            (Some(least), Some(most)) => format!("a list of {least} to {most} {each}"),
            (Some(least @ 1..), None) => format!("a list of {least} or more {each}"),
            (_, Some(most)) => format!("a list of at most {most} {each}"),
            (_, None) => format!("a list of {each}"),
        };
    }
    let of = each.map_or_else(String::new, |each| format!(", each {each}"));
    match (size("minItems"), size("maxItems")) {
        (Some(least), Some(most)) if least == most => format!("a list of {least}{of}"),
        (Some(least), Some(most)) => format!("a list of {least} to {most}{of}"),
        (Some(least @ 1..), None) => format!("a list of {least} or more{of}"),
        (_, Some(most)) => format!("a list of at most {most}{of}"),
        (_, None) => format!("a list{of}"),
    }
}

/// The plural, where there is a simple one.
fn several(one: &str) -> Option<&'static str> {
    Some(match one {
        "a text" => "texts",
        "a number" => "numbers",
        "a whole number" => "whole numbers",
        _ if one == "a table" || one.starts_with("a table (") => "tables",
        _ => return None,
    })
}

/// A table, with its keys where they are few.
fn table(schema: &Json) -> String {
    match schema.get("properties").and_then(Json::as_object) {
        Some(keys) if (1..=FEW).contains(&keys.len()) => {
            format!(
                "a table ({{ {} }})",
                keys.keys().map(|key| format!("{} = …", words::key(key))).collect::<Vec<_>>().join(", ")
            )
        }
        _ => "a table".to_owned(),
    }
}

/// What the value is for: the first sentence of its description.
pub(super) fn purpose(root: &Json, schema: &Json) -> Option<String> {
    let text = schema.get("description").or_else(|| resolve(root, schema).get("description"))?.as_str()?;
    let text = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = text.find(". ").unwrap_or(text.len());
    let text = text[..end].trim().trim_end_matches('.');
    (!text.is_empty() && text.chars().count() <= LONGEST).then(|| text.to_owned())
}

/// How the value would be written right, if only its form is wrong.
pub(super) fn rewritten(root: &Json, schema: &Json, value: &Value) -> Option<String> {
    let expected = types(schema);
    let wants = |name: &str| expected.contains(&name);
    match value {
        Value::Table(_) if wants("array") => {
            let items = resolve(root, schema.get("items")?);
            types(items).contains(&"object").then(|| "its members begin with two brackets: [[…]]".to_owned())
        }
        Value::Integer(number) if wants("string") && schema.get("format").is_some() => {
            text::better(schema, &number.to_string())
        }
        Value::String(text) if wants("integer") && text.parse::<i64>().is_ok() => {
            Some(format!("write it without quotes: {text}"))
        }
        Value::String(text) if wants("number") && text.parse::<f64>().is_ok_and(f64::is_finite) => {
            Some(format!("write it without quotes: {text}"))
        }
        Value::String(text) if wants("boolean") => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some("write true, without quotes".to_owned()),
            "false" | "no" | "off" | "0" => Some("write false, without quotes".to_owned()),
            _ => None,
        },
        Value::Integer(1) if wants("boolean") => Some("write true".to_owned()),
        Value::Integer(0) if wants("boolean") => Some("write false".to_owned()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) if wants("string") => {
            Some(format!("write it in quotes: \"{value}\""))
        }
        Value::String(text) if wants("array") => Some(format!("write it in brackets: [{}]", words::quoted(text))),
        _ => None,
    }
}
