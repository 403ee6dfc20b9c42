//! Driving an adapter without a host and without a phone system.
//!
//! [`Driver`] plays the host from Rust; [`script::check`] plays it from a text file, a conversation that can be read
//! aloud and is compared line by line. Both go through the same frames as a real host, so what passes here crosses
//! the ABI as well.

mod driver;
mod render;
pub mod script;

pub use driver::{DriveError, Driver};
pub use render::render;

pub use crate::frame::Answer;
pub use crate::frame::output::Output;
