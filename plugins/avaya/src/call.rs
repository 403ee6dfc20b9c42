//! A call as a line sees it.

use std::collections::BTreeMap;

use jackfield_csta::types::{self, LocalState, same_device};
use jackfield_plugin_api::{CallFact, CallFeatures, CallKey, CommandId, Direction, Timestamp};
use serde::{Deserialize, Serialize};

/// Parties of a call that are kept.
const MOST_PARTIES: usize = 32;
/// Commands whose effect is waited for, of one call.
const MOST_ASKED: usize = 16;

/// A call of a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) key: CallKey,
    /// The switch's id. It changes when calls become one, and is used again after a while.
    pub(crate) native: String,
    /// Our end's device id, as it stands in connections.
    pub(crate) own: String,
    /// The ids that are the same everywhere, newest first.
    pub(crate) ucids: Vec<String>,
    pub(crate) direction: Direction,
    /// Our end.
    pub(crate) state: LocalState,
    /// Two-way speech was possible.
    pub(crate) answered: bool,
    /// It rings at the other end.
    pub(crate) rings: bool,
    /// It waits in a queue.
    pub(crate) queued: bool,
    /// Why it cannot be completed.
    pub(crate) failed: Option<String>,
    pub(crate) caller: Option<String>,
    pub(crate) called: Option<String>,
    pub(crate) redirecting: Option<String>,
    pub(crate) redirection: Option<String>,
    /// The others.
    pub(crate) parties: Vec<Party>,
    pub(crate) queue: Option<String>,
    pub(crate) data: BTreeMap<String, String>,
    /// It came or went over a trunk.
    pub(crate) external: bool,
    /// The call that this one was made from.
    pub(crate) first: Option<CallKey>,
    /// The call of this line that came back as this one.
    #[serde(default)]
    pub(crate) recall_of: Option<CallKey>,
    /// Commands whose effect does not show yet.
    pub(crate) asked: Vec<Asked>,
    /// What the switch says may be done with it now, where it says so.
    #[serde(default)]
    pub(crate) permits: Option<CallFeatures>,
    /// Not reported before something is known of it: an answer spoke of it, or it is being asked about.
    pub(crate) hidden: bool,
    /// What was reported last.
    pub(crate) reported: Option<Box<CallFact>>,
}

/// Somebody else in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Party {
    /// The device id in its connection.
    pub(crate) device: String,
    pub(crate) number: String,
    pub(crate) state: LocalState,
}

/// What a command is to lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Goal {
    Begin,
    Connected,
    Held,
    Dropped,
    Transferred,
    Diverted,
    Conferenced,
}

/// A command that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) command: CommandId,
    pub(crate) goal: Goal,
    pub(crate) until: Timestamp,
}

impl Call {
    pub(crate) fn new(key: CallKey, native: &str, own: &str, direction: Direction, state: LocalState) -> Self {
        Self {
            key,
            native: native.to_owned(),
            own: own.to_owned(),
            ucids: Vec::new(),
            direction,
            state,
            answered: false,
            rings: false,
            queued: false,
            failed: None,
            caller: None,
            called: None,
            redirecting: None,
            redirection: None,
            parties: Vec::new(),
            queue: None,
            data: BTreeMap::new(),
            external: false,
            first: None,
            recall_of: None,
            asked: Vec::new(),
            permits: None,
            hidden: false,
            reported: None,
        }
    }

    /// An id that is the same everywhere.
    pub(crate) fn add_ucid(&mut self, ucid: &str) {
        if self.ucids.first().is_none_or(|newest| newest != ucid) {
            self.ucids.retain(|known| known != ucid);
            self.ucids.insert(0, ucid.to_owned());
            self.ucids.truncate(8);
        }
    }

    /// A command's effect is to be shown with it.
    pub(crate) fn ask(&mut self, command: CommandId, goal: Goal, until: Timestamp) {
        if self.asked.len() >= MOST_ASKED {
            self.asked.remove(0);
        }
        self.asked.push(Asked { command, goal, until });
    }

    /// A command was refused.
    pub(crate) fn refused(&mut self, command: CommandId) {
        self.asked.retain(|asked| asked.command != command);
    }

    /// Takes the command that was to lead to one of these.
    pub(crate) fn take_asked(&mut self, goals: &[Goal], now: Timestamp) -> Option<CommandId> {
        self.asked.retain(|asked| asked.until >= now);
        let at = self.asked.iter().position(|asked| goals.contains(&asked.goal))?;
        Some(self.asked.remove(at).command)
    }

    /// Whether a command was to lead to this.
    pub(crate) fn was_asked(&self, goal: Goal) -> bool {
        self.asked.iter().any(|asked| asked.goal == goal)
    }

    /// A party's state became known; a new one is added.
    pub(crate) fn party(&mut self, device: &str, number: Option<&str>, state: LocalState) {
        if device.is_empty() {
            return;
        }
        let number = number.unwrap_or_else(|| types::number(device));
        if let Some(party) = self.find_party(device, number) {
            party.state = state;
            party.device.clear();
            party.device.push_str(device);
            if !is_trunk(number) {
                number.clone_into(&mut party.number);
            }
            return;
        }
        if self.parties.len() < MOST_PARTIES {
            // A trunk has no number: whom it leads to is told otherwise.
            let shown = match self.direction {
                _ if !is_trunk(number) => Some(number),
                Direction::Out => self.called.as_deref(),
                _ => self.caller.as_deref(),
            };
            let number = shown.unwrap_or(number).to_owned();
            self.parties.push(Party { device: device.to_owned(), number, state });
        }
    }

    fn find_party(&mut self, device: &str, number: &str) -> Option<&mut Party> {
        let of_device = self.parties.iter().position(|party| same_device(&party.device, device));
        let of_number = || self.parties.iter().position(|party| party.number == number);
        // The only one that was known by its number turns out to be a trunk.
        let only = || (is_trunk(number) && self.parties.len() == 1).then_some(0);
        let at = of_device.or_else(of_number).or_else(only)?;
        self.parties.get_mut(at)
    }

    /// A party is gone. Tells whether it was known.
    pub(crate) fn party_left(&mut self, device: &str) -> bool {
        let before = self.parties.len();
        let number = types::number(device);
        if let Some(at) = self.parties.iter().position(|party| same_device(&party.device, device)) {
            self.parties.remove(at);
        } else if let Some(at) = self.parties.iter().position(|party| party.number == number) {
            self.parties.remove(at);
        } else if before == 1 && is_trunk(number) {
            self.parties.clear();
        }
        self.parties.len() < before
    }

    /// The parties who talk, or hold, and do not merely listen.
    pub(crate) fn talking(&self, recorders: &[String]) -> usize {
        let talks = |party: &&Party| matches!(party.state, LocalState::Connected | LocalState::Hold);
        self.parties.iter().filter(talks).filter(|party| !recorders.contains(&party.number)).count()
    }

    /// Whether nobody else is in it, or could be reached.
    pub(crate) fn is_alone(&self) -> bool {
        self.parties.iter().all(|party| party.state == LocalState::Fail)
    }

    /// Whom the line talks to, when it is one.
    pub(crate) fn remote(&self) -> Option<&str> {
        match self.parties.as_slice() {
            [only] => Some(only.number.as_str()).filter(|number| !number.is_empty() && !is_trunk(number)),
            _ => None,
        }
    }
}

/// Whether a number is a trunk's and nobody's: `T538#1`.
pub(crate) fn is_trunk(number: &str) -> bool {
    number.strip_prefix(['T', 't']).is_some_and(|rest| {
        rest.contains('#') && !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(direction: Direction) -> Call {
        Call::new("1".into(), "1", "2101:CM::0", direction, LocalState::Connected)
    }

    #[test]
    fn a_trunk_has_the_number_that_was_dialled() {
        let mut out = call(Direction::Out);
        out.called = Some("0445550100".to_owned());
        out.party("T210#3:CM::0", None, LocalState::Connected);
        assert_eq!(out.parties[0].number, "0445550100");
        out.party("0445550100:CM::0", None, LocalState::Connected);
        assert_eq!(out.parties.len(), 1, "it is the same party");
        let mut held = call(Direction::In);
        held.party("0445550100:CM::0", None, LocalState::Connected);
        held.party("T210#3:CM::0", None, LocalState::Hold);
        assert_eq!((held.parties.len(), held.parties[0].number.as_str()), (1, "0445550100"));
        assert!(held.party_left("t210#3:cm::0") && held.parties.is_empty());
        assert!(is_trunk("T1#2") && !is_trunk("T1") && !is_trunk("2101") && !is_trunk("T#x"));
    }

    #[test]
    fn recorders_do_not_talk() {
        let mut call = call(Direction::In);
        call.party("0445550100:CM::0", None, LocalState::Connected);
        call.party("2190:CM::0", None, LocalState::Connected);
        assert_eq!((call.talking(&[]), call.talking(&["2190".to_owned()])), (2, 1));
        assert!(!call.party_left("2102:CM::0"));
    }
}
