//! Who may connect, and which connection has which line: what a new configuration replaces at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::auth::Users;
use super::hooks::Hooks;
use crate::connection::ConnectionHandle;
use crate::hub::{LineKey, SessionId, ViewReason};
use crate::recordings::Recordings;

/// What requests are looked up in. Replaced as a whole, never changed.
#[derive(Debug, Default)]
pub struct Directory {
    /// Who may connect.
    pub users: Users,
    /// The connection of every line.
    pub connections: HashMap<LineKey, ConnectionHandle>,
    /// The hooks of connections whose phone systems call, by the connection's id.
    pub hooks: HashMap<String, Hooks>,
    /// Where recordings lie, by the connections' ids.
    pub recordings: HashMap<String, Arc<Recordings>>,
    /// The connections by their ids.
    pub by_id: BTreeMap<String, ConnectionHandle>,
    /// Pages that may connect, as browsers name their origin.
    pub origins: Vec<String>,
}

impl Directory {
    /// Whether a page of this origin is listed.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin))
    }

    /// Asks a line's connection to show it to a session. `false`: not now.
    #[must_use]
    pub fn try_view(&self, session: SessionId, line: LineKey, reason: ViewReason) -> bool {
        self.connections.get(&line).is_some_and(|connection| connection.try_view(session, line, reason))
    }
}
