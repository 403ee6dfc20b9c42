//! Calls that are seen for the first time (T1, I2, R1, R2).

use jackfield_plugin_api::{CallFact, CallFeatures, CallKey, CallState, CauseCode, Direction, Role, Scope};

use super::body::Body;
use super::call::{Call, Changed, Text};
use super::clock::{Mark, Totals};
use super::event::EventCause;
use super::finish::End;
use super::ids::CallId;
use super::leg::Leg;
use super::limits::MAX_CALLS;
use super::repairs::{Dropped, Rule};
use super::work::{Why, Work};

impl Work<'_> {
    /// A fact of a call: of one in the table, of a new one, or of one that is over.
    pub(super) fn call_fact(&mut self, fact: &CallFact, why: &Why<'_>) {
        if fact.key.as_str().len() > CallKey::MAX {
            self.dropped(Dropped::KeyTooLong);
        } else if let Some(index) = self.line.find(&fact.key) {
            self.update(index, fact, why);
        } else if self.line.finished.id(&fact.key).is_some() {
            self.dropped(Dropped::Late);
            if fact.state != CallState::Finished {
                self.repaired(Rule::LateFact, why);
            }
        } else if fact.state == CallState::Finished {
            // Never started-and-finished: nobody saw it, nobody misses it.
            self.dropped(Dropped::UnknownFinish);
        } else if fact.state == CallState::Unknown && !why.reconcile {
            self.repaired(Rule::UnknownCall, why);
        } else if self.line.legs.len() >= MAX_CALLS {
            self.dropped(Dropped::TooManyCalls);
        } else {
            self.start(fact, why);
        }
    }

    fn start(&mut self, fact: &CallFact, why: &Why<'_>) {
        if !why.reconcile {
            self.end_contradicted();
        }
        let state = if fact.state == CallState::Unknown { CallState::Unknown } else { CallState::Alerting };
        let id = self.shared.ids.next(self.now);
        let (role, parent) = self.relation_of_new(fact);
        let since = fact.started_at.map_or_else(|| self.mark(why), |at| Mark::past(self.now, at));
        let call = Call { role, parent, ..blank(id.clone(), self.line.device.clone(), since, state) };
        self.line.legs.push(Leg {
            said: (fact.role, fact.parent.clone()),
            unknown_since: (state == CallState::Unknown).then_some(self.now),
            owner: why.origin.map(|origin| Text::from(origin.session.as_str())),
            ..Leg::new(fact.key.clone(), call, Totals::new(since))
        });
        let index = self.line.legs.len() - 1;
        if self.line.current.is_none() {
            self.line.current = Some(id);
        }
        self.merge(index, fact, why);
        if fact.state == CallState::Busy && self.line.legs[index].call.direction == Direction::Unknown {
            // Only who calls can hear a busy tone.
            self.line.legs[index].edit().direction = Direction::Out;
        }
        let to = self.real_state(fact, why);
        if to == state {
            self.emit_call(index, why, Body::CallStarted);
            return;
        }
        let seen = Why { origin: why.origin, ..why.derived("firstSeen") };
        self.emit_call(index, &seen, Body::CallStarted);
        // That it is busy was reported; that it rang, talked or was held before was not.
        let last = if to == CallState::Busy { why } else { &seen };
        self.advance(index, to, fact, Changed::NONE, last);
    }

    /// A new call on a line that can have but one contradicts a call whose state is not known (I15).
    fn end_contradicted(&mut self) {
        const SEVERAL: [CallFeatures; 5] = [
            CallFeatures::HOLD,
            CallFeatures::MAKE_CONSULT_CALL,
            CallFeatures::ALTERNATE,
            CallFeatures::CONFERENCE,
            CallFeatures::SETUP_TRANSFER,
        ];
        let can = self.line.capabilities.call;
        if SEVERAL.iter().any(|feature| can.contains(*feature)) {
            return;
        }
        while let Some(index) = self.line.legs.iter().position(|leg| leg.state() == CallState::Unknown) {
            let since = self.line.legs[index].unknown_since;
            let cause = EventCause::from(CauseCode::Lost).text("another call came on a line that can have but one");
            self.finish(index, &End::lost(since), &Why { quiet: true, ..Why::made_up(cause) });
        }
    }

    /// Role and parent of a further call (R2), and the parent of a recall (R6).
    fn relation_of_new(&mut self, fact: &CallFact) -> (Role, Option<CallId>) {
        let live = fact.parent.as_ref().and_then(|key| self.line.find(key));
        let live = live.map(|index| self.line.legs[index].id().clone());
        let past = fact.parent.as_ref().and_then(|key| self.line.finished.id(key)).cloned();
        if self.line.legs.is_empty() {
            return (Role::Primary, past);
        }
        let outgoing = fact.direction != Some(Direction::In);
        let silent = fact.role.is_none() && fact.parent.is_none();
        let expected = if outgoing && silent { self.expected_consult() } else { None };
        // A consultation whose primary is gone is one no more.
        let orphan = fact.parent.is_some() && live.is_none();
        let role = match fact.role {
            Some(Role::Secondary) => Role::Secondary,
            Some(Role::Consult) if !orphan => Role::Consult,
            _ if expected.is_some() || (live.is_some() && outgoing) => Role::Consult,
            _ => Role::Secondary,
        };
        let parent = live.or(expected);
        let parent = if role == Role::Secondary { parent.or(past) } else { parent };
        (role, parent.or_else(|| self.line.current.clone()))
    }

    /// The call from which a command asked for a consultation a moment ago.
    fn expected_consult(&mut self) -> Option<CallId> {
        let (primary, until) = self.line.consult.take()?;
        (until >= self.now && self.line.index(&primary).is_some()).then_some(primary)
    }
}

/// A call of which nothing is known yet.
fn blank(id: CallId, device: Text, since: Mark, state: CallState) -> Call {
    Call {
        id,
        native_id: None,
        native_ids: Vec::new(),
        global_ids: None,
        database_id: None,
        device,
        direction: Direction::Unknown,
        scope: Scope::Unknown,
        state,
        phase: jackfield_plugin_api::Phase::None,
        caller: None,
        called: None,
        redirecting: None,
        redirection: None,
        role: Role::Primary,
        parent: None,
        is_current: false,
        participants: None,
        features: CallFeatures::NONE,
        started_at: since.source.unwrap_or(since.host),
        connected_at: None,
        finished_at: None,
        ring_ms: 0,
        talk_ms: 0,
        hold_ms: 0,
        hold_count: 0,
        muted: None,
        video: None,
        recording: None,
        queue: None,
        user_data: None,
        cause: None,
        contacts: None,
        links: None,
    }
}
