//! A phone system inside a plugin: lines, agents, a queue, an outside world, and no transport at all.
//!
//! It is for demos, for developing clients, and for testing the host. It is a phone system of its own and not an echo
//! of what a host expects: its truth is conversations and their legs ([`state`]), and what is told to the host is made
//! from that ([`facts`]). Time comes from one timer; everything random from one seed that is part of the state, so two
//! runs over the same inputs are equal, and a saved simulator goes on as if nothing had happened.
//!
//! It carries no media, and it is no load generator: one adapter is one state machine.
//!
//! Settings: [`Config`], [`LineConfig`]. Numbers and services: README.md.
#![forbid(unsafe_code)]

mod agents;
mod calls;
mod commands;
mod config;
mod exchange;
mod facts;
mod features;
mod jobs;
mod numbers;
mod pairs;
mod route;
mod services;
mod simulator;
mod state;
mod traffic;

pub use config::{
    AgentStart, AgentsConfig, Config, Ends, ExchangeConfig, LineConfig, OutsideConfig, QueueConfig, ScriptedCall,
    TrafficConfig, Way,
};
pub use simulator::Simulator;

jackfield_plugin_api::export_adapter!(Simulator);
