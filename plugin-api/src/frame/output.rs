//! Output frames: their kinds, and how the host reads them.

use std::time::Duration;

use super::{Answer, Frame, FrameError, LogLine, unpack};
use crate::fact::Fact;
use crate::ids::{RequestId, TimerId, TransportId};
use crate::output::{HttpRequest, Raw, TransportSpec};

macro_rules! kinds {
    ($($NAME:ident = $value:literal,)*) => { $(#[doc = concat!("Kind `", stringify!($NAME), "`.")] pub const $NAME: u32 = $value;)* };
}
kinds! {
    OPEN = 1, SEND = 2, SEND_TEXT = 3, SEND_BINARY = 4, CLOSE = 5, RECONNECT = 6, HTTP = 7, SET_TIMER = 8,
    CANCEL_TIMER = 9, REPLY = 10, RAW = 11, LOG = 12, SETTLED = 13, SLOW = 14,
    UP = 32, DOWN = 33, CALL = 34, SNAPSHOT = 35, AGENT = 36, LINE = 37, DTMF = 38, RECORDING = 39, WEB_RTC = 40,
    WEB_RTC_SIGNAL = 41, ERROR = 42,
}

/// What an adapter wants done, read from a frame.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Output<'a> {
    /// Open a transport and keep it open. `Err`: a kind of transport that this host does not know.
    Open {
        /// The transport.
        transport: TransportId,
        /// What to open.
        spec: Result<TransportSpec, String>,
    },
    /// Send bytes.
    Send {
        /// The transport.
        transport: TransportId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Send a text message.
    SendText {
        /// The transport.
        transport: TransportId,
        /// The text.
        text: &'a str,
    },
    /// Send a binary message.
    SendBinary {
        /// The transport.
        transport: TransportId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Close for good.
    Close {
        /// The transport.
        transport: TransportId,
    },
    /// Break and open again.
    Reconnect {
        /// The transport.
        transport: TransportId,
        /// Why.
        why: &'a str,
    },
    /// The link does its work: its back-off begins anew.
    Settled {
        /// The transport.
        transport: TransportId,
    },
    /// Trying the link soon is of no use.
    Slow {
        /// The transport.
        transport: TransportId,
    },
    /// Make an HTTP request.
    Http {
        /// Its number.
        request: RequestId,
        /// The request.
        http: Box<HttpRequest>,
    },
    /// Start a timer.
    SetTimer {
        /// The timer.
        timer: TimerId,
        /// When it runs out, from now.
        after: Duration,
    },
    /// Stop a timer.
    CancelTimer {
        /// The timer.
        timer: TimerId,
    },
    /// An answer.
    Reply(Box<Answer>),
    /// A message for diagnostics.
    Raw(Box<Raw>),
    /// A log line.
    Log(LogLine),
    /// A fact.
    Fact(Fact),
}

impl<'a> Output<'a> {
    /// Reads a frame. `None`: a kind that this version does not know, to be skipped and counted.
    ///
    /// # Errors
    /// A payload that does not fit its kind.
    pub fn decode(frame: Frame<'a>) -> Result<Option<Self>, FrameError> {
        let Frame { kind, arg, payload } = frame;
        let bad = |text: String| FrameError::Payload { kind, text };
        let text = || std::str::from_utf8(payload).map_err(|error| bad(error.to_string()));
        let transport = TransportId(arg);
        Ok(Some(match kind {
            OPEN => Self::Open { transport, spec: unpack(payload) },
            SEND => Self::Send { transport, bytes: payload },
            SEND_TEXT => Self::SendText { transport, text: text()? },
            SEND_BINARY => Self::SendBinary { transport, bytes: payload },
            CLOSE => Self::Close { transport },
            RECONNECT => Self::Reconnect { transport, why: text()? },
            SETTLED => Self::Settled { transport },
            SLOW => Self::Slow { transport },
            HTTP => Self::Http { request: RequestId(arg), http: unpack(payload).map_err(bad)? },
            SET_TIMER => {
                let micros = payload.try_into().map_err(|_| bad("a timer needs eight bytes".into()))?;
                Self::SetTimer { timer: TimerId(arg), after: Duration::from_micros(u64::from_le_bytes(micros)) }
            }
            CANCEL_TIMER => Self::CancelTimer { timer: TimerId(arg) },
            REPLY => Self::Reply(unpack(payload).map_err(bad)?),
            RAW => Self::Raw(unpack(payload).map_err(bad)?),
            LOG => Self::Log(unpack(payload).map_err(bad)?),
            UP => Self::Fact(Fact::Up(unpack(payload).map_err(bad)?)),
            DOWN => Self::Fact(Fact::Down(unpack(payload).map_err(bad)?)),
            CALL => Self::Fact(Fact::Call(unpack(payload).map_err(bad)?)),
            SNAPSHOT => Self::Fact(Fact::Snapshot(unpack(payload).map_err(bad)?)),
            AGENT => Self::Fact(Fact::Agent(unpack(payload).map_err(bad)?)),
            LINE => Self::Fact(Fact::Line(unpack(payload).map_err(bad)?)),
            DTMF => Self::Fact(Fact::Dtmf(unpack(payload).map_err(bad)?)),
            RECORDING => Self::Fact(Fact::Recording(unpack(payload).map_err(bad)?)),
            WEB_RTC => Self::Fact(Fact::WebRtc(unpack(payload).map_err(bad)?)),
            WEB_RTC_SIGNAL => Self::Fact(Fact::WebRtcSignal(unpack(payload).map_err(bad)?)),
            ERROR => Self::Fact(Fact::Error(unpack(payload).map_err(bad)?)),
            _ => return Ok(None),
        }))
    }
}
