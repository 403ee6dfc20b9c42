//! A log that nobody takes: the host goes on serving, and ends in order.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use jackfield_tests::build::{self, Version};
use jackfield_tests::client::Client;
use jackfield_tests::host::PATIENCE;
use serde_json::{Value, json};

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[plugins]
folder = "adapters"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 1
[[user]]
name = "alice"
role = "admin"
token = "alice-token-0123456789"
lines = ["sim/101"]
"#;

/// Killed when dropped.
struct Host {
    dir: tempfile::TempDir,
    child: Child,
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Host {
    /// Started by a shell, with these redirections.
    fn start(redirections: &str, errors: Stdio) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("adapters")).unwrap();
        let library = build::library("simulator", Version::Present).unwrap();
        fs::copy(&library, dir.path().join("adapters").join(library.file_name().unwrap())).unwrap();
        fs::write(dir.path().join("jackfield.toml"), CONFIG).unwrap();
        let child = Command::new("sh")
            .args(["-c", &format!("exec \"$@\" {redirections}"), "sh"])
            .arg(build::jackfield(Version::Present).unwrap())
            .args(["run", "--config"])
            .arg(dir.path().join("jackfield.toml"))
            .env("XDG_RUNTIME_DIR", dir.path())
            .env("JACKFIELD_LOG", "trace")
            .env_remove("RUNTIME_DIRECTORY")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap();
        Self { dir, child }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(build::jackfield(Version::Present).unwrap())
            .args(arguments)
            .arg("--config")
            .arg(self.dir.path().join("jackfield.toml"))
            .env("XDG_RUNTIME_DIR", self.dir.path())
            .env_remove("RUNTIME_DIRECTORY")
            .output()
            .unwrap()
    }

    fn url(&self) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let output = self.command(&["status", "--json"]);
            if let Ok(status) = serde_json::from_slice::<Value>(&output.stdout) {
                return status["url"].as_str().unwrap().to_owned();
            }
            assert!(Instant::now() < until, "{}", String::from_utf8_lossy(&output.stderr));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// Calls, a new configuration, the end.
    fn works(mut self) {
        let mut alice = Client::connect(&self.url(), Some("alice-token-0123456789")).unwrap();
        alice.call("hello", &json!({})).unwrap();
        alice
            .event(|e| e["method"] == "activeCallSnapshot" && e["params"]["data"]["reason"] != "beforeReconcile")
            .unwrap();
        let call = alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap()["callId"].clone();
        alice.named("commutationStarted", "sim/101").unwrap();
        // Some hundred lines of the log, and more bytes than a pipe holds.
        for command in ["holdCall", "unholdCall"].repeat(75) {
            while let Err(why) = alice.call(command, &json!({ "line": "sim/101", "callId": call })) {
                assert!(why.contains("rateLimited"), "{why}");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
        let user =
            "[[user]]\nname = \"bob\"\nrole = \"agent\"\ntoken = \"bob-token-01234567890\"\nlines = [\"sim/101\"]\n";
        fs::write(self.dir.path().join("jackfield.toml"), format!("{CONFIG}{user}")).unwrap();
        let output = self.command(&["reload"]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "user `bob` was added\n");
        Client::connect(&self.url(), Some("bob-token-01234567890")).unwrap().call("hello", &json!({})).unwrap();
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let until = Instant::now() + PATIENCE;
        let ended = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < until, "it does not stop"),
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        };
        assert!(ended.success(), "{ended}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_ends_nothing() {
    Host::start(">/dev/full 2>/dev/full", Stdio::null()).works();
}

#[test]
fn a_log_that_is_closed_ends_nothing() {
    Host::start(">&- 2>&-", Stdio::null()).works();
}

#[test]
fn a_log_whose_reader_has_gone_ends_nothing() {
    let mut host = Host::start("", Stdio::piped());
    drop(host.child.stderr.take());
    host.works();
}

#[test]
fn a_log_whose_reader_does_not_read_ends_nothing() {
    let mut host = Host::start("", Stdio::piped());
    let mut unread = host.child.stderr.take().unwrap();
    host.works();
    // What stands in the pipe is what came first.
    let mut first = [0; 1];
    unread.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"{");
}
