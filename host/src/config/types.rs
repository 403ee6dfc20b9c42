//! The keys of the file, as types. Unknown keys are errors.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use toml::Table;

use super::duration;
use super::secret::SecretText;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// `[server]`.
    #[serde(default)]
    pub server: ServerConfig,
    /// `[plugins]`.
    #[serde(default)]
    pub plugins: PluginsConfig,
    /// `[store]`.
    #[serde(default)]
    pub store: Option<StoreConfig>,
    /// `[[connection]]`.
    #[serde(default, rename = "connection")]
    pub connections: Vec<ConnectionConfig>,
    /// `[[line]]`.
    #[serde(default, rename = "line")]
    pub lines: Vec<LineConfig>,
    /// `[[user]]`.
    #[serde(default, rename = "user")]
    pub users: Vec<UserConfig>,
}

/// Where clients connect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Address and port. Anything but loopback needs `tls`, or `insecure = true`.
    pub listen: SocketAddr,
    /// Certificate and key (PEM).
    pub tls: Option<TlsFiles>,
    /// Pages that may connect, as browsers name their origin. Empty: only pages that this host serves itself.
    pub origins: Vec<String>,
    /// Tokens may travel unencrypted over a network.
    pub insecure: bool,
    /// The most clients at a time.
    pub max_sessions: usize,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: None,
            origins: Vec::new(),
            insecure: false,
            max_sessions: 20_000,
        }
    }
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificate chain (PEM).
    pub cert: PathBuf,
    /// The private key (PEM).
    pub key: PathBuf,
}

/// Where adapters come from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PluginsConfig {
    /// The folder with the libraries.
    pub folder: PathBuf,
    /// Only libraries signed with one of these keys.
    pub trusted_keys: Vec<String>,
    /// Whether the system is asked to tell changes of the folder.
    pub watch: bool,
    /// How often the folder is looked at, whatever the system tells.
    #[serde(with = "duration")]
    pub scan: Duration,
    /// How long a file must be unchanged to count as complete, and missing to count as removed.
    #[serde(with = "duration")]
    pub settle: Duration,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("adapters"),
            trusted_keys: Vec::new(),
            watch: true,
            scan: Duration::from_secs(10),
            settle: Duration::from_secs(2),
        }
    }
}

/// Where calls are kept.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoreConfig {
    /// `sqlite://FILE` or `postgres://…`.
    pub url: String,
}

/// Where an adapter runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In a process of its own.
    #[default]
    Process,
    /// In the host.
    Host,
}

/// A connection to a phone system.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConnectionConfig {
    /// Its id: `[a-z0-9-]+`, the part of line names before the slash.
    pub id: String,
    /// The adapter's name, as its manifest says it.
    pub plugin: String,
    /// A version to stay with; else the highest there is.
    pub version: Option<String>,
    /// Where the adapter runs.
    #[serde(default)]
    pub isolation: Isolation,
    /// What is granted of the adapter's `needs`.
    #[serde(default)]
    pub grant: Vec<String>,
    /// How long calls stay `unknown` when nobody tells what became of them.
    #[serde(default = "default_stale", with = "duration")]
    pub stale_timeout: Duration,
    /// How long a busy call may wait for its end.
    #[serde(default = "default_busy", with = "duration")]
    pub busy_timeout: Duration,
    /// How long facts may wait for earlier ones, for phone systems that deliver out of order; at most 200 ms.
    #[serde(default, with = "duration")]
    pub reorder_window: Duration,
    /// How many events each line keeps for clients that come back.
    #[serde(default = "default_replay")]
    pub replay: usize,
    /// How long between tries to connect.
    #[serde(default)]
    pub backoff: BackOff,
    /// The adapter's settings.
    #[serde(default)]
    pub settings: Table,
    /// Settings that every line has; `{device}` is what stands after the slash.
    #[serde(default)]
    pub lines: Table,
    /// Who may call `/hooks/<id>/…`.
    pub hooks: Option<HooksConfig>,
}

fn default_stale() -> Duration {
    Duration::from_secs(8 * 3600)
}

fn default_busy() -> Duration {
    Duration::from_secs(60)
}

const fn default_replay() -> usize {
    1_000
}

/// How long between tries to connect: doubling from `first` to `most`, each with jitter of up to a half less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BackOff {
    /// Before the second try.
    #[serde(with = "duration")]
    pub first: Duration,
    /// The longest.
    #[serde(with = "duration")]
    pub most: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(30) }
    }
}

/// Who may call the host's hooks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HooksConfig {
    /// Addresses.
    pub allow: Vec<std::net::IpAddr>,
}

/// When a line is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenMode {
    /// With its connection.
    #[default]
    Always,
    /// When its first client asks.
    OnDemand,
}

/// A line that differs from the others, or needs credentials.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LineConfig {
    /// `connection/device`.
    pub name: String,
    /// When it is opened.
    #[serde(default)]
    pub open: OpenMode,
    /// The adapter's settings of the line, over those of `[connection.lines]`.
    #[serde(default)]
    pub settings: Table,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees and commands the listed lines.
    Agent,
    /// Sees the listed lines.
    Supervisor,
    /// A program: sees and commands the listed lines.
    Service,
    /// Everything.
    Admin,
}

impl Role {
    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Service => "service",
            Self::Admin => "admin",
        }
    }

    /// Whether the role may send commands to the lines it sees.
    #[must_use]
    pub const fn commands(self) -> bool {
        !matches!(self, Self::Supervisor)
    }
}

/// Somebody who may connect.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UserConfig {
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they show.
    pub token: SecretText,
    /// Their lines; the first is the panel's default. `connection/*`: all of a connection (not for agents).
    #[serde(default)]
    pub lines: Vec<String>,
}
