//! The other tests once more, with the adapter replaced after every input: what they expect must come all the same.
#![allow(clippy::duplicate_mod, reason = "each of them has what they share")]

#[path = "bad_input.rs"]
mod bad_input;
#[path = "calling.rs"]
mod calling;
#[path = "commands.rs"]
mod commands;
#[path = "session.rs"]
mod session;
#[path = "snapshot.rs"]
mod snapshot;
#[path = "transfers.rs"]
mod transfers;
