//! The folder of a running host: libraries that come, are replaced, go, and come back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::library::{self, Fixture};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
const LINE: &str = "fix/101";

/// `plugins`: more keys of `[plugins]`. `connection`: of the connection.
fn config(plugins: &str, connection: &str) -> String {
    format!(
        r#"
settle = "300ms"
{plugins}
[[connection]]
id = "fix"
plugin = "fixture"
backoff = {{ first = "200ms", most = "400ms" }}
{connection}
[connection.settings]
greeting = "hello"
[[user]]
name = "alice"
role = "admin"
token = "{ALICE}"
lines = ["{LINE}"]
"#
    )
}

/// A host whose folder holds this library, if any.
fn host(plugins: &str, connection: &str, first: Option<&Fixture>) -> Host {
    let mut setup = Setup::new(config(plugins, connection), &[]);
    setup.files = first.map(|f| (library::file_name("fix"), f.bytes().unwrap())).into_iter().collect();
    setup.start().unwrap()
}

fn install(host: &Host, stem: &str, fixture: &Fixture) {
    library::install(&host.adapters(), stem, &fixture.bytes().unwrap()).unwrap();
}

fn file(host: &Host, stem: &str) -> PathBuf {
    host.adapters().join(library::file_name(stem))
}

fn get(host: &Host, path: &str) -> String {
    let mut stream = TcpStream::connect(host.address()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ALICE}\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// The line as a client that comes now is told it.
fn status(host: &Host) -> Value {
    let mut client = Client::connect(host.url(), Some(ALICE)).unwrap();
    client.call("hello", &json!({ "lines": [LINE] })).unwrap()["lines"][0].clone()
}

/// Waits for the adapter of a version to come up live; the calls that stand then.
fn comes_up(alice: &mut Client, version: &str) -> Vec<Value> {
    alice
        .event(|e| e["method"] == "initialized" && e["params"]["data"]["connection"]["adapterVersion"] == version)
        .unwrap_or_else(|e| panic!("waiting for version {version}: {e}"));
    let reconciled = alice.event(|e| e["params"]["data"]["reason"] == "reconciled").unwrap();
    reconciled["params"]["data"]["activeCalls"].as_array().unwrap().clone()
}

/// The call that stands is held and taken back: commands are answered, events flow.
fn converse(alice: &mut Client) {
    let snapshot = alice.call("queryActiveCallSnapshot", &json!({ "line": LINE })).unwrap();
    let call = json!({ "line": LINE, "callId": snapshot["activeCalls"][0]["callId"] });
    for (command, event) in [("holdCall", "hold"), ("unholdCall", "unhold")] {
        alice.call(command, &call).unwrap();
        alice.named(event, LINE).unwrap();
    }
}

#[test]
fn a_library_that_is_dropped_in_starts_the_connection_that_waits_for_it() {
    let host = host("", "", None);
    let waits = status(&host);
    let why = waits["lastError"]["text"].as_str().unwrap();
    assert!(why.starts_with("there is no plugin `fixture` in ") && waits["state"] != "up", "{waits}");
    assert!(get(&host, "/readyz").ends_with("ok, but 1 connection waits for its adapter\n"));
    assert!(get(&host, "/metrics").contains("cti_adapter_running{connection=\"fix\"} 0"));

    let mut alice = host.client(ALICE).unwrap();
    install(&host, "fix", &Fixture::version("1.0.0"));
    comes_up(&mut alice, "1.0.0");
    converse(&mut alice);
    assert!(get(&host, "/readyz").ends_with("\r\n\r\nok\n"));
    let page = get(&host, "/metrics");
    for line in [
        "cti_adapter_running{connection=\"fix\"} 1",
        "jackfield_plugin_files{state=\"loaded\"} 1",
        "jackfield_plugin_libraries 0",
        "jackfield_restart_due 0",
        "jackfield_connections_waiting 0",
    ] {
        assert!(page.contains(line), "`{line}` is not in\n{page}");
    }
}

#[test]
fn a_library_that_is_replaced_takes_its_connection_over_and_calls_survive() {
    let host = host("", "", Some(&Fixture::version("1.0.0")));
    let mut alice = host.client(ALICE).unwrap();
    let standing = alice.named("activeCallSnapshot", LINE).unwrap()["params"]["data"]["activeCalls"][0].clone();

    // A higher version, then a lower one, then the same one of other bytes.
    let second = Fixture::version("1.0.0").build(2);
    for (next, version) in
        [(Fixture::version("1.1.0"), "1.1.0"), (Fixture::version("1.0.0"), "1.0.0"), (second, "1.0.0")]
    {
        install(&host, "fix", &next);
        let gone = alice.event(|e| e["method"] == "disconnected" && e["params"]["resent"] != true).unwrap();
        assert_eq!(gone["params"]["data"]["willRetry"], true, "{gone}");
        assert_eq!(gone["params"]["data"]["activeCallIds"], json!([standing["callId"]]), "{gone}");
        assert!(gone["params"]["cause"]["text"].as_str().unwrap().contains("takes the place of"), "{gone}");
        let calls = comes_up(&mut alice, version);
        assert_eq!((&calls[0]["callId"], &calls[0]["state"]), (&standing["callId"], &json!("connected")));
        assert_eq!(calls.len(), 1);
        converse(&mut alice);
    }
    assert!(get(&host, "/metrics").contains("cti_adapter_exchanges_total{connection=\"fix\"} 3"));
    assert!(get(&host, "/metrics").contains("jackfield_plugin_libraries 0"), "the host maps none");
}

#[test]
fn of_several_versions_the_highest_runs_unless_one_is_pinned() {
    let free = host("", "", Some(&Fixture::version("1.9.0")));
    let pinned = host("", "version = \"1.9\"", Some(&Fixture::version("1.9.0")));
    let (mut alice, mut bob) = (free.client(ALICE).unwrap(), pinned.client(ALICE).unwrap());
    for host in [&free, &pinned] {
        install(host, "other", &Fixture::version("1.10.0"));
        install(host, "patch", &Fixture::version("1.9.1"));
    }
    comes_up(&mut alice, "1.10.0");
    comes_up(&mut bob, "1.9.1");
    fs::remove_file(file(&free, "other")).unwrap();
    comes_up(&mut alice, "1.9.1");
    fs::remove_file(file(&pinned, "patch")).unwrap();
    comes_up(&mut bob, "1.9.0");
    assert!(!pinned.log().contains("1.10.0 ("), "the pinned one never left 1.9");
}

#[test]
fn a_library_that_is_removed_stops_its_connection_and_put_back_starts_it() {
    let host = host("", "", Some(&Fixture::version("1.0.0")));
    let mut alice = host.client(ALICE).unwrap();
    let snapshot = alice.named("activeCallSnapshot", LINE).unwrap();
    fs::remove_file(file(&host, "fix")).unwrap();
    let gone = alice.event(|e| e["method"] == "disconnected").unwrap();
    assert_eq!(gone["params"]["data"]["willRetry"], false, "{gone}");
    let down = status(&host);
    assert!(down["lastError"]["text"].as_str().unwrap().starts_with("there is no plugin `fixture` in "), "{down}");
    let refused = alice.call("makeCall", &json!({ "line": LINE, "to": "1" })).unwrap_err();
    assert!(
        refused.contains("there is no plugin") || refused.contains("not up") || refused.contains("down"),
        "{refused}"
    );
    host.wait_log("the adapter is withdrawn").unwrap();

    install(&host, "fix", &Fixture::version("1.0.0"));
    let calls = comes_up(&mut alice, "1.0.0");
    assert_eq!(calls[0]["callId"], snapshot["params"]["data"]["activeCalls"][0]["callId"], "the call is the same");
    converse(&mut alice);
    assert!(get(&host, "/metrics").contains("jackfield_plugin_libraries 0"), "the host maps none");
}

#[test]
fn a_library_that_is_overwritten_by_a_broken_one_goes_on_running_and_says_so() {
    let host = host("", "", Some(&Fixture::version("1.0.0")));
    let mut alice = host.client(ALICE).unwrap();
    let good = Fixture::version("1.0.0").bytes().unwrap();
    // Into the very file that was loaded: had it been mapped, this would end the host.
    fs::write(file(&host, "fix"), &good[..good.len() / 2]).unwrap();
    let warning = alice.event(|e| e["params"]["data"]["code"] == "adapterLoadFailed").unwrap();
    assert_eq!(warning["params"]["data"]["severity"], "warning", "{warning}");
    let told = status(&host);
    assert_eq!(told["state"], "up", "{told}");
    let text = told["warning"].as_str().unwrap();
    assert!(text.contains("was refused: it is no complete shared library"), "{text}");
    assert!(text.ends_with("; version 1.0.0, which was there before, goes on running"), "{text}");
    converse(&mut alice);

    // A broken one beside it is nobody's business.
    library::install(&host.adapters(), "beside", b"no library").unwrap();
    host.wait_log(&library::file_name("beside")).unwrap();
    converse(&mut alice);
    assert!(alice.events.iter().all(|e| e["method"] != "disconnected"));

    install(&host, "fix", &Fixture::version("1.0.1"));
    comes_up(&mut alice, "1.0.1");
    converse(&mut alice);
    assert_eq!(status(&host)["warning"], Value::Null);
}

#[test]
fn a_version_that_does_not_fit_the_connection_is_not_taken() {
    let host = host("", "", Some(&Fixture::version("1.0.0")));
    let mut alice = host.client(ALICE).unwrap();
    let expect = |alice: &mut Client, part: &str| {
        let told = alice.event(|e| e["params"]["data"]["code"] == "adapterLoadFailed").unwrap();
        let text = told["params"]["data"]["message"].as_str().unwrap();
        assert!(text.contains(part) && text.contains("goes on running"), "`{part}` is not in {told}");
    };
    install(&host, "fix", &Fixture::version("1.1.0").needs("network"));
    expect(&mut alice, "needs network, which the connection does not grant");
    install(&host, "fix", &Fixture::version("1.2.0").fails("settings"));
    expect(&mut alice, "settings.greeting: this version greets nobody");
    converse(&mut alice);
    assert!(alice.events.iter().all(|e| e["method"] != "disconnected"), "nobody was disconnected so far");

    // This one fails when the old one has gone already: the old one comes back.
    install(&host, "fix", &Fixture::version("1.3.0").fails("started"));
    expect(&mut alice, "it panicked at");
    comes_up(&mut alice, "1.0.0");
    converse(&mut alice);
    let text = status(&host)["warning"].as_str().unwrap().to_owned();
    assert!(text.contains("fixture 1.3.0") && text.contains("fixture 1.0.0"), "{text}");
}

#[test]
fn a_folder_without_events_is_only_slower() {
    let host = host("watch = false\nscan = \"200ms\"", "", None);
    let mut alice = host.client(ALICE).unwrap();
    install(&host, "fix", &Fixture::version("1.0.0"));
    comes_up(&mut alice, "1.0.0");
    install(&host, "fix", &Fixture::version("1.1.0"));
    comes_up(&mut alice, "1.1.0");
    fs::remove_file(file(&host, "fix")).unwrap();
    alice.event(|e| e["method"] == "disconnected" && e["params"]["data"]["willRetry"] == false).unwrap();
    install(&host, "fix", &Fixture::version("1.0.0"));
    comes_up(&mut alice, "1.0.0");
    converse(&mut alice);
}

/// Written in small pieces, with pauses longer than those in which a file may seem to rest.
#[test]
fn a_slow_copy_is_taken_when_it_is_complete() {
    let host = host("", "", None);
    let mut alice = host.client(ALICE).unwrap();
    let bytes = Fixture::version("1.0.0").bytes().unwrap();
    let mut copy = fs::File::create(file(&host, "fix")).unwrap();
    for piece in bytes.chunks(bytes.len() / 12 + 1) {
        copy.write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(150));
    }
    drop(copy);
    comes_up(&mut alice, "1.0.0");
    host.wait_log("it was written less than 300 ms ago; it is taken when it rests").unwrap();
}

#[test]
fn a_library_that_never_comes_back_holds_up_nobody() {
    let mut host = host("", "", Some(&Fixture::version("1.0.0")));
    let mut alice = host.client(ALICE).unwrap();
    alice.named("activeCallSnapshot", LINE).unwrap();
    library::install(&host.adapters(), "hangs", &Fixture::version("1.1.0").fails("for-ever").bytes().unwrap()).unwrap();
    let hangs = library::file_name("hangs");
    host.wait_log_of(|line| line.contains(&hangs) && line.contains("\"loading\"")).unwrap();
    converse(&mut alice);
    converse(&mut host.client(ALICE).unwrap());
    assert!(get(&host, "/readyz").starts_with("HTTP/1.1 200"));
    assert!(host.stop().unwrap().success(), "and it stops in order");
}

#[cfg(unix)]
#[test]
fn a_folder_that_vanishes_comes_back_or_is_a_link_that_is_switched() {
    use std::os::unix::fs::symlink;
    let host = host("scan = \"200ms\"", "", Some(&Fixture::version("1.0.0")));
    let mut alice = host.client(ALICE).unwrap();
    let (folder, first, second) = (host.adapters(), host.dir().join("first"), host.dir().join("second"));

    fs::rename(&folder, &first).unwrap();
    host.wait_log("No such file or directory (os error 2); what was loaded goes on running").unwrap();
    converse(&mut alice);
    fs::create_dir(&second).unwrap();
    library::install(&second, "fix", &Fixture::version("2.0.0").bytes().unwrap()).unwrap();
    symlink(&first, &folder).unwrap();
    host.wait_log("can be read again").unwrap();
    converse(&mut alice);
    assert!(alice.events.iter().all(|e| e["method"] != "disconnected"), "the same library: nothing happened");

    let aside = host.dir().join("aside");
    symlink(&second, &aside).unwrap();
    fs::rename(&aside, &folder).unwrap();
    comes_up(&mut alice, "2.0.0");
    // And it is this folder that is watched now.
    library::install(&second, "fix", &Fixture::version("2.1.0").bytes().unwrap()).unwrap();
    comes_up(&mut alice, "2.1.0");
    let said = host.log().matches("No such file or directory (os error 2); what was loaded").count();
    assert_eq!(said, 1, "it is said once, however often it is looked");
}

/// Installed, and the host restarted at once.
#[test]
fn a_host_that_starts_right_after_a_library_came_begins_without_an_error() {
    let folder = tempfile::tempdir().unwrap();
    library::install(folder.path(), "fix", &Fixture::version("1.0.0").bytes().unwrap()).unwrap();
    let mut setup = Setup::new(config("", ""), &[]);
    let path = folder.path().to_string_lossy().into_owned();
    setup.env.push(("JACKFIELD_PLUGINS__FOLDER".to_owned(), path));
    let host = setup.start().unwrap();
    converse(&mut host.client(ALICE).unwrap());
    assert!(!host.log().contains("no adapter"), "it was there all the time");
}

#[test]
fn a_host_whose_folder_is_missing_waits_for_it() {
    let mut setup = Setup::new(config("scan = \"200ms\"", ""), &[]);
    setup.env.push(("JACKFIELD_PLUGINS__FOLDER".to_owned(), "later".to_owned()));
    let host = setup.start().unwrap();
    let why = status(&host)["lastError"]["text"].as_str().unwrap().to_owned();
    assert!(why.contains("there is no plugin `fixture`") && why.contains("No such file or directory"), "{why}");
    let mut alice = host.client(ALICE).unwrap();
    let later = host.dir().join("later");
    fs::create_dir(&later).unwrap();
    library::install(&later, "fix", &Fixture::version("1.0.0").bytes().unwrap()).unwrap();
    comes_up(&mut alice, "1.0.0");
}
