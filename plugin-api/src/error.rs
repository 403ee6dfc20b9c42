//! Errors that the phone system or an adapter gives back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::names;

names! { lenient General;
    /// The stable error codes of MODEL M10.
    pub enum ErrorCode {
        /// Anything without a code of its own.
        General = "general",
        /// The adapter's library cannot be loaded.
        AdapterLoadFailed = "adapterLoadFailed",
        /// The library was built for another ABI.
        AbiMismatch = "abiMismatch",
        /// The configuration is wrong.
        ConfigInvalid = "configInvalid",
        /// No connection to the phone system.
        ConnectionFailed = "connectionFailed",
        /// The connection broke.
        ConnectionLost = "connectionLost",
        /// TLS failed.
        TlsFailed = "tlsFailed",
        /// The phone system answers, but does not work.
        PhoneSystemUnavailable = "phoneSystemUnavailable",
        /// A link behind the phone system is down.
        LinkDown = "linkDown",
        /// The device does not work.
        DeviceOutOfService = "deviceOutOfService",
        /// The phone system refused the credentials.
        AuthenticationFailed = "authenticationFailed",
        /// Not allowed.
        Forbidden = "forbidden",
        /// The phone system misses a licence.
        LicenceMissing = "licenceMissing",
        /// The phone system refused the command.
        CommandFailed = "commandFailed",
        /// No answer in time.
        Timeout = "timeout",
        /// Given up.
        Cancelled = "cancelled",
        /// Not possible here at all.
        CommandNotSupported = "commandNotSupported",
        /// Not possible in the call's state.
        InvalidCallState = "invalidCallState",
        /// There is no such call.
        UnknownCall = "unknownCall",
        /// Somebody else owns it.
        NotOwner = "notOwner",
        /// Another connection claims the device.
        DeviceClaimed = "deviceClaimed",
        /// The device is busy.
        DeviceBusy = "deviceBusy",
        /// There is no such number.
        InvalidDestination = "invalidDestination",
        /// Not digits.
        InvalidDigits = "invalidDigits",
        /// Not possible in the agent's state.
        AgentStateForbids = "agentStateForbids",
        /// The call can only be answered at the phone.
        NotAnswerableHere = "notAnswerableHere",
        /// There is no consultation.
        NoConsultCall = "noConsultCall",
        /// Nothing rings.
        NothingToPickUp = "nothingToPickUp",
        /// There is no such agent state.
        UnknownState = "unknownState",
        /// The state needs a reason.
        ReasonRequired = "reasonRequired",
        /// There is no such recording.
        RecordNotFound = "recordNotFound",
        /// The call could not be stored.
        StoreFailed = "storeFailed",
        /// The adapter is at fault.
        AdapterFault = "adapterFault",
        /// Too many requests.
        RateLimited = "rateLimited",
        /// The host has too much to do.
        Overloaded = "overloaded",
        /// Not the protocol.
        ProtocolError = "protocolError",
        /// Not a version we speak.
        VersionUnsupported = "versionUnsupported",
    }
}

impl ErrorCode {
    /// The number that the CtiModel used for this kind of error (`type`).
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::AdapterLoadFailed | Self::AbiMismatch => 1,
            Self::ConfigInvalid => 9,
            Self::ConnectionFailed
            | Self::ConnectionLost
            | Self::TlsFailed
            | Self::DeviceClaimed
            | Self::DeviceBusy => 2,
            Self::PhoneSystemUnavailable | Self::LinkDown | Self::DeviceOutOfService => 5,
            Self::AuthenticationFailed | Self::Forbidden | Self::LicenceMissing => 6,
            Self::CommandNotSupported | Self::NotAnswerableHere => 4,
            Self::StoreFailed => 7,
            Self::AdapterFault => 8,
            Self::General => 0,
            _ => 3,
        }
    }
}

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommandError {
    /// What kind.
    pub code: ErrorCode,
    /// What was refused, why, and what to do: read by the person who sent the command.
    pub text: String,
    /// Whether the same command may work later.
    #[serde(default)]
    pub retryable: bool,
    /// What the phone system said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Value>,
}

impl CommandError {
    /// A refusal that will not change by itself.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), retryable: false, native: None }
    }

    /// The same command may work later.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// With what the phone system said.
    #[must_use]
    pub fn native(mut self, native: Value) -> Self {
        self.native = Some(native);
        self
    }
}

/// Why settings were refused. Written for the administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}{}", if path.is_empty() { String::new() } else { format!("{path}: ") }, text)]
#[non_exhaustive]
pub struct ConfigError {
    /// The setting, from the top of `settings`: `lines[0].device`. Empty: the settings as a whole.
    #[serde(default)]
    pub path: String,
    /// What was found and what is expected.
    pub text: String,
}

impl ConfigError {
    /// The setting at `path` is wrong.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Why saved state was not taken over; the adapter is then made afresh and the calls are reconciled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
#[non_exhaustive]
pub struct RestoreError {
    /// What was wrong with it.
    pub text: String,
}

impl RestoreError {
    /// The state was not taken over.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

impl From<ConfigError> for RestoreError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}
