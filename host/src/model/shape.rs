//! How the values of the model look in JSON, where their Rust type does not say: for the schemas alone.

use std::borrow::Cow;

use jackfield_plugin_api::{AgentFeatures, CallFeatures, CauseCode, ErrorCode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// Codes of causes that the model itself gives, beside [`CauseCode`] and [`ErrorCode`].
pub const MODEL_CAUSES: &[&str] = &[
    "answered",
    "callEnded",
    "consult",
    "firstSeen",
    "lineClosed",
    "missingCommutation",
    "parentFinished",
    "previousFinished",
    "reconciled",
    "resumed",
];

macro_rules! shapes {
    ($($(#[doc = $doc:literal])* $T:ident($generator:ident) => $schema:expr;)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug)]
            pub struct $T;

            impl JsonSchema for $T {
                fn schema_name() -> Cow<'static, str> {
                    stringify!($T).into()
                }

                fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                    let mut schema: Schema = $schema;
                    let about: Vec<&str> = [$($doc),*].into_iter().map(str::trim).collect();
                    schema.insert("description".to_owned(), about.join("\n").into());
                    schema
                }
            }
        )*
    };
}

shapes! {
    /// A point in time: RFC 3339, UTC, with milliseconds.
    Time(_generator) => json_schema!({ "type": "string", "format": "date-time", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
    /// The id of a request, as the client gave it.
    RequestId(_generator) => json_schema!({ "type": ["string", "number"] });
    /// What the phone system said, in its own words and codes.
    Native(_generator) => json_schema!({});
    /// What may be done with a call or a line, by name.
    CallFeatureNames(_generator) => names(CallFeatures::ALL.names());
    /// What may be done with an agent's session, by name.
    AgentFeatureNames(_generator) => names(AgentFeatures::ALL.names());
    /// Whether the whole number fitted, or its last digits.
    NumberMatch(_generator) => json_schema!({ "type": "string", "enum": ["exact", "suffix"] });
    /// What of a call has changed: names of its fields.
    ChangedNames(_generator) => names(super::Changed::ALL.names());
    /// Why an event happened: the end of a call, a fault, or a rule of the model.
    CauseName(_generator) => {
        let mut all: Vec<&str> = CauseCode::ALL.iter().map(|code| code.as_str()).collect();
        all.extend(MODEL_CAUSES);
        for code in ErrorCode::ALL.iter().map(|code| code.as_str()) {
            // Some words are of both lists.
            if !all.contains(&code) {
                all.push(code);
            }
        }
        json_schema!({ "type": "string", "enum": all })
    };
}

fn names(all: impl Iterator<Item = &'static str>) -> Schema {
    let all: Vec<&str> = all.collect();
    json_schema!({ "type": "array", "items": { "type": "string", "enum": all } })
}

/// Each of these lists of names is followed by its mask, which is there when the list is.
#[derive(Debug, Clone)]
pub struct Masked(pub &'static [&'static str]);

impl schemars::transform::Transform for Masked {
    fn transform(&mut self, schema: &mut Schema) {
        for name in self.0 {
            let mask = format!("{name}Mask");
            let required = schema.get_mut("required").and_then(Value::as_array_mut);
            if let Some(required) = required
                && let Some(at) = required.iter().position(|field| field == name)
            {
                required.insert(at + 1, mask.as_str().into());
            }
            if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                let about = format!("`{name}` as bits.");
                fields.insert(
                    mask,
                    json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "description": about }),
                );
            }
        }
    }
}
