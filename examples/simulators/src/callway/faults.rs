//! What goes wrong on purpose, beyond what goes wrong with every phone system.

use serde::Deserialize;

use crate::Millis;

/// All faults.
pub type Faults = crate::faults::Faults<Own>;

/// The faults that only this phone system has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Own {
    /// Every login is refused.
    pub refuse_logins: bool,
    /// After this long without a message from the client the connection is closed; 0: never.
    pub idle_close_ms: Millis,
    /// `UnHold` does nothing.
    pub unhold_fails: bool,
    /// Every n-th command of a client does nothing; 0: all do.
    pub ignore_commands: u32,
    /// Every n-th event is told twice; 0: none is.
    pub twice: u32,
    /// Before every n-th event there is a message of a kind that nobody knows; 0: never.
    pub strange: u32,
}
