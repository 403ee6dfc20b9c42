//! A phone system of the kind Avaya: a switch with stations, agents and an outside, and in front of it one or two
//! servers (AES) at which programs open a session and talk CSTA XML; a control channel moves the handsets that nobody has.
//!
//! [`Simulator`] is all of it as a state machine without a socket and without a clock. The README of this folder lists
//! what was chosen where the real server's behaviour is not known.
//!
//! It has no media and no device control (buttons, lamps, displays), and nothing of TSAPI's own wire format.

mod cli;
pub mod config;
mod control;
mod events;
mod faults;
mod frame;
mod monitors;
mod pranks;
mod read;
mod requests;
mod servers;
mod session;
mod simulator;
mod switch;
mod telling;
mod write;

pub use cli::Arguments;
pub use config::Config;
pub use faults::Faults;
pub use simulator::Simulator;

use crate::Millis;
