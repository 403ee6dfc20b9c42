//! Answers: one JSON object with the member `result`, and not always valid JSON.
//!
//! Infinity writes paths of Windows files unescaped, and line ends within texts. So what cannot be read is mended, in
//! those two respects only, and read once more.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// What is not in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotUnderstood(pub(crate) String);

/// The member `result` of an answer.
pub(crate) fn result(text: &str) -> Result<Map<String, Value>, NotUnderstood> {
    let read = serde_json::from_str::<Value>(text).or_else(|_| serde_json::from_str(&mended(text)));
    match read {
        Ok(Value::Object(mut answer)) => match answer.remove("result") {
            Some(Value::Object(result)) => Ok(result),
            _ => Err(NotUnderstood("the answer has no `result`".to_owned())),
        },
        Ok(_) => Err(NotUnderstood("the answer is no object".to_owned())),
        Err(error) if text.trim_start().starts_with('<') => {
            Err(NotUnderstood(format!("the answer is a page of HTML, no JSON ({error})")))
        }
        Err(error) => Err(NotUnderstood(format!("the answer is no JSON: {error}"))),
    }
}

/// The same text with control characters within strings and lone backslashes escaped.
fn mended(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                inside = !inside;
                out.push(c);
            }
            '\\' if inside => match chars.peek() {
                // A path never ends a text with a backslash before its quote; an escaped quote is one.
                Some('"' | '\\') => {
                    out.push(c);
                    out.extend(chars.next());
                }
                _ => out.push_str("\\\\"),
            },
            c if inside && c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A member as text: numbers and texts are both in use for the same thing. An empty one, and the word `null`, is none.
pub(crate) fn text<'a>(item: &'a Map<String, Value>, name: &str) -> Option<Cow<'a, str>> {
    match item.get(name)? {
        Value::String(text) => {
            let text = text.trim();
            (!text.is_empty() && text != "null").then_some(Cow::Borrowed(text))
        }
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// A member as a whole number; written as a number or a text, with a decimal point or comma.
pub(crate) fn number(item: &Map<String, Value>, name: &str) -> Option<i64> {
    let text = text(item, name)?;
    let whole = text.split(['.', ',']).next()?;
    whole.parse().ok()
}

/// A member as a number with a fraction; written as a number or a text, with a decimal point or comma.
pub(crate) fn fraction(item: &Map<String, Value>, name: &str) -> Option<f64> {
    text(item, name)?.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite())
}

/// A member as yes or no: `true`, `1`, `-1`, and the same as texts.
pub(crate) fn flag(item: &Map<String, Value>, name: &str) -> Option<bool> {
    match item.get(name)? {
        Value::Bool(is) => Some(*is),
        _ => match text(item, name)?.as_ref() {
            "true" | "True" => Some(true),
            "false" | "False" => Some(false),
            other => other.parse::<i64>().ok().map(|n| n != 0),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_infinity_writes_wrongly_is_read_all_the_same() {
        let read = |text: &str| result(text).map(|result| result["Data"][0]["AWavFile"].clone());
        let path = Ok(json!("D:\\rec\\new\\20\\u1.wav"));
        assert_eq!(read(r#"{"result":{"Data":[{"AWavFile":"D:\\rec\\new\\20\\u1.wav"}]}}"#), path);
        assert_eq!(read(r#"{"result":{"Data":[{"AWavFile":"D:\rec\new\20\u1.wav"}]}}"#), path);
        let broken = "{\"result\":{\"Data\":[{\"AWavFile\":\"a\r\n\tb\"}]}}";
        assert_eq!(read(broken), Ok(json!("a   b")));
    }

    #[test]
    fn what_is_no_answer_is_named() {
        for (text, said) in [
            ("<html><body>502</body></html>", "the answer is a page of HTML"),
            ("", "the answer is no JSON"),
            ("{\"result\":{\"Data\":[", "the answer is no JSON"),
            ("[]", "the answer is no object"),
            ("{\"error\":1}", "the answer has no `result`"),
            ("{\"result\":[1]}", "the answer has no `result`"),
        ] {
            let NotUnderstood(found) = result(text).unwrap_err();
            assert!(found.starts_with(said), "{text}: {found}");
        }
    }

    #[test]
    fn numbers_come_in_every_dress() {
        let Value::Object(item) =
            json!({"a": 1, "b": "1", "c": "1,5", "d": 1.9, "e": "null", "f": "", "g": "x", "h": true})
        else {
            panic!("no object")
        };
        let numbers: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "i"].map(|name| number(&item, name)).into();
        assert_eq!(numbers, [Some(1), Some(1), Some(1), Some(1), None, None, None, None]);
        assert_eq!((flag(&item, "h"), flag(&item, "b"), flag(&item, "e")), (Some(true), Some(true), None));
        assert_eq!(text(&item, "a").as_deref(), Some("1"));
    }
}
