//! Consultations and transfers.

use super::{Exchange, Journey, LegId, Party, Refusal};
use crate::constants::*;

impl Exchange {
    /// A second call for a transfer of the first: the first waits, the second has a dial tone.
    pub(crate) fn consult(&mut self, id: LegId, conference: bool) -> Result<LegId, Refusal> {
        let leg = self.leg(id)?;
        let Some(spot) = leg.spot else { return Err(LINEERR_INVALCALLHANDLE) };
        let free = leg.consultation.is_none() && (conference || !leg.is_conference);
        let held = leg.state == LINECALLSTATE_ONHOLD && self.active(spot).is_none();
        if !free || !(leg.state == LINECALLSTATE_CONNECTED || held) {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let related = leg.call;
        let waits = if conference { LINECALLSTATE_ONHOLDPENDCONF } else { LINECALLSTATE_ONHOLDPENDTRANSFER };
        self.set(id, waits, 0);
        let second = self.outgoing(spot);
        if let Some(leg) = self.legs.get_mut(&second) {
            leg.related = related;
            leg.consults_for = Some(id);
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.consultation = Some(second);
        }
        Ok(second)
    }

    /// The consultation is gone, the transfer was not made.
    pub(super) fn consultation_over(&mut self, original: LegId) {
        let Some(leg) = self.legs.get_mut(&original) else { return };
        leg.consultation = None;
        match leg.state {
            LINECALLSTATE_ONHOLDPENDTRANSFER if self.config.quirks.keep_held => {
                self.set(original, LINECALLSTATE_ONHOLD, 0);
            }
            LINECALLSTATE_ONHOLDPENDTRANSFER => self.take_back(original),
            LINECALLSTATE_ONHOLDPENDCONF => self.shrink(original),
            _ => {}
        }
    }

    /// Takes a held call back if nothing else has the handset.
    pub(super) fn take_back(&mut self, id: LegId) {
        let free = self.legs.get(&id).and_then(|leg| leg.spot).is_some_and(|spot| self.active(spot).is_none());
        if free {
            self.set(id, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        } else {
            self.set(id, LINECALLSTATE_ONHOLD, 0);
        }
    }

    /// Brings the two others together and leaves, or stays as a third: then there is a conference's own call.
    pub(crate) fn complete(&mut self, one: LegId, other: LegId, mode: u32) -> Result<Option<LegId>, Refusal> {
        let (first, second) = (self.leg(one)?, self.leg(other)?);
        // After a swap it is the other way round; both are taken.
        let (original, consultation) = if first.is_held() { (first, second) } else { (second, first) };
        if original.spot != consultation.spot || !original.is_held() {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let there = matches!(
            consultation.state,
            LINECALLSTATE_CONNECTED | LINECALLSTATE_RINGBACK | LINECALLSTATE_PROCEEDING | LINECALLSTATE_ONHOLD
        );
        let Some(waiting) = original.peer else { return Err(LINEERR_INVALCALLSTATE) };
        if !there {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let (original, consultation) = (original.id, consultation.id);
        match mode {
            LINETRANSFERMODE_TRANSFER => {
                self.bring_together(original, consultation, waiting);
                Ok(None)
            }
            LINETRANSFERMODE_CONFERENCE if self.state(consultation) == LINECALLSTATE_CONNECTED => {
                self.conference_of(original, consultation).map(Some)
            }
            LINETRANSFERMODE_CONFERENCE => Err(LINEERR_INVALCALLSTATE),
            _ => Err(LINEERR_INVALTRANSFERMODE),
        }
    }

    fn bring_together(&mut self, original: LegId, consultation: LegId, waiting: LegId) {
        let Some(leg) = self.legs.get_mut(&consultation) else { return };
        let by = Party::new(&leg.number, &leg.name);
        let (state, reached, number) = (leg.state, leg.peer, leg.called.number.clone());
        leg.consults_for = None;
        if let Some(leg) = self.legs.get_mut(&original) {
            leg.consultation = None;
        }
        self.set(consultation, LINECALLSTATE_IDLE, 0);
        self.set(original, LINECALLSTATE_IDLE, 0);
        match reached {
            Some(reached) if state == LINECALLSTATE_RINGBACK => {
                let caller = self.legs.get(&waiting).map(super::Leg::own).unwrap_or_default();
                for (end, far) in [(waiting, reached), (reached, waiting)] {
                    if let Some(leg) = self.legs.get_mut(&end) {
                        leg.peer = Some(far);
                    }
                }
                self.shown_as(reached, caller, by, LINECALLREASON_TRANSFER);
                self.set(waiting, LINECALLSTATE_RINGBACK, 0);
            }
            Some(reached) => {
                self.joined(waiting, reached);
                for end in [waiting, reached] {
                    if let Some(leg) = self.legs.get_mut(&end) {
                        leg.redirecting = by.clone();
                    }
                    self.info(end, LINECALLINFOSTATE_REDIRECTINGID);
                }
            }
            None => {
                self.unlink(waiting);
                let journey = Journey { number, reason: LINECALLREASON_TRANSFER, by: Some(by), hops: 1 };
                self.send_on(waiting, journey);
            }
        }
    }

    /// Sends who is at the other end to another number, unasked.
    pub(crate) fn blind_transfer(&mut self, id: LegId, number: &str) -> Result<(), Refusal> {
        let leg = self.leg(id)?;
        if leg.state != LINECALLSTATE_CONNECTED || leg.is_conference {
            return Err(LINEERR_INVALCALLSTATE);
        }
        self.away(id, number, LINECALLREASON_TRANSFER)
    }

    /// Sends a call that rings here to another number.
    pub(crate) fn redirect(&mut self, id: LegId, number: &str) -> Result<(), Refusal> {
        if !self.leg(id)?.is_ringing() {
            return Err(LINEERR_INVALCALLSTATE);
        }
        self.away(id, number, LINECALLREASON_REDIRECT)
    }

    fn away(&mut self, id: LegId, number: &str, reason: u32) -> Result<(), Refusal> {
        if number.is_empty() {
            return Err(LINEERR_INVALADDRESS);
        }
        let leg = self.leg(id)?;
        let Some(peer) = leg.peer else { return Err(LINEERR_INVALCALLSTATE) };
        let (by, original) = (Party::new(&leg.number, &leg.name), leg.consults_for);
        self.set(id, LINECALLSTATE_IDLE, 0);
        self.unlink(peer);
        self.send_on(peer, Journey { number: number.to_owned(), reason, by: Some(by), hops: 1 });
        if let Some(original) = original {
            self.consultation_over(original);
        }
        Ok(())
    }
}
