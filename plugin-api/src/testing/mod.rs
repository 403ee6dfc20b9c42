//! Driving an adapter without a host and without a phone system.
//!
//! [`Driver`] plays the host from Rust; [`script::check`] plays it from a text file, a conversation that can be read
//! aloud and is compared line by line. Both go through the same frames as a real host, so what passes here crosses
//! the ABI as well.
//!
//! For adapters that save their state: [`Swaps`] replaces the adapter while a conversation goes on, and
//! [`same_with_swaps`] says whether anybody could notice ([`script::check`] does it for every script);
//! [`damaged_states`] gives it states that nobody saved, [`kept_state`] one that an earlier version saved.

mod damage;
mod driver;
mod kept;
mod render;
pub mod script;
mod secrets;
mod swaps;

pub use damage::damaged_states;
pub use driver::{DriveError, Driver};
pub use kept::kept_state;
pub use render::render;
pub use swaps::{Swaps, same_with_swaps};

pub use crate::frame::Answer;
pub use crate::frame::output::Output;
