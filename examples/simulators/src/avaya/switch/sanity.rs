//! What is true of the switch at any moment between two inputs.

use super::{Deed, Party, State, Switch};

impl Switch {
    /// Looks at everything; the error says what is wrong.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (id, call) in &self.calls {
            if call.id != *id {
                return Err(format!("call {id} believes to be another one: {call:?}"));
            }
            let people = call.people().count();
            if people == 0 {
                return Err(format!("nobody is in call {id}: {call:?}"));
            }
            for (index, leg) in call.legs.iter().enumerate() {
                if call.legs[..index].iter().any(|other| other.party == leg.party) {
                    return Err(format!("somebody is twice in call {id}: {call:?}"));
                }
            }
            if call.people().all(|leg| leg.state == State::Alerting) {
                return Err(format!("nobody waits in call {id}: {call:?}"));
            }
            let dialling = call.people().any(|leg| leg.state == State::Initiated);
            if people == 1 && !dialling && !call.failed && call.queue().is_none() {
                return Err(format!("somebody is alone in call {id}: {call:?}"));
            }
            let outside = call.stations().is_empty() && call.queue().is_none();
            if outside && !self.ends_by_itself(*id) {
                return Err(format!("nothing ends call {id}: {call:?}"));
            }
        }
        for (index, station) in self.stations.iter().enumerate() {
            let parts: Vec<State> = self.calls_of(index).map(|(_, it)| it).collect();
            let talks = parts.iter().filter(|it| matches!(it, State::Connected | State::Initiated)).count();
            if talks > 1 {
                return Err(format!("{} talks twice: {parts:?}", station.number));
            }
            if parts.len() > station.appearances || (!station.there && !parts.is_empty()) {
                return Err(format!("{} has too many calls: {parts:?}", station.number));
            }
        }
        for agent in 0..self.agents.len() {
            if self.agents[agent].station.is_some_and(|it| self.agent_at(it) != Some(agent)) {
                return Err(format!("two agents are at one telephone: {:?}", self.agents[agent]));
            }
        }
        Ok(())
    }

    fn ends_by_itself(&self, id: u32) -> bool {
        let ends = |deed: Deed| matches!(deed, Deed::Hangup | Deed::GiveUp | Deed::Answer | Deed::Refuse);
        let own = |party: &Party| self.calls[&id].leg(party).is_some();
        self.jobs.values().any(|job| job.call == id && ends(job.deed) && own(&job.party) && self.is_current(job))
    }
}
