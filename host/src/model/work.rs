//! One fact being applied to one line: who does the work, and how an event leaves.

use std::sync::Arc;

use jackfield_plugin_api::{Capabilities, Role, Timestamp};

use super::body::{Body, LineStateChanged};
use super::call::{Call, Text};
use super::clock::Mark;
use super::config::{Loss, ModelConfig};
use super::event::{Event, EventCause, Place, ReplyTo};
use super::features::call_features;
use super::ids::{CallId, CallIds};
use super::line::Line;
use super::repairs::{Dropped, Repairs, Rule};

/// What all lines of the connection share.
pub(super) struct Shared {
    pub(super) config: ModelConfig,
    pub(super) ids: Box<dyn CallIds>,
    pub(super) repairs: Repairs,
    pub(super) link: Link,
    /// What the connection can do: the manifest's capabilities, narrowed by the phone system's.
    pub(super) capabilities: Capabilities,
    pub(super) phone_system: Text,
    /// Why the connection is down.
    pub(super) loss: Option<Loss>,
    /// The greatest epoch of lines that are closed: a line of the same name must begin above it.
    pub(super) closed_epoch: u64,
    /// The connection without a line.
    pub(super) place: Arc<Place>,
}

/// The connection to the phone system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Link {
    Starting,
    Up,
    Down,
}

/// Why an event is sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Why<'a> {
    /// The command behind it.
    pub(super) origin: Option<&'a ReplyTo>,
    /// The phone system's time of the fact.
    pub(super) source: Option<Timestamp>,
    pub(super) cause: Option<EventCause>,
    /// Nobody reported it: it follows from a rule.
    pub(super) synthetic: bool,
    /// Part of the differences of I15: what is seen for the first time is no fault of the adapter.
    pub(super) reconcile: bool,
    /// Derived from a level, so that breaches of the order are none.
    pub(super) quiet: bool,
}

impl Why<'_> {
    /// The differences of I15.
    pub(super) fn reconcile() -> Self {
        let cause = Some(EventCause::new("reconciled"));
        Self { cause, synthetic: true, reconcile: true, quiet: true, ..Self::default() }
    }

    /// An event that the model makes up.
    pub(super) fn made_up(cause: EventCause) -> Self {
        Self { cause: Some(cause), synthetic: true, ..Self::default() }
    }

    /// An event that follows by rule from what this fact tells.
    pub(super) fn derived(&self, code: &'static str) -> Self {
        let cause = if self.reconcile { self.cause.clone() } else { Some(EventCause::new(code)) };
        Self { cause, synthetic: true, quiet: true, origin: None, ..*self }
    }
}

/// The work on one line.
pub(super) struct Work<'a> {
    pub(super) shared: &'a mut Shared,
    pub(super) line: &'a mut Line,
    pub(super) now: Timestamp,
    pub(super) out: &'a mut Vec<Event>,
    /// The current call changed with the event that is about to leave: from which one, and why.
    moved: Option<(CallId, &'static str)>,
    /// A call ended in this work: the line speaks first (M13.2).
    pub(super) ended: bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(shared: &'a mut Shared, line: &'a mut Line, now: Timestamp, out: &'a mut Vec<Event>) -> Work<'a> {
        Work { shared, line, now, out, moved: None, ended: false }
    }

    pub(super) fn mark(&self, why: &Why<'_>) -> Mark {
        Mark::new(self.now, why.source)
    }

    /// Counts a breach of a rule, unless it is the model's own doing.
    pub(super) fn repaired(&mut self, rule: Rule, why: &Why<'_>) {
        if !why.quiet {
            self.shared.repairs.repaired(rule);
        }
    }

    pub(super) fn dropped(&mut self, reason: Dropped) {
        self.shared.repairs.drop_for(reason);
    }

    /// Sends an event of the line.
    pub(super) fn emit(&mut self, why: &Why<'_>, body: Body) {
        self.push(why, body);
        let Some((previous, code)) = self.moved.take() else { return };
        let Some(index) = self.line.current.as_ref().and_then(|id| self.line.index(id)) else { return };
        let call = self.fresh(index, why);
        let why = Why { cause: Some(EventCause::new(code)), ..Why::default() };
        self.push(&why, Body::CurrentCallChanged { previous, call });
    }

    fn push(&mut self, why: &Why<'_>, body: Body) {
        self.line.seq += 1;
        self.out.push(Event {
            line: Some(self.line.id),
            place: Arc::clone(&self.line.place),
            epoch: Some(self.line.epoch),
            seq: Some(self.line.seq),
            at: self.now,
            src_at: why.source.filter(|_| !why.synthetic),
            synthetic: why.synthetic,
            resent: false,
            cause: why.cause.clone(),
            reply_to: why.origin.cloned(),
            current: self.line.current.clone(),
            body,
        });
    }

    /// Sends an event that carries call `index`.
    pub(super) fn emit_call(&mut self, index: usize, why: &Why<'_>, body: impl FnOnce(Arc<Call>) -> Body) {
        let call = self.fresh(index, why);
        self.emit(why, body(call));
    }

    /// The call with its features, totals and focus as they are now.
    pub(super) fn fresh(&mut self, index: usize, why: &Why<'_>) -> Arc<Call> {
        self.refresh();
        let mark = self.mark(why);
        let leg = &mut self.line.legs[index];
        let totals = leg.totals.at(mark, leg.call.totals());
        if totals != leg.call.totals() {
            leg.edit().set_totals(totals);
        }
        leg.retell |= leg.call.features != leg.told;
        Arc::clone(&leg.call)
    }

    /// Brings what depends on other calls up to date: features and focus of every call of the line.
    pub(super) fn refresh(&mut self) {
        for index in 0..self.line.legs.len() {
            let features = call_features(&self.line.legs, index, &self.line.capabilities);
            let leg = &mut self.line.legs[index];
            let is_current = self.line.current.as_ref() == Some(&leg.call.id);
            if leg.call.features != features || leg.call.is_current != is_current {
                let call = leg.edit();
                call.features = features;
                call.is_current = is_current;
            }
        }
    }

    /// Makes another call the current one. The next event tells it, `currentCallChanged` follows (I9).
    pub(super) fn focus(&mut self, id: &CallId, code: &'static str) {
        match self.line.current.replace(id.clone()) {
            Some(previous) if previous != *id => self.moved = Some((previous, code)),
            _ => {}
        }
    }

    /// A call has ended and the next one takes its place, or none.
    pub(super) fn refocus(&mut self, ended: CallId, next: Option<CallId>) {
        self.moved = next.is_some().then_some((ended, "previousFinished"));
        self.line.current = next;
    }

    /// Sends `lineStateChanged` for whatever is not as last told (I11, M13.2).
    pub(super) fn settle(&mut self, why: &Why<'_>) {
        if !self.line.up {
            return;
        }
        self.refresh();
        let state = self.line.state();
        let why = Why { origin: why.origin, ..Why::default() };
        if std::mem::take(&mut self.ended) && state != self.line.told {
            self.tell_line(&why);
        }
        for index in 0..self.line.legs.len() {
            let leg = &mut self.line.legs[index];
            if !leg.retell && leg.told == leg.call.features {
                continue;
            }
            leg.all_told();
            let (call, features) = (Some(leg.id().clone()), leg.told);
            self.line.told = state.clone();
            self.emit(&why, Body::LineStateChanged(LineStateChanged { call, features, line: state.clone() }));
        }
        if state != self.line.told {
            self.tell_line(&why);
        }
    }

    /// The line speaks for itself.
    pub(super) fn tell_line(&mut self, why: &Why<'_>) {
        let line = self.line.state();
        self.line.told = line.clone();
        let changed = LineStateChanged { call: None, features: line.features, line };
        self.emit(why, Body::LineStateChanged(changed));
    }

    /// Whether the call is one of several and not the main one.
    pub(super) fn is_child(&self, index: usize) -> bool {
        self.line.legs[index].call.role != Role::Primary
    }
}
