//! Logs: readable on a terminal, JSON elsewhere; their levels can change while the host runs.

mod levels;
mod lines;

pub use levels::{Levels, level};

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use lines::Lines;

/// How long somebody who must be heard waits for the log. Who reads it may never read again.
const PATIENCE: Duration = Duration::from_secs(1);

/// The process's log, once there is one.
static LINES: OnceLock<Lines> = OnceLock::new();

/// Starts logging to standard error. `JACKFIELD_LOG` sets levels (`info`, `jackfield=debug`); colours only on a
/// terminal, and not with `NO_COLOR`. What comes back changes the levels.
///
/// Nobody who logs waits for who reads the log: see [`flush`].
///
/// # Errors
/// A filter that cannot be read, no thread for the log.
pub fn start() -> Result<Levels, String> {
    let filter = match std::env::var("JACKFIELD_LOG") {
        Ok(text) => EnvFilter::try_new(&text).map_err(|e| format!("JACKFIELD_LOG=`{text}`: {e}"))?,
        Err(_) => EnvFilter::new("info"),
    };
    let levels = Levels::new(filter);
    let writer = Lines::start(is_journal()).map_err(|e| format!("the thread that writes the log: {e}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(LINES.get_or_init(|| writer).clone());
    let registry = tracing_subscriber::registry().with(levels.clone());
    let started = if std::io::stderr().is_terminal() {
        let colours = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        registry.with(lines.with_ansi(colours).with_target(false)).try_init()
    } else {
        registry.with(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)).try_init()
    };
    started.map_err(|e| e.to_string()).map(|()| levels)
}

/// Whether standard error is the journal of systemd, which reads priorities at the beginnings of lines.
#[cfg(unix)]
pub(crate) fn is_journal() -> bool {
    // DEVICE:INODE of what systemd has opened for it; a child of the service may write elsewhere.
    let told = std::env::var("JOURNAL_STREAM").ok();
    let meant = told.as_deref().and_then(|told| told.split_once(':'));
    let is = rustix::fs::fstat(rustix::stdio::stderr()).ok();
    meant.zip(is).is_some_and(|((device, inode), is)| device.parse() == Ok(is.st_dev) && inode.parse() == Ok(is.st_ino))
}

/// Whether standard error is the journal of systemd.
#[cfg(not(unix))]
pub(crate) const fn is_journal() -> bool {
    false
}

/// Waits until what was logged is written, a second at most: before the end, and before what may end the process.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        // What cannot be written in this time is lost if the process ends.
        let _ = lines.flush(PATIENCE);
    }
}
