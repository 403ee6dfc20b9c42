//! Levels become events: a call's state in the table against the state that a fact tells (M3).

use jackfield_plugin_api::{CallFact, CallState, CauseCode, Direction, Phase, Timestamp};

use super::body::Body;
use super::call::{Changed, Text};
use super::clock::{Mark, Running};
use super::event::EventCause;
use super::repairs::{Dropped, Rule};
use super::work::{Why, Work};

/// A conference has at least so many parties; with fewer it is a connected call (M13.6).
const CONFERENCE: usize = 3;

impl Work<'_> {
    /// A fact of a call that is in the table.
    pub(super) fn update(&mut self, index: usize, fact: &CallFact, why: &Why<'_>) {
        if self.line.legs[index].ending.is_some() {
            self.dropped(Dropped::Late);
            return;
        }
        if fact.state == CallState::Finished {
            self.finish_reported(index, fact, why);
            return;
        }
        let changed = self.merge(index, fact, why) | self.relate(index, fact);
        let to = self.real_state(fact, why);
        if to == CallState::Unknown && self.line.legs[index].unknown_since.is_some() {
            // Named, so it lives; what it does is still not known.
            self.line.legs[index].unknown_since = Some(self.now);
        }
        if !self.advance(index, to, fact, changed, why) && !changed.is_empty() {
            self.info(index, changed, why);
        }
    }

    /// The state that a fact tells, with M13.6 applied.
    pub(super) fn real_state(&mut self, fact: &CallFact, why: &Why<'_>) -> CallState {
        let small = fact.participants.as_ref().is_some_and(|parties| parties.len() < CONFERENCE);
        if fact.state == CallState::Conferenced && small {
            self.repaired(Rule::SmallConference, why);
            return CallState::Connected;
        }
        fact.state
    }

    /// Leads a call from the state it is in to the state `to`, event by event. Says whether any was sent (they carry
    /// whatever else changed).
    pub(super) fn advance(
        &mut self,
        index: usize,
        to: CallState,
        fact: &CallFact,
        changed: Changed,
        why: &Why<'_>,
    ) -> bool {
        use CallState::{Alerting, Busy, Conferenced, Connected, Held, Unknown};
        let from = self.line.legs[index].state();
        match (from, to) {
            (from, to) if from == to => return false,
            (_, Unknown | CallState::Finished) => return false,
            (Unknown, _) => {
                self.revive(index, to, changed, why);
                self.advance(index, to, fact, Changed::NONE, why);
            }
            (Alerting, Connected) => self.connect(index, connected_at(fact, why, self.now), why),
            (Alerting, Held) => {
                self.missing_commutation(index, fact.connected_at, why);
                self.hold(index, why);
            }
            (Alerting, Conferenced) => {
                self.connect(index, connected_at(fact, why, self.now), &why.derived("firstSeen"));
                self.set_state(index, Conferenced, changed, why);
            }
            (Alerting, Busy) => return self.busy(index, changed, why),
            (Connected, Conferenced) | (Conferenced, Connected) => self.set_state(index, to, changed, why),
            (Connected, Held) => self.hold(index, why),
            (Conferenced, Held) => {
                if fact.participants.as_ref().is_some_and(|parties| parties.len() < CONFERENCE) {
                    self.set_state(index, Connected, changed, why);
                }
                self.hold(index, why);
            }
            (Held, Connected) => self.unhold(index, Connected, why),
            (Held, Conferenced) if self.line.legs[index].conference => self.unhold(index, Conferenced, why),
            (Held, Conferenced) => {
                self.unhold(index, Connected, &why.derived("conferenced"));
                self.set_state(index, Conferenced, changed, why);
            }
            (Busy, Alerting) => {
                let mark = self.mark(why);
                self.line.legs[index].totals.switch(Running::Ring, mark);
                self.set_state(index, Alerting, changed, why);
            }
            (Busy, Connected | Held | Conferenced) => {
                self.set_state(index, Alerting, changed, &why.derived("firstSeen"));
                self.advance(index, to, fact, Changed::NONE, why);
            }
            (_, Busy) => {
                self.repaired(Rule::Busy, why);
                return false;
            }
            _ => {
                self.repaired(Rule::Transition, why);
                return false;
            }
        }
        true
    }

    /// A call whose state was lost is named again: first it is what it was, then whatever became of it (M13.5).
    fn revive(&mut self, index: usize, to: CallState, changed: Changed, why: &Why<'_>) {
        use CallState::{Alerting, Busy, Conferenced, Connected, Unknown};
        let leg = &mut self.line.legs[index];
        let restored = match (leg.before, to) {
            (Unknown, _) => Alerting,
            // No event but callInfoChanged lies between these, so one is enough.
            (Connected | Conferenced, Connected | Conferenced) | (Busy, Alerting) => to,
            (before, _) => before,
        };
        leg.unknown_since = None;
        if restored == to {
            self.set_state(index, restored, changed, why);
        } else {
            self.set_state(index, restored, changed, &why.derived("reconciled"));
        }
    }

    /// A change of state that only `callInfoChanged` tells.
    fn set_state(&mut self, index: usize, state: CallState, changed: Changed, why: &Why<'_>) {
        let busy_until = (state == CallState::Busy).then(|| self.now + self.shared.config.busy_timeout);
        let leg = &mut self.line.legs[index];
        leg.busy_until = busy_until;
        let call = leg.edit();
        call.state = state;
        if state != CallState::Alerting {
            call.phase = Phase::None;
        }
        self.info(index, changed | Changed::STATE, why);
    }

    /// Sends `callInfoChanged`.
    pub(super) fn info(&mut self, index: usize, changed: Changed, why: &Why<'_>) {
        self.emit_call(index, why, |call| Body::CallInfoChanged(changed, call));
    }

    /// Two-way speech begins (T2); a call that is no consultation takes the focus (R5).
    pub(super) fn connect(&mut self, index: usize, connected_at: Option<Timestamp>, why: &Why<'_>) {
        let mark = match connected_at {
            Some(at) if why.source != Some(at) && at != self.now => Mark::past(self.now, at),
            _ => self.mark(why),
        };
        let leg = &mut self.line.legs[index];
        leg.totals.switch(Running::Talk, mark);
        leg.commutated = true;
        leg.busy_until = None;
        if let Some(origin) = why.origin {
            leg.owner = Some(Text::from(origin.session.as_str()));
        }
        let call = leg.edit();
        call.state = CallState::Connected;
        call.phase = Phase::None;
        call.connected_at = connected_at;
        self.take_focus(index, "answered");
        self.emit_call(index, why, Body::CommutationStarted);
    }

    /// Something shows that a call was connected, though nobody said so (I4).
    pub(super) fn missing_commutation(&mut self, index: usize, connected_at: Option<Timestamp>, why: &Why<'_>) {
        match self.line.legs[index].state() {
            CallState::Alerting => self.repaired(Rule::MissingCommutation, why),
            state => {
                // Not the adapter's fault when it happened while the connection was lost.
                if state == CallState::Busy {
                    self.repaired(Rule::MissingCommutation, why);
                }
                self.line.legs[index].unknown_since = None;
                self.set_state(index, CallState::Alerting, Changed::NONE, &why.derived("missingCommutation"));
            }
        }
        self.connect(index, connected_at, &why.derived("missingCommutation"));
    }

    fn hold(&mut self, index: usize, why: &Why<'_>) {
        let mark = self.mark(why);
        let leg = &mut self.line.legs[index];
        leg.totals.switch(Running::Hold, mark);
        leg.held = true;
        leg.conference = leg.state() == CallState::Conferenced;
        let call = leg.edit();
        call.state = CallState::Held;
        call.hold_count += 1;
        self.emit_call(index, why, Body::Hold);
    }

    /// The call is taken back, and takes the focus (R5, R8).
    fn unhold(&mut self, index: usize, to: CallState, why: &Why<'_>) {
        self.take_focus(index, "resumed");
        let mark = self.mark(why);
        self.release_hold(index, to, mark, why);
    }

    /// The hold ends at `mark`; the focus stays where it is (I5).
    pub(super) fn release_hold(&mut self, index: usize, to: CallState, mark: Mark, why: &Why<'_>) {
        let leg = &mut self.line.legs[index];
        leg.totals.switch(Running::Talk, mark);
        leg.held = false;
        leg.conference = false;
        leg.edit().state = to;
        self.emit_call(index, why, Body::Unhold);
    }

    fn take_focus(&mut self, index: usize, code: &'static str) {
        if !self.line.in_consult(index) {
            let id = self.line.legs[index].id().clone();
            self.focus(&id, code);
        }
    }

    /// The called side is busy (T3). Says whether an event was sent.
    fn busy(&mut self, index: usize, changed: Changed, why: &Why<'_>) -> bool {
        let mark = self.mark(why);
        let leg = &mut self.line.legs[index];
        if leg.call.direction != Direction::Out {
            self.repaired(Rule::Busy, why);
            return false;
        }
        leg.totals.switch(Running::Nothing, mark);
        if leg.busied {
            // Busy again after a call back: T10 the other way round, `callBusy` is sent once.
            self.set_state(index, CallState::Busy, changed, why);
            return true;
        }
        leg.busied = true;
        leg.busy_until = Some(self.now + self.shared.config.busy_timeout);
        let call = leg.edit();
        call.state = CallState::Busy;
        call.phase = Phase::None;
        call.cause = Some(CauseCode::Busy);
        let cause = why.cause.clone().or_else(|| Some(EventCause::from(CauseCode::Busy)));
        let why = Why { cause, ..why.clone() };
        self.emit_call(index, &why, Body::CallBusy);
        true
    }
}

/// When the call was connected: what the phone system says, else the moment we saw it, unless it was connected before.
fn connected_at(fact: &CallFact, why: &Why<'_>, now: Timestamp) -> Option<Timestamp> {
    let said = fact.connected_at.or(fact.native_time);
    if why.reconcile { said } else { said.or(Some(now)) }
}
