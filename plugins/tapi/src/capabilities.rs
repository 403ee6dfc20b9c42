//! What TAPI's features mean here.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, Capabilities, HoldDetection, SnapshotSupport, TimestampSource,
};

use crate::sys::constants::{
    LINEADDRFEATURE_FORWARD, LINEADDRFEATURE_FORWARDDND, LINEADDRFEATURE_MAKECALL, LINEADDRFEATURE_PICKUP,
    LINEADDRFEATURE_PICKUPDIRECT, LINEADDRFEATURE_PICKUPGROUP, LINEADDRFEATURE_PICKUPHELD, LINEADDRFEATURE_UNPARK,
    LINECALLFEATURE_ADDTOCONF, LINECALLFEATURE_ANSWER, LINECALLFEATURE_BLINDTRANSFER, LINECALLFEATURE_COMPLETETRANSF,
    LINECALLFEATURE_DROP, LINECALLFEATURE_GENERATEDIGITS, LINECALLFEATURE_HOLD, LINECALLFEATURE_PARK,
    LINECALLFEATURE_PREPAREADDCONF, LINECALLFEATURE_REDIRECT, LINECALLFEATURE_SETCALLDATA, LINECALLFEATURE_SETUPCONF,
    LINECALLFEATURE_SETUPTRANSFER, LINECALLFEATURE_SWAPHOLD, LINECALLFEATURE_UNHOLD, LINETRANSFERMODE_CONFERENCE,
};
use crate::told::Address;

/// Bits of a call, and what they allow.
const CALL: [(u32, CallFeatures); 15] = [
    (LINECALLFEATURE_ANSWER, CallFeatures::ANSWER),
    (LINECALLFEATURE_DROP, CallFeatures::DROP),
    (LINECALLFEATURE_HOLD, CallFeatures::HOLD),
    (LINECALLFEATURE_UNHOLD, CallFeatures::UNHOLD),
    (LINECALLFEATURE_BLINDTRANSFER, CallFeatures::BLIND_TRANSFER),
    (LINECALLFEATURE_REDIRECT, CallFeatures::DEFLECT),
    (LINECALLFEATURE_SETUPTRANSFER, CallFeatures::SETUP_TRANSFER.with(CallFeatures::MAKE_CONSULT_CALL)),
    (LINECALLFEATURE_SETUPCONF, CallFeatures::MAKE_CONSULT_CALL),
    (LINECALLFEATURE_PREPAREADDCONF, CallFeatures::MAKE_CONSULT_CALL),
    (LINECALLFEATURE_COMPLETETRANSF, CallFeatures::COMPLETE_TRANSFER),
    (LINECALLFEATURE_SWAPHOLD, CallFeatures::ALTERNATE),
    (LINECALLFEATURE_ADDTOCONF, CallFeatures::CONFERENCE),
    (LINECALLFEATURE_GENERATEDIGITS, CallFeatures::DTMF),
    (LINECALLFEATURE_PARK, CallFeatures::PARK),
    (LINECALLFEATURE_SETCALLDATA, CallFeatures::SET_USER_DATA),
];

/// What a call allows now.
pub(crate) fn of_call(features: u32) -> CallFeatures {
    let allowed = CALL.iter().filter(|(bit, _)| features & bit != 0);
    allowed.fold(CallFeatures::NONE, |all, (_, feature)| all | *feature)
}

/// LINEADDRFEATURE: a call that rings elsewhere can be taken.
pub(crate) const PICKUPS: u32 =
    LINEADDRFEATURE_PICKUP | LINEADDRFEATURE_PICKUPDIRECT | LINEADDRFEATURE_PICKUPGROUP | LINEADDRFEATURE_PICKUPHELD;

/// What an address allows without a call.
pub(crate) fn of_address(features: u32) -> CallFeatures {
    let mut allowed = CallFeatures::NONE;
    if features & LINEADDRFEATURE_MAKECALL != 0 {
        allowed |= CallFeatures::DIAL;
    }
    if features & (PICKUPS | LINEADDRFEATURE_UNPARK) != 0 {
        allowed |= CallFeatures::PICKUP;
    }
    allowed
}

/// What an address allows for its user.
pub(crate) fn of_user(features: u32) -> AgentFeatures {
    let mut allowed = AgentFeatures::NONE;
    if features & LINEADDRFEATURE_FORWARD != 0 {
        allowed |= AgentFeatures::FORWARDING;
    }
    if features & LINEADDRFEATURE_FORWARDDND != 0 {
        allowed |= AgentFeatures::DND;
    }
    allowed
}

/// What the adapter implements.
pub(crate) fn implemented() -> Capabilities {
    let mut capabilities = Capabilities::new(
        CALL.iter().fold(CallFeatures::DIAL | CallFeatures::PICKUP, |all, (_, feature)| all | *feature)
            | CallFeatures::RECALL
            | CallFeatures::CANCEL_TRANSFER
            | CallFeatures::CONFERENCE,
    )
    .agent(
        AgentFeatures::LOGIN
            | AgentFeatures::CALL_CENTRE_MODE
            | AgentFeatures::SET_STATE
            | AgentFeatures::REASONS
            | AgentFeatures::PENDING_STATE
            | AgentFeatures::WRAP_UP
            | AgentFeatures::DND
            | AgentFeatures::FORWARDING,
    )
    .snapshot(SnapshotSupport::Full)
    .timestamps(TimestampSource::Arrival)
    .hold_detection(HoldDetection::Native)
    .busy_detection(true);
    capabilities.early_transfer = true;
    capabilities.drops_one_of_pair = true;
    capabilities
}

/// What a line can do at all, by its address. An address that says nothing may be able to do everything.
pub(crate) fn of_line(address: &Address, agents: bool) -> Capabilities {
    let mut here = implemented();
    if address.call_features != 0 {
        let mut call = of_call(address.call_features) | CallFeatures::RECALL;
        if call.contains(CallFeatures::MAKE_CONSULT_CALL) && call.contains(CallFeatures::DROP) {
            call |= CallFeatures::CANCEL_TRANSFER;
        }
        if address.transfer_modes & LINETRANSFERMODE_CONFERENCE != 0 {
            call |= CallFeatures::CONFERENCE;
        }
        call |= if address.features == 0 {
            CallFeatures::DIAL | CallFeatures::PICKUP
        } else {
            of_address(address.features)
        };
        here.call = here.call.and(call);
    }
    let mut agent = of_user(address.features);
    if agents {
        agent |= here.agent.without(AgentFeatures::FORWARDING | AgentFeatures::DND);
    }
    here.agent = here.agent.and(agent);
    here
}
