//! The adapter's timers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jackfield_plugin_api::TimerId;
use tokio::time::Instant;

/// Timers of one adapter; more than this is a leak of the adapter's.
const MOST: usize = 100_000;
/// The longest wait; more is for ever, and an `Instant` must not overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Timers in the order in which they run out.
#[derive(Debug, Default)]
pub(super) struct Timers {
    at: BTreeMap<TimerId, Instant>,
    order: BTreeSet<(Instant, TimerId)>,
}

impl Timers {
    /// Starts a timer, or moves it. `false`: there are too many.
    pub(super) fn set(&mut self, timer: TimerId, now: Instant, after: Duration) -> bool {
        self.cancel(timer);
        if self.at.len() >= MOST {
            return false;
        }
        let at = now + after.min(LONGEST);
        self.at.insert(timer, at);
        self.order.insert((at, timer));
        true
    }

    pub(super) fn cancel(&mut self, timer: TimerId) {
        if let Some(at) = self.at.remove(&timer) {
            self.order.remove(&(at, timer));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// A timer that has run out.
    pub(super) fn due(&mut self, now: Instant) -> Option<TimerId> {
        let (at, timer) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.cancel(timer);
        Some(timer)
    }

    pub(super) fn clear(&mut self) {
        self.at.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn timers_run_out_in_order_and_can_be_moved() {
        let now = Instant::now();
        let mut timers = Timers::default();
        let second = Duration::from_secs(1);
        timers.set(TimerId(1), now, 3 * second);
        timers.set(TimerId(2), now, 2 * second);
        timers.set(TimerId(3), now, second);
        timers.set(TimerId(1), now, second / 2);
        timers.cancel(TimerId(3));
        assert_eq!(timers.due(now), None);
        let later = now + 10 * second;
        assert_eq!(
            [timers.due(later), timers.due(later), timers.due(later)],
            [Some(TimerId(1)), Some(TimerId(2)), None]
        );
    }
}
