//! Transfers and conferences.
//!
//! A consultation that Asterisk itself leads has two calls on one leg: it is completed by hanging up, given up by
//! `CancelAtxfer`, swapped and joined by typing codes. Two calls on two legs are joined by bridging their far ends.

use jackfield_plugin_api::{CauseCode, CommandError, CommandId, ErrorCode};

use super::{Sent, Then, destination, wrong_state};
use crate::asks::Ask;
use crate::calls::{Awaits, CallId, Origin};
use crate::pbx::{Pbx, Say};
use crate::wire::action::Action;

impl Pbx {
    pub(super) fn blind_transfer_call(
        &mut self,
        command: CommandId,
        id: CallId,
        to: &str,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let to = destination(to)?;
        if self.partner(id).is_some() {
            return Err(wrong_state("a consultation is going on: complete it or cancel it"));
        }
        self.sole_peer(id).ok_or_else(|| wrong_state("the call has no partner that could be transferred"))?;
        let (leg, context) = (self.leg(id)?, self.context(id));
        let action = Action::new("BlindTransfer").with("Channel", &leg).with("Context", &context).with("Exten", &to);
        self.order(action, command, Then::Accept, say)?;
        self.will_end(id, CauseCode::Transferred, &to, command);
        Ok(())
    }

    /// Asterisk types the feature code and the number for the agent. Without `#` it would wait for more digits.
    pub(super) fn make_consult(
        &mut self,
        command: CommandId,
        id: CallId,
        to: &str,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let to = destination(to)?;
        if !to.chars().all(|c| c.is_ascii_digit() || matches!(c, '*' | '+')) {
            let text = "only digits and `*` can be dialled for a consultation";
            return Err(CommandError::new(ErrorCode::InvalidDestination, text));
        }
        let to = to.replace('+', "00");
        let Some(call) = self.calls.get(id).filter(|c| c.connected && !c.hold) else {
            return Err(wrong_state("only a connected call can wait while somebody is consulted"));
        };
        if call.origin == Origin::Consult || self.partner(id).is_some() || self.sole_peer(id).is_none() {
            return Err(wrong_state("the call has no single partner that could wait"));
        }
        let (leg, context) = (self.leg(id)?, self.context(id));
        let action = Action::new("Atxfer")
            .with("Channel", &leg)
            .with("Context", &context)
            .with("Exten", &format!("{to}#"))
            .with("Priority", "1");
        self.order(action, command, Then::Wait, say)?;
        let until = say.now + self.patience();
        self.expect(id, command, Sent::Consult, until);
        Ok(())
    }

    /// Completes: both calls end here, their parties go on together.
    pub(super) fn transfer(
        &mut self,
        command: CommandId,
        pair: (CallId, CallId),
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        if self.partner(pair.0) == Some(pair.1) {
            let leg = self.leg(pair.0)?;
            self.order(Action::new("Hangup").with("Channel", &leg).with("Cause", "16"), command, Then::Accept, say)?;
        } else {
            let missing =
                || CommandError::new(ErrorCode::NoConsultCall, "both calls must be connected, each with one partner");
            let (one, two) = (self.sole_peer(pair.0).ok_or_else(missing)?, self.sole_peer(pair.1).ok_or_else(missing)?);
            let action = Action::new("Bridge").with("Channel1", &one).with("Channel2", &two).with("Tone", "no");
            self.order(action, command, Then::Accept, say)?;
            for (ends, other) in [(pair.0, pair.1), (pair.1, pair.0)] {
                let to = self.calls.get(other).map(|c| c.remote.number.clone()).unwrap_or_default();
                self.will_end(ends, CauseCode::Transferred, &to, command);
                if let Some(call) = self.calls.get_mut(ends) {
                    call.joined = Some(other);
                }
            }
        }
        self.await_fact(pair.0, command, Awaits::Finished);
        self.await_fact(pair.1, command, Awaits::Finished);
        Ok(())
    }

    /// Gives a consultation up.
    pub(super) fn cancel_transfer(
        &mut self,
        command: CommandId,
        pair: (CallId, CallId),
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        self.consultation(pair)?;
        let leg = self.leg(pair.0)?;
        self.order(Action::new("CancelAtxfer").with("Channel", &leg), command, Then::Accept, say)?;
        for id in [pair.0, pair.1] {
            let consult = self.calls.get(id).is_some_and(|c| c.origin == Origin::Consult);
            self.await_fact(id, command, if consult { Awaits::Finished } else { Awaits::Connected });
        }
        Ok(())
    }

    pub(super) fn alternate(
        &mut self,
        command: CommandId,
        pair: (CallId, CallId),
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        if self.consultation(pair).is_ok() {
            let code = self.config.features.swap.clone();
            self.type_code(command, pair.0, &code, say)?;
        } else {
            let (held, talks) = if self.is_held(pair.0) { pair } else { (pair.1, pair.0) };
            if !self.is_held(held) || self.is_held(talks) {
                return Err(wrong_state("one of the two calls must be held and the other connected"));
            }
            // One after the other: the two parties never hear each other's conversation.
            self.notify(command, talks, "hold", Then::Wait, say)?;
            let until = say.now + self.patience();
            self.expect(talks, command, Sent::Swap(held), until);
        }
        for id in [pair.0, pair.1] {
            let awaits = if self.is_held(id) { Awaits::Connected } else { Awaits::Held };
            self.await_fact(id, command, awaits);
        }
        Ok(())
    }

    /// A call is held now: if it was to make room for another one, that is resumed.
    pub(crate) fn held_for_another(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        let Some((command, other)) = self.swap_sent_for(id) else { return };
        if let Err(error) = self.notify(command, other, "talk", Then::Accept, say) {
            self.refuse(command, error, say);
        }
    }

    pub(super) fn conference(
        &mut self,
        command: CommandId,
        pair: (CallId, CallId),
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        if self.consultation(pair).is_ok() {
            let code = self.config.features.three_way.clone();
            self.type_code(command, pair.0, &code, say)?;
            let parent = self.calls.get(pair.0).and_then(|c| c.parent).unwrap_or(pair.0);
            let until = say.now + self.patience();
            self.expect(parent, command, Sent::Conference, until);
            return Ok(());
        }
        let Some(context) = self.config.conference_context.clone() else {
            return Err(CommandError::new(
                ErrorCode::CommandNotSupported,
                "two calls of one phone can be joined only in a conference room: `conference_context` is not set",
            ));
        };
        // The phone holds one of the two, and nobody would hear it there: the other goes on.
        let pair = if self.is_held(pair.0) && !self.is_held(pair.1) { (pair.1, pair.0) } else { pair };
        let missing = || CommandError::new(ErrorCode::NoConsultCall, "both calls must have one partner each");
        let (one, two) = (self.sole_peer(pair.0).ok_or_else(missing)?, self.sole_peer(pair.1).ok_or_else(missing)?);
        let leg = self.leg(pair.0)?;
        let room = format!("9{:09}", say.host.random() % 1_000_000_000);
        let go = |channel: &str| {
            Action::new("Redirect")
                .with("Channel", channel)
                .with("Context", &context)
                .with("Exten", &room)
                .with("Priority", "1")
        };
        let both = go(&one)
            .with("ExtraChannel", &leg)
            .with("ExtraContext", &context)
            .with("ExtraExten", &room)
            .with("ExtraPriority", "1");
        self.send(go(&two), Ask::Quiet, say)?;
        self.order(both, command, Then::Accept, say)?;
        self.await_fact(pair.0, command, Awaits::Conferenced);
        self.will_end(pair.1, CauseCode::Conferenced, "", command);
        if let Some(call) = self.calls.get_mut(pair.1) {
            call.merged_into = Some(pair.0);
        }
        Ok(())
    }

    /// Whether these two are a consultation that Asterisk leads.
    fn consultation(&self, pair: (CallId, CallId)) -> Result<(), CommandError> {
        if self.partner(pair.0) == Some(pair.1) {
            return Ok(());
        }
        let text =
            "these two calls are no consultation that was begun with makeConsultCall or the phone's feature code";
        Err(CommandError::new(ErrorCode::NoConsultCall, text))
    }

    /// Types a feature code as if the agent did.
    fn type_code(
        &mut self,
        command: CommandId,
        id: CallId,
        code: &str,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let leg = self.leg(id)?;
        let last = code.chars().count();
        let until = say.now + self.patience();
        for member in [Some(id), self.partner(id)].into_iter().flatten() {
            self.expect(member, command, Sent::Code(code.to_owned()), until);
        }
        for (at, digit) in code.chars().enumerate() {
            let action = Action::new("PlayDTMF")
                .with("Channel", &leg)
                .with("Digit", digit.encode_utf8(&mut [0; 4]))
                .with("Receive", "true");
            let then = if at + 1 == last { Then::Accept } else { Then::Wait };
            self.order(action, command, then, say)?;
        }
        Ok(())
    }
}
