//! Fan-out: one log of framed bytes per line, one cursor per session and line.
//!
//! Events are framed once by the connection and shared. The hub's task owns logs, sessions and cursors; it writes to
//! the sockets itself and never waits for one: a client that does not read falls behind, out of the log, and gets a
//! fresh snapshot; one that cannot take even that is closed. Nothing here knows what an event means.
//!
//! The types to know: [`Hub`] (the handle), [`Batch`] (events on their way), [`View`] (a line as it is now, for one
//! session).

mod audience;
mod counted;
pub mod frame;
mod joining;
mod log;
mod outlet;
mod pieces;
mod session;
mod shard;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::metrics::HubMetrics;

pub use audience::Audience;
pub use log::Batch;
pub use outlet::Outlet;

/// How much may wait between connections and the hub. A connection that fills it waits for the hub, never for a client.
const QUEUE: usize = 16_384;

/// A line, in the whole host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineKey(pub u32);

/// A client's socket, in the whole host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s-{}", self.0)
    }
}

impl std::str::FromStr for SessionId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix("s-").unwrap_or_default().parse().map(Self)
    }
}

/// Close codes of MODEL M4.
pub mod close_code {
    /// In order.
    pub const NORMAL: u16 = 1000;
    /// Not the protocol.
    pub const PROTOCOL: u16 = 4400;
    /// No `hello`, or no valid token.
    pub const NOT_AUTHENTICATED: u16 = 4401;
    /// The token is valid, what was asked is not allowed.
    pub const FORBIDDEN: u16 = 4403;
    /// What the client was told of its rights is not true any more.
    pub const REPLACED: u16 = 4409;
    /// Reads too slowly.
    pub const TOO_SLOW: u16 = 4408;
    /// The host is stopping.
    pub const STOPPING: u16 = 4503;
}

/// Why a session wants to see a line as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewReason {
    /// It is new.
    Session,
    /// It fell behind.
    Overflow,
    /// It asked (`queryActiveCallSnapshot` …).
    Query,
}

/// A line as it is now, for one session.
#[derive(Debug, Clone)]
pub struct View {
    /// Frames that show it: `initialized`, `activeCallSnapshot` …
    pub prelude: Bytes,
    /// The line's entry in the answer to `hello`, without `resumed`: a JSON object.
    pub status: Vec<u8>,
    /// Whether the line has an epoch now. Without, a client has nothing to go on from.
    pub has_epoch: bool,
}

/// A line that a session wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The line.
    pub line: LineKey,
    /// The epoch and number up to which the client has seen its events.
    pub resume: Option<(u64, u64)>,
}

/// How the hub asks for a [`View`]. `false`: not now, the hub asks again later.
pub type AskView = Arc<dyn Fn(SessionId, LineKey, ViewReason) -> bool + Send + Sync>;

/// A session as the hub gets it.
#[derive(Debug)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Where its bytes go.
    pub outlet: Outlet,
    /// Ends the task that reads from the client, and with it what is kept of it elsewhere.
    pub reader: AbortHandle,
    /// When the client was last heard, in [`Hub::ticks`]; the reader writes it.
    pub heard: Arc<AtomicU64>,
}

/// A session, as the hub knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// Which.
    pub id: SessionId,
    /// The lines that it gets.
    pub lines: Vec<LineKey>,
    /// Bytes that wait for it apart from the logs.
    pub waiting: usize,
    /// Its socket is full: it reads too slowly, or not at all.
    pub blocked: bool,
    /// It gets raw messages.
    pub raw: bool,
}

#[derive(Debug)]
enum ToHub {
    Publish { line: LineKey, batch: Batch },
    Notice { lines: Arc<[LineKey]>, frame: Bytes },
    View { session: SessionId, line: LineKey, view: View },
    Line { line: LineKey, replay: usize },
    Forget { line: LineKey },
    Audience { line: LineKey, audience: Option<Arc<Audience>> },
    Join(NewSession),
    Want { session: SessionId, id: Value, lines: Vec<Wanted>, answer: Vec<u8> },
    Unwant { session: SessionId, lines: Vec<LineKey> },
    WantRaw { session: SessionId, lines: Vec<LineKey> },
    Raw { lines: Arc<[LineKey]>, frame: Bytes },
    Frame { session: SessionId, frame: Bytes },
    Writable { session: SessionId },
    Close { session: SessionId, code: u16, reason: String },
    Gone { session: SessionId },
    Sessions { of: Vec<SessionId>, answer: oneshot::Sender<Vec<SessionState>> },
    IsThere { session: SessionId, answer: oneshot::Sender<bool> },
    StopAll { last: Bytes, code: u16, reason: String },
}

/// The handle. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub {
    to: mpsc::Sender<ToHub>,
    ticks: Arc<AtomicU64>,
    next: Arc<AtomicU64>,
    metrics: HubMetrics,
    /// How many sessions want raw messages.
    raw: Arc<AtomicU64>,
}

/// How often clients are pinged; one that was silent for two of these and a half is dead.
pub const PING_EVERY: Duration = Duration::from_secs(20);

impl Hub {
    /// Starts the hub's task, which ends with the last handle.
    #[must_use]
    pub fn start(ask: AskView, metrics: HubMetrics) -> Self {
        let (to, from) = mpsc::channel(QUEUE);
        let hub = Self { to, ticks: Arc::default(), next: Arc::new(AtomicU64::new(1)), metrics, raw: Arc::default() };
        let shard = shard::Shard::new(
            ask,
            hub.to.downgrade(),
            Arc::clone(&hub.ticks),
            hub.metrics.clone(),
            Arc::clone(&hub.raw),
        );
        tokio::spawn(shard.run(from));
        hub
    }

    /// A new session's id.
    #[must_use]
    pub fn next_session(&self) -> SessionId {
        SessionId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The hub's rough clock: how many pings there have been, in halves.
    #[must_use]
    pub fn ticks(&self) -> &Arc<AtomicU64> {
        &self.ticks
    }

    /// How many sessions there are.
    #[must_use]
    pub fn sessions(&self) -> u64 {
        self.metrics.sessions.get().unsigned_abs()
    }

    async fn send(&self, message: ToHub) {
        // The hub ends only with its last handle, so somebody always listens; at the very end nobody needs to.
        let _ = self.to.send(message).await;
    }

    /// Forgets a line that is no more.
    pub async fn forget(&self, line: LineKey) {
        self.send(ToHub::Forget { line }).await;
    }

    /// Tells from now on whether anybody sees a line; none: no more.
    pub async fn audience(&self, line: LineKey, audience: Option<Arc<Audience>>) {
        self.send(ToHub::Audience { line, audience }).await;
    }

    /// Makes a line known; its log keeps `replay` events.
    pub async fn line(&self, line: LineKey, replay: usize) {
        self.send(ToHub::Line { line, replay }).await;
    }

    /// Events for everybody who sees the line.
    pub async fn publish(&self, line: LineKey, batch: Batch) {
        self.send(ToHub::Publish { line, batch }).await;
    }

    /// A frame of no line, once for everybody who sees one of these.
    pub async fn notice(&self, lines: Arc<[LineKey]>, frame: Bytes) {
        self.send(ToHub::Notice { lines, frame }).await;
    }

    /// The answer to a question for a view.
    pub async fn view(&self, session: SessionId, line: LineKey, view: View) {
        self.send(ToHub::View { session, line, view }).await;
    }

    /// A session that has said `hello`, or will.
    pub async fn join(&self, session: NewSession) {
        self.send(ToHub::Join(session)).await;
    }

    /// A session wants lines. When the view of each has come (whoever calls this asks the connections for them), the
    /// request `id` is answered by `answer`, a JSON object, with `lines` added, then the lines' events follow.
    pub async fn want(&self, session: SessionId, id: Value, lines: Vec<Wanted>, answer: Vec<u8>) {
        self.send(ToHub::Want { session, id, lines, answer }).await;
    }

    /// A session does not want lines any more.
    pub async fn unwant(&self, session: SessionId, lines: Vec<LineKey>) {
        self.send(ToHub::Unwant { session, lines }).await;
    }

    /// Whether anybody wants raw messages: making them is not free.
    #[must_use]
    pub fn wants_raw(&self) -> bool {
        self.raw.load(Ordering::Relaxed) > 0
    }

    /// A session wants the raw messages of these lines and of their connections; none: no more.
    pub async fn want_raw(&self, session: SessionId, lines: Vec<LineKey>) {
        self.send(ToHub::WantRaw { session, lines }).await;
    }

    /// A raw message, for who wants it.
    pub async fn raw(&self, lines: Arc<[LineKey]>, frame: Bytes) {
        self.send(ToHub::Raw { lines, frame }).await;
    }

    /// A frame for one session: an answer, a pong.
    pub async fn frame(&self, session: SessionId, frame: Bytes) {
        self.send(ToHub::Frame { session, frame }).await;
    }

    /// The same from where nobody can wait.
    pub fn frame_soon(&self, session: SessionId, frame: Bytes) {
        self.send_soon(ToHub::Frame { session, frame });
    }

    /// When the hub has no room, a task waits for it.
    fn send_soon(&self, message: ToHub) {
        if let Err(mpsc::error::TrySendError::Full(message)) = self.to.try_send(message)
            // Without a runtime the host is at its end, and nobody listens.
            && let Ok(runtime) = Handle::try_current()
        {
            let to = self.to.clone();
            runtime.spawn(async move { to.send(message).await });
        }
    }

    /// Closes a session after what waits for it.
    pub async fn close(&self, session: SessionId, code: u16, reason: impl Into<String>) {
        self.send(ToHub::Close { session, code, reason: reason.into() }).await;
    }

    /// What is known of these sessions, as far as they are there.
    pub async fn states(&self, of: Vec<SessionId>) -> Vec<SessionState> {
        let (answer, wait) = oneshot::channel();
        self.send(ToHub::Sessions { of, answer }).await;
        wait.await.unwrap_or_default()
    }

    /// Whether a session is still there.
    pub async fn is_there(&self, session: SessionId) -> bool {
        let (answer, wait) = oneshot::channel();
        self.send(ToHub::IsThere { session, answer }).await;
        wait.await.unwrap_or(false)
    }

    /// The client is gone.
    pub fn gone(&self, session: SessionId) {
        self.send_soon(ToHub::Gone { session });
    }

    /// Says a last word to everybody and closes.
    pub async fn stop_all(&self, last: Bytes, code: u16, reason: impl Into<String>) {
        self.send(ToHub::StopAll { last, code, reason: reason.into() }).await;
    }
}

#[cfg(test)]
mod tests;
