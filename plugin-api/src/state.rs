//! State over a hot swap, for adapters that keep it in plain serde structs: [`save`] in
//! [`Adapter::save`](crate::Adapter::save), [`restore`] in [`Adapter::restore`](crate::Adapter::restore).
//!
//! ```
//! use jackfield_plugin_api::{RestoreError, serde, state};
//!
//! #[derive(Default, serde::Serialize, serde::Deserialize)]
//! # #[serde(crate = "serde")]
//! struct State {
//!     partial: Vec<u8>,
//!     /// Added in state version 2: an older state has none.
//!     #[serde(default)]
//!     tags: Vec<u64>,
//! }
//!
//! let saved = state::save(&State::default()).unwrap();
//! let again: State = state::restore(&saved)?;
//! # Ok::<(), RestoreError>(())
//! ```
//!
//! Fields travel by name. So a newer version reads what an older one saved when every field added since has a
//! `#[serde(default)]`, and fields that are gone are ignored; say by
//! [`Manifest::saves`](crate::Manifest::saves) how far back that goes. Where a meaning changed,
//! [`Host::saved_version`](crate::Host::saved_version) tells which one it is.
//!
//! Settings are no state: they come with `restore` and with
//! [`Input::LineSettings`](crate::Input::LineSettings), secrets among them. The host may write a state into a
//! recording, so a secret must not be in it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::RestoreError;
use crate::frame;

/// A state as bytes: MessagePack with named fields. `None`: one of its types cannot be written so (a serializer of the
/// adapter's own failed).
pub fn save<T: Serialize>(state: &T) -> Option<Vec<u8>> {
    rmp_serde::to_vec_named(state).ok()
}

/// Reads what [`save`] wrote.
///
/// # Errors
/// The field that does not fit, and what was found in it.
pub fn restore<T: DeserializeOwned>(saved: &[u8]) -> Result<T, RestoreError> {
    frame::unpack(saved).or_else(|_| {
        // Once more, and slower, for the place.
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(saved);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            RestoreError::new(format!("the saved state does not fit, at `{}`: {}", error.path(), error.inner()))
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::{CallFact, CallState, LineId};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        calls: BTreeMap<u64, CallFact>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        lines: BTreeMap<LineId, Line>,
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let call = CallFact::new(LineId(7), "17", CallState::Held);
        let state = State { lines: [(LineId(7), Line { calls: [(1, call)].into() })].into() };
        let saved = save(&state).unwrap();
        assert_eq!(restore::<State>(&saved), Ok(state));

        #[derive(Debug, Serialize, Deserialize)]
        struct Newer {
            lines: BTreeMap<LineId, NewerLine>,
        }
        #[derive(Debug, Serialize, Deserialize)]
        struct NewerLine {
            calls: u64,
        }
        let error = restore::<Newer>(&saved).unwrap_err().to_string();
        assert!(error.starts_with("the saved state does not fit, at `lines.7.calls`: "), "{error}");
        for end in 0..saved.len() {
            restore::<State>(&saved[..end]).unwrap_err();
        }
    }
}
