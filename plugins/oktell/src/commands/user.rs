//! The user's state, the call-centre mode, the redirection.

use std::time::Duration;

use jackfield_plugin_api::{CommandId, ErrorCode, ForwardingKind, Reply, SetDnd, SetForwarding, SetUserState};

use super::Then;
use crate::line::{Line, Say};
use crate::redirects::Redirects;
use crate::wire::fields::Body;
use crate::wire::message::Message;

/// How long a redirection may take to be told as the effect of its command.
const TELLS: Duration = Duration::from_secs(5);

impl Line {
    pub(super) fn set_user_state(&mut self, id: CommandId, state: &SetUserState, say: &mut Say<'_, '_>) {
        let code = state.code.as_str();
        if code == "break" && self.agent.has_reasons() {
            match state.reason.as_deref() {
                None => {
                    return self.refuse(id, ErrorCode::ReasonRequired, "a break needs one of Oktell's reasons", say);
                }
                Some(reason) if !self.agent.has_reason(reason) => {
                    let text = format!("Oktell has no reason `{}` for a break", shown(reason));
                    return self.refuse(id, ErrorCode::UnknownState, text, say);
                }
                Some(_) => {}
            }
        }
        if code == "redirect" && self.redirects.number().is_none() {
            let text = "there is no number to redirect to: set one by `setForwarding`";
            return self.refuse(id, ErrorCode::CommandFailed, text, say);
        }
        match self.agent.set(code, state.reason.as_deref()) {
            Some(message) => self.request(id, message, Then::UserState, say),
            None => {
                let text = format!("there is no state `{}` that can be set", shown(code));
                self.refuse(id, ErrorCode::UnknownState, text, say);
            }
        }
    }

    pub(super) fn set_dnd(&mut self, id: CommandId, dnd: &SetDnd, say: &mut Say<'_, '_>) {
        if dnd.device.is_some() {
            let text = "Oktell has one state for a user, whatever the device";
            return self.refuse(id, ErrorCode::CommandNotSupported, text, say);
        }
        let message = if dnd.on { self.agent.set("dnd", None) } else { None };
        let message = message.unwrap_or_else(|| Message::new("setuserstate").with("userstateid", 1));
        self.request(id, message, Then::UserState, say);
    }

    pub(super) fn change_call_centre(&mut self, id: CommandId, active: bool, say: &mut Say<'_, '_>) {
        if self.agent.state.as_ref().is_some_and(|state| state.call_centre == active) {
            return say.host.reply(id, Reply::noop());
        }
        self.request(id, Message::new("setuserstate").with("oncallcenter", active), Then::UserState, say);
    }

    pub(super) fn user_state_set(&mut self, id: CommandId, body: &Body, say: &mut Say<'_, '_>) {
        self.calls.freed |= self.agent.learn(body);
        say.host.reply(id, Reply::accepted());
        self.say_agent(Some(id), false, say);
    }

    pub(super) fn set_forwarding(&mut self, id: CommandId, forwarding: &SetForwarding, say: &mut Say<'_, '_>) {
        if forwarding.kind != ForwardingKind::All {
            let text = "Oktell redirects all calls of a user, or none: only the kind `all` is possible";
            return self.refuse(id, ErrorCode::CommandNotSupported, text, say);
        }
        let to = forwarding.to.as_deref().map(|to| to.trim().to_owned());
        if to.is_none() && self.redirects.number().is_none() {
            return say.host.reply(id, Reply::noop());
        }
        self.request(id, Redirects::request(&self.me.id, to.as_deref()), Then::Redirect(to), say);
    }

    pub(super) fn rule_saved(&mut self, id: CommandId, to: Option<String>, say: &mut Say<'_, '_>) {
        let message = Message::new("setuserstate").with("onredirect", to.is_some());
        self.request(id, message, Then::Redirected(to), say);
    }

    pub(super) fn redirected_to(&mut self, id: CommandId, to: Option<&str>, body: &Body, say: &mut Say<'_, '_>) {
        self.redirects.set(to);
        self.redirects.command = Some((id, say.now + TELLS));
        self.agent.learn(body);
        say.host.reply(id, Reply::accepted());
        self.say_agent(None, false, say);
    }
}

/// A client's word, short enough for a message.
fn shown(text: &str) -> String {
    text.chars().take(64).collect::<String>().escape_debug().to_string()
}
