//! The call model: facts of an adapter in, the 21 CtiModel events out. The specification is docs/model.md; comments
//! name its sections and rules (M3, I5, R6).
//!
//! It *is* a pure state machine: facts, commands to be judged, and time go in; events come out, numbered, in order,
//! with every invariant of the specification kept, whatever the adapter does. It is *not* anything that waits, sends
//! or stores: no I/O, no clock, no random source. Two runs over the same input are equal.
//!
//! The types to know: [`Model`] (all lines of one connection), [`Event`] and [`Body`] (what comes out), [`Call`] (what
//! most events carry). [`check`] and [`replay`] know only the stream of events: the one says which invariant a stream
//! breaks, the other rebuilds the table from it.
//!
//! Inside, one fact goes this way: [`Model`] finds the line (`lines`), `Work` applies it (`facts`, `start`,
//! `transitions`, `merge`, `finish`, `sessions`; a whole line: `epoch`), features and focus of all calls are brought
//! up to date (`features`), and each event leaves through `Work::emit`. What the host asks is in `ask`, `view` and
//! `admit`, what it tells of its own in `tell`.

mod adapter;
mod admit;
mod ask;
mod body;
mod call;
pub mod check;
mod clock;
mod config;
mod epoch;
mod event;
mod facts;
mod features;
mod finish;
mod ids;
mod json;
mod keep;
mod leg;
pub mod limits;
mod line;
mod lines;
mod merge;
mod reorder;
mod repairs;
pub mod replay;
mod sessions;
pub mod shape;
mod start;
mod tell;
#[cfg(test)]
mod tests;
mod time_text;
mod transitions;
mod view;
mod work;
mod write;
mod write_call;

pub use admit::Admitted;
pub use body::{
    ActiveCallSnapshot, Agent, Body, CallFinished, CallSaved, Disconnected, DtmfEntered, Fault, Initialized, LineState,
    LineStateChanged, LossScope, RawMessage, SnapshotReason, WebRtcStarted, WebRtcVideo,
};
pub use call::{Call, Changed, Contact, Link, Number, Text};
pub use config::{Loss, ModelConfig};
pub use event::{Event, EventCause, EventName, Place, ReplyTo};
pub use ids::{CallId, CallIds, UuidV7Ids};
pub use lines::Model;
pub use repairs::{Dropped, Repairs, Rule};
pub use tell::{Enrichment, KeptCall};
pub use time_text::timestamp_text;
pub use view::{LineStage, LineStatus};
pub use write::write_capabilities;
