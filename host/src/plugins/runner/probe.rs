//! The first load of an unknown library: in a process that is thrown away, in both isolations.
//!
//! A library's constructors run before anything of it can be checked. Whatever they do, they do it where nothing is.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use jackfield_plugin_api::frame::unpack;

use super::super::load::LoadError;
use super::process::{self, Order, Process, Started};
use super::wire::{self, Loaded, Records};

/// How long a library may take to be loaded and to say what it is.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest manifest, schemas and all.
const MOST_MANIFEST: usize = 4 * 1024 * 1024;
/// What is read of what it writes on its standard output and error.
const WORDS: usize = 4_096;

/// The manifest of a library, as it wrote it.
pub(in super::super) fn manifest(order: &Order) -> Result<Vec<u8>, LoadError> {
    let started = process::start(order).and_then(process::Starting::wait_blocking);
    let Started { mut process, socket, words } =
        started.map_err(|e| LoadError::Runner(format!("no process can be started for it: {e}")))?;
    match answer(&socket) {
        Ok(loaded) => {
            tell_missing(&process, &loaded.missing);
            loaded.manifest
        }
        Err(trouble) => {
            let late = matches!(trouble, Trouble::Late);
            let how = process::ending(process.end(late).blocking_recv().ok());
            let said = last_words(words);
            Err(match trouble {
                Trouble::Late => LoadError::Late { seconds: PATIENCE.as_secs() },
                Trouble::Gone => LoadError::Ended(format!("{how}{said}")),
                Trouble::Rubbish(why) => LoadError::Ended(format!("it says what no runner says: {why}")),
            })
        }
    }
}

/// What this system's sandbox lacks is told once, not for every adapter.
pub(super) fn tell_missing(process: &Process, missing: &[String]) {
    for what in missing.iter().filter(|what| process.runners().is_news(what)) {
        tracing::warn!("adapters are less isolated than they could be: {what}");
    }
}

enum Trouble {
    Late,
    Gone,
    Rubbish(String),
}

fn answer(mut socket: &UnixStream) -> Result<Loaded, Trouble> {
    let end = Instant::now() + PATIENCE;
    let mut records = Records::default();
    loop {
        match records.next(MOST_MANIFEST) {
            Ok(Some((wire::ANSWER, at))) => {
                let payload = records.payload(at);
                let (_, loaded) = wire::word(payload).ok_or_else(|| Trouble::Rubbish("an empty answer".to_owned()))?;
                return unpack(loaded).map_err(Trouble::Rubbish);
            }
            Ok(Some((op, _))) => return Err(Trouble::Rubbish(format!("a record of kind {op}"))),
            Err(error) => return Err(Trouble::Rubbish(error.to_string())),
            Ok(None) => {}
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || socket.set_read_timeout(Some(left)).is_err() {
            return Err(Trouble::Late);
        }
        match socket.read(records.room()) {
            Ok(0) => return Err(Trouble::Gone),
            Ok(read) => records.filled(read),
            Err(error) => match error.kind() {
                std::io::ErrorKind::Interrupted => {}
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => return Err(Trouble::Late),
                _ => return Err(Trouble::Gone),
            },
        }
    }
}

/// What it wrote last; it is gone, so this waits for nobody.
fn last_words(words: std::io::PipeReader) -> String {
    let mut bytes = Vec::new();
    let _ = words.take(WORDS as u64).read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().find(|line| !line.trim().is_empty()).map_or_else(String::new, |line| {
        let line: String = line.chars().filter(|c| !c.is_control()).take(300).collect();
        format!("; its last words: {line}")
    })
}
