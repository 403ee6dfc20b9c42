//! The history: what a phone system told is in the database, whatever becomes of the host.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod clock;
mod crash;
mod fuzzed;
mod injected;
mod recordings;
mod rest;
mod saved;
mod trouble;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use serde_json::{Value, json};
use std::time::Instant;

const ALICE: &str = "alice-token-0123456789";
const BOB: &str = "bob-token-01234567890";
const ADMIN: &str = "admin-token-0123456789";
const BOSS: &str = "boss-token-0123456789";

/// A simulator with three lines and users for them; `store` is the rest of `[store]`.
fn config(store: &str) -> String {
    format!(
        r#"
[store]
{store}
[[connection]]
id = "sim"
plugin = "simulator"
isolation = "host"
[connection.settings]
seed = 1
[[user]]
name = "alice"
role = "agent"
token = "{ALICE}"
lines = ["sim/101"]
[[user]]
name = "bob"
role = "agent"
token = "{BOB}"
lines = ["sim/102"]
[[user]]
name = "admin"
role = "admin"
token = "{ADMIN}"
[[user]]
name = "boss"
role = "supervisor"
token = "{BOSS}"
lines = ["sim/*"]
"#
    )
}

fn host() -> Host {
    Setup::new(config("url = \"sqlite://calls.db\""), &["simulator"]).start().unwrap()
}

/// Somebody outside calls this line. The call's id.
fn ring(client: &mut Client, line: &str, from: &str, name: &str) -> String {
    let params = json!({ "line": line, "name": "ring", "params": { "from": from, "name": name } });
    client.call("librarySpecificService", &params).unwrap_or_else(|e| panic!("ring: {e}"));
    let started = client.named("callStarted", line).unwrap();
    started["params"]["data"]["call"]["callId"].as_str().unwrap().to_owned()
}

/// A whole call: rung, answered, ended. Its id.
fn talk(client: &mut Client, line: &str, from: &str) -> String {
    let id = ring(client, line, from, "Olena K.");
    for command in ["answerCall", "dropCall"] {
        client.call(command, &json!({ "line": line, "callId": id })).unwrap();
    }
    id
}

/// Waits until the call's last revision is in the database.
fn saved(client: &mut Client, id: &str) -> Value {
    client.look_again();
    client
        .event(|e| {
            e["method"] == "callSaved" && e["params"]["data"]["callId"] == id && e["params"]["data"]["final"] == true
        })
        .unwrap()
}

/// Asks until the answer is as wanted.
fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(why) if Instant::now() > until => panic!("{what}: {why}"),
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    }
}
