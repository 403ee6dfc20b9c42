//! Blocks of text: `Name: value` lines, each ended by CR LF, and an empty line at the end.

use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};

/// No block is longer: without a bound a broken peer could fill the memory.
pub(crate) const LONGEST_BLOCK: usize = 64 * 1024;
/// No value that is sent is longer, in characters.
pub(crate) const LONGEST_VALUE: usize = 256;
/// Lines of a block that are looked at.
const MOST_FIELDS: usize = 64;

/// More came without an end of a block than any block has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Collects bytes, which TCP cuts where it likes, and gives whole blocks.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Framer {
    bytes: Vec<u8>,
    /// Where the block begins that is not complete yet; at the beginning, once all whole ones were taken.
    #[serde(skip)]
    start: usize,
    /// Where its last line begins. (Who was restored looks at the earlier ones once more.)
    #[serde(skip)]
    line: usize,
}

impl Framer {
    /// More bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole block, without its empty line; blocks without a line are passed over.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, TooLong> {
        while let Some(length) = memchr::memchr(b'\n', self.bytes.get(self.line..).unwrap_or_default()) {
            let line = self.line..self.line + length;
            self.line = line.end + 1;
            let is_empty = matches!(self.bytes.get(line.clone()), Some([] | [b'\r']));
            if is_empty {
                let block = self.start..line.start;
                self.start = self.line;
                if !block.is_empty() {
                    return Ok(self.bytes.get(block));
                }
            } else if self.line - self.start > LONGEST_BLOCK {
                return Err(TooLong);
            }
        }
        if self.bytes.len() - self.start > LONGEST_BLOCK {
            return Err(TooLong);
        }
        self.bytes.drain(..self.start);
        self.line -= self.start;
        self.start = 0;
        Ok(None)
    }

    /// The link is gone: half a block is none.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A block's fields, in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Block<'a> {
    /// Reads a block. A line without `: ` is none of its fields; a value may have further ones in it.
    pub(crate) fn read(text: &'a str) -> Self {
        let mut fields = Vec::with_capacity(8);
        for line in text.split('\n').take(MOST_FIELDS) {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if let Some(field) = line.split_once(": ").or_else(|| Some((line.strip_suffix(':')?, ""))) {
                fields.push(field);
            }
        }
        Self { fields }
    }

    /// A field's value; an empty one is none.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.fields.iter().find(|(n, _)| *n == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// What kind of message it is.
    pub(crate) fn message(&self) -> Option<&'a str> {
        self.get("Message")
    }
}

/// A block that is sent.
#[derive(Debug)]
pub(crate) struct Request {
    text: String,
}

impl Request {
    /// A message of a kind. Values must [`fit`](fits).
    pub(crate) fn new(message: &str) -> Self {
        Self { text: format!("Message: {message}\r\n") }
    }

    /// With a field.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push_str(name);
        self.text.push_str(": ");
        self.text.push_str(value);
        self.text.push_str("\r\n");
        self
    }

    /// The text, without its empty line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes, and whether every character exists in the encoding.
    pub(crate) fn bytes(&self, encoding: &'static Encoding) -> (Vec<u8>, bool) {
        let (bytes, _, lossy) = encoding.encode(&self.text);
        let mut bytes = bytes.into_owned();
        bytes.extend_from_slice(b"\r\n");
        (bytes, !lossy)
    }
}

/// Whether a text can be a value: the protocol has no way to write a line's end in one.
pub(crate) fn fits(value: &str) -> bool {
    !value.trim().is_empty() && value.chars().count() <= LONGEST_VALUE && !value.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(bytes: &[u8], cut: usize) -> Result<Vec<String>, TooLong> {
        let (mut framer, mut all) = (Framer::default(), Vec::new());
        for piece in bytes.chunks(cut) {
            framer.push(piece);
            while let Some(block) = framer.next()? {
                all.push(String::from_utf8_lossy(block).into_owned());
            }
        }
        Ok(all)
    }

    #[test]
    fn blocks_come_out_wherever_tcp_cuts() {
        let said = b"\r\nMessage: A\r\nX: 1\r\n\r\n\r\nMessage: B\n\nMessage: C\r\n";
        for cut in 1..=said.len() {
            assert_eq!(blocks(said, cut).unwrap(), ["Message: A\r\nX: 1\r\n", "Message: B\n"], "cut at {cut}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused() {
        for said in [vec![b'x'; LONGEST_BLOCK + 1], b"A: b\r\n".repeat(LONGEST_BLOCK / 6 + 1)] {
            assert_eq!(blocks(&said, 1_000), Err(TooLong));
        }
    }

    #[test]
    fn a_value_keeps_all_that_stands_in_it() {
        let block = Block::read("Message: NewCall\r\nNumber: a: b: c\r\nnothing\r\nQueueId:\r\nIVRId: \r\n");
        assert_eq!(block.message(), Some("NewCall"));
        assert_eq!(block.get("Number"), Some("a: b: c"));
        assert_eq!((block.get("QueueId"), block.get("IVRId"), block.get("nothing")), (None, None, None));
    }

    #[test]
    fn letters_travel_in_the_encoding_that_is_set() {
        let request = Request::new("SetOperatorState").with("State", "Обед");
        let (bytes, all) = request.bytes(encoding_rs::WINDOWS_1251);
        assert!(all);
        assert_eq!(bytes, b"Message: SetOperatorState\r\nState: \xce\xe1\xe5\xe4\r\n\r\n");
        assert!(!Request::new("X").with("State", "漢").bytes(encoding_rs::WINDOWS_1251).1);
    }

    #[test]
    fn a_line_cannot_be_smuggled_in() {
        for value in ["1\r\nMessage: Drop", "1\n", "", "  ", "a\u{85}b", "\0"] {
            assert!(!fits(value), "{value:?}");
        }
        assert!(fits("+380 44 123-45-67") && !fits(&"1".repeat(LONGEST_VALUE + 1)));
    }
}
