//! One client's socket, as the phone system knows it.

use std::collections::BTreeSet;

use crate::Millis;

/// How many event names a session subscribes to at most.
const SUBSCRIPTIONS: usize = 256;

/// A session; nobody is logged in at first.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) user: Option<usize>,
    pub(crate) heard: Millis,
    pub(crate) pinged: bool,
    events: BTreeSet<String>,
    /// How many events and replies it was sent, for the faults that count.
    pub(crate) sent_events: u32,
    pub(crate) sent_replies: u32,
    pub(crate) sent: u32,
    /// The event that waits for its successor, to go after it.
    pub(crate) waiting: Option<String>,
}

impl Session {
    pub(crate) fn new(now: Millis) -> Self {
        Self { heard: now, ..Self::default() }
    }

    pub(crate) fn subscribe(&mut self, event: &str) -> bool {
        if self.events.len() >= SUBSCRIPTIONS || event.len() > 128 {
            return self.events.contains(event);
        }
        self.events.insert(event.to_owned());
        true
    }

    /// Whether an event is wanted, by its own name or that of its group.
    pub(crate) fn wants(&self, event: &str) -> bool {
        self.events.contains(event) || event.split_once('_').is_some_and(|(group, _)| self.events.contains(group))
    }
}
