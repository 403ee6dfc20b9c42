//! The front door: HTTP and WebSocket on one port.
//!
//! [`server`] accepts connections, [`http`] answers what is not live, [`rest`] serves the history, [`websocket`] does the handshake of `/ws`, and
//! each client then is a [`session`]: a task that reads its requests. What goes to the client is the hub's.

pub mod auth;
mod budget;
mod directory;
pub mod http;
pub mod rest;
pub mod server;
pub mod session;
mod split;
pub mod websocket;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::config::ServerConfig;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::store::Store;

pub use directory::Directory;

/// What every request needs.
#[derive(Debug)]
pub struct Shared {
    /// `[server]`, as it was at the start.
    pub config: ServerConfig,
    /// The fan-out.
    pub hub: Hub,
    /// What `/metrics` tells.
    pub metrics: Arc<Metrics>,
    /// The history, if calls are kept.
    pub store: Option<Store>,
    directory: Arc<ArcSwap<Directory>>,
    replaced: watch::Sender<()>,
    stopping: AtomicBool,
}

impl Shared {
    /// Puts it together.
    #[must_use]
    pub fn new(
        config: ServerConfig,
        directory: Arc<ArcSwap<Directory>>,
        hub: Hub,
        metrics: Arc<Metrics>,
        store: Option<Store>,
    ) -> Arc<Self> {
        let (replaced, _) = watch::channel(());
        Arc::new(Self { config, hub, metrics, store, directory, replaced, stopping: AtomicBool::new(false) })
    }

    /// Users and lines as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Users and lines are others from now on; every session looks whether it may stay.
    pub fn replace(&self, directory: Directory) {
        self.directory.store(Arc::new(directory));
        self.replaced.send_replace(());
    }

    /// Tells when users and lines have changed.
    #[must_use]
    pub fn replaced(&self) -> watch::Receiver<()> {
        self.replaced.subscribe()
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
