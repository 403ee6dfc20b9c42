//! Phone numbers, replaced so that what ends alike goes on ending alike.
//!
//! What counts as one: 7 to 15 digits that stand for themselves. Its last seven digits are replaced, what stands before
//! (country, area, a digit for the way out) stays. Each digit depends on those behind it alone, so the same number
//! gets the same pseudonym with and without its prefix.

use super::mix;

/// So many digits are replaced, and so many are the fewest of a number.
const REPLACED: usize = 7;
/// The most digits of a number (ITU-T E.164).
const MOST: usize = 15;

/// Replaces numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    key: u64,
}

impl Numbers {
    pub(super) const fn new(key: u64) -> Self {
        Self { key }
    }

    /// Replaces what is found. `before` and `after`: the bytes around, if there are any.
    pub(super) fn mask(self, before: Option<u8>, bytes: &mut [u8], after: Option<u8>) {
        let mut at = 0;
        while at < bytes.len() {
            if !bytes[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && bytes[at].is_ascii_digit() {
                at += 1;
            }
            let left = start.checked_sub(1).map_or(before, |left| Some(bytes[left]));
            let (right, behind) = (bytes.get(at).copied().or(after), bytes.get(at + 1).copied());
            // What goes on with letters is an id, what has a point is a time.
            let joins = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80);
            let point = left == Some(b'.') || right == Some(b'.') && behind.is_none_or(|b| b.is_ascii_digit());
            // A group of a UUID: four digits and a hyphen follow, or stand before.
            let hyphen = |at: Option<usize>| at.and_then(|at| bytes.get(at)) == Some(&b'-');
            let group = hyphen(Some(at)) && hyphen(Some(at + 5))
                || hyphen(start.checked_sub(1)) && hyphen(start.checked_sub(6));
            if (REPLACED..=MOST).contains(&(at - start)) && !joins(left) && !joins(right) && !point && !group {
                self.replace(&mut bytes[at - REPLACED..at]);
            }
        }
    }

    /// How many of the last bytes may belong to a number that goes on.
    pub(super) fn open_end(bytes: &[u8]) -> usize {
        let digits = |bytes: &[u8]| bytes.iter().rev().take(MOST + 2).take_while(|b| b.is_ascii_digit()).count();
        let open = match bytes {
            // The point of a time, whose other half comes later.
            [before @ .., b'.'] => digits(before) + 1,
            _ => digits(bytes),
        };
        // So many are no number, whatever comes.
        if open > MOST + 1 { 0 } else { open }
    }

    fn replace(self, digits: &mut [u8]) {
        let mut behind = self.key;
        for digit in digits.iter_mut().rev() {
            let mut order = *b"0123456789";
            let mut random = behind;
            for left in (1..order.len()).rev() {
                random = mix(random);
                order.swap(left, usize::try_from(random % (left as u64 + 1)).unwrap_or(0));
            }
            behind = mix(behind ^ u64::from(*digit));
            *digit = order[usize::from(*digit - b'0')];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Numbers::new(42).mask(None, &mut bytes, None);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn numbers_are_replaced_alike_with_and_without_their_prefix() {
        let long = masked("+380441234567");
        assert_eq!(&long[..6], "+38044");
        assert_ne!(&long[6..], "1234567");
        assert_eq!(masked("0441234567")[3..], long[6..]);
        assert_eq!(masked("\"1234567\"")[1..8], long[6..]);
        assert_eq!(masked(&masked("x 1234567 y")).len(), 11);
    }

    #[test]
    fn what_is_no_number_stays() {
        for text in [
            "101",
            "123456",
            "1732900000.17",
            "a1234567",
            "1234567b",
            "1234567890123456",
            "2026-11-30T20:16:28Z",
            "01234567-1234-7123-8123-012345678901",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn a_number_at_the_end_waits_for_what_follows() {
        assert_eq!(Numbers::open_end(b"tel 12345"), 5);
        assert_eq!(Numbers::open_end(b"at 1732900000."), 11);
        assert_eq!(Numbers::open_end(b"end\r\n"), 0);
        assert_eq!(Numbers::open_end(&[b'1'; 40]), 0);
    }
}
