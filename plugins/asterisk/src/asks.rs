//! Actions that wait for their answers. Answers are known by the ActionID and by nothing else: events come between,
//! and a few answers carry no id at all.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CommandId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calls::CallId;
use crate::commands::Then;

/// What an answer is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// A step of the session.
    Step(Step),
    /// A command; the answer is its answer, and this follows from it.
    Command(CommandId, Then),
    /// The originate of a call.
    Originate(CallId),
    /// In which application an answered leg is, that may have reached a service.
    Application(CallId),
    /// Something that nobody waits for; a refusal is logged.
    Quiet,
}

/// A step of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    Challenge,
    Login,
    Ping,
    Settings,
    Commands,
    Bridges,
    Channels,
    Queues,
    Devices,
    /// The end of the snapshot: what was on its way before it has come.
    Barrier,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Open {
    ask: Ask,
    deadline: Timestamp,
}

/// All that waits.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Asks {
    /// Answers to an originate go to every session of Asterisk: ids must differ from those of other programs.
    prefix: String,
    last: u64,
    open: BTreeMap<u64, Open>,
}

impl Asks {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix, ..Self::default() }
    }

    /// A new id, for an action or a channel.
    pub(crate) fn name(&mut self) -> String {
        self.last += 1;
        format!("{}-{}", self.prefix, self.last)
    }

    /// The id that was given out last.
    pub(crate) fn last(&self) -> String {
        format!("{}-{}", self.prefix, self.last)
    }

    /// The id of an action that waits.
    pub(crate) fn add(&mut self, ask: Ask, deadline: Timestamp) -> String {
        let name = self.name();
        self.open.insert(self.last, Open { ask, deadline });
        name
    }

    /// The number of one of our ids.
    pub(crate) fn number(&self, id: &[u8]) -> Option<u64> {
        let id = std::str::from_utf8(id).ok()?;
        id.strip_prefix(self.prefix.as_str())?.strip_prefix('-')?.parse().ok()
    }

    /// Takes what waits for this id.
    pub(crate) fn take(&mut self, id: &[u8]) -> Option<Ask> {
        let number = self.number(id)?;
        self.open.remove(&number).map(|open| open.ask)
    }

    /// Nothing waits for the answers to a command's actions any more.
    pub(crate) fn drop_command(&mut self, command: CommandId) {
        self.open.retain(|_, open| !matches!(open.ask, Ask::Command(of, _) if of == command));
    }

    /// Takes everything that waited too long.
    pub(crate) fn late(&mut self, now: Timestamp) -> Vec<Ask> {
        let late: Vec<u64> = self.open.iter().filter(|(_, o)| o.deadline <= now).map(|(n, _)| *n).collect();
        late.iter().filter_map(|n| self.open.remove(n)).map(|o| o.ask).collect()
    }

    /// Takes everything: the connection is gone.
    pub(crate) fn take_all(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.open).into_values().map(|o| o.ask).collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.open.values().map(|o| o.deadline).min()
    }
}
