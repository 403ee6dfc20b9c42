//! Adapters in processes of their own: one runner per connection, with no rights but one socket.
//!
//! The program starts itself ([`Runners`]) and speaks with the new process over a socket pair ([`wire`]); the library
//! goes with the first word, as a descriptor. Here is the host's side ([`link`], [`process`]); the other side is
//! [`seat`], which takes everything away from itself ([`sandbox`]) before it loads the library.
//!
//! It is *not* a virtual machine: an adapter shares the kernel and the processor with the host. What it can still do is
//! written in `docs/isolation.md`.

mod link;
mod nursery;
mod probe;
mod process;
mod sandbox;
pub(crate) mod seat;
mod wire;

pub(super) use link::Link;
pub(crate) use nursery::{Program, Runners};

pub(super) use probe::manifest as probe;
pub(super) use process::Order;

/// Whether this system can close its files to a process.
pub(crate) fn has_landlock() -> bool {
    sandbox::has_landlock()
}

/// The name of the command by which the program starts itself; not for people.
pub(crate) const COMMAND: &str = "runner";
