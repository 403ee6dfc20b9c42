//! The project's own commands: `cargo xtask bench`, `clients`, `demo`, `fuzz`, `mutants`, `sanitize` and `test`.
//!
//! Plain `std`: it is built before anything else, on a machine that has nothing but Rust.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod clients;
mod demo;
mod fuzz;
mod mutants;
mod sanitize;
mod steps;
mod test;
mod windows;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask bench [--full] [--json] [ROW]...
    Builds in release and measures what the host costs, each figure beside a reference (docs/benchmarks.md).
    --full          as many clients as the goals name, as far as the limit of open files allows
    ROW             only these rows of the table

cargo xtask clients
    Builds the panel and the administrator's page with Node and npm, for the host to be built with.

cargo xtask demo [--listen ADDRESS]
    Builds, and runs the host with the simulator: calls come and go by themselves. With Node it ends with addresses of
    the panel and of the administrator's page.

cargo xtask fuzz [--seconds N] [TARGET]...
    Runs the fuzz targets (those of fuzz/fuzz_targets), each for N seconds (60). Needs cargo-fuzz.

cargo xtask mutants [ARGUMENT]...
    Changes the call model, one small change at a time, and tells which changes no test notices. Needs cargo-mutants,
    which gets the arguments: `--list`, `--shard 0/10`, `-f src/model/finish.rs`. All of it takes an hour or two.

cargo xtask sanitize [--calls N] [--valgrind N]
    Makes N calls (10000) through the adapter for TAPI and the simulated TAPI library under AddressSanitizer, which also
    looks for leaks, then N (400) under valgrind where there is one. Linux on x86-64.

cargo xtask test [--asterisk 16] [--no-asterisk] [--no-browser] [--no-windows | --windows] [--vm] [FILTER]
    Installs what the tests need (Debian: by apt and debootstrap), then checks format and lints and runs every test;
    with Node, those of the pages too, in Debian's Chromium; those of what runs on Windows also there, under Wine.
    --asterisk 16   the real Asterisk is version 16 instead of 22
    --no-asterisk   without a real Asterisk
    --no-browser    without a browser
    --no-windows    without Windows
    --windows       nothing but Windows: builds the plugin API and the adapter for TAPI for it and runs their tests
    --vm            nothing but the service: walks docs/administrator.md's tour of it, and more, with the systemd of
                    Debian 12 and of Debian 13, each in a virtual machine (VM_SUITE: one of them). Some minutes each
    FILTER          only tests whose name, or program, contains it, and no format, lints and docs
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["bench", rest @ ..] => bench::main(rest),
        ["clients", rest @ ..] => clients::main(rest),
        ["demo", rest @ ..] => demo::main(rest),
        ["fuzz", rest @ ..] => fuzz::main(rest),
        ["mutants", rest @ ..] => mutants::main(rest),
        ["sanitize", rest @ ..] => sanitize::main(rest),
        ["test", rest @ ..] => test::main(rest),
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        [other, ..] => Err(format!("there is no `{other}`\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("xtask: {text}");
            ExitCode::FAILURE
        }
    }
}
