//! The session: greeting, login, snapshot, keep-alive.
//!
//! The snapshot is free of races: events are on from the login, and taken in all the time; what the lists say is laid
//! over it; and nothing is reported until everything has come that was on its way when the lists were made.

use std::time::Duration;

use jackfield_plugin_api::{CloseKind, CloseReason, Down, ErrorCode, LogLevel, TimerId, TransportId, Up};
use serde::{Deserialize, Serialize};

use crate::asks::{Ask, Step};
use crate::config::Auth;
use crate::pbx::{Pbx, Say};
use crate::wire::action::Action;
use crate::wire::fields::{Fields, Key};
use crate::wire::frame::Framer;
use crate::wire::md5;

/// The one transport.
pub(crate) const LINK: TransportId = TransportId(0);
/// Runs out when a step of the session takes too long, or it is time to ask whether Asterisk is there.
pub(crate) const SESSION: TimerId = TimerId(1);
/// Runs out when a command's answer or effect is late, or a call changes by time alone.
pub(crate) const WORK: TimerId = TimerId(2);
/// How long a login, and Asterisk's own start, may take.
const LOGIN: Duration = Duration::from_secs(10);
/// How long the answer to a step is worth having.
const STEP: Duration = Duration::from_secs(3600);
/// How long a list may be silent.
const SILENCE: Duration = Duration::from_secs(10);

/// Where the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// There is no connection.
    #[default]
    Closed,
    /// The greeting is waited for.
    Greeting,
    /// A challenge or the login was sent.
    Login,
    /// Logged in; Asterisk may still be starting.
    Booting,
    /// The snapshot is being read.
    Snapshot,
    /// At work.
    Up,
    /// Given up: the connection is about to be closed.
    Broken,
}

/// The state of the session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) stage: Stage,
    pub(crate) framer: Framer,
    /// Something came since Asterisk was asked.
    pub(crate) heard: bool,
    /// Questions without an answer, one after the other.
    missed: u8,
    /// Asterisk's version as it calls itself.
    version: String,
    /// That the connection is down has been told, with a reason better than the transport's.
    told: bool,
}

impl Session {
    /// The transport is open; the server speaks first.
    pub(crate) fn opened(&mut self, say: &mut Say<'_, '_>) {
        *self = Self { stage: Stage::Greeting, ..Self::default() };
        say.host.set_timer(SESSION, LOGIN);
    }

    /// The transport is closed, or could not be opened.
    pub(crate) fn closed(&mut self, pbx: &mut Pbx, reason: &CloseReason, say: &mut Say<'_, '_>) {
        pbx.disconnected(say);
        say.host.cancel_timer(SESSION);
        if !self.told {
            let code = match (reason.kind, self.stage) {
                (CloseKind::Tls, _) => ErrorCode::TlsFailed,
                (_, Stage::Closed) => ErrorCode::ConnectionFailed,
                _ => ErrorCode::ConnectionLost,
            };
            say.host.report(Down::new(code, format!("no connection to Asterisk: {}", reason.text)));
        }
        *self = Self::default();
    }

    /// Gives the connection up; the host makes a new one.
    pub(crate) fn give_up(&mut self, pbx: &mut Pbx, down: Down, say: &mut Say<'_, '_>) {
        pbx.disconnected(say);
        say.host.cancel_timer(SESSION);
        say.host.reconnect(LINK, &down.text);
        say.host.report(down);
        self.stage = Stage::Broken;
        self.told = true;
    }

    /// The greeting has come.
    pub(crate) fn greeted(&mut self, pbx: &mut Pbx, line: &[u8], say: &mut Say<'_, '_>) {
        self.version = String::from_utf8_lossy(line).trim_start_matches("Asterisk Call Manager/").to_owned();
        self.stage = Stage::Login;
        let action = match pbx.config.auth {
            Auth::Md5 => Action::new("Challenge").with("AuthType", "MD5"),
            Auth::Plain => {
                let secret = pbx.config.password.reveal().to_owned();
                login(pbx).with("Secret", &secret)
            }
        };
        let step = if pbx.config.auth == Auth::Md5 { Step::Challenge } else { Step::Login };
        self.step(pbx, action, step, say);
    }

    fn step(&mut self, pbx: &mut Pbx, action: Action, step: Step, say: &mut Say<'_, '_>) {
        // The session's own timer watches over its steps: a long list may take its time while it goes on.
        if let Err(error) = pbx.send_after(STEP, action, Ask::Step(step), say) {
            say.host.log(LogLevel::Warn, format!("{step:?}: {}", error.text));
            self.answered(pbx, step, None, say);
        }
    }

    /// The answer to a step; without fields: it cannot be had.
    pub(crate) fn answered(&mut self, pbx: &mut Pbx, step: Step, f: Option<&Fields<'_>>, say: &mut Say<'_, '_>) {
        let yes = f.is_some_and(|f| f.is(Key::Response, "Success"));
        match step {
            Step::Challenge => {
                let challenge = f.map(|f| f.string(Key::Challenge)).filter(|c| yes && !c.is_empty());
                let Some(challenge) = challenge else { return self.refused(pbx, f, say) };
                let digest = md5::hex(format!("{challenge}{}", pbx.config.password.reveal()).as_bytes());
                let action = login(pbx).with("AuthType", "MD5").with("Key", &digest);
                self.step(pbx, action, Step::Login, say);
            }
            Step::Login if yes => {
                self.stage = Stage::Booting;
                pbx.permissions = crate::capabilities::Permissions::default();
                say.host.set_timer(SESSION, LOGIN);
            }
            Step::Login => self.refused(pbx, f, say),
            Step::Settings => {
                if let Some(version) = f.and_then(|f| f.text(Key::AsteriskVersion)) {
                    // Distributions add their own after the version.
                    self.version = version.split(['+', '~', ' ']).next().unwrap_or_default().to_owned();
                }
            }
            Step::Ping => self.missed = 0,
            Step::Barrier => self.up(pbx, say),
            Step::Channels if !yes => {
                pbx.permissions.blind = true;
                let text = "Asterisk refuses the list of channels: calls that were up before are not known. Give the AMI user \
                            the write class `reporting`";
                say.host.log(LogLevel::Warn, text);
            }
            _ => {}
        }
    }

    fn refused(&mut self, pbx: &mut Pbx, f: Option<&Fields<'_>>, say: &mut Say<'_, '_>) {
        let message = f.and_then(|f| f.text(Key::Message)).unwrap_or_default().trim().to_owned();
        let text = format!(
            "Asterisk refused the login of user `{}`: {message}. Check `username` and `password` against manager.conf, and \
             its permit and deny lines",
            pbx.config.username
        );
        self.give_up(pbx, Down::new(ErrorCode::AuthenticationFailed, text).no_retry(), say);
    }

    /// `FullyBooted`: queues and devices are loaded.
    pub(crate) fn booted(&mut self, pbx: &mut Pbx, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        pbx.permissions.timestamps = !f.bytes(Key::Timestamp).is_empty();
        match self.stage {
            Stage::Booting | Stage::Up => self.snapshot(pbx, say),
            _ => {}
        }
    }

    fn snapshot(&mut self, pbx: &mut Pbx, say: &mut Say<'_, '_>) {
        self.stage = Stage::Snapshot;
        pbx.begin_snapshot();
        for (action, step) in [
            ("CoreSettings", Step::Settings),
            ("ListCommands", Step::Commands),
            ("BridgeList", Step::Bridges),
            ("CoreShowChannels", Step::Channels),
            ("QueueStatus", Step::Queues),
            ("DeviceStateList", Step::Devices),
            ("Ping", Step::Barrier),
        ] {
            self.step(pbx, Action::new(action), step, say);
        }
        say.host.set_timer(SESSION, SILENCE);
    }

    fn up(&mut self, pbx: &mut Pbx, say: &mut Say<'_, '_>) {
        if self.stage != Stage::Snapshot {
            return;
        }
        self.stage = Stage::Up;
        self.missed = 0;
        say.host.set_timer(SESSION, Duration::from_secs(u64::from(pbx.config.ping)));
        pbx.end_snapshot(say);
        say.host.report(Up::new(format!("Asterisk {}", self.version), pbx.capabilities()));
        pbx.live = true;
        for line in pbx.lines.ids() {
            pbx.say_line(line, say);
        }
        pbx.flush(say);
    }

    /// A part of a list came: it is not silent.
    pub(crate) fn goes_on(&mut self, say: &mut Say<'_, '_>) {
        if self.stage == Stage::Snapshot {
            say.host.set_timer(SESSION, SILENCE);
        }
    }

    /// The session's timer ran out.
    pub(crate) fn timer(&mut self, pbx: &mut Pbx, say: &mut Say<'_, '_>) {
        match self.stage {
            Stage::Closed | Stage::Broken => {}
            Stage::Greeting | Stage::Login => {
                let text = "Asterisk did not answer the login in time. Check that `port` is the manager's and `tls` as \
                            manager.conf has it";
                self.give_up(pbx, Down::new(ErrorCode::Timeout, text), say);
            }
            Stage::Booting => {
                let text = "Asterisk does not say that it is started (it may still be starting, or the AMI user's read \
                            classes miss `system`); going on";
                say.host.log(LogLevel::Warn, text);
                self.snapshot(pbx, say);
            }
            Stage::Snapshot => {
                self.give_up(pbx, Down::new(ErrorCode::Timeout, "Asterisk began a list and did not end it"), say);
            }
            Stage::Up => self.ask_whether_there(pbx, say),
        }
    }

    fn ask_whether_there(&mut self, pbx: &mut Pbx, say: &mut Say<'_, '_>) {
        if std::mem::take(&mut self.heard) {
            self.missed = 0;
        }
        if self.missed >= 2 {
            let text = "Asterisk does not answer: two pings without an answer";
            return self.give_up(pbx, Down::new(ErrorCode::ConnectionLost, text), say);
        }
        self.missed += 1;
        say.host.set_timer(SESSION, Duration::from_secs(u64::from(pbx.config.ping)));
        self.step(pbx, Action::new("Ping"), Step::Ping, say);
    }

    /// `Shutdown`: Asterisk ends, or starts anew.
    pub(crate) fn shutdown(&mut self, pbx: &mut Pbx, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let again = if f.is(Key::Restart, "True") { "starts anew" } else { "is being stopped" };
        pbx.disconnected(say);
        say.host.report(Down::new(ErrorCode::PhoneSystemUnavailable, format!("Asterisk {again}")));
        self.told = true;
    }
}

/// Events are wanted from the beginning, and no more than are read.
fn login(pbx: &Pbx) -> Action {
    Action::new("Login").with("Username", &pbx.config.username).with("Events", "system,call,agent,user,dtmf,reporting")
}
