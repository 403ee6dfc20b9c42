//! What the switch says may be done with a call (`servicesPermitted`), as features.

use jackfield_csta::services::ServicesPermitted;
use jackfield_plugin_api::CallFeatures;

/// The features for which these services are asked of the switch.
pub(crate) fn features(services: &ServicesPermitted) -> CallFeatures {
    use CallFeatures as F;
    let of = |service: &str| match service {
        "answerCall" => F::ANSWER,
        "clearConnection" => F::DROP,
        "holdCall" => F::HOLD,
        "retrieveCall" => F::UNHOLD,
        "consultationCall" => F::MAKE_CONSULT_CALL,
        "transferCall" => F::COMPLETE_TRANSFER,
        "conferenceCall" => F::CONFERENCE,
        "alternateCall" => F::ALTERNATE,
        "reconnectCall" => F::CANCEL_TRANSFER,
        // The one is the name in the list, the other that of the service.
        "singleStepTransfer" | "singleStepTransferCall" => F::BLIND_TRANSFER,
        "deflectCall" => F::DEFLECT,
        "generateDigits" => F::DTMF,
        _ => F::NONE,
    };
    services.of_calls().fold(F::NONE, |all, service| all | of(service))
}
