//! What may be done now: the rules by state (M8, M13.6), intersected with what the adapter and the line allow.

use jackfield_plugin_api::{AgentFeatures, CallFeatures as F, CallState, Capabilities, DeviceState, Direction, Phase};

use super::call::Call;
use super::leg::Leg;
use super::line::Line;

/// A held and a connected call on one line may be joined or swapped.
const PAIR: F = F::COMPLETE_TRANSFER.with(F::ALTERNATE).with(F::CONFERENCE);

const CONNECTED: F = F::DROP
    .with(F::HOLD)
    .with(F::MAKE_CONSULT_CALL)
    .with(F::BLIND_TRANSFER)
    .with(F::DTMF)
    .with(F::CONFERENCE)
    .with(F::PARK)
    .with(F::RECORD)
    .with(F::VIDEO)
    .with(F::SETUP_TRANSFER)
    .with(F::SET_USER_DATA);

const CONFERENCED: F = F::DROP
    .with(F::HOLD)
    .with(F::MAKE_CONSULT_CALL)
    .with(F::DTMF)
    .with(F::CONFERENCE)
    .with(F::RECORD)
    .with(F::SET_USER_DATA);

const HELD: F = F::DROP.with(F::UNHOLD).with(F::MAKE_CONSULT_CALL).with(F::SET_USER_DATA);

/// What may be done with a line without a call.
const IDLE: F = F::DIAL.with(F::PICKUP);

/// What a connection can do: of what the plugin implements, what this phone system allows. What is known rather than
/// done (snapshots, clocks) is the phone system's word alone. Bits of later versions, which have no name, are left out,
/// so that names and masks say the same (I11).
pub(super) fn narrowed(plugin: &Capabilities, system: &Capabilities) -> Capabilities {
    let mut narrowed = system.clone();
    narrowed.call = plugin.call.and(system.call).and(F::ALL);
    narrowed.agent = plugin.agent.and(system.agent).and(AgentFeatures::ALL);
    narrowed.services.retain(|service| plugin.services.contains(service));
    narrowed
}

/// What may be done with call `index` of these.
pub(super) fn call_features(legs: &[Leg], index: usize, capabilities: &Capabilities) -> F {
    let leg = &legs[index];
    let allowed = leg.allowed.unwrap_or(F::ALL).and(capabilities.call);
    by_rule(legs, index, capabilities).and(allowed)
}

/// What may be done with the line: with a call, what may be done with the current one.
pub(super) fn line_features(line: &Line) -> F {
    if !line.up {
        return F::NONE;
    }
    if let Some(leg) = line.current_leg() {
        return leg.call.features;
    }
    if line.device_state == Some(DeviceState::OutOfService) {
        return F::NONE;
    }
    IDLE.and(line.idle.unwrap_or(F::ALL)).and(line.capabilities.call)
}

fn by_rule(legs: &[Leg], index: usize, capabilities: &Capabilities) -> F {
    let call = &*legs[index].call;
    let mut set = match call.state {
        CallState::Alerting => alerting(call),
        CallState::Connected => CONNECTED.with(muting(call)),
        CallState::Conferenced => CONFERENCED.with(muting(call)),
        CallState::Held => HELD,
        CallState::Busy => F::DROP.with(F::RECALL),
        _ => return F::NONE,
    };
    let established = call.is_talking() || call.state == CallState::Held;
    let consult = legs.iter().find(|leg| leg.consults_from(&call.id)).filter(|_| established);
    let primary = legs.iter().find(|leg| legs[index].consults_from(leg.id()));
    let paired = is_paired(legs, index) || primary.is_some_and(|primary| both_talk(call, &primary.call));
    if paired {
        set = set.with(PAIR);
        if call.is_talking() {
            set = set.without(F::MAKE_CONSULT_CALL);
        }
    }
    if let Some(consult) = consult {
        set = primary_of(call, &consult.call, set, capabilities);
    }
    // Hanging up one of two may complete a transfer or join the others: `drop` means this one call and nothing else.
    if (paired || consult.is_some() || primary.is_some()) && !capabilities.drops_one_of_pair {
        set = set.without(F::DROP);
    }
    set
}

fn alerting(call: &Call) -> F {
    match (call.direction, call.phase) {
        (Direction::In, _) => F::DROP.with(F::ANSWER).with(F::DEFLECT),
        (Direction::Out, Phase::OwnRinging) => F::DROP.with(F::ANSWER),
        (Direction::Out, Phase::Early) => F::DROP.with(F::DTMF),
        // Off-hook, nothing dialled yet.
        (Direction::Out, Phase::Initiated) => F::DROP.with(F::DIAL),
        _ => F::DROP,
    }
}

/// The one of mute and unmute that changes something; both while the state is not known.
fn muting(call: &Call) -> F {
    match call.muted {
        Some(true) => F::UNMUTE,
        Some(false) => F::MUTE,
        None => F::MUTE.with(F::UNMUTE),
    }
}

/// A held and a connected call on one line, whatever their roles.
fn is_paired(legs: &[Leg], index: usize) -> bool {
    let call = &legs[index].call;
    let fits = |other: &Call| match call.state {
        CallState::Held => other.is_talking(),
        CallState::Connected | CallState::Conferenced => other.state == CallState::Held,
        _ => false,
    };
    legs.iter().enumerate().any(|(other, leg)| other != index && fits(&leg.call))
}

/// A consult pair of a phone system that does not report the hold.
fn both_talk(one: &Call, other: &Call) -> bool {
    one.is_talking() && other.is_talking()
}

/// The features of a primary while its consultation lives; `set` are those without one.
fn primary_of(call: &Call, consult: &Call, set: F, capabilities: &Capabilities) -> F {
    let early = if capabilities.early_transfer { F::COMPLETE_TRANSFER } else { F::NONE };
    match (call.state, consult.state) {
        (_, CallState::Alerting) => F::CANCEL_TRANSFER.with(early),
        (_, CallState::Busy) => F::CANCEL_TRANSFER,
        // Both on hold: there is nobody to join it with, so it may be taken back.
        (CallState::Held, CallState::Held) => F::DROP.with(F::UNHOLD).with(F::CANCEL_TRANSFER),
        (CallState::Held, _) if consult.is_talking() => F::DROP.with(PAIR).with(F::CANCEL_TRANSFER),
        (_, CallState::Connected | CallState::Conferenced | CallState::Held) => {
            set.without(F::MAKE_CONSULT_CALL).with(PAIR).with(F::CANCEL_TRANSFER)
        }
        _ => F::DROP.with(F::CANCEL_TRANSFER),
    }
}
