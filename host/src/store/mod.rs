//! The history: every call that a phone system told of, on the disk.
//!
//! A connection writes what it tells into a journal ([`journal`]) before clients see it; one thread ([`writer`]) takes
//! it from there into the database and tells the connection what was committed, which makes `callSaved` of it. The
//! connection never waits for the database, and a host that was killed finds in the journal what the database did not
//! get. What is written of an event is [`entry`]'s and [`record`]'s business; both are pure.
//!
//! It is *not* the phone system's memory: what a phone system never told is not here.
//!
//! The types to know: [`Store`], [`Journal`] (a connection's end), [`Database`] (what SQLite and PostgreSQL are to all
//! this), [`CallRecord`].

pub mod database;
pub mod entry;
mod journal;
mod postgres;
pub mod query;
mod readers;
pub mod record;
pub mod retention;
mod rows;
pub mod schema;
mod server;
mod source;
mod sqlite;
#[cfg(test)]
mod tests;
pub mod upkeep;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwapOption;
use jackfield_plugin_api::{CallKey, LineId, Timestamp};

use crate::config::StoreConfig;
use crate::metrics::StoreMetrics;
use crate::model::{Event, KeptCall};
use entry::Book;
use journal::{Head, Tail};
use readers::Readers;
use writer::{Work, Writer};

pub use database::{Database, StoreError, Value};
pub use record::{CallLink, CallRecord, Outcome};
pub use rows::{Edit, Notice, Saved, StoredCall, commit, edit, find};
pub use server::Server;
pub use source::Source;

/// How long the start of the host waits for the database.
const START: Duration = Duration::from_secs(10);
/// A commit that takes longer is told: the history is behind.
const SLOW: Duration = Duration::from_secs(5);

/// The wall clock, in microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// What the store's parts share.
#[derive(Debug)]
struct Inner {
    source: Source,
    folder: PathBuf,
    /// How long calls are kept; none: for ever.
    keep: Option<Duration>,
    /// Whether the writer has been woken and has not looked yet.
    woken: AtomicBool,
    /// Why the database takes nothing now.
    trouble: ArcSwapOption<String>,
    /// Why a journal takes nothing now.
    journal_trouble: ArcSwapOption<String>,
    /// Since when the database has been at work, in microseconds since `began`; 0: it is not.
    busy_since: AtomicI64,
    began: Instant,
    metrics: StoreMetrics,
}

impl Inner {
    fn begins(&self) {
        let since = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.busy_since.store(since.max(1), Ordering::Relaxed);
    }

    fn ends(&self, took: Duration) {
        self.busy_since.store(0, Ordering::Relaxed);
        self.metrics.commit.observe(took.as_secs_f64());
    }

    fn written(&self, changes: u64) {
        self.metrics.written.inc_by(changes);
    }

    fn lost(&self, changes: u64) {
        self.metrics.lost.inc_by(changes);
    }

    /// Why the history is not up to date.
    fn trouble(&self) -> Option<String> {
        if let Some(why) = self.journal_trouble.load_full().or_else(|| self.trouble.load_full()) {
            return Some((*why).clone());
        }
        let since = u64::try_from(self.busy_since.load(Ordering::Relaxed)).unwrap_or(0);
        let busy = self.began.elapsed().saturating_sub(Duration::from_micros(since));
        (since > 0 && busy > SLOW).then(|| format!("the database has not answered for {} s", busy.as_secs()))
    }

    /// Whether this is news.
    fn failing(&self, why: &str) -> bool {
        self.metrics.failing.set(1);
        self.trouble.swap(Some(Arc::new(why.to_owned()))).is_none()
    }

    /// Whether this is news.
    fn recovered(&self) -> bool {
        self.metrics.failing.set(0);
        self.trouble.swap(None).is_some()
    }

    /// Leaves the time for the next life of the host: until then, calls that were up were alive.
    fn sign_of_life(&self) {
        // A disk that is full has no room for it either; calls then end a little earlier than they did.
        let _ = std::fs::write(self.folder.join("alive"), now().to_string());
    }
}

/// Tells that the thread that writes has fallen: the journals go on, and the next start of the host takes them up.
struct Guard(Arc<Inner>);

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("the thread that writes the history has fallen; start the host again");
            self.0.failing("the thread that writes has fallen; start the host again");
        }
    }
}

/// The history of a host. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
    work: mpsc::Sender<Work>,
    readers: Arc<Readers>,
    /// When the life of the host before this one was last seen.
    alive: i64,
}

/// The thread that writes. Waited for at the end.
#[derive(Debug)]
pub struct WriterThread {
    work: mpsc::Sender<Work>,
    thread: JoinHandle<()>,
    /// Two hosts that write into one folder would each take the other's calls away.
    _lock: std::fs::File,
}

/// What is known of a connection's calls when its host starts again.
#[derive(Debug, Default)]
pub struct Kept {
    /// Per line: its name, its last epoch, its calls in the order of their start.
    pub lines: Vec<(String, u64, Vec<KeptCall>)>,
}

impl Store {
    /// Opens the history and writes what lies in the journals. A database that is not there now does not keep the host
    /// from starting: what is told waits in the journal.
    ///
    /// # Errors
    /// What an administrator must mend: the folder of the journals, or a database of another version.
    pub fn open(config: &StoreConfig, metrics: StoreMetrics) -> Result<(Self, WriterThread), String> {
        let source = config.source().map_err(|expected| format!("store.url: expected {expected}"))?;
        let folder = config.pending_folder();
        let told = |what: &str, e: &dyn std::fmt::Display| format!("[store]: {what} {}: {e}", folder.display());
        journal::make_folder(&folder).map_err(|e| told("the folder of the journals,", &e))?;
        let lock = std::fs::File::create(folder.join("lock")).map_err(|e| told("the folder of the journals,", &e))?;
        lock.try_lock().map_err(|_| told("another host uses", &"every host needs a folder of its own"))?;
        let found = journal::found(&folder).map_err(|e| told("the folder of the journals,", &e))?;
        let alive = std::fs::read_to_string(folder.join("alive")).ok().and_then(|text| text.parse().ok());
        let (work, received) = mpsc::channel();
        let inner = Arc::new(Inner {
            source: source.clone(),
            folder: folder.clone(),
            keep: config.keep(),
            woken: AtomicBool::new(false),
            trouble: ArcSwapOption::empty(),
            journal_trouble: ArcSwapOption::empty(),
            busy_since: AtomicI64::new(0),
            began: Instant::now(),
            metrics,
        });
        let heads = found
            .iter()
            .map(|(connection, numbers)| Head::new(&folder, connection, numbers, 0, Arc::new(AtomicU64::new(0))));
        let mut writer = Writer::new(Arc::clone(&inner), received, heads.collect());
        match writer.catch_up(Instant::now() + START) {
            Ok(()) => {}
            Err(error @ StoreError::Invalid(_)) => return Err(format!("[store]: {error}")),
            Err(error) => {
                tracing::error!("the history cannot be written: {error}; the host starts without it, and catches up");
                inner.failing(&error.to_string());
            }
        }
        let thread = std::thread::Builder::new()
            .name("history".to_owned())
            .spawn({
                let guard = Guard(Arc::clone(&inner));
                move || {
                    let _guard = guard;
                    writer.run();
                }
            })
            .map_err(|e| format!("[store]: the thread that writes: {e}"))?;
        let alive = alive.unwrap_or(0);
        let store = Self { readers: Arc::new(Readers::new(source)), inner, work: work.clone(), alive };
        Ok((store, WriterThread { work, thread, _lock: lock }))
    }

    /// A connection's journal, and where it hears what was committed.
    #[must_use]
    pub fn journal(&self, connection: &str, limit: u64) -> (Journal, tokio::sync::mpsc::UnboundedReceiver<Notice>) {
        let oldest = Arc::new(AtomicU64::new(0));
        // What an earlier life left and the database has not taken yet, or the same connection before it was removed.
        let there = journal::found(&self.inner.folder).unwrap_or_default();
        let there = there.iter().find(|(id, _)| id == connection).and_then(|(_, numbers)| numbers.last().copied());
        let next = there.map_or(0, |last| last + 1);
        let (notices, saved) = tokio::sync::mpsc::unbounded_channel();
        let head = Head::new(&self.inner.folder, connection, &[], next, Arc::clone(&oldest));
        let tail = Tail::new(&self.inner.folder, connection, next, oldest, limit);
        // The writer lives as long as the store.
        let _ = self.work.send(Work::Attach { head, notices });
        (Journal { tail, book: Book::default(), buffer: Vec::new(), store: self.clone(), told: false }, saved)
    }

    /// Why the history is not up to date; none: it is.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.inner.trouble()
    }

    /// Which database.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.source.dialect().name()
    }

    /// Asks the database something.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut dyn Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(ask).await
    }

    /// Edits a call, if it is still of the expected revision. Else the call as it is; none: there is no such call.
    ///
    /// # Errors
    /// The database does not take it.
    pub async fn edit(
        &self,
        call_id: &str,
        expected: i64,
        edit: Edit,
    ) -> Result<Result<StoredCall, Option<StoredCall>>, StoreError> {
        if let Some(why) = self.trouble() {
            return Err(StoreError::Unavailable(why));
        }
        let (answer, wait) = tokio::sync::oneshot::channel();
        let stopping = || StoreError::Unavailable("the host is stopping".to_owned());
        let work = Work::Edit { call_id: call_id.to_owned(), expected, edit, answer };
        self.work.send(work).map_err(|_| stopping())?;
        wait.await.map_err(|_| stopping())?
    }

    /// The calls that were up on a connection when an earlier life of the host ended. Those of lines that are no more
    /// are ended, as estimated. `lines`: the lines there are now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn kept(&self, connection: &str, lines: Vec<String>, journal: &mut Journal) -> Result<Kept, StoreError> {
        let id = connection.to_owned();
        let (mut calls, states) = self.read(move |database| query::open_calls(database, &id)).await?;
        for line in &lines {
            let of_line = calls.iter_mut().map(|call| &mut call.record).filter(|record| record.line == *line);
            record::settle_focus(of_line);
        }
        let mut kept = Kept::default();
        for line in &lines {
            let epoch = states.iter().find(|state| state.line == *line).map_or(0, |state| state.epoch);
            kept.lines.push((line.clone(), u64::try_from(epoch).unwrap_or(0), Vec::new()));
        }
        let mut lost = Vec::new();
        for call in calls {
            let state = states.iter().find(|state| state.line == call.record.line);
            let last_seen = match state {
                Some(state) if !state.up => state.at,
                _ => self.alive,
            };
            // What was told of it after the last sign of life is one, too.
            let last_seen = last_seen.max(call.record.started_at).max(call.record.connected_at.unwrap_or(0));
            let line = kept.lines.iter_mut().find(|(name, ..)| *name == call.record.line);
            match (line, call.record.kept(Timestamp::from_micros(last_seen), &call.links)) {
                (Some((_, _, calls)), Some(restored)) => {
                    journal.book.restore(&call.record, call.change);
                    calls.push(restored);
                }
                _ => lost.push((call, last_seen)),
            }
        }
        if !lost.is_empty() {
            let (done, wait) = tokio::sync::oneshot::channel();
            if self.work.send(Work::Lost { calls: lost, done }).is_ok() {
                // A writer that ends has said why.
                let _ = wait.await;
            }
        }
        Ok(kept)
    }

    fn wake(&self) {
        if !self.inner.woken.swap(true, Ordering::SeqCst) {
            // The writer lives as long as the store.
            let _ = self.work.send(Work::Wake);
        }
    }
}

impl WriterThread {
    /// Writes what there is, and ends. What the database does not take is in the journals.
    pub async fn stop(self) {
        let _ = self.work.send(Work::Stop);
        // A thread that panicked has said so.
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await;
    }
}

/// The end at which a connection writes.
#[derive(Debug)]
pub struct Journal {
    tail: Tail,
    book: Book,
    buffer: Vec<u8>,
    store: Store,
    /// Whether trouble was told.
    told: bool,
}

impl Journal {
    /// Writes down what events tell, before anybody sees them. `key`: the adapter's name of a call that is up.
    pub fn note<'k>(&mut self, events: &[Event], key: impl Fn(LineId, &str) -> Option<&'k CallKey>) {
        self.buffer.clear();
        for event in events {
            if let Some(entry) = self.book.note(event, &key) {
                // Into memory: it cannot fail.
                let _ = serde_json::to_writer(&mut self.buffer, &entry);
                self.buffer.push(b'\n');
            }
        }
        if self.buffer.is_empty() {
            return;
        }
        let appended = self.tail.append(&self.buffer);
        self.appended(appended);
    }

    /// A recording of a call that is up is called so; it is written with the call's next event.
    pub fn recorded(&mut self, call_id: &str, reference: &str) {
        self.book.recorded(call_id, reference);
    }

    fn appended(&mut self, appended: std::io::Result<()>) {
        let inner = &self.store.inner;
        inner.lost(std::mem::take(&mut self.tail.lost));
        match appended {
            Ok(()) if inner.journal_trouble.load().is_none() => {}
            Ok(()) => {
                inner.journal_trouble.store(None);
                tracing::info!("the journal of the history is written again");
            }
            Err(error) => {
                if inner.journal_trouble.swap(Some(Arc::new(error.to_string()))).is_none() {
                    tracing::error!(
                        "the journal of the history cannot be written: {error}; what is told waits in memory"
                    );
                }
            }
        }
        self.store.wake();
    }

    /// Whether something waits in memory for the disk.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.tail.is_behind()
    }

    /// Writes what waited in memory for the disk. Whether something still does.
    pub fn flush(&mut self) -> bool {
        if self.tail.is_behind() {
            let flushed = self.tail.flush();
            self.appended(flushed);
        }
        self.tail.is_behind()
    }

    /// Trouble of the history that the connection's clients have not been told.
    pub fn news_of_trouble(&mut self) -> Option<String> {
        let trouble = self.store.trouble();
        let news = trouble.is_some() && !self.told;
        self.told = trouble.is_some();
        trouble.filter(|_| news)
    }

    /// The line of a name.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<LineId> {
        self.book.line(name)
    }

    /// Which database.
    #[must_use]
    pub fn store_name(&self) -> &'static str {
        self.store.name()
    }
}
