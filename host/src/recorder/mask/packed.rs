//! Texts within MessagePack, without reading it into anything.

/// Calls `each` with every text and every byte string, keys of maps among them. What is no MessagePack is given as a
/// whole.
pub(super) fn texts(bytes: &mut [u8], each: &mut dyn FnMut(&mut [u8])) {
    let mut at = 0;
    while at < bytes.len() {
        // What stands for itself, or says that more follows, is one token; the rest has a length.
        let (skip, length) = match bytes[at] {
            marker @ 0xa0..=0xbf => (1, Some(usize::from(marker & 0x1f))),
            0xc4 | 0xd9 => (2, size(bytes, at, 1)),
            0xc5 | 0xda => (3, size(bytes, at, 2)),
            0xc6 | 0xdb => (5, size(bytes, at, 4)),
            0xc7 => (3, size(bytes, at, 1)),
            0xc8 => (4, size(bytes, at, 2)),
            0xc9 => (6, size(bytes, at, 4)),
            0xcc | 0xd0 => (2, Some(0)),
            0xcd | 0xd1 | 0xdc | 0xde => (3, Some(0)),
            0xca | 0xce | 0xd2 | 0xdd | 0xdf => (5, Some(0)),
            0xcb | 0xcf | 0xd3 => (9, Some(0)),
            marker @ 0xd4..=0xd8 => (2, Some(1 << (marker - 0xd4))),
            _ => (1, Some(0)),
        };
        let from = at + skip;
        match length.and_then(|length| bytes.get_mut(from..from.checked_add(length)?)) {
            Some(text) => {
                at = from + text.len();
                if !text.is_empty() {
                    each(text);
                }
            }
            None => return each(&mut bytes[at..]),
        }
    }
}

fn size(bytes: &[u8], at: usize, wide: usize) -> Option<usize> {
    let digits = bytes.get(at + 1..at + 1 + wide)?;
    Some(digits.iter().fold(0, |size, digit| size << 8 | usize::from(*digit)))
}

#[cfg(test)]
mod tests {
    use jackfield_plugin_api::frame::pack;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_is_seen_and_nothing_else_is_touched() {
        let value = json!({
            "short": "abc", "long": "x".repeat(300), "numbers": [1, -1, 300, 70_000, 5_000_000_000u64, 1.5, null, true],
            "deep": { "list": ["y", { "z": "w" }] },
        });
        let mut bytes = pack(&value);
        let before = bytes.clone();
        let mut seen = Vec::new();
        texts(&mut bytes, &mut |text| seen.push(String::from_utf8_lossy(text).into_owned()));
        for text in ["abc", "y", "w", "short", "z"] {
            assert!(seen.iter().any(|s| s == text), "{text} in {seen:?}");
        }
        assert_eq!(seen.len(), 10);
        assert_eq!(bytes, before);
    }

    #[test]
    fn rubbish_is_given_as_a_whole() {
        for marker in 0..=255u8 {
            for length in 0..8 {
                let mut bytes = vec![marker; length];
                texts(&mut bytes, &mut |text| text.fill(0xff));
            }
        }
    }
}
