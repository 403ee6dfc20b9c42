//! The host that is measured: this program once more, as a process of its own.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long it may take to serve.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lines of its log that are kept, for when something goes wrong.
const LAST_WORDS: usize = 5;

/// The process. Killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    /// Where clients connect.
    pub(super) url: String,
    /// The token of its only user.
    pub(super) token: String,
    log: Arc<Mutex<VecDeque<String>>>,
    _folder: tempfile::TempDir,
}

impl Process {
    /// Starts it, and waits until it serves.
    pub(super) async fn start(library: &Path, lines: u32, clients: u32, calls: u32) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| format!("a temporary directory: {e}"))?;
        // It guards a simulator on the loopback for some seconds; `RandomState` is random enough for that.
        let part = || RandomState::new().hash_one(std::process::id());
        let token = format!("bench-{:016x}{:016x}", part(), part());
        let file = folder.path().join("jackfield.toml");
        let prepare = || {
            let adapters = folder.path().join("adapters");
            std::fs::create_dir(&adapters)?;
            std::fs::copy(library, adapters.join(library.file_name().unwrap_or_default()))?;
            std::fs::write(&file, config(lines, clients, calls, &token))
        };
        prepare().map_err(|e| format!("{}: {e}", folder.path().display()))?;
        let program = std::env::current_exe().map_err(|e| format!("this program's own file: {e}"))?;
        let mut command = Command::new(&program);
        // What the environment says of another host's configuration is not meant for this one.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JACKFIELD_")) {
            command.env_remove(name);
        }
        let child = command
            .env("XDG_RUNTIME_DIR", folder.path())
            .env_remove("RUNTIME_DIRECTORY")
            .args(["run", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let mut process = Self { child, url: String::new(), token, log: Arc::default(), _folder: folder };
        let served = tokio::time::timeout(PATIENCE, process.serves()).await;
        process.url = match served {
            Ok(Some(url)) => url,
            Ok(None) => return Err(format!("the host ended; it said: {}", process.last_words())),
            Err(_) => return Err(format!("the host does not serve; it said: {}", process.last_words())),
        };
        Ok(process)
    }

    /// Reads its log until it says where clients connect; then lets a task go on reading, so that the pipe stays empty.
    async fn serves(&mut self) -> Option<String> {
        let mut lines = BufReader::new(self.child.stderr.take()?).lines();
        let log = Arc::clone(&self.log);
        let keep = move |line: String| {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.truncate(LAST_WORDS - 1);
            log.push_front(line);
        };
        while let Ok(Some(line)) = lines.next_line().await {
            let url = line.split_once("clients connect to ").map(|(_, rest)| rest.split(['"', ' ']).next());
            let url = url.flatten().map(str::to_owned);
            keep(line);
            if url.is_some() {
                tokio::spawn(async move {
                    while let Ok(Some(line)) = lines.next_line().await {
                        keep(line);
                    }
                });
                return url;
            }
        }
        None
    }

    /// The last lines of its log.
    pub(super) fn last_words(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = log.iter().rev().map(String::as_str).collect();
        super::output::harmless(&lines.join(" | "))
    }

    /// The CPU time of its threads so far; only where the system tells (Linux).
    pub(super) fn cpu(&self) -> Option<Duration> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id()?)).ok()?;
        let of = |task: std::fs::DirEntry| -> Option<u64> {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse().ok()
        };
        let nanos: Vec<u64> = tasks.flatten().filter_map(of).collect();
        // Kernels can be built without.
        if nanos.is_empty() { None } else { Some(Duration::from_nanos(nanos.iter().sum())) }
    }

    /// Its memory in RAM, in bytes; only where the system tells (Linux).
    pub(super) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
    }
}

/// Its configuration. Conversations are short, so that there are many events.
fn config(lines: u32, clients: u32, calls: u32, token: &str) -> String {
    let mut text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nmax_sessions = {}\n[plugins]\nfolder = \"adapters\"\n\
         [[connection]]\nid = \"sim\"\nplugin = \"simulator\"\nisolation = \"host\"\n\
         [connection.settings.traffic]\ncalls_per_minute = {calls}.0\nring = [0.5, 2.0]\npatience = [2.0, 5.0]\n\
         talk = [2.0, 10.0]\nhold = [0.5, 2.0]\n",
        clients + 16
    );
    for line in 0..lines {
        text.push_str(&format!("[[line]]\nname = \"sim/{line}\"\nsettings = {{ robot = true }}\n"));
    }
    text.push_str(&format!(
        "[[user]]\nname = \"bench\"\nrole = \"service\"\ntoken = \"{token}\"\nlines = [\"sim/*\"]\n"
    ));
    text
}
