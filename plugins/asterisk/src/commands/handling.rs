//! Answer, drop, hold, deflect, park.

use jackfield_plugin_api::{CallState, CauseCode, CommandError, CommandId, ErrorCode, ReleasedBy, Reply};

use super::{Sent, Then, destination, wrong_state};
use crate::calls::{Awaits, CallId, Ending};
use crate::pbx::{Pbx, Say};
use crate::table::{Dialler, Ident, UP};
use crate::wire::action::Action;

impl Pbx {
    /// The phone is asked, within its own dialogue, to go off hook.
    pub(super) fn answer(&mut self, command: CommandId, id: CallId, say: &mut Say<'_, '_>) -> Result<(), CommandError> {
        let channel = self.calls.get(id).and_then(|c| c.channel).and_then(|c| self.table.channel(c));
        if channel.is_none_or(|c| c.state == UP) {
            return Err(wrong_state("the phone does not ring"));
        }
        self.notify(command, id, "talk", Then::Accept, say)?;
        self.await_fact(id, command, Awaits::Connected);
        Ok(())
    }

    /// Ends this call and nothing else.
    pub(super) fn drop_call(
        &mut self,
        command: CommandId,
        id: CallId,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        if self.partner(id).is_some() {
            return Err(wrong_state(
                "hanging up during a consultation completes the transfer; use transferCall to do so, or cancelTransfer \
                 to return to the first call",
            ));
        }
        let Some(call) = self.calls.get(id) else { return Err(wrong_state("the call is over")) };
        let cause = if call.incoming && !call.connected { "21" } else { "16" };
        let others = call.others.clone();
        let leg = self.leg(id)?;
        self.order(Action::new("Hangup").with("Channel", &leg).with("Cause", cause), command, Then::Accept, say)?;
        for other in others {
            let Some(name) = self.table.channel(other).map(|c| c.name.clone()) else { continue };
            let action = Action::new("Hangup").with("Channel", &name).with("Cause", cause);
            self.send(action, crate::asks::Ask::Quiet, say)?;
        }
        if let Some(call) = self.calls.get_mut(id) {
            call.released = Some(ReleasedBy::Local);
        }
        // For another line of ours it is the other side that ends it.
        let channel = self.calls.get(id).and_then(|c| c.channel);
        for other in channel.map(|c| self.table.touched(c)).unwrap_or_default() {
            if let Some(call) = self.calls.get_mut(other).filter(|c| other != id && c.present.len() == 1) {
                call.released = call.released.or(Some(ReleasedBy::Remote));
            }
        }
        self.await_fact(id, command, Awaits::Finished);
        Ok(())
    }

    pub(super) fn hold_call(
        &mut self,
        command: CommandId,
        id: CallId,
        hold: bool,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let Some(call) = self.calls.get(id).filter(|c| c.connected) else {
            return Err(wrong_state("the call is not connected"));
        };
        if call.hold == hold {
            self.accept(command, Reply::noop(), say);
            return Ok(());
        }
        if self.partner(id).is_some() {
            return Err(wrong_state("during a consultation use alternateCall"));
        }
        self.notify(command, id, if hold { "hold" } else { "talk" }, Then::Accept, say)?;
        self.await_fact(id, command, if hold { Awaits::Held } else { Awaits::Connected });
        Ok(())
    }

    /// Sends the phone a NOTIFY within the call's dialogue.
    pub(super) fn notify(
        &mut self,
        command: CommandId,
        id: CallId,
        event: &str,
        then: Then,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let line = self.calls.get(id).and_then(|c| c.line).and_then(|l| self.lines.get(l));
        if !line.is_some_and(|l| l.notify) {
            let text = "this phone cannot be answered or held from here (`remote_control` of the line says so); do it at the phone";
            return Err(CommandError::new(ErrorCode::NotAnswerableHere, text));
        }
        let leg = self.leg(id)?;
        let action = Action::new("PJSIPNotify").with("Channel", &leg).with("Variable", &format!("Event={event}"));
        self.order(action, command, then, say)
    }

    /// Sends who calls elsewhere, while this phone rings.
    pub(super) fn deflect(
        &mut self,
        command: CommandId,
        id: CallId,
        to: &str,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let to = destination(to)?;
        let caller = self.sole_dialler(id).ok_or_else(|| {
            wrong_state("the call cannot be sent elsewhere: it rings at other phones too, or Asterisk itself makes it")
        })?;
        let context = self.context(id);
        let action = Action::new("Redirect")
            .with("Channel", caller)
            .with("Context", &context)
            .with("Exten", &to)
            .with("Priority", "1");
        self.order(action, command, Then::Accept, say)?;
        self.will_end(id, CauseCode::Redirected, &to, command);
        Ok(())
    }

    /// The name of the leg that dials this ringing call's leg and no other.
    pub(crate) fn sole_dialler(&self, id: CallId) -> Option<&str> {
        let call = self.calls.get(id).filter(|c| c.incoming && !c.connected)?;
        let Dialler::Channel(from) = self.table.channel(call.channel?)?.dialler else { return None };
        let from = self.table.channel(from)?;
        let only_here = from.dialling.iter().all(|leg| Some(*leg) == call.channel || call.others.contains(leg));
        (only_here && !from.local && from.queue.is_empty()).then_some(from.name.as_str())
    }

    pub(super) fn park(
        &mut self,
        command: CommandId,
        id: CallId,
        slot: Option<&str>,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let partner = self.sole_peer(id).ok_or_else(|| wrong_state("the call has no partner that could be parked"))?;
        let leg = self.leg(id)?;
        let mut action =
            Action::new("Park").with("Channel", &partner).with("TimeoutChannel", &leg).with("AnnounceChannel", &leg);
        if let Some(lot) = self.config.parking_lot.as_deref() {
            action = action.with("Parkinglot", lot);
        }
        if slot.is_some() {
            return Err(CommandError::new(ErrorCode::CommandNotSupported, "Asterisk chooses the slot itself"));
        }
        self.order(action, command, Then::Wait, say)?;
        let until = say.now + self.patience();
        self.expect(id, command, Sent::Park, until);
        self.await_fact(id, command, Awaits::Finished);
        Ok(())
    }

    /// The name of the one real leg that this call's leg hears.
    pub(crate) fn sole_peer(&self, id: CallId) -> Option<String> {
        let call = self.calls.get(id)?;
        let view = self.table.view(call.channel?, call.bridge);
        match view.peers.as_slice() {
            [peer] if !view.room => self.table.channel(*peer).map(|c| c.name.clone()),
            _ => None,
        }
    }

    /// The other call of a consultation.
    pub(crate) fn partner(&self, id: CallId) -> Option<CallId> {
        let call = self.calls.get(id)?;
        call.consult.or(call.parent).filter(|other| self.calls.get(*other).is_some())
    }

    /// The command shows in this call's next fact of a kind.
    pub(super) fn await_fact(&mut self, id: CallId, command: CommandId, awaits: Awaits) {
        if let Some(call) = self.calls.get_mut(id) {
            call.command = Some((command, awaits));
        }
    }

    /// The call is about to end for this reason.
    pub(super) fn will_end(&mut self, id: CallId, cause: CauseCode, to: &str, command: CommandId) {
        if let Some(call) = self.calls.get_mut(id) {
            call.ending = Some(Ending { cause, to: Ident::new(to, "") });
            call.command = Some((command, Awaits::Finished));
        }
    }

    /// Whether the call was reported held.
    pub(crate) fn is_held(&self, id: CallId) -> bool {
        self.calls.get(id).is_some_and(|c| c.reported.as_ref().is_some_and(|f| f.state == CallState::Held))
    }
}
