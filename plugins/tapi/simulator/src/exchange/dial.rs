//! From a number to who is reached by it.

use super::{Act, Exchange, Happening, Journey, LegId, Party, Refusal, Spot};
use crate::config::{AfterBusy, Fate, Outside};
use crate::constants::*;

/// How often a call is sent on before the switch takes it for a circle.
const MOST_HOPS: u32 = 5;
/// The longest number that is dialled.
const LONGEST: usize = 80;

impl Exchange {
    /// A new call from an address, with a dial tone.
    pub(crate) fn lift(&mut self, spot: Spot) -> Result<LegId, Refusal> {
        if !self.in_service(spot.device) {
            return Err(LINEERR_RESOURCEUNAVAIL);
        }
        if self.active(spot).is_some() {
            return Err(LINEERR_CALLUNAVAIL);
        }
        Ok(self.outgoing(spot))
    }

    /// The same, whatever else is at the address.
    pub(crate) fn outgoing(&mut self, spot: Spot) -> LegId {
        let (number, name) = self
            .desks
            .get(&spot)
            .map_or_else(Default::default, |desk| (desk.address.number.clone(), desk.address.name.clone()));
        let id = self.new_leg(Some(spot), &number, &name);
        let call = self.new_call_id();
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.call = call;
            leg.origin = LINECALLORIGIN_OUTBOUND;
            leg.reason = LINECALLREASON_DIRECT;
            leg.caller = leg.own();
        }
        self.set(id, LINECALLSTATE_DIALTONE, LINEDIALTONEMODE_NORMAL);
        id
    }

    /// Dials, or dials on.
    pub(crate) fn dial(&mut self, id: LegId, digits: &str) -> Result<(), Refusal> {
        let leg = self.leg(id)?;
        if !matches!(leg.state, LINECALLSTATE_DIALTONE | LINECALLSTATE_DIALING) {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let number = leg.called.number.clone() + &dialled(digits)?;
        if number.is_empty() || number.chars().count() > LONGEST {
            return Err(LINEERR_INVALADDRESS);
        }
        let after = self.config.times.dial;
        let leg = self.leg_mut(id)?;
        leg.called = Party::new(&number, "");
        leg.trip += 1;
        leg.journey = Some(Journey { number, reason: LINECALLREASON_DIRECT, by: None, hops: 0 });
        let act = Act::Proceed { leg: id, trip: leg.trip };
        self.set(id, LINECALLSTATE_DIALING, 0);
        self.info(id, LINECALLINFOSTATE_CALLEDID);
        self.later.push((after, act));
        Ok(())
    }

    /// Somebody is sent to another number by somebody else.
    pub(crate) fn send_on(&mut self, id: LegId, journey: Journey) {
        let after = self.config.times.proceed;
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.redirection = Party::new(&journey.number, "");
        leg.journey = Some(journey);
        leg.trip += 1;
        let act = Act::Arrive { leg: id, trip: leg.trip };
        self.info(id, LINECALLINFOSTATE_REDIRECTIONID);
        self.later.push((after, act));
    }

    pub(super) fn proceed(&mut self, id: LegId, trip: u32) {
        let Some(leg) = self.legs.get(&id) else { return };
        if leg.trip != trip || leg.state != LINECALLSTATE_DIALING {
            return;
        }
        self.set(id, LINECALLSTATE_PROCEEDING, 0);
        self.later.push((self.config.times.proceed, Act::Arrive { leg: id, trip }));
    }

    pub(super) fn arrive(&mut self, id: LegId, trip: u32) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.trip != trip {
            return;
        }
        if let Some(journey) = leg.journey.take() {
            self.reach(id, journey);
        }
    }

    /// A journey's end: rings, or ends it.
    pub(super) fn reach(&mut self, id: LegId, journey: Journey) {
        let Some(spot) = self.spot_of(&journey.number) else {
            self.reach_outside(id, &journey);
            return;
        };
        let caller = self.legs.get(&id).map(|leg| leg.spot);
        if journey.hops > MOST_HOPS {
            self.lost(id, LINEDISCONNECTMODE_CONGESTION);
        } else if !self.in_service(spot.device) {
            self.lost(id, LINEDISCONNECTMODE_OUTOFORDER);
        } else if let Some(forward) = self.forward_at_once(spot, id) {
            self.forwarded(id, &journey, spot, &forward, LINECALLREASON_FWDUNCOND);
        } else if caller == Some(Some(spot)) || self.is_full(spot) {
            match self.forward_when_busy(spot, id) {
                Some(forward) => self.forwarded(id, &journey, spot, &forward, LINECALLREASON_FWDBUSY),
                None => self.busy(id, LINECALLSTATE_BUSY, LINEBUSYMODE_STATION),
            }
        } else {
            self.ring(id, spot, journey);
        }
    }

    /// Rings at an address.
    fn ring(&mut self, id: LegId, spot: Spot, journey: Journey) {
        let Some(desk) = self.desks.get(&spot) else { return };
        let (number, name) = (desk.address.number.clone(), desk.address.name.clone());
        let ringing = self.new_leg(Some(spot), &number, &name);
        let Some(caller) = self.legs.get(&id).cloned() else { return };
        if let Some(leg) = self.legs.get_mut(&ringing) {
            leg.call = caller.call;
            leg.origin = if caller.spot.is_some() { LINECALLORIGIN_INTERNAL } else { LINECALLORIGIN_EXTERNAL };
            leg.reason = journey.reason;
            leg.caller = caller.own();
            leg.called = match &journey.by {
                // Who was called at first; that it is not this one is what the redirecting party says.
                Some(_) if !caller.called.number.is_empty() => caller.called.clone(),
                _ => Party::new(&journey.number, ""),
            };
            leg.redirecting = journey.by.unwrap_or_default();
            if journey.hops > 0 || journey.reason != LINECALLREASON_DIRECT {
                leg.redirection = Party::new(&number, &name);
            }
            leg.trunk = caller.trunk;
            leg.user_user = caller.user_user;
            leg.display = caller.display;
            leg.call_data = caller.call_data;
            leg.peer = Some(id);
        }
        self.join_from(id, ringing);
        self.set(ringing, LINECALLSTATE_OFFERING, LINEOFFERINGMODE_ACTIVE);
        self.happened.push(Happening::Line { device: spot.device, bits: LINEDEVSTATE_RINGING, second: 1, third: 0 });
        self.set(id, LINECALLSTATE_RINGBACK, 0);
        if let Some(rings) = self.rings_before_forward(spot, ringing) {
            let after = u64::from(rings) * self.config.times.ring;
            self.later.push((after, Act::NoAnswer { leg: ringing }));
        }
        if self.config.times.no_answer > 0 {
            self.later.push((self.config.times.no_answer, Act::GiveUp { leg: ringing }));
        }
    }

    /// Ties who calls to who is called.
    fn join_from(&mut self, caller: LegId, called: LegId) {
        if let Some(leg) = self.legs.get_mut(&caller) {
            leg.peer = Some(called);
        }
    }

    fn reach_outside(&mut self, id: LegId, journey: &Journey) {
        let known = self.outside(&journey.number).cloned();
        if known.is_none() && journey.number.chars().filter(char::is_ascii_digit).count() < 5 {
            self.lost(id, LINEDISCONNECTMODE_BADADDRESS);
            return;
        }
        if self.legs.values().filter(|leg| leg.spot.is_none()).count() >= self.config.trunks {
            self.busy(id, LINECALLSTATE_BUSY, LINEBUSYMODE_TRUNK);
            return;
        }
        let (state, mode) = known.as_ref().map_or(Fate::Rings, |outside| outside.fate).outcome();
        match state {
            LINECALLSTATE_BUSY | LINECALLSTATE_SPECIALINFO => self.busy(id, state, mode),
            LINECALLSTATE_DISCONNECTED => self.lost(id, mode),
            LINECALLSTATE_PROCEEDING => self.set(id, state, mode),
            _ => self.ring_outside(id, journey, known.as_ref()),
        }
    }

    fn ring_outside(&mut self, id: LegId, journey: &Journey, known: Option<&Outside>) {
        let ringing = self.new_leg(None, &journey.number, known.map_or("", |outside| outside.name.as_str()));
        let call = self.legs.get(&id).map_or(0, |leg| leg.call);
        if let Some(leg) = self.legs.get_mut(&ringing) {
            leg.call = call;
            leg.peer = Some(id);
            leg.state = LINECALLSTATE_OFFERING;
            if let Some(connected) = known.and_then(|outside| outside.connected.as_ref()) {
                leg.number.clone_from(connected);
            }
        }
        self.join_from(id, ringing);
        let trunk = ringing;
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.trunk = trunk;
        }
        self.set(id, LINECALLSTATE_RINGBACK, 0);
        if let Some(after) = known.and_then(|outside| outside.answers_after) {
            self.later.push((after, Act::Answer { leg: ringing }));
        }
    }

    /// It is busy, or a voice says why it does not go on.
    fn busy(&mut self, id: LegId, state: u32, mode: u32) {
        if self.config.quirks.busy == AfterBusy::Only && state == LINECALLSTATE_BUSY {
            self.lost(id, LINEDISCONNECTMODE_BUSY);
            return;
        }
        self.set(id, state, mode);
        if self.config.quirks.busy != AfterBusy::Stay {
            self.later.push((self.config.times.busy, Act::AfterBusy { leg: id }));
        }
    }

    pub(super) fn after_busy(&mut self, id: LegId) {
        let (state, mode) = self.legs.get(&id).map_or((0, 0), |leg| (leg.state, leg.mode));
        match (state, self.config.quirks.busy) {
            (LINECALLSTATE_BUSY | LINECALLSTATE_SPECIALINFO, AfterBusy::Idle) => self.set(id, LINECALLSTATE_IDLE, 0),
            (LINECALLSTATE_BUSY, _) if mode == LINEBUSYMODE_TRUNK => self.lost(id, LINEDISCONNECTMODE_CONGESTION),
            (LINECALLSTATE_BUSY, _) => self.lost(id, LINEDISCONNECTMODE_BUSY),
            (LINECALLSTATE_SPECIALINFO, _) => self.lost(id, LINEDISCONNECTMODE_UNKNOWN),
            _ => {}
        }
    }

    /// The network ends a call that nobody answers.
    pub(super) fn give_up(&mut self, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        if !leg.is_ringing() {
            return;
        }
        let caller = leg.peer;
        self.set(id, LINECALLSTATE_IDLE, 0);
        if let Some(caller) = caller {
            self.unlink(caller);
            self.lost(caller, LINEDISCONNECTMODE_NOANSWER);
        }
    }

    /// A call from outside.
    pub(crate) fn call_in(
        &mut self,
        from: &Party,
        to: &str,
        by: Option<Party>,
        call: impl FnOnce(&mut super::Leg),
    ) -> LegId {
        let id = self.new_leg(None, &from.number, &from.name);
        let number = self.new_call_id();
        let reason = if by.is_some() { LINECALLREASON_FWDUNCOND } else { LINECALLREASON_DIRECT };
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.call = number;
            leg.withheld = from.blocked;
            leg.state = LINECALLSTATE_DIALING;
            leg.trunk = id;
            call(leg);
        }
        self.reach(id, Journey { number: to.to_owned(), reason, by, hops: 0 });
        id
    }

    /// What the configuration says of a number outside.
    pub(crate) fn outside(&self, number: &str) -> Option<&Outside> {
        self.config.outside.iter().find(|outside| outside.is(number))
    }
}

/// What a dial string dials: the digits, without what is only there for people or for the line. A semicolon at the end
/// (there is more to come) is left out like the rest.
fn dialled(text: &str) -> Result<String, Refusal> {
    let mut number = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' | '*' | '#' | '+' | 'A'..='D' => number.push(c),
            ' ' | '-' | '(' | ')' | '.' | ',' | ';' | '!' | 'W' | 'w' | 'T' | 't' | 'P' | 'p' | '@' | '$' | '?' => {}
            _ => return Err(LINEERR_INVALADDRESS),
        }
    }
    Ok(number)
}
