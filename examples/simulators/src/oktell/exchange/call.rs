//! A call between two parties: how far it has come, and what each side has of it.

use super::Party;
use crate::oktell::Millis;

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(super) chain: String,
    pub(super) commutation: String,
    pub(super) caller: Party,
    pub(super) called: Party,
    pub(super) stage: Stage,
    /// The dialling is the server's (`pbxautocallstart`), and its end has to be told.
    pub(super) auto: bool,
    /// The queue that the caller waits in, or came from.
    pub(super) queue: Option<usize>,
    /// How often it was given to somebody else: a queue's agents, a script's next number.
    pub(super) tried: usize,
    /// The called party cannot be had, and the caller hears the busy tone.
    pub(super) failed: bool,
    pub(super) began: Millis,
    pub(super) answered: Option<Millis>,
    /// Another one for every stage, so that what was to happen later knows whether it still may.
    pub(super) stamp: u64,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The caller's own phone rings; the number has not been dialled.
    OwnPhone,
    /// The number is dialled, and the caller's phone is not touched before it answers.
    FarFirst,
    /// It has answered; now the caller's phone rings.
    FarAnswered,
    /// The called party rings, and the caller waits. In a queue: nobody rings yet.
    Dialling,
    Talk,
    /// One side has put the other into its buffer.
    Held(Side),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Caller,
    Called,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Caller => Self::Called,
            Self::Called => Self::Caller,
        }
    }
}

/// What one side has of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// The own phone rings, because of a callback.
    OwnRing,
    /// The server dials for it.
    AutoCall,
    /// It hears the tone.
    Waiting,
    /// It rings.
    Ring,
    Talk,
    /// It has the other in its buffer.
    Holding,
    /// It is in the other's buffer.
    InFlash,
    /// It does not know of the call yet.
    Away,
}

impl Call {
    pub(super) fn seat(&self, side: Side) -> Seat {
        match (self.stage, side) {
            (Stage::OwnPhone, Side::Caller) | (Stage::FarAnswered, Side::Caller) => Seat::OwnRing,
            (Stage::OwnPhone, Side::Called) => Seat::Away,
            (Stage::FarFirst, Side::Caller) => Seat::AutoCall,
            (Stage::FarAnswered, Side::Called) | (Stage::Dialling, Side::Caller) => Seat::Waiting,
            (Stage::FarFirst | Stage::Dialling, Side::Called) if matches!(self.called, Party::Queue(_)) => Seat::Away,
            (Stage::FarFirst | Stage::Dialling, Side::Called) => Seat::Ring,
            (Stage::Talk, _) => Seat::Talk,
            (Stage::Held(by), side) if by == side => Seat::Holding,
            (Stage::Held(_), _) => Seat::InFlash,
        }
    }

    pub(super) fn party(&self, side: Side) -> &Party {
        match side {
            Side::Caller => &self.caller,
            Side::Called => &self.called,
        }
    }

    /// The caller waits in a queue: it has got there, and no agent rings.
    pub(super) fn waits(&self) -> Option<usize> {
        let there = matches!(self.stage, Stage::FarFirst | Stage::Dialling);
        self.queue.filter(|queue| there && self.called == Party::Queue(*queue))
    }

    pub(super) fn side_of(&self, party: &Party) -> Option<Side> {
        let side = [Side::Caller, Side::Called].into_iter().find(|side| self.party(*side) == party);
        side.filter(|side| self.seat(*side) != Seat::Away)
    }
}
