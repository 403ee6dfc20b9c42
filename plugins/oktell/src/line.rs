//! A line: a user of Oktell, with a link, a session and calls of its own.

use std::collections::BTreeSet;
use std::time::Duration;

use jackfield_plugin_api::{
    CallFeatures, CommandError, CommandId, DeviceState, Down, ErrorCode, Host, LineFact, LineId, LogLevel,
    RawDirection, Snapshot, TimerId, Timestamp, TransportId, Up,
};
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, UserState};
use crate::asks::{Ask, Asks};
use crate::calls::{Calls, Certainty, Context, Looked, out_of_service};
use crate::capabilities::Version;
use crate::commands::{Answering, Inviting};
use crate::config::{Config, LineConfig, Sequence};
use crate::diagnostics::diagnose;
use crate::directory::Directory;
use crate::info::LineInfo;
use crate::redirects::Redirects;
use crate::session::Session;
use crate::watch::Watch;
use crate::wire::message::Message;
use crate::wire::password::Credentials;

/// What all lines share.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Common {
    #[serde(skip, default = "Config::empty")]
    pub(crate) config: Config,
    pub(crate) directory: Directory,
    /// Lines that work.
    pub(crate) live: BTreeSet<LineId>,
    /// Ids of requests and keys of calls must be unlike those of every earlier life of this adapter.
    pub(crate) prefix: String,
    /// Numbers the lines' prefixes; a line that is opened again has another one.
    pub(crate) openings: u64,
}

/// Everything that an input may touch besides its line.
pub(crate) struct Say<'a, 'h> {
    pub(crate) host: &'a mut Host<'h>,
    pub(crate) now: Timestamp,
    pub(crate) common: &'a mut Common,
}

/// A line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) id: LineId,
    pub(crate) name: String,
    pub(crate) login: String,
    /// Not kept: after a hot swap it comes with the settings.
    #[serde(skip, default = "Credentials::unknown")]
    pub(crate) credentials: Credentials,
    number_setting: Option<String>,
    pub(crate) sequence: Sequence,
    pub(crate) state_at_login: Option<String>,
    pub(crate) prefix: String,
    pub(crate) session: Session,
    pub(crate) asks: Asks,
    pub(crate) version: Version,
    pub(crate) me: Me,
    pub(crate) watch: Watch,
    pub(crate) calls: Calls,
    pub(crate) agent: Agent,
    pub(crate) redirects: Redirects,
    /// An answer that waits for its effect.
    pub(crate) answering: Option<Answering>,
    /// A conference that is being made, to invite somebody.
    pub(crate) inviting: Option<Inviting>,
    /// `linestatestr` says that the phone does not work.
    pub(crate) out: bool,
    reported: Option<LineFact>,
    /// When the line's timer runs out, as it was set last.
    pub(crate) alarm: Option<Timestamp>,
}

/// Who the user is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) has_phone: Option<bool>,
}

impl Line {
    pub(crate) fn new(id: LineId, name: String, settings: LineConfig, say: &mut Say<'_, '_>) -> Self {
        say.common.openings += 1;
        let prefix = format!("{}-{}", say.common.prefix, say.common.openings);
        Self {
            id,
            name,
            login: settings.login,
            credentials: Credentials::new(settings.password.reveal()),
            number_setting: settings.number,
            sequence: settings.sequence.unwrap_or(say.common.config.sequence),
            state_at_login: settings.state_at_login,
            calls: Calls::new(prefix.clone()),
            prefix,
            session: Session::default(),
            asks: Asks::default(),
            version: Version::default(),
            me: Me::default(),
            watch: Watch::default(),
            agent: Agent::default(),
            redirects: Redirects::default(),
            answering: None,
            inviting: None,
            out: false,
            reported: None,
            alarm: None,
        }
    }

    /// The settings once more, after a hot swap.
    pub(crate) fn renew(&mut self, settings: LineConfig, say: &Say<'_, '_>) {
        self.credentials = Credentials::new(settings.password.reveal());
        self.number_setting = settings.number;
        self.sequence = settings.sequence.unwrap_or(say.common.config.sequence);
        self.state_at_login = settings.state_at_login;
    }

    pub(crate) fn transport(&self) -> TransportId {
        TransportId(self.id.0)
    }

    /// Whether facts of the line are reported.
    pub(crate) fn is_live(&self, say: &Say<'_, '_>) -> bool {
        say.common.live.contains(&self.id)
    }

    /// The line's number: as it is set, else the user's, else the line's name.
    pub(crate) fn number(&self) -> &str {
        match &self.number_setting {
            Some(number) => number,
            None if self.me.number.is_empty() => &self.name,
            None => &self.me.number,
        }
    }

    /// Sends a request. `false`: too many wait.
    pub(crate) fn ask(&mut self, message: Message, ask: Ask, say: &mut Say<'_, '_>) -> bool {
        let deadline = say.now + say.common.config.answer_timeout();
        let Some(qid) = self.asks.add(&self.prefix, ask, deadline) else { return false };
        let message = match message.name.as_str() {
            "ping" | "subscribeevent" => message,
            _ => message.with("userlogin", self.login.as_str()),
        };
        let message = message.with("qid", qid);
        if say.common.config.raw {
            diagnose(self.id, RawDirection::Out, &message, say.host);
        }
        say.host.send_text(self.transport(), message.write());
        true
    }

    /// Sends a request whose reply nobody waits for.
    pub(crate) fn tell(&mut self, message: Message, say: &mut Say<'_, '_>) {
        if !self.ask(message, Ask::Quiet, say) {
            self.log(LogLevel::Warn, "too many requests wait for the server: one is left out", say);
        }
    }

    pub(crate) fn log(&self, level: LogLevel, text: impl AsRef<str>, say: &mut Say<'_, '_>) {
        say.host.log(level, format!("line {}: {}", self.name, text.as_ref()));
    }

    pub(crate) fn refuse(&self, command: CommandId, code: ErrorCode, text: impl Into<String>, say: &mut Say<'_, '_>) {
        say.host.refuse(command, CommandError::new(code, text));
    }

    pub(crate) fn allowed(&self) -> CallFeatures {
        self.version.call()
    }

    /// Looks at the line now, or as soon as the look that is under way is answered.
    pub(crate) fn look(&mut self, settle: Duration, talk: bool, say: &mut Say<'_, '_>) {
        if self.watch.trigger(say.now, settle, talk) {
            self.look_now(say);
        }
    }

    pub(crate) fn look_now(&mut self, say: &mut Say<'_, '_>) {
        if self.ask(Message::new("getextendedlineinfo"), Ask::Look(say.now), say) {
            self.watch.sent(say.now);
        }
    }

    /// The line was looked at.
    pub(crate) fn looked(&mut self, sent: Timestamp, info: Option<LineInfo>, say: &mut Say<'_, '_>) {
        let sure = self.watch.certainty(sent);
        if let Some(info) = info {
            self.out = out_of_service(&say.common.config, &info);
            let number = self.number().to_owned();
            let context = self.context(&number, say);
            let looked = self.calls.look(&self.named(info, say), sure, &context);
            if looked.doubt {
                self.watch.doubt(say.now, say.common.config.settle(700));
            }
            self.report(looked, say);
        }
        if self.watch.answered() && self.is_live(say) {
            self.look_now(say);
        }
    }

    /// The first look after a login: what is not there is over.
    pub(crate) fn looked_first(&mut self, info: &LineInfo, say: &mut Say<'_, '_>) {
        self.out = out_of_service(&say.common.config, info);
        let number = self.number().to_owned();
        let context = self.context(&number, say);
        let sure = Certainty { settled: true, talk: false };
        let looked = self.calls.look(&self.named(info.clone(), say), sure, &context);
        self.report(looked, say);
    }

    /// What the directory knows of who is there.
    fn named(&self, mut info: LineInfo, say: &Say<'_, '_>) -> LineInfo {
        for party in info.parties() {
            if party.name.is_none() {
                party.name = say.common.directory.caption(&party.number).map(ToOwned::to_owned);
            }
            if party.external.is_none() && say.common.directory.knows(&party.number) {
                party.external = Some(false);
            }
        }
        info
    }

    fn report(&mut self, looked: Looked, say: &mut Say<'_, '_>) {
        if self.is_live(say) {
            for fact in looked.facts {
                say.host.report(fact);
            }
            self.say_line(say);
        }
        if let Some((command, key)) = looked.made {
            // It shows: what the server replies to the request, late or never, changes nothing.
            self.asks.drop_command(command);
            say.host.reply(command, jackfield_plugin_api::Reply::call(key));
        }
        if let Some(conference) = looked.conference {
            self.ask_conference(conference, say);
        }
        self.settle_commands(say);
    }

    /// Reports calls whose details changed without a look.
    pub(crate) fn report_calls(&mut self, say: &mut Say<'_, '_>) {
        if self.is_live(say) {
            let number = self.number().to_owned();
            let context = self.context(&number, say);
            for fact in self.calls.tell(&context) {
                say.host.report(fact);
            }
        }
    }

    /// The login has gone through and all is known: the line works.
    pub(crate) fn up(&mut self, say: &mut Say<'_, '_>) {
        let first = say.common.live.is_empty();
        say.common.live.insert(self.id);
        if first {
            let name = self.version.name();
            say.host.report(Up::new(name, self.version.capabilities(&say.common.config)));
        }
        say.host.settled(self.transport());
        let number = self.number().to_owned();
        let context = self.context(&number, say);
        let calls = self.calls.snapshot(&context);
        say.host.report(Snapshot::new(self.id, calls));
        self.reported = None;
        self.say_line(say);
        self.say_agent(None, true, say);
        self.settle_commands(say);
    }

    /// The line does not work: alone, or as the last one that did.
    pub(crate) fn down(&mut self, down: Down, say: &mut Say<'_, '_>) {
        let mut down = down;
        down.text = format!("line {}: {}", self.name, down.text);
        let was_live = say.common.live.remove(&self.id);
        let last = was_live && say.common.live.is_empty();
        say.host.report(if last { down } else { down.line(self.id) });
        if say.common.directory.keeper == Some(self.id) {
            say.common.directory.keeper = None;
        }
    }

    /// The line itself, when it is not what was reported last.
    pub(crate) fn say_line(&mut self, say: &mut Say<'_, '_>) {
        if !self.is_live(say) {
            return;
        }
        let out =
            self.out || self.me.has_phone == Some(false) || self.agent.state.as_ref().is_some_and(UserState::is_out);
        let mut fact = LineFact::new(self.id)
            .device_state(if out { DeviceState::OutOfService } else { DeviceState::InService })
            .capabilities(self.version.capabilities(&say.common.config))
            .features(if out { CallFeatures::NONE } else { CallFeatures::DIAL })
            .agent_features(self.version.agent());
        if self.version.has_redirects() {
            fact = fact.forwarding(self.redirects.forwardings(self.agent.state.as_ref().is_some_and(|s| s.redirect)));
        }
        if self.reported.as_ref() == Some(&fact) {
            return;
        }
        self.reported = Some(fact.clone());
        let command = self.redirects.command.take_if(|(_, until)| *until > say.now).map(|(command, _)| command);
        fact.command = command;
        say.host.report(fact);
    }

    /// The user's state, when it is not what was reported last; `all`: in any case.
    pub(crate) fn say_agent(&mut self, command: Option<CommandId>, all: bool, say: &mut Say<'_, '_>) {
        if !self.is_live(say) {
            return;
        }
        if let Some(mut fact) = self.agent.fact(self.id, &self.login, self.redirects.number().is_some(), all) {
            fact.command = command;
            say.host.report(fact);
        }
        self.say_line(say);
    }

    /// Sets the line's timer for what comes next.
    pub(crate) fn set_alarm(&mut self, say: &mut Say<'_, '_>) {
        let every = Some(say.common.config.look).filter(|look| *look > 0 && !self.calls.calls.is_empty());
        let every = every.map(|seconds| Duration::from_secs(u64::from(seconds)));
        let look = self.watch.due(every).filter(|_| self.is_live(say));
        let pending = self.calls.pending.as_ref().map(|pending| pending.until);
        let answering = self.answering.as_ref().map(|answering| answering.until);
        let inviting = self.inviting.as_ref().map(|inviting| inviting.until);
        let all = [self.asks.next_deadline(), self.session.deadline(), look, pending, answering, inviting];
        let next = all.into_iter().flatten().min();
        if next == self.alarm {
            return;
        }
        let timer = TimerId(self.id.0);
        match next {
            Some(at) => say.host.set_timer(timer, at.since(say.now)),
            None => say.host.cancel_timer(timer),
        }
        self.alarm = next;
    }

    /// What calls need to know to become facts.
    fn context<'a>(&self, number: &'a str, say: &Say<'_, '_>) -> Context<'a> {
        Context {
            line: self.id,
            now: say.now,
            number,
            allowed: self.allowed(),
            early_transfer: say.common.config.early_transfer,
            live: self.is_live(say),
        }
    }
}
