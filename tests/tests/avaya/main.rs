//! Avaya through the whole host: the simulated AE Services, which were written apart from the adapter, the adapter in a
//! process of its own or in the host, and clients that see what CRM authors see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod agents;
mod bed;
mod breaks;
mod calls;
mod dialects;
mod pairs;
mod swap;
