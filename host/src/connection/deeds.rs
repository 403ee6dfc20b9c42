//! What an administrator does to a connection while the host runs: start it again, pause it, let it go on.
//!
//! A pause lasts until somebody ends it or the host is started again: a configuration says what a host is to be, and
//! what somebody did at noon is no part of it.

use jackfield_plugin_api::{ErrorCode, Timestamp};

use super::task::Task;
use crate::model::Loss;

/// Something to be done to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deed {
    /// The adapter logs out, is made anew, and connects. A paused connection goes on.
    Restart,
    /// The adapter logs out, and nothing is started until it is to go on.
    Pause,
    /// It goes on.
    Resume,
}

/// Whether it is connected, and whether it is to be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    /// The phone system is connected.
    pub(super) up: bool,
    /// Since when that is so; none: it has never been otherwise than down.
    pub(super) since: Option<Timestamp>,
    /// An administrator has paused it.
    pub(super) paused: bool,
}

impl Task {
    /// Does it. A pause of what is paused, and a resume of what is not, change nothing.
    pub(super) async fn deed(&mut self, deed: Deed) {
        let text = match deed {
            Deed::Pause if self.standing.paused => return,
            Deed::Pause => "the connection was paused by an administrator",
            Deed::Restart => "the connection is started again by an administrator",
            Deed::Resume if self.standing.paused => {
                self.standing.paused = false;
                return self.start().await;
            }
            Deed::Resume => return,
        };
        tracing::info!(connection = %self.config.id, "{text}");
        self.standing.paused = deed == Deed::Pause;
        self.let_go(text);
        let again = deed == Deed::Restart;
        self.leave(&Loss { will_retry: again, ..Loss::new(ErrorCode::Cancelled, text) }).await;
        if again {
            // Whoever asks for it does not wait for what an earlier fault has cost.
            self.restart.reset();
            self.start().await;
        }
    }

    /// The phone system is connected, or is not.
    pub(super) fn stands(&mut self, up: bool) {
        self.metrics.up.set(i64::from(up));
        if self.standing.up != up {
            // Of the input that says so: facts of one input have one time.
            let since = Some(self.clock.last());
            self.standing = Standing { up, since, ..self.standing };
        }
    }
}
