//! What a call is now.

use jackfield_plugin_api::{CallState, Phase, Timestamp};

use super::{Call, CallId, Look, Origin};
use crate::pbx::Pbx;
use crate::table::{Progress, UP, View};

/// A call's state and phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) state: CallState,
    pub(crate) phase: Phase,
}

impl Level {
    fn new(state: CallState) -> Self {
        Self { state, phase: Phase::None }
    }
}

impl Pbx {
    /// Brings what a call remembers up to date with the table, and tells what it is now. `None`: nothing to be shown
    /// yet.
    pub(crate) fn level(&mut self, id: CallId, view: &View, now: Timestamp) -> Option<Level> {
        let call = self.calls.get(id)?;
        let up = call.channel.and_then(|c| self.table.channel(c)).is_some_and(|c| c.state == UP);
        let talks =
            up && (view.room || view.peers.iter().any(|p| self.table.channel(*p).is_some_and(|c| c.state == UP)));
        let alone = up && !talks && self.may_be_service(call, view);
        let service_delay = self.service_delay();

        let call = self.calls.get_mut(id)?;
        if call.resumes_at.is_some_and(|at| at <= now) {
            call.resumes_at = None;
            call.hold = false;
        }
        if !alone {
            call.up_since = None;
            call.look = Look::NotYet;
        }
        let since = alone.then(|| *call.up_since.get_or_insert(now));
        let looked = match call.look {
            Look::NotYet => false,
            Look::Asked(until) => until <= now,
            Look::Done => true,
        };
        let service = looked && since.is_some_and(|since| now.since(since) >= service_delay);
        if (talks || service) && !call.connected {
            call.connected = true;
            call.busy = false;
            call.connected_at = Some(since.unwrap_or(now));
            call.hidden_until = None;
        }
        if call.hidden_until.is_some_and(|until| until > now) {
            return None;
        }
        call.hidden_until = None;
        if call.connected {
            let held = Level::new(CallState::Held);
            let parties = 1 + if view.peers.is_empty() { call.present.len() } else { view.peers.len() };
            return Some(match call.hold {
                true => held,
                false if parties > 2 => Level::new(CallState::Conferenced),
                false => Level::new(CallState::Connected),
            });
        }
        if call.busy {
            return Some(Level::new(CallState::Busy));
        }
        let phase = self.phase(self.calls.get(id)?, view, up)?;
        self.calls.get_mut(id)?.phase = Some(phase);
        Some(Level { state: CallState::Alerting, phase })
    }

    /// An answered leg that nobody dials for and no queue keeps may have reached a service. A leg that was dialled
    /// waits for who dialled it.
    fn may_be_service(&self, call: &Call, view: &View) -> bool {
        // A busy tone is no service, though the leg of a click-to-call is up while it sounds.
        if !view.pending.is_empty() || matches!(call.outcome.as_str(), "BUSY" | "CONGESTION") {
            return false;
        }
        let Some(channel) = call.channel.and_then(|c| self.table.channel(c)) else { return false };
        match call.origin {
            Origin::Consult => view.service,
            Origin::Called => false,
            _ if channel.bridge.is_some() => view.service,
            _ => channel.queue.is_empty() && channel.bridge.is_none(),
        }
    }

    fn phase(&self, call: &Call, view: &View, up: bool) -> Option<Phase> {
        let channel = call.channel.and_then(|c| self.table.channel(c));
        let heard = |pending: &[u32]| {
            pending.iter().filter_map(|p| self.table.channel(*p)).map(crate::table::Channel::heard).max()
        };
        match call.origin {
            Origin::Called => return Some(Phase::Ringing),
            Origin::Foreign if !up => return Some(Phase::Ringing),
            Origin::Originated if !up => {
                // Nothing is shown until the own phone rings: a phone that cannot be reached is told by the refusal.
                return (channel?.heard() != Progress::None).then_some(Phase::OwnRinging);
            }
            _ => {}
        }
        if channel.is_some_and(|c| !c.queue.is_empty()) {
            return Some(Phase::Queued);
        }
        Some(match heard(&view.pending) {
            Some(Progress::Ringing) => Phase::Ringing,
            Some(Progress::Early) => Phase::Early,
            // Between the answer and the bridge, and while the dialplan tries what is next, nothing is dialled.
            None => match call.phase {
                Some(phase @ (Phase::Ringing | Phase::Early | Phase::Queued)) if !call.outcome.is_empty() => phase,
                _ if call.called.number.is_empty() && !call.incoming => Phase::Initiated,
                _ => Phase::Dialing,
            },
            Some(Progress::None) => Phase::Dialing,
        })
    }
}
