//! The simulator of Avaya's AE Services: by itself, and behind its sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod acd;
mod calls;
mod courses;
mod faults;
mod merging;
mod order;
mod sessions;
mod sockets;
mod world;
mod xml;
