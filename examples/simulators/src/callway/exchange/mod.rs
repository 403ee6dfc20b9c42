//! The phone system itself: operators, calls, and what happens to them. It knows nothing of connections and logins.
//!
//! An operator has up to `lines` calls, each of which rings, talks or is held. Every change ends with
//! [`Exchange::settle`] for the operators that it touched.

mod agents;
mod call;
mod calls;
mod hold;
mod journal;
mod queues;
mod sanity;
mod tell;
mod transfer;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Config, message::Message};
use crate::{Behaviour, Millis};

use call::{Call, End, Side, Stage};
pub(crate) use calls::First;
use journal::Journal;

/// How many calls there may be at once.
const MAX_CALLS: usize = 10_000;
/// How many jobs may wait before those that have lost their purpose are thrown away.
const MAX_JOBS: usize = 8 * MAX_CALLS;
/// The longest number or state, in characters.
pub(crate) const LONGEST: usize = 64;

/// Who takes part in a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    Operator(usize),
    Outside(String),
    Queue(usize),
    Script(usize),
    /// A recording that is played, and for how long.
    Recording(Millis),
}

/// An operator with phone and state.
#[derive(Debug)]
pub(crate) struct Operator {
    pub(crate) id: String,
    pub(crate) softphone: bool,
    /// The state that was chosen.
    chosen: String,
    /// The state that was told last.
    told: String,
}

/// Something that happens later, unless the call has gone on meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    /// Whoever rings in this call answers.
    Answer,
    /// The operator's own phone, which rings for `Originate`, is lifted.
    Lift,
    /// The call is over.
    End,
    /// Nobody answered: to the queue's next operator, or over.
    NoAnswer,
    /// A script has said what it says.
    ScriptEnds,
}

/// A job, and the stage of the call that it belongs to.
#[derive(Debug, Clone, Copy)]
struct Appointment {
    job: Job,
    call: u64,
    stamp: u64,
}

/// The phone system.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) config: Config,
    pub(crate) operators: Vec<Operator>,
    pub(crate) now: Millis,
    /// What clients are to be told.
    pub(crate) notices: Vec<Message>,
    pub(crate) journal: Journal,
    calls: BTreeMap<u64, Call>,
    behaviours: BTreeMap<String, Behaviour>,
    jobs: BTreeMap<(Millis, u64), Appointment>,
    ids: Ids,
    last: u64,
}

impl Exchange {
    pub(crate) fn new(config: Config, seed: u32) -> Self {
        let mut exchange = Self {
            operators: Vec::new(),
            now: 0,
            notices: Vec::new(),
            journal: Journal::default(),
            calls: BTreeMap::new(),
            behaviours: BTreeMap::new(),
            jobs: BTreeMap::new(),
            ids: Ids { first: 1_700_000_000 + u64::from(seed), last: 0, again: config.ids_again, free: Vec::new() },
            last: 0,
            config,
        };
        exchange.begin();
        exchange
    }

    /// Everybody is where they are at the start.
    fn begin(&mut self) {
        let ready = &self.config.ready;
        let operators = self.config.operators.iter().map(|one| {
            let state = one.state.clone().unwrap_or_else(|| ready.clone());
            Operator { id: one.id.clone(), softphone: one.softphone, told: state.clone(), chosen: state }
        });
        self.operators = operators.collect();
    }

    /// The phone system is started anew: calls are gone, and nobody is told.
    pub(crate) fn restart(&mut self) {
        self.calls.clear();
        self.jobs.clear();
        self.notices.clear();
        self.ids = Ids { first: self.ids.first + 1_000, last: 0, again: self.ids.again, free: Vec::new() };
        self.begin();
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
            let Appointment { job, call, stamp } = job.remove();
            if self.calls.get(&call).is_none_or(|found| found.stamp != stamp) {
                continue;
            }
            match job {
                Job::Answer => self.answered(call),
                Job::Lift => self.lifted(call),
                Job::End => self.release(call, "ended"),
                Job::NoAnswer => self.unanswered(call),
                Job::ScriptEnds => self.script_ends(call),
            }
        }
        self.now = self.now.max(now);
    }

    fn later(&mut self, after: Millis, job: Job, call: u64) {
        let Some(stamp) = self.calls.get(&call).map(|call| call.stamp) else { return };
        // Jobs of calls that have gone on are let be until their time, but not without end.
        if self.jobs.len() >= MAX_JOBS {
            let calls = &self.calls;
            self.jobs.retain(|_, job| calls.get(&job.call).is_some_and(|call| call.stamp == job.stamp));
        }
        let number = self.fresh();
        self.jobs.insert((self.now.saturating_add(after), number), Appointment { job, call, stamp });
    }

    /// The operator with this id.
    pub(crate) fn operator(&self, id: &str) -> Option<usize> {
        self.operators.iter().position(|operator| operator.id == id)
    }

    /// Whoever has this number.
    pub(crate) fn party(&self, number: &str) -> Party {
        if let Some(operator) = self.operator(number) {
            Party::Operator(operator)
        } else if let Some(queue) = self.config.queues.iter().position(|queue| queue.number == number) {
            Party::Queue(queue)
        } else if let Some(script) = self.config.scripts.iter().position(|script| script.number == number) {
            Party::Script(script)
        } else {
            Party::Outside(number.to_owned())
        }
    }

    /// A party's number.
    pub(crate) fn number<'a>(&'a self, party: &'a Party) -> &'a str {
        match party {
            Party::Operator(operator) => &self.operators[*operator].id,
            Party::Outside(number) => number,
            Party::Queue(queue) => &self.config.queues[*queue].number,
            Party::Script(script) => &self.config.scripts[*script].number,
            Party::Recording(_) => &self.config.listen_caller_id,
        }
    }

    /// Sets what a number does when it is called.
    pub(crate) fn behave(&mut self, number: &str, behaviour: Behaviour) -> Result<(), String> {
        if self.behaviours.len() >= MAX_CALLS && !self.behaviours.contains_key(number) {
            return Err("too many numbers have a behaviour of their own".into());
        }
        self.behaviours.insert(number.to_owned(), behaviour);
        Ok(())
    }

    fn behaviour(&self, party: &Party) -> Behaviour {
        let own = self.behaviours.get(self.number(party)).copied();
        own.unwrap_or(if matches!(party, Party::Outside(_)) { self.config.outside } else { Behaviour::Manual })
    }

    /// An operator's calls and the side that it is on in each, the oldest first.
    fn calls_of(&self, operator: usize) -> impl Iterator<Item = (u64, Side, &Call)> {
        let party = Party::Operator(operator);
        self.calls.iter().filter_map(move |(id, call)| Some((*id, call.side_of(&party)?, call)))
    }

    /// Ends all calls, and tells so.
    pub(crate) fn end_all(&mut self) {
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.release(call, "ended by hand");
        }
    }

    pub(crate) fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// Operators and calls, for whoever asks.
    pub(crate) fn overview(&self) -> Value {
        let operators = self
            .operators
            .iter()
            .enumerate()
            .map(|(index, one)| json!({ "id": one.id, "softphone": one.softphone, "state": self.state(index) }));
        let end = |end: &End| {
            json!({
                "number": self.number(&end.party), "uniqueId": end.id, "ringBack": end.back, "held": end.held,
                "digits": end.digits,
            })
        };
        let calls = self.calls.values().map(|call| {
            let stage = match call.stage {
                Stage::OwnPhone => "ownPhone",
                Stage::Ringing => "ringing",
                Stage::Talk => "talk",
            };
            json!({ "caller": end(&call.caller), "called": end(&call.called), "stage": stage })
        });
        json!({ "operators": operators.collect::<Vec<_>>(), "calls": calls.collect::<Vec<_>>() })
    }
}

/// Gives out `UniqueId`s, which look like those of the phone system underneath: a moment and a count.
#[derive(Debug)]
struct Ids {
    first: u64,
    last: u64,
    /// Ids of ended calls are given out once more.
    again: bool,
    free: Vec<String>,
}

impl Ids {
    fn next(&mut self) -> String {
        if let Some(id) = self.free.pop() {
            return id;
        }
        self.last += 1;
        format!("{}.{}", self.first, self.last)
    }

    /// Nobody has this id any more.
    fn give_back(&mut self, id: String) {
        if self.again && !id.is_empty() && !self.free.contains(&id) {
            self.free.push(id);
        }
    }
}
