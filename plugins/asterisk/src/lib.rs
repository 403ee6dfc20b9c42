//! Jackfield's adapter for Asterisk, over the Asterisk Manager Interface (AMI).
//!
//! It *is* a state machine: bytes of one AMI connection go in, facts about calls, agents and lines come out, and
//! commands become actions. It is *not* a SIP stack and touches no media; it opens no socket (the host does), and it
//! derives no events: it reports what is.
//!
//! * `wire` cuts the stream into messages and writes actions;
//! * `session` logs in, takes the snapshot, keeps the connection alive;
//! * `table` holds channels and bridges, `events` changes it, `snapshot` fills it;
//! * `calls` makes calls of lines out of it, and facts out of those;
//! * `queues` does the same for agents; `commands` is the way back.
//!
//! The type to know: [`Asterisk`]. Settings: [`Config`], [`LineConfig`].

#![forbid(unsafe_code)]

mod adapter;
mod asks;
mod calls;
mod capabilities;
mod commands;
mod config;
mod diagnostics;
mod events;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod hash;
mod lines;
mod pbx;
mod queues;
mod services;
mod session;
mod snapshot;
mod table;
mod wire;

pub use adapter::Asterisk;
pub use config::{Auth, Config, FeatureCodes, LineConfig, PauseReason, RemoteControl, Tls};

jackfield_plugin_api::export_adapter!(Asterisk);
