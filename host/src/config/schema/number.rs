//! Numbers: their bounds.

use serde_json::Value as Json;
use toml::Value;

use super::{Here, Judge, Misfit, describe, misfit};
use crate::config::finding::Finding;
use crate::config::source::At;

impl Judge<'_> {
    pub(super) fn number(&self, schema: &Json, number: f64, value: &Value, here: &Here, out: &mut Vec<Misfit>) {
        let bounds = Bounds::of(schema);
        let below = bounds.least.is_some_and(|least| number < least) || bounds.above.is_some_and(|b| number <= b);
        let above = bounds.most.is_some_and(|most| number > most) || bounds.below.is_some_and(|b| number >= b);
        if below || above || number.is_nan() {
            let found = self.found(schema, value, here);
            let finding = Finding::other(here.path.clone(), found, describe::describe(self.root, schema));
            out.push(misfit(finding.maybe_hint(describe::purpose(self.root, schema)), At::Value));
        }
    }
}

/// What a number is between.
struct Bounds {
    least: Option<f64>,
    most: Option<f64>,
    /// It must be greater than this.
    above: Option<f64>,
    /// It must be less than this.
    below: Option<f64>,
}

impl Bounds {
    fn of(schema: &Json) -> Self {
        let number = |key: &str| schema.get(key).and_then(Json::as_f64);
        let (least, most) = match schema.get("format").and_then(Json::as_str) {
            Some("uint8") => (Some(0.0), Some(f64::from(u8::MAX))),
            Some("uint16") => (Some(0.0), Some(f64::from(u16::MAX))),
            Some("uint32") => (Some(0.0), Some(f64::from(u32::MAX))),
            // TOML's own numbers end before theirs.
            Some("uint64" | "uint") => (Some(0.0), None),
            Some("int8") => (Some(f64::from(i8::MIN)), Some(f64::from(i8::MAX))),
            Some("int16") => (Some(f64::from(i16::MIN)), Some(f64::from(i16::MAX))),
            Some("int32") => (Some(f64::from(i32::MIN)), Some(f64::from(i32::MAX))),
            _ => (None, None),
        };
        Self {
            least: number("minimum").or(least),
            most: number("maximum").or(most),
            above: number("exclusiveMinimum"),
            below: number("exclusiveMaximum"),
        }
    }
}

/// What is expected of a number.
pub(super) fn expected(schema: &Json, what: &str) -> String {
    let bounds = Bounds::of(schema);
    let lower = bounds.least.map(|n| format!("{n}")).or_else(|| bounds.above.map(|n| format!("above {n}")));
    let upper = bounds.most.map(|n| format!("{n}")).or_else(|| bounds.below.map(|n| format!("below {n}")));
    match (lower, upper) {
        (Some(least), Some(most)) if bounds.least.is_some() && bounds.most.is_some() => {
            format!("{what} from {least} to {most}")
        }
        (Some(least), Some(most)) => format!("{what}, {least} and {most}"),
        (Some(least), None) if bounds.least.is_some() => format!("{what} of {least} or more"),
        (None, Some(most)) if bounds.most.is_some() => format!("{what} of at most {most}"),
        (Some(one), None) | (None, Some(one)) => format!("{what} {one}"),
        (None, None) => what.to_owned(),
    }
}
