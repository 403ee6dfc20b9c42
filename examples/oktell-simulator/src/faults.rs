//! What goes wrong on purpose.

use serde::Deserialize;

use crate::Millis;

/// The faults that last; those that happen once (a cut, half a message, rubbish) are commands of the control channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Every message leaves so much later.
    pub delay_ms: Millis,
    /// `getextendedlineinfo` shows the line as it was so long ago.
    pub late_ms: Millis,
    /// Every n-th event is not sent; 0: all are.
    pub drop_events: u32,
    /// Every n-th reply is not sent; 0: all are.
    pub drop_replies: u32,
    /// Events change places in pairs.
    pub reorder: bool,
    /// A frame of rubbish goes before every n-th message; 0: none does.
    pub garbage: u32,
    /// Nothing is sent any more, and sockets stay open (half-open).
    pub silent: bool,
    /// A session's first `ping` is answered by a redirect to the host's port 443.
    pub redirect: bool,
    /// Logins are answered `Service not available`.
    pub service_down: bool,
    /// Session ids of before are unknown.
    pub forget_sessions: bool,
    /// The WebSocket handshake does not answer the subprotocol.
    pub no_subprotocol: bool,
    /// Replies longer than this many bytes are cut into parts; 0: none is.
    pub multipart_over: usize,
    /// After this long without a message from the client the socket is closed; 0: never.
    pub idle_close_ms: Millis,
}
