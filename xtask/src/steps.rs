//! Running programs, one step after the other, with a word about each.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Instant;

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// Cargo, in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(arguments);
    command
}

/// Runs a step; its end and its time are told.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<(), String> {
    let status = status(what, command)?;
    if status.success() { Ok(()) } else { Err(format!("{what}: failed ({status})")) }
}

/// Runs a step that may fail in ways its caller knows.
pub(crate) fn status(what: &str, command: &mut Command) -> Result<ExitStatus, String> {
    println!("==> {what}");
    let begin = Instant::now();
    let status = command.status().map_err(|e| format!("{what}: {}: {e}", command.get_program().to_string_lossy()))?;
    println!("    {what}: {:.0} s", begin.elapsed().as_secs_f64());
    Ok(status)
}
