//! `cargo xtask sanitize`: many calls through the adapter for TAPI and the simulated TAPI library, each with memory that
//! a C library reads and writes, under AddressSanitizer with LeakSanitizer, and under valgrind.
//!
//! The sanitizer is what stable compilers keep closed: as for the fuzz targets, this one is told to open it. What it
//! builds so goes into a folder of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::steps::{cargo, run, target};

const TARGET: &str = "x86_64-unknown-linux-gnu";
/// How many calls when nobody says: under the sanitizer, and under valgrind, which is much slower.
const CALLS: u32 = 10_000;
const CALLS_SLOWLY: u32 = 400;
/// Tests: of which package, in which program of it, which of them.
type Part = (&'static str, &'static str, &'static [&'static str]);
/// The tests that call TAPI's functions for real: of the state machine with its threads, of the finished adapter, and of
/// the library alone. Not those that take names out of the library: with a sanitizer it looks them up when it is loaded.
const ADAPTER: Part = (
    "jackfield-plugin-tapi",
    "--lib",
    &["driven::calls_", "driven::many_", "driven::addresses_", "driven::a_driver_", "driven::a_conference_"],
);
const FINISHED: Part = ("jackfield-tapi-simulator", "--test=adapter", &["told_the_same_way"]);
const LIBRARY: Part = ("jackfield-tapi-simulator", "--test=calls", &["calls_without_end"]);
/// Files of what is not counted.
const LEAKS: &str = "leaks.txt";
const LOST: &str = "valgrind.supp";
/// Libraries that a program loads take the sanitizer's functions from the program.
const FLAGS: &str = "-Zsanitizer=address -Clink-arg=-Wl,--export-dynamic";
/// What valgrind counts as an error: also what only a pointer into its middle is left of.
const VALGRIND: &str = "valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect,possible \
                        --errors-for-leak-kinds=definite,indirect,possible --error-exitcode=9 --num-callers=40";

/// The loader of plugins keeps the path of each library that it loads, as it keeps the library: once each, not once a
/// call.
const KEPT_BY_THE_LOADER: &str = "leak:lib_header_from_path\n";
/// What valgrind is not to count, each once a process, a library or a thread: the same path; the table in which the
/// loader has types that it has compared; the standard library's handle of the main thread; and what the C library keeps
/// of the variables of threads that live when the program ends. But for the first they are possible losses: something
/// points to them, but not to their beginning.
const KEPT: &str = "\
{
   path of a library that stays loaded
   Memcheck:Leak
   match-leak-kinds: definite
   ...
   fun:*lib_header_from_path*
}
{
   types that were compared
   Memcheck:Leak
   match-leak-kinds: possible
   ...
   fun:*check_layout_compatibility*
}
{
   handle of the main thread
   Memcheck:Leak
   match-leak-kinds: possible
   ...
   fun:*init_current*
}
{
   variables of a thread that lives
   Memcheck:Leak
   match-leak-kinds: possible
   ...
   fun:allocate_dtv*
}
";

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let (mut calls, mut slowly) = (CALLS, CALLS_SLOWLY);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let number = |text: Option<&&str>| text.and_then(|n| n.parse().ok()).filter(|n| *n > 0);
        match *argument {
            "--calls" => calls = number(rest.next()).ok_or("--calls is a number, at least 1")?,
            "--valgrind" => slowly = number(rest.next()).ok_or("--valgrind is a number of calls, at least 1")?,
            other => return Err(format!("`{other}` is no option of `sanitize`")),
        }
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")) {
        return Err("it is done on Linux on x86-64 with glibc only".to_owned());
    }
    let write = |name: &str, text: &str| {
        let path = folder().join(name);
        let written = std::fs::create_dir_all(folder()).and_then(|()| std::fs::write(&path, text));
        written.map_err(|e| format!("{}: {e}", path.display()))
    };
    write(LEAKS, KEPT_BY_THE_LOADER)?;
    write(LOST, KEPT)?;
    for part in [ADAPTER, FINISHED, LIBRARY] {
        run(&format!("{calls} calls under AddressSanitizer: {}", part.0), &mut sanitized(part, calls))?;
    }
    let valgrind = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !valgrind.is_ok_and(|s| s.success()) {
        println!("note: there is no valgrind; that part is left out");
        return Ok(());
    }
    for part in [ADAPTER, FINISHED, LIBRARY] {
        run(&format!("{slowly} calls under valgrind: {}", part.0), &mut under_valgrind(part, slowly))?;
    }
    Ok(())
}

/// The tests of a part: with cargo's own runner, which takes a program to run them with.
fn tests((package, which, names): Part, calls: u32) -> Command {
    let mut command = cargo(&["test", "--quiet", "--package", package, which, "--"]);
    command.args(names).args(["--test-threads", "1"]).env("JACKFIELD_TAPI_CALLS", calls.to_string());
    command
}

fn sanitized(part: Part, calls: u32) -> Command {
    let mut command = tests(part, calls);
    // With a target its flags are not those of procedural macros and build scripts.
    command.env("CARGO_BUILD_TARGET", TARGET);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    // Names of functions and lines of code are enough to find what is reported.
    command.env("CARGO_TARGET_DIR", folder()).env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    let suppressions = format!("suppressions={}:print_suppressions=0", folder().join(LEAKS).display());
    command.env("LSAN_OPTIONS", suppressions);
    command.env("ASAN_OPTIONS", "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1");
    command
}

fn under_valgrind(part: Part, calls: u32) -> Command {
    let mut command = tests(part, calls);
    let runner = format!("{VALGRIND} --suppressions={}", folder().join(LOST).display());
    command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", runner);
    command
}

/// Where it is built: other flags, other artifacts.
fn folder() -> PathBuf {
    target().join("sanitize")
}
