//! What Infinity can do.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, Capabilities, HoldDetection, SnapshotSupport, TimestampSource,
};

use crate::config::Config;

/// What can be done with calls by methods that are described.
const DESCRIBED: CallFeatures = CallFeatures::DIAL
    .with(CallFeatures::ANSWER)
    .with(CallFeatures::DROP)
    .with(CallFeatures::HOLD)
    .with(CallFeatures::UNHOLD)
    .with(CallFeatures::BLIND_TRANSFER)
    .with(CallFeatures::MAKE_CONSULT_CALL)
    .with(CallFeatures::CANCEL_TRANSFER);

/// What this adapter implements at all.
pub(crate) fn implemented() -> Capabilities {
    let all = DESCRIBED | CallFeatures::COMPLETE_TRANSFER | CallFeatures::CONFERENCE | CallFeatures::DTMF;
    let agent = AgentFeatures::SET_STATE | AgentFeatures::CALL_CENTRE_MODE | AgentFeatures::CALL_RECORDS;
    let mut all = Capabilities::new(all)
        .agent(agent)
        .snapshot(SnapshotSupport::Full)
        .timestamps(TimestampSource::Arrival)
        .hold_detection(HoldDetection::Native);
    all.drops_one_of_pair = true;
    all
}

/// What it does with calls as it is configured.
pub(crate) fn calls(config: &Config) -> CallFeatures {
    let paths = &config.paths;
    let optional = [
        (paths.finish_transfer.is_some(), CallFeatures::COMPLETE_TRANSFER),
        (paths.finish_conference.is_some(), CallFeatures::CONFERENCE),
        (paths.send_digits.is_some(), CallFeatures::DTMF),
    ];
    optional.into_iter().filter(|(is, _)| *is).fold(DESCRIBED, |all, (_, feature)| all | feature)
}

/// What it does as it is configured, for lines with or without a user.
pub(crate) fn configured(config: &Config, has_user: bool) -> Capabilities {
    let mut here = implemented();
    here.call = calls(config);
    if !has_user {
        here.agent = AgentFeatures::CALL_RECORDS;
    }
    here
}
