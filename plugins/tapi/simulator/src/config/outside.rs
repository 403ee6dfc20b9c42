//! Numbers outside, and what becomes of calls to them.

use serde::Deserialize;

use crate::constants::*;

/// A number outside. One that is not listed rings until a command answers it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outside {
    /// The number; with a `*` at its end, all that begin so.
    pub(crate) number: String,
    #[serde(default)]
    pub(crate) name: String,
    /// Answers so many milliseconds after it began to ring.
    #[serde(default)]
    pub(crate) answers_after: Option<u64>,
    /// Hangs up so many milliseconds after it was connected.
    #[serde(default)]
    pub(crate) hangs_up_after: Option<u64>,
    /// What becomes of a call to it; without it, it rings.
    #[serde(default)]
    pub(crate) fate: Fate,
    /// What its network reports as the number that was reached, where that is another one.
    #[serde(default)]
    pub(crate) connected: Option<String>,
}

impl Outside {
    /// Whether a number is this one.
    pub(crate) fn is(&self, number: &str) -> bool {
        match self.number.strip_suffix('*') {
            Some(begin) => number.starts_with(begin),
            None => self.number == number,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fate {
    #[default]
    Rings,
    Busy,
    TrunkBusy,
    Reorder,
    NoCircuit,
    BadAddress,
    Unreachable,
    Congestion,
    NoAnswer,
    Reject,
    OutOfOrder,
    NumberChanged,
    Blocked,
    /// Neither rings nor ends.
    Silence,
}

impl Fate {
    /// The state in which a call to it ends up, and its mode.
    pub(crate) fn outcome(self) -> (u32, u32) {
        let disconnected = |mode| (LINECALLSTATE_DISCONNECTED, mode);
        match self {
            Self::Rings => (LINECALLSTATE_RINGBACK, 0),
            Self::Silence => (LINECALLSTATE_PROCEEDING, 0),
            Self::Busy => (LINECALLSTATE_BUSY, LINEBUSYMODE_STATION),
            Self::TrunkBusy => (LINECALLSTATE_BUSY, LINEBUSYMODE_TRUNK),
            Self::Reorder => (LINECALLSTATE_SPECIALINFO, LINESPECIALINFO_REORDER),
            Self::NoCircuit => (LINECALLSTATE_SPECIALINFO, LINESPECIALINFO_NOCIRCUIT),
            Self::BadAddress => disconnected(LINEDISCONNECTMODE_BADADDRESS),
            Self::Unreachable => disconnected(LINEDISCONNECTMODE_UNREACHABLE),
            Self::Congestion => disconnected(LINEDISCONNECTMODE_CONGESTION),
            Self::NoAnswer => disconnected(LINEDISCONNECTMODE_NOANSWER),
            Self::Reject => disconnected(LINEDISCONNECTMODE_REJECT),
            Self::OutOfOrder => disconnected(LINEDISCONNECTMODE_OUTOFORDER),
            Self::NumberChanged => disconnected(LINEDISCONNECTMODE_NUMBERCHANGED),
            Self::Blocked => disconnected(LINEDISCONNECTMODE_BLOCKED),
        }
    }
}
