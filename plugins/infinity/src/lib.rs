//! Jackfield's adapter for Infinity, the contact-centre system, over its HTTP integration module.
//!
//! It *is* a state machine that asks: Infinity is polled for the active calls of each line, and what it answers is
//! compared with what was known. It is *not* the protocol of Infinity's own client, which lives in Windows libraries and
//! is not public. It derives no events: it reports what is.
//!
//! * `schedule` says which line is to be asked when: often while it has a call or something was said to happen, seldom
//!   when it is idle, never more often than the server is to bear;
//! * `query` writes requests, `json` reads answers, which are not always JSON;
//! * `item` is a call as an answer shows it; `calls` compares, and makes facts of the difference;
//! * `agent` does the same for the state of users; `hooks` takes Infinity's own requests as a reason to ask;
//! * `commands` is the way back, `answers` is where each answer goes.
//!
//! The type to know: [`Infinity`]. Settings: [`Config`], [`LineConfig`].

#![forbid(unsafe_code)]

mod adapter;
mod agent;
mod answers;
mod calls;
mod capabilities;
mod commands;
mod config;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod hooks;
mod item;
mod json;
mod line;
mod missed;
mod query;
mod schedule;

pub use adapter::Infinity;
pub use config::{Config, LineConfig, Paths};

jackfield_plugin_api::export_adapter!(Infinity);
