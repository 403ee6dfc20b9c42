//! Taking time: CPU time from the kernel's own accounting, ours and the reference in turns.

use std::time::Duration;

/// How often ours and the reference take turns.
pub(crate) const ROUNDS: usize = 5;

/// The CPU time that the calling thread has used, in user and in kernel mode.
pub(crate) fn thread_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// The CPU time that a process's threads have used, those that have ended left out.
pub(crate) fn process_cpu(pid: u32) -> Result<Duration, String> {
    let folder = format!("/proc/{pid}/task");
    let mut nanos = 0;
    for task in std::fs::read_dir(&folder).map_err(|e| format!("{folder}: {e}"))? {
        let file = task.map_err(|e| format!("{folder}: {e}"))?.path().join("schedstat");
        // A thread may end between the two looks.
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        nanos += text.split(' ').next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanos))
}

/// Several values of one figure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of at least one value.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        Self { least: at(0), median: at(values.len() / 2), most: at(values.len().saturating_sub(1)) }
    }
}

/// What came of the turns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) ours: Spread,
    pub(crate) reference: Spread,
    /// Ours by the reference, turn by turn.
    pub(crate) ratio: Spread,
}

/// The values of each turn: ours, the reference's.
#[derive(Debug, Default)]
pub(crate) struct Turns(Vec<(f64, f64)>);

impl Turns {
    pub(crate) fn add(&mut self, ours: f64, reference: f64) {
        self.0.push((ours, reference));
    }

    pub(crate) fn pair(&self) -> Pair {
        Pair {
            ours: Spread::of(self.0.iter().map(|(ours, _)| *ours).collect()),
            reference: Spread::of(self.0.iter().map(|(_, reference)| *reference).collect()),
            ratio: Spread::of(self.0.iter().map(|(ours, reference)| ours / reference).collect()),
        }
    }
}

/// Lets both take turns; the first turn, in which caches and pages are still cold, is not counted.
pub(crate) fn turns(mut ours: impl FnMut() -> f64, mut reference: impl FnMut() -> f64) -> Pair {
    let mut turns = Turns::default();
    ours();
    reference();
    for _ in 0..ROUNDS {
        turns.add(ours(), reference());
    }
    turns.pair()
}
