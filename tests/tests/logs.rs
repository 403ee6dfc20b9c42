//! What an administrator can find in the log.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use jackfield_tests::host::Setup;
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";

const CONFIG: &str = r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 1
[[user]]
name = "alice"
role = "agent"
token = "alice-token-0123456789"
lines = ["sim/101"]
"#;

#[test]
fn every_input_has_a_span_with_its_connection_line_and_call() {
    let mut setup = Setup::new(CONFIG, &["simulator"]);
    setup.env.push(("JACKFIELD_LOG".to_owned(), "info,jackfield::input=debug".to_owned()));
    let host = setup.start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "555" })).unwrap();
    let started = alice.named("callStarted", "sim/101").unwrap();
    let call = &started["params"]["data"]["call"]["callId"];
    host.wait_log(call.as_str().unwrap()).unwrap();
    let log = host.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let spans: Vec<&Value> = lines.iter().filter(|l| l["target"] == "jackfield::input").map(|l| &l["span"]).collect();
    assert!(spans.iter().all(|span| span["connection"] == "sim"), "{spans:?}");
    let of_call: Vec<_> = spans.iter().filter(|span| &span["call"] == call).collect();
    assert!(of_call.iter().any(|span| span["line"] == "sim/101" && span["kind"] == "command"), "{spans:?}");
}

#[test]
fn a_start_says_which_setting_is_wrong_and_where_it_stands_as_check_does() {
    let wrong = CONFIG.replace("seed = 1\n", "seed = \"one\"\n[connection.settings.traffic]\ncalls_per_minut = 6\n");
    let host = Setup::new(wrong, &["simulator"]).start().unwrap();
    let checked = host.command(&["check"]).unwrap();
    let findings = String::from_utf8(checked.stdout).unwrap();
    assert!(findings.contains("settings.seed: found the text \"one\", expected "), "{findings}");
    assert!(findings.contains("settings.traffic.calls_per_minut: unknown key"), "{findings}");
    let log = host.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let told: Vec<&str> = lines.iter().filter_map(|l| l["message"].as_str()?.strip_prefix("configuration: ")).collect();
    // One entry of the log for each finding, with the line that says what to do.
    assert_eq!(told.join("\n"), findings.trim_end());

    let mut client = jackfield_tests::client::Client::connect(host.url(), Some(ALICE)).unwrap();
    let hello = client.call("hello", &json!({})).unwrap();
    assert!(hello["lines"][0]["lastError"]["text"].as_str().unwrap().contains("settings"), "{hello}");
}
