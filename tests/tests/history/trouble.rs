//! The database is locked, full, or gone: the phone goes on ringing, and nothing is lost.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::Duration;

use jackfield::store::Source;
use jackfield_tests::postgres::{Certificate, Postgres};
use jackfield_tests::proxy::Proxy;
use serde_json::json;

use super::*;

/// How long the database is gone, beyond what happens meanwhile; more by `JACKFIELD_OUTAGE`, in seconds.
fn outage() -> Duration {
    let seconds = std::env::var("JACKFIELD_OUTAGE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(0))
}

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
    let until = Instant::now() + outage();
    let mut meanwhile: Vec<String> = Vec::new();
    while meanwhile.len() < 5 || Instant::now() < until {
        meanwhile.push(talk(&mut alice, "sim/101", "+380441234567"));
        alice.read_for(Duration::from_millis(100));
    }
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
    let list = host.get("/api/v1/calls?limit=1000", ALICE).unwrap().json();
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

impl SmallDisk {
    fn remount(&self, how: &str) {
        // A write that is under way keeps it busy for a moment.
        wait_for("it is mounted otherwise", || {
            let mount =
                Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.0.path()).output().unwrap();
            if mount.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&mount.stderr).into_owned()) }
        });
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

/// The calls of the history, oldest first.
fn listed(host: &Host) -> Vec<String> {
    let list = host.get("/api/v1/calls", ALICE).unwrap().json();
    let calls = list["calls"].as_array().unwrap_or_else(|| panic!("{list}"));
    calls.iter().rev().map(|call| call["callId"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_slow_postgres_holds_no_call_up_and_gets_everything_in_order() {
    let Some(server) = Postgres::start_on_tcp(None).unwrap() else { return };
    let wire = Proxy::to(server.port().unwrap()).unwrap();
    let store = format!("url = \"postgres://jackfield@127.0.0.1:{}/postgres\"", wire.port());
    let host = Setup::new(config(&store), &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let before = talk(&mut alice, "sim/101", "+380441234567");
    saved(&mut alice, &before);
    // A statement takes a second now, a group of changes some twenty.
    wire.delay(Duration::from_millis(500));
    let meanwhile: Vec<String> = (0..5).map(|_| talk(&mut alice, "sim/101", "+380441234567")).collect();
    let end = meanwhile.last().unwrap();
    alice.look_again();
    alice.event(|e| e["method"] == "callFinished" && e["params"]["data"]["call"]["callId"] == end.as_str()).unwrap();
    let is_saved = |e: &Value| e["method"] == "callSaved" && e["params"]["data"]["callId"] == end.as_str();
    assert!(!alice.events.iter().any(is_saved), "the end of the last call was told before its row was written");
    wait_for("it is told", || if ready(&host).contains("has not answered for") { Ok(()) } else { Err(ready(&host)) });
    wire.delay(Duration::ZERO);
    for id in &meanwhile {
        saved(&mut alice, id);
    }
    wait_for("it is well again", || if ready(&host) == "ok\n" { Ok(()) } else { Err(ready(&host)) });
    let all: Vec<String> = [before].into_iter().chain(meanwhile).collect();
    assert_eq!(listed(&host), all);
    assert!(host.metrics(ADMIN).unwrap().contains("jackfield_store_lost_total 0"));
    // The wire is cut in the middle of it.
    wire.cut();
    let one_more = talk(&mut alice, "sim/101", "+380441234567");
    wait_for("it is told", || if ready(&host).contains("not stored now") { Ok(()) } else { Err(ready(&host)) });
    wire.mend();
    saved(&mut alice, &one_more);
}

#[test]
fn postgres_is_reached_by_tls_and_only_with_a_certificate_that_is_trusted() {
    let of = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let (sound, other) = (of("localhost"), of("elsewhere.example"));
    let pem = |made: &rcgen::CertifiedKey<rcgen::KeyPair>| (made.cert.pem(), made.signing_key.serialize_pem());
    let (certificate, key) = pem(&sound);
    let Some(server) = Postgres::start_on_tcp(Some(Certificate { certificate: &certificate, key: &key })).unwrap()
    else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let (trusted, wrong) = (dir.path().join("server.pem"), dir.path().join("other.pem"));
    std::fs::write(&trusted, certificate).unwrap();
    std::fs::write(&wrong, pem(&other).0).unwrap();
    let url = |host: &str, mode: &str| {
        format!("url = \"postgres://jackfield@{host}:{}/postgres{mode}\"", server.port().unwrap())
    };
    let ca = |file: &std::path::Path| format!("\nca = {:?}", file.to_str().unwrap());
    let start = |store: String| Setup::new(config(&store), &["simulator"]).start().unwrap();
    let host = start(url("localhost", "?sslmode=require") + &ca(&trusted));
    let mut alice = host.client(ALICE).unwrap();
    let id = talk(&mut alice, "sim/101", "+380441234567");
    saved(&mut alice, &id);
    kept(&host, &id).unwrap();
    drop(host);
    // A host that must not trust the server keeps calls in its journal, and says why.
    let host = start(url("localhost", "?sslmode=require"));
    let why = ready(&host);
    assert!(why.contains("not stored now") && why.contains("`store.ca`"), "{why}");
    assert_eq!(host.get("/api/v1/calls", ALICE).unwrap().status, 503);
    for (host, mode, trusts, said) in [
        ("localhost", "?sslmode=require", Some(&wrong), "certificate"),
        // It is another server's.
        ("127.0.0.1", "?sslmode=verify-full", Some(&trusted), "certificate"),
        // The server takes nobody who does not encrypt.
        ("localhost", "", None, "no encryption"),
        ("localhost", "?sslmode=require", Some(&dir.path().join("none.pem")), "none.pem"),
    ] {
        let url = format!("postgres://jackfield@{host}:{}/postgres{mode}", server.port().unwrap());
        let Source::Postgres(there) = Source::of(&url).unwrap() else { panic!("{url}") };
        let why = Source::Postgres(there.with_ca(trusts.cloned())).open().map(drop).unwrap_err().to_string();
        assert!(why.contains(said), "{url}: {why}");
    }
}

#[test]
fn a_read_only_file_system_stops_no_call_and_loses_none() {
    let Some(disk) = SmallDisk::new() else { return };
    let store = format!("url = \"sqlite://{}\"\npending = \"pending\"", disk.0.path().join("calls.db").display());
    let mut host = Setup::new(config(&store), &["simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let first = talk(&mut alice, "sim/101", "+380441234567");
    saved(&mut alice, &first);
    host.stop().unwrap();
    disk.remount("ro");
    host.start_again().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let meanwhile: Vec<String> = (0..5).map(|_| talk(&mut alice, "sim/101", "+380441234567")).collect();
    wait_for("it is told", || if ready(&host).contains("not stored now") { Ok(()) } else { Err(ready(&host)) });
    disk.remount("rw");
    for id in &meanwhile {
        saved(&mut alice, id);
        kept(&host, id).unwrap();
    }
    let all: Vec<String> = [first].into_iter().chain(meanwhile).collect();
    assert_eq!(listed(&host), all);
    assert!(host.metrics(ADMIN).unwrap().contains("jackfield_store_lost_total 0"));
}

#[test]
fn two_hosts_do_not_share_a_journal() {
    let host = host();
    let url = format!("url = \"sqlite://{}\"", host.dir().join("calls.db").display());
    let why = Setup::new(config(&url), &["simulator"]).start().map(drop).unwrap_err();
    assert!(why.contains("another host uses"), "{why}");
}
