//! Cutting the stream into messages.
//!
//! The server speaks first: one line, *not* followed by a blank one. After it come messages: lines ended by CRLF, and
//! a blank line. TCP cuts anywhere; what is whole in one read is handed on without a copy.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

/// The longest message that is read. The longest that Asterisk sends (the answer to `ListCommands`) has 20 KiB.
pub(crate) const MAX_MESSAGE: usize = 256 * 1024;
/// The longest greeting that is waited for.
pub(crate) const MAX_GREETING: usize = 256;
/// What every AMI server says first; a version follows. A proxy says something between this and the version.
const GREETING: &[u8] = b"Asterisk Call Manager";

/// What makes a stream unreadable. The connection is then to be made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// The other side is not AMI.
    NotAmi(String),
    /// A message is longer than [`MAX_MESSAGE`].
    TooLong,
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAmi(found) => write!(
                f,
                "this is not the Asterisk Manager Interface: it should begin with `Asterisk Call Manager/`, but what came \
                 is {found}. Check `host` and `port` (5038, or 5039 with TLS) and `tls`"
            ),
            Self::TooLong => {
                write!(f, "a message longer than {MAX_MESSAGE} bytes came: this is not AMI, or it is broken")
            }
        }
    }
}

/// One thing that was cut out of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// The first line, without its end.
    Greeting(&'a [u8]),
    /// A message: lines without the blank one at the end.
    Message(&'a [u8]),
}

/// Cuts the stream; keeps what is not whole yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Framer {
    greeted: bool,
    partial: Vec<u8>,
}

impl Framer {
    /// Hands every piece that is whole now to `each`, until that breaks.
    pub(crate) fn feed(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<(), FrameError> {
        if !self.greeted {
            match self.greeting(bytes, &mut each)? {
                Some(rest) => bytes = rest,
                None => return Ok(()),
            }
        }
        while !bytes.is_empty() {
            if self.partial.is_empty() {
                let Some(end) = blank_line(bytes) else {
                    return self.keep(bytes);
                };
                let (message, rest) = bytes.split_at(end);
                bytes = rest;
                if hand_over(message, &mut each)?.is_break() {
                    return Ok(());
                }
            } else {
                let Some(end) = blank_line_across(&self.partial, bytes) else {
                    return self.keep(bytes);
                };
                let (last, rest) = bytes.split_at(end);
                bytes = rest;
                self.keep(last)?;
                let whole = std::mem::take(&mut self.partial);
                let flow = hand_over(&whole, &mut each)?;
                // The buffer goes on being used, unless one long message blew it up.
                self.partial = whole;
                self.partial.clear();
                self.partial.shrink_to(16 * 1024);
                if flow.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Takes the greeting off; `None`: it is not whole yet.
    fn greeting<'a>(
        &mut self,
        bytes: &'a [u8],
        each: &mut impl FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<Option<&'a [u8]>, FrameError> {
        let room = MAX_GREETING.saturating_sub(self.partial.len());
        let within = &bytes[..bytes.len().min(room)];
        let end = memchr::memchr(b'\n', within);
        self.partial.extend_from_slice(&within[..end.map_or(within.len(), |at| at + 1)]);
        let known = self.partial.len().min(GREETING.len());
        let Some(end) = end.filter(|_| self.partial.starts_with(GREETING)) else {
            if self.partial[..known] != GREETING[..known] || end.is_some() || self.partial.len() >= MAX_GREETING {
                return Err(FrameError::NotAmi(shown(&self.partial)));
            }
            return Ok(None);
        };
        self.greeted = true;
        let line = std::mem::take(&mut self.partial);
        let flow = each(Piece::Greeting(line.trim_ascii_end()));
        Ok(flow.is_continue().then(|| &bytes[end + 1..]))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        if self.partial.len() + bytes.len() > MAX_MESSAGE {
            self.partial = Vec::new();
            return Err(FrameError::TooLong);
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }
}

fn hand_over(
    message: &[u8],
    each: &mut impl FnMut(Piece<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, FrameError> {
    if message.len() > MAX_MESSAGE {
        return Err(FrameError::TooLong);
    }
    // Blank lines between messages mean nothing (an answer's text may end with a line feed, which makes one).
    let text = |byte: &u8| !matches!(byte, b'\r' | b'\n');
    let (Some(start), Some(last)) = (message.iter().position(text), message.iter().rposition(text)) else {
        return Ok(ControlFlow::Continue(()));
    };
    Ok(each(Piece::Message(&message[start..=last])))
}

/// Finds what a blank line has and no other: searching for the whole line is slower. Made once, because that takes as
/// long as finding.
static BLANK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\n\r"));

/// Where the first line ends that is blank and follows another.
fn blank_after_line(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = BLANK.find(&bytes[from..]) {
        let at = from + at;
        match bytes.get(at + 2) {
            Some(b'\n') => return Some(at + 3),
            Some(_) => from = at + 1,
            None => return None,
        }
    }
    None
}

/// Where the first blank line ends.
fn blank_line(bytes: &[u8]) -> Option<usize> {
    // A message that is nothing but a blank line.
    blank_after_line(bytes).or_else(|| bytes.starts_with(b"\r\n").then_some(2))
}

/// The same when a message's beginning has been kept: the blank line may be cut itself.
fn blank_line_across(kept: &[u8], bytes: &[u8]) -> Option<usize> {
    if kept.ends_with(b"\n\r") && bytes.first() == Some(&b'\n') {
        return Some(1);
    }
    if kept.ends_with(b"\n") && bytes.starts_with(b"\r\n") {
        return Some(2);
    }
    if kept == b"\r" && bytes.first() == Some(&b'\n') {
        return Some(1);
    }
    blank_after_line(bytes)
}

/// A few bytes, fit to be read by people.
fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(60)].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(stream: &[u8], cuts: &[usize]) -> Result<Vec<String>, FrameError> {
        let mut framer = Framer::default();
        let mut pieces = Vec::new();
        let mut at = 0;
        for cut in cuts.iter().copied().chain([stream.len()]) {
            let to = cut.clamp(at, stream.len());
            framer.feed(&stream[at..to], |piece| {
                pieces.push(match piece {
                    Piece::Greeting(line) => format!("greeting {}", line.escape_ascii()),
                    Piece::Message(message) => format!("message {}", message.escape_ascii()),
                });
                ControlFlow::Continue(())
            })?;
            at = to;
        }
        Ok(pieces)
    }

    #[test]
    fn the_greeting_is_not_part_of_the_first_message() {
        let pieces = cut(b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 1\r\n\r\n", &[]).unwrap();
        assert_eq!(pieces, ["greeting Asterisk Call Manager/11.0.0", r"message Response: Success\r\nActionID: 1"]);
    }

    #[test]
    fn blank_lines_between_messages_mean_nothing() {
        let stream = b"Asterisk Call Manager/5.0.4\r\n\r\n\r\nMessage: Park successful\n\r\n\r\nEvent: A\r\n\r\n";
        assert_eq!(cut(stream, &[]).unwrap()[1..], ["message Message: Park successful", "message Event: A"]);
    }

    #[test]
    fn what_is_not_ami_is_refused_at_once() {
        assert!(matches!(cut(b"HTTP/1.1 400 Bad Request\r\n\r\n", &[]), Err(FrameError::NotAmi(_))));
        assert!(matches!(cut(b"\x16\x03\x01", &[]), Err(FrameError::NotAmi(_))));
        let long = [GREETING, &[b'x'; 400]].concat();
        assert!(matches!(cut(&long, &[]), Err(FrameError::NotAmi(_))));
        assert!(matches!(cut(&long, &[5, 10, 300]), Err(FrameError::NotAmi(_))));
    }

    #[test]
    fn a_line_without_an_end_does_not_grow_memory() {
        let mut framer = Framer::default();
        let mut failed = None;
        framer.feed(b"Asterisk Call Manager/11.0.0\r\n", |_| ControlFlow::Continue(())).unwrap();
        for _ in 0..100_000_000 / 4096 {
            failed = framer.feed(&[b'x'; 4096], |_| ControlFlow::Continue(())).err();
            assert!(framer.partial.capacity() <= 2 * MAX_MESSAGE);
            if failed.is_some() {
                break;
            }
        }
        assert_eq!(failed, Some(FrameError::TooLong));
    }

    #[test]
    fn a_message_too_long_is_refused_however_it_is_cut() {
        let mut stream = b"Asterisk Call Manager/11.0.0\r\nOutput: ".to_vec();
        stream.resize(stream.len() + MAX_MESSAGE, b'x');
        stream.extend_from_slice(b"\r\n\r\n");
        assert_eq!(cut(&stream, &[]), Err(FrameError::TooLong));
        assert_eq!(cut(&stream, &[35, 70_000]), Err(FrameError::TooLong));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(
            messages in prop::collection::vec("(([A-Za-z]{1,3}: ?[a-z:\r]{0,5})(\r\n|\n)){0,4}", 0..8),
            cuts in prop::collection::vec(0usize..200, 0..40),
        ) {
            let mut stream = b"Asterisk Call Manager/11.0.0\r\n".to_vec();
            for message in &messages {
                stream.extend_from_slice(message.as_bytes());
                stream.extend_from_slice(b"\r\n");
            }
            let mut cuts = cuts;
            cuts.sort_unstable();
            let whole = cut(&stream, &[]);
            prop_assert_eq!(&cut(&stream, &cuts), &whole);
            prop_assert_eq!(&cut(&stream, &(0..stream.len()).collect::<Vec<_>>()), &whole);
        }
    }
}
