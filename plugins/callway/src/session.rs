//! The link: logging in, watching that somebody is there.

use jackfield_plugin_api::{
    CloseKind, CloseReason, CommandError, Down, ErrorCode, Host, Raw, RawDirection, TimerId, Timestamp, Up,
};
use serde::{Deserialize, Serialize};

use crate::adapter::{Callway, PBX};
use crate::calls::{self, Scene};
use crate::capabilities::configured;
use crate::commands::send;
use crate::effects::{Effect, Waiting};
use crate::line::Line;
use crate::wire::{Block, Request, TooLong};

/// The one timer.
const ALARM: TimerId = TimerId(0);

/// How far the link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Link {
    Closed,
    /// Open; the login waits for its answer until then.
    LoggingIn(Timestamp),
    /// Logged in; the server was heard, or asked, at these times.
    Up {
        heard: Timestamp,
        asked: Timestamp,
    },
}

impl Callway {
    pub(crate) fn opened(&mut self, host: &mut Host<'_>) {
        self.framer.clear();
        self.link = Link::LoggingIn(host.now() + self.config.answer_timeout());
        let request = Request::new("AuthorizationRequest").with("Login", &self.config.login);
        if self.config.raw {
            show(RawDirection::Out, request.text(), host);
        }
        let encoding = self.config.text_encoding().unwrap_or(encoding_rs::UTF_8);
        host.send(PBX, request.with("Password", self.config.password.reveal()).bytes(encoding).0);
    }

    /// Bytes came.
    pub(crate) fn received(&mut self, bytes: &[u8], host: &mut Host<'_>) {
        if self.link == Link::Closed {
            return;
        }
        if let Link::Up { heard, .. } = &mut self.link {
            *heard = host.now();
        }
        let encoding = self.config.text_encoding().unwrap_or(encoding_rs::UTF_8);
        let mut framer = std::mem::take(&mut self.framer);
        framer.push(bytes);
        loop {
            match framer.next() {
                Ok(Some(block)) => {
                    let (text, _) = encoding.decode_without_bom_handling(block);
                    self.block(&text, host);
                    if self.link == Link::Closed {
                        return;
                    }
                }
                Ok(None) => break,
                Err(TooLong) => {
                    let text = "the server sent more than 64 KiB without an end of a message: is it CallWay?";
                    return self.give_up(Down::new(ErrorCode::ProtocolError, text), host);
                }
            }
        }
        self.framer = framer;
    }

    /// The answer to the login.
    pub(crate) fn authorization(&mut self, block: &Block<'_>, host: &mut Host<'_>) {
        match block.get("AuthorizationResult") {
            Some("Success") => {
                if matches!(self.link, Link::Up { .. }) {
                    return;
                }
                self.link = Link::Up { heard: host.now(), asked: host.now() };
                host.report(Up::new("CallWay", configured(&self.config, true)));
                for line in self.lines.values() {
                    self.ask_state(line, host);
                }
            }
            Some("Failed") => {
                let text =
                    format!("CallWay refused the login of `{}`: check `login` and `password`", self.config.login);
                self.give_up(Down::new(ErrorCode::AuthenticationFailed, text).no_retry(), host);
            }
            other => {
                let text = format!("CallWay answered the login with {other:?}, which is neither Success nor Failed");
                self.give_up(Down::new(ErrorCode::ProtocolError, text), host);
            }
        }
    }

    /// Asks for an operator's state; the answer is an event.
    pub(crate) fn ask_state(&self, line: &Line, host: &mut Host<'_>) {
        send(&Request::new("GetOperatorState").with("OperatorId", &line.operator), &self.config, host);
    }

    /// The transport is closed: nothing of the conversation goes on. Calls are not ended by it.
    pub(crate) fn closed(&mut self, reason: &CloseReason, host: &mut Host<'_>) {
        let was_up = matches!(self.link, Link::Up { .. });
        self.forget();
        self.refuse_all("the link to CallWay broke before the effect of the command was seen", host);
        // `Local`: we broke it ourselves, and have said why.
        if reason.kind != CloseKind::Local {
            let code = if was_up { ErrorCode::ConnectionLost } else { ErrorCode::ConnectionFailed };
            host.report(Down::new(code, &reason.text));
        }
    }

    fn forget(&mut self) {
        self.link = Link::Closed;
        self.framer.clear();
        for call in self.lines.values_mut().flat_map(|line| &mut line.calls) {
            call.is_sure = false;
        }
    }

    fn refuse_all(&mut self, why: &str, host: &mut Host<'_>) {
        for waiting in self.effects.take_all() {
            self.first_alone(&waiting, host);
            if !matches!(waiting.effect, Effect::Call { own_rings: true, .. }) {
                host.refuse(waiting.id, CommandError::new(ErrorCode::ConnectionLost, why).retryable());
            }
        }
    }

    /// Says why, and breaks the transport; after a while the host opens it again.
    fn give_up(&mut self, down: Down, host: &mut Host<'_>) {
        self.forget();
        self.refuse_all(&down.text, host);
        host.reconnect(PBX, &down.text);
        host.report(down);
    }

    /// The alarm has rung.
    pub(crate) fn time(&mut self, host: &mut Host<'_>) {
        let now = host.now();
        self.alarm = None;
        for waiting in self.effects.late(now) {
            match waiting.effect {
                Effect::Call { own_rings: true, .. } => {}
                Effect::CompleteFirstGone { .. } => {
                    self.first_alone(&waiting, host);
                    let text = "the first call ended, and CallWay did not connect the two";
                    host.refuse(waiting.id, CommandError::new(ErrorCode::InvalidCallState, text));
                }
                _ => {
                    self.forget_asked(&waiting);
                    let seconds = self.config.answer_timeout;
                    let text = format!(
                        "CallWay was told, and nothing came of it within {seconds} s (it has no message for a refusal)"
                    );
                    host.refuse(waiting.id, CommandError::new(ErrorCode::Timeout, text).retryable());
                }
            }
        }
        match self.link {
            Link::LoggingIn(until) if until <= now => {
                let text = format!("CallWay did not answer the login within {} s", self.config.answer_timeout);
                self.give_up(Down::new(ErrorCode::Timeout, text), host);
            }
            Link::Up { heard, asked } if self.config.probe > 0 => self.probe(heard, asked, host),
            _ => {}
        }
    }

    /// The first of two calls that were to be connected has ended, and that was held back.
    fn first_alone(&mut self, waiting: &Waiting, host: &mut Host<'_>) {
        let Effect::CompleteFirstGone { first, consult } = &waiting.effect else { return };
        let Some(line) = self.lines.get_mut(&waiting.line) else { return };
        calls::first_alone(line, first, consult, &mut Scene { config: &self.config, effects: &mut self.effects, host });
    }

    /// A command has come to nothing: whatever ends its calls later is not its doing.
    fn forget_asked(&mut self, waiting: &Waiting) {
        let Some(line) = self.lines.get_mut(&waiting.line) else { return };
        for call in line.calls.iter_mut().filter(|call| waiting.effect.ends(&call.unique)) {
            call.asked = None;
        }
        if matches!(waiting.effect, Effect::State(_)) && line.state.as_ref() != Some(&self.config.wrap_up_on) {
            line.wraps_up = false;
        }
    }

    fn probe(&mut self, heard: Timestamp, asked: Timestamp, host: &mut Host<'_>) {
        let (now, every) = (host.now(), self.every());
        if now.since(heard) >= every * 2 && asked > heard {
            let text = format!("CallWay has said nothing for {} s, although it was asked", now.since(heard).as_secs());
            return self.give_up(Down::new(ErrorCode::ConnectionLost, text), host);
        }
        if now.since(heard.max(asked)) >= every {
            self.link = Link::Up { heard, asked: now };
            if let Some(line) = self.lines.values().next() {
                self.ask_state(line, host);
            }
        }
    }

    fn every(&self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.config.probe))
    }

    /// Sets the alarm to whatever comes next, unless it stands there already.
    pub(crate) fn set_alarm(&mut self, host: &mut Host<'_>) {
        let link = match self.link {
            Link::LoggingIn(until) => Some(until),
            Link::Up { heard, asked } if self.config.probe > 0 => Some(heard.max(asked) + self.every()),
            _ => None,
        };
        let next = [link, self.effects.next_deadline()].into_iter().flatten().min();
        // A link that is heard again and again moves its time forward each time: the alarm rings early instead, and is
        // set again then.
        if next.is_some() && self.alarm.is_some_and(|alarm| Some(alarm) <= next) {
            return;
        }
        if next == self.alarm {
            return;
        }
        self.alarm = next;
        match next {
            Some(at) => host.set_timer(ALARM, at.since(host.now())),
            None => host.cancel_timer(ALARM),
        }
    }
}

/// Shows a block to who looks for a fault.
pub(crate) fn show(direction: RawDirection, text: &str, host: &mut Host<'_>) {
    let summary = Block::read(text).message().unwrap_or("a block without a message").to_owned();
    host.raw(&Raw::new(direction, "callway", summary, text));
}
