//! One client, as the hub sees it: what waits for it, and where it stands in each line's log.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use bytes::Bytes;
use tokio::task::AbortHandle;

use super::joining::Joining;
use super::outlet::{MOST_PIECES, Outlet};
use super::pieces::{Logs, Pieces};
use super::{LineKey, NewSession, SessionId, SessionState};

/// The most bytes that may wait for a client apart from the logs: answers, snapshots.
const MOST_WAITING: usize = 4 * 1024 * 1024;

/// A line of a session.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) line: LineKey,
    pub(super) cursor: Cursor,
    /// Whether it stands in `dirty`.
    queued: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    /// Everything before this position of the log was sent.
    At(u64),
    /// A view was asked for.
    Waiting { resume: Option<(u64, u64)> },
    /// A view must be asked for (again).
    Asking,
}

/// What became of a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Everything is out.
    Done,
    /// The socket is full.
    Blocked,
    /// The client has fallen out of a line's log.
    Overflow,
    /// The socket is broken.
    Broken,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) outlet: Outlet,
    pub(super) reader: AbortHandle,
    pub(super) heard: Arc<AtomicU64>,
    pub(super) subscriptions: Vec<Option<Subscription>>,
    pub(super) joining: VecDeque<Joining>,
    /// The lines whose raw messages it wants.
    pub(super) raw: Vec<LineKey>,
    /// Whether the hub is to write to it in this round.
    pub(super) due: bool,
    pub(super) blocked: bool,
    pub(super) closing: bool,
    direct: VecDeque<Bytes>,
    waiting: usize,
    dirty: VecDeque<usize>,
    /// The first piece of `direct` is the rest of a frame whose beginning is out.
    begun: bool,
}

impl Session {
    pub(super) fn new(new: NewSession) -> Self {
        Self {
            outlet: new.outlet,
            reader: new.reader,
            heard: new.heard,
            subscriptions: Vec::new(),
            joining: VecDeque::new(),
            raw: Vec::new(),
            due: false,
            blocked: false,
            closing: false,
            direct: VecDeque::new(),
            waiting: 0,
            dirty: VecDeque::new(),
            begun: false,
        }
    }

    /// What is known of it.
    pub(super) fn state(&self, id: SessionId) -> SessionState {
        SessionState {
            id,
            lines: self.subscriptions.iter().flatten().map(|subscription| subscription.line).collect(),
            waiting: self.waiting,
            blocked: self.blocked,
            raw: !self.raw.is_empty(),
        }
    }

    /// Puts a frame into the queue. `false`: too much waits.
    pub(super) fn push(&mut self, frame: Bytes) -> bool {
        if self.closing || frame.is_empty() {
            return true;
        }
        self.waiting += frame.len();
        self.direct.push_back(frame);
        self.waiting <= MOST_WAITING
    }

    /// Puts what the logs have for this session before whatever is queued next. A line with too much of it is shown
    /// anew instead.
    pub(super) fn line_up(&mut self, logs: &Logs) {
        for index in std::mem::take(&mut self.dirty) {
            let Some(Some(subscription)) = self.subscriptions.get_mut(index) else { continue };
            subscription.queued = false;
            let (Cursor::At(position), Some(log)) = (subscription.cursor, logs.get(&subscription.line)) else {
                continue;
            };
            let size = usize::try_from(log.end() - position).unwrap_or(usize::MAX);
            if position < log.start() || self.waiting.saturating_add(size) > MOST_WAITING / 2 {
                subscription.cursor = Cursor::Asking;
                continue;
            }
            subscription.cursor = Cursor::At(log.end());
            self.waiting += size;
            self.direct.extend(log.from(position));
        }
    }

    /// Forgets what waits, so that a close frame is the next thing the client gets (after a frame that was begun).
    /// What it saw until now.
    pub(super) fn forget(&mut self) -> Vec<LineKey> {
        self.direct.truncate(usize::from(self.begun));
        self.waiting = self.direct.iter().map(Bytes::len).sum();
        self.dirty.clear();
        self.subscriptions.drain(..).flatten().map(|subscription| subscription.line).collect()
    }

    pub(super) fn subscription(&mut self, line: LineKey) -> Option<(usize, &mut Subscription)> {
        self.subscriptions
            .iter_mut()
            .enumerate()
            .find_map(|(i, s)| s.as_mut().filter(|s| s.line == line).map(|s| (i, s)))
    }

    pub(super) fn subscribe(&mut self, line: LineKey, resume: Option<(u64, u64)>) -> usize {
        let new = Some(Subscription { line, cursor: Cursor::Waiting { resume }, queued: false });
        if let Some(free) = self.subscriptions.iter().position(Option::is_none) {
            self.subscriptions[free] = new;
            return free;
        }
        self.subscriptions.push(new);
        self.subscriptions.len() - 1
    }

    /// Takes a line out. `false`: it was not there.
    pub(super) fn unsubscribe(&mut self, line: LineKey) -> bool {
        let Some((index, _)) = self.subscription(line) else { return false };
        self.subscriptions[index] = None;
        // The place may be another line's soon.
        self.dirty.retain(|i| *i != index);
        true
    }

    /// A line has news at `index`.
    pub(super) fn news(&mut self, index: usize) {
        if let Some(Some(subscription)) = self.subscriptions.get_mut(index)
            && !subscription.queued
        {
            subscription.queued = true;
            self.dirty.push_back(index);
        }
    }

    /// Writes what waits, then what the logs have, until the socket is full. `next` is memory for one write.
    pub(super) fn flush(&mut self, logs: &Logs, next: &mut Pieces) -> Flushed {
        loop {
            next.clear();
            for piece in self.direct.iter().take(MOST_PIECES) {
                next.push(piece.clone());
            }
            let direct = next.pieces.len();
            if self.joining.is_empty() && !self.closing && !self.gather(logs, next) {
                if direct == 0 {
                    return Flushed::Overflow;
                }
                // What waits goes first; nothing of the logs until the client knows that it fell behind.
                next.pieces.truncate(direct);
                next.from_logs.clear();
            }
            if next.pieces.is_empty() {
                return Flushed::Done;
            }
            match self.outlet.write(&next.pieces) {
                Ok(0) => return Flushed::Broken,
                Ok(written) => self.written(written, direct, &next.from_logs, logs),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(_) => return Flushed::Broken,
            }
            if self.direct.is_empty() && self.dirty.is_empty() {
                return Flushed::Done;
            }
        }
    }

    /// Adds what the logs of dirty lines have. `false`: something that was not sent has fallen out of one.
    fn gather(&mut self, logs: &Logs, next: &mut Pieces) -> bool {
        for index in &self.dirty {
            if next.is_full() {
                break;
            }
            let Some(Some(subscription)) = self.subscriptions.get(*index) else { continue };
            let (Cursor::At(position), Some(log)) = (subscription.cursor, logs.get(&subscription.line)) else {
                continue;
            };
            if position < log.start() {
                return false;
            }
            next.push_from(*index, subscription.line, log, position);
        }
        true
    }

    /// Moves queue and cursors on by what was written.
    fn written(&mut self, written: usize, direct: usize, from_logs: &[(usize, usize)], logs: &Logs) {
        let mut left = written;
        for _ in 0..direct {
            let Some(front) = self.direct.front_mut() else { break };
            if left < front.len() {
                self.waiting -= left;
                if left > 0 {
                    *front = front.slice(left..);
                    self.begun = true;
                }
                return;
            }
            left -= front.len();
            self.waiting -= front.len();
            self.direct.pop_front();
            self.begun = false;
        }
        for (index, length) in from_logs {
            let taken = left.min(*length);
            left -= taken;
            self.advance(*index, taken, logs);
        }
        self.dirty.retain(|index| {
            let Some(Some(s)) = self.subscriptions.get_mut(*index) else { return false };
            let behind = match (s.cursor, logs.get(&s.line)) {
                (Cursor::At(position), Some(log)) => position < log.end(),
                _ => false,
            };
            s.queued = behind;
            behind
        });
    }

    /// Moves a cursor on. In the middle of a frame, the rest of it goes first, whatever falls out of the log.
    fn advance(&mut self, index: usize, by: usize, logs: &Logs) {
        let Some(Some(subscription)) = self.subscriptions.get_mut(index) else { return };
        let Cursor::At(position) = subscription.cursor else { return };
        let mut position = position + by as u64;
        if let Some(log) = logs.get(&subscription.line) {
            let rest = log.rest_of_frame(position);
            if !rest.is_empty() {
                position += rest.len() as u64;
                self.waiting += rest.len();
                self.direct.push_front(rest);
                self.begun = true;
            }
        }
        subscription.cursor = Cursor::At(position);
    }
}
