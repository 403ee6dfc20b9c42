//! What the host costs: a table with every figure beside a reference that was taken in the same run.
//!
//! `cargo xtask bench` builds what is measured and runs this program. Only ratios mean something on another machine, or
//! on this one while it does something else; so ours and the reference take turns, five times, and the ratio is that
//! of each turn. Nothing here judges a time: figures are printed.
//!
//! Each row of the table is a file of `rows`; `measure` is how time is taken, `host` the program under test as a
//! process, `acme` the phone system before it, `sockets` its clients.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is what it is for")]

mod acme;
mod ami;
mod bed;
mod event;
mod host;
mod machine;
mod measure;
mod relay;
mod rows;
mod sockets;
mod table;

use std::process::ExitCode;

use table::{Form, Table};

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// Clients of the fan-out rows.
    fanout: usize,
    /// Clients of the rows with a host as a process.
    clients: usize,
}

impl Scale {
    /// For a machine that has other work.
    const USUAL: Self = Self { fanout: 500, clients: 1_000 };
    /// The numbers of the goals, as far as the limit of open files lets them.
    const FULL: Self = Self { fanout: 2_000, clients: 5_000 };
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((_, sizes)) = arguments.split_first().filter(|(first, _)| *first == "relay") {
        return ended(relay::main(sizes));
    }
    let (flags, names): (Vec<_>, Vec<_>) = arguments.iter().map(String::as_str).partition(|a| a.starts_with("--"));
    if let Some(unknown) = flags.iter().find(|f| !["--docs", "--full", "--json"].contains(f)) {
        return ended(Err(format!("there is no {unknown}; there are --docs, --full, --json")));
    }
    if let Some(unknown) = names.iter().find(|n| rows::ALL.iter().all(|row| row.name != **n)) {
        let known: Vec<&str> = rows::ALL.iter().map(|row| row.name).collect();
        return ended(Err(format!("there is no row `{unknown}`; there are {}", known.join(", "))));
    }
    machine::raise_file_limit();
    let scale = if flags.contains(&"--full") { Scale::FULL } else { Scale::USUAL };
    let form = match () {
        () if flags.contains(&"--json") => Form::Json,
        () if flags.contains(&"--docs") => Form::Docs,
        () => Form::Text,
    };
    let mut table = Table::new(form);
    for row in rows::ALL.iter().filter(|row| names.is_empty() || names.contains(&row.name)) {
        eprintln!("measuring {} …", row.name);
        // A row that falls takes no other with it.
        let measured = std::panic::catch_unwind(|| (row.run)(&scale));
        table.add(row.name, measured.unwrap_or_else(|_| Err("measuring it fell; see above".to_owned())));
    }
    table.finish();
    ExitCode::SUCCESS
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("bench: {text}");
            ExitCode::FAILURE
        }
    }
}
