//! Phone systems without telephones, each speaking its real protocol, for those who have none at hand.
//!
//! A phone system here is a state machine without a socket and without a clock ([`System`]); [`serve`] puts it behind
//! its doors: WebSocket, plain bytes over TCP, HTTP, each also over TLS. All have a control channel (whose hands are
//! those of everybody who holds a handset) and the same faults on the way of their messages ([`wire`]).
//!
//! They are no mirrors of a client: they have calls, queues and agents of their own and answer what they are asked from
//! those. Where a real server's behaviour is not known, the README of the system says what was chosen.
//!
//! No sound passes through them, and no library of theirs is part of the host.

#![forbid(unsafe_code)]

pub mod avaya;
mod behaviour;
pub mod callway;
pub mod cli;
mod control;
mod doors;
pub mod faults;
pub mod infinity;
pub mod oktell;
mod server;
mod system;
mod visits;
pub mod wire;

pub use behaviour::Behaviour;
pub use doors::{Door, Kind, Tls};
pub use server::{ServeError, Server, serve};
pub use system::{Arrives, Client, Data, Hook, Millis, Output, Request, Response, System};
