//! Times, counted in buckets: as many as there may be, in memory that does not grow.

use std::sync::atomic::{AtomicU64, Ordering};

/// The longest time that is told apart, in milliseconds; there is a bucket for each, as an event's time has no finer part.
const LONGEST: usize = 60_000;

/// How often each number of milliseconds was seen; all that is longer than a minute counts as a minute.
#[derive(Debug)]
pub(super) struct Histogram(Vec<AtomicU64>);

/// What half, nine of ten, ninety-nine of a hundred, and all of the times do not exceed, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Percentiles {
    pub(super) p50: usize,
    pub(super) p90: usize,
    pub(super) p99: usize,
    pub(super) most: usize,
}

impl Default for Histogram {
    fn default() -> Self {
        Self((0..=LONGEST).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Histogram {
    /// Counts one.
    pub(super) fn add(&self, millis: u64) {
        let index = usize::try_from(millis).unwrap_or(LONGEST).min(LONGEST);
        self.0[index].fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        for bucket in &self.0 {
            bucket.store(0, Ordering::Relaxed);
        }
    }

    /// How many were counted.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn percentiles(&self) -> Percentiles {
        let counts: Vec<u64> = self.0.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        let all: u64 = counts.iter().sum();
        let at = |hundredths: u64| {
            let mut left = (all * hundredths).div_ceil(100);
            let reached = counts.iter().position(|count| {
                left = left.saturating_sub(*count);
                left == 0
            });
            reached.unwrap_or(0)
        };
        Percentiles { p50: at(50), p90: at(90), p99: at(99), most: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let histogram = Histogram::default();
        assert_eq!(histogram.percentiles(), Percentiles::default());
        for millis in 1..=200 {
            histogram.add(millis);
        }
        assert_eq!(histogram.percentiles(), Percentiles { p50: 100, p90: 180, p99: 198, most: 200 });
        histogram.add(u64::MAX);
        assert_eq!((histogram.count(), histogram.percentiles().most), (201, LONGEST));
        histogram.clear();
        assert_eq!(histogram.count(), 0);
    }
}
