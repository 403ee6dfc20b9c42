//! A connection: one task that owns its transports, its adapter, its timers and its lines' calls.
//!
//! Inputs go to the adapter one at a time; what it reports goes through the model; the events that come out are framed
//! once and published. No lock stands on that way. The task lives as long as the host: an adapter that is missing is
//! waited for, one that panics is tried again, another version takes its place; each line's status tells it meanwhile.
//!
//! The types to know: [`ConnectionHandle`] (how others speak to it), [`ConnectionPlan`] (what it is made from).

mod backoff;
mod batch;
mod client;
mod clock;
mod commands;
mod deeds;
pub(crate) mod dial;
mod exchange;
mod goodbye;
mod hooked;
mod http;
mod keeping;
mod kept;
#[cfg(test)]
mod last_words;
mod leaving;
mod lifecycle;
mod loudness;
mod memory;
mod outbox;
mod outputs;
mod presence;
mod probation;
mod raw;
mod recent;
mod reconfigure;
mod recording;
mod records;
mod shadow;
mod signals;
mod span;
mod status;
mod swap;
mod task;
mod timers;
mod transports;

pub use client::is_command;
pub use commands::{DEFAULT_TIMEOUT, MOST_TIMEOUT};
pub use deeds::Deed;
pub use hooked::{HookHead, Hooked};

use std::sync::Arc;
use std::time::Duration;

use jackfield_plugin_api::{CommandError, ErrorCode};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::{ConnectionConfig, LinePlan};
use crate::hub::{Hub, LineKey, SessionId, ViewReason};
use crate::metrics::ConnectionMetrics;
use crate::plugins::LoadedPlugin;
use crate::store::Store;

use reconfigure::Change;
pub(crate) use swap::Outcome;

/// How much may wait for a connection before who sends more must wait.
const QUEUE: usize = 1_024;

/// The adapter that a connection is to run, as the plugins' folder offers it.
#[derive(Debug, Clone)]
pub struct Supply {
    /// The adapter, or why there is none.
    pub plugin: Result<LoadedPlugin, String>,
    /// Why something that lies in the folder is not taken instead.
    pub warning: Option<String>,
}

/// What a connection is made from.
#[derive(Debug)]
pub struct ConnectionPlan {
    /// Its part of the configuration.
    pub config: ConnectionConfig,
    /// Its lines, and their keys in the hub.
    pub lines: Vec<(LinePlan, LineKey)>,
    /// The adapter, now and whenever there is another one.
    pub supply: watch::Receiver<Supply>,
    /// For the adapter's random numbers, call ids and jitter.
    pub seed: u64,
    /// Where it counts.
    pub metrics: ConnectionMetrics,
    /// Where its calls are kept, if they are.
    pub history: Option<History>,
}

/// Where a connection's calls are kept.
#[derive(Debug, Clone)]
pub struct History {
    /// The store.
    pub store: Store,
    /// How many bytes may wait for it.
    pub limit: u64,
}

/// A client's command.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientCommand {
    /// Who sent it.
    pub session: SessionId,
    /// Their name, for the audit.
    pub user: String,
    /// The request's id, to be repeated in the answer.
    pub id: Value,
    /// The line.
    pub line: LineKey,
    /// The command's name.
    pub method: String,
    /// Its parameters, less `line`, `timeoutMs` and `idempotencyKey`.
    pub params: Value,
    /// A name for the command: the same one again is not done again.
    pub idempotency_key: Option<String>,
    /// How long to wait for the phone system.
    pub timeout: Duration,
}

#[derive(Debug)]
enum ToConnection {
    Command(Box<ClientCommand>),
    Hooked(Box<Hooked>),
    View { session: SessionId, line: LineKey, reason: ViewReason },
    Status { answer: oneshot::Sender<Value> },
    Records { line: LineKey, native_id: String, answer: oneshot::Sender<Result<Vec<String>, CommandError>> },
    Deed { deed: Deed, done: oneshot::Sender<()> },
    Change { change: Box<Change>, done: oneshot::Sender<Result<Vec<String>, String>> },
    Swap { plugin: Box<LoadedPlugin>, done: oneshot::Sender<Result<Value, String>> },
    Record { start: bool, answer: oneshot::Sender<Result<Value, String>> },
    Stop { done: oneshot::Sender<()> },
}

/// How others speak to a connection. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ConnectionHandle {
    id: Arc<str>,
    to: mpsc::Sender<ToConnection>,
}

impl ConnectionHandle {
    /// Starts a connection.
    #[must_use]
    pub fn start(plan: ConnectionPlan, hub: Hub) -> Self {
        let (to, from) = mpsc::channel(QUEUE);
        let handle = Self { id: plan.config.id.as_str().into(), to };
        tokio::spawn(task::Task::new(plan, hub).run(from));
        handle
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sends a command; it is answered through the hub. `false`: the connection is gone.
    pub async fn command(&self, command: ClientCommand) -> bool {
        self.to.send(ToConnection::Command(Box::new(command))).await.is_ok()
    }

    /// Gives the adapter a request that the phone system made. `false`: the connection is gone.
    pub async fn hooked(&self, hooked: Hooked) -> bool {
        self.to.send(ToConnection::Hooked(Box::new(hooked))).await.is_ok()
    }

    /// Asks for a line as it is; it comes through the hub.
    pub async fn view(&self, session: SessionId, line: LineKey, reason: ViewReason) {
        let _ = self.to.send(ToConnection::View { session, line, reason }).await;
    }

    /// The same, for who must not wait. `false`: not now.
    #[must_use]
    pub fn try_view(&self, session: SessionId, line: LineKey, reason: ViewReason) -> bool {
        self.to.try_send(ToConnection::View { session, line, reason }).is_ok()
    }

    /// How it is: adapter, lines, calls. None: the connection is gone.
    pub async fn status(&self) -> Option<Value> {
        let (answer, wait) = oneshot::channel();
        self.to.send(ToConnection::Status { answer }).await.ok()?;
        wait.await.ok()
    }

    /// Asks the phone system what its recordings of a call are called.
    ///
    /// # Errors
    /// It has none, cannot tell, or does not answer in time.
    pub async fn records(&self, line: LineKey, native_id: String) -> Result<Vec<String>, CommandError> {
        let (answer, wait) = oneshot::channel();
        let late = || CommandError::new(ErrorCode::Timeout, "the phone system does not say where its recordings are");
        let gone = || CommandError::new(ErrorCode::ConnectionLost, "the connection is gone");
        self.to.send(ToConnection::Records { line, native_id, answer }).await.map_err(|_| gone())?;
        tokio::time::timeout(DEFAULT_TIMEOUT, wait).await.map_err(|_| late())?.map_err(|_| gone())?
    }

    /// Does something to it, and waits until it is done. `false`: the connection is gone.
    pub async fn deed(&self, deed: Deed) -> bool {
        let (done, wait) = oneshot::channel();
        self.to.send(ToConnection::Deed { deed, done }).await.is_ok() && wait.await.is_ok()
    }

    /// Gives it another configuration; only what differs is touched. What was done, in words.
    ///
    /// # Errors
    /// The adapter does not take its new settings; everything is as it was.
    pub async fn reconfigure(
        &self,
        config: ConnectionConfig,
        lines: Vec<(LinePlan, LineKey)>,
    ) -> Result<Vec<String>, String> {
        let (done, wait) = oneshot::channel();
        let change = Box::new(Change { config, lines });
        let gone = || "the connection is gone".to_owned();
        self.to.send(ToConnection::Change { change, done }).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }

    /// Puts an adapter of this library into the place of the one that runs, with its state if that can be; it may be
    /// the same library. Waits until it is done; what became of it, as the status tells it.
    ///
    /// # Errors
    /// It was not taken; what ran goes on.
    pub async fn swap(&self, plugin: LoadedPlugin) -> Result<Value, String> {
        let (done, wait) = oneshot::channel();
        let gone = || "the connection is gone".to_owned();
        self.to.send(ToConnection::Swap { plugin: Box::new(plugin), done }).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }

    /// Begins a recording, or ends it; how it is then.
    ///
    /// # Errors
    /// It cannot begin, or there is none.
    pub async fn record(&self, start: bool) -> Result<Value, String> {
        let (answer, wait) = oneshot::channel();
        let gone = || "the connection is gone".to_owned();
        self.to.send(ToConnection::Record { start, answer }).await.map_err(|_| gone())?;
        wait.await.map_err(|_| gone())?
    }

    /// Stops it in order: the adapter logs out, lines are told. Waits until it is done.
    pub async fn stop(&self) {
        let (done, wait) = oneshot::channel();
        if self.to.send(ToConnection::Stop { done }).await.is_ok() {
            let _ = wait.await;
        }
    }
}
