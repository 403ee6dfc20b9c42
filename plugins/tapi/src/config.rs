//! The settings, as the administrator writes them.

use jackfield_plugin_api::ConfigError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::extensions::{ExtensionConfig, wanted};

/// The settings of a connection: one TAPI, with all its drivers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The library with TAPI's functions: `tapi32.dll` (the default on Windows, always the system's own), or the whole
    /// path of another one.
    #[serde(default = "default_library")]
    pub library: String,
    /// How lines are opened: to control calls, or only to see them.
    #[serde(default)]
    pub privilege: Privilege,
    /// Whether a call that another program owns is taken over when a command is for it.
    #[serde(default)]
    pub take_ownership: bool,
    /// How long the answer to a command may take, in seconds.
    #[serde(default = "default_request_timeout")]
    pub request_timeout: u32,
    /// How long a function of a driver may take to return, in seconds. Then the driver hangs, and the adapter ends itself
    /// to be started anew.
    #[serde(default = "default_hang_timeout")]
    pub hang_timeout: u32,
    /// Whether digits that the other side presses are told.
    #[serde(default)]
    pub monitor_digits: bool,
    /// Whether a call that is offered is accepted at once, where that is a step of its own: the phone rings only then.
    #[serde(default = "yes")]
    pub accept: bool,
    /// Whether agents' states are asked for; where no agent handler serves a line, nothing comes of it.
    #[serde(default = "yes")]
    pub agents: bool,
    /// After how many rings calls are forwarded that nobody answers; 0: as the phone system does it.
    #[serde(default)]
    pub no_answer_rings: u32,
    /// The extensions of drivers that are negotiated with them, by their ids. Without one a driver is told that its
    /// extensions are not used, as TAPI wants it of programs that do not know them.
    #[serde(default)]
    pub extensions: Vec<ExtensionConfig>,
    /// Show every message of TAPI and every function that is called, for diagnostics.
    #[serde(default)]
    pub raw: bool,
}

/// How lines are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Privilege {
    /// To control calls; where that cannot be had, to see them, and else only to make them.
    #[default]
    Owner,
    /// To see calls only.
    Monitor,
}

/// The settings of one line.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// The name of the line as its driver tells it, one of its addresses, or `id:` and its permanent number. Absent: the
    /// name of this line.
    #[serde(default)]
    pub device: Option<String>,
    /// The address of the device that this line is, by its number from 0 or as it is written. Absent: the one that
    /// `device` names, or all.
    #[serde(default)]
    pub address: Option<AddressName>,
    /// The groups that an agent is logged in to, by name. Absent: all that the agent handler has.
    #[serde(default)]
    pub agent_groups: Option<Vec<String>>,
}

/// An address of a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AddressName {
    /// By its number on the device, from 0.
    Number(u32),
    /// As it is written.
    Text(String),
}

fn default_library() -> String {
    if cfg!(windows) { "tapi32.dll".to_owned() } else { String::new() }
}
fn default_request_timeout() -> u32 {
    10
}
fn default_hang_timeout() -> u32 {
    20
}
fn yes() -> bool {
    true
}

/// The longest time in seconds that a setting may name.
const LONGEST: u32 = 3_600;

impl Config {
    /// What the format cannot tell.
    ///
    /// # Errors
    /// A setting that makes no sense.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.library.is_empty() {
            let text = "is missing: only Windows has a TAPI of its own; elsewhere name the library with its whole path";
            return Err(ConfigError::new("library", text));
        }
        if self.library.contains(char::is_control) || (!cfg!(windows) && !self.library.starts_with('/')) {
            let text = format!("{:?} is no whole path of a library", self.library);
            return Err(ConfigError::new("library", text));
        }
        for (name, value) in [("request_timeout", self.request_timeout), ("hang_timeout", self.hang_timeout)] {
            if value == 0 || value > LONGEST {
                return Err(ConfigError::new(name, format!("must be from 1 to {LONGEST} seconds, found {value}")));
            }
        }
        if self.no_answer_rings > 100 {
            let text = format!("must be at most 100, found {}", self.no_answer_rings);
            return Err(ConfigError::new("no_answer_rings", text));
        }
        wanted(&self.extensions).map(drop)
    }
}
