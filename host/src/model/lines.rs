//! The model of one connection: its lines, and the way every input takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jackfield_plugin_api::{ErrorCode, ErrorFact, Fact, LineId, Severity, Timestamp, Up};

use super::body::{Body, Fault, LossScope};
use super::config::{Loss, ModelConfig};
use super::epoch::{loss_cause, ready};
use super::event::{Event, EventCause, Place, ReplyTo};
use super::facts::{line_of, of_call, shared_text};
use super::features::narrowed;
use super::ids::CallIds;
use super::limits::{MAX_REORDER_WINDOW, MAX_WAITING_FACTS};
use super::line::Line;
use super::repairs::{Dropped, Repairs};
use super::work::{Link, Shared, Why, Work};

/// The call tables of all lines of one connection: facts and time in, events out.
///
/// Every method that changes something takes the time and appends what happened to `out`; nothing else comes out.
/// Time that steps back is taken as standing still. After each of them the host asks
/// [`next_deadline`](Self::next_deadline) and calls [`tick`](Self::tick) then.
pub struct Model {
    pub(super) shared: Shared,
    pub(super) lines: BTreeMap<LineId, Line>,
    pub(super) deadlines: BTreeSet<(Timestamp, LineId)>,
    pub(super) now: Timestamp,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("connection", &self.shared.config.connection).field("lines", &self.lines).finish()
    }
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
        let loss = Loss { will_retry: false, ..Loss::new(ErrorCode::Cancelled, "the line was closed") };
        let cause = EventCause::new("lineClosed");
        Work::new(&mut self.shared, &mut closed, now, out).end_epoch(&loss, LossScope::Line, cause);
        self.shared.closed_epoch = self.shared.closed_epoch.max(closed.epoch);
    }

    /// A fact of the adapter. `origin` is the command that led to it, if known.
    pub fn apply(&mut self, now: Timestamp, fact: &Fact, origin: Option<&ReplyTo>, out: &mut Vec<Event>) {
        let now = self.clock(now);
        match fact {
            Fact::Up(up) => self.up(now, up, out),
            Fact::Down(down) => match down.line {
                Some(line) => self.lost_line(now, line, &Loss::from(down), out),
                None => self.lost(now, &Loss::from(down), out),
            },
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
            let stopped = loss.code == ErrorCode::Cancelled;
            let severity = if stopped { Severity::Warning } else { Severity::Error };
            let fault = Fault { native: loss.native.clone(), ..Fault::new(loss.code, severity, &loss.text) };
            self.emit_connection(now, None, Body::Error(fault), out);
        }
    }

    /// One line alone is lost, or cannot come up, where each line has a link of its own. It comes back with its next
    /// snapshot. One that never came up sends `error` of the connection as a whole, once for each code.
    pub fn lost_line(&mut self, now: Timestamp, line: LineId, loss: &Loss, out: &mut Vec<Event>) {
        let now = self.clock(now);
        self.flush(now, line, out);
        let Some(lost) = self.lines.get_mut(&line) else {
            self.shared.repairs.drop_for(Dropped::UnknownLine);
            return;
        };
        let named = loss.code != ErrorCode::Cancelled;
        let news = named && !lost.up && lost.loss.as_ref().is_none_or(|(known, _)| known.code != loss.code);
        Work::new(&mut self.shared, lost, now, out).end_epoch(loss, LossScope::Line, loss_cause(loss));
        self.index(line);
        if news {
            let fault = Fault { native: loss.native.clone(), ..Fault::new(loss.code, Severity::Error, &loss.text) };
            self.emit_connection(now, None, Body::Error(fault), out);
        }
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

    /// The time of an input: it never steps back (I7).
    pub(super) fn clock(&mut self, now: Timestamp) -> Timestamp {
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
        if error.severity == Severity::Fatal {
            // What was reported before is told before: the epoch ends here.
            let ids: Vec<LineId> = self.lines.keys().copied().collect();
            ids.into_iter().for_each(|id| self.flush(now, id, out));
        }
        let line = error.line.and_then(|line| self.lines.get(&line));
        // After its end only `callSaved` may name a call (I3).
        let call = error.key.as_ref().and_then(|key| line?.find(key)).and_then(|at| Some(line?.legs[at].id().clone()));
        let source = if error.native.is_some() { "phoneSystem" } else { "adapter" };
        let fault =
            Fault { call, source, native: error.native.clone(), ..Fault::new(error.code, error.severity, &error.text) };
        if error.severity != Severity::Fatal {
            return self.emit_fault(now, error.line, origin, fault, out);
        }
        // I19: what is fatal ends the epoch, whether the adapter says so or not. Its own `Down` then changes nothing.
        let loss = Loss { native: error.native.clone(), ..Loss::new(error.code, error.text.clone()) };
        self.emit_fault(now, error.line, origin, fault, out);
        if self.shared.link == Link::Up {
            self.lost(now, &loss, out);
        } else {
            self.shared.link = Link::Down;
            self.shared.loss = Some(loss);
        }
    }

    /// Keeps the index of deadlines true for a line.
    pub(super) fn index(&mut self, id: LineId) {
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
