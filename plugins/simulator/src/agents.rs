//! Agents: what they choose, what shows of what they do, and the queue that rings them.

use jackfield_plugin_api::{
    AgentFact, AgentQueue, AgentState, CauseCode, ErrorCode, LineId, Reason, ReleasedBy, Reply, SelectableState,
    Timestamp,
};

use crate::config::{AgentStart, micros};
use crate::exchange::{Exchange, Refused, refusal};
use crate::jobs::Job;
use crate::state::{Agent, Choice, ConversationId, Leg, LegState, Number};

/// The reason of an agent who let a call of the queue ring.
const MISSED: &str = "missed";
/// How long the queue spares an agent who did not take its call, in microseconds.
const REST: i64 = 5_000_000;

impl Exchange {
    /// The agent that a line begins with.
    pub(crate) fn first_agent(&mut self, extension: &str, id: Option<&str>) {
        let id = match id {
            Some("") => return,
            Some(id) => id,
            None if self.config.agents.every_line => extension,
            None => return,
        };
        let choice = match self.config.agents.start {
            AgentStart::Ready => Choice::Ready,
            AgentStart::NotReady => Choice::NotReady,
            AgentStart::LoggedOut => Choice::LoggedOut,
        };
        self.seat(extension, id, choice);
    }

    fn seat(&mut self, extension: &str, id: &str, choice: Choice) {
        let now = self.now();
        let agent = Agent {
            id: id.to_owned(),
            choice,
            reason: None,
            pending: None,
            call_centre: true,
            idle_since: now,
            shown: None,
            since: now,
            wrap_ups: 0,
            rests_until: now,
        };
        self.state.extensions.entry(extension.to_owned()).or_default().agent = Some(agent);
        self.touched.insert(extension.to_owned());
    }

    fn agent(&mut self, extension: &str) -> Refused<&mut Agent> {
        self.touched.insert(extension.to_owned());
        let agent = self.state.extensions.get_mut(extension).and_then(|e| e.agent.as_mut());
        agent.ok_or_else(|| refusal(ErrorCode::AgentStateForbids, format!("nobody is logged in at line {extension}")))
    }

    pub(crate) fn log_in(&mut self, extension: &str, id: &str) -> Refused<Reply> {
        if id.is_empty() {
            return Err(refusal(ErrorCode::CommandFailed, "the agent's id is empty"));
        }
        for (other, at) in &self.state.extensions {
            let Some(agent) = at.agent.as_ref().filter(|agent| agent.choice != Choice::LoggedOut) else { continue };
            match (other == extension, agent.id == id) {
                (true, true) => return Ok(Reply::noop()),
                (true, false) => {
                    let text = format!("agent {} is logged in at line {extension}; log out first", agent.id);
                    return Err(refusal(ErrorCode::CommandFailed, text));
                }
                (false, true) => {
                    return Err(refusal(ErrorCode::NotOwner, format!("agent {id} is logged in at line {other}")));
                }
                (false, false) => {}
            }
        }
        self.seat(extension, id, Choice::NotReady);
        Ok(Reply::accepted())
    }

    pub(crate) fn log_out(&mut self, extension: &str, id: Option<&str>) -> Refused<Reply> {
        let agent = self.agent(extension)?;
        if let Some(id) = id.filter(|id| *id != agent.id) {
            return Err(refusal(ErrorCode::NotOwner, format!("agent {id} is not logged in at line {extension}")));
        }
        if agent.choice == Choice::LoggedOut {
            return Ok(Reply::noop());
        }
        (agent.choice, agent.reason, agent.pending) = (Choice::LoggedOut, None, None);
        Ok(Reply::accepted())
    }

    /// `setUserState`: at once, or after the call.
    pub(crate) fn set_state(&mut self, extension: &str, code: &str, reason: Option<&str>) -> Refused<Reply> {
        let choice = match code {
            "READY" => Choice::Ready,
            "NOT_READY" => Choice::NotReady,
            "WORK" => Choice::AfterCallWork,
            _ => {
                let text = format!("there is no state `{code}`: READY, NOT_READY, WORK");
                return Err(refusal(ErrorCode::UnknownState, text));
            }
        };
        let reasons = self.config.agents.reasons.keys().cloned().collect::<Vec<_>>().join(", ");
        match reason {
            None if choice == Choice::NotReady && self.config.agents.reason_required => {
                let text = format!("NOT_READY needs a reason: {reasons}");
                return Err(refusal(ErrorCode::ReasonRequired, text));
            }
            Some(reason) if choice != Choice::NotReady || !self.config.agents.reasons.contains_key(reason) => {
                let text = format!("{code} has no reason `{reason}`; NOT_READY has: {reasons}");
                return Err(refusal(ErrorCode::UnknownState, text));
            }
            _ => {}
        }
        let busy = !self.legs_of(extension, |leg| leg.state != LegState::Ringing).is_empty();
        let agent = self.agent(extension)?;
        let reason = reason.map(str::to_owned);
        if (agent.choice, &agent.reason) == (choice, &reason) && agent.pending.is_none() {
            return Ok(Reply::noop());
        }
        if busy {
            agent.pending = Some((choice, reason));
            return Ok(Reply::accepted());
        }
        self.choose(extension, choice, reason);
        Ok(Reply::accepted())
    }

    pub(crate) fn wrap_up(&mut self, extension: &str, active: bool) -> Refused<Reply> {
        let current = self.agent(extension)?;
        let working = current.choice == Choice::AfterCallWork;
        if !active && !working && current.pending.is_none() {
            return Ok(Reply::noop());
        }
        self.set_state(extension, if active { "WORK" } else { "READY" }, None)
    }

    pub(crate) fn call_centre(&mut self, extension: &str, active: bool) -> Refused<Reply> {
        let agent = self.agent(extension)?;
        if agent.call_centre == active {
            return Ok(Reply::noop());
        }
        agent.call_centre = active;
        Ok(Reply::accepted())
    }

    fn choose(&mut self, extension: &str, choice: Choice, reason: Option<String>) {
        let now = self.now();
        let Ok(agent) = self.agent(extension) else { return };
        (agent.choice, agent.reason, agent.pending, agent.idle_since) = (choice, reason, None, now);
    }

    /// An agent let a call of the queue ring.
    pub(crate) fn missed(&mut self, extension: &str) {
        let now = self.now();
        if self.config.agents.missed_not_ready {
            self.choose(extension, Choice::NotReady, Some(MISSED.to_owned()));
        } else if let Ok(agent) = self.agent(extension) {
            (agent.idle_since, agent.rests_until) = (now, now + REST);
            self.later(REST, Job::ServeQueue);
        }
    }

    /// A leg of an extension has ended: what was chosen for after the call begins, or after-call work.
    pub(crate) fn after_call(&mut self, extension: &str, leg: &Leg) {
        if !self.legs_of(extension, |other| other.state != LegState::Ringing).is_empty() {
            return;
        }
        let (now, wrap_up) = (self.now(), micros(self.config.agents.wrap_up));
        let Ok(agent) = self.agent(extension) else { return };
        if leg.connected.is_some() || leg.outgoing {
            agent.idle_since = now;
        }
        if let Some((choice, reason)) = agent.pending.take() {
            (agent.choice, agent.reason) = (choice, reason);
        } else if wrap_up > 0 && leg.queued && leg.connected.is_some() && agent.choice == Choice::Ready {
            agent.choice = Choice::AfterCallWork;
            agent.wrap_ups += 1;
            let job = Job::WrapUpEnds(extension.to_owned(), agent.wrap_ups);
            self.later(wrap_up, job);
        }
    }

    pub(crate) fn wrap_up_ends(&mut self, extension: &str, number: u64) {
        if let Ok(agent) = self.agent(extension)
            && (agent.choice, agent.wrap_ups) == (Choice::AfterCallWork, number)
        {
            self.choose(extension, Choice::Ready, None);
        }
    }

    /// What shows of an agent: state, code, reason.
    fn shows(&self, extension: &str, agent: &Agent) -> (AgentState, String, Option<String>) {
        let has = |which: fn(&Leg) -> bool| !self.legs_of(extension, which).is_empty();
        let dnd = self.state.extensions.get(extension).is_some_and(|e| e.dnd);
        let (state, code) = match agent.choice {
            Choice::LoggedOut => (AgentState::LoggedOut, "LOGOUT"),
            _ if has(|leg| leg.state.active()) => (AgentState::Busy, "TALKING"),
            _ if has(|leg| leg.state == LegState::Held) => (AgentState::Held, "HOLD"),
            _ if has(|leg| leg.queued) => (AgentState::Reserved, "RESERVED"),
            _ if dnd => (AgentState::NotReady, "DND"),
            Choice::NotReady => return (AgentState::NotReady, "NOT_READY".to_owned(), agent.reason.clone()),
            Choice::Ready => (AgentState::Ready, "READY"),
            Choice::AfterCallWork => (AgentState::AfterCallWork, "WORK"),
        };
        (state, code.to_owned(), None)
    }

    /// Notes since when an agent shows what it shows.
    pub(crate) fn refresh_agent(&mut self, extension: &str) {
        let Some(agent) = self.state.extensions.get(extension).and_then(|e| e.agent.as_ref()) else { return };
        let shows = Some(self.shows(extension, agent));
        if agent.shown != shows {
            let now = self.now();
            if let Some(agent) = self.state.extensions.get_mut(extension).and_then(|e| e.agent.as_mut()) {
                (agent.shown, agent.since) = (shows, now);
            }
        }
    }

    /// Tells the agent of a line, when something is new.
    pub(crate) fn tell_agent(&mut self, line: LineId) {
        let Some(watched) = self.state.lines.get(&line.0).filter(|_| self.state.linked) else { return };
        let Some(agent) = self.state.extensions.get(&watched.extension).and_then(|e| e.agent.as_ref()) else { return };
        let (state, code, reason) = self.shows(&watched.extension, agent);
        let mut fact = AgentFact::new(line, state, code)
            .agent_id(&*agent.id)
            .since(Timestamp::from_micros(agent.since))
            .call_centre(agent.call_centre);
        let label = |code: &str| self.config.agents.reasons.get(code).cloned();
        fact.reason = reason.clone().map(|code| {
            let mut reason = Reason::new(&*code);
            reason.label = label(&code);
            reason
        });
        fact.pending = agent.pending.as_ref().map(|(choice, _)| code_of(*choice).to_owned());
        if agent.choice != Choice::LoggedOut {
            let mut not_ready = SelectableState::new("NOT_READY", AgentState::NotReady);
            not_ready.reasons = self.config.agents.reasons.iter().map(|(c, l)| Reason::new(c).label(l)).collect();
            fact.selectable = vec![
                SelectableState::new("READY", AgentState::Ready),
                not_ready,
                SelectableState::new("WORK", AgentState::AfterCallWork),
            ];
            let mut queue = AgentQueue::new(&*self.config.queue.id, state).name(&*self.config.queue.name);
            queue.reason = reason;
            fact.queues = if agent.call_centre { vec![queue] } else { Vec::new() };
        }
        if watched.agent.as_ref() == Some(&fact) {
            return;
        }
        if let Some(watched) = self.state.lines.get_mut(&line.0) {
            watched.agent = Some(fact.clone());
        }
        fact.command = self.doing.filter(|(_, of)| *of == line).map(|(command, _)| command);
        self.tell(fact);
    }

    /// Puts a conversation's caller into the queue.
    pub(crate) fn enqueue(&mut self, conversation: ConversationId) {
        self.state.waiting.push(conversation);
        if let Some(conversation) = self.state.conversations.get_mut(&conversation) {
            conversation.queued = true;
        }
        for leg in self.legs(conversation) {
            if self.leg_state(leg) == Some(LegState::Dialing) {
                self.enter(leg, LegState::Queued);
            }
        }
        self.later(micros(self.config.queue.wait), Job::QueueEnds(conversation));
        self.touch(conversation);
    }

    /// Takes a conversation out of the queue.
    pub(crate) fn leave_queue(&mut self, conversation: ConversationId) {
        self.state.waiting.retain(|waiting| *waiting != conversation);
        for leg in self.legs(conversation) {
            if self.leg_state(leg) == Some(LegState::Queued) {
                self.enter(leg, LegState::Dialing);
            }
        }
    }

    /// A caller has waited in the queue long enough.
    pub(crate) fn queue_ends(&mut self, conversation: ConversationId) {
        if !self.state.waiting.contains(&conversation) {
            return;
        }
        self.leave_queue(conversation);
        for leg in self.legs(conversation) {
            if self.leg_state(leg) == Some(LegState::Ringing) {
                self.release(leg, CauseCode::NoAnswer, ReleasedBy::System);
            }
        }
        self.unanswered(conversation, CauseCode::NoAnswer);
        self.settle(conversation);
    }

    /// Rings free agents for who waits.
    pub(crate) fn serve_queue(&mut self) {
        for conversation in self.state.waiting.clone() {
            let legs = self.legs(conversation);
            if legs.iter().any(|leg| self.leg_state(*leg) == Some(LegState::Ringing)) {
                continue;
            }
            let Some(agent) = self.free_agent() else { return };
            let Some(first) = legs.first().and_then(|leg| self.leg(*leg)) else { continue };
            let caller = if first.outgoing { first.caller.clone() } else { self.number_of(&first.who) };
            let called =
                Number { number: self.config.queue.number.clone(), name: Some(self.config.queue.name.clone()) };
            let leg = self.ring(conversation, &agent, caller, called, None);
            self.later(micros(self.config.queue.ring), Job::NoAnswer(leg));
        }
    }

    /// The agent who has been idle longest.
    fn free_agent(&self) -> Option<String> {
        let watched = self.state.extensions.iter().filter(|(_, e)| !e.watchers.is_empty());
        let free = watched.filter(|(_, e)| e.legs.is_empty() && !e.dnd);
        let agents = free.filter_map(|(name, e)| Some((name, e.agent.as_ref()?)));
        let ready = agents
            .filter(|(_, agent)| agent.choice == Choice::Ready && agent.call_centre && agent.rests_until <= self.now());
        ready.min_by_key(|(name, agent)| (agent.idle_since, name.as_str())).map(|(name, _)| name.clone())
    }
}

fn code_of(choice: Choice) -> &'static str {
    match choice {
        Choice::LoggedOut => "LOGOUT",
        Choice::NotReady => "NOT_READY",
        Choice::Ready => "READY",
        Choice::AfterCallWork => "WORK",
    }
}
