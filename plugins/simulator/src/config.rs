//! The settings, and whether they make sense.

use std::collections::BTreeMap;

use jackfield_plugin_api::{AgentFeatures, CallFeatures, ConfigError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The settings of a simulated phone system. Everything has a default: `{}` is a quiet one. Times are in seconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The seed of everything random. Absent: given by the host, another one at every start.
    pub seed: Option<u64>,
    /// Features that this phone system does not have (`park`, `conference`, `dnd` …): to see how a client copes.
    pub without: Vec<String>,
    /// What lines and exchange do.
    pub exchange: ExchangeConfig,
    /// What outside numbers do that are called.
    pub outside: OutsideConfig,
    /// The agents.
    pub agents: AgentsConfig,
    /// The queue that agents serve.
    pub queue: QueueConfig,
    /// Random calls.
    pub traffic: TrafficConfig,
    /// Calls at given times.
    pub calls: Vec<ScriptedCall>,
}

/// What lines and exchange do.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeConfig {
    /// How long a line rings before the exchange gives the call up (or forwards it).
    pub no_answer: f64,
    /// How long a busy tone is heard before the exchange ends the call.
    pub busy_tone: f64,
    /// How long a handset may be off its hook without a number being dialled.
    pub off_hook: f64,
    /// A second call rings at a line that talks. `false`: it is busy.
    pub call_waiting: bool,
    /// How many calls a line has at most.
    pub calls_per_line: usize,
    /// `makeCall` first rings the own phone (`phase` is `ownRinging`); with `answerCall` the number is dialled.
    pub own_phone_first: bool,
    /// An attended transfer may be completed while the target still rings.
    pub early_transfer: bool,
    /// How long a call stays in a parking slot before it comes back to who parked it.
    pub park: f64,
    /// How many finished calls `history` keeps.
    pub history: usize,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            no_answer: 60.0,
            busy_tone: 5.0,
            off_hook: 30.0,
            call_waiting: true,
            calls_per_line: 4,
            own_phone_first: false,
            early_transfer: true,
            park: 120.0,
            history: 1000,
        }
    }
}

/// What outside numbers do that are called (those without a meaning of their own, see README.md).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OutsideConfig {
    /// After how long a number answers.
    pub answer: f64,
    /// The same for numbers that begin so; the longest beginning wins: `{ "+4930" = 8.0 }`.
    pub answer_after: BTreeMap<String, f64>,
    /// After how long of talking an outside party hangs up; 0: it never does.
    pub talk: f64,
}

impl Default for OutsideConfig {
    fn default() -> Self {
        Self { answer: 3.0, answer_after: BTreeMap::new(), talk: 0.0 }
    }
}

/// What an agent begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AgentStart {
    /// Logged in and ready.
    #[default]
    Ready,
    /// Logged in, not ready.
    NotReady,
    /// Not logged in.
    LoggedOut,
}

/// The agents.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentsConfig {
    /// Every line has an agent, whose id is its extension. `false`: only lines that say so, or where one logs in.
    pub every_line: bool,
    /// What an agent begins with.
    pub start: AgentStart,
    /// How long an agent is in after-call work after a call of the queue; 0: not at all.
    pub wrap_up: f64,
    /// An agent who lets a call of the queue ring is set to not ready (reason `missed`).
    pub missed_not_ready: bool,
    /// `NOT_READY` needs a reason.
    pub reason_required: bool,
    /// A ready agent may not make calls, as with some contact centres.
    pub dial_only_not_ready: bool,
    /// The reasons for `NOT_READY`: code and label.
    pub reasons: BTreeMap<String, String>,
}

impl Default for AgentsConfig {
    fn default() -> Self {
        let reasons = [("lunch", "Lunch"), ("meeting", "Meeting"), ("training", "Training")];
        Self {
            every_line: true,
            start: AgentStart::Ready,
            wrap_up: 0.0,
            missed_not_ready: false,
            reason_required: false,
            dial_only_not_ready: false,
            reasons: reasons.into_iter().map(|(code, label)| (code.to_owned(), label.to_owned())).collect(),
        }
    }
}

/// The queue that agents serve. It rings the free agent who has been idle longest.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: String,
    /// How long an agent rings before the next one does.
    pub ring: f64,
    /// How long a caller waits at most.
    pub wait: f64,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self { id: "support".into(), name: "Support".into(), number: "700".into(), ring: 15.0, wait: 300.0 }
    }
}

/// Random calls. Shares are between 0 and 1, times are `[least, most]`.
///
/// They come to every open line. Lines with `robot` are also played: the robot answers, holds, transfers, hangs up and
/// calls out. At the other lines somebody has to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrafficConfig {
    /// How many calls begin in a minute, over all lines; 0: none until the service `run` asks for them.
    pub calls_per_minute: f64,
    /// The share of calls that come from outside.
    pub incoming: f64,
    /// The share of calls from line to line (the rest go out).
    pub internal: f64,
    /// Of the incoming: those to the queue.
    pub queue: f64,
    /// Of the calls that ring at a robot: those that it answers.
    pub answered: f64,
    /// Of the calls that ring at a robot: those that it rejects (the rest it lets ring).
    pub rejected: f64,
    /// Of the outgoing: where it is busy.
    pub busy: f64,
    /// Of the outgoing: where nobody answers.
    pub no_answer: f64,
    /// Of the answered: with a hold.
    pub held: f64,
    /// Of the answered: that end by a blind transfer to another line.
    pub transferred: f64,
    /// Of the answered: with a consultation, that ends by a transfer or back at the first call.
    pub consulted: f64,
    /// How long it rings until somebody answers.
    pub ring: [f64; 2],
    /// How long a caller waits.
    pub patience: [f64; 2],
    /// How long a conversation is.
    pub talk: [f64; 2],
    /// How long a hold is.
    pub hold: [f64; 2],
}

impl Default for TrafficConfig {
    fn default() -> Self {
        Self {
            calls_per_minute: 0.0,
            incoming: 0.6,
            internal: 0.15,
            queue: 0.4,
            answered: 0.8,
            rejected: 0.05,
            busy: 0.1,
            no_answer: 0.15,
            held: 0.2,
            transferred: 0.05,
            consulted: 0.05,
            ring: [2.0, 10.0],
            patience: [10.0, 40.0],
            talk: [10.0, 120.0],
            hold: [3.0, 20.0],
        }
    }
}

/// Who ends a scripted call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Ends {
    /// The other party.
    #[default]
    Remote,
    /// The line.
    Local,
}

/// The way of a scripted call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// From outside to the line (or to the queue).
    #[default]
    In,
    /// From the line.
    Out,
}

/// One call at a given time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    /// When, after the start.
    pub at: f64,
    /// Again and again, after this time.
    #[serde(default)]
    pub every: Option<f64>,
    /// The way.
    #[serde(default)]
    pub way: Way,
    /// The line's extension.
    pub line: String,
    /// Who calls (incoming; a random number when absent) or is called (outgoing).
    #[serde(default)]
    pub number: Option<String>,
    /// The caller's name.
    #[serde(default)]
    pub name: Option<String>,
    /// What an incoming call dials: the line's extension when absent; the queue's number, for example.
    #[serde(default)]
    pub to: Option<String>,
    /// After how long it is answered, by the line (incoming) or by the number (outgoing). Absent: by hand only, or as
    /// the number does.
    #[serde(default)]
    pub ring: Option<f64>,
    /// After how long an unanswered caller gives up.
    #[serde(default)]
    pub patience: Option<f64>,
    /// How long the conversation is. Absent: until somebody ends it by hand.
    #[serde(default)]
    pub talk: Option<f64>,
    /// After how long of talking the line holds the call.
    #[serde(default)]
    pub hold_after: Option<f64>,
    /// How long that hold is.
    #[serde(default)]
    pub hold: Option<f64>,
    /// Who ends the conversation.
    #[serde(default)]
    pub ends: Ends,
    /// Data attached to the call.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
}

/// The settings of a line.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LineConfig {
    /// Its extension; the line's name when absent.
    pub extension: Option<String>,
    /// The name that others see.
    pub name: Option<String>,
    /// The agent's id; empty: no agent here. Absent: as `agents.every_line` says.
    pub agent: Option<String>,
    /// The line is played: calls are answered and ended by themselves, and random calls go out from it.
    pub robot: bool,
    /// The panel is the phone: calls have a WebRTC session.
    pub web_rtc: bool,
}

/// A week. No time in settings is longer.
const LONGEST: f64 = 604_800.0;

impl Config {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (index, name) in self.without.iter().enumerate() {
            if CallFeatures::from_name(name).is_none() && AgentFeatures::from_name(name).is_none() {
                let known = CallFeatures::ALL.names().chain(AgentFeatures::ALL.names()).collect::<Vec<_>>().join(", ");
                let text = format!("there is no feature `{name}`; there are: {known}");
                return Err(ConfigError::new(format!("without[{index}]"), text));
            }
        }
        let (x, t) = (&self.exchange, &self.traffic);
        for (path, seconds) in [
            ("exchange.no_answer", x.no_answer),
            ("exchange.busy_tone", x.busy_tone),
            ("exchange.off_hook", x.off_hook),
            ("exchange.park", x.park),
            ("outside.answer", self.outside.answer),
            ("outside.talk", self.outside.talk),
            ("agents.wrap_up", self.agents.wrap_up),
            ("queue.ring", self.queue.ring),
            ("queue.wait", self.queue.wait),
        ] {
            time(path, seconds)?;
        }
        for (number, seconds) in &self.outside.answer_after {
            time(&format!("outside.answer_after.{number}"), *seconds)?;
        }
        for (path, [least, most]) in [("ring", t.ring), ("patience", t.patience), ("talk", t.talk), ("hold", t.hold)]
            .map(|(n, r)| (format!("traffic.{n}"), r))
        {
            time(&path, least)?;
            time(&path, most)?;
            if least > most {
                return Err(ConfigError::new(path, format!("[{least}, {most}]: the first is the smaller one")));
            }
        }
        for (path, shares) in [
            ("traffic.incoming + traffic.internal", vec![t.incoming, t.internal]),
            ("traffic.queue", vec![t.queue]),
            ("traffic.answered + traffic.rejected", vec![t.answered, t.rejected]),
            ("traffic.busy + traffic.no_answer", vec![t.busy, t.no_answer]),
            ("traffic.held", vec![t.held]),
            ("traffic.transferred + traffic.consulted", vec![t.transferred, t.consulted]),
        ] {
            if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || shares.iter().sum::<f64>() > 1.000_001 {
                return Err(ConfigError::new(path, "shares are between 0 and 1, together at most 1"));
            }
        }
        rate("traffic.calls_per_minute", t.calls_per_minute)?;
        if x.calls_per_line == 0 {
            return Err(ConfigError::new("exchange.calls_per_line", "a line has at least one call"));
        }
        self.calls.iter().enumerate().try_for_each(|(index, call)| call.check(&format!("calls[{index}]")))
    }
}

impl ScriptedCall {
    fn check(&self, path: &str) -> Result<(), ConfigError> {
        time(&format!("{path}.at"), self.at)?;
        let times = [("ring", self.ring), ("patience", self.patience), ("talk", self.talk), ("hold", self.hold)];
        for (name, seconds) in times.into_iter().chain([("every", self.every), ("hold_after", self.hold_after)]) {
            time(&format!("{path}.{name}"), seconds.unwrap_or(1.0))?;
        }
        if self.every.is_some_and(|every| every < 1.0) {
            return Err(ConfigError::new(format!("{path}.every"), "at least one second"));
        }
        if self.way == Way::Out && self.number.is_none() {
            return Err(ConfigError::new(format!("{path}.number"), "an outgoing call needs the number that is called"));
        }
        Ok(())
    }
}

fn time(path: &str, seconds: f64) -> Result<(), ConfigError> {
    if (0.0..=LONGEST).contains(&seconds) {
        return Ok(());
    }
    Err(ConfigError::new(path, format!("{seconds} is no time: seconds, from 0 to {LONGEST}")))
}

/// Checks a number of calls per minute.
pub(crate) fn rate(path: &str, rate: f64) -> Result<(), ConfigError> {
    if (0.0..=1_000_000.0).contains(&rate) {
        return Ok(());
    }
    Err(ConfigError::new(path, format!("{rate} calls per minute: from 0 to 1000000")))
}

/// Seconds of settings and services as microseconds.
pub(crate) fn micros(seconds: f64) -> i64 {
    // In range: everything was checked against `LONGEST`.
    (seconds.clamp(0.0, LONGEST) * 1e6).round() as i64
}
