//! Agents of a call centre, at addresses that an agent handler serves.

use super::{Act, Exchange, Happening, Refusal, Spot};
use crate::config::Agent;
use crate::constants::*;

/// An agent at an address.
#[derive(Clone, Debug)]
pub(crate) struct AgentState {
    /// `LINEAGENTSTATE`.
    pub(crate) state: u32,
    /// `LINEAGENTSTATE` after the call that is up; 0: the one from before.
    pub(crate) next: u32,
    /// `dwActivityID`; 0: none.
    pub(crate) activity: u32,
    /// The groups that the agent is logged on to, by their places in the configuration.
    pub(crate) groups: Vec<usize>,
    /// What it was before the call.
    before: u32,
    turn: u32,
}

/// The states that a program may set.
pub(crate) const SETTABLE: u32 = LINEAGENTSTATE_LOGGEDOFF
    | LINEAGENTSTATE_NOTREADY
    | LINEAGENTSTATE_READY
    | LINEAGENTSTATE_BUSYOTHER
    | LINEAGENTSTATE_WORKINGAFTERCALL;
/// The states that come with a call.
pub(crate) const BUSY: u32 =
    LINEAGENTSTATE_BUSYACD | LINEAGENTSTATE_BUSYINCOMING | LINEAGENTSTATE_BUSYOUTBOUND | LINEAGENTSTATE_BUSYOTHER;

impl AgentState {
    pub(crate) fn new(agent: &Agent) -> Self {
        Self {
            state: if agent.ready { LINEAGENTSTATE_READY } else { LINEAGENTSTATE_LOGGEDOFF },
            next: 0,
            activity: 0,
            groups: if agent.ready { (0..agent.groups.len()).collect() } else { Vec::new() },
            before: 0,
            turn: 0,
        }
    }

    /// Which states can be set now.
    pub(crate) fn valid(&self) -> u32 {
        if self.groups.is_empty() { 0 } else { SETTABLE }
    }
}

/// The 16 bytes by which a group is known.
pub(crate) fn group_id(spot: Spot, place: usize) -> [u32; 4] {
    [0x4A46_0001, spot.device, spot.address, u32::try_from(place).unwrap_or(u32::MAX)]
}

impl Exchange {
    /// The names of an address's groups.
    pub(crate) fn agent_groups(&self, spot: Spot) -> Vec<String> {
        self.desks.get(&spot).and_then(|desk| desk.address.agent.as_ref()).map_or_else(Vec::new, |a| a.groups.clone())
    }

    /// The names of an address's activities.
    pub(crate) fn agent_activities(&self, spot: Spot) -> Vec<String> {
        let agent = self.desks.get(&spot).and_then(|desk| desk.address.agent.as_ref());
        agent.map_or_else(Vec::new, |agent| agent.activities.clone())
    }

    fn agent_mut(&mut self, spot: Spot) -> Result<&mut AgentState, Refusal> {
        let desk = self.desks.get_mut(&spot).ok_or(LINEERR_INVALADDRESSID)?;
        desk.agent.as_mut().ok_or(LINEERR_OPERATIONUNAVAIL)
    }

    /// Logs on to groups, by their ids; with none, off.
    pub(crate) fn set_agent_groups(&mut self, spot: Spot, ids: &[[u32; 4]]) -> Result<(), Refusal> {
        let there = self.desks.get(&spot).and_then(|desk| desk.address.agent.as_ref()).map_or(0, |a| a.groups.len());
        let mut places = Vec::new();
        for id in ids {
            let place = (0..there).find(|place| group_id(spot, *place) == *id).ok_or(LINEERR_INVALAGENTGROUP)?;
            places.push(place);
        }
        let agent = self.agent_mut(spot)?;
        let mut bits = 0;
        if agent.groups != places {
            agent.groups = places;
            bits |= LINEAGENTSTATUS_GROUP | LINEAGENTSTATUS_VALIDSTATES;
        }
        let off = agent.groups.is_empty();
        if off && agent.state != LINEAGENTSTATE_LOGGEDOFF {
            (agent.state, agent.next, agent.activity) = (LINEAGENTSTATE_LOGGEDOFF, 0, 0);
            bits |= LINEAGENTSTATUS_STATE;
        } else if !off && agent.state == LINEAGENTSTATE_LOGGEDOFF {
            agent.state = LINEAGENTSTATE_NOTREADY;
            bits |= LINEAGENTSTATUS_STATE;
        }
        self.tell_agent(spot, bits);
        Ok(())
    }

    /// Sets the state, and the one after the call that is up; 0 leaves one as it is.
    pub(crate) fn set_agent_state(&mut self, spot: Spot, state: u32, next: u32) -> Result<(), Refusal> {
        let talks = self.active(spot).is_some();
        let agent = self.agent_mut(spot)?;
        for wanted in [state, next] {
            if wanted != 0 && (wanted.count_ones() != 1 || wanted & SETTABLE == 0) {
                return Err(LINEERR_INVALAGENTSTATE);
            }
        }
        if agent.groups.is_empty() && state != LINEAGENTSTATE_LOGGEDOFF && state != 0 {
            return Err(LINEERR_INVALAGENTSTATE);
        }
        let mut bits = 0;
        if next != agent.next && next != 0 {
            agent.next = next;
            bits |= LINEAGENTSTATUS_NEXTSTATE;
        }
        if state != 0 && agent.state & BUSY != 0 && talks {
            // What is set during a call is what comes after it.
            agent.next = state;
            bits |= LINEAGENTSTATUS_NEXTSTATE;
        } else if state != 0 && agent.state != state {
            agent.turn += 1;
            agent.state = state;
            bits |= LINEAGENTSTATUS_STATE;
            if state == LINEAGENTSTATE_LOGGEDOFF {
                agent.groups.clear();
                bits |= LINEAGENTSTATUS_GROUP | LINEAGENTSTATUS_VALIDSTATES;
            }
            if state != LINEAGENTSTATE_NOTREADY && agent.activity != 0 {
                agent.activity = 0;
                bits |= LINEAGENTSTATUS_ACTIVITY;
            }
        }
        self.tell_agent(spot, bits);
        Ok(())
    }

    pub(crate) fn set_agent_activity(&mut self, spot: Spot, activity: u32) -> Result<(), Refusal> {
        let known = self.desks.get(&spot).and_then(|desk| desk.address.agent.as_ref());
        let known = known.map_or(0, |agent| agent.activities.len());
        let agent = self.agent_mut(spot)?;
        if activity as usize > known {
            return Err(LINEERR_INVALAGENTACTIVITY);
        }
        let changed = agent.activity != activity;
        agent.activity = activity;
        self.tell_agent(spot, if changed { LINEAGENTSTATUS_ACTIVITY } else { 0 });
        Ok(())
    }

    /// An agent's state follows the calls at the address.
    pub(super) fn agent_follows(&mut self, spot: Spot) {
        let talks = self.at(spot).any(|leg| leg.state == LINECALLSTATE_CONNECTED && !leg.is_conference);
        let inbound = self.at(spot).any(|leg| leg.origin != LINECALLORIGIN_OUTBOUND);
        let none = self.at(spot).all(|leg| leg.state == LINECALLSTATE_DISCONNECTED);
        let Some(desk) = self.desks.get_mut(&spot) else { return };
        let wrap_up = desk.address.agent.as_ref().map_or(0, |agent| agent.wrap_up);
        let Some(agent) = desk.agent.as_mut() else { return };
        let rests =
            matches!(agent.state, LINEAGENTSTATE_READY | LINEAGENTSTATE_NOTREADY | LINEAGENTSTATE_WORKINGAFTERCALL);
        if talks && rests {
            if agent.state != LINEAGENTSTATE_WORKINGAFTERCALL {
                agent.before = agent.state;
            }
            agent.turn += 1;
            agent.state = if inbound { LINEAGENTSTATE_BUSYINCOMING } else { LINEAGENTSTATE_BUSYOUTBOUND };
            self.tell_agent(spot, LINEAGENTSTATUS_STATE);
        } else if none && agent.state & BUSY != 0 && agent.before != 0 {
            agent.turn += 1;
            if wrap_up > 0 {
                agent.state = LINEAGENTSTATE_WORKINGAFTERCALL;
                let turn = agent.turn;
                self.later.push((wrap_up, Act::WrapUp { spot, turn }));
                self.tell_agent(spot, LINEAGENTSTATUS_STATE);
            } else {
                self.after_call(spot);
            }
        }
    }

    pub(super) fn wrapped_up(&mut self, spot: Spot, turn: u32) {
        if self.desks.get(&spot).and_then(|desk| desk.agent.as_ref()).is_some_and(|agent| agent.turn == turn) {
            self.after_call(spot);
        }
    }

    fn after_call(&mut self, spot: Spot) {
        let Ok(agent) = self.agent_mut(spot) else { return };
        let mut bits = LINEAGENTSTATUS_STATE;
        agent.state = if agent.next == 0 { agent.before } else { agent.next };
        if agent.next != 0 {
            agent.next = 0;
            bits |= LINEAGENTSTATUS_NEXTSTATE;
        }
        if agent.state == LINEAGENTSTATE_LOGGEDOFF {
            agent.groups.clear();
            bits |= LINEAGENTSTATUS_GROUP | LINEAGENTSTATUS_VALIDSTATES;
        }
        agent.before = 0;
        self.tell_agent(spot, bits);
    }

    fn tell_agent(&mut self, spot: Spot, bits: u32) {
        if bits != 0 {
            self.happened.push(Happening::Agent { spot, bits });
        }
    }
}
