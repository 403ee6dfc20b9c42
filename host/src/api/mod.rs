//! The front door: HTTP and WebSocket on one port.
//!
//! [`server`] accepts connections, [`http`] answers what is not live, [`pages`] what people look at, [`rest`] serves the
//! history, [`hooks`] takes what phone systems send, [`websocket`] does the handshake of `/ws`, and each client then is a
//! [`session`]: a task that reads its requests. What goes to the client is the hub's.

pub mod auth;
mod budget;
mod cors;
mod directory;
pub mod hooks;
pub mod http;
mod login;
pub mod pages;
mod present;
mod recordings;
pub mod rest;
pub mod server;
pub mod session;
mod split;
pub mod websocket;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::watch;

use crate::config::ServerConfig;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::plugins::{Catalogue, LoadedPlugin};
use crate::store::Store;
use crate::telemetry::Levels;

use auth::User;
pub use directory::Directory;
pub use login::CODE_LASTS;
use login::Logins;
use present::Present;

/// Chooses the library that a connection is to run: by its id, a version and a hash, where somebody says so.
pub type Choose = dyn Fn(&str, Option<&str>, Option<&str>) -> Result<LoadedPlugin, String> + Send + Sync;

/// What every request needs.
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
    logins: Logins,
    /// Who is here.
    present: Present,
    /// The plugins' folder, as it was found.
    plugins: watch::Receiver<Arc<Catalogue>>,
    /// The levels of the log, when they can be changed.
    levels: OnceLock<Levels>,
    /// Chooses libraries.
    choose: Box<Choose>,
    began: Instant,
    replaced: watch::Sender<()>,
    stopping: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("config", &self.config).finish_non_exhaustive()
    }
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
        plugins: watch::Receiver<Arc<Catalogue>>,
        choose: Box<Choose>,
    ) -> Arc<Self> {
        let (replaced, _) = watch::channel(());
        let stopping = AtomicBool::new(false);
        Arc::new(Self {
            config,
            hub,
            metrics,
            store,
            directory,
            logins: Logins::default(),
            present: Present::default(),
            plugins,
            levels: OnceLock::new(),
            choose,
            began: Instant::now(),
            replaced,
            stopping,
        })
    }

    /// Lets administrators change the levels of the log.
    pub fn give_levels(&self, levels: Levels) {
        // Given once, at the start.
        let _ = self.levels.set(levels);
    }

    /// Users and lines as they are now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// The user of a token, if it is valid now.
    #[must_use]
    pub fn authenticate(&self, token: &str) -> Option<Arc<User>> {
        self.directory().users.authenticate(token).filter(|user| !self.was_logged_out(user))
    }

    /// What has become of somebody who was let in before: the user that what they showed stands for now.
    #[must_use]
    pub fn again(&self, user: &User) -> Option<Arc<User>> {
        self.directory().users.again(user).filter(|user| !self.was_logged_out(user))
    }

    fn was_logged_out(&self, user: &User) -> bool {
        user.login().is_some_and(|claims| self.logins.has_ended(&claims.login))
    }

    /// A code with which a page may log a user in, once and soon.
    ///
    /// # Errors
    /// There is no such user, or too many codes wait.
    pub fn login_code(&self, user: &str) -> Result<String, String> {
        let directory = self.directory();
        if directory.users.named(user).is_none() {
            let names = directory.users.names();
            let shown: String = user.chars().take(100).collect();
            return Err(format!("there is no user `{shown}` (there are: {})", some(&names)));
        }
        let code = self.logins.code(user)?;
        tracing::info!(target: "audit", user, "a code to log in was made");
        Ok(code)
    }

    /// A login is over: whoever was let in by it is let out.
    fn log_out(&self, claims: &login::token::Claims) {
        self.logins.end(&claims.login, claims.login_ends());
        self.replaced.send_replace(());
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

/// Some names, and how many more there are.
fn some(names: &[&str]) -> String {
    const MOST: usize = 20;
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.get(..MOST).unwrap_or_default().join(", ")),
    }
}
