//! First loads: foreign code that runs for the first time, several libraries side by side, so that one which does not
//! come back keeps nobody waiting but itself.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};

use super::load::{First, LoadError, LoadedPlugin};
use super::look::Looked;

/// So many at a time: each may take all the processor that it gets, and some memory, until its time is over.
const MOST: usize = 4;

/// What came of a first load: the library's hash, and what it is.
type Done = (String, Result<LoadedPlugin, LoadError>);

/// Why whoever watches the folder looks at it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Something happened there, or the watching is over.
    Told,
    /// A first load is done.
    Loaded,
}

/// Libraries that are loaded for the first time now.
#[derive(Debug)]
pub(super) struct FirstLoads {
    running: BTreeSet<String>,
    /// Those that are done and were not asked for yet.
    done: Vec<Done>,
    sender: Sender<Done>,
    receiver: Receiver<Done>,
    wake: Option<SyncSender<Woken>>,
}

impl FirstLoads {
    /// None yet. `wake` is told of each that is done.
    pub(super) fn new(wake: Option<SyncSender<Woken>>) -> Self {
        let (sender, receiver) = channel();
        Self { running: BTreeSet::new(), done: Vec::new(), sender, receiver, wake }
    }

    /// Whether there is a place for one more. One whose trouble may have passed leaves a place for those that were
    /// never tried.
    pub(super) fn has_place(&self, tried: bool) -> bool {
        self.running.len() < MOST - usize::from(tried)
    }

    /// Whether any runs.
    pub(super) fn is_any(&self) -> bool {
        !self.running.is_empty()
    }

    /// Begins to load, unless these bytes are being loaded already. The result is one of [`done`](Self::done) later.
    pub(super) fn begin(&mut self, first: First, looked: Looked) {
        let hash = looked.hash.clone();
        if !self.running.insert(hash.clone()) {
            return;
        }
        let (sender, wake) = (self.sender.clone(), self.wake.clone());
        let load = move || {
            let loaded = first.load(&looked);
            // Nobody waits for it any more: the host has ended.
            let _ = sender.send((looked.hash, loaded));
            // Where it is full somebody is about to look.
            wake.map(|wake| wake.try_send(Woken::Loaded));
        };
        if let Err(error) = std::thread::Builder::new().name("first-load".to_owned()).spawn(load) {
            self.done.push((hash, Err(LoadError::Runner(format!("there is no thread to load it in: {error}")))));
        }
    }

    /// Waits until one more is done, if any runs.
    pub(super) fn wait(&mut self) {
        if self.is_any()
            && self.done.is_empty()
            && let Ok(done) = self.receiver.recv()
        {
            self.done.push(done);
        }
    }

    /// What came of those that are done, each once.
    pub(super) fn done(&mut self) -> Vec<Done> {
        self.done.extend(self.receiver.try_iter());
        for (hash, _) in &self.done {
            self.running.remove(hash);
        }
        std::mem::take(&mut self.done)
    }
}
