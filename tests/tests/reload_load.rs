//! The configuration changed again and again while calls come and commands go: who is not concerned misses nothing, and
//! nothing is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
const CRM: &str = "crm-token-01234567890";

/// How often the configuration is changed: some dozen times in the usual run, as often as this variable says in a long
/// one.
const RELOADS_VAR: &str = "JACKFIELD_RELOADS";
/// So much must have come and gone beside the changes.
const LEAST_EVENTS: usize = 3_000;
/// Clients that follow the lines that nobody changes.
const FOLLOWERS: usize = 6;
/// After how many rounds everything that is only ever made once has been made.
const WARM: u64 = 12;

/// The lines that robots play: nobody changes anything about them.
const ROBOTS: std::ops::RangeInclusive<u32> = 111..=118;

/// Robots at their lines, alice at a desk where nothing comes by itself; `round` says what is otherwise than before.
fn config(round: u64) -> String {
    let mut text = format!(
        r#"
[[connection]]
id = "sim"
plugin = "simulator"
replay = {replay}
busy_timeout = "{busy}s"
[connection.settings]
seed = 7
[connection.settings.traffic]
calls_per_minute = 9000.0
ring = [0.02, 0.1]
talk = [0.05, 0.4]
hold = [0.02, 0.1]
patience = [0.1, 0.2]
[[connection]]
id = "desk"
plugin = "simulator"
[connection.settings]
seed = 8
"#,
        replay = 2_000 + round % 3,
        busy = 60 + round % 5,
    );
    for line in ROBOTS {
        write!(text, "[[line]]\nname = \"sim/{line}\"\nsettings = {{ robot = true }}\n").unwrap();
    }
    // A line comes, changes and goes.
    if !round.is_multiple_of(3) {
        write!(text, "[[line]]\nname = \"sim/201\"\nsettings = {{ name = \"round {}\" }}\n", round % 3).unwrap();
    }
    // A connection comes, gets other settings, and goes.
    if !round.is_multiple_of(4) {
        let seed = round % 4;
        write!(
            text,
            "[[connection]]\nid = \"side\"\nplugin = \"simulator\"\nisolation = \"host\"\n\
             [connection.settings]\nseed = {seed}\n[[line]]\nname = \"side/101\"\n"
        )
        .unwrap();
    }
    user(&mut text, "alice", "agent", ALICE, "\"desk/101\"");
    let robots: Vec<String> = ROBOTS.map(|line| format!("\"sim/{line}\"")).collect();
    user(&mut text, "crm", "service", CRM, &robots.join(", "));
    // Somebody comes, gets another line or another token, and goes.
    if !round.is_multiple_of(2) {
        user(&mut text, "guest", "agent", &guest(round), &format!("\"sim/{}\"", 111 + round % 4));
    }
    text
}

fn user(text: &mut String, name: &str, role: &str, token: &str, lines: &str) {
    write!(text, "[[user]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken = \"{token}\"\nlines = [{lines}]\n").unwrap();
}

fn guest(round: u64) -> String {
    format!("guest-token-0123456789-{round}")
}

/// What a process holds that could leak.
#[cfg(target_os = "linux")]
fn held(pid: u32) -> (usize, usize) {
    let count = |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).unwrap().count();
    (count("fd"), count("task"))
}

fn metric(host: &Host, name: &str) -> f64 {
    let page = host.metrics(CRM).unwrap();
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {page}")).parse().unwrap()
}

/// Epoch and number of an event.
type Number = (u64, u64);

/// The live events of each line, in the order in which they came.
#[derive(Default)]
struct Seen(BTreeMap<String, Vec<(Number, Value)>>);

impl Seen {
    fn take(&mut self, events: Vec<Value>) -> usize {
        let mut count = 0;
        for event in events {
            let params = &event["params"];
            let (Some(line), Some(epoch), Some(seq)) =
                (params["line"].as_str(), params["epoch"].as_u64(), params["seq"].as_u64())
            else {
                continue;
            };
            if params["resent"] != true {
                self.0.entry(line.to_owned()).or_default().push(((epoch, seq), event));
                count += 1;
            }
        }
        count
    }

    fn last(&self, line: &str) -> Option<Number> {
        Some(self.0.get(line)?.last()?.0)
    }
}

/// Up to which number of each line everybody is to read.
type Goal = Arc<OnceLock<BTreeMap<String, Number>>>;

fn follow(host: &Host, goal: &Goal, all: &Arc<AtomicUsize>) -> JoinHandle<Seen> {
    let mut client = host.client(CRM).unwrap();
    let (goal, all) = (Arc::clone(goal), Arc::clone(all));
    std::thread::spawn(move || {
        let mut seen = Seen::default();
        let mut until = None;
        loop {
            client.read_for(Duration::from_millis(50));
            all.fetch_add(seen.take(std::mem::take(&mut client.events)), Ordering::Relaxed);
            assert_eq!(client.closed, None, "a client that nothing concerns was closed");
            if let Some(goal) = goal.get() {
                if goal.iter().all(|(line, number)| seen.last(line).is_some_and(|last| last >= *number)) {
                    return seen;
                }
                let until = *until.get_or_insert_with(|| Instant::now() + PATIENCE);
                assert!(Instant::now() < until, "a follower does not get to {goal:?}");
            }
        }
    })
}

/// Where each line of a user stands now.
fn stands(host: &Host) -> BTreeMap<String, Number> {
    let mut client = host.client(CRM).unwrap();
    for line in ROBOTS {
        client.named("activeCallSnapshot", &format!("sim/{line}")).unwrap();
        client.look_again();
    }
    let snapshots = client.events.iter().filter(|event| event["method"] == "activeCallSnapshot");
    let number = |event: &Value| (event["params"]["epoch"].as_u64().unwrap(), event["params"]["seq"].as_u64().unwrap());
    snapshots.map(|event| (event["params"]["line"].as_str().unwrap().to_owned(), number(event))).collect()
}

/// Every number once and in order, and one epoch from the beginning to the end.
fn judge(seen: &Seen) {
    for (line, events) in &seen.0 {
        for pair in events.windows(2) {
            let ((epoch, before), (next, seq)) = (pair[0].0, pair[1].0);
            assert_eq!((next, seq), (epoch, before + 1), "{line}: {} then {}", pair[0].1, pair[1].1);
        }
        for (_, event) in events {
            let method = event["method"].as_str().unwrap();
            assert!(!["disconnected", "initialized"].contains(&method), "{line} was touched: {event}");
        }
    }
}

fn reload(host: &Host, round: u64) -> Value {
    host.write_config(&config(round)).unwrap();
    let output = host.command(&["reload", "--json"]).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), told.as_ref()), (Some(0), ""), "round {round}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["refused"], &report["restart"]), (&json!([]), &json!([])), "round {round}: {report}");
    report
}

/// Somebody who is at work: each command must be done, whatever the administrator does meanwhile.
fn work(alice: &mut Client, call: &Value) {
    for command in ["holdCall", "unholdCall"] {
        let done = alice.call(command, &json!({ "line": "desk/101", "callId": call }));
        done.unwrap_or_else(|e| panic!("{command}: {e}"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_configuration_is_changed_under_load_and_nobody_else_misses_an_event() {
    let rounds: u64 = std::env::var(RELOADS_VAR).ok().and_then(|n| n.parse().ok()).unwrap_or(48).max(2 * WARM);
    let mut setup = Setup::new(config(0), &["simulator"]);
    setup.env.push(("JACKFIELD_LOG".to_owned(), "info,audit=off".to_owned()));
    let host = setup.start().unwrap();
    let (goal, all) = (Goal::default(), Arc::new(AtomicUsize::new(0)));
    let followers: Vec<_> = (0..FOLLOWERS).map(|_| follow(&host, &goal, &all)).collect();
    let mut alice = host.client(ALICE).unwrap();
    let call = alice.call("makeCall", &json!({ "line": "desk/101", "to": "600" })).unwrap()["callId"].clone();
    alice.named("commutationStarted", "desk/101").unwrap();

    let begin = Instant::now();
    let until = begin + 3 * PATIENCE;
    let (mut round, mut before, mut changes) = (0, None, 0);
    // A round number of rounds: everything is as it was in the beginning.
    while round < rounds || !round.is_multiple_of(WARM) || all.load(Ordering::Relaxed) < LEAST_EVENTS * FOLLOWERS {
        assert!(Instant::now() < until, "{all:?} events in {round} rounds");
        round += 1;
        let report = reload(&host, round);
        let done = report["done"].as_array().unwrap().len();
        assert!(done > 0, "round {round} changed nothing");
        changes += done;
        let guest = (!round.is_multiple_of(2)).then(|| host.client(&guest(round)).unwrap());
        work(&mut alice, &call);
        let level = if round.is_multiple_of(2) { ["log", "--reset"] } else { ["log", "debug"] };
        assert!(host.command(&level).unwrap().status.success());
        if let Some(mut guest) = guest {
            reload(&host, round + 1);
            let (code, _) = guest.until_closed().unwrap();
            assert_eq!(code, 4401, "who is gone is closed");
            round += 1;
        }
        if round == WARM {
            before = Some((held(host.pid()), host.metrics(CRM).unwrap().lines().count()));
        }
    }
    let took = begin.elapsed();
    work(&mut alice, &call);
    goal.set(stands(&host)).unwrap();
    let seen: Vec<Seen> = followers.into_iter().map(|follower| follower.join().unwrap()).collect();

    for one in &seen {
        judge(one);
    }
    let mut compared = 0;
    for (line, events) in &seen[0].0 {
        let first: BTreeMap<Number, &Value> = events.iter().map(|(number, event)| (*number, event)).collect();
        for (number, event) in seen[1..].iter().flat_map(|other| &other.0[line]) {
            if let Some(same) = first.get(number) {
                assert_eq!(*same, event, "{line}: two clients were told different things");
                compared += 1;
            }
        }
    }
    let events: usize = seen[0].0.values().map(Vec::len).sum();
    assert!(events >= LEAST_EVENTS && compared >= events, "{events} events, {compared} compared");

    let mut own = Seen::default();
    own.take(std::mem::take(&mut alice.events));
    own.0.values_mut().for_each(|events| events.retain(|(_, event)| event["params"]["line"] == "desk/101"));
    let begun = own.0["desk/101"].iter().position(|(_, event)| event["method"] == "commutationStarted").unwrap();
    own.0.get_mut("desk/101").unwrap().drain(..begun);
    judge(&own);

    let (before, numbers) = before.unwrap();
    let until = Instant::now() + PATIENCE;
    // All but alice have gone, and their descriptors with them. A thread that reads files waits a while for more work.
    let remains = |(descriptors, threads): (usize, usize)| descriptors + FOLLOWERS > before.0 || threads > before.1;
    while metric(&host, "jackfield_sessions") > 1.0 || remains(held(host.pid())) {
        assert!(Instant::now() < until, "descriptors and threads: {:?}, before: {before:?}", held(host.pid()));
        std::thread::sleep(Duration::from_millis(50));
    }
    let page = host.metrics(CRM).unwrap();
    assert_eq!(page.lines().count(), numbers, "numbers of what is no more: {page}");
    assert!(host.repairs(CRM).unwrap().is_empty(), "{:?}", host.repairs(CRM));
    #[allow(clippy::print_stdout, reason = "what the test run shows")]
    {
        let rate = events as f64 / took.as_secs_f64();
        println!(
            "{round} reloads with {changes} changes, {events} events ({rate:.0} in a second), {compared} compared"
        );
    }
}
