//! The configuration: one TOML file (docs/administrator.md).
//!
//! [`load`](load::load) reads it, lays `JACKFIELD_…` variables over it, looks up secrets, and judges it by the schema of
//! its types and by what the types cannot say ([`check`]): every [`Finding`] at once, before anything is touched. What
//! is left is [`Config`] and, per connection, its [`LinePlan`]s. The adapters' own settings are judged by the schemas of
//! their manifests ([`settings`]), once the libraries are known. [`print`](mod@print) shows what is in effect.

pub mod check;
mod duration;
mod finding;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod lines;
pub mod load;
#[cfg(any(test, feature = "fuzz"))]
mod made_up;
mod network;
mod path;
pub mod print;
mod record;
mod recordings;
mod repair;
mod schema;
mod secret;
mod secrets;
pub mod settings;
mod source;
mod types;
mod variables;
mod words;

pub(crate) use duration::parse as duration;
pub use finding::{Finding, Findings};
pub use lines::LinePlan;
pub use load::{Reading, load, read, read_with};
pub use network::Network;
pub use path::KeyPath;
pub use record::RecordConfig;
pub use recordings::RecordingsConfig;
pub use secret::SecretText;
pub use secrets::SecretLeaves;
pub use types::{
    BackOff, Config, ConnectionConfig, HooksConfig, Isolation, LineConfig, OpenMode, PluginsConfig, Role, ServerConfig,
    StoreConfig, TlsFiles, UserConfig,
};

#[cfg(test)]
mod tests;

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
    /// It is wrong.
    #[error("the configuration is refused:\n{0}")]
    Refused(Findings),
}

impl ConfigError {
    /// The same as findings.
    #[must_use]
    pub fn into_findings(self) -> Findings {
        match self {
            Self::Refused(findings) => findings,
            Self::Unreadable { path, source } => {
                Findings::new(&path, vec![Finding::new(KeyPath::default(), source.to_string())])
            }
        }
    }
}
