//! Two calls become one: transfer and conference.

use super::{Call, Leg, Notice, Party, Refusal, State, Switch, What, dial::check_number, operation, resource, state};
use crate::avaya::config::{Merged, TransferClears};

impl Switch {
    /// The party on hold and the other one are connected; the telephone is out of both.
    pub(crate) fn transfer(&mut self, held: u32, active: u32, station: usize) -> Result<u32, Refusal> {
        self.check_pair(held, active, station)?;
        let own = Party::Station(station);
        let before = self.config.transfer_clears == TransferClears::Before;
        if before {
            self.tell_cleared(&[held, active], station);
        }
        let to = self.partner(active, &own);
        let (legs, acd) = (self.take_out(held, &own), self.take_out(active, &own));
        let acd = [legs, acd].into_iter().flatten().any(|leg| leg.acd);
        let Some(id) = self.merge(held, active) else { return Err(operation("invalidCallID")) };
        if let Some(call) = self.calls.get_mut(&id) {
            call.last = Some(own);
        }
        let what = What::Merged { transfer: true, primary: held, secondary: Some(active), by: station, to };
        self.tell(id, what, "transfer", &[station]);
        if self.config.transfer_clears == TransferClears::After {
            self.tell_cleared_of(&[held, active], station, id);
        }
        self.freed(station, acd);
        self.after_merge(id);
        Ok(id)
    }

    /// All in one call.
    pub(crate) fn conference(&mut self, held: u32, active: u32, station: usize) -> Result<u32, Refusal> {
        self.check_pair(held, active, station)?;
        let size = self.calls[&held].people().count() + self.calls[&active].people().count() - 1;
        if size > self.config.conference {
            return Err(resource("conferenceMemberLimitExceeded"));
        }
        let own = Party::Station(station);
        let to = self.partner(active, &own);
        let acd = self.take_out(held, &own).is_some_and(|leg| leg.acd);
        let Some(id) = self.merge(held, active) else { return Err(operation("invalidCallID")) };
        if let Some(leg) = self.calls.get_mut(&id).and_then(|call| call.leg_mut(&own)) {
            leg.acd |= acd;
        }
        let what = What::Merged { transfer: false, primary: held, secondary: Some(active), by: station, to };
        self.tell(id, what, "conference", &[]);
        self.after_merge(id);
        Ok(id)
    }

    /// The other party is sent to a number.
    pub(crate) fn transfer_at_once(&mut self, active: u32, station: usize, to: &str) -> Result<u32, Refusal> {
        check_number(to)?;
        if self.part(active, station)?.state != State::Connected || !self.calls[&active].is_talk() {
            return Err(state("invalidConnectionState"));
        }
        let to = self.party(to);
        self.check_reachable(active, &to)?;
        let acd = self.take_out(active, &Party::Station(station)).is_some_and(|leg| leg.acd);
        let id = self.new_id();
        if let Some(mut call) = self.calls.remove(&active) {
            call.id = id;
            call.called = to.clone();
            call.last = Some(Party::Station(station));
            self.calls.insert(id, call);
            self.renew(active, id);
        }
        let what = What::Merged { transfer: true, primary: active, secondary: None, by: station, to: to.clone() };
        self.tell(id, what, "singleStepTransfer", &[station]);
        self.route(id, &to, "singleStepTransfer");
        self.freed(station, acd);
        self.outside_ends(id);
        Ok(id)
    }

    /// Somebody is in the call from now on, without having been asked.
    pub(crate) fn join_at_once(&mut self, active: u32, by: usize, to: &str) -> Result<(), Refusal> {
        check_number(to)?;
        let call = self.calls.get(&active).ok_or_else(|| operation("invalidCallID"))?;
        if !call.is_talk() {
            return Err(state("invalidConnectionState"));
        }
        if call.people().count() >= self.config.conference {
            return Err(resource("conferenceMemberLimitExceeded"));
        }
        let Some(station) = self.station(to) else { return Err(operation("invalidDestination")) };
        self.check_reachable(active, &Party::Station(station))?;
        if self.calls_of(station).any(|(_, it)| matches!(it, State::Connected | State::Initiated)) {
            return Err(resource("resourceBusy"));
        }
        let to = Party::Station(station);
        self.join(active, to.clone(), State::Connected, false, 0);
        let what = What::Merged { transfer: false, primary: active, secondary: None, by, to };
        self.tell(active, what, "singleStepConference", &[]);
        self.settle(station);
        Ok(())
    }

    /// Who a telephone has in a call: the party that is there, or the number that was dialled.
    fn partner(&self, id: u32, own: &Party) -> Party {
        let call = &self.calls[&id];
        call.people().find(|leg| leg.party != *own).map_or(&call.called, |leg| &leg.party).clone()
    }

    fn check_pair(&self, held: u32, active: u32, station: usize) -> Result<(), Refusal> {
        if self.part(held, station)?.state != State::Hold {
            return Err(state("noHeldCall"));
        }
        if self.part(active, station)?.state != State::Connected || self.calls[&active].failed {
            return Err(state("invalidConnectionState"));
        }
        // A party has one connection in a call.
        let own = Party::Station(station);
        let twice =
            self.calls[&held].legs.iter().any(|leg| leg.party != own && self.calls[&active].leg(&leg.party).is_some());
        if twice { Err(state("invalidObjectState")) } else { Ok(()) }
    }

    /// One call of two. Where both have a party, that of the active one stays.
    fn merge(&mut self, held: u32, active: u32) -> Option<u32> {
        let id = match self.config.merged {
            Merged::Active => active,
            Merged::Held => held,
            Merged::New => self.new_id(),
        };
        let (old, mut call) = (self.calls.remove(&held)?, self.calls.remove(&active)?);
        call.id = id;
        // Whoever was called by the one that is gone is now called by whom it was put on hold for.
        if let Some(other) = old.people().find(|leg| call.leg(&leg.party).is_none()) {
            call.calling = other.party.clone();
        }
        call.legs.extend(old.legs.into_iter().filter(|leg| leg.state != State::Queued).collect::<Vec<Leg>>());
        for vdn in old.vdns {
            if !call.vdns.contains(&vdn) {
                call.vdns.push(vdn);
            }
        }
        call.uui = old.uui.or(call.uui);
        call.digits = old.digits.or(call.digits);
        call.answered |= old.answered && call.people().filter(|leg| leg.state != State::Alerting).count() > 1;
        self.calls.insert(id, call);
        self.renew(held, id);
        self.renew(active, id);
        Some(id)
    }

    /// What was to happen by itself in a call happens in the one that it has become. (Stamps say whether it still may.)
    fn renew(&mut self, old: u32, id: u32) {
        for job in self.jobs.values_mut().filter(|job| job.call == old) {
            job.call = id;
        }
    }

    /// A call that has become one of a single party, or of people outside, does not stay for ever.
    fn after_merge(&mut self, id: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        let hears = call.people().filter(|leg| leg.state != State::Alerting).count();
        let alone = call.people().count() < 2 && call.queue().is_none();
        if alone || hears == 0 {
            return self.end(id, None);
        }
        self.outside_ends(id);
        self.settle_all(id);
        self.serve_queues();
    }

    /// A telephone's connections of calls that go on without it.
    fn tell_cleared(&mut self, calls: &[u32], station: usize) {
        for id in calls {
            let Some(call) = self.calls.get(id) else { continue };
            self.cleared_notice(call.clone(), station);
        }
    }

    /// The same, when the calls have become one already.
    fn tell_cleared_of(&mut self, calls: &[u32], station: usize, merged: u32) {
        for id in calls {
            let Some(call) = self.calls.get(&merged) else { continue };
            let mut call = call.clone();
            call.id = *id;
            self.cleared_notice(call, station);
        }
    }

    fn cleared_notice(&mut self, call: Call, station: usize) {
        let party = Party::Station(station);
        let leg = Leg { party, state: State::Connected, trunk: 0, acd: false, ring: 0, stamp: 0 };
        let seen = vec![(station, None)];
        self.notices.push(Notice { what: What::Cleared(leg), cause: Some("transfer"), call: Some(call), seen });
    }
}
