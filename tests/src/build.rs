//! Programs and libraries, built once and handed out as files.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The workspace's folder.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What is built: as it is, or as a later version of the plugin API would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// As it is.
    Present,
    /// With types that have grown.
    Later,
}

fn target(version: Version) -> &'static Result<PathBuf, String> {
    static PRESENT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    static LATER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match version {
        // The whole workspace, as the tests themselves were built: nothing is compiled twice.
        Version::Present => PRESENT.get_or_init(|| cargo(&["--workspace"], "")),
        Version::Later => LATER.get_or_init(|| {
            let features = "jackfield/growth,jackfield-fixture-plugin/growth";
            cargo(&["-p", "jackfield", "-p", "jackfield-fixture-plugin", "--features", features], "later")
        }),
    }
}

fn cargo(arguments: &[&str], below: &str) -> Result<PathBuf, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let target = target.join(below);
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(["build", "--quiet", "--target-dir"]).arg(&target).args(arguments);
    // What cargo told this test of its package would be told to build scripts as if it had changed: `ring`, which looks
    // at it, and everything that depends on it would be built anew, and once more when cargo is called from outside.
    let of_this_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "OUT_DIR"];
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| of_this_package.iter().any(|begin| name.starts_with(begin))) {
            command.env_remove(name);
        }
    }
    let output = command.output().map_err(|e| format!("cargo cannot be run: {e}"))?;
    if !output.status.success() {
        return Err(format!("cargo build failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(target.join("debug"))
}

/// The `jackfield` program.
///
/// # Errors
/// It cannot be built.
pub fn jackfield(version: Version) -> Result<PathBuf, String> {
    Ok(target(version).clone()?.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX)))
}

/// A plugin's library: `simulator`, `asterisk`, `fixture`, `first`, `hostile`, `turnover`.
///
/// # Errors
/// It cannot be built.
pub fn library(plugin: &str, version: Version) -> Result<PathBuf, String> {
    let name = match plugin {
        "fixture" => "jackfield_fixture_plugin".to_owned(),
        "first" => "jackfield_example_first_plugin".to_owned(),
        "hostile" => "jackfield_test_hostile".to_owned(),
        "turnover" => "jackfield_test_swap".to_owned(),
        other => format!("jackfield_plugin_{other}"),
    };
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(target(version).clone()?.join(format!("{prefix}{name}{suffix}")))
}
