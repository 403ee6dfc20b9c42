//! Looking for the secrets of settings where they must not be.

use serde_json::Value;

use super::driver::Driver;
use crate::adapter::Adapter;

/// Shorter values are found anywhere.
const SHORTEST: usize = 6;

/// The setting (of the connection, or of an open line) whose secret stands in these bytes.
pub(super) fn in_state<A: Adapter>(driver: &mut Driver<A>, saved: &[u8]) -> Option<String> {
    let secrets = driver.secrets.take().unwrap_or_else(|| of_settings(driver));
    let found = secrets.iter().find(|(_, secret)| holds(saved, secret.as_bytes())).map(|(place, _)| place.clone());
    driver.secrets = Some(secrets);
    found
}

fn of_settings<A: Adapter>(driver: &Driver<A>) -> Vec<(String, String)> {
    let mut secrets = Vec::new();
    let mut add = |settings: &Value, schema: &schemars::Schema| {
        collect(settings, schema.as_value(), schema.as_value(), String::new(), &mut secrets, 0);
    };
    add(&driver.settings, &schemars::schema_for!(A::Config));
    let schema = schemars::schema_for!(A::LineConfig);
    driver.line_settings().iter().for_each(|settings| add(settings, &schema));
    secrets
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    secret.len() >= SHORTEST && bytes.windows(secret.len()).any(|window| window == secret)
}

/// The values that the schema marks as passwords, with their places.
fn collect(
    value: &Value,
    schema: &Value,
    root: &Value,
    place: String,
    secrets: &mut Vec<(String, String)>,
    depth: u32,
) {
    // Schemas may refer to themselves.
    if depth > 32 {
        return;
    }
    let mut inner = |value: &Value, schema: &Value, place: String| {
        collect(value, schema, root, place, secrets, depth + 1);
    };
    if let Some(target) = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')).and_then(|r| root.pointer(r)) {
        inner(value, target, place.clone());
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        for one in schema[word].as_array().into_iter().flatten() {
            inner(value, one, place.clone());
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        inner(item, &schema["items"], format!("{place}[{index}]"));
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let of = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
        inner(field, of, if place.is_empty() { name.clone() } else { format!("{place}.{name}") });
    }
    if let (Some("password"), Some(secret)) = (schema["format"].as_str(), value.as_str()) {
        secrets.push((place, secret.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde_json::json;

    use super::*;
    use crate::Secret;

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Settings {
        user: String,
        password: Option<Secret>,
        others: Vec<Other>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Other {
        token: Secret,
    }

    #[test]
    fn secrets_are_found_by_the_schema() {
        let settings = json!({"user": "cti", "password": "one-secret", "others": [{"token": "another"}]});
        let schema = schemars::schema_for!(Settings);
        let mut secrets = Vec::new();
        collect(&settings, schema.as_value(), schema.as_value(), String::new(), &mut secrets, 0);
        secrets.sort_unstable();
        let expected = [("others[0].token", "another"), ("password", "one-secret")];
        assert_eq!(secrets, expected.map(|(place, secret)| (place.to_owned(), secret.to_owned())));
        assert!(holds(b"..one-secret..", b"one-secret") && !holds(b"..one-secre", b"one-secret"));
    }
}
