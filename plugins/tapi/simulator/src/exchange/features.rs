//! What can be done with a call, an address and a line at the moment.

use super::{Exchange, Leg, Spot};
use crate::constants::*;

/// What a function does not offer when a line's driver has it not: bits of calls, of addresses, of lines.
const OFFERS: &[(&str, u32, u32, u32)] = &[
    ("lineAccept", LINECALLFEATURE_ACCEPT, 0, 0),
    ("lineAddToConference", LINECALLFEATURE_ADDTOCONF, 0, 0),
    ("lineAnswer", LINECALLFEATURE_ANSWER, 0, 0),
    ("lineBlindTransferW", LINECALLFEATURE_BLINDTRANSFER, 0, 0),
    ("lineCompleteTransfer", LINECALLFEATURE_COMPLETETRANSF, 0, 0),
    ("lineDialW", LINECALLFEATURE_DIAL, 0, 0),
    ("lineDrop", LINECALLFEATURE_DROP, 0, 0),
    (
        "lineForwardW",
        0,
        LINEADDRFEATURE_FORWARD | LINEADDRFEATURE_FORWARDFWD | LINEADDRFEATURE_FORWARDDND,
        LINEFEATURE_FORWARD | LINEFEATURE_FORWARDFWD | LINEFEATURE_FORWARDDND,
    ),
    ("lineGenerateDigitsW", LINECALLFEATURE_GENERATEDIGITS, 0, 0),
    ("lineHold", LINECALLFEATURE_HOLD, 0, 0),
    ("lineMakeCallW", 0, LINEADDRFEATURE_MAKECALL, LINEFEATURE_MAKECALL),
    ("lineMonitorDigits", LINECALLFEATURE_MONITORDIGITS, 0, 0),
    ("lineParkW", LINECALLFEATURE_PARK, 0, 0),
    ("linePickupW", 0, LINEADDRFEATURE_PICKUP | LINEADDRFEATURE_PICKUPDIRECT | LINEADDRFEATURE_PICKUPGROUP, 0),
    ("linePrepareAddToConferenceW", LINECALLFEATURE_PREPAREADDCONF, 0, 0),
    ("lineRedirectW", LINECALLFEATURE_REDIRECT, 0, 0),
    ("lineRemoveFromConference", LINECALLFEATURE_REMOVEFROMCONF, 0, 0),
    ("lineSetCallData", LINECALLFEATURE_SETCALLDATA, 0, 0),
    ("lineSetupConferenceW", LINECALLFEATURE_SETUPCONF, 0, 0),
    ("lineSetupTransferW", LINECALLFEATURE_SETUPTRANSFER, 0, 0),
    ("lineSwapHold", LINECALLFEATURE_SWAPHOLD, 0, 0),
    ("lineUnhold", LINECALLFEATURE_UNHOLD, 0, 0),
    ("lineUnparkW", 0, LINEADDRFEATURE_UNPARK, 0),
];

/// Everything that a call ever offers.
const CALL_FEATURES: u32 = LINECALLFEATURE_ACCEPT
    | LINECALLFEATURE_ADDTOCONF
    | LINECALLFEATURE_ANSWER
    | LINECALLFEATURE_BLINDTRANSFER
    | LINECALLFEATURE_COMPLETETRANSF
    | LINECALLFEATURE_DIAL
    | LINECALLFEATURE_DROP
    | LINECALLFEATURE_GENERATEDIGITS
    | LINECALLFEATURE_HOLD
    | LINECALLFEATURE_MONITORDIGITS
    | LINECALLFEATURE_PARK
    | LINECALLFEATURE_PREPAREADDCONF
    | LINECALLFEATURE_REDIRECT
    | LINECALLFEATURE_REMOVEFROMCONF
    | LINECALLFEATURE_SETUPCONF
    | LINECALLFEATURE_SETUPTRANSFER
    | LINECALLFEATURE_SWAPHOLD
    | LINECALLFEATURE_UNHOLD
    | LINECALLFEATURE_SETCALLDATA;

impl Exchange {
    /// Whether a line's driver has a function.
    pub(crate) fn has(&self, device: u32, function: &str) -> bool {
        !self.devices.get(device as usize).is_some_and(|device| device.line.without.iter().any(|name| name == function))
    }

    fn missing(&self, device: u32) -> (u32, u32, u32) {
        let missing = OFFERS.iter().filter(|(name, ..)| !self.has(device, name));
        missing.fold((0, 0, 0), |bits, (_, call, address, line)| (bits.0 | call, bits.1 | address, bits.2 | line))
    }

    /// `dwCallFeatures` and `dwCallFeatures2` for somebody who owns the call.
    pub(crate) fn call_features(&self, leg: &Leg) -> (u32, u32) {
        let Some(spot) = leg.spot else { return (0, 0) };
        let mut bits = self.by_state(leg, spot) & !self.missing(spot.device).0;
        if leg.state != LINECALLSTATE_IDLE && self.has(spot.device, "lineSetCallData") {
            bits |= LINECALLFEATURE_SETCALLDATA;
        }
        (bits, second(bits))
    }

    fn by_state(&self, leg: &Leg, spot: Spot) -> u32 {
        let others = || self.at(spot).filter(|other| other.id != leg.id);
        let swappable = |other: &Leg| matches!(other.state, LINECALLSTATE_ONHOLD | LINECALLSTATE_ONHOLDPENDTRANSFER);
        match leg.state {
            LINECALLSTATE_OFFERING => {
                LINECALLFEATURE_ACCEPT | LINECALLFEATURE_ANSWER | LINECALLFEATURE_DROP | LINECALLFEATURE_REDIRECT
            }
            LINECALLSTATE_ACCEPTED => LINECALLFEATURE_ANSWER | LINECALLFEATURE_DROP | LINECALLFEATURE_REDIRECT,
            LINECALLSTATE_DIALTONE | LINECALLSTATE_DIALING => LINECALLFEATURE_DIAL | LINECALLFEATURE_DROP,
            LINECALLSTATE_PROCEEDING | LINECALLSTATE_RINGBACK => {
                let completes = leg.consults_for.is_some_and(|id| !self.is_conference(id));
                LINECALLFEATURE_DROP | if completes { LINECALLFEATURE_COMPLETETRANSF } else { 0 }
            }
            LINECALLSTATE_BUSY | LINECALLSTATE_SPECIALINFO | LINECALLSTATE_DISCONNECTED => LINECALLFEATURE_DROP,
            LINECALLSTATE_CONNECTED if leg.is_conference => {
                LINECALLFEATURE_DROP | LINECALLFEATURE_HOLD | LINECALLFEATURE_PREPAREADDCONF
            }
            LINECALLSTATE_CONNECTED if leg.mode == LINECONNECTEDMODE_INACTIVE => 0,
            LINECALLSTATE_CONNECTED => {
                let mut bits = LINECALLFEATURE_DROP
                    | LINECALLFEATURE_HOLD
                    | LINECALLFEATURE_BLINDTRANSFER
                    | LINECALLFEATURE_PARK
                    | LINECALLFEATURE_GENERATEDIGITS
                    | LINECALLFEATURE_MONITORDIGITS;
                if leg.consults_for.is_none() {
                    bits |= LINECALLFEATURE_SETUPTRANSFER | LINECALLFEATURE_SETUPCONF;
                }
                if others().any(swappable) {
                    bits |= LINECALLFEATURE_SWAPHOLD | LINECALLFEATURE_COMPLETETRANSF;
                }
                if others().any(|other| other.is_conference && other.is_held()) {
                    bits |= LINECALLFEATURE_ADDTOCONF;
                }
                bits
            }
            LINECALLSTATE_ONHOLD | LINECALLSTATE_ONHOLDPENDTRANSFER => {
                let mut bits = LINECALLFEATURE_DROP;
                let waits = leg.state == LINECALLSTATE_ONHOLDPENDTRANSFER && leg.consultation.is_some();
                if self.active(spot).is_none() && !waits {
                    bits |= LINECALLFEATURE_UNHOLD;
                }
                if others().any(|other| other.state == LINECALLSTATE_CONNECTED) {
                    bits |= LINECALLFEATURE_SWAPHOLD | LINECALLFEATURE_COMPLETETRANSF;
                }
                let ringing = |other: &Leg| matches!(other.state, LINECALLSTATE_RINGBACK | LINECALLSTATE_PROCEEDING);
                if leg.consultation.and_then(|id| self.legs.get(&id)).is_some_and(ringing) {
                    bits |= LINECALLFEATURE_COMPLETETRANSF;
                }
                bits
            }
            LINECALLSTATE_ONHOLDPENDCONF => LINECALLFEATURE_DROP | LINECALLFEATURE_ADDTOCONF,
            LINECALLSTATE_CONFERENCED => LINECALLFEATURE_DROP | LINECALLFEATURE_REMOVEFROMCONF,
            _ => 0,
        }
    }

    fn is_conference(&self, id: super::LegId) -> bool {
        self.legs.get(&id).is_some_and(|leg| leg.is_conference)
    }

    /// `dwAddressFeatures` of an address's status; with `always`, those of its capabilities.
    pub(crate) fn address_features(&self, spot: Spot, always: bool) -> u32 {
        let mut bits = LINEADDRFEATURE_FORWARD | LINEADDRFEATURE_FORWARDFWD | LINEADDRFEATURE_FORWARDDND;
        if always || (self.active(spot).is_none() && self.in_service(spot.device)) {
            bits |= LINEADDRFEATURE_MAKECALL
                | LINEADDRFEATURE_PICKUP
                | LINEADDRFEATURE_PICKUPDIRECT
                | LINEADDRFEATURE_PICKUPGROUP
                | LINEADDRFEATURE_UNPARK;
        }
        bits & !self.missing(spot.device).1
    }

    /// `dwLineFeatures` of a line's status; with `always`, those of its capabilities.
    pub(crate) fn line_features(&self, device: u32, always: bool) -> u32 {
        let mut bits = LINEFEATURE_FORWARD | LINEFEATURE_FORWARDFWD | LINEFEATURE_FORWARDDND;
        let free = |spot: &Spot| self.active(*spot).is_none();
        if always || (self.in_service(device) && self.spots(device).iter().any(free)) {
            bits |= LINEFEATURE_MAKECALL;
        }
        bits & !self.missing(device).2
    }

    /// What calls of a line can ever offer: `dwCallFeatures` and `dwCallFeatures2` of an address's capabilities.
    pub(crate) fn all_call_features(&self, device: u32) -> (u32, u32) {
        let bits = CALL_FEATURES & !self.missing(device).0;
        (bits, second(bits))
    }
}

/// `dwCallFeatures2`: the ways of what `dwCallFeatures` names.
fn second(bits: u32) -> u32 {
    let ways = [
        (LINECALLFEATURE_COMPLETETRANSF, LINECALLFEATURE2_TRANSFERNORM | LINECALLFEATURE2_TRANSFERCONF),
        (LINECALLFEATURE_SETUPTRANSFER, LINECALLFEATURE2_ONESTEPTRANSFER),
        (LINECALLFEATURE_PARK, LINECALLFEATURE2_PARKDIRECT | LINECALLFEATURE2_PARKNONDIRECT),
    ];
    ways.iter().filter(|(feature, _)| bits & feature != 0).fold(0, |sum, (_, way)| sum | way)
}
