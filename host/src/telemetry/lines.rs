//! Lines of the log on their way to standard error, which somebody reads, or nobody.
//!
//! A pipe that is not read blocks whoever writes into it. Whoever handles calls must not be that one: lines go into a
//! buffer, and one thread writes them out. When the buffer is full lines are lost, and how many is said.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// What waits to be written, at most: some ten thousand lines.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// What is kept of a buffer that is empty again.
const USUAL_BYTES: usize = 64 * 1024;

/// Takes lines and never waits for who reads them. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    came: Condvar,
    written: Condvar,
    most: usize,
    /// Whether each line begins with its priority, as the journal reads it.
    priorities: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    lost: u64,
    /// Some are taken out and not written yet.
    writing: bool,
}

impl Lines {
    /// To standard error; with `priorities` each line begins with its own (`<4>`), as the journal of systemd reads it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(priorities: bool) -> io::Result<Self> {
        Self::to(io::stderr(), MOST_BYTES, priorities, |lost| {
            tracing::warn!("{lost} lines of the log were lost here: it is not read as fast as it is written");
        })
    }

    /// `tell` is told how many lines were lost.
    fn to(out: impl Write + Send + 'static, most: usize, priorities: bool, tell: fn(u64)) -> io::Result<Self> {
        let shared =
            Shared { waiting: Mutex::default(), came: Condvar::new(), written: Condvar::new(), most, priorities };
        let lines = Self(Arc::new(shared));
        let writer = lines.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_out(out, tell))?;
        Ok(lines)
    }

    /// Waits until all that was said is written, or for so long. Whether it is.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut waiting = self.waiting();
        while waiting.writing || !waiting.bytes.is_empty() || waiting.lost > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            waiting = self.0.written.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_out(&self, mut out: impl Write, tell: fn(u64)) {
        let mut bytes = Vec::new();
        loop {
            let lost = {
                let mut waiting = self.waiting();
                waiting.writing = false;
                self.0.written.notify_all();
                while waiting.bytes.is_empty() && waiting.lost == 0 {
                    waiting = self.0.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                }
                std::mem::swap(&mut bytes, &mut waiting.bytes);
                waiting.writing = true;
                std::mem::take(&mut waiting.lost)
            };
            // Nobody to tell when it cannot be written: the log is where it would be told.
            let _ = out.write_all(&bytes).and_then(|()| out.flush());
            bytes.clear();
            bytes.shrink_to(USUAL_BYTES);
            if lost > 0 {
                // A line like any other, behind those that were kept.
                tell(lost);
            }
        }
    }
}

/// A line of the log, before it is written.
#[derive(Debug)]
pub(super) struct Line {
    lines: Lines,
    before: &'static [u8],
}

/// A whole line at a time.
impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let shared = &self.lines.0;
        let mut waiting = self.lines.waiting();
        if waiting.bytes.len() + self.before.len() + line.len() > shared.most {
            waiting.lost += 1;
        } else {
            waiting.bytes.extend_from_slice(self.before);
            waiting.bytes.extend_from_slice(line);
        }
        drop(waiting);
        shared.came.notify_one();
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { lines: self.clone(), before: b"" }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Line {
        let before = if self.0.priorities { priority(*of.level()) } else { b"" };
        Line { lines: self.clone(), before }
    }
}

/// sd-daemon(3): the numbers of syslog.
fn priority(level: Level) -> &'static [u8] {
    match level {
        Level::ERROR => b"<3>",
        Level::WARN => b"<4>",
        Level::INFO => b"<6>",
        _ => b"<7>",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// A pipe of one piece: who writes waits until it is read.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn read(pipe: &Receiver<Vec<u8>>, bytes: usize) -> String {
        let mut all = Vec::new();
        while all.len() < bytes {
            all.extend(pipe.recv().unwrap());
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn what_is_written_comes_whole_and_in_order() {
        let (out, pipe) = sync_channel(1_000);
        let lines = Lines::to(Pipe(out), 1_000_000, false, |_| ()).unwrap();
        let all: Vec<String> = (0..500).map(|n| format!("line {n}\n")).collect();
        for line in &all {
            lines.make_writer().write_all(line.as_bytes()).unwrap();
        }
        assert!(Lines::flush(&lines, Duration::from_secs(60)));
        assert_eq!(read(&pipe, all.concat().len()), all.concat());
    }

    #[test]
    fn who_writes_never_waits_and_what_is_lost_is_counted() {
        static LOST: AtomicU64 = AtomicU64::new(0);
        let (out, pipe) = sync_channel(0);
        let lines = Lines::to(Pipe(out), 100, false, |lost| {
            LOST.fetch_add(lost, Ordering::SeqCst);
        })
        .unwrap();
        // Nobody reads: this would never come back if it waited.
        for _ in 0..1_000 {
            lines.make_writer().write_all(b"0123456789\n").unwrap();
        }
        assert!(!Lines::flush(&lines, Duration::from_millis(1)));
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            while let Ok(bytes) = pipe.recv_timeout(Duration::from_secs(2)) {
                all.extend(bytes);
            }
            String::from_utf8(all).unwrap()
        });
        assert!(Lines::flush(&lines, Duration::from_secs(60)));
        let text = reading.join().unwrap();
        let count = text.lines().count() as u64;
        assert!(text.lines().all(|line| line == "0123456789") && count > 0, "{text}");
        assert_eq!(count + LOST.load(Ordering::SeqCst), 1_000);
    }

    #[test]
    fn the_journal_is_told_how_bad_it_is() {
        let (out, pipe) = sync_channel(1_000);
        let lines = Lines::to(Pipe(out), 1_000_000, true, |_| ()).unwrap();
        let log = tracing_subscriber::fmt().with_writer(lines).with_max_level(Level::TRACE);
        tracing::subscriber::with_default(log.without_time().with_ansi(false).with_target(false).finish(), || {
            tracing::error!("one\ntwo");
            tracing::warn!("three");
            tracing::info!("four");
            tracing::debug!("five");
        });
        let said = "<3>ERROR one\ntwo\n<4> WARN three\n<6> INFO four\n<7>DEBUG five\n";
        assert_eq!(read(&pipe, said.len()), said);
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_ones_trouble() {
        let (out, pipe) = sync_channel(0);
        drop(pipe);
        let lines = Lines::to(Pipe(out), 100, false, |_| ()).unwrap();
        for _ in 0..3 {
            lines.make_writer().write_all(b"to nobody\n").unwrap();
            assert!(Lines::flush(&lines, Duration::from_secs(60)));
        }
    }
}
