//! How many requests a client may send.

use tokio::time::Instant;

/// Requests that may come at once, and how many come back per second.
const BURST: f64 = 200.0;
const PER_SECOND: f64 = 50.0;

/// A token bucket: a person never notices it, a loop does.
pub(super) struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: BURST, at: Instant::now() }
    }

    /// Takes one. `false`: there is none left.
    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        self.left = (self.left + now.duration_since(self.at).as_secs_f64() * PER_SECOND).min(BURST);
        self.at = now;
        let enough = self.left >= 1.0;
        if enough {
            self.left -= 1.0;
        }
        enough
    }
}
