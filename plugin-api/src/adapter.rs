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

    /// The whole state, for a hot swap: half a message in a buffer, commands without an answer, the calls, what was
    /// reported last. `None`: this adapter cannot (the default). [`state::save`](crate::state::save) makes bytes of a
    /// serde type.
    ///
    /// It is asked for between two inputs and changes nothing: the same adapter may be given further inputs when the
    /// replacement comes to nothing. At most 64 MiB. No secrets: settings come again, and a state may end up in a
    /// recording. Which version of the state it is says the manifest ([`Manifest::saves`]).
    fn save(&self) -> Option<Vec<u8>> {
        None
    }

    /// Makes an adapter that goes on where another one saved, as if nothing had happened. `saved` is what
    /// [`save`](Self::save) gave, of a version that the manifest says it reads ([`Host::saved_version`]); a damaged
    /// state, one of another plugin or of another version does not come so far.
    ///
    /// What the host does around it:
    ///
    /// 1. What the old adapter said to its last input has been done. The old one gets no input after its `save`.
    /// 2. `config` is the connection's settings as they are now, read by *this* adapter's types. The time is not before
    ///    that of the old one's last input; [`Host::random`] goes on where it was; grants and poster are as at the
    ///    start (a poster of the old one is dead).
    /// 3. Transports stay as they are: open, opening or waiting for their next try, by the same numbers. So do timers
    ///    (they run out at the same times), HTTP requests, commands without an answer and lines. Nothing of that has to
    ///    be set up again, so `restore` usually says nothing to the host. What it says is done.
    /// 4. Then come [`Input::LineSettings`] for every open line, in the order of their numbers, and after them the inputs that
    ///    were held meanwhile, in their order, each once. [`Input::Started`] does not come again, nor do
    ///    [`Input::Opened`] and [`Input::LineOpened`] for what is open.
    ///
    /// An adapter is replaced between any two inputs, also before `Started`, while the link is down, and in the middle
    /// of a message.
    ///
    /// # Errors
    /// State that cannot be taken over; the adapter is then made afresh (its transports are closed and opened anew) and
    /// calls are reconciled. Settings of a line that do not fit this adapter's types count as such an error.
    fn restore(config: Self::Config, saved: &[u8], host: &mut Host<'_>) -> Result<Self, RestoreError> {
        let _ = (config, saved, host);
        Err(RestoreError::new("this adapter does not take over saved state"))
    }
}
