//! The adapter: inputs from the host go to the session or to the state of the phone system.

use std::ops::ControlFlow;

use jackfield_plugin_api::{
    Adapter, ConfigError, Down, ErrorCode, Host, Input, LogLevel, Manifest, RawDirection, RestoreError, Timestamp,
    state,
};
use serde::{Deserialize, Serialize};

use crate::asks::{Ask, Step};
use crate::capabilities::implemented;
use crate::commands;
use crate::config::{Config, LineConfig};
use crate::diagnostics::diagnose;
use crate::pbx::{Pbx, Say};
use crate::session::{LINK, SESSION, Session, Stage, WORK};
use crate::wire::fields::{Fields, Key, event_name};
use crate::wire::frame::Piece;

/// The version of the state that is saved for a hot swap.
const STATE: u32 = 1;

/// The adapter for one Asterisk.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asterisk {
    pub(crate) session: Session,
    pub(crate) pbx: Pbx,
    /// When the work timer runs out, as it was set last.
    alarm: Option<Timestamp>,
}

impl Adapter for Asterisk {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Manifest::new("asterisk", env!("CARGO_PKG_VERSION"), "Asterisk", implemented())
            .description(
                "Asterisk 13 and newer, FreePBX and others built on it, over the Asterisk Manager Interface (AMI)",
            )
            .saves(STATE, STATE)
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        // Ids of channels and actions must be unlike those of other programs and of our own earlier lives.
        let prefix = format!("jf{:016x}", host.random());
        Ok(Self { session: Session::default(), pbx: Pbx::new(config, prefix), alarm: None })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        let now = host.now();
        let mut say = Say { host, now, native_time: None };
        let say = &mut say;
        let Self { session, pbx, .. } = self;
        match input {
            Input::Started => say.host.open(LINK, &pbx.config.transport()),
            Input::Opened { transport: LINK } => session.opened(say),
            Input::Closed { transport: LINK, reason } => session.closed(pbx, &reason, say),
            Input::Received { transport: LINK, bytes } => self.received(bytes, say),
            Input::Timer { timer: SESSION } => session.timer(pbx, say),
            Input::Timer { timer: WORK } => {
                self.alarm = None;
                self.late(say);
            }
            Input::LineOpened { line, name, settings } => pbx.open_line(line, &name, settings, say),
            Input::LineSettings { line, name, settings } => pbx.renew_line(line, &name, settings),
            Input::LineClosed { line } => pbx.close_line(line, say),
            Input::Command { id, line, command } => pbx.command(id, line, command, say),
            Input::Stopping if session.stage == Stage::Up => {
                pbx.send_bytes(b"Action: Logoff\r\n\r\n", say);
            }
            _ => {}
        }
        self.set_alarm(say);
    }

    fn save(&self) -> Option<Vec<u8>> {
        state::save(self)
    }

    fn restore(config: Config, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        config.check()?;
        let mut adapter: Self = state::restore(saved)?;
        adapter.pbx.config = config;
        adapter.pbx.permissions.renew();
        Ok(adapter)
    }
}

impl Asterisk {
    fn received(&mut self, bytes: &[u8], say: &mut Say<'_, '_>) {
        if matches!(self.session.stage, Stage::Closed | Stage::Broken) {
            return;
        }
        self.session.heard = true;
        let mut framer = std::mem::take(&mut self.session.framer);
        let fed = framer.feed(bytes, |piece| {
            match piece {
                Piece::Greeting(line) => self.session.greeted(&mut self.pbx, line, say),
                Piece::Message(message) => self.message(message, say),
            }
            match self.session.stage {
                Stage::Broken => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        self.session.framer = framer;
        if let Err(error) = fed {
            let down = Down::new(ErrorCode::ProtocolError, error.to_string());
            self.session.give_up(&mut self.pbx, down, say);
        }
    }

    fn message(&mut self, message: &[u8], say: &mut Say<'_, '_>) {
        say.native_time = None;
        if self.pbx.config.raw {
            diagnose(RawDirection::In, message, say);
        }
        let Some(event) = event_name(message) else { return self.answer(message, say) };
        match event {
            b"FullyBooted" => self.session.booted(&mut self.pbx, &Fields::read(message), say),
            b"Shutdown" => self.session.shutdown(&mut self.pbx, &Fields::read(message), say),
            // What a list is made of looks like live events but for the ActionID.
            b"BridgeListItem" | b"CoreShowChannel" | b"QueueMember" | b"DeviceStateChange"
                if self.session.stage == Stage::Snapshot =>
            {
                self.listed(event, message, say);
            }
            _ => self.pbx.event(message, say),
        }
    }

    fn listed(&mut self, event: &[u8], message: &[u8], say: &mut Say<'_, '_>) {
        let fields = Fields::read(message);
        if self.pbx.asks.number(fields.bytes(Key::ActionId)).is_some() {
            self.session.goes_on(say);
        }
        match event {
            b"BridgeListItem" => self.pbx.listed_bridge(&fields),
            b"CoreShowChannel" => self.pbx.listed_channel(&fields, say),
            b"QueueMember" => self.pbx.member_changed(&fields, say),
            _ => self.pbx.device_changed(&fields, say),
        }
    }

    /// What is no event is an answer. One without an ActionID (a line that Asterisk threw away, a blank line) belongs
    /// to nothing that can be known.
    fn answer(&mut self, message: &[u8], say: &mut Say<'_, '_>) {
        let fields = Fields::read(message);
        let Some(ask) = self.pbx.asks.take(fields.bytes(Key::ActionId)) else {
            if fields.is(Key::Response, "Error") {
                let text = fields.text(Key::Message).unwrap_or_default();
                say.host.log(LogLevel::Warn, format!("Asterisk complains, of nothing we know: {}", text.trim()));
            }
            return;
        };
        match ask {
            Ask::Step(Step::Commands) => {
                if fields.is(Key::Response, "Success") {
                    self.pbx.permissions.learn(message);
                }
            }
            Ask::Step(step) => self.session.answered(&mut self.pbx, step, Some(&fields), say),
            Ask::Command(command, then) => self.pbx.ordered(command, then, &fields, say),
            Ask::Originate(call) => self.pbx.originate_answered(call, &fields, say),
            Ask::Application(call) if !fields.is(Key::Response, "Success") => self.pbx.application_known(call),
            // The list follows.
            Ask::Application(_) => {}
            Ask::Quiet => {
                if !fields.is(Key::Response, "Success") {
                    let text = fields.text(Key::Message).unwrap_or_default();
                    say.host.log(LogLevel::Warn, format!("Asterisk refused a part of a command: {}", text.trim()));
                }
            }
        }
        self.pbx.flush(say);
    }

    /// What should have come by now.
    fn late(&mut self, say: &mut Say<'_, '_>) {
        for ask in self.pbx.asks.late(say.now) {
            match ask {
                Ask::Command(command, then) if then.answers() => {
                    self.pbx.refuse(command, commands::no_answer(), say);
                }
                _ => {}
            }
        }
        self.pbx.effects_late(say);
        self.pbx.time_passed(say);
    }

    fn set_alarm(&mut self, say: &mut Say<'_, '_>) {
        let pbx = &self.pbx;
        let next =
            [pbx.asks.next_deadline(), pbx.effects.next_deadline(), pbx.next_change()].into_iter().flatten().min();
        if next == self.alarm {
            return;
        }
        self.alarm = next;
        match next {
            Some(at) => say.host.set_timer(WORK, at.since(say.now)),
            None => say.host.cancel_timer(WORK),
        }
    }
}
