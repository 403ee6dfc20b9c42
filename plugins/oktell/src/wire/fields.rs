//! Reading the fields of a message: servers of different age write `1`, `true` and `"1"` for the same thing.

use serde_json::{Map, Value};

/// The fields of a message, or of an object in one.
pub(crate) type Body = Map<String, Value>;

/// The longest text that is taken over: numbers, names, ids.
const MAX_TEXT: usize = 256;

/// Reading by name. A field of another kind than expected counts as absent.
pub(crate) trait Fields {
    /// A text or a number, as text; not empty, cut to a sensible length.
    fn text(&self, key: &str) -> Option<String>;
    /// Whether a flag is set; absent counts as not set.
    fn flag(&self, key: &str) -> bool;
    /// A flag that may be absent.
    fn maybe(&self, key: &str) -> Option<bool>;
    /// A whole number, written as a number or as text.
    fn number(&self, key: &str) -> Option<i64>;
    /// An object.
    fn object(&self, key: &str) -> Option<&Body>;
    /// The objects in a list.
    fn objects(&self, key: &str) -> impl Iterator<Item = &Body>;
    /// An id that is not all zeros: an all-zero GUID means none.
    fn id(&self, key: &str) -> Option<String>;
}

impl Fields for Body {
    fn text(&self, key: &str) -> Option<String> {
        let text = match self.get(key)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
        (end > 0).then(|| text[..end].to_owned())
    }

    fn flag(&self, key: &str) -> bool {
        self.maybe(key) == Some(true)
    }

    fn maybe(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_f64().is_some_and(|n| n != 0.0)),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" | "" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<i64> {
        match self.get(key)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn object(&self, key: &str) -> Option<&Body> {
        self.get(key)?.as_object()
    }

    fn objects(&self, key: &str) -> impl Iterator<Item = &Body> {
        self.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    }

    fn id(&self, key: &str) -> Option<String> {
        self.text(key).filter(|id| id.chars().any(|c| !matches!(c, '0' | '-' | '{' | '}')))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_is_read_however_it_is_written() {
        let body =
            json!({"a": 1, "b": true, "c": "1", "d": "true", "e": 0, "f": "no", "n": "17", "z": "00000000-0000"});
        let body = body.as_object().unwrap();
        for set in ["a", "b", "c", "d"] {
            assert!(body.flag(set), "{set}");
        }
        assert_eq!((body.maybe("e"), body.maybe("f"), body.maybe("x")), (Some(false), None, None));
        assert_eq!((body.number("n"), body.number("a"), body.number("b")), (Some(17), Some(1), None));
        assert_eq!((body.text("a").as_deref(), body.text("b"), body.id("z")), (Some("1"), None, None));
    }

    #[test]
    fn texts_are_bounded_by_characters() {
        let body = json!({"name": "ё".repeat(10_000)});
        assert_eq!(body.as_object().unwrap().text("name").unwrap().chars().count(), MAX_TEXT);
    }
}
