//! Every message that is known, by the name of its element.

mod agent;
mod calls;
mod devices;
mod error;
mod events;
mod monitor;
mod session;

pub use agent::*;
pub use calls::*;
pub use devices::*;
pub use error::CSTAErrorCode;
pub use events::*;
pub use monitor::*;
pub use session::*;

use crate::dialect::{Dialect, Ns};
use crate::part::Part;
use crate::xml::{Tree, Writer, XmlError};

macro_rules! messages {
    ($($T:ident in $ns:ident,)*) => {
        /// One message.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Message {
            $(#[doc = concat!("`", stringify!($T), "`.")] $T(Box<$T>),)*
            /// A message that is not known here, by its element's name. What it says stands in its text alone.
            Other(String),
        }

        impl Message {
            /// The names of all messages that are known.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($T),)*];

            /// Reads a document. Namespaces are passed over.
            ///
            /// # Errors
            /// It is no XML that is read (see [`XmlError`]). A message that is not known is none.
            pub fn parse(text: &str) -> Result<Self, XmlError> {
                let tree = Tree::parse(text)?;
                let root = tree.root();
                Ok(match root.name() {
                    $(stringify!($T) => Self::$T(Box::new($T::read(root))),)*
                    other => Self::Other(other.to_owned()),
                })
            }

            /// The name of its element.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$T(_) => stringify!($T),)*
                    Self::Other(name) => name,
                }
            }

            /// Writes it as a document, without a declaration.
            #[must_use]
            pub fn write(&self, dialect: &Dialect) -> String {
                match self {
                    $(Self::$T(message) => write(message.as_ref(), stringify!($T), Ns::$ns, dialect),)*
                    Self::Other(name) => {
                        let mut writer = Writer::new(dialect, Ns::Csta);
                        writer.open(name, Ns::Csta);
                        writer.close(name, Ns::Csta);
                        writer.finish()
                    }
                }
            }
        }

        $(impl From<$T> for Message {
            fn from(message: $T) -> Self {
                Self::$T(Box::new(message))
            }
        })*
    };
}

fn write<T: Part>(message: &T, name: &str, ns: Ns, dialect: &Dialect) -> String {
    let mut writer = Writer::new(dialect, ns);
    message.write(name, ns, &mut writer);
    writer.finish()
}

messages! {
    StartApplicationSession in Session,
    StartApplicationSessionPosResponse in Session,
    StartApplicationSessionNegResponse in Session,
    ResetApplicationSessionTimer in Session,
    ResetApplicationSessionTimerPosResponse in Session,
    ResetApplicationSessionTimerNegResponse in Session,
    StopApplicationSession in Session,
    StopApplicationSessionPosResponse in Session,
    StopApplicationSessionNegResponse in Session,
    ApplicationSessionTerminated in Session,
    GetDeviceId in Private,
    GetDeviceIdResponse in Private,
    GetThirdPartyDeviceId in Private,
    GetThirdPartyDeviceIdResponse in Private,
    ReleaseDeviceId in Private,
    ReleaseDeviceIdResponse in Private,
    TransferMonitorObjects in Private,
    TransferMonitorObjectsResponse in Private,
    GetLinkStatus in Private,
    GetCallLinkageData in Private,
    GetCallLinkageDataResponse in Private,
    LinkDownEvent in Private,
    LinkUpEvent in Private,
    EnteredDigitsEvent in Private,
    CSTAException in Private,
    MonitorStart in Csta,
    MonitorStartResponse in Csta,
    MonitorStop in Csta,
    MonitorStopResponse in Csta,
    SystemRegister in Csta,
    SystemRegisterResponse in Csta,
    SystemStatus in Csta,
    SystemStatusResponse in Csta,
    SnapshotDevice in Csta,
    SnapshotDeviceResponse in Csta,
    SnapshotDeviceData in Csta,
    SnapshotCall in Csta,
    SnapshotCallResponse in Csta,
    MakeCall in Csta,
    MakeCallResponse in Csta,
    AnswerCall in Csta,
    ClearConnection in Csta,
    ClearCall in Csta,
    HoldCall in Csta,
    RetrieveCall in Csta,
    ConsultationCall in Csta,
    ConsultationCallResponse in Csta,
    AlternateCall in Csta,
    ReconnectCall in Csta,
    TransferCall in Csta,
    TransferCallResponse in Csta,
    SingleStepTransferCall in Csta,
    SingleStepTransferCallResponse in Csta,
    ConferenceCall in Csta,
    ConferenceCallResponse in Csta,
    SingleStepConferenceCall in Csta,
    SingleStepConferenceCallResponse in Csta,
    DeflectCall in Csta,
    DirectedPickupCall in Csta,
    GenerateDigits in Csta,
    AnswerCallResponse in Csta,
    ClearConnectionResponse in Csta,
    ClearCallResponse in Csta,
    HoldCallResponse in Csta,
    RetrieveCallResponse in Csta,
    AlternateCallResponse in Csta,
    ReconnectCallResponse in Csta,
    DeflectCallResponse in Csta,
    DirectedPickupCallResponse in Csta,
    GenerateDigitsResponse in Csta,
    SetAgentState in Csta,
    SetAgentStateResponse in Csta,
    GetAgentState in Csta,
    GetAgentStateResponse in Csta,
    SetForwarding in Csta,
    SetForwardingResponse in Csta,
    SetDoNotDisturb in Csta,
    SetDoNotDisturbResponse in Csta,
    GetForwarding in Csta,
    GetForwardingResponse in Csta,
    GetDoNotDisturb in Csta,
    GetDoNotDisturbResponse in Csta,
    ServiceInitiatedEvent in Csta,
    OriginatedEvent in Csta,
    DeliveredEvent in Csta,
    OfferedEvent in Csta,
    NetworkReachedEvent in Csta,
    EstablishedEvent in Csta,
    HeldEvent in Csta,
    RetrievedEvent in Csta,
    QueuedEvent in Csta,
    DivertedEvent in Csta,
    FailedEvent in Csta,
    BridgedEvent in Csta,
    ConferencedEvent in Csta,
    TransferedEvent in Csta,
    ConnectionClearedEvent in Csta,
    CallClearedEvent in Csta,
    CallInformationEvent in Csta,
    DigitsGeneratedEvent in Csta,
    AgentLoggedOnEvent in Csta,
    ForwardingEvent in Csta,
    DoNotDisturbEvent in Csta,
    OutOfServiceEvent in Csta,
    BackInServiceEvent in Csta,
    AgentLoggedOffEvent in Csta,
    AgentReadyEvent in Csta,
    AgentNotReadyEvent in Csta,
    AgentWorkingAfterCallEvent in Csta,
    AgentBusyEvent in Csta,
    CSTAErrorCode in Csta,
}
