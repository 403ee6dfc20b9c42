//! The last minutes of a ring, as one file.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use jackfield_plugin_api::Timestamp;

use super::entry::Entry;
use super::reader::Recording;
use super::record::{self, HEADER, Stop, kinds};

/// What was cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    /// From when on.
    pub(crate) from: Timestamp,
    /// Until when.
    pub(crate) to: Timestamp,
    /// Whether an adapter can be played from its beginning.
    pub(crate) is_playable: bool,
    /// What was left out because it cannot be read.
    pub(crate) trouble: Vec<String>,
}

/// What a file of a ring begins with.
struct Part {
    path: PathBuf,
    from: i64,
    /// One can begin here.
    is_playable: bool,
    /// An adapter was made in it.
    has_made: bool,
}

/// Copies the end of a recording into a new file: from the last place before `since` at which one can begin.
///
/// # Errors
/// There is nothing to copy, or it cannot be written.
pub(crate) fn cut(recording: &Recording, since: Option<Timestamp>, to: &Path) -> Result<Cut, String> {
    let mut trouble = Vec::new();
    let mut parts = Vec::new();
    for path in recording.files() {
        match part(path) {
            Ok(part) => parts.push(part),
            Err(why) => trouble.push(format!("{}: {why}", path.display())),
        }
    }
    let since = since.map_or(i64::MIN, Timestamp::micros);
    let last = parts.iter().rposition(|part| part.from <= since).unwrap_or(0);
    // One that cannot be begun with may still hold the start of an adapter.
    let first = parts.iter().take(last + 1).rposition(|part| part.is_playable || part.has_made).unwrap_or(last);
    let Some(begin) = parts.get(first) else {
        return Err(trouble.pop().unwrap_or_else(|| "there is nothing to cut".to_owned()));
    };
    let mut cut = Cut {
        bytes: 0,
        records: 0,
        from: Timestamp::from_micros(begin.from),
        to: Timestamp::from_micros(begin.from),
        is_playable: begin.is_playable || parts[first..].iter().any(|part| part.has_made),
        trouble,
    };
    let told = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{} is there already; nothing was written", to.display()),
        _ => format!("{}: {e}", to.display()),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::new(options.open(to).map_err(told)?);
    for part in &parts[first..] {
        let mut buffer = Vec::new();
        let mut from = match File::open(&part.path) {
            Ok(file) => BufReader::new(file),
            Err(error) => {
                cut.trouble.push(format!("{}: {error}", part.path.display()));
                continue;
            }
        };
        loop {
            match record::read(&mut from, &mut buffer) {
                Ok(record) => {
                    cut.to = cut.to.max(Timestamp::from_micros(record.at));
                    cut.records += 1;
                    cut.bytes += (HEADER + record.payload.len()) as u64;
                    out.write_all(&buffer).map_err(told)?;
                }
                // The host goes on writing: the end may be half a record.
                Err(Stop::End | Stop::Torn) => break,
                Err(Stop::Damaged(why)) => {
                    cut.trouble.push(format!("{}: {why}", part.path.display()));
                    break;
                }
                Err(Stop::Io(error)) => {
                    cut.trouble.push(format!("{}: {error}", part.path.display()));
                    break;
                }
            }
        }
    }
    out.flush().map_err(told)?;
    Ok(cut)
}

fn part(path: &Path) -> Result<Part, String> {
    let mut file = BufReader::new(File::open(path).map_err(|e| e.to_string())?);
    let mut buffer = Vec::new();
    let mut part = Part { path: path.to_owned(), from: 0, is_playable: false, has_made: false };
    let mut count = 0;
    loop {
        let record = match record::read(&mut file, &mut buffer) {
            Ok(record) => record,
            Err(_) if count > 0 => return Ok(part),
            Err(_) => return Err("this is no recording".to_owned()),
        };
        count += 1;
        match record.kind {
            kinds::FILE => part.from = record.at,
            _ if count == 1 => return Err("this is no recording".to_owned()),
            kinds::CHECKPOINT => {
                if let Ok(Entry::Checkpoint(checkpoint)) = Entry::of(&record) {
                    part.is_playable = !checkpoint.runs || checkpoint.adapter.is_some();
                }
            }
            kinds::MADE => {
                part.has_made = true;
                return Ok(part);
            }
            _ => {}
        }
    }
}
