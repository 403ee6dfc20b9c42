//! What an adapter is given.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::ids::{CommandId, LineId, RequestId, TimerId, TransportId};
use crate::names::names;

/// One input. `L` is the adapter's [`LineConfig`](crate::Adapter::LineConfig).
///
/// An adapter ignores inputs that it does not know (`_ => {}`): later versions may bring more.
#[derive(Debug)]
#[non_exhaustive]
pub enum Input<'a, L> {
    /// The first input: open what must be open.
    Started,
    /// A transport is open.
    Opened {
        /// The transport.
        transport: TransportId,
    },
    /// Bytes came on a stream (TCP, TLS), cut anywhere.
    Received {
        /// The transport.
        transport: TransportId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A message came on a WebSocket.
    Message {
        /// The transport.
        transport: TransportId,
        /// The message.
        message: Message<'a>,
    },
    /// A transport could not be opened, or is closed. The host opens it again after a back-off (with jitter) until
    /// the adapter closes it; then comes `Opened`.
    Closed {
        /// The transport.
        transport: TransportId,
        /// Why.
        reason: CloseReason,
    },
    /// The answer to [`Host::http`](crate::Host::http).
    HttpResponse {
        /// The request.
        request: RequestId,
        /// The answer, or why there is none.
        response: Result<HttpResponse<'a>, CloseReason>,
    },
    /// A timer has run out.
    Timer {
        /// The timer.
        timer: TimerId,
    },
    /// A line is open from now on: report its calls, take its commands.
    LineOpened {
        /// The line.
        line: LineId,
        /// Its name within the connection (what stands after the slash): `101`.
        name: String,
        /// Its settings.
        settings: L,
    },
    /// After a [`restore`](crate::Adapter::restore), for each line that is open, before any other input: the line's
    /// name and settings once more, so that its secrets need not be in the saved state. The line goes on as it was;
    /// there is nothing to report. An adapter that keeps everything of its lines in its state ignores it.
    LineSettings {
        /// The line.
        line: LineId,
        /// Its name within the connection.
        name: String,
        /// Its settings.
        settings: L,
    },
    /// A line is closed: report nothing more of it.
    LineClosed {
        /// The line.
        line: LineId,
    },
    /// A command. To be answered exactly once, now or later, by [`Host::reply`](crate::Host::reply) or
    /// [`Host::refuse`](crate::Host::refuse).
    Command {
        /// Its id.
        id: CommandId,
        /// The line it is for.
        line: LineId,
        /// What to do.
        command: Command,
    },
    /// What a thread of the adapter brought by its [`Poster`](crate::Poster).
    Posted {
        /// The bytes.
        bytes: &'a [u8],
    },
    /// A request that the phone system made to `/hooks/<connection>/…` of the host, which has answered it already.
    Webhook(Webhook<'a>),
    /// Reserved: a phone system connected to us.
    Accepted {
        /// The transport.
        transport: TransportId,
    },
    /// The connection ends in order: log out now. What is sent in this call still goes out.
    Stopping,
}

/// A WebSocket message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
}

names! { lenient Lost;
    /// Why a transport is closed.
    pub enum CloseKind {
        /// The adapter closed it.
        Local = "local",
        /// The other side closed it in order.
        Remote = "remote",
        /// It could not be opened.
        Refused = "refused",
        /// TLS failed.
        Tls = "tls",
        /// It took too long.
        Timeout = "timeout",
        /// It broke.
        Lost = "lost",
        /// It grew over a limit (bytes waiting to be sent, a message too large).
        Limit = "limit",
        /// This host cannot open such a transport.
        Unsupported = "unsupported",
    }
}

/// Why a transport is closed, or a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CloseReason {
    /// What kind.
    pub kind: CloseKind,
    /// In words: what was found, where.
    pub text: String,
    /// When the host tries again; absent: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_in_ms: Option<u64>,
}

impl CloseReason {
    /// A reason; the host does not try again.
    pub fn new(kind: CloseKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), retry_in_ms: None }
    }
}

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpResponse<'a> {
    /// The status.
    pub status: u16,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> HttpResponse<'a> {
    /// A response.
    #[must_use]
    pub fn new(status: u16, headers: Vec<(String, String)>, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }
}

/// A request from the phone system. Path, query and header fields are as they were sent: nothing is decoded, and what
/// they say of the sender may be anybody's word; [`from`](Self::from) is the socket's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook<'a> {
    /// The method.
    pub method: String,
    /// The path below `/hooks/<connection>` (and its secret, if it has one): empty, or with a slash in front.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: &'a [u8],
    /// The sender's address.
    pub from: String,
}

impl<'a> Webhook<'a> {
    /// A request without anything else.
    #[must_use]
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: &[],
            from: String::new(),
        }
    }

    /// With a query.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// With header fields, names in lower case.
    #[must_use]
    pub fn headers(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers = headers;
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    /// From an address.
    #[must_use]
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = from.into();
        self
    }
}
