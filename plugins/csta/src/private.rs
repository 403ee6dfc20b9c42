//! What Avaya adds: blocks within `extensions/privateData/private`.

use crate::dialect::Ns;
use crate::part::{Part, parts};
use crate::types::{CallLinkageData, DeviceId, Subject, UserData, Word};
use crate::xml::{Node, Writer};

/// Names that are switched on or off, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags(pub Vec<(Word, bool)>);

impl Flags {
    /// All of these, on.
    #[must_use]
    pub fn on(names: &[&'static str]) -> Self {
        Self(names.iter().map(|name| (Word::Borrowed(*name), true)).collect())
    }

    /// Whether this one is on.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.0.iter().any(|(known, on)| known == name && *on)
    }
}

impl Part for Flags {
    fn read(node: Node<'_, '_>) -> Self {
        Self(node.children().map(|child| (Word::Owned(child.name().to_owned()), bool::read(child))).collect())
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        for (flag, on) in &self.0 {
            on.write(flag, ns, writer);
        }
        writer.close(name, ns);
    }
}

parts! {
    /// Which of Avaya's own events a monitor reports, and how its filter is meant.
    AvayaEvents in Private {
        /// What is listed is wanted; without it, what is listed is *not* wanted.
        opt "invertFilter" invert_filter: bool,
        opt "callControlPrivate" call_control: Flags,
        opt "deviceServices" device_services: Flags,
        opt "logicalDeviceFeaturePrivate" logical_device_feature: Flags,
    }
    /// Of which switch the status is wanted.
    SystemRegisterData in Private {
        opt "invertFilter" invert_filter: bool,
        opt "switchName" switch: String,
    }
    /// What Avaya says of a call that was made.
    MakeCallData in Private {
        opt "callLinkageData" linkage: CallLinkageData,
    }
    /// Digits that the caller was asked for.
    EnteredCode in Private {
        opt "userEnteredCodeType" kind: String,
        opt "userEnteredCodeIndicator" indicator: String,
        opt "data" data: String,
        opt "collectVDN" vdn: Subject,
    }
    /// What a call was before it was transferred or joined.
    OriginalCall in Private {
        opt "reason" reason: String,
        opt "callingDevice" calling: Subject,
        opt "calledDevice" called: Subject,
        opt "trunkGroup" trunk_group: String,
        opt "trunkMember" trunk_member: String,
        opt "userData" user_data: UserData,
        opt "callLinkageData" linkage: CallLinkageData,
    }
    /// What Avaya says of a call: trunk, split, digits, VDN.
    CallData in Private {
        opt "trunkGroup" trunk_group: String,
        opt "trunkMember" trunk_member: String,
        opt "acdGroup" acd_group: DeviceId,
        opt "userEnteredCode" entered: EnteredCode,
        opt "distributingDevice" distributing_device: Subject,
        opt "distributingVDN" distributing_vdn: Subject,
        opt "originalCallInfo" original: OriginalCall,
        opt "reason" reason: String,
    }
    /// How an agent's state is to be set.
    SetAgentData in Private {
        opt "workMode" work_mode: String,
        opt "reasonCode" reason: String,
        opt "enablePending" pending: bool,
    }
    /// What Avaya says of an agent's state.
    AgentData in Private {
        opt "workMode" work_mode: String,
        opt "talkState" talk_state: String,
        opt "reasonCode" reason: String,
        opt "pendingWorkMode" pending_work_mode: String,
        opt "pendingReasonCode" pending_reason: String,
    }
    /// What else a device's snapshot is to tell.
    SnapshotDeviceData in Private {
        opt "getStationStatus" station_status: bool,
    }
}

macro_rules! blocks {
    ($($V:ident($T:ident) = $name:literal,)*) => {
        /// One block, by the name of its element.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Block {
            $(#[doc = concat!("`", $name, "`.")] $V($T),)*
            /// A block that is not known here, by its name. What is in it stands in the message's text alone.
            Other(String),
        }

        impl Block {
            fn read(node: Node<'_, '_>) -> Self {
                match node.name() {
                    $($name => Self::$V($T::read(node)),)*
                    other => Self::Other(other.to_owned()),
                }
            }

            fn write(&self, writer: &mut Writer<'_>) {
                match self {
                    $(Self::$V(block) => block.write($name, Ns::Private, writer),)*
                    Self::Other(name) => writer.leaf(name, Ns::Private, &[], ""),
                }
            }
        }
    };
}

blocks! {
    Events(AvayaEvents) = "AvayaEvents",
    SystemRegister(SystemRegisterData) = "SystemRegisterPrivateData",
    MakeCall(MakeCallData) = "MakeCallResponsePrivateData",
    Consultation(MakeCallData) = "ConsultationCallResponsePrivateData",
    ServiceInitiated(CallData) = "ServiceInitiatedEventPrivateData",
    Originated(CallData) = "OriginatedEventPrivateData",
    Delivered(CallData) = "DeliveredEventPrivateData",
    Established(CallData) = "EstablishedEventPrivateData",
    NetworkReached(CallData) = "NetworkReachedEventPrivateData",
    Queued(CallData) = "QueuedEventPrivateData",
    Failed(CallData) = "FailedEventPrivateData",
    Transferred(CallData) = "TransferedEventPrivateData",
    Conferenced(CallData) = "ConferencedEventPrivateData",
    ConnectionCleared(CallData) = "ConnectionClearedEventPrivateData",
    CallCleared(CallData) = "CallClearedEventPrivateData",
    SetAgent(SetAgentData) = "SetAgentStatePrivateData",
    SetAgentResponse(AgentData) = "SetAgentStateResponsePrivateData",
    Agent(AgentData) = "GetAgentStateResponsePrivateData",
    AgentNotReady(AgentData) = "AgentNotReadyEventPrivateData",
    AgentReady(AgentData) = "AgentReadyEventPrivateData",
    AgentWorking(AgentData) = "AgentWorkingAfterCallEventPrivateData",
    AgentBusy(AgentData) = "AgentBusyEventPrivateData",
    AgentLoggedOff(AgentData) = "AgentLoggedOffEventPrivateData",
    SnapshotDevice(SnapshotDeviceData) = "SnapshotDevicePrivateData",
}

/// `extensions`, with the makers' blocks in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extensions {
    /// The blocks.
    pub blocks: Vec<Block>,
}

impl Extensions {
    /// With this block.
    #[must_use]
    pub fn new(block: Block) -> Self {
        Self { blocks: vec![block] }
    }

    /// What Avaya says of the call.
    #[must_use]
    pub fn call(&self) -> Option<&CallData> {
        self.blocks.iter().find_map(|block| match block {
            Block::ServiceInitiated(data)
            | Block::Originated(data)
            | Block::Delivered(data)
            | Block::Established(data)
            | Block::NetworkReached(data)
            | Block::Queued(data)
            | Block::Failed(data)
            | Block::Transferred(data)
            | Block::Conferenced(data)
            | Block::ConnectionCleared(data)
            | Block::CallCleared(data) => Some(data),
            _ => None,
        })
    }

    /// What Avaya says of the agent.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentData> {
        self.blocks.iter().find_map(|block| match block {
            Block::Agent(data)
            | Block::SetAgentResponse(data)
            | Block::AgentNotReady(data)
            | Block::AgentReady(data)
            | Block::AgentWorking(data)
            | Block::AgentBusy(data)
            | Block::AgentLoggedOff(data) => Some(data),
            _ => None,
        })
    }

    /// The call's id that is the same everywhere, where a block alone tells it.
    #[must_use]
    pub fn ucid(&self) -> Option<&str> {
        self.blocks.iter().find_map(|block| match block {
            Block::MakeCall(data) | Block::Consultation(data) => data.linkage.as_ref()?.ucid(),
            _ => None,
        })
    }
}

impl Part for Extensions {
    fn read(node: Node<'_, '_>) -> Self {
        let privates = node.children().filter(|child| child.name() == "privateData").flat_map(Node::children);
        Self {
            blocks: privates
                .filter(|child| child.name() == "private")
                .flat_map(Node::children)
                .map(Block::read)
                .collect(),
        }
    }

    fn write(&self, name: &str, ns: Ns, writer: &mut Writer<'_>) {
        writer.open(name, ns);
        if !self.blocks.is_empty() {
            writer.open("privateData", Ns::Csta);
            writer.open("private", Ns::Csta);
            for block in &self.blocks {
                block.write(writer);
            }
            writer.close("private", Ns::Csta);
            writer.close("privateData", Ns::Csta);
        }
        writer.close(name, ns);
    }
}
