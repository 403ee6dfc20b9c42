//! The service: everything tied together, started and stopped in order.

mod login;
mod reload;
mod supply;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::server::{Certificate, Server};
use crate::api::{Choose, Directory, Shared, http};
use crate::config::{Config, ConnectionConfig, Finding, LinePlan, check, settings};
use crate::connection::{ConnectionHandle, ConnectionPlan, History};
use crate::hub::{AskView, Hub, LineKey, close_code, frame};
use crate::metrics::Metrics;
use crate::plugins::{Catalogue, FolderWatch, State};
use crate::store::{Store, WriterThread};
use crate::telemetry::Levels;

pub use reload::Report;
use supply::Supplier;

/// How long a start waits for the plugins' folder before it goes on without.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// How long a start waits, beyond that, for libraries that are loaded for the first time.
const LATER_VERSIONS: Duration = Duration::from_secs(1);
/// How long clients get to read the last word.
const LAST_WORD: Duration = Duration::from_millis(500);
/// How long a connection may take to log out.
const LOG_OUT: Duration = Duration::from_secs(5);
/// How long who asks for another library waits to hear what became of it.
const SWAP: Duration = Duration::from_secs(45);
/// How long a connection may take to say how it is.
const STATUS: Duration = Duration::from_secs(2);

/// A connection of a running host.
#[derive(Debug)]
struct Part {
    handle: ConnectionHandle,
    config: ConnectionConfig,
    lines: Lines,
}

/// Lines by name.
type Lines = BTreeMap<String, (LineKey, LinePlan)>;

/// A running host.
#[derive(Debug)]
pub struct Service {
    /// As it is in effect.
    config: Config,
    shared: Arc<Shared>,
    parts: BTreeMap<String, Part>,
    /// Lines keep their keys as long as the host runs, through every change of the configuration.
    keys: HashMap<String, LineKey>,
    supplier: Supplier,
    catalogue: watch::Receiver<Arc<Catalogue>>,
    seed: u64,
    address: SocketAddr,
    certificate: Option<Certificate>,
    accepting: JoinHandle<()>,
    writer: Option<WriterThread>,
    /// Watched until the service ends.
    _folder: FolderWatch,
}

impl Service {
    /// Starts: libraries, connections, front door. Phone systems that do not answer do not keep clients out.
    ///
    /// # Errors
    /// What keeps the host from serving at all: the address, the certificate.
    pub async fn start(config: Config, seed: u64) -> Result<Self, String> {
        let server = Server::listen(&config.server)?;
        let address = server.address().map_err(|e| e.to_string())?;
        let certificate = server.certificate();
        let metrics = Arc::new(Metrics::new());
        let history = match config.store.clone() {
            None => None,
            Some(store) => {
                let counts = metrics.store.clone();
                let opened = tokio::task::spawn_blocking(move || Store::open(&store, counts)).await;
                Some(opened.map_err(|e| e.to_string()).flatten()?)
            }
        };
        let (store, writer) = history.unzip();
        let folder = FolderWatch::start(&config.plugins, metrics.plugins.clone())
            .map_err(|e| format!("the thread that watches the plugins' folder: {e}"))?;
        let mut catalogue = folder.catalogue();
        if tokio::time::timeout(FIRST_LOOK, catalogue.changed()).await.is_err() {
            tracing::warn!("{} takes long to be read; connections wait for it", config.plugins.folder.display());
        }
        // Libraries that were installed a moment ago are soon taken: no reason to begin with an error.
        let patience = config.plugins.settle + Duration::from_secs(1);
        let _ = tokio::time::timeout(patience, catalogue.wait_for(|found| !wait_for_files(&config, found))).await;
        // And which may be a later version of what there is: a connection need not begin twice.
        let _ = tokio::time::timeout(LATER_VERSIONS, catalogue.wait_for(|found| !found.loading)).await;
        let found = Arc::clone(&catalogue.borrow_and_update());
        let directory: Arc<ArcSwap<Directory>> = Arc::default();
        let ask: AskView = {
            let directory = Arc::clone(&directory);
            Arc::new(move |session, line, reason| directory.load().try_view(session, line, reason))
        };
        let hub = Hub::start(ask, metrics.hub.clone());
        let supplier = Supplier::new(metrics.plugins.clone());
        let choose: Box<Choose> = {
            let (supplier, catalogue) = (supplier.clone(), catalogue.clone());
            Box::new(move |connection, version, hash| {
                let found = Arc::clone(&catalogue.borrow());
                supplier.ask(connection, &found, version, hash)
            })
        };
        let plugins = catalogue.clone();
        let shared = Shared::new(config.server.clone(), directory, hub, Arc::clone(&metrics), store, plugins, choose);
        let accepting = tokio::spawn(std::future::ready(()));
        let mut service = Self {
            shared,
            parts: BTreeMap::new(),
            keys: HashMap::new(),
            supplier,
            catalogue,
            seed,
            address,
            certificate,
            accepting,
            writer,
            _folder: folder,
            config,
        };
        let config = service.config.clone();
        for connection in &config.connections {
            let lines = service.lines(&config, connection);
            service.start_connection(connection, lines, &found);
        }
        tokio::spawn(service.supplier.clone().run(service.catalogue.clone()));
        service.shared.replace(service.directory(&config));
        let router = http::router(Arc::clone(&service.shared));
        service.accepting = tokio::spawn(server.serve(router, config.server.max_sessions));
        Ok(service)
    }

    /// The lines of a connection, each with its key.
    fn lines(&mut self, config: &Config, connection: &ConnectionConfig) -> Vec<(LinePlan, LineKey)> {
        let mut keyed = Vec::new();
        for plan in check::line_plans(config, connection) {
            let next = LineKey(u32::try_from(self.keys.len()).unwrap_or(u32::MAX));
            let key = *self.keys.entry(plan.name.clone()).or_insert(next);
            keyed.push((plan, key));
        }
        keyed
    }

    fn start_connection(&mut self, connection: &ConnectionConfig, lines: Vec<(LinePlan, LineKey)>, found: &Catalogue) {
        let keys = keys(&lines);
        let handle = ConnectionHandle::start(self.plan(connection, lines, found), self.shared.hub.clone());
        self.parts.insert(connection.id.clone(), Part { handle, config: connection.clone(), lines: keys });
    }

    /// What a connection is made from.
    fn plan(
        &self,
        connection: &ConnectionConfig,
        lines: Vec<(LinePlan, LineKey)>,
        found: &Catalogue,
    ) -> ConnectionPlan {
        // Another seed for each, which does not depend on the others.
        let mut hasher = std::collections::hash_map::DefaultHasher::new();
        std::hash::Hash::hash(&connection.id, &mut hasher);
        ConnectionPlan {
            lines,
            supply: self.supplier.add(connection, found),
            metrics: self.shared.metrics.connection(&connection.id),
            config: connection.clone(),
            history: self.shared.store.clone().map(|store| History { store, limit: self.pending_limit() }),
            seed: self.seed ^ std::hash::Hasher::finish(&hasher),
        }
    }

    /// How many bytes of a connection may wait for the history.
    fn pending_limit(&self) -> u64 {
        self.config.store.as_ref().map_or(0, |store| store.pending_mib.saturating_mul(1024 * 1024))
    }

    /// What is wrong with the settings of the adapters that are there. It keeps a connection or a line down, not the
    /// host; only `run` asks, at the start: a reload is refused by it.
    #[must_use]
    pub fn misfits(&self) -> Vec<Finding> {
        settings::misfits(&self.config, &**self.catalogue.borrow())
    }

    /// Lets administrators change the levels of the log.
    pub fn give_levels(&self, levels: Levels) {
        self.shared.give_levels(levels);
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the WebSocket, as a client writes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}/ws", if self.certificate.is_some() { "wss" } else { "ws" }, self.address)
    }

    /// How everything is: connections with their lines, clients, libraries.
    pub async fn status(&self) -> Value {
        let statuses = self.parts.values().map(|part| async {
            match tokio::time::timeout(STATUS, part.handle.status()).await {
                Ok(status) => status,
                Err(_) => Some(json!({ "connection": part.handle.id(), "hangs": true, "lines": [] })),
            }
        });
        let connections: Vec<Value> = futures_util::future::join_all(statuses).await.into_iter().flatten().collect();
        let metrics = &self.shared.metrics.plugins;
        let refused: Vec<Value> = self
            .catalogue
            .borrow()
            .entries
            .iter()
            .filter_map(|entry| match &entry.state {
                State::Refused(why) => Some(json!({ "file": entry.path, "why": why })),
                _ => None,
            })
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "pid": std::process::id(),
            "url": self.url(),
            "sessions": self.shared.hub.sessions(),
            "restartDue": metrics.is_restart_due(),
            "refused": refused,
            "connections": connections,
        })
    }

    /// Puts a library into the place of the adapter that runs; by default what the configuration asks for, which may be
    /// what runs. The future tells what became of it, and may be waited for anywhere.
    ///
    /// # Errors
    /// There is no such connection or library.
    pub fn swap(
        &self,
        connection: &str,
        version: Option<&str>,
        hash: Option<&str>,
    ) -> Result<impl Future<Output = Result<Value, String>> + Send + use<>, String> {
        let Some(part) = self.parts.get(connection) else {
            let there: Vec<&str> = self.connection_ids().collect();
            return Err(format!("there is no connection `{connection}` (there are: {})", there.join(", ")));
        };
        let found = Arc::clone(&self.catalogue.borrow());
        let plugin = self.supplier.ask(connection, &found, version, hash)?;
        let (handle, patience) = (part.handle.clone(), SWAP);
        Ok(async move {
            let late = || format!("it takes longer than {} s; the status tells what becomes of it", patience.as_secs());
            tokio::time::timeout(patience, handle.swap(plugin)).await.unwrap_or_else(|_| Err(late()))
        })
    }

    /// Begins the recording of a connection, or ends it; how it is then.
    ///
    /// # Errors
    /// There is no such connection, it does not answer, or it says why not.
    pub async fn record(&self, id: &str, start: bool) -> Result<Value, String> {
        let part = self.parts.get(id).ok_or_else(|| {
            let there: Vec<&str> = self.connection_ids().collect();
            format!("there is no connection `{id}` (there are: {})", there.join(", "))
        })?;
        match tokio::time::timeout(STATUS, part.handle.record(start)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("connection `{id}` does not answer: its adapter hangs")),
        }
    }

    /// How everything is, in a line: `2 clients, 1 of 1 connections up, 3 of 3 lines up`.
    #[must_use]
    pub fn summary(&self) -> String {
        let ups = self.parts.keys().map(|id| self.shared.metrics.connection_up(id));
        let (connections, lines, waiting) =
            ups.fold((0, 0, 0), |(connections, lines, waiting), (up, of, for_client)| {
                (connections + usize::from(up), lines + of, waiting + for_client)
            });
        let waits = if waiting > 0 { format!(", {waiting} wait for clients") } else { String::new() };
        let all: usize = self.parts.values().map(|part| part.lines.len()).sum();
        format!(
            "{} clients, {connections} of {} connections up, {lines} of {all} lines up{waits}",
            self.shared.hub.sessions(),
            self.parts.len()
        )
    }

    /// The connections' ids.
    pub fn connection_ids(&self) -> impl Iterator<Item = &str> {
        self.parts.keys().map(String::as_str)
    }

    /// Stops in order: nobody new, phone systems logged out, a last word to every client.
    pub async fn stop(self) {
        self.shared.stop();
        futures_util::future::join_all(self.parts.values().map(|part| log_out(&part.handle))).await;
        let word = json!({
            "jsonrpc": "2.0", "method": "reconnect",
            "params": { "reason": "stopping", "text": "the host is stopping; connect again in a while" },
        });
        let word = frame::text(word.to_string().as_bytes());
        self.shared.hub.stop_all(word, close_code::STOPPING, "the host is stopping").await;
        tokio::time::sleep(LAST_WORD).await;
        self.accepting.abort();
        if let Some(writer) = self.writer {
            writer.stop().await;
        }
    }
}

fn keys(lines: &[(LinePlan, LineKey)]) -> Lines {
    lines.iter().map(|(plan, key)| (plan.name.clone(), (*key, plan.clone()))).collect()
}

async fn log_out(connection: &ConnectionHandle) {
    if tokio::time::timeout(LOG_OUT, connection.stop()).await.is_err() {
        tracing::warn!(connection = connection.id(), "did not stop in time");
    }
}

/// Whether files that are not judged yet may be what connections miss.
fn wait_for_files(config: &Config, found: &Catalogue) -> bool {
    let missing = |c: &ConnectionConfig| found.choose(&c.plugin, c.version.as_deref()).is_err();
    found.entries.iter().any(|e| matches!(e.state, State::Waits(_))) && config.connections.iter().any(missing)
}
