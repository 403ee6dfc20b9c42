//! WebRTC signals go to and from the one client that carries a call's media.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::time::Duration;

use jackfield_tests::build::Version;
use jackfield_tests::client::Client;
use jackfield_tests::host::Setup;
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";

const CONFIG: &str = r#"
[[connection]]
id = "fix"
plugin = "fixture"
[connection.settings]
greeting = "hello"
[[user]]
name = "alice"
role = "agent"
token = "alice-token-0123456789"
lines = ["fix/101"]
"#;

fn signal(call: &Value, payload: &str) -> Value {
    json!({ "line": "fix/101", "callId": call, "sessionId": "w-1", "kind": "offer", "payload": payload })
}

/// Ends the call that the fixture begins with, and makes one.
fn make(client: &mut Client) -> Value {
    let snapshot = client.named("activeCallSnapshot", "fix/101").unwrap();
    let standing = &snapshot["params"]["data"]["activeCalls"][0]["callId"];
    client.call("dropCall", &json!({ "line": "fix/101", "callId": standing })).unwrap();
    client.call("makeCall", &json!({ "line": "fix/101", "to": "555" })).unwrap()
}

fn signals(client: &Client) -> Vec<&Value> {
    client.events.iter().filter(|e| e["method"] == "webRtcSignal").collect()
}

#[test]
fn the_client_that_made_the_call_carries_its_media_until_it_is_gone() {
    let mut setup = Setup::new(CONFIG.to_owned(), &[]);
    setup.plugins.push(("fixture", Version::Present));
    let host = setup.start().unwrap();
    let (mut first, mut second) = (host.client(ALICE).unwrap(), host.client(ALICE).unwrap());
    let made = make(&mut first);
    second.named("callStarted", "fix/101").unwrap();

    let refused = second.call("webRtcSignal", &signal(&made["callId"], "mine?")).unwrap_err();
    assert!(refused.contains("notOwner"), "{refused}");
    first.call("webRtcSignal", &signal(&made["callId"], "v=0")).unwrap();
    let told = first.named("webRtcSignal", "fix/101").unwrap();
    assert_eq!(
        told["params"]["data"],
        json!({ "callId": made["callId"], "sessionId": "w-1", "kind": "answer", "payload": "you said v=0" })
    );
    assert_eq!(told["params"].get("seq"), None, "a signal is not part of the line's stream");
    second.read_for(Duration::from_millis(300));
    assert!(signals(&second).is_empty(), "another client was told: {:?}", signals(&second));

    drop(first);
    // The host learns that a client is gone by its socket, which takes a moment.
    let begin = std::time::Instant::now();
    while let Err(refused) = second.call("webRtcSignal", &signal(&made["callId"], "mine now")) {
        assert!(refused.contains("notOwner") && begin.elapsed() < Duration::from_secs(20), "{refused}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = second.named("webRtcSignal", "fix/101").unwrap();
    assert_eq!(told["params"]["data"]["payload"], "you said mine now");
}

#[test]
fn a_signal_has_a_bounded_size() {
    let mut setup = Setup::new(CONFIG.to_owned(), &[]);
    setup.plugins.push(("fixture", Version::Present));
    let host = setup.start().unwrap();
    let mut client = host.client(ALICE).unwrap();
    let made = make(&mut client);
    client.call("webRtcSignal", &signal(&made["callId"], &"x".repeat(64 * 1024))).unwrap();
    let refused = client.call("webRtcSignal", &signal(&made["callId"], &"x".repeat(64 * 1024 + 1))).unwrap_err();
    assert!(refused.contains("/params/payload") && refused.contains("65537 bytes"), "{refused}");
}
