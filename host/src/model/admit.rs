//! Which commands may go to the adapter now (M8, M9), and what the others are told.

use jackfield_plugin_api::{CallFeatures, CallKey, CallState, Command, CommandError, ErrorCode, Needs, Reply, Role};

use super::facts::are_digits;
use super::leg::Leg;
use super::limits::MAX_DESTINATION;
use super::line::Line;
use super::view::{LineStage, last_error, line_stage};
use super::work::Shared;

/// What to do with a command that is in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Admitted {
    /// Give it to the adapter.
    Go,
    /// Nothing is to be done (the call is in that state already): this is the answer.
    Noop(Reply),
}

pub(super) fn admit(shared: &Shared, line: Option<&Line>, command: &mut Command) -> Result<Admitted, CommandError> {
    let line = open(shared, line, command.name())?;
    supported(line, command)?;
    parameters(command)?;
    let mut legs = Vec::with_capacity(2);
    for id in command.calls() {
        legs.push(find(line, id.as_str(), legs.is_empty())?);
    }
    if let Some(first) = legs.first() {
        if is_noop(command, first) {
            return Ok(Admitted::Noop(Reply::noop()));
        }
        pair(line, command, &legs)?;
    }
    if let Needs::Call(feature) = command.needs() {
        match legs.first() {
            Some(first) => call_allows(line, command.name(), first, legs.get(1).copied(), feature)?,
            None => line_allows(line, command.name(), feature)?,
        }
    }
    let keys: Vec<CallKey> = legs.iter().map(|leg| leg.key.clone()).collect();
    for (call, key) in command.calls_mut().into_iter().zip(keys) {
        *call = key;
    }
    Ok(Admitted::Go)
}

pub(super) fn hold_toggle(shared: &Shared, line: Option<&Line>, call: &str) -> Result<Command, CommandError> {
    let line = open(shared, line, "holdOrUnholdCall")?;
    let name = if find(line, call, true)?.state() == CallState::Held { "unholdCall" } else { "holdCall" };
    let command = Command::decode(name, serde_json::json!({ "callId": call }));
    command
        .and_then(Result::ok)
        .ok_or_else(|| CommandError::new(ErrorCode::General, format!("`{name}` cannot be made for call {call}")))
}

/// The line, if commands can be given on it now.
fn open<'a>(shared: &Shared, line: Option<&'a Line>, command: &str) -> Result<&'a Line, CommandError> {
    let Some(line) = line else {
        return Err(CommandError::new(ErrorCode::ConnectionLost, format!("`{command}`: the line is not open")));
    };
    let (code, state) = match line_stage(shared, line) {
        LineStage::Up => return Ok(line),
        LineStage::Down => (ErrorCode::ConnectionLost, "is down"),
        LineStage::NotStarted => (ErrorCode::ConnectionFailed, "is not up yet"),
    };
    let loss = last_error(shared, line).map(|(loss, _)| loss);
    let reason = loss.map(|loss| format!(": {}", loss.text)).unwrap_or_default();
    let text = format!("`{command}`: line {} {state}{reason}", line.device);
    let error = CommandError::new(code, text);
    Err(if loss.is_none_or(|loss| loss.will_retry) { error.retryable() } else { error })
}

/// Whether the phone system can do such a thing at all.
fn supported(line: &Line, command: &Command) -> Result<(), CommandError> {
    let can = match command.needs() {
        Needs::Call(feature) => line.capabilities.call.contains(feature),
        Needs::Agent(feature) => {
            line.capabilities.agent.contains(feature) && line.agent_features.is_none_or(|now| now.contains(feature))
        }
        _ => true,
    };
    let can = match command {
        Command::LibrarySpecificService(service) => line.capabilities.services.contains(&service.name),
        _ => can,
    };
    if can { Ok(()) } else { Err(command.unsupported()) }
}

/// What is wrong in itself never reaches the phone system.
fn parameters(command: &Command) -> Result<(), CommandError> {
    let destination = match command {
        Command::MakeCall(call) => {
            if let Some(from) = &call.from {
                dialable("from", from)?;
            }
            Some(&call.to)
        }
        Command::MakeConsultCall(call) => Some(&call.to),
        Command::BlindTransferCall(call) => Some(&call.to),
        Command::DeflectCall(call) => Some(&call.to),
        Command::SetForwarding(forwarding) => forwarding.to.as_ref(),
        Command::PickupCall(pickup) => pickup.target.as_ref(),
        Command::ParkCall(park) => park.slot.as_ref(),
        _ => None,
    };
    if let Some(to) = destination {
        dialable("to", to)?;
    }
    match command {
        Command::SendDtmf(dtmf) if !are_digits(&dtmf.digits) => Err(CommandError::new(
            ErrorCode::InvalidDigits,
            format!("`{}` are not digits: 0-9, *, #, A-D are", dtmf.digits.escape_debug()),
        )),
        _ => Ok(()),
    }
}

/// A number or address. Control characters would let a destination speak the phone system's protocol.
fn dialable(field: &str, to: &str) -> Result<(), CommandError> {
    let text = if to.trim().is_empty() {
        format!("`{field}` is empty")
    } else if to.len() > MAX_DESTINATION {
        format!("`{field}` has {} bytes, at most {MAX_DESTINATION} are possible", to.len())
    } else if to.chars().any(char::is_control) {
        format!("`{field}` has control characters: {}", to.escape_debug())
    } else {
        return Ok(());
    };
    Err(CommandError::new(ErrorCode::InvalidDestination, text))
}

fn find<'a>(line: &'a Line, id: &str, first: bool) -> Result<&'a Leg, CommandError> {
    if let Some(leg) = line.legs.iter().find(|leg| leg.id().as_str() == id) {
        return Ok(leg);
    }
    let shown: String = id.chars().take(64).collect();
    let shown = shown.escape_debug();
    let over = line.finished.contains(id);
    if over && !first {
        return Err(CommandError::new(ErrorCode::NoConsultCall, format!("the second call {shown} is over")));
    }
    let text = if over { format!("call {shown} is over") } else { format!("there is no call {shown} on this line") };
    Err(CommandError::new(ErrorCode::UnknownCall, text))
}

fn is_noop(command: &Command, leg: &Leg) -> bool {
    match command {
        Command::HoldCall(_) => leg.state() == CallState::Held,
        Command::UnholdCall(_) => leg.call.is_talking(),
        Command::Mute(_) => leg.call.muted == Some(true) && leg.call.is_talking(),
        Command::Unmute(_) => leg.call.muted == Some(false) && leg.call.is_talking(),
        _ => false,
    }
}

/// Commands on two calls: the two must be what the command takes.
fn pair(line: &Line, command: &Command, legs: &[&Leg]) -> Result<(), CommandError> {
    let &[one, other] = legs else { return Ok(()) };
    let refuse = |text: String| Err(CommandError::new(ErrorCode::NoConsultCall, text));
    if one.id() == other.id() {
        return refuse(format!("`{}` takes two calls, and both are {}", command.name(), one.id()));
    }
    let held_and_talking = |one: &Leg, other: &Leg| one.state() == CallState::Held && other.call.is_talking();
    let paired = held_and_talking(one, other) || held_and_talking(other, one);
    let consult = other.consults_from(one.id()) || one.consults_from(other.id());
    let ringing = [one, other].iter().any(|leg| leg.state() == CallState::Alerting);
    let both_talk = one.call.is_talking() && other.call.is_talking();
    let fits = match command {
        Command::CancelTransfer(_) => other.consults_from(one.id()),
        Command::TransferCall(_) => {
            paired || (consult && both_talk) || (consult && ringing && line.capabilities.early_transfer)
        }
        _ => paired || (consult && both_talk),
    };
    if fits {
        return Ok(());
    }
    if matches!(command, Command::CancelTransfer(_)) {
        return refuse(format!("call {} is no consultation made from call {}", other.id(), one.id()));
    }
    Err(CommandError::new(
        ErrorCode::InvalidCallState,
        format!(
            "`{}` takes a held and a connected call, and these are {} and {}",
            command.name(),
            one.state(),
            other.state()
        ),
    ))
}

/// A feature of a call now. Of two calls either may offer what joins them.
fn call_allows(
    line: &Line,
    name: &str,
    leg: &Leg,
    other: Option<&Leg>,
    feature: CallFeatures,
) -> Result<(), CommandError> {
    let now = leg.call.features;
    if now.contains(feature) || other.is_some_and(|other| other.call.features.contains(feature)) {
        return Ok(());
    }
    let possible: Vec<&str> = now.names().collect();
    let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(", ") };
    let hint = hint(line, leg, feature);
    let text =
        format!("`{name}` is not possible now: call {} is {}{hint}; possible: {possible}", leg.id(), leg.state());
    Err(CommandError::new(ErrorCode::InvalidCallState, text))
}

fn hint(line: &Line, leg: &Leg, feature: CallFeatures) -> &'static str {
    let consult = line.legs.iter().any(|other| other.consults_from(leg.id()));
    if leg.state() == CallState::Unknown {
        " (nothing was heard of it since the connection broke)"
    } else if consult {
        " and has a consultation (complete or cancel it first)"
    } else if feature == CallFeatures::DROP && (line.legs.len() > 1 || leg.call.role == Role::Consult) {
        " beside another (this phone system cannot end one of two calls alone)"
    } else {
        ""
    }
}

/// A feature of the line now: what needs no call.
fn line_allows(line: &Line, name: &str, feature: CallFeatures) -> Result<(), CommandError> {
    if super::features::line_features(line).contains(feature) {
        return Ok(());
    }
    if let Some(leg) = line.current_leg() {
        let text = format!(
            "`{name}` is not possible while there is a call (call {} is {}); `makeConsultCall` makes a second one",
            leg.id(),
            leg.state()
        );
        return Err(CommandError::new(ErrorCode::InvalidCallState, text));
    }
    if line.device_state == Some(jackfield_plugin_api::DeviceState::OutOfService) {
        let text = format!("`{name}`: device {} is out of service", line.device);
        return Err(CommandError::new(ErrorCode::DeviceOutOfService, text).retryable());
    }
    match &line.agent {
        Some(agent) => {
            let text = format!("`{name}` is not possible while the agent is {} ({})", agent.state, agent.code);
            Err(CommandError::new(ErrorCode::AgentStateForbids, text))
        }
        None => {
            let text = format!("`{name}` is not possible on line {} now", line.device);
            Err(CommandError::new(ErrorCode::InvalidCallState, text))
        }
    }
}
