//! Shows what a TAPI has: its drivers, line devices, addresses and what they can do; and messages as they come. For
//! people who have a real driver: what it prints says how the adapter must be set, and what a driver does that nobody
//! expects.
//!
//! ```console
//! tapi-probe                                   # what there is (on Windows)
//! tapi-probe --listen 60 101                   # and the messages of line 101 for a minute
//! tapi-probe --library /…/libcti_tapisim.so    # another library than Windows' own
//! ```
//!
//! It opens lines to see them, never to control them, and changes nothing.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is what it is for")]

use std::process::ExitCode;
use std::time::Duration;

use jackfield_plugin_tapi::{Probe, probe};

const USAGE: &str = "tapi-probe [--library PATH] [--listen SECONDS [LINE…]]";

fn arguments() -> Option<Probe> {
    let library = if cfg!(windows) { "tapi32.dll" } else { "" };
    let mut what = Probe { library: library.to_owned(), lines: Vec::new(), listen: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--library" => what.library = words.next()?,
            "--listen" => what.listen = Some(Duration::from_secs(words.next()?.parse().ok()?)),
            _ if word.starts_with('-') => return None,
            _ => what.lines.push(word),
        }
    }
    (!what.library.is_empty()).then_some(what)
}

fn main() -> ExitCode {
    let Some(what) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match probe(&what, &mut |line| println!("{line}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
