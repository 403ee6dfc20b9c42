//! What the room where TAPI's functions are called tells the state machine, as data. It is posted as JSON with names, so
//! that recordings of conversations can be read.

mod device;

use serde::{Deserialize, Serialize};

pub(crate) use device::{Address, AddressStatus, Device, DeviceCaps, Forward, LineStatus};

/// What TAPI told, or answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Told {
    /// A line device that was found.
    Device(Device),
    /// TAPI works; all devices that there are have been told.
    Ready {
        /// The newest version that was offered to its drivers, `0x00020002`.
        version: u32,
        /// How many devices there are.
        devices: u32,
        /// Functions of TAPI that the library does not have.
        missing: Vec<String>,
    },
    /// TAPI does not work.
    Failed {
        /// What was tried: the name of a function, or of the library.
        step: String,
        /// What it returned; 0 where it was no function of TAPI.
        code: i32,
        /// In words.
        text: String,
    },
    /// A call that was up already when its line was opened.
    Existing {
        /// The device.
        device: u32,
        /// The call.
        call: Seen,
    },
    /// A device is open; the calls that were up have been told.
    Opened {
        /// The device.
        device: u32,
        /// The handle of the line.
        line: u32,
        /// With which privileges.
        privileges: u32,
        /// With which version of its driver's extensions; 0: without them.
        #[serde(default, skip_serializing_if = "none")]
        extension: u32,
        /// Its state.
        status: LineStatus,
        /// The states of its addresses, where they can be had.
        addresses: Vec<Option<AddressStatus>>,
    },
    /// A device could not be opened.
    NotOpened {
        /// The device.
        device: u32,
        /// The function that failed.
        step: String,
        /// What it returned.
        code: i32,
    },
    /// A message, and what was looked up when it came.
    Message(Heard),
    /// A function that was asked for has returned.
    Returned {
        /// The number of the request.
        request: u64,
        /// What it returned: 0 done, positive: an answer follows, negative: an error.
        code: i32,
        /// What it gave, when it was done at once.
        #[serde(default, skip_serializing_if = "Given::is_empty")]
        given: Given,
    },
    /// The answer to a request (LINE_REPLY).
    Replied {
        /// The number of the request.
        request: u64,
        /// 0, or an error.
        code: i32,
        /// What it gave.
        #[serde(default, skip_serializing_if = "Given::is_empty")]
        given: Given,
    },
    /// An answer to nothing that was asked.
    Stray {
        /// The id that it named.
        id: u32,
        /// Its result.
        code: i32,
    },
    /// The thread that reads messages has been in a function of the driver for so long; told again while it is.
    Reading {
        /// The function.
        function: String,
        /// For how many seconds.
        seconds: u32,
    },
    /// No messages come any more.
    Ended {
        /// What the last function returned.
        code: i32,
        /// In words.
        text: String,
    },
    /// All was closed, as it was asked.
    Stopped,
}

/// A message of TAPI as it came (LINEMESSAGE), and what was looked up then.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Heard {
    /// The handle of the call or of the line.
    pub(crate) device: u32,
    /// Which message: LINE_CALLSTATE …
    pub(crate) id: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) p1: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) p2: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) p3: u32,
    /// What was known of the call, if the message is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) call: Option<Seen>,
    /// The state of the line, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<LineStatus>,
    /// The state of the address, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<AddressStatus>,
}

/// A call as it was looked up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Seen {
    /// The handle of the call.
    pub(crate) call: u32,
    /// LINECALLINFO; absent: it could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) info: Option<CallInfo>,
    /// LINECALLSTATUS; absent: it could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<CallStatus>,
}

/// What is used of LINECALLINFO.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CallInfo {
    pub(crate) line: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) address: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) id: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) related: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) origin: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) reason: u32,
    /// How many programs own it.
    #[serde(skip_serializing_if = "none")]
    pub(crate) owners: u32,
    #[serde(skip_serializing_if = "Party::is_empty")]
    pub(crate) caller: Party,
    #[serde(skip_serializing_if = "Party::is_empty")]
    pub(crate) called: Party,
    #[serde(skip_serializing_if = "Party::is_empty")]
    pub(crate) connected: Party,
    #[serde(skip_serializing_if = "Party::is_empty")]
    pub(crate) redirection: Party,
    #[serde(skip_serializing_if = "Party::is_empty")]
    pub(crate) redirecting: Party,
    /// Data that an application attached, when they are text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) data: String,
}

/// A party of a call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Party {
    /// LINECALLPARTYID.
    #[serde(skip_serializing_if = "none")]
    pub(crate) flags: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

impl Party {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is used of LINECALLSTATUS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct CallStatus {
    pub(crate) state: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) mode: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) privilege: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) features: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) features2: u32,
}

/// A group of agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AgentGroup {
    pub(crate) id: [u32; 4],
    pub(crate) name: String,
}

/// A number with a name: an activity, a provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub(crate) id: u32,
    pub(crate) name: String,
}

/// What is used of LINEAGENTSTATUS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AgentStatus {
    pub(crate) groups: Vec<AgentGroup>,
    pub(crate) state: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) next: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) activity: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) activity_name: String,
    #[serde(skip_serializing_if = "none")]
    pub(crate) next_states: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) features: u32,
    #[serde(skip_serializing_if = "none")]
    pub(crate) states: u32,
}

/// What a request gave besides its result.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Given {
    /// Nothing.
    #[default]
    Nothing,
    /// Handles of calls: the new one, or the conference and the consultation.
    Calls(Vec<u32>),
    /// Where a call was parked.
    Text(String),
    /// LINEAGENTSTATUS.
    Agent(AgentStatus),
    /// The groups there are.
    Groups(Vec<AgentGroup>),
    /// The activities there are.
    Activities(Vec<Named>),
    /// LINEADDRESSSTATUS.
    Address(AddressStatus),
    /// LINECALLINFO and LINECALLSTATUS.
    Call(Box<Seen>),
}

impl Given {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

fn none(value: &u32) -> bool {
    *value == 0
}
