//! New versions that are no good: what ran goes on, and as far as it can be nobody notices.

use jackfield_tests::library::Turnover;
use serde_json::{Value, json};

use crate::bed::{Bed, Plan, TOKEN, same};

fn start(isolation: &'static str, keys: &str) -> Bed {
    Bed::start(Plan { keys: keys.to_owned(), ..Plan::new(isolation) }, &[Turnover::version("1.0.0")])
}

/// Replaces the adapter by a build that fails, before a step of a course; the events of it.
fn course_with(bed: &mut Bed, step: usize, version: &str, fails: &str) -> Vec<Value> {
    let build = Turnover::version(version).fails(fails);
    bed.course(|bed, at| {
        if at == step {
            bed.install("new", &build);
            bed.until("it is judged", |status| status["lastSwap"]["to"]["version"] == version);
        }
    })
}

fn swaps(bed: &Bed, outcome: &str, count: usize) {
    let line = format!("cti_adapter_swaps_total{{connection=\"pbx\",outcome=\"{outcome}\"}} {count}");
    bed.host.wait_metric(TOKEN, &line).unwrap();
}

/// Fails before it runs: the old one goes on.
fn not_taken(isolation: &'static str, failures: &[(&str, &str)]) {
    let mut bed = start(isolation, "input_timeout = \"3s\"");
    let expected = bed.course(|_, _| {});
    for (number, (fails, why)) in failures.iter().enumerate() {
        let version = format!("1.{}.0", number + 1);
        let came = course_with(&mut bed, number % 9, &version, fails);
        same(&expected, &came, fails);
        let status = bed.status();
        assert_eq!(
            (&status["lastSwap"]["outcome"], &status["adapter"]["version"]),
            (&json!("notTaken"), &json!("1.0.0"))
        );
        let warning = status["warning"].as_str().unwrap();
        assert!(warning.contains(why) && warning.ends_with("goes on running"), "{fails}: {warning}");
        assert_eq!((bed.pbx.accepted(), bed.pbx.heard("HELLO").len()), (1, 1), "{fails}");
    }
    swaps(&bed, "notTaken", failures.len());
}

#[test]
fn a_version_that_fails_when_it_takes_over_changes_nothing() {
    let failures = [
        ("restore-panics", "it panicked at"),
        ("restore-aborts", "its process was ended by SIGABRT"),
        ("restore-hangs", "it did not answer within 3000 ms"),
        ("lines-panics", "it panicked at"),
        ("lines-aborts", "its process was ended by SIGABRT"),
        ("settings", "settings.port: this version wants a text here"),
    ];
    not_taken("process", &failures);
}

#[test]
fn nor_does_one_inside_the_host() {
    not_taken("host", &[("restore-panics", "it panicked at"), ("settings", "this version wants a text here")]);
}

/// Refuses the state: it begins afresh, and calls are compared with what the phone system shows.
#[test]
fn a_version_that_refuses_the_state_begins_afresh() {
    let mut bed = start("process", "");
    let key = bed.pbx.ring("101", "555");
    let call = bed.wait("callStarted")["params"]["data"]["call"]["callId"].clone();
    bed.install("new", &Turnover::version("1.1.0").fails("restore-refuses"));
    let gone = bed.wait("disconnected");
    assert_eq!(gone["params"]["data"]["activeCallIds"], json!([call]), "{gone}");
    bed.wait("initialized");
    bed.pbx.now(&key, "connected");
    assert_eq!(bed.wait("commutationStarted")["params"]["data"]["call"]["callId"], call);
    let status = bed.status();
    assert_eq!(status["lastSwap"]["outcome"], "restarted", "{status}");
    assert!(status["lastSwap"]["text"].as_str().unwrap().contains("refuses the state"), "{status}");
    assert_eq!(bed.pbx.accepted(), 2);
}

/// It would take the state, but not what a line is set to.
#[test]
fn a_version_that_refuses_the_settings_of_lines_begins_afresh_without_them() {
    let plan = Plan { settings: "[connection.lines]\ncolour = \"red\"".to_owned(), ..Plan::new("process") };
    let mut bed = Bed::start(plan, &[Turnover::version("1.0.0")]);
    bed.install("new", &Turnover::version("1.1.0").fails("lines-refused"));
    bed.wait("disconnected");
    let status = bed.until("it is told", |status| status["lastSwap"]["outcome"] == "restarted");
    let text = status["lastSwap"]["text"].as_str().unwrap();
    assert!(text.contains("refuses the state: ") && text.contains("this version knows no colours"), "{text}");
    bed.pbx.wait_heard("HELLO", 2);
    // One that takes them opens the lines again, in the middle of everything.
    bed.install("new", &Turnover::version("1.2.0"));
    bed.wait("initialized");
    bed.course(|_, _| {});
    assert_eq!(bed.pbx.accepted(), 2);
}

/// Fails on probation: the old one goes on with the very input that the new one died of.
fn taken_back(isolation: &'static str, keys: &str, failures: &[(&str, &str)]) {
    let mut bed = start(isolation, keys);
    let expected = bed.course(|_, _| {});
    for (number, (fails, why)) in failures.iter().enumerate() {
        let version = format!("1.{}.0", number + 1);
        let came = course_with(&mut bed, number % 4, &version, fails);
        same(&expected, &came, fails);
        let status = bed.until("it is back", |status| status["lastSwap"]["outcome"] == "takenBack");
        assert_eq!(status["adapter"]["version"], "1.0.0", "{status}");
        let warning = status["warning"].as_str().unwrap();
        assert!(warning.contains(why) && warning.ends_with("gone on in its place, unnoticed"), "{fails}: {warning}");
        assert_eq!((bed.pbx.accepted(), bed.pbx.heard("HELLO").len()), (1, 1), "{fails}");
    }
    swaps(&bed, "takenBack", failures.len());
    same(&expected, &bed.course(|_, _| {}), "afterwards");
}

#[test]
fn a_version_that_dies_on_probation_is_taken_back_and_nobody_notices() {
    let failures = [
        ("line-panics", "it panicked at"),
        ("line-panics:3", "it panicked at"),
        ("line-aborts", "SIGABRT"),
        ("line-aborts:4", "SIGABRT"),
        ("line-hangs:1", "it did not answer within 3000 ms"),
        ("command-panics", "it panicked at"),
        ("command-aborts", "SIGABRT"),
    ];
    taken_back("process", "input_timeout = \"3s\"", &failures);
}

#[test]
fn so_is_one_inside_the_host() {
    taken_back("host", "", &[("line-panics", "it panicked at"), ("line-panics:3", ""), ("command-panics", "")]);
}

/// Its process is killed though nothing was asked of it.
#[test]
fn a_version_whose_process_is_killed_on_probation_is_taken_back() {
    let mut bed = start("process", "");
    let expected = bed.course(|_, _| {});
    let came = bed.course(|bed, at| {
        if at == 3 {
            bed.install("new", &Turnover::version("1.1.0"));
            let status = bed.until("it runs", |status| status["adapter"]["version"] == "1.1.0");
            let process = status["adapter"]["process"].to_string();
            assert!(std::process::Command::new("kill").args(["-KILL", &process]).status().unwrap().success());
            bed.until("it is back", |status| status["lastSwap"]["outcome"] == "takenBack");
        }
    });
    same(&expected, &came, "a kill");
    assert_eq!(bed.pbx.accepted(), 1);
}

/// It has told the phone system something that the old one does not know of: the old one begins afresh.
#[test]
fn a_version_that_has_come_apart_and_dies_is_replaced_by_the_old_one_afresh() {
    let mut bed = start("process", "");
    let key = bed.pbx.ring("101", "555");
    let call = bed.wait("callStarted")["params"]["data"]["call"]["callId"].clone();
    bed.install("new", &Turnover::version("1.1.0").fails("differs-panics:1"));
    bed.until("it runs", |status| status["adapter"]["version"] == "1.1.0");
    bed.pbx.now(&key, "connected");
    bed.wait("commutationStarted");
    let status = bed.until("it is seen", |status| status["adapter"]["probation"]["standsBy"] == false);
    let why = status["adapter"]["probation"]["why"].as_str().unwrap();
    assert!(why.starts_with("the new one sends 5 bytes on transport 0"), "{why}");
    bed.pbx.now(&key, "held");
    let gone = bed.wait("disconnected");
    assert_eq!(gone["params"]["data"]["activeCallIds"], json!([call]), "{gone}");
    bed.wait("initialized");
    let status = bed.until("it is told", |status| status["lastSwap"]["outcome"] == "wentBack");
    assert_eq!(status["adapter"]["version"], "1.0.0", "{status}");
    assert!(status["warning"].as_str().unwrap().contains("it panicked at"), "{status}");
    bed.pbx.now(&key, "connected");
    bed.wait("unhold");
}

#[test]
fn a_version_that_lives_through_its_probation_is_on_its_own() {
    let mut bed = start("process", "probation = \"300ms\"");
    bed.install("new", &Turnover::version("1.1.0").fails("line-panics:6"));
    bed.until("it is over", |status| {
        status["adapter"]["version"] == "1.1.0" && status["adapter"]["probation"].is_null()
    });
    bed.host.wait_log("went well").unwrap();
    let key = bed.pbx.ring("101", "555");
    bed.wait("callStarted");
    bed.pbx.now(&key, "connected");
    bed.wait("commutationStarted");
    for (state, event) in [("held", "hold"), ("connected", "unhold"), ("held", "hold"), ("connected", "unhold")] {
        bed.pbx.now(&key, state);
        bed.wait(event);
    }
    bed.pbx.now(&key, "held");
    // A fault now is a fault as ever: it is started again.
    bed.wait("disconnected");
    bed.wait("initialized");
    assert_eq!(bed.status()["adapter"]["version"], "1.1.0");
}
