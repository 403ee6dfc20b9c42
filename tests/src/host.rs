//! A host as a process: its own folder, its own configuration, its log.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::build::{self, Version};
use crate::client::Client;

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a host is made from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The configuration, less `[server]` and `[plugins]`.
    pub config: String,
    /// Plugins to drop into the folder, and their versions.
    pub plugins: Vec<(&'static str, Version)>,
    /// Files to drop into the folder: name and bytes.
    pub files: Vec<(String, Vec<u8>)>,
    /// The host's own version.
    pub version: Version,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// A command that becomes the host, which is its last arguments: `unshare -m`. Empty: none.
    pub through: Vec<String>,
}

impl Setup {
    /// A configuration and plugins.
    #[must_use]
    pub fn new(config: impl Into<String>, plugins: &[&'static str]) -> Self {
        Self {
            config: config.into(),
            plugins: plugins.iter().map(|p| (*p, Version::Present)).collect(),
            files: Vec::new(),
            version: Version::Present,
            env: Vec::new(),
            through: Vec::new(),
        }
    }

    /// Starts the host and waits until it serves.
    ///
    /// # Errors
    /// It did not start; its log is in the text.
    pub fn start(self) -> Result<Host, String> {
        Host::start(&self)
    }
}

/// The configuration with every adapter where `JACKFIELD_TESTS_ISOLATION` says, unless it says so itself.
fn in_isolation(config: &str) -> String {
    match std::env::var("JACKFIELD_TESTS_ISOLATION") {
        Ok(place) if !config.contains("isolation") => {
            config.replace("\nplugin = ", &format!("\nisolation = \"{place}\"\nplugin = "))
        }
        _ => config.to_owned(),
    }
}

/// What it has said so far, line by line.
type Log = Arc<Mutex<Vec<String>>>;

/// A running host. Killed when dropped.
#[derive(Debug)]
pub struct Host {
    dir: tempfile::TempDir,
    child: Child,
    log: Log,
    url: String,
    through: Vec<String>,
    program: PathBuf,
    env: Vec<(String, String)>,
}

impl Host {
    fn start(setup: &Setup) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let dir = tempfile::tempdir().map_err(text)?;
        let adapters = dir.path().join("adapters");
        fs::create_dir(&adapters).map_err(text)?;
        for (plugin, version) in &setup.plugins {
            let library = build::library(plugin, *version)?;
            let name = library.file_name().ok_or("a library without a name")?;
            fs::copy(&library, adapters.join(name)).map_err(|e| format!("{}: {e}", library.display()))?;
        }
        for (name, bytes) in &setup.files {
            fs::write(adapters.join(name), bytes).map_err(|e| format!("{name}: {e}"))?;
        }
        // Long ago, as on a machine that is in use.
        let long_ago = SystemTime::now() - Duration::from_secs(3_600);
        for installed in fs::read_dir(&adapters).map_err(text)? {
            let path = installed.map_err(text)?.path();
            fs::File::options().write(true).open(path).and_then(|f| f.set_modified(long_ago)).map_err(text)?;
        }
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[plugins]\nfolder = \"adapters\"\n{}",
            in_isolation(&setup.config)
        );
        fs::write(dir.path().join("jackfield.toml"), config).map_err(text)?;
        let program = build::jackfield(setup.version)?;
        let env = setup.env.clone();
        let (child, log) = spawn(&setup.through, &program, dir.path(), &env)?;
        let through = setup.through.clone();
        let mut host = Self { dir, child, log, url: String::new(), through, program, env };
        host.url = host.wait_for_url()?;
        Ok(host)
    }

    /// Starts it again, after it was stopped or killed, in the same folder; the log begins anew.
    ///
    /// # Errors
    /// It did not start.
    pub fn start_again(&mut self) -> Result<(), String> {
        (self.child, self.log) = spawn(&self.through, &self.program, self.dir.path(), &self.env)?;
        self.url = self.wait_for_url()?;
        Ok(())
    }

    /// Runs the host's own command line beside it: `status`, `reload` …
    ///
    /// # Errors
    /// It cannot be run.
    pub fn command(&self, arguments: &[&str]) -> Result<Output, String> {
        self.prepared(arguments).output().map_err(|e| e.to_string())
    }

    /// The same, to be run by whom and as often as one likes.
    #[must_use]
    pub fn prepared(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("XDG_RUNTIME_DIR", self.dir.path())
            .env_remove("RUNTIME_DIRECTORY")
            .envs(self.env.iter().map(|(k, v)| (k, v)))
            .args(arguments)
            .arg("--config")
            .arg(self.config());
        command
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("jackfield.toml")
    }

    /// Replaces the configuration, as an administrator does; it takes effect with a reload.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_config(&self, config: &str) -> Result<(), String> {
        let config = format!("[server]\nlisten = \"127.0.0.1:0\"\n[plugins]\nfolder = \"adapters\"\n{config}");
        fs::write(self.config(), config).map_err(|e| e.to_string())
    }

    fn wait_for_url(&mut self) -> Result<String, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = lock(&self.log).iter().find_map(|line| {
                let at = line.find("clients connect to ")? + "clients connect to ".len();
                Some(line[at..].trim_end_matches(['"', '}']).split('"').next()?.to_owned())
            });
            if let Some(url) = found {
                return Ok(url);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                std::thread::sleep(Duration::from_millis(100));
                return Err(format!("the host ended with {status}:\n{}", self.log()));
            }
            if Instant::now() > until {
                return Err(format!("the host does not serve:\n{}", self.log()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The WebSocket's address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Address and port.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("ws://").trim_end_matches("/ws")
    }

    /// The host's folder: `jackfield.toml`, `adapters`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The whole answer to a request for `/metrics`.
    ///
    /// # Errors
    /// The host does not answer.
    pub fn metrics(&self, token: &str) -> Result<String, String> {
        let text = |e: std::io::Error| e.to_string();
        let mut stream = TcpStream::connect(self.address()).map_err(text)?;
        let bearer = format!("Authorization: Bearer {token}");
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\n{bearer}\r\nConnection: close\r\n\r\n").map_err(text)?;
        let mut page = String::new();
        stream.read_to_string(&mut page).map_err(text)?;
        Ok(page)
    }

    /// Waits until `/metrics` has a line.
    ///
    /// # Errors
    /// It does not come; the whole page is in the text.
    pub fn wait_metric(&self, token: &str, line: &str) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let page = self.metrics(token)?;
            if page.lines().any(|l| l == line) {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(format!("`{line}` is not in {page}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the host had to mend or could not use, as its `/metrics` count it: the lines above zero.
    ///
    /// # Errors
    /// The host does not answer with a whole page.
    pub fn repairs(&self, token: &str) -> Result<Vec<String>, String> {
        let page = self.metrics(token)?;
        if !page.contains("# EOF") {
            return Err(format!("no page of numbers: {page}"));
        }
        let counted = |line: &&str| {
            (line.starts_with("cti_repair_total") || line.starts_with("cti_dropped_facts_total"))
                && !line.ends_with(" 0")
        };
        Ok(page.lines().filter(counted).map(str::to_owned).collect())
    }

    /// The plugins' folder.
    #[must_use]
    pub fn adapters(&self) -> PathBuf {
        self.dir.path().join("adapters")
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The log so far.
    #[must_use]
    pub fn log(&self) -> String {
        lock(&self.log).join("\n")
    }

    /// Waits for a text in the log.
    ///
    /// # Errors
    /// It did not come; the log is in the text.
    pub fn wait_log(&self, text: &str) -> Result<String, String> {
        self.wait_log_of(|line| line.contains(text)).map_err(|log| format!("`{text}` is not in the log:\n{log}"))
    }

    /// Waits for a line of the log.
    ///
    /// # Errors
    /// It did not come: the log.
    pub fn wait_log_of(&self, wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            // A copy: what is wanted may depend on the rest of the log.
            let log = lock(&self.log).clone();
            if let Some(line) = log.into_iter().find(|line| wanted(line)) {
                return Ok(line);
            }
            if Instant::now() > until {
                return Err(self.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A client that has said `hello`.
    ///
    /// # Errors
    /// It was not let in.
    pub fn client(&self, token: &str) -> Result<Client, String> {
        let mut client = Client::connect(&self.url, Some(token))?;
        client.call("hello", &serde_json::json!({})).map_err(|e| format!("hello: {e}"))?;
        Ok(client)
    }

    /// Asks it to stop, as a service manager does, and waits.
    ///
    /// # Errors
    /// It does not stop.
    pub fn stop(&mut self) -> Result<ExitStatus, String> {
        let sent = Command::new("kill").arg("-TERM").arg(self.pid().to_string()).status().map_err(|e| e.to_string())?;
        if !sent.success() {
            return Err(format!("kill: {sent}"));
        }
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().map_err(|e| e.to_string())? {
                Some(status) => return Ok(status),
                None if Instant::now() > until => return Err(format!("it does not stop:\n{}", self.log())),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(through: &[String], program: &Path, dir: &Path, env: &[(String, String)]) -> Result<(Child, Log), String> {
    let mut words = through.iter().map(OsStr::new).chain([program.as_os_str()]);
    let mut child = Command::new(words.next().unwrap_or_default())
        .args(words)
        .env("XDG_RUNTIME_DIR", dir)
        .env_remove("RUNTIME_DIRECTORY")
        .arg("run")
        .arg("--config")
        .arg(dir.join("jackfield.toml"))
        .envs(env.iter().map(|(k, v)| (k, v)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let log = Log::default();
    let stderr = child.stderr.take().ok_or("no standard error")?;
    let lines = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            lock(&lines).push(line);
        }
    });
    Ok((child, log))
}

impl Drop for Host {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            // Shown by the test runner, with the failure.
            #[allow(clippy::print_stderr)]
            {
                eprintln!("---- the host's log\n{}\n----", self.log());
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
