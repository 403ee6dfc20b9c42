//! What stands between programs and the phone system, as the telephony service of Windows does: programs, open lines,
//! handles of calls, requests and their replies, queues of messages.
//!
//! There is one service in a process, behind one lock; a thread ([`worker`]) does what is due. Functions hold the lock
//! while they work and never while they wait.

mod extension;
mod fault;
mod handle;
mod job;
mod open;
mod program;
mod request;
mod tell;
mod trace;
pub(crate) mod worker;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(crate) use fault::{Plan, Standing};
pub(crate) use handle::Handle;
pub(crate) use job::Job;
pub(crate) use open::{NewOpen, Open};
pub(crate) use program::{Program, message};
pub(crate) use request::{Asker, Done, Request};

use crate::config::{Clock, Config};
use crate::control;
use crate::exchange::{Exchange, LegId};
use crate::layout::{LINEMESSAGE, Version};

/// The process's service; `None` before its first use, and after a reset.
static SERVICE: Mutex<Option<Service>> = Mutex::new(None);
/// A program got a message, or is gone.
pub(crate) static RANG: Condvar = Condvar::new();
/// There is something to do, or nothing any more.
static WORK: Condvar = Condvar::new();

/// The service, and everything behind it.
pub(crate) struct Service {
    pub(crate) config: Arc<Config>,
    /// Why the configuration cannot be used.
    pub(crate) broken: Option<String>,
    pub(crate) exchange: Exchange,
    pub(crate) programs: BTreeMap<u32, Program>,
    pub(crate) opens: BTreeMap<u32, Open>,
    pub(crate) handles: BTreeMap<u32, Handle>,
    pub(crate) requests: BTreeMap<u32, Request>,
    pub(crate) faults: Vec<Standing>,
    pub(crate) jobs: BTreeMap<(u64, u64), Job>,
    /// The request whose reply is to wait before its function has returned.
    pub(crate) early: Option<u32>,
    /// The service answers nothing but errors: it was stopped.
    pub(crate) stopped: bool,
    /// What programs are told while they must shut down.
    pub(crate) reinit: bool,
    /// Agent handlers serve their addresses.
    pub(crate) agents_served: bool,
    pub(crate) control: control::Watch,
    pub(crate) threads: Vec<std::thread::JoinHandle<()>>,
    pub(crate) counters: Counters,
    /// Replies that wait until a call's handles are gone.
    late: Vec<(LegId, u32, LINEMESSAGE)>,
    /// Messages that are collected instead of being handed out.
    aside: Option<Vec<(u32, LINEMESSAGE)>>,
    /// By program and device.
    agreed: BTreeMap<(u32, u32), extension::Agreed>,
    /// The versions of extensions that functions were called with the last time, by device and function.
    carried: BTreeMap<(u32, &'static str), Version>,
    /// Calls that programs were told of.
    told: std::collections::BTreeSet<LegId>,
    scripted: bool,
    trace: Option<std::fs::File>,
    started: Instant,
    born: u64,
    manual: u64,
    order: u64,
    last_program: u32,
    last_open: u32,
    last_handle: u32,
    last_request: u32,
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) messages: u64,
    pub(crate) requests: u64,
    pub(crate) replies: u64,
    pub(crate) handles: u64,
    /// Handles that programs have given back, lines that they have opened and closed: by the functions for it, not by
    /// their end.
    pub(crate) given_back: u64,
    pub(crate) lines: u64,
    pub(crate) closed: u64,
}

/// The service, made when it is needed for the first time.
pub(crate) struct Held(MutexGuard<'static, Option<Service>>);

/// Takes the lock.
pub(crate) fn lock() -> Held {
    let mut guard = SERVICE.lock().unwrap_or_else(PoisonError::into_inner);
    if guard.is_none() {
        *guard = Some(Service::from_file());
    }
    Held(guard)
}

impl Held {
    /// The service.
    pub(crate) fn service(&mut self) -> &mut Service {
        // It is made in `lock`, and again here if somebody took it away while this guard waited.
        self.0.get_or_insert_with(Service::from_file)
    }

    /// Lets go of the lock until `on` is told, at most for `most`.
    pub(crate) fn wait(self, on: &Condvar, most: std::time::Duration) -> Self {
        let (guard, _) = on.wait_timeout(self.0, most).unwrap_or_else(PoisonError::into_inner);
        Self(guard)
    }

    /// Forgets everything: the next who takes the lock gets a new service.
    pub(crate) fn reset(mut self, with: Option<Config>) {
        *self.0 = with.map(|config| Service::new(config, None, None));
        RANG.notify_all();
    }
}

impl Service {
    /// The service that the configuration's file describes.
    fn from_file() -> Self {
        match control::load() {
            Ok((config, folder)) => Self::new(config, folder.as_deref(), None),
            Err(text) => {
                eprintln!("cti_tapisim: {text}");
                Self::new(Config::default(), None, Some(text))
            }
        }
    }

    pub(crate) fn new(config: Config, folder: Option<&Path>, broken: Option<String>) -> Self {
        let born =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(0));
        let config = Arc::new(config);
        Self {
            exchange: Exchange::new(&config),
            faults: config.faults.iter().cloned().map(Standing::new).collect(),
            control: control::Watch::new(&config, folder),
            trace: trace::open(&config, folder),
            broken,
            programs: BTreeMap::new(),
            opens: BTreeMap::new(),
            handles: BTreeMap::new(),
            requests: BTreeMap::new(),
            jobs: BTreeMap::new(),
            early: None,
            stopped: false,
            reinit: false,
            agents_served: true,
            threads: Vec::new(),
            counters: Counters::default(),
            late: Vec::new(),
            agreed: BTreeMap::new(),
            carried: BTreeMap::new(),
            aside: None,
            told: std::collections::BTreeSet::new(),
            scripted: false,
            started: Instant::now(),
            born,
            manual: 0,
            order: 0,
            last_program: 0,
            last_open: 0,
            last_handle: 0,
            last_request: 0,
            config,
        }
    }

    /// Milliseconds since the service began.
    pub(crate) fn now(&self) -> u64 {
        match self.config.clock {
            Clock::Real => u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            Clock::Manual => self.manual,
        }
    }

    /// A time of the service as milliseconds since 1970.
    pub(crate) fn since_1970(&self, at: u64) -> u64 {
        self.born.saturating_add(at)
    }

    /// Lets time go on by hand, doing what becomes due on the way.
    pub(crate) fn advance(&mut self, by: u64) {
        let end = self.manual.saturating_add(by);
        while let Some((&(due, _), _)) = self.jobs.first_key_value() {
            if due > end {
                break;
            }
            self.manual = self.manual.max(due);
            self.run_due();
        }
        self.manual = end;
        self.run_due();
    }

    /// Something is to be done after so many milliseconds.
    pub(crate) fn schedule(&mut self, after: u64, job: Job) {
        self.order += 1;
        let due = self.now().saturating_add(after);
        self.jobs.insert((due, self.order), job);
        WORK.notify_all();
    }

    /// Hands out what the phone system has told, and schedules what it wants to happen later.
    pub(crate) fn flush(&mut self) {
        for happening in std::mem::take(&mut self.exchange.happened) {
            self.tell(&happening);
        }
        for (after, act) in std::mem::take(&mut self.exchange.later) {
            self.schedule(after, Job::Act(act));
        }
        self.tidy();
    }

    /// Forgets calls that are over and of which nobody has a handle.
    fn tidy(&mut self) {
        let over: Vec<LegId> = self
            .exchange
            .legs
            .values()
            .filter(|leg| leg.state == crate::constants::LINECALLSTATE_IDLE && leg.spot.is_some())
            .map(|leg| leg.id)
            .collect();
        for leg in over {
            if !self.handles.values().any(|handle| handle.leg == leg) {
                self.exchange.forget(leg);
                self.told.remove(&leg);
            }
        }
    }

    /// Does something to the phone system, and tells what came of it.
    pub(crate) fn with_exchange<T>(&mut self, work: impl FnOnce(&mut Exchange) -> T) -> T {
        self.exchange.now = self.now();
        let result = work(&mut self.exchange);
        self.flush();
        result
    }

    /// The script begins when the first line is opened.
    pub(crate) fn begin_script(&mut self) {
        if std::mem::replace(&mut self.scripted, true) {
            return;
        }
        let config = Arc::clone(&self.config);
        for (at, scene) in config.script.iter().enumerate() {
            self.schedule(scene.at, Job::Scene(at));
        }
    }

    /// Wakes the thread; with the lock, so that it is not between looking and waiting.
    pub(crate) fn wake(&self) {
        WORK.notify_all();
    }
}

/// A new number from `last`, or with `reuse` the smallest that is free.
fn number(first: u32, last: &mut u32, reuse: bool, taken: impl Fn(u32) -> bool) -> u32 {
    if reuse && let Some(free) = (first..u32::MAX).find(|number| !taken(*number)) {
        return free;
    }
    *last = last.wrapping_add(1);
    first.wrapping_add(*last)
}
