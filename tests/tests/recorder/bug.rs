//! A fault that somebody planted in a copy of an adapter: found by comparing both over one recording.

use std::fs;

use jackfield_tests::host::Setup;
use jackfield_tests::library::{self, Fixture};
use serde_json::{Value, json};

use super::bed::{RECORD, check, folder, jackfield};

const TOKEN: &str = "alice-token-0123456789";

#[test]
fn a_planted_fault_is_found() {
    let config = format!(
        r#"
[[connection]]
id = "fix"
plugin = "fixture"
{RECORD}
[connection.settings]
greeting = "hello"
[[user]]
name = "alice"
role = "admin"
token = "{TOKEN}"
lines = ["fix/101"]
"#
    );
    let good = Fixture::version("1.0.0").bytes().unwrap();
    let mut setup = Setup::new(config, &[]);
    setup.files.push((library::file_name("fix"), good.clone()));
    let host = setup.start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    let snapshot = client.call("queryActiveCallSnapshot", &json!({ "line": "fix/101" })).unwrap();
    let call = json!({ "line": "fix/101", "callId": snapshot["activeCalls"][0]["callId"] });
    for (command, event) in [("holdCall", "hold"), ("unholdCall", "unhold"), ("holdCall", "hold")] {
        client.call(command, &call).unwrap();
        client.named(event, "fix/101").unwrap();
    }
    let recording = folder(&host, "fix");
    let file = |name: &str, bytes: &[u8]| {
        let path = host.dir().join(library::file_name(name));
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = file("good", &good);
    check(&recording, &good);
    // A hold is told as a call that goes on.
    let bad = file("bad", &Fixture::version("1.0.1").fails("deaf-to-hold").bytes().unwrap());
    let path = recording.to_str().unwrap();
    let output = jackfield(&["replay", path, "--plugin", &good, "--diff", &bad]);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    let mut lines = out.lines();
    let first = lines.next().unwrap();
    assert!(first.contains("the first difference") && first.contains("command for line 0: holdCall"), "{out}");
    assert!(lines.next().unwrap().starts_with("- "), "{out}");
    // Once for the hold, once for what cannot be taken back, once for the second hold.
    assert!(out.lines().filter(|line| line.starts_with("@ ")).count() >= 3, "{out}");
    assert!(out.contains("- ") && out.lines().filter(|line| line.contains(" hold ")).count() >= 2, "{out}");
    let output = jackfield(&["replay", path, "--plugin", &bad, "--check", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["different"].as_u64().unwrap() >= 2, "{told}");
    assert!(told["first"]["what"].as_str().unwrap().contains("held"), "{told}");
    assert_eq!(jackfield(&["replay", path, "--plugin", &good, "--diff", &good]).status.code(), Some(0));
}
