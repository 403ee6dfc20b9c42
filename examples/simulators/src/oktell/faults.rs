//! What goes wrong on purpose, beyond what goes wrong with every phone system.

use serde::Deserialize;

use crate::Millis;

/// All faults.
pub type Faults = crate::faults::Faults<Own>;

/// The faults that only this phone system has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// `getextendedlineinfo` shows the line as it was so long ago.
    pub late_ms: Millis,
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
