//! The model of one connection: its lines, and the way every input takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jackfield_plugin_api::{CallKey, Capabilities, Command, CommandError, ErrorFact, Fact, LineId, Timestamp, Up};

use super::admit::{Admitted, admit, hold_toggle};
use super::body::{Body, CallSaved, Fault, LossScope, RawMessage, SnapshotReason};
use super::call::{Call, Changed, Contact, Link as CrmLink, Text};
use super::config::{Loss, ModelConfig};
use super::epoch::{loss_cause, ready};
use super::event::{Event, EventCause, Place, ReplyTo};
use super::facts::{line_of, of_call, shared_text};
use super::features::narrowed;
use super::ids::{CallId, CallIds};
use super::limits::{CONSULT_EXPECTED_FOR, MAX_CONTACTS, MAX_REORDER_WINDOW, MAX_WAITING_FACTS, MAX_WAITING_SAVES};
use super::line::Line;
use super::repairs::{Dropped, Repairs};
use super::view::{LineStatus, last_error, line_stage, view};
use super::work::{Link, Shared, Why, Work};

/// The call tables of all lines of one connection: facts and time in, events out.
///
/// Every method that changes something takes the time and appends what happened to `out`; nothing else comes out.
/// Time that steps back is taken as standing still. After each of them the host asks
/// [`next_deadline`](Self::next_deadline) and calls [`tick`](Self::tick) then.
pub struct Model {
    shared: Shared,
    lines: BTreeMap<LineId, Line>,
    deadlines: BTreeSet<(Timestamp, LineId)>,
    now: Timestamp,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("connection", &self.shared.config.connection).field("lines", &self.lines).finish()
    }
}

/// What the host found out about a call by itself. Absent: no news.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enrichment {
    /// The id of its history row.
    pub database_id: Option<Text>,
    /// The caller's number in E.164.
    pub caller: Option<Text>,
    /// The called number in E.164.
    pub called: Option<Text>,
    /// What the directory found.
    pub contacts: Option<Vec<Contact>>,
    /// Records of the CRM tied to the call.
    pub links: Option<Vec<CrmLink>>,
}

impl Model {
    /// The model of a connection that has not come up yet.
    #[must_use]
    pub fn new(config: ModelConfig, ids: Box<dyn CallIds>) -> Self {
        let place = Arc::new(Place { connection: config.connection.clone(), line: None });
        let shared = Shared {
            capabilities: narrowed(&config.capabilities, &config.capabilities),
            config,
            ids,
            repairs: Repairs::default(),
            link: Link::Starting,
            phone_system: "".into(),
            loss: None,
            closed_epoch: 0,
            place,
        };
        Self { shared, lines: BTreeMap::new(), deadlines: BTreeSet::new(), now: Timestamp::default() }
    }

    /// A line is there from now on. `name` is the part after the slash: its device. Its events begin with its
    /// snapshot; at once when the connection is up and can show none.
    pub fn open_line(&mut self, now: Timestamp, line: LineId, name: &str, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let entry = self
            .lines
            .entry(line)
            .or_insert_with(|| Line::new(line, &self.shared.config.connection, name, self.shared.capabilities.clone()));
        begin_if_ready(&mut self.shared, entry, now, out);
        self.index(line);
    }

    /// The line is gone. Calls on it are forgotten, not ended: `disconnected` (`willRetry` false) names them.
    pub fn close_line(&mut self, now: Timestamp, line: LineId, out: &mut Vec<Event>) {
        let now = self.clock(now);
        self.flush(now, line, out);
        let Some(mut closed) = self.lines.remove(&line) else { return };
        if let Some(deadline) = closed.indexed {
            self.deadlines.remove(&(deadline, line));
        }
        let loss =
            Loss { will_retry: false, ..Loss::new(jackfield_plugin_api::ErrorCode::Cancelled, "the line was closed") };
        let cause = EventCause::new("lineClosed");
        Work::new(&mut self.shared, &mut closed, now, out).end_epoch(&loss, LossScope::Line, cause);
        self.shared.closed_epoch = self.shared.closed_epoch.max(closed.epoch);
    }

    /// A fact of the adapter. `origin` is the command that led to it, if known.
    pub fn apply(&mut self, now: Timestamp, fact: &Fact, origin: Option<&ReplyTo>, out: &mut Vec<Event>) {
        let now = self.clock(now);
        match fact {
            Fact::Up(up) => self.up(now, up, out),
            Fact::Down(down) => self.lost(now, &Loss::from(down), out),
            Fact::Error(error) => self.error(now, error, origin, out),
            _ => match line_of(fact) {
                Some(line) => self.on_line(now, line, fact, origin, out),
                None => self.shared.repairs.drop_for(Dropped::UnknownKind),
            },
        }
    }

    /// The connection is lost, or could not be made. Each line that was up sends `disconnected`; a connection that
    /// never came up sends `error` as a whole. Said again with the same code it only updates the retry details.
    pub fn lost(&mut self, now: Timestamp, loss: &Loss, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let was = std::mem::replace(&mut self.shared.link, Link::Down);
        let known = self.shared.loss.replace(loss.clone());
        let ids: Vec<LineId> = self.lines.keys().copied().collect();
        for id in ids {
            self.flush(now, id, out);
            if let Some(line) = self.lines.get_mut(&id) {
                Work::new(&mut self.shared, line, now, out).end_epoch(loss, LossScope::Connection, loss_cause(loss));
            }
            self.index(id);
        }
        if was != Link::Up && known.is_none_or(|known| known.code != loss.code) {
            // Nobody was disconnected by it: it is the connection that cannot come up.
            let severity = jackfield_plugin_api::Severity::Error;
            let fault = Fault { native: loss.native.clone(), ..Fault::new(loss.code, severity, &loss.text) };
            self.emit_connection(now, None, Body::Error(fault), out);
        }
    }

    /// One line alone is lost, where each line has a connection of its own. It comes back with its next snapshot, or
    /// with the next `Up`.
    pub fn lost_line(&mut self, now: Timestamp, line: LineId, loss: &Loss, out: &mut Vec<Event>) {
        let now = self.clock(now);
        self.flush(now, line, out);
        if let Some(line) = self.lines.get_mut(&line) {
            Work::new(&mut self.shared, line, now, out).end_epoch(loss, LossScope::Line, loss_cause(loss));
        }
        self.index(line);
    }

    /// Time has passed: busy and silent calls end, waiting facts are let through.
    pub fn tick(&mut self, now: Timestamp, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let due: Vec<LineId> =
            self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now).map(|(_, line)| *line).collect();
        for id in due {
            if let Some(line) = self.lines.get_mut(&id) {
                let ripe = line.reorder.take(now);
                let mut work = Work::new(&mut self.shared, line, now, out);
                for (fact, origin) in ripe {
                    work.fact(&fact, origin.as_ref());
                    work.settle(&Why::default());
                }
                work.expire();
                work.settle(&Why::default());
            }
            self.index(id);
        }
    }

    /// When [`tick`](Self::tick) is to be called; none: not by time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// What a session that has come (or asked, or fallen behind) must be told of a line, stamped with its current
    /// epoch and number: `initialized`, the snapshot, the agent's state and the line's; of a line that is down
    /// `disconnected` and the snapshot; of a line that has not started nothing. To answer a query, pick the one asked
    /// for.
    #[must_use]
    pub fn view(&self, now: Timestamp, line: LineId, reason: SnapshotReason) -> Vec<Event> {
        self.lines.get(&line).map_or_else(Vec::new, |line| view(&self.shared, line, now.max(self.now), reason))
    }

    /// The line as the answer to `hello` tells it; none when it is not open.
    #[must_use]
    pub fn status(&self, line: LineId) -> Option<LineStatus> {
        self.lines.get(&line).map(|line| LineStatus {
            state: line_stage(&self.shared, line),
            epoch: line.epoch,
            seq: line.seq,
            last_error: last_error(&self.shared, line).cloned(),
            capabilities: line.capabilities.clone(),
        })
    }

    /// Whether a command may go to the adapter now (M8, M9). If so, its call ids are replaced by the adapter's keys.
    ///
    /// # Errors
    /// The refusal, in words for who sent the command.
    pub fn admit(&self, line: LineId, command: &mut Command) -> Result<Admitted, CommandError> {
        admit(&self.shared, self.lines.get(&line), command)
    }

    /// The command that `holdOrUnholdCall` means now.
    ///
    /// # Errors
    /// The call is not known.
    pub fn toggle_hold(&self, line: LineId, call: &str) -> Result<Command, CommandError> {
        hold_toggle(&self.shared, self.lines.get(&line), call)
    }

    /// A `makeConsultCall` (or `setupTransferCall`) from this call has gone to the adapter: the next outgoing call
    /// without a role of its own is the consultation (R2).
    pub fn expect_consult(&mut self, now: Timestamp, line: LineId, primary: &CallId) {
        let until = self.clock(now) + CONSULT_EXPECTED_FOR;
        if let Some(line) = self.lines.get_mut(&line) {
            line.consult = Some((primary.clone(), until));
        }
    }

    /// The host's id of the adapter's call, also when the call is over.
    #[must_use]
    pub fn call_id(&self, line: LineId, key: &CallKey) -> Option<&CallId> {
        self.lines.get(&line)?.id_of(key)
    }

    /// A call that is up.
    #[must_use]
    pub fn call(&self, line: LineId, id: &str) -> Option<&Arc<Call>> {
        self.lines.get(&line)?.legs.iter().find(|leg| leg.id().as_str() == id).map(|leg| &leg.call)
    }

    /// What was repaired and what was dropped.
    #[must_use]
    pub fn repairs(&self) -> &Repairs {
        &self.shared.repairs
    }

    /// What the connection can do; before it is up, what the plugin can.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    /// The host has found something out about a call: `callInfoChanged` tells it.
    pub fn enrich(&mut self, now: Timestamp, line: LineId, call: &CallId, found: &Enrichment, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let Some(line) = self.lines.get_mut(&line) else { return };
        let Some(index) = line.index(call) else { return };
        let changed = enrich(line.legs[index].edit(), found);
        Work::new(&mut self.shared, line, now, out).enriched(index, changed);
    }

    /// A call was written to the history: `callSaved`, now or (while the line is down) in the next epoch (M13.1).
    /// The host calls it only for calls that this line had (I14).
    pub fn saved(&mut self, now: Timestamp, line: LineId, saved: CallSaved, out: &mut Vec<Event>) {
        let now = self.clock(now);
        let Some(line) = self.lines.get_mut(&line) else { return };
        if let Some(index) = line.index(&saved.call) {
            line.legs[index].edit().database_id = Some(saved.database_id.clone());
        }
        if line.up {
            Work::new(&mut self.shared, line, now, out).emit(&Why::default(), Body::CallSaved(saved));
            return;
        }
        if line.saves.len() == MAX_WAITING_SAVES {
            line.saves.pop_front();
            self.shared.repairs.drop_for(Dropped::TooManySaves);
        }
        line.saves.push_back(saved);
    }

    /// A fault that the host noticed; of the connection as a whole when the line is not up.
    pub fn fault(&mut self, now: Timestamp, line: Option<LineId>, fault: Fault, out: &mut Vec<Event>) {
        let now = self.clock(now);
        self.emit_fault(now, line, None, fault, out);
    }

    /// A raw message as an event. It uses no number and changes nothing (I18).
    #[must_use]
    pub fn raw(&self, now: Timestamp, line: LineId, raw: RawMessage) -> Option<Event> {
        let line = self.lines.get(&line)?;
        let event = self.connection_event(now.max(self.now), Body::RawMessage(Box::new(raw)));
        Some(Event {
            line: Some(line.id),
            place: Arc::clone(&line.place),
            epoch: Some(line.epoch),
            current: line.current.clone(),
            ..event
        })
    }

    fn clock(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }

    fn up(&mut self, now: Timestamp, up: &Up, out: &mut Vec<Event>) {
        self.shared.link = Link::Up;
        self.shared.loss = None;
        self.shared.phone_system = shared_text(&up.phone_system);
        self.shared.capabilities = narrowed(&self.shared.config.capabilities, &up.capabilities);
        let ids: Vec<LineId> = self.lines.keys().copied().collect();
        for id in ids {
            if let Some(line) = self.lines.get_mut(&id) {
                line.narrow(&self.shared.capabilities);
                if line.up {
                    // `Up` once more: a level. Only what can be done may have changed.
                    Work::new(&mut self.shared, line, now, out).settle(&Why::default());
                } else {
                    begin_if_ready(&mut self.shared, line, now, out);
                }
            }
            self.index(id);
        }
    }

    fn on_line(&mut self, now: Timestamp, id: LineId, fact: &Fact, origin: Option<&ReplyTo>, out: &mut Vec<Event>) {
        let Some(line) = self.lines.get_mut(&id) else {
            self.shared.repairs.drop_for(Dropped::UnknownLine);
            return;
        };
        if !line.up && of_call(fact) {
            if line.waiting.len() == MAX_WAITING_FACTS {
                line.waiting.pop_front();
                self.shared.repairs.drop_for(Dropped::BufferFull);
            }
            line.waiting.push_back((fact.clone(), origin.cloned()));
            begin_if_ready(&mut self.shared, line, now, out);
            self.index(id);
            return;
        }
        let window = self.shared.config.reorder_window.min(MAX_REORDER_WINDOW);
        if line.up && of_call(fact) && !window.is_zero() {
            if matches!(fact, Fact::Snapshot(_)) {
                self.flush(now, id, out);
            } else {
                let first = line.reorder.push(now + window, fact.clone(), origin.cloned());
                if let Some((fact, origin)) = first {
                    self.work_on(now, id, &fact, origin.as_ref(), out);
                }
                self.index(id);
                return;
            }
        }
        self.work_on(now, id, fact, origin, out);
    }

    fn work_on(&mut self, now: Timestamp, id: LineId, fact: &Fact, origin: Option<&ReplyTo>, out: &mut Vec<Event>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let mut work = Work::new(&mut self.shared, line, now, out);
        work.fact(fact, origin);
        // Only a fact of the line itself makes a command's effect out of `lineStateChanged` (M9: setForwarding).
        let origin = origin.filter(|_| matches!(fact, Fact::Line(_)));
        work.settle(&Why { origin, ..Why::default() });
        self.index(id);
    }

    /// Lets all waiting facts of a line through.
    fn flush(&mut self, now: Timestamp, id: LineId, out: &mut Vec<Event>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        for (fact, origin) in line.reorder.take_all() {
            self.work_on(now, id, &fact, origin.as_ref(), out);
        }
    }

    fn error(&mut self, now: Timestamp, error: &ErrorFact, origin: Option<&ReplyTo>, out: &mut Vec<Event>) {
        let line = error.line.and_then(|line| self.lines.get(&line));
        let call = error.key.as_ref().and_then(|key| line?.id_of(key)).cloned();
        let source = if error.native.is_some() { "phoneSystem" } else { "adapter" };
        let fault =
            Fault { call, source, native: error.native.clone(), ..Fault::new(error.code, error.severity, &error.text) };
        self.emit_fault(now, error.line, origin, fault, out);
        if error.severity == jackfield_plugin_api::Severity::Fatal {
            // I19: what is fatal ends the epoch, whether the adapter says so or not. Its own `Down` changes nothing.
            let loss = Loss { native: error.native.clone(), ..Loss::new(error.code, error.text.clone()) };
            self.lost(now, &loss, out);
        }
    }

    fn emit_fault(
        &mut self,
        now: Timestamp,
        line: Option<LineId>,
        origin: Option<&ReplyTo>,
        fault: Fault,
        out: &mut Vec<Event>,
    ) {
        let Some(line) = line.and_then(|line| self.lines.get_mut(&line)) else {
            return self.emit_connection(now, origin, Body::Error(fault), out);
        };
        if line.up {
            let why = Why { origin, ..Why::default() };
            Work::new(&mut self.shared, line, now, out).emit(&why, Body::Error(fault));
        } else {
            // Between two epochs a line is silent (M13.1); its status remembers why it cannot come up.
            let loss = Loss { native: fault.native.clone(), ..Loss::new(fault.code, fault.message.to_string()) };
            line.loss = Some(loss);
            self.emit_connection(now, origin, Body::Error(fault), out);
        }
    }

    fn emit_connection(&self, now: Timestamp, origin: Option<&ReplyTo>, body: Body, out: &mut Vec<Event>) {
        out.push(Event { reply_to: origin.cloned(), ..self.connection_event(now, body) });
    }

    fn connection_event(&self, now: Timestamp, body: Body) -> Event {
        Event {
            line: None,
            place: Arc::clone(&self.shared.place),
            epoch: None,
            seq: None,
            at: now,
            src_at: None,
            synthetic: false,
            resent: false,
            cause: None,
            reply_to: None,
            current: None,
            body,
        }
    }

    /// Keeps the index of deadlines true for a line.
    fn index(&mut self, id: LineId) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let deadline = line.deadline(self.shared.config.stale_timeout);
        if deadline == line.indexed {
            return;
        }
        if let Some(old) = std::mem::replace(&mut line.indexed, deadline) {
            self.deadlines.remove(&(old, id));
        }
        if let Some(new) = deadline {
            self.deadlines.insert((new, id));
        }
    }
}

fn begin_if_ready(shared: &mut Shared, line: &mut Line, now: Timestamp, out: &mut Vec<Event>) {
    if let Some(snapshot) = ready(shared, line) {
        Work::new(shared, line, now, out).begin(snapshot.as_ref());
    }
}

fn enrich(call: &mut Call, found: &Enrichment) -> Changed {
    let mut changed = Changed::NONE;
    if found.database_id.is_some() && call.database_id != found.database_id {
        call.database_id.clone_from(&found.database_id);
        changed |= Changed::DATABASE_ID;
    }
    for (number, normalized, flag) in
        [(&mut call.caller, &found.caller, Changed::CALLER), (&mut call.called, &found.called, Changed::CALLED)]
    {
        if let (Some(number), Some(_)) = (number, normalized)
            && number.normalized != *normalized
        {
            number.normalized.clone_from(normalized);
            changed |= flag;
        }
    }
    if let Some(contacts) = &found.contacts
        && call.contacts.as_deref() != Some(contacts.as_slice())
    {
        call.contacts = Some(contacts.iter().take(MAX_CONTACTS).cloned().collect());
        changed |= Changed::CONTACTS;
    }
    if let Some(links) = &found.links
        && call.links.as_deref() != Some(links.as_slice())
    {
        call.links = Some(links.iter().take(MAX_CONTACTS).cloned().collect());
        changed |= Changed::LINKS;
    }
    changed
}
