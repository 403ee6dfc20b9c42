//! A phone system of the kind CallWay: one client logs in over TCP and serves all operators; messages are blocks of
//! text lines. A control channel moves the handsets that nobody has.
//!
//! [`Simulator`] is all of it as a state machine without a socket and without a clock. The README of this folder lists
//! what was chosen where the real server's behaviour is not known.

mod cli;
pub mod config;
mod control;
mod exchange;
mod faults;
mod log;
mod message;
mod requests;
mod session;
mod simulator;

pub use cli::Arguments;
pub use config::Config;
pub use faults::Faults;
pub use simulator::Simulator;
