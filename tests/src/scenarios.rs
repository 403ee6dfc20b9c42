//! The table of scenarios that a test run shows.

use std::fs::OpenOptions;
use std::io::Write;

/// A row: printed, and kept in the file that `JACKFIELD_SCENARIOS` names.
///
/// # Panics
/// The file cannot be written.
#[allow(clippy::print_stdout, clippy::unwrap_used, reason = "the table that the test run shows; a test may panic")]
pub fn show(row: &str) {
    println!("{row}");
    if let Some(path) = std::env::var_os("JACKFIELD_SCENARIOS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{row}\n").as_bytes()).unwrap();
    }
}
