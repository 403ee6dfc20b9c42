//! What was asked, and how often: for whoever must know what a client costs.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::Millis;

/// How many seconds are remembered one by one.
const SECONDS: usize = 600;
/// How many different paths are counted.
const PATHS: usize = 100;

/// Counts requests.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    since: Millis,
    total: u64,
    paths: BTreeMap<String, u64>,
    /// Each second in which there was a request, and how many.
    seconds: VecDeque<(u64, u64)>,
}

impl Statistics {
    pub(super) fn count(&mut self, path: &str, now: Millis) {
        self.total += 1;
        if let Some(count) = self.paths.get_mut(path) {
            *count += 1;
        } else if self.paths.len() < PATHS {
            self.paths.insert(path.chars().take(64).collect(), 1);
        }
        let second = now.saturating_sub(self.since) / 1_000;
        match self.seconds.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => {
                if self.seconds.len() >= SECONDS {
                    self.seconds.pop_front();
                }
                self.seconds.push_back((second, 1));
            }
        }
    }

    /// What there was; `fresh`: from now on counting begins anew.
    pub(super) fn show(&mut self, fresh: bool, now: Millis) -> Value {
        let shown = json!({
            "total": self.total,
            "over_ms": now.saturating_sub(self.since),
            "busiest_second": self.seconds.iter().map(|(_, count)| *count).max().unwrap_or(0),
            "paths": self.paths,
        });
        if fresh {
            *self = Self { since: now, ..Self::default() };
        }
        shown
    }
}
