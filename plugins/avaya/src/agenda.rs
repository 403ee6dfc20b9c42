//! What is due when, in the order of time: one timer of the host serves all of it.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::{Host, LineId, TimerId, Timestamp};
use serde::{Deserialize, Serialize};

/// The one timer.
const ALARM: TimerId = TimerId(0);

/// What can be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Task {
    /// The session is to be kept alive.
    Beat,
    /// The next server is to be tried.
    NextServer,
    /// A request should have been answered by now.
    Answer(u16),
    /// A line that could not be set up is tried again.
    Retry(LineId),
    /// An agent's state is asked for.
    Poll(LineId),
    /// A line's calls are compared.
    Check(LineId),
    /// A call that was made from here should have shown by now.
    Made(LineId),
}

/// All that is due.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(crate) struct Agenda {
    at: BTreeMap<Task, Timestamp>,
    order: BTreeSet<(Timestamp, Task)>,
    /// When the timer runs out, if it runs.
    alarm: Option<Timestamp>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    at: Vec<(Task, Timestamp)>,
    alarm: Option<Timestamp>,
}

impl From<Saved> for Agenda {
    fn from(saved: Saved) -> Self {
        let at: BTreeMap<_, _> = saved.at.into_iter().collect();
        let order = at.iter().map(|(task, at)| (*at, *task)).collect();
        Self { at, order, alarm: saved.alarm }
    }
}

impl Clone for Agenda {
    fn clone(&self) -> Self {
        Self { at: self.at.clone(), order: self.order.clone(), alarm: self.alarm }
    }
}

impl From<Agenda> for Saved {
    fn from(agenda: Agenda) -> Self {
        Self { at: agenda.at.into_iter().collect(), alarm: agenda.alarm }
    }
}

impl Agenda {
    /// A task is due then, and not when it was before.
    pub(crate) fn set(&mut self, task: Task, at: Timestamp) {
        self.cancel(task);
        self.at.insert(task, at);
        self.order.insert((at, task));
    }

    /// A task is not due any more.
    pub(crate) fn cancel(&mut self, task: Task) {
        if let Some(at) = self.at.remove(&task) {
            self.order.remove(&(at, task));
        }
    }

    /// Nothing is due, but for what passes.
    pub(crate) fn keep(&mut self, passes: impl Fn(Task) -> bool) {
        self.at.retain(|task, _| passes(*task));
        self.order.retain(|(_, task)| passes(*task));
    }

    /// Takes what is due first, if it is due by now.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<Task> {
        let (at, task) = *self.order.first()?;
        if at > now {
            return None;
        }
        self.cancel(task);
        Some(task)
    }

    /// The timer has run out.
    pub(crate) fn rang(&mut self) {
        self.alarm = None;
    }

    /// Sets the timer to what is due first. One that rings too early is left: it is set again then.
    pub(crate) fn set_alarm(&mut self, host: &mut Host<'_>) {
        let next = self.order.first().map(|(at, _)| *at);
        match (next, self.alarm) {
            (Some(next), Some(alarm)) if alarm <= next => {}
            (Some(next), _) => {
                self.alarm = Some(next);
                host.set_timer(ALARM, next.since(host.now()));
            }
            (None, Some(_)) => {
                self.alarm = None;
                host.cancel_timer(ALARM);
            }
            (None, None) => {}
        }
    }
}
