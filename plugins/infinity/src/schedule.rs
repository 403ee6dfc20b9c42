//! Who is asked when. A line has at most one question of a kind under way; all lines share a rate and a number of
//! questions at a time; a server that does not answer is asked by one line only, until it does.

use std::time::Duration;

use jackfield_plugin_api::{Host, LineId, RequestId, TimerId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::adapter::Infinity;
use crate::answers::Waiting;
use crate::query::Query;

/// The one timer.
const ALARM: TimerId = TimerId(0);
/// After something was said to happen a line is asked often for so long.
const HURRY: Duration = Duration::from_secs(5);
/// How often a server that does not answer is tried.
const SCOUT: Duration = Duration::from_secs(2);
/// How many questions may come at once before the rate holds them apart.
const BURST: u32 = 10;
/// How often a line that Infinity does not know is tried.
const UNKNOWN: Duration = Duration::from_secs(10);

/// What a line is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Question {
    Calls = 0,
    State = 1,
}

/// When the next question may be asked.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// The time at which all that was asked would have been asked evenly.
    even: Option<Timestamp>,
    /// While the server does not answer: when it is tried again.
    pub(crate) scout: Option<Timestamp>,
}

impl Pace {
    /// When a question may be asked, at `now` or later.
    fn allows(&self, now: Timestamp, every: Duration) -> Timestamp {
        let even = self.even.unwrap_or(now);
        let ahead = every * BURST;
        if even.since(now) > ahead { now + (even.since(now) - ahead) } else { now }
    }

    fn asked(&mut self, now: Timestamp, every: Duration) {
        self.even = Some(self.even.unwrap_or(now).max(now) + every);
    }
}

impl Infinity {
    /// A line is asked as soon as possible, and often for a while.
    pub(crate) fn hurry(&mut self, line: LineId, question: Question, now: Timestamp) {
        let Some(line) = self.lines.get_mut(&line) else { return };
        if question == Question::State && line.user.is_none() {
            return;
        }
        line.hurry_until = now + HURRY;
        match &mut line.due[question as usize] {
            Some(due) => *due = (*due).min(now),
            None => line.again[question as usize] = true,
        }
    }

    /// The question was answered, or was not; when it is asked again.
    pub(crate) fn again(&mut self, line: LineId, question: Question, asked: Timestamp, now: Timestamp) {
        let config = &self.config;
        let Some(line) = self.lines.get_mut(&line) else { return };
        let millis = |ms: u32| Duration::from_millis(u64::from(ms));
        let wait = match question {
            _ if line.down.is_some() => Some(UNKNOWN),
            Question::Calls if line.calls.is_empty() && line.made.is_empty() && line.hurry_until <= now => {
                Some(millis(config.idle_ms))
            }
            Question::Calls => Some(millis(config.busy_ms)),
            Question::State if config.state_ms == 0 => None,
            Question::State => Some(millis(config.state_ms)),
        };
        let soon = std::mem::take(&mut line.again[question as usize]);
        // Without an end: a long time from now.
        let next = wait.map_or(now + Duration::from_secs(86_400), |wait| (asked + wait).max(now));
        line.due[question as usize] = Some(if soon { now } else { next });
    }

    /// Asks whoever is due, and sets the alarm for the next.
    pub(crate) fn ask_who_is_due(&mut self, host: &mut Host<'_>) {
        let now = host.now();
        let every = Duration::from_secs(1) / self.config.most_per_second;
        let most = usize::try_from(self.config.parallel).unwrap_or(usize::MAX);
        let mut wake = None;
        while self.started {
            let under_way = self.waiting.values().filter(|waiting| waiting.is_question()).count();
            let Some((due, question, line)) = self.next_due() else { break };
            let due = self
                .pace
                .scout
                .map_or(due, |scout| if under_way > 0 { now + SCOUT } else { scout.max(due.min(scout)) });
            let at = due.max(self.pace.allows(now, every));
            if under_way >= most && at <= now {
                // The next answer goes on from here.
                break;
            }
            if at > now {
                wake = Some(at);
                break;
            }
            self.pace.asked(now, every);
            if self.pace.scout.is_some() {
                self.pace.scout = Some(now + SCOUT);
            }
            self.ask(line, question, host);
        }
        self.set_alarm(wake, host);
    }

    fn next_due(&self) -> Option<(Timestamp, Question, LineId)> {
        let due = |question: Question| {
            self.lines.values().filter_map(move |line| Some((line.due[question as usize]?, question, line.id)))
        };
        // A server that does not answer is tried by what tells whether it does.
        let states = due(Question::State).filter(|_| self.pace.scout.is_none());
        due(Question::Calls).chain(states).min()
    }

    fn ask(&mut self, id: LineId, question: Question, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.due[question as usize] = None;
        let query = match (question, &line.user) {
            (Question::Calls, _) => {
                Query::new(&self.config, "/call/getactivecalls/").with("Extension", &line.extension)
            }
            (Question::State, Some(user)) => Query::new(&self.config, "/user/getstate/").with("IDUser", user),
            (Question::State, None) => return,
        };
        self.send(&query, Waiting::Question { line: id, question, asked: host.now() }, host);
    }

    /// Sends a request whose answer is waited for.
    pub(crate) fn send(&mut self, query: &Query, waiting: Waiting, host: &mut Host<'_>) {
        let mut number = self.last_request.wrapping_add(1);
        while self.waiting.contains_key(&RequestId(number)) {
            number = number.wrapping_add(1);
        }
        self.last_request = number;
        if self.config.raw {
            self.show_request(query, host);
        }
        host.http(RequestId(number), &query.request(&self.config, waiting.is_question()));
        self.waiting.insert(RequestId(number), waiting);
    }

    fn set_alarm(&mut self, at: Option<Timestamp>, host: &mut Host<'_>) {
        if at == self.alarm {
            return;
        }
        self.alarm = at;
        match at {
            Some(at) => host.set_timer(ALARM, at.since(host.now())),
            None => host.cancel_timer(ALARM),
        }
    }
}
