//! Text as it comes from phones and from clients.

use std::borrow::Cow;

/// A value as text. Names arrive as the phone sent them: mostly UTF-8, sometimes Latin-1, in which every byte is a
/// character, so nothing ever fails.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// Sets `to` to a value; tells whether it changed. Allocates only then.
pub(crate) fn set(to: &mut String, value: &[u8]) -> bool {
    if to.as_bytes() == value {
        return false;
    }
    let text = decode(value);
    if *to == text {
        return false;
    }
    to.clear();
    to.push_str(&text);
    true
}

/// A number as people write it, as it can be dialled: without the blanks and signs that only help the eye. `None`:
/// nothing that can be dialled.
///
/// What a client sends becomes an extension, and dialplans build dial strings from extensions: a `&` or `@` in it
/// would reach a second phone, a `,` another argument. So only letters, digits and the signs of numbers pass.
pub(crate) fn dialable(number: &str) -> Option<String> {
    let number = number.trim();
    let visual = |c: char| matches!(c, ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/');
    let digit = |c: char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#');
    let dialled: String = if number.chars().all(|c| digit(c) || visual(c)) {
        number.chars().filter(|c| digit(*c)).collect()
    } else {
        number.to_owned()
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || digit(c) || matches!(c, '_' | '-' | '.');
    // Asterisk cuts extensions at 79 characters.
    ((1..80).contains(&dialled.len()) && dialled.chars().all(fits)).then_some(dialled)
}

/// A caller's name, safe inside the quotes of a caller id.
pub(crate) fn name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\\' | '<' | '>')).take(60).collect()
}

/// A value for a channel variable: everything but letters, digits and a few signs as `%XX`, because Asterisk splits
/// lists of variables at commas and reads quotes and brackets in them.
pub(crate) fn encode_variable(value: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' | b'~' | b'+' | b'@' | b':' => {
                encoded.push(char::from(byte));
            }
            _ => {
                use std::fmt::Write as _;
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_fail() {
        assert_eq!(decode("Иван".as_bytes()), "Иван");
        assert_eq!(decode(b"M\xfcller"), "Müller");
        let mut name = "Müller".to_owned();
        assert!(!set(&mut name, b"M\xfcller"));
        assert!(set(&mut name, b"Mueller"));
    }

    #[test]
    fn numbers_are_stripped_and_dial_strings_refused() {
        assert_eq!(dialable("+7 (903) 111-22-33").as_deref(), Some("+79031112233"));
        assert_eq!(dialable("*8101").as_deref(), Some("*8101"));
        assert_eq!(dialable("sales-desk").as_deref(), Some("sales-desk"));
        for bad in ["", "  ", "101@trunk&PJSIP/900", "1,2", "1\r\nAction: x", "${EXTEN}", "тест", &"1".repeat(80)] {
            assert_eq!(dialable(bad), None, "{bad}");
        }
    }

    #[test]
    fn variables_are_encoded() {
        assert_eq!(encode_variable("a,b=\"c\"\r\n"), "a%2Cb%3D%22c%22%0D%0A");
    }
}
