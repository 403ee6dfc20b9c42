//! What is simulated: lines, the outside, times, quirks, faults and a script, from a file of JSON.

mod extension;
mod fault;
mod outside;
mod quirk;

use serde::Deserialize;

pub(crate) use extension::Extension;
pub(crate) use fault::{Crash, Fault, Reply};
pub(crate) use outside::{Fate, Outside};
pub(crate) use quirk::{AfterBusy, CallIds, End, Hanging, Order, Quirks};

use crate::layout::Version;

/// The longest configuration that is read, in bytes.
pub(crate) const LONGEST: u64 = 4 << 20;
/// The most lines, and the most addresses of a line.
const MOST: usize = 10_000;

/// The whole configuration. Without a file it is [`Config::default`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// What lines say of their switch (`dwSwitchInfo`).
    pub(crate) switch: String,
    /// What lines say of their provider (`dwProviderInfo`).
    pub(crate) provider: String,
    /// The version up to which the library itself speaks, whatever drivers can.
    pub(crate) api: Span,
    pub(crate) lines: Vec<Line>,
    pub(crate) outside: Vec<Outside>,
    /// The most calls to and from the outside at once.
    pub(crate) trunks: usize,
    pub(crate) times: Times,
    pub(crate) quirks: Quirks,
    pub(crate) faults: Vec<Fault>,
    /// Commands with the time at which they are done, in milliseconds since the first line was opened.
    pub(crate) script: Vec<Scene>,
    pub(crate) clock: Clock,
    /// A file whose lines are commands; those that are appended are done. Relative to the configuration's folder.
    pub(crate) commands: Option<String>,
    /// A file that is given every message that is handed out. Relative to the configuration's folder.
    pub(crate) trace: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            switch: "Simulated switch".to_owned(),
            provider: "Jackfield's TAPI simulator".to_owned(),
            api: Span("2.0".into(), "2.2".into()),
            lines: ["101", "102", "103"].into_iter().enumerate().map(|(at, number)| Line::plain(at, number)).collect(),
            outside: Vec::new(),
            trunks: 100,
            times: Times::default(),
            quirks: Quirks::default(),
            faults: Vec::new(),
            script: Vec::new(),
            clock: Clock::Real,
            commands: None,
            trace: None,
        }
    }
}

impl Config {
    /// Reads a configuration; what is wrong is said in a sentence.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let config: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        self.api.versions()?;
        if self.lines.len() > MOST || self.lines.iter().any(|line| line.addresses.len() > MOST) {
            return Err(format!("at most {MOST} lines, and addresses of a line, are simulated"));
        }
        for (at, line) in self.lines.iter().enumerate() {
            if let Some(api) = &line.api {
                api.versions().map_err(|e| format!("lines[{at}].api: {e}"))?;
            }
            if let Some(extension) = &line.extension {
                extension.check().map_err(|e| format!("lines[{at}].extension.{e}"))?;
            }
            if line.addresses.is_empty() {
                return Err(format!("lines[{at}] has no addresses; a line has one at least"));
            }
            for (number, privilege) in [("owner", &line.open.owner), ("monitor", &line.open.monitor)] {
                if let Some(name) = privilege
                    && crate::constants::error_named(name).is_none()
                {
                    return Err(format!("lines[{at}].open.{number}: there is no LINEERR_{name}"));
                }
            }
        }
        for (at, fault) in self.faults.iter().enumerate() {
            fault.check().map_err(|e| format!("faults[{at}]: {e}"))?;
        }
        Ok(())
    }
}

/// Two versions, the lowest and the highest, as text: `["2.0", "2.2"]`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Span(String, String);

impl Span {
    /// Both as TAPI writes them. What was checked at the start does not fail later.
    pub(crate) fn versions(&self) -> Result<(Version, Version), String> {
        let (low, high) = (version(&self.0)?, version(&self.1)?);
        if low > high {
            return Err(format!("the lowest version, {}, is above the highest, {}", self.0, self.1));
        }
        Ok((low, high))
    }
}

/// A version of two numbers with a dot.
fn version(text: &str) -> Result<Version, String> {
    let numbers = text.split_once('.').and_then(|(major, minor)| {
        Some((u32::from(major.parse::<u16>().ok()?) << 16) | u32::from(minor.parse::<u16>().ok()?))
    });
    numbers.ok_or_else(|| format!("`{text}` is no version; write it like `2.2`"))
}

/// One line device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// `dwPermanentLineID`; without it the device's number plus 1.
    #[serde(default)]
    pub(crate) permanent: Option<u32>,
    pub(crate) addresses: Vec<Address>,
    /// The versions that this line's driver speaks; without it those of the library.
    #[serde(default)]
    pub(crate) api: Option<Span>,
    /// The driver's own extension.
    #[serde(default)]
    pub(crate) extension: Option<Extension>,
    /// Functions that this line's driver has not, by their names; their features are never offered.
    #[serde(default)]
    pub(crate) without: Vec<String>,
    /// Errors with which `lineOpen` answers who wants a privilege.
    #[serde(default)]
    pub(crate) open: Refusals,
    /// Another program owns the calls of this line: whoever opens it gets them as a monitor.
    #[serde(default)]
    pub(crate) owned: bool,
    /// What answering a call does with the one that is talked on.
    #[serde(default)]
    pub(crate) answer: Answer,
    /// The device is there, but its driver is not: negotiation fails with `NODRIVER`.
    #[serde(default)]
    pub(crate) dead: bool,
}

impl Line {
    /// A line with one address and nothing special.
    pub(crate) fn plain(at: usize, number: &str) -> Self {
        Self {
            name: format!("Line {number}"),
            permanent: u32::try_from(at + 1001).ok(),
            addresses: vec![Address::plain(number)],
            api: None,
            extension: None,
            without: Vec::new(),
            open: Refusals::default(),
            owned: false,
            answer: Answer::default(),
            dead: false,
        }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Refusals {
    pub(crate) owner: Option<String>,
    pub(crate) monitor: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// It cannot be answered before the other is held or ended.
    None,
    /// It is ended.
    Drop,
    /// It is held.
    #[default]
    Hold,
}

/// One address of a line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    pub(crate) number: String,
    #[serde(default)]
    pub(crate) name: String,
    /// Whose ringing calls can be picked up from here without naming them.
    #[serde(default)]
    pub(crate) group: String,
    #[serde(default)]
    pub(crate) agent: Option<Agent>,
    /// The most calls at once that are neither held nor parties of a conference; one more is busy.
    #[serde(default = "two")]
    pub(crate) calls: usize,
}

impl Address {
    fn plain(number: &str) -> Self {
        Self { number: number.to_owned(), name: String::new(), group: String::new(), agent: None, calls: two() }
    }
}

fn two() -> usize {
    2
}

/// An agent handler serves this address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Agent {
    /// Names of groups; a group's id follows from its place.
    pub(crate) groups: Vec<String>,
    /// Activities: what an agent who is not ready does. Their ids are 1, 2, 3 and so on.
    pub(crate) activities: Vec<String>,
    /// How long the state is `WORKINGAFTERCALL` after a call; 0 leaves it out. In milliseconds.
    pub(crate) wrap_up: u64,
    /// Logged on and ready from the start, in all groups.
    pub(crate) ready: bool,
}

/// How long things take, in milliseconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Times {
    /// From a request to its reply.
    pub(crate) reply: u64,
    /// From `DIALING` to `PROCEEDING`.
    pub(crate) dial: u64,
    /// From `PROCEEDING` to what comes then.
    pub(crate) proceed: u64,
    /// From `BUSY` to `DISCONNECTED`.
    pub(crate) busy: u64,
    /// From `DISCONNECTED` to `IDLE` where nobody owns the call.
    pub(crate) release: u64,
    /// One digit that is sent.
    pub(crate) digit: u64,
    /// One ring of a telephone: what a forward after so many rings counts.
    pub(crate) ring: u64,
    /// Until a call at an address that nobody answers ends; 0 is never.
    pub(crate) no_answer: u64,
    /// Between two looks at the file of commands.
    pub(crate) poll: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { reply: 1, dial: 5, proceed: 5, busy: 100, release: 20, digit: 20, ring: 100, no_answer: 0, poll: 20 }
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Clock {
    #[default]
    Real,
    /// Time stands still but for the command `advance`.
    Manual,
}

/// A command of the script.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Scene {
    /// Milliseconds since the first line was opened.
    pub(crate) at: u64,
    /// Does it again every so many milliseconds.
    #[serde(default)]
    pub(crate) every: Option<u64>,
    /// The command; what it is, is looked at when it is done.
    #[serde(flatten)]
    pub(crate) command: serde_json::Map<String, serde_json::Value>,
}
