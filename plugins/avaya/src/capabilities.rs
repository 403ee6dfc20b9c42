//! What Avaya can do.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, Capabilities, HoldDetection, SnapshotSupport, TimestampSource,
};

use crate::config::Config;

/// What can be done with calls.
const CALLS: CallFeatures = CallFeatures::DIAL
    .with(CallFeatures::ANSWER)
    .with(CallFeatures::DROP)
    .with(CallFeatures::HOLD)
    .with(CallFeatures::UNHOLD)
    .with(CallFeatures::COMPLETE_TRANSFER)
    .with(CallFeatures::BLIND_TRANSFER)
    .with(CallFeatures::MAKE_CONSULT_CALL)
    .with(CallFeatures::CANCEL_TRANSFER)
    .with(CallFeatures::DTMF)
    .with(CallFeatures::ALTERNATE)
    .with(CallFeatures::CONFERENCE)
    .with(CallFeatures::DEFLECT)
    .with(CallFeatures::PICKUP);

/// What can be done with a held and a connected call, and with a call that becomes one of them.
pub(crate) const PAIR: CallFeatures = CallFeatures::COMPLETE_TRANSFER
    .with(CallFeatures::CANCEL_TRANSFER)
    .with(CallFeatures::ALTERNATE)
    .with(CallFeatures::CONFERENCE);

/// Services of Avaya's own.
pub(crate) const JOIN: &str = "singleStepConference";

/// What this adapter implements at all.
pub(crate) fn implemented() -> Capabilities {
    let agent = AgentFeatures::WRAP_UP
        | AgentFeatures::CALL_CENTRE_MODE
        | AgentFeatures::LOGIN
        | AgentFeatures::SET_STATE
        | AgentFeatures::REASONS
        | AgentFeatures::PENDING_STATE
        | AgentFeatures::DND
        | AgentFeatures::FORWARDING;
    let mut all = Capabilities::new(CALLS)
        .agent(agent)
        .snapshot(SnapshotSupport::Full)
        .timestamps(TimestampSource::Arrival)
        .hold_detection(HoldDetection::Native)
        .busy_detection(true);
    all.renames_calls = true;
    all.early_transfer = true;
    all.drops_one_of_pair = true;
    all.services = vec![JOIN.to_owned()];
    all
}

/// What it does with these settings.
pub(crate) fn configured(_: &Config) -> Capabilities {
    implemented()
}
