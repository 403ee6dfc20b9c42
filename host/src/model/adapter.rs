//! The adapter behind the facts: another one may take its place while the connection is down.

use std::time::Duration;

use jackfield_plugin_api::{Capabilities, LineId};

use super::features::narrowed;
use super::lines::Model;

impl Model {
    /// Other times from now on; what waits already waits as it did.
    pub fn set_times(&mut self, stale: Duration, busy: Duration, reorder: Duration) {
        let config = &mut self.shared.config;
        (config.stale_timeout, config.busy_timeout, config.reorder_window) = (stale, busy, reorder);
    }

    /// How many calls are up on a line.
    #[must_use]
    pub fn calls(&self, line: LineId) -> usize {
        self.lines.get(&line).map_or(0, |line| line.legs.len())
    }

    /// From now on facts come from this adapter. To be said while the connection is down: the next
    /// `initialized` tells it.
    pub fn adapter(&mut self, name: &str, version: &str, capabilities: &Capabilities) {
        let config = &mut self.shared.config;
        name.clone_into(&mut config.adapter);
        version.clone_into(&mut config.adapter_version);
        config.capabilities.clone_from(capabilities);
        self.shared.capabilities = narrowed(capabilities, capabilities);
        for line in self.lines.values_mut() {
            // What a line can do was the other adapter's word.
            line.own = None;
            line.narrow(&self.shared.capabilities);
        }
    }
}
