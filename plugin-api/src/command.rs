//! Commands, as they come from clients (camelCase JSON, MODEL M9) and as they reach an adapter.
//!
//! One set of types for both: on the wire a call is named by its `callId`, inside the host by the adapter's
//! [`CallKey`]; the host replaces the one by the other and gives an adapter only calls that exist.
//! What the host answers by itself (`queryLineState`, `getCapabilities`, `hello` …) is not here.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{CommandError, ErrorCode};
use crate::fact::{ForwardingKind, SignalKind};
use crate::features::{AgentFeatures, CallFeatures};
use crate::ids::CallKey;
use crate::names::names;

names! {
    /// What to do with a recording.
    pub enum RecordAction {
        /// Begin.
        Start = "start",
        /// End.
        Stop = "stop",
        /// Pause.
        Pause = "pause",
        /// Go on after a pause.
        Resume = "resume",
    }
}

/// What the phone system must be able to do for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Needs {
    /// A feature of the call (or, without a call, of the line).
    Call(CallFeatures),
    /// A feature of the agent's session.
    Agent(AgentFeatures),
    /// Nothing that a mask tells.
    Nothing,
}

macro_rules! commands {
    ($(
        $(#[$meta:meta])*
        $V:ident = $name:literal, needs $kind:ident($($need:ident)?), calls [$($call:ident),*] {
            $($(#[$fmeta:meta])* $field:ident: $ty:ty,)*
        }
    )*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            #[non_exhaustive]
            pub struct $V { $($(#[$fmeta])* pub $field: $ty,)* }
        )*

        /// One command.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Command { $($(#[$meta])* $V($V),)* }

        impl Command {
            /// The names of all commands that an adapter may get.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// The command's name on the wire.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$V(_) => $name,)* }
            }

            /// Reads a command's parameters. `None`: there is no command of this name.
            ///
            /// # Errors
            /// What the format says, with the path of the parameter.
            pub fn decode<'de, D: serde::Deserializer<'de>>(
                name: &str,
                params: D,
            ) -> Option<Result<Self, serde_path_to_error::Error<D::Error>>> {
                Some(match name {
                    $($name => serde_path_to_error::deserialize(params).map(Self::$V),)*
                    _ => return None,
                })
            }

            /// The JSON Schema of a command's parameters.
            #[must_use]
            pub fn schema(name: &str) -> Option<Schema> {
                match name {
                    $($name => Some(schemars::schema_for!($V)),)*
                    _ => None,
                }
            }

            /// What the phone system must be able to do for it.
            #[must_use]
            pub const fn needs(&self) -> Needs {
                match self { $(Self::$V(_) => commands!(@needs $kind $($need)?),)* }
            }

            /// The calls that the command names, the one it acts on first.
            #[must_use]
            pub fn calls(&self) -> Vec<&CallKey> {
                match self { $(Self::$V(_c) => vec![$(&_c.$call),*],)* }
            }

            /// The calls that the command names, to be replaced.
            pub fn calls_mut(&mut self) -> Vec<&mut CallKey> {
                match self { $(Self::$V(_c) => vec![$(&mut _c.$call),*],)* }
            }

            pub(crate) fn encode(&self) -> Vec<u8> {
                match self { $(Self::$V(c) => crate::frame::pack(c),)* }
            }
        }
    };
    (@needs Call $need:ident) => { Needs::Call(CallFeatures::$need) };
    (@needs Agent $need:ident) => { Needs::Agent(AgentFeatures::$need) };
    (@needs Nothing) => { Needs::Nothing };
}

commands! {
    /// Calls somebody.
    MakeCall = "makeCall", needs Call(DIAL), calls [] {
        /// Whom to call.
        to: String,
        /// The number to show.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// Data to attach to the call.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        user_data: BTreeMap<String, String>,
        /// Show no number.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        anonymous: bool,
    }
    /// Answers a ringing call.
    AnswerCall = "answerCall", needs Call(ANSWER), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Ends a call, and nothing else.
    DropCall = "dropCall", needs Call(DROP), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Puts a call on hold.
    HoldCall = "holdCall", needs Call(HOLD), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Takes a call back from hold.
    UnholdCall = "unholdCall", needs Call(UNHOLD), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Holds a call and calls somebody for a consultation.
    MakeConsultCall = "makeConsultCall", needs Call(MAKE_CONSULT_CALL), calls [call_id] {
        /// The call that waits meanwhile.
        call_id: CallKey,
        /// Whom to call.
        to: String,
    }
    /// Prepares a transfer (TAPI).
    SetupTransferCall = "setupTransferCall", needs Call(SETUP_TRANSFER), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Completes an attended transfer: joins the parties of a held and a connected call.
    TransferCall = "transferCall", needs Call(COMPLETE_TRANSFER), calls [call_id, consult_call_id] {
        /// The one call.
        call_id: CallKey,
        /// The other.
        consult_call_id: CallKey,
    }
    /// Gives a consultation up and returns to the first call.
    CancelTransfer = "cancelTransfer", needs Call(CANCEL_TRANSFER), calls [call_id, consult_call_id] {
        /// The first call.
        call_id: CallKey,
        /// The consultation.
        consult_call_id: CallKey,
    }
    /// Transfers a call without asking.
    BlindTransferCall = "blindTransferCall", needs Call(BLIND_TRANSFER), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// Where to.
        to: String,
    }
    /// Swaps a held and a connected call.
    AlternateCall = "alternateCall", needs Call(ALTERNATE), calls [call_id, other_call_id] {
        /// The one call.
        call_id: CallKey,
        /// The other.
        other_call_id: CallKey,
    }
    /// Joins two calls into a conference.
    ConferenceCall = "conferenceCall", needs Call(CONFERENCE), calls [call_id, consult_call_id] {
        /// The call that stays.
        call_id: CallKey,
        /// The call that is merged into it.
        consult_call_id: CallKey,
    }
    /// Sends a ringing call elsewhere.
    DeflectCall = "deflectCall", needs Call(DEFLECT), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// Where to.
        to: String,
    }
    /// Takes a call that rings elsewhere.
    PickupCall = "pickupCall", needs Call(PICKUP), calls [] {
        /// A device or group; none: the own group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<String>,
    }
    /// Parks a call.
    ParkCall = "parkCall", needs Call(PARK), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// The slot; none: the phone system chooses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slot: Option<String>,
    }
    /// Records a call.
    RecordCall = "recordCall", needs Call(RECORD), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// What to do.
        action: RecordAction,
    }
    /// Sets or clears a forwarding.
    SetForwarding = "setForwarding", needs Agent(FORWARDING), calls [] {
        /// When.
        kind: ForwardingKind,
        /// Where to; none: clears it.
        #[serde(default)]
        to: Option<String>,
    }
    /// A WebRTC signal of the session that owns the media.
    WebRtcSignal = "webRtcSignal", needs Nothing(), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// The WebRTC session.
        session_id: String,
        /// What it is.
        kind: SignalKind,
        /// SDP or candidate; at most 64 KiB.
        payload: String,
    }
    /// Sends digits.
    SendDtmf = "sendDtmf", needs Call(DTMF), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digits: String,
        /// How long each tone is, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tone_ms: Option<u32>,
    }
    /// Mutes the line in a call.
    Mute = "mute", needs Call(MUTE), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Ends muting.
    Unmute = "unmute", needs Call(UNMUTE), calls [call_id] {
        /// The call.
        call_id: CallKey,
    }
    /// Switches video.
    SetVideoState = "setVideoState", needs Call(VIDEO), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// On or off.
        active: bool,
    }
    /// Goes off hook.
    Hookup = "hookup", needs Call(DIAL), calls [] {}
    /// Do not disturb.
    SetDnd = "setDnd", needs Agent(DND), calls [] {
        /// On or off.
        on: bool,
        /// Another device of the user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    }
    /// Sets the agent's state.
    SetUserState = "setUserState", needs Agent(SET_STATE), calls [] {
        /// The phone system's code, from `selectable`.
        code: String,
        /// The code of a reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
    /// Begins or ends after-call work.
    SetWrapUpUserState = "setWrapUpUserState", needs Agent(WRAP_UP), calls [] {
        /// Begin or end.
        active: bool,
    }
    /// Logs an agent in.
    LoginAgent = "loginAgent", needs Agent(LOGIN), calls [] {
        /// The agent's id.
        id: String,
        /// The name of a secret of the line's settings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret_ref: Option<String>,
        /// The device to log in at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    }
    /// Logs an agent out.
    LogoutAgent = "logoutAgent", needs Agent(LOGIN), calls [] {
        /// The agent's id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The device.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<String>,
    }
    /// Switches the call-centre mode.
    ChangeCallCentreState = "changeCallCentreState", needs Agent(CALL_CENTRE_MODE), calls [] {
        /// On or off.
        active: bool,
    }
    /// Asks for the recordings of a call that the phone system keeps.
    QueryCallRecords = "queryCallRecords", needs Agent(CALL_RECORDS), calls [] {
        /// The phone system's id of the call (the host fills it in from a `callId`).
        native_id: String,
    }
    /// Attaches data to a call.
    SetUserData = "setUserData", needs Call(SET_USER_DATA), calls [call_id] {
        /// The call.
        call_id: CallKey,
        /// What to attach; an empty value removes.
        map: BTreeMap<String, String>,
    }
    /// Something that only this phone system can; the manifest lists the names.
    LibrarySpecificService = "librarySpecificService", needs Nothing(), calls [] {
        /// Its name.
        name: String,
        /// Its parameters.
        #[serde(default)]
        params: Value,
    }
}

/// The answer to a command that the phone system accepted. The effect is told by facts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reply {
    /// The call that the command made (`makeCall`, `makeConsultCall`, `pickupCall`); the host holds the answer back
    /// until the first fact of that call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallKey>,
    /// Nothing had to be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noop: bool,
    /// Further values of the answer, by name (`slot`, `urls`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
}

impl Reply {
    /// Accepted.
    #[must_use]
    pub fn accepted() -> Self {
        Self::default()
    }

    /// Accepted; it makes this call.
    pub fn call(key: impl Into<CallKey>) -> Self {
        Self { call: Some(key.into()), ..Self::default() }
    }

    /// Accepted; nothing had to be done.
    #[must_use]
    pub fn noop() -> Self {
        Self { noop: true, ..Self::default() }
    }

    /// With a further value.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }
}

impl Command {
    /// The refusal of a command that the adapter does not implement.
    #[must_use]
    pub fn unsupported(&self) -> CommandError {
        CommandError::new(
            ErrorCode::CommandNotSupported,
            format!("`{}` is not possible with this phone system", self.name()),
        )
    }
}
