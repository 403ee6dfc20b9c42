//! What must be true of the table after every event; for the fuzz targets.

use super::Table;
use crate::calls::CallId;

impl Table {
    /// References go both ways where both sides count, and to what exists where its absence would count.
    ///
    /// # Panics
    /// When they do not.
    pub(crate) fn agrees_with_itself(&self) {
        for (id, channel) in &self.channels {
            assert_eq!(self.by_uid.get(channel.uid.as_bytes()), Some(id), "channel {id} by its Uniqueid");
            if let Some(bridge) = channel.bridge {
                let members = self.bridge(bridge).map(|b| b.members.iter().filter(|m| *m == id).count());
                assert_eq!(members, Some(1), "channel {id} in bridge {bridge}");
            }
            for leg in &channel.dialling {
                assert!(self.channels.contains_key(leg), "channel {id} dials {leg}, which is gone");
            }
        }
        assert_eq!(self.by_uid.len(), self.channels.len(), "Uniqueids of channels that are gone");
        for (id, bridge) in &self.bridges {
            assert_eq!(self.bridge_by_uid.get(bridge.uid.as_bytes()), Some(id), "bridge {id} by its id");
            for member in &bridge.members {
                assert_eq!(self.channel(*member).map(|c| c.bridge), Some(Some(*id)), "member {member} of bridge {id}");
            }
        }
        assert_eq!(self.bridge_by_uid.len(), self.bridges.len(), "ids of bridges that are gone");
        assert!(self.halves.values().all(|half| self.channels.contains_key(half)), "halves of pairs that are gone");
    }

    /// The calls of channels and bridges exist.
    ///
    /// # Panics
    /// When one does not.
    pub(crate) fn calls_are(&self, there: impl Fn(CallId) -> bool) {
        for (id, channel) in &self.channels {
            assert!(channel.calls.iter().all(|call| there(*call)), "calls of channel {id}: {:?}", channel.calls);
        }
        for (id, bridge) in &self.bridges {
            assert!(bridge.calls.iter().all(|call| there(*call)), "calls of bridge {id}: {:?}", bridge.calls);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.bridges.is_empty() && self.halves.is_empty()
    }
}
