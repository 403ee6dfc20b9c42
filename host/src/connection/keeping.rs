//! Calls on their way into the history: written down before clients see them, told when they are in the database, and
//! taken up again after a restart of the host.

use std::time::Duration;

use jackfield_plugin_api::{ErrorCode, Fact, Severity};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::History;
use super::task::Task;
use crate::model::{CallId, CallSaved, Enrichment, Fault};
use crate::store::{CallLink, Journal, Notice, Saved};

/// How often a disk that was full is tried again though nothing happens.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// Where a connection's calls are kept.
#[derive(Debug)]
pub(super) struct Keeping {
    history: History,
    journal: Journal,
    /// What was committed. Bounded by what this connection wrote and people edited.
    notices: UnboundedReceiver<Notice>,
    /// When what waits in memory is to be written again.
    again: Option<Instant>,
}

impl Keeping {
    pub(super) fn new(connection: &str, history: &History) -> Self {
        let (journal, notices) = history.store.journal(connection, history.limit);
        Self { history: history.clone(), journal, notices, again: None }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.again
    }
}

/// What the store tells next; waits for ever when nothing is kept.
pub(super) async fn next(keeping: &mut Option<Keeping>) -> Option<Notice> {
    match keeping {
        Some(keeping) => keeping.notices.recv().await,
        None => std::future::pending().await,
    }
}

impl Task {
    /// Gives the model the calls that an earlier life of the host left behind.
    pub(super) async fn restore(&mut self) {
        let Some(keeping) = &mut self.keeping else { return };
        let names: Vec<String> = self.lines.values().map(|plan| plan.name.clone()).collect();
        let kept = match keeping.history.store.kept(&self.config.id, names, &mut keeping.journal).await {
            Ok(kept) => kept,
            Err(why) => {
                tracing::error!(connection = %self.config.id, "calls of the time before cannot be taken up: {why}");
                return;
            }
        };
        for (name, epoch, calls) in kept.lines {
            let Some(id) = self.lines.iter().find(|(_, plan)| plan.name == name).map(|(id, _)| *id) else { continue };
            if !calls.is_empty() {
                let count = calls.len();
                tracing::info!(connection = %self.config.id, line = name, count, "calls are taken up again");
                // They are up, until the phone system says otherwise.
                self.metrics.calls.inc_by(crate::metrics::count(count));
                // Also of a line that is opened on demand: their ends are to be seen.
                if self.presence.is_closed(id) {
                    self.begin_on_demand(id);
                }
            }
            self.model.restore(self.clock.last(), id, epoch, calls);
        }
    }

    /// Notes what a recording of a call is called, before the event that tells of it is written down.
    pub(super) fn keep_recording(&mut self, fact: &Fact) {
        let (Some(keeping), Fact::Recording(recording)) = (&mut self.keeping, fact) else { return };
        let Some(reference) = &recording.reference else { return };
        let call = self.model.call_id(recording.line, &recording.key).map(CallId::as_str);
        // What is told of a call that is over comes too late for its row.
        if let Some(call) = call.filter(|call| self.model.call(recording.line, call).is_some()) {
            keeping.journal.recorded(call, reference);
        }
    }

    /// Writes down what the events of this input tell. Waits for nobody.
    pub(super) fn write_down(&mut self) {
        let Some(keeping) = &mut self.keeping else { return };
        if self.events.is_empty() {
            return;
        }
        let model = &self.model;
        keeping.journal.note(&self.events, |line, id| model.key(line, id));
        keeping.again = keeping.journal.is_behind().then(|| Instant::now() + TRY_AGAIN);
        self.tell_trouble();
    }

    fn tell_trouble(&mut self) {
        if let Some(why) = self.keeping.as_mut().and_then(|keeping| keeping.journal.news_of_trouble()) {
            let text = format!("calls are not stored now, and will be: {why}");
            let now = self.now();
            let fault = Fault::new(ErrorCode::StoreFailed, Severity::Error, &text);
            self.model.fault(now, None, fault, &mut self.events);
        }
    }

    /// Tries again what the disk did not take.
    pub(super) fn keep_waiting(&mut self) {
        let Some(keeping) = &mut self.keeping else { return };
        if keeping.again.is_some_and(|at| at <= Instant::now()) {
            let waits = keeping.journal.flush();
            keeping.again = waits.then(|| Instant::now() + TRY_AGAIN);
        }
    }

    /// The store tells something.
    pub(super) async fn noticed(&mut self, notice: Notice) {
        match notice {
            Notice::Saved(saved) => self.saved(&saved),
            Notice::Trouble => self.tell_trouble(),
        }
        self.publish().await;
    }

    /// A call is in the database.
    fn saved(&mut self, saved: &Saved) {
        let Some(keeping) = &self.keeping else { return };
        let Some(line) = keeping.journal.line(&saved.line) else { return };
        let store = keeping.journal.store_name();
        let now = self.now();
        let id = CallId::new(saved.call_id.as_str());
        if let Some(links) = &saved.links {
            let links = Some(links.iter().map(CallLink::link).collect());
            let found = Enrichment { links, ..Enrichment::default() };
            self.model.enrich(now, line, &id, &found, &mut self.events);
        }
        let saved = CallSaved {
            database_id: saved.call_id.as_str().into(),
            call: id,
            store: store.into(),
            revision: u64::try_from(saved.revision).unwrap_or(0),
            created: saved.revision == 1,
            is_final: saved.is_final,
        };
        self.model.saved(now, line, saved, &mut self.events);
    }
}
