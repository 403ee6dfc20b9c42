//! Channels and bridges come, change and go.

use jackfield_plugin_api::{ReleasedBy, Timestamp};

use crate::calls::{HangupInfo, Origin};
use crate::pbx::{Pbx, Say};
use crate::table::{BridgeKind, ChannelId, rank, state};
use crate::wire::fields::{Fields, Key};
use crate::wire::text;

impl Pbx {
    /// With `timestampevents = yes` every event carries Asterisk's time: seconds with a fraction.
    pub(crate) fn note_time(&self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        say.native_time = timestamp(f.bytes(Key::Timestamp));
    }

    pub(crate) fn new_channel(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.table.add(f.bytes(Key::Uniqueid), f.bytes(Key::Channel)) else { return };
        let line = self.lines.of_channel(f.bytes(Key::Channel));
        if let Some(channel) = self.table.channel_mut(id) {
            channel.line = line;
            channel.dialled = f.string(Key::Exten);
        }
        self.refresh(id, f, true, say);
    }

    /// Newstate, NewCallerid, NewConnectedLine: the channel tells of itself.
    pub(crate) fn channel_changed(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, true, say);
    }

    /// The channel of an event. One that was never seen is only believed while a snapshot is being read, which may
    /// have missed it; else it is about something long gone.
    pub(crate) fn known(&mut self, f: &Fields<'_>, key: Key) -> Option<ChannelId> {
        if let Some(id) = self.table.find(f.bytes(key)) {
            return Some(id);
        }
        if self.live || key != Key::Uniqueid {
            return None;
        }
        let id = self.table.add(f.bytes(Key::Uniqueid), f.bytes(Key::Channel))?;
        let line = self.lines.of_channel(f.bytes(Key::Channel));
        if let Some(channel) = self.table.channel_mut(id) {
            channel.line = line;
        }
        Some(id)
    }

    /// Takes what an event says of its channel. Who talks to whom is only believed from the channel's own events
    /// (`own`): a bridge's or dial's event may carry what was true before.
    pub(crate) fn refresh(&mut self, id: ChannelId, f: &Fields<'_>, own: bool, say: &mut Say<'_, '_>) {
        let Some(channel) = self.table.channel_mut(id) else { return };
        channel.listed = true;
        let mut changed = channel.link(f.bytes(Key::Linkedid));
        let mut went = false;
        if let Some(now) = f.number::<u8>(Key::ChannelState)
            && (rank(now) > rank(channel.state) || (channel.state == 0 && now != 0))
        {
            channel.state = now;
            (changed, went) = (true, true);
            if now == state::RING && !f.bytes(Key::Exten).is_empty() && matches!(channel.dialled.as_str(), "" | "s") {
                channel.dialled = f.string(Key::Exten);
            }
        }
        let mut met = false;
        if own {
            changed |= text::set(&mut channel.own.number, f.bytes(Key::CallerIdNum));
            changed |= text::set(&mut channel.own.name, f.bytes(Key::CallerIdName));
            if !f.bytes(Key::ConnectedLineNum).is_empty() {
                met |= text::set(&mut channel.connected.number, f.bytes(Key::ConnectedLineNum));
                met |= text::set(&mut channel.connected.name, f.bytes(Key::ConnectedLineName));
            }
        }
        if met {
            self.met(id);
        }
        if went {
            self.prefer(id);
        }
        if changed || met {
            self.look_again(id);
        }
        self.consider(id, say.now);
    }

    /// Whom a leg talks to has changed; with two calls on it this is about the one that it is in.
    fn met(&mut self, id: ChannelId) {
        let Some(call) = self.active(id) else { return };
        let Some(channel) = self.table.channel(id) else { return };
        let (connected, up) = (channel.connected.clone(), channel.state == state::UP);
        // Until the own phone of a click-to-call is lifted, this is the caller id that we asked for.
        if self.calls.get(call).is_some_and(|c| c.origin == Origin::Originated && !up) {
            return;
        }
        let Some(call) = self.calls.get_mut(call) else { return };
        if !call.first_remote.is_known() || call.first_remote.number == connected.number {
            call.first_remote = connected.clone();
        }
        call.remote = connected;
    }

    /// The calls that this channel matters to may have changed.
    pub(crate) fn look_again(&mut self, id: ChannelId) {
        for call in self.table.touched(id).into_iter().chain(self.table.dials_for(id)) {
            self.dirty(call);
        }
    }

    pub(crate) fn renamed(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        let name = f.string(Key::Newname);
        // In the middle of a masquerade names are not what they will be.
        if name.is_empty() || name.ends_with('>') {
            return;
        }
        let line = self.lines.of_channel(name.as_bytes());
        if let Some(channel) = self.table.channel_mut(id) {
            channel.name = name;
            if channel.calls.is_empty() {
                channel.line = line;
            }
        }
        self.consider(id, say.now);
    }

    pub(crate) fn hangup_requested(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, false, say);
        if let Some(channel) = self.table.channel_mut(id) {
            channel.hangup_requested = true;
        }
        let own = self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default();
        for call in self.table.touched(id).into_iter().chain(self.table.dials_for(id)) {
            let Some(call) = self.calls.get_mut(call).filter(|_| !own.contains(&call)) else { continue };
            // A wire is also taken away while the call goes on.
            if call.optimising.is_some() {
                continue;
            }
            // Who asks first ends it; of several in a conference it is not the end.
            if call.present.len() < 2 && call.released.is_none() {
                call.released = Some(ReleasedBy::Remote);
            }
        }
        for call in &own {
            if let Some(call) = self.calls.get_mut(*call) {
                call.end_cause = f.number(Key::Cause).unwrap_or(0);
            }
        }
        // A called party that declines asks for the end of its own leg.
        if let crate::table::Dialler::Channel(from) = self.table.channel(id).map(|c| c.dialler).unwrap_or_default() {
            for call in self.table.dials_for(from) {
                if let Some(call) = self.calls.get_mut(call).filter(|c| !c.connected) {
                    call.outcome_cause = f.number(Key::Cause).unwrap_or(0);
                }
            }
        }
    }

    pub(crate) fn hangup(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        let info = HangupInfo {
            cause: f.number(Key::Cause).unwrap_or(0),
            text: f.string(Key::CauseTxt),
            sip: f.number(Key::TechCause).unwrap_or(0),
            ..HangupInfo::default()
        };
        self.hung_up(id, info, say);
    }

    pub(crate) fn hold(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        self.holding(f, true, say);
    }

    pub(crate) fn unhold(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        self.holding(f, false, say);
    }

    /// The channel named is the one that pressed the key: hold by this line when it is the line's, else by the other.
    fn holding(&mut self, f: &Fields<'_>, holds: bool, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, true, say);
        if let Some(channel) = self.table.channel_mut(id) {
            channel.holds = holds;
        }
        if let Some(call) = self.active(id) {
            match holds {
                true => self.holds(call, say),
                false => self.resumes(call, say.now),
            }
        }
        self.look_again(id);
    }

    pub(crate) fn local_bridge(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let (one, two) =
            (self.table.find(f.bytes(Key::LocalOneUniqueid)), self.table.find(f.bytes(Key::LocalTwoUniqueid)));
        if let (Some(one), Some(two)) = (one, two) {
            self.table.pair(one, two);
        }
    }

    /// Asterisk takes a `Local/…` pair out of the way: legs change bridges, and nothing changes for who talks.
    pub(crate) fn optimisation_begins(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let Some(one) = self.table.find(f.bytes(Key::LocalOneUniqueid)) else { return };
        let two = self.table.find(f.bytes(Key::LocalTwoUniqueid));
        for half in [Some(one), two].into_iter().flatten() {
            for call in self.table.touched(half) {
                if let Some(call) = self.calls.get_mut(call) {
                    call.optimising = Some(one);
                }
            }
        }
    }

    pub(crate) fn optimisation_ends(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        if let Some(one) = self.table.find(f.bytes(Key::LocalOneUniqueid)) {
            self.optimised(one);
        }
    }

    /// The `Local/…` leg is out of the way, or gone.
    pub(crate) fn optimised(&mut self, one: ChannelId) {
        let calls: Vec<_> = self.calls.iter().filter(|(_, c)| c.optimising == Some(one)).map(|(id, _)| id).collect();
        for id in calls {
            if let Some(call) = self.calls.get_mut(id) {
                call.optimising = None;
            }
            self.dirty(id);
        }
    }

    pub(crate) fn bridge_create(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let kind = BridgeKind::of(f.bytes(Key::BridgeType), f.bytes(Key::BridgeCreator));
        self.table.add_bridge(f.bytes(Key::BridgeUniqueid), kind);
    }

    pub(crate) fn bridge_enter(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        self.bridge_create(f, say);
        let Some(bridge) = self.table.find_bridge(f.bytes(Key::BridgeUniqueid)) else { return };
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, false, say);
        let before = self.table.touched(id);
        // The one whose place is taken is out of the bridge, whenever its own event comes.
        if let Some(swapped) = self.table.find(f.bytes(Key::SwapUniqueid)) {
            self.table.leave(swapped);
            for call in self.table.channel(swapped).map(|c| c.calls.clone()).unwrap_or_default() {
                if let Some(call) = self.calls.get_mut(call) {
                    call.replaced = true;
                }
            }
        }
        self.table.enter(id, bridge);
        if let Some(channel) = self.table.channel_mut(id) {
            set_place(&mut channel.place, f);
            // Who holds holds in the bridge that it was in; a consultation leaves that.
            channel.holds = false;
            for call in channel.calls.clone() {
                if let Some(call) = self.calls.get_mut(call) {
                    call.sent_on = None;
                    call.left_by = None;
                    call.replaced = false;
                }
            }
        }
        if self.table.channel(id).is_some_and(|c| !c.calls.is_empty()) {
            self.leg_entered(id, bridge, say);
        }
        for call in before {
            self.dirty(call);
        }
        self.look_again(id);
    }

    pub(crate) fn bridge_leave(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let Some(id) = self.known(f, Key::Uniqueid) else { return };
        self.refresh(id, f, false, say);
        let bridge = self.table.find_bridge(f.bytes(Key::BridgeUniqueid));
        // It may have been told already where the channel is next.
        if bridge.is_none() || self.table.channel(id).is_none_or(|c| c.bridge != bridge) {
            return;
        }
        self.look_again(id);
        // Somebody else's Redirect has no event of its own: the leg leaves with another place in the dialplan.
        let sent_on = self.table.channel(id).is_some_and(|c| !c.place.is_empty() && !is_place(&c.place, f));
        if sent_on && !f.bytes(Key::Exten).is_empty() {
            let own = self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default();
            for call in self.table.touched(id).into_iter().filter(|c| !own.contains(c)) {
                if let Some(call) = self.calls.get_mut(call) {
                    call.sent_on = Some(f.string(Key::Exten));
                }
            }
        }
        // A room goes on whoever leaves.
        let left = self.table.leave(id).and_then(|b| self.table.bridge(b)).filter(|b| b.kind != BridgeKind::Room);
        if let Some(bridge) = left {
            for call in bridge.calls.clone() {
                // Who follows another out of the bridge is not the one who ended it.
                let here = self.calls.get(call).and_then(|c| c.channel).and_then(|c| self.table.channel(c));
                let here = here.is_some_and(|c| c.bridge.is_some());
                if let Some(call) = self.calls.get_mut(call).filter(|c| here && c.channel != Some(id)) {
                    call.left_by = Some(id);
                }
            }
        }
    }

    pub(crate) fn bridge_merge(&mut self, f: &Fields<'_>, _: &mut Say<'_, '_>) {
        let from = self.table.find_bridge(f.bytes(Key::FromBridgeUniqueid));
        let to = self.table.find_bridge(f.bytes(Key::ToBridgeUniqueid));
        if let (Some(from), Some(to)) = (from, to) {
            self.merge(from, to);
        }
    }

    pub(crate) fn bridge_destroy(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if let Some(bridge) = self.table.find_bridge(f.bytes(Key::BridgeUniqueid)) {
            self.bridge_ended(bridge, say);
        }
    }

    pub(crate) fn device_changed(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        if let Some(device) = f.text(Key::Device) {
            self.device_state(&device, f.bytes(Key::State), say);
        }
    }
}

/// Notes context and extension.
pub(super) fn set_place(place: &mut String, f: &Fields<'_>) {
    if is_place(place, f) {
        return;
    }
    place.clear();
    place.push_str(&text::decode(f.bytes(Key::Context)));
    place.push('/');
    place.push_str(&text::decode(f.bytes(Key::Exten)));
}

/// Whether an event names this context and extension.
pub(super) fn is_place(place: &str, f: &Fields<'_>) -> bool {
    let (context, exten) = (text::decode(f.bytes(Key::Context)), text::decode(f.bytes(Key::Exten)));
    place.strip_prefix(&*context).and_then(|rest| rest.strip_prefix('/')) == Some(&*exten)
}

/// Asterisk's time: `1795196610.130885`.
fn timestamp(bytes: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (seconds, fraction) = text.split_once('.')?;
    let micros: i64 = fraction.get(..6)?.parse().ok()?;
    Some(Timestamp::from_micros(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(micros)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisks_time_has_microseconds() {
        assert_eq!(timestamp(b"1795196610.130885"), Some(Timestamp::from_micros(1_795_196_610_130_885)));
        assert_eq!(timestamp(b""), None);
        assert_eq!(timestamp(b"x.y"), None);
    }
}
