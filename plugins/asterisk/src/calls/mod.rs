//! Calls as lines see them.
//!
//! A call is a leg of a line's device, or one of two calls on one leg while its user consults (Asterisk's attended
//! transfer moves one leg between two bridges). What a call *is* follows from the table after every event; it is
//! reported when it differs from what was reported before.

mod cause;
mod consult;
mod fact;
mod level;
mod recall;
mod track;

pub(crate) use cause::HangupInfo;
pub(crate) use level::Level;
pub(crate) use recall::Recall;
pub(crate) use track::numberlike;

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    CallFact, Cause, CauseCode, CommandId, Direction, LineId, Phase, ReleasedBy, Scope, Timestamp,
};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::table::{BridgeId, ChannelId, Ident, Legs};

/// A call's number inside the adapter. Grows: an older call has a smaller one.
pub(crate) type CallId = u32;
/// A few calls.
pub(crate) type CallIds = SmallVec<[CallId; 4]>;

/// How a call came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Origin {
    /// The phone is called.
    #[default]
    Called,
    /// The phone calls.
    Dialled,
    /// Our own originate: the own phone rings first.
    Originated,
    /// Somebody else's originate.
    Foreign,
    /// A consultation on the leg of another call.
    Consult,
}

/// Whether it is known in which application an answered leg without a second party is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Look {
    /// It was not asked.
    #[default]
    NotYet,
    /// It was asked; without an answer by this time it counts as a service.
    Asked(Timestamp),
    /// It is known, or cannot be.
    Done,
}

/// Why a call will end, known before it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ending {
    pub(crate) cause: CauseCode,
    /// Where it was sent.
    pub(crate) to: Ident,
}

/// The end of a call that is still to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ended {
    pub(crate) cause: Cause,
    pub(crate) released: ReleasedBy,
    /// It is told at this time at the latest.
    pub(crate) until: Timestamp,
}

/// What a command is to lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Awaits {
    /// The first fact.
    First,
    Connected,
    Held,
    Finished,
    Conferenced,
}

/// A call.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Call {
    pub(crate) key: String,
    pub(crate) line: Option<LineId>,
    /// The leg; a click-to-call has none until Asterisk makes it.
    pub(crate) channel: Option<ChannelId>,
    /// Further legs of the same device that ring for the same call (several contacts).
    pub(crate) others: Legs,
    pub(crate) native: String,
    pub(crate) origin: Origin,
    pub(crate) incoming: bool,
    /// The bridge that it is in, or waits in.
    pub(crate) bridge: Option<BridgeId>,
    /// Two-way speech was possible.
    pub(crate) connected: bool,
    pub(crate) connected_at: Option<Timestamp>,
    /// The id of the action that made it, if we did.
    pub(crate) action: String,
    /// Known to have ended busy, before it is over.
    pub(crate) busy: bool,
    /// This line holds it.
    pub(crate) hold: bool,
    /// The line's leg resumed it while the line talks on another leg: counts from this time on, unless the two are being
    /// joined.
    #[serde(default)]
    pub(crate) resumes_at: Option<Timestamp>,
    /// Another leg took the place of its own leg in the bridge: it is being transferred away.
    #[serde(default)]
    pub(crate) replaced: bool,
    /// Whom this line talks to, as Asterisk said last.
    pub(crate) remote: Ident,
    /// Whom it talked to first.
    pub(crate) first_remote: Ident,
    /// What was dialled.
    pub(crate) called: Ident,
    /// Who sent it here.
    pub(crate) redirecting: Ident,
    /// Whoever was transferred here waits for this call to be answered.
    #[serde(default)]
    pub(crate) transferee: Option<ChannelId>,
    /// The call of this line that came back as this one (its key), after a transfer or from a parking slot.
    #[serde(default)]
    pub(crate) recall_of: Option<String>,
    pub(crate) ending: Option<Ending>,
    pub(crate) released: Option<ReleasedBy>,
    /// How the last dial on its behalf ended, and whether the called side ended it.
    pub(crate) outcome: String,
    pub(crate) outcome_cause: u16,
    /// The cause of its own leg's end.
    pub(crate) end_cause: u16,
    /// The consultation that was made from it.
    pub(crate) consult: Option<CallId>,
    /// The call that this consultation was made from.
    pub(crate) parent: Option<CallId>,
    /// The call whose far end was joined with this one's: both end together.
    pub(crate) joined: Option<CallId>,
    /// The call of this line that it becomes a part of (a conference).
    #[serde(default)]
    pub(crate) merged_into: Option<CallId>,
    /// It is over, and that is told after the conference that it became a part of.
    #[serde(default)]
    pub(crate) ended: Option<Ended>,
    /// How many consultations were made from it: their keys are never reused.
    pub(crate) consults: u32,
    /// The two bridges of a consultation are being joined: what is seen meanwhile is neither before nor after.
    pub(crate) merging: bool,
    /// A `Local/…` leg that Asterisk is taking out of the way: for a moment legs are in no bridge or in the wrong one.
    pub(crate) optimising: Option<ChannelId>,
    /// Who left its bridge last.
    pub(crate) left_by: Option<ChannelId>,
    /// Its partner was sent on to this extension and left.
    pub(crate) sent_on: Option<String>,
    /// The phase that was seen last.
    pub(crate) phase: Option<Phase>,
    pub(crate) scope: Option<Scope>,
    pub(crate) muted: Option<bool>,
    pub(crate) recording: Option<bool>,
    pub(crate) file: String,
    pub(crate) queue: String,
    pub(crate) user_data: BTreeMap<String, String>,
    /// Uniqueids of who was heard in it; a participant keeps its number.
    pub(crate) participants: Vec<String>,
    /// Who was heard in it last (numbers of `participants`).
    pub(crate) present: Legs,
    /// The legs that were dialled for it last.
    #[serde(default)]
    pub(crate) rings_at: Legs,
    /// When its leg went up without a second party.
    pub(crate) up_since: Option<Timestamp>,
    /// Whether it was asked what answered.
    #[serde(default)]
    pub(crate) look: Look,
    /// Not reported before this time: a dialled code may turn out to be a pickup.
    pub(crate) hidden_until: Option<Timestamp>,
    pub(crate) started_at: Option<Timestamp>,
    /// A command that is to show in the next fact of its kind.
    pub(crate) command: Option<(CommandId, Awaits)>,
    /// After this time a hold or the like is somebody else's doing.
    pub(crate) command_until: Option<Timestamp>,
    /// What was reported last.
    pub(crate) reported: Option<Box<CallFact>>,
}

impl Call {
    pub(crate) fn direction(&self) -> Direction {
        if self.incoming { Direction::In } else { Direction::Out }
    }

    /// Legs are being moved about: what is seen of it is neither what was nor what will be.
    pub(crate) fn is_between(&self) -> bool {
        self.merging || self.replaced || self.optimising.is_some() || self.ended.is_some()
    }
}

/// All calls.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    last: CallId,
    calls: BTreeMap<CallId, Box<Call>>,
}

impl Calls {
    pub(crate) fn get(&self, id: CallId) -> Option<&Call> {
        self.calls.get(&id).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut(&id).map(Box::as_mut)
    }

    /// The call that a client names.
    pub(crate) fn find(&self, line: LineId, key: &str) -> Option<CallId> {
        self.of_line(line).find(|(_, call)| call.key == key).map(|(id, _)| id)
    }

    pub(crate) fn add(&mut self, call: Call) -> CallId {
        self.last += 1;
        self.calls.insert(self.last, Box::new(call));
        self.last
    }

    pub(crate) fn remove(&mut self, id: CallId) -> Option<Box<Call>> {
        self.calls.remove(&id)
    }

    /// A command was accepted: what it leads to shows by then.
    pub(crate) fn commanded(&mut self, line: LineId, command: CommandId, until: Timestamp) {
        let of_command = |c: &&mut Box<Call>| c.line == Some(line) && c.command.is_some_and(|(id, _)| id == command);
        for call in self.calls.values_mut().filter(of_command) {
            call.command_until = Some(until);
        }
    }

    /// The calls of a line, oldest first.
    pub(crate) fn of_line(&self, line: LineId) -> impl Iterator<Item = (CallId, &Call)> {
        self.iter().filter(move |(_, c)| c.line == Some(line))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (CallId, &Call)> {
        self.calls.iter().map(|(id, c)| (*id, c.as_ref()))
    }
}
