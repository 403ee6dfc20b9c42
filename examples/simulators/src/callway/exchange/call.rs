//! A call between two parties: how far it has come, and what each side has of it.

use super::Party;
use crate::Millis;

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) caller: End,
    pub(super) called: End,
    pub(super) stage: Stage,
    /// The queue that the caller waits in, or came from.
    pub(super) queue: Option<usize>,
    /// The script that the caller was at.
    pub(super) script: Option<usize>,
    /// What `Originate` said.
    pub(super) rule: String,
    /// Whose turn it is in the queue: a place in the list of its operators.
    pub(super) turn: usize,
    /// How often scripts have sent the caller on.
    pub(super) hops: usize,
    /// The called party cannot be had, and the caller hears the busy tone.
    pub(super) failed: bool,
    pub(super) began: Millis,
    pub(super) answered: Option<Millis>,
    /// Another one for every stage, so that what was to happen later knows whether it still may.
    pub(super) stamp: u64,
}

/// One side of a call.
#[derive(Debug)]
pub(super) struct End {
    pub(super) party: Party,
    /// `UniqueId` of its leg.
    pub(super) id: String,
    /// `UniqueId` of the server's own call to its phone, while there is one.
    pub(super) back: Option<String>,
    /// `NewCall` was told.
    pub(super) told: bool,
    /// `Bridge` was told.
    pub(super) bridged: bool,
    /// It has the other on hold.
    pub(super) held: bool,
    /// Digits that it has sent.
    pub(super) digits: String,
}

impl End {
    pub(super) fn new(party: Party, id: String) -> Self {
        Self { party, id, back: None, told: false, bridged: false, held: false, digits: String::new() }
    }
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The caller's own phone rings; the number has not been dialled.
    OwnPhone,
    /// The called party rings, and the caller waits. In a queue: nobody rings yet.
    Ringing,
    Talk,
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

impl Call {
    pub(super) fn end(&self, side: Side) -> &End {
        match side {
            Side::Caller => &self.caller,
            Side::Called => &self.called,
        }
    }

    pub(super) fn end_mut(&mut self, side: Side) -> &mut End {
        match side {
            Side::Caller => &mut self.caller,
            Side::Called => &mut self.called,
        }
    }

    /// The side that a party is on. Who has not been called yet is on none.
    pub(super) fn side_of(&self, party: &Party) -> Option<Side> {
        let here = |side: &Side| self.end(*side).party == *party;
        let away = |side: &Side| self.stage == Stage::OwnPhone && *side == Side::Called;
        [Side::Caller, Side::Called].into_iter().find(|side| here(side) && !away(side))
    }

    /// The caller waits in this queue, and nobody rings.
    pub(super) fn waits(&self) -> Option<usize> {
        let waits = self.stage == Stage::Ringing && matches!(self.called.party, Party::Queue(_)) && !self.failed;
        self.queue.filter(|_| waits)
    }

    /// The side's phone rings.
    pub(super) fn rings(&self, side: Side) -> bool {
        match self.stage {
            Stage::OwnPhone => side == Side::Caller,
            Stage::Ringing => side == Side::Called && !self.failed,
            Stage::Talk => false,
        }
    }

    /// The side talks, or dials: it is what its phone is used for now.
    pub(super) fn is_foreground(&self, side: Side) -> bool {
        match self.stage {
            Stage::OwnPhone => false,
            Stage::Ringing => side == Side::Caller,
            Stage::Talk => !self.end(side).held,
        }
    }

    /// The side has talked, and does.
    pub(super) fn talks(&self, side: Side) -> bool {
        self.stage == Stage::Talk && !self.end(side).held
    }
}
