//! The settings, as the administrator writes them.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use jackfield_plugin_api::{AgentState, ConfigError, TlsOptions};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::query::fits;

/// The settings of a connection to one Infinity server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address of the HTTP integration module: `http://infinity.example:10080`. The port is each site's own.
    pub url: String,
    /// How the server's certificate is checked, with `https`.
    #[serde(default)]
    pub tls: TlsOptions,
    /// Whether a slash stands before the `?` of a request, as the vendor writes it.
    #[serde(default = "yes")]
    pub slash: bool,
    /// How letters are encoded in requests and answers: `utf-8`, `windows-1251`, or another encoding of the web.
    #[serde(default = "default_encoding")]
    pub encoding: String,
    /// How often a line with a call, or of which something was said, is asked for its calls, in milliseconds.
    #[serde(default = "default_busy_ms")]
    pub busy_ms: u32,
    /// How often an idle line is asked, in milliseconds. That is the time after which a call is seen of which Infinity
    /// itself says nothing.
    #[serde(default = "default_idle_ms")]
    pub idle_ms: u32,
    /// How often the state of a user is asked for, in milliseconds; 0: only when something was said of it.
    #[serde(default = "default_state_ms")]
    pub state_ms: u32,
    /// How many requests a second all lines together may make; with more lines each waits longer.
    #[serde(default = "default_most_per_second")]
    pub most_per_second: u32,
    /// How many requests may be under way at a time.
    #[serde(default = "default_parallel")]
    pub parallel: u32,
    /// How long the server may take for an answer, in seconds.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout: u32,
    /// After so many requests in a row without a good answer the connection is down.
    #[serde(default = "default_fails")]
    pub fails: u32,
    /// A call is over when so many answers in a row do not show it.
    #[serde(default = "default_gone_after")]
    pub gone_after: u32,
    /// Whether an answer that names no state of a call tells by its recordings' files that it is talked.
    #[serde(default = "yes")]
    pub talk_by_recording: bool,
    /// The states of a call that is held here, by Infinity's number: hold, and held for a transfer. 42 (on hold) is taken
    /// for the far end's hold unless it is among them.
    #[serde(default = "default_held")]
    pub held: Vec<i64>,
    /// What the user states of this installation mean, by Infinity's number.
    #[serde(default = "default_states")]
    pub states: BTreeMap<String, AgentStateName>,
    /// The states that may be set from here.
    #[serde(default = "default_selectable")]
    pub selectable: Vec<String>,
    /// The state in which a user is not in the call centre.
    #[serde(default = "default_offline")]
    pub offline: String,
    /// The state with which a user enters the call centre.
    #[serde(default = "default_online")]
    pub online: String,
    /// Methods that no public description names. Without a path the command is not offered.
    #[serde(default)]
    pub paths: Paths,
    /// The codec of recordings: `gsm`, `pcm`, `mp3`. Absent: as the server has them.
    #[serde(default)]
    pub codec: Option<String>,
    /// Show every request and answer for diagnostics.
    #[serde(default)]
    pub raw: bool,
}

/// Paths that are inferred from the names in Infinity's COM library, and therefore off unless they are set.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// Completes a started transfer: `/call/finishtransfer/`.
    pub finish_transfer: Option<String>,
    /// Makes a conference of a started transfer or conference: `/call/finishconference/`.
    pub finish_conference: Option<String>,
    /// Sends digits: `/call/senddigits/`.
    pub send_digits: Option<String>,
    /// The parameter that holds the digits.
    pub digits_parameter: Option<String>,
}

/// The settings of one line.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The internal number. Absent: the line's name.
    #[serde(default)]
    pub extension: Option<String>,
    /// The user's id at Infinity. Without it the line has no agent's state.
    #[serde(default)]
    pub user: Option<String>,
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

fn yes() -> bool {
    true
}
fn default_encoding() -> String {
    "utf-8".to_owned()
}
fn default_busy_ms() -> u32 {
    500
}
fn default_idle_ms() -> u32 {
    2_000
}
fn default_state_ms() -> u32 {
    10_000
}
fn default_most_per_second() -> u32 {
    100
}
fn default_parallel() -> u32 {
    16
}
fn default_answer_timeout() -> u32 {
    5
}
fn default_fails() -> u32 {
    3
}
fn default_gone_after() -> u32 {
    1
}
fn default_held() -> Vec<i64> {
    vec![41, 51]
}
fn default_states() -> BTreeMap<String, AgentStateName> {
    use AgentStateName as S;
    [("300", S::Ready), ("301", S::NotReady), ("302", S::NotReady), ("303", S::NotReady), ("304", S::Busy)]
        .into_iter()
        .chain([("399", S::LoggedOut)])
        .map(|(code, state)| (code.to_owned(), state))
        .collect()
}
fn default_selectable() -> Vec<String> {
    ["300", "301", "302", "303", "304", "399"].map(str::to_owned).into()
}
fn default_offline() -> String {
    "399".to_owned()
}
fn default_online() -> String {
    "300".to_owned()
}

/// States that a setting may name.
const MOST_STATES: usize = 100;

impl Config {
    /// What the format cannot tell.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let refuse = |path: &str, text: String| Err(ConfigError::new(path, text));
        let rest = self.url.strip_prefix("http://").or_else(|| self.url.strip_prefix("https://"));
        let fine = |c: char| !c.is_control() && !c.is_whitespace() && !"@?#\"<>\\".contains(c);
        if !rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.chars().all(fine)) {
            return refuse("url", format!("{:?} is no web address: `http://host:port`", self.url));
        }
        if self.text_encoding().is_none() {
            let text = format!("{:?} is no encoding that fits: utf-8 or windows-1251, for example", self.encoding);
            return refuse("encoding", text);
        }
        for (path, value, least, most) in [
            ("busy_ms", self.busy_ms, 50, 60_000),
            ("idle_ms", self.idle_ms, 100, 600_000),
            ("state_ms", self.state_ms, 0, 3_600_000),
            ("most_per_second", self.most_per_second, 1, 10_000),
            ("parallel", self.parallel, 1, 128),
            ("answer_timeout", self.answer_timeout, 1, 120),
            ("fails", self.fails, 1, 1_000),
            ("gone_after", self.gone_after, 1, 100),
        ] {
            if !(least..=most).contains(&value) {
                return refuse(path, format!("{value}: {least} to {most} are possible"));
            }
        }
        for (path, code) in self.named_codes() {
            if !fits(code) {
                return refuse(&path, "must not be empty, and must not contain line ends".to_owned());
            }
        }
        for (path, length) in
            [("states", self.states.len()), ("selectable", self.selectable.len()), ("held", self.held.len())]
        {
            if length > MOST_STATES {
                return refuse(path, format!("{length}: at most {MOST_STATES} are possible"));
            }
        }
        let Paths { finish_transfer, finish_conference, send_digits, digits_parameter } = &self.paths;
        for (name, path) in [
            ("finish_transfer", finish_transfer),
            ("finish_conference", finish_conference),
            ("send_digits", send_digits),
        ] {
            if path.as_ref().is_some_and(|path| !path.starts_with('/') || !path.chars().all(fine)) {
                return refuse(
                    &format!("paths.{name}"),
                    "a path begins with a slash: `/call/finishtransfer/`".to_owned(),
                );
            }
        }
        if digits_parameter.as_ref().is_some_and(|name| !name.chars().all(|c| c.is_ascii_alphanumeric())) {
            return refuse("paths.digits_parameter", "a parameter's name has letters and digits only".to_owned());
        }
        Ok(())
    }

    fn named_codes(&self) -> impl Iterator<Item = (String, &str)> {
        let list = self.selectable.iter().enumerate().map(|(at, code)| (format!("selectable[{at}]"), code.as_str()));
        let codec = self.codec.iter().map(|codec| ("codec".to_owned(), codec.as_str()));
        list.chain(codec).chain([("offline".to_owned(), self.offline.as_str()), ("online".to_owned(), &self.online)])
    }

    /// How letters are encoded. None: no such encoding.
    pub(crate) fn text_encoding(&self) -> Option<&'static Encoding> {
        Encoding::for_label(self.encoding.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn config() -> Config {
        serde_json::from_value(json!({"url": "http://infinity.example:10080"})).unwrap()
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        assert!(config().check().is_ok());
        for (key, value, said) in [
            ("url", json!("infinity:10080"), "url: \"infinity:10080\" is no web address"),
            ("url", json!("http://a@b"), "url: \"http://a@b\" is no web address"),
            ("url", json!("http://"), "url: \"http://\" is no web address"),
            ("busy_ms", json!(1), "busy_ms: 1: 50 to 60000 are possible"),
            ("selectable", json!(["300", ""]), "selectable[1]: must not be empty"),
            ("paths", json!({"finish_transfer": "x"}), "paths.finish_transfer: a path begins with a slash"),
            ("encoding", json!("utf-16le"), "encoding: \"utf-16le\" is no encoding"),
        ] {
            let mut settings = json!({"url": "http://infinity.example:10080"});
            settings[key] = value;
            let config: Config = serde_json::from_value::<Value>(settings).and_then(serde_json::from_value).unwrap();
            let found = config.check().unwrap_err().to_string();
            assert!(found.starts_with(said), "{found}");
        }
    }
}
