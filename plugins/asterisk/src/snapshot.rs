//! The snapshot: what is up now, laid over what was known before.
//!
//! A call that went on over a gap is the same call: same Uniqueid, same key. What no list tells (who holds whom, mute,
//! recording, the direction) is kept from before.

use std::time::Duration;

use jackfield_plugin_api::Timestamp;

use crate::pbx::{Pbx, Say};
use crate::table::{BridgeKind, Ident, rank};
use crate::wire::fields::{Fields, Key};
use crate::wire::text;

impl Pbx {
    /// The connection is gone. Calls go on at the phone system; what waits for an answer gets none.
    pub(crate) fn disconnected(&mut self, say: &mut Say<'_, '_>) {
        self.live = false;
        for ask in self.asks.take_all() {
            if let crate::asks::Ask::Command(command, then) = ask {
                // Else an effect or a later action that waits answers it.
                if then.answers() {
                    self.refuse(command, crate::commands::lost(), say);
                }
            }
        }
        self.effects_lost(say);
        self.forget_unborn();
    }

    pub(crate) fn begin_snapshot(&mut self) {
        self.live = false;
        self.table.begin_snapshot();
        self.queues.clear();
    }

    /// `BridgeListItem`.
    pub(crate) fn listed_bridge(&mut self, f: &Fields<'_>) {
        let kind = BridgeKind::of(f.bytes(Key::BridgeType), f.bytes(Key::BridgeCreator));
        if let Some(bridge) = self.table.add_bridge(f.bytes(Key::BridgeUniqueid), kind)
            && let Some(bridge) = self.table.bridge_mut(bridge)
        {
            bridge.kind = kind;
        }
    }

    /// `CoreShowChannel`: the whole of a channel.
    pub(crate) fn listed_channel(&mut self, f: &Fields<'_>, say: &mut Say<'_, '_>) {
        let known = self.table.find(f.bytes(Key::Uniqueid)).is_some();
        let Some(id) = self.table.add(f.bytes(Key::Uniqueid), f.bytes(Key::Channel)) else { return };
        let line = self.lines.of_channel(f.bytes(Key::Channel));
        let bridge = self.table.find_bridge(f.bytes(Key::BridgeId));
        let bridge = bridge.or_else(|| self.table.add_bridge(f.bytes(Key::BridgeId), BridgeKind::Talk));
        let age = duration(f.bytes(Key::Duration)).and_then(|age| i64::try_from(age.as_micros()).ok());
        let since = age.map(|age| Timestamp::from_micros(say.now.micros().saturating_sub(age)));
        if let Some(channel) = self.table.channel_mut(id) {
            channel.listed = true;
            channel.name = f.string(Key::Channel);
            channel.line = line;
            if !known {
                channel.since = since;
                channel.dialled = f.string(Key::Exten);
            }
            channel.application = f.string(Key::Application);
            channel.link(f.bytes(Key::Linkedid));
            if let Some(state) = f.number::<u8>(Key::ChannelState).filter(|s| rank(*s) >= rank(channel.state)) {
                channel.state = state;
            }
            channel.own = Ident::new(&f.string(Key::CallerIdNum), &f.string(Key::CallerIdName));
            text::set(&mut channel.connected.number, f.bytes(Key::ConnectedLineNum));
            text::set(&mut channel.connected.name, f.bytes(Key::ConnectedLineName));
        }
        match bridge {
            Some(bridge) => self.table.enter(id, bridge),
            None => {
                self.table.leave(id);
            }
        }
    }

    /// Everything has come that was on its way when the lists were made.
    pub(crate) fn end_snapshot(&mut self, say: &mut Say<'_, '_>) {
        // Without a list of channels nothing is known to be gone.
        let gone = if self.permissions.blind { Vec::new() } else { self.table.end_snapshot() };
        for id in gone {
            // The host sees from the snapshot that their calls are gone; nobody knows why.
            for call in self.table.channel(id).map(|c| c.calls.clone()).unwrap_or_default() {
                self.drop_silently(call);
            }
            self.table.remove(id);
        }
        for id in self.table.ids() {
            self.settle(id, say);
        }
        self.table.drop_empty_bridges();
    }

    /// A channel after the snapshot: its calls are in the bridge that it is in.
    fn settle(&mut self, id: u32, say: &mut Say<'_, '_>) {
        self.consider(id, say.now);
        let Some(channel) = self.table.channel(id) else { return };
        let (bridge, calls, connected) = (channel.bridge, channel.calls.clone(), channel.connected.clone());
        if let [only] = calls.as_slice() {
            self.move_call(*only, bridge);
            if let Some(call) = self.calls.get_mut(*only).filter(|_| connected.is_known()) {
                call.remote = connected;
            }
        } else if calls.len() == 2 && !calls.iter().any(|c| self.calls.get(*c).is_some_and(|c| c.bridge == bridge)) {
            // A consultation that ended in the gap: the first call is what is left.
            self.drop_silently(calls[1]);
            self.move_call(calls[0], bridge);
        }
    }

    /// Forgets a call of which only the snapshot tells that it is gone.
    fn drop_silently(&mut self, id: u32) {
        let Some(call) = self.take_call(id) else { return };
        for other in [call.parent, call.consult].into_iter().flatten() {
            if let Some(other) = self.calls.get_mut(other) {
                other.consult = other.consult.filter(|c| *c != id);
                other.parent = other.parent.filter(|c| *c != id);
                other.merging = false;
            }
        }
    }

    /// Click-to-calls whose leg was never seen.
    fn forget_unborn(&mut self) {
        let unborn: Vec<u32> = self.calls.iter().filter(|(_, c)| c.channel.is_none()).map(|(id, _)| id).collect();
        for id in unborn {
            self.drop_silently(id);
        }
    }
}

/// `HH:MM:SS`.
fn duration(bytes: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = text.split(':').map(str::parse::<u64>);
    let (h, m, s) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    Some(Duration::from_secs(h.checked_mul(3600)?.checked_add(m.checked_mul(60)?)?.checked_add(s)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_hours() {
        assert_eq!(duration(b"00:00:03"), Some(Duration::from_secs(3)));
        assert_eq!(duration(b"101:01:01"), Some(Duration::from_secs(363_661)));
        assert_eq!(duration(b""), None);
    }
}
