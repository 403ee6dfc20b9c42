//! Devices and links: services that Avaya adds.

use crate::part::parts;
use crate::types::{CallLinkageData, ConnectionId, DeviceId};

parts! {
    /// Asks for the id of a station, to monitor and control it.
    GetDeviceId in Private {
        opt "switchName" switch: String,
        opt "switchIPInterface" address: String,
        one "extension" extension: String,
        opt "deviceInstance" instance: u32,
        opt "controllableByOtherSessions" shared: bool,
    }
    /// The id.
    GetDeviceIdResponse in Private {
        one "device" device: DeviceId,
    }
    /// Asks for the id of anything else that has a number.
    GetThirdPartyDeviceId in Private {
        opt "switchName" switch: String,
        one "extension" extension: String,
        opt "deviceInstance" instance: u32,
    }
    /// The id.
    GetThirdPartyDeviceIdResponse in Private {
        one "device" device: DeviceId,
    }
    /// An id is not needed any more.
    ReleaseDeviceId in Private {
        one "device" device: DeviceId,
    }
    /// Taken note of.
    ReleaseDeviceIdResponse in Private {}
    /// Takes devices and monitors of another session over.
    TransferMonitorObjects in Private {
        one "fromSessionID" from: String,
        one "toSessionID" to: String,
    }
    /// Taken over.
    TransferMonitorObjectsResponse in Private {}
    /// Asks whether a link to a switch is up.
    GetLinkStatus in Private {
        opt "linkName" link: String,
    }
    /// Asks for the id of a call that is the same everywhere.
    GetCallLinkageData in Private {
        one "call" call: ConnectionId,
    }
    /// The id.
    GetCallLinkageDataResponse in Private {
        one "callLinkageData" linkage: CallLinkageData,
    }
    /// A link to a switch broke.
    LinkDownEvent in Private {
        opt "eventListenerId" listener: String,
        one "linkName" link: String,
        opt "autoReconnect" reconnects: bool,
    }
    /// It is back.
    LinkUpEvent in Private {
        opt "eventListenerId" listener: String,
        one "linkName" link: String,
    }
    /// The caller entered digits that were asked for.
    EnteredDigitsEvent in Private {
        one "monitorCrossRefID" monitor: String,
        one "connection" connection: ConnectionId,
        one "digits" digits: String,
        opt "localConnectionInfo" @Csta local: crate::types::LocalState,
        opt "cause" @Csta cause: String,
    }
    /// A fault within the server.
    CSTAException in Private {
        opt "exceptionClass" class: String,
        opt "message" message: String,
        opt "CSTAErrorCode" @Csta error: super::CSTAErrorCode,
    }
}
