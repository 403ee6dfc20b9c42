//! Durations of a call: rung, talked, held.

use jackfield_plugin_api::Timestamp;

/// A moment by two clocks: the host's, and the phone system's when it said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Mark {
    pub(super) host: Timestamp,
    pub(super) source: Option<Timestamp>,
}

impl Mark {
    /// Now, with the phone system's word for it.
    pub(super) const fn new(now: Timestamp, source: Option<Timestamp>) -> Self {
        Self { host: now, source }
    }

    /// A moment of the past known only from the phone system. Its clock may be ahead of ours.
    pub(super) fn past(now: Timestamp, source: Timestamp) -> Self {
        Self { host: source.min(now), source: Some(source) }
    }

    /// Microseconds from here to `later`. Both ends by one clock: the phone system's when it timed both and did not
    /// step back, else ours. Never from one clock to the other, since they may differ by minutes.
    fn until(self, later: Self) -> u64 {
        let (from, to) = match (self.source, later.source) {
            (Some(from), Some(to)) if to >= from => (from, to),
            _ => (self.host, later.host),
        };
        u64::try_from(to.micros().saturating_sub(from.micros())).unwrap_or(0)
    }
}

/// Which of the totals runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Running {
    Ring,
    Talk,
    Hold,
    Nothing,
}

/// The totals of one call. They go on through a connection loss, as the call does.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(super) struct Totals {
    running: Running,
    since: Mark,
    ring: u64,
    talk: u64,
    hold: u64,
}

impl Totals {
    /// Ringing since `since`.
    pub(super) const fn new(since: Mark) -> Self {
        Self { running: Running::Ring, since, ring: 0, talk: 0, hold: 0 }
    }

    /// Totals that were told before, and what has run since.
    pub(super) const fn restored(told: [u64; 3], running: Running, since: Mark) -> Self {
        let [ring, talk, hold] = told;
        Self {
            running,
            since,
            ring: ring.saturating_mul(1000),
            talk: talk.saturating_mul(1000),
            hold: hold.saturating_mul(1000),
        }
    }

    /// Whether no total and no moment is beyond this many microseconds.
    pub(super) fn is_below(&self, most: u64) -> bool {
        let since = [Some(self.since.host), self.since.source];
        [self.ring, self.talk, self.hold].into_iter().all(|total| total < most)
            && since.into_iter().flatten().all(|at| at.micros().unsigned_abs() < most)
    }

    /// From `mark` on, `running` runs.
    pub(super) fn switch(&mut self, running: Running, mark: Mark) {
        let passed = self.since.until(mark);
        match self.running {
            Running::Ring => self.ring += passed,
            Running::Talk => self.talk += passed,
            Running::Hold => self.hold += passed,
            Running::Nothing => {}
        }
        self.running = running;
        self.since = mark;
    }

    /// Milliseconds rung, talked and held until `mark`; never less than `told`, what was said before (the phone
    /// system may time some facts and not others, and its clock may be ahead of ours).
    pub(super) fn at(mut self, mark: Mark, told: [u64; 3]) -> [u64; 3] {
        self.switch(Running::Nothing, mark);
        let now = [self.ring / 1000, self.talk / 1000, self.hold / 1000];
        [now[0].max(told[0]), now[1].max(told[1]), now[2].max(told[2])]
    }
}
