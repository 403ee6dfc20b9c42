//! The way back: a client's command becomes a block, and waits for what it causes.

use jackfield_plugin_api::{CallKey, Command, CommandError, CommandId, ErrorCode, Host, RawDirection, Reply};

use crate::adapter::PBX;
use crate::config::Config;
use crate::effects::{Effect, Effects, Waiting};
use crate::line::{Asked, Line, Stage};
use crate::session::show;
use crate::wire::{LONGEST_VALUE, Request, fits};

/// What a command leads to: a block, and what it waits for; without that it is answered at once.
type Done = Result<(Request, Option<Effect>), CommandError>;

/// Carries a command out.
pub(crate) fn command(
    line: &mut Line,
    id: CommandId,
    command: &Command,
    effects: &mut Effects,
    config: &Config,
    host: &mut Host<'_>,
) {
    let done = prepare(line, command, config).and_then(|(request, effect)| {
        let encoding = config.text_encoding().unwrap_or(encoding_rs::UTF_8);
        if !request.bytes(encoding).1 {
            let text = format!("there are letters in it that {} does not have (setting `encoding`)", encoding.name());
            return Err(CommandError::new(ErrorCode::CommandFailed, text));
        }
        if let Some(effect) = effect.clone() {
            let deadline = host.now() + config.answer_timeout();
            effects.add(Waiting { id, line: line.id, effect, deadline })?;
        }
        Ok((request, effect))
    });
    match done {
        Err(error) => host.refuse(id, error),
        Ok((request, effect)) => {
            asked(line, command);
            send(&request, config, host);
            if effect.is_none() {
                host.reply(id, Reply::accepted());
            }
        }
    }
}

/// Sends a block.
pub(crate) fn send(request: &Request, config: &Config, host: &mut Host<'_>) {
    let encoding = config.text_encoding().unwrap_or(encoding_rs::UTF_8);
    if config.raw {
        show(RawDirection::Out, request.text(), host);
    }
    host.send(PBX, request.bytes(encoding).0);
}

fn prepare(line: &Line, command: &Command, config: &Config) -> Done {
    let at = |message: &str, unique: &str| Request::new(message).with("UniqueId", unique);
    let mine = |request: Request| request.with("OperatorId", &line.operator);
    match command {
        Command::MakeCall(make) => {
            if make.anonymous || make.from.is_some() {
                let text = "CallWay has no way to choose the number that is shown: dial without `from` and `anonymous`";
                return Err(CommandError::new(ErrorCode::CommandNotSupported, text));
            }
            let number = dialled(&make.to)?;
            let effect = Effect::Call { number: number.to_owned(), from: None, own_rings: false };
            Ok((dial(line, number), Some(effect)))
        }
        Command::MakeConsultCall(consult) => {
            let (unique, stage) = known(line, &consult.call_id)?;
            let (number, from) = (dialled(&consult.to)?.to_owned(), unique.to_owned());
            if config.hold_before_consult && stage != Stage::Held {
                return Ok((mine(at("Hold", unique)), Some(Effect::HoldThenCall { number, from })));
            }
            Ok((dial(line, &number), Some(Effect::Call { number, from: Some(from), own_rings: false })))
        }
        Command::AnswerCall(answer) => {
            let (unique, _) = known(line, &answer.call_id)?;
            Ok((mine(at("Answer", unique)), Some(Effect::Bridge(unique.to_owned()))))
        }
        Command::DropCall(drop) => {
            let (unique, _) = known(line, &drop.call_id)?;
            Ok((mine(at("Drop", unique)), Some(Effect::Hangup(unique.to_owned()))))
        }
        Command::HoldCall(hold) => {
            let (unique, _) = known(line, &hold.call_id)?;
            Ok((mine(at("Hold", unique)), Some(Effect::Hold(unique.to_owned()))))
        }
        Command::UnholdCall(unhold) => {
            let (unique, _) = known(line, &unhold.call_id)?;
            Ok((take_back(line, unique), Some(Effect::Unhold(unique.to_owned()))))
        }
        Command::AlternateCall(swap) => {
            let (one, stage) = known(line, &swap.call_id)?;
            let (other, _) = known(line, &swap.other_call_id)?;
            let (hold, held) = if stage == Stage::Held { (other, one) } else { (one, other) };
            let effect = Effect::Swap { held: held.to_owned(), hold: hold.to_owned() };
            Ok((mine(at("Hold", hold)), Some(effect)))
        }
        Command::BlindTransferCall(transfer) => {
            let (unique, _) = known(line, &transfer.call_id)?;
            let request = mine(at("Transfer", unique).with("Number", dialled(&transfer.to)?));
            Ok((request, Some(Effect::Transfer(unique.to_owned()))))
        }
        Command::TransferCall(transfer) => {
            let (one, other) = (known(line, &transfer.call_id)?.0, known(line, &transfer.consult_call_id)?.0);
            let is_consult = |unique: &str| line.call(unique).is_some_and(|call| call.first.is_some());
            let (first, consult) = if is_consult(one) { (other, one) } else { (one, other) };
            let request = Request::new("TransferToCall").with("UniqueIdA", first).with("UniqueIdB", consult);
            let effect = Effect::Complete { first: first.to_owned(), consult: consult.to_owned() };
            Ok((mine(request), Some(effect)))
        }
        Command::CancelTransfer(cancel) => {
            let (first, consult) = (known(line, &cancel.call_id)?.0, known(line, &cancel.consult_call_id)?.0);
            let effect = if config.retrieve_after_cancel {
                Effect::HangupThenUnhold { consult: consult.to_owned(), first: first.to_owned() }
            } else {
                Effect::Hangup(consult.to_owned())
            };
            Ok((mine(at("Drop", consult)), Some(effect)))
        }
        Command::SendDtmf(dtmf) => {
            let (unique, _) = known(line, &dtmf.call_id)?;
            // Nothing that CallWay says would tell that they were sent.
            Ok((mine(at("DialDTMF", unique).with("Digit", digits(&dtmf.digits)?)), None))
        }
        Command::SetUserState(set) => state(line, &set.code),
        Command::SetWrapUpUserState(set) => {
            state(line, if set.active { &config.wrap_up_on } else { &config.wrap_up_off })
        }
        Command::LibrarySpecificService(service) if service.name == "listenCall" => {
            let native = service.params.get("nativeId").and_then(serde_json::Value::as_str).unwrap_or_default();
            if !fits(native) {
                let text = "`listenCall` plays the recording of a call to the operator: it needs its `nativeId`";
                return Err(CommandError::new(ErrorCode::UnknownCall, text));
            }
            Ok((mine(at("ListenCall", native)), None))
        }
        other => Err(other.unsupported()),
    }
}

/// What a command has asked of a call is remembered: it tells why the call ends.
fn asked(line: &mut Line, command: &Command) {
    let (keys, what): (Vec<&CallKey>, Asked) = match command {
        Command::DropCall(c) => (vec![&c.call_id], Asked::Drop),
        Command::CancelTransfer(c) => (vec![&c.consult_call_id], Asked::Drop),
        Command::BlindTransferCall(c) => (vec![&c.call_id], Asked::Transfer),
        Command::TransferCall(c) => (vec![&c.call_id, &c.consult_call_id], Asked::Transfer),
        Command::SetWrapUpUserState(c) => {
            line.wraps_up = c.active;
            return;
        }
        _ => return,
    };
    for call in &mut line.calls {
        if keys.contains(&&call.key) {
            call.asked = Some(what);
        }
    }
}

/// The block that dials.
pub(crate) fn dial(line: &Line, number: &str) -> Request {
    if line.softphone {
        return Request::new("MakeCall").with("OperatorId", &line.operator).with("Number", number);
    }
    let request = Request::new("Originate").with("NumberA", &line.operator).with("NumberB", number);
    match &line.routing_rule {
        Some(rule) => request.with("RoutingRule", rule),
        None => request,
    }
}

/// The block that takes a call back from hold. (The command is spelt so, and the state that follows `Unhold`.)
pub(crate) fn take_back(line: &Line, unique: &str) -> Request {
    Request::new("UnHold").with("UniqueId", unique).with("OperatorId", &line.operator)
}

fn state(line: &Line, code: &str) -> Done {
    if !fits(code) {
        let text = format!("{code:?} cannot be a state: it is empty, has a line's end in it, or is too long");
        return Err(CommandError::new(ErrorCode::UnknownState, text));
    }
    let request = Request::new("SetOperatorState").with("State", code).with("OperatorId", &line.operator);
    Ok((request, Some(Effect::State(code.to_owned()))))
}

fn known<'a>(line: &'a Line, key: &CallKey) -> Result<(&'a str, Stage), CommandError> {
    let call = line.by_key(key).ok_or_else(|| {
        let text = format!("CallWay has not spoken of the call {key} since the adapter began: it cannot be commanded");
        CommandError::new(ErrorCode::UnknownCall, text)
    })?;
    Ok((&call.unique, call.at))
}

fn dialled(number: &str) -> Result<&str, CommandError> {
    let number = number.trim();
    if fits(number) {
        return Ok(number);
    }
    let text = format!(
        "{:?} cannot be dialled: a number is 1 to {LONGEST_VALUE} characters, without line ends",
        number.chars().take(40).collect::<String>()
    );
    Err(CommandError::new(ErrorCode::InvalidDestination, text))
}

fn digits(digits: &str) -> Result<&str, CommandError> {
    let is = |c: char| c.is_ascii_digit() || "*#ABCDabcd".contains(c);
    if !digits.is_empty() && digits.len() <= LONGEST_VALUE && digits.chars().all(is) {
        return Ok(digits);
    }
    let text = format!("digits are 0-9, *, #, A-D, at most {LONGEST_VALUE} of them");
    Err(CommandError::new(ErrorCode::InvalidDigits, text))
}
