//! `cargo xtask mutants`: mutation testing of the call model, with cargo-mutants.
//!
//! Within the host's crate one mutant takes a minute, for all that has to be built and linked anew. The model needs
//! nothing of the rest of the host, so a crate is made that has the model and its tests alone: a few seconds each.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::steps::{cargo, status, target, workspace};

/// What the model and its tests depend on. `tokio` is there for what it builds with: without `syn`'s whole grammar,
/// as the host has it, schemars does not read the model's attributes.
const DEPENDENCIES: [&str; 5] = ["jackfield-plugin-api", "schemars", "serde", "serde_json", "tokio"];
const OF_TESTS: [&str; 2] = ["proptest", "time"];

/// The crate's root. Its tests hold no event against the JSON Schemas, which the rest of the host makes: a mutant that
/// only they would notice is counted as missed.
const CRATE: &str = "\
#![allow(missing_docs)]

pub mod model;

#[cfg(test)]
mod schema {
    pub(crate) mod tests {
        pub(crate) fn check_event(_: &serde_json::Value) {}
    }
}
";

/// The code that cargo-mutants ends with when everything went well but mutants were missed, and when some hung.
const MISSED: i32 = 2;
const HUNG: i32 = 3;

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    let there = cargo(&["mutants", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|s| s.success()) {
        return Err("cargo-mutants is not installed: `cargo install cargo-mutants`".to_owned());
    }
    let folder = target().join("mutants");
    let crate_folder = folder.join("model");
    make_crate(&crate_folder)?;
    let mut command = cargo(&["mutants", "--no-shuffle", "--timeout", "60"]);
    // The crate lies in a folder that git ignores, and is wanted all the same.
    command.args(["--gitignore", "false", "--dir"]).arg(&crate_folder).arg("--output").arg(&folder);
    command.args(arguments);
    // Dependencies are built once, not once per run; what a mutant breaks need not be the shortest example of it.
    command.env("CARGO_TARGET_DIR", folder.join("build")).env("PROPTEST_MAX_SHRINK_ITERS", "0");
    let status = status("mutants of the model", &mut command)?;
    let found = folder.join("mutants.out");
    match status.code() {
        Some(0) => Ok(()),
        Some(MISSED | HUNG) => Err(format!(
            "some mutants were missed or hung: missed.txt and timeout.txt in {}; each is a missing test, dead code, or \
             no change of behaviour",
            found.display()
        )),
        _ => Err(format!("cargo-mutants failed ({status}); its logs are in {}", found.display())),
    }
}

/// Makes the crate anew out of `host/src/model`.
fn make_crate(folder: &Path) -> Result<(), String> {
    let sources = folder.join("src");
    if sources.exists() {
        fs::remove_dir_all(&sources).map_err(|e| format!("{}: {e}", sources.display()))?;
    }
    copy(&workspace().join("host/src/model"), &sources.join("model"))?;
    write(&sources.join("lib.rs"), CRATE)?;
    write(&folder.join("Cargo.toml"), &manifest()?)?;
    let lock = workspace().join("Cargo.lock");
    fs::copy(&lock, folder.join("Cargo.lock")).map_err(|e| format!("{}: {e}", lock.display()))?;
    Ok(())
}

/// A manifest with the workspace's own versions. Without documentation tests, for which the crate would be built twice.
fn manifest() -> Result<String, String> {
    let path = workspace().join("Cargo.toml");
    let root = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let line = |name: &&str| -> Result<String, String> {
        let begin = format!("{name} = ");
        let line = root.lines().find(|line| line.starts_with(&begin));
        let line = line.ok_or_else(|| format!("{}: no line `{begin}…` among the dependencies", path.display()))?;
        Ok(line.replace("path = \"", &format!("path = \"{}/", workspace().display())))
    };
    let lines = |names: &[&str]| names.iter().map(line).collect::<Result<Vec<_>, _>>().map(|lines| lines.join("\n"));
    Ok(format!(
        "[package]\nname = \"model\"\nedition = \"2024\"\n\n[lib]\ndoctest = false\n\n[dependencies]\n{}\n\n\
         [dev-dependencies]\n{}\n\n[profile.dev]\ndebug = false\n\n[workspace]\n",
        lines(&DEPENDENCIES)?,
        lines(&OF_TESTS)?
    ))
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|e| format!("{}: {e}", to.display()))?;
    let entries = fs::read_dir(from).map_err(|e| format!("{}: {e}", from.display()))?;
    for entry in entries {
        let entry = entry.map_err(|e| format!("{}: {e}", from.display()))?.path();
        let Some(name) = entry.file_name() else { continue };
        if entry.is_dir() {
            copy(&entry, &to.join(name))?;
        } else {
            fs::copy(&entry, to.join(name)).map_err(|e| format!("{}: {e}", entry.display()))?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
