//! Facts: what an adapter knows now. The level, not the edge: "call X on line L is held" – that it *became* held,
//! and which event that makes, is the host's business.
//!
//! In every fact an absent optional field means "nothing new known"; the host keeps what it had. Repeating a fact is
//! always allowed and never makes an event.

mod agent;
mod call;
mod connection;
mod line;
mod media;
mod party;
mod state;

pub use agent::{AgentFact, AgentQueue, AgentState, Reason, SelectableState};
pub use call::{CallFact, Snapshot};
pub use connection::{Down, ErrorFact, Severity, Up};
pub use line::{DeviceState, Forwarding, ForwardingKind, LineFact};
pub use media::{DtmfFact, RecordingFact, RecordingState, Side, SignalKind, WebRtcFact, WebRtcSignalFact, WebRtcState};
pub use party::{Cause, Participant, Party, Queue};
pub use state::{CallState, CauseCode, Direction, PartyRole, PartyState, Phase, ReleasedBy, Role, Scope};

/// One fact. See the variants' types.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Fact {
    /// The connection works: logged in, the phone system can be commanded.
    Up(Up),
    /// The connection does not work.
    Down(Down),
    /// A call on a line.
    Call(Box<CallFact>),
    /// All calls of a line.
    Snapshot(Snapshot),
    /// The agent of a line.
    Agent(Box<AgentFact>),
    /// The line itself.
    Line(LineFact),
    /// Digits were sent or received.
    Dtmf(DtmfFact),
    /// A recording began, paused or ended.
    Recording(RecordingFact),
    /// A WebRTC session of a call.
    WebRtc(WebRtcFact),
    /// A WebRTC signal for the session that owns the media.
    WebRtcSignal(WebRtcSignalFact),
    /// A fault that no command's answer tells.
    Error(ErrorFact),
}

macro_rules! into_fact {
    ($($T:ident => $V:ident $($boxed:ident)?),* $(,)?) => {
        $(impl From<$T> for Fact {
            fn from(fact: $T) -> Self {
                into_fact!(@wrap $V fact $($boxed)?)
            }
        })*
    };
    (@wrap $V:ident $fact:ident) => { Fact::$V($fact) };
    (@wrap $V:ident $fact:ident boxed) => { Fact::$V(Box::new($fact)) };
}
into_fact! {
    Up => Up, Down => Down, CallFact => Call boxed, Snapshot => Snapshot, AgentFact => Agent boxed, LineFact => Line,
    DtmfFact => Dtmf, RecordingFact => Recording, WebRtcFact => WebRtc, WebRtcSignalFact => WebRtcSignal,
    ErrorFact => Error,
}

/// Methods that set one optional field each, for building a fact in one expression.
macro_rules! setters {
    ($T:ident { $($(#[$meta:meta])* $field:ident: $ty:ty,)* }) => {
        impl $T {
            $($(#[$meta])*
            #[doc = concat!("Sets `", stringify!($field), "`.")]
            #[must_use]
            pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
                self.$field = Some($field.into());
                self
            }
            )*
        }
    };
}
use setters;
