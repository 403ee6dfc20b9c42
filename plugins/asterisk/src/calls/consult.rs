//! Two calls on one leg: consultation by Asterisk's own attended transfer.
//!
//! The user's leg leaves the bridge of the first call (its partner waits there) and enters a second one, in which a
//! `Local/…` leg dials whom is to be asked. From then on the leg moves between the two bridges:
//! * back without a `Hold` first: the consultation is over (given up, or its target did not answer);
//! * back after a `Hold`: the two are swapped, both go on;
//! * the bridges are merged: the user hung up (transferred), or wanted three parties.

use jackfield_plugin_api::{CauseCode, ReleasedBy, Reply};

use super::track::numberlike;
use super::{Awaits, Call, CallId, Ending, Origin, cause};
use crate::commands::Sent;
use crate::pbx::{Pbx, Say};
use crate::table::{BridgeId, ChannelId, Ident};

impl Pbx {
    /// The call of a leg that the leg is in now: of two the one whose bridge it is in, else the one it was in last.
    pub(crate) fn active(&self, id: ChannelId) -> Option<CallId> {
        let channel = self.table.channel(id)?;
        match channel.calls.as_slice() {
            [] => None,
            [only] => Some(*only),
            several => {
                let here = |call: &&CallId| self.calls.get(**call).is_some_and(|c| c.bridge == channel.bridge);
                several
                    .iter()
                    .find(here)
                    .or_else(|| several.iter().find(|call| self.calls.get(**call).is_some_and(|c| !c.hold)))
                    .copied()
            }
        }
    }

    /// A line's leg entered a bridge.
    pub(crate) fn leg_entered(&mut self, id: ChannelId, bridge: BridgeId, say: &mut Say<'_, '_>) {
        let Some(channel) = self.table.channel(id) else { return };
        let calls = channel.calls.clone();
        let waiting = |call: &&CallId| self.calls.get(**call).is_some_and(|c| c.bridge == Some(bridge));
        if let Some(call) = calls.iter().find(waiting).copied() {
            return self.came_back(call, say);
        }
        let Some(active) = calls.first().copied().filter(|_| calls.len() == 1) else {
            // Neither of two calls' bridge: both went along (a merge tells what became of them).
            return calls.iter().for_each(|call| self.dirty(*call));
        };
        if self.begins_consultation(active, id, bridge) {
            self.begin_consultation(active, id, bridge, say);
        } else {
            self.move_call(active, Some(bridge));
        }
    }

    /// Registers a call with another bridge.
    pub(crate) fn move_call(&mut self, id: CallId, bridge: Option<BridgeId>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let from = std::mem::replace(&mut call.bridge, bridge);
        if let Some(from) = from.and_then(|b| self.table.bridge_mut(b)) {
            from.calls.retain(|c| *c != id);
        }
        if let Some(to) = bridge.and_then(|b| self.table.bridge_mut(b))
            && !to.calls.contains(&id)
        {
            to.calls.push(id);
        }
        self.dirty(id);
    }

    /// A connected call is held, its partner still waits in the old bridge, and in the new one is a `Local/…` leg of
    /// the same family.
    fn begins_consultation(&self, call: CallId, id: ChannelId, to: BridgeId) -> bool {
        let (Some(call), Some(channel)) = (self.calls.get(call), self.table.channel(id)) else { return false };
        let Some(bridge) = self.table.bridge(to) else { return false };
        let asks = |member: &ChannelId| {
            self.table.channel(*member).is_some_and(|c| c.local && c.linked.last() == channel.linked.last())
        };
        call.connected
            && call.hold
            && call.bridge.is_some_and(|from| from != to && !self.table.view(id, Some(from)).peers.is_empty())
            && bridge.members.iter().any(asks)
    }

    fn begin_consultation(&mut self, parent: CallId, id: ChannelId, bridge: BridgeId, say: &mut Say<'_, '_>) {
        let target = self.table.bridge(bridge).and_then(|b| {
            b.members.iter().filter_map(|m| self.table.channel(*m)).find(|c| c.local).map(|c| c.dialled.clone())
        });
        let Some(of_parent) = self.calls.get_mut(parent) else { return };
        of_parent.consults += 1;
        let key = format!("{}/{}", of_parent.key, of_parent.consults);
        let line = of_parent.line;
        let mut call = Call {
            key,
            line,
            channel: Some(id),
            native: of_parent.native.clone(),
            origin: Origin::Consult,
            bridge: Some(bridge),
            called: Ident::new(numberlike(&target.unwrap_or_default()), ""),
            parent: Some(parent),
            ..Call::default()
        };
        let command = self.sent_for(parent, |sent| matches!(sent, Sent::Consult));
        call.command = command.map(|command| (command, Awaits::First));
        let consult = self.calls.add(call);
        if let Some(of_parent) = self.calls.get_mut(parent) {
            of_parent.consult = Some(consult);
        }
        if let Some(channel) = self.table.channel_mut(id) {
            channel.calls.push(consult);
        }
        if let Some(bridge) = self.table.bridge_mut(bridge) {
            bridge.calls.push(consult);
        }
        // The held first call before the consultation.
        self.report(parent, say);
        self.report(consult, say);
        if let (Some(command), Some(call)) = (command, self.calls.get(consult)) {
            let reply = Reply::call(call.key.as_str());
            self.accept(command, reply, say);
        }
    }

    /// The leg is back in the bridge of one of its calls.
    fn came_back(&mut self, id: CallId, say: &mut Say<'_, '_>) {
        self.dirty(id);
        let Some(consult) = self.calls.get(id).filter(|c| !c.merging).and_then(|c| c.consult) else { return };
        let Some(call) = self.calls.get(consult) else { return };
        if call.hold {
            // Swapped: its partner waits now.
            return self.dirty(consult);
        }
        let cause = cause::of_consult(call);
        let released = call.released.unwrap_or(match call.connected || cause.code == CauseCode::Cancelled {
            true => ReleasedBy::Local,
            false => ReleasedBy::Remote,
        });
        self.finish(consult, cause, released, say);
    }

    /// A bridge ended. A call that waited in it lost its partner.
    pub(crate) fn bridge_ended(&mut self, bridge: BridgeId, say: &mut Say<'_, '_>) {
        let Some(gone) = self.table.remove_bridge(bridge) else { return };
        for id in gone.calls {
            let Some(call) = self.calls.get(id) else { continue };
            let paired = call.consult.or(call.parent).is_some_and(|other| self.calls.get(other).is_some());
            let elsewhere = call.channel.and_then(|c| self.table.channel(c)).is_some_and(|c| c.bridge.is_some());
            if paired && elsewhere && !call.merging && call.ending.is_none() {
                let cause = if call.origin == Origin::Consult {
                    cause::of_consult(call)
                } else {
                    CauseCode::NormalClearing.into()
                };
                self.finish(id, cause, ReleasedBy::Remote, say);
            } else if let Some(call) = self.calls.get_mut(id) {
                call.bridge = None;
                self.dirty(id);
            }
        }
    }

    /// Two bridges become one.
    pub(crate) fn merge(&mut self, from: BridgeId, to: BridgeId) {
        let calls = self.table.bridge(from).map(|b| b.calls.clone()).unwrap_or_default();
        let there = self.table.bridge(to).map(|b| b.calls.clone()).unwrap_or_default();
        for id in calls.iter().chain(&there).copied() {
            let Some(call) = self.calls.get(id) else { continue };
            let pair = [call.consult, call.parent];
            let joined = pair.into_iter().flatten().any(|other| calls.contains(&other) || there.contains(&other));
            if joined {
                if let Some(call) = self.calls.get_mut(id) {
                    call.merging = true;
                }
            } else if calls.contains(&id) {
                self.move_call(id, Some(to));
            }
        }
    }

    /// `AttendedTransfer` with `DestType: Threeway`: the user stays.
    pub(crate) fn became_three(&mut self, id: ChannelId, say: &mut Say<'_, '_>) {
        let Some(channel) = self.table.channel(id) else { return };
        let bridge = channel.bridge;
        let consult = channel.calls.iter().copied().find(|c| self.calls.get(*c).is_some_and(|c| c.parent.is_some()));
        let Some((consult, parent)) = consult.and_then(|c| Some((c, self.calls.get(c)?.parent?))) else { return };
        if let Some(call) = self.calls.get_mut(parent) {
            call.hold = false;
            call.merging = false;
        }
        self.move_call(parent, bridge);
        if let Some(command) = self.sent_for(parent, |sent| matches!(sent, Sent::Conference))
            && let Some(call) = self.calls.get_mut(parent)
        {
            call.command = Some((command, Awaits::Conferenced));
        }
        // First the conference, then the end of the leg that was merged into it.
        self.report(parent, say);
        self.finish(consult, CauseCode::Conferenced.into(), ReleasedBy::System, say);
    }

    /// The user of this leg transferred: what is on it ends so.
    pub(crate) fn transferred(&mut self, id: ChannelId, to: &Ident) {
        let calls = self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default();
        for call in calls {
            if let Some(call) = self.calls.get_mut(call) {
                call.ending = Some(Ending { cause: CauseCode::Transferred, to: to.clone() });
                call.merging = true;
            }
        }
    }
}
