//! Messages on the wire: `["name", {…}]`, and long replies in parts.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

/// How many base64 characters a part of a multipart message carries.
const PART: usize = 2048;

/// A message from a client.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) body: Map<String, Value>,
}

/// Reads a client's message; `None` if it is none.
pub(crate) fn parse(text: &str) -> Option<Message> {
    let Ok(Value::Array(pair)) = serde_json::from_str(text) else { return None };
    let mut pair = pair.into_iter();
    match (pair.next(), pair.next(), pair.next()) {
        (Some(Value::String(method)), Some(Value::Object(body)), None) => Some(Message { method, body }),
        _ => None,
    }
}

/// A message as text.
pub(crate) fn text(name: &str, body: &Value) -> String {
    json!([name, body]).to_string()
}

/// A message cut into parts, each of which decodes by itself to whole characters (clients decode part by part).
pub(crate) fn multipart(text: &str, id: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(PART / 4 * 3);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, tail) = rest.split_at(end);
        pieces.push(STANDARD.encode(piece));
        rest = tail;
    }
    let count = pieces.len();
    pieces
        .iter()
        .enumerate()
        .map(|(number, content)| {
            self::text(
                "multipart",
                &json!({
                    "message-id": id,
                    "packetcount": count,
                    "packetnumber": number,
                    "content-type": "text/json; charset=utf-8",
                    "content-transfer-encoding": "base64",
                    "content-length": content.len(),
                    "content": content,
                }),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_name_and_an_object() {
        let message = parse(r#"["ping",{"qid":"1"}]"#).unwrap();
        assert_eq!((message.method.as_str(), message.body["qid"].as_str()), ("ping", Some("1")));
        for bad in ["", "[]", "{}", r#"["ping"]"#, r#"["ping",1]"#, r#"["ping",{},{}]"#, r#"[1,{}]"#] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parts_decode_one_by_one_to_the_message() {
        let long = text("x", &json!({ "name": "Ж€𝄞a".repeat(900) }));
        let parts = multipart(&long, "m");
        assert!(parts.len() > 3);
        let mut whole = String::new();
        for (number, part) in parts.iter().enumerate() {
            let part = parse(part).unwrap().body;
            assert_eq!(part["packetnumber"], number);
            assert_eq!(part["packetcount"], parts.len());
            let content = part["content"].as_str().unwrap();
            assert_eq!((part["content-length"].as_u64(), content.len() <= PART), (Some(content.len() as u64), true));
            whole.push_str(&String::from_utf8(STANDARD.decode(content).unwrap()).unwrap());
        }
        assert_eq!(whole, long);
    }
}
