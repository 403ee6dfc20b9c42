//! The simulated Oktell: transcripts of real clients, scenarios between users, random courses, sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod courses;
mod scenarios;
mod sockets;
mod transcripts;
