//! The re-order window (I7): facts with the phone system's time wait a moment for earlier ones.

use jackfield_plugin_api::{Fact, Timestamp};

use super::event::ReplyTo;
use super::limits::MAX_WAITING_FACTS;

/// A fact that waits.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Waiting {
    /// When it has waited long enough.
    due: Timestamp,
    /// Its place: the phone system's time; without one, right behind the fact it came after.
    order: Timestamp,
    fact: Fact,
    origin: Option<ReplyTo>,
}

/// The facts of one line that wait, in the order in which they will be applied.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Reorder {
    waiting: Vec<Waiting>,
    newest: Option<Timestamp>,
}

impl Reorder {
    /// Lets a fact wait until `due`. Full: the first one must go now, and is returned.
    pub(super) fn push(
        &mut self,
        due: Timestamp,
        fact: Fact,
        origin: Option<ReplyTo>,
    ) -> Option<(Fact, Option<ReplyTo>)> {
        let order = native_time(&fact).or(self.newest).unwrap_or(Timestamp::from_micros(i64::MIN));
        self.newest = Some(order);
        let at = self.waiting.partition_point(|waiting| waiting.order <= order);
        self.waiting.insert(at, Waiting { due, order, fact, origin });
        (self.waiting.len() > MAX_WAITING_FACTS).then(|| {
            let first = self.waiting.remove(0);
            (first.fact, first.origin)
        })
    }

    /// The facts whose time has come, and those that must go before them.
    pub(super) fn take(&mut self, now: Timestamp) -> Vec<(Fact, Option<ReplyTo>)> {
        let until = self.waiting.iter().rposition(|waiting| waiting.due <= now).map_or(0, |last| last + 1);
        self.waiting.drain(..until).map(|waiting| (waiting.fact, waiting.origin)).collect()
    }

    /// All that wait.
    pub(super) fn take_all(&mut self) -> Vec<(Fact, Option<ReplyTo>)> {
        self.waiting.drain(..).map(|waiting| (waiting.fact, waiting.origin)).collect()
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.waiting.iter().map(|waiting| waiting.due).min()
    }
}

fn native_time(fact: &Fact) -> Option<Timestamp> {
    match fact {
        Fact::Call(fact) => fact.native_time,
        Fact::Dtmf(fact) => fact.native_time,
        _ => None,
    }
}
