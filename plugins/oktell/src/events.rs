//! Messages from the server: replies to who asked, events to what they change.

use std::time::Duration;

use jackfield_plugin_api::{LogLevel, RawDirection};

use crate::asks::Ask;
use crate::calls::members;
use crate::diagnostics::diagnose;
use crate::info::LineInfo;
use crate::line::{Line, Say};
use crate::session::Stage;
use crate::wire::fields::{Body, Fields};
use crate::wire::message::{Message, refusal};

/// How long the vendor's client waits after an event before it looks, in milliseconds.
mod settles {
    pub(super) const TALK: u64 = 700;
    pub(super) const LINE: u64 = 500;
    pub(super) const USER: u64 = 400;
}

impl Line {
    /// A message came.
    pub(crate) fn received(&mut self, text: &str, say: &mut Say<'_, '_>) {
        if matches!(self.session.stage, Stage::Closed | Stage::Broken) {
            return;
        }
        self.session.heard = true;
        match Message::read(text) {
            Ok(message) => self.message(&message, say),
            Err(error) => {
                self.log(LogLevel::Warn, format!("Oktell sent what is no message of its protocol: {error}"), say);
            }
        }
    }

    fn message(&mut self, message: &Message, say: &mut Say<'_, '_>) {
        if say.common.config.raw {
            diagnose(self.id, RawDirection::In, message, say.host);
        }
        if message.name == "multipart" {
            return match self.session.parts.take(&message.body) {
                Ok(Some(whole)) => match Message::read(&whole) {
                    // A long message in a long message is no message.
                    Ok(message) if message.name != "multipart" => self.message(&message, say),
                    Ok(_) => self.log(LogLevel::Warn, "Oktell sent parts within parts: left out", say),
                    Err(error) => self.log(LogLevel::Warn, format!("a long message from Oktell: {error}"), say),
                },
                Ok(None) => {}
                Err(error) => self.log(LogLevel::Warn, format!("Oktell sent {error}: left out"), say),
            };
        }
        if message.name == "websocketredirect" {
            return self.redirected(say);
        }
        match message.qid().and_then(|qid| self.asks.take(&qid)) {
            Some(ask) => self.reply(ask, &message.body, say),
            None if self.is_mine(&message.body) => self.event(&message.name, &message.body, say),
            None => {}
        }
    }

    /// Whether an event is about this line's user. One that names nobody is.
    fn is_mine(&self, body: &Body) -> bool {
        let user = body.id("userid");
        match user {
            Some(user) if !self.me.id.is_empty() => user.eq_ignore_ascii_case(&self.me.id),
            _ => body.text("userlogin").is_none_or(|login| login.to_lowercase() == self.login.to_lowercase()),
        }
    }

    fn reply(&mut self, ask: Ask, body: &Body, say: &mut Say<'_, '_>) {
        match ask {
            Ask::Ping => self.ponged(say),
            Ask::Login { resumed } => self.logged_in(body, resumed, say),
            Ask::Load(step) => self.loaded(step, body, say),
            Ask::Look(sent) => {
                let refused = refusal(body);
                if let Some(refusal) = &refused {
                    self.log(LogLevel::Warn, format!("Oktell does not tell how the line is: {refusal}"), say);
                }
                let info = refused.is_none().then(|| LineInfo::read(body));
                self.looked(sent, info, say);
            }
            Ask::Conference(id) => {
                let known = if refusal(body).is_none() { body } else { &Body::new() };
                self.conference_members(&id, known, "competitors", say);
            }
            Ask::Numbers => match refusal(body) {
                None => {
                    say.common.directory.learn(body);
                    self.report_calls(say);
                }
                Some(refusal) => self.log(LogLevel::Warn, format!("Oktell does not list its numbers: {refusal}"), say),
            },
            Ask::Command(command, then) => self.answered(command, then, body, say),
            Ask::Quiet => {
                if let Some(refusal) = refusal(body) {
                    self.log(LogLevel::Info, format!("Oktell refused something small: {refusal}"), say);
                }
            }
        }
    }

    /// A request was not answered.
    pub(crate) fn unanswered(&mut self, ask: Ask, say: &mut Say<'_, '_>) {
        match ask {
            // The ping's timer watches over the link.
            Ask::Ping if self.session.stage != Stage::Greeting => {}
            Ask::Ping | Ask::Login { .. } | Ask::Load(_) => self.login_late(say),
            Ask::Look(sent) => {
                self.log(LogLevel::Warn, "Oktell did not tell in time how the line is", say);
                self.looked(sent, None, say);
            }
            Ask::Command(command, _) => self.command_late(command, say),
            Ask::Conference(id) => self.conference_members(&id, &Body::new(), "competitors", say),
            Ask::Numbers | Ask::Quiet => {}
        }
    }

    fn event(&mut self, name: &str, body: &Body, say: &mut Say<'_, '_>) {
        let millis = |millis| say.common.config.settle(millis);
        let (talk, line, user, at_once) =
            (millis(settles::TALK), millis(settles::LINE), millis(settles::USER), Duration::ZERO);
        if !matches!(self.session.stage, Stage::Loading | Stage::Up) {
            return;
        }
        match name {
            "phoneevent_ringstarted" => {
                self.calls.announced = true;
                self.look(at_once, false, say);
            }
            "phoneevent_ringstopped" => self.look(at_once, false, say),
            "phoneevent_acmcallstarted" => {
                (self.calls.acm, self.calls.announced) = (true, true);
                self.look(at_once, false, say);
            }
            "phoneevent_acmcallstopped" => {
                self.calls.acm = false;
                self.look(talk, false, say);
            }
            "phoneevent_commstarted" => {
                self.calls.acm = false;
                let settle = if body.flag("isconference") { at_once } else { talk };
                self.look(settle, true, say);
            }
            "phoneevent_commstopped" => self.look(talk, true, say),
            "phoneevent_ivrstarted" | "phoneevent_ivrstopped" | "linestatechanged" => self.look(line, false, say),
            "flashstatechanged" => {
                if let Some(flash) = body.number("flashtypeid") {
                    self.calls.flash = Some((flash, say.now));
                }
                self.look(line, true, say);
            }
            "userstatechanged" => {
                self.calls.freed |= self.agent.learn(body);
                if self.agent.state.as_ref().is_some_and(crate::agent::UserState::is_busy) {
                    self.calls.freed = false;
                }
                self.say_agent(None, false, say);
                self.look(user, false, say);
            }
            "confcompositionchanged" => {
                self.composition_changed(body, say);
                self.look(at_once, false, say);
            }
            "confcompetitorstatechanged" => {
                self.ask_members_again(say);
                self.look(at_once, false, say);
            }
            "pbxnumberstatechanged" => say.common.directory.change(body),
            _ => {}
        }
    }

    /// Who is in the conference, as the event tells it.
    fn composition_changed(&mut self, body: &Body, say: &mut Say<'_, '_>) {
        let Some(info) = body.object("eventinfo") else { return self.ask_members_again(say) };
        match info.id("conferenceid") {
            Some(id) if info.contains_key("competitorlist") => {
                self.conference_members(&id, info, "competitorlist", say);
            }
            _ => self.ask_members_again(say),
        }
    }

    /// Asks who is in a conference.
    pub(crate) fn ask_conference(&mut self, id: String, say: &mut Say<'_, '_>) {
        for call in &mut self.calls.calls {
            if let Some(conference) = call.conference.as_mut().filter(|conference| conference.id == id) {
                conference.asked = true;
            }
        }
        let message = Message::new("getconferenceinfo").with("conferenceid", id.as_str());
        self.ask(message, Ask::Conference(id), say);
    }

    fn ask_members_again(&mut self, say: &mut Say<'_, '_>) {
        let id = self.calls.calls.iter().find_map(|call| call.conference.as_ref().map(|c| c.id.clone()));
        if let Some(id) = id {
            self.ask_conference(id, say);
        }
    }

    fn conference_members(&mut self, id: &str, body: &Body, key: &str, say: &mut Say<'_, '_>) {
        let members = members(body, key, (&self.me.id, self.number()));
        for call in &mut self.calls.calls {
            let conference = call.conference.as_mut().filter(|conference| conference.id == id);
            if let Some(conference) = conference {
                conference.asked = true;
                if !members.is_empty() {
                    conference.members = Some(members.clone());
                }
            }
        }
        self.report_calls(say);
        self.invite(say);
    }

    /// Asks for all numbers, and listens for their states, on behalf of all lines.
    pub(crate) fn keep_directory(&mut self, say: &mut Say<'_, '_>) {
        say.common.directory.keeper = Some(self.id);
        self.subscribe("pbxnumberstatechanged", say);
        self.ask(Message::new("getpbxnumbers").with("mode", "full"), Ask::Numbers, say);
    }
}
