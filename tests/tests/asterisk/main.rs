//! A real Asterisk with phones behind the host: what clients see of real calls, exactly.
//!
//! Every scenario prints the core events of each line as they came through the WebSocket.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod bed;
mod calls;
mod click_to_call;
mod consultations;
mod cuts;
mod history;
mod media;
mod offered;
mod panel;
mod pickup_and_parking;
mod queues;
mod restarts;
mod services;
mod swap;
mod transfers;
mod trouble;
mod two_calls;
