//! The settings, as the administrator writes them.

use std::time::Duration;

use jackfield_plugin_api::{ConfigError, Secret, TlsOptions, TransportSpec};
use schemars::JsonSchema;
use serde::Deserialize;

/// The settings of a connection to one Oktell server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The server's address: `ws://…` or `wss://…`. Its web server listens on 80 and 4055 unless configured otherwise,
    /// many installations have 4066; `wss` is usually 443.
    pub url: String,
    /// How the server's certificate is checked, with `wss`.
    #[serde(default)]
    pub tls: TlsOptions,
    /// The WebSocket subprotocol that is asked for. Empty: none, for a server that does not answer with it.
    #[serde(default = "default_subprotocol")]
    pub subprotocol: String,
    /// Which phone rings first when a call is made from here.
    #[serde(default)]
    pub sequence: Sequence,
    /// How often to ask whether the server is still there, in seconds. Two answers missing make a new link.
    #[serde(default = "default_ping")]
    pub ping: u32,
    /// How long the server may take for an answer, or for its effect, in seconds.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout: u32,
    /// How long after an event what the server says of a line may still be passing, in percent of the times that the
    /// vendor's client waits (700 ms after talk began or ended, 500 ms after a change of line or hold, 400 ms after one
    /// of the user). What cannot be mistaken is reported at once in any case.
    #[serde(default = "default_settle")]
    pub settle_percent: u32,
    /// How often to look at a line with a call though no event asks for it, in seconds; 0: never.
    #[serde(default = "default_look")]
    pub look: u32,
    /// Whether a login is repeated with the server's session id instead of the password.
    #[serde(default = "yes")]
    pub resume_session: bool,
    /// Whether a consultation can be completed while its target still rings: not known of every version.
    #[serde(default)]
    pub early_transfer: bool,
    /// The values of `linestatestr` that mean that the line is out of service, besides `lsDisconnected`.
    #[serde(default)]
    pub out_of_service: Vec<String>,
    /// The server's web address, from which recordings are fetched: `http://oktell.example`. Absent: the host of `url`
    /// with the port that the server names.
    #[serde(default)]
    pub web: Option<String>,
    /// Show every message for diagnostics, without what makes a login. Much; only for finding a fault.
    #[serde(default)]
    pub raw: bool,
}

/// The settings of one line: a user of Oktell.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The user's login.
    pub login: String,
    /// The user's password.
    pub password: Secret,
    /// The line's number. Absent: the main number of the user.
    #[serde(default)]
    pub number: Option<String>,
    /// Which phone rings first. Absent: the connection's.
    #[serde(default)]
    pub sequence: Option<Sequence>,
    /// The state to set after each login: `ready`, `readyCC`, `readyCCManual`, `break`, `dnd`. Absent: the state is left
    /// as it is.
    #[serde(default)]
    pub state_at_login: Option<String>,
}

/// Which phone rings first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sequence {
    /// The user's own.
    #[default]
    User,
    /// The one that is called.
    Abonent,
}

impl Sequence {
    /// The name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Abonent => "abonent",
        }
    }
}

fn default_subprotocol() -> String {
    "json".into()
}
fn default_ping() -> u32 {
    15
}
fn default_answer_timeout() -> u32 {
    10
}
fn default_settle() -> u32 {
    100
}
fn default_look() -> u32 {
    15
}
fn yes() -> bool {
    true
}

/// The longest time in seconds that a setting may name.
const LONGEST: u32 = 3600;

impl Config {
    /// What the format cannot tell.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |path, text: String| Err(ConfigError::new(path, text));
        if host_of(&self.url).is_none() {
            let text = format!("`{}` is no address of a WebSocket: `ws://host:port` or `wss://host:port`", self.url);
            return refuse("url", text);
        }
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if !self.subprotocol.chars().all(token) {
            return refuse("subprotocol", format!("`{}` is no name of a subprotocol", self.subprotocol));
        }
        for (path, seconds, least) in
            [("ping", self.ping, 1), ("answer_timeout", self.answer_timeout, 1), ("look", self.look, 0)]
        {
            if !(least..=LONGEST).contains(&seconds) {
                return refuse(path, format!("{seconds} s: {least} to {LONGEST} are possible"));
            }
        }
        if self.settle_percent > 1000 {
            return refuse("settle_percent", format!("{} %: at most 1000 are possible", self.settle_percent));
        }
        match &self.web {
            Some(web) if !web.starts_with("http://") && !web.starts_with("https://") => {
                refuse("web", format!("`{web}` is no web address: `http://host` or `https://host`"))
            }
            _ => Ok(()),
        }
    }

    /// What the host is to open for a line; redirected: as the server asks by `websocketredirect`.
    pub(crate) fn transport(&self, redirected: bool) -> TransportSpec {
        let url = match host_of(&self.url) {
            Some(host) if redirected => format!("wss://{host}:443"),
            _ => self.url.clone(),
        };
        let subprotocols = Some(&self.subprotocol).filter(|name| !name.is_empty()).cloned().into_iter().collect();
        match TransportSpec::websocket(url) {
            TransportSpec::WebSocket { url, headers, .. } => {
                TransportSpec::WebSocket { url, headers, subprotocols, tls: self.tls.clone() }
            }
            other => other,
        }
    }

    /// The address of the server's web pages.
    pub(crate) fn web(&self, port: Option<i64>) -> Option<String> {
        if let Some(web) = &self.web {
            return Some(web.trim_end_matches('/').to_owned());
        }
        let host = host_of(&self.url)?;
        let scheme = if self.url.starts_with("wss://") { "https" } else { "http" };
        Some(port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
    }

    pub(crate) fn answer_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.answer_timeout))
    }

    pub(crate) fn ping(&self) -> Duration {
        Duration::from_secs(u64::from(self.ping))
    }

    /// A time of the vendor's client, as it is set here.
    pub(crate) fn settle(&self, millis: u64) -> Duration {
        Duration::from_millis(millis * u64::from(self.settle_percent) / 100)
    }

    /// What stands in for the settings while saved state is being read.
    pub(crate) fn empty() -> Self {
        Self {
            url: String::new(),
            tls: TlsOptions::default(),
            subprotocol: default_subprotocol(),
            sequence: Sequence::default(),
            ping: default_ping(),
            answer_timeout: default_answer_timeout(),
            settle_percent: default_settle(),
            look: default_look(),
            resume_session: true,
            early_transfer: false,
            out_of_service: Vec::new(),
            web: None,
            raw: false,
        }
    }
}

/// The host of a WebSocket's address, with the brackets of IPv6.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("ws://").or_else(|| url.strip_prefix("wss://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.split_once(']') {
        Some((address, _)) if address.starts_with('[') => authority.get(..=address.len())?,
        _ => authority.split(':').next()?,
    };
    let fits = !host.is_empty() && !authority.contains(['@', ' ', '"']) && !authority.chars().any(char::is_control);
    fits.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for (url, host) in [
            ("ws://oktell.example", Some("oktell.example")),
            ("wss://oktell.example:4066/", Some("oktell.example")),
            ("ws://[::1]:4055/x", Some("[::1]")),
            ("http://oktell.example", None),
            ("oktell.example:4066", None),
            ("ws://", None),
            ("ws://a b", None),
            ("ws://user:password@oktell.example", None),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    #[test]
    fn recordings_are_fetched_from_the_same_host_unless_it_is_told_otherwise() {
        let mut config = Config { url: "wss://oktell.example:4066".into(), ..Config::empty() };
        assert_eq!(config.web(Some(8080)).as_deref(), Some("https://oktell.example:8080"));
        config.web = Some("http://records.example/".into());
        assert_eq!(config.web(Some(8080)).as_deref(), Some("http://records.example"));
    }
}
