//! The frozen envelope between host and plugin: the only types that `abi_stable` checks.
//!
//! `abi_stable` refuses a library when *anything* was added on the host's side, so nothing here ever changes.
//! Growth happens inside: inputs and outputs are frames ([`crate::frame`]) whose payloads are MessagePack with
//! named fields. A vendor never sees this module; `export_adapter!` and the host's loader do.
//!
//! This is the one room of the crate where `unsafe` is allowed: `abi_stable`'s derives generate it.
#![allow(unsafe_code, missing_docs, unreachable_pub, unused_qualifications, non_local_definitions, clippy::all)]

use abi_stable::StableAbi;
use abi_stable::library::{CheckTypeLayout, LibHeader, RootModule, RootModuleResult};
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RArc, RBox, ROption, RSlice, RStr, RVec};

/// The library's root module. Frozen.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginRef)))]
#[sabi(missing_field(panic))]
pub struct Plugin {
    /// Writes the manifest (MessagePack, [`crate::Manifest`]) into `out`. Returns a status of [`status`].
    pub manifest: extern "C" fn(out: &mut RVec<u8>) -> u32,
    /// Makes an adapter. `kind` is a `start` kind of [`crate::frame`], `head` a [`crate::frame::Start`], `body` the
    /// saved state for a restore. With status OK `adapter` is filled and `out` holds output frames; otherwise `out`
    /// holds the error.
    #[sabi(last_prefix_field)]
    pub create: extern "C" fn(
        kind: u32,
        at: i64,
        head: RSlice<'_, u8>,
        body: RSlice<'_, u8>,
        poster: AbiPosterObject,
        adapter: &mut ROption<AbiAdapterObject>,
        out: &mut RVec<u8>,
    ) -> u32,
}

impl RootModule for PluginRef {
    abi_stable::declare_root_module_statics! {PluginRef}
    const BASE_NAME: &'static str = "jackfield_plugin";
    const NAME: &'static str = "jackfield_plugin";
    // The envelope's own version, not the crate's: abi_stable treats every 0.x step as incompatible.
    const VERSION_STRINGS: VersionStrings = VersionStrings { version: RStr::from_str("1.0.0") };
}

/// One adapter. Frozen.
#[abi_stable::sabi_trait]
pub trait AbiAdapter: Send {
    /// One input; output frames are appended to `out`. Returns a status of [`status`].
    fn handle(
        &mut self,
        at: i64,
        kind: u32,
        arg: u32,
        head: RSlice<'_, u8>,
        body: RSlice<'_, u8>,
        out: &mut RVec<u8>,
    ) -> u32;

    /// The state for a hot swap, appended to `out`. Status [`status::NONE`] when the adapter cannot save,
    /// [`status::REFUSED`] when the state is too large.
    #[sabi(last_prefix_field)]
    fn save(&self, out: &mut RVec<u8>) -> u32;
}

/// Turns what a plugin's own thread brings into an input. Frozen.
#[abi_stable::sabi_trait]
pub trait AbiPoster: Send + Sync + Clone {
    /// Hands bytes to the adapter's `handle` as `Input::Posted`. `false`: the adapter is gone, or its queue is full.
    #[sabi(last_prefix_field)]
    fn post(&self, bytes: RSlice<'_, u8>) -> bool;
}

pub type AbiAdapterObject = AbiAdapter_TO<'static, RBox<()>>;
pub type AbiPosterObject = AbiPoster_TO<'static, RArc<()>>;

/// What the calls of the envelope return.
pub mod status {
    /// Done.
    pub const OK: u32 = 0;
    /// Settings or saved state were refused; `out` holds a `frame::Refusal`.
    pub const REFUSED: u32 = 1;
    /// The plugin panicked; `out` holds a `frame::FaultReport`. The adapter must not be used again.
    pub const FAULT: u32 = 2;
    /// Nothing to give (an adapter that cannot save its state).
    pub const NONE: u32 = 3;
}

/// The name under which a library exports its root module: `abi_stable`'s own, as a literal for `export_adapter!`.
pub const EXPORT_NAME: &str = "_1as_0lib_1header_0root_bmodule_bloader";

/// The header that a library exports.
#[must_use]
pub const fn header(constructor: extern "C" fn() -> RootModuleResult) -> LibHeader {
    // SAFETY: `export_adapter!` passes a constructor that returns a `PluginRef`, made by `__call_root_module_loader`.
    unsafe { LibHeader::from_constructor::<PluginRef>(constructor, CheckTypeLayout::Yes) }
}

pub use abi_stable;

#[cfg(test)]
mod tests {
    #[test]
    fn the_export_name_is_the_one_abi_stable_looks_for() {
        assert_eq!(super::EXPORT_NAME, abi_stable::library::ROOT_MODULE_LOADER_NAME);
    }
}
