//! The simulated Infinity, which was written apart from the adapter, through the whole host: phones are moved by its
//! control channel, clients see what CRM authors see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod bed;
mod hooks;
mod load;
mod recordings;
mod scenarios;
mod servers;
mod swap;
mod trouble;
