//! CallWay through the whole host: the simulated phone system, which was written apart from the adapter, the adapter in a
//! process of its own and in the host, and clients that see what CRM authors see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod agents;
mod bed;
mod many;
mod pairs;
mod scenarios;
mod swap;
mod trouble;
mod values;
