//! What somebody does who is called and has no hands.

use serde::Deserialize;

use crate::Millis;

/// What a number does when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// It rings until the control channel answers or refuses for it.
    Manual,
    /// It answers by itself.
    Answer {
        /// After how many milliseconds.
        after_ms: Millis,
    },
    /// It is busy.
    Busy,
    /// It refuses by itself.
    Refuse {
        /// After how many milliseconds.
        after_ms: Millis,
    },
}
