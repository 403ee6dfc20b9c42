//! The end of a call, and what follows from it for the others (T8, I3, I5, R3, R4, R6, M13.12).

use std::sync::Arc;

use jackfield_plugin_api::{CallFact, CallState, Cause, CauseCode, Direction, ReleasedBy, Role, Timestamp};

use super::body::{Body, CallFinished};
use super::call::{Changed, Number};
use super::clock::{Mark, Running};
use super::event::EventCause;
use super::ids::CallId;
use super::leg::{Ending, Leg};
use super::repairs::Rule;
use super::work::{Why, Work};

/// How a call ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) code: CauseCode,
    pub(super) released_by: ReleasedBy,
    /// Nobody saw the end: when the call was last known to live.
    pub(super) last_seen: Option<Timestamp>,
    /// When the end was reported, if not now.
    pub(super) reported: Option<Timestamp>,
}

impl End {
    pub(super) const fn new(code: CauseCode) -> Self {
        Self { code, released_by: ReleasedBy::Unknown, last_seen: None, reported: None }
    }

    /// Lost while nobody looked.
    pub(super) const fn lost(last_seen: Option<Timestamp>) -> Self {
        Self { last_seen, ..Self::new(CauseCode::Lost) }
    }
}

/// The cause of an event, as a fact gives it.
pub(super) fn cause_of(cause: &Cause) -> EventCause {
    let event = EventCause { native: cause.native.clone(), ..EventCause::from(cause.code) };
    match &cause.text {
        Some(text) => event.text(text),
        None => event,
    }
}

impl Work<'_> {
    /// The adapter reports the end of call `index`.
    pub(super) fn finish_reported(&mut self, index: usize, fact: &CallFact, why: &Why<'_>) {
        let leg = &self.line.legs[index];
        let code = match (&fact.cause, leg.state()) {
            (Some(cause), _) => cause.code,
            (None, CallState::Busy) => CauseCode::Busy,
            (None, _) => CauseCode::Unknown,
        };
        if code == CauseCode::Transferred && self.has_consult(index) {
            // R6: the consultation ends first, so that the focus never jumps to it.
            let ending = Ending { fact: fact.clone(), origin: why.origin.cloned(), at: self.now };
            self.line.legs[index].ending = Some(Box::new(ending));
            return;
        }
        self.finish_as_reported(index, fact, code, self.now, why);
    }

    fn finish_as_reported(&mut self, index: usize, fact: &CallFact, code: CauseCode, at: Timestamp, why: &Why<'_>) {
        self.merge(index, fact, why);
        if !self.line.legs[index].commutated && fact.connected_at.is_some() {
            // An end that knows of talk time (I4).
            self.missing_commutation(index, fact.connected_at, why);
        }
        let released_by = fact.released_by.unwrap_or(ReleasedBy::Unknown);
        let end = End { released_by, reported: Some(at), ..End::new(code) };
        let cause = Some(fact.cause.as_ref().map_or_else(|| EventCause::from(code), cause_of));
        self.finish(index, &end, &Why { cause, ..why.clone() });
    }

    fn has_consult(&self, index: usize) -> bool {
        let id = self.line.legs[index].id();
        self.line.legs.iter().any(|leg| leg.consults_from(id))
    }

    /// Tells the end of a transferred primary that has waited for its consultation.
    pub(super) fn end_waiting(&mut self, index: usize) {
        let Some(ending) = self.line.legs[index].ending.take() else { return };
        let Ending { fact, origin, at } = *ending;
        let why = Why { origin: origin.as_ref(), source: fact.native_time, ..Why::default() };
        self.finish_as_reported(index, &fact, CauseCode::Transferred, at, &why);
    }

    /// Tells all ends that wait: what comes now does not wait for them.
    pub(super) fn end_all_waiting(&mut self) {
        while let Some(index) = self.line.legs.iter().position(|leg| leg.ending.is_some()) {
            self.end_waiting(index);
        }
    }

    /// Ends call `index`.
    pub(super) fn finish(&mut self, index: usize, end: &End, why: &Why<'_>) {
        let id = self.line.legs[index].id().clone();
        if end.code == CauseCode::Transferred {
            self.fill_transfer(index);
        }
        let from = self.line.legs[index].state();
        self.end_sessions(index, why);
        if self.line.legs[index].held {
            let to = if self.line.legs[index].conference { CallState::Conferenced } else { CallState::Connected };
            // The closing unhold of I5, at the instant of the end.
            let closing =
                Why { cause: Some(EventCause::new("callEnded")), origin: None, synthetic: true, ..why.clone() };
            self.release_hold(index, to, self.end_mark(end, why), &closing);
        }
        let leg = self.line.legs.remove(index);
        let parent = leg.call.parent.clone();
        self.line.finished.remember(&leg.key, id.clone());
        let promoted = self.promote_orphans(&id);
        if self.line.current.as_ref() == Some(&id) {
            let next = self.best();
            self.refocus(id, next);
        }
        let finished = self.close(leg, from, end, why);
        self.ended = true;
        self.emit(why, Body::CallFinished(finished));
        self.tell_promoted(&promoted, why);
        if let Some(waiting) = parent.and_then(|parent| self.line.index(&parent))
            && self.line.legs[waiting].ending.is_some()
        {
            self.repaired(Rule::TransferOrder, why);
            self.end_waiting(waiting);
        }
    }

    fn end_mark(&self, end: &End, why: &Why<'_>) -> Mark {
        match (end.last_seen, end.reported) {
            (Some(at), _) => Mark::new(at, None),
            (None, Some(at)) => Mark::new(at, why.source),
            (None, None) => self.mark(why),
        }
    }

    /// The call as it is after its end.
    fn close(&mut self, mut leg: Leg, from: CallState, end: &End, why: &Why<'_>) -> CallFinished {
        let mark = self.end_mark(end, why);
        leg.totals.switch(Running::Nothing, mark);
        let totals = leg.totals.at(mark, leg.call.totals());
        let never_connected = !leg.commutated;
        let call = leg.edit();
        call.set_totals(totals);
        call.state = CallState::Finished;
        call.features = jackfield_plugin_api::CallFeatures::NONE;
        call.is_current = false;
        call.finished_at = Some(mark.source.unwrap_or(mark.host));
        call.cause = Some(end.code);
        let unanswered = matches!(end.code, CauseCode::Cancelled | CauseCode::NoAnswer);
        let missed = call.direction == Direction::In && never_connected && unanswered;
        CallFinished {
            call: leg.call,
            released_by: end.released_by,
            finished_from: from,
            missed,
            estimated: end.last_seen.is_some(),
        }
    }

    /// R6: who transferred, and where to, when the adapter does not say.
    fn fill_transfer(&mut self, index: usize) {
        let device = Number { number: self.line.device.clone(), name: None, normalized: None };
        let call = Arc::clone(&self.line.legs[index].call);
        let parent = call.parent.as_ref().filter(|_| call.role == Role::Consult);
        let mut target = self.line.legs[index].transfer_to.take();
        if let Some(parent) = parent.and_then(|parent| self.line.index(parent)) {
            let primary = &mut self.line.legs[parent];
            target = target.or_else(|| primary.call.remote().cloned());
            primary.transfer_to = call.remote().cloned();
        }
        drop(call);
        let call = self.line.legs[index].edit();
        call.redirecting.get_or_insert(device);
        if call.redirection.is_none() {
            call.redirection = target;
        }
    }

    /// R3: connected, conferenced, alerting, busy, held, unknown; then the oldest.
    fn best(&self) -> Option<CallId> {
        let rank = |leg: &&Leg| match leg.state() {
            CallState::Connected => 0,
            CallState::Conferenced => 1,
            CallState::Alerting => 2,
            CallState::Busy => 3,
            CallState::Held => 4,
            _ => 5,
        };
        self.line.legs.iter().min_by_key(rank).map(|leg| leg.id().clone())
    }

    /// M13.12: whose parent has ended is a main call now; so is the last one left.
    fn promote_orphans(&mut self, ended: &CallId) -> Vec<CallId> {
        let alone = self.line.legs.len() == 1;
        let mut promoted = Vec::new();
        for index in 0..self.line.legs.len() {
            let orphan = self.line.legs[index].call.parent.as_ref() == Some(ended);
            if !self.is_child(index) || !(orphan || alone) {
                continue;
            }
            let call = self.line.legs[index].edit();
            call.role = Role::Primary;
            call.parent = None;
            promoted.push(call.id.clone());
        }
        promoted
    }

    /// Tells the promotions that `currentCallChanged` has not told.
    fn tell_promoted(&mut self, promoted: &[CallId], why: &Why<'_>) {
        let told = match self.out.last().map(|event| &event.body) {
            Some(Body::CurrentCallChanged { call, .. }) => Some(call.id.clone()),
            _ => None,
        };
        for id in promoted.iter().filter(|id| told.as_ref() != Some(*id)) {
            if let Some(index) = self.line.index(id) {
                self.info(index, Changed::ROLE | Changed::PARENT, &why.derived("parentFinished"));
            }
        }
    }
}
