//! Logs: readable on a terminal, JSON elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. `JACKFIELD_LOG` sets levels (`info`, `jackfield=debug`); colours only on a
/// terminal, and not with `NO_COLOR`.
///
/// # Errors
/// A filter that cannot be read.
pub fn start() -> Result<(), String> {
    let filter = match std::env::var("JACKFIELD_LOG") {
        Ok(text) => EnvFilter::try_new(&text).map_err(|e| format!("JACKFIELD_LOG=`{text}`: {e}"))?,
        Err(_) => EnvFilter::new("info"),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        builder.with_ansi(colours).with_target(false).try_init()
    } else {
        builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
    };
    started.map_err(|e| e.to_string())
}
