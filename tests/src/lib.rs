//! What the end-to-end tests share: the host as a process ([`host`]), a WebSocket client of its own that knows nothing
//! of the host's code ([`client`]), libraries as an administrator gets them ([`build`], [`library`]), and a real Asterisk with
//! phones ([`asterisk`]).

pub mod asterisk;
pub mod build;
pub mod client;
#[cfg(target_os = "linux")]
pub mod clock;
pub mod host;
pub mod http;
pub mod library;
pub mod page;
#[cfg(unix)]
pub mod postgres;
#[cfg(target_os = "linux")]
pub mod process;
pub mod proxy;
pub mod raw;
pub mod scenarios;
pub mod sim;
#[cfg(target_os = "linux")]
pub mod vm;
pub mod web;
