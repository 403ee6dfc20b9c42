//! The host is killed at any moment: no call that a client saw is lost, and every one gets its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;

/// How often the host is killed; more by `JACKFIELD_KILLS`.
fn kills() -> u32 {
    std::env::var("JACKFIELD_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(5)
}

/// The simulator's own traffic on five lines, a call every few milliseconds.
fn busy() -> String {
    let lines = r#"[connection.lines]
robot = true
[connection.settings]
seed = 7
[connection.settings.traffic]
calls_per_minute = 3000.0
ring = [0.01, 0.1]
patience = [0.05, 0.3]
talk = [0.02, 0.3]
hold = [0.01, 0.05]
[[line]]
name = "sim/103"
[[line]]
name = "sim/104"
[[line]]
name = "sim/105"
"#;
    config("url = \"sqlite://calls.db\"").replace("[connection.settings]\nseed = 1\n", lines)
}

/// What a client saw of a call.
#[derive(Debug, Clone, Default)]
struct Seen {
    started_at: Value,
    caller: Value,
    called: Value,
    finished: Option<Value>,
}

/// All calls of the history.
fn history(host: &Host) -> BTreeMap<String, Value> {
    let lines = host.get("/api/v1/calls.ndjson", ADMIN).unwrap();
    assert_eq!(lines.status, 200, "{}", lines.body);
    let calls = lines.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    calls.map(|call| (call["callId"].as_str().unwrap().to_owned(), call)).collect()
}

fn note(seen: &mut BTreeMap<String, Seen>, event: &Value) {
    let call = &event["params"]["data"]["call"];
    let Some(id) = call["callId"].as_str() else { return };
    let name = event["method"].as_str().unwrap();
    if event["params"]["resent"] == true || call["phase"] == "initiated" {
        return;
    }
    let entry = seen.entry(id.to_owned()).or_default();
    entry.started_at = call["startedAt"].clone();
    (entry.caller, entry.called) = (call["caller"].clone(), call["called"].clone());
    if name == "callFinished" {
        entry.finished = Some(call["finishedAt"].clone());
    }
}

#[test]
fn killed_under_load_no_call_that_was_seen_is_lost() {
    let mut host = Setup::new(busy(), &["simulator"]).start().unwrap();
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let mut estimated = 0;
    for round in 0..kills() {
        let mut admin = host.client(ADMIN).unwrap();
        // Another moment every time.
        admin.read_for(Duration::from_millis(300 + u64::from(round * 37 % 200)));
        host.kill();
        admin.read_for(Duration::from_millis(50));
        for event in &admin.events {
            note(&mut seen, event);
        }
        host.start_again().unwrap();
        // The simulator died with the host: its calls are gone, and that is found out when the line is up again.
        let kept = wait_for("every call has its end", || {
            let kept = history(&host);
            let unfinished: Vec<&String> =
                seen.keys().filter(|id| kept.get(*id).is_some_and(|call| call["endedAt"].is_null())).collect();
            if unfinished.is_empty() { Ok(kept) } else { Err(format!("{unfinished:?}")) }
        });
        let missing: BTreeSet<&String> = seen.keys().filter(|id| !kept.contains_key(*id)).collect();
        assert!(missing.is_empty(), "round {round}: {} of {} calls are lost: {missing:?}", missing.len(), seen.len());
        estimated = 0;
        for (id, call) in &seen {
            let row = &kept[id];
            assert_eq!(
                (&row["startedAt"], &row["caller"], &row["called"]),
                (&call.started_at, &call.caller, &call.called),
                "{id}"
            );
            match &call.finished {
                Some(end) => assert_eq!((&row["endedAt"], &row["estimated"]), (end, &json!(false)), "{row}"),
                None => estimated += usize::from(row["estimated"] == true),
            }
        }
    }
    assert!(seen.len() > 50, "there was load: {} calls", seen.len());
    assert!(estimated > 0, "some were up when the host died");
    // For who reads the proof.
    #[allow(clippy::print_stderr)]
    {
        eprintln!("{} kills, {} calls seen, none lost, {estimated} ends estimated", kills(), seen.len());
    }
    // Calls whose start was written and not yet seen when the host died are kept, too: none of them is open.
    let repairs = host.repairs(ADMIN).unwrap();
    assert!(repairs.is_empty(), "{repairs:?}");
}

#[test]
fn a_host_that_is_stopped_in_order_leaves_nothing_in_its_journal() {
    let mut host = host();
    let mut alice = host.client(ALICE).unwrap();
    let id = ring(&mut alice, "sim/101", "+380441234567", "Olena K.");
    assert!(host.stop().unwrap().success());
    let pending = host.dir().join("calls.db.pending");
    let files: Vec<_> = std::fs::read_dir(&pending).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.iter().all(|file| file.extension().is_none()), "all is in the database: {files:?}");
    host.start_again().unwrap();
    let call = wait_for("the call is over", || {
        let call = host.get(&format!("/api/v1/calls/{id}"), ALICE)?.json();
        if call["endedAt"].is_null() { Err(call.to_string()) } else { Ok(call) }
    });
    assert_eq!((&call["estimated"], &call["cause"]), (&json!(true), &json!("lost")));
}

#[test]
fn calls_of_a_line_that_is_no_more_get_their_end() {
    let mut host = host();
    let mut alice = host.client(ALICE).unwrap();
    let id = ring(&mut alice, "sim/101", "+380441234567", "Olena K.");
    host.kill();
    let without = config("url = \"sqlite://calls.db\"").replace("lines = [\"sim/101\"]", "lines = [\"sim/109\"]");
    host.write_config(&without).unwrap();
    host.start_again().unwrap();
    let call = wait_for("the call is over", || {
        let call = host.get(&format!("/api/v1/calls/{id}"), ADMIN)?.json();
        if call["endedAt"].is_null() { Err(call.to_string()) } else { Ok(call) }
    });
    assert_eq!((&call["estimated"], &call["result"]), (&json!(true), &json!("unknown")));
}
