//! How an administrator speaks to a running host on the same machine: a Unix socket that only the host's own user and
//! root can open. No token is needed: the system says who asks.
//!
//! One JSON-RPC 2.0 request per line, one answer per line: `status`, `reload`, `swap`, `login`. What is live, and what
//! comes over a network, is the business of [`crate::api`].
//!
//! The types to know: [`Requests`] (what a host has to answer), [`ask`] (how to ask one).

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod server;

#[cfg(unix)]
pub use client::ask;
#[cfg(unix)]
pub use server::listen;

use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};

/// A request that the host has to answer.
#[derive(Debug)]
pub struct Asked {
    /// `status`, `reload`, `login` …
    pub method: String,
    /// Its parameters.
    pub params: Value,
    /// Takes the result, or why there is none.
    pub answer: oneshot::Sender<Result<Value, String>>,
}

/// What a host has to answer. While it lives, the socket is there.
#[derive(Debug)]
pub struct Requests {
    from: mpsc::Receiver<Asked>,
    socket: Option<Socket>,
}

impl Requests {
    /// None, ever: a host without a socket.
    #[must_use]
    pub fn none() -> Self {
        Self { from: mpsc::channel(1).1, socket: None }
    }

    /// The next one. Waits for ever when there is no socket.
    pub async fn next(&mut self) -> Asked {
        match self.from.recv().await {
            Some(asked) => asked,
            None => std::future::pending().await,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.socket.as_ref().map(|socket| socket.0.as_path())
    }
}

/// A socket's file, which goes with it.
#[derive(Debug)]
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        // Who comes next finds nobody listening and takes its place.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Where the host of a configuration file listens: under systemd in its runtime directory, else in the user's, as root
/// in `/run/jackfield`.
///
/// # Errors
/// There is no such directory; it says which were looked for.
pub fn socket_path(config: &Path) -> Result<PathBuf, String> {
    places(config).into_iter().next().ok_or_else(no_place)
}

/// Where a running host of a configuration file is found.
///
/// # Errors
/// It is not found; it says where it was looked for.
pub fn find(config: &Path) -> Result<PathBuf, String> {
    let mut places = places(config);
    // A service's own directory, for whoever asks from outside of it.
    places.push(Path::new(RUN).join(name(config)));
    // As root without a service it is the same one.
    places.dedup();
    places.iter().find(|place| place.exists()).cloned().ok_or_else(|| {
        let tried: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        let hint = match places.len() {
            1 if !is_root() => "; XDG_RUNTIME_DIR, where hosts of users are found, is not set here",
            _ => "",
        };
        let tried = tried.join(", no ");
        format!("no host with the configuration {} runs here (there is no {tried}){hint}", config.display())
    })
}

const RUN: &str = "/run/jackfield";

fn no_place() -> String {
    "neither RUNTIME_DIRECTORY nor XDG_RUNTIME_DIR is set: there is no place for a socket".to_owned()
}

fn places(config: &Path) -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = set("XDG_RUNTIME_DIR").map(|folder| folder.join("jackfield"));
    let root = is_root().then(|| PathBuf::from(RUN));
    let name = name(config);
    [set("RUNTIME_DIRECTORY"), user, root].into_iter().flatten().map(|folder| folder.join(&name)).collect()
}

/// One host per configuration file, however the file is named.
fn name(config: &Path) -> String {
    let path = config.canonicalize().or_else(|_| std::path::absolute(config)).unwrap_or_else(|_| config.to_owned());
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}.sock")
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
const fn is_root() -> bool {
    false
}
