//! `jackfield run`.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::{ConfigFile, Failure};
use crate::config;
use crate::service::Service;
use crate::telemetry;

/// Runs the host in the foreground until SIGTERM or Ctrl-C.
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    #[command(flatten)]
    file: ConfigFile,
}

impl Run {
    pub(super) fn main(self) -> Result<(), Failure> {
        telemetry::start().map_err(Failure::new)?;
        let config = config::load(&self.file.config).map_err(|e| Failure::config(&e))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        runtime.block_on(serve(config))
    }
}

async fn serve(config: config::Config) -> Result<(), Failure> {
    // Random enough to tell one run from another; adapters and call ids need no secret.
    let seed = RandomState::new().hash_one(std::process::id());
    raise_file_limit(config.server.max_sessions);
    let service = Service::start(config, seed).await.map_err(Failure::new)?;
    tracing::info!("clients connect to {}", service.url());
    wait_for_the_end().await.map_err(|e| Failure::new(format!("signals: {e}")))?;
    tracing::info!("stopping");
    service.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Every client is an open file: takes what the system grants, and says when that is less than `max_sessions` needs.
#[cfg(unix)]
fn raise_file_limit(max_sessions: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Not being allowed to is told below.
    let _ = setrlimit(Resource::Nofile, limit);
    // Libraries, logs, phone systems.
    let needed = max_sessions as u64 + 256;
    if let Some(granted) = getrlimit(Resource::Nofile).current.filter(|granted| *granted < needed) {
        tracing::warn!(
            "the system grants {granted} open files, server.max_sessions = {max_sessions} needs {needed}; raise the \
             limit (LimitNOFILE= of systemd, ulimit -n) or lower max_sessions"
        );
    }
}

#[cfg(not(unix))]
const fn raise_file_limit(_: usize) {}

#[cfg(unix)]
async fn wait_for_the_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => return interrupted,
            _ = terminate.recv() => return Ok(()),
            // Usually "read the configuration again", which would end the program if nobody listened.
            _ = hang_up.recv() => tracing::warn!("SIGHUP: this version reads its configuration at the start only; restart it"),
        }
    }
}

#[cfg(not(unix))]
async fn wait_for_the_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
