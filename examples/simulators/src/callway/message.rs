//! Messages on the wire: lines `Name: value`, each ended by CR LF, and an empty line at the end. There is no escape.

use encoding_rs::{EncoderResult, Encoding};

/// The longest message, in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;
/// How many lines of a message are looked at.
const LINES: usize = 256;

/// A message: its kind, and its other fields in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) kind: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl Message {
    pub(crate) fn new(kind: &str, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { kind: kind.to_owned(), fields: fields.collect() }
    }

    /// Reads what stands before the empty line. Lines without `: ` are left out; of a name that comes twice the last
    /// one counts; a block that does not say what it is is none.
    fn read(text: &str) -> Option<Self> {
        let pairs = text.split("\r\n").take(LINES).filter_map(|line| line.split_once(": "));
        let mut message = Self { kind: String::new(), fields: Vec::new() };
        for (name, value) in pairs {
            if name == "Message" {
                value.clone_into(&mut message.kind);
            } else {
                message.fields.push((name.to_owned(), value.to_owned()));
            }
        }
        (!message.kind.is_empty()).then_some(message)
    }

    /// A field's value; empty: it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.fields.iter().rev().find(|(one, _)| one == name).map_or("", |(_, value)| value)
    }

    /// The message as text. Values hold no line ends: nothing could carry them.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("Message: {}\r\n", self.kind);
        for (name, value) in &self.fields {
            text += &format!("{name}: {value}\r\n");
        }
        text + "\r\n"
    }
}

/// The encoding of this name.
pub(crate) fn encoding(name: &str) -> Option<&'static Encoding> {
    // UTF-16 is read but never written there.
    Encoding::for_label(name.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

/// A text in an encoding; what it cannot express becomes a question mark.
pub(crate) fn encode(encoding: &'static Encoding, text: &str) -> Vec<u8> {
    let mut encoder = encoding.new_encoder();
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    loop {
        bytes.reserve(rest.len() * 4 + 16);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = &rest[read..];
        match result {
            EncoderResult::InputEmpty => return bytes,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => bytes.push(b'?'),
        }
    }
}

/// Bytes of a stream, cut into messages.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    bytes: Vec<u8>,
    /// How far the end of a message was looked for.
    looked: usize,
}

/// What is no protocol of ours: a message that does not end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Framer {
    /// Takes bytes as they come.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole block, if there is one. Blocks that are no messages are passed over.
    pub(crate) fn next(&mut self, encoding: &'static Encoding) -> Result<Option<Message>, TooLong> {
        const END: &[u8] = b"\r\n\r\n";
        loop {
            let found = self.bytes[self.looked..].windows(END.len()).position(|window| window == END);
            let Some(at) = found.map(|at| self.looked + at) else {
                self.looked = self.bytes.len().saturating_sub(END.len() - 1);
                return if self.bytes.len() > LONGEST { Err(TooLong) } else { Ok(None) };
            };
            if at > LONGEST {
                return Err(TooLong);
            }
            let block: Vec<u8> = self.bytes.drain(..at + END.len()).take(at).collect();
            self.looked = 0;
            let (text, _) = encoding.decode_without_bom_handling(&block);
            if let Some(message) = Message::read(&text) {
                return Ok(Some(message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(framer: &mut Framer, name: &str) -> Vec<Message> {
        std::iter::from_fn(|| framer.next(encoding(name).unwrap()).unwrap()).collect()
    }

    #[test]
    fn a_message_comes_in_any_pieces() {
        let text = "Message: Hold\r\nUniqueId: 1380.17\r\nOperatorId: 210\r\n\r\n";
        let hold = Message::new("Hold", &[("UniqueId", "1380.17"), ("OperatorId", "210")]);
        assert_eq!(hold.text(), text);
        let twice = text.repeat(2);
        for size in 1..twice.len() {
            let (mut framer, mut found) = (Framer::default(), Vec::new());
            for piece in twice.as_bytes().chunks(size) {
                framer.feed(piece);
                found.extend(all(&mut framer, "utf-8"));
            }
            assert_eq!(found, [hold.clone(), hold.clone()], "pieces of {size}");
        }
    }

    #[test]
    fn a_value_is_what_stands_behind_the_first_separator() {
        let mut framer = Framer::default();
        framer.feed(b"no field\r\nOperatorId: 1: 2\nMessage: x\r\nA:b\r\nMessage: SetOperatorState\r\nState: \r\nX: 1\r\nX: 2\r\n\r\n");
        let [message] = &all(&mut framer, "utf-8")[..] else { panic!("not one message") };
        assert_eq!((message.kind.as_str(), message.get("X"), message.get("State")), ("SetOperatorState", "2", ""));
        // A line feed alone ends no line.
        assert_eq!(message.get("OperatorId"), "1: 2\nMessage: x");
        framer.feed(b"\r\n\r\nA: b\r\n\r\nMessage: y\r\n\r\n");
        assert_eq!(all(&mut framer, "utf-8"), [Message::new("y", &[])]);
    }

    #[test]
    fn letters_travel_in_either_encoding() {
        let message = Message::new("SetOperatorState", &[("State", "Перерва")]);
        for (name, length) in [("utf-8", 14), ("windows-1251", 7)] {
            let bytes = encode(encoding(name).unwrap(), &message.text());
            assert_eq!(bytes.len(), "Message: SetOperatorState\r\nState: \r\n\r\n".len() + length);
            let mut framer = Framer::default();
            framer.feed(&bytes);
            assert_eq!(all(&mut framer, name), std::slice::from_ref(&message));
        }
        assert_eq!(encode(encoding("windows-1251").unwrap(), "a中b"), b"a?b");
        assert!(encoding("utf-16le").is_none() && encoding("no").is_none());
    }

    #[test]
    fn a_message_has_an_end() {
        let utf_8 = encoding("utf-8").unwrap();
        let mut framer = Framer::default();
        framer.feed(&vec![b'x'; LONGEST + 1]);
        assert_eq!(framer.next(utf_8), Err(TooLong));
        let mut framer = Framer::default();
        framer.feed(format!("Message: {}\r\n\r\n", "x".repeat(LONGEST)).as_bytes());
        assert_eq!(framer.next(utf_8), Err(TooLong));
    }
}
