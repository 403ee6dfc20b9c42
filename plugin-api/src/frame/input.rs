//! Inputs as they cross the envelope: how the host writes them, and how the plugin's side reads them.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Refusal, pack, unpack};
use crate::command::Command;
use crate::error::{CommandError, ErrorCode};
use crate::ids::{CommandId, LineId, RequestId, TimerId, TransportId};
use crate::input::{CloseReason, HttpResponse, Input, Message, Webhook};

macro_rules! kinds {
    ($($NAME:ident = $value:literal,)*) => { $(#[doc = concat!("Kind `", stringify!($NAME), "`.")] pub const $NAME: u32 = $value;)* };
}
kinds! {
    STARTED = 1, OPENED = 2, RECEIVED = 3, MESSAGE_TEXT = 4, MESSAGE_BINARY = 5, CLOSED = 6, HTTP_RESPONSE = 7,
    HTTP_FAILED = 8, TIMER = 9, LINE_OPENED = 10, LINE_CLOSED = 11, COMMAND = 12, POSTED = 13, WEBHOOK = 14,
    ACCEPTED = 15, STOPPING = 16, LINE_SETTINGS = 17,
    NEW = 100, RESTORE = 101,
}

/// One input on its way to a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFrame<'a> {
    /// What it is.
    pub kind: u32,
    /// A small number: transport, timer, line, request.
    pub arg: u32,
    /// What needs an encoding.
    pub head: Cow<'a, [u8]>,
    /// Raw bytes.
    pub body: Cow<'a, [u8]>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LineHead {
    name: String,
    settings: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct CommandHead {
    id: CommandId,
    name: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct HttpHead {
    status: u16,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct WebhookHead {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    from: String,
}

impl<'a> InputFrame<'a> {
    fn new(kind: u32, arg: u32, head: Vec<u8>, body: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { kind, arg, head: Cow::Owned(head), body: body.into() }
    }

    fn bare(kind: u32, arg: u32) -> Self {
        Self { kind, arg, head: Cow::Borrowed(&[]), body: Cow::Borrowed(&[]) }
    }

    /// [`Input::Started`].
    #[must_use]
    pub fn started() -> Self {
        Self::bare(STARTED, 0)
    }

    /// [`Input::Opened`].
    #[must_use]
    pub fn opened(transport: TransportId) -> Self {
        Self::bare(OPENED, transport.0)
    }

    /// [`Input::Received`].
    #[must_use]
    pub fn received(transport: TransportId, bytes: &'a [u8]) -> Self {
        Self { body: Cow::Borrowed(bytes), ..Self::bare(RECEIVED, transport.0) }
    }

    /// [`Input::Message`].
    #[must_use]
    pub fn message(transport: TransportId, message: Message<'a>) -> Self {
        match message {
            Message::Text(text) => {
                Self { body: Cow::Borrowed(text.as_bytes()), ..Self::bare(MESSAGE_TEXT, transport.0) }
            }
            Message::Binary(bytes) => Self { body: Cow::Borrowed(bytes), ..Self::bare(MESSAGE_BINARY, transport.0) },
        }
    }

    /// [`Input::Closed`].
    #[must_use]
    pub fn closed(transport: TransportId, reason: &CloseReason) -> Self {
        Self::new(CLOSED, transport.0, pack(reason), &[][..])
    }

    /// [`Input::HttpResponse`].
    #[must_use]
    pub fn http(request: RequestId, response: Result<HttpResponse<'a>, &CloseReason>) -> Self {
        match response {
            Ok(HttpResponse { status, headers, body }) => {
                Self::new(HTTP_RESPONSE, request.0, pack(&HttpHead { status, headers }), body)
            }
            Err(reason) => Self::new(HTTP_FAILED, request.0, pack(reason), &[][..]),
        }
    }

    /// [`Input::Timer`].
    #[must_use]
    pub fn timer(timer: TimerId) -> Self {
        Self::bare(TIMER, timer.0)
    }

    /// [`Input::LineOpened`]; `settings` is JSON.
    #[must_use]
    pub fn line_opened(line: LineId, name: &str, settings: &str) -> Self {
        let head = LineHead { name: name.to_owned(), settings: settings.to_owned() };
        Self::new(LINE_OPENED, line.0, pack(&head), &[][..])
    }

    /// [`Input::LineSettings`]; `settings` is JSON.
    #[must_use]
    pub fn line_settings(line: LineId, name: &str, settings: &str) -> Self {
        Self { kind: LINE_SETTINGS, ..Self::line_opened(line, name, settings) }
    }

    /// [`Input::LineClosed`].
    #[must_use]
    pub fn line_closed(line: LineId) -> Self {
        Self::bare(LINE_CLOSED, line.0)
    }

    /// [`Input::Command`].
    #[must_use]
    pub fn command(id: CommandId, line: LineId, command: &Command) -> Self {
        let head = CommandHead { id, name: command.name().to_owned() };
        Self::new(COMMAND, line.0, pack(&head), command.encode())
    }

    /// [`Input::Posted`].
    #[must_use]
    pub fn posted(bytes: &'a [u8]) -> Self {
        Self { body: Cow::Borrowed(bytes), ..Self::bare(POSTED, 0) }
    }

    /// [`Input::Webhook`].
    #[must_use]
    pub fn webhook(webhook: Webhook<'a>) -> Self {
        let Webhook { method, path, query, headers, body, from } = webhook;
        Self::new(WEBHOOK, 0, pack(&WebhookHead { method, path, query, headers, from }), body)
    }

    /// [`Input::Stopping`].
    #[must_use]
    pub fn stopping() -> Self {
        Self::bare(STOPPING, 0)
    }

    /// An input that a later version might send.
    #[cfg(feature = "growth")]
    #[must_use]
    pub fn later() -> Self {
        Self::new(9_999, 7, pack(&Refusal { path: "later".into(), text: "later".into() }), &[][..])
    }
}

/// The settings in the head of [`Input::LineOpened`] or [`Input::LineSettings`], as JSON.
pub(crate) fn settings_of(head: &[u8]) -> Option<String> {
    unpack::<LineHead>(head).ok().map(|head| head.settings)
}

/// What the plugin's side makes of a frame.
pub(crate) enum Decoded<'a, L> {
    Input(Input<'a, L>),
    /// A kind of a later version.
    Unknown,
    /// A command of a later version, or with parameters of one; answered without the adapter.
    Refuse(CommandId, CommandError),
    /// Settings of a line that do not fit.
    Bad(Refusal),
}

pub(crate) fn decode<'a, L: DeserializeOwned>(kind: u32, arg: u32, head: &[u8], body: &'a [u8]) -> Decoded<'a, L> {
    let transport = TransportId(arg);
    Decoded::Input(match kind {
        STARTED => Input::Started,
        OPENED => Input::Opened { transport },
        RECEIVED => Input::Received { transport, bytes: body },
        MESSAGE_TEXT => match std::str::from_utf8(body) {
            Ok(text) => Input::Message { transport, message: Message::Text(text) },
            Err(error) => return bad(kind, &error.to_string()),
        },
        MESSAGE_BINARY => Input::Message { transport, message: Message::Binary(body) },
        CLOSED => match unpack(head) {
            Ok(reason) => Input::Closed { transport, reason },
            Err(error) => return bad(kind, &error),
        },
        HTTP_RESPONSE => match unpack(head) {
            Ok(HttpHead { status, headers }) => {
                Input::HttpResponse { request: RequestId(arg), response: Ok(HttpResponse { status, headers, body }) }
            }
            Err(error) => return bad(kind, &error),
        },
        HTTP_FAILED => match unpack(head) {
            Ok(reason) => Input::HttpResponse { request: RequestId(arg), response: Err(reason) },
            Err(error) => return bad(kind, &error),
        },
        TIMER => Input::Timer { timer: TimerId(arg) },
        LINE_OPENED | LINE_SETTINGS => return line(kind, LineId(arg), head),
        LINE_CLOSED => Input::LineClosed { line: LineId(arg) },
        COMMAND => return command(LineId(arg), head, body),
        POSTED => Input::Posted { bytes: body },
        WEBHOOK => match unpack(head) {
            Ok(WebhookHead { method, path, query, headers, from }) => {
                Input::Webhook(Webhook { method, path, query, headers, body, from })
            }
            Err(error) => return bad(kind, &error),
        },
        ACCEPTED => Input::Accepted { transport },
        STOPPING => Input::Stopping,
        _ => return Decoded::Unknown,
    })
}

fn bad<'a, L>(kind: u32, text: &str) -> Decoded<'a, L> {
    Decoded::Bad(Refusal { path: String::new(), text: format!("input of kind {kind}: {text}") })
}

fn line<'a, L: DeserializeOwned>(kind: u32, line: LineId, head: &[u8]) -> Decoded<'a, L> {
    let head: LineHead = match unpack(head) {
        Ok(head) => head,
        Err(error) => return bad(kind, &error),
    };
    match crate::settings::read(&head.settings) {
        Ok(settings) if kind == LINE_SETTINGS => {
            Decoded::Input(Input::LineSettings { line, name: head.name, settings })
        }
        Ok(settings) => Decoded::Input(Input::LineOpened { line, name: head.name, settings }),
        Err(error) => Decoded::Bad(Refusal { path: error.path, text: error.text }),
    }
}

fn command<'a, L>(line: LineId, head: &[u8], body: &[u8]) -> Decoded<'a, L> {
    let CommandHead { id, name } = match unpack(head) {
        Ok(head) => head,
        Err(error) => return bad(COMMAND, &error),
    };
    match Command::decode(&name, &mut rmp_serde::Deserializer::from_read_ref(body)) {
        Some(Ok(command)) => Decoded::Input(Input::Command { id, line, command }),
        Some(Err(error)) => Decoded::Refuse(
            id,
            CommandError::new(ErrorCode::CommandNotSupported, format!("`{name}` with these parameters: {error}")),
        ),
        None => Decoded::Refuse(
            id,
            CommandError::new(ErrorCode::CommandNotSupported, format!("`{name}` is not known to this adapter")),
        ),
    }
}
