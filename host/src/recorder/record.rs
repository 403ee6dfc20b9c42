//! How a recording lies in a file: records, one after the other, each with its length and a checksum.
//!
//! `checksum u32 · length u32 · kind u32 · arg u32 · at i64 · payload` (little endian). The checksum (CRC-32 as of
//! IEEE 802.3) is of all that follows it. `at` is in microseconds since 1970. A kind that a reader does not know is
//! skipped. What ends inside a record was torn by the end of its writer.

use std::io::{self, Read};

/// The bytes before a record's payload.
pub(super) const HEADER: usize = 24;
/// The longest payload: an input may be an answer over HTTP, what an adapter answers is at most 16 MiB.
pub(super) const MOST: usize = 64 * 1024 * 1024;

/// The kinds of records.
pub(super) mod kinds {
    /// A file begins.
    pub(crate) const FILE: u32 = 1;
    /// Where the model and the adapter are.
    pub(crate) const CHECKPOINT: u32 = 2;
    /// An adapter was made.
    pub(crate) const MADE: u32 = 3;
    /// An input.
    pub(crate) const INPUT: u32 = 4;
    /// The end of an input that was held back.
    pub(crate) const TAIL: u32 = 5;
    /// What the adapter answered; `arg` is the length of the head.
    pub(crate) const OUTPUTS: u32 = 6;
    /// The adapter refused an input (`arg` 0), or is gone (`arg` 1).
    pub(crate) const FAILED: u32 = 7;
    /// What the host told the model.
    pub(crate) const TOLD: u32 = 8;
    /// What was published.
    pub(crate) const EVENTS: u32 = 9;
    /// The recording was ended in order.
    pub(crate) const END: u32 = 10;
}

/// One record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) kind: u32,
    pub(super) arg: u32,
    pub(super) at: i64,
    pub(super) payload: &'a [u8],
}

/// Begins a record; the payload is appended to `out`, then [`end`] is called with what this returns.
pub(super) fn begin(out: &mut Vec<u8>, kind: u32, arg: u32, at: i64) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&arg.to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    start
}

/// Ends a record. `false`: it was too long, and is not there.
pub(super) fn end(out: &mut Vec<u8>, start: usize) -> bool {
    let length = out.len() - start - HEADER;
    let Some(length) = u32::try_from(length).ok().filter(|_| length <= MOST) else {
        out.truncate(start);
        return false;
    };
    out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32fast::hash(&out[start + 4..]);
    out[start..start + 4].copy_from_slice(&checksum.to_le_bytes());
    true
}

/// Why no record could be read.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is nothing more.
    End,
    /// The file ends inside a record: its writer was ended, or the file was cut.
    Torn,
    /// What is there is none.
    Damaged(String),
    /// The file cannot be read.
    Io(io::Error),
}

/// Reads one record into `buffer`.
pub(super) fn read<'a>(from: &mut impl Read, buffer: &'a mut Vec<u8>) -> Result<Record<'a>, Stop> {
    buffer.resize(HEADER, 0);
    match fill(from, buffer).map_err(Stop::Io)? {
        0 => return Err(Stop::End),
        HEADER => {}
        _ => return Err(Stop::Torn),
    }
    let word = |at: usize| u32::from_le_bytes([buffer[at], buffer[at + 1], buffer[at + 2], buffer[at + 3]]);
    let (checksum, length, kind, arg) = (word(0), word(4) as usize, word(8), word(12));
    if length > MOST {
        return Err(Stop::Damaged(format!("a record of {length} bytes; none has more than {MOST}")));
    }
    let at = i64::from(word(16)) | (i64::from(word(20)) << 32);
    // Room is made as bytes come: a length alone must not fill the memory.
    let got = from.take(length as u64).read_to_end(buffer).map_err(Stop::Io)?;
    if got < length {
        return Err(Stop::Torn);
    }
    if crc32fast::hash(&buffer[4..]) != checksum {
        return Err(Stop::Damaged("a record whose checksum is not that of its bytes".to_owned()));
    }
    Ok(Record { kind, arg, at, payload: &buffer[HEADER..] })
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, payload) in [(kinds::FILE, &b"first"[..]), (kinds::INPUT, b"second")] {
            let start = begin(&mut bytes, kind, 7, -5);
            bytes.extend_from_slice(payload);
            assert!(end(&mut bytes, start));
        }
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = two();
        let (mut from, mut buffer) = (bytes.as_slice(), Vec::new());
        let first = read(&mut from, &mut buffer).unwrap();
        assert_eq!(first, Record { kind: kinds::FILE, arg: 7, at: -5, payload: b"first" });
        assert_eq!(read(&mut from, &mut buffer).unwrap().payload, b"second");
        assert!(matches!(read(&mut from, &mut buffer), Err(Stop::End)));
    }

    #[test]
    fn a_cut_file_is_torn_and_a_changed_one_damaged() {
        let bytes = two();
        let first = HEADER + 5;
        for end in 0..bytes.len() {
            let (mut from, mut buffer) = (&bytes[..end], Vec::new());
            let mut last = read(&mut from, &mut buffer).err();
            if last.is_none() {
                last = read(&mut from, &mut buffer).err();
            }
            let whole = end == 0 || end == first;
            assert!(matches!((last, whole), (Some(Stop::End), true) | (Some(Stop::Torn), false)), "cut at {end}");
        }
        for at in 0..first {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            let got = read(&mut changed.as_slice(), &mut Vec::new()).err();
            assert!(matches!(got, Some(Stop::Damaged(_) | Stop::Torn)), "changed at {at}");
        }
    }
}
