//! The simulated Infinity: scenarios between users, how answers look, what goes wrong, random courses, sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod answers;
mod courses;
mod scenarios;
mod sockets;
mod world;
