//! The files of a recording: a ring of bounded size, in a folder of the connection's own.
//!
//! A file is written by appending, a batch at a time, straight into the system's memory: what was written is there
//! after the end of the process, by whatever signal. Nothing waits for the disk itself. When the files together are too
//! large the oldest one is removed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What files of recordings end with.
pub(super) const SUFFIX: &str = "jfrec";
/// Of so many files is a ring: what is lost at once when one goes.
const PARTS: u64 = 8;

/// The folder of a connection's recording within the folder of all.
pub(crate) fn folder(all: &Path, connection: &str) -> PathBuf {
    all.join(connection)
}

/// The files of a ring, oldest first.
pub(super) fn files(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(SUFFIX)?.strip_suffix('.')?.parse().ok());
        if let Some(number) = number {
            found.push((number, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The end at which records are appended.
#[derive(Debug)]
pub(super) struct Ring {
    folder: PathBuf,
    size: u64,
    file: File,
    number: u64,
    written: u64,
    /// The files before this one, and their sizes.
    before: Vec<(u64, u64)>,
}

impl Ring {
    /// Begins a new file behind those that lie there. `size`: bytes of all files together.
    pub(super) fn open(folder: &Path, size: u64) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let mut before = Vec::new();
        for (number, path) in files(folder)? {
            before.push((number, fs::metadata(&path)?.len()));
        }
        let number = before.last().map_or(1, |(number, _)| number + 1);
        let file = create(folder, number)?;
        let mut ring = Self { folder: folder.to_owned(), size, file, number, written: 0, before };
        ring.forget()?;
        Ok(ring)
    }

    /// Appends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Whether the file has its size.
    pub(super) fn is_full(&self) -> bool {
        self.written >= self.size / PARTS
    }

    /// Goes on in another file.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        let file = create(&self.folder, self.number + 1)?;
        self.before.push((self.number, self.written));
        self.number += 1;
        self.file = file;
        self.written = 0;
        self.forget()
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.written + self.before.iter().map(|(_, size)| size).sum::<u64>()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The number of the file that is being written.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Removes what is too much: the file that is to be filled counts as full.
    fn forget(&mut self) -> io::Result<()> {
        while !self.before.is_empty() && self.bytes() + self.size / PARTS > self.size {
            let (number, _) = self.before.remove(0);
            match fs::remove_file(path(&self.folder, number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.{SUFFIX}"))
}

/// For its owner alone: recordings are calls.
fn create(folder: &Path, number: u64) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path(folder, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_keeps_its_size_and_the_newest() {
        let dir = tempfile::tempdir().unwrap();
        let folder = folder(dir.path(), "ast");
        let mut ring = Ring::open(&folder, 8_000).unwrap();
        for _ in 0..100 {
            ring.write(&[0; 600]).unwrap();
            if ring.is_full() {
                ring.turn().unwrap();
            }
        }
        assert!(ring.bytes() <= 8_600, "{}", ring.bytes());
        let numbers: Vec<u64> = files(&folder).unwrap().into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers.last(), Some(&ring.number()));
        assert!(numbers.len() > 3);
        let again = Ring::open(&folder, 8_000).unwrap();
        assert_eq!(again.number(), ring.number() + 1);
    }
}
