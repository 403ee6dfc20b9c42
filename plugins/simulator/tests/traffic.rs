//! A day of random calls, and that it is the same day with the same seed.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Watch, service};
use jackfield_plugin_api::serde_json::{Value, json};
use jackfield_plugin_api::testing::{Driver, Swaps, same_with_swaps};
use jackfield_plugin_simulator::Simulator;

const HOUR: Duration = Duration::from_secs(3600);

fn settings(seed: u64) -> Value {
    json!({
        "seed": seed,
        "exchange": {"history": 1_000_000},
        "traffic": {"calls_per_minute": 6.0, "transferred": 0.1, "consulted": 0.2},
        "agents": {"wrap_up": 10.0, "missed_not_ready": false},
        "calls": [
            {"at": 60.0, "every": 600.0, "line": "105", "number": "+4420123", "name": "Ben", "ring": 4.0, "talk": 30.0,
             "hold_after": 5.0, "hold": 5.0, "ends": "local"},
            {"at": 90.0, "every": 900.0, "way": "out", "line": "105", "number": "+4930", "ring": 2.0, "talk": 20.0},
        ],
    })
}

/// Four robots and a line where nobody sits.
fn lines(driver: &mut Driver<Simulator>, watch: &mut Watch, said: &mut Vec<String>) {
    for name in ["101", "102", "103", "104", "105"] {
        driver.line(name, &json!({"robot": name != "105"})).unwrap();
        watch.see(driver, said);
    }
}

fn hours(seed: u64, hours: u32, swaps: Swaps) -> (Driver<Simulator>, Watch, Vec<String>) {
    let mut driver = Driver::<Simulator>::new(&settings(seed)).unwrap().swapping(swaps);
    let (mut watch, mut said) = (Watch::default(), Vec::new());
    driver.started().unwrap();
    watch.see(&driver, &mut said);
    lines(&mut driver, &mut watch, &mut said);
    for _ in 0..hours * 60 {
        driver.advance(HOUR / 60).unwrap();
        watch.see(&driver, &mut said);
        assert_eq!(driver.adapter().contradictions(), Vec::<String>::new());
    }
    (driver, watch, said)
}

#[test]
fn after_a_day_nothing_is_left_and_the_history_is_what_was_told() {
    let (mut driver, mut watch, mut said) = hours(7, 24, Swaps::NEVER);
    let line = driver.line_id("101").unwrap();
    service(&mut driver, line, "run", &json!({"on": false}));
    watch.see(&driver, &mut said);
    // Scripted calls go on; between two of them there is a quiet moment.
    for _ in 0..40 {
        driver.advance(Duration::from_secs(30)).unwrap();
        watch.see(&driver, &mut said);
        if watch.up.is_empty() {
            break;
        }
    }
    assert!(watch.up.is_empty(), "still up: {:?}", watch.up);
    watch.compare_with_status(&mut driver, line);

    let history = service(&mut driver, line, "history", &Value::Null);
    let calls = history.values["calls"].as_array().unwrap();
    assert!(calls.len() > 8000, "a day has many calls: {}", calls.len());
    assert_eq!(calls.len(), watch.over.len());
    let mut causes = BTreeMap::<String, u32>::new();
    for call in calls {
        let told = &watch.over[call["key"].as_str().unwrap()];
        assert_eq!(told.direction, call["direction"], "{call}");
        assert_eq!(told.started, call["startedAt"], "{call}");
        assert_eq!(told.connected, call["connectedAt"].as_i64(), "{call}");
        assert_eq!(told.finished, call["finishedAt"].as_i64(), "{call}");
        assert_eq!(told.holds, call["holdCount"], "{call}");
        assert_eq!(told.cause, call["cause"], "{call}");
        assert_eq!(told.released_by, call["releasedBy"], "{call}");
        *causes.entry(told.cause.clone()).or_default() += 1;
    }
    for cause in ["normalClearing", "cancelled", "noAnswer", "busy", "rejected", "transferred"] {
        assert!(causes.get(cause).is_some_and(|count| *count > 10), "{cause} is rare: {causes:?}");
    }
}

#[test]
fn the_same_seed_makes_the_same_day() {
    let (_, _, first) = hours(11, 2, Swaps::NEVER);
    let (_, _, again) = hours(11, 2, Swaps::NEVER);
    assert_eq!(first, again);
    let (_, _, other) = hours(12, 2, Swaps::NEVER);
    assert_ne!(first, other);
}

#[test]
fn swaps_all_the_time_change_nothing() {
    same_with_swaps(&[Swaps::every(23)], |swaps| {
        let (driver, _, said) = hours(13, 1, swaps);
        assert!(swaps == Swaps::NEVER || driver.swapped() > 50, "{} swaps", driver.swapped());
        said
    })
    .unwrap();
}
