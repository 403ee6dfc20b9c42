//! No room, or no folder: recording stops with a word, and nobody else notices.

use std::fs;
use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, PATIENCE, Setup};
use serde_json::{Value, json};

const TOKEN: &str = "alice-token-0123456789";

fn config(folder: &str) -> String {
    format!(
        r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.record]
folder = "{folder}"
mib = 16
[connection.settings]
seed = 7
[[user]]
name = "alice"
role = "admin"
token = "{TOKEN}"
lines = ["sim/101"]
"#
    )
}

fn converse(client: &mut Client) {
    let ring = json!({ "line": "sim/101", "name": "ring", "params": {} });
    client.call("librarySpecificService", &ring).unwrap();
    let started = client.named("callStarted", "sim/101").unwrap();
    let call = json!({ "line": "sim/101", "callId": started["params"]["data"]["call"]["callId"] });
    client.call("answerCall", &call).unwrap();
    client.named("commutationStarted", "sim/101").unwrap();
    client.call("dropCall", &call).unwrap();
    client.named("callFinished", "sim/101").unwrap();
}

fn record(host: &Host) -> Value {
    let output = host.command(&["status", "--json"]).unwrap();
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    status["connections"][0]["record"].clone()
}

#[test]
fn a_disk_that_is_full_stops_the_recording_and_nothing_else() {
    let probe = std::process::Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        #[allow(clippy::print_stderr, reason = "what the test run shows")]
        {
            eprintln!("LEFT OUT: this system lets nobody mount here, so nothing can be made full");
        }
        return;
    }
    let small = tempfile::tempdir().unwrap();
    let place = small.path().to_str().unwrap().to_owned();
    let mut setup = Setup::new(config(&place), &["simulator"]);
    let script = format!("mount -t tmpfs -o size=64k tmpfs {place}; exec \"$@\"");
    setup.through = ["unshare", "-m", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec();
    let host = setup.start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("initialized", "sim/101").unwrap();
    let until = Instant::now() + PATIENCE;
    while record(&host)["on"] == true {
        assert!(Instant::now() < until, "64 KiB are not full: {}", record(&host));
        converse(&mut client);
    }
    let told = record(&host);
    assert!(told["stopped"].as_str().unwrap().contains("No space left"), "{told}");
    host.wait_log("recording has stopped: ").unwrap();
    assert_eq!(host.log().matches("recording has stopped").count(), 1, "it is said once");
    // The adapter and the clients have not noticed.
    assert_eq!(client.events.iter().filter(|e| e["method"] == "disconnected").count(), 0);
    converse(&mut client);
}

#[test]
fn a_folder_that_cannot_be_made_is_said_and_one_that_goes_is_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let host = Setup::new(config(file.to_str().unwrap()), &["simulator"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    converse(&mut client);
    assert!(record(&host)["stopped"].is_string(), "{}", record(&host));

    let folder = dir.path().join("gone");
    let host = Setup::new(config(folder.to_str().unwrap()), &["simulator"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    converse(&mut client);
    fs::remove_dir_all(&folder).unwrap();
    converse(&mut client);
    client.read_for(Duration::from_millis(50));
    assert_eq!(client.events.iter().filter(|e| e["method"] == "disconnected").count(), 0);
}
