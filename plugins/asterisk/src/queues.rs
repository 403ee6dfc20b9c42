//! Agents: what lines are in queues.
//!
//! A queue knows its members by interface; on systems that reach them through the dialplan the interface is a
//! `Local/…` name and the device stands in `StateInterface`, or in a hint.

use std::collections::BTreeMap;

use jackfield_plugin_api::{AgentFact, AgentQueue, AgentState, CommandId, LineId, Reason, SelectableState};
use serde::{Deserialize, Serialize};

use crate::lines::{Line, Lines};
use crate::pbx::{Pbx, Say};
use crate::wire::fields::{Fields, Key};

/// The code of the state that takes calls.
pub(crate) const READY: &str = "ready";
/// The code of the state that does not.
pub(crate) const PAUSED: &str = "paused";
/// The most memberships that are kept.
const MAX_MEMBERS: usize = 50_000;

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) state_interface: String,
    pub(crate) name: String,
    pub(crate) status: u8,
    pub(crate) paused: bool,
    pub(crate) reason: String,
}

/// All memberships, by queue and interface.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Queues {
    members: BTreeMap<(String, String), Member>,
    /// The lines that had an agent, with what was reported last.
    agents: BTreeMap<LineId, AgentFact>,
    /// A command that is to show in the line's next agent fact.
    pub(crate) commands: BTreeMap<LineId, CommandId>,
}

impl Line {
    /// Whether a queue's member is this line's agent.
    fn is_member(&self, interface: &str, state_interface: &str) -> bool {
        let number_of = |text: &str, prefix: &str| {
            let rest = text.strip_prefix(prefix)?;
            rest.split(['@', '/']).next().map(|number| number == self.number)
        };
        interface == self.member
            || state_interface == self.device
            || number_of(state_interface, "hint:") == Some(true)
            || (state_interface.is_empty() || state_interface == interface)
                && number_of(interface, "Local/") == Some(true)
    }
}

impl Lines {
    /// The line whose agent a member is.
    fn of_member(&self, interface: &str, state_interface: &str) -> Option<LineId> {
        self.iter().find(|(_, line)| line.is_member(interface, state_interface)).map(|(id, _)| id)
    }
}

impl Queues {
    /// Memberships of a line, by queue.
    pub(crate) fn of<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = (&'a str, &'a str, &'a Member)> {
        self.members
            .iter()
            .filter(|((_, interface), member)| line.is_member(interface, &member.state_interface))
            .map(|((queue, interface), member)| (queue.as_str(), interface.as_str(), member))
    }

    /// Before a snapshot lists them anew.
    pub(crate) fn clear(&mut self) {
        self.members.clear();
    }

    pub(crate) fn forget_line(&mut self, line: LineId) {
        self.agents.remove(&line);
        self.commands.remove(&line);
    }
}

impl Member {
    fn state(&self) -> AgentState {
        match (self.paused, self.status) {
            (true, _) => AgentState::NotReady,
            (_, 1) => AgentState::Ready,
            (_, 2 | 3 | 7) => AgentState::Busy,
            (_, 6) => AgentState::Reserved,
            (_, 8) => AgentState::Held,
            (_, 4 | 5) => AgentState::NotReady,
            _ => AgentState::Unknown,
        }
    }

    /// The code beside the state: what Asterisk calls it.
    fn code(&self) -> &'static str {
        match (self.paused, self.status) {
            (true, _) => PAUSED,
            (_, 1) => READY,
            (_, 2 | 3 | 7) => "inUse",
            (_, 6) => "ringing",
            (_, 8) => "onHold",
            (_, 4) => "invalid",
            (_, 5) => "unavailable",
            _ => "unknown",
        }
    }
}

impl Pbx {
    /// QueueMemberAdded, QueueMemberStatus, QueueMemberPause, and `QueueMember` of a list.
    pub(crate) fn member_changed(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let (queue, interface) = (f.string(Key::Queue), interface(f));
        if queue.is_empty() || interface.is_empty() {
            return;
        }
        let or = |first, second| f.text(first).or_else(|| f.text(second)).unwrap_or_default().into_owned();
        let paused = f.is(Key::Paused, "1");
        let member = Member {
            state_interface: f.string(Key::StateInterface),
            name: or(Key::MemberName, Key::Name),
            status: f.number(Key::Status).unwrap_or(0),
            paused,
            // Asterisk 16 has both words, later ones only the first.
            reason: if paused { or(Key::PausedReason, Key::Reason) } else { String::new() },
        };
        let line = self.lines.of_member(&interface, &member.state_interface);
        if self.queues.members.len() < MAX_MEMBERS {
            self.queues.members.insert((queue, interface), member);
        }
        if let Some(line) = line {
            self.say_agent(line, say, false);
        }
    }

    pub(crate) fn member_removed(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let key = (f.string(Key::Queue), interface(f));
        let Some(member) = self.queues.members.remove(&key) else { return };
        if let Some(line) = self.lines.of_member(&key.1, &member.state_interface) {
            self.say_agent(line, say, false);
        }
    }

    /// Reports the agent of a line when it is not what was reported last, or anew.
    pub(crate) fn say_agent(&mut self, line: LineId, say: &mut Say<'_, '_>, anew: bool) {
        let Some(mut fact) = self.agent(line) else { return };
        if !self.live || (!anew && self.queues.agents.get(&line) == Some(&fact)) {
            return;
        }
        self.queues.agents.insert(line, fact.clone());
        fact.since = say.native_time;
        fact.command = self.queues.commands.remove(&line);
        self.say_fact(fact, say);
    }

    fn agent(&self, line: LineId) -> Option<AgentFact> {
        let of_line = self.lines.get(line)?;
        let members: Vec<_> = self.queues.of(of_line).collect();
        let Some((_, _, first)) = members.first() else {
            // A line that never was in a queue has no agent; one that was is logged out.
            self.queues.agents.get(&line)?;
            let mut fact = AgentFact::new(line, AgentState::LoggedOut, "noMember").call_centre(false);
            fact.agent_id = Some(of_line.member.clone());
            return Some(fact);
        };
        // Ready in one queue is ready; else the state of the first.
        let shown = members.iter().map(|(_, _, m)| *m).find(|m| m.state() == AgentState::Ready);
        let shown = shown.or_else(|| members.iter().map(|(_, _, m)| *m).find(|m| !m.paused)).unwrap_or(first);
        let mut fact = AgentFact::new(line, shown.state(), shown.code()).call_centre(true);
        fact.agent_id = Some(of_line.member.clone());
        if !shown.reason.is_empty() {
            fact.reason = Some(self.reason(&shown.reason));
        }
        if self.permissions.may("QueuePause") {
            let mut paused = SelectableState::new(PAUSED, AgentState::NotReady);
            paused.reasons = self.config.pause_reasons.iter().map(|r| self.reason(&r.code)).collect();
            fact.selectable = vec![SelectableState::new(READY, AgentState::Ready), paused];
        }
        fact.queues = members
            .iter()
            .map(|(queue, _, member)| {
                let of_queue = AgentQueue::new(*queue, member.state());
                if member.reason.is_empty() { of_queue } else { of_queue.reason(member.reason.as_str()) }
            })
            .collect();
        Some(fact)
    }

    fn reason(&self, code: &str) -> Reason {
        let label = self.config.pause_reasons.iter().find(|r| r.code == code).and_then(|r| r.label.clone());
        let reason = Reason::new(code);
        match label {
            Some(label) => reason.label(label),
            None => reason,
        }
    }
}

fn interface(f: &Fields<'_>) -> String {
    f.text(Key::Interface).or_else(|| f.text(Key::Location)).unwrap_or_default().into_owned()
}
