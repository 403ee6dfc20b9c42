//! Who hears whom, across `Local/…` pairs.

use smallvec::{SmallVec, smallvec};

use super::{BridgeId, BridgeKind, ChannelId, Legs, Table, UP};
use crate::calls::CallIds;

/// The most legs that are looked at for one question; a conference larger than this shows its first members.
const MAX_STEPS: usize = 400;

/// What a leg in a bridge is connected to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// The real legs that it hears.
    pub(crate) peers: Legs,
    /// The legs that are being dialled for it, by itself or beyond a `Local/…` pair.
    pub(crate) pending: Legs,
    /// A `Local/…` pair ends in an application that has answered.
    pub(crate) service: bool,
    /// It is in a conference room.
    pub(crate) room: bool,
}

impl Table {
    /// What leg `me` is connected to when it is in `bridge`.
    pub(crate) fn view(&self, me: ChannelId, bridge: Option<BridgeId>) -> View {
        let mut view = View::default();
        if (bridge.is_none() || self.channel(me).is_some_and(|c| c.bridge.is_none()))
            && let Some(channel) = self.channel(me)
        {
            view.pending.extend_from_slice(&channel.dialling);
        }
        let mut seen: SmallVec<[BridgeId; 4]> = SmallVec::new();
        let mut next: SmallVec<[(BridgeId, ChannelId); 4]> = bridge.map(|b| (b, me)).into_iter().collect();
        while let Some((id, from)) = next.pop() {
            let Some(bridge) = self.bridge(id).filter(|_| !seen.contains(&id) && seen.len() < MAX_STEPS) else {
                continue;
            };
            seen.push(id);
            match bridge.kind {
                BridgeKind::Holding => continue,
                BridgeKind::Room => view.room = true,
                BridgeKind::Talk => {}
            }
            for member in bridge.members.iter().copied().filter(|m| *m != from && *m != me).take(MAX_STEPS) {
                let Some(channel) = self.channel(member) else { continue };
                if !channel.local {
                    view.peers.push(member);
                    continue;
                }
                let Some((partner, beyond)) = channel.partner.and_then(|p| Some((p, self.channel(p)?))) else {
                    continue;
                };
                match beyond.bridge {
                    Some(bridge) => next.push((bridge, partner)),
                    None if !beyond.dialling.is_empty() => view.pending.extend_from_slice(&beyond.dialling),
                    None => view.service |= beyond.state == UP && beyond.queue.is_empty(),
                }
            }
        }
        view
    }

    /// The calls that a change of this leg may change.
    pub(crate) fn touched(&self, start: ChannelId) -> CallIds {
        let mut calls = CallIds::new();
        let (mut channels, mut bridges): (Legs, SmallVec<[BridgeId; 4]>) = (smallvec![start], SmallVec::new());
        let mut at = 0;
        while let Some(id) = channels.get(at).copied().filter(|_| at < MAX_STEPS) {
            at += 1;
            let Some(channel) = self.channel(id) else { continue };
            for call in &channel.calls {
                push(&mut calls, *call);
            }
            if let Some(partner) = channel.partner {
                push(&mut channels, partner);
            }
            if let super::Dialler::Channel(from) = channel.dialler {
                push(&mut channels, from);
            }
            let Some(bridge) = channel.bridge.filter(|b| !bridges.contains(b)) else { continue };
            bridges.push(bridge);
            let Some(bridge) = self.bridge(bridge) else { continue };
            for call in &bridge.calls {
                push(&mut calls, *call);
            }
            // Members that are no wires have no more to tell than their calls, which the bridge knows.
            for member in &bridge.members {
                if self.channel(*member).is_some_and(|c| c.local) {
                    push(&mut channels, *member);
                }
            }
        }
        calls
    }

    /// The calls on whose behalf a leg dials: its own, or those at the other end of its `Local/…` pair.
    pub(crate) fn dials_for(&self, dialling: ChannelId) -> CallIds {
        let Some(channel) = self.channel(dialling) else { return CallIds::new() };
        if !channel.local {
            return channel.calls.clone();
        }
        let Some(bridge) = channel.partner.and_then(|p| self.channel(p)?.bridge) else { return CallIds::new() };
        self.bridge(bridge).map(|b| b.calls.clone()).unwrap_or_default()
    }

    /// The leg that began it all: who dialled whoever dialled this one.
    pub(crate) fn root(&self, id: ChannelId) -> Option<ChannelId> {
        let mut at = id;
        for _ in 0..MAX_STEPS {
            let channel = self.channel(at)?;
            at = match (channel.dialler, channel.partner) {
                (super::Dialler::Channel(from), _) => from,
                // A wire's far end was dialled by whoever wants to speak through it.
                (_, Some(partner)) if channel.local && at != id => match self.channel(partner)?.dialler {
                    super::Dialler::Channel(from) => from,
                    _ => return Some(at),
                },
                _ => return (at != id).then_some(at),
            };
        }
        None
    }
}

fn push(to: &mut SmallVec<[u32; 4]>, value: u32) {
    if !to.contains(&value) {
        to.push(value);
    }
}
