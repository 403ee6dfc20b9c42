//! A file of the folder: what kind it is, whether it changed, and its bytes; nothing of it is mapped or executed.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::look::Refused;

/// The largest library. Adapters are a few megabytes; debug builds with symbols some tens.
pub(super) const MAX_SIZE: u64 = 512 * 1024 * 1024;

/// By what one sees that a file is another than it was: no bytes are read for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    /// Device, inode, time of the last change of the inode. (A copy that keeps the date shows here.)
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    /// The stamp of a path, links followed. `None`: there is nothing, not even a link.
    pub(super) fn of(path: &Path) -> Option<Self> {
        // A link that leads nowhere is there: it is refused, not overlooked.
        std::fs::metadata(path).or_else(|_| std::fs::symlink_metadata(path)).ok().map(|meta| Self::new(&meta))
    }

    fn new(meta: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            size: meta.len(),
            modified: meta.modified().ok(),
            #[cfg(unix)]
            inode: (meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Whether it was last written this long ago. A date in the future says nothing.
    pub(super) fn is_older_than(&self, age: Duration, now: SystemTime) -> bool {
        self.modified.is_some_and(|at| now.duration_since(at).is_ok_and(|old| old >= age))
    }
}

/// Reads a file whole.
///
/// # Errors
/// It is no file, cannot be read, is too large, or changes meanwhile.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Refused> {
    let unreadable = |e: std::io::Error| Refused::Unreadable(e.to_string());
    // Looked at before it is opened: opening a pipe waits for its writer, opening a device may do anything.
    let meta = std::fs::metadata(path).map_err(|e| match std::fs::read_link(path) {
        Ok(target) if e.kind() == ErrorKind::NotFound => {
            Refused::Unreadable(format!("it is a link to {}, which is not there", target.display()))
        }
        _ => unreadable(e),
    })?;
    is_file(&meta)?;
    let mut file = open(path).map_err(unreadable)?;
    // What was opened may be another than what was looked at.
    let before = file.metadata().map_err(unreadable)?;
    is_file(&before)?;
    if before.len() > MAX_SIZE {
        return Err(Refused::TooLarge(before.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0));
    (&mut file).take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let after = file.metadata().map_err(unreadable)?;
    if Stamp::new(&before) != Stamp::new(&after) || bytes.len() as u64 != after.len() {
        return Err(Refused::Changing);
    }
    Ok(bytes)
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
    }
    options.open(path)
}

fn is_file(meta: &Metadata) -> Result<(), Refused> {
    if meta.is_file() { Ok(()) } else { Err(Refused::NoFile(kind(meta.file_type()))) }
}

fn kind(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if kind.is_dir() { "a folder" } else { "no ordinary file" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_another_when_it_was_written_replaced_or_renamed_over() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("a.so"), dir.path().join("b.so"));
        assert_eq!(Stamp::of(&path), None);
        std::fs::write(&path, "one").unwrap();
        let first = Stamp::of(&path).unwrap();
        assert_eq!(Stamp::of(&path).unwrap(), first);
        std::fs::write(&path, "longer").unwrap();
        let second = Stamp::of(&path).unwrap();
        assert_ne!(second, first);
        // The same length and the same date, renamed over it.
        std::fs::write(&other, "LONGER").unwrap();
        File::options().write(true).open(&other).unwrap().set_modified(second.modified.unwrap()).unwrap();
        std::fs::rename(&other, &path).unwrap();
        if cfg!(unix) {
            assert_ne!(Stamp::of(&path).unwrap(), second);
        }
    }

    #[test]
    fn how_long_ago_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.so");
        std::fs::write(&path, "one").unwrap();
        let stamp = Stamp::of(&path).unwrap();
        let written = stamp.modified.unwrap();
        let second = Duration::from_secs(1);
        assert!(stamp.is_older_than(second, written + second));
        assert!(!stamp.is_older_than(second, written + second / 2));
        assert!(!stamp.is_older_than(second, written - second), "a clock that was set back");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.so");
        std::os::unix::fs::symlink("/nowhere/b.so", &path).unwrap();
        assert!(Stamp::of(&path).is_some());
        assert_eq!(
            read(&path).unwrap_err().to_string(),
            "it cannot be read: it is a link to /nowhere/b.so, which is not there"
        );
        assert_eq!(read(Path::new("/dev/null")).unwrap_err().to_string(), "it is no library, but a device");
        assert_eq!(read(dir.path()).unwrap_err().to_string(), "it is no library, but a folder");
    }
}
