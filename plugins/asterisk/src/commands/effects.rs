//! What commands are to lead to, until it shows.

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, LineId, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::calls::{Call, CallId};
use crate::pbx::{Pbx, Say};

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sent {
    /// An originate; the command is answered by the call's first fact.
    Call,
    /// `Atxfer`; answered when the consultation begins.
    Consult,
    /// `Park`; answered with the slot.
    Park,
    /// The code for three parties, or redirects into a room.
    Conference,
    /// A call is to be held; once it is, this other one is to be resumed.
    Swap(CallId),
    /// A recording begins, pauses, ends.
    Recording,
    /// Digits that will be reported as if the phone had sent them.
    Digits(String),
    /// A feature code: its digits are for Asterisk and nobody else.
    Code(String),
}

impl Sent {
    /// The effect is what answers the command.
    fn is_the_answer(&self) -> bool {
        matches!(self, Self::Call | Self::Consult | Self::Park | Self::Swap(_))
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Effect {
    call: CallId,
    line: LineId,
    command: CommandId,
    sent: Sent,
    until: Timestamp,
}

/// All that was sent and does not show yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Effects(Vec<Effect>);

impl Effects {
    pub(crate) fn drop_command(&mut self, command: CommandId) {
        self.0.retain(|e| e.command != command);
    }

    /// The command has its answer; what it leads to besides is still waited for.
    pub(crate) fn settled(&mut self, command: CommandId) {
        self.0.retain(|e| e.command != command || !e.sent.is_the_answer());
    }

    /// Forgets what was to happen on a line; returns the commands that wait for it.
    pub(crate) fn take_line(&mut self, line: LineId) -> Vec<CommandId> {
        let waits = |e: &Effect| e.line == line && e.sent.is_the_answer();
        let commands = self.0.iter().filter(|e| waits(e)).map(|e| e.command).collect();
        self.0.retain(|e| e.line != line);
        commands
    }

    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.0.iter().map(|e| e.until).min()
    }

    /// The command that made a recording do something.
    pub(crate) fn recording(&mut self, call: CallId) -> Option<CommandId> {
        let at = self.0.iter().position(|e| e.call == call && e.sent == Sent::Recording)?;
        Some(self.0.remove(at).command)
    }

    /// A digit was reported on this call's leg: the command that sent it.
    pub(crate) fn digit_sent(&mut self, call: CallId, digit: &str) -> Option<CommandId> {
        for effect in self.0.iter_mut().filter(|e| e.call == call) {
            if let Sent::Digits(digits) = &mut effect.sent
                && digits.starts_with(digit)
            {
                digits.remove(0);
                return Some(effect.command);
            }
        }
        None
    }

    /// A digit was reported on this call's leg: whether it is one of a code that we typed.
    pub(crate) fn code_typed(&mut self, call: CallId, digit: &str) -> bool {
        self.0.iter_mut().filter(|e| e.call == call).any(|effect| match &mut effect.sent {
            Sent::Code(code) if code.starts_with(digit) => {
                code.remove(0);
                true
            }
            _ => false,
        })
    }
}

impl Pbx {
    /// A command's effect is to be waited for.
    pub(crate) fn expect(&mut self, call: CallId, command: CommandId, sent: Sent, until: Timestamp) {
        let Some(line) = self.calls.get(call).and_then(|c| c.line) else { return };
        self.effects.0.push(Effect { call, line, command, sent, until });
    }

    /// Takes the command that was to do this to a call.
    pub(crate) fn sent_for(&mut self, call: CallId, what: impl Fn(&Sent) -> bool) -> Option<CommandId> {
        let at = self.effects.0.iter().position(|e| e.call == call && what(&e.sent))?;
        Some(self.effects.0.remove(at).command)
    }

    /// Takes the command that was to hold a call, and the call that is to be resumed instead.
    pub(crate) fn swap_sent_for(&mut self, call: CallId) -> Option<(CommandId, CallId)> {
        let swap = |e: &Effect| match e.sent {
            Sent::Swap(other) if e.call == call => Some(other),
            _ => None,
        };
        let at = self.effects.0.iter().position(|e| swap(e).is_some())?;
        let effect = self.effects.0.remove(at);
        Some((effect.command, swap(&effect)?))
    }

    /// A call was reported for the first time.
    pub(crate) fn call_shown(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        if let Some(command) = self.sent_for(id, |sent| *sent == Sent::Call)
            && let Some(call) = self.calls.get(id)
        {
            let reply = Reply::call(call.key.as_str());
            self.accept(command, reply, say);
        }
    }

    /// The parker's call was parked.
    pub(crate) fn parked_by_command(&mut self, id: CallId, slot: &str, say: &mut Say<'_, '_>) {
        if let Some(command) = self.sent_for(id, |sent| *sent == Sent::Park) {
            self.accept(command, Reply::accepted().value("slot", slot), say);
        }
    }

    /// A call is forgotten: what was to happen to it will not.
    pub(crate) fn call_gone(&mut self, id: CallId, call: &Call, say: &mut Say<'_, '_>) {
        self.waiting.remove(&id);
        let (gone, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.effects.0).into_iter().partition(|e| e.call == id);
        self.effects.0 = stay;
        for effect in gone {
            let error = match effect.sent {
                Sent::Call => not_reached(call),
                Sent::Consult => {
                    CommandError::new(ErrorCode::InvalidCallState, "the call ended before the consultation began")
                }
                Sent::Park => CommandError::new(ErrorCode::InvalidCallState, "the call ended before it was parked"),
                Sent::Swap(_) => CommandError::new(ErrorCode::InvalidCallState, "the call ended before it was held"),
                _ => continue,
            };
            self.refuse(effect.command, error, say);
        }
    }

    /// Effects that did not show in time.
    pub(crate) fn effects_late(&mut self, say: &mut Say<'_, '_>) {
        let (late, stay): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.effects.0).into_iter().partition(|e| e.until <= say.now);
        self.effects.0 = stay;
        for effect in late {
            match effect.sent {
                Sent::Call => {
                    let error = CommandError::new(ErrorCode::Timeout, "the own phone did not ring in time").retryable();
                    self.refuse(effect.command, error, say);
                    self.forget(effect.call);
                }
                Sent::Consult => {
                    let text = "Asterisk accepted the consultation but did not begin it: features.conf needs `atxfer` in \
                                [featuremap], and the dialplan's Dial or Queue the options t and T";
                    self.refuse(effect.command, CommandError::new(ErrorCode::CommandFailed, text), say);
                }
                Sent::Park => self.accept(effect.command, Reply::accepted(), say),
                Sent::Swap(_) => {
                    let text = "the phone did not hold the first call; the other one was not resumed";
                    self.refuse(effect.command, CommandError::new(ErrorCode::CommandFailed, text), say);
                }
                _ => {}
            }
        }
    }

    /// The connection is gone: whatever still waits is answered.
    pub(crate) fn effects_lost(&mut self, say: &mut Say<'_, '_>) {
        for effect in std::mem::take(&mut self.effects.0) {
            if effect.sent.is_the_answer() {
                self.refuse(effect.command, lost(), say);
            }
        }
    }
}

/// The connection was lost before the answer.
pub(crate) fn lost() -> CommandError {
    CommandError::new(
        ErrorCode::ConnectionLost,
        "the connection to Asterisk was lost; whether this was done is not known",
    )
}

/// The own phone of a click-to-call was never reached.
pub(super) fn not_reached(call: &Call) -> CommandError {
    let (code, text) = match call.end_cause {
        17 => (ErrorCode::DeviceBusy, "the own phone is busy"),
        21 => (ErrorCode::DeviceBusy, "the own phone declined"),
        _ => (ErrorCode::DeviceOutOfService, "the own phone cannot be reached: is it registered?"),
    };
    CommandError::new(code, text).retryable().native(json!({ "q850": call.end_cause }))
}
