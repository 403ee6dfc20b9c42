//! The settings, as the administrator writes them.

use std::collections::BTreeMap;
use std::time::Duration;

use encoding_rs::Encoding;
use jackfield_plugin_api::{AgentState, ConfigError, Secret, TlsOptions, TransportSpec};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::wire::fits;

/// The settings of a connection to one CallWay server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Name or address of the server.
    pub host: String,
    /// The port of its integration protocol.
    #[serde(default = "default_port")]
    pub port: u16,
    /// TLS around the link: `{}` or how the certificate is checked. Absent: plain TCP, as CallWay itself speaks.
    #[serde(default)]
    pub tls: Option<TlsOptions>,
    /// The integration's login.
    pub login: String,
    /// The integration's password.
    pub password: Secret,
    /// How letters are encoded: `utf-8`, `windows-1251`, or another encoding of the web.
    #[serde(default = "default_encoding")]
    pub encoding: String,
    /// Whether operators use CallWay's own softphone: it dials by itself and can be answered from here. Others are rung
    /// first (`Originate`) and are answered at the phone.
    #[serde(default = "yes")]
    pub softphone: bool,
    /// The routing rule for calls that are dialled for other phones.
    #[serde(default)]
    pub routing_rule: Option<String>,
    /// The number that the server's own call to an operator's phone shows (`Originate`): such a call is hidden.
    #[serde(default)]
    pub ring_back_caller_id: Option<String>,
    /// How long the effect of a command may take, in seconds.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout: u32,
    /// After so many seconds without a word the server is asked for an operator's state, and the link is made anew when
    /// it still says nothing; 0: never (TCP's own keep-alive is on in any case).
    #[serde(default)]
    pub probe: u32,
    /// Whether the current call is held from here before a consultation is dialled. Not known of CallWay; without it the
    /// server is trusted to hold it.
    #[serde(default)]
    pub hold_before_consult: bool,
    /// Whether the held call is taken back from here when its consultation is cancelled.
    #[serde(default = "yes")]
    pub retrieve_after_cancel: bool,
    /// Whether a consultation can be completed while its target still rings.
    #[serde(default)]
    pub early_transfer: bool,
    /// Whether two calls can be swapped, by `Hold` of one and `UnHold` of the other.
    #[serde(default)]
    pub alternate: bool,
    /// What the operator states of this installation mean, by CallWay's code.
    #[serde(default = "default_states")]
    pub states: BTreeMap<String, AgentStateName>,
    /// The codes that may be set from here.
    #[serde(default = "default_selectable")]
    pub selectable: Vec<String>,
    /// The code that begins after-call work.
    #[serde(default = "default_wrap_up_on")]
    pub wrap_up_on: String,
    /// The code that ends after-call work.
    #[serde(default = "default_wrap_up_off")]
    pub wrap_up_off: String,
    /// Show every message for diagnostics, without the password.
    #[serde(default)]
    pub raw: bool,
}

/// The settings of one line: an operator.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The operator's id, which is the internal number. Absent: the line's name.
    #[serde(default)]
    pub operator: Option<String>,
    /// Whether this operator uses CallWay's softphone. Absent: the connection's.
    #[serde(default)]
    pub softphone: Option<bool>,
    /// The routing rule for this operator's calls. Absent: the connection's.
    #[serde(default)]
    pub routing_rule: Option<String>,
}

/// A normalised agent state, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the names are the model's: AgentState says what they mean")]
pub enum AgentStateName {
    LoggedOut,
    NotReady,
    Ready,
    Reserved,
    Busy,
    AfterCallWork,
    Unknown,
}

impl From<AgentStateName> for AgentState {
    fn from(name: AgentStateName) -> Self {
        match name {
            AgentStateName::LoggedOut => Self::LoggedOut,
            AgentStateName::NotReady => Self::NotReady,
            AgentStateName::Ready => Self::Ready,
            AgentStateName::Reserved => Self::Reserved,
            AgentStateName::Busy => Self::Busy,
            AgentStateName::AfterCallWork => Self::AfterCallWork,
            AgentStateName::Unknown => Self::Unknown,
        }
    }
}

fn default_port() -> u16 {
    34_600
}
fn default_encoding() -> String {
    "utf-8".to_owned()
}
fn yes() -> bool {
    true
}
fn default_answer_timeout() -> u32 {
    10
}
fn default_states() -> BTreeMap<String, AgentStateName> {
    [("Available", AgentStateName::Ready), ("Busy", AgentStateName::Busy)].map(|(c, s)| (c.to_owned(), s)).into()
}
fn default_selectable() -> Vec<String> {
    vec![default_wrap_up_off(), default_wrap_up_on()]
}
fn default_wrap_up_on() -> String {
    "Busy".to_owned()
}
fn default_wrap_up_off() -> String {
    "Available".to_owned()
}

/// The longest time in seconds that a setting may name.
const LONGEST: u32 = 3_600;
/// States that a setting may name.
const MOST_STATES: usize = 100;

impl Config {
    /// What the format cannot tell.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.host.is_empty() || self.host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(ConfigError::new("host", format!("{:?} is no name or address of a server", self.host)));
        }
        if self.text_encoding().is_none() {
            let text = format!("{:?} is no encoding that fits: utf-8 or windows-1251, for example", self.encoding);
            return Err(ConfigError::new("encoding", text));
        }
        let texts = [
            ("login", Some(&self.login)),
            ("routing_rule", self.routing_rule.as_ref()),
            ("ring_back_caller_id", self.ring_back_caller_id.as_ref()),
            ("wrap_up_on", Some(&self.wrap_up_on)),
            ("wrap_up_off", Some(&self.wrap_up_off)),
        ];
        for (path, text) in texts {
            if text.is_some_and(|text| !fits(text)) {
                return Err(ConfigError::new(path, "must not be empty, and must not contain line ends"));
            }
        }
        if !fits(self.password.reveal()) {
            return Err(ConfigError::new("password", "must not be empty, and must not contain line ends"));
        }
        if let Some(at) = self.selectable.iter().position(|code| !fits(code)) {
            let text = "must not be empty, and must not contain line ends";
            return Err(ConfigError::new(format!("selectable[{at}]"), text));
        }
        for (path, length) in [("states", self.states.len()), ("selectable", self.selectable.len())] {
            if length > MOST_STATES {
                return Err(ConfigError::new(path, format!("{length}: at most {MOST_STATES} are possible")));
            }
        }
        for (path, seconds, least) in [("answer_timeout", self.answer_timeout, 1), ("probe", self.probe, 0)] {
            if !(least..=LONGEST).contains(&seconds) {
                return Err(ConfigError::new(path, format!("{seconds} s: {least} to {LONGEST} are possible")));
            }
        }
        Ok(())
    }

    /// How letters are encoded. None: no such encoding, or one in which a line's end is not one byte.
    pub(crate) fn text_encoding(&self) -> Option<&'static Encoding> {
        Encoding::for_label(self.encoding.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
    }

    /// What the host is to open.
    pub(crate) fn transport(&self) -> TransportSpec {
        match &self.tls {
            None => TransportSpec::tcp(&self.host, self.port),
            Some(tls) => TransportSpec::tls(&self.host, self.port, tls.clone()),
        }
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.answer_timeout))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_cannot_work_are_named() {
        let good = json!({"host": "cw.example", "login": "cti", "password": "x"});
        let refused = |key: &str, value: serde_json::Value| {
            let mut settings = good.clone();
            settings[key] = value;
            serde_json::from_value::<Config>(settings).unwrap().check().unwrap_err().to_string()
        };
        assert!(serde_json::from_value::<Config>(good.clone()).unwrap().check().is_ok());
        for (key, value, said) in [
            ("host", json!("a b"), "host: \"a b\" is no name"),
            ("encoding", json!("utf-16le"), "encoding: \"utf-16le\" is no encoding that fits"),
            ("password", json!("a\r\nb"), "password: must not be empty"),
            ("selectable", json!(["Available", ""]), "selectable[1]: must not be empty"),
            ("probe", json!(4_000), "probe: 4000 s: 0 to 3600"),
        ] {
            let found = refused(key, value);
            assert!(found.starts_with(said), "{found}");
        }
    }
}
