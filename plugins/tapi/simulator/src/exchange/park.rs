//! Parking, and taking calls that ring elsewhere.

use super::{Exchange, LegId, Party, Refusal, Spot};
use crate::constants::*;

/// The slots that a call is parked in when nobody says where.
const SLOTS: std::ops::RangeInclusive<u32> = 701..=799;

impl Exchange {
    /// Parks who is at the other end; the slot is given back.
    pub(crate) fn park(&mut self, id: LegId, slot: Option<&str>) -> Result<String, Refusal> {
        let leg = self.leg(id)?;
        if leg.state != LINECALLSTATE_CONNECTED || leg.is_conference {
            return Err(LINEERR_INVALCALLSTATE);
        }
        let Some(waiting) = leg.peer else { return Err(LINEERR_INVALCALLSTATE) };
        let slot = match slot {
            Some("") => return Err(LINEERR_INVALADDRESS),
            Some(slot) if self.parked.contains_key(slot) => return Err(LINEERR_INVALPARKID),
            Some(slot) => slot.to_owned(),
            None => {
                let free = SLOTS.map(|slot| slot.to_string()).find(|slot| !self.parked.contains_key(slot));
                free.ok_or(LINEERR_RESOURCEUNAVAIL)?
            }
        };
        self.set(id, LINECALLSTATE_IDLE, 0);
        self.unlink(waiting);
        self.parked.insert(slot.clone(), waiting);
        Ok(slot)
    }

    /// Takes a parked call to an address.
    pub(crate) fn unpark(&mut self, spot: Spot, slot: &str) -> Result<LegId, Refusal> {
        if self.active(spot).is_some() {
            return Err(LINEERR_CALLUNAVAIL);
        }
        // Who was parked may have hung up.
        let there = self.parked.get(slot).is_some_and(|waiting| self.state(*waiting) == LINECALLSTATE_CONNECTED);
        if !there {
            return Err(LINEERR_INVALADDRESS);
        }
        let Some(waiting) = self.parked.remove(slot) else { return Err(LINEERR_INVALADDRESS) };
        let taken = self.incoming_like(spot, waiting, LINECALLREASON_UNPARK)?;
        self.set(taken, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        self.joined(waiting, taken);
        Ok(taken)
    }

    /// Takes a call that rings at another address. `number`: where; without it, at any address of `group`, or, without
    /// that too, of the address's own group.
    pub(crate) fn pick_up(&mut self, spot: Spot, number: &str, group: &str) -> Result<LegId, Refusal> {
        if self.active(spot).is_some() {
            return Err(LINEERR_CALLUNAVAIL);
        }
        let own = self.desks.get(&spot).map(|desk| desk.address.group.as_str()).unwrap_or_default();
        let group = if group.is_empty() { own } else { group };
        let ringing = self.legs.values().find(|leg| {
            let Some(desk) = leg.spot.filter(|there| *there != spot).and_then(|there| self.desks.get(&there)) else {
                return false;
            };
            let meant = if number.is_empty() { desk.address.group == group } else { desk.address.number == number };
            leg.is_ringing() && meant
        });
        let Some(ringing) = ringing.map(|leg| leg.id) else { return Err(LINEERR_OPERATIONFAILED) };
        let Some(caller) = self.peer(ringing) else { return Err(LINEERR_OPERATIONFAILED) };
        let taken = self.incoming_like(spot, caller, LINECALLREASON_PICKUP)?;
        let (called, by) = {
            let leg = self.leg(ringing)?;
            (leg.called.clone(), leg.own())
        };
        let leg = self.leg_mut(taken)?;
        leg.called = called;
        leg.redirecting = by;
        self.set(ringing, LINECALLSTATE_IDLE, 0);
        self.set(taken, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        self.joined(caller, taken);
        self.set(caller, LINECALLSTATE_CONNECTED, LINECONNECTEDMODE_ACTIVE);
        Ok(taken)
    }

    /// A call at an address with somebody who is there already.
    fn incoming_like(&mut self, spot: Spot, caller: LegId, reason: u32) -> Result<LegId, Refusal> {
        let desk = self.desks.get(&spot).ok_or(LINEERR_INVALADDRESSID)?;
        let (number, name) = (desk.address.number.clone(), desk.address.name.clone());
        let far = self.leg(caller)?;
        let (party, call, trunk, inside) = (far.own(), far.call, far.trunk, far.spot.is_some());
        let id = self.new_leg(Some(spot), &number, &name);
        let leg = self.leg_mut(id)?;
        leg.call = call;
        leg.trunk = trunk;
        leg.origin = if inside { LINECALLORIGIN_INTERNAL } else { LINECALLORIGIN_EXTERNAL };
        leg.reason = reason;
        leg.caller = party;
        leg.called = Party::new(&number, &name);
        leg.peer = Some(caller);
        Ok(id)
    }
}
