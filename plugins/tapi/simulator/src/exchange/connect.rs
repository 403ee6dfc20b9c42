//! Answering, holding, and ending.

use super::{Act, Exchange, Happening, LegId, Party, Refusal};
use crate::config::{Answer, End, Hanging};
use crate::constants::*;

impl Exchange {
    /// A ringing call is taken notice of.
    pub(crate) fn accept(&mut self, id: LegId) -> Result<(), Refusal> {
        if self.leg(id)?.state != LINECALLSTATE_OFFERING {
            return Err(LINEERR_INVALCALLSTATE);
        }
        self.set(id, LINECALLSTATE_ACCEPTED, 0);
        Ok(())
    }

    /// A ringing call is answered. What is talked on at the same address is held, or ended, or forbids it.
    pub(crate) fn answer(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.leg(id)?;
        if !leg.is_ringing() {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let (spot, caller) = (leg.spot, leg.peer);
        if let Some(spot) = spot
            && let Some(active) = self.active(spot)
        {
            match self.device(spot.device).map_or(Answer::None, |device| device.line.answer) {
                Answer::None => return Err(LINEERR_INVALCALLSTATE),
                Answer::Drop => self.end(active)?,
                Answer::Hold => self.hold(active)?,
            }
        }
        self.set(id, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        if let Some(caller) = caller {
            self.joined(caller, id);
            // Somebody who waits on hold is not brought back by an answer.
            if !self.legs.get(&caller).is_some_and(super::Leg::is_held) {
                self.set(caller, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
            }
        }
        Ok(())
    }

    /// Ties two ends together; each learns who the other is.
    pub(crate) fn joined(&mut self, one: LegId, other: LegId) {
        for (end, far) in [(one, other), (other, one)] {
            let Some(party) = self.legs.get(&far).map(super::Leg::own) else { continue };
            let Some(leg) = self.legs.get_mut(&end) else { continue };
            leg.peer = Some(far);
            if leg.connected != party {
                leg.connected = party;
                self.info(end, LINECALLINFOSTATE_CONNECTEDID);
            }
        }
    }

    pub(crate) fn hold(&mut self, id: LegId) -> Result<(), Refusal> {
        if self.leg(id)?.state != LINECALLSTATE_CONNECTED {
            return Err(LINEERR_INVALCALLSTATE);
        }
        self.set(id, LINECALLSTATE_ONHOLD, 0);
        Ok(())
    }

    pub(crate) fn unhold(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.leg(id)?;
        let waits = leg.state == LINECALLSTATE_ONHOLDPENDTRANSFER && leg.consultation.is_none();
        if leg.state != LINECALLSTATE_ONHOLD && !waits {
            return Err(LINEERR_INVALCALLSTATE);
        }
        if leg.spot.is_some_and(|spot| self.active(spot).is_some()) {
            return Err(LINEERR_INVALCALLSTATE);
        }
        self.set(id, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        Ok(())
    }

    /// The talked and the held call of an address change places.
    pub(crate) fn swap(&mut self, active: LegId, held: LegId) -> Result<(), Refusal> {
        let (one, other) = (self.leg(active)?, self.leg(held)?);
        let fits = one.spot == other.spot
            && one.state == LINECALLSTATE_CONNECTED
            && matches!(other.state, LINECALLSTATE_ONHOLD | LINECALLSTATE_ONHOLDPENDTRANSFER);
        if !fits {
            return Err(LINEERR_INVALCALLSTATE);
        }
        // Who waits for a consultation waits as such.
        let consulted = one.consultation == Some(held);
        let state = if consulted { LINECALLSTATE_ONHOLDPENDTRANSFER } else { LINECALLSTATE_ONHOLD };
        self.set(active, state, 0);
        self.set(held, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        Ok(())
    }

    /// This end of a call hangs up, rejects, or gives back what the other side has ended.
    pub(crate) fn end(&mut self, id: LegId) -> Result<(), Refusal> {
        let leg = self.leg(id)?;
        match leg.state {
            LINECALLSTATE_IDLE => return Err(LINEERR_INVALCALLSTATE),
            LINECALLSTATE_DISCONNECTED if self.config.quirks.end == End::Never => return Ok(()),
            _ => {}
        }
        if leg.is_conference {
            self.end_conference(id);
            return Ok(());
        }
        let (peer, ringing) = (leg.peer, leg.is_ringing());
        let (conference, original) = (leg.conference, leg.consults_for);
        let consultation = leg.consultation;
        if let Some(consultation) = consultation.and_then(|id| self.legs.get_mut(&id)) {
            consultation.consults_for = None;
        }
        if self.config.quirks.drop == Hanging::Both && !ringing {
            self.set(id, LINECALLSTATE_DISCONNECTED, LINEDISCONNECTMODE_NORMAL);
        }
        self.set(id, LINECALLSTATE_IDLE, 0);
        if let Some(leg) = self.legs.get_mut(&id) {
            (leg.conference, leg.consults_for, leg.consultation) = (None, None, None);
        }
        if let Some(peer) = peer {
            let mode = if ringing { LINEDISCONNECTMODE_REJECT } else { LINEDISCONNECTMODE_NORMAL };
            self.unlink(peer);
            self.other_side_gone(peer, mode);
        }
        if let Some(original) = original {
            self.consultation_over(original);
        }
        if let Some(conference) = conference {
            self.shrink(conference);
        }
        Ok(())
    }

    /// One end is no longer tied to anybody.
    pub(crate) fn unlink(&mut self, id: LegId) {
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.peer = None;
        }
    }

    /// What the other end of a call sees when this one is gone.
    pub(super) fn other_side_gone(&mut self, id: LegId, mode: u32) {
        let Some(leg) = self.legs.get(&id) else { return };
        if leg.is_ringing() {
            self.set(id, LINECALLSTATE_IDLE, 0);
        } else {
            self.lost(id, mode);
        }
    }

    /// A call is over for a reason that is not its own end's.
    pub(crate) fn lost(&mut self, id: LegId, mode: u32) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let conference = leg.conference.take();
        let original = leg.consults_for;
        leg.journey = None;
        if self.config.quirks.end != End::Idle {
            self.set(id, LINECALLSTATE_DISCONNECTED, mode);
        }
        match self.config.quirks.end {
            End::Both | End::Idle => {
                self.set(id, LINECALLSTATE_IDLE, 0);
                if let Some(original) = original {
                    self.consultation_over(original);
                }
            }
            End::Drop => self.later.push((self.config.times.release, Act::Release { leg: id })),
            End::Never => {}
        }
        if let Some(conference) = conference {
            self.shrink(conference);
        }
    }

    /// Gives a call back that its other side has ended, where nobody owns it.
    pub(super) fn release(&mut self, id: LegId) {
        let left = self.legs.get(&id).is_some_and(|leg| leg.state == LINECALLSTATE_DISCONNECTED && !leg.owned);
        if left && self.config.quirks.end != End::Never {
            let _ = self.end(id);
        }
    }

    /// Digits of this end reach the other one.
    pub(crate) fn hear(&mut self, id: LegId, digit: char) {
        if let Some(peer) = self.peer(id) {
            self.happened.push(Happening::Digit { leg: peer, digit });
        }
    }

    /// Begins to send digits; what was being sent before is broken off. Without digits it only breaks off.
    pub(crate) fn generate(&mut self, id: LegId, digits: Vec<char>) -> Result<(), Refusal> {
        let leg = self.leg_mut(id)?;
        if leg.state != LINECALLSTATE_CONNECTED {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let broken_off = !leg.sending.is_empty();
        leg.burst += 1;
        let burst = leg.burst;
        let some = !digits.is_empty();
        leg.sending = digits;
        leg.sending.reverse();
        if broken_off {
            self.happened.push(Happening::Generated { leg: id, how: LINEGENERATETERM_CANCEL });
        }
        if some {
            self.later.push((self.config.times.digit, Act::DigitSent { leg: id, burst }));
        }
        Ok(())
    }

    pub(super) fn digit_sent(&mut self, id: LegId, burst: u32) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.burst != burst {
            return;
        }
        let Some(digit) = leg.sending.pop() else { return };
        if leg.state != LINECALLSTATE_CONNECTED {
            leg.sending.clear();
            self.happened.push(Happening::Generated { leg: id, how: LINEGENERATETERM_CANCEL });
            return;
        }
        let done = leg.sending.is_empty();
        if !matches!(digit, ',' | '!') {
            self.hear(id, digit);
            if self.config.quirks.echo_digits {
                self.happened.push(Happening::Digit { leg: id, digit });
            }
        }
        if done {
            self.happened.push(Happening::Generated { leg: id, how: LINEGENERATETERM_DONE });
        } else {
            self.later.push((self.config.times.digit, Act::DigitSent { leg: id, burst }));
        }
    }

    /// What was known of who is at the other end is not known any more: it has changed.
    pub(crate) fn shown_as(&mut self, id: LegId, caller: Party, by: Party, reason: u32) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.caller = caller;
        leg.redirecting = by;
        leg.reason = reason;
        self.info(id, LINECALLINFOSTATE_CALLERID | LINECALLINFOSTATE_REDIRECTINGID | LINECALLINFOSTATE_REASON);
    }
}
