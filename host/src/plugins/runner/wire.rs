//! What goes over a runner's socket: the frames of the envelope, each in a record.
//!
//! A record is `op u32 · length u32 · payload` (little endian). Host and runner are one program, so both sides are of
//! one version; the number is checked all the same. Whoever reads bounds what the other side may write.

use jackfield_plugin_api::frame::input::InputFrame;
use serde::{Deserialize, Serialize};

/// The version of this conversation.
pub(super) const PROTOCOL: u32 = 2;

/// From the host: load the library whose descriptor comes with it ([`Load`]).
pub(super) const LOAD: u32 = 1;
/// From the host: make the adapter.
pub(super) const CREATE: u32 = 2;
/// From the host: an input.
pub(super) const INPUT: u32 = 3;
/// From the host: give the state for a hot swap.
pub(super) const SAVE: u32 = 4;
/// From the runner: a status, and what the envelope's call has written.
pub(super) const ANSWER: u32 = 101;
/// From the runner: bytes of an adapter's thread.
pub(super) const POSTED: u32 = 102;

/// The status of an input that was not given to the adapter: one before it, written at the same time, has changed the
/// transports. Not one of the envelope's.
pub(super) const SKIPPED: u32 = 1_000;

const HEADER: usize = 8;

/// How much is read at once: answers, and what a runner is asked one by one.
const READ: usize = 64 * 1024;

/// The first record of a conversation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Load {
    pub(super) protocol: u32,
    /// What of its needs the adapter is granted.
    pub(super) granted: Vec<String>,
    /// The most memory of its own, in bytes.
    pub(super) memory: u64,
    /// The process that wants this one: when it is gone, so is the reason for this one.
    pub(super) host: u32,
}

/// The answer to it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Loaded {
    pub(super) protocol: u32,
    /// What of the sandbox this system does not have, in words.
    pub(super) missing: Vec<String>,
    /// The manifest as the library wrote it, or why there is none.
    pub(super) manifest: Result<Vec<u8>, super::super::load::LoadError>,
}

/// The other side breaks the rules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a record of {length} bytes; at most {most} are taken")]
pub(super) struct TooLong {
    pub(super) length: usize,
    pub(super) most: usize,
}

/// Appends a record.
pub(super) fn put(out: &mut Vec<u8>, op: u32, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.extend_from_slice(&op.to_le_bytes());
    // Longer ones are refused by whoever reads; none is made.
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// Of an input: it was written without waiting for the answer to the one before.
const JOINED: u32 = 1;
/// Of an input: another one follows at once. Its answer can wait for that one's.
const MORE: u32 = 2;
/// Where an input's record says so.
const FLAGS: usize = HEADER + 8;

/// Appends a record with an input, or with what an adapter is made from. `joined`: it was written without waiting for
/// the answer to the one before.
pub(super) fn put_input(out: &mut Vec<u8>, op: u32, at: i64, joined: bool, frame: &InputFrame<'_>) {
    let head = u32::try_from(frame.head.len()).unwrap_or(u32::MAX);
    let parts = [
        &at.to_le_bytes()[..],
        &(if joined { JOINED } else { 0 }).to_le_bytes(),
        &frame.kind.to_le_bytes(),
        &frame.arg.to_le_bytes(),
        &head.to_le_bytes(),
        &frame.head,
        &frame.body,
    ];
    put(out, op, &parts);
}

/// Says of the input whose record begins at `start` that another one follows at once.
pub(super) fn more_follows(out: &mut [u8], start: usize) {
    if let Some(flags) = out.get_mut(start + FLAGS) {
        // The lowest byte comes first.
        *flags |= MORE.to_le_bytes()[0];
    }
}

/// An input as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Given<'a> {
    pub(super) at: i64,
    pub(super) joined: bool,
    pub(super) more: bool,
    pub(super) kind: u32,
    pub(super) arg: u32,
    pub(super) head: &'a [u8],
    pub(super) body: &'a [u8],
}

/// Reads the payload of [`put_input`].
pub(super) fn given(payload: &[u8]) -> Option<Given<'_>> {
    let (at, rest) = payload.split_first_chunk()?;
    let (flags, rest) = word(rest)?;
    let (kind, rest) = word(rest)?;
    let (arg, rest) = word(rest)?;
    let (head, rest) = word(rest)?;
    let (head, body) = rest.split_at_checked(usize::try_from(head).ok()?)?;
    let (joined, more) = (flags & JOINED != 0, flags & MORE != 0);
    Some(Given { at: i64::from_le_bytes(*at), joined, more, kind, arg, head, body })
}

/// A number, and what follows.
pub(super) fn word(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word), rest))
}

/// Bytes that came, and the records in them.
#[derive(Debug)]
pub(super) struct Records {
    bytes: Vec<u8>,
    read: usize,
    filled: usize,
    /// How much is read at once.
    at_once: usize,
}

impl Default for Records {
    fn default() -> Self {
        Self::reading(READ)
    }
}

impl Records {
    /// For who reads so much at once.
    pub(super) fn reading(at_once: usize) -> Self {
        Self { bytes: Vec::new(), read: 0, filled: 0, at_once }
    }

    /// Room for the next read.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.read == self.filled {
            (self.read, self.filled) = (0, 0);
            // What a long record needed is not kept.
            if self.bytes.len() > 4 * self.at_once {
                self.bytes = Vec::new();
            }
        }
        if self.bytes.len() - self.filled < self.at_once / 2 && self.read > 0 {
            self.bytes.copy_within(self.read..self.filled, 0);
            (self.read, self.filled) = (0, self.filled - self.read);
        }
        if self.bytes.len() - self.filled < self.at_once / 2 {
            self.bytes.resize((self.filled + self.at_once).max(self.bytes.len() * 2), 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// So much of it was filled.
    pub(super) fn filled(&mut self, more: usize) {
        self.filled = (self.filled + more).min(self.bytes.len());
    }

    /// Whether a whole record waits.
    pub(super) fn has_one(&self) -> bool {
        let bytes = &self.bytes[self.read..self.filled];
        word(bytes).and_then(|(_, rest)| word(rest)).is_some_and(|(length, rest)| rest.len() >= length as usize)
    }

    /// The next record: its op, and where its payload stands ([`payload`](Self::payload)).
    ///
    /// # Errors
    /// It is longer than `most`.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<(u32, std::ops::Range<usize>)>, TooLong> {
        let bytes = &self.bytes[self.read..self.filled];
        let Some((op, (length, rest))) = word(bytes).and_then(|(op, rest)| Some((op, word(rest)?))) else {
            return Ok(None);
        };
        let length = length as usize;
        if length > most {
            return Err(TooLong { length, most });
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.read + HEADER;
        self.read = start + length;
        Ok(Some((op, start..start + length)))
    }

    /// The payload of a record; until the next [`room`](Self::room).
    pub(super) fn payload(&self, at: std::ops::Range<usize>) -> &[u8] {
        self.bytes.get(at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use jackfield_plugin_api::TransportId;
    use proptest::prelude::*;

    use super::*;

    fn fill(records: &mut Records, mut bytes: &[u8], piece: usize) {
        while !bytes.is_empty() {
            let room = records.room();
            let some = room.len().min(piece).min(bytes.len());
            room[..some].copy_from_slice(&bytes[..some]);
            records.filled(some);
            bytes = &bytes[some..];
        }
    }

    proptest! {
        /// However the bytes are cut: the records that were written.
        #[test]
        fn records_come_out_as_they_went_in(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300_000), 1..4),
            piece in 1_000usize..100_000,
        ) {
            let mut bytes = Vec::new();
            for (op, payload) in (0u32..).zip(&payloads) {
                put(&mut bytes, op, &[payload]);
            }
            let (mut records, mut found) = (Records::default(), Vec::new());
            for piece in bytes.chunks(piece) {
                fill(&mut records, piece, piece.len());
                while let Some((op, at)) = records.next(400_000).unwrap() {
                    prop_assert_eq!(op as usize, found.len());
                    found.push(records.payload(at).to_vec());
                }
                prop_assert!(!records.has_one());
            }
            prop_assert_eq!(found, payloads);
        }

        #[test]
        fn no_payload_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = given(&bytes);
        }
    }

    #[test]
    fn an_input_comes_out_as_it_went_in() {
        let frame = InputFrame { head: b"head".into(), ..InputFrame::received(TransportId(7), b"body") };
        let mut bytes = Vec::new();
        put_input(&mut bytes, INPUT, -5, true, &frame);
        let (op, rest) = word(&bytes).unwrap();
        let (length, payload) = word(rest).unwrap();
        assert_eq!((op, length as usize), (INPUT, payload.len()));
        let expected =
            Given { at: -5, joined: true, more: false, kind: frame.kind, arg: 7, head: b"head", body: b"body" };
        assert_eq!(given(payload), Some(expected));
        assert_eq!(given(&payload[..27]), None);
        more_follows(&mut bytes, 0);
        assert!(given(&bytes[HEADER..]).is_some_and(|given| given.joined && given.more && given.body == b"body"));
    }

    #[test]
    fn a_record_that_is_too_long_is_refused_before_it_is_read() {
        let mut records = Records::default();
        let mut bytes = Vec::new();
        put(&mut bytes, ANSWER, &[&[0; 100]]);
        fill(&mut records, &bytes[..HEADER], 100);
        assert_eq!(records.next(99), Err(TooLong { length: 100, most: 99 }));
        assert_eq!(records.next(100), Ok(None));
    }
}
