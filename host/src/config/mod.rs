//! The configuration: one TOML file (docs/administrator.md).
//!
//! [`load`](load::load) reads it, lays `JACKFIELD_…` variables over it and looks up secrets; [`check`](check::check)
//! refuses what makes no sense before anything is touched. What is left is [`Config`] and, per connection, its
//! [`LinePlan`]s.

pub mod check;
mod duration;
pub mod load;
mod secret;
mod types;

pub use check::LinePlan;
pub use load::load;
pub use secret::SecretText;
pub use types::{
    BackOff, Config, ConnectionConfig, HooksConfig, Isolation, LineConfig, OpenMode, PluginsConfig, Role, ServerConfig,
    StoreConfig, TlsFiles, UserConfig,
};

use std::path::PathBuf;

/// Why a configuration was refused: every finding, for the administrator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or a key or value is wrong.
    #[error("{path}: {text}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and what, as the TOML parser says it.
        text: String,
    },
    /// An environment variable does not fit.
    #[error("{variable}: {text}")]
    Variable {
        /// The variable.
        variable: String,
        /// Why it does not fit.
        text: String,
    },
    /// It makes no sense.
    #[error("{path} makes no sense:{}", .findings.iter().map(|f| format!("\n  - {f}")).collect::<String>(), path = path.display())]
    Senseless {
        /// The file.
        path: PathBuf,
        /// Each finding: which key, what was found, what to do.
        findings: Vec<String>,
    },
}
