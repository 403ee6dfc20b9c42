//! The session (ECMA-354).

use crate::dialect::Ns;
use crate::part::{Part, parts};
use crate::xml::{Node, Writer};

parts! {
    /// Who logs in (Avaya's part of a session's start).
    LoginInfo in Private {
        one "userName" user: String,
        one "password" password: String,
        /// Seconds for which the session outlives its link.
        opt "sessionCleanupDelay" cleanup_delay: u32,
        /// The session that is to go on.
        opt "sessionID" session: String,
    }
    /// Whoever starts a session.
    ApplicationInfo in Session {
        one "applicationID" id: String,
        opt "applicationSpecificInfo" specific: SpecificInfo,
    }
    /// Protocol versions to choose from.
    ProtocolVersions in Session {
        all "protocolVersion" versions: String,
    }
    /// A session begins.
    StartApplicationSession in Session {
        one "applicationInfo" application: ApplicationInfo,
        one "requestedProtocolVersions" versions: ProtocolVersions,
        /// In seconds.
        opt "requestedSessionDuration" duration: u32,
    }
    /// It has begun.
    StartApplicationSessionPosResponse in Session {
        one "sessionID" session: String,
        opt "actualProtocolVersion" version: String,
        /// In seconds.
        opt "actualSessionDuration" duration: u32,
    }
    /// Why something about a session was refused: one of the standard's words, or the server's own.
    SessionError in Session {
        opt "definedError" defined: String,
        opt "applError" other: String,
    }
    /// It was refused.
    StartApplicationSessionNegResponse in Session {
        one "errorCode" error: SessionError,
    }
    /// The session is to live on.
    ResetApplicationSessionTimer in Session {
        one "sessionID" session: String,
        /// In seconds.
        opt "requestedSessionDuration" duration: u32,
    }
    /// It does.
    ResetApplicationSessionTimerPosResponse in Session {
        /// In seconds.
        opt "actualSessionDuration" duration: u32,
    }
    /// It does not.
    ResetApplicationSessionTimerNegResponse in Session {
        one "errorCode" error: SessionError,
    }
    /// Why a session is ended by us.
    EndReason in Session {
        opt "definedEndReason" defined: String,
        opt "appEndReason" other: String,
    }
    /// The session is to end.
    StopApplicationSession in Session {
        one "sessionID" session: String,
        one "sessionEndReason" reason: EndReason,
    }
    /// It has ended.
    StopApplicationSessionPosResponse in Session {}
    /// It cannot be ended.
    StopApplicationSessionNegResponse in Session {
        one "errorCode" error: SessionError,
    }
    /// Why the server ends a session.
    TermReason in Session {
        opt "definedTermReason" defined: String,
        opt "serverTermReason" other: String,
    }
    /// The server has ended the session.
    ApplicationSessionTerminated in Session {
        one "sessionID" session: String,
        one "sessionTermReason" reason: TermReason,
    }
}

/// `applicationSpecificInfo`: the login stands in it as an element of Avaya's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecificInfo {
    /// `SessionLoginInfo`.
    pub login: LoginInfo,
}

impl Part for SpecificInfo {
    fn read(node: Node<'_, '_>) -> Self {
        Self { login: node.child("SessionLoginInfo").map(LoginInfo::read).unwrap_or_default() }
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        self.login.write("SessionLoginInfo", Ns::Private, writer);
        writer.close(name, ns);
    }
}

impl SessionError {
    /// The word, whosever it is.
    #[must_use]
    pub fn word(&self) -> &str {
        self.defined.as_deref().or(self.other.as_deref()).unwrap_or_default()
    }
}
