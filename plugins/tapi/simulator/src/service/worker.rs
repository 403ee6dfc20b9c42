//! The thread that does what is due, while there are programs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Job, WORK, lock};
use crate::config::Clock;

static THREAD: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);
static STOP: AtomicBool = AtomicBool::new(false);

/// Starts the thread if it does not run. `false`: the system gives no more threads.
pub(crate) fn start() -> bool {
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
        return true;
    }
    let started = std::thread::Builder::new().name("tapisim".to_owned()).spawn(run);
    match started {
        Ok(handle) => *thread = Some(handle),
        Err(e) => {
            eprintln!("cti_tapisim: no thread could be started: {e}");
            return false;
        }
    }
    true
}

/// Ends the thread and waits until it is gone, if there are no programs: the library may be unloaded then. Call it
/// without the service's lock.
pub(crate) fn stop() {
    // Whoever begins meanwhile waits here, and starts it again.
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if !lock().service().programs.is_empty() {
        return;
    }
    if let Some(handle) = thread.take() {
        STOP.store(true, Ordering::SeqCst);
        lock().service().wake();
        let _ = handle.join();
        STOP.store(false, Ordering::SeqCst);
    }
}

fn run() {
    let mut held = lock();
    let service = held.service();
    if service.control.is_watching() && !service.jobs.values().any(|job| matches!(job, Job::Look)) {
        service.schedule(0, Job::Look);
    }
    loop {
        if STOP.load(Ordering::SeqCst) {
            return;
        }
        let service = held.service();
        // A panic here would leave programs waiting for ever.
        let went = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| service.run_due()));
        if went.is_err() {
            eprintln!("cti_tapisim: a panic in the simulator's thread; what was due is lost");
        }
        let service = held.service();
        let next = service.jobs.first_key_value().map(|((due, _), _)| due.saturating_sub(service.now()));
        let wait = match (next, service.config.clock) {
            (Some(next), Clock::Real) => Duration::from_millis(next.min(1000)),
            _ => Duration::from_secs(1),
        };
        if wait.is_zero() {
            // Others get in between.
            drop(held);
            std::thread::yield_now();
            held = lock();
        } else {
            held = held.wait(&WORK, wait);
        }
    }
}
