//! The exchange: users, calls, talks, and what happens by itself. It knows nothing of HTTP.

mod call;
mod ending;
mod pairs;
mod queues;
mod reaching;
mod sanity;
mod users;
mod view;

use std::collections::{BTreeMap, VecDeque};

pub(crate) use call::{Call, CallId, Direction, End, Gone, Refusal, Side, Stage, Talk, TalkId, refuse};
pub(crate) use view::{Row, Shown, can};

use super::{Config, Millis};
use crate::Behaviour;

/// How many calls there may be at once.
const MAX_CALLS: usize = 5_000;
/// How many talks that are over are remembered.
const RECORDS: usize = 10_000;
/// The longest number, in characters.
const DIGITS: usize = 64;
/// `IDConnection` is larger than what 32 bits hold.
const FIRST_TALK: TalkId = 5_000_000_000;
/// How many outside numbers have ways of their own.
const OUTSIDERS: usize = 1_000;

/// A user and the phone.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) password: String,
    pub(crate) extension: String,
    pub(crate) name: String,
    pub(crate) state: u32,
    pub(crate) phone: bool,
}

/// What others are told.
#[derive(Debug)]
pub(crate) enum Notice {
    /// A user has another state.
    User(usize),
    /// A call is there, has another state, or is gone (100).
    Call(CallId, usize, u8),
}

/// What happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    /// The number has been dialled.
    Reach(TalkId),
    /// Somebody outside answers, or refuses.
    Answer(TalkId),
    Refuse(TalkId),
    /// Nobody has answered.
    GiveUp(TalkId),
    /// A machine, or somebody outside with somebody outside, has said what there was to say.
    Enough(TalkId),
    /// The queue looks for an operator.
    Distribute(TalkId),
    /// A call that is over is no longer listed.
    Forget(CallId),
}

/// The exchange.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) config: Config,
    pub(crate) now: Millis,
    pub(crate) users: Vec<User>,
    pub(crate) calls: BTreeMap<CallId, Call>,
    gone: BTreeMap<CallId, Gone>,
    pub(crate) talks: BTreeMap<TalkId, Talk>,
    /// Talks that are over, the newest last.
    records: VecDeque<(TalkId, Talk)>,
    outsiders: BTreeMap<String, Behaviour>,
    jobs: BTreeMap<(Millis, u64), Job>,
    pub(crate) notices: Vec<Notice>,
    last_call: CallId,
    last_talk: TalkId,
    last_seance: u64,
    last_job: u64,
}

impl Exchange {
    pub(crate) fn new(config: Config, seed: u32) -> Self {
        let users = config.users.iter().map(|user| User {
            id: user.id,
            login: user.login.clone(),
            password: user.password.clone(),
            extension: user.extension.clone(),
            name: if user.name.is_empty() { user.login.clone() } else { user.name.clone() },
            state: user.state,
            phone: true,
        });
        let first = u64::from(seed) * 1_000;
        Self {
            users: users.collect(),
            config,
            now: 0,
            calls: BTreeMap::new(),
            gone: BTreeMap::new(),
            talks: BTreeMap::new(),
            records: VecDeque::new(),
            outsiders: BTreeMap::new(),
            jobs: BTreeMap::new(),
            notices: Vec::new(),
            last_call: first,
            last_talk: FIRST_TALK + first,
            last_seance: first,
            last_job: 0,
        }
    }

    /// Everything is as after a start: no calls, and the ids begin anew. What was recorded is lost with the machine.
    pub(crate) fn restart(&mut self, seed: u32) {
        let now = self.now;
        let outsiders = std::mem::take(&mut self.outsiders);
        *self = Self::new(self.config.clone(), seed);
        self.now = now;
        self.outsiders = outsiders;
    }

    /// Lets time pass, one thing after the other.
    pub(crate) fn pass(&mut self, now: Millis) {
        let now = now.max(self.now);
        while let Some(((at, number), job)) = self.jobs.first_key_value().map(|(key, job)| (*key, *job)) {
            if at > now {
                break;
            }
            self.jobs.remove(&(at, number));
            self.now = self.now.max(at);
            self.run(job);
        }
        self.now = now;
    }

    pub(crate) fn due(&self) -> Option<Millis> {
        self.jobs.first_key_value().map(|((at, _), _)| *at)
    }

    fn after(&mut self, time: Millis, job: Job) {
        self.last_job += 1;
        self.jobs.insert((self.now.saturating_add(time), self.last_job), job);
    }

    fn run(&mut self, job: Job) {
        let stage = |id: &TalkId| self.talks.get(id).map(|talk| talk.stage);
        match job {
            Job::Reach(id) if stage(&id) == Some(Stage::Dialling) => self.reach(id),
            Job::Answer(id) if stage(&id) == Some(Stage::Ringing) => self.begin_talk(id),
            Job::Refuse(id) | Job::GiveUp(id) if stage(&id) == Some(Stage::Ringing) => self.fail(id),
            Job::Enough(id) if stage(&id) == Some(Stage::Talking) => self.fail(id),
            Job::Distribute(id) if stage(&id) == Some(Stage::Talking) => self.distribute(id),
            Job::Forget(id) => drop(self.gone.remove(&id)),
            // It has come otherwise.
            _ => {}
        }
    }

    /// The number of an end.
    pub(crate) fn number(&self, end: &End) -> String {
        match end {
            End::User(call) => {
                let user = self.calls.get(call).and_then(|call| self.users.get(call.user));
                user.map(|user| user.extension.clone()).unwrap_or_default()
            }
            End::Outside(number) | End::Machine(number) => number.clone(),
        }
    }

    pub(crate) fn user_by_extension(&self, extension: &str) -> Option<usize> {
        self.users.iter().position(|user| user.extension == extension)
    }

    /// A user's calls that are not over.
    pub(crate) fn calls_of(&self, user: usize) -> impl Iterator<Item = CallId> {
        self.calls.iter().filter(move |(_, call)| call.user == user).map(|(id, _)| *id)
    }

    /// Another way of an outside number.
    pub(crate) fn behave(&mut self, number: &str, behaviour: Behaviour) -> Result<(), Refusal> {
        let full = self.outsiders.len() >= OUTSIDERS && !self.outsiders.contains_key(number);
        if number.is_empty() || number.chars().count() > DIGITS || full {
            return refuse(format!(
                "a number has 1 to {DIGITS} characters, and {OUTSIDERS} may have ways of their own"
            ));
        }
        self.outsiders.insert(number.to_owned(), behaviour);
        Ok(())
    }

    /// How many calls and talks there are.
    pub(crate) fn count(&self) -> usize {
        self.calls.len() + self.talks.len()
    }

    /// Compares what calls are with what was told of them. After every input.
    pub(crate) fn remember(&mut self) {
        let states: Vec<(CallId, u8)> = self.calls.iter().map(|(id, call)| (*id, self.state(*id, call))).collect();
        for (id, state) in states {
            let Some(call) = self.calls.get_mut(&id).filter(|call| call.told != state) else { continue };
            call.told = state;
            call.changed = self.now;
            self.notices.push(Notice::Call(id, call.user, state));
        }
    }
}
