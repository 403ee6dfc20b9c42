//! What the state machine asks for: functions of TAPI, and their arguments.

use crate::told::{AgentGroup, Device, Forward};

/// What the state machine asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    /// Load the library, begin, and look at all devices.
    Start,
    /// Look at a device that came later.
    Look { device: u32 },
    /// Open a device with these privileges, or fewer, and tell the calls that are up.
    Open { device: Box<Device>, privileges: Vec<u32>, addresses: u32, states: u32 },
    /// Close a line.
    Close { line: u32 },
    /// Close everything.
    Stop,
    /// Call a function.
    Call { request: u64, what: Request },
}

/// A function that is called, and its arguments. Handles are those of TAPI.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Request {
    MakeCall { line: u32, address: u32, to: Option<String>, from: Option<String>, anonymous: bool, data: String },
    Dial { call: u32, to: String },
    Accept { call: u32 },
    Answer { call: u32 },
    Drop { call: u32 },
    Deallocate { call: u32 },
    Hold { call: u32 },
    Unhold { call: u32 },
    SwapHold { active: u32, held: u32 },
    SetupTransfer { call: u32 },
    CompleteTransfer { call: u32, consult: u32, mode: u32 },
    BlindTransfer { call: u32, to: String },
    Redirect { call: u32, to: String },
    SetupConference { call: u32, line: u32 },
    PrepareAddToConference { conference: u32 },
    AddToConference { conference: u32, consult: u32 },
    Park { call: u32, mode: u32, to: Option<String> },
    Unpark { line: u32, address: u32, to: String },
    Pickup { line: u32, address: u32, to: Option<String>, group: Option<String> },
    Forward { line: u32, address: u32, forwards: Vec<Forward>, rings: u32 },
    GenerateDigits { call: u32, digits: String, duration: u32 },
    MonitorDigits { call: u32, on: bool },
    SetPrivilege { call: u32, privilege: u32 },
    SetCallData { call: u32, data: String },
    LookAtCall { call: u32 },
    GetAddressStatus { line: u32, address: u32 },
    GetAgentStatus { line: u32, address: u32 },
    GetAgentGroups { line: u32, address: u32 },
    GetAgentActivities { line: u32, address: u32 },
    SetAgentGroups { line: u32, address: u32, groups: Vec<AgentGroup> },
    SetAgentState { line: u32, address: u32, state: u32, next: u32 },
    SetAgentActivity { line: u32, address: u32, activity: u32 },
}

impl Request {
    /// The calls that it is about: their handles must live until its answer.
    pub(crate) fn calls(&self) -> [u32; 2] {
        match self {
            Self::SwapHold { active: one, held: other }
            | Self::CompleteTransfer { call: one, consult: other, .. }
            | Self::AddToConference { conference: one, consult: other } => [*one, *other],
            Self::Dial { call, .. }
            | Self::Accept { call }
            | Self::Answer { call }
            | Self::Drop { call }
            | Self::Hold { call }
            | Self::Unhold { call }
            | Self::SetupTransfer { call }
            | Self::BlindTransfer { call, .. }
            | Self::Redirect { call, .. }
            | Self::SetupConference { call, .. }
            | Self::PrepareAddToConference { conference: call }
            | Self::Park { call, .. }
            | Self::GenerateDigits { call, .. }
            | Self::MonitorDigits { call, .. }
            | Self::SetPrivilege { call, .. }
            | Self::SetCallData { call, .. } => [*call, 0],
            _ => [0, 0],
        }
    }

    /// The function's name in the documents of TAPI.
    pub(crate) fn function(&self) -> &'static str {
        match self {
            Self::MakeCall { .. } => "lineMakeCall",
            Self::Dial { .. } => "lineDial",
            Self::Accept { .. } => "lineAccept",
            Self::Answer { .. } => "lineAnswer",
            Self::Drop { .. } => "lineDrop",
            Self::Deallocate { .. } => "lineDeallocateCall",
            Self::Hold { .. } => "lineHold",
            Self::Unhold { .. } => "lineUnhold",
            Self::SwapHold { .. } => "lineSwapHold",
            Self::SetupTransfer { .. } => "lineSetupTransfer",
            Self::CompleteTransfer { .. } => "lineCompleteTransfer",
            Self::BlindTransfer { .. } => "lineBlindTransfer",
            Self::Redirect { .. } => "lineRedirect",
            Self::SetupConference { .. } => "lineSetupConference",
            Self::PrepareAddToConference { .. } => "linePrepareAddToConference",
            Self::AddToConference { .. } => "lineAddToConference",
            Self::Park { .. } => "linePark",
            Self::Unpark { .. } => "lineUnpark",
            Self::Pickup { .. } => "linePickup",
            Self::Forward { .. } => "lineForward",
            Self::GenerateDigits { .. } => "lineGenerateDigits",
            Self::MonitorDigits { .. } => "lineMonitorDigits",
            Self::SetPrivilege { .. } => "lineSetCallPrivilege",
            Self::LookAtCall { .. } => "lineGetCallStatus",
            Self::SetCallData { .. } => "lineSetCallData",
            Self::GetAddressStatus { .. } => "lineGetAddressStatus",
            Self::GetAgentStatus { .. } => "lineGetAgentStatus",
            Self::GetAgentGroups { .. } => "lineGetAgentGroupList",
            Self::GetAgentActivities { .. } => "lineGetAgentActivityList",
            Self::SetAgentGroups { .. } => "lineSetAgentGroup",
            Self::SetAgentState { .. } => "lineSetAgentState",
            Self::SetAgentActivity { .. } => "lineSetAgentActivity",
        }
    }
}
