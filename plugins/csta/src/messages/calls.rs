//! Call control: services and their answers.

use crate::part::parts;
use crate::private::Extensions;
use crate::types::{CallLinkageData, ConnectionId, Connections, DeviceId, UserData};

/// Answers with nothing in them.
macro_rules! empty {
    ($($(#[$meta:meta])* $T:ident,)*) => {
        parts! { $($(#[$meta])* $T in Csta { opt "extensions" extensions: Extensions, })* }
    };
}

parts! {
    /// A call is to be made.
    MakeCall in Csta {
        one "callingDevice" calling: DeviceId,
        one "calledDirectoryNumber" called: DeviceId,
        opt "accountCode" account_code: String,
        opt "authCode" auth_code: String,
        /// `prompt` (the standard's default: the user lifts the phone) or `doNotPrompt`.
        opt "autoOriginate" auto_originate: String,
        opt "correlatorData" correlator: UserData,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// It is being made.
    MakeCallResponse in Csta {
        one "callingDevice" connection: ConnectionId,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// A ringing call is to be answered.
    AnswerCall in Csta {
        one "callToBeAnswered" call: ConnectionId,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// One party is to leave.
    ClearConnection in Csta {
        one "connectionToBeCleared" connection: ConnectionId,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// All parties are to leave.
    ClearCall in Csta {
        one "callToBeCleared" call: ConnectionId,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// A call is to be held.
    HoldCall in Csta {
        one "callToBeHeld" call: ConnectionId,
        opt "connectionReservation" reservation: bool,
        opt "extensions" extensions: Extensions,
    }
    /// A held call is to be taken back.
    RetrieveCall in Csta {
        one "callToBeRetrieved" call: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// A call is to be held and another one made from it.
    ConsultationCall in Csta {
        one "existingCall" existing: ConnectionId,
        one "consultedDevice" consulted: DeviceId,
        opt "userData" user_data: UserData,
        opt "consultOptions" options: String,
        opt "extensions" extensions: Extensions,
    }
    /// It is being made.
    ConsultationCallResponse in Csta {
        one "initiatedCall" initiated: ConnectionId,
        opt "callLinkageData" linkage: CallLinkageData,
        opt "extensions" extensions: Extensions,
    }
    /// Two calls are to be swapped.
    AlternateCall in Csta {
        one "heldCall" held: ConnectionId,
        one "activeCall" active: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// The active call is to end and the held one to be taken back. (The order is the standard's.)
    ReconnectCall in Csta {
        one "activeCall" active: ConnectionId,
        one "heldCall" held: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// The parties of two calls are to be joined without us.
    TransferCall in Csta {
        one "heldCall" held: ConnectionId,
        one "activeCall" active: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// They are.
    TransferCallResponse in Csta {
        one "transferredCall" call: ConnectionId,
        opt "connections" connections: Connections,
        opt "extensions" extensions: Extensions,
    }
    /// A call is to be given to somebody else, unasked.
    SingleStepTransferCall in Csta {
        one "activeCall" active: ConnectionId,
        one "transferredTo" to: DeviceId,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// It is.
    SingleStepTransferCallResponse in Csta {
        one "transferredCall" call: ConnectionId,
        opt "connections" connections: Connections,
        opt "extensions" extensions: Extensions,
    }
    /// Two calls are to become one.
    ConferenceCall in Csta {
        one "heldCall" held: ConnectionId,
        one "activeCall" active: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// They have.
    ConferenceCallResponse in Csta {
        one "conferenceCall" call: ConnectionId,
        opt "connections" connections: Connections,
        opt "extensions" extensions: Extensions,
    }
    /// A device is to join a call, unasked.
    SingleStepConferenceCall in Csta {
        one "activeCall" active: ConnectionId,
        one "deviceToJoin" joining: DeviceId,
        opt "participationType" participation: String,
        opt "extensions" extensions: Extensions,
    }
    /// It has.
    SingleStepConferenceCallResponse in Csta {
        one "conferencedCall" call: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// A ringing call is to ring elsewhere.
    DeflectCall in Csta {
        one "callToBeDiverted" call: ConnectionId,
        one "newDestination" to: DeviceId,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// A call that rings at another device is to be answered here.
    DirectedPickupCall in Csta {
        one "callToBePickedUp" call: ConnectionId,
        one "requestingDevice" requesting: DeviceId,
        opt "userData" user_data: UserData,
        opt "extensions" extensions: Extensions,
    }
    /// It is.
    DirectedPickupCallResponse in Csta {
        opt "pickedCall" picked: ConnectionId,
        opt "extensions" extensions: Extensions,
    }
    /// Digits are to be sent.
    GenerateDigits in Csta {
        one "connectionToSendDigits" connection: ConnectionId,
        opt "digitMode" mode: String,
        one "charactersToSend" digits: String,
        /// In milliseconds.
        opt "toneDuration" tone: u32,
        opt "extensions" extensions: Extensions,
    }
}
empty! {
    /// The call is being answered.
    AnswerCallResponse,
    /// The party leaves.
    ClearConnectionResponse,
    /// All leave.
    ClearCallResponse,
    /// The call is held.
    HoldCallResponse,
    /// The call is back.
    RetrieveCallResponse,
    /// The calls are swapped.
    AlternateCallResponse,
    /// The held call is back.
    ReconnectCallResponse,
    /// The call rings elsewhere.
    DeflectCallResponse,
    /// The digits are sent.
    GenerateDigitsResponse,
}
