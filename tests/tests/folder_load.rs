//! Libraries exchanged again and again while calls come and commands go: nothing is lost, nothing is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use jackfield_tests::library::{self, Fixture};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
const LINE: &str = "fix/101";

const CONFIG: &str = r#"
settle = "300ms"
[[connection]]
id = "fix"
plugin = "fixture"
isolation = "ISOLATION"
[connection.settings]
greeting = "hello"
[[connection]]
id = "sim"
plugin = "simulator"
isolation = "ISOLATION"
[connection.settings.traffic]
calls_per_minute = 600.0
ring = [0.1, 0.3]
talk = [0.2, 2.0]
[connection.lines]
robot = true
[[line]]
name = "sim/101"
[[line]]
name = "sim/102"
[[line]]
name = "sim/103"
[[user]]
name = "alice"
role = "admin"
token = "alice-token-0123456789"
lines = ["fix/101"]
"#;

/// What a process holds that could leak.
#[cfg(target_os = "linux")]
fn held(pid: u32) -> (usize, usize) {
    let count = |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
    (count("fd"), count("task"))
}

/// Commands without a pause, whatever becomes of each: how many were done.
fn press(host: &Host, stop: &Arc<AtomicBool>, done: &Arc<AtomicU64>) -> std::thread::JoinHandle<()> {
    let mut client = host.client(ALICE).unwrap();
    let (stop, done) = (Arc::clone(stop), Arc::clone(done));
    std::thread::spawn(move || {
        let mut id = Value::Null;
        while !stop.load(Ordering::Relaxed) {
            if let Ok(snapshot) = client.call("queryActiveCallSnapshot", &json!({ "line": LINE })) {
                id = snapshot["activeCalls"][0]["callId"].clone();
            }
            for command in ["holdCall", "unholdCall"] {
                if client.call(command, &json!({ "line": LINE, "callId": id })).is_ok() {
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
            client.events.clear();
            client.look_again();
        }
    })
}

/// Follows all lines: within an epoch every number comes once and in order, and epochs only grow.
#[derive(Default)]
struct Follower {
    last: BTreeMap<String, (u64, u64)>,
    /// Live `initialized` per connection.
    began: BTreeMap<String, u64>,
    standing: Vec<Value>,
}

impl Follower {
    fn follow(&mut self, events: &[Value]) {
        for event in events {
            let params = &event["params"];
            let (Some(line), Some(epoch), Some(seq)) =
                (params["line"].as_str(), params["epoch"].as_u64(), params["seq"].as_u64())
            else {
                continue;
            };
            if params["resent"] == true {
                self.last.entry(line.to_owned()).or_insert((epoch, seq));
                continue;
            }
            let last = self.last.insert(line.to_owned(), (epoch, seq));
            match last {
                Some((old, last)) if old == epoch => assert_eq!(seq, last + 1, "a gap on {line}: {event}"),
                Some((old, _)) => assert!(epoch > old && seq == 1, "a wrong beginning on {line}: {event}"),
                None => {}
            }
            if event["method"] == "initialized" {
                *self.began.entry(params["connection"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            if line == LINE && params["data"]["reason"] == "reconciled" {
                self.standing.push(params["data"]["activeCalls"].clone());
            }
        }
    }

    /// Reads until a line of the connection has begun anew so many times in all.
    fn until_began(&mut self, client: &mut Client, connection: &str, times: u64) {
        let until = Instant::now() + PATIENCE;
        while self.began.get(connection).copied().unwrap_or(0) < times {
            assert!(Instant::now() < until, "{connection} has begun {:?} times, not {times}", self.began);
            client.read_for(Duration::from_millis(20));
            self.follow(&std::mem::take(&mut client.events));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn libraries_are_exchanged_under_load_and_nothing_leaks() {
    exchange("process", 0);
}

#[cfg(target_os = "linux")]
#[test]
fn libraries_in_the_host_are_exchanged_under_load_and_each_is_mapped_once() {
    exchange("host", 5);
}

/// Exchanges five builds again and again; so many of them stay mapped.
#[cfg(target_os = "linux")]
fn exchange(isolation: &str, mapped: usize) {
    let rounds: u64 = std::env::var("JACKFIELD_EXCHANGES").ok().and_then(|n| n.parse().ok()).unwrap_or(25);
    let temporary = tempfile::tempdir().unwrap();
    let simulator = library::stripped("simulator").unwrap();
    let other = [simulator.as_slice(), b"another build"].concat();
    let builds: Vec<Vec<u8>> =
        ["1.0.0", "1.1.0", "1.2.0"].iter().map(|version| Fixture::version(version).bytes().unwrap()).collect();
    let mut setup = Setup::new(CONFIG.replace("ISOLATION", isolation), &[]);
    setup.files.push((library::file_name("fix"), builds[0].clone()));
    setup.files.push((library::file_name("sim"), simulator.clone()));
    setup.env.push(("TMPDIR".to_owned(), temporary.path().to_string_lossy().into_owned()));
    setup.env.push(("JACKFIELD_LOG".to_owned(), "info,audit=off,jackfield::connection=warn".to_owned()));
    let host = setup.start().unwrap();

    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let pressing = press(&host, &stop, &done);
    let mut client = host.client(ALICE).unwrap();
    let mut follower = Follower::default();
    let (mut fixtures, mut simulators) = (0, 0);
    let mut before = None;
    for round in 0..rounds {
        if round == 6 {
            // Every build was loaded once.
            before = Some(held(host.pid()));
        }
        let next = &builds[usize::try_from((round + 1) % 3).unwrap()];
        library::install(&host.adapters(), "fix", next).unwrap();
        fixtures += 1;
        follower.until_began(&mut client, "fix", fixtures);
        if round % 5 == 0 {
            let next = if round % 10 == 0 { &other } else { &simulator };
            library::install(&host.adapters(), "sim", next).unwrap();
            simulators += 1;
            // It goes on where it was: no client is told.
            let swapped = "cti_adapter_swaps_total{connection=\"sim\",outcome=\"swapped\"}";
            host.wait_metric(ALICE, &format!("{swapped} {simulators}")).unwrap();
        }
    }
    stop.store(true, Ordering::Relaxed);
    pressing.join().unwrap();
    assert!(done.load(Ordering::Relaxed) > rounds, "{done:?} commands were done in {rounds} rounds");
    let first = &follower.standing[0][0]["callId"];
    assert!(first.is_string());
    for calls in &follower.standing {
        assert_eq!(calls.as_array().unwrap().len(), 1, "{calls}");
        assert_eq!(&calls[0]["callId"], first, "the call that stands is one call through all versions");
    }

    let before = before.unwrap_or_else(|| panic!("at least seven rounds are needed"));
    let until = Instant::now() + PATIENCE;
    // The client that pressed has gone, and its descriptor with it.
    while held(host.pid()).0 >= before.0 || held(host.pid()).1 > before.1 {
        assert!(Instant::now() < until, "descriptors and threads: {:?}, before: {before:?}", held(host.pid()));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0, "a temporary file is left");
    // Five builds, whatever was exchanged.
    host.wait_metric(ALICE, &format!("jackfield_plugin_libraries {mapped}")).unwrap();
    assert!(
        host.metrics(ALICE).unwrap().contains(&format!("cti_adapter_exchanges_total{{connection=\"fix\"}} {rounds}\n"))
    );
}

/// Written over in place, by the worst tools there are, while it is used: the host does not mind.
#[test]
fn a_library_that_is_written_over_in_place_ends_nothing() {
    let mut setup = Setup::new(CONFIG.replace("ISOLATION", "host"), &["simulator"]);
    let good = Fixture::version("1.0.0").bytes().unwrap();
    setup.files.push((library::file_name("fix"), good.clone()));
    let host = setup.start().unwrap();
    let path = host.adapters().join(library::file_name("fix"));
    let mut alice = host.client(ALICE).unwrap();
    let id = alice.named("activeCallSnapshot", LINE).unwrap()["params"]["data"]["activeCalls"][0]["callId"].clone();
    let mut converse = |path: &Path, what: &str| {
        for command in ["holdCall", "unholdCall"] {
            alice.call(command, &json!({ "line": LINE, "callId": id })).unwrap_or_else(|e| panic!("{what}: {e}"));
        }
        assert!(path.exists());
    };
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    file.write_all(&vec![0xcc; good.len()]).unwrap();
    converse(&path, "every byte is another");
    file.set_len(0).unwrap();
    converse(&path, "it is empty");
    file.set_len(4_096).unwrap();
    converse(&path, "it is a hole");
    drop(file);
    host.wait_log("refused: ").unwrap();
    converse(&path, "it is refused");
    fs::write(&path, &good).unwrap();
    converse(&path, "it is what it was");
}
