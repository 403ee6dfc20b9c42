//! One line: an extension, with calls, and perhaps a user.

use std::collections::VecDeque;

use jackfield_plugin_api::{CallFeatures, CallKey, CommandId, Direction, LineId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::LineConfig;
use crate::item::Stage;
use crate::missed::Named;

/// Ids that are remembered though their call is over.
const MOST_IDS: usize = 64;

/// An extension.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) extension: String,
    /// The user's id at Infinity.
    pub(crate) user: Option<String>,
    pub(crate) calls: Vec<Call>,
    /// Ids of calls that are over, and how often each was used before: a key is never given twice.
    over: VecDeque<(String, u32)>,
    /// The host knows what is up here.
    pub(crate) is_shown: bool,
    /// Why the host was told that the line is down.
    pub(crate) down: Option<String>,
    /// Answers in a row by which Infinity has refused to show the calls.
    #[serde(default)]
    pub(crate) refused: u32,
    /// Why Infinity does not tell the user's state, as it was reported.
    #[serde(default)]
    pub(crate) no_state: Option<String>,
    /// The user's state, as Infinity numbers it.
    pub(crate) state: Option<String>,
    /// Calls that were made from here and have not shown yet.
    pub(crate) made: Vec<Made>,
    /// Calls that a request of Infinity's has named and no answer has shown yet.
    #[serde(default)]
    pub(crate) named: Vec<Named>,
    /// When it is asked for its calls and its user's state, while no question is under way.
    pub(crate) due: [Option<Timestamp>; 2],
    /// Something has happened since the question that is under way was asked.
    pub(crate) again: [bool; 2],
    /// It is asked often until then.
    pub(crate) hurry_until: Timestamp,
}

/// A call that a command has made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) command: CommandId,
    /// Its id, where the answer named it.
    pub(crate) id: Option<String>,
    /// The call that it consults for.
    pub(crate) first: Option<String>,
    /// What was dialled.
    #[serde(default)]
    pub(crate) to: Option<String>,
    /// It has not shown by then: it was over at once.
    pub(crate) until: Timestamp,
}

/// A call of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Infinity's id of it.
    pub(crate) id: String,
    pub(crate) key: CallKey,
    used: u32,
    pub(crate) direction: Direction,
    pub(crate) at: Stage,
    pub(crate) was_connected: bool,
    /// The far end has put this one on hold.
    #[serde(default)]
    pub(crate) far_holds: bool,
    /// It has done so once: clients know of the parties' states.
    #[serde(default)]
    pub(crate) far_held: bool,
    pub(crate) number: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) dialled: Option<String>,
    pub(crate) seance: Option<String>,
    pub(crate) can: Option<CallFeatures>,
    pub(crate) recorded: bool,
    /// The call that it consults for.
    pub(crate) first: Option<String>,
    /// Answers in a row that have not shown it.
    pub(crate) missing: u32,
    /// What was asked of it from here, and ends it; by which command.
    pub(crate) asked: Option<(Asked, CommandId)>,
}

/// What ends a call from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Asked {
    Drop,
    Transfer,
    /// It is merged into another call.
    Conference,
}

impl Line {
    pub(crate) fn new(id: LineId, extension: String, settings: &LineConfig, now: Timestamp) -> Self {
        let user = settings.user.clone();
        let state_due = user.is_some().then_some(now);
        Self {
            id,
            extension,
            user,
            calls: Vec::new(),
            over: VecDeque::new(),
            is_shown: false,
            down: None,
            refused: 0,
            no_state: None,
            state: None,
            made: Vec::new(),
            named: Vec::new(),
            due: [Some(now), state_due],
            again: [false; 2],
            hurry_until: now,
        }
    }

    pub(crate) fn call(&self, id: &str) -> Option<&Call> {
        self.calls.iter().find(|call| call.id == id)
    }

    /// Whether a call is known by this id, or was.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.call(id).is_some() || self.over.iter().any(|(over, _)| over == id)
    }

    pub(crate) fn by_key(&self, key: &CallKey) -> Option<&Call> {
        self.calls.iter().find(|call| call.key == *key)
    }

    /// A new call's key: Infinity's id. One that comes back after its end makes another key.
    pub(crate) fn key(&self, id: &str) -> (CallKey, u32) {
        match self.over.iter().find(|(over, _)| over == id) {
            None => (id.into(), 0),
            Some((_, used)) => (format!("{id}~{}", used + 1).into(), used + 1),
        }
    }

    pub(crate) fn begin(&mut self, id: &str, direction: Direction, at: Stage) -> &mut Call {
        let (key, used) = self.key(id);
        self.calls.push(Call {
            id: id.to_owned(),
            key,
            used,
            direction,
            at,
            was_connected: false,
            far_holds: false,
            far_held: false,
            number: None,
            name: None,
            dialled: None,
            seance: None,
            can: None,
            recorded: false,
            first: None,
            missing: 0,
            asked: None,
        });
        let last = self.calls.len() - 1;
        &mut self.calls[last]
    }

    /// A call is over.
    pub(crate) fn end(&mut self, id: &str) -> Option<Call> {
        let at = self.calls.iter().position(|call| call.id == id)?;
        let call = self.calls.remove(at);
        self.over.retain(|(over, _)| *over != call.id);
        if self.over.len() >= MOST_IDS {
            self.over.pop_front();
        }
        self.over.push_back((call.id.clone(), call.used));
        Some(call)
    }

    /// The command that has made a call which shows now.
    pub(crate) fn maker(&mut self, id: &str, direction: Option<Direction>) -> Option<Made> {
        let named = self.made.iter().position(|made| made.id.as_deref() == Some(id));
        let unnamed = || self.made.iter().position(|made| made.id.is_none());
        let at = named.or_else(|| if direction == Some(Direction::In) { None } else { unnamed() })?;
        Some(self.made.remove(at))
    }
}
