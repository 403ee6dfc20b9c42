//! What the phone system consists of, and how fast its world is: a TOML file, everything with a default.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Faults, message};
use crate::{Behaviour, Millis};

/// The phone system's configuration. Times are in milliseconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who may log in: one for all operators.
    pub login: String,
    /// The password.
    pub password: String,
    /// How letters travel: `utf-8`, `windows-1251` and the web's other names of encodings.
    pub encoding: String,
    /// Those who have calls.
    pub operators: Vec<Operator>,
    /// Numbers behind which callers wait for a free operator.
    pub queues: Vec<Queue>,
    /// Numbers at which a machine answers (IVR).
    pub scripts: Vec<Script>,
    /// What outside numbers do that are called. Single numbers: `outside` of the control channel.
    pub outside: Behaviour,
    /// `Originate`: after how long the operator's own phone is lifted by itself. 0: by the control channel only.
    pub lift_ms: Millis,
    /// After how long nobody answers, and a call is given up (or goes to the queue's next operator).
    pub no_answer_ms: Millis,
    /// How long two outside parties talk who were connected by an operator that left.
    pub outside_talk_ms: Millis,
    /// A client that has not logged in after so long is let go; 0: never.
    pub login_ms: Millis,
    /// How many calls an operator can have at once.
    pub lines: usize,
    /// The number that the server's own calls to an operator's phone show.
    pub ring_back_caller_id: String,
    /// When the end of a ring-back leg is told.
    pub ring_back_ends: RingBack,
    /// At phones that are not CallWay's, incoming calls come as a call of the server's own first.
    pub system_calls: bool,
    /// The number that `ListenCall` shows.
    pub listen_caller_id: String,
    /// Whose the `UniqueId` is.
    pub unique_id: UniqueId,
    /// `UniqueId`s of ended calls are given to the next ones.
    pub ids_again: bool,
    /// What `Number` is at the operator who makes an internal call.
    pub internal_number: InternalNumber,
    /// An operator talks in one call at a time: whatever begins to talk holds what talked before.
    pub one_talk: bool,
    /// When one of two calls is over, the other one comes back from hold by itself.
    pub returns: bool,
    /// The state `Transfer` is told before the `Hangup` of whoever has transferred.
    pub tells_transfer: bool,
    /// `TransferToCall` works while the second call rings.
    pub early_transfer: bool,
    /// Which call of `TransferToCall` ends first.
    pub transfer_ends: Ends,
    /// The state in which a queue gives calls to an operator.
    pub ready: String,
    /// The states that `SetOperatorState` may set; empty: any.
    pub states: Vec<String>,
    /// The state that is shown while an operator talks; empty: none, the chosen one stays.
    pub talking_state: String,
    /// The state in which a queue's call leaves its operator; empty: none.
    pub after_queue_state: String,
    /// What goes wrong from the start. The control channel's `faults` changes it.
    pub faults: Faults,
}

/// When the `Hangup` of a ring-back leg comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RingBack {
    /// With the end of the call.
    WithCall,
    /// When the phone is lifted.
    WhenLifted,
}

/// What a `UniqueId` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UniqueId {
    /// One operator's leg of a call.
    Leg,
    /// A call: both operators of an internal one see the same.
    Call,
}

/// What the maker of an internal call is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InternalNumber {
    /// The other party's number.
    Other,
    /// The caller's number, which is the operator's own.
    Caller,
}

/// The order of two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// The second call, then the first.
    Second,
    /// The first call, then the second.
    First,
}

/// An operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// `OperatorId`, which is the internal number.
    pub id: String,
    /// CallWay's own softphone, which dials and answers when it is told to.
    #[serde(default = "yes")]
    pub softphone: bool,
    /// The state at the start. Absent: that in which queues give calls.
    #[serde(default)]
    pub state: Option<String>,
}

/// A queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The number that is called.
    pub number: String,
    /// `QueueId`. Absent: the number.
    #[serde(default)]
    pub id: Option<String>,
    /// The ids of the operators.
    pub members: Vec<String>,
}

/// A script: a machine that answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The number that is called.
    pub number: String,
    /// `IVRId`. Absent: the number.
    #[serde(default)]
    pub id: Option<String>,
    /// How long it talks.
    #[serde(default = "script_time")]
    pub talks_ms: Millis,
    /// Where the caller is sent afterwards. Absent: it hangs up.
    #[serde(default)]
    pub then: Option<String>,
    /// Where the caller is sent who presses a key.
    #[serde(default)]
    pub keys: BTreeMap<char, String>,
}

fn yes() -> bool {
    true
}

fn script_time() -> Millis {
    5_000
}

/// More than this many of anything is refused.
const MANY: usize = 1_000;
/// How many calls an operator may have at most, whatever is asked for.
const LINES: usize = 16;

impl Default for Config {
    fn default() -> Self {
        let operator = |number: u32| Operator { id: number.to_string(), softphone: number < 213, state: None };
        Self {
            login: "integration".into(),
            password: "Secret1".into(),
            encoding: "utf-8".into(),
            operators: (210..215).map(operator).collect(),
            queues: vec![Queue { number: "700".into(), id: None, members: vec!["210".into(), "211".into()] }],
            scripts: vec![Script {
                number: "800".into(),
                id: Some("Welcome".into()),
                talks_ms: script_time(),
                then: Some("700".into()),
                keys: BTreeMap::from([('1', "212".into())]),
            }],
            outside: Behaviour::Answer { after_ms: 3_000 },
            lift_ms: 1_500,
            no_answer_ms: 30_000,
            outside_talk_ms: 30_000,
            login_ms: 60_000,
            lines: 4,
            ring_back_caller_id: "asterisk".into(),
            ring_back_ends: RingBack::WithCall,
            system_calls: false,
            listen_caller_id: "record".into(),
            unique_id: UniqueId::Leg,
            ids_again: false,
            internal_number: InternalNumber::Other,
            one_talk: true,
            returns: false,
            tells_transfer: true,
            early_transfer: false,
            transfer_ends: Ends::Second,
            ready: "Available".into(),
            states: Vec::new(),
            talking_state: String::new(),
            after_queue_state: String::new(),
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

    fn check(&self) -> Result<(), String> {
        if self.operators.len() > MANY || self.queues.len() > MANY || self.scripts.len() > MANY {
            return Err(format!("there are more than {MANY} operators, queues or scripts; take fewer"));
        }
        if self.lines == 0 || self.lines > LINES {
            return Err(format!("lines = {}: take 1 to {LINES}", self.lines));
        }
        if message::encoding(&self.encoding).is_none() {
            return Err(format!("encoding = {:?}: there is no such encoding; utf-8 is one", self.encoding));
        }
        let mut numbers: Vec<&str> = self.operators.iter().map(|one| one.id.as_str()).collect();
        numbers.extend(self.queues.iter().map(|queue| queue.number.as_str()));
        numbers.extend(self.scripts.iter().map(|script| script.number.as_str()));
        let mut texts = numbers.clone();
        texts.extend(self.queues.iter().filter_map(|queue| queue.id.as_deref()));
        texts.extend(self.scripts.iter().filter_map(|script| script.id.as_deref()));
        texts.extend(self.operators.iter().filter_map(|one| one.state.as_deref()));
        texts.extend(self.states.iter().map(String::as_str));
        texts.extend([self.ring_back_caller_id.as_str(), &self.listen_caller_id, &self.ready]);
        texts.extend([self.talking_state.as_str(), &self.after_queue_state]);
        // Nothing in the protocol could carry them.
        if let Some(bad) = texts.iter().find(|text| text.chars().any(char::is_control)) {
            return Err(format!("{bad:?} has a control character; leave it out"));
        }
        numbers.sort_unstable();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!(
                "the number {:?} is given twice; give every operator, queue and script its own",
                pair[0]
            ));
        }
        for queue in &self.queues {
            let stranger = queue.members.iter().find(|id| !self.operators.iter().any(|one| one.id == **id));
            if let Some(stranger) = stranger {
                return Err(format!("queue {:?}: there is no operator {stranger:?}", queue.number));
            }
        }
        Ok(())
    }
}
