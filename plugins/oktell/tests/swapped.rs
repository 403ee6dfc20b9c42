//! The other tests once more, with the adapter replaced after every input: what they expect must come all the same.
#![allow(clippy::duplicate_mod, reason = "each of them has what they share")]

#[path = "calls.rs"]
mod calls;
#[path = "commands.rs"]
mod commands;
#[path = "session.rs"]
mod session;
#[path = "transcripts.rs"]
mod transcripts;
