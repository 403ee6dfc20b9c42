//! The flight recorder: what was recorded is played again with equal answers and equal events, whatever happened to the
//! host meanwhile; nothing secret is in it; and a support person can read what led to what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod asterisk;
mod bed;
mod bug;
#[cfg(target_os = "linux")]
mod clock;
#[cfg(target_os = "linux")]
mod full;
mod hour;
mod killed;
mod secrets;
mod simulated;
