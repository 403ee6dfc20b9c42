//! No space, nothing that may be written: what runs goes on, and what cannot be done is said.
//!
//! The host gets a view of the file system of its own, in which folders are small or read-only. It ends with the host.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::library::{self, Fixture};
use serde_json::json;

const ALICE: &str = "alice-token-0123456789";
const BOB: &str = "bob-token-01234567890";
const LINE: &str = "fix/101";

fn config(more: &str) -> String {
    format!(
        r#"
settle = "300ms"
scan = "200ms"
[[connection]]
id = "fix"
plugin = "fixture"
[connection.settings]
greeting = "hello"
[[user]]
name = "alice"
role = "admin"
token = "{ALICE}"
lines = ["{LINE}"]
{more}"#
    )
}

/// A file system of the host's own: what makes it, and what gets into it again.
struct View {
    make: &'static [&'static str],
    enter: &'static [&'static str],
}

impl View {
    /// None where the system gives no such thing; that is said.
    fn new() -> Option<Self> {
        // Root, or whoever may be root in a view of their own.
        let views = [
            Self { make: &["unshare", "-m"], enter: &["nsenter", "-m"] },
            Self { make: &["unshare", "-Urm"], enter: &["nsenter", "-U", "--preserve-credentials", "-m"] },
        ];
        let works = |view: &Self| {
            let mut command = Command::new(view.make[0]);
            command.args(&view.make[1..]).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
            command.output().is_ok_and(|output| output.status.success())
        };
        let view = views.into_iter().find(works);
        if view.is_none() {
            #[allow(clippy::print_stderr, reason = "what the test run shows")]
            {
                eprintln!("LEFT OUT: this system lets nobody mount here, so nothing can be made full or read-only");
            }
        }
        view
    }

    /// A host in it; `script` has the host as its arguments and its folder as `$dir`.
    fn host(&self, mut setup: Setup, script: &str) -> Host {
        let script = format!("set -e; for config; do :; done; dir=$(dirname \"$config\"); {script}; exec \"$@\"");
        setup.through = self.make.iter().chain(&["sh", "-c", &script, "sh"]).map(ToString::to_string).collect();
        setup.start().unwrap()
    }

    fn run(&self, host: &Host, command: &[&str]) -> bool {
        let mut entering = Command::new(self.enter[0]);
        entering.args(&self.enter[1..]).args(["-t", &host.pid().to_string()]).args(command);
        entering.status().unwrap().success()
    }
}

const NOTHING: [&str; 0] = [];
const READ_ONLY: &str = "mount --bind \"$dir\" \"$dir\"; mount -o remount,bind,ro \"$dir\"";

fn comes_up(alice: &mut Client, version: &str) {
    alice
        .event(|e| e["method"] == "initialized" && e["params"]["data"]["connection"]["adapterVersion"] == version)
        .unwrap_or_else(|e| panic!("waiting for version {version}: {e}"));
}

/// The call that stands is held and taken back: commands are answered, events flow.
fn converse(alice: &mut Client) {
    let snapshot = alice.call("queryActiveCallSnapshot", &json!({ "line": LINE })).unwrap();
    let call = json!({ "line": LINE, "callId": snapshot["activeCalls"][0]["callId"] });
    for (command, event) in [("holdCall", "hold"), ("unholdCall", "unhold")] {
        alice.call(command, &call).unwrap();
        alice.named(event, LINE).unwrap();
    }
}

fn install(host: &Host, version: &str) {
    library::install(&host.adapters(), "fix", &Fixture::version(version).bytes().unwrap()).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn no_room_in_the_temporary_folder_keeps_no_library_out() {
    let Some(view) = View::new() else { return };
    for isolation in ["process", "host"] {
        let temporary = tempfile::tempdir().unwrap();
        let place = temporary.path().to_str().unwrap().to_owned();
        let keys = config("").replace("plugin = ", &format!("isolation = \"{isolation}\"\nplugin = "));
        let mut setup = Setup::new(keys, &[]);
        setup.env.push(("TMPDIR".to_owned(), place.clone()));
        setup.files.push((library::file_name("fix"), Fixture::version("1.0.0").bytes().unwrap()));
        let host = view.host(setup, "mount -t tmpfs -o size=4096,noexec,mode=1777 tmpfs \"$TMPDIR\"");
        let mut alice = host.client(ALICE).unwrap();
        converse(&mut alice);
        install(&host, "1.1.0");
        comes_up(&mut alice, "1.1.0");
        converse(&mut alice);
        let within = format!("/proc/{}/root{place}", host.pid());
        assert_eq!(names(Path::new(&within)), NOTHING, "it was written there");
    }
}

#[test]
fn configuration_and_libraries_may_be_read_only() {
    let Some(view) = View::new() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let mut setup = Setup::new(config(""), &[]);
    for variable in ["TMPDIR", "XDG_RUNTIME_DIR"] {
        setup.env.push((variable.to_owned(), elsewhere.path().to_str().unwrap().to_owned()));
    }
    setup.files.push((library::file_name("fix"), Fixture::version("1.0.0").bytes().unwrap()));
    let mut host = view.host(setup, READ_ONLY);
    let touched = host.dir().join("touched");
    assert!(!view.run(&host, &["touch", touched.to_str().unwrap()]), "the folder can be written");
    let before = names(host.dir());
    let mut alice = host.client(ALICE).unwrap();
    converse(&mut alice);

    // Who may write there does: a new library, a new configuration.
    install(&host, "1.1.0");
    comes_up(&mut alice, "1.1.0");
    let user = format!("[[user]]\nname = \"bob\"\nrole = \"agent\"\ntoken = \"{BOB}\"\nlines = [\"{LINE}\"]\n");
    host.write_config(&config(&user)).unwrap();
    let output = host.command(&["reload"]).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "user `bob` was added\n");
    host.client(BOB).unwrap();
    converse(&mut alice);
    assert!(host.stop().unwrap().success());
    assert_eq!(names(host.dir()), before);
    assert_eq!(names(elsewhere.path()), ["jackfield"]);
    assert_eq!(names(&elsewhere.path().join("jackfield")), NOTHING, "a socket is left");
}

#[test]
fn a_host_that_may_write_nowhere_serves_and_says_what_it_misses() {
    let Some(view) = View::new() else { return };
    let mut setup = Setup::new(config(""), &[]);
    setup.files.push((library::file_name("fix"), Fixture::version("1.0.0").bytes().unwrap()));
    let script = format!("TMPDIR=$dir; export TMPDIR; {READ_ONLY}");
    let mut host = view.host(setup, &script);
    host.wait_log("`jackfield status` and `jackfield reload` cannot reach this host: ").unwrap();
    converse(&mut host.client(ALICE).unwrap());
    let user = format!("[[user]]\nname = \"bob\"\nrole = \"agent\"\ntoken = \"{BOB}\"\nlines = [\"{LINE}\"]\n");
    host.write_config(&config(&user)).unwrap();
    assert!(Command::new("kill").args(["-HUP", &host.pid().to_string()]).status().unwrap().success());
    host.wait_log("user `bob` was added").unwrap();
    host.client(BOB).unwrap();
    assert!(host.stop().unwrap().success());
}
