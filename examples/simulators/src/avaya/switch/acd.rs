//! Calls for agents: who gets them, and who waits.

use super::{Deed, Mode, Party, State, Switch, What};
use crate::avaya::config::Strategy;

impl Switch {
    /// A call has come to a number for a split.
    pub(super) fn enter_vdn(&mut self, id: u32, vdn: usize, cause: &'static str) {
        let config = &self.config.vdns[vdn];
        let (digits, split) = (config.digits.clone(), self.party(&config.split));
        let Party::Split(split) = split else { return };
        if let Some(call) = self.calls.get_mut(&id) {
            if !call.vdns.contains(&vdn) {
                call.vdns.push(vdn);
            }
            call.split = Some(split);
            call.digits = call.digits.take().or(digits);
        }
        // The number itself rings for a moment: whoever watches it is told, the telephones are not.
        let leg =
            super::Leg { party: Party::Vdn(vdn), state: State::Alerting, trunk: 0, acd: false, ring: 0, stamp: 0 };
        if let Some(call) = self.calls.get(&id).cloned() {
            let what = What::Delivered(leg);
            self.notices.push(super::Notice { what, cause: Some(cause), call: Some(call), seen: Vec::new() });
        }
        self.distribute(id, cause);
    }

    /// Rings at those who are free, or lets the call wait for them.
    pub(super) fn distribute(&mut self, id: u32, cause: &'static str) {
        let Some(split) = self.calls.get(&id).and_then(|call| call.split) else { return };
        if self.offer(id, split, cause) {
            return;
        }
        if self.calls.get(&id).is_some_and(|call| call.queue().is_some()) {
            return;
        }
        let Some(leg) = self.join(id, Party::Split(split), State::Queued, false, 0) else { return };
        let waiting = self.waiting(split).len();
        self.tell(id, What::Queued { leg, waiting }, "enteringDistribution", &[]);
    }

    /// Rings at one or all that are free; `false` when nobody is.
    fn offer(&mut self, id: u32, split: usize, cause: &'static str) -> bool {
        let mut free = self.free_agents(split);
        free.retain(|station| self.reachable(Some(id), &Party::Station(*station)).is_ok());
        if self.config.splits[split].strategy == Strategy::MostIdle {
            free.truncate(1);
        }
        if free.is_empty() {
            return false;
        }
        self.take_out(id, &Party::Split(split));
        let ring = self.fresh();
        for station in free {
            self.ring_one(id, station, cause, true, ring);
            if self.config.agent_ring_ms > 0 {
                self.later(self.config.agent_ring_ms, id, &Party::Station(station), Deed::NextAgent);
            }
        }
        true
    }

    /// The calls that wait at a split, the oldest first.
    fn waiting(&self, split: usize) -> Vec<u32> {
        let waits = |id: &u32| {
            let leg = self.calls[id].queue()?;
            (leg.party == Party::Split(split)).then_some((leg.stamp, *id))
        };
        let mut calls: Vec<(u64, u32)> = self.calls.keys().filter_map(waits).collect();
        calls.sort_unstable();
        calls.into_iter().map(|(_, id)| id).collect()
    }

    /// Somebody may be free for those who wait.
    pub(super) fn serve_queues(&mut self) {
        if !self.calls.values().any(|call| call.queue().is_some()) {
            return;
        }
        for split in 0..self.config.splits.len() {
            for call in self.waiting(split) {
                if !self.offer(call, split, "distributed") {
                    break;
                }
            }
        }
    }

    /// An agent has not answered: another one is tried, and this one is not ready.
    pub(super) fn next_agent(&mut self, id: u32, party: &Party) {
        let Party::Station(station) = *party else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let Some(ring) = call.leg(party).map(|leg| leg.ring) else { return };
        let others = call.legs.iter().any(|leg| leg.ring == ring && leg.party != *party);
        let split = call.split;
        let Some(leg) = self.take_out(id, party) else { return };
        if let Some(agent) = self.agent_at(station) {
            self.agents[agent].mode = Mode::AuxWork;
            self.agents[agent].reason = 0;
        }
        let next = split.map(|split| {
            let first = self.free_agents(split).first().map(|station| Party::Station(*station));
            first.unwrap_or(Party::Split(split))
        });
        if let Some(to) = next {
            self.tell(id, What::Diverted { leg, to }, "callForwardNoAnswer", &[station]);
        }
        self.settle(station);
        if !others {
            self.distribute(id, "distributed");
        }
    }

    /// The telephones of those of a split who could take a call, whoever has been ready longest first.
    fn free_agents(&self, split: usize) -> Vec<usize> {
        let number = &self.config.splits[split].number;
        let mut free: Vec<(u64, usize)> = (0..self.agents.len())
            .filter(|agent| self.config.agents[*agent].splits.contains(number))
            .filter_map(|agent| {
                let own = &self.agents[agent];
                let station = own.station?;
                let ready = matches!(own.mode, Mode::AutoIn | Mode::ManualIn) && own.pending.is_none();
                let idle = self.stations[station].there && self.calls_of(station).next().is_none();
                (ready && idle).then_some((own.since, station))
            })
            .collect();
        free.sort_unstable();
        free.into_iter().map(|(_, station)| station).collect()
    }
}
