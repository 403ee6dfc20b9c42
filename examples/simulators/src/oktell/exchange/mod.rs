//! The phone system itself: users, lines, calls, and what happens to them. It knows nothing of sockets and sessions.
//!
//! A line has at most two places: where it is now (`current`: a call or a conference) and what lies in its hold buffer
//! (`held`; Oktell says *flash*). Every change ends with [`Exchange::settle`] for the users that it touched.

mod agents;
mod call;
mod calls;
mod competitors;
mod conference;
mod flash;
mod journal;
mod queues;
mod sanity;
mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use crate::Behaviour;
use crate::oktell::{
    Config, Millis,
    ids::{Ids, Kind, ZERO},
    password,
};

pub(crate) use agents::Agent;
use call::Call;
pub(crate) use calls::First;
use conference::Conference;
use journal::Journal;

/// How many calls there may be at once.
const MAX_CALLS: usize = 10_000;
/// How many jobs may wait before those that have lost their purpose are thrown away.
const MAX_JOBS: usize = 8 * MAX_CALLS;
/// How many line states are remembered for those who are told late.
const REMEMBERED: usize = 64;

/// Who takes part in a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    User(usize),
    Outside(String),
    Queue(usize),
    Script(usize),
}

/// Where a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Call(u64),
    Conference(u64),
}

/// A user with line, phone and agent state.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) id: String,
    pub(crate) line_id: String,
    pub(crate) hash: String,
    pub(crate) lower_hash: Option<String>,
    pub(crate) supervisor: bool,
    pub(crate) auto_answer: bool,
    /// The phone is there; without it the line is disconnected.
    pub(crate) phone: bool,
    /// On line with the desktop client, which keeps everybody else out.
    pub(crate) desktop: bool,
    pub(crate) agent: Agent,
    pub(crate) redirects: BTreeMap<String, Value>,
    current: Option<Place>,
    held: Option<Place>,
    /// The user state that was told last.
    told: u8,
    /// Line states, newest last, for those who are told late.
    past: VecDeque<(Millis, Value)>,
}

/// An event for those who subscribed to it.
#[derive(Debug)]
pub(crate) struct Notice {
    /// Whose event; `None`: everybody's.
    pub(crate) user: Option<usize>,
    pub(crate) name: &'static str,
    pub(crate) body: Map<String, Value>,
}

/// Why something was not done: the text of `errormsg`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u32, pub(crate) String);

pub(crate) fn refuse<T>(error: u32, text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(error, text.into()))
}

/// Something that happens later, unless the call has gone on meanwhile.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// Whoever rings in this call answers.
    Answer { call: u64, stamp: u64 },
    /// The own phone of a callback is lifted.
    Lift { call: u64, stamp: u64 },
    /// The call is over.
    End { call: u64, stamp: u64 },
    /// Nobody answered: to the queue's next agent, or over.
    NoAnswer { call: u64, stamp: u64 },
    /// A script has said what it says.
    ScriptEnds { call: u64, stamp: u64 },
    /// An invited competitor answers.
    Joins { conference: u64, competitor: u64 },
    /// An invited competitor does not.
    Declines { conference: u64, competitor: u64 },
}

impl Job {
    /// What the job is for is still there.
    fn is_current(&self, calls: &BTreeMap<u64, Call>) -> bool {
        match *self {
            Self::Joins { .. } | Self::Declines { .. } => true,
            Self::Answer { call, .. }
            | Self::Lift { call, .. }
            | Self::End { call, .. }
            | Self::NoAnswer { call, .. }
            | Self::ScriptEnds { call, .. } => calls.get(&call).is_some_and(|found| self.ends(call, found.stamp)),
        }
    }

    /// This job ends that stage of that call.
    fn ends(&self, id: u64, at: u64) -> bool {
        match *self {
            Self::Answer { call, stamp }
            | Self::Lift { call, stamp }
            | Self::End { call, stamp }
            | Self::NoAnswer { call, stamp }
            | Self::ScriptEnds { call, stamp } => (call, stamp) == (id, at),
            Self::Joins { .. } | Self::Declines { .. } => false,
        }
    }
}

/// The phone system.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) config: Config,
    pub(crate) ids: Ids,
    pub(crate) users: Vec<User>,
    pub(crate) now: Millis,
    pub(crate) notices: Vec<Notice>,
    pub(crate) journal: Journal,
    calls: BTreeMap<u64, Call>,
    conferences: BTreeMap<u64, Conference>,
    behaviours: BTreeMap<String, Behaviour>,
    jobs: BTreeMap<(Millis, u64), Job>,
    dirty: BTreeSet<usize>,
    last: u64,
}

impl Exchange {
    pub(crate) fn new(config: Config, seed: u32) -> Self {
        let ids = Ids::new(seed);
        let users = (1..).zip(&config.users).map(|(number, user)| User {
            login: user.login.clone(),
            name: if user.name.is_empty() { user.login.clone() } else { user.name.clone() },
            number: user.number.clone(),
            id: ids.of(Kind::User, number),
            line_id: ids.of(Kind::Line, number),
            hash: password::hash(&user.password),
            lower_hash: Some(password::lower_hash(&user.password)),
            supervisor: user.supervisor,
            auto_answer: user.auto_answer,
            phone: true,
            desktop: false,
            agent: Agent::default(),
            redirects: BTreeMap::new(),
            current: None,
            held: None,
            told: agents::READY,
            past: VecDeque::new(),
        });
        let users: Vec<User> = users.collect();
        let dirty = (0..users.len()).collect();
        let mut exchange = Self {
            config,
            ids,
            users,
            now: 0,
            notices: Vec::new(),
            journal: Journal::default(),
            calls: BTreeMap::new(),
            conferences: BTreeMap::new(),
            behaviours: BTreeMap::new(),
            jobs: BTreeMap::new(),
            dirty,
            last: 0,
        };
        exchange.remember();
        exchange
    }

    /// A number that was not given out before.
    fn fresh(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// When the next thing happens by itself.
    pub(crate) fn due(&self) -> Option<Millis> {
        self.jobs.keys().next().map(|(at, _)| *at)
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, now: Millis) {
        while let Some(job) = self.jobs.first_entry().filter(|job| job.key().0 <= now) {
            self.now = self.now.max(job.key().0);
            let job = job.remove();
            self.run(job);
            self.remember();
        }
        self.now = self.now.max(now);
    }

    fn run(&mut self, job: Job) {
        match job {
            Job::Answer { call, stamp } if self.is(call, stamp) => self.answered(call),
            Job::Lift { call, stamp } if self.is(call, stamp) => self.lifted(call),
            Job::End { call, stamp } if self.is(call, stamp) => self.release(call, None, "ended"),
            Job::NoAnswer { call, stamp } if self.is(call, stamp) => self.unanswered(call),
            Job::ScriptEnds { call, stamp } if self.is(call, stamp) => self.script_ends(call),
            Job::Joins { conference, competitor } => self.competitor_answers(conference, competitor),
            Job::Declines { conference, competitor } => self.competitor_declines(conference, competitor),
            _ => {}
        }
    }

    fn later(&mut self, after: Millis, job: Job) {
        // Jobs of calls that have gone on are let be until their time, but not without end.
        if self.jobs.len() >= MAX_JOBS {
            let calls = &self.calls;
            self.jobs.retain(|_, job| job.is_current(calls));
        }
        let number = self.fresh();
        self.jobs.insert((self.now.saturating_add(after), number), job);
    }

    fn is(&self, call: u64, stamp: u64) -> bool {
        self.calls.get(&call).is_some_and(|call| call.stamp == stamp)
    }

    /// An event of a user.
    fn tell(&mut self, user: usize, name: &'static str, body: Value) {
        let mut body = match body {
            Value::Object(body) => body,
            _ => Map::new(),
        };
        body.insert("userid".into(), self.users[user].id.clone().into());
        body.insert("userlogin".into(), self.users[user].login.clone().into());
        self.notices.push(Notice { user: Some(user), name, body });
    }

    /// An application's own event.
    pub(crate) fn custom_event(&mut self, user: usize, name: &str, parameter: &Value) {
        self.tell(user, "customevent", json!({ "eventname": name, "eventparam": parameter }));
    }

    /// Says that a line has changed, and what that makes of its user's state.
    fn settle(&mut self, user: usize) {
        self.dirty.insert(user);
        let state = self.state_id(user);
        if state == agents::BUSY {
            self.tell_state(user);
            self.tell(user, "linestatechanged", json!({}));
        } else {
            self.tell(user, "linestatechanged", json!({}));
            self.tell_state(user);
        }
        // A line that has become free may be what a queue has waited for.
        if self.is_free(user) {
            self.serve_queues();
        }
    }

    /// Keeps the line states that have changed, for those who are told late.
    pub(crate) fn remember(&mut self) {
        for user in std::mem::take(&mut self.dirty) {
            let info = self.line_info(user);
            let past = &mut self.users[user].past;
            past.push_back((self.now, info));
            if past.len() > REMEMBERED {
                past.pop_front();
            }
        }
    }

    /// A line's state as it was `ago` milliseconds before.
    pub(crate) fn line_info_ago(&self, user: usize, ago: Millis) -> Value {
        if ago == 0 {
            return self.line_info(user);
        }
        let then = self.now.saturating_sub(ago);
        let past = &self.users[user].past;
        let known = past.iter().rev().find(|(at, _)| *at <= then).or_else(|| past.front());
        known.map_or_else(|| self.line_info(user), |(_, info)| info.clone())
    }

    /// The user with this login, whatever its case.
    pub(crate) fn user_by_login(&self, login: &str) -> Option<usize> {
        let login = login.to_lowercase();
        self.users.iter().position(|user| user.login.to_lowercase() == login)
    }

    /// The user with this number.
    pub(crate) fn user_by_number(&self, number: &str) -> Option<usize> {
        self.users.iter().position(|user| user.number == number)
    }

    /// Whoever has this number.
    pub(crate) fn party(&self, number: &str) -> Party {
        if let Some(user) = self.user_by_number(number) {
            Party::User(user)
        } else if let Some(queue) = self.config.queues.iter().position(|queue| queue.number == number) {
            Party::Queue(queue)
        } else if let Some(script) = self.config.scripts.iter().position(|script| script.number == number) {
            Party::Script(script)
        } else {
            Party::Outside(number.to_owned())
        }
    }

    /// A party's number.
    pub(crate) fn number(&self, party: &Party) -> String {
        match party {
            Party::User(user) => self.users[*user].number.clone(),
            Party::Outside(number) => number.clone(),
            Party::Queue(queue) => self.config.queues[*queue].number.clone(),
            Party::Script(script) => self.config.scripts[*script].number.clone(),
        }
    }

    /// Sets what a number does when it is called.
    pub(crate) fn behave(&mut self, number: &str, behaviour: Behaviour) -> Result<(), Refusal> {
        if self.behaviours.len() >= MAX_CALLS && !self.behaviours.contains_key(number) {
            return refuse(1, "too many numbers have a behaviour of their own");
        }
        self.behaviours.insert(number.to_owned(), behaviour);
        Ok(())
    }

    fn behaviour(&self, party: &Party) -> Behaviour {
        let own = self.behaviours.get(&self.number(party)).copied();
        own.unwrap_or(if matches!(party, Party::Outside(_)) { self.config.outside } else { Behaviour::Manual })
    }

    /// Takes the phone away, or brings it back.
    pub(crate) fn set_phone(&mut self, user: usize, there: bool) {
        // First of all, so that no queue rings the line that its calls have just left.
        self.users[user].phone = there;
        if !there {
            self.leave_all(user, "phone gone");
        }
        self.settle(user);
    }

    /// Ends everything at a line: the handset is put down and nothing is connected.
    fn leave_all(&mut self, user: usize, cause: &'static str) {
        for place in [self.users[user].held, self.users[user].current].into_iter().flatten() {
            match place {
                Place::Call(call) => self.release(call, Some(user), cause),
                Place::Conference(conference) => self.leave_conference(conference, &Party::User(user)),
            }
        }
    }

    /// Nothing is going on at the line, and its phone is there.
    fn is_free(&self, user: usize) -> bool {
        let user = &self.users[user];
        user.phone && user.current.is_none() && user.held.is_none()
    }

    /// What ids look like where there is none.
    pub(crate) fn no_chain() -> &'static str {
        ZERO
    }

    pub(crate) fn call_count(&self) -> usize {
        self.calls.len() + self.conferences.len()
    }
}
