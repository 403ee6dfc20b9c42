//! Who asks: a few connections to the database, each used by one question at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::database::{Database, StoreError};
use super::source::Source;

/// Questions at a time.
const READERS: usize = 4;
/// How long a question may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connections for questions.
pub(super) struct Readers {
    source: Source,
    // Held for a moment, to take one or to give it back.
    idle: Mutex<Vec<Box<dyn Database>>>,
    turns: Semaphore,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) const fn new(source: Source) -> Self {
        Self { source, idle: Mutex::new(Vec::new()), turns: Semaphore::const_new(READERS) }
    }

    /// Asks on a thread that may wait.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&mut dyn Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let busy = || StoreError::Unavailable("too many questions at a time".to_owned());
        let turn =
            tokio::time::timeout(PATIENCE, self.turns.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
        let this = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || this.ask(ask)).await;
        drop(turn);
        asked.map_err(|e| StoreError::Unavailable(e.to_string()))?
    }

    fn ask<T>(&self, ask: impl FnOnce(&mut dyn Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut database = match idle.filter(|database| database.is_alive()) {
            Some(database) => database,
            None => self.source.open_to_read()?,
        };
        let asked = ask(database.as_mut());
        if !matches!(asked, Err(StoreError::Unavailable(_))) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(database);
        }
        asked
    }
}
