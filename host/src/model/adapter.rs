//! The adapter behind the facts: another one may take its place while the connection is down.

use jackfield_plugin_api::Capabilities;

use super::features::narrowed;
use super::lines::Model;

impl Model {
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
