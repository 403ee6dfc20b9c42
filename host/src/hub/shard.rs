//! The hub's task: the one owner of logs, sessions and cursors.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

use super::counted::CountedMap;
use super::joining::Joining;
use super::log::LineLog;
use super::pieces::{Logs, Pieces};
use super::session::{Cursor, Flushed, Session};
use super::{AskView, Audience, LineKey, PING_EVERY, SessionId, ToHub, View, ViewReason, Wanted, close_code, frame};
use crate::metrics::HubMetrics;

/// Messages taken at once: what came together is written together.
const DRAIN: usize = 1_024;
/// Sessions served before others get a turn on this core.
const YIELD_EVERY: usize = 256;
/// How long a client that was closed may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Who sees a line, and where in the session's list.
type Subscribers = Vec<(SessionId, usize)>;

pub(super) struct Shard {
    ask: AskView,
    own: mpsc::WeakSender<ToHub>,
    ticks: Arc<AtomicU64>,
    metrics: HubMetrics,
    raw: Arc<AtomicU64>,
    logs: Logs,
    subscribers: CountedMap<LineKey, Subscribers>,
    /// Lines of which somebody wants to know whether anybody sees them.
    audiences: HashMap<LineKey, Arc<Audience>>,
    /// Boxed: a map that grows is copied, and half of it may be empty.
    sessions: CountedMap<SessionId, Box<Session>>,
    /// Those that want raw messages: few of many.
    raw_readers: BTreeSet<SessionId>,
    /// Lines with events that their sessions have not been told of.
    news: Vec<LineKey>,
    /// Sessions with something to write, as far as they are still [`due`](Session::due).
    due: VecDeque<SessionId>,
    next: Pieces,
    /// When the bytes came whose events are on their way.
    born: Vec<Instant>,
}

impl Shard {
    pub(super) fn new(
        ask: AskView,
        own: mpsc::WeakSender<ToHub>,
        ticks: Arc<AtomicU64>,
        metrics: HubMetrics,
        raw: Arc<AtomicU64>,
    ) -> Self {
        Self {
            ask,
            own,
            ticks,
            metrics,
            raw,
            logs: Logs::default(),
            subscribers: CountedMap::default(),
            audiences: HashMap::new(),
            sessions: CountedMap::default(),
            raw_readers: BTreeSet::new(),
            news: Vec::new(),
            due: VecDeque::new(),
            next: Pieces::default(),
            born: Vec::new(),
        }
    }

    pub(super) async fn run(mut self, mut from: mpsc::Receiver<ToHub>) {
        let mut messages = Vec::with_capacity(DRAIN);
        let mut tick = tokio::time::interval(PING_EVERY / 2);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                count = from.recv_many(&mut messages, DRAIN) => {
                    if count == 0 {
                        return;
                    }
                    for message in messages.drain(..) {
                        self.take(message);
                    }
                }
                _ = tick.tick() => self.tick(),
            }
            self.flush().await;
            for born in self.born.drain(..) {
                self.metrics.latency.observe(born.elapsed().as_secs_f64());
            }
        }
    }

    fn take(&mut self, message: ToHub) {
        // Events of one line that come together are told to its sessions once.
        if !matches!(message, ToHub::Publish { .. }) {
            self.tell_news();
        }
        match message {
            ToHub::Publish { line, batch } => self.publish(line, batch),
            ToHub::Notice { lines, frame } => self.notice(&lines, &frame),
            ToHub::View { session, line, view } => self.view(session, line, view),
            ToHub::Line { line, replay } => {
                self.logs.entry(line).or_insert_with(|| LineLog::new(replay)).keep(replay);
            }
            ToHub::Forget { line } => {
                self.logs.remove(&line);
                self.next.end_round();
                self.audiences.remove(&line);
                for (id, _) in self.subscribers.remove(&line).unwrap_or_default() {
                    self.sessions.get_mut(&id).map(|session| session.unsubscribe(line));
                }
            }
            ToHub::Audience { line, audience } => {
                match audience {
                    Some(audience) => drop(self.audiences.insert(line, audience)),
                    None => drop(self.audiences.remove(&line)),
                }
                self.tell_audience(line);
            }
            ToHub::Join(new) => {
                self.sessions.insert(new.id, Box::new(Session::new(new)));
                self.recount();
            }
            ToHub::Want { session, id, lines, answer } => self.want(session, id, lines, answer),
            ToHub::Unwant { session, lines } => self.unwant(session, &lines),
            ToHub::WantRaw { session, lines } => {
                if let Some(s) = self.sessions.get_mut(&session) {
                    s.raw = lines;
                    match s.raw.is_empty() {
                        true => self.raw_readers.remove(&session),
                        false => self.raw_readers.insert(session),
                    };
                    self.recount();
                }
            }
            ToHub::Raw { lines, frame } => {
                let wants = |s: &Session| !s.blocked && s.raw.iter().any(|l| lines.contains(l));
                let readers = self.raw_readers.iter().copied();
                let who: Vec<_> = readers.filter(|id| self.sessions.get(id).is_some_and(|s| wants(s))).collect();
                for id in who {
                    self.push(id, frame.clone());
                }
            }
            ToHub::Frame { session, frame } => self.answer(session, frame),
            ToHub::Writable { session } => {
                if let Some(s) = self.sessions.get_mut(&session) {
                    s.blocked = false;
                    due(&mut self.due, session, s);
                }
            }
            ToHub::Close { session, code, reason } => self.close(session, code, &reason),
            ToHub::Gone { session } => self.remove(session),
            ToHub::Sessions { of, answer } => {
                let states = of.into_iter().filter_map(|id| Some(self.sessions.get(&id)?.state(id)));
                let _ = answer.send(states.collect());
            }
            ToHub::IsThere { session, answer } => {
                let _ = answer.send(self.sessions.get(&session).is_some_and(|s| !s.closing));
            }
            ToHub::StopAll { last, code, reason } => {
                for id in self.sessions.keys().copied().collect::<Vec<_>>() {
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.joining.clear();
                    }
                    self.answer(id, last.clone());
                    self.close(id, code, &reason);
                }
            }
        }
    }

    fn recount(&self) {
        self.raw.store(self.raw_readers.len() as u64, Ordering::Relaxed);
        self.metrics.sessions.set(i64::try_from(self.sessions.len()).unwrap_or(i64::MAX));
    }

    /// Tells whether anybody sees a line now, if somebody wants to know.
    fn tell_audience(&self, line: LineKey) {
        if let Some(audience) = self.audiences.get(&line) {
            audience.set(self.subscribers.get(&line).is_some_and(|s| !s.is_empty()));
        }
    }

    /// A session does not see these lines any more.
    fn leave(&mut self, id: SessionId, lines: impl IntoIterator<Item = LineKey>) {
        for line in lines {
            if let Some(subscribers) = self.subscribers.get_mut(&line) {
                subscribers.retain(|(who, _)| *who != id);
            }
            self.tell_audience(line);
        }
    }

    fn publish(&mut self, line: LineKey, batch: super::Batch) {
        let Some(log) = self.logs.get_mut(&line) else { return };
        let born = batch.born;
        log.push(batch);
        if self.subscribers.get(&line).is_some_and(|s| !s.is_empty()) {
            self.born.extend(born);
            if self.news.last() != Some(&line) {
                self.news.push(line);
            }
        }
    }

    fn tell_news(&mut self) {
        for line in self.news.drain(..) {
            for (id, index) in self.subscribers.get(&line).into_iter().flatten() {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.news(*index);
                    if !session.blocked {
                        due(&mut self.due, *id, session);
                    }
                }
            }
        }
    }

    fn notice(&mut self, lines: &[LineKey], frame: &Bytes) {
        let who: BTreeSet<SessionId> =
            lines.iter().filter_map(|l| self.subscribers.get(l)).flatten().map(|(id, _)| *id).collect();
        for id in who {
            self.push(id, frame.clone());
        }
    }

    /// A frame after the events that were published before it, also when the socket is full or other answers wait
    /// for their views.
    fn answer(&mut self, id: SessionId, frame: Bytes) {
        self.flush_one(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(joining) = session.joining.back_mut() {
            joining.after.push(frame);
            return;
        }
        session.line_up(&self.logs);
        self.push(id, frame);
    }

    fn push(&mut self, id: SessionId, frame: Bytes) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.push(frame) {
            due(&mut self.due, id, session);
        } else {
            let lines = session.forget();
            self.leave(id, lines);
            self.close(id, close_code::TOO_SLOW, "too much waits for this client: it does not read");
        }
    }

    fn want(&mut self, id: SessionId, request: Value, wanted: Vec<Wanted>, answer: Vec<u8>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let mut new = Vec::new();
        session.joining.push_back(Joining::new(request, answer, wanted.iter().map(|wanted| wanted.line)));
        for Wanted { line, resume } in wanted {
            // A line that is seen already is shown again from its present state.
            if let Some((_, subscription)) = session.subscription(line) {
                subscription.cursor = Cursor::Waiting { resume };
                continue;
            }
            let index = session.subscribe(line, resume);
            self.subscribers.entry(line).or_default().push((id, index));
            new.push(line);
        }
        for line in new {
            self.tell_audience(line);
        }
        self.joined(id);
    }

    fn unwant(&mut self, id: SessionId, lines: &[LineKey]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let left: Vec<LineKey> = lines.iter().copied().filter(|line| session.unsubscribe(*line)).collect();
        self.leave(id, left);
    }

    fn view(&mut self, id: SessionId, line: LineKey, view: View) {
        let (Some(session), Some(log)) = (self.sessions.get_mut(&id), self.logs.get(&line)) else { return };
        let (mut prelude, mut resumed) = (Bytes::new(), None);
        // A line that was left meanwhile is still part of the answer, and nothing more.
        if let Some((index, subscription)) = session.subscription(line) {
            // A line without an epoch has nothing to go on from: what its log has is of the time before it was closed.
            if let Cursor::Waiting { resume: Some((epoch, seq)) } = subscription.cursor
                && view.has_epoch
            {
                resumed = log.resume(epoch, seq);
            }
            if resumed.is_none() {
                prelude = view.prelude;
            }
            // What was published before the view is part of it.
            subscription.cursor = Cursor::At(resumed.unwrap_or_else(|| log.end()));
            session.news(index);
        }
        if let Some(joining) = session.joining.iter_mut().find(|joining| joining.waits_for(line)) {
            joining.came(line, view.status, resumed.is_some());
            joining.after.push(prelude);
            self.joined(id);
        } else if let Some(joining) = session.joining.back_mut() {
            joining.after.push(prelude);
        } else {
            self.push(id, prelude);
        }
    }

    /// Answers `hello` and `subscribe` once all views are there, in the order they were asked.
    fn joined(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let mut frames = Vec::new();
        while session.joining.front().is_some_and(Joining::is_whole) {
            frames.extend(session.joining.pop_front().into_iter().flat_map(Joining::frames));
        }
        // A session joins once, and is there for hours.
        if session.joining.is_empty() {
            session.joining = VecDeque::new();
        }
        for frame in frames {
            self.push(id, frame);
        }
    }

    fn close(&mut self, id: SessionId, code: u16, reason: &str) {
        self.flush_one(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.closing {
            return;
        }
        session.push(frame::close(code, reason));
        session.closing = true;
        due(&mut self.due, id, session);
        let own = self.own.clone();
        tokio::spawn(async move {
            tokio::time::sleep(GOODBYE).await;
            if let Some(own) = own.upgrade() {
                let _ = own.send(ToHub::Gone { session: id }).await;
            }
        });
    }

    fn remove(&mut self, id: SessionId) {
        let Some(session) = self.sessions.remove(&id) else { return };
        self.raw_readers.remove(&id);
        session.reader.abort();
        self.leave(id, session.subscriptions.into_iter().flatten().map(|subscription| subscription.line));
        self.recount();
    }

    /// Twice per ping: pings every second time, finds the dead, asks again for views that were refused.
    fn tick(&mut self) {
        let now = self.ticks.fetch_add(1, Ordering::Relaxed) + 1;
        let mut dead = Vec::new();
        for (id, session) in &mut self.sessions {
            // Heard at least every second tick; five without a sign are two missed pings.
            if now.saturating_sub(session.heard.load(Ordering::Relaxed)) > 5 {
                dead.push(*id);
                continue;
            }
            if now.is_multiple_of(2) && !session.blocked {
                session.push(frame::ping());
            }
            due(&mut self.due, *id, session);
        }
        for id in dead {
            tracing::info!(session = %id, "a client has gone silent: dropped");
            self.metrics.silent.inc();
            self.remove(id);
        }
    }

    async fn flush(&mut self) {
        self.tell_news();
        let mut served = 0;
        while let Some(id) = self.due.pop_front() {
            self.flush_one(id);
            served += 1;
            if served % YIELD_EVERY == 0 {
                tokio::task::yield_now().await;
            }
        }
        self.next.end_round();
    }

    /// Writes to a session that is due.
    fn flush_one(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !std::mem::take(&mut session.due) || session.blocked {
            return;
        }
        match session.flush(&self.logs, &mut self.next) {
            Flushed::Done => {
                if session.closing {
                    session.outlet.finish();
                }
                ask_again(&self.ask, id, session);
            }
            Flushed::Blocked => {
                session.blocked = true;
                let (writable, own) = (session.outlet.writable(), self.own.clone());
                tokio::spawn(async move {
                    writable.await;
                    if let Some(own) = own.upgrade() {
                        let _ = own.send(ToHub::Writable { session: id }).await;
                    }
                });
            }
            Flushed::Overflow => {
                self.metrics.overflows.inc();
                for subscription in session.subscriptions.iter_mut().flatten() {
                    let behind = self.logs.get(&subscription.line).map_or(0, LineLog::start);
                    if matches!(subscription.cursor, Cursor::At(position) if position < behind) {
                        subscription.cursor = Cursor::Asking;
                    }
                }
                ask_again(&self.ask, id, session);
                due(&mut self.due, id, session);
            }
            Flushed::Broken => self.remove(id),
        }
    }
}

/// The session has something to write in this round.
fn due(queue: &mut VecDeque<SessionId>, id: SessionId, session: &mut Session) {
    if !std::mem::replace(&mut session.due, true) {
        queue.push_back(id);
    }
}

/// Asks for the views that could not be asked for before.
fn ask_again(ask: &AskView, id: SessionId, session: &mut Session) {
    for subscription in session.subscriptions.iter_mut().flatten() {
        if subscription.cursor == Cursor::Asking && ask(id, subscription.line, ViewReason::Overflow) {
            subscription.cursor = Cursor::Waiting { resume: None };
        }
    }
}
