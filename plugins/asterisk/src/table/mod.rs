//! What is known of Asterisk: channels (one leg each) and bridges (who hears whom).
//!
//! A channel's key is its Uniqueid; its name may change. Inside the adapter both have small numbers that are never
//! used twice, so that a reference to one that is gone finds nothing.

mod channel;
#[cfg(any(test, feature = "fuzz"))]
mod check;
mod view;

use jackfield_plugin_api::LineId;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

pub(crate) use channel::{Channel, Dialler, Ident, Progress, UP, device_of, rank, state};
pub(crate) use view::View;

use crate::calls::CallIds;
use crate::hash::{Map, Name};

/// A channel's number.
pub(crate) type ChannelId = u32;
/// A bridge's number.
pub(crate) type BridgeId = u32;
/// A few legs.
pub(crate) type Legs = SmallVec<[ChannelId; 4]>;

/// The most channels that are kept; a stream that goes on naming new ones is broken.
const MAX_CHANNELS: usize = 200_000;
/// Channels that ended while the snapshot was being read: it may still list them.
const MAX_ENDED: usize = 10_000;

/// What a bridge is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum BridgeKind {
    /// Its members talk.
    #[default]
    Talk,
    /// A conference room: who is in it is connected, even alone.
    Room,
    /// Its members wait (parking).
    Holding,
}

impl BridgeKind {
    /// From `BridgeType` and `BridgeCreator`.
    pub(crate) fn of(kind: &[u8], creator: &[u8]) -> Self {
        match kind {
            b"parking" | b"holding" => Self::Holding,
            _ if creator == b"ConfBridge" => Self::Room,
            _ => Self::Talk,
        }
    }
}

/// A bridge.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bridge {
    pub(crate) uid: String,
    pub(crate) kind: BridgeKind,
    pub(crate) members: Legs,
    /// Calls of lines that are in it, or wait in it while their phone consults elsewhere.
    pub(crate) calls: CallIds,
}

/// Channels and bridges.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    last: u32,
    channels: Map<ChannelId, Channel>,
    by_uid: Map<Name, ChannelId>,
    bridges: Map<BridgeId, Bridge>,
    bridge_by_uid: Map<Name, BridgeId>,
    /// Halves of `Local/…` pairs whose other half is not known yet, by their common name.
    halves: Map<String, ChannelId>,
    /// While a snapshot is read: Uniqueids that ended meanwhile.
    ended: Option<Vec<String>>,
}

impl Table {
    pub(crate) fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    pub(crate) fn channel_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.channels.get_mut(&id)
    }

    pub(crate) fn bridge(&self, id: BridgeId) -> Option<&Bridge> {
        self.bridges.get(&id)
    }

    pub(crate) fn bridge_mut(&mut self, id: BridgeId) -> Option<&mut Bridge> {
        self.bridges.get_mut(&id)
    }

    /// The channel of a Uniqueid.
    pub(crate) fn find(&self, uid: &[u8]) -> Option<ChannelId> {
        if uid.is_empty() {
            return None;
        }
        self.by_uid.get(uid).copied()
    }

    /// The bridge of a unique id.
    pub(crate) fn find_bridge(&self, uid: &[u8]) -> Option<BridgeId> {
        self.bridge_by_uid.get(uid).copied()
    }

    /// The numbers of all channels, in the order in which they came.
    pub(crate) fn ids(&self) -> Vec<ChannelId> {
        let mut ids: Vec<_> = self.channels.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Whether a leg of this line is up though its calls are over.
    pub(crate) fn is_kept(&self, line: LineId) -> bool {
        self.channels.values().any(|c| c.over && c.line == Some(line))
    }

    /// A channel that is new, or known already. `None`: there are too many, or the Uniqueid is no text.
    pub(crate) fn add(&mut self, uid: &[u8], name: &[u8]) -> Option<ChannelId> {
        if let Some(id) = self.by_uid.get(uid) {
            return Some(*id);
        }
        let uid = std::str::from_utf8(uid).ok().filter(|uid| !uid.is_empty())?;
        if self.channels.len() >= MAX_CHANNELS || self.has_ended(uid) {
            return None;
        }
        self.last += 1;
        let id = self.last;
        let channel = Channel::new(uid, &crate::wire::text::decode(name));
        let other = channel.pair().and_then(|pair| self.halves.remove(pair));
        if let (None, Some(pair)) = (other, channel.pair()) {
            self.halves.insert(pair.to_owned(), id);
        }
        self.by_uid.insert(uid.into(), id);
        self.channels.insert(id, channel);
        if let Some(other) = other {
            self.pair(other, id);
        }
        Some(id)
    }

    /// Joins the halves of a `Local/…` pair.
    pub(crate) fn pair(&mut self, one: ChannelId, two: ChannelId) {
        for (a, b) in [(one, two), (two, one)] {
            if let Some(channel) = self.channels.get_mut(&a) {
                channel.partner = Some(b);
            }
        }
    }

    /// Takes a channel out, and out of its bridge and dials.
    pub(crate) fn remove(&mut self, id: ChannelId) -> Option<Channel> {
        self.leave(id);
        let channel = self.channels.remove(&id)?;
        self.by_uid.remove(channel.uid.as_bytes());
        if let Some(pair) = channel.pair()
            && self.halves.get(pair) == Some(&id)
        {
            self.halves.remove(pair);
        }
        if let Dialler::Channel(from) = channel.dialler
            && let Some(from) = self.channels.get_mut(&from)
        {
            from.dialling.retain(|leg| *leg != id);
        }
        if let Some(ended) = &mut self.ended
            && ended.len() < MAX_ENDED
        {
            ended.push(channel.uid.clone());
        }
        Some(channel)
    }

    /// A bridge that is new, or known already.
    pub(crate) fn add_bridge(&mut self, uid: &[u8], kind: BridgeKind) -> Option<BridgeId> {
        if let Some(id) = self.bridge_by_uid.get(uid) {
            return Some(*id);
        }
        let uid = std::str::from_utf8(uid).ok().filter(|uid| !uid.is_empty())?;
        if self.bridges.len() >= MAX_CHANNELS {
            return None;
        }
        self.last += 1;
        self.bridge_by_uid.insert(uid.into(), self.last);
        self.bridges.insert(self.last, Bridge { uid: uid.to_owned(), kind, ..Bridge::default() });
        Some(self.last)
    }

    /// Puts a channel into a bridge, out of any other.
    pub(crate) fn enter(&mut self, id: ChannelId, bridge: BridgeId) {
        if self.channels.get(&id).is_none_or(|c| c.bridge == Some(bridge)) {
            return;
        }
        self.leave(id);
        if let (Some(channel), Some(to)) = (self.channels.get_mut(&id), self.bridges.get_mut(&bridge)) {
            channel.bridge = Some(bridge);
            to.members.push(id);
        }
    }

    /// Takes a channel out of its bridge. Returns the bridge.
    pub(crate) fn leave(&mut self, id: ChannelId) -> Option<BridgeId> {
        let bridge = self.channels.get_mut(&id)?.bridge.take()?;
        if let Some(from) = self.bridges.get_mut(&bridge) {
            from.members.retain(|member| *member != id);
        }
        Some(bridge)
    }

    /// Takes a bridge away.
    pub(crate) fn remove_bridge(&mut self, id: BridgeId) -> Option<Bridge> {
        let bridge = self.bridges.remove(&id)?;
        self.bridge_by_uid.remove(bridge.uid.as_bytes());
        for member in &bridge.members {
            if let Some(channel) = self.channels.get_mut(member) {
                channel.bridge = None;
            }
        }
        Some(bridge)
    }

    /// A snapshot begins: what it does not list, and no event names meanwhile, is gone.
    pub(crate) fn begin_snapshot(&mut self) {
        self.ended = Some(Vec::new());
        for channel in self.channels.values_mut() {
            channel.listed = false;
        }
    }

    fn has_ended(&self, uid: &str) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.iter().any(|e| e == uid))
    }

    /// A snapshot is complete. Returns the channels that it does not list, which are to be removed, and drops bridges
    /// that nobody is in.
    pub(crate) fn end_snapshot(&mut self) -> Vec<ChannelId> {
        self.ended = None;
        let mut gone: Vec<_> = self.channels.iter().filter(|(_, c)| !c.listed).map(|(id, _)| *id).collect();
        gone.sort_unstable();
        gone
    }

    /// Bridges without members: nothing will tell their end if it was missed.
    pub(crate) fn drop_empty_bridges(&mut self) {
        let mut empty: Vec<_> = self.bridges.iter().filter(|(_, b)| b.members.is_empty()).map(|(id, _)| *id).collect();
        empty.sort_unstable();
        for id in empty {
            self.remove_bridge(id);
        }
    }
}
