//! Jackfield's adapter for Avaya Communication Manager, over the Application Enablement Services' DMCC protocol: CSTA in
//! XML, over one link that serves all lines. A line is a station.
//!
//! It *is* a state machine: bytes go in, facts about calls and agents come out, and commands become requests. It is *not*
//! TSAPI, whose bytes are not public; DMCC's call control gives the same third-party control over the same service.
//!
//! * `wire` sends requests and shows messages, `net` is what is known of the link, `agenda` what is due when;
//! * `session` logs in, keeps alive, recovers, and goes to the next server; `watch` are the monitors of VDNs and skills;
//! * `setup` makes a line known to the server and monitored, `snapshot` finds out which calls are up;
//! * `line` and `call` are what is known, `fact` is that as facts;
//! * `events` brings it up to date, `merge` where calls become one, `agent` where agents change;
//! * `commands` is the way back, and `answers` what comes of it; `errors` are refusals in plain words.
//!
//! The type to know: [`Avaya`]. Settings: [`Config`], [`LineConfig`].

#![forbid(unsafe_code)]

mod adapter;
mod agenda;
mod agent;
mod answers;
mod call;
mod capabilities;
mod commands;
mod config;
mod errors;
mod events;
mod fact;
mod line;
mod merge;
mod net;
mod permitted;
mod pickup;
mod session;
mod setup;
mod snapshot;
mod uui;
mod watch;
mod wire;

pub use adapter::Avaya;
pub use config::{Config, LineConfig, ReadyMode};

jackfield_plugin_api::export_adapter!(Avaya);
