//! An adapter with a socket begins afresh in the middle of calls, with other settings: what the phone system then shows
//! decides. (By another version it is replaced without anybody noticing: `swap`.)
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use jackfield_tests::host::Setup;
use serde_json::{Value, json};

const TOKEN: &str = "demo-token-0123456789";
const LINE: &str = "acme/101";

/// A phone system that shows other calls at every login.
fn phone_system(shown: Vec<Vec<&'static str>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for calls in shown {
            let (mut stream, _) = listener.accept().unwrap();
            let reader = BufReader::new(stream.try_clone().unwrap());
            for line in reader.lines().map_while(Result::ok) {
                let words: Vec<&str> = line.split_whitespace().collect();
                let said = match words[..] {
                    ["HELLO", ..] => "OK login\n".to_owned(),
                    ["STATUS"] => calls.iter().chain(&["END"]).map(|call| format!("STATUS {call}\n")).collect(),
                    ["RESUME", tag, id] => format!("OK {tag}\nRESUMED {id} 101\n"),
                    _ => continue,
                };
                stream.write_all(said.as_bytes()).unwrap();
            }
        }
    });
    port
}

#[test]
fn calls_survive_a_new_adapter_as_far_as_the_phone_system_shows_them() {
    let port = phone_system(vec![
        vec!["17 101 in +380441 held", "18 101 out 555 talking"],
        vec!["17 101 in +380441 held", "19 101 in +380442 ringing"],
    ]);
    let config = format!(
        r#"
settle = "300ms"
[[connection]]
id = "acme"
plugin = "acme"
[connection.settings]
host = "127.0.0.1"
port = {port}
user = "cti"
password = "secret"
[connection.lines]
extension = "{{device}}"
[[user]]
name = "demo"
role = "admin"
token = "{TOKEN}"
lines = ["{LINE}"]
"#
    );
    let host = Setup::new(config.as_str(), &["first"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    let calls = |snapshot: &Value| snapshot["params"]["data"]["activeCalls"].as_array().unwrap().clone();
    let before = client.event(|e| e["method"] == "activeCallSnapshot" && calls(e).len() == 2).unwrap();
    let id = |calls: &[Value], native: &str| calls.iter().find(|c| c["nativeId"] == native).unwrap()["callId"].clone();
    let (held, talking) = (id(&calls(&before), "17"), id(&calls(&before), "18"));

    host.write_config(&config.replace("user = \"cti\"", "user = \"other\"")).unwrap();
    let reloaded = host.command(&["reload"]).unwrap();
    assert!(String::from_utf8_lossy(&reloaded.stdout).contains("its settings were changed"), "{reloaded:?}");
    let gone = client.named("disconnected", LINE).unwrap();
    assert_eq!(gone["params"]["data"]["willRetry"], true, "{gone}");
    let left = client.event(|e| e["params"]["data"]["reason"] == "beforeReconcile").unwrap();
    assert!(calls(&left).iter().all(|c| c["state"] == "unknown"), "{left}");
    assert_eq!(calls(&left).len(), 2, "an exchange ends no call: {left}");
    let reconciled = client.event(|e| e["params"]["data"]["reason"] == "reconciled").unwrap();
    let after = calls(&reconciled);
    assert_eq!((after.len(), id(&after, "17")), (2, held.clone()), "{reconciled}");
    let finished = client.events.iter().find(|e| e["method"] == "callFinished").unwrap();
    assert_eq!(finished["params"]["data"]["call"]["callId"], talking, "what is not shown any more is over: {finished}");
    let started = client.events.iter().rfind(|e| e["method"] == "callStarted").unwrap();
    assert_eq!(started["params"]["data"]["call"]["callId"], id(&after, "19"), "{started}");

    // The new adapter commands the old call.
    client.call("unholdCall", &json!({ "line": LINE, "callId": held })).unwrap();
    let taken = client.named("unhold", LINE).unwrap();
    assert_eq!(taken["params"]["data"]["call"]["callId"], held, "{taken}");
}
