//! A library with TAPI's C interface and a small phone system behind it.
//!
//! Programs that speak TAPI 2.x load it in the place of `tapi32.dll`: on Windows, where there is no driver, and on every
//! other system, where there is no TAPI. It is no telephony service: it has lines, addresses, agents and telephones
//! outside, all in one process, moved by a script or by commands, and it can do everything wrong that a driver can.
//! It carries no sound, and knows no audio devices, no phone devices and no dialling rules.
//!
//! [`layout`] has the structures, [`constants`] the numbers, `exchange` the phone system, `service` programs, handles
//! and messages, `ffi` the exported functions, `control` the commands. [`testing`] is for tests of programs.

mod block;
mod config;
pub mod constants;
mod control;
mod exchange;
pub mod ffi;
mod image;
pub mod layout;
mod service;
mod signal;
pub mod testing;
