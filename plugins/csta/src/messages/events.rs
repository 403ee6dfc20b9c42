//! Events: what happens at a monitored object. Each begins with the monitor's reference.

use crate::messages::agent::AgentState;
use crate::part::parts;
use crate::private::Extensions;
use crate::services::ServicesPermitted;
use crate::types::{CallLinkageData, ConnectionId, Connections, DeviceId, LocalState, Subject, UserData};

parts! {
    /// Somebody lifted the phone, or a call is about to be made.
    ServiceInitiatedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "initiatedConnection" connection: ConnectionId,
        opt "initiatingDevice" initiating: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// Something was dialled.
    OriginatedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "originatedConnection" connection: ConnectionId,
        one "callingDevice" calling: Subject,
        one "calledDevice" called: Subject,
        opt "originatingDevice" originating: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call rings at a device.
    DeliveredEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "connection" connection: ConnectionId,
        one "alertingDevice" alerting: Subject,
        one "callingDevice" calling: Subject,
        one "calledDevice" called: Subject,
        one "lastRedirectionDevice" redirection: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call is offered to a device.
    OfferedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "offeredConnection" connection: ConnectionId,
        opt "offeredDevice" offered: Subject,
        opt "callingDevice" calling: Subject,
        opt "calledDevice" called: Subject,
        opt "lastRedirectionDevice" redirection: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call has left the switch.
    NetworkReachedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "outboundConnection" connection: ConnectionId,
        one "networkInterfaceUsed" interface: Subject,
        one "callingDevice" calling: Subject,
        one "calledDevice" called: Subject,
        one "lastRedirectionDevice" redirection: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call was answered.
    EstablishedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "establishedConnection" connection: ConnectionId,
        one "answeringDevice" answering: Subject,
        one "callingDevice" calling: Subject,
        one "calledDevice" called: Subject,
        one "lastRedirectionDevice" redirection: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A party holds a call.
    HeldEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "heldConnection" connection: ConnectionId,
        one "holdingDevice" holding: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A party takes it back.
    RetrievedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "retrievedConnection" connection: ConnectionId,
        one "retrievingDevice" retrieving: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call waits in a queue.
    QueuedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "queuedConnection" connection: ConnectionId,
        one "queue" queue: Subject,
        opt "callingDevice" calling: Subject,
        opt "calledDevice" called: Subject,
        opt "lastRedirectionDevice" redirection: Subject,
        opt "numberQueued" number_queued: u32,
        opt "callsInFront" calls_in_front: u32,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call was taken away from a device.
    DivertedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "connection" connection: ConnectionId,
        one "divertingDevice" diverting: Subject,
        one "newDestination" to: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call cannot be completed.
    FailedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "failedConnection" connection: ConnectionId,
        one "failingDevice" failing: Subject,
        opt "callingDevice" calling: Subject,
        opt "calledDevice" called: Subject,
        opt "lastRedirectionDevice" redirection: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// An appearance of a shared line went idle in a call.
    BridgedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "bridgedConnection" connection: ConnectionId,
        opt "bridgedAppearance" appearance: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// Calls became one.
    ConferencedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "primaryOldCall" primary: ConnectionId,
        opt "secondaryOldCall" secondary: ConnectionId,
        one "conferencingDevice" conferencing: Subject,
        one "addedParty" added: Subject,
        one "conferenceConnections" connections: Connections,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A party left, and joined the others. (The name is spelt so.)
    TransferedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "primaryOldCall" primary: ConnectionId,
        opt "secondaryOldCall" secondary: ConnectionId,
        one "transferringDevice" transferring: Subject,
        one "transferredToDevice" to: Subject,
        one "transferredConnections" connections: Connections,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A party has left.
    ConnectionClearedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "droppedConnection" connection: ConnectionId,
        one "releasingDevice" releasing: Subject,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A call is over for all.
    CallClearedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "clearedCall" connection: ConnectionId,
        opt "localConnectionInfo" local: LocalState,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "cause" cause: String,
        opt "servicesPermitted" services: ServicesPermitted,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// Something about a call became known.
    CallInformationEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "connection" connection: ConnectionId,
        opt "device" device: Subject,
        opt "callingDevice" calling: Subject,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// Digits were sent.
    DigitsGeneratedEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "connection" connection: ConnectionId,
        one "digitGeneratedList" digits: String,
        opt "extensions" extensions: Extensions,
    }
    /// An agent logged on.
    AgentLoggedOnEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "agentDevice" device: Subject,
        opt "agentID" agent: String,
        opt "acdGroup" group: DeviceId,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// A forwarding was set, or ended.
    ForwardingEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "device" device: Subject,
        opt "forwardingType" kind: String,
        one "forwardStatus" on: bool,
        opt "forwardTo" to: DeviceId,
        opt "extensions" extensions: Extensions,
    }
    /// Do not disturb was set, or ended.
    DoNotDisturbEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "device" device: Subject,
        one "doNotDisturbOn" on: bool,
        opt "extensions" extensions: Extensions,
    }
    /// A device stopped working.
    OutOfServiceEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "device" device: Subject,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// It works again.
    BackInServiceEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "device" device: Subject,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// An agent logged off.
    AgentLoggedOffEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "agentDevice" device: Subject,
        opt "agentID" agent: String,
        opt "acdGroup" group: DeviceId,
        opt "pendingAgentState" pending: AgentState,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// An agent takes calls.
    AgentReadyEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "agentDevice" device: Subject,
        opt "agentID" agent: String,
        opt "acdGroup" group: DeviceId,
        opt "pendingAgentState" pending: AgentState,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// An agent takes no calls.
    AgentNotReadyEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "agentDevice" device: Subject,
        opt "agentID" agent: String,
        opt "acdGroup" group: DeviceId,
        opt "pendingAgentState" pending: AgentState,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// An agent works on the last call.
    AgentWorkingAfterCallEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "agentDevice" device: Subject,
        opt "agentID" agent: String,
        opt "acdGroup" group: DeviceId,
        opt "pendingAgentState" pending: AgentState,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
    /// An agent is in a call.
    AgentBusyEvent in Csta {
        one "monitorCrossRefID" monitor: String,
        one "agentDevice" device: Subject,
        opt "agentID" agent: String,
        opt "acdGroup" group: DeviceId,
        opt "pendingAgentState" pending: AgentState,
        opt "cause" cause: String,
        opt "extensions" extensions: Extensions,
    }
}
