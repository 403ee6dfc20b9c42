//! The link: login, keep-alive, recovery, and the next server.

use std::time::Duration;

use jackfield_csta::dialect::AVAYA;
use jackfield_csta::{Beat, Login, Message, MonitorStop, ReleaseDeviceId, Started, monitor, types::DeviceId};
use jackfield_plugin_api::{CloseKind, CloseReason, Down, ErrorCode, Host, LogLevel, RawDirection, TransportId, Up};

use crate::adapter::Avaya;
use crate::agenda::Task;
use crate::capabilities::configured;
use crate::commands;
use crate::line::Stage;
use crate::net::{Ask, clock};
use crate::watch;

/// After all servers have failed: how long to wait, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Lines in the log about messages that cannot be read, of one link.
const MOST_WARNINGS: u32 = 20;

impl Avaya {
    /// Opens the link to the server whose turn it is.
    pub(crate) fn open_server(&mut self, host: &mut Host<'_>) {
        if let Some(spec) = self.config.transport(self.net.server) {
            self.net.server_name.clone_from(&self.config.servers[self.net.server]);
            host.open(self.net.transport(), &spec);
        }
    }

    fn login<'a>(config: &'a crate::Config, versions: &'a [String]) -> Login<'a> {
        Login {
            application: "jackfield",
            user: &config.username,
            password: config.password.reveal(),
            protocols: versions,
            duration: config.session_duration,
            cleanup_delay: config.cleanup_delay,
        }
    }

    pub(crate) fn opened(&mut self, transport: TransportId, host: &mut Host<'_>) {
        if transport != self.net.transport() {
            return;
        }
        self.net.is_open = true;
        self.net.warnings = 0;
        self.net.framer.clear();
        self.start_session(host);
    }

    fn start_session(&mut self, host: &mut Host<'_>) {
        let versions = self.config.versions();
        let login = Self::login(&self.config, &versions);
        let request = self.net.session.start(&AVAYA, &login, clock(host.now()));
        self.scene(host).ask(Ask::Start, request);
    }

    /// The session's start was answered.
    pub(crate) fn session_started(&mut self, answer: &Message, host: &mut Host<'_>) {
        let versions = self.config.versions();
        let login = Self::login(&self.config, &versions);
        match self.net.session.started(&AVAYA, &login, answer, clock(host.now())) {
            Started::Up { recovered } => self.session_up(recovered, host),
            Started::Again => self.start_session(host),
            Started::Refused(word) => self.session_refused(&word, host),
            _ => {
                let text = format!("{} answered the login with {}: is it AE Services?", self.server(), answer.name());
                self.leave(Down::new(ErrorCode::ProtocolError, text), host);
            }
        }
    }

    fn session_up(&mut self, recovered: bool, host: &mut Host<'_>) {
        self.net.failures = 0;
        self.net.switch_down = false;
        if !recovered {
            self.net.forget_devices();
            for line in self.lines.values_mut() {
                (line.device, line.monitor) = (None, None);
            }
        }
        let text = if recovered { "the session goes on" } else { "a new session" };
        host.log(LogLevel::Info, format!("{}: {text}", self.server()));
        if let Some(next) = self.net.session.next(&AVAYA) {
            self.net.agenda.set(Task::Beat, host.now() + next.saturating_sub(clock(host.now())));
        }
        self.report_up(host);
        let switch = self.config.switch.clone();
        let mut scene = self.scene(host);
        scene.ask(Ask::Register, monitor::register(&AVAYA, &switch));
        watch::begin(&mut scene);
        self.set_up_all(host);
    }

    fn report_up(&mut self, host: &mut Host<'_>) {
        let version = self.net.session.version().unwrap_or_default();
        let version = version.rsplit('/').next().filter(|version| version.len() <= 20 && !version.is_empty());
        let system = version.map_or_else(
            || "Avaya Communication Manager (AE Services)".to_owned(),
            |version| format!("Avaya Communication Manager (AE Services, {version})"),
        );
        host.report(Up::new(system, configured(&self.config)));
    }

    fn session_refused(&mut self, word: &str, host: &mut Host<'_>) {
        let (server, user) = (self.server(), &self.config.username);
        let down = match word {
            "invalidApplicationInfo" => {
                let text = format!(
                    "{server} refused the login of `{user}`: check `username` and `password`, and that AE Services has the \
                     user as a CTI user"
                );
                Down::new(ErrorCode::AuthenticationFailed, text).no_retry()
            }
            "requestedProtocolVersionNotSupported" => {
                let text = format!(
                    "{server} speaks none of the protocol versions {}: set `protocols` to older ones",
                    self.config.protocols.join(", ")
                );
                Down::new(ErrorCode::VersionUnsupported, text).no_retry()
            }
            "serverResourcesBusy" => {
                Down::new(ErrorCode::PhoneSystemUnavailable, format!("{server} has no resources for a session now"))
            }
            "maxNumberSessions" => {
                let text = format!("{server} has as many sessions as it may: end others, or raise the limit");
                Down::new(ErrorCode::LicenceMissing, text)
            }
            other => {
                let said = jackfield_csta::CSTAErrorCode::new("privateErrorCode", other);
                let found = crate::errors::understand(&said);
                Down::new(found.code, format!("{server} refused the session: {}", found.text))
            }
        };
        self.leave(down, host);
    }

    /// This server gives no session. Another one may; but a wrong password is wrong everywhere.
    pub(crate) fn leave(&mut self, down: Down, host: &mut Host<'_>) {
        let others = self.config.servers.len() > 1 && down.retry;
        self.give_up(down, host);
        if others {
            self.next_server(host);
        }
    }

    /// The server, for people.
    pub(crate) fn server(&self) -> String {
        format!("AE Services at {}", self.config.servers.get(self.net.server).map_or("?", String::as_str))
    }

    /// Bytes came.
    pub(crate) fn received(&mut self, transport: TransportId, bytes: &[u8], host: &mut Host<'_>) {
        if transport != self.net.transport() || !self.net.is_open {
            return;
        }
        let mut framer = std::mem::take(&mut self.net.framer).lenient(self.config.lenient);
        framer.push(bytes);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => {
                    let text = String::from_utf8_lossy(frame.body);
                    if matches!(text, std::borrow::Cow::Owned(_)) {
                        self.warn("a message has bytes in it that are no UTF-8: they are read as U+FFFD", host);
                    }
                    self.frame(frame.invoke, &text, host);
                    if !self.net.is_open {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    let text = format!("{} sent something else than CSTA: {error}", self.server());
                    let down = Down::new(ErrorCode::ProtocolError, text);
                    let is_up = self.net.session.is_up();
                    return if is_up { self.give_up(down, host) } else { self.leave(down, host) };
                }
            }
        }
        self.net.framer = framer;
    }

    /// A line in the log; a server that gives a thousand reasons for one gets no thousand lines.
    fn warn(&mut self, text: &str, host: &mut Host<'_>) {
        if self.net.warnings < MOST_WARNINGS {
            self.net.warnings += 1;
            host.log(LogLevel::Warn, text);
        }
    }

    fn frame(&mut self, invoke: u16, text: &str, host: &mut Host<'_>) {
        let message = match Message::parse(text) {
            Ok(message) => message,
            Err(error) => {
                let start: String = crate::wire::masked(text).chars().take(80).collect();
                self.warn(&format!("message {invoke:04} cannot be read, {error}: {start:?}"), host);
                // Whoever waits for it need not wait longer.
                if let Some(waiting) = self.net.pending.take(invoke) {
                    self.net.agenda.cancel(Task::Answer(invoke));
                    self.answer(waiting, &Message::Other("a message that cannot be read".to_owned()), host);
                }
                return;
            }
        };
        if self.config.raw {
            self.scene(host).show(RawDirection::In, invoke, message.name(), text);
        }
        self.message(invoke, &message, host);
    }

    /// The switch is reachable for the server, or not.
    pub(crate) fn switch_state(&mut self, up: bool, why: &str, host: &mut Host<'_>) {
        if up != self.net.switch_down || !self.net.session.is_up() {
            return;
        }
        self.net.switch_down = !up;
        if up {
            self.report_up(host);
            return self.set_up_all(host);
        }
        self.lines_wait(host);
        let text = format!("{} has lost its link to the switch ({why})", self.server());
        host.report(Down::new(ErrorCode::LinkDown, text));
    }

    /// `SystemStatus`: heard, and answered.
    pub(crate) fn system_status(&mut self, invoke: u16, message: &Message, status: &str, host: &mut Host<'_>) {
        if let Some((answer, _)) = self.net.session.heard(&AVAYA, message) {
            self.scene(host).send(invoke, &answer);
        }
        match status {
            "normal" | "enabled" => self.switch_state(true, status, host),
            "disabled" | "initializing" => self.switch_state(false, status, host),
            "messagesLost" => {
                host.log(LogLevel::Warn, "the switch has lost messages: every line's calls are compared");
                self.set_up_all(host);
            }
            other => host.log(LogLevel::Info, format!("the system's status is {other:?}")),
        }
    }

    /// It is time for something about the session.
    pub(crate) fn beat(&mut self, host: &mut Host<'_>) {
        match self.net.session.beat(&AVAYA, clock(host.now())) {
            Some(Beat::Send(request)) => {
                self.scene(host).ask(Ask::Beat, *request);
            }
            Some(Beat::Lost) => {
                let text = format!("{} did not answer two keep-alives", self.server());
                self.net.session.forget();
                return self.give_up(Down::new(ErrorCode::ConnectionLost, text), host);
            }
            _ => {}
        }
        if let Some(next) = self.net.session.next(&AVAYA) {
            self.net.agenda.set(Task::Beat, host.now() + next.saturating_sub(clock(host.now())));
        }
    }

    /// A keep-alive was answered.
    pub(crate) fn kept(&mut self, answer: &Message, host: &mut Host<'_>) {
        if !self.net.session.kept(answer) {
            self.net.session.forget();
            let text = format!("{} does not know the session any more", self.server());
            self.give_up(Down::new(ErrorCode::ConnectionLost, text), host);
        }
    }

    /// The server has ended the session.
    pub(crate) fn terminated(&mut self, session: &str, reason: &str, host: &mut Host<'_>) {
        if self.net.session.id().is_some_and(|id| !session.is_empty() && id != session) {
            return;
        }
        self.net.session.forget();
        let text = format!("{} has ended the session ({reason})", self.server());
        self.give_up(Down::new(ErrorCode::ConnectionLost, text), host);
    }

    pub(crate) fn closed(&mut self, transport: TransportId, reason: &CloseReason, host: &mut Host<'_>) {
        if transport != self.net.transport() {
            return;
        }
        let was_up = self.net.session.is_up();
        self.forget_link(host);
        // `Local`: we broke it ourselves, and have said why.
        if reason.kind != CloseKind::Local {
            let code = match reason.kind {
                _ if was_up => ErrorCode::ConnectionLost,
                CloseKind::Tls => ErrorCode::TlsFailed,
                _ => ErrorCode::ConnectionFailed,
            };
            host.report(Down::new(code, format!("{}: {}", self.server(), reason.text)));
        }
        // A session that was up is looked for where it was; after that the next server has its turn.
        if !was_up && self.config.servers.len() > 1 && reason.kind != CloseKind::Local {
            self.next_server(host);
        }
    }

    /// Leaves this server for the next one.
    fn next_server(&mut self, host: &mut Host<'_>) {
        host.close(self.net.transport());
        self.net.session.forget();
        self.net.server = (self.net.server + 1) % self.config.servers.len();
        self.net.server_name.clone_from(&self.config.servers[self.net.server]);
        self.net.failures = self.net.failures.saturating_add(1);
        let servers = u32::try_from(self.config.servers.len()).unwrap_or(1);
        let rounds = self.net.failures / servers;
        if self.net.failures.is_multiple_of(servers) {
            let pause = FIRST_PAUSE.saturating_mul(1 << rounds.saturating_sub(1).min(4)).min(LONGEST_PAUSE);
            self.net.agenda.set(Task::NextServer, host.now() + pause);
        } else {
            self.open_server(host);
        }
    }

    /// Nothing of the conversation goes on. Calls are not ended by it.
    fn forget_link(&mut self, host: &mut Host<'_>) {
        let versions = self.config.versions();
        let login = Self::login(&self.config, &versions);
        self.net.session.link_lost(&login, clock(host.now()));
        self.net.is_open = false;
        self.net.framer.clear();
        self.net.switch_down = false;
        self.net.agenda.keep(|task| matches!(task, Task::NextServer));
        for waiting in self.net.pending.take_all() {
            commands::lost(
                &waiting.ask,
                "the link broke before AE Services answered; whether it was done is not known",
                host,
            );
        }
        self.lines_wait(host);
    }

    /// Lines are set up anew once that can be.
    fn lines_wait(&mut self, _: &mut Host<'_>) {
        self.net.queue.clear();
        self.net.in_setup.clear();
        self.net.pieces.clear();
        for line in self.lines.values_mut() {
            line.stage = Stage::Waiting;
            line.look = None;
            line.agent.asked = false;
            line.calls.retain(|call| call.reported.is_some());
            for call in &mut line.calls {
                call.asked.clear();
            }
        }
    }

    /// Says why, and breaks the transport; after a while the host opens it again.
    pub(crate) fn give_up(&mut self, down: Down, host: &mut Host<'_>) {
        self.forget_link(host);
        host.reconnect(self.net.transport(), &down.text);
        host.report(down);
    }

    /// The connection ends in order.
    pub(crate) fn stop(&mut self, host: &mut Host<'_>) {
        if self.net.session.is_up() {
            let monitors: Vec<String> = self.net.monitors.keys().cloned().collect();
            let devices: Vec<String> = self.lines.values().filter_map(|line| line.device.clone()).collect();
            let mut scene = self.scene(host);
            for monitor in monitors {
                scene.say(MonitorStop { monitor, extensions: None });
            }
            for device in devices {
                scene.say(ReleaseDeviceId { device: DeviceId::new(device) });
            }
            if let Some(request) = self.net.session.stop() {
                self.scene(host).say(request);
            }
        }
        for waiting in self.net.pending.take_all() {
            commands::lost(&waiting.ask, "the connection is being ended", host);
        }
        self.net.agenda.keep(|_| false);
        self.net.is_open = false;
    }
}
