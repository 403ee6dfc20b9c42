//! Where a number leads, and what happens there.

use super::{Deed, Leg, Party, Refusal, State, Switch, What, dial::trunk, operation, state};
use crate::Behaviour;

/// How often a call is forwarded before it is given up.
const HOPS: usize = 8;

impl Switch {
    /// Where a number leads in the end, and who forwarded last.
    pub(super) fn resolve(&self, to: &Party) -> (Party, Option<Party>) {
        let (mut to, mut last) = (to.clone(), None);
        for _ in 0..HOPS {
            let Party::Station(station) = to else { break };
            let Some(next) = &self.stations[station].forward else { break };
            last = Some(to.clone());
            to = self.party(next);
        }
        (to, last)
    }

    /// Whether a number can be reached; the error is the cause that callers are told.
    pub(super) fn reachable(&self, call: Option<u32>, to: &Party) -> Result<(), &'static str> {
        match to {
            Party::Station(station) => {
                let own = &self.stations[*station];
                let part = call.and_then(|call| self.calls.get(&call)).and_then(|call| call.state(*station));
                if !own.there {
                    Err("destOutOfOrder")
                } else if own.dnd {
                    Err("doNotDisturb")
                } else if part.is_some() || self.calls_of(*station).count() >= own.appearances {
                    Err("busy")
                } else {
                    Ok(())
                }
            }
            // There is one connection for a party, and so one party of a number in a call.
            Party::Outside(_) if call.and_then(|call| self.calls.get(&call)).is_some_and(|it| it.leg(to).is_some()) => {
                Err("busy")
            }
            Party::Outside(number) if number.len() < self.config.outside_digits => Err("numberUnallocated"),
            _ => Ok(()),
        }
    }

    /// Brings a call to a number.
    pub(super) fn route(&mut self, id: u32, to: &Party, cause: &'static str) {
        let (goal, last) = self.resolve(to);
        let cause = if last.is_some() { "callForwardImmediate" } else { cause };
        if let (Some(last), Some(call)) = (last, self.calls.get_mut(&id)) {
            call.last = Some(last);
        }
        if let Err(cause) = self.reachable(Some(id), &goal) {
            return self.fail(id, &goal, cause);
        }
        match &goal {
            Party::Station(station) => self.ring(id, *station, cause),
            Party::Outside(_) => self.ring_outside(id, &goal, cause),
            Party::Vdn(vdn) => self.enter_vdn(id, *vdn, cause),
            Party::Split(split) => {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.split = Some(*split);
                }
                self.distribute(id, cause);
            }
        }
        self.outside_ends(id);
    }

    /// Another party.
    pub(super) fn join(&mut self, id: u32, party: Party, state: State, acd: bool, ring: u64) -> Option<Leg> {
        let stamp = self.fresh();
        let trunk = if matches!(party, Party::Outside(_)) { trunk(stamp) } else { 0 };
        let leg = Leg { party, state, trunk, acd, ring, stamp };
        self.calls.get_mut(&id)?.legs.push(leg.clone());
        Some(leg)
    }

    /// A telephone rings, and with it those that have an appearance of its number.
    fn ring(&mut self, id: u32, station: usize, cause: &'static str) {
        let ring = self.fresh();
        self.ring_one(id, station, cause, false, ring);
        let number = &self.stations[station].number;
        let bridged: Vec<usize> = (0..self.stations.len())
            .filter(|other| self.stations[*other].bridges.contains(number))
            .filter(|other| self.reachable(Some(id), &Party::Station(*other)).is_ok())
            .collect();
        for other in bridged {
            self.ring_one(id, other, cause, false, ring);
        }
        if self.stations[station].coverage.is_some() && self.config.no_answer_ms > 0 {
            self.later(self.config.no_answer_ms, id, &Party::Station(station), Deed::Cover);
        }
    }

    /// One telephone rings.
    pub(super) fn ring_one(&mut self, id: u32, station: usize, cause: &'static str, acd: bool, ring: u64) {
        let party = Party::Station(station);
        if let Some(leg) = self.join(id, party.clone(), State::Alerting, acd, ring) {
            self.tell(id, What::Delivered(leg), cause, &[]);
            self.act(id, &party);
        }
    }

    fn ring_outside(&mut self, id: u32, party: &Party, cause: &'static str) {
        let ring = self.fresh();
        let Some(leg) = self.join(id, party.clone(), State::Alerting, false, ring) else { return };
        self.tell(id, What::Reached(leg.clone()), "normal", &[]);
        if self.behaviour(party) == Behaviour::Busy {
            self.take_out(id, party);
            return self.fail(id, party, "busy");
        }
        if self.config.network_rings {
            self.tell(id, What::Delivered(leg), cause, &[]);
        }
        self.act(id, party);
    }

    /// What somebody does by itself who is called.
    fn act(&mut self, id: u32, party: &Party) {
        match self.behaviour(party) {
            Behaviour::Manual => {}
            Behaviour::Answer { after_ms } => self.later(after_ms, id, party, Deed::Answer),
            Behaviour::Refuse { after_ms } => self.later(after_ms, id, party, Deed::Refuse),
            // A telephone that is busy and yet rings: somebody refuses at once.
            Behaviour::Busy => self.later(0, id, party, Deed::Refuse),
        }
    }

    /// Takes a party out and tells nobody.
    pub(super) fn take_out(&mut self, id: u32, party: &Party) -> Option<Leg> {
        let call = self.calls.get_mut(&id)?;
        let index = call.legs.iter().position(|leg| leg.party == *party)?;
        Some(call.legs.remove(index))
    }

    /// The number cannot be had. Whoever is alone in the call hears it, and goes after a while.
    pub(super) fn fail(&mut self, id: u32, party: &Party, cause: &'static str) {
        let leg = Leg { party: party.clone(), state: State::Alerting, trunk: 0, acd: false, ring: 0, stamp: 0 };
        self.tell(id, What::Failed(leg), cause, &[]);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let people: Vec<Party> = call.people().map(|leg| leg.party.clone()).collect();
        let [alone] = &people[..] else { return };
        call.failed = true;
        let outside = matches!(alone, Party::Outside(_));
        let after = self.config.busy_tone_ms;
        if after > 0 || outside {
            self.later(if after > 0 { after } else { 3_000 }, id, alone, Deed::Hangup);
        }
    }

    /// Somebody will not answer what rings.
    pub(crate) fn refuse(&mut self, id: u32, party: &Party) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or_else(|| operation("invalidCallID"))?;
        let leg = call.leg(party).filter(|leg| leg.state == State::Alerting);
        let leg = leg.ok_or_else(|| state("noCallToAnswer"))?.clone();
        if leg.acd {
            self.next_agent(id, party);
            return Ok(());
        }
        self.take_out(id, party);
        let gone = if let Party::Station(station) = party { vec![*station] } else { Vec::new() };
        self.tell(id, What::Cleared(leg.clone()), "normalClearing", &gone);
        let rings = self.calls.get(&id).is_some_and(|call| call.legs.iter().any(|other| other.ring == leg.ring));
        if !rings {
            self.fail(id, party, "blocked");
        }
        if let Party::Station(station) = party {
            self.freed(*station, false);
        }
        Ok(())
    }

    /// Nobody has answered at a telephone: the call goes to who covers for it.
    pub(super) fn cover(&mut self, id: u32, party: &Party) {
        let Party::Station(station) = *party else { return };
        let Some(to) = self.stations[station].coverage.clone() else { return };
        let to = self.party(&to);
        if self.reachable(Some(id), &self.resolve(&to).0).is_ok() {
            self.divert(id, station, &to, "callForwardNoAnswer");
        }
    }

    /// What rings at a telephone rings elsewhere.
    pub(super) fn divert(&mut self, id: u32, station: usize, to: &Party, cause: &'static str) {
        let Some(leg) = self.take_out(id, &Party::Station(station)) else { return };
        let ring = leg.ring;
        if let Some(call) = self.calls.get_mut(&id) {
            call.last = Some(Party::Station(station));
        }
        self.tell(id, What::Diverted { leg, to: to.clone() }, cause, &[station]);
        // Those that rang with it have nothing to answer any more.
        let others: Vec<Leg> = match self.calls.get_mut(&id) {
            Some(call) => call.legs.extract_if(.., |leg| leg.state == State::Alerting && leg.ring == ring).collect(),
            None => Vec::new(),
        };
        for leg in others {
            let Party::Station(other) = leg.party else { continue };
            self.tell(id, What::Diverted { leg, to: to.clone() }, cause, &[other]);
            self.freed(other, false);
        }
        self.route(id, to, cause);
        self.freed(station, false);
    }
}
