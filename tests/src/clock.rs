//! Somebody sets the machine's clock: `libfaketime` between a host and the system does it.

use std::io;
use std::path::PathBuf;

/// A host's clock, to be set.
#[derive(Debug)]
pub struct Clock {
    library: PathBuf,
    folder: tempfile::TempDir,
}

impl Clock {
    /// A clock that is right; none where the library is not installed, which is said.
    ///
    /// # Errors
    /// There is no room for a file.
    pub fn new() -> io::Result<Option<Self>> {
        let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let found = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|file| file.exists());
        let Some(library) = found else {
            #[allow(clippy::print_stderr)]
            {
                eprintln!(
                    "NOT TESTED WITH A CLOCK THAT IS SET: libfaketime is not installed (apt-get install faketime)"
                );
            }
            return Ok(None);
        };
        let clock = Self { library, folder: tempfile::tempdir()? };
        clock.set(0)?;
        Ok(Some(clock))
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// The environment of a host whose clock this is. What measures durations goes on as it does.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// From now on it is so many seconds off.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set(&self, seconds: i64) -> io::Result<()> {
        // In one step: half a file would be another time.
        let part = self.file().with_extension("part");
        std::fs::write(&part, format!("{seconds:+}\n"))?;
        std::fs::rename(part, self.file())
    }
}
