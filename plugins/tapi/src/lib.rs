//! Jackfield's adapter for TAPI, the telephony interface of Windows: any phone system with a TAPI driver.
//!
//! It is the adapter that does its own input and output, because TAPI is a C library with threads of its own. So it is
//! two things that are kept apart:
//!
//! * `machine`, a state machine as every adapter is one: messages and answers of TAPI go in as data ([`told`]), facts
//!   come out, and commands become requests. It knows no library, no thread, no clock.
//! * `room`, where the functions of TAPI are called and messages are waited for: two threads, and all of the `unsafe`.
//!   It decides nothing.
//!
//! `sys` holds TAPI's structures and constants, and reads and writes them as bytes. `adapter` ties the two together.
//!
//! It is *not* a driver (a service provider), and it dials nothing by modem. On systems without a TAPI of their own it
//! speaks to any library with the same interface.
//!
//! The type to know: [`Tapi`]. Settings: [`Config`], [`LineConfig`].

mod adapter;
mod asks;
mod capabilities;
mod config;
mod extensions;
mod machine;
mod probe;
mod room;
mod sys;
mod told;

#[cfg(test)]
mod driven;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
#[cfg(any(test, feature = "fuzz"))]
mod scripted;

pub use adapter::Tapi;
pub use config::{AddressName, Config, LineConfig, Privilege};
pub use extensions::ExtensionConfig;
#[doc(hidden)]
pub use probe::{Probe, probe};

jackfield_plugin_api::export_adapter!(Tapi);
