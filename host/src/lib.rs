//! The host: phone systems are plugged in on one side, clients connect on the other.
//!
//! It *is* the service and its command line: it loads adapter plugins, owns their sockets and timers, derives the 21
//! CtiModel events from what they report, and serves them to clients over WebSocket.
//!
//! It is *not* a phone system and not a phone: no audio passes through it. What an adapter may do and say is
//! [`jackfield_plugin_api`]; nothing here is for vendors.
//!
//! The way of the data is the way of the modules: [`connection`] → [`model`] → [`hub`] → [`api`]; [`service`] ties
//! them together. The three types to know: [`model::Model`], [`hub::Hub`], [`service::Service`].

pub mod api;
pub mod cli;
pub mod config;
pub mod connection;
pub mod control;
pub mod doctor;
pub mod hub;
pub mod metrics;
pub mod model;
pub mod plugins;
pub mod recorder;
pub mod recordings;
pub mod rpc;
pub mod schema;
pub mod service;
pub mod store;
#[cfg(unix)]
pub mod systemd;
pub mod telemetry;
