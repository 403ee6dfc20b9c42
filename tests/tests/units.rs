//! The units of systemd, as systemd itself reads them, without one that runs.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use jackfield_tests::build::{self, Version};

/// The most that `systemd-analyze security` may find, in tenths: 0 is a service that can do nothing, 100 one that can do
/// all. (What is left is the network, which a host is for.)
const EXPOSURE: &str = "20";

/// What systemd's own tool says. None: it is not installed here.
fn analyze(arguments: &[&str], folder: &Path) -> Option<Output> {
    // A user's manager wants to know where its sockets would be.
    let said = Command::new("systemd-analyze").args(arguments).env("XDG_RUNTIME_DIR", folder).output();
    if said.is_err() {
        eprintln!("NOT TESTED: the units need systemd-analyze (apt-get install systemd)");
    }
    said.ok()
}

/// The unit as `jackfield service` prints it here.
fn unit(folder: &Path, more: &[&str]) -> String {
    let program = build::jackfield(Version::Present).unwrap();
    let said = Command::new(program).args(["service", "unit"]).args(more).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let path = folder.join("jackfield.service");
    std::fs::write(&path, said.stdout).unwrap();
    path.display().to_string()
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = tempfile::tempdir().unwrap();
    for (more, how) in [(&[][..], "--system"), (&["--user"], "--user")] {
        let unit = unit(folder.path(), more);
        // The manual's page is not installed with a build.
        let Some(said) = analyze(&["verify", how, "--man=no", &unit], folder.path()) else { return };
        let words = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.success(), "{how}: {words}");
        // What is unknown to it, or said twice, is told and no error.
        assert!(!words.contains("jackfield"), "{how}: {words}");
    }
}

#[test]
fn the_system_unit_exposes_little() {
    let folder = tempfile::tempdir().unwrap();
    let unit = unit(folder.path(), &[]);
    let threshold = format!("--threshold={EXPOSURE}");
    let Some(said) = analyze(&["security", "--offline=true", &threshold, &unit], folder.path()) else { return };
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    if words.contains("unrecognized option") {
        eprintln!("NOT TESTED: this systemd-analyze cannot look at a unit that is not loaded (it needs 250)");
        return;
    }
    assert!(said.status.success(), "{words}{}", String::from_utf8_lossy(&said.stdout));
}
