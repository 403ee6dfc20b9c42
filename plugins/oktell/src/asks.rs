//! Requests that wait for their replies. A reply is known by its `qid` and by nothing else.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CommandId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::commands::Then;

/// Requests of one line that may wait at a time.
const MOST: usize = 256;

/// What a reply is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Whether the server is there.
    Ping,
    /// The login, by session id or by password.
    Login {
        /// By session id.
        resumed: bool,
    },
    /// A step of the initial load.
    Load(Step),
    /// Who is on the line; asked at this time.
    Look(Timestamp),
    /// The members of a conference.
    Conference(String),
    /// The directory of numbers.
    Numbers,
    /// A command; the reply is its answer, or a step towards it.
    Command(CommandId, Then),
    /// Nobody waits for it; a refusal is logged.
    Quiet,
}

/// A step of the initial load, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    Version,
    Me,
    LunchTypes,
    UserState,
    Redirects,
    Line,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Open {
    ask: Ask,
    deadline: Timestamp,
}

/// All that wait on one link.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Asks {
    last: u64,
    open: BTreeMap<String, Open>,
}

impl Asks {
    /// The id of a request that waits. `None`: too many wait.
    pub(crate) fn add(&mut self, prefix: &str, ask: Ask, deadline: Timestamp) -> Option<String> {
        if self.open.len() >= MOST {
            return None;
        }
        self.last += 1;
        let qid = format!("{prefix}-{}", self.last);
        self.open.insert(qid.clone(), Open { ask, deadline });
        Some(qid)
    }

    /// Takes what waits for this id.
    pub(crate) fn take(&mut self, qid: &str) -> Option<Ask> {
        self.open.remove(qid).map(|open| open.ask)
    }

    /// Nothing waits for the reply to a command's request any more.
    pub(crate) fn drop_command(&mut self, command: CommandId) {
        self.open.retain(|_, open| !matches!(open.ask, Ask::Command(of, _) if of == command));
    }

    /// Takes everything that waited too long.
    pub(crate) fn late(&mut self, now: Timestamp) -> Vec<Ask> {
        let late: Vec<String> = self.open.iter().filter(|(_, o)| o.deadline <= now).map(|(q, _)| q.clone()).collect();
        late.iter().filter_map(|qid| self.open.remove(qid)).map(|open| open.ask).collect()
    }

    /// Takes everything: the link is gone.
    pub(crate) fn take_all(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.open).into_values().map(|open| open.ask).collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.open.values().map(|open| open.deadline).min()
    }
}
