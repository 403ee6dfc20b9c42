//! Commands, as actions.
//!
//! A command is answered when Asterisk accepted it. Where Asterisk accepts and then does nothing (a consultation
//! without the feature code, a phone that cannot be reached), the answer waits for the effect.

mod calling;
mod effects;
mod handling;
mod media;
mod queues;
mod transfer;

use std::time::Duration;

use jackfield_plugin_api::{
    CallKey, Command, CommandError, CommandId, ErrorCode, LineId, RawDirection, RecordingState, Reply, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub(crate) use effects::{Effects, Sent, lost};

use crate::asks::Ask;
use crate::calls::CallId;
use crate::diagnostics::diagnose;
use crate::pbx::{Pbx, Say};
use crate::session::LINK;
use crate::wire::action::Action;
use crate::wire::fields::{Fields, Key};
use crate::wire::text;

/// What follows from Asterisk's yes to a command's action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Then {
    /// The command is answered.
    Accept,
    /// Nothing: a later action of the same command, or an effect, is its answer.
    Wait,
    /// The command is answered; the line is muted in this call, or not any more. No event tells.
    Muted(CallId, bool),
    /// The command is answered; no event tells before Asterisk 16.
    Recording(CallId, RecordingState),
    /// A digit went out; no event tells. With the last one the command is answered.
    Digit { call: CallId, digit: String, last: bool },
}

impl Then {
    /// Asterisk's answer to the action is the command's.
    pub(crate) fn answers(&self) -> bool {
        match self {
            Self::Wait => false,
            Self::Digit { last, .. } => *last,
            Self::Accept | Self::Muted(..) | Self::Recording(..) => true,
        }
    }
}

impl Pbx {
    /// Answers a command with yes.
    pub(crate) fn accept(&mut self, command: CommandId, reply: Reply, say: &mut Say<'_, '_>) {
        self.settled(command);
        say.host.reply(command, reply);
    }

    /// Answers a command with no.
    pub(crate) fn refuse(&mut self, command: CommandId, error: CommandError, say: &mut Say<'_, '_>) {
        self.settled(command);
        say.host.refuse(command, error);
    }

    /// A command has its answer. Of its several actions and effects none may answer it again.
    fn settled(&mut self, command: CommandId) {
        self.asks.drop_command(command);
        self.effects.settled(command);
    }

    /// One command; it is answered exactly once.
    pub(crate) fn command(&mut self, id: CommandId, line: LineId, command: Command, say: &mut Say<'_, '_>) {
        let done = if self.live {
            self.obey(id, line, command, say)
        } else {
            Err(CommandError::new(ErrorCode::LinkDown, "Asterisk is not connected").retryable())
        };
        if let Err(error) = done {
            self.refuse(id, error, say);
        } else {
            let until = say.now + self.patience();
            self.calls.commanded(line, id, until);
        }
        self.flush(say);
    }

    fn obey(
        &mut self,
        id: CommandId,
        line: LineId,
        command: Command,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        if self.lines.get(line).is_none() {
            return Err(CommandError::new(ErrorCode::UnknownCall, "this line is not open"));
        }
        match command {
            Command::MakeCall(c) => self.make_call(id, line, &c, say),
            Command::PickupCall(c) => self.pick_up(id, line, c.target.as_deref(), say),
            Command::AnswerCall(c) => self.answer(id, self.named(line, &c.call_id)?, say),
            Command::DropCall(c) => self.drop_call(id, self.named(line, &c.call_id)?, say),
            Command::HoldCall(c) => self.hold_call(id, self.named(line, &c.call_id)?, true, say),
            Command::UnholdCall(c) => self.hold_call(id, self.named(line, &c.call_id)?, false, say),
            Command::MakeConsultCall(c) => self.make_consult(id, self.named(line, &c.call_id)?, &c.to, say),
            Command::TransferCall(c) => {
                let pair = (self.named(line, &c.call_id)?, self.named(line, &c.consult_call_id)?);
                self.transfer(id, pair, say)
            }
            Command::CancelTransfer(c) => {
                let pair = (self.named(line, &c.call_id)?, self.named(line, &c.consult_call_id)?);
                self.cancel_transfer(id, pair, say)
            }
            Command::AlternateCall(c) => {
                let pair = (self.named(line, &c.call_id)?, self.named(line, &c.other_call_id)?);
                self.alternate(id, pair, say)
            }
            Command::ConferenceCall(c) => {
                let pair = (self.named(line, &c.call_id)?, self.named(line, &c.consult_call_id)?);
                self.conference(id, pair, say)
            }
            Command::BlindTransferCall(c) => self.blind_transfer_call(id, self.named(line, &c.call_id)?, &c.to, say),
            Command::DeflectCall(c) => self.deflect(id, self.named(line, &c.call_id)?, &c.to, say),
            Command::ParkCall(c) => self.park(id, self.named(line, &c.call_id)?, c.slot.as_deref(), say),
            Command::RecordCall(c) => self.record(id, self.named(line, &c.call_id)?, c.action, say),
            Command::SendDtmf(c) => self.send_dtmf(id, self.named(line, &c.call_id)?, &c.digits, c.tone_ms, say),
            Command::Mute(c) => self.mute(id, self.named(line, &c.call_id)?, true, say),
            Command::Unmute(c) => self.mute(id, self.named(line, &c.call_id)?, false, say),
            Command::SetUserData(c) => self.set_user_data(id, self.named(line, &c.call_id)?, c.map, say),
            Command::SetUserState(c) => self.set_user_state(id, line, &c.code, c.reason.as_deref(), say),
            Command::LoginAgent(_) => self.log_in(id, line, say),
            Command::LogoutAgent(_) => self.log_out(id, line, say),
            Command::ChangeCallCentreState(c) if c.active => self.log_in(id, line, say),
            Command::ChangeCallCentreState(_) => self.log_out(id, line, say),
            other => Err(other.unsupported()),
        }
    }

    fn named(&self, line: LineId, key: &CallKey) -> Result<CallId, CommandError> {
        self.calls
            .find(line, key.as_str())
            .ok_or_else(|| CommandError::new(ErrorCode::UnknownCall, "there is no such call any more"))
    }

    /// How long an answer may take.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.config.answer_timeout))
    }

    /// Sends an action. Refused here: what the AMI user may not do, and lines that Asterisk would throw away.
    pub(crate) fn send(&mut self, action: Action, ask: Ask, say: &mut Say<'_, '_>) -> Result<(), CommandError> {
        self.send_after(Duration::ZERO, action, ask, say)
    }

    /// The same, when Asterisk is busy for this long before it comes to it.
    pub(crate) fn send_after(
        &mut self,
        busy: Duration,
        action: Action,
        ask: Ask,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        self.permissions.check(action.name())?;
        let deadline: Timestamp = say.now + self.patience() + busy;
        let name = self.asks.add(ask, deadline);
        match action.finish(&name) {
            Ok(bytes) => {
                self.send_bytes(&bytes, say);
                Ok(())
            }
            Err(bad) => {
                self.asks.take(name.as_bytes());
                Err(CommandError::new(ErrorCode::CommandFailed, bad.to_string()))
            }
        }
    }

    /// Sends a whole action, and shows it to who looks for a fault.
    pub(crate) fn send_bytes(&self, action: &[u8], say: &mut Say<'_, '_>) {
        if self.config.raw {
            diagnose(RawDirection::Out, action, say);
        }
        say.host.send(LINK, action);
    }

    /// Sends the action of a command.
    pub(crate) fn order(
        &mut self,
        action: Action,
        command: CommandId,
        then: Then,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        self.send(action, Ask::Command(command, then), say)
    }

    /// Asterisk's answer to a command's action.
    pub(crate) fn ordered(&mut self, command: CommandId, then: Then, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if !f.is(Key::Response, "Success") {
            self.effects.drop_command(command);
            self.forget_command(command);
            return self.refuse(command, refusal(f), say);
        }
        match then {
            Then::Wait => return,
            Then::Accept => {}
            Then::Muted(call, muted) => {
                if let Some(of_call) = self.calls.get_mut(call) {
                    of_call.muted = Some(muted);
                }
                self.dirty(call);
            }
            Then::Recording(call, state) => {
                self.accept(command, Reply::accepted(), say);
                return self.recorded(call, state, say);
            }
            Then::Digit { call, digit, last } => {
                self.say_digit(call, &digit, jackfield_plugin_api::Side::Local, Some(command), say);
                if !last {
                    return;
                }
            }
        }
        self.accept(command, Reply::accepted(), say);
    }

    /// A refused command leads to nothing.
    fn forget_command(&mut self, command: CommandId) {
        let ids: Vec<CallId> = self.calls.iter().map(|(id, _)| id).collect();
        for id in ids {
            let Some(call) = self.calls.get_mut(id) else { continue };
            if call.command.is_some_and(|(c, _)| c == command) {
                call.command = None;
                call.ending = None;
                call.released = None;
                call.merged_into = None;
            }
        }
    }

    /// The name of a call's leg, for `Channel:`.
    fn leg(&self, id: CallId) -> Result<String, CommandError> {
        let channel = self.calls.get(id).and_then(|c| c.channel).and_then(|c| self.table.channel(c));
        channel.map(|c| c.name.clone()).ok_or_else(|| wrong_state("the phone is not called yet"))
    }

    /// The context in which a line's numbers are dialled.
    fn context(&self, id: CallId) -> String {
        let line = self.calls.get(id).and_then(|c| c.line).and_then(|l| self.lines.get(l));
        line.and_then(|l| l.context.clone()).unwrap_or_else(|| self.config.context.clone())
    }
}

/// A number that can be dialled.
fn destination(to: &str) -> Result<String, CommandError> {
    text::dialable(to).ok_or_else(|| {
        CommandError::new(
            ErrorCode::InvalidDestination,
            "this is no number: digits, letters, `+`, `*` and `#` can be dialled",
        )
    })
}

fn wrong_state(text: &str) -> CommandError {
    CommandError::new(ErrorCode::InvalidCallState, text)
}

/// Asterisk's no, in its own words: there is no code.
pub(crate) fn refusal(f: &Fields<'_>) -> CommandError {
    let message = f.text(Key::Message).unwrap_or_default();
    let message = message.trim();
    let code = match message {
        "Permission denied" => ErrorCode::Forbidden,
        "Extension does not exist." => ErrorCode::InvalidDestination,
        "No such channel" | "Channel specified does not exist" => ErrorCode::UnknownCall,
        _ => ErrorCode::CommandFailed,
    };
    CommandError::new(code, format!("Asterisk refused: {message}")).native(json!({ "message": message }))
}

/// No answer came in time.
pub(crate) fn no_answer() -> CommandError {
    CommandError::new(ErrorCode::Timeout, "Asterisk did not answer in time").retryable()
}
