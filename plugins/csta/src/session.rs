//! The session with a server: started, kept alive, recovered after a break, ended.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dialect::{Dialect, KeepAlive};
use crate::{
    ApplicationInfo, EndReason, LoginInfo, Message, ProtocolVersions, ResetApplicationSessionTimer, SpecificInfo,
    StartApplicationSession, StopApplicationSession, SystemStatusResponse,
};

/// Who starts a session, and how.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// How the program is called.
    pub application: &'a str,
    /// The user.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a str,
    /// Protocol versions to ask for; none: the dialect's.
    pub protocols: &'a [String],
    /// Seconds after which the server ends a session that is not kept alive.
    pub duration: u32,
    /// Seconds for which the session is to outlive its link.
    pub cleanup_delay: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
enum State {
    #[default]
    Closed,
    /// Asked for; with this id, if an old one is to go on.
    Starting { recovering: bool },
    Up {
        /// When it is kept alive next.
        next: Duration,
        /// Questions without an answer.
        unanswered: u32,
    },
}

/// A session. Times are since any one beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Session {
    state: State,
    /// The id of the session that is up, or that may still be known to the server.
    id: Option<String>,
    /// Until then the server may still know it.
    known_until: Duration,
    /// Seconds that the server gave.
    duration: u32,
    version: Option<String>,
}

/// How the start of a session was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Started {
    /// It is up. When it is the old one, its devices and monitors are still there.
    Up {
        /// Whether it is the old one.
        recovered: bool,
    },
    /// The old one is gone: start a new one.
    Again,
    /// It was refused, with this word.
    Refused(String),
    /// The message answers no start.
    Unexpected,
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Beat {
    /// Send this as a request; its answer goes to [`Session::kept`].
    Send(Box<Message>),
    /// The server has not answered twice: the session is lost.
    Lost,
}

/// Keep-alives without an answer that a session survives.
const PATIENCE: u32 = 2;
/// The shortest time between two.
const SHORTEST: Duration = Duration::from_secs(1);

impl Session {
    /// Whether it is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.state, State::Up { .. })
    }

    /// Whether its start waits for an answer.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        matches!(self.state, State::Starting { .. })
    }

    /// The id that the server gave.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The protocol version that the server chose.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The server has said how the system is. What is to be answered under the same invoke id, and whether the session is
    /// to be started now, because this dialect's server speaks first.
    #[must_use]
    pub fn heard(&self, dialect: &Dialect, message: &Message) -> Option<(Message, bool)> {
        let Message::SystemStatus(_) = message else { return None };
        let starts = dialect.server_first && self.state == State::Closed;
        Some((SystemStatusResponse::default().into(), starts))
    }

    /// The link is open: the request that starts the session, or goes on with the one that the server may still know.
    pub fn start(&mut self, dialect: &Dialect, login: &Login<'_>, now: Duration) -> Message {
        let old = self.id.clone().filter(|_| dialect.login && now < self.known_until);
        if old.is_none() {
            self.id = None;
        }
        self.state = State::Starting { recovering: old.is_some() };
        let specific = dialect.login.then(|| SpecificInfo {
            login: LoginInfo {
                user: login.user.to_owned(),
                password: login.password.to_owned(),
                cleanup_delay: Some(login.cleanup_delay),
                session: old,
            },
        });
        let versions = if login.protocols.is_empty() {
            dialect.protocols.iter().map(|version| (*version).to_owned()).collect()
        } else {
            login.protocols.to_vec()
        };
        StartApplicationSession {
            application: ApplicationInfo { id: login.application.to_owned(), specific },
            versions: ProtocolVersions { versions },
            duration: Some(login.duration),
        }
        .into()
    }

    /// The start was answered.
    pub fn started(&mut self, dialect: &Dialect, login: &Login<'_>, answer: &Message, now: Duration) -> Started {
        let State::Starting { recovering } = self.state else { return Started::Unexpected };
        match answer {
            Message::StartApplicationSessionPosResponse(up) if !up.session.is_empty() => {
                let recovered = recovering && self.id.as_deref() == Some(&up.session);
                self.id = Some(up.session.clone());
                self.version.clone_from(&up.version);
                self.duration = up.duration.filter(|seconds| *seconds > 0).unwrap_or(login.duration);
                self.state = State::Up { next: now + self.period(dialect), unanswered: 0 };
                Started::Up { recovered }
            }
            Message::StartApplicationSessionNegResponse(no) => {
                self.state = State::Closed;
                self.id = None;
                if recovering { Started::Again } else { Started::Refused(no.error.word().to_owned()) }
            }
            // Whatever refuses the old session must not keep a new one away.
            Message::CSTAErrorCode(error) => {
                self.state = State::Closed;
                self.id = None;
                if recovering { Started::Again } else { Started::Refused(error.value.clone()) }
            }
            _ => Started::Unexpected,
        }
    }

    /// A third of the session's life: two keep-alives may be lost.
    fn period(&self, dialect: &Dialect) -> Duration {
        match dialect.keep_alive {
            KeepAlive::ResetTimer => (Duration::from_secs(u64::from(self.duration)) / 3).max(SHORTEST),
            KeepAlive::AnswerOnly => Duration::from_secs(u64::from(self.duration)).max(SHORTEST),
        }
    }

    /// When something is due.
    #[must_use]
    pub fn next(&self, dialect: &Dialect) -> Option<Duration> {
        match (&self.state, dialect.keep_alive) {
            (State::Up { next, .. }, KeepAlive::ResetTimer) => Some(*next),
            _ => None,
        }
    }

    /// What is due now.
    pub fn beat(&mut self, dialect: &Dialect, now: Duration) -> Option<Beat> {
        if self.next(dialect).is_none_or(|next| next > now) {
            return None;
        }
        let (period, duration) = (self.period(dialect), self.duration);
        let session = self.id.clone()?;
        let State::Up { next, unanswered } = &mut self.state else { return None };
        if *unanswered >= PATIENCE {
            return Some(Beat::Lost);
        }
        *unanswered += 1;
        *next = now + period;
        let reset = ResetApplicationSessionTimer { session, duration: Some(duration) };
        Some(Beat::Send(Box::new(reset.into())))
    }

    /// A keep-alive was answered. `false`: the server does not know the session any more.
    pub fn kept(&mut self, answer: &Message) -> bool {
        match answer {
            Message::ResetApplicationSessionTimerPosResponse(reset) => {
                if let Some(seconds) = reset.duration.filter(|seconds| *seconds > 0) {
                    self.duration = seconds;
                }
                if let State::Up { unanswered, .. } = &mut self.state {
                    *unanswered = 0;
                }
                true
            }
            _ => false,
        }
    }

    /// The link broke. For a while the server still knows the session.
    pub fn link_lost(&mut self, login: &Login<'_>, now: Duration) {
        if self.is_up() {
            self.known_until = now + Duration::from_secs(u64::from(login.cleanup_delay));
        }
        self.state = State::Closed;
    }

    /// The server does not know it any more, or is another one.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The request that ends it.
    pub fn stop(&mut self) -> Option<Message> {
        let id = self.id.take().filter(|_| self.is_up());
        self.forget();
        let reason = EndReason { defined: Some("normal".to_owned()), other: None };
        Some(StopApplicationSession { session: id?, reason }.into())
    }
}
