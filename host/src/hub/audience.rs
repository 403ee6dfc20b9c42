//! Whether anybody sees a line, for whoever opens lines when somebody does.
//!
//! The hub writes it when a session's list of lines changes, never on the way of an event.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether a line has clients.
#[derive(Debug)]
pub struct Audience {
    seen: AtomicBool,
    changed: Arc<Notify>,
}

impl Audience {
    /// Nobody yet. `changed` is told when that changes, and may serve many lines.
    #[must_use]
    pub fn new(changed: &Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { seen: AtomicBool::new(false), changed: Arc::clone(changed) })
    }

    /// Whether somebody is there now.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.seen.load(Ordering::Acquire)
    }

    /// Somebody has come, or the last one has gone.
    pub(crate) fn set(&self, there: bool) {
        if self.seen.swap(there, Ordering::AcqRel) != there {
            self.changed.notify_one();
        }
    }
}
