//! What an adapter's process writes on its standard output and error: into the log, bounded in size and number.
//!
//! A library that writes without end is slowed down, not heard: its pipe fills, it waits in its own write, and its
//! time for an input runs out.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;
use tokio::time::Instant;

/// The longest line that is kept; the rest of it is dropped.
const MOST_LINE: usize = 1_024;
/// How much is read in a [`SLICE`] of time.
const MOST_READ: usize = 64 * 1024;
/// Lines that are logged in a [`SLICE`] of time.
const MOST_LINES: usize = 20;
const SLICE: Duration = Duration::from_secs(1);
/// What Rust's runtime writes last.
const HINT: &str = "note: run with `RUST_BACKTRACE=1`";
/// How long the last words of a process that is gone may take.
const LAST: Duration = Duration::from_millis(200);

/// What one process says.
#[derive(Debug)]
pub(super) struct Words {
    last: Mutex<String>,
    over: watch::Receiver<bool>,
}

impl Words {
    /// Listens until the process is gone.
    pub(super) fn hear(name: &str, pipe: io::PipeReader) -> io::Result<Arc<Self>> {
        let pipe = Receiver::from_owned_fd(OwnedFd::from(pipe))?;
        let (end, over) = watch::channel(false);
        let words = Arc::new(Self { last: Mutex::default(), over });
        tokio::spawn(listen(name.to_owned(), pipe, Arc::clone(&words), end));
        Ok(words)
    }

    /// The last line it wrote; empty: none.
    pub(super) async fn last(&self) -> String {
        let mut over = self.over.clone();
        let _ = tokio::time::timeout(LAST, over.wait_for(|over| *over)).await;
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, line: &str) {
        // What Rust says after its reason is for who sits at a console.
        if line.starts_with(HINT) {
            return;
        }
        line.clone_into(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

async fn listen(name: String, mut pipe: Receiver, words: Arc<Words>, end: watch::Sender<bool>) {
    let mut lines = Lines::default();
    let mut piece = [0; 4_096];
    let mut slice = Slice::new();
    while let Ok(read @ 1..) = pipe.read(&mut piece).await {
        lines.take(&piece[..read], |line| {
            words.keep(line);
            slice.line(&name, line);
        });
        slice.read += read;
        if slice.read >= MOST_READ {
            tokio::time::sleep_until(slice.began + SLICE).await;
        }
        slice.turn(&name);
    }
    lines.end(|line| {
        words.keep(line);
        slice.line(&name, line);
    });
    slice.over(&name);
    end.send_replace(true);
}

/// What was read and logged in a while.
struct Slice {
    began: Instant,
    read: usize,
    lines: usize,
}

impl Slice {
    fn new() -> Self {
        Self { began: Instant::now(), read: 0, lines: 0 }
    }

    fn line(&mut self, name: &str, line: &str) {
        self.lines += 1;
        if self.lines <= MOST_LINES {
            tracing::warn!(connection = %name, "the adapter's process writes: {line}");
        }
    }

    fn over(&self, name: &str) {
        let more = self.lines.saturating_sub(MOST_LINES);
        if more > 0 {
            tracing::warn!(connection = %name, "the adapter's process writes {more} more lines, which are left out");
        }
    }

    fn turn(&mut self, name: &str) {
        if self.began.elapsed() >= SLICE {
            self.over(name);
            *self = Self::new();
        }
    }
}

/// Cuts lines, and what is too long of them.
#[derive(Debug, Default)]
struct Lines {
    open: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], mut tell: impl FnMut(&str)) {
        for byte in bytes {
            match byte {
                b'\n' => self.end(&mut tell),
                byte if self.open.len() < MOST_LINE => self.open.push(*byte),
                _ => {}
            }
        }
    }

    fn end(&mut self, mut tell: impl FnMut(&str)) {
        let text: String = String::from_utf8_lossy(&self.open).chars().filter(|c| !c.is_control()).collect();
        if !text.trim().is_empty() {
            tell(text.trim_end());
        }
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_and_bounded() {
        let mut lines = Lines::default();
        let mut said = Vec::new();
        let long = "x".repeat(5_000);
        for piece in ["one\ntw", "o\r\n\n\u{1b}[31mred\n", &long, "\nlast"] {
            lines.take(piece.as_bytes(), |line| said.push(line.to_owned()));
        }
        lines.end(|line| said.push(line.to_owned()));
        assert_eq!(said, ["one", "two", "[31mred", &long[..MOST_LINE], "last"]);
    }

    #[tokio::test]
    async fn the_last_line_is_remembered_when_the_process_is_gone() {
        use std::io::Write;
        let (read, mut write) = io::pipe().unwrap();
        let words = Words::hear("test", read).unwrap();
        let hint = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
        write.write_all(format!("first\nmemory is gone\n{hint}\n").as_bytes()).unwrap();
        drop(write);
        assert_eq!(words.last().await, "memory is gone");
    }
}
