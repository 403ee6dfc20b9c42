//! The life of a line's stream: up, reconciled, down (I1, I15, M13.1, M13.4, M13.5).

use std::sync::Arc;

use jackfield_plugin_api::{AgentFeatures, CallFact, CallState, CauseCode, DeviceState, Fact, SnapshotSupport};
use jackfield_plugin_api::{CallKey, Snapshot};

use super::body::{ActiveCallSnapshot, Body, Disconnected, Initialized, LossScope, SnapshotReason};
use super::call::Changed;
use super::config::Loss;
use super::event::EventCause;
use super::finish::{End, cause_of};
use super::ids::CallId;
use super::leg::Leg;
use super::limits::TRANSFER_PATIENCE;
use super::line::Line;
use super::work::{Link, Shared, Why, Work};

/// Takes the snapshot that a line's epoch begins with out of what waits. Outer none: the epoch cannot begin yet.
pub(super) fn ready(shared: &Shared, line: &mut Line) -> Option<Option<Snapshot>> {
    if line.up || shared.link != Link::Up {
        return None;
    }
    let newest = line.waiting.iter().rposition(|(fact, _)| matches!(fact, Fact::Snapshot(_)));
    let found = newest.and_then(|at| line.waiting.remove(at)).map(|(fact, _)| fact);
    match found {
        Some(Fact::Snapshot(snapshot)) => {
            line.waiting.retain(|(fact, _)| !matches!(fact, Fact::Snapshot(_)));
            Some(Some(snapshot))
        }
        _ if shared.capabilities.snapshot == SnapshotSupport::None => Some(None),
        _ => None,
    }
}

impl Work<'_> {
    /// Begins an epoch: initialized, the table as it was left, the differences, the table as it is, agent, line.
    pub(super) fn begin(&mut self, snapshot: Option<&Snapshot>) {
        let now = u64::try_from(self.now.millis()).unwrap_or(0);
        self.line.epoch = now.max(self.line.epoch.max(self.shared.closed_epoch) + 1);
        self.line.seq = 0;
        self.line.resumed = std::mem::replace(&mut self.line.ever_up, true) || !self.line.legs.is_empty();
        self.line.up = true;
        self.line.loss = None;
        self.line.has_call_centre = self.line.capabilities.agent.contains(AgentFeatures::CALL_CENTRE_MODE);
        // Keys are kept apart within an epoch; after a reconnect only what the phone system shows counts.
        self.line.finished.clear();
        let live = Why::default();
        let initialized = initialized(self.shared, self.line);
        self.emit(&live, Body::Initialized(Box::new(initialized)));
        self.snapshot_event(SnapshotReason::BeforeReconcile);
        if let Some(snapshot) = snapshot {
            self.take_snapshot(snapshot, &Why::reconcile());
        }
        for (fact, origin) in std::mem::take(&mut self.line.waiting) {
            self.fact(&fact, origin.as_ref());
        }
        self.snapshot_event(SnapshotReason::Reconciled);
        self.line.legs.iter_mut().for_each(Leg::all_told);
        self.ended = false;
        if let Some(agent) = self.line.agent.clone() {
            self.emit(&live, Body::AgentStateChanged { agent, previous: None });
        }
        let first = super::view::line_state_changed(self.line);
        self.line.told = first.line.clone();
        self.emit(&live, Body::LineStateChanged(first));
        for saved in std::mem::take(&mut self.line.saves) {
            self.emit(&live, Body::CallSaved(saved));
        }
    }

    fn snapshot_event(&mut self, reason: SnapshotReason) {
        let why = Why::default();
        let calls = (0..self.line.legs.len()).map(|index| self.fresh(index, &why)).collect();
        let body = ActiveCallSnapshot {
            as_of_seq: self.line.seq + 1,
            reason,
            calls,
            line: self.line.state(),
            agent: self.line.agent.clone(),
            call_centre_active: self.line.call_centre_mode(),
        };
        self.emit(&why, Body::ActiveCallSnapshot(Box::new(body)));
    }

    /// All calls of the line, as the phone system shows them (I15, M13.14): the table follows.
    pub(super) fn take_snapshot(&mut self, snapshot: &Snapshot, why: &Why<'_>) {
        self.end_all_waiting();
        let matched = self.match_keys(&snapshot.calls);
        let table: Vec<CallId> = self.line.legs.iter().map(|leg| leg.id().clone()).collect();
        for id in table {
            let Some(index) = self.line.index(&id) else { continue };
            let key = &self.line.legs[index].key;
            match snapshot.calls.iter().find(|fact| fact.key == *key) {
                Some(fact) => self.fact_of_snapshot(fact, why),
                None => self.vanished(index, why),
            }
        }
        let mut new: Vec<&CallFact> = snapshot.calls.iter().filter(|fact| !matched.contains(&&fact.key)).collect();
        new.sort_by(|a, b| (a.started_at, &a.native_id, &a.key).cmp(&(b.started_at, &b.native_id, &b.key)));
        for fact in new {
            self.fact_of_snapshot(fact, why);
        }
    }

    fn fact_of_snapshot(&mut self, fact: &CallFact, why: &Why<'_>) {
        let cause = if why.reconcile { why.cause.clone() } else { fact.cause.as_ref().map(cause_of) };
        self.call_fact(fact, &Why { source: fact.native_time, cause, ..why.clone() });
    }

    /// Finds the table's calls in the snapshot: by key, then by native id. Says which keys are known.
    fn match_keys<'s>(&mut self, calls: &'s [CallFact]) -> Vec<&'s CallKey> {
        let mut known: Vec<&CallKey> =
            calls.iter().map(|fact| &fact.key).filter(|key| self.line.find(key).is_some()).collect();
        for leg in &mut self.line.legs {
            if known.contains(&&leg.key) {
                continue;
            }
            let native = leg.call.native_id.as_deref();
            let renamed = calls
                .iter()
                .find(|fact| native.is_some() && fact.native_id.as_deref() == native && !known.contains(&&fact.key));
            if let Some(fact) = renamed.filter(|fact| fact.key.as_str().len() <= CallKey::MAX) {
                leg.key = fact.key.clone();
                known.push(&fact.key);
            }
        }
        known
    }

    /// A call that the snapshot does not show is over. After a loss nobody saw when.
    fn vanished(&mut self, index: usize, why: &Why<'_>) {
        let (end, cause) = if why.reconcile {
            (End::lost(self.line.legs[index].unknown_since), EventCause::from(CauseCode::Lost))
        } else {
            let cause = EventCause::from(CauseCode::Unknown).text("the phone system does not show the call any more");
            (End::new(CauseCode::Unknown), cause)
        };
        self.finish(index, &end, &Why { quiet: true, ..Why::made_up(cause) });
    }

    /// Ends the epoch. Calls are not ended by it (I15): their state is not known any more.
    pub(super) fn end_epoch(&mut self, loss: &Loss, scope: LossScope, cause: EventCause) {
        self.line.waiting.clear();
        self.line.loss = Some((loss.clone(), scope));
        if !self.line.up {
            return;
        }
        self.end_all_waiting();
        let now = self.now;
        for leg in &mut self.line.legs {
            leg.unknown_since.get_or_insert(now);
            leg.busy_until = None;
            if leg.state() != CallState::Unknown {
                leg.before = leg.state();
                leg.edit().state = CallState::Unknown;
            }
        }
        self.refresh();
        self.line.legs.iter_mut().for_each(Leg::all_told);
        self.line.consult = None;
        let body = disconnected(self.line, loss, scope);
        self.emit(&Why { cause: Some(cause), ..Why::default() }, Body::Disconnected(body));
        self.line.up = false;
    }

    /// What time alone has changed: busy calls without an end (I6), silent calls that are not to be waited for (I15).
    pub(super) fn expire(&mut self) {
        let now = self.now;
        if !self.line.up {
            return;
        }
        while let Some(index) = self.line.legs.iter().position(|leg| leg.busy_until.is_some_and(|until| until <= now)) {
            let why = Why::made_up(EventCause::from(CauseCode::Busy).text("busy, and no end reported in time"));
            self.repaired(super::repairs::Rule::Busy, &why);
            self.finish(index, &End::new(CauseCode::Busy), &why);
        }
        let waited = |leg: &Leg| leg.ending.as_ref().is_some_and(|ending| ending.at + TRANSFER_PATIENCE <= now);
        while let Some(index) = self.line.legs.iter().position(waited) {
            self.end_waiting(index);
        }
        let patience = self.shared.config.stale_timeout;
        let stale = |line: &Line| {
            line.legs.iter().position(|leg| leg.unknown_since.is_some_and(|since| since + patience <= now))
        };
        while let Some(index) = stale(self.line) {
            let since = self.line.legs[index].unknown_since;
            let cause =
                EventCause::from(CauseCode::Lost).text("nothing was heard of the call since the connection broke");
            self.finish(index, &End::lost(since), &Why { quiet: true, ..Why::made_up(cause) });
        }
    }

    /// Details that the host found out by itself (directory, CRM).
    pub(super) fn enriched(&mut self, index: usize, changed: Changed) {
        if self.line.up && !changed.is_empty() {
            self.info(index, changed, &Why::default());
        }
    }
}

/// The cause of `disconnected`.
pub(super) fn loss_cause(loss: &Loss) -> EventCause {
    EventCause { native: loss.native.clone(), ..EventCause::from(loss.code).text(&loss.text) }
}

/// The data of `disconnected`.
pub(super) fn disconnected(line: &Line, loss: &Loss, scope: LossScope) -> Disconnected {
    Disconnected {
        scope,
        will_retry: loss.will_retry,
        retry_in_ms: loss.retry_in_ms,
        active: line.legs.iter().map(|leg| leg.id().clone()).collect(),
    }
}

/// The data of `initialized`.
pub(super) fn initialized(shared: &Shared, line: &Line) -> Initialized {
    Initialized {
        connection: shared.config.connection.as_str().into(),
        adapter: shared.config.adapter.as_str().into(),
        adapter_version: shared.config.adapter_version.as_str().into(),
        phone_system: Arc::clone(&shared.phone_system),
        device: Arc::clone(&line.device),
        device_state: line.device_state.unwrap_or(DeviceState::Unknown),
        capabilities: line.capabilities.clone(),
        resumed: line.resumed,
    }
}
