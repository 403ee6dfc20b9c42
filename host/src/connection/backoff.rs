//! How long to wait between tries: doubling, with jitter, so that a hundred hosts do not come back together.

use std::time::Duration;

/// A back-off. Its jitter comes from a seed, so that tests can repeat it.
#[derive(Debug, Clone)]
pub(super) struct BackOff {
    first: Duration,
    most: Duration,
    next: Duration,
    random: u64,
}

impl BackOff {
    pub(super) fn new(config: crate::config::BackOff, seed: u64) -> Self {
        Self { first: config.first, most: config.most, next: config.first, random: seed }
    }

    /// The same for another transport, with a jitter of its own.
    pub(super) fn clone_for(&self, number: u64) -> Self {
        Self { random: self.random ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15), next: self.first, ..self.clone() }
    }

    /// The next wait: between a half and the whole of a time that doubles.
    pub(super) fn next(&mut self) -> Duration {
        // xorshift64 (Marsaglia 2003); jitter needs no better.
        self.random = self.random.max(1);
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let half = self.next / 2;
        let share = u32::try_from(self.random % 1024).unwrap_or(0);
        let wait = half + half * share / 1024;
        self.next = (self.next * 2).min(self.most);
        wait
    }

    /// The link works: begin anew.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }

    /// Trying soon is of no use.
    pub(super) fn slow(&mut self) {
        self.next = self.most;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_begin_anew() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut config = crate::config::BackOff::default();
        (config.first, config.most) = (first, most);
        let mut backoff = BackOff::new(config, 42);
        let mut expected = first;
        for _ in 0..8 {
            let wait = backoff.next();
            assert!(wait >= expected / 2 && wait <= expected, "{wait:?} for {expected:?}");
            expected = (expected * 2).min(most);
        }
        backoff.reset();
        assert!(backoff.next() <= first);
        backoff.slow();
        assert!(backoff.next() >= most / 2);
    }
}
