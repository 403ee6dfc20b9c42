//! The service manager that started the host: told that it serves, that it lives, how it is.

use std::future::Future;
#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use tokio::time::timeout_at;
use tokio::time::{Instant, sleep_until};

#[cfg(unix)]
use crate::systemd::Notifier;

/// How long something may keep the main loop busy before the watchdog is left to bite: a new configuration logs
/// connections out and in, and each of them takes seconds at most.
#[cfg(unix)]
const LONGEST_WORK: Duration = Duration::from_secs(120);

/// The service manager, or nobody.
pub(super) struct Manager {
    #[cfg(unix)]
    notifier: Notifier,
    next: Option<Instant>,
}

#[cfg(unix)]
impl Manager {
    pub(super) fn new() -> Self {
        let notifier = Notifier::from_environment().unwrap_or_else(|why| {
            tracing::warn!("the service manager is not told that the host serves: {why}");
            Notifier::default()
        });
        let mut manager = Self { notifier, next: None };
        manager.plan();
        manager
    }

    pub(super) fn ready(&mut self, status: &str) {
        self.notifier.ready(status);
    }

    pub(super) fn reloading(&self) {
        self.notifier.reloading();
    }

    pub(super) fn stopping(&self) {
        self.notifier.stopping();
    }

    pub(super) fn alive(&mut self, status: &str) {
        self.notifier.alive(status);
        self.plan();
    }

    fn plan(&mut self) {
        self.next = self.notifier.beat().map(|often| Instant::now() + often);
    }

    /// Feeds the watchdog while something long is done, for as long as that may take.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let until = Instant::now() + LONGEST_WORK;
        let mut work = std::pin::pin!(work);
        loop {
            let Some(next) = self.next.filter(|next| *next < until) else { return work.await };
            match timeout_at(next, &mut work).await {
                Ok(done) => return done,
                Err(_) => {
                    self.notifier.fed();
                    self.plan();
                }
            }
        }
    }
}

#[cfg(not(unix))]
impl Manager {
    pub(super) fn new() -> Self {
        Self { next: None }
    }

    pub(super) fn ready(&mut self, _: &str) {}

    pub(super) fn reloading(&self) {}

    pub(super) fn stopping(&self) {}

    pub(super) fn alive(&mut self, _: &str) {}

    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        work.await
    }
}

impl Manager {
    /// Waits until the manager is to be told that the host lives; for ever when nobody listens.
    pub(super) async fn beat(&self) {
        match self.next {
            Some(next) => sleep_until(next).await,
            None => std::future::pending().await,
        }
    }
}
