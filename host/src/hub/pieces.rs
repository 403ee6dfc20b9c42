//! What one write takes: gathered from a session's queue and its lines' logs, in memory that all sessions share.

use bytes::Bytes;

use super::LineKey;
use super::counted::CountedMap;
use super::log::LineLog;

/// The logs of all lines.
pub(super) type Logs = CountedMap<LineKey, LineLog>;

/// About how much goes into one write.
const WRITE_SIZE: usize = 256 * 1024;
/// From so many pieces of a line on, they are copied into one: cheaper than to name each of them in every client's
/// write, and done once for all clients that stand at the same place.
const MANY: usize = 8;

/// A write that is being put together.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What is to be written, in order.
    pub(super) pieces: Vec<Bytes>,
    /// Where those of logs come from: the place of the line in the session's list, and the length.
    pub(super) from_logs: Vec<(usize, usize)>,
    size: usize,
    /// The pieces of a line that were copied into one last, and where they begin in its log.
    joined: Option<(LineKey, u64, Bytes)>,
}

impl Pieces {
    /// Begins another write.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.from_logs.clear();
        self.size = 0;
    }

    /// Lets go of memory that is kept for a round of writes only.
    pub(super) fn end_round(&mut self) {
        self.clear();
        self.joined = None;
    }

    /// Whether enough is there for one write.
    pub(super) fn is_full(&self) -> bool {
        self.pieces.len() >= super::outlet::MOST_PIECES || self.size >= WRITE_SIZE
    }

    /// Adds a piece that is of no log.
    pub(super) fn push(&mut self, piece: Bytes) {
        self.size += piece.len();
        self.pieces.push(piece);
    }

    /// Adds what a log has from `position` on, as far as one write takes it; the line stands at `index` in the session's
    /// list.
    pub(super) fn push_from(&mut self, index: usize, line: LineKey, log: &LineLog, position: u64) {
        if log.pieces(position) >= MANY {
            let known = self.joined.as_ref().filter(|(of, begin, _)| (*of, *begin) == (line, position));
            let joined = known.map_or_else(|| log.joined(position, WRITE_SIZE), |(.., bytes)| bytes.clone());
            self.from_logs.push((index, joined.len()));
            self.push(joined.clone());
            self.joined = Some((line, position, joined));
            return;
        }
        for piece in log.from(position) {
            if self.is_full() {
                break;
            }
            self.from_logs.push((index, piece.len()));
            self.push(piece);
        }
    }
}
