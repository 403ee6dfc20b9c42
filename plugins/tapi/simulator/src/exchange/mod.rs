//! The phone system behind the lines: a pure state machine, without a clock and without threads.
//!
//! Everything that takes part in a call is a [`Leg`]: an address of a line, and also a telephone outside, so that a
//! call between two addresses, one to the outside and a transfer of either are the same thing. What changes is told as
//! [`Happening`]s; what is to come later, as [`Act`]s with a delay. Programs, handles and requests are not known here:
//! see `service`.

mod agent;
mod conference;
mod connect;
mod desk;
mod dial;
mod features;
mod forward;
mod leg;
mod park;
mod transfer;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use agent::{AgentState, SETTABLE, group_id};
pub(crate) use conference::MOST_PARTIES;
pub(crate) use desk::{Desk, Device};
pub(crate) use forward::{Forward, MODES, MOST_FORWARDS};
pub(crate) use leg::{Journey, Leg, LegId, Party};

use crate::config::Config;
use crate::constants::*;

/// An error of TAPI: a `LINEERR_` number.
pub(crate) type Refusal = u32;

/// An address: its line's device number, and its own number on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) device: u32,
    pub(crate) address: u32,
}

/// What has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    State {
        leg: LegId,
        state: u32,
        mode: u32,
    },
    /// Bits of `LINECALLINFOSTATE`.
    Info {
        leg: LegId,
        bits: u32,
    },
    /// The other side sent a digit.
    Digit {
        leg: LegId,
        digit: char,
    },
    /// Digits that were sent are over: `LINEGENERATETERM`.
    Generated {
        leg: LegId,
        how: u32,
    },
    /// Bits of `LINEADDRESSSTATE`.
    Address {
        spot: Spot,
        bits: u32,
    },
    /// Bits of `LINEDEVSTATE`, with the message's other two parameters.
    Line {
        device: u32,
        bits: u32,
        second: usize,
        third: usize,
    },
    /// Bits of `LINEAGENTSTATUS`.
    Agent {
        spot: Spot,
        bits: u32,
    },
}

/// What happens by itself, later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Proceed {
        leg: LegId,
        trip: u32,
    },
    Arrive {
        leg: LegId,
        trip: u32,
    },
    /// A telephone outside answers.
    Answer {
        leg: LegId,
    },
    /// A telephone outside hangs up.
    HangUp {
        leg: LegId,
    },
    AfterBusy {
        leg: LegId,
    },
    /// A call that was ended by its other side becomes idle, where nobody owns it.
    Release {
        leg: LegId,
    },
    /// It has rung as often as a forward waits for.
    NoAnswer {
        leg: LegId,
    },
    /// It has rung as long as the network lets it.
    GiveUp {
        leg: LegId,
    },
    DigitSent {
        leg: LegId,
        burst: u32,
    },
    WrapUp {
        spot: Spot,
        turn: u32,
    },
}

/// The phone system.
pub(crate) struct Exchange {
    pub(crate) config: Arc<Config>,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    pub(crate) devices: Vec<Device>,
    pub(crate) desks: BTreeMap<Spot, Desk>,
    /// Who waits in which slot.
    pub(crate) parked: BTreeMap<String, LegId>,
    pub(crate) now: u64,
    pub(crate) happened: Vec<Happening>,
    pub(crate) later: Vec<(u64, Act)>,
    last_leg: LegId,
    last_call: u32,
}

impl Exchange {
    pub(crate) fn new(config: &Arc<Config>) -> Self {
        let mut exchange = Self {
            legs: BTreeMap::new(),
            devices: Vec::new(),
            desks: BTreeMap::new(),
            parked: BTreeMap::new(),
            now: 0,
            happened: Vec::new(),
            later: Vec::new(),
            last_leg: 0,
            last_call: 0x1000,
            config: Arc::clone(config),
        };
        for line in &config.lines {
            exchange.add_line(line.clone());
        }
        exchange
    }

    /// What was to come later is due.
    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Proceed { leg, trip } => self.proceed(leg, trip),
            Act::Arrive { leg, trip } => self.arrive(leg, trip),
            Act::Answer { leg } => {
                if self.state(leg) == LINECALLSTATE_OFFERING {
                    // It was ringing just now: there is nothing that could refuse it.
                    let _ = self.answer(leg);
                }
            }
            Act::HangUp { leg } => {
                let _ = self.end(leg);
            }
            Act::AfterBusy { leg } => self.after_busy(leg),
            Act::Release { leg } => self.release(leg),
            Act::NoAnswer { leg } => self.forward_unanswered(leg),
            Act::GiveUp { leg } => self.give_up(leg),
            Act::DigitSent { leg, burst } => self.digit_sent(leg, burst),
            Act::WrapUp { spot, turn } => self.wrapped_up(spot, turn),
        }
    }

    /// A call's state; `IDLE` for one that there is not.
    pub(crate) fn state(&self, id: LegId) -> u32 {
        self.legs.get(&id).map_or(LINECALLSTATE_IDLE, |leg| leg.state)
    }

    /// Puts a call into a state, and tells it. A call that is idle stays idle.
    pub(crate) fn set(&mut self, id: LegId, state: u32, mode: u32) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.state == LINECALLSTATE_IDLE || (leg.state == state && leg.mode == mode) {
            return;
        }
        leg.state = state;
        leg.mode = mode;
        leg.entered = self.now;
        leg.seen |= state;
        let Some(spot) = leg.spot else {
            self.outside_moved(id, state);
            return;
        };
        if state == LINECALLSTATE_IDLE {
            leg.peer = None;
            leg.journey = None;
        }
        self.happened.push(Happening::State { leg: id, state, mode });
        self.count_calls(spot);
        self.agent_follows(spot);
    }

    /// Outside there is nobody who looks at a busy tone.
    fn outside_moved(&mut self, id: LegId, state: u32) {
        match state {
            LINECALLSTATE_DISCONNECTED | LINECALLSTATE_BUSY | LINECALLSTATE_SPECIALINFO | LINECALLSTATE_IDLE => {
                self.legs.remove(&id);
                self.parked.retain(|_, leg| *leg != id);
            }
            LINECALLSTATE_CONNECTED => {
                let hangs_up = self.legs.get(&id).and_then(|leg| self.outside(&leg.number)?.hangs_up_after);
                if let Some(after) = hangs_up {
                    self.later.push((after, Act::HangUp { leg: id }));
                }
            }
            _ => {}
        }
    }

    /// Tells that a call's information has changed.
    pub(crate) fn info(&mut self, id: LegId, bits: u32) {
        let Some(leg) = self.legs.get(&id) else { return };
        if leg.spot.is_some() && leg.state != LINECALLSTATE_IDLE && bits != 0 {
            self.happened.push(Happening::Info { leg: id, bits });
        }
    }

    /// Makes a call at an address, or a telephone outside, in no state yet.
    pub(crate) fn new_leg(&mut self, spot: Option<Spot>, number: &str, name: &str) -> LegId {
        self.last_leg += 1;
        let mut leg = Leg::new(self.last_leg, spot, Party::new(number, name));
        leg.entered = self.now;
        self.legs.insert(self.last_leg, leg);
        self.last_leg
    }

    /// The id that switches give to a call: never 0, never used twice.
    pub(crate) fn new_call_id(&mut self) -> u32 {
        self.last_call = self.last_call.wrapping_add(1).max(1);
        self.last_call
    }

    /// Forgets a call of which nobody has a handle.
    pub(crate) fn forget(&mut self, id: LegId) {
        if self.state(id) == LINECALLSTATE_IDLE {
            self.legs.remove(&id);
        }
    }

    pub(crate) fn leg(&self, id: LegId) -> Result<&Leg, Refusal> {
        self.legs.get(&id).ok_or(LINEERR_INVALCALLHANDLE)
    }

    pub(crate) fn leg_mut(&mut self, id: LegId) -> Result<&mut Leg, Refusal> {
        self.legs.get_mut(&id).ok_or(LINEERR_INVALCALLHANDLE)
    }

    /// The other end of a call.
    pub(crate) fn peer(&self, id: LegId) -> Option<LegId> {
        self.legs.get(&id).and_then(|leg| leg.peer)
    }

    /// Calls at an address that are not idle.
    pub(crate) fn at(&self, spot: Spot) -> impl Iterator<Item = &Leg> {
        self.legs.values().filter(move |leg| leg.spot == Some(spot) && leg.state != LINECALLSTATE_IDLE)
    }

    /// The call at an address that has the telephone's handset: talked on, or on its way there.
    pub(crate) fn active(&self, spot: Spot) -> Option<LegId> {
        self.at(spot).find(|leg| leg.is_active()).map(|leg| leg.id)
    }
}
