//! What is done with calls that there are: hold, a second call, one for the other, another number.

use super::{Dial, Leg, Party, Refusal, State, Switch, What, dial::check_number, operation, state};

impl Switch {
    /// A telephone's part in a call.
    pub(super) fn part(&self, id: u32, station: usize) -> Result<&Leg, Refusal> {
        let call = self.calls.get(&id).ok_or_else(|| operation("invalidCallID"))?;
        call.leg(&Party::Station(station)).ok_or_else(|| operation("invalidConnectionID"))
    }

    /// A telephone talks to somebody in this call.
    fn talks(&self, id: u32, station: usize) -> Result<(), Refusal> {
        let talk = self.part(id, station)?.state == State::Connected && self.calls[&id].is_talk();
        if talk { Ok(()) } else { Err(state("invalidConnectionState")) }
    }

    /// A telephone has put this call on hold.
    fn holds(&self, id: u32, station: usize) -> Result<(), Refusal> {
        if self.part(id, station)?.state == State::Hold { Ok(()) } else { Err(state("noHeldCall")) }
    }

    /// Hold.
    pub(crate) fn hold(&mut self, id: u32, station: usize) -> Result<(), Refusal> {
        self.talks(id, station)?;
        self.put_on_hold(id, station, "normal");
        Ok(())
    }

    pub(super) fn put_on_hold(&mut self, id: u32, station: usize, cause: &'static str) {
        if let Some(leg) = self.set(id, &Party::Station(station), State::Hold) {
            self.tell(id, What::Held(leg), cause, &[]);
        }
    }

    /// Back from hold.
    pub(crate) fn retrieve(&mut self, id: u32, station: usize) -> Result<(), Refusal> {
        self.holds(id, station)?;
        if self.calls_of(station).any(|(_, it)| matches!(it, State::Connected | State::Initiated)) {
            return Err(state("invalidObjectState"));
        }
        self.take_back(id, station, "normal");
        Ok(())
    }

    fn take_back(&mut self, id: u32, station: usize, cause: &'static str) {
        if let Some(leg) = self.set(id, &Party::Station(station), State::Connected) {
            self.tell(id, What::Retrieved(leg), cause, &[]);
        }
    }

    /// Hold, and a call to somebody else. The answer is the new call.
    pub(crate) fn consult(&mut self, id: u32, station: usize, to: &str, dial: Dial) -> Result<u32, Refusal> {
        check_number(to)?;
        self.talks(id, station)?;
        if self.calls_of(station).count() >= self.stations[station].appearances {
            return Err(super::resource("resourceBusy"));
        }
        self.put_on_hold(id, station, "consultation");
        // A consultation is given the data of the call that it is about, unless it has its own.
        let uui = dial.uui.or_else(|| self.calls.get(&id).and_then(|call| call.uui.clone()));
        let new = self.begin(Party::Station(station), State::Initiated, uui)?;
        self.initiated(new, station, "consultation");
        self.originate(new, station, to, "consultation");
        Ok(new)
    }

    /// The held one for the active one.
    pub(crate) fn alternate(&mut self, held: u32, active: u32, station: usize) -> Result<(), Refusal> {
        self.holds(held, station)?;
        self.talks(active, station)?;
        self.put_on_hold(active, station, "alternate");
        self.take_back(held, station, "alternate");
        Ok(())
    }

    /// The active one ends, and the held one is taken back.
    pub(crate) fn reconnect(&mut self, active: u32, held: u32, station: usize) -> Result<(), Refusal> {
        self.holds(held, station)?;
        if self.part(active, station)?.state != State::Connected {
            return Err(state("invalidConnectionState"));
        }
        self.leave(active, &Party::Station(station));
        // The end of the one may have been the end of the other, where both had the same party.
        if self.calls.contains_key(&held) {
            self.take_back(held, station, "normal");
        }
        Ok(())
    }

    /// What rings here shall ring there.
    pub(crate) fn deflect(&mut self, id: u32, station: usize, to: &str) -> Result<(), Refusal> {
        check_number(to)?;
        if self.part(id, station)?.state != State::Alerting {
            return Err(state("invalidConnectionState"));
        }
        let to = self.party(to);
        self.check_reachable(id, &to)?;
        self.divert(id, station, &to, "redirected");
        Ok(())
    }

    /// A number can be reached; otherwise the request for it is refused.
    pub(super) fn check_reachable(&self, id: u32, to: &Party) -> Result<(), Refusal> {
        match self.reachable(Some(id), &self.resolve(to).0) {
            Ok(()) => Ok(()),
            Err("busy" | "doNotDisturb") => Err(super::resource("resourceBusy")),
            Err(_) => Err(operation("invalidDestination")),
        }
    }

    /// What rings at another telephone is answered at this one.
    pub(crate) fn pick_up(&mut self, id: u32, from: &Party, station: usize) -> Result<(), Refusal> {
        let call = self.calls.get(&id).ok_or_else(|| operation("invalidCallID"))?;
        let leg = call.leg(from).ok_or_else(|| operation("invalidConnectionID"))?;
        let Party::Station(rings) = leg.party else { return Err(operation("invalidConnectionID")) };
        if leg.state != State::Alerting {
            return Err(state("noCallToAnswer"));
        }
        self.check_originate(station)?;
        self.check_reachable(id, &Party::Station(station))?;
        let leg = self.take_out(id, from);
        if let Some(leg) = leg {
            let ring = leg.ring;
            let to = Party::Station(station);
            self.tell(id, What::Diverted { leg, to: to.clone() }, "callPickup", &[rings]);
            if let Some(new) = self.join(id, to, State::Connected, false, ring) {
                if let Some(call) = self.calls.get_mut(&id) {
                    call.answered = true;
                    call.last = Some(Party::Station(rings));
                }
                self.tell(id, What::Established(new), "callPickup", &[]);
                self.silence(id, ring);
            }
            self.freed(rings, false);
            self.settle(station);
        }
        Ok(())
    }

    /// Digits into a talk.
    pub(crate) fn digits(&mut self, id: u32, station: usize, digits: &str) -> Result<(), Refusal> {
        let plain =
            digits.bytes().all(|it| it.is_ascii_digit() || matches!(it, b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd'));
        if digits.is_empty() || digits.len() > 64 || !plain {
            return Err(operation("invalidParameterValue"));
        }
        if self.part(id, station)?.state != State::Connected {
            return Err(state("invalidConnectionState"));
        }
        if self.config.digits_events {
            let leg = self.part(id, station)?.clone();
            self.tell(id, What::Digits { leg, digits: digits.to_owned() }, "normal", &[]);
        }
        Ok(())
    }
}
