//! The front door: HTTP and WebSocket on one port.
//!
//! [`server`] accepts connections, [`http`] answers what is not live, [`websocket`] does the handshake of `/ws`, and
//! each client then is a [`session`]: a task that reads its requests. What goes to the client is the hub's.

pub mod auth;
pub mod http;
pub mod server;
pub mod session;
mod split;
pub mod websocket;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::ServerConfig;
use crate::connection::ConnectionHandle;
use crate::hub::{Hub, LineKey};
use crate::metrics::Metrics;

use auth::Users;

/// What every request needs.
#[derive(Debug)]
pub struct Shared {
    /// `[server]`.
    pub config: ServerConfig,
    /// Who may connect.
    pub users: Users,
    /// The fan-out.
    pub hub: Hub,
    /// The connection of every line.
    pub connections: HashMap<LineKey, ConnectionHandle>,
    /// What `/metrics` tells.
    pub metrics: Arc<Metrics>,
    stopping: AtomicBool,
}

impl Shared {
    /// Puts it together.
    #[must_use]
    pub fn new(
        config: ServerConfig,
        users: Users,
        hub: Hub,
        connections: HashMap<LineKey, ConnectionHandle>,
        metrics: Arc<Metrics>,
    ) -> Arc<Self> {
        Arc::new(Self { config, users, hub, connections, metrics, stopping: AtomicBool::new(false) })
    }

    /// Nobody new is let in from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the host is stopping.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
