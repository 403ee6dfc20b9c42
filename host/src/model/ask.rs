//! What the host asks the model; nothing changes by it.

use std::sync::Arc;

use jackfield_plugin_api::{CallKey, Capabilities, Command, CommandError, LineId, Timestamp};

use super::admit::{Admitted, admit, hold_toggle};
use super::body::SnapshotReason;
use super::call::Call;
use super::event::Event;
use super::ids::CallId;
use super::line::Line;
use super::lines::Model;
use super::repairs::Repairs;
use super::view::{LineStatus, status, view};

impl Model {
    /// What a session that has come (or asked, or fallen behind) must be told of a line, stamped with its current
    /// epoch and number: `initialized`, the snapshot, the agent's state and the line's; of a line that is down
    /// `disconnected` and the snapshot; of a line that has not started nothing. To answer a query, pick the one asked
    /// for.
    #[must_use]
    pub fn view(&self, now: Timestamp, line: LineId, reason: SnapshotReason) -> Vec<Event> {
        self.lines.get(&line).map_or_else(Vec::new, |line| view(&self.shared, line, now.max(self.now), reason))
    }

    /// The line as the answer to `hello` tells it; none when it is not open.
    #[must_use]
    pub fn status(&self, line: LineId) -> Option<LineStatus> {
        self.lines.get(&line).map(|line| status(&self.shared, line))
    }

    /// A line that is not open yet, as the answer to `hello` tells it, and the events that show it (M13.3).
    #[must_use]
    pub fn unopened(&self, now: Timestamp, line: LineId, name: &str) -> (LineStatus, Vec<Event>) {
        let shared = &self.shared;
        let line = Line::new(line, &shared.config.connection, name, shared.capabilities.clone());
        (status(shared, &line), view(shared, &line, now.max(self.now), SnapshotReason::Session))
    }

    /// Whether a command may go to the adapter now (M8, M9). If so, its call ids are replaced by the adapter's keys.
    ///
    /// # Errors
    /// The refusal, in words for who sent the command.
    pub fn admit(&self, line: LineId, command: &mut Command) -> Result<Admitted, CommandError> {
        admit(&self.shared, self.lines.get(&line), command)
    }

    /// The command that `holdOrUnholdCall` means now.
    ///
    /// # Errors
    /// The call is not known.
    pub fn toggle_hold(&self, line: LineId, call: &str) -> Result<Command, CommandError> {
        hold_toggle(&self.shared, self.lines.get(&line), call)
    }

    /// The host's id of the adapter's call, also when the call is over.
    #[must_use]
    pub fn call_id(&self, line: LineId, key: &CallKey) -> Option<&CallId> {
        self.lines.get(&line)?.id_of(key)
    }

    /// The adapter's name of a call that is up: to be kept with the call's row, for [`restore`](Self::restore).
    #[must_use]
    pub fn key(&self, line: LineId, id: &str) -> Option<&CallKey> {
        self.lines.get(&line)?.legs.iter().find(|leg| leg.id().as_str() == id).map(|leg| &leg.key)
    }

    /// A call that is up.
    #[must_use]
    pub fn call(&self, line: LineId, id: &str) -> Option<&Arc<Call>> {
        self.lines.get(&line)?.legs.iter().find(|leg| leg.id().as_str() == id).map(|leg| &leg.call)
    }

    /// What was repaired and what was dropped.
    #[must_use]
    pub fn repairs(&self) -> &Repairs {
        &self.shared.repairs
    }

    /// What the connection can do; before it is up, what the plugin can.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }
}
