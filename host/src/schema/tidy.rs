//! What the derived schemas are given beyond what the derive does.

use serde_json::{Map, Value};

/// Makes a derived schema, and all within it, what generators of types want.
pub(super) fn tidy(schema: &mut Value) {
    if let Value::Object(object) = schema {
        names_to_enum(object);
        no_null_where_absent(object);
        flow_description(object);
        // Sizes of Rust's integers are nobody's format.
        let format = object.get("format").and_then(Value::as_str);
        if format.is_some_and(|format| format.starts_with("uint") || format.starts_with("int")) {
            object.remove("format");
        }
    }
    match schema {
        Value::Object(object) => object.values_mut().for_each(tidy),
        Value::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// A choice of documented names becomes an enum; what they mean goes into the description.
fn names_to_enum(object: &mut Map<String, Value>) {
    let Some(choices) = object.get("oneOf").and_then(Value::as_array) else { return };
    let name = |choice: &Value| choice.get("const").and_then(Value::as_str).map(str::to_owned);
    let Some(names) = choices.iter().map(name).collect::<Option<Vec<_>>>() else { return };
    let mut about = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    about.push('\n');
    for (choice, name) in choices.iter().zip(&names) {
        let meaning = choice.get("description").and_then(Value::as_str).unwrap_or_default();
        about.push_str(&format!("\n- `{name}`: {meaning}"));
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), "string".into());
    object.insert("description".to_owned(), about.into());
    object.insert("enum".to_owned(), names.into());
}

/// What is left out when it is not known is never null; but what a client leaves out may be null, and that is marked.
fn no_null_where_absent(object: &mut Map<String, Value>) {
    let required: Vec<String> = match object.get("required").and_then(Value::as_array) {
        Some(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => Vec::new(),
    };
    if object.remove("x-null-allowed").is_some() {
        return;
    }
    let Some(fields) = object.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, field) in fields {
        if required.contains(name) {
            continue;
        }
        let Some(field) = field.as_object_mut() else { continue };
        if let Some(values) = field.get_mut("enum").and_then(Value::as_array_mut) {
            values.retain(|value| !value.is_null());
        }
        if let Some(types) = field.get_mut("type").and_then(Value::as_array_mut) {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                field.insert("type".to_owned(), only);
            }
        }
        if let Some(choices) = field.get_mut("anyOf").and_then(Value::as_array_mut) {
            choices.retain(|choice| choice["type"] != "null");
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                field.remove("anyOf");
                field.extend(only);
            }
        }
    }
}

/// Doc comments are wrapped for the source; a paragraph is one line elsewhere. Lists stay lists.
fn flow_description(object: &mut Map<String, Value>) {
    let Some(Value::String(about)) = object.get_mut("description") else { return };
    let mut flowing = String::with_capacity(about.len());
    for line in about.trim().lines() {
        let begins = line.is_empty() || line.starts_with("- ");
        if !flowing.is_empty() {
            flowing.push(if begins || flowing.ends_with('\n') { '\n' } else { ' ' });
        }
        flowing.push_str(line);
    }
    // Links lead to the source's own pages.
    *about = flowing.replace("[`", "`").replace("`]", "`");
}
