//! Answers as Infinity writes them: JSON that is not always JSON.

use encoding_rs::{UTF_8, WINDOWS_1251};
use serde_json::Value;

use super::config::{Answers, Encoding};

impl Encoding {
    fn codec(self) -> &'static encoding_rs::Encoding {
        match self {
            Self::Utf8 => UTF_8,
            Self::Windows1251 => WINDOWS_1251,
        }
    }

    /// The bytes of a text; what the encoding does not have is a question mark.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let codec = self.codec();
        let known = |letter: char| {
            let mut buffer = [0; 4];
            if codec.encode(letter.encode_utf8(&mut buffer)).2 { '?' } else { letter }
        };
        let text: String = text.chars().map(known).collect();
        codec.encode(&text).0.into_owned()
    }

    /// The text of bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> String {
        self.codec().decode_without_bom_handling(bytes).0.into_owned()
    }
}

/// The bytes of an answer.
pub(super) fn write(value: &Value, how: &Answers) -> Vec<u8> {
    let mut text = String::new();
    put(&mut text, value, how.unescaped);
    how.encoding.encode(&text)
}

fn put(out: &mut String, value: &Value, unescaped: bool) {
    match value {
        Value::Object(members) => {
            out.push('{');
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                put_text(out, name, unescaped);
                out.push(':');
                put(out, value, unescaped);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index > 0 { ",\r\n" } else { "\r\n" });
                put(out, value, unescaped);
            }
            out.push(']');
        }
        Value::String(text) => put_text(out, text, unescaped),
        plain => out.push_str(&plain.to_string()),
    }
}

fn put_text(out: &mut String, text: &str, unescaped: bool) {
    if !unescaped {
        return out.push_str(&Value::from(text).to_string());
    }
    out.push('"');
    for letter in text.chars() {
        if letter == '"' {
            out.push('\\');
        }
        out.push(letter);
    }
    out.push('"');
}

/// A number with a decimal comma, as many digits as it takes.
pub(super) fn comma(number: f64) -> String {
    number.to_string().replace('.', ",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_in_texts_stands_there_as_it_is() {
        let value = json!({ "a": "D:\\new\\\"x\"\t1\r\n2", "b": [1, "2"], "c": [] });
        let text = String::from_utf8(write(&value, &Answers::default())).unwrap();
        assert_eq!(text, "{\"a\":\"D:\\new\\\\\"x\\\"\t1\r\n2\",\"b\":[\r\n1,\r\n\"2\"],\"c\":[]}");
        let right = write(&value, &Answers { unescaped: false, ..Answers::default() });
        assert_eq!(serde_json::from_slice::<Value>(&right).unwrap(), value);
    }

    #[test]
    fn letters_of_the_encoding_and_others() {
        assert_eq!(Encoding::Windows1251.encode("Оля 日"), [0xce, 0xeb, 0xff, b' ', b'?']);
        assert_eq!(Encoding::Windows1251.decode(&[0xce, 0xeb, 0xff]), "Оля");
        assert_eq!(Encoding::Utf8.decode(&[0xff, b'a']), "\u{fffd}a");
        assert_eq!((comma(0.5), comma(46_000.0)), ("0,5".to_owned(), "46000".to_owned()));
    }
}
