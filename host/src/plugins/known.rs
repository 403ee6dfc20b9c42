//! A file of the folder: what is known of it, and how it is judged.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::catalogue::{Entry, State};
use super::file::Stamp;
use super::first::FirstLoads;
use super::load::{LoadError, LoadedPlugin, Loader};
use super::look::{Refused, look};

/// Why a library is not judged yet.
pub(super) const LOADING: &str = "it is being loaded for the first time";
/// The same where others come first.
const QUEUED: &str = "it is loaded for the first time when those before it are";

/// How long a library that did not come back is let be: at first, and at most.
const PAUSE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// What is known of a file.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) entry: Entry,
    /// How it looked last, and since when it looks so.
    stamp: Stamp,
    pub(super) since: Instant,
    /// How it looked when it was judged.
    judged: Option<Stamp>,
    /// The judgement may be another one though the file is the same.
    again: bool,
    /// Not before this time: trying it takes all of a processor while it lasts, so it is tried ever more rarely.
    not_before: Option<Instant>,
    pause: Duration,
    /// The hash under which it is being loaded for the first time.
    pub(super) loading: Option<String>,
    /// It is good to be loaded, and waits until there is a place for it.
    pub(super) queued: bool,
    pub(super) gone: Option<Instant>,
}

impl Known {
    /// A file that was not there before.
    pub(super) fn new(path: &Path, stamp: Stamp, now: Instant) -> Self {
        Self {
            entry: Entry { path: path.to_owned(), state: State::Waits(String::new()), before: None },
            stamp,
            since: now,
            judged: None,
            again: false,
            not_before: None,
            pause: Duration::ZERO,
            loading: None,
            queued: false,
            gone: None,
        }
    }

    /// It is there, and looks like this.
    pub(super) fn looks(&mut self, stamp: Stamp, now: Instant) {
        self.gone = None;
        if self.stamp != stamp {
            self.stamp = stamp;
            self.since = now;
            // What is being loaded is not this file any more.
            (self.loading, self.queued) = (None, false);
            (self.not_before, self.pause) = (None, Duration::ZERO);
        }
    }

    /// Whether it is still the file that was judged, or is being loaded.
    pub(super) fn is_judged(&self) -> bool {
        self.judged.as_ref() == Some(&self.stamp)
    }

    /// Whether it was refused for something that may have passed.
    pub(super) fn may_be_tried(&self, now: Instant) -> bool {
        self.again && self.loading.is_none() && self.is_judged() && self.not_before.is_none_or(|at| at <= now)
    }

    /// What came of loading it.
    pub(super) fn is(&mut self, loaded: Result<Arc<LoadedPlugin>, LoadError>, now: Instant) {
        self.loading = None;
        match loaded {
            Ok(plugin) => {
                self.again = false;
                self.becomes(State::Loaded(plugin));
            }
            Err(error) => {
                self.again = error.may_pass();
                if let LoadError::Late { .. } = error {
                    self.pause = (self.pause * 2).clamp(PAUSE, LONGEST_PAUSE);
                    self.not_before = Some(now + self.pause);
                }
                self.becomes(State::Refused(error.to_string()));
            }
        }
    }

    pub(super) fn becomes(&mut self, state: State) {
        let was = std::mem::replace(&mut self.entry.state, state);
        match (&self.entry.state, was) {
            (State::Loaded(_), _) => self.entry.before = None,
            (_, State::Loaded(plugin)) => self.entry.before = Some(plugin),
            _ => {}
        }
    }

    /// Looks at a file that seems to be complete, and loads it, or begins to. `tried`: it was refused before.
    pub(super) fn judge(&mut self, loader: &mut Loader, first: &mut FirstLoads, now: Instant, tried: bool) {
        if self.queued && !first.has_place(false) {
            return;
        }
        self.queued = false;
        let looked = match look(&self.entry.path) {
            Ok(looked) => looked,
            Err(changing @ Refused::Changing) => {
                self.since = now;
                return self.becomes(State::Waits(changing.to_string()));
            }
            // It has gone since it was listed: the next look misses it.
            Err(_) if Stamp::of(&self.entry.path).is_none() => return,
            Err(refused) => {
                self.judged = Some(self.stamp.clone());
                self.again = refused.may_pass();
                return self.becomes(State::Refused(refused.to_string()));
            }
        };
        if let Some(loaded) = loader.known(&looked.hash) {
            self.judged = Some(self.stamp.clone());
            return self.is(loaded, now);
        }
        if !first.has_place(tried) {
            // One that was tried before stays what it is until the next time.
            if !tried {
                self.queued = true;
                self.becomes(State::Waits(QUEUED.to_owned()));
            }
            return;
        }
        self.judged = Some(self.stamp.clone());
        self.loading = Some(looked.hash.clone());
        if !tried {
            self.becomes(State::Waits(LOADING.to_owned()));
        }
        // Foreign code runs now.
        tracing::info!(file = %self.entry.path.display(), "loading");
        crate::telemetry::flush();
        first.begin(loader.first(), looked);
    }
}
