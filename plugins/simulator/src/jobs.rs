//! What happens later: one agenda, in the order of time, and one timer for its first entry.

use std::collections::BTreeMap;

use jackfield_plugin_api::CauseCode;
use serde::{Deserialize, Serialize};

use crate::state::{ConversationId, LateAnswer, LegId};

/// What happens at its time. A job whose leg is gone, or does something else by now, is nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Job {
    /// The called party answers.
    Answer(LegId),
    /// The called party does not answer, for this reason.
    Fail(LegId, CauseCode),
    /// The exchange ends the ringing of a leg, or forwards it.
    NoAnswer(LegId),
    /// The called outside number begins to ring.
    Rings(LegId),
    /// A caller has waited long enough.
    GiveUp(LegId),
    /// A party holds the call, and will take it back after this time; with a time after that, again and again.
    Hold(LegId, i64, Option<i64>),
    /// A party takes the call back, and holds again after this time, for that time.
    Unhold(LegId, Option<(i64, i64)>),
    /// A party hangs up.
    HangUp(LegId),
    /// A robot transfers its call.
    Transfer(LegId),
    /// A robot consults; at the end it completes the transfer or returns.
    Consult(LegId, bool),
    /// A robot ends its consultation: first call, consultation, completes.
    EndConsult(LegId, LegId, bool),
    /// An outside party sends digits.
    Digits(LegId, String),
    /// A busy tone, or a handset off its hook, has been heard long enough.
    ToneEnds(LegId),
    /// The queue looks for agents again.
    ServeQueue,
    /// A caller has waited in the queue long enough.
    QueueEnds(ConversationId),
    /// A parked call comes back.
    ParkEnds(String, ConversationId),
    /// After-call work ends: extension, its number.
    WrapUpEnds(String, u64),
    /// A random call.
    Traffic,
    /// A call of the settings, by its index.
    Scripted(usize),
    /// The answer to a command, late.
    Reply(Box<LateAnswer>),
    /// The CTI link comes back.
    LinkUp,
    /// The adapter panics.
    Panic,
}

/// The agenda.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Jobs {
    last: u64,
    agenda: BTreeMap<(i64, u64), Job>,
}

impl Jobs {
    /// Puts a job on the agenda. Jobs of one time happen in the order in which they were put there.
    pub(crate) fn at(&mut self, time: i64, job: Job) {
        self.last += 1;
        self.agenda.insert((time, self.last), job);
    }

    /// The time of the first job.
    pub(crate) fn first(&self) -> Option<i64> {
        self.agenda.keys().next().map(|(time, _)| *time)
    }

    /// Takes the first job, if its time has come.
    pub(crate) fn due(&mut self, now: i64) -> Option<Job> {
        let first = self.agenda.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// Takes jobs off the agenda.
    pub(crate) fn cancel(&mut self, which: impl Fn(&Job) -> bool) {
        self.agenda.retain(|_, job| !which(job));
    }
}
