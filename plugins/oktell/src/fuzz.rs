//! What the fuzz target does with its input: an ordinary function, so that stable tests run it too. Only compiled for
//! tests and with the feature `fuzz`.

use serde_json::Value;

use crate::calls::members;
use crate::info::{Before, LineInfo};
use crate::wire::fields::{Body, Fields};
use crate::wire::message::{Message, refusal};
use crate::wire::multipart::Parts;

/// The longest input that is looked at: longer ones find nothing more and take longer.
pub const MAX_INPUT: usize = 16 * 1024;

/// Reads every line of the input as a message, and everything in it that any message may hold. What can be read must
/// be the same once more when it is written, and one that comes in parts must be the same as in one piece.
///
/// # Panics
/// When it is not.
pub fn framing(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    let mut parts = Parts::default();
    for line in String::from_utf8_lossy(input).lines() {
        let Ok(message) = Message::read(line) else { continue };
        assert_eq!(Message::read(&message.clone().write()).as_ref(), Ok(&message), "written and read again");
        let _ = refusal(&message.body);
        every_way(&message.body);
        if message.name == "multipart" {
            let _ = parts.take(&message.body);
        }
        in_parts(&message);
    }
}

fn every_way(body: &Body) {
    let info = LineInfo::read(body);
    for bits in 0..8u8 {
        let _ = info.phone(Before { acm: bits & 1 > 0, ready: bits & 2 > 0, back_ring: bits & 4 > 0 });
    }
    for key in body.keys() {
        let (text, id) = (body.text(key), body.id(key));
        assert!(id.is_none() || id == text, "an id is a text that is not all zeros");
        let _ = (body.flag(key), body.number(key), members(body, key, ("me", "101")).len());
    }
}

/// A message that is cut into three parts of base64, in the wrong order.
fn in_parts(message: &Message) {
    use base64::Engine;
    let text = message.clone().write();
    let third = text.len() / 3;
    let cuts = [&text.as_bytes()[..third], &text.as_bytes()[third..2 * third], &text.as_bytes()[2 * third..]];
    let mut parts = Parts::default();
    let mut whole = None;
    for number in [2usize, 0, 1] {
        let content = base64::engine::general_purpose::STANDARD.encode(cuts[number]);
        let part = Message::new("multipart")
            .with("message-id", "m")
            .with("packetcount", 3)
            .with("packetnumber", number)
            .with("content", Value::from(content));
        whole = parts.take(&part.body).ok().flatten();
    }
    assert_eq!(whole.as_deref(), Some(text.as_str()), "in parts and in one piece");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_sound_and_so_is_what_is_broken_in_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/oktell_framing");
        let mut read = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let seed = std::fs::read(file.unwrap().path()).unwrap();
            for line in seed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                framing(line);
                read += usize::from(Message::read(&String::from_utf8_lossy(line)).is_ok());
                for at in (0..line.len()).step_by(5) {
                    let mut broken = line.to_vec();
                    broken[at] = broken[at].wrapping_add(1);
                    framing(&broken);
                    framing(&line[..at]);
                }
            }
        }
        assert!(read > 150, "only {read} messages can be read");
    }
}
