//! Jackfield's adapter for CallWay, the call-centre software, over its integration protocol: text blocks over one TCP
//! link that serves all operators.
//!
//! It *is* a state machine: bytes go in, facts about calls and operators come out, and commands become blocks. It is
//! *not* a phone, and it has no snapshot: CallWay tells what happens and cannot be asked what is. What was up when a
//! link broke is known again when CallWay says something of it, or is given up after the host's `stale_timeout`.
//!
//! CallWay answers no command either: no "yes", no "no". So a command is answered here when its effect is seen, and
//! refused with `timeout` when it is not.
//!
//! * `wire` cuts bytes into blocks, reads and writes them;
//! * `line` is one operator: calls, what is to be hidden, the operator's state;
//! * `calls` turns blocks into calls and those into facts; `effects` are the commands that wait for what they cause;
//! * `commands` is the way back; `session` logs in and watches the link.
//!
//! The type to know: [`Callway`]. Settings: [`Config`], [`LineConfig`].

#![forbid(unsafe_code)]

mod adapter;
mod agent;
mod calls;
mod capabilities;
mod commands;
mod config;
mod effects;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod line;
mod session;
mod wire;

pub use adapter::Callway;
pub use config::{Config, LineConfig};

jackfield_plugin_api::export_adapter!(Callway);
