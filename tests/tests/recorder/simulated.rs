//! Calls of the simulator: recorded, cut, begun in the middle, moved from adapter to adapter.

use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

use super::bed::{RECORD, check, client_saw, events, files, folder, jackfield, library, says};

pub(super) const TOKEN: &str = "alice-token-0123456789";

pub(super) fn config(record: &str) -> String {
    format!(
        r#"
[[connection]]
id = "sim"
plugin = "simulator"
{record}
[connection.settings]
seed = 7
[[user]]
name = "alice"
role = "admin"
token = "{TOKEN}"
lines = ["sim/101", "sim/102"]
"#
    )
}

/// A call from outside that is answered, held, taken back and ended.
pub(super) fn talk(client: &mut jackfield_tests::client::Client, line: &str) -> Value {
    let ring = json!({ "line": line, "name": "ring", "params": { "from": "+380441234567" } });
    client.call("librarySpecificService", &ring).unwrap();
    let started = client.named("callStarted", line).unwrap();
    let call = json!({ "line": line, "callId": started["params"]["data"]["call"]["callId"] });
    for (command, event) in [
        ("answerCall", "commutationStarted"),
        ("holdCall", "hold"),
        ("unholdCall", "unhold"),
        ("dropCall", "callFinished"),
    ] {
        client.call(command, &call).unwrap();
        client.named(event, line).unwrap();
    }
    call["callId"].clone()
}

pub(super) fn command(host: &Host, arguments: &[&str]) -> String {
    let output = host.command(arguments).unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out.into_owned()
}

#[test]
fn what_clients_saw_is_played_again() {
    for isolation in ["process", "host"] {
        let config = config(&format!("isolation = \"{isolation}\"\n{RECORD}"));
        let mut host = Setup::new(config, &["simulator"]).start().unwrap();
        let mut client = host.client(TOKEN).unwrap();
        client.named("initialized", "sim/101").unwrap();
        let call = talk(&mut client, "sim/101");
        talk(&mut client, "sim/102");
        let seen = client.events.clone();
        // It is on the disk before clients see it: nothing has to be stopped for it.
        let recording = folder(&host, "sim");
        check(&recording, &library("simulator"));
        client_saw(&seen, &events(&recording, &library("simulator")));
        assert!(host.stop().unwrap().success());
        assert!(check(&recording, &library("simulator")) > 20);

        let path = recording.to_str().unwrap();
        let arguments = ["replay", path, "--plugin", &library("simulator"), "--facts", "--raw"];
        assert_eq!(says(&arguments), says(&arguments), "two runs differ");
        assert!(says(&arguments).contains("  fact  "));
        let here = ["replay", path, "--plugin", &library("simulator"), "--json"];
        assert_eq!(says(&here), says(&[&here[..], &["--here"]].concat()), "it depends on where the library runs");
        let same = says(&["replay", path, "--plugin", &library("simulator"), "--diff", &library("simulator")]);
        assert!(same.contains(" 0 places with other events"), "{same}");
        for more in [&["--json"][..], &["--check"], &["--diff", &library("simulator")]] {
            // Another phone system's adapter: not an empty answer that looks like nothing had happened.
            let output = jackfield(&[&["replay", path, "--plugin", &library("first")], more].concat());
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                !output.status.success() && told.contains("it is `acme`, and what was recorded is `simulator`"),
                "{told}"
            );
        }
        let why = says(&["explain", call.as_str().unwrap(), path]);
        for part in ["callStarted", "hold", "callFinished", "command for line", "+380441234567", "fact  "] {
            assert!(why.contains(part), "{part} is not in\n{why}");
        }
        assert!(!why.contains("not published then"), "{why}");
    }
}

#[test]
fn a_recording_begins_and_ends_when_it_is_told_and_the_end_is_cut_out() {
    let host = Setup::new(config(""), &["simulator"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("initialized", "sim/101").unwrap();
    let refused = host.command(&["record", "stop", "sim"]).unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("is not recorded"));
    let cut = |connection: &str| {
        let output = host.command(&["record", "cut", connection, "-o", "none.jfrec"]).unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(cut("sim").contains("was never recorded") && cut("sim").contains("record start sim"), "{}", cut("sim"));
    assert!(cut("smi").contains("there is no connection `smi` (there are: sim)"), "{}", cut("smi"));
    // A call that is up already: the table is part of what a recording begins with.
    let ring = json!({ "line": "sim/102", "name": "ring", "params": {} });
    client.call("librarySpecificService", &ring).unwrap();
    let standing = client.named("callStarted", "sim/102").unwrap();
    let begun = command(&host, &["record", "start", "sim"]);
    assert!(begun.contains("sim is recorded in "), "{begun}");
    let before = client.events.len();
    talk(&mut client, "sim/101");
    let call = json!({ "line": "sim/102", "callId": standing["params"]["data"]["call"]["callId"] });
    client.call("dropCall", &call).unwrap();
    client.named("callFinished", "sim/102").unwrap();
    let status: Value = serde_json::from_str(&command(&host, &["status", "--json"])).unwrap();
    let record = &status["connections"][0]["record"];
    assert_eq!((&record["on"], &record["replayable"]), (&json!(true), &json!(true)), "{record}");

    let cut = host.dir().join("cut.jfrec");
    let path = cut.to_str().unwrap();
    command(&host, &["record", "cut", "sim", "--last", "10m", "-o", path]);
    let again = host.command(&["record", "cut", "sim", "-o", path]).unwrap();
    assert!(!again.status.success(), "a file was written over");
    assert!(command(&host, &["record", "stop", "sim"]).contains("no longer recorded"));
    talk(&mut client, "sim/101");
    let seen: Vec<Value> = client.events[before..].to_vec();
    check(&cut, &library("simulator"));
    let played = events(&cut, &library("simulator"));
    let until = seen.iter().position(|e| e["method"] == "callFinished" && e["params"]["line"] == "sim/102").unwrap();
    client_saw(&seen[..until], &played);
    // And once more: another file behind the one that is there.
    command(&host, &["record", "start", "sim"]);
    talk(&mut client, "sim/102");
    assert_eq!(files(&folder(&host, "sim")).len(), 2);
    check(&folder(&host, "sim"), &library("simulator"));
}

#[test]
fn an_adapter_that_goes_on_for_another_is_played_again() {
    let mut host = Setup::new(config(&format!("isolation = \"process\"\n{RECORD}")), &["simulator"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("initialized", "sim/101").unwrap();
    let ring = json!({ "line": "sim/102", "name": "ring", "params": {} });
    client.call("librarySpecificService", &ring).unwrap();
    let standing = client.named("callStarted", "sim/102").unwrap();
    for place in ["host", "process", "host"] {
        host.write_config(&config(&format!("isolation = \"{place}\"\n{RECORD}"))).unwrap();
        let moved = command(&host, &["reload"]);
        assert!(moved.contains("its adapter moved, unnoticed"), "{moved}");
        talk(&mut client, "sim/101");
    }
    let call = json!({ "line": "sim/102", "callId": standing["params"]["data"]["call"]["callId"] });
    client.call("dropCall", &call).unwrap();
    client.named("callFinished", "sim/102").unwrap();
    let seen = client.events.clone();
    assert!(host.stop().unwrap().success());
    check(&folder(&host, "sim"), &library("simulator"));
    client_saw(&seen, &events(&folder(&host, "sim"), &library("simulator")));
}

#[test]
fn what_is_no_recording_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.jfrec");
    std::fs::write(&file, "this is no recording, and long enough to be one").unwrap();
    for path in [file.to_str().unwrap(), dir.path().join("nothing").to_str().unwrap()] {
        for arguments in [vec!["replay", path, "--plugin", &library("simulator")], vec!["explain", "x", path]] {
            let output = jackfield(&arguments);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(path), "{said}");
        }
    }
}
