//! Facts of digits, recordings and WebRTC sessions.

use serde::{Deserialize, Serialize};

use super::setters;
use crate::ids::{CallKey, CommandId, LineId};
use crate::names::names;
use crate::time::Timestamp;

names! { lenient Local;
    /// A side of a call.
    pub enum Side {
        /// This line.
        Local = "local",
        /// The other party.
        Remote = "remote",
    }
}

/// Digits that the phone system reports or confirms. One of the few facts that are an edge by nature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DtmfFact {
    /// The line.
    pub line: LineId,
    /// The call.
    pub key: CallKey,
    /// The digits: `0`–`9`, `*`, `#`, `A`–`D`.
    pub digits: String,
    /// Who sent them.
    pub by: Side,
    /// The phone system's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_time: Option<Timestamp>,
    /// The command that led to it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
}

impl DtmfFact {
    /// `by` sent `digits`.
    pub fn new(line: LineId, key: impl Into<CallKey>, digits: impl Into<String>, by: Side) -> Self {
        Self { line, key: key.into(), digits: digits.into(), by, native_time: None, command: None }
    }
}
setters! { DtmfFact { native_time: Timestamp, command: CommandId, } }

names! { lenient Stopped;
    /// What a recording does.
    pub enum RecordingState {
        /// It runs.
        Started = "started",
        /// It is paused.
        Paused = "paused",
        /// It is over.
        Stopped = "stopped",
    }
}

/// A call is recorded (or not any more).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordingFact {
    /// The line.
    pub line: LineId,
    /// The call.
    pub key: CallKey,
    /// What the recording does now.
    pub state: RecordingState,
    /// How the phone system names the recording: a file, an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The command that led to it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandId>,
}

impl RecordingFact {
    /// The recording of the call is in `state`.
    pub fn new(line: LineId, key: impl Into<CallKey>, state: RecordingState) -> Self {
        Self { line, key: key.into(), state, reference: None, command: None }
    }
}
setters! { RecordingFact { reference: String, command: CommandId, } }

names! { lenient Destroyed;
    /// The life of a WebRTC session.
    pub enum WebRtcState {
        /// Media began.
        Started = "started",
        /// Video began (or changed its direction).
        Video = "video",
        /// The session is over.
        Destroyed = "destroyed",
    }
}

/// A WebRTC session of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebRtcFact {
    /// The line.
    pub line: LineId,
    /// The call.
    pub key: CallKey,
    /// The session.
    pub session_id: String,
    /// Its state.
    pub state: WebRtcState,
    /// `audio`, `video`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Vec<String>>,
    /// `sendrecv`, `sendonly`, `recvonly`, `inactive`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
}

impl WebRtcFact {
    /// The session is in `state`.
    pub fn new(line: LineId, key: impl Into<CallKey>, session_id: impl Into<String>, state: WebRtcState) -> Self {
        Self { line, key: key.into(), session_id: session_id.into(), state, media: None, direction: None }
    }
}
setters! { WebRtcFact { media: Vec<String>, direction: String, } }

names! {
    /// A kind of WebRTC signal.
    pub enum SignalKind {
        /// An SDP offer.
        Offer = "offer",
        /// An SDP answer.
        Answer = "answer",
        /// An ICE candidate.
        Candidate = "candidate",
        /// The end.
        Bye = "bye",
    }
}

/// A WebRTC signal from the phone system to the client that owns the media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebRtcSignalFact {
    /// The line.
    pub line: LineId,
    /// The call.
    pub key: CallKey,
    /// The session.
    pub session_id: String,
    /// What it is.
    pub kind: SignalKind,
    /// SDP or candidate; at most 64 KiB.
    pub payload: String,
}

impl WebRtcSignalFact {
    /// A signal.
    pub fn new(
        line: LineId,
        key: impl Into<CallKey>,
        session_id: impl Into<String>,
        kind: SignalKind,
        payload: impl Into<String>,
    ) -> Self {
        Self { line, key: key.into(), session_id: session_id.into(), kind, payload: payload.into() }
    }
}
