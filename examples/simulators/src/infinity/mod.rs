//! A phone system of the kind Infinity: whoever reaches its HTTP integration module moves its operators' phones and asks
//! what they do; a control channel moves the handsets that nobody has.
//!
//! [`Simulator`] is all of it as a state machine without a socket and without a clock. The [README](self) of this folder
//! lists what was chosen where the real server's behaviour is not known.
//!
//! It does not speak the protocol of Infinity's own client, and has no scripts of dialogues.

mod cli;
pub mod config;
mod control;
mod exchange;
mod faults;
mod json;
mod recordings;
mod requests;
mod simulator;
mod statistics;

pub use cli::Arguments;
pub use config::Config;
pub use faults::Faults;
pub use simulator::Simulator;

use crate::Millis;
