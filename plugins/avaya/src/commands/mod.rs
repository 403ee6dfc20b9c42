//! The way back: a client's command becomes a request; its answer is the command's.

mod agents;
mod requests;

use jackfield_csta::GetThirdPartyDeviceId;
use jackfield_csta::types::LocalState;
use jackfield_plugin_api::{
    CallFeatures, CallKey, Command, CommandError, CommandId, ErrorCode, ForwardingKind, Host, LineId, Reply, serde_json,
};
use serde::{Deserialize, Serialize};

use crate::adapter::Avaya;
use crate::call::{Call, Goal};
use crate::capabilities::JOIN;
use crate::config::Config;
use crate::events::is_digit;
use crate::line::{Line, Stage};
use crate::net::{Ask, Net};
use crate::uui;
use crate::wire::Scene;

pub(crate) use requests::request;

/// The longest number that is dialled, and the most digits that are sent at a time.
const LONGEST: usize = 128;

/// What is to be done. Calls by their keys: an id may change until it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Make { to: String, uui: Vec<u8> },
    Answer(CallKey),
    Drop(CallKey),
    Hold(CallKey),
    Unhold(CallKey),
    Consult { first: CallKey, to: String },
    Transfer { held: CallKey, active: CallKey },
    Single { call: CallKey, to: String },
    Conference { held: CallKey, active: CallKey },
    Alternate { held: CallKey, active: CallKey },
    Reconnect { held: CallKey, active: CallKey },
    Deflect { call: CallKey, to: String },
    Join { call: CallKey, to: String, participation: String },
    PickUp { from: String },
    Digits { call: CallKey, digits: String, tone: Option<u32> },
    Agent { state: String, mode: String, reason: Option<String>, agent: Option<String>, login: bool },
    Forward { kind: ForwardingKind, to: Option<String> },
    Dnd(bool),
}

/// A command that is under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: CommandId,
    pub(crate) line: LineId,
    pub(crate) what: What,
}

impl What {
    /// The number whose device id is needed.
    fn target(&self) -> Option<&str> {
        match self {
            Self::Make { to, .. }
            | Self::Consult { to, .. }
            | Self::Single { to, .. }
            | Self::Deflect { to, .. }
            | Self::Join { to, .. }
            | Self::PickUp { from: to }
            | Self::Forward { to: Some(to), .. } => Some(to),
            _ => None,
        }
    }

    /// The calls whose next states it leads to.
    fn goals(&self) -> Vec<(&CallKey, Goal)> {
        match self {
            Self::Answer(call) | Self::Unhold(call) => vec![(call, Goal::Connected)],
            Self::Drop(call) => vec![(call, Goal::Dropped)],
            Self::Hold(call) => vec![(call, Goal::Held)],
            Self::Consult { first, .. } => vec![(first, Goal::Held)],
            Self::Transfer { held, active } => vec![(held, Goal::Transferred), (active, Goal::Transferred)],
            Self::Single { call, .. } => vec![(call, Goal::Transferred)],
            Self::Conference { held, active } => vec![(held, Goal::Conferenced), (active, Goal::Conferenced)],
            Self::Alternate { held, active } => vec![(held, Goal::Connected), (active, Goal::Held)],
            Self::Reconnect { held, active } => vec![(held, Goal::Connected), (active, Goal::Dropped)],
            Self::Deflect { call, .. } => vec![(call, Goal::Diverted)],
            Self::Join { call, .. } => vec![(call, Goal::Conferenced)],
            Self::Make { .. }
            | Self::PickUp { .. }
            | Self::Digits { .. }
            | Self::Agent { .. }
            | Self::Forward { .. }
            | Self::Dnd(_) => vec![],
        }
    }
}

impl Avaya {
    /// Carries a command out.
    pub(crate) fn command(&mut self, id: CommandId, line: LineId, command: &Command, host: &mut Host<'_>) {
        let up = self.net.is_up();
        let Some(known) = self.lines.get_mut(&line) else {
            let text = "the line is not open: see its settings in the host's log";
            return host.refuse(id, CommandError::new(ErrorCode::DeviceOutOfService, text));
        };
        if !up || known.stage != Stage::Up {
            let (code, text) = if !self.net.session.is_up() {
                (ErrorCode::ConnectionLost, "AE Services are not connected")
            } else if self.net.switch_down {
                (ErrorCode::LinkDown, "AE Services have lost their link to the switch")
            } else {
                (
                    ErrorCode::DeviceOutOfService,
                    "the station is not set up at AE Services (the line's last error says why)",
                )
            };
            return host.refuse(id, CommandError::new(code, text).retryable());
        }
        let what = match prepare(known, command, &self.config) {
            Ok(Prepared::What(what)) => what,
            Ok(Prepared::Done) => return host.reply(id, Reply::noop()),
            Err(error) => return host.refuse(id, error),
        };
        let job = Job { id, line, what };
        let asks = job.what.target().filter(|to| self.config.ask_for_targets && self.net.target(to).is_none());
        let Some(target) = asks.map(str::to_owned) else { return self.carry_out(&job, host) };
        let request =
            GetThirdPartyDeviceId { switch: Some(self.config.switch.clone()), extension: target, instance: None };
        if !self.scene(host).ask(Ask::Target(Box::new(job)), request) {
            host.refuse(id, too_many());
        }
    }

    /// All that a command needs is known: the request goes out.
    pub(crate) fn carry_out(&mut self, job: &Job, host: &mut Host<'_>) {
        let id = job.id;
        let Some(line) = self.lines.get_mut(&job.line) else {
            return host.refuse(id, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
        };
        let target = job.what.target().map(|to| match self.net.target(to) {
            Some(device) => device.clone(),
            None => format!("{to}:{}::0", self.config.switch),
        });
        let secret = self.secrets.get(&job.line).map(jackfield_plugin_api::Secret::reveal);
        let message = match request(line, &job.what, target.as_deref(), secret, &self.config) {
            Ok(message) => message,
            Err(error) => return host.refuse(id, error),
        };
        let until = host.now() + self.config.answer_timeout() * 2;
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        let waits = Box::new(job.clone());
        let ask = if matches!(job.what, What::PickUp { .. }) { Ask::Ringing(waits) } else { Ask::Command(waits) };
        if !scene.ask(ask, message) {
            return host.refuse(id, too_many());
        }
        for (key, goal) in job.what.goals() {
            if let Some(call) = line.by_key_mut(key) {
                call.ask(id, goal, until);
            }
        }
        if matches!(job.what, What::Agent { .. } | What::Dnd(_)) {
            line.agent.ask(id, until);
        }
    }
}

pub(crate) fn too_many() -> CommandError {
    CommandError::new(ErrorCode::Overloaded, "too many requests wait for AE Services; try again later").retryable()
}

/// Whoever waited for an answer that will not come.
pub(crate) fn lost(ask: &Ask, text: &str, host: &mut Host<'_>) {
    if let Ask::Target(job) | Ask::Ringing(job) | Ask::Command(job) = ask {
        host.refuse(job.id, CommandError::new(ErrorCode::ConnectionLost, text).retryable());
    }
}

/// The command of a line that makes a call now: its id, whom it calls, and from which call.
pub(crate) fn making(line: LineId, net: &Net) -> Option<(CommandId, String, Option<CallKey>)> {
    net.pending.iter().find_map(|(_, waiting)| match &waiting.ask {
        Ask::Command(job) if job.line == line => match &job.what {
            What::Make { to, .. } => Some((job.id, to.clone(), None)),
            What::Consult { first, to } => Some((job.id, to.clone(), Some(first.clone()))),
            _ => None,
        },
        _ => None,
    })
}

enum Prepared {
    What(What),
    /// It is so already.
    Done,
}

impl From<What> for Prepared {
    fn from(what: What) -> Self {
        Self::What(what)
    }
}

/// What a command asks for, as far as it can be.
fn prepare(line: &Line, command: &Command, config: &Config) -> Result<Prepared, CommandError> {
    Ok(match command {
        Command::MakeCall(make) => {
            if make.from.is_some() || make.anonymous {
                let text = "the number that is shown cannot be chosen here: dial without `from` and `anonymous`";
                return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
            }
            let uui = uui::bytes(&make.user_data);
            if uui.len() > usize::try_from(config.uui_max).unwrap_or_default() {
                let text = format!(
                    "`userData` makes {} bytes of user-to-user information: {} are possible",
                    uui.len(),
                    config.uui_max
                );
                return Err(CommandError::new(ErrorCode::CommandFailed, text));
            }
            What::Make { to: dialled(&make.to, config)?, uui }.into()
        }
        Command::AnswerCall(c) => What::Answer(known(line, &c.call_id)?.key.clone()).into(),
        Command::DropCall(c) => {
            let call = known(line, &c.call_id)?;
            let permitted = call.permits.is_some_and(|permits| permits.contains(CallFeatures::DROP));
            if call.state == LocalState::Hold && !config.clears_held && !permitted {
                let text = "a held call is not ended by the switch: take it back first";
                return Err(CommandError::new(ErrorCode::InvalidCallState, text));
            }
            What::Drop(call.key.clone()).into()
        }
        Command::HoldCall(c) => match known(line, &c.call_id)? {
            call if call.state == LocalState::Hold => Prepared::Done,
            call => What::Hold(call.key.clone()).into(),
        },
        Command::UnholdCall(c) => match known(line, &c.call_id)? {
            call if call.state == LocalState::Connected => Prepared::Done,
            call => What::Unhold(call.key.clone()).into(),
        },
        Command::MakeConsultCall(c) => {
            What::Consult { first: known(line, &c.call_id)?.key.clone(), to: dialled(&c.to, config)? }.into()
        }
        Command::TransferCall(c) => {
            let (held, active) = pair(line, &c.call_id, &c.consult_call_id)?;
            What::Transfer { held, active }.into()
        }
        Command::ConferenceCall(c) => {
            let (held, active) = pair(line, &c.call_id, &c.consult_call_id)?;
            What::Conference { held, active }.into()
        }
        Command::AlternateCall(c) => {
            let (held, active) = pair(line, &c.call_id, &c.other_call_id)?;
            What::Alternate { held, active }.into()
        }
        Command::CancelTransfer(c) => {
            let (held, active) = pair(line, &c.call_id, &c.consult_call_id)?;
            What::Reconnect { held, active }.into()
        }
        Command::BlindTransferCall(c) => {
            What::Single { call: known(line, &c.call_id)?.key.clone(), to: dialled(&c.to, config)? }.into()
        }
        Command::DeflectCall(c) => {
            What::Deflect { call: known(line, &c.call_id)?.key.clone(), to: dialled(&c.to, config)? }.into()
        }
        Command::PickupCall(c) => {
            let Some(from) = c.target.as_deref().filter(|from| !from.is_empty()) else {
                let text = "a call of the own group cannot be picked up here: name the station at which it rings";
                return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
            };
            What::PickUp { from: dialled(from, config)? }.into()
        }
        Command::SendDtmf(c) => {
            let call = known(line, &c.call_id)?.key.clone();
            if c.digits.is_empty() || c.digits.len() > LONGEST || !c.digits.chars().all(is_digit) {
                let text = format!("digits are 0-9, *, #, A-D, at most {LONGEST} of them");
                return Err(CommandError::new(ErrorCode::InvalidDigits, text));
            }
            What::Digits { call, digits: c.digits.clone(), tone: c.tone_ms }.into()
        }
        Command::SetForwarding(c) => {
            let to = c.to.as_deref().filter(|to| !to.is_empty()).map(|to| dialled(to, config)).transpose()?;
            What::Forward { kind: c.kind, to }.into()
        }
        Command::LibrarySpecificService(service) if service.name == JOIN => join(line, &service.params, config)?.into(),
        other => return agents::prepare(line, other, config),
    })
}

/// Somebody is joined to a call, unasked: a supervisor, a recorder.
fn join(line: &Line, params: &serde_json::Value, config: &Config) -> Result<What, CommandError> {
    let text = |name: &str| params.get(name).and_then(serde_json::Value::as_str);
    let key = text("callId").map(CallKey::from);
    let native = text("nativeId");
    let mut calls = line.calls.iter();
    let call = calls.find(|call| Some(&call.key) == key.as_ref() || Some(call.native.as_str()) == native);
    let (Some(call), Some(to)) = (call, text("device")) else {
        let text = "`singleStepConference` needs the call's `nativeId`, and the `device` that is to join it";
        return Err(CommandError::new(ErrorCode::UnknownCall, text));
    };
    let participation = text("participation").unwrap_or("active");
    if !["active", "silent", "none"].contains(&participation) {
        let text = "`participation` is `active`, `silent` or `none`";
        return Err(CommandError::new(ErrorCode::CommandFailed, text));
    }
    Ok(What::Join { call: call.key.clone(), to: dialled(to, config)?, participation: participation.to_owned() })
}

fn known<'a>(line: &'a Line, key: &CallKey) -> Result<&'a Call, CommandError> {
    line.by_key(key).ok_or_else(|| {
        CommandError::new(ErrorCode::UnknownCall, "the switch has no such call at this station any more")
    })
}

/// Of two calls the held one and the active one.
fn pair(line: &Line, one: &CallKey, other: &CallKey) -> Result<(CallKey, CallKey), CommandError> {
    let (one, other) = (known(line, one)?, known(line, other)?);
    if one.key == other.key {
        return Err(CommandError::new(ErrorCode::NoConsultCall, "two calls are needed, and this is one"));
    }
    match (one.state == LocalState::Hold, other.state == LocalState::Hold) {
        (true, false) => Ok((one.key.clone(), other.key.clone())),
        (false, true) => Ok((other.key.clone(), one.key.clone())),
        _ => {
            let text = "one of the two calls must be on hold, and the other one not";
            Err(CommandError::new(ErrorCode::InvalidCallState, text))
        }
    }
}

/// A number as it is dialled: without what people put between digits, and with digits for a `+`.
fn dialled(number: &str, config: &Config) -> Result<String, CommandError> {
    let refuse = |text: String| Err(CommandError::new(ErrorCode::InvalidDestination, text));
    let shown: String = number.chars().take(40).collect();
    let mut digits: String = number.trim().chars().filter(|c| !" -()./".contains(*c)).collect();
    if let Some(rest) = digits.strip_prefix('+') {
        let Some(plus) = &config.plus else {
            return refuse(format!(
                "{shown:?} begins with a +, and the setting `plus` does not say what is dialled for it"
            ));
        };
        digits = format!("{plus}{rest}");
    }
    if !digits.is_empty() && digits.len() <= LONGEST && digits.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b))
    {
        return Ok(digits);
    }
    refuse(format!("{shown:?} cannot be dialled: a number is 1 to {LONGEST} of 0-9, * and #"))
}

/// A command that is not possible here.
fn unsupported(command: &Command) -> CommandError {
    command.unsupported()
}
