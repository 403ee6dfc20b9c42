//! A new configuration for a running host: what differs is changed, and nobody else notices.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::time::Duration;

use jackfield_tests::build::Version;
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
const BOB: &str = "bob-token-01234567890";
const CAROL: &str = "carol-token-0123456789";

const SIM: &str = r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 1
"#;

fn fixture(settings: &str) -> String {
    format!("[[connection]]\nid = \"fix\"\nplugin = \"fixture\"\n[connection.settings]\n{settings}\n")
}

fn user(name: &str, token: &str, lines: &str) -> String {
    format!("[[user]]\nname = \"{name}\"\nrole = \"agent\"\ntoken = \"{token}\"\nlines = [{lines}]\n")
}

fn start(config: &str) -> Host {
    let mut setup = Setup::new(config.to_owned(), &["simulator"]);
    setup.plugins.push(("fixture", Version::Present));
    setup.start().unwrap()
}

/// Exit code and report.
fn reload(host: &Host, config: &str) -> (Option<i32>, Value, String) {
    host.write_config(config).unwrap();
    let output = host.command(&["reload", "--json"]).unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default(), told)
}

fn live(client: &Client) -> usize {
    client.events.iter().filter(|e| e["params"]["resent"] != true).count()
}

/// A call that stays up, and its id.
fn talk(client: &mut Client) -> Value {
    let made = client.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
    client.named("commutationStarted", "sim/101").unwrap();
    client.read_for(Duration::from_millis(200));
    made["callId"].clone()
}

#[test]
fn users_and_lines_come_and_go_and_a_call_beside_them_notices_nothing() {
    let before = format!("{SIM}{}{}", user("alice", ALICE, "\"sim/101\""), user("bob", BOB, "\"sim/102\""));
    let host = start(&before);
    let (mut alice, mut bob) = (host.client(ALICE).unwrap(), host.client(BOB).unwrap());
    let call = talk(&mut alice);
    let seen = live(&alice);

    let after = format!(
        "{SIM}{}{}{}",
        user("alice", ALICE, "\"sim/101\""),
        user("bob", BOB, "\"sim/102\", \"sim/103\""),
        user("carol", CAROL, "\"sim/103\"")
    );
    let (code, report, told) = reload(&host, &after);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let done = json!(["connection `sim`: line sim/103 was added", "user `bob` was changed", "user `carol` was added"]);
    assert_eq!(report, json!({ "done": done, "refused": [], "restart": [] }));

    // Bob is told to come again, and then has his new line.
    let (closed, why) = bob.until_closed().unwrap();
    assert_eq!((closed, why.as_str()), (4409, "your lines or your role have changed; connect again"));
    let mut bob = host.client(BOB).unwrap();
    bob.call("makeCall", &json!({ "line": "sim/103", "to": "600" })).unwrap();
    host.client(CAROL).unwrap();

    // And gone again.
    let (code, report, _) = reload(&host, &before);
    assert_eq!(code, Some(0));
    assert!(
        report["done"].as_array().unwrap().contains(&json!("connection `sim`: line sim/103 was removed")),
        "{report}"
    );
    let gone = bob.event(|e| e["method"] == "disconnected" && e["params"]["line"] == "sim/103").unwrap();
    assert_eq!(gone["params"]["data"]["willRetry"], false);
    assert_eq!(bob.until_closed().unwrap().0, 4409);
    assert!(host.client(CAROL).is_err(), "a user who was removed was let in");

    alice.read_for(Duration::from_millis(300));
    assert_eq!(live(&alice), seen, "{:?}", alice.events.last());
    alice.call("dropCall", &json!({ "line": "sim/101", "callId": call })).unwrap();
    alice.named("callFinished", "sim/101").unwrap();
}

#[test]
fn a_token_that_is_no_longer_valid_ends_its_sessions() {
    let host = start(&format!("{SIM}{}", user("alice", ALICE, "\"sim/101\"")));
    let mut alice = host.client(ALICE).unwrap();
    let (code, _, _) = reload(&host, &format!("{SIM}{}", user("alice", CAROL, "\"sim/101\"")));
    assert_eq!(code, Some(0));
    assert_eq!(alice.until_closed().unwrap().0, 4401);
    host.client(CAROL).unwrap();
}

#[test]
fn other_settings_make_a_new_adapter_and_its_calls_live_on() {
    let users = user("alice", ALICE, "\"fix/101\"");
    let host = start(&format!("{}{users}", fixture("greeting = \"hello\"")));
    let mut alice = host.client(ALICE).unwrap();
    let snapshot = alice.named("activeCallSnapshot", "fix/101").unwrap();
    let call = snapshot["params"]["data"]["activeCalls"][0]["callId"].clone();

    let (code, report, _) = reload(&host, &format!("{}{users}", fixture("greeting = \"good morning\"")));
    assert_eq!((code, &report["done"]), (Some(0), &json!(["connection `fix`: its settings were changed"])));
    alice.named("disconnected", "fix/101").unwrap();
    let changed = alice.named("callInfoChanged", "fix/101").unwrap();
    let shown = &changed["params"]["data"]["call"];
    assert_eq!((&shown["callId"], &shown["state"]), (&call, &json!("connected")));
    let reconciled =
        alice.event(|e| e["method"] == "activeCallSnapshot" && e["params"]["data"]["reason"] == "reconciled").unwrap();
    let calls = &reconciled["params"]["data"]["activeCalls"];
    assert_eq!((&calls[0]["callId"], &calls[0]["caller"]["name"]), (&call, &json!("good morning")));
    assert_eq!(calls.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_wrong_changes_nothing() {
    let users = user("alice", ALICE, "\"fix/101\"");
    let good = format!("{}{users}", fixture("greeting = \"hello\""));
    let host = start(&good);
    let mut alice = host.client(ALICE).unwrap();
    alice.read_for(Duration::from_millis(300));
    let seen = live(&alice);

    let (code, _, told) = reload(&host, &good.replace("greeting =", "greetign ="));
    assert_eq!(code, Some(3));
    assert!(told.contains("greetign"), "{told}");
    let (code, _, told) = reload(&host, "[[connection]]\nidd = \"x\"");
    assert_eq!(code, Some(3));
    assert!(told.contains("idd"), "{told}");
    let (code, report, _) = reload(&host, &good.replace("\"hello\"", "\"hello\"\nrefuse = \"not like this\""));
    assert_eq!(code, Some(3));
    assert!(report["refused"][0].as_str().unwrap().contains("not like this"), "{report}");

    alice.read_for(Duration::from_millis(300));
    assert_eq!(live(&alice), seen, "{:?}", alice.events.last());
    let (code, report, _) = reload(&host, &good);
    assert_eq!((code, report), (Some(0), json!({ "done": [], "refused": [], "restart": [] })));
}

#[test]
fn connections_come_and_go_and_sighup_does_it_too() {
    let users = user("alice", ALICE, "\"sim/101\"");
    let host = start(&format!("{SIM}{users}"));
    let mut alice = host.client(ALICE).unwrap();
    let call = talk(&mut alice);
    let more = format!("{SIM}{}{users}{}", fixture("greeting = \"hi\""), user("bob", BOB, "\"fix/7\""));
    host.write_config(&more).unwrap();
    let pid = host.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    host.wait_log("connection `fix` was added").unwrap();
    let mut bob = host.client(BOB).unwrap();
    bob.named("activeCallSnapshot", "fix/7").unwrap();

    let status = host.command(&["status", "--json"]).unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let lines: Vec<_> = status["connections"].as_array().unwrap().iter().map(|c| &c["lines"][0]).collect();
    assert_eq!((&lines[0]["line"], &lines[0]["state"], &lines[0]["calls"]), (&json!("fix/7"), &json!("up"), &json!(1)));
    assert_eq!((&lines[1]["line"], &lines[1]["calls"]), (&json!("sim/101"), &json!(1)));
    let shown = String::from_utf8(host.command(&["status"]).unwrap().stdout).unwrap();
    assert!(shown.contains("  sim/101 up, 1 call\n"), "{shown}");

    let (code, report, _) =
        reload(&host, &format!("{SIM}{users}").replace("seed = 1", "seed = 1\n[connection.lines]\nname = \"Alice\""));
    assert_eq!(code, Some(0));
    let done = &report["done"];
    assert!(done.as_array().unwrap().contains(&json!("connection `fix` was removed")), "{done}");
    assert!(
        done.as_array().unwrap().contains(&json!("connection `sim`: line sim/101: its settings were changed")),
        "{done}"
    );
    assert_eq!(bob.until_closed().unwrap().0, 4401);
    let mut alice = host.client(ALICE).unwrap();
    alice.read_for(Duration::from_millis(300));
    let snapshot = alice.events.iter().rev().find(|e| e["method"] == "activeCallSnapshot").unwrap();
    assert_eq!(snapshot["params"]["data"]["activeCalls"][0]["callId"], call, "{snapshot}");
}
