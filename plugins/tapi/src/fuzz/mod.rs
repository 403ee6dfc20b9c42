//! What the fuzz targets do with their inputs: ordinary functions, so that stable tests run them too. Only compiled for
//! tests and with the feature `fuzz`.

mod course;
#[cfg(test)]
mod random;
mod script;
mod structures;
#[cfg(test)]
mod tests;
mod watch;

pub use structures::structures;

/// The longest input that is looked at: longer ones find nothing more and take longer.
pub const MAX_INPUT: usize = 16 * 1024;

/// A life of the adapter without its threads: what TAPI tells, commands, lines that come and go, time. An input that
/// begins with `#` or `>` is a conversation as those in `tests/`, of which the inputs count; another one is a course of
/// bytes (`course.rs` says how to read them).
///
/// # Panics
/// When a call is told that is over, a command is answered twice or never, a line that is not open says something, or
/// something is kept for ever.
pub fn adapter(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    if matches!(input.first(), Some(b'#' | b'>')) {
        script::play(&String::from_utf8_lossy(input));
    } else {
        course::play(input);
    }
}
