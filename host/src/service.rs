//! The service: everything tied together, started and stopped in order.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use crate::api::auth::Users;
use crate::api::server::Server;
use crate::api::{Shared, http};
use crate::config::{Config, check};
use crate::connection::{ConnectionHandle, ConnectionPlan};
use crate::hub::{AskView, Hub, LineKey, close_code, frame};
use crate::metrics::Metrics;
use crate::plugins::{Catalogue, FolderWatch};
use crate::supply::Supplier;

/// How long a start waits for the plugins' folder before it goes on without.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// How long clients get to read the last word.
const LAST_WORD: Duration = Duration::from_millis(500);
/// How long a connection may take to log out.
const LOG_OUT: Duration = Duration::from_secs(5);

/// A running host.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    connections: Vec<ConnectionHandle>,
    address: SocketAddr,
    encrypted: bool,
    accepting: JoinHandle<()>,
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
        let encrypted = server.is_encrypted();
        if config.store.is_some() {
            tracing::warn!("[store]: this version keeps no calls yet; the key has no effect");
        }
        let metrics = Arc::new(Metrics::new());
        let folder = FolderWatch::start(&config.plugins, metrics.plugins.clone())
            .map_err(|e| format!("the thread that watches the plugins' folder: {e}"))?;
        let mut catalogue = folder.catalogue();
        if tokio::time::timeout(FIRST_LOOK, catalogue.changed()).await.is_err() {
            tracing::warn!("{} takes long to be read; connections wait for it", config.plugins.folder.display());
        }
        let mut supplier = Supplier::new(metrics.plugins.clone());
        let found = Arc::clone(&catalogue.borrow_and_update());
        let plans = plans(&config, &found, &mut supplier, &metrics, seed);
        let names: Vec<(String, LineKey)> =
            plans.iter().flat_map(|p| p.lines.iter().map(|(line, key)| (line.name.clone(), *key))).collect();
        let users = Users::new(&config, &names);
        let owners: Arc<OnceLock<HashMap<LineKey, ConnectionHandle>>> = Arc::default();
        let ask: AskView = {
            let owners = Arc::clone(&owners);
            Arc::new(move |session, line, reason| {
                owners.get().and_then(|o| o.get(&line)).is_some_and(|c| c.try_view(session, line, reason))
            })
        };
        let hub = Hub::start(ask, metrics.hub.clone());
        let mut connections = Vec::new();
        let mut of_line = HashMap::new();
        for plan in plans {
            let keys: Vec<LineKey> = plan.lines.iter().map(|(_, key)| *key).collect();
            let handle = ConnectionHandle::start(plan, hub.clone());
            of_line.extend(keys.into_iter().map(|key| (key, handle.clone())));
            connections.push(handle);
        }
        tokio::spawn(supplier.run(catalogue));
        // Set once, right here.
        let _ = owners.set(of_line.clone());
        let most = config.server.max_sessions;
        let shared = Shared::new(config.server, users, hub, of_line, metrics);
        let accepting = tokio::spawn(server.serve(http::router(Arc::clone(&shared)), most));
        Ok(Self { shared, connections, address, encrypted, accepting, _folder: folder })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the WebSocket, as a client writes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}/ws", if self.encrypted { "wss" } else { "ws" }, self.address)
    }

    /// Stops in order: nobody new, phone systems logged out, a last word to every client.
    pub async fn stop(self) {
        self.shared.stop();
        let stopping = self.connections.iter().map(|c| async move {
            if tokio::time::timeout(LOG_OUT, c.stop()).await.is_err() {
                tracing::warn!(connection = c.id(), "did not stop in time");
            }
        });
        futures_util::future::join_all(stopping).await;
        let word = json!({
            "jsonrpc": "2.0", "method": "reconnect",
            "params": { "reason": "stopping", "text": "the host is stopping; connect again in a while" },
        });
        let word = frame::text(word.to_string().as_bytes());
        self.shared.hub.stop_all(word, close_code::STOPPING, "the host is stopping").await;
        tokio::time::sleep(LAST_WORD).await;
        self.accepting.abort();
    }
}

/// What each connection is made from; lines are numbered through the whole host.
fn plans(
    config: &Config,
    found: &Catalogue,
    supplier: &mut Supplier,
    metrics: &Metrics,
    seed: u64,
) -> Vec<ConnectionPlan> {
    let mut next = 0;
    let mut key = || {
        next += 1;
        LineKey(next)
    };
    (1u64..)
        .zip(&config.connections)
        .map(|(number, connection)| ConnectionPlan {
            lines: check::line_plans(config, connection).into_iter().map(|line| (line, key())).collect(),
            supply: supplier.add(connection, found),
            metrics: metrics.connection(&connection.id),
            config: connection.clone(),
            seed: seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        })
        .collect()
}
