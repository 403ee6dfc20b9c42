//! What the phone system consists of, and how fast its world is: a TOML file, everything with a default.

use serde::Deserialize;

use super::{Faults, Millis};
use crate::Behaviour;

/// When a simulator starts that nobody gives a clock: the morning of 9 December 2025, as OLE Automation counts days.
const MORNING: f64 = 46_000.375;

/// The phone system's configuration. Times are in milliseconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The operators.
    pub users: Vec<User>,
    /// Numbers behind which callers wait for an operator who is ready.
    pub queues: Vec<Queue>,
    /// Numbers at which a machine answers.
    pub machines: Vec<Machine>,
    /// What outside numbers do that are called. Single numbers: `outside` of the control channel.
    pub outside: Behaviour,
    /// How long a user's phone dials.
    pub dial_ms: Millis,
    /// After how long nobody answers, and a call is given up (or goes to the queue's next operator).
    pub no_answer_ms: Millis,
    /// How long two outside parties talk who were connected by a user that left.
    pub outside_talk_ms: Millis,
    /// How long a call that has ended is still listed: one half of it as disconnected (99), one half as finished (100).
    pub ended_ms: Millis,
    /// So many calls at most at one phone; one more is busy.
    pub lines: usize,
    /// After a consultation the call that it was about comes back from hold by itself.
    pub returns: bool,
    /// The state of a call that is held for a transfer: 41 (hold) or 51 (transfer).
    pub transfer_state: u8,
    /// Methods that no public page describes (`finishtransfer`, `finishconference`, `senddigits`) are there.
    pub inferred: bool,
    /// Talks are recorded.
    pub record: bool,
    /// Where events are sent: an `http://` address. The control channel's `events-url` changes it.
    pub events_url: Option<String>,
    /// The path of events about calls, which no public page names: `/call/OnStateChanged/`. Absent: there are none.
    pub call_events: Option<String>,
    /// How answers are written.
    pub answers: Answers,
    /// What goes wrong from the start. The control channel's `faults` changes it.
    pub faults: Faults,
}

/// How answers are written.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    /// Which members a call has in `getactivecalls`.
    pub members: Members,
    /// Members of lists are texts, with a decimal comma where they are no whole numbers.
    pub texts: bool,
    /// Backslashes, tabs and line ends stand in texts as they are.
    pub unescaped: bool,
    /// What stands for a recording's file while there is none: `null` (the word, as a text) or nothing.
    pub no_file: String,
    /// The encoding of texts, in requests as well.
    pub encoding: Encoding,
    /// The time of the simulator's start, as OLE Automation counts days; its clock is that of UTC.
    #[serde(skip)]
    pub began: f64,
}

/// Which members a call has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Members {
    /// The four that public programs read: `ID`, `Direction`, `AWavFile`, `BWavFile`.
    Few,
    /// Those and what the COM library's calls have, by the same names.
    All,
}

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1251.
    #[serde(rename = "windows-1251")]
    Windows1251,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The number by which requests name the user (`IDUser`).
    pub id: u64,
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// The internal number.
    pub extension: String,
    /// The name. Absent: the login.
    #[serde(default)]
    pub name: String,
    /// The state at the start.
    #[serde(default = "ready")]
    pub state: u32,
}

/// A queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The number that is called.
    pub number: String,
    /// Its name.
    pub name: String,
    /// The extensions of its operators.
    pub members: Vec<String>,
}

/// A machine that answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The number that is called.
    pub number: String,
    /// Its name.
    pub name: String,
    /// How long it talks.
    #[serde(default = "machine_time")]
    pub talks_ms: Millis,
}

fn ready() -> u32 {
    300
}

fn machine_time() -> Millis {
    5_000
}

/// More than this many of anything is refused.
const MANY: usize = 1_000;

impl Default for Answers {
    fn default() -> Self {
        Self {
            members: Members::All,
            texts: true,
            unescaped: true,
            no_file: "null".to_owned(),
            encoding: Encoding::Utf8,
            began: MORNING,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let user = |id: u64, name: &str| User {
            id,
            login: format!("op{}", id - 10),
            password: "Secret1".into(),
            extension: (id + 90).to_string(),
            name: name.into(),
            state: ready(),
        };
        Self {
            users: vec![
                user(11, "Operator One"),
                user(12, "Operator Two"),
                user(13, "Operator Three"),
                user(14, "Operator Four"),
            ],
            queues: vec![Queue {
                number: "700".into(),
                name: "Support".into(),
                members: vec!["101".into(), "102".into()],
            }],
            machines: vec![Machine { number: "800".into(), name: "Welcome".into(), talks_ms: machine_time() }],
            outside: Behaviour::Answer { after_ms: 3_000 },
            dial_ms: 200,
            no_answer_ms: 30_000,
            outside_talk_ms: 30_000,
            ended_ms: 0,
            lines: 2,
            returns: false,
            transfer_state: 41,
            inferred: false,
            record: true,
            events_url: None,
            call_events: None,
            answers: Answers::default(),
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
        if self.users.len() > MANY || self.queues.len() > MANY || self.machines.len() > MANY {
            return Err(format!("there are more than {MANY} users, queues or machines; take fewer"));
        }
        let mut numbers: Vec<&str> = self.users.iter().map(|user| user.extension.as_str()).collect();
        numbers.extend(self.queues.iter().map(|queue| queue.number.as_str()));
        numbers.extend(self.machines.iter().map(|machine| machine.number.as_str()));
        let twice = |names: &mut Vec<&str>, what: &str| {
            names.sort_unstable();
            match names.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => Err(format!("the {what} {:?} is given twice; give each its own", pair[0])),
                None => Ok(()),
            }
        };
        twice(&mut numbers, "number")?;
        twice(&mut self.users.iter().map(|user| user.login.as_str()).collect(), "login")?;
        let ids: Vec<String> = self.users.iter().map(|user| user.id.to_string()).collect();
        twice(&mut ids.iter().map(String::as_str).collect(), "id")?;
        for queue in &self.queues {
            let known = |member: &&String| self.users.iter().any(|user| user.extension == **member);
            if let Some(stranger) = queue.members.iter().find(|member| !known(member)) {
                return Err(format!("queue {:?}: no user has the extension {stranger:?}", queue.number));
            }
        }
        if !matches!(self.transfer_state, 41 | 51) {
            return Err(format!("transfer_state = {}: it is 41 or 51", self.transfer_state));
        }
        if self.lines == 0 {
            return Err("lines = 0: a phone has at least one".into());
        }
        Ok(())
    }
}
