//! Lines and their addresses, as they are at the moment.

use super::{AgentState, Exchange, Forward, Happening, LegId, Spot};
use crate::config::{Address, Line};
use crate::constants::*;

/// A line device.
pub(crate) struct Device {
    pub(crate) line: Line,
    pub(crate) in_service: bool,
    pub(crate) connected: bool,
    pub(crate) message_waits: bool,
    /// Taken out of the computer; its number is not used again.
    pub(crate) removed: bool,
}

/// An address.
pub(crate) struct Desk {
    pub(crate) address: Address,
    pub(crate) forwards: Vec<Forward>,
    /// Rings before a forward of unanswered calls.
    pub(crate) rings: u32,
    pub(crate) agent: Option<AgentState>,
    calls: usize,
}

impl Exchange {
    /// A line is put into the computer; its device number.
    pub(crate) fn add_line(&mut self, line: Line) -> u32 {
        let device = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        for (address, at) in line.addresses.iter().zip(0..) {
            let agent = address.agent.as_ref().map(AgentState::new);
            let desk = Desk { address: address.clone(), forwards: Vec::new(), rings: 3, agent, calls: 0 };
            self.desks.insert(Spot { device, address: at }, desk);
        }
        self.devices.push(Device { line, in_service: true, connected: true, message_waits: false, removed: false });
        device
    }

    pub(crate) fn device(&self, device: u32) -> Option<&Device> {
        self.devices.get(device as usize).filter(|device| !device.removed)
    }

    pub(crate) fn in_service(&self, device: u32) -> bool {
        self.device(device).is_some_and(|device| device.in_service && device.connected)
    }

    /// The addresses of a line.
    pub(crate) fn spots(&self, device: u32) -> Vec<Spot> {
        self.desks.keys().copied().filter(|spot| spot.device == device).collect()
    }

    /// The address with a number.
    pub(crate) fn spot_of(&self, number: &str) -> Option<Spot> {
        let found =
            self.desks.iter().find(|(spot, desk)| desk.address.number == number && self.device(spot.device).is_some());
        found.map(|(spot, _)| *spot)
    }

    /// Whether one more call would be one too many.
    pub(super) fn is_full(&self, spot: Spot) -> bool {
        let most = self.desks.get(&spot).map_or(0, |desk| desk.address.calls);
        self.at(spot).filter(|leg| leg.is_active() || leg.is_ringing()).count() >= most
    }

    /// Tells how many calls there are, when it has changed.
    pub(super) fn count_calls(&mut self, spot: Spot) {
        let calls = self.at(spot).count();
        let Some(desk) = self.desks.get_mut(&spot) else { return };
        if desk.calls == calls {
            return;
        }
        desk.calls = calls;
        let in_use = match calls {
            0 => LINEADDRESSSTATE_INUSEZERO,
            1 => LINEADDRESSSTATE_INUSEONE,
            _ => LINEADDRESSSTATE_INUSEMANY,
        };
        self.happened.push(Happening::Address { spot, bits: LINEADDRESSSTATE_NUMCALLS | in_use });
        self.happened.push(Happening::Line { device: spot.device, bits: LINEDEVSTATE_NUMCALLS, second: 0, third: 0 });
    }

    /// A line goes out of service, or comes back. Calls stay: their voices go another way.
    pub(crate) fn set_service(&mut self, device: u32, on: bool) {
        let Some(there) = self.devices.get_mut(device as usize) else { return };
        if there.in_service != on {
            there.in_service = on;
            let bits = if on { LINEDEVSTATE_INSERVICE } else { LINEDEVSTATE_OUTOFSERVICE };
            self.happened.push(Happening::Line { device, bits, second: 0, third: 0 });
        }
    }

    /// A line loses its switch, or finds it again. Its calls are lost with it.
    pub(crate) fn set_connected(&mut self, device: u32, on: bool) {
        let Some(there) = self.devices.get_mut(device as usize) else { return };
        if there.connected == on {
            return;
        }
        there.connected = on;
        if !on {
            let calls: Vec<LegId> = self.spots(device).into_iter().flat_map(|spot| self.ids_at(spot)).collect();
            for call in calls {
                let peer = self.peer(call);
                self.unlink(call);
                self.lost(call, LINEDISCONNECTMODE_UNREACHABLE);
                if let Some(peer) = peer {
                    self.unlink(peer);
                    self.other_side_gone(peer, LINEDISCONNECTMODE_UNREACHABLE);
                }
            }
        }
        let bits = if on { LINEDEVSTATE_CONNECTED } else { LINEDEVSTATE_DISCONNECTED };
        self.happened.push(Happening::Line { device, bits, second: 0, third: 0 });
    }

    /// The lamp of the answering machine.
    pub(crate) fn set_message_waits(&mut self, device: u32, on: bool) {
        let Some(there) = self.devices.get_mut(device as usize) else { return };
        there.message_waits = on;
        let bits = if on { LINEDEVSTATE_MSGWAITON } else { LINEDEVSTATE_MSGWAITOFF };
        self.happened.push(Happening::Line { device, bits, second: 0, third: 0 });
    }

    pub(crate) fn ids_at(&self, spot: Spot) -> Vec<LegId> {
        self.at(spot).map(|leg| leg.id).collect()
    }
}
