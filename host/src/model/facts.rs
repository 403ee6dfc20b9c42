//! Facts of one line, each to its place.

use std::sync::Arc;

use jackfield_plugin_api::{
    AgentFact, CallState, Capabilities, DtmfFact, Fact, Forwarding, LineFact, LineId, Phase, Reason, RecordingFact,
    RecordingState, SelectableState,
};

use super::body::{Agent, Body, DtmfEntered};
use super::call::{Changed, Text};
use super::event::ReplyTo;
use super::finish::cause_of;
use super::limits::{MAX_AGENT_LIST, MAX_DIGITS, MAX_FORWARDINGS, clip};
use super::line::Line;
use super::repairs::{Dropped, Rule};
use super::work::{Why, Work};

/// The line that a fact is about; none for facts of the connection, and for faults, which go another way.
pub(super) fn line_of(fact: &Fact) -> Option<LineId> {
    match fact {
        Fact::Call(fact) => Some(fact.line),
        Fact::Snapshot(fact) => Some(fact.line),
        Fact::Agent(fact) => Some(fact.line),
        Fact::Line(fact) => Some(fact.line),
        Fact::Dtmf(fact) => Some(fact.line),
        Fact::Recording(fact) => Some(fact.line),
        Fact::WebRtc(fact) => Some(fact.line),
        Fact::WebRtcSignal(fact) => Some(fact.line),
        _ => None,
    }
}

/// Whether a fact is of a call, and so waits for the line's snapshot.
pub(super) fn of_call(fact: &Fact) -> bool {
    matches!(fact, Fact::Call(_) | Fact::Snapshot(_) | Fact::Dtmf(_) | Fact::Recording(_) | Fact::WebRtc(_))
}

impl Work<'_> {
    /// One fact of this line. The line is up, or the fact is not of a call.
    pub(super) fn fact(&mut self, fact: &Fact, origin: Option<&ReplyTo>) {
        let why = Why { origin, ..Why::default() };
        match fact {
            Fact::Call(fact) => {
                let cause = fact.cause.as_ref().map(cause_of);
                self.call_fact(fact, &Why { source: fact.native_time, cause, ..why });
            }
            Fact::Snapshot(snapshot) => self.take_snapshot(snapshot, &why),
            Fact::Dtmf(dtmf) => self.digits(dtmf, &Why { source: dtmf.native_time, ..why }),
            Fact::Recording(recording) => self.recording(recording, &why),
            Fact::WebRtc(session) => self.session(session, &why),
            Fact::Agent(agent) => self.agent(agent, &why),
            Fact::Line(line) => self.line_fact(line),
            // Goes past the model, to the session that owns the media; it is none of the 21.
            Fact::WebRtcSignal(_) => {}
            _ => self.dropped(Dropped::UnknownKind),
        }
    }

    /// Digits (I17).
    fn digits(&mut self, fact: &DtmfFact, why: &Why<'_>) {
        let Some(index) = self.call_of(&fact.key, why) else { return };
        if !are_digits(&fact.digits) {
            self.repaired(Rule::Digits, why);
            return;
        }
        let leg = &self.line.legs[index];
        // Early media takes digits before the answer; anything else that takes digits is connected (I4).
        let early = leg.call.phase == Phase::Early;
        if !leg.commutated && !early {
            if leg.state() != CallState::Alerting {
                self.repaired(Rule::Digits, why);
                return;
            }
            self.missing_commutation(index, None, why);
        }
        let call = self.line.legs[index].id().clone();
        self.emit(why, Body::DtmfEntered(DtmfEntered { call, digits: fact.digits.as_str().into(), by: fact.by }));
    }

    fn recording(&mut self, fact: &RecordingFact, why: &Why<'_>) {
        let Some(index) = self.call_of(&fact.key, why) else { return };
        let recording = Some(fact.state == RecordingState::Started);
        let leg = &mut self.line.legs[index];
        if leg.call.recording != recording {
            leg.edit().recording = recording;
            self.info(index, Changed::RECORDING, why);
        }
    }

    /// The live call of a fact that can start none.
    pub(super) fn call_of(&mut self, key: &jackfield_plugin_api::CallKey, why: &Why<'_>) -> Option<usize> {
        let found = self.line.find(key);
        if found.is_none() {
            if self.line.finished.id(key).is_some() {
                self.dropped(Dropped::Late);
            } else {
                self.repaired(Rule::UnknownCall, why);
            }
        }
        found
    }

    /// The agent (I12) and the call-centre mode (I13).
    fn agent(&mut self, fact: &AgentFact, why: &Why<'_>) {
        let old = self.line.agent.clone();
        let agent = Arc::new(new_agent(fact, old.as_deref()));
        let news = old.as_deref().is_none_or(|old| differs(old, &agent));
        if news {
            self.line.agent = Some(Arc::clone(&agent));
            if self.line.up {
                self.emit(why, Body::AgentStateChanged { agent, previous: old });
            }
        }
        let Some(is_active) = fact.call_centre else { return };
        if self.line.up && !self.line.has_call_centre {
            self.repaired(Rule::CallCentre, why);
        } else if self.line.call_centre.replace(is_active) != Some(is_active) && self.line.up {
            self.emit(why, Body::CallCentreStateChanged { is_active });
        }
    }

    /// What is known of the line itself. `lineStateChanged` comes when the work is settled.
    fn line_fact(&mut self, fact: &LineFact) {
        let line = &mut *self.line;
        line.device_state = fact.device_state.or(line.device_state);
        line.idle = fact.features.or(line.idle);
        line.agent_features = fact.agent_features.or(line.agent_features);
        if let Some(forwarding) = &fact.forwarding
            && line.forwarding.as_deref() != Some(forwarding.as_slice())
        {
            let bounded = forwarding.iter().take(MAX_FORWARDINGS);
            line.forwarding = Some(bounded.map(|one| Forwarding::new(one.kind, &*clip(&one.to))).collect());
        }
        if let Some(own) = &fact.capabilities {
            line.own = Some(own.clone());
            line.narrow(&self.shared.capabilities);
        }
    }
}

impl Line {
    /// What the line can do: what the connection can, less what this line cannot.
    pub(super) fn narrow(&mut self, connection: &Capabilities) {
        self.capabilities = connection.clone();
        if let Some(own) = &self.own {
            self.capabilities.call = connection.call.and(own.call);
            self.capabilities.agent = connection.agent.and(own.agent);
        }
    }

    /// The call-centre mode, where there is one.
    pub(super) fn call_centre_mode(&self) -> Option<bool> {
        self.call_centre.filter(|_| self.has_call_centre)
    }
}

/// Whether these are digits a phone can send.
pub(super) fn are_digits(digits: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'A'..=b'D' | b'a'..=b'd');
    !digits.is_empty() && digits.len() <= MAX_DIGITS && digits.bytes().all(digit)
}

fn new_agent(fact: &AgentFact, old: Option<&Agent>) -> Agent {
    let kept = old.and_then(|old| old.agent_id.clone());
    let reason = fact.reason.as_ref().map(bounded_reason);
    let same = old.filter(|old| old.state == fact.state && *old.code == *fact.code && old.reason == reason);
    Agent {
        agent_id: fact.agent_id.as_deref().map(clip).or(kept),
        state: fact.state,
        code: clip(&fact.code),
        reason,
        since: fact.since.or_else(|| same.and_then(|old| old.since)),
        selectable: fact.selectable.iter().take(MAX_AGENT_LIST).map(bounded_state).collect(),
        pending: fact.pending.as_deref().map(clip),
        queues: fact.queues.iter().take(MAX_AGENT_LIST).cloned().collect(),
    }
}

fn bounded_reason(reason: &Reason) -> Reason {
    let bounded = Reason::new(&*clip(&reason.code));
    match &reason.label {
        Some(label) => bounded.label(&*clip(label)),
        None => bounded,
    }
}

fn bounded_state(state: &SelectableState) -> SelectableState {
    let mut bounded = SelectableState::new(&*clip(&state.code), state.state);
    bounded.reasons = state.reasons.iter().take(MAX_AGENT_LIST).map(bounded_reason).collect();
    bounded
}

/// Whether anybody should hear of it: anything but the time since when.
fn differs(old: &Agent, new: &Agent) -> bool {
    let shown = |agent: &Agent| Agent { since: None, ..agent.clone() };
    shown(old) != shown(new)
}

/// A text that events share.
pub(super) fn shared_text(text: &str) -> Text {
    clip(text)
}
