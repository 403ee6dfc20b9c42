//! The room where TAPI's functions are called. This is the only place with `unsafe`, and it decides nothing: it does what
//! the state machine asks for and tells what came of it.
//!
//! Two threads live here. One calls the functions that the state machine asks for, one after the other ([`caller`]). The
//! other sits in `lineGetMessage` and looks up what a message is about while it is fresh ([`reader`]); there is never
//! a second one, because messages would overtake each other. A driver that does not return from a function keeps one of
//! them, and never the host.

#![allow(unsafe_code, reason = "TAPI is a C interface; each block says why it is sound")]

mod caller;
mod functions;
mod lookup;
mod memory;
#[cfg(test)]
mod negotiating;
mod reader;
mod request;
mod requests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jackfield_plugin_api::Poster;

use crate::asks::Ask;
use crate::extensions::Wanted;
use crate::told::{Named, Told};
use functions::Functions;
use request::Kept;
use requests::Requests;

/// How long a thread waits until it tries again to hand something over.
const AGAIN: Duration = Duration::from_millis(5);

/// Where what is told goes: to the adapter's inputs, or to a test.
pub(crate) trait Ear: Send + Sync + 'static {
    /// Takes it. `false`: not now.
    fn hear(&self, told: &[u8]) -> bool;
}

impl Ear for Poster {
    fn hear(&self, told: &[u8]) -> bool {
        self.post(told)
    }
}

/// What the two threads share.
struct Shared {
    ear: Box<dyn Ear>,
    /// What is asked of drivers besides TAPI.
    extensions: Vec<Wanted>,
    requests: Mutex<Requests<Kept>>,
    /// The function of the driver that the reading thread is in, and since when.
    reading: Mutex<Option<(Instant, &'static str)>>,
    /// Nobody listens any more.
    over: AtomicBool,
}

impl Shared {
    /// Tells the state machine; waits while it is too busy to listen.
    fn tell(&self, told: &Told) {
        let Ok(bytes) = serde_json::to_vec(told) else { return };
        while !self.over.load(Ordering::Acquire) && !self.ear.hear(&bytes) {
            thread::sleep(AGAIN);
        }
    }

    /// Calls functions of the driver in the reading thread: whoever looks sees in which it is.
    fn read<T>(&self, function: &'static str, call: impl FnOnce() -> T) -> T {
        let here = |now| *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = now;
        here(Some((Instant::now(), function)));
        let result = call();
        here(None);
        result
    }

    /// Where the reading thread has been for longer than `usual`.
    fn reads_long(&self, usual: Duration) -> Option<(Duration, &'static str)> {
        let (since, function) = (*self.reading.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some((since.elapsed(), function)).filter(|(long, _)| *long > usual)
    }

    fn requests(&self) -> MutexGuard<'_, Requests<Kept>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is asked of the calling thread.
enum Job {
    Do(Ask),
    /// All is to be closed; it says when that is done.
    Finish(Sender<()>),
}

/// The drivers that are installed, by their file's names, and the functions of TAPI that a library does not have.
///
/// # Errors
/// The library cannot be loaded, in words.
pub(crate) fn installed(library: &str) -> Result<(Vec<Named>, Vec<&'static str>), String> {
    let functions = Functions::load(library)?;
    // Not every library can tell.
    Ok((functions.installed().unwrap_or_default(), functions.missing()))
}

/// The room. When it is dropped, its threads close what is open and end, each as soon as its driver lets it.
pub(crate) struct Room {
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

impl Room {
    /// Starts the calling thread. The library is loaded with the first [`Ask::Start`]; these extensions are negotiated
    /// with the drivers that have them.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn new(ear: Box<dyn Ear>, library: &str, extensions: Vec<Wanted>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            ear,
            extensions,
            requests: Mutex::default(),
            reading: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let (jobs, received) = mpsc::channel();
        let (library, theirs) = (library.to_owned(), Arc::clone(&shared));
        thread::Builder::new().name("tapi-calls".into()).spawn(move || caller::work(&library, &theirs, &received))?;
        Ok(Self { jobs, shared })
    }

    /// Has something done.
    pub(crate) fn ask(&self, ask: Ask) {
        // The thread lives as long as this does.
        let _ = self.jobs.send(Job::Do(ask));
    }

    /// Closes everything, and waits for it, but no longer than this. `false`: the driver takes longer.
    pub(crate) fn finish(&self, patience: Duration) -> bool {
        let (done, wait) = mpsc::channel();
        self.jobs.send(Job::Finish(done)).is_ok() && wait.recv_timeout(patience).is_ok()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
    }
}

impl std::fmt::Debug for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Room")
    }
}
