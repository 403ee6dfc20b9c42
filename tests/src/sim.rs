//! A simulated phone system as a process of its own: `jackfield-sim`.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::build::{self, Version};
use crate::host::PATIENCE;

/// A running simulator. Killed when dropped.
#[derive(Debug)]
pub struct Sim {
    child: Child,
    urls: Vec<String>,
    control: BufReader<TcpStream>,
    _config: Option<tempfile::NamedTempFile>,
}

impl Sim {
    /// Starts a phone system of this kind with this configuration (TOML; empty: its own).
    ///
    /// # Errors
    /// It does not start.
    pub fn start(system: &str, config: &str) -> Result<Self, String> {
        Self::start_with(system, config, &[])
    }

    /// The same with further arguments: other doors.
    ///
    /// # Errors
    /// It does not start.
    pub fn start_with(system: &str, config: &str, arguments: &[&str]) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let program = build::jackfield(Version::Present)?;
        let program = program.with_file_name(format!("jackfield-sim{}", std::env::consts::EXE_SUFFIX));
        let mut command = Command::new(program);
        command.args([system, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"]).stdout(Stdio::piped());
        command.args(arguments);
        let file = match config {
            "" => None,
            config => {
                let mut file = tempfile::NamedTempFile::new().map_err(text)?;
                file.write_all(config.as_bytes()).map_err(text)?;
                command.arg("--config").arg(file.path());
                Some(file)
            }
        };
        let mut child = command.spawn().map_err(text)?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let mut line = || lines.next().ok_or("it says nothing")?.map_err(text);
        let mut urls = Vec::new();
        let control = loop {
            let said = line()?;
            match said.strip_prefix("control ") {
                Some(control) => break control.to_owned(),
                None => urls.push(said),
            }
        };
        let control = TcpStream::connect(control).map_err(text)?;
        control.set_read_timeout(Some(PATIENCE)).map_err(text)?;
        Ok(Self { child, urls, control: BufReader::new(control), _config: file })
    }

    /// Where it is, with its scheme.
    #[must_use]
    pub fn url(&self) -> &str {
        self.urls.first().map_or("", String::as_str)
    }

    /// All its doors, in the order in which it names them.
    #[must_use]
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// A command of its control channel; its answer.
    ///
    /// # Errors
    /// It refuses.
    pub fn tell(&mut self, what: &Value) -> Result<Value, String> {
        let text = |e: std::io::Error| format!("{what}: {e}");
        self.control.get_mut().write_all(format!("{what}\n").as_bytes()).map_err(text)?;
        let mut answer = String::new();
        self.control.read_line(&mut answer).map_err(text)?;
        let answer: Value = serde_json::from_str(&answer).map_err(|e| format!("{what}: {e}"))?;
        if answer["ok"] == true { Ok(answer) } else { Err(format!("{what}: {answer}")) }
    }

    /// Asks until the answer is as it should be.
    ///
    /// # Errors
    /// It never is: the last answer.
    pub fn wait_for(&mut self, what: &Value, wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.tell(what)?;
            if wanted(&answer) {
                return Ok(answer);
            }
            if Instant::now() > until {
                return Err(format!("{what}: still {answer}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Who of these has come and gone at a phone system with logins, in order: `login`, `logout` …
    ///
    /// # Errors
    /// It has no such command.
    pub fn visits(&mut self, login: &str) -> Result<Vec<String>, String> {
        Ok(visits(&self.tell(&json!({ "do": "visits" }))?, login))
    }

    /// Waits until somebody has come and gone like this.
    ///
    /// # Errors
    /// It does not come to that: what there was.
    pub fn wait_visits(&mut self, login: &str, wanted: &[&str]) -> Result<(), String> {
        self.wait_for(&json!({ "do": "visits" }), |answer| visits(answer, login) == wanted).map(drop)
    }
}

fn visits(answer: &Value, login: &str) -> Vec<String> {
    let visits = answer["visits"].as_array().map_or(&[][..], Vec::as_slice);
    let of = visits.iter().filter(|visit| visit["login"] == login);
    of.filter_map(|visit| visit["what"].as_str().map(ToOwned::to_owned)).collect()
}

impl Drop for Sim {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
