//! How keys and values are written in sentences, and which word somebody probably meant.

use toml::Value;

/// The longest piece of somebody's text in a sentence, in characters.
const LONGEST: usize = 60;
/// So many names are listed; more help nobody.
const MOST_NAMES: usize = 30;

/// A text within backticks, short and without what could steer a terminal.
pub(super) fn name(text: &str) -> String {
    format!("`{}`", short(text))
}

/// A key as TOML writes it.
pub(super) fn key(key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare { short(key) } else { quoted(key) }
}

/// A text within quotes, as TOML writes it, shortened.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", short(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// At most [`LONGEST`] characters, none of them a control character.
fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).map(|c| if steers(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters, and those that turn the direction of writing.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `a, b and c`, with the word before the last one; long lists are cut.
pub(super) fn list<T: AsRef<str>>(items: &[T], last: &str) -> String {
    if items.len() > MOST_NAMES {
        let first: Vec<&str> = items.iter().take(MOST_NAMES).map(AsRef::as_ref).collect();
        return format!("{}, … ({} more)", first.join(", "), items.len() - MOST_NAMES);
    }
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

/// What kind of value it is, without the value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// A value that everybody may see.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(truth) => format!("`{truth}`"),
        Value::Array(values) if values.is_empty() => "an empty list".to_owned(),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => kind(value).to_owned(),
    }
}

/// The candidate that was probably meant: few letters differ, or only the case, `-` and `_` do.
pub(super) fn meant<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // What is much longer than any name is no misspelt name, and comparing costs length times length.
    if wrong.len() > 4 * LONGEST {
        return None;
    }
    let flat = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let wrong_flat = flat(wrong);
    let near = |candidate: &'a str| {
        let distance = strsim::osa_distance(&wrong_flat, &flat(candidate));
        let allowed = 1 + wrong_flat.chars().count().min(candidate.chars().count()) / 5;
        let begins = wrong_flat.len() >= 3 && candidate.starts_with(&wrong_flat)
            || candidate.len() >= 4 && wrong_flat.starts_with(candidate);
        (distance <= allowed && distance < wrong_flat.chars().count() || begins).then_some((distance, candidate))
    };
    candidates.into_iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_nothing_is_guessed() {
        let keys = ["listen", "tls", "origins", "insecure", "max_sessions"];
        for (wrong, right) in [
            ("lissten", "listen"),
            ("Listen", "listen"),
            ("max-sessions", "max_sessions"),
            ("maxSessions", "max_sessions"),
            ("lsiten", "listen"),
            ("origin", "origins"),
            ("max", "max_sessions"),
        ] {
            assert_eq!(meant(wrong, keys), Some(right), "{wrong}");
        }
        for wrong in ["", "x", "port", "address", "ssl2", &"listen".repeat(100)] {
            assert_eq!(meant(wrong, keys), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_of_a_text_steers_a_terminal_or_fills_it() {
        assert_eq!(quoted("a\u{1b}[2J\u{202e}b"), "\"a\u{fffd}[2J\u{fffd}b\"");
        assert_eq!(name(&"x".repeat(1_000)).chars().count(), LONGEST + 3);
        assert_eq!(key("two words"), "\"two words\"");
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        assert!(list(&many, "or").ends_with("29, … (70 more)"));
        assert_eq!(list(&["a", "b", "c"], "and"), "a, b and c");
    }
}
