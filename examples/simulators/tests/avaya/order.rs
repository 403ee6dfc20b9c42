//! The order of elements, as the standard and Avaya's schemas have it. All that the simulator says is looked at.

use crate::xml::Element;

/// What may stand in an element, in this order; a question mark: it may be left out.
const ORDERS: [(&str, &str); 56] = [
    ("StartApplicationSessionPosResponse", "sessionID actualProtocolVersion actualSessionDuration"),
    ("StartApplicationSessionNegResponse", "errorCode"),
    ("ResetApplicationSessionTimerPosResponse", "actualSessionDuration"),
    ("ResetApplicationSessionTimerNegResponse", "errorCode"),
    ("ApplicationSessionTerminated", "sessionID sessionTermReason"),
    ("MonitorStartResponse", "monitorCrossRefID actualMonitorFilter?"),
    ("MakeCallResponse", "callingDevice extensions?"),
    ("ConsultationCallResponse", "initiatedCall"),
    ("TransferCallResponse", "transferredCall connections"),
    ("SingleStepTransferCallResponse", "transferredCall connections"),
    ("ConferenceCallResponse", "conferenceCall connections"),
    ("SingleStepConferenceCallResponse", "conferencedCall"),
    ("GetAgentStateResponse", "agentStateList extensions?"),
    ("agentInfoItem", "agentState pendingAgentState?"),
    ("agentStateEntry", "agentID? loggedOnState agentInfo"),
    ("GetAgentStateResponsePrivateData", "workMode talkState reasonCode? pendingReasonCode?"),
    ("SnapshotDeviceResponse", "crossRefIDorSnapshotData"),
    ("snapshotDeviceResponseInfo", "connectionIdentifier endpointDevice localCallState"),
    ("SnapshotCallResponse", "crossRefIDorSnapshotData callingDevice calledDevice callLinkageData"),
    ("snapshotCallResponseInfo", "deviceOnCall callIdentifier localConnectionInfo"),
    ("SnapshotDeviceData", "serviceCrossRefID segmentID lastSegment snapshotData"),
    (
        "ServiceInitiatedEvent",
        "monitorCrossRefID initiatedConnection initiatingDevice localConnectionInfo? cause callLinkageData",
    ),
    (
        "OriginatedEvent",
        "monitorCrossRefID originatedConnection callingDevice calledDevice localConnectionInfo? userData? cause \
         callLinkageData",
    ),
    (
        "NetworkReachedEvent",
        "monitorCrossRefID outboundConnection networkInterfaceUsed callingDevice calledDevice lastRedirectionDevice \
         localConnectionInfo? cause",
    ),
    (
        "DeliveredEvent",
        "monitorCrossRefID connection alertingDevice callingDevice calledDevice lastRedirectionDevice \
         localConnectionInfo? userData? cause callLinkageData extensions?",
    ),
    ("DeliveredEventPrivateData", "trunkGroup? trunkMember? acdGroup? userEnteredCode? distributingVDN?"),
    ("userEnteredCode", "userEnteredCodeType userEnteredCodeIndicator data"),
    (
        "EstablishedEvent",
        "monitorCrossRefID establishedConnection answeringDevice callingDevice calledDevice lastRedirectionDevice \
         localConnectionInfo? userData? cause callLinkageData",
    ),
    ("HeldEvent", "monitorCrossRefID heldConnection holdingDevice localConnectionInfo? cause"),
    ("RetrievedEvent", "monitorCrossRefID retrievedConnection retrievingDevice localConnectionInfo? cause"),
    (
        "QueuedEvent",
        "monitorCrossRefID queuedConnection queue callingDevice calledDevice lastRedirectionDevice numberQueued \
         localConnectionInfo? cause",
    ),
    ("DivertedEvent", "monitorCrossRefID connection divertingDevice newDestination localConnectionInfo? cause"),
    (
        "FailedEvent",
        "monitorCrossRefID failedConnection failingDevice callingDevice calledDevice lastRedirectionDevice \
         localConnectionInfo? cause",
    ),
    (
        "ConferencedEvent",
        "monitorCrossRefID primaryOldCall secondaryOldCall? conferencingDevice addedParty conferenceConnections \
         localConnectionInfo? cause",
    ),
    (
        "TransferedEvent",
        "monitorCrossRefID primaryOldCall secondaryOldCall? transferringDevice transferredToDevice \
         transferredConnections localConnectionInfo? cause",
    ),
    ("connectionListItem", "newConnection endpoint"),
    ("ConnectionClearedEvent", "monitorCrossRefID droppedConnection releasingDevice localConnectionInfo? cause"),
    ("BridgedEvent", "monitorCrossRefID bridgedConnection localConnectionInfo? cause"),
    ("CallClearedEvent", "monitorCrossRefID clearedCall cause"),
    ("CallInformationEvent", "monitorCrossRefID connection device userData?"),
    ("DigitsGeneratedEvent", "monitorCrossRefID connection digitGeneratedList"),
    ("EnteredDigitsEvent", "monitorCrossRefID connection digits localConnectionInfo? cause?"),
    ("AgentLoggedOnEvent", "monitorCrossRefID agentDevice agentID acdGroup"),
    ("AgentLoggedOffEvent", "monitorCrossRefID agentDevice agentID acdGroup"),
    ("AgentReadyEvent", "monitorCrossRefID agentDevice agentID acdGroup"),
    ("AgentNotReadyEvent", "monitorCrossRefID agentDevice agentID acdGroup extensions"),
    ("AgentWorkingAfterCallEvent", "monitorCrossRefID agentDevice agentID acdGroup"),
    ("AgentBusyEvent", "monitorCrossRefID agentDevice agentID acdGroup"),
    ("ForwardingEvent", "monitorCrossRefID device forwardingType forwardStatus forwardTo?"),
    ("DoNotDisturbEvent", "monitorCrossRefID device doNotDisturbOn"),
    ("OutOfServiceEvent", "monitorCrossRefID device"),
    ("BackInServiceEvent", "monitorCrossRefID device"),
    ("LinkDownEvent", "eventListenerId linkName autoReconnect"),
    ("LinkUpEvent", "eventListenerId linkName"),
    ("extensions", "privateData"),
    ("privateData", "private"),
];

/// Looks at an element and all within it.
pub(crate) fn check(element: &Element) -> Result<(), String> {
    if let Some((name, order)) = ORDERS.iter().find(|(name, _)| *name == element.name) {
        let mut names = element.names().into_iter().peekable();
        for expected in order.split_whitespace() {
            let may_miss = expected.ends_with('?');
            let expected = expected.trim_end_matches('?');
            if names.next_if_eq(&expected).is_none() && !may_miss {
                return Err(format!("{name}: {expected} is missing or misplaced: {:?}", element.names()));
            }
        }
        if names.next().is_some() {
            return Err(format!("{name}: something is too much or misplaced: {:?}", element.names()));
        }
    }
    element.children.iter().try_for_each(check)
}
