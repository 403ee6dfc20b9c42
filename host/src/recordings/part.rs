//! Parts of a recording: `Range` and the conditions that go with it (RFC 9110, sections 13 and 14). Pure.

use axum::http::{HeaderMap, HeaderValue, header};

/// What is to be sent of something that has a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing: the client has it already.
    Unchanged,
    /// All of it.
    Whole,
    /// From the first to the last of these bytes.
    From(u64, u64),
    /// There are no such bytes.
    Nowhere,
}

/// What a request wants of something. A range that is not understood, or more than one, is answered with the whole, as
/// the RFC allows.
pub(super) fn part(headers: &HeaderMap, length: u64, tag: &str, modified: Option<&str>) -> Part {
    let field = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let tag_named = |listed: &str| listed.split(',').any(|one| one.trim().trim_start_matches("W/") == tag);
    if field(header::IF_NONE_MATCH).is_some_and(|listed| listed.trim() == "*" || tag_named(listed)) {
        return Part::Unchanged;
    }
    let Some(range) = field(header::RANGE) else { return Part::Whole };
    // A weak tag never stands for the same bytes.
    if field(header::IF_RANGE).is_some_and(|known| known != tag && Some(known) != modified) {
        return Part::Whole;
    }
    bytes(range, length).unwrap_or(Part::Whole)
}

/// The bytes of one range; none: it is not understood.
fn bytes(range: &str, length: u64) -> Option<Part> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More digits than a file can have bytes are beyond its end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (first, last) = (first.trim(), last.trim());
    Some(match (first, last) {
        ("", last) => match number(last)? {
            0 => Part::Nowhere,
            _ if length == 0 => Part::Nowhere,
            count => Part::From(length.saturating_sub(count), length - 1),
        },
        (first, last) => {
            let first = number(first)?;
            let last = if last.is_empty() { u64::MAX } else { number(last)? };
            if last < first {
                return None;
            }
            if first >= length { Part::Nowhere } else { Part::From(first, last.min(length - 1)) }
        }
    })
}
