//! The framing and the fields, against a plain reading of the format.

use std::ops::ControlFlow;

use crate::wire::fields::{Fields, event_name};
use crate::wire::frame::{Framer, Piece};

/// Cuts a stream in several ways and compares the pieces with those of a plain reading; the same for the fields of
/// every message.
///
/// # Panics
/// When they differ.
pub fn framing(input: &[u8]) {
    let input = &input[..input.len().min(super::MAX_INPUT)];
    let expected = plain(input);
    assert_eq!(cut(input, &[input.len()]), expected, "in one piece");
    assert_eq!(cut(input, &[1]), expected, "byte by byte");
    // Cuts that depend on the input: the fuzzer finds the bad ones.
    let sizes: Vec<usize> = input.iter().rev().take(8).map(|byte| usize::from(*byte % 64) + 1).collect();
    assert_eq!(cut(input, &sizes), expected, "cut {sizes:?}");
    for message in expected.iter().flatten() {
        let _ = event_name(message);
        Fields::read(message).agree_with_plain_reading();
    }
}

/// Greeting and messages; `None` at the end: the stream is refused.
type Pieces = Vec<Option<Vec<u8>>>;

fn cut(stream: &[u8], sizes: &[usize]) -> Pieces {
    let mut framer = Framer::default();
    let mut pieces = Pieces::new();
    let (mut rest, mut turn) = (stream, sizes.iter().cycle());
    while !rest.is_empty() {
        let size = turn.next().copied().unwrap_or(1).clamp(1, rest.len());
        let (now, later) = rest.split_at(size);
        rest = later;
        let fed = framer.feed(now, |piece| {
            let (Piece::Greeting(bytes) | Piece::Message(bytes)) = piece;
            pieces.push(Some(bytes.to_vec()));
            ControlFlow::Continue(())
        });
        if fed.is_err() {
            pieces.push(None);
            break;
        }
    }
    pieces
}

/// Line by line: the greeting is the first line, an empty line ends a message.
fn plain(stream: &[u8]) -> Pieces {
    const GREETING: &[u8] = b"Asterisk Call Manager";
    let mut lines = stream.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let known = first.len().min(GREETING.len());
    let whole = first.ends_with(b"\n") && first.len() <= crate::wire::frame::MAX_GREETING;
    if first[..known] != GREETING[..known]
        || (whole && known < GREETING.len())
        || (!whole && first.len() >= crate::wire::frame::MAX_GREETING)
    {
        return vec![None];
    }
    if !whole {
        return Vec::new();
    }
    let mut pieces = vec![Some(first.trim_ascii_end().to_vec())];
    let mut message = Vec::new();
    for line in lines {
        message.extend_from_slice(line);
        if line == b"\r\n" {
            let is_text = |byte: &u8| !matches!(byte, b'\r' | b'\n');
            if let (Some(begin), Some(last)) = (message.iter().position(is_text), message.iter().rposition(is_text)) {
                pieces.push(Some(message[begin..=last].to_vec()));
            }
            message.clear();
        }
    }
    pieces
}
