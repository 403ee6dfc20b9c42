//! A PostgreSQL of a test's own, from what the system has installed.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Instant;

use crate::host::PATIENCE;

/// The users that the server may run as when the test is root, which PostgreSQL refuses to be.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// A running server. Stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    dir: tempfile::TempDir,
    user: Option<&'static str>,
    server: Option<Child>,
    /// Where it listens beside its socket.
    port: Option<u16>,
    encrypts: bool,
}

/// A certificate and its key (PEM).
#[derive(Debug, Clone, Copy)]
pub struct Certificate<'a> {
    /// The certificate.
    pub certificate: &'a str,
    /// The key.
    pub key: &'a str,
}

impl Postgres {
    /// Starts a server; none when none is installed, which is said.
    ///
    /// # Errors
    /// It is installed and does not start.
    pub fn start() -> Result<Option<Self>, String> {
        Self::start_as(None, None)
    }

    /// Starts a server that also listens on TCP, on this machine alone; with a certificate it takes nobody there who
    /// does not encrypt.
    ///
    /// # Errors
    /// It is installed and does not start.
    pub fn start_on_tcp(certificate: Option<Certificate<'_>>) -> Result<Option<Self>, String> {
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let mut tries = 0;
        loop {
            // Somebody else may take the port before the server does.
            let port = free().map_err(|e| e.to_string())?.port();
            tries += 1;
            match Self::start_as(Some(port), certificate) {
                Err(_) if tries < 5 => {}
                started => return started,
            }
        }
    }

    fn start_as(port: Option<u16>, certificate: Option<Certificate<'_>>) -> Result<Option<Self>, String> {
        let Some(programs) = programs() else {
            // Shown by the test runner.
            #[allow(clippy::print_stderr)]
            {
                eprintln!("NOT TESTED WITH POSTGRESQL: it is not installed (apt-get install postgresql)");
            }
            return Ok(None);
        };
        let text = |e: std::io::Error| e.to_string();
        let dir = tempfile::tempdir().map_err(text)?;
        let user = UNPRIVILEGED.into_iter().find(|user| is_root() && exists(user));
        if let Some(user) = user {
            run(Command::new("chown").arg(user).arg(dir.path()))?;
        }
        let mut this = Self { programs, dir, user, server: None, port, encrypts: certificate.is_some() };
        let data = this.dir.path().join("data");
        let mut initdb = this.program("initdb");
        initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--username=jackfield", "--auth=trust", "-D"]);
        run(initdb.arg(&data))?;
        if let Some(Certificate { certificate, key }) = certificate {
            for (name, text) in [("server.crt", certificate), ("server.key", key)] {
                let file = data.join(name);
                fs::write(&file, text).map_err(|e| text_of(&e))?;
                fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).map_err(|e| text_of(&e))?;
                if let Some(user) = this.user {
                    run(Command::new("chown").arg(user).arg(&file))?;
                }
            }
            let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
            fs::write(data.join("pg_hba.conf"), rules).map_err(|e| text_of(&e))?;
        }
        this.resume()?;
        Ok(Some(this))
    }

    /// Where it listens on TCP.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The address of its database.
    #[must_use]
    pub fn url(&self) -> String {
        let socket = self.dir.path().display().to_string().replace('/', "%2F");
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("postgres://jackfield@{socket}{port}/postgres")
    }

    /// Starts it again.
    ///
    /// # Errors
    /// It does not start.
    pub fn resume(&mut self) -> Result<(), String> {
        let log = fs::File::create(self.dir.path().join("log")).map_err(|e| e.to_string())?;
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.dir.path().join("data")).arg("-k").arg(self.dir.path());
        match self.port {
            None => server.args(["-c", "listen_addresses="]),
            Some(port) => server.args(["-c", "listen_addresses=127.0.0.1", "-p", &port.to_string()]),
        };
        if self.encrypts {
            server.args(["-c", "ssl=on"]);
        }
        self.server = Some(server.stderr(log).stdout(Stdio::null()).spawn().map_err(|e| e.to_string())?);
        let until = Instant::now() + PATIENCE;
        loop {
            let mut ready = self.program("pg_isready");
            ready.arg("-q").arg("-h").arg(self.dir.path());
            if let Some(port) = self.port {
                ready.args(["-p", &port.to_string()]);
            }
            let ready = ready.status();
            let ended = self.server.as_mut().and_then(|server| server.try_wait().ok().flatten());
            if ready.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            if ended.is_some() || Instant::now() > until {
                let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
                return Err(format!("PostgreSQL does not answer:\n{log}"));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Ends it at once, as a machine that loses its power.
    ///
    /// # Errors
    /// It does not end.
    pub fn stop(&mut self) -> Result<(), String> {
        run(self.program("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(self.dir.path().join("data")))?;
        if let Some(mut server) = self.server.take() {
            server.wait().map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        match self.user {
            None => Command::new(path),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--clear-groups", "--pdeathsig", "TERM", "--"]).arg(path);
                command.current_dir("/");
                command
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Whatever is left of it goes with its folder.
        let _ = self.stop();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.into_iter().rfind(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn text_of(error: &std::io::Error) -> String {
    error.to_string()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn exists(user: &str) -> bool {
    let users = fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
    users.lines().any(|line| line.split(':').next() == Some(user))
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(output)
}
