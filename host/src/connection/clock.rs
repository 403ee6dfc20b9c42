//! The time in which a connection's calls are told: the wall clock, which somebody may set while calls are up.
//!
//! Set forward, it is believed at once. Set back, time goes on at nine tenths of its pace until the wall clock has caught
//! up: no event is earlier than the one before, no call ends before it began, and none is told to have taken no time.

use std::time::Instant;

use jackfield_plugin_api::Timestamp;

/// What was told last.
#[derive(Debug)]
pub(super) struct Clock {
    last: Timestamp,
    /// When, by the clock that nobody sets.
    at: Instant,
}

impl Clock {
    /// A clock that has told nothing yet.
    pub(super) const fn new(now: Instant) -> Self {
        Self { last: Timestamp::from_micros(0), at: now }
    }

    /// The time, where the wall clock shows `wall`.
    pub(super) fn tell(&mut self, wall: Timestamp, now: Instant) -> Timestamp {
        let passed = i64::try_from(now.saturating_duration_since(self.at).as_micros()).unwrap_or(0);
        let least = self.last.micros().saturating_add(passed - passed / 10);
        self.last = wall.max(Timestamp::from_micros(least));
        self.at = now;
        self.last
    }

    /// What was told last.
    pub(super) const fn last(&self) -> Timestamp {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    /// A clock, and what shows both times to it.
    fn told(steps: &[(i64, u64)]) -> Vec<i64> {
        let mut now = Instant::now();
        let mut clock = Clock::new(now);
        let mut wall = 1_795_000_000 * SECOND;
        let tell = |(step, passed): &(i64, u64)| {
            now += Duration::from_micros(*passed);
            wall += step + i64::try_from(*passed).unwrap();
            clock.tell(Timestamp::from_micros(wall), now).micros() - 1_795_000_000 * SECOND
        };
        steps.iter().map(tell).collect()
    }

    #[test]
    fn a_clock_that_is_set_forward_is_believed_and_one_that_is_set_back_is_waited_for() {
        let second = 1_000_000;
        assert_eq!(told(&[(0, second), (0, second), (0, second)]), [1, 2, 3].map(|s| s * SECOND));
        assert_eq!(told(&[(0, second), (3_600 * SECOND, second)]), [SECOND, 3_602 * SECOND]);
        // A call of ten seconds takes nine of them, and not none.
        let back = told(&[(0, second), (-3_600 * SECOND, 0), (0, 10 * second)]);
        assert_eq!(back, [SECOND, SECOND, 10 * SECOND]);
        // A minute back has been waited for after ten.
        let after = told(&[(0, second), (-60 * SECOND, 0), (0, 600 * second), (0, second)]);
        assert_eq!(after[2..], [541 * SECOND, 542 * SECOND], "{after:?}");
    }

    proptest! {
        #[test]
        fn it_never_goes_back_nor_stands_still_nor_stays_wrong(
            steps in prop::collection::vec((-7_200 * SECOND..7_200 * SECOND, 0..600_000_000u64), 1..50),
        ) {
            let times = told(&steps);
            for (pair, (_, passed)) in times.windows(2).zip(&steps[1..]) {
                let passed = i64::try_from(*passed).unwrap();
                prop_assert!(pair[1] - pair[0] >= passed - passed / 10);
            }
            let wall: i64 = steps.iter().map(|(step, passed)| step + i64::try_from(*passed).unwrap()).sum();
            prop_assert!(*times.last().unwrap() >= wall);
            let mut calm = steps;
            calm.push((0, 5_184_000_000_000));
            let wall = wall + 5_184_000_000_000;
            prop_assert_eq!(*told(&calm).last().unwrap(), wall, "two months later it is right again");
        }
    }
}
