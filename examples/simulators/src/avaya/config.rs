//! What the phone system consists of, how fast its world is, and how its server speaks: a TOML file, everything with a
//! default.

use std::collections::BTreeSet;

use serde::Deserialize;

pub use super::write::Namespaces;
use super::{Faults, Millis};
use crate::Behaviour;

/// The phone system's configuration. Times are in milliseconds where their names say so.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The name of the switch connection, as it stands in device ids.
    pub switch: String,
    /// The users that programs log in as.
    pub users: Vec<User>,
    /// The telephones.
    pub stations: Vec<Station>,
    /// More telephones: so many with numbers one after the other.
    pub ranges: Vec<Range>,
    /// Groups of agents.
    pub splits: Vec<Split>,
    /// Numbers that lead callers to a split.
    pub vdns: Vec<Vdn>,
    /// Those who may log in at a telephone.
    pub agents: Vec<Agent>,
    /// What outside numbers do that are called. Single numbers: `behave` of the control channel.
    pub outside: Behaviour,
    /// Numbers with fewer digits are never outside: who dials one that nobody has hears that there is none.
    pub outside_digits: usize,
    /// How long an outside party talks before it hangs up; 0: until it is told to.
    pub talk_ms: Millis,
    /// How long somebody outside lets a telephone ring; 0: for ever.
    pub patience_ms: Millis,
    /// How long a telephone rings before the call goes to whoever covers for it (its `coverage`).
    pub no_answer_ms: Millis,
    /// How long an agent's telephone rings before the call goes to the next one and the agent is not ready; 0: for ever.
    pub agent_ring_ms: Millis,
    /// After how long somebody who hears the busy tone puts the handset down; 0: never by itself.
    pub busy_tone_ms: Millis,
    /// How long two outside parties talk who were connected by somebody that left.
    pub outside_talk_ms: Millis,
    /// How many parties a call may have.
    pub conference: usize,
    /// The licences: how many telephones may be watched at once, over all sessions; 0: any number.
    pub licences: usize,
    /// How many sessions there may be.
    pub sessions: usize,
    /// The protocol versions of this server, in the words of a request.
    pub versions: Vec<String>,
    /// The longest and the shortest life of a session, in seconds.
    pub duration: Limits,
    /// The first call id, and the last one before they begin again.
    pub call_ids: CallIds,
    /// Whose call id a transfer or a conference has.
    pub merged: Merged,
    /// Whether `ClearConnection` also clears what rings, or is on hold; else it is refused.
    pub clears_all: bool,
    /// What comes first when one of two parties hangs up.
    pub clears: Clears,
    /// What is said of the connections of somebody who has transferred a call, beside `TransferedEvent`.
    pub transfer_clears: TransferClears,
    /// What the other appearances of a number are told when one of them has answered.
    pub answered_elsewhere: AnsweredElsewhere,
    /// What an outside party's connection is called.
    pub outside_ids: OutsideIds,
    /// Whether the network says that an outside number rings.
    pub network_rings: bool,
    /// Whether monitors of telephones are told the states of agents; else only those of splits, who logs on and off.
    pub agent_events: bool,
    /// Whether an agent on a call is `agentReady` for who asks (with `talkState` `onCall`), or `agentBusy`.
    pub busy_is_ready: bool,
    /// Whether digits that were sent are told (`DigitsGeneratedEvent`).
    pub digits_events: bool,
    /// Whether a snapshot of a device has one word for a call, or the states of all its parties.
    pub simple_snapshots: bool,
    /// Snapshots of devices come in parts of so many calls; 0: at once.
    pub snapshot_parts: usize,
    /// Whether a session that is taken up again is told what happened meanwhile.
    pub replays: bool,
    /// How namespaces are written.
    pub namespaces: Namespaces,
    /// Whether documents begin with a prolog.
    pub prolog: bool,
    /// What goes wrong from the start. The control channel's `faults` changes it.
    pub faults: Faults,
}

/// A user of the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The telephones that it may watch and move. Empty: all.
    #[serde(default)]
    pub devices: BTreeSet<String>,
}

/// A telephone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Its number.
    pub number: String,
    /// How many calls it can have at once.
    #[serde(default = "appearances")]
    pub appearances: usize,
    /// The numbers whose calls ring here as well.
    #[serde(default)]
    pub bridges: Vec<String>,
    /// Where calls go that nobody answers.
    #[serde(default)]
    pub coverage: Option<String>,
}

/// Telephones whose numbers follow one another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The first number.
    pub first: u32,
    /// How many there are.
    pub count: u32,
}

/// A group of agents.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Its number.
    pub number: String,
    /// Who gets a call.
    #[serde(default)]
    pub strategy: Strategy,
}

/// Who of the agents that are ready gets a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Whoever has been ready longest.
    #[default]
    MostIdle,
    /// All at once; whoever answers first has it.
    RingAll,
}

/// A number that leads to a split.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vdn {
    /// Its number.
    pub number: String,
    /// The number of the split.
    pub split: String,
    /// Digits that the callers are taken to have keyed in.
    #[serde(default)]
    pub digits: Option<String>,
}

/// Somebody who may log in at any telephone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The login id.
    pub id: String,
    /// The password.
    #[serde(default)]
    pub password: String,
    /// The numbers of the splits.
    pub splits: Vec<String>,
}

/// The shortest and the longest.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The shortest.
    pub shortest: u64,
    /// The longest.
    pub longest: u64,
}

/// Which call ids there are.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallIds {
    /// The first.
    pub first: u32,
    /// The last, after which they begin again with those that are free.
    pub last: u32,
}

/// Whose call id a call has that was made of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Merged {
    /// That of the call that was not on hold.
    Active,
    /// That of the call on hold.
    Held,
    /// One of its own.
    New,
}

/// Who is said to have left first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Clears {
    /// Whoever hung up, then the other.
    Leaver,
    /// The one who is left, then whoever hung up.
    Other,
}

/// Whether there is a `ConnectionClearedEvent` for who has transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransferClears {
    /// There is none.
    None,
    /// Before `TransferedEvent`, one for each of the two calls.
    Before,
    /// After it.
    After,
}

/// What is said where a call has rung that another appearance answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnsweredElsewhere {
    /// `ConnectionClearedEvent`; the appearance has no more part in the call.
    Cleared,
    /// `BridgedEvent`; the same, in the words of shared lines.
    Bridged,
}

/// What stands in the connection of an outside party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutsideIds {
    /// Its number.
    Number,
    /// The trunk, which is `dynamic`.
    Trunk,
}

fn appearances() -> usize {
    3
}

/// More than this many of anything is refused.
const MANY: usize = 5_000;

impl Default for Config {
    fn default() -> Self {
        let station = |number: u32| Station {
            number: number.to_string(),
            appearances: appearances(),
            bridges: Vec::new(),
            coverage: None,
        };
        let agent = |id: &str| Agent { id: id.into(), password: "1234".into(), splits: vec!["700".into()] };
        let version = |name: &str| format!("http://www.ecma-international.org/standards/ecma-323/csta/{name}");
        Self {
            switch: "CM1".into(),
            users: vec![User { name: "cti".into(), password: "Secret1".into(), devices: BTreeSet::new() }],
            stations: (101..=106).map(station).collect(),
            ranges: Vec::new(),
            splits: vec![Split { number: "700".into(), strategy: Strategy::MostIdle }],
            vdns: vec![Vdn { number: "600".into(), split: "700".into(), digits: None }],
            agents: vec![agent("9001"), agent("9002"), agent("9003")],
            outside: Behaviour::Answer { after_ms: 3_000 },
            outside_digits: 5,
            talk_ms: 0,
            patience_ms: 0,
            no_answer_ms: 20_000,
            agent_ring_ms: 0,
            busy_tone_ms: 3_000,
            outside_talk_ms: 30_000,
            conference: 6,
            licences: 0,
            sessions: 100,
            versions: ["ed3/priv5", "ed3/priv6", "ed3/priv7", "ed3/priv8"].map(version).into(),
            duration: Limits { shortest: 5, longest: 3_600 },
            call_ids: CallIds { first: 1, last: 65_535 },
            merged: Merged::Active,
            clears_all: false,
            clears: Clears::Leaver,
            transfer_clears: TransferClears::None,
            answered_elsewhere: AnsweredElsewhere::Cleared,
            outside_ids: OutsideIds::Number,
            network_rings: true,
            agent_events: true,
            busy_is_ready: false,
            digits_events: true,
            simple_snapshots: false,
            snapshot_parts: 0,
            replays: false,
            namespaces: Namespaces::Standard,
            prolog: true,
            faults: Faults::default(),
        }
    }
}

impl Config {
    /// Reads a TOML text.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check()?;
        Ok(config)
    }

    /// All telephones, those of the ranges behind the others.
    pub(super) fn all_stations(&self) -> Vec<Station> {
        let more = self.ranges.iter().flat_map(|range| range.first..range.first.saturating_add(range.count));
        let more = more.map(|number| Station {
            number: number.to_string(),
            appearances: appearances(),
            bridges: Vec::new(),
            coverage: None,
        });
        self.stations.iter().cloned().chain(more).collect()
    }

    fn check(&self) -> Result<(), String> {
        let count = self.ranges.iter().map(|range| u64::from(range.count)).sum::<u64>();
        let count = count.saturating_add(self.stations.len() as u64);
        if count > MANY as u64 || [self.splits.len(), self.vdns.len(), self.agents.len()].iter().any(|it| *it > MANY) {
            return Err(format!("there are more than {MANY} stations, splits, vdns or agents; take fewer"));
        }
        let stations = self.all_stations();
        let mut numbers: Vec<&str> = stations.iter().map(|station| station.number.as_str()).collect();
        numbers.extend(self.splits.iter().map(|split| split.number.as_str()));
        numbers.extend(self.vdns.iter().map(|vdn| vdn.number.as_str()));
        numbers.sort_unstable();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("the number {:?} is given twice; give every station, split and vdn its own", pair[0]));
        }
        let split = |number: &String| self.splits.iter().any(|split| split.number == *number);
        if let Some(vdn) = self.vdns.iter().find(|vdn| !split(&vdn.split)) {
            return Err(format!("vdn {:?}: there is no split {:?}", vdn.number, vdn.split));
        }
        if let Some(agent) = self.agents.iter().find(|agent| agent.splits.is_empty() || !agent.splits.iter().all(split))
        {
            return Err(format!("agent {:?}: name one or more splits, all of them among [[splits]]", agent.id));
        }
        let own = |number: &String| stations.iter().any(|station| station.number == *number);
        for station in &stations {
            if let Some(stranger) = station.bridges.iter().find(|number| !own(number) || **number == station.number) {
                return Err(format!("station {:?}: there is no other station {stranger:?}", station.number));
            }
        }
        if self.call_ids.first == 0 || self.call_ids.last < self.call_ids.first.saturating_add(99) {
            return Err("call_ids: first is 1 or more, and there are a hundred of them or more".into());
        }
        if self.duration.shortest == 0 || self.duration.longest < self.duration.shortest {
            return Err("duration: shortest is one second or more, and longest not less".into());
        }
        if self.conference < 3 {
            return Err("conference: three parties or more".into());
        }
        Ok(())
    }
}
