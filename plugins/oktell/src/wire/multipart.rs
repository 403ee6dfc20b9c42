//! Long messages, which come in numbered parts of base64.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::fields::{Body, Fields};

/// Long messages that may come at a time on one link.
const MOST_AT_A_TIME: usize = 4;
/// Parts of one message.
const MOST_PARTS: usize = 10_000;
/// Bytes of one message, as base64.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Messages that have begun.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parts {
    begun: VecDeque<Begun>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    id: String,
    parts: Vec<Option<String>>,
    bytes: usize,
}

impl Parts {
    /// Takes a part; the message when it is the last one that was missing.
    ///
    /// # Errors
    /// What is wrong with it. The message that it belongs to is forgotten.
    pub(crate) fn take(&mut self, body: &Body) -> Result<Option<String>, String> {
        let id = body.text("message-id").ok_or("a part of a long message names no message")?;
        let count = body.number("packetcount").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        let number = body.number("packetnumber").and_then(|n| usize::try_from(n).ok());
        let content = body.get("content").and_then(serde_json::Value::as_str).unwrap_or_default();
        let taken = self.add(&id, count, number, content);
        match taken {
            Ok(false) => Ok(None),
            Ok(true) => match self.remove(&id) {
                Some(begun) => decode(&begun.parts).map(Some),
                None => Ok(None),
            },
            Err(error) => {
                self.remove(&id);
                Err(error)
            }
        }
    }

    fn remove(&mut self, id: &str) -> Option<Begun> {
        let at = self.begun.iter().position(|begun| begun.id == id)?;
        self.begun.remove(at)
    }

    /// Whether nothing is missing any more.
    fn add(&mut self, id: &str, count: usize, number: Option<usize>, content: &str) -> Result<bool, String> {
        if count == 0 || count > MOST_PARTS {
            return Err(format!("a long message of {count} parts: 1 to {MOST_PARTS} are possible"));
        }
        if !self.begun.iter().any(|begun| begun.id == id) {
            if self.begun.len() == MOST_AT_A_TIME {
                // Whose rest has not come will not come: the server sends one message after the other.
                self.begun.pop_front();
            }
            self.begun.push_back(Begun { id: id.to_owned(), parts: vec![None; count], bytes: 0 });
        }
        let begun = self.begun.iter_mut().find(|begun| begun.id == id).ok_or("a part without its message")?;
        let of = begun.parts.len();
        let place = number.and_then(|number| begun.parts.get_mut(number)).filter(|_| count == of);
        let Some(place) = place else {
            return Err(format!("a part {number:?} of {count}, of a message that has {of}"));
        };
        begun.bytes += content.len();
        if begun.bytes > MOST_BYTES {
            return Err(format!("a long message of more than {MOST_BYTES} bytes"));
        }
        *place = Some(content.to_owned());
        Ok(begun.parts.iter().all(Option::is_some))
    }
}

/// Parts are base64 each by itself; servers that split the text anywhere are understood, too.
fn decode(parts: &[Option<String>]) -> Result<String, String> {
    let parts = parts.iter().flatten();
    let each: Result<Vec<Vec<u8>>, _> = parts.clone().map(|part| STANDARD.decode(part)).collect();
    let bytes = match each {
        Ok(each) => each.concat(),
        Err(_) => STANDARD.decode(parts.map(String::as_str).collect::<String>()).map_err(|e| format!("base64: {e}"))?,
    };
    String::from_utf8(bytes).map_err(|error| format!("a long message is no UTF-8: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn part(id: &str, count: usize, number: usize, content: &str) -> Body {
        let part = json!({"message-id": id, "packetcount": count, "packetnumber": number, "content": content});
        part.as_object().unwrap().clone()
    }

    #[test]
    fn parts_make_a_message_in_any_order() {
        let mut parts = Parts::default();
        assert_eq!(parts.take(&part("m", 3, 2, &STANDARD.encode("c"))), Ok(None));
        assert_eq!(parts.take(&part("m", 3, 0, &STANDARD.encode("a"))), Ok(None));
        assert_eq!(parts.take(&part("m", 3, 1, &STANDARD.encode("b"))), Ok(Some("abc".into())));
        assert!(parts.begun.is_empty());
    }

    #[test]
    fn a_text_that_was_split_anywhere_is_understood() {
        let text = STANDARD.encode("[\"Привет\",{}]");
        for at in 0..text.len() {
            let mut parts = Parts::default();
            assert_eq!(parts.take(&part("m", 2, 0, &text[..at])), Ok(None));
            assert_eq!(parts.take(&part("m", 2, 1, &text[at..])), Ok(Some("[\"Привет\",{}]".into())), "at {at}");
        }
    }

    #[test]
    fn parts_are_bounded() {
        let mut parts = Parts::default();
        for bad in [part("m", 0, 0, ""), part("m", MOST_PARTS + 1, 0, ""), part("m", 2, 2, ""), Body::new()] {
            assert!(parts.take(&bad).is_err());
        }
        assert!(parts.begun.is_empty());
        for id in 0..100 {
            assert_eq!(parts.take(&part(&id.to_string(), 2, 0, "AAAA")), Ok(None));
        }
        assert_eq!(parts.begun.len(), MOST_AT_A_TIME);
        let large = "A".repeat(MOST_BYTES / 2);
        for number in 0..2 {
            assert_eq!(parts.take(&part("large", 4, number, &large)), Ok(None));
        }
        assert!(parts.take(&part("large", 4, 2, &large)).is_err());
        assert!(parts.take(&part("m", 2, 0, "****")).is_ok());
        assert!(parts.take(&part("m", 2, 1, "****")).is_err());
    }
}
