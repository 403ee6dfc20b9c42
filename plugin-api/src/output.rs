//! What an adapter gives back: the [`Host`] collects it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::command::Reply;
use crate::error::CommandError;
use crate::fact::{CallFact, Fact};
use crate::frame::{self, output};
use crate::ids::{CommandId, LineId, RequestId, TimerId, TransportId};
use crate::names::names;
use crate::poster::Poster;
use crate::random::Random;
use crate::time::Timestamp;

/// A client-side transport that the host opens and keeps open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TransportSpec {
    /// A TCP connection.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// TLS over TCP. The certificate is checked against the system's roots and `ca`.
    Tls {
        /// Name or address; the certificate must be for it.
        host: String,
        /// Port.
        port: u16,
        /// How the certificate is checked.
        #[serde(default)]
        tls: TlsOptions,
    },
    /// A WebSocket.
    WebSocket {
        /// `ws://…` or `wss://…`.
        url: String,
        /// Further header fields of the handshake.
        #[serde(default)]
        headers: Vec<(String, String)>,
        /// Subprotocols to ask for.
        #[serde(default)]
        subprotocols: Vec<String>,
        /// How the certificate is checked.
        #[serde(default)]
        tls: TlsOptions,
    },
}

impl TransportSpec {
    /// TCP.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp { host: host.into(), port }
    }

    /// TLS over TCP.
    pub fn tls(host: impl Into<String>, port: u16, tls: TlsOptions) -> Self {
        Self::Tls { host: host.into(), port, tls }
    }

    /// A WebSocket without further header fields and subprotocols.
    pub fn websocket(url: impl Into<String>) -> Self {
        let tls = TlsOptions::default();
        Self::WebSocket { url: url.into(), headers: Vec::new(), subprotocols: Vec::new(), tls }
    }
}

/// How the other side's certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TlsOptions {
    /// A file with further trusted roots (PEM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// The name that the certificate must be for, when it is not the host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// An HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Header fields.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    #[serde(default, with = "frame::bytes")]
    pub body: Vec<u8>,
    /// How long to wait, in milliseconds.
    pub timeout_ms: u64,
    /// How the certificate is checked.
    #[serde(default)]
    pub tls: TlsOptions,
    /// It does no harm if it is made twice (a question, no command). Then it may go over a connection that was kept open
    /// from the one before, and once more over a new one when the server has closed that just now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeatable: bool,
}

impl HttpRequest {
    /// A request without a body that waits for ten seconds, over a connection of its own.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: 10_000,
            tls: TlsOptions::default(),
            repeatable: false,
        }
    }
}

names! { lenient Info;
    /// How loud a log line is.
    pub enum LogLevel {
        /// Something failed.
        Error = "error",
        /// Somebody should look.
        Warn = "warn",
        /// Worth knowing.
        Info = "info",
        /// For finding a fault.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

names! { lenient In;
    /// Which way a raw message went.
    pub enum RawDirection {
        /// From the phone system.
        In = "in",
        /// To it.
        Out = "out",
    }
}

/// A message of the phone system as it was, for diagnostics. Never influences state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Raw {
    /// The line it is about, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineId>,
    /// Which way it went.
    pub direction: RawDirection,
    /// The format: `ami`, `csta-xml`.
    pub format: String,
    /// One line for people.
    pub summary: String,
    /// The message, with its secrets taken out.
    pub message: String,
}

impl Raw {
    /// A message of no particular line.
    pub fn new(
        direction: RawDirection,
        format: impl Into<String>,
        summary: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { line: None, direction, format: format.into(), summary: summary.into(), message: message.into() }
    }
}

/// Collects what the adapter wants done. Everything takes effect, in this order, when the adapter's function returns.
pub struct Host<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    pub(crate) now: Timestamp,
    pub(crate) random: &'a mut Random,
    pub(crate) poster: Option<&'a Poster>,
    pub(crate) saved_version: u32,
}

impl<'a> Host<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>, now: Timestamp, random: &'a mut Random) -> Self {
        Self { out, now, random, poster: None, saved_version: 0 }
    }
}

impl Host<'_> {
    /// In [`restore`](crate::Adapter::restore): the version of the saved state, one of those that the manifest says it
    /// reads. 0 elsewhere.
    #[must_use]
    pub fn saved_version(&self) -> u32 {
        self.saved_version
    }

    /// The time of this input. Never steps back for one adapter.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A random number, from the seed that the host gave: two runs over one recording get the same ones. Not for
    /// secrets.
    pub fn random(&mut self) -> u64 {
        self.random.next()
    }

    /// Opens a transport and keeps it open: whenever it breaks the host opens it again after a back-off, until
    /// [`close`](Self::close). Opening one that is open is an error of the adapter and ignored.
    pub fn open(&mut self, transport: TransportId, spec: &TransportSpec) {
        frame::put(self.out, output::OPEN, transport.0, spec);
    }

    /// Sends bytes on a stream. They are dropped (and counted) when it is not open.
    pub fn send(&mut self, transport: TransportId, bytes: impl AsRef<[u8]>) {
        frame::put_bytes(self.out, output::SEND, transport.0, bytes.as_ref());
    }

    /// Sends a text message on a WebSocket.
    pub fn send_text(&mut self, transport: TransportId, text: impl AsRef<str>) {
        frame::put_bytes(self.out, output::SEND_TEXT, transport.0, text.as_ref().as_bytes());
    }

    /// Sends a binary message on a WebSocket.
    pub fn send_binary(&mut self, transport: TransportId, bytes: impl AsRef<[u8]>) {
        frame::put_bytes(self.out, output::SEND_BINARY, transport.0, bytes.as_ref());
    }

    /// Closes a transport for good, after what was sent has gone out. No `Closed` follows.
    pub fn close(&mut self, transport: TransportId) {
        frame::put_bytes(self.out, output::CLOSE, transport.0, &[]);
    }

    /// Breaks a transport that does not do its work (no answer to a ping, a refused login); the host opens it again
    /// after its back-off. `Closed` follows.
    pub fn reconnect(&mut self, transport: TransportId, why: &str) {
        frame::put_bytes(self.out, output::RECONNECT, transport.0, why.as_bytes());
    }

    /// The transport does its work (its login was accepted): its back-off begins anew. [`Up`](crate::Up) says so of all
    /// transports; who has one per line says it of each.
    pub fn settled(&mut self, transport: TransportId) {
        frame::put_bytes(self.out, output::SETTLED, transport.0, &[]);
    }

    /// Trying this transport soon is of no use (its login was refused): the host waits for its longest back-off before
    /// the next try. [`Down::no_retry`](crate::Down::no_retry) of a connection says so of all transports.
    pub fn slow(&mut self, transport: TransportId) {
        frame::put_bytes(self.out, output::SLOW, transport.0, &[]);
    }

    /// Makes an HTTP request; [`Input::HttpResponse`](crate::Input::HttpResponse) follows.
    pub fn http(&mut self, request: RequestId, http: &HttpRequest) {
        frame::put(self.out, output::HTTP, request.0, http);
    }

    /// Starts a timer (again).
    pub fn set_timer(&mut self, timer: TimerId, after: Duration) {
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        frame::put_bytes(self.out, output::SET_TIMER, timer.0, &micros.to_le_bytes());
    }

    /// Stops a timer.
    pub fn cancel_timer(&mut self, timer: TimerId) {
        frame::put_bytes(self.out, output::CANCEL_TIMER, timer.0, &[]);
    }

    /// Reports a fact.
    pub fn report(&mut self, fact: impl Into<Fact>) {
        frame::put_fact(self.out, &fact.into());
    }

    /// Reports the fact of a call and leaves it with the adapter, which may want to know what it reported last.
    pub fn report_call(&mut self, fact: &CallFact) {
        frame::put_call(self.out, fact);
    }

    /// Answers a command: the phone system accepted it.
    pub fn reply(&mut self, command: CommandId, reply: Reply) {
        frame::put(self.out, output::REPLY, 0, &frame::Answer { id: command, result: Ok(reply) });
    }

    /// Answers a command: it was refused.
    pub fn refuse(&mut self, command: CommandId, error: CommandError) {
        frame::put(self.out, output::REPLY, 0, &frame::Answer { id: command, result: Err(error) });
    }

    /// Shows a message of the phone system to who looks for a fault.
    pub fn raw(&mut self, raw: &Raw) {
        frame::put(self.out, output::RAW, 0, raw);
    }

    /// Writes a line into the host's log, under the connection's name. Secrets never.
    pub fn log(&mut self, level: LogLevel, text: impl AsRef<str>) {
        frame::put(self.out, output::LOG, 0, &frame::LogLine { level, text: text.as_ref().into() });
    }

    /// Something that an older host does not know.
    #[cfg(feature = "growth")]
    pub fn later(&mut self) {
        frame::put_bytes(self.out, 9_999, 7, b"later");
    }

    /// For adapters that do their own I/O (`needs` of the manifest): hands bytes from a thread to the adapter.
    /// `None` when the host grants no threads.
    #[must_use]
    pub fn poster(&self) -> Option<Poster> {
        self.poster.cloned()
    }
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("now", &self.now).field("collected", &self.out.len()).finish_non_exhaustive()
    }
}
