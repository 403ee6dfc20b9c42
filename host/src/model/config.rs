//! What the model is told once: whom it works for, and its patience.

use std::time::Duration;

use jackfield_plugin_api::{Capabilities, Down, ErrorCode};
use serde_json::Value;

/// The settings of one connection's model.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ModelConfig {
    /// The connection's id: `asterisk-main`.
    pub connection: String,
    /// The adapter plugin's name: `asterisk`.
    pub adapter: String,
    /// The adapter plugin's version.
    pub adapter_version: String,
    /// What the plugin implements (its manifest's word): the widest of the three levels of M8.
    pub capabilities: Capabilities,
    /// How long a call may stay `unknown` before it is ended as lost, marked estimated (I15).
    pub stale_timeout: Duration,
    /// How long a busy call may stay without its end (I6).
    pub busy_timeout: Duration,
    /// How long facts with the phone system's time wait for earlier ones (I7). Zero: not at all; at most 200 ms.
    pub reorder_window: Duration,
}

impl ModelConfig {
    /// The default of [`stale_timeout`](Self::stale_timeout): 8 hours, a working day.
    pub const STALE_TIMEOUT: Duration = Duration::from_secs(8 * 3600);
    /// The default of [`busy_timeout`](Self::busy_timeout): 60 seconds.
    pub const BUSY_TIMEOUT: Duration = Duration::from_secs(60);

    /// Settings with the default times.
    pub fn new(
        connection: impl Into<String>,
        adapter: impl Into<String>,
        adapter_version: impl Into<String>,
        capabilities: Capabilities,
    ) -> Self {
        Self {
            connection: connection.into(),
            adapter: adapter.into(),
            adapter_version: adapter_version.into(),
            capabilities,
            stale_timeout: Self::STALE_TIMEOUT,
            busy_timeout: Self::BUSY_TIMEOUT,
            reorder_window: Duration::ZERO,
        }
    }
}

/// Why a connection (or one line) went down, and what the host does about it.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Loss {
    /// What kind.
    pub code: ErrorCode,
    /// What was found, where, what to do.
    pub text: String,
    /// What the phone system or the operating system said.
    pub native: Option<Value>,
    /// Whether the host tries again by itself.
    pub will_retry: bool,
    /// When it does.
    pub retry_in_ms: Option<u64>,
}

impl Loss {
    /// A loss after which the host tries again.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), native: None, will_retry: true, retry_in_ms: None }
    }
}

impl From<&Down> for Loss {
    fn from(down: &Down) -> Self {
        Self {
            code: down.code,
            text: down.text.clone(),
            native: down.native.clone(),
            will_retry: down.retry,
            retry_in_ms: None,
        }
    }
}
