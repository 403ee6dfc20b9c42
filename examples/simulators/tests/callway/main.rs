//! The simulated CallWay: scenarios between operators, random courses, sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod courses;
mod knobs;
mod scenarios;
mod sockets;
mod world;
