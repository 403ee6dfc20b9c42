//! The keys of the file, as types. Unknown keys are errors.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use toml::Table;

use super::duration;
use super::network::{self, Network};
use super::record::{Around, RecordConfig};
use super::recordings::RecordingsConfig;
use super::schema::ADDRESS;
use super::secret::SecretText;
use super::source::Source as Origin;
use crate::store::Source;

/// Settings of adapters: any table, as far as the host knows.
type AnyTable = BTreeMap<String, Json>;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Where all this comes from.
    #[serde(skip)]
    pub(crate) source: Origin,
}

/// The file's keys, as a schema.
pub(super) fn schema() -> Json {
    SchemaGenerator::default().into_root_schema_for::<Config>().to_value()
}

fn address(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": ADDRESS })
}

/// A table of which only the keys are shown: passwords stand in settings.
pub(super) struct KeysOf<'a>(pub(super) &'a Table);

impl fmt::Debug for KeysOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.keys().map(|key| (key, format_args!("…")))).finish()
    }
}

/// Where clients connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Address and port. Anything but loopback needs `tls`, or `insecure = true`.
    #[schemars(schema_with = "address")]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificate chain (PEM).
    pub cert: PathBuf,
    /// The private key (PEM).
    pub key: PathBuf,
}

/// Where adapters come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    #[schemars(schema_with = "duration::schema")]
    pub scan: Duration,
    /// How long a file must be unchanged to count as complete, and missing to count as removed.
    #[serde(with = "duration")]
    #[schemars(schema_with = "duration::schema")]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoreConfig {
    /// `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE?sslmode=require`.
    pub url: SecretText,
    /// A file with further trusted roots (PEM), for a PostgreSQL whose certificate is not of a public authority.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The folder for what waits for the database. By default beside the database's file, with `.pending` after its
    /// name; for PostgreSQL `jackfield.pending` beside the configuration.
    #[serde(default)]
    pub pending: Option<PathBuf>,
    /// How many MiB of a connection may wait for the database.
    #[serde(default = "default_pending_mib")]
    pub pending_mib: u64,
    /// Calls that began longer ago are forgotten. None: they are kept for ever.
    #[serde(default)]
    pub keep_days: Option<u32>,
    /// The folder of the configuration.
    #[serde(skip)]
    pub(crate) base: PathBuf,
}

const fn default_pending_mib() -> u64 {
    1_024
}

impl StoreConfig {
    /// The database.
    ///
    /// # Errors
    /// The address is none of a database.
    pub fn source(&self) -> Result<Source, String> {
        Ok(match Source::of(self.url.reveal())? {
            Source::Sqlite(file) => Source::Sqlite(self.base.join(file)),
            Source::Postgres(server) => Source::Postgres(server.with_ca(self.ca.as_ref().map(|ca| self.base.join(ca)))),
        })
    }

    /// The folder for what waits for the database.
    #[must_use]
    pub fn pending_folder(&self) -> PathBuf {
        match (&self.pending, self.source()) {
            (Some(folder), _) => self.base.join(folder),
            (None, Ok(Source::Sqlite(file))) => {
                let mut name = file.into_os_string();
                name.push(".pending");
                name.into()
            }
            (None, _) => self.base.join("jackfield.pending"),
        }
    }

    /// How long calls are kept.
    #[must_use]
    pub fn keep(&self) -> Option<Duration> {
        self.keep_days.map(|days| Duration::from_secs(u64::from(days) * 86_400))
    }
}

/// Where an adapter runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In a process of its own.
    #[default]
    Process,
    /// In the host.
    Host,
}

/// A connection to a phone system.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// How long the adapter may take for one input before its process is ended and started again.
    #[serde(default = "default_input_timeout", with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub input_timeout: Duration,
    /// The most memory of the adapter's process, in MiB.
    #[serde(default = "default_memory")]
    pub memory: u32,
    /// How long a new version of the adapter is on probation: the one before it is kept, to go on in its place.
    #[serde(default = "default_probation", with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub probation: Duration,
    /// How long calls stay `unknown` when nobody tells what became of them.
    #[serde(default = "default_stale", with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub stale_timeout: Duration,
    /// How long a busy call may wait for its end.
    #[serde(default = "default_busy", with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub busy_timeout: Duration,
    /// How long facts may wait for earlier ones, for phone systems that deliver out of order; at most 200 ms.
    #[serde(default, with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub reorder_window: Duration,
    /// When lines are opened that do not say it themselves.
    #[serde(default)]
    pub open: OpenMode,
    /// How long a line that is opened on demand stays open after its last client has gone.
    #[serde(default = "default_linger", with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub linger: Duration,
    /// How many events each line keeps for clients that come back.
    #[serde(default = "default_replay")]
    pub replay: usize,
    /// How long between tries to connect.
    #[serde(default)]
    pub backoff: BackOff,
    /// The adapter's settings.
    #[serde(default)]
    #[schemars(with = "AnyTable")]
    pub settings: Table,
    /// Settings that every line has; `{device}` is what stands after the slash.
    #[serde(default)]
    #[schemars(with = "AnyTable")]
    pub lines: Table,
    /// Who may call `/hooks/<id>/…`.
    pub hooks: Option<HooksConfig>,
    /// Where recordings of its calls lie, when clients are to get them through the host.
    #[serde(default)]
    pub recordings: Option<RecordingsConfig>,
    /// Its recording; without the table nothing is recorded until somebody asks for it.
    pub record: Option<RecordConfig>,
    /// What the rest of the file has to do with a recording.
    #[serde(skip)]
    pub(crate) around: Around,
}

impl fmt::Debug for ConnectionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionConfig")
            .field("id", &self.id)
            .field("plugin", &self.plugin)
            .field("version", &self.version)
            .field("settings", &KeysOf(&self.settings))
            .field("lines", &KeysOf(&self.lines))
            .finish_non_exhaustive()
    }
}

impl ConnectionConfig {
    /// What an adapter needs and this connection does not grant.
    pub fn missing_grants<'a>(&self, needs: &'a [String]) -> impl Iterator<Item = &'a str> {
        needs.iter().filter(|need| !self.grant.contains(need)).map(String::as_str)
    }
}

fn default_stale() -> Duration {
    Duration::from_secs(8 * 3600)
}

fn default_input_timeout() -> Duration {
    Duration::from_secs(5)
}

fn default_probation() -> Duration {
    Duration::from_secs(30)
}

fn default_linger() -> Duration {
    Duration::from_secs(60)
}

const fn default_memory() -> u32 {
    256
}

fn default_busy() -> Duration {
    Duration::from_secs(60)
}

const fn default_replay() -> usize {
    1_000
}

/// How long between tries to connect: doubling from `first` to `most`, each with jitter of up to a half less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BackOff {
    /// Before the second try.
    #[serde(with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub first: Duration,
    /// The longest.
    #[serde(with = "duration")]
    #[schemars(schema_with = "duration::schema")]
    pub most: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(30) }
    }
}

/// Who may call the host's hooks, and how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HooksConfig {
    /// Addresses and networks.
    #[schemars(schema_with = "network::schema")]
    pub allow: Vec<Network>,
    /// What stands in the path behind the connection's id.
    #[serde(default)]
    pub secret: Option<SecretText>,
    /// The longest body, in KiB.
    #[serde(default = "default_body_kib")]
    pub body_kib: u32,
    /// Requests a second, and as many at once.
    #[serde(default = "default_hook_rate")]
    pub rate: u32,
}

const fn default_body_kib() -> u32 {
    64
}

const fn default_hook_rate() -> u32 {
    100
}

/// When a line is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OpenMode {
    /// With its connection.
    #[default]
    Always,
    /// When its first client asks.
    OnDemand,
}

/// A line that differs from the others, or needs credentials.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LineConfig {
    /// `connection/device`.
    pub name: String,
    /// When it is opened. None: as its connection says.
    #[serde(default)]
    pub open: Option<OpenMode>,
    /// The adapter's settings of the line, over those of `[connection.lines]`.
    #[serde(default)]
    #[schemars(with = "AnyTable")]
    pub settings: Table,
}

impl fmt::Debug for LineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineConfig")
            .field("name", &self.name)
            .field("open", &self.open)
            .field("settings", &KeysOf(&self.settings))
            .finish()
    }
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
