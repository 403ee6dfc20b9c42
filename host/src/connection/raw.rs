//! Raw messages of the phone system, for who looks for a fault: on demand, cut to size, limited in rate (I18).

use jackfield_plugin_api::{Raw, RawDirection, Timestamp};

use super::outbox;
use super::task::Task;
use crate::model::RawMessage;

/// Raw messages of one connection in a second; the gaps show in `rawSeq`.
const PER_SECOND: u32 = 500;
/// The longest message; more is cut.
const MOST: usize = 64 * 1024;

/// How many there were, and how many in this second.
#[derive(Debug, Default)]
pub(super) struct RawCount {
    seq: u64,
    second: i64,
    in_second: u32,
}

impl RawCount {
    /// The number of the next message; `None`: too many in this second.
    fn next(&mut self, now: Timestamp) -> Option<u64> {
        self.seq += 1;
        let second = now.millis() / 1_000;
        if second != self.second {
            (self.second, self.in_second) = (second, 0);
        }
        self.in_second += 1;
        (self.in_second <= PER_SECOND).then_some(self.seq)
    }
}

impl Task {
    /// Shows a message to who has asked; costs nothing when nobody has.
    pub(super) fn raw(&mut self, raw: &Raw) {
        let now = self.clock.last();
        let Some(raw_seq) = self.raw_count.next(now) else { return };
        if !self.hub.wants_raw() {
            return;
        }
        let message = RawMessage {
            raw_seq,
            incoming: raw.direction == RawDirection::In,
            format: cut(&raw.format).into(),
            redacted: Vec::new(),
            summary: cut(&raw.summary).into(),
            message: cut(&raw.message).into(),
        };
        if let Some(event) = self.model.raw(now, raw.line, message) {
            self.raws.push((raw.line, outbox::frames(&[event])));
        }
    }
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MOST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
