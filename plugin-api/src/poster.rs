//! How a thread of an adapter brings something into the adapter.

use abi_stable::std_types::RSlice;

use crate::abi::AbiPosterObject;

/// Turns what a thread of the adapter brings into [`Input::Posted`](crate::Input::Posted), so that all state changes
/// in [`Adapter::handle`](crate::Adapter::handle). Cheap to clone.
#[derive(Clone)]
pub struct Poster(AbiPosterObject);

impl Poster {
    pub(crate) fn new(object: AbiPosterObject) -> Self {
        Self(object)
    }

    /// Hands bytes over. `false`: the adapter is gone, or too much waits already; try later or drop it.
    #[must_use]
    pub fn post(&self, bytes: &[u8]) -> bool {
        self.0.post(RSlice::from_slice(bytes))
    }
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Poster")
    }
}
