//! PLACEHOLDER
#![forbid(unsafe_code)]

mod adapter;
mod agent;
mod asks;
mod calls;
mod capabilities;
mod commands;
mod config;
mod diagnostics;
mod directory;
mod events;
mod info;
mod line;
mod redirects;
mod session;
mod watch;
mod wire;

pub use adapter::Oktell;
pub use config::{Config, LineConfig, Sequence};

jackfield_plugin_api::export_adapter!(Oktell);
