//! The journal of a connection: what it has told, on its way into the database.
//!
//! Every change is a line of JSON that is appended before its event is published. The file is the queue: whoever
//! writes the rows reads it, and what is in it survives the end of the process. It is cut into segments; one that is
//! wholly in the database is removed. How far the database has come stands in a small file beside them.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The size of a segment.
const SEGMENT: u64 = 4 * 1024 * 1024;
/// How long a segment is appended to that the database has taken over: what was forgotten there is not to stay here.
const AGE: Duration = Duration::from_secs(3_600);
/// What is kept in memory while the file cannot be written.
const MOST_WAITING: usize = 16 * 1024 * 1024;
/// The longest line: a call with all its parties and user data.
const MOST_LINE: usize = 1024 * 1024;
/// How much is read at once.
const CHUNK: usize = 64 * 1024;

fn segment_path(folder: &Path, connection: &str, number: u64) -> PathBuf {
    folder.join(format!("{connection}.{number}.journal"))
}

/// The segments of every connection that lie in a folder: the connection's id, and the numbers in order.
pub(super) fn found(folder: &Path) -> io::Result<Vec<(String, Vec<u64>)>> {
    let mut found = std::collections::BTreeMap::<String, Vec<u64>>::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name();
        let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".journal")) else { continue };
        if let Some((connection, number)) = stem.rsplit_once('.')
            && let Ok(number) = number.parse()
        {
            found.entry(connection.to_owned()).or_default().push(number);
        }
    }
    found.values_mut().for_each(|numbers| numbers.sort_unstable());
    Ok(found.into_iter().collect())
}

/// Bytes of all connections that lie in a folder and are not in the database yet.
pub(super) fn waiting(folder: &Path) -> u64 {
    // No folder: nothing waits.
    let Ok(all) = found(folder) else { return 0 };
    let length = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    let of = |(connection, numbers): &(String, Vec<u64>)| -> u64 {
        let done = read_done(&done_path(folder, connection)).filter(|(number, _)| numbers.contains(number));
        let (begun, offset) = done.unwrap_or_default();
        let segments = numbers.iter().filter(|number| **number >= begun);
        segments.map(|number| length(&segment_path(folder, connection, *number))).sum::<u64>().saturating_sub(offset)
    };
    all.iter().map(of).sum()
}

/// Makes the folder, for its owner alone: journals are calls.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The end at which a connection appends.
#[derive(Debug)]
pub(super) struct Tail {
    folder: PathBuf,
    connection: String,
    number: u64,
    file: Option<File>,
    written: u64,
    /// When the segment was begun.
    begun: Instant,
    /// How long it is appended to.
    pub(super) age: Duration,
    /// Lines that the file did not take.
    waiting: VecDeque<Box<[u8]>>,
    waiting_bytes: usize,
    /// The oldest segment that is still needed.
    oldest: Arc<AtomicU64>,
    /// How many segments there may be.
    most: u64,
    /// Lines that neither file nor memory had room for.
    pub(super) lost: u64,
}

impl Tail {
    /// Appends to a new segment after those that lie there. `limit`: bytes that may wait for the database.
    pub(super) fn new(folder: &Path, connection: &str, number: u64, oldest: Arc<AtomicU64>, limit: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            connection: connection.to_owned(),
            number,
            file: None,
            written: 0,
            begun: Instant::now(),
            age: AGE,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            oldest,
            most: (limit / SEGMENT).max(2),
            lost: 0,
        }
    }

    /// Appends lines, each with its line break.
    ///
    /// # Errors
    /// The file does not take them. They wait in memory, as long as there is room, for the next time.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.waiting.is_empty() {
            let written = self.write(lines);
            if written.is_err() {
                self.wait(lines);
            }
            return written;
        }
        self.wait(lines);
        self.flush()
    }

    /// Writes what waits in memory.
    ///
    /// # Errors
    /// The file still does not take it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while let Some(lines) = self.waiting.pop_front() {
            if let Err(error) = self.write(&lines) {
                self.waiting.push_front(lines);
                return Err(error);
            }
            self.waiting_bytes -= lines.len();
        }
        Ok(())
    }

    /// Whether something waits in memory.
    pub(super) fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn wait(&mut self, lines: &[u8]) {
        if self.waiting_bytes + lines.len() > MOST_WAITING {
            self.lost += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            return;
        }
        self.waiting_bytes += lines.len();
        self.waiting.push_back(lines.into());
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        // Only where nothing older waits: segments are counted, and there may be so many.
        let is_old = self.begun.elapsed() >= self.age && self.oldest.load(Ordering::Relaxed) == self.number;
        if self.file.is_some() && (self.written >= SEGMENT || is_old) {
            self.file = None;
            self.number += 1;
        }
        if self.number - self.oldest.load(Ordering::Relaxed).min(self.number) >= self.most {
            let mib = self.most * SEGMENT / (1024 * 1024);
            return Err(io::Error::other(format!("{mib} MiB wait for the database; that is all that may wait")));
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                (self.written, self.begun) = (0, Instant::now());
                self.file.insert(create(&segment_path(&self.folder, &self.connection, self.number))?)
            }
        };
        if let Err(error) = file.write_all(lines) {
            // A part of a line is never taken away again, since it may have been read, nor continued: the next line
            // begins another segment.
            if file.metadata().is_ok_and(|found| found.len() != self.written) {
                self.file = None;
                self.number += 1;
            }
            return Err(error);
        }
        self.written += lines.len() as u64;
        Ok(())
    }
}

/// The end from which the database is fed.
#[derive(Debug)]
pub(super) struct Head {
    folder: PathBuf,
    connection: String,
    number: u64,
    /// Where in the segment the next read begins.
    offset: u64,
    file: Option<File>,
    /// What was read and is no whole line yet.
    rest: Vec<u8>,
    /// Up to where the database has everything: segment and offset.
    done: (u64, u64),
    oldest: Arc<AtomicU64>,
}

impl Head {
    /// Reads on where an earlier life of the host left off. `numbers`: the segments that lie there.
    pub(super) fn new(folder: &Path, connection: &str, numbers: &[u64], next: u64, oldest: Arc<AtomicU64>) -> Self {
        let done = read_done(&done_path(folder, connection));
        let first = numbers.first().copied().unwrap_or(next);
        // A mark of segments that are there no more says nothing.
        let (number, offset) = done.filter(|(number, _)| numbers.contains(number)).unwrap_or((first, 0));
        for old in numbers.iter().filter(|old| **old < number) {
            // It is in the database; a file that stays is read again, and changes nothing.
            let _ = fs::remove_file(segment_path(folder, connection, *old));
        }
        oldest.store(number, Ordering::Relaxed);
        Self {
            folder: folder.to_owned(),
            connection: connection.to_owned(),
            number,
            offset,
            file: None,
            rest: Vec::new(),
            done: (number, offset),
            oldest,
        }
    }

    /// Another end appends from now on: it is told how far the database has come.
    pub(super) fn adopt(&mut self, other: &Self) {
        self.oldest = Arc::clone(&other.oldest);
        self.oldest.store(self.done.0, Ordering::Relaxed);
    }

    /// The connection's id.
    pub(super) fn connection(&self) -> &str {
        &self.connection
    }

    /// The next lines, up to `most`, to be committed with [`done`](Self::done).
    pub(super) fn read(&mut self, most: usize, mut line: impl FnMut(&[u8])) -> io::Result<usize> {
        let mut lines = 0;
        loop {
            let mut begin = 0;
            while lines < most
                && let Some(length) = self.rest[begin..].iter().position(|byte| *byte == b'\n')
            {
                line(&self.rest[begin..begin + length]);
                begin += length + 1;
                lines += 1;
            }
            self.rest.drain(..begin);
            if self.rest.len() > MOST_LINE {
                // Not written by us: nothing that begins here can be understood.
                self.rest.clear();
            }
            if lines >= most || !self.fill()? {
                return Ok(lines);
            }
        }
    }

    /// Reads more. `false`: there is no more now.
    fn fill(&mut self) -> io::Result<bool> {
        loop {
            let file = match &mut self.file {
                Some(file) => file,
                None => match File::open(segment_path(&self.folder, &self.connection, self.number)) {
                    Ok(mut file) => {
                        file.seek(SeekFrom::Start(self.offset))?;
                        self.file.insert(file)
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        if !self.next_segment() {
                            return Ok(false);
                        }
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            // Asked before reading: once there is another segment, nothing is appended to this one.
            let is_last = !segment_path(&self.folder, &self.connection, self.number + 1).exists();
            let before = self.rest.len();
            self.rest.resize(before + CHUNK, 0);
            let read = file.read(&mut self.rest[before..]);
            self.rest.truncate(before + *read.as_ref().unwrap_or(&0));
            match read? {
                0 if is_last => return Ok(false),
                0 => drop(self.next_segment()),
                count => {
                    self.offset += count as u64;
                    return Ok(true);
                }
            }
        }
    }

    /// Goes on to the next segment, if there is one.
    fn next_segment(&mut self) -> bool {
        let next = segment_path(&self.folder, &self.connection, self.number + 1);
        if !next.exists() {
            return false;
        }
        self.number += 1;
        (self.offset, self.file) = (0, None);
        // The end of a line that was never finished.
        self.rest.clear();
        true
    }

    /// Everything that was read is in the database.
    pub(super) fn done(&mut self) {
        let now = (self.number, self.offset - (self.rest.len() as u64).min(self.offset));
        if now == self.done {
            return;
        }
        for old in self.done.0..now.0 {
            // What stays is read again after a restart, and changes nothing.
            let _ = fs::remove_file(segment_path(&self.folder, &self.connection, old));
        }
        self.done = now;
        self.oldest.store(now.0, Ordering::Relaxed);
        // As above.
        let _ = write_done(&done_path(&self.folder, &self.connection), now);
    }

    /// What was read since [`done`](Self::done) is to be read again.
    pub(super) fn again(&mut self) {
        (self.number, self.offset) = self.done;
        self.file = None;
        self.rest.clear();
    }

    /// Puts what has been appended on the disk, for when the database does not take it.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut number = self.done.0;
        while let Ok(file) = File::open(segment_path(&self.folder, &self.connection, number)) {
            file.sync_data()?;
            number += 1;
        }
        Ok(())
    }

    /// Removes everything: the connection has written its last, and all of it is in the database.
    pub(super) fn remove(self) {
        for number in self.done.0..=self.number {
            let _ = fs::remove_file(segment_path(&self.folder, &self.connection, number));
        }
        let _ = fs::remove_file(done_path(&self.folder, &self.connection));
    }
}

fn done_path(folder: &Path, connection: &str) -> PathBuf {
    folder.join(format!("{connection}.done"))
}

/// Written over what stands there, always as long: a process that dies meanwhile leaves the one mark or the other, and
/// never none, which would have everything read again and bring back what was forgotten.
fn write_done(path: &Path, (number, offset): (u64, u64)) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.write_all(format!("{number:020} {offset:020}\n").as_bytes())
}

fn read_done(path: &Path) -> Option<(u64, u64)> {
    let text = fs::read_to_string(path).ok()?;
    let (number, offset) = text.strip_suffix('\n')?.split_once(' ')?;
    Some((number.parse().ok()?, offset.parse().ok()?))
}
