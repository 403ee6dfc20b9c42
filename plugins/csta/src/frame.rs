//! The header around each message (ECMA-323, XML over TCP without SOAP): two bytes of format, two bytes of length, four
//! digits of invoke id.

use serde::{Deserialize, Serialize};

/// The header's length in bytes.
pub const HEADER: usize = 8;
/// The longest message in bytes: the length, header included, is an unsigned number of 16 bits.
pub const LONGEST: usize = u16::MAX as usize - HEADER;
/// The invoke id of what nobody asked for.
pub const EVENT: u16 = 9_999;
/// The highest invoke id of a request.
pub const HIGHEST: u16 = 9_998;

/// Why bytes are no frame. After it the place of the next frame is not known: the link is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The first two bytes are not zero.
    #[error("a frame begins with {0:#06x} instead of 0x0000")]
    Format(u16),
    /// The length leaves no room for a message.
    #[error("a frame has the length {0}, and its header alone has {HEADER} bytes")]
    Length(u16),
    /// The invoke id is not four digits.
    #[error("a frame's invoke id is {0:?} instead of four digits")]
    Invoke([u8; 4]),
}

/// A message with its invoke id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// [`EVENT`], or the request that this answers (or is).
    pub invoke: u16,
    /// The document.
    pub body: &'a [u8],
}

/// Collects bytes, which TCP cuts where it likes, and gives whole frames.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Framer {
    bytes: Vec<u8>,
    /// Where the frame begins that is not complete yet; at the beginning, once all whole ones were taken.
    #[serde(skip)]
    start: usize,
    /// Whether the first two bytes may be anything.
    #[serde(skip)]
    lenient: bool,
}

impl Framer {
    /// One that takes the first two bytes of a frame as they come: some servers do not care for them.
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.lenient = lenient;
        self
    }

    /// More bytes. At most one frame, and what came with its last bytes, is kept.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// The bytes are no frame.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, FrameError> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let Some(header) = rest.first_chunk::<HEADER>() else {
            // What is wrong already is told at once.
            if let [a, b, ..] = rest {
                self.format(*a, *b)?;
            }
            self.compact();
            return Ok(None);
        };
        let [f1, f2, l1, l2, invoke @ ..] = *header;
        self.format(f1, f2)?;
        let length = u16::from_be_bytes([l1, l2]);
        if usize::from(length) <= HEADER {
            return Err(FrameError::Length(length));
        }
        if !invoke.iter().all(u8::is_ascii_digit) {
            return Err(FrameError::Invoke(invoke));
        }
        let number = invoke.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
        let length = usize::from(length);
        if rest.len() < length {
            self.compact();
            return Ok(None);
        }
        let from = self.start;
        self.start += length;
        Ok(Some(Frame { invoke: number, body: self.bytes.get(from + HEADER..from + length).unwrap_or_default() }))
    }

    fn format(&self, a: u8, b: u8) -> Result<(), FrameError> {
        match u16::from_be_bytes([a, b]) {
            0 => Ok(()),
            _ if self.lenient => Ok(()),
            other => Err(FrameError::Format(other)),
        }
    }

    fn compact(&mut self) {
        self.bytes.drain(..self.start.min(self.bytes.len()));
        self.start = 0;
    }

    /// The link is gone: half a frame is none.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }
}

/// The message is longer than a frame can be: how many bytes it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of {0} bytes does not fit into a frame, which takes {LONGEST}")]
pub struct TooLong(pub usize);

/// A frame's bytes.
///
/// # Errors
/// The message is too long.
pub fn encode(invoke: u16, body: &str) -> Result<Vec<u8>, TooLong> {
    let length = u16::try_from(body.len() + HEADER).map_err(|_| TooLong(body.len()))?;
    let mut frame = Vec::with_capacity(usize::from(length));
    frame.extend_from_slice(&[0, 0]);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(format!("{:04}", invoke.min(EVENT)).as_bytes());
    frame.extend_from_slice(body.as_bytes());
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames(bytes: &[u8], cut: usize) -> Result<Vec<(u16, Vec<u8>)>, FrameError> {
        let (mut framer, mut all) = (Framer::default(), Vec::new());
        for piece in bytes.chunks(cut) {
            framer.push(piece);
            while let Some(frame) = framer.next_frame()? {
                all.push((frame.invoke, frame.body.to_vec()));
            }
        }
        Ok(all)
    }

    #[test]
    fn the_header_is_as_described() {
        let frame = encode(7, "<a/>").unwrap();
        assert_eq!(frame, b"\x00\x00\x00\x0c0007<a/>");
        let longest = encode(EVENT, &"x".repeat(LONGEST)).unwrap();
        assert_eq!(&longest[..8], b"\x00\x00\xff\xff9999");
        assert_eq!(encode(1, &"x".repeat(LONGEST + 1)), Err(TooLong(LONGEST + 1)));
    }

    #[test]
    fn the_longest_message_comes_through() {
        let body = "y".repeat(LONGEST);
        let all = frames(&encode(1, &body).unwrap(), 1_000).unwrap();
        assert_eq!(all, [(1, body.into_bytes())]);
    }

    #[test]
    fn what_is_no_frame_is_told() {
        for (bytes, error) in [
            (&b"\x00\x00\x00\x080007"[..], FrameError::Length(8)),
            (b"\x00\x00\x00\x000007", FrameError::Length(0)),
            (b"HTTP/1.1 400", FrameError::Format(0x4854)),
            (b"00", FrameError::Format(0x3030)),
            (b"\x00\x00\x00\x10\x00\x00\x00\x07<a/>", FrameError::Invoke([0, 0, 0, 7])),
        ] {
            assert_eq!(frames(bytes, 1), Err(error));
        }
        let mut lenient = Framer::default().lenient(true);
        lenient.push(b"00\x00\x0c0007<a/>");
        assert_eq!(lenient.next_frame(), Ok(Some(Frame { invoke: 7, body: b"<a/>" })));
    }

    proptest! {
        #[test]
        fn frames_come_out_wherever_tcp_cuts(
            bodies in prop::collection::vec((0..=EVENT, "[ -~]{1,60}"), 0..6),
            cut in 1..80_usize,
        ) {
            let said: Vec<u8> = bodies.iter().flat_map(|(invoke, body)| encode(*invoke, body).unwrap()).collect();
            let expected: Vec<_> = bodies.into_iter().map(|(invoke, body)| (invoke, body.into_bytes())).collect();
            prop_assert_eq!(frames(&said, cut).unwrap(), expected);
        }
    }
}
