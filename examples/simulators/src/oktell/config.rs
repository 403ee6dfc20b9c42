//! What the phone system consists of, and how fast its world is: a TOML file, everything with a default.

use serde::Deserialize;

use crate::{
    Behaviour,
    oktell::{Faults, Millis},
};

/// The phone system's configuration. Times are in milliseconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who may log in; each has a line and a number.
    pub users: Vec<User>,
    /// Numbers behind which callers wait for a free agent.
    pub queues: Vec<Queue>,
    /// Numbers at which a machine answers (IVR).
    pub scripts: Vec<Script>,
    /// The reasons for a break.
    pub lunch_reasons: Vec<String>,
    /// What outside numbers do that are called. Single numbers: `outside` of the control channel.
    pub outside: Behaviour,
    /// Own phone first: after how long the user's own phone is lifted by itself. 0: by the control channel only.
    pub lift_ms: Millis,
    /// After how long nobody answers, and a call is given up (or goes to the queue's next agent).
    pub no_answer_ms: Millis,
    /// How long two outside parties talk who were connected by a user that left.
    pub outside_talk_ms: Millis,
    /// How many users may be on line at once (licence); 0: as many as there are.
    pub licences: usize,
    /// One login per user: a second one is refused like one beside the desktop client.
    pub one_login: bool,
    /// `getversion`'s `dated` (yymmdd), by which clients judge what the server can do.
    pub dated: u32,
    /// What a consultation's chain id is: a new one, or that of the held call.
    pub consultation_chain: Chain,
    /// Whether a call gets another chain id at the moment it is answered.
    pub answer_chain: Chain,
    /// What goes wrong from the start. The control channel's `faults` changes it.
    pub faults: Faults,
}

/// What becomes of a chain id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chain {
    /// It stays as it was.
    Same,
    /// There is a new one.
    New,
}

/// A user.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
    /// The internal number.
    pub number: String,
    /// The name. Absent: the login.
    #[serde(default)]
    pub name: String,
    /// May listen in to others (ghost), and is their chief in `getallusernumbers`.
    #[serde(default)]
    pub supervisor: bool,
    /// The phone answers when a program asks it to (`pbxanswercall`).
    #[serde(default = "yes")]
    pub auto_answer: bool,
}

/// A queue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The number that is called.
    pub number: String,
    /// The logins of the agents.
    pub members: Vec<String>,
}

/// A script: a machine that answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The number that is called.
    pub number: String,
    /// Its name, `ivrname` in line states.
    pub name: String,
    /// How long it talks.
    #[serde(default = "script_time")]
    pub talks_ms: Millis,
    /// Where the caller is sent afterwards. Absent: it hangs up.
    #[serde(default)]
    pub then: Option<String>,
}

fn yes() -> bool {
    true
}

fn script_time() -> Millis {
    5_000
}

/// More than this many of anything is refused.
const MANY: usize = 1_000;

impl Default for Config {
    fn default() -> Self {
        let user = |number: u32, login: &str, name: &str, supervisor| User {
            login: login.into(),
            password: "Secret1".into(),
            number: number.to_string(),
            name: name.into(),
            supervisor,
            auto_answer: true,
        };
        Self {
            users: vec![
                user(101, "op1", "Operator One", true),
                user(102, "op2", "Operator Two", false),
                user(103, "op3", "Operator Three", false),
                user(104, "op4", "Operator Four", false),
            ],
            queues: vec![Queue { number: "700".into(), members: vec!["op1".into(), "op2".into()] }],
            scripts: vec![Script {
                number: "800".into(),
                name: "Welcome".into(),
                talks_ms: script_time(),
                then: Some("700".into()),
            }],
            lunch_reasons: vec!["Lunch".into(), "Meeting".into()],
            outside: Behaviour::Answer { after_ms: 3_000 },
            lift_ms: 1_500,
            no_answer_ms: 30_000,
            outside_talk_ms: 30_000,
            licences: 0,
            one_login: false,
            dated: 150_501,
            consultation_chain: Chain::New,
            answer_chain: Chain::Same,
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
        if self.users.len() > MANY || self.queues.len() > MANY || self.scripts.len() > MANY {
            return Err(format!("there are more than {MANY} users, queues or scripts; take fewer"));
        }
        let mut numbers: Vec<&str> = self.users.iter().map(|user| user.number.as_str()).collect();
        numbers.extend(self.queues.iter().map(|queue| queue.number.as_str()));
        numbers.extend(self.scripts.iter().map(|script| script.number.as_str()));
        numbers.sort_unstable();
        if let Some(pair) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("the number {:?} is given twice; give every user, queue and script its own", pair[0]));
        }
        let mut logins: Vec<String> = self.users.iter().map(|user| user.login.to_lowercase()).collect();
        logins.sort_unstable();
        if let Some(pair) = logins.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(format!("the login {:?} is given twice", pair[0]));
        }
        for queue in &self.queues {
            if let Some(stranger) = queue.members.iter().find(|member| !logins.contains(&member.to_lowercase())) {
                return Err(format!("queue {:?}: there is no user {stranger:?}", queue.number));
            }
        }
        Ok(())
    }
}
