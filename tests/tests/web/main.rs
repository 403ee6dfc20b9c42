//! What people look at, how they get in, and what administrators see and do: over HTTP, as browsers ask.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod admin;
mod login;
mod pages;

use jackfield_tests::host::{Host, Setup};
use jackfield_tests::http::Answer;
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
const ADMIN: &str = "admin-token-0123456789";
const BOSS: &str = "boss-token-01234567890";
const JSON: (&str, &str) = ("Content-Type", "application/json");

/// A simulator with two lines, an agent, a supervisor and an administrator.
fn config() -> String {
    format!(
        r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 1
[[user]]
name = "alice"
role = "agent"
token = "{ALICE}"
lines = ["sim/101", "sim/102"]
[[user]]
name = "boss"
role = "supervisor"
token = "{BOSS}"
lines = ["sim/*"]
[[user]]
name = "admin"
role = "admin"
token = "{ADMIN}"
"#
    )
}

fn host() -> Host {
    Setup::new(config(), &["simulator"]).start().unwrap()
}

fn post(host: &Host, path: &str, token: &str, body: &Value) -> Answer {
    host.request("POST", path, token, &[JSON], &body.to_string()).unwrap()
}

/// The code of an address that `jackfield login` gives.
fn code(host: &Host, user: &str) -> String {
    let output = host.command(&["login", user, "--json"]).unwrap();
    assert!(output.status.success(), "{output:?}");
    let ways: Value = serde_json::from_slice(&output.stdout).unwrap();
    let panel = ways["panel"].as_str().unwrap();
    let (address, code) = panel.split_once("#login=").unwrap();
    assert_eq!(address, format!("http://{}/", host.address()));
    code.to_owned()
}

/// Logs in with a code: the answer's body.
fn log_in(host: &Host, user: &str) -> Value {
    let answer = post(host, "/api/v1/login", "", &json!({ "code": code(host, user) }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}
