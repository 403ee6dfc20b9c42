//! Messages as the page shows them: JSON with `…` for what is not shown, and with placeholders for what differs from
//! run to run.
//!
//! A placeholder is `<kind>` or `<kind name>`. Within a conversation the same name is the same value, and another name
//! of the same kind is another value; without a name only the form is looked at. Numbers count: when `<n>` is 7,
//! `<n+1>` is 8.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Stands for fields, elements or messages that are not shown.
const REST: &str = "…";
/// The kinds of placeholders in texts. Other words in angle brackets are themselves.
const KINDS: [&str; 7] = ["call", "time", "session", "native", "version", "global", "text"];

/// Reads a message of the page.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let mut json = String::with_capacity(text.len());
    let (mut stack, mut in_string, mut escaped) = (Vec::new(), false, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if in_string {
            json.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' | '[' => stack.push(c),
            '}' | ']' => {
                stack.pop();
            }
            '…' => {
                json.push_str(if stack.last() == Some(&'{') { "\"…\":\"…\"" } else { "\"…\"" });
                continue;
            }
            '<' => {
                let hole: String = chars.by_ref().take_while(|c| *c != '>').collect();
                json.push_str(&format!("\"<#{hole}>\""));
                continue;
            }
            _ => {}
        }
        json.push(c);
    }
    serde_json::from_str(&json).map_err(|e| format!("{e} in {text}"))
}

/// What the placeholders of a conversation stand for.
#[derive(Debug, Default)]
pub(crate) struct Known {
    texts: BTreeMap<String, String>,
    numbers: BTreeMap<String, i64>,
}

impl Known {
    /// A message to be sent, its placeholders replaced.
    pub(crate) fn fill(&self, pattern: &Value) -> Result<Value, String> {
        Ok(match pattern {
            Value::Object(fields) => {
                let filled: Result<Map<_, _>, String> =
                    fields.iter().map(|(name, value)| Ok((name.clone(), self.fill(value)?))).collect();
                Value::Object(filled?)
            }
            Value::Array(list) => Value::Array(list.iter().map(|value| self.fill(value)).collect::<Result<_, _>>()?),
            Value::String(text) if text == REST => return Err("`…` cannot be sent".to_owned()),
            Value::String(text) if text.starts_with("<#") => {
                let (name, plus) = number_hole(text);
                let known = self.numbers.get(name).ok_or_else(|| format!("`<{name}>` is not known yet"))?;
                Value::from(known + plus)
            }
            Value::String(text) => Value::String(self.fill_text(text)?),
            other => other.clone(),
        })
    }

    fn fill_text(&self, text: &str) -> Result<String, String> {
        let Some((before, hole, after)) = text_hole(text) else { return Ok(text.to_owned()) };
        let known = self.texts.get(hole).ok_or_else(|| format!("`<{hole}>` is not known yet"))?;
        Ok(format!("{before}{known}{}", self.fill_text(after)?))
    }

    /// Compares a message with what the page shows; learns the placeholders.
    pub(crate) fn compare(&mut self, shown: &Value, came: &Value, at: &str) -> Result<(), String> {
        match (shown, came) {
            (Value::Object(shown), Value::Object(came)) => {
                for (name, value) in shown {
                    if name == REST {
                        continue;
                    }
                    let found = came.get(name).ok_or_else(|| format!("{at}/{name} is shown and did not come"))?;
                    self.compare(value, found, &format!("{at}/{name}"))?;
                }
                let unshown = came.keys().find(|name| !shown.contains_key(*name));
                match unshown {
                    Some(name) if !shown.contains_key(REST) => Err(format!("{at}/{name} came and is not shown")),
                    _ => Ok(()),
                }
            }
            (Value::Array(shown), Value::Array(came)) => {
                let open = shown.last().is_some_and(|last| last == REST);
                let count = shown.len() - usize::from(open);
                if came.len() < count || (came.len() > count && !open) {
                    return Err(format!("{at} has {} elements, {count} are shown", came.len()));
                }
                let pairs = shown.iter().zip(came).take(count).enumerate();
                pairs.into_iter().try_for_each(|(i, (shown, came))| self.compare(shown, came, &format!("{at}/{i}")))
            }
            (Value::String(text), _) if text.starts_with("<#") => self.number(text, came, at),
            (Value::String(text), Value::String(came)) => self.text(text, came, at),
            _ if shown == came => Ok(()),
            _ => Err(format!("{at} is {came}, and {shown} is shown")),
        }
    }

    fn number(&mut self, hole: &str, came: &Value, at: &str) -> Result<(), String> {
        let value = came.as_i64().ok_or_else(|| format!("{at} is {came}, no whole number"))?;
        let (name, plus) = number_hole(hole);
        let fits = match name.trim_end_matches(char::is_numeric) {
            "ms" => return if value >= 0 { Ok(()) } else { Err(format!("{at} is {value}, less than nothing")) },
            "epoch" => value > 1_600_000_000_000,
            "n" | "m" => value - plus >= 1,
            _ => return Err(format!("{at}: there is no placeholder `<{name}>` for a number")),
        };
        let known = *self.numbers.entry(name.to_owned()).or_insert(value - plus);
        let taken = name.starts_with("epoch") && self.numbers.iter().any(|(n, v)| n != name && *v == value);
        match fits && known + plus == value && !taken {
            true => Ok(()),
            false => Err(format!("{at} is {value}, and `<{name}>` is {known}")),
        }
    }

    fn text(&mut self, shown: &str, came: &str, at: &str) -> Result<(), String> {
        let wrong = || format!("{at} is {came:?}, and {shown:?} is shown");
        let known_kind = |hole: &str| KINDS.contains(&hole.split(' ').next().unwrap_or_default());
        let Some((before, hole, after)) = text_hole(shown).filter(|(_, hole, _)| known_kind(hole)) else {
            return if shown == came { Ok(()) } else { Err(wrong()) };
        };
        // What follows the placeholder is plain text, or a placeholder that is known.
        let after = self.fill_text(after).map_err(|e| format!("{at}: {e}"))?;
        let value = came.strip_prefix(before).and_then(|rest| rest.strip_suffix(&after)).ok_or_else(wrong)?;
        let (kind, name) = hole.split_once(' ').unwrap_or((hole, ""));
        if !fits(kind, value) {
            return Err(format!("{at} is {value:?}, which is no {kind}"));
        }
        if name.is_empty() {
            return Ok(());
        }
        let taken = |(other, known): (&String, &String)| {
            other != hole && other.split(' ').next() == Some(kind) && known == value
        };
        if kind != "text" && self.texts.iter().any(taken) {
            return Err(format!("{at} is {value:?}, which has another name already, not `<{hole}>`"));
        }
        let known = self.texts.entry(hole.to_owned()).or_insert_with(|| value.to_owned());
        if known == value { Ok(()) } else { Err(format!("{at} is {value:?}, and `<{hole}>` is {known:?}")) }
    }
}

/// Whether a text has the form of its kind.
fn fits(kind: &str, value: &str) -> bool {
    let like = |form: &str| {
        value.len() == form.len()
            && value.chars().zip(form.chars()).all(|(c, f)| match f {
                '0' => c.is_ascii_digit(),
                'x' => c.is_ascii_hexdigit() && !c.is_ascii_uppercase(),
                f => c == f,
            })
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match kind {
        "call" => like("xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx"),
        "time" => like("0000-00-00T00:00:00.000Z"),
        "session" => value.strip_prefix("s-").is_some_and(digits),
        "native" => digits(value),
        "version" => value.split('.').count() == 3 && value.split('.').all(digits),
        _ => !value.is_empty(),
    }
}

/// `<#n+1>`: name and what is added.
fn number_hole(text: &str) -> (&str, i64) {
    let hole = text.trim_start_matches("<#").trim_end_matches('>');
    match hole.split_once('+') {
        Some((name, plus)) => (name, plus.parse().unwrap_or(0)),
        None => (hole, 0),
    }
}

/// The first placeholder of a text: what is before, its name, what is after.
fn text_hole(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('<')?;
    let (hole, after) = rest.split_once('>')?;
    Some((before, hole, after))
}

#[test]
fn a_pattern_fits_what_it_shows_and_nothing_else() {
    let mut known = Known::default();
    let mut check = |shown: &str, came: &str| {
        let shown = parse(shown).unwrap();
        known.compare(&shown, &serde_json::from_str(came).unwrap(), "")
    };
    check(r#"{"a":1,"b":[1,…],…}"#, r#"{"a":1,"b":[1,2],"c":3}"#).unwrap();
    assert!(check(r#"{"a":1}"#, r#"{"a":1,"c":3}"#).is_err());
    assert!(check(r#"{"a":1,…}"#, r#"{"c":3}"#).is_err());
    assert!(check(r#"{"a":[1]}"#, r#"{"a":[1,2]}"#).is_err());
    assert!(check(r#"{"a":1}"#, r#"{"a":"1"}"#).is_err());
    check(r#"{"seq":<n>,"next":<n+1>}"#, r#"{"seq":7,"next":8}"#).unwrap();
    assert!(check(r#"{"seq":<n>}"#, r#"{"seq":8}"#).is_err());
    assert!(check(r#"{"seq":<n>}"#, r#"{"seq":"7"}"#).is_err());
    let (one, two) = ("01a1faa2-8a0d-75cd-a80e-927c172b656c", "01a1faa2-8a0d-75cd-a80e-927c172b656d");
    check(r#"["<call A>"]"#, &format!(r#"["{one}"]"#)).unwrap();
    check(r#"["no call <call A>."]"#, &format!(r#"["no call {one}."]"#)).unwrap();
    assert!(check(r#"["<call A>"]"#, &format!(r#"["{two}"]"#)).is_err(), "the same name, another value");
    assert!(check(r#"["<call B>"]"#, &format!(r#"["{one}"]"#)).is_err(), "another name, the same value");
    assert!(check(r#"["<call C>"]"#, r#"["17"]"#).is_err());
    assert!(check(r#"["<time>"]"#, r#"["2026-11-20 09:00:00.120Z"]"#).is_err());
    assert!(check(r#"["<nonsense>"]"#, r#"["x"]"#).is_err());
    assert!(parse(r#"{"a":"#).is_err());
}
