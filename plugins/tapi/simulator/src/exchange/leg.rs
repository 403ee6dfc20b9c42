//! One end of a call.

use super::Spot;
use crate::constants::*;

/// A leg's number, never used twice. Not a handle: those belong to programs.
pub(crate) type LegId = u32;

/// Somebody at a call, as it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Party {
    pub(crate) number: String,
    pub(crate) name: String,
    /// The number is known and must not be shown.
    pub(crate) blocked: bool,
}

impl Party {
    pub(crate) fn new(number: &str, name: &str) -> Self {
        Self { number: number.to_owned(), name: name.to_owned(), blocked: false }
    }

    /// What `dw…IDFlags` say of it.
    pub(crate) fn flags(&self) -> u32 {
        let mut flags = 0;
        if self.blocked {
            flags |= LINECALLPARTYID_BLOCKED;
        } else if self.number.is_empty() && self.name.is_empty() {
            flags |= LINECALLPARTYID_UNAVAIL;
        } else {
            if !self.number.is_empty() {
                flags |= LINECALLPARTYID_ADDRESS;
            }
            if !self.name.is_empty() {
                flags |= LINECALLPARTYID_NAME;
            }
        }
        flags
    }
}

/// Where a leg is going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Journey {
    pub(crate) number: String,
    /// `LINECALLREASON` for who it reaches.
    pub(crate) reason: u32,
    /// Who sent it there.
    pub(crate) by: Option<Party>,
    /// How often it was sent on already.
    pub(crate) hops: u32,
}

/// One end of a call.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    /// `None`: outside.
    pub(crate) spot: Option<Spot>,
    pub(crate) number: String,
    pub(crate) name: String,
    /// This end's own number is not shown to the other.
    pub(crate) withheld: bool,
    /// `LINECALLSTATE`; 0 before the first.
    pub(crate) state: u32,
    pub(crate) mode: u32,
    /// All states that it ever had.
    pub(crate) seen: u32,
    /// Since when it is in this state.
    pub(crate) entered: u64,
    /// The switch's id of the call.
    pub(crate) call: u32,
    pub(crate) related: u32,
    pub(crate) origin: u32,
    pub(crate) reason: u32,
    pub(crate) trunk: u32,
    pub(crate) caller: Party,
    pub(crate) called: Party,
    pub(crate) connected: Party,
    pub(crate) redirection: Party,
    pub(crate) redirecting: Party,
    pub(crate) peer: Option<LegId>,
    /// This is a conference's own call.
    pub(crate) is_conference: bool,
    /// The conference that it is a party of.
    pub(crate) conference: Option<LegId>,
    /// The call for which this one consults.
    pub(crate) consults_for: Option<LegId>,
    /// The call that consults for this one.
    pub(crate) consultation: Option<LegId>,
    pub(crate) journey: Option<Journey>,
    /// Counts dialling, so that what was dialled before is not followed up.
    pub(crate) trip: u32,
    /// Digits that are being sent.
    pub(crate) sending: Vec<char>,
    pub(crate) burst: u32,
    /// Somebody has a handle as its owner.
    pub(crate) owned: bool,
    pub(crate) media: u32,
    pub(crate) app_specific: u32,
    pub(crate) app_name: String,
    pub(crate) called_party: String,
    pub(crate) comment: String,
    pub(crate) display: String,
    pub(crate) user_user: Vec<u8>,
    pub(crate) call_data: Vec<u8>,
}

impl Leg {
    pub(crate) fn new(id: LegId, spot: Option<Spot>, own: Party) -> Self {
        Self {
            id,
            spot,
            number: own.number,
            name: own.name,
            withheld: false,
            state: 0,
            mode: 0,
            seen: 0,
            entered: 0,
            call: 0,
            related: 0,
            origin: LINECALLORIGIN_UNKNOWN,
            reason: LINECALLREASON_UNKNOWN,
            trunk: 0xFFFF_FFFF,
            caller: Party::default(),
            called: Party::default(),
            connected: Party::default(),
            redirection: Party::default(),
            redirecting: Party::default(),
            peer: None,
            is_conference: false,
            conference: None,
            consults_for: None,
            consultation: None,
            journey: None,
            trip: 0,
            sending: Vec::new(),
            burst: 0,
            owned: false,
            media: LINEMEDIAMODE_INTERACTIVEVOICE,
            app_specific: 0,
            app_name: String::new(),
            called_party: String::new(),
            comment: String::new(),
            display: String::new(),
            user_user: Vec::new(),
            call_data: Vec::new(),
        }
    }

    /// This end as the other one sees it.
    pub(crate) fn own(&self) -> Party {
        Party { number: self.number.clone(), name: self.name.clone(), blocked: self.withheld }
    }

    pub(crate) fn is_ringing(&self) -> bool {
        matches!(self.state, LINECALLSTATE_OFFERING | LINECALLSTATE_ACCEPTED)
    }

    pub(crate) fn is_held(&self) -> bool {
        matches!(self.state, LINECALLSTATE_ONHOLD | LINECALLSTATE_ONHOLDPENDTRANSFER | LINECALLSTATE_ONHOLDPENDCONF)
    }

    pub(crate) fn is_dialling(&self) -> bool {
        matches!(
            self.state,
            LINECALLSTATE_DIALTONE | LINECALLSTATE_DIALING | LINECALLSTATE_PROCEEDING | LINECALLSTATE_RINGBACK
        )
    }

    /// Whether it has the handset.
    pub(crate) fn is_active(&self) -> bool {
        self.is_dialling()
            || matches!(self.state, LINECALLSTATE_BUSY | LINECALLSTATE_SPECIALINFO)
            || (self.state == LINECALLSTATE_CONNECTED && self.mode != LINECONNECTEDMODE_INACTIVE)
    }
}
