//! What the fuzz targets do with their input: ordinary functions, so that stable tests run them too, over the seeds in
//! `fuzz/seeds` and deterministic mutations of them. Only compiled for tests and with the feature `fuzz`.
//!
//! * [`framing`]: bytes, cut anywhere, give the messages and fields that a plain reading of the format gives;
//! * [`adapter`]: a conversation (see [`script`]) never makes the adapter panic, forget an answer, send a line that
//!   Asterisk would throw away or that a client smuggled in, contradict itself, or keep what is gone.

mod checks;
mod framing;
mod play;
mod script;
#[cfg(test)]
mod tests;

pub use framing::framing;

use play::{Player, Way};

/// The longest input that is looked at: longer ones find nothing more and take longer.
pub const MAX_INPUT: usize = 16 * 1024;

/// Plays a conversation as it is written, byte by byte, and with the adapter replaced after every step.
///
/// # Panics
/// When the adapter does what it must not.
pub fn adapter(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    let as_written = Player::play(input, Way::AsWritten);
    for way in [Way::Bytes, Way::Swaps] {
        let other = Player::play(input, way);
        for (a, b) in as_written.iter().zip(&other) {
            assert_eq!(a, b, "as written, and {way:?}");
        }
        assert_eq!(as_written.len(), other.len(), "as written, and {way:?}");
    }
}
