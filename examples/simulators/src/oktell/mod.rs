//! A phone system of the kind Oktell: users log in over a WebSocket, see their lines, call each other and the outside
//! world; a control channel moves the handsets that nobody has.
//!
//! [`Simulator`] is all of it as a state machine without a socket and without a clock. The [README](self) of this
//! folder lists what was chosen where the real server's behaviour is not known.
//!
//! It does not serve Oktell's web pages, recordings, chat or dialogue cards.

mod cli;
pub mod config;
mod control;
mod exchange;
mod faults;
mod frame;
mod ids;
mod password;
mod requests;
mod session;
mod simulator;

pub use cli::Arguments;
pub use config::Config;
pub use faults::Faults;
pub use password::{hash, lower_hash};
pub use simulator::Simulator;

use crate::Millis;
