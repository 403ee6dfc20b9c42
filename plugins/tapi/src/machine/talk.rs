//! Calls: TAPI's handles (legs), and what clients see of them (talks). Most of the time a talk is one leg; a conference
//! is several.

use std::collections::BTreeSet;

use jackfield_plugin_api::{CallKey, CallState, CauseCode, Direction, LineId, ReleasedBy, Timestamp};

use super::Because;
use super::dropping::Dropping;
use crate::sys::constants::{
    LINECALLPRIVILEGE_OWNER, LINECALLSTATE_BUSY, LINECALLSTATE_CONFERENCED, LINECALLSTATE_CONNECTED,
    LINECALLSTATE_DISCONNECTED, LINECALLSTATE_IDLE, LINECALLSTATE_OFFERING, LINECALLSTATE_ONHOLD,
    LINECALLSTATE_ONHOLDPENDCONF, LINECALLSTATE_ONHOLDPENDTRANSFER, LINECALLSTATE_UNKNOWN, LINECONNECTEDMODE_INACTIVE,
    LINECONNECTEDMODE_INACTIVEHELD, LINEOFFERINGMODE_INACTIVE,
};
use crate::told::{CallInfo, Seen};

/// One call of TAPI.
#[derive(Debug, Default)]
pub(super) struct Leg {
    /// Its device.
    pub(super) device: u32,
    /// LINECALLSTATE; 0: nothing was told yet.
    pub(super) state: u32,
    /// What belongs to the state: why it is busy, how it is connected …
    pub(super) mode: u32,
    pub(super) privilege: u32,
    /// LINECALLFEATURE.
    pub(super) features: u32,
    pub(super) features2: u32,
    pub(super) info: CallInfo,
    /// What clients see of it.
    pub(super) talk: Option<u64>,
    /// It is the call of a conference as a whole.
    pub(super) whole: bool,
    /// The conference that it is in.
    pub(super) conference: Option<u32>,
    /// It was told to be dropped after the other side had gone.
    pub(super) cleared: bool,
    /// Nobody owned it, and we want to.
    pub(super) claimed: bool,
    /// It was accepted.
    pub(super) accepted: bool,
    /// Its digits are listened to.
    pub(super) monitored: bool,
}

impl Leg {
    /// A call of an address of a device.
    pub(super) fn at((device, address): (u32, u32)) -> Self {
        let info = CallInfo { address, ..CallInfo::default() };
        Self { device, info, ..Self::default() }
    }

    /// Takes what was looked up.
    pub(super) fn learn(&mut self, seen: &Seen) {
        if let Some(info) = &seen.info {
            self.info = info.clone();
        }
        if let Some(status) = &seen.status {
            self.privilege = status.privilege;
            self.features = status.features;
            self.features2 = status.features2;
        }
    }

    pub(super) fn owned(&self) -> bool {
        self.privilege & LINECALLPRIVILEGE_OWNER != 0
    }

    pub(super) fn held(&self) -> bool {
        matches!(self.state, LINECALLSTATE_ONHOLD | LINECALLSTATE_ONHOLDPENDTRANSFER | LINECALLSTATE_ONHOLDPENDCONF)
    }

    pub(super) fn over(&self) -> bool {
        matches!(self.state, LINECALLSTATE_IDLE | LINECALLSTATE_DISCONNECTED)
    }

    /// On a shared line: somebody else has it.
    pub(super) fn elsewhere(&self) -> bool {
        match self.state {
            LINECALLSTATE_CONNECTED => {
                matches!(self.mode, LINECONNECTEDMODE_INACTIVE | LINECONNECTEDMODE_INACTIVEHELD)
            }
            LINECALLSTATE_OFFERING => self.mode == LINEOFFERINGMODE_INACTIVE,
            _ => false,
        }
    }

    /// Whether anything can be said of it.
    pub(super) fn is_known(&self) -> bool {
        !matches!(self.state, 0 | LINECALLSTATE_UNKNOWN)
    }

    pub(super) fn is(&self, state: u32) -> bool {
        self.state == state
    }

    /// It talks, alone or in a conference.
    pub(super) fn talks(&self) -> bool {
        matches!(self.state, LINECALLSTATE_CONNECTED | LINECALLSTATE_CONFERENCED)
    }

    pub(super) fn busy(&self) -> bool {
        self.state == LINECALLSTATE_BUSY
    }
}

/// A call as clients see it.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) key: CallKey,
    pub(super) line: LineId,
    /// The leg that commands are for, and whose state is the talk's.
    pub(super) main: u32,
    /// The legs of a conference.
    pub(super) members: BTreeSet<u32>,
    pub(super) direction: Direction,
    /// A fact of it was reported, with this state.
    pub(super) told: bool,
    pub(super) state: Option<CallState>,
    /// It was connected once.
    pub(super) connected: bool,
    /// It was busy once.
    pub(super) busy: bool,
    /// What was dialled from here.
    pub(super) dialled: Option<String>,
    /// The talk that it was made from.
    pub(super) parent: Option<u64>,
    /// What a command was to bring about; told with the next fact.
    pub(super) because: Because,
    /// How it ends if it ends now, because a command wanted it.
    pub(super) wish: Option<Wish>,
    /// It is over and not told yet.
    pub(super) ending: Option<Ending>,
    /// A command wants it to be dropped.
    pub(super) dropping: Option<Dropping>,
    /// Its consultation was given up: it is to be taken back from hold, if it does not come by itself.
    pub(super) returns: bool,
    /// The digits that are being sent.
    pub(super) sending: Option<Sending>,
}

/// Digits that are being sent.
#[derive(Debug, Clone)]
pub(super) struct Sending {
    pub(super) digits: String,
    pub(super) because: Because,
    /// Until then their end is waited for.
    pub(super) until: Timestamp,
}

/// How a talk ends by a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish {
    /// Absent: as a call ends that is hung up from here.
    pub(super) cause: Option<CauseCode>,
    pub(super) by: ReleasedBy,
    pub(super) because: Because,
    /// The other one of a transfer, which ends first.
    pub(super) after: Option<u64>,
}

/// An end that waits for something before it is told.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) cause: CauseCode,
    pub(super) by: ReleasedBy,
    /// LINEDISCONNECTMODE or another mode; 0: none was told.
    pub(super) native: u32,
    pub(super) because: Because,
    pub(super) until: Until,
    /// When it is told in any case.
    pub(super) at: Timestamp,
}

/// What an end waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The other one of a transfer is over.
    Over(u64),
    /// It is seen that the conference stands.
    Conference(u64),
    /// It is seen whether one of its legs goes on alone.
    Alone,
}

impl Talk {
    pub(super) fn new(number: u64, session: u64, line: LineId, main: u32, direction: Direction) -> Self {
        Self {
            key: format!("{session:x}-{number}").into(),
            line,
            main,
            members: BTreeSet::new(),
            direction,
            told: false,
            state: None,
            connected: false,
            busy: false,
            dialled: None,
            parent: None,
            because: None,
            wish: None,
            ending: None,
            dropping: None,
            returns: false,
            sending: None,
        }
    }
}
