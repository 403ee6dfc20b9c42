//! The settings, as the administrator writes them.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_csta::dialect::AVAYA;
use jackfield_plugin_api::{ConfigError, Secret, TlsOptions, TransportSpec};
use schemars::JsonSchema;
use serde::Deserialize;

/// The settings of a connection to the AE Services in front of one Communication Manager.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The AE Services servers, in the order in which they are tried: `aes1.example`, `aes1.example:4722`,
    /// `[2001:db8::1]:4722`. Without a port: 4722, or 4721 with `plain`.
    pub servers: Vec<String>,
    /// TCP without TLS. The port must be enabled in AE Services.
    #[serde(default)]
    pub plain: bool,
    /// How the servers' certificate is checked.
    #[serde(default)]
    pub tls: TlsOptions,
    /// The CTI user.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// The switch connection, by its name in AE Services.
    pub switch: String,
    /// The switch's address (`switchIPInterface`), where the name alone is not enough.
    #[serde(default)]
    pub switch_address: Option<String>,
    /// Protocol versions to ask for, the best first: `priv7` and its like (of edition 3), or a whole URI.
    #[serde(default = "default_protocols")]
    pub protocols: Vec<String>,
    /// Seconds that a session lives without a keep-alive; one is sent each third of it.
    #[serde(default = "default_session_duration")]
    pub session_duration: u32,
    /// Seconds for which a session is to outlive its link.
    #[serde(default = "default_cleanup_delay")]
    pub cleanup_delay: u32,
    /// Seconds in which a request is answered.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout: u32,
    /// Lines that are set up at a time.
    #[serde(default = "default_parallel")]
    pub parallel: u32,
    /// How often an agent's state is asked for, in milliseconds; 0: only events tell it.
    #[serde(default = "default_agent_poll_ms")]
    pub agent_poll_ms: u32,
    /// The most questions for agents' states in a second, of all lines together: with more agents each waits longer.
    #[serde(default = "default_agent_polls_per_second")]
    pub agent_polls_per_second: u32,
    /// How often an idle line's calls are compared with the switch, in seconds; 0: only after a break.
    #[serde(default)]
    pub check: u32,
    /// VDNs whose calls are watched: the queue that a call waits in is then known before it rings.
    #[serde(default)]
    pub vdns: Vec<String>,
    /// Skills or splits at which log-ins and log-outs are watched.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Names of VDNs, skills and splits, by their extension.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// Extensions of recorders and silent observers: they are shown, and make no conference of a call.
    #[serde(default)]
    pub recorders: Vec<String>,
    /// How many digits the switch's own numbers have: a call between such numbers is an internal one. Those of lines are
    /// known to be the switch's own.
    #[serde(default)]
    pub internal_digits: Vec<u32>,
    /// Reason codes of the auxiliary state, with what they mean.
    #[serde(default)]
    pub reasons: BTreeMap<String, String>,
    /// The work mode of who is ready: `autoIn` or `manualIn`.
    #[serde(default)]
    pub ready_mode: ReadyMode,
    /// The work mode after a log-in: `auxWork`, `autoIn`, `manualIn`, `afterCallWork`.
    #[serde(default = "default_login_mode")]
    pub login_mode: String,
    /// Whether a phone that makes a call from here goes off hook by itself. Without it the user lifts the handset.
    #[serde(default = "yes")]
    pub auto_originate: bool,
    /// Whether a number to be dialled is first made a device's id by the server (`GetThirdPartyDeviceId`). Without it the
    /// id is written as `number:switch::0`.
    #[serde(default = "yes")]
    pub ask_for_targets: bool,
    /// What is dialled for a `+` at the beginning of a number: `00`, `9011`. Absent: such a number is refused.
    #[serde(default)]
    pub plus: Option<String>,
    /// Whether a held call may be ended from here without taking it back.
    #[serde(default)]
    pub clears_held: bool,
    /// Whether a ringing call may be declined from here.
    #[serde(default)]
    pub clears_ringing: bool,
    /// The longest user-to-user information, in bytes.
    #[serde(default = "default_uui_max")]
    pub uui_max: u32,
    /// Whether any two bytes may stand at the beginning of a frame.
    #[serde(default)]
    pub lenient: bool,
    /// Show every message for diagnostics, without passwords.
    #[serde(default)]
    pub raw: bool,
}

/// The settings of one line: a station.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The station's extension. Absent: the line's name.
    #[serde(default)]
    pub extension: Option<String>,
    /// The agent's login id, for `changeCallCentreState`, and to be shown while nobody is logged on.
    #[serde(default)]
    pub agent: Option<String>,
    /// The agent's password.
    #[serde(default)]
    pub agent_password: Option<Secret>,
    /// The split to log on to, where agents have no skills of their own (no EAS).
    #[serde(default)]
    pub split: Option<String>,
}

/// How an agent is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ReadyMode {
    /// The next call comes by itself.
    #[default]
    AutoIn,
    /// The agent says when.
    ManualIn,
}

impl ReadyMode {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AutoIn => "autoIn",
            Self::ManualIn => "manualIn",
        }
    }
}

fn yes() -> bool {
    true
}
fn default_protocols() -> Vec<String> {
    vec!["priv7".to_owned()]
}
fn default_session_duration() -> u32 {
    180
}
fn default_cleanup_delay() -> u32 {
    60
}
fn default_answer_timeout() -> u32 {
    10
}
fn default_parallel() -> u32 {
    16
}
fn default_agent_poll_ms() -> u32 {
    2_000
}
fn default_agent_polls_per_second() -> u32 {
    100
}
fn default_login_mode() -> String {
    "auxWork".to_owned()
}
fn default_uui_max() -> u32 {
    96
}

/// Servers, VDNs and the like that a list may name.
const MOST: usize = 200;
/// The longest text of a setting, in bytes.
const LONGEST: usize = 256;
/// Agents' work modes.
pub(crate) const WORK_MODES: &[&str] = &["autoIn", "manualIn", "auxWork", "afterCallWork"];

impl Config {
    /// Whether a number is the switch's own, by its length.
    pub(crate) fn is_internal(&self, number: &str) -> bool {
        let digits = || number.bytes().all(|byte| byte.is_ascii_digit());
        self.internal_digits.iter().any(|length| usize::try_from(*length).is_ok_and(|length| length == number.len()))
            && digits()
    }

    /// What the format cannot tell.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |path: String, text: String| Err(ConfigError::new(path, text));
        if self.servers.is_empty() {
            return refuse("servers".into(), "name at least one server".into());
        }
        if self.servers.len() > 8 {
            return refuse("servers".into(), format!("{} servers: at most 8 are tried", self.servers.len()));
        }
        for (at, server) in self.servers.iter().enumerate() {
            if address(server, 1).is_none() {
                let text =
                    format!("{server:?} is no server: `aes.example`, `aes.example:4722` or `[2001:db8::1]:4722`");
                return refuse(format!("servers[{at}]"), text);
            }
        }
        for (path, text) in [
            ("username", Some(self.username.as_str())),
            ("password", Some(self.password.reveal())),
            ("switch", Some(self.switch.as_str())),
            ("switch_address", self.switch_address.as_deref()),
        ] {
            if text.is_some_and(|text| !fits(text)) {
                let text = "must not be empty, longer than 256 bytes, or contain line ends";
                return refuse(path.into(), text.into());
            }
        }
        if self.protocols.is_empty() || self.protocols.len() > 16 || !self.protocols.iter().all(|text| fits(text)) {
            return refuse("protocols".into(), "name one to sixteen protocol versions, as `priv7`".into());
        }
        for (path, list) in [("vdns", &self.vdns), ("skills", &self.skills), ("recorders", &self.recorders)] {
            if list.len() > MOST {
                return refuse(path.into(), format!("{}: at most {MOST} are possible", list.len()));
            }
            if let Some(at) = list.iter().position(|extension| !is_extension(extension)) {
                return refuse(
                    format!("{path}[{at}]"),
                    format!("{:?} is no extension: 1 to 30 of 0-9, * and #", list[at]),
                );
            }
        }
        for (path, map) in [("names", &self.names), ("reasons", &self.reasons)] {
            if map.len() > MOST || !map.iter().all(|(key, name)| fits(key) && fits(name)) {
                return refuse(path.into(), format!("at most {MOST} entries, none of them empty"));
            }
        }
        if let Some(code) = self.reasons.keys().find(|code| code.parse::<u32>().is_err()) {
            return refuse(format!("reasons.{code}"), "a reason code is a number".into());
        }
        if self.plus.as_ref().is_some_and(|plus| !is_extension(plus)) {
            return refuse("plus".into(), "is dialled for a `+`: digits, as `00`".into());
        }
        if !WORK_MODES.contains(&self.login_mode.as_str()) {
            let text = format!("{:?} is none of {}", self.login_mode, WORK_MODES.join(", "));
            return refuse("login_mode".into(), text);
        }
        for (path, value, least, most) in [
            ("session_duration", self.session_duration, 15, 7_200),
            ("cleanup_delay", self.cleanup_delay, 0, 7_200),
            ("answer_timeout", self.answer_timeout, 1, 300),
            ("parallel", self.parallel, 1, 256),
            ("agent_poll_ms", self.agent_poll_ms, 0, 3_600_000),
            ("agent_polls_per_second", self.agent_polls_per_second, 1, 1_000),
            ("check", self.check, 0, 86_400),
            ("uui_max", self.uui_max, 0, 2_000),
        ] {
            if !(least..=most).contains(&value) {
                return refuse(path.into(), format!("{value}: {least} to {most} are possible"));
            }
        }
        Ok(())
    }

    /// How the host reaches a server.
    pub(crate) fn transport(&self, server: usize) -> Option<TransportSpec> {
        let port = if self.plain { AVAYA.port } else { AVAYA.tls_port };
        let (host, port) = address(self.servers.get(server)?, port)?;
        Some(if self.plain { TransportSpec::tcp(host, port) } else { TransportSpec::tls(host, port, self.tls.clone()) })
    }

    /// The protocol versions as they are sent.
    pub(crate) fn versions(&self) -> Vec<String> {
        let whole = |version: &String| {
            if version.starts_with("priv") { format!("{}/{version}", AVAYA.csta) } else { version.clone() }
        };
        self.protocols.iter().map(whole).collect()
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.answer_timeout))
    }
}

/// A server's name and port.
fn address(server: &str, port: u16) -> Option<(String, u16)> {
    let fine = |host: &str| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c.is_control());
    if let Some(rest) = server.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        let port = if rest.is_empty() { port } else { rest.strip_prefix(':')?.parse().ok()? };
        return fine(host).then(|| (host.to_owned(), port));
    }
    match server.split_once(':') {
        Some((host, rest)) if !rest.contains(':') => Some((host.to_owned(), rest.parse().ok()?)).filter(|_| fine(host)),
        // Several colons: an address of version 6 without a port.
        _ => fine(server).then(|| (server.to_owned(), port)),
    }
}

/// Whether a text can stand in a setting.
pub(crate) fn fits(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control)
}

/// Whether a text can be an extension.
pub(crate) fn is_extension(text: &str) -> bool {
    (1..=30).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn good() -> Value {
        json!({"servers": ["aes1.example", "aes2.example:5000"], "username": "cti", "password": "x", "switch": "CM"})
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let read = |settings: Value| serde_json::from_value::<Config>(settings).unwrap().check();
        assert!(read(good()).is_ok());
        for (key, value, said) in [
            ("servers", json!([]), "servers: name at least one"),
            ("servers", json!(["a b"]), "servers[0]: \"a b\" is no server"),
            ("servers", json!(["aes:port"]), "servers[0]: "),
            ("switch", json!(" "), "switch: must not be empty"),
            ("vdns", json!(["62x0"]), "vdns[0]: \"62x0\" is no extension"),
            ("reasons", json!({"tea": "Tea"}), "reasons.tea: a reason code is a number"),
            ("login_mode", json!("asleep"), "login_mode: \"asleep\" is none of autoIn"),
            ("session_duration", json!(1), "session_duration: 1: 15 to 7200"),
            ("protocols", json!([]), "protocols: name one"),
        ] {
            let mut settings = good();
            settings[key] = value;
            let found = read(settings).unwrap_err().to_string();
            assert!(found.starts_with(said), "{found}");
        }
    }

    #[test]
    fn servers_have_ports_by_what_is_spoken() {
        let mut config: Config = serde_json::from_value(good()).unwrap();
        assert_eq!(config.transport(0), Some(TransportSpec::tls("aes1.example", 4722, TlsOptions::default())));
        config.plain = true;
        assert_eq!(config.transport(0), Some(TransportSpec::tcp("aes1.example", 4721)));
        assert_eq!(config.transport(1), Some(TransportSpec::tcp("aes2.example", 5000)));
        assert_eq!(config.transport(2), None);
        assert_eq!(address("[2001:db8::1]:7", 1), Some(("2001:db8::1".to_owned(), 7)));
        assert_eq!(address("2001:db8::1", 1), Some(("2001:db8::1".to_owned(), 1)));
        let versions = config.versions();
        assert_eq!(versions, ["http://www.ecma-international.org/standards/ecma-323/csta/ed3/priv7"]);
    }
}
