//! The settings, as the administrator writes them.

use jackfield_plugin_api::{ConfigError, Secret, TlsOptions, TransportSpec};
use schemars::JsonSchema;
use serde::Deserialize;

/// The settings of a connection to one Asterisk.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Asterisk's name or address.
    pub host: String,
    /// The port of the manager interface (`port` in manager.conf; `tlsbindaddr` has its own, usually 5039).
    #[serde(default = "default_port")]
    pub port: u16,
    /// TLS: `true`, or a table with `ca` and `server_name`.
    #[serde(default)]
    pub tls: Tls,
    /// The AMI user: a section of manager.conf.
    pub username: String,
    /// Its `secret`.
    pub password: Secret,
    /// How to log in. `md5` never sends the password; `plain` is for proxies that know no challenge.
    #[serde(default)]
    pub auth: Auth,
    /// The dialplan context in which numbers are dialled for agents. FreePBX: `from-internal`.
    #[serde(default = "default_context")]
    pub context: String,
    /// What is called to reach an agent's phone for click-to-call. `{device}` is the line's device, `{number}` its
    /// number, `{context}` its context. `Local/{number}@{context}/n` lets the dialplan ring the phone, where several
    /// devices or a follow-me belong to one number.
    #[serde(default = "default_originate")]
    pub originate: String,
    /// The caller id that the far end of a click-to-call sees, when the dialplan takes it from the channel. Absent:
    /// the number that is called, so that the agent's own phone shows it; the dialplan then sets its own.
    #[serde(default)]
    pub caller_id: Option<String>,
    /// How long the agent's own phone rings for click-to-call, in seconds.
    #[serde(default = "default_originate_timeout")]
    pub originate_timeout: u32,
    /// How often to ask whether Asterisk is still there, in seconds. Two answers missing make a new connection.
    #[serde(default = "default_ping")]
    pub ping: u32,
    /// How long Asterisk may take for an answer, in seconds.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout: u32,
    /// How long a call must stand without a second party until it counts as a call to a service (IVR, voicemail,
    /// echo), in milliseconds. The dialplan may still dial or queue it.
    #[serde(default = "default_service_delay")]
    pub service_delay_ms: u32,
    /// A context whose every extension is a conference room: `exten => _X.,1,ConfBridge(${EXTEN})`. Two calls of an
    /// agent are joined there. Absent: only a consultation can become a conference.
    #[serde(default)]
    pub conference_context: Option<String>,
    /// The parking lot. Absent: the channel's own.
    #[serde(default)]
    pub parking_lot: Option<String>,
    /// The codes of features.conf that are typed for the agent during a consultation.
    #[serde(default)]
    pub features: FeatureCodes,
    /// The name of a recording; `{line}`, `{number}` and `{id}` (the call's unique id) are replaced. Without a path it
    /// goes to Asterisk's monitor folder.
    #[serde(default = "default_recording")]
    pub recording: String,
    /// The reasons an agent may choose for a pause.
    #[serde(default)]
    pub pause_reasons: Vec<PauseReason>,
    /// Show every message and action for diagnostics, without what makes a login. Much; only for finding a fault.
    #[serde(default)]
    pub raw: bool,
}

/// The settings of one line.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The device as Asterisk names it: `PJSIP/101`.
    pub device: String,
    /// The line's number. Absent: the line's name.
    #[serde(default)]
    pub number: Option<String>,
    /// The context in which numbers are dialled for this line. Absent: the connection's.
    #[serde(default)]
    pub context: Option<String>,
    /// The caller id for this line's click-to-calls. Absent: the connection's.
    #[serde(default)]
    pub caller_id: Option<String>,
    /// Whether the phone can be answered and held from here.
    #[serde(default)]
    pub remote_control: RemoteControl,
    /// Whether calls of this line may be given to a consultation: the dialplan's `Dial` and `Queue` need the options
    /// `t` and `T`, features.conf needs `atxfer`.
    #[serde(default = "yes")]
    pub consult: bool,
    /// How the line is a member of queues. Absent: its device.
    #[serde(default)]
    pub member: Option<String>,
    /// The queues that the agent is added to by logging in here. Empty: membership is the phone system's business.
    #[serde(default)]
    pub queues: Vec<String>,
    /// The name as which the agent is added to queues. Absent: the line's number.
    #[serde(default)]
    pub member_name: Option<String>,
}

/// Whether and how to use TLS.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tls {
    /// On (checked against the system's roots) or off.
    Switch(bool),
    /// On, with these options.
    Options(TlsOptions),
}

impl Default for Tls {
    fn default() -> Self {
        Self::Switch(false)
    }
}

/// How to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// A challenge is answered with a digest.
    #[default]
    Md5,
    /// The password is sent.
    Plain,
}

/// How a phone is answered and held from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemoteControl {
    /// Not at all: the phone must be lifted.
    #[default]
    None,
    /// By `NOTIFY` with `Event: talk` and `Event: hold` within the dialogue, for PJSIP phones that offer
    /// `Allow-Events: talk, hold`.
    Notify,
}

/// The codes of features.conf.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FeatureCodes {
    /// `atxferthreeway`: joins a consultation and the first call.
    pub three_way: String,
    /// `atxferswap`: changes between the two.
    pub swap: String,
}

impl Default for FeatureCodes {
    fn default() -> Self {
        Self { three_way: "*3".into(), swap: "*4".into() }
    }
}

/// A reason for a pause.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseReason {
    /// What Asterisk gets and reports.
    pub code: String,
    /// What people read.
    #[serde(default)]
    pub label: Option<String>,
}

fn default_port() -> u16 {
    5038
}
fn default_context() -> String {
    "from-internal".into()
}
fn default_originate() -> String {
    "{device}".into()
}
fn default_originate_timeout() -> u32 {
    30
}
fn default_ping() -> u32 {
    15
}
fn default_answer_timeout() -> u32 {
    10
}
fn default_service_delay() -> u32 {
    1000
}
fn default_recording() -> String {
    "{line}-{id}.wav".into()
}
fn yes() -> bool {
    true
}

impl Config {
    /// What stands in for the settings while saved state is being read.
    pub(crate) fn empty() -> Self {
        Self {
            host: String::new(),
            port: default_port(),
            tls: Tls::default(),
            username: String::new(),
            password: Secret::new(""),
            auth: Auth::default(),
            context: default_context(),
            originate: default_originate(),
            caller_id: None,
            originate_timeout: default_originate_timeout(),
            ping: default_ping(),
            answer_timeout: default_answer_timeout(),
            service_delay_ms: default_service_delay(),
            conference_context: None,
            parking_lot: None,
            features: FeatureCodes::default(),
            recording: default_recording(),
            pause_reasons: Vec::new(),
            raw: false,
        }
    }

    /// What the format cannot tell.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let empty = |path, what: &str| Err(ConfigError::new(path, format!("{what} is missing")));
        if self.host.trim().is_empty() {
            return empty("host", "Asterisk's name or address");
        }
        if self.username.trim().is_empty() {
            return empty("username", "the AMI user (a section of manager.conf)");
        }
        if self.ping == 0 || self.answer_timeout == 0 || self.originate_timeout == 0 {
            return Err(ConfigError::new(
                "",
                "`ping`, `answer_timeout` and `originate_timeout` are seconds, at least 1",
            ));
        }
        for (path, value) in [("context", &self.context), ("originate", &self.originate), ("username", &self.username)]
        {
            if value.is_empty() || value.contains(['\r', '\n']) {
                return Err(ConfigError::new(path, "one line of text is expected"));
            }
        }
        let code = |code: &str| !code.is_empty() && code.chars().all(|c| c.is_ascii_digit() || "*#ABCD".contains(c));
        for (path, value) in [("features.three_way", &self.features.three_way), ("features.swap", &self.features.swap)]
        {
            if !code(value) {
                return Err(ConfigError::new(path, format!("`{value}` is no feature code: digits, `*` and `#`")));
            }
        }
        Ok(())
    }

    /// What the host is to open.
    pub(crate) fn transport(&self) -> TransportSpec {
        let (host, port) = (self.host.clone(), self.port);
        match &self.tls {
            Tls::Switch(false) => TransportSpec::Tcp { host, port },
            Tls::Switch(true) => TransportSpec::Tls { host, port, tls: TlsOptions::default() },
            Tls::Options(tls) => TransportSpec::Tls { host, port, tls: tls.clone() },
        }
    }
}
