//! Events on their way to the hub: written once as JSON, framed once, one batch per line and input.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use jackfield_plugin_api::LineId;
use tokio::time::Instant;

use crate::hub::{Batch, Hub, LineKey, frame};
use crate::model::Event;

/// Room for the events that one input usually makes of a line: growing into it would take as long as writing them.
const USUAL: usize = 2_048;

#[derive(Debug)]
struct Draft {
    key: LineKey,
    epoch: u64,
    first_seq: u64,
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// Turns events into batches.
#[derive(Debug)]
pub(super) struct Outbox {
    keys: BTreeMap<LineId, LineKey>,
    all: Arc<[LineKey]>,
}

impl Outbox {
    pub(super) fn new(keys: BTreeMap<LineId, LineKey>) -> Self {
        let all = keys.values().copied().collect();
        Self { keys, all }
    }

    /// A line that came later.
    pub(super) fn insert(&mut self, line: LineId, key: LineKey) {
        self.keys.insert(line, key);
        self.all = self.keys.values().copied().collect();
    }

    /// A line that is no more.
    pub(super) fn remove(&mut self, line: LineId) {
        self.keys.remove(&line);
        self.all = self.keys.values().copied().collect();
    }

    /// The keys of a line; of all lines for none.
    pub(super) fn keys(&self, line: Option<LineId>) -> Arc<[LineKey]> {
        match line {
            None => Arc::clone(&self.all),
            Some(line) => self.keys.get(&line).copied().into_iter().collect(),
        }
    }

    /// Publishes the events of one input, in their order; empties `events`.
    pub(super) async fn publish(&self, hub: &Hub, events: &mut Vec<Event>, born: Option<Instant>) {
        let mut drafts: Vec<Draft> = Vec::new();
        for event in events.drain(..) {
            let key = event.line.and_then(|line| self.keys.get(&line)).copied();
            let (Some(key), Some(epoch), Some(seq)) = (key, event.epoch, event.seq) else {
                hub.notice(Arc::clone(&self.all), frames(std::slice::from_ref(&event))).await;
                continue;
            };
            let at = drafts.iter().position(|d| d.key == key && d.epoch == epoch).unwrap_or_else(|| {
                let bytes = Vec::with_capacity(USUAL);
                drafts.push(Draft { key, epoch, first_seq: seq, bytes, ends: Vec::new() });
                drafts.len() - 1
            });
            let draft = &mut drafts[at];
            let end = frame::push_text(&mut draft.bytes, |buf| event.write_json(buf));
            draft.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
        }
        for Draft { key, epoch, first_seq, bytes, ends } in drafts {
            // The line's log keeps them for long: not a byte more than they are.
            let bytes = Bytes::copy_from_slice(&bytes);
            hub.publish(key, Batch { epoch, first_seq, bytes, ends: ends.into(), born }).await;
        }
    }
}

/// Events for one session only.
pub(super) fn frames(events: &[Event]) -> Bytes {
    let mut bytes = Vec::new();
    for event in events {
        frame::push_text(&mut bytes, |buf| event.write_json(buf));
    }
    bytes.into()
}
