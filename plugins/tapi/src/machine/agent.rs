//! Agents, where a program at the telephony service (an agent handler) keeps their states.

use jackfield_plugin_api::{
    AgentFact, AgentFeatures, AgentState, CommandError, CommandId, ErrorCode, Host, LineFact, LineId, Reason,
    SelectableState,
};

use super::Machine;
use super::commands::At;
use super::forwarding::is_dnd;
use super::pending::{Pending, Work};
use crate::asks::Request;
use crate::capabilities::of_line;
use crate::sys::constants::{
    LINEADDRFEATURE_FORWARDDND, LINEAGENTSTATE_BUSYACD, LINEAGENTSTATE_BUSYINCOMING, LINEAGENTSTATE_BUSYOTHER,
    LINEAGENTSTATE_BUSYOUTBOUND, LINEAGENTSTATE_LOGGEDOFF, LINEAGENTSTATE_NOTREADY, LINEAGENTSTATE_READY,
    LINEAGENTSTATE_WORKINGAFTERCALL,
};
use crate::sys::names;
use crate::told::{Address, AgentStatus, Given, Named};

/// LINEAGENTFEATURE: the groups, the state, the activity can be set, and activities be listed.
const SETAGENTGROUP: u32 = 1;
const SETAGENTSTATE: u32 = 2;
const SETAGENTACTIVITY: u32 = 4;
const GETAGENTACTIVITYLIST: u32 = 16;

/// The states that an agent may choose.
const CHOSEN: [u32; 4] =
    [LINEAGENTSTATE_READY, LINEAGENTSTATE_NOTREADY, LINEAGENTSTATE_WORKINGAFTERCALL, LINEAGENTSTATE_LOGGEDOFF];

/// The agent of a line.
#[derive(Debug, Default)]
pub(super) struct Agent {
    /// LINEAGENTSTATUS; absent: no agent handler serves the line.
    status: Option<AgentStatus>,
    activities: Vec<Named>,
}

impl Agent {
    pub(super) fn is_there(&self) -> bool {
        self.status.is_some()
    }

    /// What can be done with the agent's session now.
    pub(super) fn features(&self) -> AgentFeatures {
        let Some(status) = &self.status else { return AgentFeatures::NONE };
        let mut features = AgentFeatures::NONE;
        if status.features & SETAGENTGROUP != 0 {
            features |= AgentFeatures::LOGIN | AgentFeatures::CALL_CENTRE_MODE;
        }
        if status.features & SETAGENTSTATE != 0 {
            features |= AgentFeatures::SET_STATE | AgentFeatures::PENDING_STATE;
            if status.states & LINEAGENTSTATE_WORKINGAFTERCALL != 0 {
                features |= AgentFeatures::WRAP_UP;
            }
        }
        if status.features & SETAGENTACTIVITY != 0 && !self.activities.is_empty() {
            features |= AgentFeatures::REASONS;
        }
        features
    }
}

fn state(state: u32) -> AgentState {
    match state {
        LINEAGENTSTATE_LOGGEDOFF => AgentState::LoggedOut,
        LINEAGENTSTATE_NOTREADY => AgentState::NotReady,
        LINEAGENTSTATE_READY => AgentState::Ready,
        LINEAGENTSTATE_BUSYACD
        | LINEAGENTSTATE_BUSYINCOMING
        | LINEAGENTSTATE_BUSYOUTBOUND
        | LINEAGENTSTATE_BUSYOTHER => AgentState::Busy,
        LINEAGENTSTATE_WORKINGAFTERCALL => AgentState::AfterCallWork,
        _ => AgentState::Unknown,
    }
}

fn name(state: u32) -> String {
    names::one("LINEAGENTSTATE_", state)
}

type Whose = (Option<LineId>, Option<CommandId>);

impl Machine {
    /// Whether a line has an agent is seen by asking for it. `false`: nobody is asked.
    pub(super) fn ask_agent(&mut self, id: LineId, host: &mut Host<'_>) -> bool {
        let Ok((line, address)) = self.handle_of(id) else { return false };
        if self.config.agents {
            let pending = Pending::for_line(id, Work::AgentStatus);
            self.request(Request::GetAgentStatus { line, address }, pending, host);
        }
        self.config.agents
    }

    /// LINE_AGENTSTATUS, LINE_PROXYSTATUS.
    pub(super) fn agent_changed(&mut self, device: u32, address: u32, host: &mut Host<'_>) {
        for id in self.lines_of(device) {
            let asked = self.lines.get(&id).is_some_and(|line| line.live && line.dials_from() == address);
            if asked {
                self.ask_agent(id, host);
            }
        }
    }

    /// No agent handler serves the line (any more).
    pub(super) fn no_agent(&mut self, line: Option<LineId>, host: &mut Host<'_>) {
        let Some(id) = line else { return };
        let Some(line) = self.lines.get_mut(&id) else { return };
        if !line.live {
            return self.show_line(id, host);
        }
        if line.agent.status.take().is_some() {
            host.report(AgentFact::new(id, AgentState::Unknown, "none"));
            self.report_line(id, host);
        }
    }

    pub(super) fn agent_answered(&mut self, work: Work, given: Given, whose: Whose, host: &mut Host<'_>) {
        let (Some(id), command) = whose else { return };
        match (work, given) {
            (Work::AgentStatus, Given::Agent(status)) => self.agent_told(id, status, host),
            (Work::AgentActivities, Given::Activities(activities)) => {
                if let Some(line) = self.lines.get_mut(&id) {
                    line.agent.activities = activities;
                }
                self.report_agent(id, host);
                self.report_line(id, host);
            }
            (Work::AgentGroups { states }, Given::Groups(groups)) => {
                let wanted = self.lines.get(&id).and_then(|line| line.settings.agent_groups.clone());
                let fits = |name: &String| wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
                let groups: Vec<_> = groups.into_iter().filter(|group| fits(&group.name)).collect();
                let Some(command) = command else { return };
                if groups.is_empty() {
                    let text = "the agent handler has no group that `agent_groups` of the line names";
                    return host.refuse(command, CommandError::new(ErrorCode::CommandFailed, text));
                }
                let at = At { id: command, line: id };
                self.on_line(at, Work::AgentState { states }, host, |line, address| Request::SetAgentGroups {
                    line,
                    address,
                    groups,
                });
            }
            (Work::AgentState { states: (state, next) } | Work::AgentActivity { states: (state, next) }, _) => {
                let Some(command) = command else { return };
                let at = At { id: command, line: id };
                self.on_line(at, Work::Plain, host, |line, address| Request::SetAgentState {
                    line,
                    address,
                    state,
                    next,
                });
            }
            _ => {
                if let Some(command) = command {
                    let text = "what the agent handler answered cannot be read";
                    host.refuse(command, CommandError::new(ErrorCode::CommandFailed, text));
                }
                self.no_agent(Some(id), host);
            }
        }
    }

    /// A request for an address of a line, by a command.
    fn on_line(&mut self, at: At, work: Work, host: &mut Host<'_>, what: impl FnOnce(u32, u32) -> Request) {
        match self.handle_of(at.line) {
            Ok((line, address)) => self.request(what(line, address), at.pending(work), host),
            Err(error) => host.refuse(at.id, error),
        }
    }

    fn agent_told(&mut self, id: LineId, status: AgentStatus, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let first = line.agent.status.replace(status).is_none();
        if !line.live {
            return self.show_line(id, host);
        }
        if first {
            let capabilities =
                of_line(self.lines.get(&id).map_or(&Address::NOTHING, |line| self.address_of(line)), true);
            host.report(LineFact::new(id).capabilities(capabilities));
            self.ask_activities(id, host);
        }
        self.report_agent(id, host);
        self.report_line(id, host);
    }

    /// The reasons that an agent may choose from.
    pub(super) fn ask_activities(&mut self, id: LineId, host: &mut Host<'_>) {
        let status = self.lines.get(&id).and_then(|line| line.agent.status.as_ref());
        if status.is_some_and(|status| status.features & GETAGENTACTIVITYLIST != 0)
            && let Ok((line, address)) = self.handle_of(id)
        {
            let pending = Pending::for_line(id, Work::AgentActivities);
            self.request(Request::GetAgentActivities { line, address }, pending, host);
        }
    }

    pub(super) fn report_agent(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id) else { return };
        let Some(status) = &line.agent.status else { return };
        let mut fact = AgentFact::new(id, state(status.state), name(status.state));
        if status.activity != 0 || !status.activity_name.is_empty() {
            let mut reason = Reason::new(status.activity.to_string());
            reason.label = Some(status.activity_name.clone()).filter(|name| !name.is_empty());
            fact.reason = Some(reason).filter(|_| status.state == LINEAGENTSTATE_NOTREADY);
        }
        if status.next != 0 && status.next != status.state {
            fact.pending = Some(name(status.next));
        }
        if status.features & SETAGENTSTATE != 0 {
            for chosen in CHOSEN.into_iter().filter(|chosen| status.states & chosen != 0) {
                let mut selectable = SelectableState::new(name(chosen), state(chosen));
                if chosen == LINEAGENTSTATE_NOTREADY && status.features & SETAGENTACTIVITY != 0 {
                    selectable.reasons = line.agent.activities.iter().map(reason).collect();
                }
                fact.selectable.push(selectable);
            }
        }
        if state(status.state) != AgentState::Unknown {
            fact.call_centre = Some(status.state != LINEAGENTSTATE_LOGGEDOFF);
        }
        host.report(fact);
    }

    /// A line without an agent handler whose phone can be told not to be disturbed has the two states of that.
    pub(super) fn report_dnd(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get(&id).filter(|line| line.live && line.agent.status.is_none()) else { return };
        let can = (self.address_of(line).features | self.features_of(line)) & LINEADDRFEATURE_FORWARDDND != 0;
        let Some(now) = line.now.as_ref().filter(|_| can) else { return };
        host.report(match is_dnd(&now.forwards) {
            true => AgentFact::new(id, AgentState::NotReady, "doNotDisturb"),
            false => AgentFact::new(id, AgentState::Ready, "active"),
        });
    }

    fn agent_of(&self, line: LineId) -> Result<&AgentStatus, CommandError> {
        let status = self.lines.get(&line).and_then(|line| line.agent.status.as_ref());
        status.ok_or_else(|| {
            CommandError::new(ErrorCode::CommandNotSupported, "no agent handler serves this line at its driver")
        })
    }

    pub(super) fn set_agent_state(
        &mut self,
        at: At,
        code: &str,
        reason: Option<&str>,
        host: &mut Host<'_>,
    ) -> Result<(), CommandError> {
        let status = self.agent_of(at.line)?;
        let Some(wanted) = CHOSEN.into_iter().find(|chosen| name(*chosen) == code) else {
            let text = format!("`{code}` is no state that an agent can choose");
            return Err(CommandError::new(ErrorCode::UnknownState, text));
        };
        if wanted == LINEAGENTSTATE_LOGGEDOFF {
            return self.logout(at, host);
        }
        // In a call the wanted state comes after it, where the handler has such a thing.
        let later = status.states & wanted == 0 && status.next_states & wanted != 0;
        let states = if later { (0, wanted) } else { (wanted, 0) };
        let Some(reason) = reason else {
            self.on_line(at, Work::Plain, host, |line, address| Request::SetAgentState {
                line,
                address,
                state: states.0,
                next: states.1,
            });
            return Ok(());
        };
        let activities = self.lines.get(&at.line).map(|line| line.agent.activities.as_slice()).unwrap_or_default();
        let Some(activity) = activities.iter().find(|one| one.id.to_string() == reason).map(|one| one.id) else {
            let text = format!("`{reason}` is no reason that the agent handler has");
            return Err(CommandError::new(ErrorCode::UnknownState, text));
        };
        self.on_line(at, Work::AgentActivity { states }, host, |line, address| Request::SetAgentActivity {
            line,
            address,
            activity,
        });
        Ok(())
    }

    pub(super) fn set_wrap_up(&mut self, at: At, active: bool, host: &mut Host<'_>) -> Result<(), CommandError> {
        let state = if active { LINEAGENTSTATE_WORKINGAFTERCALL } else { LINEAGENTSTATE_READY };
        self.set_agent_state(at, &name(state), None, host)
    }

    pub(super) fn login(&mut self, at: At, host: &mut Host<'_>) -> Result<(), CommandError> {
        self.agent_of(at.line)?;
        let work = Work::AgentGroups { states: (LINEAGENTSTATE_NOTREADY, 0) };
        self.on_line(at, work, host, |line, address| Request::GetAgentGroups { line, address });
        Ok(())
    }

    pub(super) fn logout(&mut self, at: At, host: &mut Host<'_>) -> Result<(), CommandError> {
        self.agent_of(at.line)?;
        self.on_line(at, Work::Plain, host, |line, address| Request::SetAgentGroups {
            line,
            address,
            groups: Vec::new(),
        });
        Ok(())
    }
}

fn reason(activity: &Named) -> Reason {
    let mut reason = Reason::new(activity.id.to_string());
    reason.label = Some(activity.name.clone()).filter(|name| !name.is_empty());
    reason
}
