//! Parties leave, and calls end.

use super::{Call, Deed, Leg, Notice, Party, Refusal, State, Switch, What, operation, state};
use crate::avaya::config::Clears;

impl Switch {
    /// A party hangs up. A call with nobody left to talk to ends with it.
    pub(crate) fn leave(&mut self, id: u32, party: &Party) {
        let Some(leg) = self.take_out(id, party) else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let people = call.people().count();
        let hears = call.people().filter(|leg| !matches!(leg.state, State::Alerting)).count();
        if people == 0 || hears == 0 || (people == 1 && call.queue().is_none()) {
            return self.end(id, Some(leg));
        }
        let gone = if let Party::Station(station) = leg.party { vec![station] } else { Vec::new() };
        let acd = leg.acd;
        self.tell(id, What::Cleared(leg), "normalClearing", &gone);
        if let Party::Station(station) = party {
            self.freed(*station, acd);
        }
        self.outside_ends(id);
    }

    /// A call that no telephone is in ends by itself, unless it waits for one.
    pub(super) fn outside_ends(&mut self, id: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        if !call.stations().is_empty() || call.queue().is_some() {
            return;
        }
        let Some(party) = call.people().find(|leg| leg.state == State::Connected).map(|leg| leg.party.clone()) else {
            return;
        };
        self.later(self.config.outside_talk_ms, id, &party, Deed::Hangup);
    }

    /// Everybody who is left is cleared, each by an event of its own, and the call is gone.
    pub(super) fn end(&mut self, id: u32, leaver: Option<Leg>) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        let mut going: Vec<Leg> = leaver.into_iter().collect();
        going.extend(call.legs.drain(..).filter(|leg| leg.state != State::Queued));
        let late = self.config.clears == Clears::Other;
        if late {
            going.reverse();
        }
        for (index, leg) in going.iter().enumerate() {
            let mut seen = Vec::new();
            for (other, now) in going.iter().enumerate() {
                let Party::Station(station) = now.party else { continue };
                // Who is out hears no more of the call, unless it is said the other way round.
                if other > index {
                    seen.push((station, Some(now.state)));
                } else if other == index || late {
                    seen.push((station, None));
                }
            }
            call.legs = going[index + 1..].to_vec();
            let what = What::Cleared(leg.clone());
            self.notices.push(Notice { what, cause: Some("normalClearing"), call: Some(call.clone()), seen });
        }
        call.legs.clear();
        let what = What::CallCleared;
        self.notices.push(Notice { what, cause: Some("normalClearing"), call: Some(call), seen: Vec::new() });
        for leg in going {
            if let Party::Station(station) = leg.party {
                self.freed(station, leg.acd && leg.state != State::Alerting);
            }
        }
    }

    /// A program takes a party out of a call. What rings there, or is on hold, cannot be cleared.
    pub(crate) fn clear(&mut self, id: u32, party: &Party) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or_else(|| operation("invalidCallID"))?;
        let leg = call.leg(party).ok_or_else(|| operation("invalidConnectionID"))?;
        match leg.state {
            State::Connected | State::Initiated => {
                self.leave(id, party);
                Ok(())
            }
            State::Alerting if self.config.clears_all => self.refuse(id, party),
            State::Hold if self.config.clears_all => {
                self.leave(id, party);
                Ok(())
            }
            State::Alerting | State::Hold | State::Queued => Err(state("invalidConnectionState")),
        }
    }

    /// A program ends a whole call.
    pub(crate) fn clear_call(&mut self, id: u32) -> Result<(), Refusal> {
        if !self.calls.contains_key(&id) {
            return Err(operation("invalidCallID"));
        }
        self.end(id, None);
        Ok(())
    }

    /// The handset is put down: whatever the telephone talks to ends; what rings there is refused.
    pub(crate) fn hang_up(&mut self, party: &Party) -> Result<(), Refusal> {
        let part = |call: &Call| call.leg(party).map(|leg| (call.id, leg.state));
        let parts: Vec<(u32, State)> = self.calls.values().filter_map(part).collect();
        let first = |states: &[State]| parts.iter().find(|(_, it)| states.contains(it)).map(|(call, _)| *call);
        if let Some(call) = first(&[State::Connected, State::Initiated]) {
            self.leave(call, party);
            Ok(())
        } else if let Some(call) = first(&[State::Alerting]) {
            self.refuse(call, party)
        } else if let Some(call) = first(&[State::Hold]) {
            self.leave(call, party);
            Ok(())
        } else {
            Err(state("noCallToClear"))
        }
    }

    /// Ends everything.
    pub(crate) fn end_all(&mut self) {
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.end(call, None);
        }
    }
}
