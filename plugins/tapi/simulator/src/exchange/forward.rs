//! Where calls of an address go instead.

use super::{Exchange, Happening, Journey, LegId, Party, Refusal, Spot};
use crate::constants::*;

/// One entry of an address's forwards. Without a destination it is "do not disturb".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Forward {
    /// One bit of `LINEFORWARDMODE`.
    pub(crate) mode: u32,
    /// Only calls of this number, where the mode is a "specific" one.
    pub(crate) caller: String,
    pub(crate) country: u32,
    pub(crate) to: String,
}

/// The most entries of an address.
pub(crate) const MOST_FORWARDS: usize = 8;
/// The modes that are simulated.
pub(crate) const MODES: u32 = LINEFORWARDMODE_UNCOND
    | LINEFORWARDMODE_UNCONDINTERNAL
    | LINEFORWARDMODE_UNCONDEXTERNAL
    | LINEFORWARDMODE_UNCONDSPECIFIC
    | LINEFORWARDMODE_BUSY
    | LINEFORWARDMODE_BUSYINTERNAL
    | LINEFORWARDMODE_BUSYEXTERNAL
    | LINEFORWARDMODE_BUSYSPECIFIC
    | LINEFORWARDMODE_NOANSW
    | LINEFORWARDMODE_NOANSWINTERNAL
    | LINEFORWARDMODE_NOANSWEXTERNAL
    | LINEFORWARDMODE_NOANSWSPECIFIC
    | LINEFORWARDMODE_BUSYNA
    | LINEFORWARDMODE_BUSYNAINTERNAL
    | LINEFORWARDMODE_BUSYNAEXTERNAL
    | LINEFORWARDMODE_BUSYNASPECIFIC;

/// Four bits each: all calls, internal ones, external ones, those of one number.
const AT_ONCE: u32 = LINEFORWARDMODE_UNCOND;
const BUSY: u32 = LINEFORWARDMODE_BUSY;
const NO_ANSWER: u32 = LINEFORWARDMODE_NOANSW;
const BUSY_OR_NO_ANSWER: u32 = LINEFORWARDMODE_BUSYNA;

impl Exchange {
    /// Sets an address's forwards; none takes them back.
    pub(crate) fn set_forwards(&mut self, spot: Spot, forwards: Vec<Forward>, rings: u32) -> Result<(), Refusal> {
        let known = |forward: &Forward| forward.mode.count_ones() == 1 && forward.mode & MODES != 0;
        if forwards.len() > MOST_FORWARDS || !forwards.iter().all(known) {
            return Err(LINEERR_INVALPARAM);
        }
        let desk = self.desks.get_mut(&spot).ok_or(LINEERR_INVALADDRESSID)?;
        if forwards.iter().any(|forward| forward.to == desk.address.number) {
            return Err(LINEERR_INVALADDRESS);
        }
        if rings > 0 {
            desk.rings = rings.min(20);
        }
        if desk.forwards != forwards {
            desk.forwards = forwards;
            self.happened.push(Happening::Address { spot, bits: LINEADDRESSSTATE_FORWARD });
        }
        Ok(())
    }

    fn forward_for(&self, spot: Spot, caller: LegId, kinds: &[u32]) -> Option<Forward> {
        let caller = self.legs.get(&caller)?;
        let desk = self.desks.get(&spot)?;
        let fits = |forward: &&Forward| {
            kinds.iter().any(|kind| {
                let place = if caller.spot.is_some() { kind << 1 } else { kind << 2 };
                let specific = forward.mode == kind << 3 && forward.caller == caller.number;
                forward.mode == *kind || forward.mode == place || specific
            })
        };
        desk.forwards.iter().find(fits).cloned()
    }

    pub(super) fn forward_at_once(&self, spot: Spot, caller: LegId) -> Option<Forward> {
        self.forward_for(spot, caller, &[AT_ONCE])
    }

    pub(super) fn forward_when_busy(&self, spot: Spot, caller: LegId) -> Option<Forward> {
        self.forward_for(spot, caller, &[BUSY, BUSY_OR_NO_ANSWER])
    }

    /// After how many rings a ringing call is sent on; `None`: it is not.
    pub(super) fn rings_before_forward(&self, spot: Spot, ringing: LegId) -> Option<u32> {
        let caller = self.peer(ringing)?;
        self.forward_for(spot, caller, &[NO_ANSWER, BUSY_OR_NO_ANSWER])?;
        self.desks.get(&spot).map(|desk| desk.rings)
    }

    /// A call is sent on before it has rung.
    pub(super) fn forwarded(&mut self, id: LegId, journey: &Journey, spot: Spot, forward: &Forward, reason: u32) {
        if forward.to.is_empty() {
            self.lost(id, LINEDISCONNECTMODE_DONOTDISTURB);
            return;
        }
        let Some(desk) = self.desks.get(&spot) else { return };
        let by = Party::new(&desk.address.number, &desk.address.name);
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.redirection = Party::new(&forward.to, "");
            leg.redirecting = by.clone();
        }
        self.info(id, LINECALLINFOSTATE_REDIRECTIONID | LINECALLINFOSTATE_REDIRECTINGID);
        let next = Journey { number: forward.to.clone(), reason, by: Some(by), hops: journey.hops + 1 };
        self.reach(id, next);
    }

    /// It has rung long enough.
    pub(super) fn forward_unanswered(&mut self, ringing: LegId) {
        let Some(leg) = self.legs.get(&ringing) else { return };
        let (Some(spot), Some(caller), true) = (leg.spot, leg.peer, leg.is_ringing()) else { return };
        let Some(forward) = self.forward_for(spot, caller, &[NO_ANSWER, BUSY_OR_NO_ANSWER]) else { return };
        self.set(ringing, LINECALLSTATE_IDLE, 0);
        self.unlink(caller);
        let journey = Journey { number: String::new(), reason: 0, by: None, hops: 0 };
        self.forwarded(caller, &journey, spot, &forward, LINECALLREASON_FWDNOANSWER);
    }
}
