//! Who writes: one thread that takes what the journals hold, in groups, and tells the connections what was committed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::Inner;
use super::database::{Database, StoreError, transaction};
use super::entry::{CallChange, Entry, LineChange};
use super::journal::Head;
use super::retention;
use super::rows::{self, Edit, Notice, Saved, StoredCall};

/// The most changes of one commit.
const GROUP: usize = 256;
/// How often the thread looks for itself: the sign of life, what nobody woke it for.
const TURN: Duration = Duration::from_millis(500);
/// Between two tries, when the database does not take what it is given; doubling.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long the end of the host waits for the database. What is left is in the journals.
const LAST_TRY: Duration = Duration::from_secs(5);

/// What the thread is asked for.
pub(super) enum Work {
    /// There is something in a journal.
    Wake,
    /// A connection begins.
    Attach { head: Head, notices: mpsc::UnboundedSender<Notice> },
    /// Somebody edits a call.
    Edit { call_id: String, expected: i64, edit: Edit, answer: oneshot::Sender<Edited> },
    /// Calls of which nothing more will be heard.
    Lost { calls: Vec<(StoredCall, i64)>, done: oneshot::Sender<()> },
    /// The host ends.
    Stop,
}

/// What became of an edit: the row; or the row as it is, which is not the one expected; or none.
pub(super) type Edited = Result<Result<StoredCall, Option<StoredCall>>, StoreError>;

/// A connection's journal, and who hears what became of it.
struct Slot {
    head: Head,
    notices: Option<mpsc::UnboundedSender<Notice>>,
}

/// The thread's state.
pub(super) struct Writer {
    inner: Arc<Inner>,
    database: Option<Box<dyn Database>>,
    slots: BTreeMap<String, Slot>,
    work: Receiver<Work>,
    stopping: Option<Instant>,
    wait: Duration,
    cleaned: Option<Instant>,
}

/// A group of changes that are committed together.
#[derive(Default)]
struct Group {
    calls: Vec<CallChange>,
    lines: Vec<LineChange>,
}

impl Group {
    fn len(&self) -> usize {
        self.calls.len() + self.lines.len()
    }
}

impl Writer {
    /// `heads`: the journals that an earlier life of the host left.
    pub(super) fn new(inner: Arc<Inner>, work: Receiver<Work>, heads: Vec<Head>) -> Self {
        let slots = heads.into_iter().map(|head| (head.connection().to_owned(), Slot { head, notices: None }));
        Self { inner, database: None, slots: slots.collect(), work, stopping: None, wait: FIRST_WAIT, cleaned: None }
    }

    /// Writes what lies there, until all of it is in the database or `until` has come.
    pub(super) fn catch_up(&mut self, until: Instant) -> Result<(), StoreError> {
        loop {
            match self.write_all() {
                Ok(()) => {
                    // The journals begin anew.
                    std::mem::take(&mut self.slots).into_values().for_each(|slot| slot.head.remove());
                    return Ok(());
                }
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => std::thread::sleep(FIRST_WAIT),
            }
        }
    }

    /// Writes until the host ends.
    pub(super) fn run(mut self) {
        let mut next_sign = Instant::now();
        loop {
            match self.work.recv_timeout(TURN) {
                Ok(work) => self.take(work),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.stopping = Some(Instant::now()),
            }
            self.inner.woken.store(false, Ordering::SeqCst);
            while let Ok(work) = self.work.try_recv() {
                self.take(work);
            }
            self.turn();
            if Instant::now() >= next_sign {
                self.inner.sign_of_life();
                next_sign = Instant::now() + Duration::from_secs(1);
            }
            if let Some(since) = self.stopping
                && (self.inner.trouble().is_none() || since.elapsed() > LAST_TRY)
            {
                self.inner.sign_of_life();
                return;
            }
        }
    }

    /// Writes what there is; waits a while when the database does not take it.
    fn turn(&mut self) {
        match self.write_all() {
            Ok(()) => {
                if self.inner.recovered() {
                    tracing::info!("the history is written again");
                }
                self.wait = FIRST_WAIT;
                self.clean();
            }
            Err(error) => {
                if self.inner.failing(&error.to_string()) {
                    tracing::error!("the history cannot be written: {error}; what is told waits in the journal");
                    for notices in self.slots.values().filter_map(|slot| slot.notices.as_ref()) {
                        // A connection that has ended does not hear.
                        let _ = notices.send(Notice::Trouble);
                    }
                }
                for slot in self.slots.values() {
                    // A file that cannot be put on the disk is told by the next write.
                    let _ = slot.head.sync();
                }
                self.wait_for_the_database();
            }
        }
    }

    fn wait_for_the_database(&mut self) {
        let until = Instant::now() + self.wait;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match self.work.recv_timeout(left) {
                Ok(work) => self.take(work),
                Err(_) => return,
            }
            self.inner.woken.store(false, Ordering::SeqCst);
            if self.stopping.is_some() {
                return;
            }
        }
    }

    fn take(&mut self, work: Work) {
        match work {
            Work::Wake => {}
            Work::Stop => self.stopping = Some(Instant::now()),
            Work::Attach { head, notices } => {
                let connection = head.connection().to_owned();
                match self.slots.get_mut(&connection) {
                    // What lies there is read on; the new segments follow.
                    Some(slot) => {
                        slot.head.adopt(&head);
                        slot.notices = Some(notices);
                    }
                    None => drop(self.slots.insert(connection, Slot { head, notices: Some(notices) })),
                }
            }
            Work::Edit { call_id, expected, edit, answer } => {
                let edited = self.edit(&call_id, expected, &edit);
                // Who has gone away finds it edited.
                let _ = answer.send(edited);
            }
            Work::Lost { calls, done } => {
                let lost = self.with(|database| {
                    transaction(database, |database| {
                        for (call, last_seen) in &calls {
                            let mut record = call.record.clone();
                            record.lose(*last_seen);
                            rows::write_call(database, call.change + 1, &record, super::now())?;
                        }
                        Ok(())
                    })
                });
                if let Err(error) = lost {
                    tracing::error!("calls that nobody ended stay open until the next start: {error}");
                }
                let _ = done.send(());
            }
        }
    }

    /// Does something with the database; opens it first when it is not.
    fn with<T>(&mut self, work: impl FnOnce(&mut dyn Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.database.is_none() {
            self.database = Some(self.inner.source.open()?);
        }
        let Some(database) = &mut self.database else { return Err(StoreError::Unavailable("not open".to_owned())) };
        let begin = Instant::now();
        self.inner.begins();
        let done = work(database.as_mut());
        self.inner.ends(begin.elapsed());
        if matches!(done, Err(StoreError::Unavailable(_))) {
            // Whatever is wrong with it, a new connection is no worse.
            self.database = None;
        }
        done
    }

    fn edit(&mut self, call_id: &str, expected: i64, edit: &Edit) -> Edited {
        // What the phone system told before comes first.
        self.write_all()?;
        let edited =
            self.with(|database| transaction(database, |database| rows::edit(database, call_id, expected, edit)))?;
        if let Ok(call) = &edited {
            self.tell(
                &call.record.connection,
                Saved {
                    line: call.record.line.clone(),
                    call_id: call.record.call_id.clone(),
                    revision: call.revision,
                    is_final: call.record.is_final(),
                    links: edit.links.clone(),
                },
            );
        }
        Ok(edited)
    }

    fn tell(&self, connection: &str, saved: Saved) {
        if let Some(notices) = self.slots.get(connection).and_then(|slot| slot.notices.as_ref()) {
            // A connection that has ended does not hear.
            let _ = notices.send(Notice::Saved(saved));
        }
    }

    /// Writes what the journals hold.
    fn write_all(&mut self) -> Result<(), StoreError> {
        let connections: Vec<String> = self.slots.keys().cloned().collect();
        // Asked before the journals are read: who has ended by now has written its last.
        let ended = |slot: &Slot| slot.notices.as_ref().is_some_and(mpsc::UnboundedSender::is_closed);
        let gone: Vec<String> = self.slots.iter().filter(|(_, slot)| ended(slot)).map(|(id, _)| id.clone()).collect();
        loop {
            let mut more = false;
            for connection in &connections {
                more |= self.write_some(connection)?;
            }
            if !more {
                break;
            }
        }
        for id in gone {
            if let Some(slot) = self.slots.remove(&id) {
                slot.head.remove();
            }
        }
        // Opened though there is nothing to write: whether it can be is to be known before it is needed.
        if self.database.is_none() { self.with(|_| Ok(())) } else { Ok(()) }
    }

    /// Writes a group of one connection. Whether there may be more.
    fn write_some(&mut self, connection: &str) -> Result<bool, StoreError> {
        let Some(slot) = self.slots.get_mut(connection) else { return Ok(false) };
        let mut group = Group::default();
        let mut unreadable = 0u64;
        let lines = slot.head.read(GROUP, |line| match serde_json::from_slice(line) {
            Ok(Entry::Call(change)) => group.calls.push(*change),
            Ok(Entry::Line(change)) => group.lines.push(change),
            Err(_) => unreadable += 1,
        });
        if unreadable > 0 {
            tracing::error!(connection, "{unreadable} lines of the journal cannot be read, and are left out");
            self.inner.lost(unreadable);
        }
        let lines = match lines {
            Ok(lines) => lines,
            Err(error) => {
                slot.head.again();
                return Err(StoreError::Unavailable(format!("the journal of connection `{connection}`: {error}")));
            }
        };
        if lines == 0 {
            return Ok(false);
        }
        let committed = match self.commit(&group) {
            Err(StoreError::Invalid(_)) if group.len() > 1 => self.commit_each(group),
            Err(StoreError::Invalid(why)) => {
                tracing::error!(connection, "a change that the database cannot take is left out: {why}");
                self.inner.lost(1);
                Ok(Vec::new())
            }
            committed => committed,
        };
        let Some(slot) = self.slots.get_mut(connection) else { return Ok(false) };
        match committed {
            Ok(saved) => {
                slot.head.done();
                for saved in saved {
                    self.tell(connection, saved);
                }
                Ok(lines == GROUP)
            }
            Err(error) => {
                slot.head.again();
                Err(error)
            }
        }
    }

    fn commit(&mut self, group: &Group) -> Result<Vec<Saved>, StoreError> {
        let saved_at = super::now();
        let saved = self.with(|database| rows::commit(database, &group.calls, &group.lines, saved_at))?;
        self.inner.written(group.len() as u64);
        Ok(saved)
    }

    /// One of a group cannot be taken: the others are.
    fn commit_each(&mut self, group: Group) -> Result<Vec<Saved>, StoreError> {
        let mut all = Vec::new();
        let calls = group.calls.into_iter().map(|call| Group { calls: vec![call], lines: Vec::new() });
        let lines = group.lines.into_iter().map(|line| Group { calls: Vec::new(), lines: vec![line] });
        for one in calls.chain(lines) {
            match self.commit(&one) {
                Ok(saved) => all.extend(saved),
                Err(StoreError::Invalid(why)) => {
                    tracing::error!("a change that the database cannot take is left out: {why}");
                    self.inner.lost(1);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Forgets what is older than the administrator wants, once in a while.
    fn clean(&mut self) {
        let Some(keep) = self.inner.keep else { return };
        if self.cleaned.is_some_and(|last| last.elapsed() < retention::EVERY) {
            return;
        }
        let before = super::now() - i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
        match self.with(|database| retention::forget_some(database, before)) {
            // There is more: the next turn goes on, after what the phone systems tell.
            Ok(count) if count == retention::AT_ONCE => {}
            Ok(_) => self.cleaned = Some(Instant::now()),
            Err(error) => {
                tracing::warn!("old calls cannot be forgotten: {error}");
                self.cleaned = Some(Instant::now());
            }
        }
    }
}
