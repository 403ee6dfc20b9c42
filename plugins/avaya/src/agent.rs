//! The agent at a station: told by events, and asked for, because not every release tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_csta::private::{AgentData, Extensions};
use jackfield_csta::types::{DeviceId, Subject};
use jackfield_csta::{AgentInfoItem, AgentState as Csta, GetAgentStateResponse, Message};
use jackfield_plugin_api::{
    AgentFact, AgentQueue, AgentState, CommandId, ErrorCode, Host, LineId, Reason, SelectableState, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::adapter::Avaya;
use crate::agenda::Task;
use crate::config::Config;
use crate::errors::{refusal, understand};
use crate::line::{Line, Stage};
use crate::setup::ask_agent;
use crate::wire::Scene;

/// How often is asked where events tell, and where nobody is logged on: so many times the usual pause.
const SELDOM: u32 = 15;
/// Groups of an agent that are kept.
const MOST_GROUPS: usize = 64;

/// The agent's code while do not disturb is set and nobody is logged on.
const DND: &str = "doNotDisturb";
/// The code of nobody.
pub(crate) const LOGGED_OFF: &str = "loggedOff";

/// An agent.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agent {
    /// There is one, or was one.
    pub(crate) known: bool,
    pub(crate) id: Option<String>,
    pub(crate) logged_on: bool,
    state: Csta,
    mode: Option<String>,
    talking: bool,
    reason: Option<String>,
    pending: Option<String>,
    groups: BTreeMap<String, Csta>,
    pub(crate) dnd: bool,
    /// The state is being asked for.
    pub(crate) asked: bool,
    /// Its time to be asked for has been set among others'.
    #[serde(default)]
    has_turn: bool,
    /// Events tell the state.
    told: bool,
    /// The command that changes it.
    command: Option<(CommandId, Timestamp)>,
    reported: Option<Box<AgentFact>>,
}

impl Agent {
    /// A command is to change it.
    pub(crate) fn ask(&mut self, command: CommandId, until: Timestamp) {
        self.command = Some((command, until));
    }

    /// Whether the agent is in a call.
    pub(crate) fn is_busy(&self) -> bool {
        self.logged_on && (self.talking || self.state == Csta::Busy)
    }

    fn log_off(&mut self) {
        self.logged_on = false;
        self.state = Csta::Null;
        (self.mode, self.reason, self.pending) = (None, None, None);
        self.talking = false;
        self.groups.clear();
    }

    /// What a private block says besides.
    fn learn(&mut self, extensions: Option<&Extensions>) {
        let data = extensions.and_then(Extensions::agent);
        let of = |field: fn(&AgentData) -> &Option<String>| {
            data.and_then(|data| field(data).clone()).filter(|text| !text.is_empty() && text.len() <= 32)
        };
        let reason = of(|data| &data.reason).filter(|reason| reason != "0");
        self.reason = if self.state == Csta::NotReady { reason } else { None };
        self.mode = of(|data| &data.work_mode).or_else(|| self.mode.take());
        self.pending = of(|data| &data.pending_work_mode).filter(|mode| mode != "none");
        if let Some(talk) = of(|data| &data.talk_state) {
            self.talking = talk == "onCall";
        }
    }
}

fn short(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty() && text.len() <= 64).cloned()
}

/// An agent's event at a line.
pub(crate) fn event(line: &mut Line, message: &Message, scene: &mut Scene<'_, '_>) {
    let mut become_ =
        |agent: Option<&String>, state: Csta, group: Option<&DeviceId>, extensions: Option<&Extensions>| {
            let now = &mut line.agent;
            (now.known, now.told, now.logged_on) = (true, true, true);
            now.id = short(agent).or_else(|| now.id.take());
            now.state = state;
            now.talking = state == Csta::Busy;
            if state == Csta::WorkingAfterCall {
                now.mode = Some("afterCallWork".to_owned());
            } else if state == Csta::NotReady {
                now.mode = Some("auxWork".to_owned());
            } else if now.mode.as_deref().is_some_and(|mode| !mode.ends_with("In")) {
                now.mode = None;
            }
            now.learn(extensions);
            if let Some(group) = group.map(DeviceId::number).filter(|group| !group.is_empty() && group.len() <= 64)
                && now.groups.len() < MOST_GROUPS
            {
                now.groups.insert(group.to_owned(), state);
            }
        };
    match message {
        Message::AgentReadyEvent(event) => {
            become_(event.agent.as_ref(), Csta::Ready, event.group.as_ref(), event.extensions.as_ref());
        }
        Message::AgentNotReadyEvent(event) => {
            become_(event.agent.as_ref(), Csta::NotReady, event.group.as_ref(), event.extensions.as_ref());
        }
        Message::AgentWorkingAfterCallEvent(event) => {
            become_(event.agent.as_ref(), Csta::WorkingAfterCall, event.group.as_ref(), event.extensions.as_ref());
        }
        Message::AgentBusyEvent(event) => {
            become_(event.agent.as_ref(), Csta::Busy, event.group.as_ref(), event.extensions.as_ref());
        }
        Message::AgentLoggedOnEvent(event) => {
            let agent = &mut line.agent;
            agent.known = true;
            agent.id = short(event.agent.as_ref()).or_else(|| agent.id.take());
            if !agent.logged_on {
                (agent.logged_on, agent.state) = (true, Csta::NotReady);
            }
            // In which state, the event does not say.
            ask_agent(line, scene);
        }
        Message::AgentLoggedOffEvent(_) => {
            line.agent.known = true;
            line.agent.log_off();
        }
        Message::DoNotDisturbEvent(event) => line.agent.dnd = event.on,
        _ => return,
    }
    show(line, scene);
}

/// An agent logs on or off at a skill: at which of our stations, the event says.
pub(crate) fn at_skill(lines: &mut BTreeMap<LineId, Line>, message: &Message, scene: &mut Scene<'_, '_>) {
    let device = match message {
        Message::AgentLoggedOnEvent(event) => &event.device,
        Message::AgentLoggedOffEvent(event) => &event.device,
        _ => return,
    };
    let Some(id) = Subject::id(device) else { return };
    if let Some(line) = lines.values_mut().find(|line| line.stage == Stage::Up && line.is(id)) {
        event(line, message, scene);
    }
}

impl Avaya {
    /// An agent's state was asked for.
    pub(crate) fn agent_told(&mut self, id: LineId, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.agent.asked = false;
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        match (answer, refusal(answer)) {
            (Message::GetAgentStateResponse(response), _) => apply(&mut line.agent, response),
            (_, Some(error)) if understand(&error).code == ErrorCode::CommandNotSupported => {
                scene.net.missing.insert("GetAgentState".to_owned());
                return;
            }
            // There is no agent at it, or who knows.
            _ => {}
        }
        show(line, &mut scene);
        next_poll(line, &mut scene);
    }

    /// It is time to ask for an agent's state.
    pub(crate) fn poll(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        if line.stage != Stage::Up {
            return;
        }
        // With many agents they take turns.
        let (now, step) = (scene.host.now(), Duration::from_secs(1) / scene.config.agent_polls_per_second.max(1));
        if !line.agent.has_turn && scene.net.poll_free > now {
            line.agent.has_turn = true;
            scene.net.agenda.set(Task::Poll(id), scene.net.poll_free);
            scene.net.poll_free = scene.net.poll_free + step;
            return;
        }
        line.agent.has_turn = false;
        scene.net.poll_free = scene.net.poll_free.max(now + step);
        ask_agent(line, &mut scene);
    }
}

/// When the agent is asked for next.
pub(crate) fn next_poll(line: &Line, scene: &mut Scene<'_, '_>) {
    if scene.config.agent_poll_ms == 0 || !(line.agent.known || line.agent_id.is_some()) {
        return;
    }
    let pause = Duration::from_millis(u64::from(scene.config.agent_poll_ms));
    let seldom = !line.agent.logged_on || line.agent.told;
    let pause = if seldom { pause * SELDOM } else { pause };
    scene.net.agenda.set(Task::Poll(line.id), scene.host.now() + pause);
}

fn apply(agent: &mut Agent, response: &GetAgentStateResponse) {
    let entries = response.list.as_ref().map_or(&[][..], |list| &list.agents);
    let Some(entry) = entries.iter().find(|entry| entry.logged_on).or_else(|| entries.first()) else {
        return agent.log_off();
    };
    if !entry.logged_on {
        return agent.log_off();
    }
    (agent.known, agent.logged_on) = (true, true);
    agent.id = short(entry.agent.as_ref()).or_else(|| agent.id.take());
    let items = entry.info.as_ref().map_or(&[][..], |info| &info.items);
    let states = || items.iter().map(|item| item.state).filter(|state| *state != Csta::Unknown);
    // Ready in one group is ready; else whatever the first group says.
    let ready = states().find(|state| *state == Csta::Ready);
    agent.state = ready.or_else(|| states().next()).unwrap_or_default();
    if agent.state == Csta::Null {
        return agent.log_off();
    }
    let named = |item: &AgentInfoItem| {
        let group = item.group.as_ref().map(DeviceId::number).filter(|group| !group.is_empty() && group.len() <= 64);
        group.map(|group| (group.to_owned(), item.state))
    };
    let groups: BTreeMap<String, Csta> = items.iter().take(MOST_GROUPS).filter_map(named).collect();
    if groups.is_empty() {
        // An answer without groups speaks for those that events have named.
        agent.groups.values_mut().for_each(|state| *state = agent.state);
    } else {
        agent.groups = groups;
    }
    agent.learn(response.extensions.as_ref());
    if agent.pending.is_none() {
        let pending = items.iter().find_map(|item| item.pending);
        agent.pending = pending.and_then(code_of).map(str::to_owned);
    }
}

/// Reports a line's agent, if there is one and something of it is news.
pub(crate) fn show(line: &mut Line, scene: &mut Scene<'_, '_>) {
    let agent = &line.agent;
    let shown = agent.known || line.agent_id.is_some() || agent.dnd || agent.reported.is_some();
    if line.stage != Stage::Up || !shown {
        return;
    }
    let mut fact = fact(line, scene.config);
    if line.agent.reported.as_deref() == Some(&fact) {
        return;
    }
    line.agent.reported = Some(Box::new(fact.clone()));
    let now = scene.host.now();
    fact.command = line.agent.command.take().filter(|(_, until)| *until >= now).map(|(command, _)| command);
    scene.host.report(fact);
}

/// The code by which clients know a state that waits for the end of a call.
fn code_of(state: Csta) -> Option<&'static str> {
    match state {
        Csta::Ready => Some("autoIn"),
        Csta::NotReady => Some("auxWork"),
        Csta::WorkingAfterCall => Some("afterCallWork"),
        Csta::Null => Some(LOGGED_OFF),
        Csta::Busy | Csta::Unknown => None,
    }
}

/// What a state means.
fn meaning(agent: &Agent, state: Csta) -> AgentState {
    match state {
        Csta::Ready if agent.talking => AgentState::Busy,
        Csta::Ready => AgentState::Ready,
        Csta::NotReady => AgentState::NotReady,
        Csta::Busy => AgentState::Busy,
        Csta::WorkingAfterCall => AgentState::AfterCallWork,
        Csta::Null => AgentState::LoggedOut,
        Csta::Unknown => AgentState::Unknown,
    }
}

fn fact(line: &Line, config: &Config) -> AgentFact {
    let agent = &line.agent;
    let (state, code) = match agent.state {
        _ if !agent.logged_on && agent.dnd => (AgentState::NotReady, DND),
        _ if !agent.logged_on => (AgentState::LoggedOut, LOGGED_OFF),
        state @ Csta::NotReady => (meaning(agent, state), "auxWork"),
        state @ Csta::WorkingAfterCall => (meaning(agent, state), "afterCallWork"),
        state => {
            let mode = agent.mode.as_deref().filter(|mode| mode.ends_with("In"));
            (meaning(agent, state), mode.unwrap_or_else(|| config.ready_mode.as_str()))
        }
    };
    let mut fact = AgentFact::new(line.id, state, code).call_centre(agent.logged_on);
    fact.agent_id = agent.id.clone().filter(|_| agent.logged_on).or_else(|| line.agent_id.clone());
    fact.pending.clone_from(&agent.pending);
    fact.reason = agent.reason.as_ref().map(|code| reason(code, config));
    if agent.logged_on {
        fact.selectable = selectable(config);
        let name = |group: &str, state| {
            let queue = AgentQueue::new(group, meaning(agent, state));
            match config.names.get(group) {
                Some(name) => queue.name(name.as_str()),
                None => queue,
            }
        };
        fact.queues = agent.groups.iter().map(|(group, state)| name(group, *state)).collect();
    }
    fact
}

fn reason(code: &str, config: &Config) -> Reason {
    match config.reasons.get(code) {
        Some(label) => Reason::new(code).label(label.as_str()),
        None => Reason::new(code),
    }
}

fn selectable(config: &Config) -> Vec<SelectableState> {
    let mut aux = SelectableState::new("auxWork", AgentState::NotReady);
    aux.reasons = config.reasons.keys().map(|code| reason(code, config)).collect();
    vec![
        SelectableState::new("autoIn", AgentState::Ready),
        SelectableState::new("manualIn", AgentState::Ready),
        aux,
        SelectableState::new("afterCallWork", AgentState::AfterCallWork),
    ]
}
