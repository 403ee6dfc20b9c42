//! What an exchange has: calls, as operators see them, and talks between two ends, as records have them.

use crate::infinity::Millis;

/// `IDCall`: one operator's part.
pub(crate) type CallId = u64;
/// `IDConnection`: one talk between two ends.
pub(crate) type TalkId = u64;

/// Who is at one end of a talk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// An operator, with this call.
    User(CallId),
    /// Somebody outside.
    Outside(String),
    /// Something that answers by itself: a queue, a machine.
    Machine(String),
}

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that called.
    A,
    /// The one that was called.
    B,
}

impl Side {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Where a call comes from, as the operator sees it. The numbers are those of the COM library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In = 1,
    Out = 2,
}

/// An operator's part of a call.
#[derive(Debug)]
pub(crate) struct Call {
    /// Index of the user.
    pub(crate) user: usize,
    pub(crate) direction: Direction,
    /// What was dialled, by whoever did.
    pub(crate) dialed: String,
    /// The call that this one is a consultation about.
    pub(crate) parent: Option<CallId>,
    pub(crate) seance: u64,
    pub(crate) talk: TalkId,
    /// The other talk of who has made a conference.
    pub(crate) second: Option<TalkId>,
    /// The operator has talked in it: what rings later rings elsewhere.
    pub(crate) up: bool,
    /// What is told of the caller; lines of text.
    pub(crate) info: String,
    pub(crate) started: Millis,
    /// When the state became what it is.
    pub(crate) changed: Millis,
    /// The digits that were sent in it.
    pub(crate) digits: String,
    /// The state that was told last.
    pub(crate) told: u8,
    /// It ends when a list has shown it.
    pub(crate) blinks: bool,
}

/// How far a talk has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Dialling,
    Ringing,
    Talking,
    Ended,
}

/// A talk between two ends.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) seance: u64,
    pub(crate) a: End,
    pub(crate) b: End,
    /// The numbers of both, which outlive the ends.
    pub(crate) numbers: [String; 2],
    /// The id of the user at the end B.
    pub(crate) user_b: Option<u64>,
    pub(crate) stage: Stage,
    /// Which side has put the other on hold.
    pub(crate) held: [bool; 2],
    /// Held for a transfer.
    pub(crate) transferring: bool,
    pub(crate) conference: bool,
    /// The queue (index) that a caller waits in.
    pub(crate) queue: Option<usize>,
    /// The talk with a queue that this one was made for.
    pub(crate) from_queue: Option<TalkId>,
    /// Operators (indices) of the queue who were rung already.
    pub(crate) tried: Vec<usize>,
    /// All calls that had part in it.
    pub(crate) calls: Vec<CallId>,
    pub(crate) recorded: bool,
    pub(crate) started: Millis,
    pub(crate) ended: Millis,
    /// How long it waited, talked, was held and was part of a conference.
    pub(crate) spent: [Millis; 4],
    pub(crate) marked: Millis,
}

impl Talk {
    pub(crate) fn end(&self, side: Side) -> &End {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    pub(crate) fn side_of(&self, call: CallId) -> Option<Side> {
        if self.a == End::User(call) {
            return Some(Side::A);
        }
        (self.b == End::User(call)).then_some(Side::B)
    }

    /// What its time is spent on, an index of [`spent`](Self::spent); nothing: it is over.
    pub(crate) fn spends(&self) -> Option<usize> {
        match self.stage {
            Stage::Ended => None,
            Stage::Dialling | Stage::Ringing => Some(0),
            Stage::Talking if self.conference => Some(3),
            Stage::Talking if self.held[0] || self.held[1] => Some(2),
            Stage::Talking => Some(1),
        }
    }

    /// Adds the time since the last change to what it was spent on. Before every change of stage, hold or conference.
    pub(crate) fn mark(&mut self, now: Millis) {
        let Some(on) = self.spends() else { return };
        self.spent[on] += now.saturating_sub(self.marked);
        self.marked = now;
    }
}

/// A call that is over and still listed.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) user: usize,
    pub(crate) call: Call,
    pub(crate) number: String,
    pub(crate) at: Millis,
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) String);

pub(crate) fn refuse<T>(text: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(text.into()))
}
