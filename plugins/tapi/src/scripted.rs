//! The state machine played by scripts: what TAPI tells is posted by the script, what is asked of it shows as raw
//! messages.

use jackfield_plugin_api::{Adapter, ConfigError, Host, Input, Manifest};

use crate::config::{Config, LineConfig};
use crate::machine::Machine;

/// The adapter without the room.
pub(crate) struct Scripted(Machine);

impl Scripted {
    /// Whether a function of the driver has not returned for too long.
    pub(crate) fn is_broken(&self) -> bool {
        self.0.broken().is_some()
    }

    /// The number of the last request.
    pub(crate) fn requests(&self) -> u64 {
        self.0.requests()
    }

    /// Handles, calls, requests and messages that are kept.
    pub(crate) fn counts(&self) -> (usize, usize, usize, usize) {
        self.0.counts()
    }
}

impl Adapter for Scripted {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        crate::adapter::manifest()
    }

    fn new(config: Config, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self(Machine::new(config, 1)))
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        self.0.input(input, host);
        self.0.asked();
    }
}

/// Every conversation in `tests/` goes as it is written there.
#[test]
fn the_conversations_go_as_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conversations");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "script") {
            jackfield_plugin_api::testing::script::check::<Scripted>(&path).unwrap();
            played += 1;
        }
    }
    assert!(played > 0, "there are no scripts in {folder}");
}
