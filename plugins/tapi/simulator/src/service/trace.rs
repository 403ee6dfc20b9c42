//! A file with every message that was handed out, for whoever looks for a fault.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::Service;
use crate::config::Config;
use crate::layout::LINEMESSAGE;

/// Opens the file that the configuration names. Without a right to write there it is left out, with a word about it.
pub(super) fn open(config: &Config, folder: Option<&Path>) -> Option<File> {
    let path = folder.unwrap_or(Path::new("")).join(config.trace.as_ref()?);
    match OpenOptions::new().create(true).append(true).open(&path) {
        Ok(file) => Some(file),
        Err(e) => {
            eprintln!("cti_tapisim: trace {}: {e}; messages are not written down", path.display());
            None
        }
    }
}

impl Service {
    /// Writes a message down.
    pub(super) fn note(&mut self, message: &LINEMESSAGE) {
        let now = self.now();
        let Some(file) = &mut self.trace else { return };
        let LINEMESSAGE {
            hDevice: device, dwMessageID: id, dwParam1: first, dwParam2: second, dwParam3: third, ..
        } = *message;
        let line = format!(
            "{{\"at\":{now},\"message\":{id},\"device\":{device},\"parameters\":[{first},{second},{third}]}}\n"
        );
        if file.write_all(line.as_bytes()).is_err() {
            self.trace = None;
        }
    }
}
