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
    let service = Service::start(config, seed).await.map_err(Failure::new)?;
    tracing::info!("clients connect to {}", service.url());
    wait_for_the_end().await.map_err(|e| Failure::new(format!("signals: {e}")))?;
    tracing::info!("stopping");
    service.stop().await;
    tracing::info!("stopped");
    Ok(())
}

#[cfg(unix)]
async fn wait_for_the_end() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn wait_for_the_end() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
