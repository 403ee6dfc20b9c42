//! A phone system of the kind Oktell, without telephones: users log in over a WebSocket, see their lines, call each
//! other and the outside world; a control channel moves the handsets that nobody has.
//!
//! It is no mirror of a client. It has its own calls, queues, scripts, conferences and agents, and answers what it is
//! asked from those. [`Simulator`] is all of it as a state machine without a socket and without a clock; [`serve`] puts
//! it behind sockets. Where the real server's behaviour is not known, the README's list says what was chosen.
//!
//! It does not carry sound, and does not serve Oktell's web pages, recordings, chat or dialogue cards.

#![forbid(unsafe_code)]

pub mod config;
mod control;
mod exchange;
mod faults;
mod frame;
mod ids;
mod password;
mod requests;
mod server;
mod session;
mod simulator;

pub use config::Config;
pub use control::HELP;
pub use exchange::Behaviour;
pub use faults::Faults;
pub use password::{hash, lower_hash};
pub use server::{Options, ServeError, Server, Tls, serve};
pub use simulator::{Output, SessionId, Simulator};

/// Milliseconds since the simulator was started.
pub type Millis = u64;
