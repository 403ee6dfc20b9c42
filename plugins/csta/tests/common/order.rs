//! The order of elements that the standard's schemas ask for, transcribed from what is known of them, and a checker.
//! It shares nothing with the crate's own tables.

use jackfield_csta::xml::{Node, Tree};

/// Elements that may stand in an element, in their order. `*`: any.
const ORDERS: &[(&str, &str)] = &[
    // ECMA-354.
    ("StartApplicationSession", "applicationInfo requestedProtocolVersions requestedSessionDuration"),
    ("applicationInfo", "applicationID applicationSpecificInfo"),
    ("applicationSpecificInfo", "SessionLoginInfo"),
    ("SessionLoginInfo", "userName password sessionCleanupDelay sessionID"),
    ("requestedProtocolVersions", "protocolVersion"),
    ("StartApplicationSessionPosResponse", "sessionID actualProtocolVersion actualSessionDuration"),
    ("StartApplicationSessionNegResponse", "errorCode"),
    ("errorCode", "definedError applError"),
    ("ResetApplicationSessionTimer", "sessionID requestedSessionDuration"),
    ("ResetApplicationSessionTimerPosResponse", "actualSessionDuration"),
    ("ResetApplicationSessionTimerNegResponse", "errorCode"),
    ("StopApplicationSession", "sessionID sessionEndReason"),
    ("sessionEndReason", "definedEndReason appEndReason"),
    ("StopApplicationSessionPosResponse", ""),
    ("ApplicationSessionTerminated", "sessionID sessionTermReason"),
    ("sessionTermReason", "definedTermReason serverTermReason"),
    // Avaya's services.
    ("GetDeviceId", "switchName switchIPInterface extension deviceInstance controllableByOtherSessions"),
    ("GetThirdPartyDeviceId", "switchName extension deviceInstance"),
    ("GetDeviceIdResponse", "device"),
    ("GetThirdPartyDeviceIdResponse", "device"),
    ("ReleaseDeviceId", "device"),
    ("ReleaseDeviceIdResponse", ""),
    ("TransferMonitorObjects", "fromSessionID toSessionID"),
    ("GetLinkStatus", "linkName"),
    ("GetCallLinkageData", "call"),
    ("GetCallLinkageDataResponse", "callLinkageData"),
    ("LinkDownEvent", "eventListenerId linkName autoReconnect"),
    ("LinkUpEvent", "eventListenerId linkName"),
    // Monitors.
    ("MonitorStart", "monitorObject requestedMonitorFilter monitorType requestedMonitorMediaClass extensions"),
    ("monitorObject", "deviceObject callObject"),
    (
        "requestedMonitorFilter",
        "callcontrol callAssociated mediaAttachment physicalDeviceFeature logicalDeviceFeature maintenance voice private",
    ),
    (
        "actualMonitorFilter",
        "callcontrol callAssociated mediaAttachment physicalDeviceFeature logicalDeviceFeature maintenance voice private",
    ),
    (
        "callcontrol",
        "bridged callCleared conferenced connectionCleared delivered digitsDialed diverted established failed held \
         networkCapabilitiesChanged networkReached offered originated queued retrieved serviceInitiated transferred",
    ),
    ("callAssociated", "callInformation charging digitsGenerated telephonyTonesGenerated serviceCompletionFailure"),
    (
        "logicalDeviceFeature",
        "agentBusy agentLoggedOn agentLoggedOff agentNotReady agentReady agentWorkingAfterCall autoAnswer autoWorkMode \
         callBack callBackMessage callerIDStatus doNotDisturb forwarding routeingMode",
    ),
    ("maintenance", "backInService outOfService"),
    ("AvayaEvents", "invertFilter callControlPrivate"),
    ("callControlPrivate", "enteredDigits"),
    (
        "MonitorStartResponse",
        "monitorCrossRefID actualMonitorFilter actualMonitorMediaClass monitorExistingCalls extensions",
    ),
    ("MonitorStop", "monitorCrossRefID extensions"),
    ("MonitorStopResponse", "extensions"),
    ("SystemRegister", "requestTypes requestedStatusFilter extensions"),
    ("requestTypes", "systemStatus"),
    ("requestedStatusFilter", "initializing enabled normal messagesLost disabled partiallyDisabled"),
    ("SystemRegisterPrivateData", "invertFilter switchName"),
    ("SystemStatus", "systemStatus extensions"),
    ("SystemStatusResponse", "extensions"),
    // Snapshots.
    ("SnapshotDevice", "snapshotObject extensions"),
    ("SnapshotCall", "snapshotObject extensions"),
    ("SnapshotDeviceResponse", "crossRefIDorSnapshotData extensions"),
    ("SnapshotCallResponse", "crossRefIDorSnapshotData callingDevice calledDevice callLinkageData extensions"),
    ("crossRefIDorSnapshotData", "serviceCrossRefID snapshotData"),
    ("snapshotData", "snapshotDeviceResponseInfo snapshotCallResponseInfo"),
    ("snapshotDeviceResponseInfo", "connectionIdentifier endpointDevice localCallState servicesPermitted"),
    ("snapshotCallResponseInfo", "deviceOnCall callIdentifier localConnectionInfo"),
    ("localCallState", "compoundCallState simpleCallState unknown"),
    ("compoundCallState", "localConnectionState"),
    // Call control.
    (
        "MakeCall",
        "callingDevice calledDirectoryNumber accountCode authCode autoOriginate correlatorData userData \
         callCharacteristics mediaCallCharacteristics extensions",
    ),
    ("MakeCallResponse", "callingDevice callLinkageData extensions"),
    ("AnswerCall", "callToBeAnswered correlatorData userData extensions"),
    ("ClearConnection", "connectionToBeCleared correlatorData userData reason extensions"),
    ("ClearCall", "callToBeCleared userData extensions"),
    ("HoldCall", "callToBeHeld connectionReservation extensions"),
    ("RetrieveCall", "callToBeRetrieved extensions"),
    (
        "ConsultationCall",
        "existingCall consultedDevice connectionReservation accountCode authCode correlatorData userData consultOptions \
         extensions",
    ),
    ("ConsultationCallResponse", "initiatedCall callLinkageData extensions"),
    ("AlternateCall", "heldCall activeCall extensions"),
    ("ReconnectCall", "activeCall heldCall extensions"),
    ("TransferCall", "heldCall activeCall extensions"),
    ("TransferCallResponse", "transferredCall connections extensions"),
    ("SingleStepTransferCall", "activeCall transferredTo userData extensions"),
    ("SingleStepTransferCallResponse", "transferredCall connections extensions"),
    ("ConferenceCall", "heldCall activeCall extensions"),
    ("ConferenceCallResponse", "conferenceCall connections extensions"),
    ("SingleStepConferenceCall", "activeCall deviceToJoin participationType extensions"),
    ("SingleStepConferenceCallResponse", "conferencedCall extensions"),
    ("DeflectCall", "callToBeDiverted newDestination userData extensions"),
    ("DirectedPickupCall", "callToBePickedUp requestingDevice userData extensions"),
    (
        "servicesPermitted",
        "callControlServices callAssociatedServices mediaAttachementServices routeingServices voiceServices",
    ),
    (
        "GenerateDigits",
        "connectionToSendDigits digitMode charactersToSend toneDuration pulseRate pauseDuration extensions",
    ),
    ("connections", "connectionListItem"),
    ("connectionListItem", "newConnection oldConnection endpoint"),
    ("endpoint", "deviceID"),
    ("userData", "string"),
    ("correlatorData", "string"),
    // Agents.
    ("SetAgentState", "device requestedAgentState agentID password group extensions"),
    ("SetAgentStateResponse", "pendingAgentState extensions"),
    ("SetAgentStatePrivateData", "workMode reasonCode enablePending"),
    ("GetAgentState", "device acdGroup extensions"),
    ("GetAgentStateResponse", "agentStateList extensions"),
    ("agentStateList", "agentStateEntry"),
    ("agentStateEntry", "agentID loggedOnState agentInfo"),
    ("agentInfo", "agentInfoItem"),
    ("agentInfoItem", "acdGroup agentState pendingAgentState"),
    ("GetAgentStateResponsePrivateData", "workMode talkState reasonCode pendingWorkMode pendingReasonCode"),
    ("SetForwarding", "device forwardingType activateForward forwardDN ringCount extensions"),
    ("SetDoNotDisturb", "device doNotDisturbOn extensions"),
    ("GetForwarding", "device extensions"),
    ("GetDoNotDisturb", "device extensions"),
    // Events. What is common to most of them follows at the end of each.
    ("ServiceInitiatedEvent", "monitorCrossRefID initiatedConnection initiatingDevice +"),
    ("OriginatedEvent", "monitorCrossRefID originatedConnection callingDevice calledDevice originatingDevice +"),
    (
        "DeliveredEvent",
        "monitorCrossRefID connection alertingDevice callingDevice calledDevice lastRedirectionDevice +",
    ),
    (
        "NetworkReachedEvent",
        "monitorCrossRefID outboundConnection networkInterfaceUsed callingDevice calledDevice lastRedirectionDevice +",
    ),
    (
        "EstablishedEvent",
        "monitorCrossRefID establishedConnection answeringDevice callingDevice calledDevice lastRedirectionDevice +",
    ),
    ("HeldEvent", "monitorCrossRefID heldConnection holdingDevice +"),
    ("RetrievedEvent", "monitorCrossRefID retrievedConnection retrievingDevice +"),
    (
        "QueuedEvent",
        "monitorCrossRefID queuedConnection queue callingDevice calledDevice lastRedirectionDevice numberQueued callsInFront \
         +",
    ),
    ("DivertedEvent", "monitorCrossRefID connection divertingDevice newDestination +"),
    (
        "FailedEvent",
        "monitorCrossRefID failedConnection failingDevice callingDevice calledDevice lastRedirectionDevice +",
    ),
    (
        "ConferencedEvent",
        "monitorCrossRefID primaryOldCall secondaryOldCall conferencingDevice addedParty conferenceConnections +",
    ),
    (
        "TransferedEvent",
        "monitorCrossRefID primaryOldCall secondaryOldCall transferringDevice transferredToDevice transferredConnections +",
    ),
    ("ConnectionClearedEvent", "monitorCrossRefID droppedConnection releasingDevice +"),
    ("CallClearedEvent", "monitorCrossRefID clearedCall +"),
    ("conferenceConnections", "connectionListItem"),
    ("transferredConnections", "connectionListItem"),
    ("callLinkageData", "globalCallData"),
    ("globalCallData", "globalCallLinkageID"),
    ("globalCallLinkageID", "globallyUniqueCallLinkageID"),
    ("extensions", "privateData"),
    ("privateData", "private"),
    // A connection; either order is accepted.
    ("newConnection", "callID deviceID"),
];

const COMMON: &str = "localConnectionInfo correlatorData userData cause servicesPermitted callLinkageData extensions";

/// What is wrong with the order of elements in a document; `None`: nothing, as far as it is known.
pub(crate) fn wrong(text: &str) -> Option<String> {
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => return Some(error.to_string()),
    };
    // Every message of ours must be in the table: a new one is to be looked up.
    if !ORDERS.iter().any(|(name, _)| *name == tree.root().name()) {
        return Some(format!("the order of `{}` is not in the table", tree.root().name()));
    }
    wrong_in(tree.root())
}

fn wrong_in(node: Node<'_, '_>) -> Option<String> {
    // One name in the schemas means two types: a device's service and an event's list.
    if let Some((_, order)) = ORDERS.iter().find(|(name, _)| *name == node.name())
        && node.children().next().is_some()
    {
        let order = order.replace('+', COMMON);
        let mut names = order.split_whitespace();
        let mut at = names.next();
        for child in node.children() {
            while at.is_some_and(|name| name != child.name()) {
                at = names.next();
            }
            if at.is_none() {
                return Some(format!("`{}` in `{}` is unknown or too late: {order}", child.name(), node.name()));
            }
        }
    }
    node.children().find_map(wrong_in)
}
