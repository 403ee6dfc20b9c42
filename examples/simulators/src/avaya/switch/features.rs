//! What belongs to a telephone: forwarding, do not disturb, being there; and what is known of a call beside its parties.

use super::{Party, Refusal, Switch, What, dial::check_number, operation, state};

impl Switch {
    /// Forwards all calls, or none any more.
    pub(crate) fn set_forward(&mut self, station: usize, to: Option<&str>) -> Result<(), Refusal> {
        if let Some(to) = to {
            check_number(to)?;
            if self.station(to) == Some(station) {
                return Err(operation("invalidDestination"));
            }
        }
        let to = to.map(str::to_owned);
        if self.stations[station].forward != to {
            self.stations[station].forward = to;
            self.tell_of(station, What::Forwarding(station));
        }
        Ok(())
    }

    /// Do not disturb.
    pub(crate) fn set_dnd(&mut self, station: usize, on: bool) {
        if self.stations[station].dnd != on {
            self.stations[station].dnd = on;
            self.tell_of(station, What::DoNotDisturb(station));
        }
    }

    /// Takes a telephone away with all that it has, or brings it back.
    pub(crate) fn set_there(&mut self, station: usize, there: bool) {
        if self.stations[station].there == there {
            return;
        }
        // First of all, so that no queue rings the telephone that its calls have just left.
        self.stations[station].there = there;
        if !there {
            let calls: Vec<u32> = self.calls_of(station).map(|(call, _)| call.id).collect();
            for call in calls {
                self.leave(call, &Party::Station(station));
            }
        }
        self.tell_of(station, What::Service { station, there });
        self.serve_queues();
    }

    /// The users' data of the call that a telephone has.
    pub(crate) fn set_uui(&mut self, station: usize, uui: &str) -> Result<u32, Refusal> {
        let id = self.calls_of(station).map(|(call, _)| call.id).next().ok_or_else(|| state("noActiveCall"))?;
        let leg = self.part(id, station)?.clone();
        if let Some(call) = self.calls.get_mut(&id) {
            call.uui = Some(uui.to_owned());
        }
        self.tell(id, What::Information(leg), "normal", &[]);
        Ok(id)
    }

    /// Somebody outside keys digits in.
    pub(crate) fn enter(&mut self, number: &str, digits: &str) -> Result<u32, Refusal> {
        let party = self.party(number);
        let found = self.calls.values().find_map(|call| Some((call.id, call.leg(&party)?.clone())));
        let (id, leg) = found.ok_or_else(|| state("noActiveCall"))?;
        self.tell(id, What::Entered { leg, digits: digits.to_owned() }, "normal", &[]);
        Ok(id)
    }
}
