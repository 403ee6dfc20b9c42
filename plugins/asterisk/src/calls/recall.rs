//! Calls that come back: nobody answered a transferred call, or nobody fetched a parked one, and Asterisk calls the one
//! who sent it away.

use std::time::Duration;

use jackfield_plugin_api::{LineId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Call, CallId};
use crate::pbx::Pbx;
use crate::table::{Channel, ChannelId, Dialler};

/// How long a call may come back.
const KEPT: Duration = Duration::from_secs(600);
/// The most that are remembered; a stream with more transfers in that time is broken.
const MOST: usize = 1000;

/// A call that was sent away and not answered yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recall {
    line: LineId,
    key: String,
    /// The family of its legs.
    linked: String,
    /// Its other party.
    number: String,
    until: Timestamp,
}

impl Pbx {
    /// A call of a line is sent to where it rings, or to a slot: it may come back.
    pub(crate) fn may_come_back(&mut self, id: CallId, now: Timestamp) {
        let Some(call) = self.calls.get(id) else { return };
        let linked = call.channel.and_then(|c| self.table.channel(c)).and_then(|c| c.linked.last());
        let (Some(line), Some(linked)) = (call.line, linked) else { return };
        let recall = Recall {
            line,
            key: call.key.clone(),
            linked: linked.clone(),
            number: call.remote.number.clone(),
            until: now + KEPT,
        };
        self.recalls.retain(|old| old.until > now && old.key != recall.key);
        if self.recalls.len() < MOST {
            self.recalls.push(recall);
        }
    }

    /// Somebody answered a leg of this family: what was sent there does not come back.
    pub(crate) fn answered_elsewhere(&mut self, dialling: ChannelId) {
        if self.recalls.is_empty() {
            return;
        }
        let Some(channel) = self.table.channel(dialling) else { return };
        self.recalls.retain(|recall| channel.linked.last() != Some(&recall.linked));
    }

    /// The call that a new leg of a line brings back.
    pub(crate) fn recalled(&self, leg: &Channel, line: LineId, now: Timestamp) -> Option<String> {
        let of_line = |recall: &&Recall| recall.line == line && recall.until > now;
        // While it waits whether the target answers, Asterisk keeps the leg of who transferred; it calls in a family of
        // its own then.
        let kept = || leg.dialler == Dialler::Core && self.table.is_kept(line);
        let same =
            |recall: &&Recall| leg.linked.contains(&recall.linked) || (recall.number == leg.connected.number && kept());
        self.recalls.iter().rev().filter(of_line).find(same).map(|recall| recall.key.clone())
    }
}

impl Call {
    /// Whoever was transferred to this call waits for its answer still.
    pub(crate) fn is_waited_for(&self, pbx: &Pbx) -> bool {
        self.transferee.and_then(|waiting| pbx.table.channel(waiting)).is_some_and(|c| !c.hangup_requested)
    }
}
