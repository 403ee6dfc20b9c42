//! Commands that wait for what they cause: CallWay answers none of them.

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, LineId, Timestamp};
use serde::{Deserialize, Serialize};

/// Commands that may wait at a time, of all lines.
const MOST: usize = 4_096;

/// What a command is to cause. Calls by their `UniqueId`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Effect {
    /// A call to this number; a consultation, when there is a first call.
    Call {
        number: String,
        from: Option<String>,
        /// The operator's own phone rings; the command is answered, and what comes is its doing all the same.
        own_rings: bool,
    },
    /// First the current call is held, then this number is dialled.
    HoldThenCall {
        number: String,
        from: String,
    },
    Bridge(String),
    Hangup(String),
    Hold(String),
    Unhold(String),
    /// The consultation ends, and then, when there is one, the first call is taken back.
    HangupThenUnhold {
        consult: String,
        first: String,
    },
    /// The one is held and the other is taken back.
    Swap {
        held: String,
        hold: String,
    },
    /// The call is gone, transferred.
    Transfer(String),
    /// Both are gone, transferred to each other.
    Complete {
        first: String,
        consult: String,
    },
    /// The first call is gone already: that is told after the consultation's end, which must come at once.
    CompleteFirstGone {
        first: String,
        consult: String,
    },
    State(String),
}

impl Effect {
    /// Whether it can only come while a call is up.
    pub(crate) fn needs(&self, unique: &str) -> bool {
        match self {
            Self::Bridge(of) | Self::Hold(of) | Self::Unhold(of) => of == unique,
            Self::HoldThenCall { from, .. } => from == unique,
            Self::Swap { held, hold } => held == unique || hold == unique,
            _ => false,
        }
    }

    /// Whether a call was asked to end.
    pub(crate) fn ends(&self, unique: &str) -> bool {
        match self {
            Self::Hangup(of) | Self::Transfer(of) => of == unique,
            Self::HangupThenUnhold { consult, .. } => consult == unique,
            Self::Complete { first, consult } | Self::CompleteFirstGone { first, consult } => {
                first == unique || consult == unique
            }
            _ => false,
        }
    }
}

/// A command that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) id: CommandId,
    pub(crate) line: LineId,
    pub(crate) effect: Effect,
    pub(crate) deadline: Timestamp,
}

/// All that wait, the oldest first.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Effects {
    waiting: Vec<Waiting>,
}

impl Effects {
    /// One more.
    ///
    /// # Errors
    /// Too many wait.
    pub(crate) fn add(&mut self, waiting: Waiting) -> Result<(), CommandError> {
        if self.waiting.len() >= MOST {
            let text = format!("{MOST} commands wait for CallWay already; try again later");
            return Err(CommandError::new(ErrorCode::Overloaded, text).retryable());
        }
        self.waiting.push(waiting);
        Ok(())
    }

    /// The oldest of a line for which something holds.
    pub(crate) fn find(&mut self, line: LineId, is: impl Fn(&Effect) -> bool) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|w| w.line == line && is(&w.effect))
    }

    /// Takes the oldest of a line for which something holds.
    pub(crate) fn take(&mut self, line: LineId, is: impl Fn(&Effect) -> bool) -> Option<Waiting> {
        let at = self.waiting.iter().position(|w| w.line == line && is(&w.effect))?;
        Some(self.waiting.remove(at))
    }

    /// Takes all of a line that cannot come without a call.
    pub(crate) fn take_needing(&mut self, line: LineId, unique: &str) -> Vec<Waiting> {
        self.waiting.extract_if(.., |w| w.line == line && w.effect.needs(unique)).collect()
    }

    /// Takes all of a line.
    pub(crate) fn take_line(&mut self, line: LineId) -> Vec<Waiting> {
        self.waiting.extract_if(.., |w| w.line == line).collect()
    }

    /// Takes all.
    pub(crate) fn take_all(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes all whose time is over.
    pub(crate) fn late(&mut self, now: Timestamp) -> Vec<Waiting> {
        self.waiting.extract_if(.., |w| w.deadline <= now).collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.waiting.iter().map(|w| w.deadline).min()
    }
}
