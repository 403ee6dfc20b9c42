//! The trait that a vendor implements.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::error::{ConfigError, RestoreError};
use crate::input::Input;
use crate::manifest::Manifest;
use crate::output::Host;

/// A phone-system adapter: a state machine that is given [`Input`]s and tells the [`Host`] what to do.
///
/// It opens no socket, starts no thread, reads no clock and no source of randomness: all of that comes from the host.
/// So the host can replace it in the middle of a call, run it without any rights, and replay what a customer recorded.
/// Hash maps whose order can be seen from outside must not be seeded at random (use `BTreeMap`, or seed from
/// [`Host::random`]).
///
/// A panic is caught and treated as a fault of this one connection: it is restarted, its calls are reconciled.
pub trait Adapter: Sized + Send + 'static {
    /// The settings of a connection (`[connection.settings]`). Doc comments of the fields show in the schema;
    /// `#[serde(deny_unknown_fields)]` finds typing mistakes.
    type Config: DeserializeOwned + JsonSchema;
    /// The settings of one line (`[line.settings]`, and `[connection.lines]` as defaults).
    type LineConfig: DeserializeOwned + JsonSchema;

    /// What the plugin says of itself.
    fn manifest() -> Manifest;

    /// Makes an adapter. The first input is [`Input::Started`].
    ///
    /// # Errors
    /// Settings that are well formed but make no sense; read by the administrator.
    fn new(config: Self::Config, host: &mut Host<'_>) -> Result<Self, ConfigError>;

    /// One input.
    fn handle(&mut self, input: Input<'_, Self::LineConfig>, host: &mut Host<'_>);

    /// The whole state, for a hot swap. `None`: this adapter cannot (the default).
    fn save(&self) -> Option<Vec<u8>> {
        None
    }

    /// Makes an adapter that goes on where another one saved: transports are open, timers run, commands wait.
    ///
    /// # Errors
    /// State that cannot be taken over; the adapter is then made afresh and calls are reconciled.
    fn restore(config: Self::Config, saved: &[u8], host: &mut Host<'_>) -> Result<Self, RestoreError> {
        let _ = (config, saved, host);
        Err(RestoreError::new("this adapter does not take over saved state"))
    }
}
