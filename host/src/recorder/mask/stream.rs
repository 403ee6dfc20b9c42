//! A stream of bytes that comes in reads: what may be the beginning of a secret at the end of one is held back until
//! the next one tells.

use std::collections::VecDeque;

use super::Mask;
use super::numbers::Numbers;

/// What was masked of one read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Fed {
    /// Ends of reads before this one, by their numbers.
    pub(in super::super) tails: Vec<(u64, Vec<u8>)>,
    /// This read, less what is held back.
    pub(in super::super) body: Vec<u8>,
    /// How much is.
    pub(in super::super) held: usize,
}

/// One direction of one transport.
#[derive(Debug, Default)]
pub(super) struct Stream {
    held: Vec<u8>,
    /// Whose bytes those are.
    owners: VecDeque<(u64, usize)>,
    /// The byte before.
    last: Option<u8>,
}

impl Stream {
    /// One more read, and its number.
    pub(super) fn feed(&mut self, mask: &Mask, read: u64, bytes: &[u8]) -> Fed {
        let mut all = std::mem::take(&mut self.held);
        self.owners.push_back((read, bytes.len()));
        all.extend_from_slice(bytes);
        let open = mask.finder.open_end(&all).max(mask.numbers.map_or(0, |_| Numbers::open_end(&all)));
        let open = mask.finder.not_cut(&all, open);
        let rest = all.split_off(all.len() - open);
        let mut fed = self.told(mask, all, rest.first().copied());
        fed.held = self.owners.back().map_or(0, |(_, count)| *count);
        self.held = rest;
        // The last owner may be this read, or wholly told.
        match fed.tails.pop() {
            Some((owner, body)) if owner == read => fed.body = body,
            Some(other) => fed.tails.push(other),
            None => {}
        }
        fed
    }

    /// Nothing more comes: what was held back is told.
    pub(super) fn end(&mut self, mask: &Mask) -> Vec<(u64, Vec<u8>)> {
        let all = std::mem::take(&mut self.held);
        let told = self.told(mask, all, None).tails;
        *self = Self::default();
        told
    }

    fn told(&mut self, mask: &Mask, mut bytes: Vec<u8>, after: Option<u8>) -> Fed {
        let last = bytes.last().copied();
        mask.bytes(self.last, &mut bytes, after);
        self.last = last.or(self.last);
        let (mut fed, mut at) = (Fed::default(), 0);
        while at < bytes.len() {
            let Some((owner, count)) = self.owners.front_mut() else { break };
            let part = (*count).min(bytes.len() - at);
            fed.tails.push((*owner, bytes[at..at + part].to_vec()));
            at += part;
            *count -= part;
            if *count == 0 {
                self.owners.pop_front();
            }
        }
        while self.owners.front().is_some_and(|(_, count)| *count == 0) {
            self.owners.pop_front();
        }
        fed
    }
}

#[cfg(test)]
mod tests {
    use super::super::Masks;
    use super::*;

    fn put_together(reads: &[&[u8]], mask: &Mask) -> Vec<Vec<u8>> {
        let mut stream = Stream::default();
        let mut told: Vec<Vec<u8>> = Vec::new();
        let mut later = Vec::new();
        for (nth, read) in (0u64..).zip(reads) {
            let fed = stream.feed(mask, nth, read);
            assert_eq!(fed.body.len() + fed.held, read.len());
            told.push(fed.body);
            later.extend(fed.tails);
        }
        later.extend(stream.end(mask));
        for (nth, tail) in later {
            told[usize::try_from(nth).unwrap()].extend(tail);
        }
        told
    }

    #[test]
    fn a_secret_is_found_wherever_the_stream_is_cut() {
        let masks = Masks::new(["hunter2-1234567"], true, 5);
        let text = b"Secret: hunter2-1234567\r\nCaller: +380441234567\r\nat 1732900000.123456\r\n\r\n";
        let whole = put_together(&[text], masks.mask()).concat();
        assert!(!whole.windows(7).any(|w| w == b"hunter2" || w == b"1234567"));
        assert!(whole.ends_with(b"at 1732900000.123456\r\n\r\n"));
        for first in 0..text.len() {
            for second in first..text.len() {
                let reads = [&text[..first], &text[first..second], &text[second..]];
                let told = put_together(&reads, masks.mask());
                assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), reads.map(<[u8]>::len));
                assert_eq!(told.concat(), whole, "cut at {first} and {second}");
            }
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(put_together(&bytes, masks.mask()).concat(), whole);
    }
}
