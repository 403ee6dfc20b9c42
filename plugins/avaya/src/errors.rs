//! Refusals of AE Services, in the words and codes of clients.

use jackfield_csta::{CSTAErrorCode, Message};
use jackfield_plugin_api::{CommandError, ErrorCode};
use serde_json::json;

/// A refusal, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// What it means and what to do.
    pub(crate) text: String,
    /// The same may succeed soon.
    pub(crate) retryable: bool,
    pub(crate) native: CSTAErrorCode,
}

/// The refusal in an answer, if it is one.
pub(crate) fn refusal(answer: &Message) -> Option<CSTAErrorCode> {
    match answer {
        Message::CSTAErrorCode(error) => Some(error.as_ref().clone()),
        Message::CSTAException(fault) => Some(fault.error.clone().unwrap_or_else(|| {
            let text = fault.message.as_deref().or(fault.class.as_deref()).unwrap_or("an exception without a text");
            CSTAErrorCode::new("privateErrorCode", cut(text))
        })),
        _ => None,
    }
}

/// An answer that is none to what was asked.
pub(crate) fn unexpected(answer: &Message) -> CSTAErrorCode {
    CSTAErrorCode::new("privateErrorCode", format!("unexpected reply: {}", cut(answer.name())))
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

const RIGHTS: &str = "the CTI user may not do this with this device: in AE Services give the user the device, or unrestricted \
                      access";
const LICENCES: &str = "a licence or a limit of AE Services or of the switch is used up: look at the licences of TSAPI (one for \
                        each controlled station) and at the limits of monitors";

/// What a refusal means.
pub(crate) fn understand(error: &CSTAErrorCode) -> Refusal {
    use ErrorCode as E;
    let value = error.value.as_str();
    let (code, text) = match (error.category.as_str(), value) {
        (_, "invalidCalledDeviceID" | "invalidDestination" | "invalidDestinationDeviceObject") => {
            (E::InvalidDestination, "there is no such number")
        }
        (_, "invalidDeviceID" | "invalidCallingDeviceID" | "invalidMonitorObject") => (
            E::DeviceOutOfService,
            "the switch does not know the device: check the extension and the name of the switch",
        ),
        (_, "invalidCallID" | "invalidConnectionID" | "objectNotKnown") => {
            (E::UnknownCall, "the switch does not know the call")
        }
        (_, "invalidAgentState" | "invalidAgentGroup") => (E::AgentStateForbids, "the agent's state does not allow it"),
        (_, "invalidAgentIdentifier" | "invalidAgentPassword") => {
            (E::AuthenticationFailed, "the switch refused the agent's id or password")
        }
        (_, "invalidFeature" | "serviceNotSupported" | "requestIncompatibleWithObject") => {
            (E::CommandNotSupported, "the switch does not offer this here")
        }
        (
            _,
            "privilegeViolationSpecifiedDevice"
            | "privilegeViolationCalledDevice"
            | "privilegeViolationCallingDevice"
            | "securityViolation",
        )
        | ("security", _) => (E::Forbidden, RIGHTS),
        (_, "deviceOutOfService") => (E::DeviceOutOfService, "the device does not work now"),
        (_, "resourceOutOfService") => (E::PhoneSystemUnavailable, "the switch, or the link to it, does not work now"),
        (_, "resourceBusy") => (E::DeviceBusy, "the device is busy, or somebody else controls it"),
        (_, "networkBusy") => (E::PhoneSystemUnavailable, "the network is busy"),
        (_, "outstandingReqLimitExceeded" | "performanceLimitExceeded") | ("performanceManagement", _) => {
            (E::RateLimited, "there are too many requests at a time")
        }
        (_, "conferenceMemberLimitExceeded") => (E::CommandFailed, "the conference is full"),
        (_, "objectMonitorLimitExceeded" | "overallMonitorLimitExceeded" | "resourceLimitExceeded")
        | ("subscribedResourceAvailability", _) => (E::LicenceMissing, LICENCES),
        ("stateIncompatibility", _) => (E::InvalidCallState, "the state of the call or of the phone does not allow it"),
        ("privateErrorCode", text) => match text.to_ascii_lowercase() {
            said if said.contains("licens") || said.contains("licenc") => (E::LicenceMissing, LICENCES),
            said if ["denied", "privilege", "permission", "not authorized"].iter().any(|word| said.contains(word)) => {
                (E::Forbidden, RIGHTS)
            }
            _ => (E::CommandFailed, "the switch refused it"),
        },
        _ => (E::CommandFailed, "the switch refused it"),
    };
    let text =
        if value.is_empty() { format!("{text} ({})", error.category) } else { format!("{text} ({})", cut(value)) };
    Refusal { code, text, retryable: error.is_passing(), native: error.clone() }
}

impl Refusal {
    /// The answer to a command.
    pub(crate) fn answer(self, service: &str) -> CommandError {
        let native = json!({"service": service, "category": self.native.category, "value": self.native.value});
        let error = CommandError::new(self.code, self.text).native(native);
        if self.retryable { error.retryable() } else { error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_codes_and_plain_words() {
        for (category, value, code, retryable) in [
            ("operation", "invalidCalledDeviceID", ErrorCode::InvalidDestination, false),
            ("operation", "privilegeViolationSpecifiedDevice", ErrorCode::Forbidden, false),
            ("operation", "generic", ErrorCode::CommandFailed, false),
            ("stateIncompatibility", "noCallToAnswer", ErrorCode::InvalidCallState, false),
            ("systemResourceAvailibility", "resourceBusy", ErrorCode::DeviceBusy, true),
            ("subscribedResourceAvailability", "objectMonitorLimitExceeded", ErrorCode::LicenceMissing, false),
            ("subscribedResourceAvailability", "outstandingReqLimitExceeded", ErrorCode::RateLimited, true),
            ("performanceManagement", "performanceLimitExceeded", ErrorCode::RateLimited, true),
            ("security", "securityInfoViolated", ErrorCode::Forbidden, false),
            ("privateErrorCode", "No TSAPI license", ErrorCode::LicenceMissing, false),
            ("privateErrorCode", "URM Denied", ErrorCode::Forbidden, false),
            ("unspecified", "", ErrorCode::CommandFailed, false),
        ] {
            let found = understand(&CSTAErrorCode::new(category, value));
            assert_eq!((found.code, found.retryable), (code, retryable), "{category} {value}");
            let named = if value.is_empty() { category } else { value };
            assert!(found.text.contains(named) && found.text.len() > named.len() + 10, "{}", found.text);
        }
    }
}
