//! TAPI through the whole host: the adapter with its threads, in a process of its own or in the host, a simulated TAPI
//! library that it loads, and clients that see what CRM authors see. Telephones are moved by the library's file of
//! commands, which is the way into a process that may do nothing but read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod addresses;
mod bed;
mod deaths;
mod faults;
mod pairs;
mod scenarios;
mod trouble;

/// The adapter in a process of its own, and in the host.
const BOTH: [&str; 2] = ["process", "host"];
