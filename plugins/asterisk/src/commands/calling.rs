//! Commands that call the own phone: click-to-call and pickup.

use std::time::Duration;

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, LineId, MakeCall};
use serde_json::json;

use super::{Sent, destination};
use crate::asks::Ask;
use crate::calls::{Awaits, Call, CallId, Origin};
use crate::lines::Line;
use crate::pbx::{Pbx, Say};
use crate::table::{Ident, Progress, UP};
use crate::wire::action::Action;
use crate::wire::fields::{Fields, Key};
use crate::wire::text;

impl Pbx {
    pub(super) fn make_call(
        &mut self,
        command: CommandId,
        line: LineId,
        c: &MakeCall,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let to = destination(&c.to)?;
        let from = c.from.as_deref().map(destination).transpose()?;
        let of_line = self.lines.get(line).cloned();
        let of_line = of_line.ok_or_else(|| CommandError::new(ErrorCode::UnknownCall, "this line is not open"))?;
        let context = of_line.context.clone().unwrap_or_else(|| self.config.context.clone());
        let shown = from
            .or_else(|| of_line.caller_id.clone())
            .or_else(|| self.config.caller_id.clone())
            .unwrap_or_else(|| of_line.number.clone())
            .replace("{to}", &to);
        let mut action =
            self.call_phone(&of_line, &shown).with("Context", &context).with("Exten", &to).with("Priority", "1");
        if c.anonymous {
            action = action.with("Variable", "CALLERID(pres)=prohib");
        }
        for (name, value) in &c.user_data {
            action = action.with("Variable", &variable(name, value));
        }
        let call = Call {
            line: Some(line),
            origin: Origin::Originated,
            called: Ident::new(&to, ""),
            user_data: c.user_data.clone(),
            ..Call::default()
        };
        self.originate(action, call, command, say)
    }

    /// Takes a call that rings elsewhere: the own phone is called, and connected to it when it is lifted.
    pub(super) fn pick_up(
        &mut self,
        command: CommandId,
        line: LineId,
        target: Option<&str>,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let nothing = || CommandError::new(ErrorCode::NothingToPickUp, "nothing rings there");
        let of_line = self.lines.get(line).cloned().ok_or_else(nothing)?;
        let (data, caller) = match target {
            Some(target) => {
                let ringing = self.ringing_at(target).ok_or_else(nothing)?;
                (Some(ringing.0), ringing.1)
            }
            None => (None, Ident::default()),
        };
        let mut action = self.call_phone(&of_line, if caller.is_known() { &caller.number } else { &of_line.number });
        action = match &data {
            Some(channel) => action.with("Application", "PickupChan").with("Data", channel),
            // Without a name: whatever rings in the own pickup group.
            None => action.with("Application", "Pickup"),
        };
        let call = Call {
            line: Some(line),
            origin: Origin::Originated,
            incoming: true,
            remote: caller.clone(),
            first_remote: caller,
            ..Call::default()
        };
        self.originate(action, call, command, say)
    }

    /// A leg that rings at a number or device of ours, and who calls.
    fn ringing_at(&self, target: &str) -> Option<(String, Ident)> {
        let rings = |id: &u32| {
            let channel = self.table.channel(*id)?;
            let line = channel.line.and_then(|l| self.lines.get(l));
            let device = crate::table::device_of(&channel.name)?;
            let wanted = device == target
                || device.rsplit_once('/').is_some_and(|(_, name)| name == target)
                || line.is_some_and(|l| l.number == target || l.name == target);
            let ringing = channel.state != UP && channel.heard() != Progress::None && channel.is_called();
            (wanted && ringing).then(|| (channel.name.clone(), channel.connected.clone()))
        };
        self.table.ids().iter().find_map(rings)
    }

    /// The beginning of an originate to a line's own phone.
    fn call_phone(&self, line: &Line, shown: &str) -> Action {
        let channel = self
            .config
            .originate
            .replace("{device}", &line.device)
            .replace("{number}", &line.number)
            .replace("{context}", line.context.as_deref().unwrap_or(&self.config.context));
        let timeout = u64::from(self.config.originate_timeout) * 1000;
        Action::new("Originate")
            .with("Channel", &channel)
            .with("CallerID", &format!("\"{0}\" <{0}>", text::name(shown)))
            .with("Timeout", &timeout.to_string())
            .with("Async", "true")
    }

    /// Asterisk makes the leg under the id that we choose: it is the call's key.
    fn originate(
        &mut self,
        action: Action,
        mut call: Call,
        command: CommandId,
        say: &mut Say<'_, '_>,
    ) -> Result<(), CommandError> {
        let key = self.asks.name();
        let mut action = action.with("ChannelId", &key);
        if self.config.originate.starts_with("Local/") {
            action = action.with("OtherChannelId", &format!("{key}-b"));
        }
        call.key = key;
        call.command = Some((command, Awaits::First));
        let id = self.calls.add(call);
        let sent = self.send(action, Ask::Originate(id), say);
        if sent.is_err() {
            self.take_call(id);
            return sent;
        }
        if let Some(call) = self.calls.get_mut(id) {
            call.action = self.asks.last();
        }
        // Asterisk gives up by itself first and says so.
        let rings = Duration::from_secs(u64::from(self.config.originate_timeout)) + self.patience();
        self.expect(id, command, Sent::Call, say.now + rings);
        Ok(())
    }

    /// Asterisk took the originate, or not.
    pub(crate) fn originate_answered(&mut self, id: CallId, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if f.is(Key::Response, "Success") {
            return;
        }
        if let Some(command) = self.sent_for(id, |sent| *sent == Sent::Call) {
            self.refuse(command, super::refusal(f), say);
        }
        self.forget(id);
    }

    /// How the call of the own phone ended. It goes to every AMI session: only our own ids count.
    pub(crate) fn originate_response(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if f.is(Key::Response, "Success") {
            return;
        }
        let by_uid =
            f.text(Key::Uniqueid).and_then(|uid| self.calls.iter().find(|(_, c)| c.key == uid).map(|(id, _)| id));
        let by_action = || {
            let id = f.text(Key::ActionId)?;
            self.calls.iter().find(|(_, c)| c.origin == Origin::Originated && c.action == id).map(|(id, _)| id)
        };
        let Some(id) = by_uid.or_else(by_action) else { return };
        let Some(command) = self.sent_for(id, |sent| *sent == Sent::Call) else { return };
        // Why, Asterisk says on the leg, if there was one.
        if let Some(call) = self.calls.get(id).filter(|c| c.end_cause != 0) {
            let error = super::effects::not_reached(call);
            self.refuse(command, error, say);
            return self.forget(id);
        }
        let (code, text) = match f.number(Key::Reason).unwrap_or(0_u8) {
            0 => (
                ErrorCode::DeviceOutOfService,
                "the own phone cannot be called: it is not registered, or there is no such device",
            ),
            1 | 3 => (ErrorCode::CommandFailed, "the own phone was not lifted"),
            5 => (ErrorCode::DeviceBusy, "the own phone is busy"),
            8 => (ErrorCode::CommandFailed, "the own phone cannot be reached (congestion)"),
            _ => (ErrorCode::CommandFailed, "the own phone could not be called"),
        };
        let reason = f.string(Key::Reason);
        let error = CommandError::new(code, text).retryable().native(json!({ "reason": reason }));
        self.refuse(command, error, say);
        // Its leg's end, if there is a leg, has nothing to tell: the call was never shown.
        self.forget(id);
    }

    /// Forgets a call that was never shown.
    pub(super) fn forget(&mut self, id: CallId) {
        if let Some(call) = self.take_call(id) {
            for leg in call.channel.into_iter().chain(call.others) {
                if let Some(channel) = self.table.channel_mut(leg) {
                    channel.line = None;
                }
            }
        }
    }
}

/// A client's data as a channel variable. The prefix keeps clients away from variables that the dialplan trusts.
pub(super) fn variable(name: &str, value: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("JF_{name}={}", text::encode_variable(value))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_client_cannot_name_a_variable_of_the_dialplan() {
        assert_eq!(super::variable("__TRANSFER CONTEXT", "a,b"), "JF___TRANSFER_CONTEXT=a%2Cb");
    }
}
