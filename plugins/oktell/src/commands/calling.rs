//! Making, answering, ending, holding calls.

use std::collections::BTreeMap;
use std::time::Duration;

use jackfield_plugin_api::{CommandError, CommandId, ErrorCode, MakeCall, MakeConsultCall};

use super::{Answering, Then};
use crate::calls::{Awaits, Ending, Level, Pending};
use crate::line::{Line, Say};
use crate::wire::message::Message;

/// How long a phone may take to answer by itself; the vendor's client waits as long.
const ANSWERS_BY_ITSELF: Duration = Duration::from_secs(3);

impl Line {
    pub(super) fn make_call(&mut self, id: CommandId, call: &MakeCall, say: &mut Say<'_, '_>) {
        if call.from.is_some() || call.anonymous {
            let text = "Oktell takes the number to show from its own rules: `from` and `anonymous` are not possible";
            return self.refuse(id, ErrorCode::CommandNotSupported, text, say);
        }
        let message = Message::new("pbxautocallstart").with("sequence", self.sequence.as_str());
        self.dial(id, message, &call.to, None, call.user_data.clone(), say);
    }

    pub(super) fn consult(&mut self, id: CommandId, call: &MakeConsultCall, say: &mut Say<'_, '_>) {
        let message = Message::new("pbxautocallstart").with("sequence", self.sequence.as_str());
        self.dial(id, message, &call.to, Some(call.call_id.as_str()), BTreeMap::new(), say);
    }

    /// Asks for a call. It is answered when the call shows.
    pub(super) fn dial(
        &mut self,
        id: CommandId,
        message: Message,
        to: &str,
        from: Option<&str>,
        user_data: BTreeMap<String, String>,
        say: &mut Say<'_, '_>,
    ) {
        if self.calls.pending.is_some() {
            let text = "another call is being made on this line: wait until it shows";
            return say.host.refuse(id, CommandError::new(ErrorCode::InvalidCallState, text).retryable());
        }
        let to = to.trim();
        self.calls.pending = Some(Pending {
            key: self.calls.next_key(),
            number: to.to_owned(),
            consults: from.map(ToOwned::to_owned),
            user_data,
            command: id,
            until: say.now + say.common.config.answer_timeout(),
        });
        self.request(id, message.with("number", to), Then::Make, say);
    }

    pub(super) fn answer(&mut self, id: CommandId, key: &str, say: &mut Say<'_, '_>) {
        self.calls.expect(key, id, Awaits::Connected, say.now);
        self.request(id, Message::new("pbxanswercall"), Then::Answer(key.to_owned()), say);
    }

    pub(super) fn answer_accepted(&mut self, command: CommandId, key: String, say: &mut Say<'_, '_>) {
        let until = say.now + ANSWERS_BY_ITSELF;
        if let Some(earlier) = self.answering.replace(Answering { command, key, until }) {
            self.refuse(earlier.command, ErrorCode::Cancelled, "the call was answered once more meanwhile", say);
        }
        self.settle_commands(say);
        self.look_after_command(say);
    }

    pub(super) fn drop_call(&mut self, id: CommandId, key: &str, say: &mut Say<'_, '_>) {
        let Some(call) = self.calls.get(key) else {
            return self.refuse(id, ErrorCode::UnknownCall, "the call is over", say);
        };
        let beside_held = self.calls.held().is_some_and(|held| held.key != key);
        let (name, otherwise, ending) = match call.level {
            Level::Ringing => ("pbxdeclinecall", None, Ending::Declined),
            // Back to the held one; a plain hang-up would connect the two others.
            _ if beside_held => ("pbxmakeflash", None, Ending::Dropped),
            Level::OwnRinging => ("pbxdeclinecall", Some("pbxautocallabort"), Ending::Dropped),
            Level::Dialing if call.auto => ("pbxautocallabort", Some("pbxabortcall"), Ending::Dropped),
            Level::Dialing => ("pbxabortcall", Some("pbxautocallabort"), Ending::Dropped),
            Level::Connected if call.conference.is_some() => ("exitconference", Some("pbxabortcall"), Ending::Dropped),
            Level::Connected | Level::Held => ("pbxabortcall", None, Ending::Dropped),
        };
        let mut message = Message::new(name);
        if beside_held && name == "pbxmakeflash" {
            message = message.with("mode", "abort");
        }
        if let Some(conference) = call.conference.as_ref().filter(|_| name == "exitconference") {
            message = message.with("conferenceid", conference.id.as_str());
        }
        self.calls.expect(key, id, Awaits::Finished, say.now);
        let then = Then::End(vec![(key.to_owned(), ending)], otherwise.map(ToOwned::to_owned));
        self.request(id, message, then, say);
    }

    pub(super) fn hold(&mut self, id: CommandId, key: &str, say: &mut Say<'_, '_>) {
        self.calls.expect(key, id, Awaits::Held, say.now);
        self.flash(id, say);
    }

    pub(super) fn unhold(&mut self, id: CommandId, key: &str, say: &mut Say<'_, '_>) {
        self.calls.expect(key, id, Awaits::Connected, say.now);
        self.flash(id, say);
    }

    /// Holds, takes back, or swaps: one request for all three.
    pub(super) fn flash(&mut self, id: CommandId, say: &mut Say<'_, '_>) {
        self.request(id, Message::new("pbxmakeflash").with("mode", "switch"), Then::Accept, say);
    }

    pub(super) fn blind_transfer(&mut self, id: CommandId, key: &str, to: &str, say: &mut Say<'_, '_>) {
        let to = to.trim();
        self.calls.expect(key, id, Awaits::Finished, say.now);
        let then = Then::End(vec![(key.to_owned(), Ending::Transferred(to.to_owned()))], None);
        self.request(id, Message::new("pbxmaketransfer").with("transferto", to), then, say);
    }
}
