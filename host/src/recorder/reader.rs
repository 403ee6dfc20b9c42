//! Reads recordings: one file, or the folder of a ring. A recording is an input from outside: everything in it is
//! bounded, and what is damaged is told, not believed.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use jackfield_plugin_api::Timestamp;

use super::entry::{Entry, FORMAT, FileHead, MAGIC};
use super::record::{self, Stop};
use super::ring;

/// Bytes of ends that were held back, of one recording. There are a few per hour.
const MOST_TAILS: usize = 64 * 1024 * 1024;
/// The files of one ring.
const MOST_FILES: usize = 10_000;

/// Where one recording lies.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    files: Vec<PathBuf>,
}

/// What is read.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A record, and when it was written.
    Entry(Timestamp, Entry<'a>),
    /// What follows does not follow what was before: something is missing, or a new life of the host begins. Why, if
    /// something is wrong.
    Break(Option<String>),
}

impl Recording {
    /// A file, or a folder with the files of a ring.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn at(path: &Path) -> Result<Self, String> {
        let trouble = |e: std::io::Error| format!("{}: {e}", path.display());
        if !std::fs::metadata(path).map_err(trouble)?.is_dir() {
            return Ok(Self { files: vec![path.to_owned()] });
        }
        let files: Vec<PathBuf> = ring::files(path).map_err(trouble)?.into_iter().map(|(_, path)| path).collect();
        match files.len() {
            0 => Err(format!("{}: there is no recording in this folder", path.display())),
            count if count > MOST_FILES => Err(format!("{}: {count} files are no ring", path.display())),
            _ => Ok(Self { files }),
        }
    }

    /// Its files, oldest first.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Reads it from its beginning.
    ///
    /// # Errors
    /// It cannot be read, or is no recording.
    pub(super) fn read(&self) -> Result<Reader, String> {
        let mut first = Reader::new(Source::Files(self.files.clone().into_iter()));
        first.tails = Tails::of(&mut first)?;
        let mut reader = Reader::new(Source::Files(self.files.clone().into_iter()));
        reader.tails = first.tails;
        Ok(reader)
    }
}

/// Bytes, and what they are called.
type Named = (String, Box<dyn Read>);

/// Where bytes come from.
enum Source {
    Files(std::vec::IntoIter<PathBuf>),
    #[cfg(any(test, feature = "fuzz"))]
    Bytes(Option<Vec<u8>>),
}

impl Source {
    /// The next of them, with its name.
    fn next(&mut self) -> Option<Result<Named, String>> {
        match self {
            Self::Files(files) => {
                let path = files.next()?;
                let name = path.display().to_string();
                Some(match File::open(&path) {
                    Ok(file) => Ok((name, Box::new(BufReader::with_capacity(256 * 1024, file)))),
                    // The ring goes on while it is read: its oldest file may be gone.
                    Err(error) => Err(format!("{name}: {error}")),
                })
            }
            #[cfg(any(test, feature = "fuzz"))]
            Self::Bytes(bytes) => bytes
                .take()
                .map(|bytes| Ok(("bytes".to_owned(), Box::new(std::io::Cursor::new(bytes)) as Box<dyn Read>))),
        }
    }
}

/// Ends of inputs that were held back, by life and number.
type Tails = HashMap<(u64, u64), Vec<u8>>;

trait Collect: Sized {
    fn of(reader: &mut Reader) -> Result<Self, String>;
}

impl Collect for Tails {
    fn of(reader: &mut Reader) -> Result<Self, String> {
        let (mut tails, mut size) = (Self::new(), 0);
        loop {
            let life = reader.life();
            match reader.raw()? {
                None => return Ok(tails),
                Some(Item::Entry(_, Entry::Tail { number, bytes })) => {
                    size += bytes.len() + 64;
                    if size > MOST_TAILS {
                        return Err("the recording has more held back than any recorder holds back".to_owned());
                    }
                    tails.entry((life, number)).or_default().extend_from_slice(bytes);
                }
                Some(_) => {}
            }
        }
    }
}

/// Reads a recording, entry by entry.
pub(super) struct Reader {
    source: Source,
    file: Option<(String, Box<dyn Read>)>,
    buffer: Vec<u8>,
    body: Vec<u8>,
    head: Option<FileHead>,
    tails: Tails,
    /// Records of this file so far.
    count: u64,
    read: u64,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("head", &self.head).field("read", &self.read).finish_non_exhaustive()
    }
}

impl Reader {
    fn new(source: Source) -> Self {
        Self {
            source,
            file: None,
            buffer: Vec::new(),
            body: Vec::new(),
            head: None,
            tails: Tails::new(),
            count: 0,
            read: 0,
        }
    }

    /// Reads bytes.
    #[cfg(any(test, feature = "fuzz"))]
    pub(super) fn of_bytes(bytes: &[u8]) -> Result<Self, String> {
        let mut first = Self::new(Source::Bytes(Some(bytes.to_vec())));
        let tails = Tails::of(&mut first)?;
        Ok(Self { tails, ..Self::new(Source::Bytes(Some(bytes.to_vec()))) })
    }

    fn life(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.life)
    }

    /// The next entry, with what was held back of an input put to it. `None`: there is nothing more.
    pub(super) fn next(&mut self) -> Result<Option<Item<'_>>, String> {
        let life = self.life();
        // Taken out and put back: what is returned borrows from it.
        let tails = std::mem::take(&mut self.tails);
        let item = self.step()?;
        self.tails = tails;
        let Some(read) = item else { return Ok(None) };
        let (at, record) = match read {
            Step::Break(why) => return Ok(Some(Item::Break(why))),
            Step::Record(at, kind, arg) => {
                (at, record::Record { kind, arg, at: at.micros(), payload: &self.buffer[record::HEADER..] })
            }
        };
        let entry = Entry::of(&record).map_err(|why| format!("record {} of this file: {why}", self.count))?;
        let Entry::Input { number, mut frame, held } = entry else { return Ok(Some(Item::Entry(at, entry))) };
        let Some(tail) = self.tails.get(&(life, number)).filter(|_| held > 0) else {
            return Ok(Some(Item::Entry(at, Entry::Input { number, frame, held })));
        };
        self.body.clear();
        self.body.extend_from_slice(&frame.body);
        self.body.extend_from_slice(tail);
        let held = held.saturating_sub(tail.len());
        frame.body = self.body.as_slice().into();
        Ok(Some(Item::Entry(at, Entry::Input { number, frame, held })))
    }

    /// The same without what was held back.
    fn raw(&mut self) -> Result<Option<Item<'_>>, String> {
        Ok(match self.step()? {
            None => None,
            Some(Step::Break(why)) => Some(Item::Break(why)),
            Some(Step::Record(at, kind, arg)) => {
                let record = record::Record { kind, arg, at: at.micros(), payload: &self.buffer[record::HEADER..] };
                let entry = Entry::of(&record).map_err(|why| format!("record {} of this file: {why}", self.count))?;
                Some(Item::Entry(at, entry))
            }
        })
    }

    fn step(&mut self) -> Result<Option<Step>, String> {
        loop {
            let Some((name, file)) = &mut self.file else {
                match self.source.next() {
                    None => return Ok(None),
                    Some(Err(why)) => return Ok(Some(Step::Break(Some(why)))),
                    Some(Ok(file)) => {
                        self.file = Some(file);
                        self.count = 0;
                        continue;
                    }
                }
            };
            match record::read(file, &mut self.buffer) {
                Ok(record) => {
                    self.count += 1;
                    self.read += 1;
                    let (at, kind, arg) = (Timestamp::from_micros(record.at), record.kind, record.arg);
                    if kind == record::kinds::FILE {
                        let Entry::File(head) = Entry::of(&record)? else { continue };
                        match self.begins(head)? {
                            Some(step) => return Ok(Some(step)),
                            None => continue,
                        }
                    }
                    if self.count == 1 {
                        return Err(format!("{name}: this is no recording"));
                    }
                    return Ok(Some(Step::Record(at, kind, arg)));
                }
                Err(Stop::End) => self.file = None,
                Err(Stop::Torn) if self.count == 0 => return Err(format!("{name}: this is no recording")),
                Err(Stop::Torn) => self.file = None,
                Err(Stop::Damaged(why)) if self.count == 0 => {
                    return Err(format!("{name}: this is no recording: {why}"));
                }
                Err(Stop::Damaged(why)) => {
                    let why = format!("{name}: behind record {}: {why}; the rest of it is not read", self.count);
                    self.file = None;
                    self.head = None;
                    return Ok(Some(Step::Break(Some(why))));
                }
                Err(Stop::Io(error)) => return Err(format!("{name}: {error}")),
            }
        }
    }

    /// A file begins. `None`: it goes on where the one before ended.
    fn begins(&mut self, head: FileHead) -> Result<Option<Step>, String> {
        if head.magic != MAGIC || head.format != FORMAT {
            return Err(format!("a recording of format {}; this host reads format {FORMAT}", head.format));
        }
        let follows = self
            .head
            .as_ref()
            .is_some_and(|before| before.life == head.life && before.part.checked_add(1) == Some(head.part));
        let lost = self.head.as_ref().filter(|before| before.life == head.life && !follows);
        let why = lost.map(|before| format!("files between part {} and part {} are missing", before.part, head.part));
        self.head = Some(head);
        Ok((!follows).then_some(Step::Break(why)))
    }
}

/// What was read, without what it borrows.
enum Step {
    Break(Option<String>),
    Record(Timestamp, u32, u32),
}
