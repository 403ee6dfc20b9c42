//! What goes wrong on purpose, beyond what goes wrong with every phone system.

use serde::Deserialize;

/// All faults.
pub type Faults = crate::faults::Faults<Own>;

/// The faults that only this phone system has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// Every n-th event is sent twice; 0: none is.
    pub duplicate_events: u32,
    /// The events that a request leads to come before its reply.
    pub late_replies: bool,
    /// Replies change places in pairs.
    pub swap_replies: bool,
    /// Frames are joined, and cut again after every so many bytes; 0: each goes by itself.
    pub cut_every: usize,
    /// Children stand in another order than the schema's.
    pub disorder: bool,
    /// Nobody gets a session: `serverResourcesBusy`.
    pub sessions_refused: bool,
    /// Sessions that were lost cannot be taken up again.
    pub forget_sessions: bool,
    /// When the link to the switch fails, all monitors are stopped (`MonitorStop`).
    pub link_stops_monitors: bool,
}
