//! Commands: what is asked of the server for each, and when it is answered.

mod calling;
mod pairs;
mod records;
mod services;
mod user;

use jackfield_plugin_api::{Command, CommandError, CommandId, ErrorCode, Reply, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::asks::Ask;
use crate::calls::Ending;
use crate::line::{Line, Say};
use crate::session::Stage;
use crate::wire::fields::Body;
use crate::wire::message::{Message, Refusal, refusal};

/// What the reply to a command's request leads to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Then {
    /// The command is done: the effect shows in the calls.
    Accept,
    /// These calls end by it. When it is refused, the request of the other name is tried.
    End(Vec<(String, Ending)>, Option<String>),
    /// A call is being made.
    Make,
    /// The phone is to answer this call by itself.
    Answer(String),
    /// The reply carries the user's state.
    UserState,
    /// Whether these two calls may be joined.
    MayJoin { survivor: String, merged: String },
    /// They are joined.
    Join { merged: String },
    /// The talk becomes a conference, to which this number is invited.
    Build(String),
    /// The user's rule is saved or deleted; the flag comes next.
    Redirect(Option<String>),
    /// The flag is set.
    Redirected(Option<String>),
    /// The waiting queue.
    Queue,
    /// The call's records.
    Journal,
    /// The password for fetching them.
    Password(Vec<String>),
}

/// An answer from here whose effect is waited for: not every phone can do it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answering {
    pub(crate) command: CommandId,
    pub(crate) key: String,
    pub(crate) until: Timestamp,
}

/// Somebody to be invited once the conference is there.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Inviting {
    pub(crate) command: CommandId,
    pub(crate) number: String,
    pub(crate) until: Timestamp,
}

impl Line {
    /// A client wants something. The host has checked that the call exists and its features allow it.
    pub(crate) fn command(&mut self, id: CommandId, command: Command, say: &mut Say<'_, '_>) {
        if self.session.stage != Stage::Up {
            let text = format!("line {} is not logged in to Oktell", self.name);
            return say.host.refuse(id, CommandError::new(ErrorCode::ConnectionLost, text).retryable());
        }
        match command {
            Command::MakeCall(call) => self.make_call(id, &call, say),
            Command::MakeConsultCall(call) => self.consult(id, &call, say),
            Command::AnswerCall(call) => self.answer(id, call.call_id.as_str(), say),
            Command::DropCall(call) => self.drop_call(id, call.call_id.as_str(), say),
            Command::HoldCall(call) => self.hold(id, call.call_id.as_str(), say),
            Command::UnholdCall(call) => self.unhold(id, call.call_id.as_str(), say),
            Command::BlindTransferCall(call) => self.blind_transfer(id, call.call_id.as_str(), &call.to, say),
            Command::TransferCall(pair) => {
                self.transfer(id, pair.call_id.as_str(), pair.consult_call_id.as_str(), say);
            }
            Command::CancelTransfer(pair) => {
                self.cancel_transfer(id, pair.call_id.as_str(), pair.consult_call_id.as_str(), say);
            }
            Command::AlternateCall(pair) => {
                self.alternate(id, pair.call_id.as_str(), pair.other_call_id.as_str(), say);
            }
            Command::ConferenceCall(pair) => {
                self.conference(id, pair.call_id.as_str(), pair.consult_call_id.as_str(), say);
            }
            Command::SetUserState(state) => self.set_user_state(id, &state, say),
            Command::SetDnd(dnd) => self.set_dnd(id, &dnd, say),
            Command::ChangeCallCentreState(state) => self.change_call_centre(id, state.active, say),
            Command::SetForwarding(forwarding) => self.set_forwarding(id, &forwarding, say),
            Command::QueryCallRecords(query) => self.query_records(id, &query.native_id, say),
            Command::LibrarySpecificService(service) => self.service(id, &service, say),
            other => say.host.refuse(id, other.unsupported()),
        }
    }

    /// Sends a command's request.
    fn request(&mut self, id: CommandId, message: Message, then: Then, say: &mut Say<'_, '_>) {
        if !self.ask(message, Ask::Command(id, then), say) {
            self.calls.forget_command(id);
            let text = "too many requests of this line wait for Oktell's answers";
            say.host.refuse(id, CommandError::new(ErrorCode::Overloaded, text).retryable());
        }
    }

    /// A command's request was answered.
    pub(crate) fn answered(&mut self, id: CommandId, then: Then, body: &Body, say: &mut Say<'_, '_>) {
        if let Some(refusal) = refusal(body) {
            return self.refused(id, then, &refusal, say);
        }
        match then {
            Then::Accept => self.accept(id, say),
            Then::End(calls, _) => {
                for (key, ending) in calls {
                    self.calls.ends_by(&key, ending, say.now);
                }
                self.accept(id, say);
            }
            Then::Make => self.look_after_command(say),
            Then::Answer(key) => self.answer_accepted(id, key, say),
            Then::UserState => self.user_state_set(id, body, say),
            Then::MayJoin { survivor, merged } => self.may_join(id, &survivor, merged, body, say),
            Then::Join { merged } => self.joined(id, &merged, say),
            Then::Build(number) => self.built(id, number, say),
            Then::Redirect(to) => self.rule_saved(id, to, say),
            Then::Redirected(to) => self.redirected_to(id, to.as_deref(), body, say),
            Then::Queue => self.queue_listed(id, body, say),
            Then::Journal => self.records_listed(id, body, say),
            Then::Password(links) => self.records_found(id, &links, body, say),
        }
    }

    /// Oktell has taken the command; its effect is looked for.
    fn accept(&mut self, id: CommandId, say: &mut Say<'_, '_>) {
        say.host.reply(id, Reply::accepted());
        self.look_after_command(say);
    }

    /// Events will follow, in most cases; the line is looked at in any case.
    fn look_after_command(&mut self, say: &mut Say<'_, '_>) {
        let settle = say.common.config.settle(500);
        self.look(settle, false, say);
    }

    fn refused(&mut self, id: CommandId, then: Then, refusal: &Refusal, say: &mut Say<'_, '_>) {
        if let Then::End(calls, Some(other)) = then {
            return self.request(id, Message::new(&other), Then::End(calls, None), say);
        }
        self.calls.forget_command(id);
        let code = match then {
            Then::Answer(_) => ErrorCode::NotAnswerableHere,
            _ if refusal.error == Some(52_710) => ErrorCode::Forbidden,
            _ => ErrorCode::CommandFailed,
        };
        let native = json!({"error": refusal.error, "errormsg": refusal.text});
        say.host.refuse(id, CommandError::new(code, format!("Oktell refused: {refusal}")).native(native));
    }

    /// A command's request was not answered.
    pub(crate) fn command_late(&mut self, id: CommandId, say: &mut Say<'_, '_>) {
        self.calls.forget_command(id);
        let text = "Oktell did not answer in time; it may still do it, the events will tell";
        say.host.refuse(id, CommandError::new(ErrorCode::Timeout, text));
    }

    /// Time has passed: what waited too long, and what is to be done now.
    pub(crate) fn time(&mut self, say: &mut Say<'_, '_>) {
        self.alarm = None;
        for ask in self.asks.late(say.now) {
            self.unanswered(ask, say);
        }
        self.session_time(say);
        if self.session.stage != Stage::Up {
            return;
        }
        self.commands_late(say);
        let every = Some(say.common.config.look).filter(|look| *look > 0 && !self.calls.calls.is_empty());
        let every = every.map(|seconds| std::time::Duration::from_secs(u64::from(seconds)));
        if self.watch.due(every).is_some_and(|at| at <= say.now) {
            self.look_now(say);
        }
    }

    /// Commands that were accepted and have no effect.
    fn commands_late(&mut self, say: &mut Say<'_, '_>) {
        if let Some(pending) = self.calls.pending.take_if(|pending| pending.until <= say.now) {
            let text = format!("Oktell accepted the call to {} and does not show it", pending.number);
            self.refuse(pending.command, ErrorCode::Timeout, text, say);
        }
        if let Some(answering) = self.answering.take_if(|answering| answering.until <= say.now) {
            self.calls.forget_command(answering.command);
            let text = "the phone did not answer by itself: it must be set to do so when Oktell asks, or be lifted";
            self.refuse(answering.command, ErrorCode::NotAnswerableHere, text, say);
        }
        if let Some(inviting) = self.inviting.take_if(|inviting| inviting.until <= say.now) {
            let text = format!("Oktell has not made a conference of the call; {} was not invited", inviting.number);
            self.refuse(inviting.command, ErrorCode::Timeout, text, say);
        }
    }

    /// What the last look means for commands that wait for their effect.
    pub(crate) fn settle_commands(&mut self, say: &mut Say<'_, '_>) {
        let state = self.answering.as_ref().map(|answering| self.calls.get(&answering.key).map(|call| call.talked));
        if let Some(talks) = state.filter(|talks| *talks != Some(false))
            && let Some(answering) = self.answering.take()
        {
            match talks {
                Some(_) => say.host.reply(answering.command, Reply::accepted()),
                None => {
                    let text = "the call was over before it was answered";
                    self.refuse(answering.command, ErrorCode::InvalidCallState, text, say);
                }
            }
        }
        self.invite(say);
    }
}
