//! The session of one line: the first ping, the login, the initial load, the keep-alive, the end.

use std::time::Duration;

use jackfield_plugin_api::{CloseKind, CloseReason, CommandError, Down, ErrorCode, LogLevel, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::asks::{Ask, Step};
use crate::capabilities::{OLDEST, Version};
use crate::info::LineInfo;
use crate::line::{Line, Say};
use crate::wire::fields::{Body, Fields};
use crate::wire::message::{Message, Refusal, refusal};
use crate::wire::multipart::Parts;

/// How long to stay away from an address that the server redirected to and that does not work.
const REST: Duration = Duration::from_secs(30);

/// What a line listens to, besides the states of numbers.
const EVENTS: [&str; 12] = [
    "userstatechanged",
    "linestatechanged",
    "flashstatechanged",
    "confcompositionchanged",
    "confcompetitorstatechanged",
    "phoneevent_acmcallstarted",
    "phoneevent_acmcallstopped",
    "phoneevent_ringstarted",
    "phoneevent_ringstopped",
    "phoneevent_ivrstarted",
    "phoneevent_commstarted",
    "phoneevent_commstopped",
];

/// Where the session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// There is no link.
    #[default]
    Closed,
    /// The first ping was sent.
    Greeting,
    /// The login was sent.
    Login,
    /// What the line needs to know is being asked for.
    Loading,
    /// At work.
    Up,
    /// Given up: the link is about to be closed.
    Broken,
}

/// The state of the session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) stage: Stage,
    pub(crate) parts: Parts,
    /// The server's name for the session, good for a login without the password.
    id: Option<jackfield_plugin_api::Secret>,
    /// The link goes to where the server redirected.
    redirected: bool,
    /// A login went through there.
    worked: bool,
    /// The redirected address is left alone until then.
    rest: Option<Timestamp>,
    /// When to ask whether the server is there.
    ping: Option<Timestamp>,
    /// Something came since it was asked.
    pub(crate) heard: bool,
    /// Questions without an answer, one after the other.
    missed: u8,
    /// That the line is down has been told, with a reason better than the link's.
    told: bool,
}

impl Session {
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        [self.rest, self.ping].into_iter().flatten().min()
    }
}

impl Line {
    /// The link is open; the client speaks first.
    pub(crate) fn opened(&mut self, say: &mut Say<'_, '_>) {
        let Session { id, redirected, worked, .. } = std::mem::take(&mut self.session);
        self.session = Session { stage: Stage::Greeting, id, redirected, worked, ..Session::default() };
        self.ask(Message::new("ping"), Ask::Ping, say);
    }

    /// The link is closed, or could not be opened.
    pub(crate) fn closed(&mut self, reason: &CloseReason, say: &mut Say<'_, '_>) {
        self.drop_work(&reason.text, say);
        if !self.session.told {
            let code = match (reason.kind, self.session.stage) {
                (CloseKind::Tls, _) => ErrorCode::TlsFailed,
                (_, Stage::Closed) => ErrorCode::ConnectionFailed,
                _ => ErrorCode::ConnectionLost,
            };
            let url = &say.common.config.url;
            self.down(Down::new(code, format!("no connection to Oktell at {url}: {}", reason.text)), say);
        }
        let Session { id, redirected, worked, .. } = std::mem::take(&mut self.session);
        self.session = Session { id, redirected, worked, ..Session::default() };
        if redirected && !worked {
            // Where the server sent us nobody is: back to its own address, but not in a hurry.
            say.host.close(self.transport());
            self.session.rest = Some(say.now + REST);
        }
    }

    /// Gives the link up; the host makes a new one.
    pub(crate) fn give_up(&mut self, down: Down, say: &mut Say<'_, '_>) {
        self.drop_work(&down.text, say);
        say.host.reconnect(self.transport(), &down.text);
        if !down.retry {
            say.host.slow(self.transport());
        }
        self.session.stage = Stage::Broken;
        self.session.told = true;
        self.session.ping = None;
        self.down(down, say);
    }

    /// Everything that belonged to the link is over.
    pub(crate) fn drop_work(&mut self, why: &str, say: &mut Say<'_, '_>) {
        let commands = self.asks.take_all().into_iter().filter_map(|ask| match ask {
            Ask::Command(command, _) => Some(command),
            _ => None,
        });
        let pending = self.calls.pending.take().map(|pending| pending.command);
        let answering = self.answering.take().map(|answering| answering.command);
        let inviting = self.inviting.take().map(|inviting| inviting.command);
        // One that was accepted and waits for its effect is not among the requests any more.
        let all: std::collections::BTreeSet<_> = commands.chain(pending).chain(answering).chain(inviting).collect();
        for command in all {
            let text = format!("the link to Oktell was lost before an answer came: {why}");
            say.host.refuse(command, CommandError::new(ErrorCode::ConnectionLost, text).retryable());
        }
        self.calls.link_lost();
        self.watch = crate::watch::Watch::default();
    }

    /// The server asks to come to another address. It may do so in place of the first answer.
    pub(crate) fn redirected(&mut self, say: &mut Say<'_, '_>) {
        if self.session.stage != Stage::Greeting || self.session.redirected {
            return self.log(LogLevel::Warn, "Oktell redirects once more, or in the middle of a session: ignored", say);
        }
        self.log(LogLevel::Info, "Oktell redirects to its encrypted port 443", say);
        self.asks.take_all();
        say.host.close(self.transport());
        self.session = Session { id: self.session.id.take(), redirected: true, ..Session::default() };
        say.host.open(self.transport(), &say.common.config.transport(true));
    }

    /// The server is there.
    pub(crate) fn ponged(&mut self, say: &mut Say<'_, '_>) {
        self.session.missed = 0;
        if self.session.stage != Stage::Greeting {
            return;
        }
        self.session.stage = Stage::Login;
        let login = Message::new("login").with("showid", 1).with("usewebrtc", false);
        let id = self.session.id.as_ref().filter(|_| say.common.config.resume_session);
        let resumed = id.is_some();
        let login = match id {
            Some(id) => login.with("sessionid", id.reveal()),
            None => {
                let credentials = &self.credentials;
                login.with("Password", credentials.exact.reveal()).with("password", credentials.lower.reveal())
            }
        };
        self.ask(login, Ask::Login { resumed }, say);
    }

    /// The answer to the login.
    pub(crate) fn logged_in(&mut self, body: &Body, resumed: bool, say: &mut Say<'_, '_>) {
        if let Some(refusal) = refusal(body) {
            return self.login_refused(&refusal, resumed, say);
        }
        self.session.worked = true;
        self.session.id = body.text("sessionid").map(jackfield_plugin_api::Secret::new).or(self.session.id.take());
        self.me.id = body.text("userid").unwrap_or_default();
        self.session.stage = Stage::Loading;
        for event in EVENTS {
            self.subscribe(event, say);
        }
        self.load(Step::Version, say);
    }

    pub(crate) fn subscribe(&mut self, event: &str, say: &mut Say<'_, '_>) {
        self.tell(Message::new("subscribeevent").with("eventmethod", json!([event])), say);
    }

    fn login_refused(&mut self, refusal: &Refusal, resumed: bool, say: &mut Say<'_, '_>) {
        let words = refusal.text.as_deref().unwrap_or_default();
        let session = words.contains("Session does not exist") || words.contains("Invalid session user");
        let login = &self.login;
        let down = match refusal.error {
            _ if session || resumed => {
                self.session.id = None;
                let text = format!("Oktell has forgotten the session of `{login}` ({refusal}); the password is used");
                Down::new(ErrorCode::ConnectionLost, text)
            }
            Some(50093) => {
                let text = format!("`{login}` is logged in with Oktell's desktop client: log out there ({refusal})");
                Down::new(ErrorCode::DeviceClaimed, text).no_retry()
            }
            Some(50025) => {
                let text = format!("Oktell's licence allows no more users online: `{login}` must wait ({refusal})");
                Down::new(ErrorCode::LicenceMissing, text).no_retry()
            }
            _ if words.contains("Service not available") => {
                Down::new(ErrorCode::PhoneSystemUnavailable, format!("Oktell is not started yet: {refusal}"))
            }
            _ => {
                let text = format!("Oktell refused the login of `{login}`: {refusal}. Check `login` and `password`");
                Down::new(ErrorCode::AuthenticationFailed, text).no_retry()
            }
        };
        self.give_up(down.with_native(refusal), say);
    }

    fn load(&mut self, step: Step, say: &mut Say<'_, '_>) {
        let message = match step {
            Step::Version => Message::new("getversion").with("showalloweddbstoredprocs", 1),
            Step::Me => Message::new("getmyuserinfo"),
            Step::LunchTypes if self.version.has_lunch_types() => Message::new("cc_getlunchtypes"),
            Step::LunchTypes => return self.load(Step::UserState, say),
            Step::UserState => Message::new("getuserstate"),
            Step::Redirects if self.version.has_redirects() => Message::new("getredirectrules"),
            Step::Redirects => return self.load(Step::Line, say),
            Step::Line => Message::new("getextendedlineinfo"),
        };
        if step == Step::Line {
            self.watch.sent(say.now);
        }
        self.ask(message, Ask::Load(step), say);
    }

    /// A step of the initial load was answered.
    pub(crate) fn loaded(&mut self, step: Step, body: &Body, say: &mut Say<'_, '_>) {
        let refused = refusal(body);
        if let Some(refusal) = &refused {
            if matches!(step, Step::Version | Step::Me | Step::Line) {
                let text = format!("Oktell refused what every session begins with ({step:?}): {refusal}");
                return self.give_up(Down::new(ErrorCode::PhoneSystemUnavailable, text).with_native(refusal), say);
            }
            self.log(LogLevel::Warn, format!("Oktell refused {step:?}: {refusal}; going on without"), say);
        }
        let useful = refused.is_none();
        let next = match step {
            Step::Version => {
                self.version = Version::read(body);
                if self.version.is_too_old() {
                    let dated = self.version.dated.unwrap_or_default();
                    let text = format!("this Oktell is of {dated} (year, month, day); {OLDEST} or newer is needed");
                    return self.give_up(Down::new(ErrorCode::VersionUnsupported, text).no_retry(), say);
                }
                Step::Me
            }
            Step::Me => {
                self.me.number = body.text("mainpbxnumber").unwrap_or_default();
                self.me.has_phone = body.maybe("hasline");
                self.me.id = body.id("userid").unwrap_or_else(|| std::mem::take(&mut self.me.id));
                Step::LunchTypes
            }
            Step::LunchTypes => {
                if useful {
                    self.agent.learn_reasons(body);
                }
                Step::UserState
            }
            Step::UserState => {
                if useful {
                    self.agent.learn(body);
                }
                Step::Redirects
            }
            Step::Redirects => {
                if useful {
                    self.redirects.learn(body, &self.me.id);
                }
                Step::Line
            }
            Step::Line => return self.ready(&LineInfo::read(body), say),
        };
        self.load(next, say);
    }

    /// All is known.
    fn ready(&mut self, info: &LineInfo, say: &mut Say<'_, '_>) {
        self.session.stage = Stage::Up;
        self.session.ping = Some(say.now + say.common.config.ping());
        // What is not there after a new login is over, whatever was in doubt before.
        self.looked_first(info, say);
        self.up(say);
        if say.common.directory.keeper.is_none() {
            self.keep_directory(say);
        }
        if let Some(code) = self.state_at_login.clone() {
            match self.agent.set(&code, None) {
                Some(message) => self.tell(message, say),
                None => self.log(LogLevel::Warn, format!("`state_at_login`: there is no state `{code}`"), say),
            }
        }
        if self.watch.answered() {
            self.look_now(say);
        }
    }

    /// Time to ask whether the server is there, or to try its own address again.
    pub(crate) fn session_time(&mut self, say: &mut Say<'_, '_>) {
        if self.session.rest.is_some_and(|rest| rest <= say.now) {
            self.session.rest = None;
            self.session.redirected = false;
            say.host.open(self.transport(), &say.common.config.transport(false));
        }
        if self.session.ping.is_none_or(|ping| ping > say.now) {
            return;
        }
        self.session.ping = Some(say.now + say.common.config.ping());
        if std::mem::take(&mut self.session.heard) {
            self.session.missed = 0;
        }
        if self.session.missed >= 2 {
            let text = "Oktell does not answer: two pings without an answer";
            return self.give_up(Down::new(ErrorCode::ConnectionLost, text), say);
        }
        self.session.missed += 1;
        self.ask(Message::new("ping"), Ask::Ping, say);
    }

    /// A step of the login was not answered.
    pub(crate) fn login_late(&mut self, say: &mut Say<'_, '_>) {
        let text =
            "Oktell did not answer the login in time. Check that `url` is Oktell's WebSocket and no other server's";
        self.give_up(Down::new(ErrorCode::Timeout, text), say);
    }

    /// Says goodbye. The server then closes the link, or the host does.
    pub(crate) fn log_out(&mut self, say: &mut Say<'_, '_>) {
        if matches!(self.session.stage, Stage::Up | Stage::Loading) {
            self.tell(Message::new("logout"), say);
        }
    }
}

/// What Oktell said, beside what it means.
trait WithNative {
    fn with_native(self, refusal: &Refusal) -> Self;
}

impl WithNative for Down {
    fn with_native(mut self, refusal: &Refusal) -> Self {
        self.native = Some(json!({"error": refusal.error, "errormsg": refusal.text}));
        self
    }
}
