//! One client's socket, as the phone system knows it.

use std::collections::BTreeSet;

use super::Millis;

/// How many event names a session subscribes to at most.
const SUBSCRIPTIONS: usize = 256;

/// A session; nobody is logged in at first.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) user: Option<usize>,
    pub(super) heard: Millis,
    pub(super) pinged: bool,
    /// It has said `logout`.
    pub(super) left: bool,
    events: BTreeSet<String>,
}

impl Session {
    pub(super) fn new(now: Millis) -> Self {
        Self { heard: now, ..Self::default() }
    }

    pub(super) fn subscribe(&mut self, event: &str) -> bool {
        if self.events.len() >= SUBSCRIPTIONS || event.len() > 128 {
            return self.events.contains(event);
        }
        self.events.insert(event.to_owned());
        true
    }

    /// Whether an event is wanted, by its own name or that of its group.
    pub(super) fn wants(&self, event: &str) -> bool {
        self.events.contains(event) || event.split_once('_').is_some_and(|(group, _)| self.events.contains(group))
    }
}
