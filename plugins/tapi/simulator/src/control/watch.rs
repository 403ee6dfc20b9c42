//! A file of commands that is watched: one command a line; those that are appended are done.
//!
//! It is read and never written, so it works where a library may read files and do nothing else. A file that has become
//! shorter is read from its beginning.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::obey_aloud;
use crate::config::Config;
use crate::service::Service;

/// The most that is read at one look, in bytes.
const MOST: u64 = 1 << 20;
/// The longest command, in bytes.
const LONGEST: usize = 64 << 10;

/// The file, and how far it was read.
#[derive(Default)]
pub(crate) struct Watch {
    path: Option<PathBuf>,
    read: u64,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
    /// What was last said about it.
    said: String,
}

impl Watch {
    pub(crate) fn new(config: &Config, folder: Option<&Path>) -> Self {
        let path = config.commands.as_ref().map(|name| folder.unwrap_or(Path::new("")).join(name));
        Self { path, ..Self::default() }
    }

    pub(crate) fn is_watching(&self) -> bool {
        self.path.is_some()
    }

    /// What was appended since the last look.
    fn more(&mut self) -> std::io::Result<Vec<u8>> {
        let Some(path) = &self.path else { return Ok(Vec::new()) };
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(std::io::Error::other("it is no ordinary file"));
        }
        if about.len() < self.read {
            (self.read, self.begun) = (0, Vec::new());
        }
        file.seek(SeekFrom::Start(self.read))?;
        let mut more = Vec::new();
        file.take(MOST).read_to_end(&mut more)?;
        self.read += more.len() as u64;
        Ok(more)
    }
}

/// Looks at the file, and does what was appended.
pub(crate) fn look(service: &mut Service) {
    let more = match service.control.more() {
        Ok(more) => more,
        Err(e) => {
            let text = e.to_string();
            if service.control.said != text {
                let path = service.control.path.as_deref().unwrap_or(Path::new("")).display();
                eprintln!("cti_tapisim: commands {path}: {text}");
                service.control.said = text;
            }
            return;
        }
    };
    if more.is_empty() {
        return;
    }
    let mut text = std::mem::take(&mut service.control.begun);
    text.extend(more);
    let mut lines = text.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    let begun = lines.pop().unwrap_or_default();
    for line in lines {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(command) => obey_aloud(service, command),
            Err(e) => eprintln!("cti_tapisim: a command is no JSON: {e}"),
        }
    }
    if begun.len() > LONGEST {
        eprintln!("cti_tapisim: a command of more than {LONGEST} bytes is left out");
    } else {
        service.control.begun = begun.to_vec();
    }
}
