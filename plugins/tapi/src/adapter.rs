//! The adapter: the state machine, and the room that does what it asks for.

use std::time::Duration;

use jackfield_plugin_api::{Adapter, ConfigError, Down, ErrorCode, Host, Input, Manifest};

use crate::capabilities::implemented;
use crate::config::{Config, LineConfig};
use crate::extensions::{Wanted, wanted};
use crate::machine::Machine;
use crate::room::Room;

/// How long everything may take to be closed when the connection ends.
const FAREWELL: Duration = Duration::from_secs(3);

/// The adapter for TAPI.
///
/// It saves no state for a hot swap: the handles of TAPI belong to the process, and to the application that got them. A
/// replaced one opens its lines afresh and finds the calls that are up by `lineGetNewCalls`.
#[derive(Debug)]
pub struct Tapi {
    library: String,
    extensions: Vec<Wanted>,
    machine: Machine,
    /// Absent until the start, and where nothing was granted.
    room: Option<Room>,
}

/// What the adapter says of itself.
pub(crate) fn manifest() -> Manifest {
    Manifest::new("tapi", env!("CARGO_PKG_VERSION"), "TAPI", implemented())
        .description("Phone systems with a TAPI driver, by the functions of TAPI 2")
        .needs(["threads", "libraries"])
}

impl Adapter for Tapi {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        manifest()
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        let (library, extensions) = (config.library.clone(), wanted(&config.extensions)?);
        Ok(Self { library, extensions, machine: Machine::new(config, host.random()), room: None })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        match input {
            Input::Started => match self.begin(host) {
                Ok(room) => self.room = Some(room),
                Err((code, text)) => return host.report(Down::new(code, text).no_retry()),
            },
            Input::Stopping => {
                self.machine.input(input, host);
                self.do_asked();
                if let Some(room) = self.room.take() {
                    room.finish(FAREWELL);
                }
                return;
            }
            _ => {}
        }
        self.machine.input(input, host);
        self.do_asked();
        if let Some(why) = self.machine.broken() {
            give_up(why);
        }
    }
}

/// Ends this adapter, to be started anew by the host: a thread of it is somewhere in the driver and does not come back.
/// In a process of its own the process ends with it, driver and all. A panic is how an adapter says so in both modes.
#[allow(clippy::panic, reason = "the one way to be started anew; nothing is unwound but this call")]
fn give_up(why: &str) -> ! {
    panic!("{why}")
}

impl Tapi {
    fn begin(&self, host: &Host<'_>) -> Result<Room, (ErrorCode, String)> {
        let Some(poster) = host.poster() else {
            let text = "this adapter calls TAPI's functions in threads of its own: grant = [\"threads\", \
                        \"libraries\"] is missing in the connection"
                .to_owned();
            return Err((ErrorCode::Forbidden, text));
        };
        Room::new(Box::new(poster), &self.library, self.extensions.clone())
            .map_err(|error| (ErrorCode::AdapterLoadFailed, format!("no thread can be started: {error}")))
    }

    fn do_asked(&mut self) {
        for ask in self.machine.asked() {
            if let Some(room) = &self.room {
                room.ask(ask);
            }
        }
    }
}
