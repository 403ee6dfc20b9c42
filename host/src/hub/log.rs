//! One log per line: replay buffer, queue of every client, resume and overflow are this one thing.

use std::collections::VecDeque;

use bytes::Bytes;
use tokio::time::Instant;

/// The most bytes of a line's log, whatever the number of events it may keep.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The events of one line that one input made, framed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The epoch they belong to.
    pub epoch: u64,
    /// The number of the first; the others follow without gaps.
    pub first_seq: u64,
    /// Their frames.
    pub bytes: Bytes,
    /// Where each frame ends in `bytes`.
    pub ends: Box<[u32]>,
    /// When the phone system's bytes came that led to them.
    pub born: Option<Instant>,
}

#[derive(Debug)]
struct Chunk {
    /// The position of its first byte in the log.
    at: u64,
    batch: Batch,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.at + self.batch.bytes.len() as u64
    }

    fn last_seq(&self) -> u64 {
        (self.batch.first_seq + self.batch.ends.len() as u64).saturating_sub(1)
    }
}

/// A bounded log of framed events. Positions count bytes since the log began and never mean anything else.
#[derive(Debug)]
pub(super) struct LineLog {
    chunks: VecDeque<Chunk>,
    end: u64,
    events: usize,
    most_events: usize,
}

impl LineLog {
    /// A log that keeps at least the last input's events, and not many more than `most_events`.
    #[must_use]
    pub(super) fn new(most_events: usize) -> Self {
        Self { chunks: VecDeque::new(), end: 0, events: 0, most_events }
    }

    /// Keeps another number of events from now on.
    pub(super) fn keep(&mut self, most_events: usize) {
        self.most_events = most_events;
    }

    /// Where the next event will begin.
    #[must_use]
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Where the oldest event begins.
    #[must_use]
    pub(super) fn start(&self) -> u64 {
        self.chunks.front().map_or(self.end, |c| c.at)
    }

    /// Appends; the oldest events fall out.
    pub(super) fn push(&mut self, batch: Batch) {
        if batch.ends.is_empty() {
            return;
        }
        self.events += batch.ends.len();
        let chunk = Chunk { at: self.end, batch };
        self.end = chunk.end();
        self.chunks.push_back(chunk);
        while self.chunks.len() > 1 && (self.events > self.most_events || self.end - self.start() > MAX_BYTES) {
            if let Some(oldest) = self.chunks.pop_front() {
                self.events -= oldest.batch.ends.len();
            }
        }
    }

    /// Where a client that has seen all up to `seq` of `epoch` goes on. `None`: something after it has fallen out, or
    /// the epoch is over.
    #[must_use]
    pub(super) fn resume(&self, epoch: u64, seq: u64) -> Option<u64> {
        let newest = self.chunks.back()?;
        if newest.batch.epoch != epoch || seq > newest.last_seq() {
            return None;
        }
        if seq == newest.last_seq() {
            return Some(self.end);
        }
        let chunk = self
            .chunks
            .iter()
            .rev()
            .take_while(|c| c.batch.epoch == epoch)
            .find(|c| c.batch.first_seq <= seq + 1 && seq < c.last_seq())?;
        let skip = usize::try_from(seq + 1 - chunk.batch.first_seq).ok()?;
        let into = skip.checked_sub(1).and_then(|i| chunk.batch.ends.get(i)).copied().unwrap_or(0);
        Some(chunk.at + u64::from(into))
    }

    /// The chunk that `position` stands in; their number when it stands at the end.
    fn chunk_of(&self, position: u64) -> usize {
        // Most clients have had all but the newest.
        match self.chunks.back() {
            Some(newest) if position < newest.at => self.chunks.partition_point(|c| c.end() <= position),
            _ => self.chunks.len() - usize::from(position < self.end),
        }
    }

    /// In how many pieces the bytes from `position` on are.
    pub(super) fn pieces(&self, position: u64) -> usize {
        self.chunks.len() - self.chunk_of(position)
    }

    /// The bytes from `position` on as one piece of at least `size`, if there are as many.
    pub(super) fn joined(&self, position: u64, size: usize) -> Bytes {
        let all = usize::try_from(self.end - position).unwrap_or(usize::MAX);
        let mut joined = Vec::with_capacity(all.min(size));
        for piece in self.from(position) {
            if joined.len() >= size {
                break;
            }
            joined.extend_from_slice(&piece);
        }
        joined.into()
    }

    /// The bytes from `position` on, in pieces. `position` must not be before [`start`](Self::start).
    pub(super) fn from(&self, position: u64) -> impl Iterator<Item = Bytes> {
        let first = self.chunk_of(position);
        self.chunks.iter().skip(first).map(move |chunk| {
            let skip = usize::try_from(position.saturating_sub(chunk.at)).unwrap_or(usize::MAX);
            chunk.batch.bytes.slice(skip.min(chunk.batch.bytes.len())..)
        })
    }

    /// The rest of the frame that `position` stands in; empty when it stands between frames.
    #[must_use]
    pub(super) fn rest_of_frame(&self, position: u64) -> Bytes {
        if position == self.end {
            return Bytes::new();
        }
        let index = self.chunk_of(position);
        let Some(chunk) = self.chunks.get(index).filter(|c| c.at <= position) else { return Bytes::new() };
        let into = u32::try_from(position - chunk.at).unwrap_or(u32::MAX);
        let next = chunk.batch.ends.partition_point(|end| *end <= into);
        let begin = next.checked_sub(1).map_or(0, |i| chunk.batch.ends[i]);
        match chunk.batch.ends.get(next) {
            Some(end) if into > begin => chunk.batch.bytes.slice(into as usize..*end as usize),
            _ => Bytes::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn batch(epoch: u64, first_seq: u64, frames: &[&str]) -> Batch {
        let bytes: Bytes = frames.concat().into();
        let mut end = 0;
        let ends = frames.iter().map(|f| {
            end += u32::try_from(f.len()).unwrap();
            end
        });
        let ends = ends.collect();
        Batch { epoch, first_seq, bytes, ends, born: None }
    }

    fn text(log: &LineLog, position: u64) -> String {
        log.from(position).map(|b| String::from_utf8(b.to_vec()).unwrap()).collect()
    }

    #[test]
    fn a_client_goes_on_after_what_it_has_seen() {
        let mut log = LineLog::new(100);
        log.push(batch(1, 1, &["a1.", "a2."]));
        log.push(batch(1, 3, &["a3."]));
        log.push(batch(2, 1, &["b1."]));
        log.push(batch(2, 2, &["b2.", "b3."]));
        assert_eq!(text(&log, log.resume(2, 1).unwrap()), "b2.b3.");
        assert_eq!(text(&log, log.resume(2, 2).unwrap()), "b3.");
        assert_eq!(text(&log, log.resume(2, 3).unwrap()), "");
        assert_eq!(text(&log, log.resume(2, 0).unwrap()), "b1.b2.b3.");
        assert_eq!(log.resume(1, 2), None, "the epoch is over");
        assert_eq!(log.resume(2, 4), None, "the future");
    }

    #[test]
    fn what_fell_out_cannot_be_resumed() {
        let mut log = LineLog::new(2);
        for seq in 1..=4 {
            log.push(batch(1, seq, &["x"]));
        }
        assert_eq!(log.start(), 2);
        assert_eq!(log.resume(1, 1), None);
        assert_eq!(text(&log, log.resume(1, 2).unwrap()), "xx");
    }

    #[test]
    fn the_rest_of_a_frame_is_found() {
        let mut log = LineLog::new(100);
        log.push(batch(1, 1, &["abc", "de"]));
        let rest = |position| log.rest_of_frame(position).to_vec();
        assert_eq!(
            (rest(0), rest(1), rest(3), rest(4), rest(5)),
            (vec![], b"bc".to_vec(), vec![], b"e".to_vec(), vec![])
        );
    }

    proptest! {
        /// Whatever was pushed and wherever a client stands: it gets exactly the frames after it.
        #[test]
        fn resume_gives_exactly_what_is_missing(sizes in prop::collection::vec(1usize..5, 1..40), most in 1usize..60) {
            let mut log = LineLog::new(most);
            let (mut seq, mut all) = (1u64, Vec::new());
            for size in sizes {
                let frames: Vec<String> = (0..size as u64).map(|i| format!("<{}>", seq + i)).collect();
                let texts: Vec<&str> = frames.iter().map(String::as_str).collect();
                log.push(batch(7, seq, &texts));
                seq += size as u64;
                all.extend(frames);
            }
            for seen in 0..seq {
                if let Some(position) = log.resume(7, seen) {
                    let missing = all[usize::try_from(seen).unwrap()..].concat();
                    prop_assert_eq!(log.joined(position, usize::MAX), missing.as_bytes());
                    let some = log.joined(position, 10);
                    prop_assert!(missing.as_bytes().starts_with(&some) && some.len() >= missing.len().min(10));
                    prop_assert_eq!(log.from(position).count(), log.pieces(position));
                    prop_assert_eq!(text(&log, position), missing);
                } else {
                    prop_assert!(seen < seq - 1, "the newest can always be resumed");
                }
            }
        }
    }
}
