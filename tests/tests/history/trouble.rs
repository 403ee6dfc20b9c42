//! The database is locked, full, or gone: the phone goes on ringing, and nothing is lost.
#![cfg(unix)]

use std::process::{Command, Stdio};

use jackfield_tests::postgres::Postgres;
use serde_json::json;

use super::*;

fn ready(host: &Host) -> String {
    host.get("/readyz", "").unwrap().body
}

fn kept(host: &Host, id: &str) -> Result<(), String> {
    let call = host.get(&format!("/api/v1/calls/{id}"), ADMIN)?;
    if call.status == 200 && !call.json()["endedAt"].is_null() { Ok(()) } else { Err(call.body) }
}

#[test]
fn postgres_that_is_gone_for_a_while_gets_everything_in_order() {
    let Some(mut server) = Postgres::start().unwrap() else { return };
    let store = format!("url = \"{}\"", server.url());
    let host = Setup::new(config(&store), &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let before = talk(&mut alice, "sim/101", "+380441234567");
    let told = saved(&mut alice, &before);
    assert_eq!(told["params"]["data"]["store"], "postgresql");
    server.stop().unwrap();
    let meanwhile: Vec<String> = (0..5).map(|_| talk(&mut alice, "sim/101", "+380441234567")).collect();
    alice.look_again();
    let fault = alice.event(|e| e["method"] == "error" && e["params"]["data"]["code"] == "storeFailed").unwrap();
    assert_eq!(fault["params"]["line"], json!(null), "{fault}");
    wait_for("it is told", || if ready(&host).contains("not stored now") { Ok(()) } else { Err(ready(&host)) });
    assert_eq!(host.get("/api/v1/calls", ALICE).unwrap().status, 503);
    server.resume().unwrap();
    for id in &meanwhile {
        saved(&mut alice, id);
    }
    wait_for("it is well again", || if ready(&host) == "ok\n" { Ok(()) } else { Err(ready(&host)) });
    let list = host.get("/api/v1/calls", ALICE).unwrap().json();
    let ids: Vec<&str> =
        list["calls"].as_array().unwrap().iter().rev().map(|c| c["callId"].as_str().unwrap()).collect();
    let all: Vec<&str> = [&before].into_iter().chain(&meanwhile).map(String::as_str).collect();
    assert_eq!(ids, all);
}

#[test]
fn a_locked_file_is_waited_for() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let file = host.dir().join("calls.db");
    // Another process keeps the file for itself, as a tool may.
    let lock = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('BEGIN IMMEDIATE'); \
                print('locked',flush=True); sys.stdin.read()";
    let mut tool = Command::new("python3");
    let mut tool = tool.arg("-c").arg(lock).arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = [0; 6];
    std::io::Read::read_exact(tool.stdout.as_mut().unwrap(), &mut said).unwrap();
    let id = talk(&mut alice, "sim/101", "+380441234567");
    wait_for("it is told", || if ready(&host).contains("locked") { Ok(()) } else { Err(ready(&host)) });
    drop(tool.stdin.take());
    tool.wait().unwrap();
    saved(&mut alice, &id);
    kept(&host, &id).unwrap();
}

/// A small file system of the test's own; none when it may not be made, which is said.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(dir.path()).output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(dir));
        }
        #[allow(clippy::print_stderr)]
        {
            eprintln!("NOT TESTED ON A FULL DISK: only root may mount one");
        }
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_stops_no_call_and_loses_none() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = format!("url = \"sqlite://{}\"", disk.0.path().join("calls.db").display());
    let host = Setup::new(config(&store), &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let first = talk(&mut alice, "sim/101", "+380441234567");
    saved(&mut alice, &first);
    let filler = disk.0.path().join("filler");
    // Until nothing more fits.
    let _ = std::fs::write(&filler, vec![0; 2_000_000]);
    let meanwhile: Vec<String> = (0..5).map(|_| talk(&mut alice, "sim/101", "+380441234567")).collect();
    wait_for("it is told", || if ready(&host).contains("not stored now") { Ok(()) } else { Err(ready(&host)) });
    std::fs::remove_file(&filler).unwrap();
    for id in &meanwhile {
        saved(&mut alice, id);
        kept(&host, id).unwrap();
    }
    assert!(host.metrics(ADMIN).unwrap().contains("jackfield_store_lost_total 0"));
}

#[test]
fn a_host_starts_without_its_database_and_catches_up() {
    let Some(mut server) = Postgres::start().unwrap() else { return };
    server.stop().unwrap();
    let store = format!("url = \"{}\"", server.url());
    let host = Setup::new(config(&store), &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let id = talk(&mut alice, "sim/101", "+380441234567");
    server.resume().unwrap();
    saved(&mut alice, &id);
    kept(&host, &id).unwrap();
}

#[test]
fn two_hosts_do_not_share_a_journal() {
    let host = host();
    let url = format!("url = \"sqlite://{}\"", host.dir().join("calls.db").display());
    let why = Setup::new(config(&url), &["simulator"]).start().map(drop).unwrap_err();
    assert!(why.contains("another host uses"), "{why}");
}
