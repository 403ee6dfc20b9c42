//! Libraries: growth of the API both ways, refusals with their reasons, faults that stay in their connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use jackfield_tests::build::{self, Version};
use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";

fn config(settings: &str) -> String {
    format!(
        r#"
[[connection]]
id = "fix"
plugin = "fixture"
backoff = {{ first = "200ms", most = "400ms" }}
[connection.settings]
greeting = "hello"
{settings}
[[connection]]
id = "sim"
plugin = "simulator"
[[user]]
name = "alice"
role = "agent"
token = "{ALICE}"
lines = ["fix/101", "sim/101"]
"#
    )
}

/// One call of the fixture's, all its way.
fn converse(host: &Host) {
    let mut alice = host.client(ALICE).unwrap();
    let snapshot = alice.named("activeCallSnapshot", "fix/101").unwrap();
    let standing = &snapshot["params"]["data"]["activeCalls"][0];
    assert_eq!((&standing["state"], &standing["caller"]["name"]), (&json!("connected"), &json!("hello")), "{snapshot}");
    assert_eq!(standing["nativeId"], "native-1");
    let held = json!({ "line": "fix/101", "callId": standing["callId"] });
    alice.call("holdCall", &held).unwrap();
    alice.named("hold", "fix/101").unwrap();
    alice.call("dropCall", &held).unwrap();
    alice.named("callFinished", "fix/101").unwrap();
    let made = alice.call("makeCall", &json!({ "line": "fix/101", "to": "555" })).unwrap();
    let started = alice.named("callStarted", "fix/101").unwrap();
    assert_eq!(started["params"]["data"]["call"]["callId"], made["callId"]);
    let refused = alice.call("answerCall", &json!({ "line": "fix/101", "callId": made["callId"] })).unwrap_err();
    assert!(refused.contains("commandNotSupported"), "{refused}");
    alice.call("dropCall", &json!({ "line": "fix/101", "callId": made["callId"] })).unwrap();
    alice.named("callFinished", "fix/101").unwrap();
}

fn grown(host: Version, plugin: Version) -> Host {
    let mut setup = Setup::new(config(""), &["simulator"]);
    setup.version = host;
    setup.plugins.push(("fixture", plugin));
    setup.env.push(("JACKFIELD_LOG".to_owned(), "debug".to_owned()));
    setup.start().unwrap()
}

#[test]
fn a_plugin_of_the_present_runs_in_a_host_of_a_later_version() {
    let host = grown(Version::Later, Version::Present);
    converse(&host);
    host.wait_log("an input of kind 9999 is not known to this plugin").unwrap();
}

#[test]
fn a_plugin_of_a_later_version_runs_in_the_host_of_the_present() {
    let host = grown(Version::Present, Version::Later);
    converse(&host);
    host.wait_log("an output of a later version: skipped").unwrap();
}

#[test]
fn settings_that_do_not_fit_are_told_with_their_place_and_harm_nobody_else() {
    let host = Setup::new(config("greting = \"typing mistake\""), &["fixture", "simulator"]).start().unwrap();
    let line = host.wait_log("unknown field `greting`").unwrap();
    assert!(line.contains("connection `fix`: settings"), "{line}");
    let mut alice = Client::connect(host.url(), Some(ALICE)).unwrap();
    let hello = alice.call("hello", &json!({})).unwrap();
    let of = |name: &str| hello["lines"].as_array().unwrap().iter().find(|l| l["line"] == name).unwrap().clone();
    assert_ne!(of("fix/101")["state"], "up");
    assert_eq!(of("fix/101")["lastError"]["code"], "configInvalid", "{hello}");
    assert!(of("fix/101")["lastError"]["text"].as_str().unwrap().contains("greting"), "{hello}");
    let refused = alice.call("makeCall", &json!({ "line": "fix/101", "to": "1" })).unwrap_err();
    assert!(refused.contains("greting") || refused.contains("down") || refused.contains("not up"), "{refused}");
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
}

#[test]
fn an_adapter_that_refuses_or_panics_at_its_making_is_told() {
    let host = Setup::new(config("refuse = \"no such PBX\""), &["fixture", "simulator"]).start().unwrap();
    host.wait_log("settings.refuse: no such PBX").unwrap();
    for place in ["new", "started"] {
        let host = Setup::new(config(&format!("panic_at = \"{place}\"")), &["fixture", "simulator"]).start().unwrap();
        let line = host.wait_log("it panicked at").unwrap();
        assert!(line.contains(&format!("the fixture panics at {place}")) && line.contains("lib.rs:"), "{line}");
        let mut alice = host.client(ALICE).unwrap();
        alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
    }
}

#[test]
fn a_command_that_panics_is_answered_and_ends_nothing_else() {
    let host = Setup::new(config("panic_at = \"command\""), &["fixture", "simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let made = alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
    let snapshot = alice.named("activeCallSnapshot", "fix/101").unwrap();
    let standing = &snapshot["params"]["data"]["activeCalls"][0]["callId"];
    let lost = alice.call("holdCall", &json!({ "line": "fix/101", "callId": standing })).unwrap_err();
    assert!(lost.contains("connectionLost") || lost.contains("adapterFault"), "{lost}");
    let gone = alice.named("disconnected", "fix/101").unwrap();
    assert_eq!(gone["params"]["data"]["activeCallIds"].as_array().unwrap().len(), 1, "the call lives on: {gone}");
    alice.named("initialized", "fix/101").unwrap();
    let after = alice.event(|e| e["params"]["data"]["reason"] == "reconciled").unwrap();
    assert_eq!(after["params"]["data"]["activeCalls"][0]["callId"], gone["params"]["data"]["activeCallIds"][0]);
    alice.call("dropCall", &json!({ "line": "sim/101", "callId": made["callId"] })).unwrap();
}

fn jackfield(arguments: &[&str]) -> Output {
    Command::new(build::jackfield(Version::Present).unwrap()).args(arguments).output().unwrap()
}

fn listed(folder: &Path) -> Vec<Value> {
    let output = jackfield(&["plugins", "--json", "--folder", folder.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_no_plugin_is_refused_before_anything_of_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let good = fs::read(build::library("fixture", Version::Present).unwrap()).unwrap();
    let refused = |bytes: &[u8]| {
        let path = dir.path().join(format!("candidate{}", std::env::consts::DLL_SUFFIX));
        fs::write(path, bytes).unwrap();
        let list = listed(dir.path());
        assert_eq!(list.len(), 1);
        list[0]["refused"].as_str().map(ToOwned::to_owned)
    };
    assert_eq!(refused(&good), None);
    assert!(refused(b"").unwrap().contains("it is empty"));
    assert!(refused(b"#!/bin/sh\necho I ran").unwrap().contains("no complete shared library"));
    for cut in [10, 64, 4_096, good.len() / 3, good.len() / 2, good.len() - 1] {
        let why = refused(&good[..cut]).unwrap_or_else(|| panic!("cut at {cut} of {}", good.len()));
        assert!(why.contains("no complete shared library"), "{why}");
    }
    // The byte of an ELF header that names the machine.
    let mut foreign = good.clone();
    foreign[18] ^= 0x40;
    assert!(refused(&foreign).is_some());
    // Our section, of another major version; then without its magic.
    let magic = good.windows(8).position(|w| w == b"JACKFLD1").unwrap();
    let mut other = good.clone();
    other[magic + 8] = 9;
    assert!(refused(&other).unwrap().contains("built for plugin API 9.0"));
    let mut aborts = good.clone();
    aborts[magic + 16] = 0;
    assert!(refused(&aborts).unwrap().contains("panic = \"abort\""));
    let mut nobody = good;
    nobody[magic] = b'X';
    assert!(refused(&nobody).unwrap().contains("no Jackfield plugin"));
}

#[test]
fn a_missing_plugin_and_a_refused_one_are_told_in_the_lines_status() {
    let host = Setup::new(config(""), &["simulator"]).start().unwrap();
    let mut alice = Client::connect(host.url(), Some(ALICE)).unwrap();
    let hello = alice.call("hello", &json!({ "lines": ["fix/101"] })).unwrap();
    let why = hello["lines"][0]["lastError"]["text"].as_str().unwrap().to_owned();
    assert!(why.contains("there is no plugin `fixture`") && why.contains("there are: simulator"), "{why}");
}

#[test]
fn a_refused_configuration_ends_with_its_own_exit_code_and_every_finding() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("jackfield.toml");
    let text = config("").replace("\nplugin =", "\nmemory = 1\nplugin =").replace(ALICE, "short");
    fs::write(&path, text).unwrap();
    let output = jackfield(&["run", "--config", path.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{told}");
    for part in ["connection `fix`: memory: found 1", "connection `sim`: memory", "user `alice`: token"] {
        assert!(told.contains(part), "`{part}` is not in:\n{told}");
    }
    fs::write(&path, "[server]\nlisen = \"x\"").unwrap();
    let told = String::from_utf8_lossy(&jackfield(&["run", "--config", path.to_str().unwrap()]).stderr).into_owned();
    assert!(told.contains("jackfield.toml:2:1: server.lisen: unknown key\n    did you mean `listen`?"), "{told}");
    let nowhere = jackfield(&["run", "--config", "/nonexistent/jackfield.toml"]);
    assert_eq!(nowhere.status.code(), Some(3));
    assert_eq!(jackfield(&["run", "--nonsense"]).status.code(), Some(2));
}

#[test]
fn raw_messages_are_shown_to_who_asks_and_may() {
    let text = config("").replace("role = \"agent\"", "role = \"admin\"");
    let host = Setup::new(text, &["fixture", "simulator"]).start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    alice.call("subscribeRaw", &json!({ "lines": ["fix/101"] })).unwrap();
    let standing = alice.named("activeCallSnapshot", "fix/101").unwrap();
    let id = &standing["params"]["data"]["activeCalls"][0]["callId"];
    alice.call("holdCall", &json!({ "line": "fix/101", "callId": id })).unwrap();
    let raw = alice.event(|e| e["method"] == "rawMessage").unwrap();
    assert_eq!(raw["params"]["data"]["message"], "holdCall", "{raw}");
    assert!(raw["params"]["rawSeq"].is_u64() && raw["params"].get("seq").is_none(), "{raw}");
    alice.call("unsubscribeRaw", &json!({})).unwrap();
}

#[test]
fn the_folder_is_found_though_secrets_are_there_for_the_host_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (file, folder) = (dir.path().join("jackfield.toml"), dir.path().join("adapters"));
    fs::create_dir(&folder).unwrap();
    let library = build::library("fixture", Version::Present).unwrap();
    fs::copy(&library, folder.join(library.file_name().unwrap())).unwrap();
    let user = "[[user]]\nname = \"alice\"\nrole = \"admin\"\ntoken = { env = \"NOT_SET_ANYWHERE\" }\nlines = []\n";
    let plugins = |text: &str| {
        fs::write(&file, format!("{text}{user}")).unwrap();
        jackfield(&["plugins", "--config", file.to_str().unwrap()])
    };
    let output = plugins("[plugins]\nfolder = \"adapters\"\n");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.starts_with("fixture "), "{output:?}");
    // Where the folder may be another than is meant, nothing is shown.
    for wrong in ["[plugins]\nfolder = 7\n", "[plugns]\nfolder = \"adapters\"\n"] {
        let output = plugins(wrong);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0), "{wrong}");
    }
}
