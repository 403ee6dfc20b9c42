//! The switch: telephones, calls between them and an outside, agents; no servers and no sessions.
//!
//! What happens is told as [`Notice`]s, in order; whoever watches takes them away.

mod acd;
mod agents;
mod call;
mod dial;
mod features;
mod leave;
mod merge;
mod routing;
mod sanity;
mod services;

use std::collections::BTreeMap;

use super::{Config, Millis, config};
use crate::Behaviour;

pub(crate) use agents::{AgentSays, Mode};
pub(crate) use call::{Call, Leg, Party, State};
pub(crate) use dial::Dial;

/// How many calls there may be at once.
const MAX_CALLS: usize = 10_000;
/// How many things may wait for their time.
const MAX_JOBS: usize = 50_000;

/// A request that is refused, in the standard's categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) category: &'static str,
    pub(crate) value: String,
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        format!("{}: {}", refusal.category, refusal.value)
    }
}

/// The request cannot be done with what it names.
pub(crate) fn operation(value: &str) -> Refusal {
    Refusal { category: "operation", value: value.into() }
}

/// It cannot be done now.
pub(crate) fn state(value: &str) -> Refusal {
    Refusal { category: "stateIncompatibility", value: value.into() }
}

/// Something that it needs is not to be had. (The category is spelt so.)
pub(crate) fn resource(value: &str) -> Refusal {
    Refusal { category: "systemResourceAvailibility", value: value.into() }
}

/// Something has happened.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) what: What,
    pub(crate) cause: Option<&'static str>,
    /// The call, as it is afterwards.
    pub(crate) call: Option<Call>,
    /// The telephones that it concerns, with what they have of the call afterwards.
    pub(crate) seen: Vec<(usize, Option<State>)>,
}

/// What has happened.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Initiated(Leg),
    Originated(Leg),
    Reached(Leg),
    Delivered(Leg),
    Established(Leg),
    Held(Leg),
    Retrieved(Leg),
    Queued { leg: Leg, waiting: usize },
    Diverted { leg: Leg, to: Party },
    Failed(Leg),
    Cleared(Leg),
    Bridged(Leg),
    CallCleared,
    Merged { transfer: bool, primary: u32, secondary: Option<u32>, by: usize, to: Party },
    Information(Leg),
    Digits { leg: Leg, digits: String },
    Entered { leg: Leg, digits: String },
    Agent { agent: usize, says: AgentSays, station: usize },
    Forwarding(usize),
    DoNotDisturb(usize),
    Service { station: usize, there: bool },
}

/// A telephone.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) number: String,
    pub(crate) there: bool,
    pub(crate) forward: Option<String>,
    pub(crate) dnd: bool,
    appearances: usize,
    bridges: Vec<String>,
    coverage: Option<String>,
}

/// What happens by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Answer,
    Refuse,
    Hangup,
    /// Nobody has answered: it goes to who covers.
    Cover,
    /// The agent has not answered: it goes to the next one.
    NextAgent,
    /// The caller has had enough.
    GiveUp,
}

#[derive(Debug)]
struct Job {
    call: u32,
    party: Party,
    stamp: u64,
    deed: Deed,
}

/// The switch.
#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) config: Config,
    pub(crate) stations: Vec<Station>,
    pub(crate) calls: BTreeMap<u32, Call>,
    pub(crate) agents: Vec<agents::Agent>,
    pub(crate) now: Millis,
    pub(crate) notices: Vec<Notice>,
    numbers: BTreeMap<String, Party>,
    behaviours: BTreeMap<String, Behaviour>,
    jobs: BTreeMap<(Millis, u64), Job>,
    last: u64,
    last_call: u32,
    seed: u32,
}

impl Switch {
    pub(crate) fn new(config: Config, seed: u32) -> Self {
        let stations: Vec<Station> = config
            .all_stations()
            .into_iter()
            .map(|config::Station { number, appearances, bridges, coverage }| Station {
                number,
                there: true,
                forward: None,
                dnd: false,
                appearances: appearances.max(1),
                bridges,
                coverage,
            })
            .collect();
        let mut numbers = BTreeMap::new();
        numbers.extend(stations.iter().enumerate().map(|(index, it)| (it.number.clone(), Party::Station(index))));
        numbers.extend(config.vdns.iter().enumerate().map(|(index, it)| (it.number.clone(), Party::Vdn(index))));
        numbers.extend(config.splits.iter().enumerate().map(|(index, it)| (it.number.clone(), Party::Split(index))));
        Self {
            stations,
            calls: BTreeMap::new(),
            agents: config.agents.iter().map(|_| agents::Agent::default()).collect(),
            now: 0,
            notices: Vec::new(),
            numbers,
            behaviours: BTreeMap::new(),
            jobs: BTreeMap::new(),
            last: 0,
            last_call: config.call_ids.first - 1,
            seed,
            config,
        }
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
            if self.is_current(&job) {
                self.run(&job);
            }
        }
        self.now = self.now.max(now);
    }

    fn is_current(&self, job: &Job) -> bool {
        self.calls.get(&job.call).and_then(|call| call.leg(&job.party)).is_some_and(|leg| leg.stamp == job.stamp)
    }

    fn run(&mut self, job: &Job) {
        // What nobody asked for is refused to nobody.
        match job.deed {
            Deed::Answer => drop(self.answer(job.call, &job.party)),
            Deed::Refuse => drop(self.refuse(job.call, &job.party)),
            Deed::Hangup => self.leave(job.call, &job.party),
            Deed::Cover => self.cover(job.call, &job.party),
            Deed::NextAgent => self.next_agent(job.call, &job.party),
            Deed::GiveUp if self.calls.get(&job.call).is_some_and(|call| !call.answered) => {
                self.leave(job.call, &job.party);
            }
            Deed::GiveUp => {}
        }
    }

    /// Something that happens to a party by itself, unless its state is another one until then.
    fn later(&mut self, after: Millis, call: u32, party: &Party, deed: Deed) {
        let Some(stamp) = self.calls.get(&call).and_then(|call| call.leg(party)).map(|leg| leg.stamp) else { return };
        if self.jobs.len() >= MAX_JOBS {
            let calls = &self.calls;
            let current = |job: &Job| calls.get(&job.call).and_then(|call| call.leg(&job.party)).map(|leg| leg.stamp);
            self.jobs.retain(|_, job| current(job) == Some(job.stamp));
        }
        let number = self.fresh();
        let job = Job { call, party: party.clone(), stamp, deed };
        self.jobs.insert((self.now.saturating_add(after), number), job);
    }

    /// Tells something of a call to all that are in it, and to those that have just left it.
    fn tell(&mut self, call: u32, what: What, cause: &'static str, gone: &[usize]) {
        let Some(call) = self.calls.get(&call) else { return };
        let mut seen: Vec<_> = call.stations().into_iter().map(|it| (it, call.state(it))).collect();
        seen.extend(gone.iter().map(|station| (*station, None)));
        let call = Some(call.clone());
        self.notices.push(Notice { what, cause: Some(cause), call, seen });
    }

    /// Tells something of a telephone.
    fn tell_of(&mut self, station: usize, what: What) {
        self.notices.push(Notice { what, cause: None, call: None, seen: vec![(station, None)] });
    }

    /// Gives a party another state.
    fn set(&mut self, call: u32, party: &Party, state: State) -> Option<Leg> {
        let stamp = self.fresh();
        let leg = self.calls.get_mut(&call)?.leg_mut(party)?;
        leg.state = state;
        leg.stamp = stamp;
        Some(leg.clone())
    }

    /// Whoever has this number.
    pub(crate) fn party(&self, number: &str) -> Party {
        self.numbers.get(number).cloned().unwrap_or_else(|| Party::Outside(number.to_owned()))
    }

    /// The telephone with this number.
    pub(crate) fn station(&self, number: &str) -> Option<usize> {
        match self.numbers.get(number) {
            Some(Party::Station(station)) => Some(*station),
            _ => None,
        }
    }

    /// A party's number.
    pub(crate) fn number<'a>(&'a self, party: &'a Party) -> &'a str {
        match party {
            Party::Station(station) => &self.stations[*station].number,
            Party::Outside(number) => number,
            Party::Vdn(vdn) => &self.config.vdns[*vdn].number,
            Party::Split(split) => &self.config.splits[*split].number,
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

    /// The calls that a telephone has a part in.
    pub(crate) fn calls_of(&self, station: usize) -> impl Iterator<Item = (&Call, State)> {
        self.calls.values().filter_map(move |call| Some((call, call.state(station)?)))
    }
}
