//! Those who log in at telephones: what they are doing, and what others are told of it.

use super::{Refusal, State, Switch, What, operation};

/// How somebody works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Something else, with a reason.
    #[default]
    AuxWork,
    /// Work that a call has left.
    AfterCallWork,
    /// The next call may come at once.
    AutoIn,
    /// Each call is followed by work.
    ManualIn,
}

impl Mode {
    /// The state that whoever works so is in.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Self::AuxWork => "agentNotReady",
            Self::AfterCallWork => "agentWorkingAfterCall",
            Self::AutoIn | Self::ManualIn => "agentReady",
        }
    }

    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::AuxWork => "auxWork",
            Self::AfterCallWork => "afterCallWork",
            Self::AutoIn => "autoIn",
            Self::ManualIn => "manualIn",
        }
    }
}

/// An agent's state, as others are told of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AgentSays {
    #[default]
    LoggedOff,
    LoggedOn,
    NotReady(u32),
    Ready,
    Busy,
    WorkingAfterCall,
}

impl AgentSays {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::LoggedOff => "agentNull",
            Self::LoggedOn | Self::NotReady(_) => "agentNotReady",
            Self::Ready => "agentReady",
            Self::Busy => "agentBusy",
            Self::WorkingAfterCall => "agentWorkingAfterCall",
        }
    }
}

/// Somebody who may log in.
#[derive(Debug, Default)]
pub(crate) struct Agent {
    pub(crate) station: Option<usize>,
    pub(crate) mode: Mode,
    pub(crate) reason: u32,
    /// What follows the call.
    pub(crate) pending: Option<(Mode, u32)>,
    /// The order in which they have become ready.
    pub(super) since: u64,
    told: AgentSays,
}

impl Switch {
    /// Who is logged in at a telephone.
    pub(crate) fn agent_at(&self, station: usize) -> Option<usize> {
        self.agents.iter().position(|agent| agent.station == Some(station))
    }

    /// What an agent is doing.
    pub(crate) fn says(&self, agent: usize) -> AgentSays {
        let own = &self.agents[agent];
        let Some(station) = own.station else { return AgentSays::LoggedOff };
        match own.mode {
            Mode::AuxWork => AgentSays::NotReady(own.reason),
            Mode::AfterCallWork => AgentSays::WorkingAfterCall,
            Mode::AutoIn | Mode::ManualIn if self.is_on_call(station) => AgentSays::Busy,
            Mode::AutoIn | Mode::ManualIn => AgentSays::Ready,
        }
    }

    /// Somebody talks at a telephone, or has a call on hold there.
    pub(crate) fn is_on_call(&self, station: usize) -> bool {
        self.calls_of(station).any(|(_, it)| matches!(it, State::Connected | State::Hold))
    }

    /// Logs somebody in, not ready.
    pub(crate) fn log_on(&mut self, station: usize, id: &str, password: &str) -> Result<usize, Refusal> {
        let agent = self.config.agents.iter().position(|agent| agent.id == id);
        let agent = agent.ok_or_else(|| operation("invalidAgentIdentifier"))?;
        if self.config.agents[agent].password != password {
            return Err(operation("invalidAgentPassword"));
        }
        if !self.stations[station].there {
            return Err(super::resource("deviceOutOfService"));
        }
        if self.agents[agent].station.is_some() || self.agent_at(station).is_some() {
            return Err(operation("invalidAgentState"));
        }
        let own = &mut self.agents[agent];
        own.station = Some(station);
        own.mode = Mode::AuxWork;
        own.reason = 0;
        own.pending = None;
        self.notices_of(agent, AgentSays::LoggedOn, station);
        Ok(agent)
    }

    /// Logs whoever is there off.
    pub(crate) fn log_off(&mut self, station: usize) -> Result<(), Refusal> {
        let agent = self.agent_at(station).ok_or_else(|| operation("invalidAgentState"))?;
        self.agents[agent].station = None;
        self.agents[agent].told = AgentSays::LoggedOff;
        self.notices_of(agent, AgentSays::LoggedOff, station);
        Ok(())
    }

    /// Another way of working. On a call it is refused, unless it may wait for the end; `true`: it does.
    pub(crate) fn work(&mut self, station: usize, mode: Mode, reason: u32, pending: bool) -> Result<bool, Refusal> {
        let agent = self.agent_at(station).ok_or_else(|| operation("invalidAgentState"))?;
        if reason > 99 {
            return Err(operation("valueOutOfRange"));
        }
        let on_call = self.is_on_call(station);
        if on_call && pending {
            self.agents[agent].pending = Some((mode, reason));
            return Ok(true);
        }
        if on_call {
            return Err(operation("invalidAgentState"));
        }
        self.adopt(agent, mode, reason);
        self.settle(station);
        self.serve_queues();
        Ok(false)
    }

    fn adopt(&mut self, agent: usize, mode: Mode, reason: u32) {
        let since = self.fresh();
        let own = &mut self.agents[agent];
        own.mode = mode;
        own.reason = if mode == Mode::AuxWork { reason } else { 0 };
        own.pending = None;
        own.since = since;
    }

    /// A telephone is out of a call; `acd`: one that it had as an agent's.
    pub(super) fn freed(&mut self, station: usize, acd: bool) {
        if let Some(agent) = self.agent_at(station)
            && !self.is_on_call(station)
        {
            let mode = self.agents[agent].mode;
            match self.agents[agent].pending {
                Some((mode, reason)) => self.adopt(agent, mode, reason),
                None if acd && mode == Mode::ManualIn => self.adopt(agent, Mode::AfterCallWork, 0),
                None if acd => self.adopt(agent, mode, self.agents[agent].reason),
                None => {}
            }
        }
        self.settle(station);
        self.serve_queues();
    }

    /// Tells the state of whoever is logged in at a telephone, if it is another one.
    pub(super) fn settle(&mut self, station: usize) {
        let Some(agent) = self.agent_at(station) else { return };
        let says = self.says(agent);
        if says != self.agents[agent].told {
            self.notices_of(agent, says, station);
        }
    }

    /// The same for all telephones in a call.
    pub(super) fn settle_all(&mut self, call: u32) {
        for station in self.calls.get(&call).map(super::Call::stations).unwrap_or_default() {
            self.settle(station);
        }
    }

    fn notices_of(&mut self, agent: usize, says: AgentSays, station: usize) {
        self.agents[agent].told = if says == AgentSays::LoggedOn { AgentSays::NotReady(0) } else { says };
        self.tell_of(station, What::Agent { agent, says, station });
    }
}
