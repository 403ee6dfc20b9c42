//! What a phone-system adapter for Jackfield depends on, and nothing more.
//!
//! It *is*: the trait an adapter implements, what it is given ([`Input`]), what it gives back ([`Host`], [`Fact`]),
//! how it describes itself ([`Manifest`]), a stable ABI that a vendor never sees, and [`testing`]: driving an adapter
//! from a script, without a host and without a phone system.
//!
//! It is *not*: a runtime. An adapter opens no socket, starts no thread, reads no clock; the host does, and tells it.
//! It is not the model either: an adapter reports what *is* ("call X is held"), the host derives what *happened*
//! (the 21 CtiModel events), puts them in order and keeps their invariants.
//!
//! The three types to know: [`Adapter`], [`Host`], [`CallFact`].
//!
//! ```
//! use jackfield_plugin_api::{
//!     Adapter, CallFact, CallFeatures, CallState, Capabilities, ConfigError, Direction, Host, Input, LineId, Manifest,
//!     Snapshot, TransportId, TransportSpec, Up,
//! };
//!
//! /// One line, one call; the phone system says `RING` and `END`.
//! struct Bell {
//!     line: Option<LineId>,
//! }
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Settings {
//!     host: String,
//! }
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct LineSettings {}
//!
//! impl Adapter for Bell {
//!     type Config = Settings;
//!     type LineConfig = LineSettings;
//!
//!     fn manifest() -> Manifest {
//!         Manifest::new("bell", "1.0.0", "A bell", Capabilities::new(CallFeatures::NONE))
//!     }
//!
//!     fn new(config: Settings, host: &mut Host<'_>) -> Result<Self, ConfigError> {
//!         host.open(TransportId(0), &TransportSpec::Tcp { host: config.host, port: 7 });
//!         Ok(Bell { line: None })
//!     }
//!
//!     fn handle(&mut self, input: Input<'_, LineSettings>, host: &mut Host<'_>) {
//!         match (input, self.line) {
//!             (Input::LineOpened { line, .. }, _) => self.line = Some(line),
//!             (Input::Opened { .. }, Some(line)) => {
//!                 host.report(Up::new("A bell", Capabilities::new(CallFeatures::NONE)));
//!                 host.report(Snapshot::new(line, vec![]));
//!             }
//!             (Input::Received { bytes: b"RING", .. }, Some(line)) => {
//!                 host.report(CallFact::new(line, "1", CallState::Alerting).direction(Direction::In));
//!             }
//!             _ => {}
//!         }
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! In a crate with `crate-type = ["cdylib"]`, `export_adapter!(Bell);` makes the library.

pub mod abi;
mod adapter;
mod command;
mod error;
#[doc(hidden)]
pub mod export;
mod fact;
mod features;
#[doc(hidden)]
pub mod frame;
mod ids;
mod input;
mod manifest;
mod names;
mod output;
mod poster;
mod random;
mod secret;
pub mod section;
mod settings;
pub mod state;
pub mod testing;
mod time;

pub use adapter::Adapter;
pub use command::*;
pub use error::{CommandError, ConfigError, ErrorCode, RestoreError};
pub use fact::*;
pub use features::{AgentFeatures, CallFeatures};
pub use ids::{CallKey, CommandId, LineId, RequestId, TimerId, TransportId};
pub use input::{CloseKind, CloseReason, HttpResponse, Input, Message, Webhook};
pub use manifest::{Capabilities, HoldDetection, Manifest, SnapshotSupport, TimestampSource};
pub use output::{Host, HttpRequest, LogLevel, Raw, RawDirection, TlsOptions, TransportSpec};
pub use poster::Poster;
pub use secret::Secret;
pub use time::Timestamp;

pub use {schemars, serde, serde_json};

/// Major version of the plugin API. A host loads plugins of its own major version.
pub const API_MAJOR: u32 = 1;
/// Minor version of the plugin API. Grows when something is added; old plugins go on loading.
pub const API_MINOR: u32 = 0;
/// The plugin API's version, `major.minor`.
pub const API_VERSION: &str = "1.0";

/// Makes a `cdylib` out of an [`Adapter`]: `export_adapter!(Acme);`, once per library.
///
/// Writes the link section that the host reads before it maps the library, and the root module of the ABI. A library
/// built with `panic = "abort"` is refused here: a panic would take the host with it.
#[macro_export]
macro_rules! export_adapter {
    ($Adapter:ty) => {
        const _: () = {
            #[cfg(panic = "abort")]
            compile_error!(
                "a Jackfield plugin must be built with `panic = \"unwind\"`: the host turns a panic of an adapter \
                 into a fault of one connection. Remove `panic = \"abort\"` from the profile in Cargo.toml."
            );

            #[used]
            #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".jackfld"))]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__jackfld"))]
            static SECTION: [u8; $crate::section::SIZE] =
                $crate::section::encode(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), cfg!(panic = "unwind"));

            fn plugin() -> $crate::abi::PluginRef {
                $crate::export::plugin::<$Adapter>()
            }

            extern "C" fn erased() -> $crate::abi::abi_stable::library::RootModuleResult {
                $crate::abi::abi_stable::library::__call_root_module_loader(plugin)
            }

            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static HEADER: $crate::abi::abi_stable::library::LibHeader = $crate::abi::header(erased);
        };
    };
}
