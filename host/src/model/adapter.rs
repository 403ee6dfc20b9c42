//! The adapter behind the facts: another one may take its place while the connection is down.

use std::time::Duration;

use jackfield_plugin_api::{Capabilities, LineId, Timestamp};

use super::event::Event;
use super::features::narrowed;
use super::lines::Model;
use super::work::{Why, Work};

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

    /// From now on facts come from this adapter, which goes on where the one before it was (I22): epoch, numbers and
    /// calls stay. What it cannot do any more shows at once, what it can do more with the next `Up`.
    pub fn adapter_goes_on(
        &mut self,
        now: Timestamp,
        version: &str,
        capabilities: &Capabilities,
        out: &mut Vec<Event>,
    ) {
        let config = &mut self.shared.config;
        version.clone_into(&mut config.adapter_version);
        config.capabilities.clone_from(capabilities);
        let now_possible = narrowed(capabilities, &self.shared.capabilities);
        if now_possible == self.shared.capabilities {
            return;
        }
        self.shared.capabilities = now_possible;
        let now = self.clock(now);
        for line in self.lines.values_mut() {
            line.narrow(&self.shared.capabilities);
            if line.up {
                Work::new(&mut self.shared, line, now, out).settle(&Why::default());
            }
        }
    }
}
