//! Transports that were told to close and have not ended yet: what waits on them is still to go out.

use std::time::Duration;

use tokio::task::JoinSet;

use super::transports::Open;

/// Transports that were told to close.
#[derive(Default)]
pub(super) struct Leaving(JoinSet<()>);

impl Leaving {
    /// One more, which is broken off after `patience`. More than `most` are too many open files: then those that are
    /// here already are broken off.
    pub(super) fn add(&mut self, open: Open, patience: Duration, most: usize) {
        while self.0.try_join_next().is_some() {}
        if self.0.len() >= most {
            self.0.abort_all();
        }
        self.0.spawn(async move {
            // Dropping it breaks off what has not ended by itself.
            let _ = tokio::time::timeout(patience, open.ended()).await;
        });
    }

    /// Waits until all have ended: as long as their patience at the most.
    pub(super) async fn all(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
