//! Monitors, and the state of the system.

use crate::part::parts;
use crate::private::{Extensions, Flags};
use crate::types::{ConnectionId, DeviceId, LocalState};

parts! {
    /// What is monitored.
    MonitorObject in Csta {
        opt "deviceObject" device: DeviceId,
        opt "callObject" call: ConnectionId,
    }
    /// Events by groups, in the schema's order.
    MonitorFilter in Csta {
        opt "callcontrol" call_control: Flags,
        opt "callAssociated" call_associated: Flags,
        opt "mediaAttachment" media_attachment: Flags,
        opt "physicalDeviceFeature" physical_device: Flags,
        opt "logicalDeviceFeature" logical_device: Flags,
        opt "maintenance" maintenance: Flags,
        opt "voice" voice: Flags,
        opt "private" private: Flags,
    }
    /// Events of an object are wanted.
    MonitorStart in Csta {
        one "monitorObject" object: MonitorObject,
        opt "requestedMonitorFilter" filter: MonitorFilter,
        /// `device`, or `call`: of all calls that came by.
        opt "monitorType" kind: String,
        opt "requestedMonitorMediaClass" media_class: Flags,
        opt "extensions" extensions: Extensions,
    }
    /// They will come, with this reference.
    MonitorStartResponse in Csta {
        one "monitorCrossRefID" monitor: String,
        opt "actualMonitorFilter" filter: MonitorFilter,
        opt "actualMonitorMediaClass" media_class: Flags,
        opt "monitorExistingCalls" existing_calls: bool,
        opt "extensions" extensions: Extensions,
    }
    /// No more events: by us as a request, by the server as a message.
    MonitorStop in Csta {
        one "monitorCrossRefID" monitor: String,
        opt "extensions" extensions: Extensions,
    }
    /// None will come.
    MonitorStopResponse in Csta {
        opt "extensions" extensions: Extensions,
    }
    /// What is to be told of the system.
    SystemRegister in Csta {
        opt "requestTypes" types: Flags,
        opt "requestedStatusFilter" filter: Flags,
        opt "extensions" extensions: Extensions,
    }
    /// It will be told.
    SystemRegisterResponse in Csta {
        opt "sysStatRegisterID" register: String,
        opt "extensions" extensions: Extensions,
    }
    /// How the system is. To be answered.
    SystemStatus in Csta {
        opt "sysStatRegisterID" register: String,
        one "systemStatus" status: String,
        opt "extensions" extensions: Extensions,
    }
    /// Heard.
    SystemStatusResponse in Csta {
        opt "extensions" extensions: Extensions,
    }
    /// Which calls are at a device?
    SnapshotDevice in Csta {
        one "snapshotObject" device: DeviceId,
        opt "extensions" extensions: Extensions,
    }
    /// Several states at once: our end's first, then the others'.
    CompoundState in Csta {
        all "localConnectionState" states: LocalState,
    }
    /// A call's state as a device sees it.
    CallState in Csta {
        opt "compoundCallState" compound: CompoundState,
        opt "simpleCallState" simple: String,
    }
    /// One call of a device's snapshot.
    DeviceInfo in Csta {
        one "connectionIdentifier" connection: ConnectionId,
        opt "endpointDevice" endpoint: crate::types::Subject,
        opt "localCallState" state: CallState,
        opt "servicesPermitted" services: crate::services::ServicesPermitted,
    }
    /// All of them.
    DeviceData in Csta {
        all "snapshotDeviceResponseInfo" calls: DeviceInfo,
    }
    /// The calls, or the reference under which they will come.
    DeviceDataOrReference in Csta {
        opt "serviceCrossRefID" reference: String,
        opt "snapshotData" data: DeviceData,
    }
    /// The calls at a device.
    SnapshotDeviceResponse in Csta {
        one "crossRefIDorSnapshotData" found: DeviceDataOrReference,
        opt "extensions" extensions: Extensions,
    }
    /// A part of the calls at a device.
    SnapshotDeviceData in Csta {
        opt "serviceCrossRefID" reference: String,
        opt "segmentID" segment: u32,
        opt "lastSegment" last: bool,
        opt "snapshotData" data: DeviceData,
        opt "extensions" extensions: Extensions,
    }
    /// Who is in a call?
    SnapshotCall in Csta {
        one "snapshotObject" connection: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// One party.
    CallInfo in Csta {
        one "deviceOnCall" device: crate::types::Subject,
        one "callIdentifier" connection: ConnectionId,
        opt "localConnectionInfo" state: LocalState,
    }
    /// All parties.
    CallData in Csta {
        all "snapshotCallResponseInfo" parties: CallInfo,
    }
    /// The parties, or the reference under which they will come.
    CallDataOrReference in Csta {
        opt "serviceCrossRefID" reference: String,
        opt "snapshotData" data: CallData,
    }
    /// The parties of a call.
    SnapshotCallResponse in Csta {
        one "crossRefIDorSnapshotData" found: CallDataOrReference,
        opt "callingDevice" calling: crate::types::Subject,
        opt "calledDevice" called: crate::types::Subject,
        opt "callLinkageData" linkage: crate::types::CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
}
