//! The project for Windows, on Linux: built with mingw-w64, its tests run by Wine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::steps::{cargo, run, workspace};

/// What is built for: the target that needs nothing but free tools.
const TARGET: &str = "x86_64-pc-windows-gnu";
/// What an adapter for Windows is made of, and the library that it is tested against.
const PACKAGES: [&str; 3] = ["jackfield-plugin-api", "jackfield-plugin-tapi", "jackfield-tapi-simulator"];
/// What setup.sh answers where it cannot be had.
const CANNOT_RUN_HERE: i32 = 77;

/// Builds the adapters' parts for Windows and runs their tests. `Some`: it cannot be done here, and why.
pub(crate) fn test(filter: Option<&str>) -> Result<Option<String>, String> {
    let root = match setup()? {
        Ok(root) => root,
        Err(missing) => return Ok(Some(missing)),
    };
    if filter.is_none() {
        run("lints for Windows", &mut lints(&root))?;
    }
    run("build for Windows", tests(&root, filter).arg("--no-run"))?;
    // A shell that waits for what nobody types keeps Wine's own processes: else each test would start them, and they
    // would keep its standard output open.
    let mut shell = Command::new(root.join("wine"));
    shell.arg("cmd").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut shell = shell.spawn().map_err(|e| format!("wine: {e}"))?;
    let tested = run("tests for Windows, under Wine", tests(&root, filter).arg("--no-fail-fast"));
    drop(shell.stdin.take());
    // It ends by itself; how, is of no interest.
    let _ = shell.wait();
    tested?;
    Ok(None)
}

/// The command that runs the tests.
fn tests(root: &Path, filter: Option<&str>) -> Command {
    let nextest = cargo(&["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let mut command = if nextest.is_ok_and(|s| s.success()) {
        cargo(&["nextest", "run", "--cargo-quiet"])
    } else {
        cargo(&["test", "--lib", "--bins", "--tests", "--examples", "--quiet"])
    };
    for_windows(&mut command, root);
    command.args(filter);
    command
}

/// The command that looks at what is built for Windows alone, and at the rest as it is built there.
fn lints(root: &Path) -> Command {
    let mut command = cargo(&["clippy", "--all-targets", "--quiet"]);
    for_windows(&mut command, root);
    command.args(["--", "-D", "warnings"]);
    command
}

/// Has cargo build the packages for Windows.
fn for_windows(command: &mut Command, root: &Path) {
    command.args(["--target", TARGET]).args(PACKAGES.iter().flat_map(|package| ["-p", package]));
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", "x86_64-w64-mingw32-gcc");
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", root.join("wine"));
    let sysroot = format!("--sysroot={}", root.join("sysroot").display());
    command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS", sysroot);
    // They would count for Windows, too.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
}

/// Makes the tools ready; their folder, or why there are none.
fn setup() -> Result<Result<PathBuf, String>, String> {
    println!("==> tools for Windows (kept between runs)");
    let mut setup = Command::new("bash");
    setup.arg(workspace().join("tests/windows/setup.sh")).stdin(Stdio::null()).stderr(Stdio::inherit());
    let Ok(output) = setup.output() else { return Ok(Err("there is no bash".to_owned())) };
    match output.status.code() {
        Some(0) => Ok(Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))),
        Some(CANNOT_RUN_HERE) => Ok(Err("see above what is missing; its tests are left out".to_owned())),
        _ => Err("tests/windows/setup.sh failed; see above".to_owned()),
    }
}
