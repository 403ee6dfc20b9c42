//! Standard output and error: lines, colours only on a terminal.

use std::io::{self, IsTerminal, Write};

use super::Failure;

/// Writes a line to standard output. A reader that has gone away (`| head`) ends the program in silence.
pub(super) fn say(line: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Err(Failure { code: 0, text: String::new() }),
        Err(e) => Err(Failure::new(format!("standard output: {e}"))),
    }
}

/// So many of something: `1 call`, `2 calls`.
pub(super) fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Writes a line to standard error.
pub(super) fn note(line: &str) {
    // Nobody to tell when even this fails.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Says what went wrong.
pub(super) fn complain(text: &str) {
    if !text.is_empty() {
        let mark = if colours(&io::stderr()) { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
        let text = format!("{mark} {text}");
        // The journal makes an entry of each line, and reads at its beginning how bad it is.
        note(&if crate::telemetry::is_journal() { format!("<3>{}", text.replace('\n', "\n<3>")) } else { text });
    }
}

/// Whether to use colours there.
pub(super) fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

/// A text without what could steer a terminal.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
