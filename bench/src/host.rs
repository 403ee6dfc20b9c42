//! The host as its users run it: the program, in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{machine, measure};

/// How long a host may take to serve before it is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the programs and libraries are: beside this one.
pub(crate) fn built() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    own.parent().map(Path::to_owned).ok_or_else(|| format!("{}: in no folder", own.display()))
}

/// A plugin's library.
pub(crate) fn library(plugin: &str) -> Result<PathBuf, String> {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let crate_name = if plugin == "acme" { "example_first_plugin".to_owned() } else { format!("plugin_{plugin}") };
    let path = built()?.join(format!("{prefix}jackfield_{crate_name}{suffix}"));
    if path.exists() { Ok(path) } else { Err(format!("{} is missing: `cargo xtask bench` builds it", path.display())) }
}

/// A running host. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Host {
    child: Child,
    address: String,
    /// From the start of the process until it said that it serves.
    pub(crate) start: Duration,
    dir: tempfile::TempDir,
}

impl Host {
    /// Starts a host with these plugins and this configuration, less `[server]` and `[plugins]`.
    pub(crate) fn start(plugins: &[&str], config: &str) -> Result<Self, String> {
        Self::start_with(plugins, "", config)
    }

    /// The same with more keys of `[server]`.
    pub(crate) fn start_with(plugins: &[&str], server: &str, config: &str) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let dir = tempfile::tempdir().map_err(text)?;
        let adapters = dir.path().join("adapters");
        std::fs::create_dir(&adapters).map_err(text)?;
        for plugin in plugins {
            let library = library(plugin)?;
            let copy = adapters.join(library.file_name().unwrap_or_default());
            std::fs::copy(&library, &copy).map_err(text)?;
            // A file that was written just now might still be written; this one is complete.
            let long_ago = std::time::SystemTime::now() - Duration::from_secs(3_600);
            std::fs::File::options().write(true).open(&copy).and_then(|f| f.set_modified(long_ago)).map_err(text)?;
        }
        let file = dir.path().join("jackfield.toml");
        let config =
            format!("[server]\nlisten = \"127.0.0.1:0\"\n{server}\n[plugins]\nfolder = \"adapters\"\n{config}");
        std::fs::write(&file, config).map_err(text)?;
        let program = built()?.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX));
        let begin = Instant::now();
        let mut child = Command::new(&program)
            .env("XDG_RUNTIME_DIR", dir.path())
            .env_remove("RUNTIME_DIRECTORY")
            .env_remove("JACKFIELD_LOG")
            .args(["run", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let log = child.stderr.take().ok_or("no standard error")?;
        let (said, hear) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(log).lines().map_while(Result::ok) {
                // Who has found what it looked for hears no more; the pipe must be emptied all the same.
                let _ = said.send(line);
            }
        });
        let mut host = Self { child, address: String::new(), start: Duration::ZERO, dir };
        let mut last = String::new();
        while let Some(left) = PATIENCE.checked_sub(begin.elapsed()) {
            let Ok(line) = hear.recv_timeout(left) else { break };
            // `ws://` or `wss://`.
            let url = line.split_once("clients connect to ws").and_then(|(_, url)| url.split_once("://"));
            if let Some((_, rest)) = url {
                let address = rest.split("/ws").next().unwrap_or_default();
                (host.address, host.start) = (address.to_owned(), begin.elapsed());
                return Ok(host);
            }
            last = line;
        }
        Err(format!("the host does not serve; its last word: {last}"))
    }

    /// Runs the host's own command line beside it; what it says.
    pub(crate) fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let dir = self.dir.path();
        let output = Command::new(built()?.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX)))
            .env("XDG_RUNTIME_DIR", dir)
            .env_remove("RUNTIME_DIRECTORY")
            .args(arguments)
            .arg("--config")
            .arg(dir.join("jackfield.toml"))
            .output()
            .map_err(|e| e.to_string())?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Address and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self) -> Result<Duration, String> {
        measure::process_cpu(self.child.id())
    }

    /// Memory in RAM, in bytes.
    pub(crate) fn memory(&self) -> Result<f64, String> {
        machine::resident(self.child.id())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
