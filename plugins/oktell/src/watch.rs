//! When to look at a line. An event says that something has changed, not what: the line is looked at at once, and
//! once more when what was seen can no longer be a passing state. At most one look is on its way.

use std::time::Duration;

use jackfield_plugin_api::Timestamp;
use serde::{Deserialize, Serialize};

use crate::calls::Certainty;

/// How the looks at one line stand.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// A look is on its way.
    under_way: bool,
    /// Something happened since it was sent.
    again: bool,
    /// Until when what is seen may be passing.
    settles: Option<Timestamp>,
    /// Until when that is because talk began or ended.
    talk_settles: Option<Timestamp>,
    /// When to look next.
    next: Option<Timestamp>,
    /// When the last look was sent.
    last: Timestamp,
}

impl Watch {
    /// Something happened. Whether to look now.
    pub(crate) fn trigger(&mut self, now: Timestamp, settle: Duration, talk: bool) -> bool {
        let until = now + settle;
        self.settles = self.settles.max(Some(until));
        if talk {
            self.talk_settles = self.talk_settles.max(Some(until));
        }
        if !settle.is_zero() {
            self.next = self.settles;
        }
        let free = !self.under_way;
        self.again = self.under_way;
        free
    }

    /// A look is sent.
    pub(crate) fn sent(&mut self, now: Timestamp) {
        (self.under_way, self.again, self.last) = (true, false, now);
        self.next = self.next.filter(|next| *next > now);
    }

    /// Its answer has come, or will not come. Whether to look again now.
    pub(crate) fn answered(&mut self) -> bool {
        self.under_way = false;
        std::mem::take(&mut self.again)
    }

    /// What an answer is worth that was asked for at `sent`.
    pub(crate) fn certainty(&self, sent: Timestamp) -> Certainty {
        let over = |until: Option<Timestamp>| until.is_none_or(|until| sent >= until);
        Certainty { settled: over(self.settles) && !self.again, talk: !over(self.talk_settles) }
    }

    /// Something was not believed: looks once more, `after` this time if nothing else makes it sooner.
    pub(crate) fn doubt(&mut self, now: Timestamp, after: Duration) {
        if self.next.is_none() {
            self.settles = self.settles.max(Some(now + after));
            self.next = self.settles;
        }
    }

    /// When to look next: after what settles, or `every` so often while there is a call.
    pub(crate) fn due(&self, every: Option<Duration>) -> Option<Timestamp> {
        let regular = every.map(|every| self.last + every);
        [self.next, regular].into_iter().flatten().min().filter(|_| !self.under_way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;
    const SETTLE: Duration = Duration::from_millis(700);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn one_look_is_under_way_and_what_happens_meanwhile_asks_for_another() {
        let mut watch = Watch::default();
        assert!(watch.trigger(at(0), AT_ONCE, false));
        watch.sent(at(0));
        assert!(!watch.trigger(at(1), AT_ONCE, false));
        assert!(!watch.certainty(at(0)).settled, "it was asked for before that happened");
        assert!(watch.answered());
        watch.sent(at(2));
        assert!(watch.certainty(at(2)).settled);
        assert!(!watch.answered());
        assert_eq!(watch.due(None), None);
    }

    #[test]
    fn what_may_be_passing_is_looked_at_again_when_it_has_settled() {
        let mut watch = Watch::default();
        assert!(watch.trigger(at(0), SETTLE, true));
        watch.sent(at(0));
        assert_eq!(watch.certainty(at(0)), Certainty { settled: false, talk: true });
        assert!(!watch.answered());
        assert_eq!(watch.due(None), Some(at(700)));
        watch.sent(at(700));
        assert_eq!(watch.certainty(at(700)), Certainty { settled: true, talk: false });
        assert!(!watch.answered());
        assert_eq!((watch.due(None), watch.due(Some(Duration::from_secs(15)))), (None, Some(at(15_700))));
    }

    #[test]
    fn a_doubt_makes_one_more_look() {
        let mut watch = Watch::default();
        watch.sent(at(0));
        assert!(!watch.answered());
        watch.doubt(at(0), SETTLE);
        watch.doubt(at(100), SETTLE);
        assert_eq!(watch.due(None), Some(at(700)));
    }
}
