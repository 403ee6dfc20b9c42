//! A real Asterisk with phones behind the host: what clients see of real calls, exactly.
//!
//! Every scenario prints the core events of each line as they came through the WebSocket.

mod bed;
mod calls;
mod click_to_call;
mod trouble;
