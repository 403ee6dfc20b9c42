//! Logs: readable on a terminal, JSON elsewhere; their levels can change while the host runs.

mod levels;

pub use levels::{Levels, level};

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging to standard error. `JACKFIELD_LOG` sets levels (`info`, `jackfield=debug`); colours only on a
/// terminal, and not with `NO_COLOR`. What comes back changes the levels.
///
/// # Errors
/// A filter that cannot be read.
pub fn start() -> Result<Levels, String> {
    let filter = match std::env::var("JACKFIELD_LOG") {
        Ok(text) => EnvFilter::try_new(&text).map_err(|e| format!("JACKFIELD_LOG=`{text}`: {e}"))?,
        Err(_) => EnvFilter::new("info"),
    };
    let levels = Levels::new(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(levels.clone());
    let started = if std::io::stderr().is_terminal() {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        registry.with(lines.with_ansi(colours).with_target(false)).try_init()
    } else {
        registry.with(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init()
    };
    started.map_err(|e| e.to_string()).map(|()| levels)
}
