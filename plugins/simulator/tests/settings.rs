//! Settings that make no sense, and what tools can read of the others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod common;

use std::time::Duration;

use common::service;
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::serde_json::{self, Value, json};
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{Adapter, Fact};
use jackfield_plugin_simulator::{Config, LineConfig, Simulator};

fn refused(settings: &Value) -> String {
    Driver::<Simulator>::new(settings).unwrap_err().to_string()
}

#[test]
fn wrong_settings_are_refused_with_their_place() {
    for (settings, says) in [
        (json!({"trafic": {}}), "settings: trafic: unknown field `trafic`"),
        (json!({"traffic": {"ring": [5.0]}}), "settings: traffic.ring"),
        (json!({"traffic": {"ring": [5.0, 2.0]}}), "settings: traffic.ring: [5, 2]: the first is the smaller one"),
        (
            json!({"traffic": {"answered": 0.9, "rejected": 0.2}}),
            "settings: traffic.answered + traffic.rejected: shares",
        ),
        (json!({"traffic": {"calls_per_minute": -1.0}}), "settings: traffic.calls_per_minute: -1 calls per minute"),
        (json!({"exchange": {"park": 1e9}}), "settings: exchange.park: 1000000000 is no time"),
        (json!({"exchange": {"calls_per_line": 0}}), "settings: exchange.calls_per_line: a line has at least one call"),
        (json!({"without": ["hold", "fly"]}), "settings: without[1]: there is no feature `fly`"),
        (json!({"calls": [{"at": 1.0}]}), "settings: calls[0]: missing field `line`"),
        (
            json!({"calls": [{"at": 1.0, "line": "1", "way": "out"}]}),
            "settings: calls[0].number: an outgoing call needs",
        ),
        (json!({"calls": [{"at": 1.0, "line": "1", "every": 0.0}]}), "settings: calls[0].every: at least one second"),
    ] {
        let error = refused(&settings);
        assert!(error.starts_with(says), "{error}");
    }
    let mut driver = Driver::<Simulator>::new(&json!({})).unwrap();
    let error = driver.line("101", &json!({"extention": "101"})).unwrap_err().to_string();
    assert!(error.contains("extention"), "{error}");
}

#[test]
fn every_setting_is_described() {
    let schemas = [schemars::schema_for!(Config), schemars::schema_for!(LineConfig)];
    let mut fields = 0;
    for schema in schemas {
        let schema = serde_json::to_value(schema).unwrap();
        let none = serde_json::Map::new();
        let definitions = schema["$defs"].as_object().unwrap_or(&none).values().chain([&schema]);
        for (name, field) in definitions.filter_map(|of| of["properties"].as_object()).flatten() {
            assert!(field["description"].is_string(), "{name} has no description");
            fields += 1;
        }
    }
    assert!(fields > 50, "{fields}");
    assert_eq!((Simulator::manifest().state_version, Simulator::manifest().oldest_state_version), (1, 1));
}

#[test]
fn the_history_keeps_the_newest_calls() {
    let mut driver = Driver::<Simulator>::new(&json!({"exchange": {"history": 3}})).unwrap();
    driver.started().unwrap();
    let line = driver.line("101", &json!({})).unwrap();
    for number in 0..5 {
        service(&mut driver, line, "ring", &json!({"from": number.to_string(), "answerAfter": 1, "talk": 1}));
        driver.advance(Duration::from_secs(5)).unwrap();
    }
    let history = service(&mut driver, line, "history", &Value::Null);
    let callers: Vec<_> = history.values["calls"].as_array().unwrap().iter().map(|call| &call["caller"]).collect();
    assert_eq!(callers, ["2", "3", "4"]);
    assert_eq!(history.values["finished"], 5);
}

#[test]
fn random_calls_start_and_stop_on_request() {
    let mut driver = Driver::<Simulator>::new(&json!({"seed": 3})).unwrap();
    driver.started().unwrap();
    let line = driver.line("101", &json!({"robot": true})).unwrap();
    let calls_in_an_hour = |driver: &mut Driver<Simulator>| {
        driver.advance(Duration::from_secs(3600)).unwrap();
        driver.facts().iter().filter(|fact| matches!(fact, Fact::Call(call) if call.direction.is_some())).count()
    };
    assert_eq!(calls_in_an_hour(&mut driver), 0);
    service(&mut driver, line, "run", &json!({"callsPerMinute": 2}));
    assert!(calls_in_an_hour(&mut driver) > 15);
    service(&mut driver, line, "run", &json!({"on": false}));
    driver.advance(Duration::from_secs(900)).unwrap();
    assert_eq!(calls_in_an_hour(&mut driver), 0);
}

/// A line that nobody watches any more says nothing; opened again, it tells all.
#[test]
fn a_closed_line_is_silent_and_an_opened_one_tells_all() {
    let mut driver = Driver::<Simulator>::new(&json!({})).unwrap();
    driver.started().unwrap();
    let one = driver.line("101", &json!({})).unwrap();
    let two = driver.line("102", &json!({})).unwrap();
    driver.command(one, &common::decode("makeCall", json!({"to": "102"}))).unwrap();
    driver.give(&InputFrame::line_closed(two)).unwrap();
    driver.command(one, &common::decode("makeCall", json!({"to": "600"}))).unwrap();
    service(&mut driver, one, "remoteAnswer", &Value::Null);
    assert!(driver.facts().iter().all(|fact| !matches!(fact, Fact::Call(call) if call.line == two)));
    driver.line("102", &json!({})).unwrap();
    let facts = driver.facts();
    let Fact::Snapshot(snapshot) = &facts[0] else { panic!("first the snapshot: {facts:?}") };
    assert_eq!((snapshot.line, snapshot.calls.len()), (two, 1));
    assert_eq!(snapshot.calls[0].state.as_str(), "connected");
}

#[test]
#[should_panic(expected = "as the service `fault` asked it to")]
fn it_panics_when_asked_to() {
    let mut driver = Driver::<Simulator>::new(&json!({})).unwrap();
    driver.started().unwrap();
    let line = driver.line("101", &json!({})).unwrap();
    service(&mut driver, line, "fault", &json!({"kind": "panic", "seconds": 1}));
    driver.advance(Duration::from_secs(2)).unwrap();
}

#[test]
fn state_of_something_else_is_not_taken_over() {
    let mut out = Driver::<Simulator>::new(&json!({})).unwrap();
    assert!(out.swap(&json!({})).unwrap());
    assert!(out.swap(&json!({"exchange": {"park": -1.0}})).is_err());
}
