//! `cargo xtask clients`: builds what people look at, the panel and the administrator's page, for the host to be built
//! with.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::steps::{run, workspace};

/// The oldest Node that builds them.
const OLDEST: u32 = 20;
/// The pages, each with what it is to weigh at most, in KiB of gzip.
const PAGES: [(&str, u64); 2] = [("panel", 80), ("admin", 80)];

pub(crate) fn main(arguments: &[&str]) -> Result<(), String> {
    if !arguments.is_empty() {
        return Err("usage: cargo xtask clients".to_owned());
    }
    if let Some(why) = missing() {
        return Err(format!("the pages cannot be built: {why}"));
    }
    build()
}

/// Why pages cannot be built here, in words.
pub(crate) fn missing() -> Option<String> {
    if !workspace().join("clients/package.json").is_file() {
        return Some("there is no clients/package.json".to_owned());
    }
    let version = match Command::new("node").arg("--version").stderr(Stdio::null()).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(_) => return Some(format!("Node is not installed (version {OLDEST} or newer, with npm)")),
    };
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        return Some(format!("Node {OLDEST} or newer is needed, here is {version}"));
    }
    let npm = npm().arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    (!npm.is_ok_and(|status| status.success())).then(|| "npm is not installed".to_owned())
}

/// npm, in the folder of the clients.
pub(crate) fn npm() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(workspace().join("clients"));
    command
}

/// Fetches what the clients are built with, as their lock file says. Nothing is fetched twice.
pub(crate) fn fetch() -> Result<(), String> {
    let clients = workspace().join("clients");
    // npm leaves its own list behind; while that is newer than the lock file, everything is there.
    let written = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let (lock, there) = (written(&clients.join("package-lock.json")), clients.join("node_modules/.package-lock.json"));
    if lock.is_some() && written(&there) >= lock {
        return Ok(());
    }
    run(
        "what the clients are built with (npm ci)",
        npm().args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]),
    )
}

/// Builds the pages, and tells what they weigh.
pub(crate) fn build() -> Result<(), String> {
    fetch()?;
    run("the clients", npm().args(["run", "build", "--silent"]))?;
    for (page, most) in PAGES {
        let folder = workspace().join("clients").join(page).join("dist");
        let (mut packed, mut files) = (0, Vec::new());
        list(&folder, &mut files).map_err(|e| format!("{}: {e}", folder.display()))?;
        for file in &files {
            packed += gzip(file)?;
        }
        let kib = (packed as f64) / 1024.0;
        println!("    {page}: {} files, {kib:.1} KiB in gzip (to be {most} at most)", files.len());
    }
    Ok(())
}

/// What a browser may load: no maps of sources.
fn list(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_none_or(|end| end != "map") {
            files.push(path);
        }
    }
    Ok(())
}

/// How many bytes a file has when it is compressed, by Node: xtask has nothing but `std`.
fn gzip(file: &Path) -> Result<u64, String> {
    let script =
        "console.log(require('zlib').gzipSync(require('fs').readFileSync(process.argv[1]), {level: 9}).length)";
    let output = Command::new("node").args(["-e", script]).arg(file).output().map_err(|e| format!("node: {e}"))?;
    let size = String::from_utf8_lossy(&output.stdout).trim().parse();
    size.map_err(|_| format!("{}: {}", file.display(), String::from_utf8_lossy(&output.stderr)))
}
