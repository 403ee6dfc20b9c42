//! What CallWay can do.

use jackfield_plugin_api::{
    AgentFeatures, CallFeatures, Capabilities, HoldDetection, SnapshotSupport, TimestampSource,
};

use crate::config::Config;

/// What can be done with calls in any case.
const ALWAYS: CallFeatures = CallFeatures::DIAL
    .with(CallFeatures::DROP)
    .with(CallFeatures::HOLD)
    .with(CallFeatures::UNHOLD)
    .with(CallFeatures::BLIND_TRANSFER)
    .with(CallFeatures::DTMF)
    .with(CallFeatures::MAKE_CONSULT_CALL)
    .with(CallFeatures::COMPLETE_TRANSFER)
    .with(CallFeatures::CANCEL_TRANSFER);

/// What this adapter implements at all.
pub(crate) fn implemented() -> Capabilities {
    let most = ALWAYS.with(CallFeatures::ANSWER | CallFeatures::ALTERNATE);
    let mut all = Capabilities::new(most)
        .agent(AgentFeatures::WRAP_UP | AgentFeatures::SET_STATE)
        .snapshot(SnapshotSupport::None)
        .timestamps(TimestampSource::Arrival)
        .hold_detection(HoldDetection::Native);
    all.drops_one_of_pair = true;
    all.early_transfer = true;
    all.services = vec!["listenCall".to_owned()];
    all
}

/// What it does with calls of lines that use CallWay's softphone, or do not.
pub(crate) fn calls(config: &Config, softphone: bool) -> CallFeatures {
    let answer = if softphone { CallFeatures::ANSWER } else { CallFeatures::NONE };
    let alternate = if config.alternate { CallFeatures::ALTERNATE } else { CallFeatures::NONE };
    ALWAYS | answer | alternate
}

/// What it does for lines that use CallWay's softphone, or do not.
pub(crate) fn configured(config: &Config, softphone: bool) -> Capabilities {
    let mut here = implemented();
    here.early_transfer = config.early_transfer;
    here.call = calls(config, softphone);
    if config.selectable.is_empty() {
        here.agent = here.agent.without(AgentFeatures::SET_STATE);
    }
    here
}
