//! Conferences: a call of their own at the address, and parties that belong to it.

use super::{Exchange, LegId, Refusal};
use crate::constants::*;

/// The most parties of a conference.
pub(crate) const MOST_PARTIES: usize = 6;

impl Exchange {
    /// The parties of a conference.
    pub(crate) fn parties(&self, conference: LegId) -> Vec<LegId> {
        let of_it = self.legs.values().filter(|leg| leg.conference == Some(conference));
        of_it.filter(|leg| leg.state != LINECALLSTATE_IDLE).map(|leg| leg.id).collect()
    }

    fn new_conference(&mut self, like: LegId, state: u32) -> Result<LegId, Refusal> {
        let leg = self.leg(like)?;
        let (spot, number, name) = (leg.spot, leg.number.clone(), leg.name.clone());
        let id = self.new_leg(spot, &number, &name);
        let call = self.new_call_id();
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.call = call;
            leg.is_conference = true;
            leg.origin = LINECALLORIGIN_CONFERENCE;
            leg.reason = LINECALLREASON_DIRECT;
        }
        self.set(id, state, 0);
        Ok(id)
    }

    fn enter(&mut self, party: LegId, conference: LegId) {
        if let Some(leg) = self.legs.get_mut(&party) {
            leg.conference = Some(conference);
            leg.consults_for = None;
            leg.consultation = None;
        }
        self.set(party, LINECALLSTATE_CONFERENCED, 0);
    }

    /// A held call and its consultation become a conference.
    pub(super) fn conference_of(&mut self, original: LegId, consultation: LegId) -> Result<LegId, Refusal> {
        let conference = self.new_conference(original, LINECALLSTATE_CONNECTED)?;
        self.enter(original, conference);
        self.enter(consultation, conference);
        Ok(conference)
    }

    /// A conference is begun with a call; a consultation for its next party has a dial tone.
    pub(crate) fn setup_conference(&mut self, id: LegId) -> Result<(LegId, LegId), Refusal> {
        let leg = self.leg(id)?;
        if leg.state != LINECALLSTATE_CONNECTED || leg.is_conference {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let Some(spot) = leg.spot else { return Err(LINEERR_INVALCALLHANDLE) };
        let conference = self.new_conference(id, LINECALLSTATE_ONHOLDPENDCONF)?;
        self.enter(id, conference);
        let consultation = self.outgoing(spot);
        let related = self.leg(conference)?.call;
        let leg = self.leg_mut(consultation)?;
        leg.consults_for = Some(conference);
        leg.related = related;
        self.leg_mut(conference)?.consultation = Some(consultation);
        Ok((conference, consultation))
    }

    /// A conference waits while its next party is asked.
    pub(crate) fn prepare_conference(&mut self, conference: LegId) -> Result<LegId, Refusal> {
        if !self.leg(conference)?.is_conference {
            return Err(LINEERR_INVALCONFCALLHANDLE);
        }
        if self.parties(conference).len() >= MOST_PARTIES {
            return Err(LINEERR_CONFERENCEFULL);
        }
        self.consult(conference, true)
    }

    /// Who was asked comes in.
    pub(crate) fn add_to_conference(&mut self, conference: LegId, party: LegId) -> Result<(), Refusal> {
        let leg = self.leg(conference).map_err(|_| LINEERR_INVALCONFCALLHANDLE)?;
        if !leg.is_conference {
            return Err(LINEERR_INVALCONFCALLHANDLE);
        }
        let added = self.leg(party).map_err(|_| LINEERR_INVALCONSULTCALLHANDLE)?;
        let waits = matches!(leg.state, LINECALLSTATE_ONHOLDPENDCONF | LINECALLSTATE_ONHOLD);
        let there = matches!(added.state, LINECALLSTATE_CONNECTED | LINECALLSTATE_ONHOLD);
        if !waits || !there || leg.spot != added.spot || added.is_conference {
            return Err(LINEERR_INVALCALLSTATE);
        }
        if self.parties(conference).len() >= MOST_PARTIES {
            return Err(LINEERR_CONFERENCEFULL);
        }
        self.enter(party, conference);
        self.leg_mut(conference)?.consultation = None;
        self.set(conference, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        Ok(())
    }

    /// A party is put out: its call ends.
    pub(crate) fn remove_from_conference(&mut self, party: LegId) -> Result<(), Refusal> {
        if self.leg(party)?.state != LINECALLSTATE_CONFERENCED {
            return Err(LINEERR_INVALCALLSTATE);
        }
        self.end(party)
    }

    /// A conference of one is a call; of none, nothing.
    pub(super) fn shrink(&mut self, conference: LegId) {
        let Some(leg) = self.legs.get(&conference) else { return };
        if !leg.is_conference || leg.state == LINECALLSTATE_IDLE {
            return;
        }
        let (asks, waits) = (leg.consultation, leg.state == LINECALLSTATE_ONHOLDPENDCONF);
        let parties = self.parties(conference);
        match parties.as_slice() {
            [] if asks.is_none() => self.set(conference, LINECALLSTATE_IDLE, 0),
            [last] if asks.is_none() => {
                if let Some(leg) = self.legs.get_mut(last) {
                    leg.conference = None;
                }
                let was_held = self.state(conference) == LINECALLSTATE_ONHOLD;
                self.set(conference, LINECALLSTATE_IDLE, 0);
                if was_held {
                    self.set(*last, LINECALLSTATE_ONHOLD, 0);
                } else {
                    self.take_back(*last);
                }
            }
            // Nobody waits for who is being asked: that is a call like another.
            [] => {
                if let Some(leg) = asks.and_then(|id| self.legs.get_mut(&id)) {
                    leg.consults_for = None;
                }
                self.set(conference, LINECALLSTATE_IDLE, 0);
            }
            _ if asks.is_none() && waits => self.take_back(conference),
            _ => {}
        }
    }

    /// The conference's call is dropped, and with it all parties.
    pub(super) fn end_conference(&mut self, conference: LegId) {
        let parties = self.parties(conference);
        if let Some(leg) = self.legs.get_mut(&conference)
            && let Some(asked) = leg.consultation.take()
            && let Some(asked) = self.legs.get_mut(&asked)
        {
            asked.consults_for = None;
        }
        self.set(conference, LINECALLSTATE_IDLE, 0);
        for party in parties {
            if let Some(leg) = self.legs.get_mut(&party) {
                leg.conference = None;
            }
            let _ = self.end(party);
        }
    }
}
