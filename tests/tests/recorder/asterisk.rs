//! Real calls of a real Asterisk.

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, PATIENCE, Pbx, Phone};
use jackfield_tests::client::Client;
use jackfield_tests::host::Setup;
use serde_json::{Value, json};

use super::bed::{RECORD, bytes, check, client_saw, events, folder, library, says};

const TOKEN: &str = "tests-token-0123456789";

fn call(event: &Value) -> Value {
    event["params"]["data"]["call"]["callId"].clone()
}

/// An attended transfer by a phone: 101 calls 103, asks 102, and puts both together.
fn transfer(pbx: &Pbx, client: &mut Client) -> Value {
    let _stays = pbx.phone("103", Phone::Answers { ring_ms: 200 }).unwrap();
    let _asked = pbx.phone("102", Phone::Answers { ring_ms: 400 }).unwrap();
    let mut transferer = pbx.call("101", "103", Caller::TransfersAfterAsking { talk_ms: 800, to: "102" }).unwrap();
    let mine = call(&client.named("callStarted", "ast/101").unwrap());
    client.named("callStarted", "ast/103").unwrap();
    let there = call(&client.named("callStarted", "ast/102").unwrap());
    client.named("callFinished", "ast/101").unwrap();
    client.named("callFinished", "ast/101").unwrap();
    transferer.wait(PATIENCE).unwrap();
    client.call("dropCall", &json!({ "line": "ast/102", "callId": there })).unwrap();
    client.named("callFinished", "ast/102").unwrap();
    // Which of the two comes first is Asterisk's affair.
    client.look_again();
    client.named("callFinished", "ast/103").unwrap();
    mine
}

#[test]
fn a_transfer_of_a_real_asterisk_is_played_again_and_explained() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let config = format!(
        r#"
[[connection]]
id = "ast"
plugin = "asterisk"
{RECORD}
[connection.settings]
host = "127.0.0.1"
port = {}
username = "{AMI_MIN_USER}"
password = "{AMI_MIN_SECRET}"
context = "internal"
[connection.lines]
device = "PJSIP/{{device}}"
[[user]]
name = "tests"
role = "admin"
token = "{TOKEN}"
lines = ["ast/101", "ast/102", "ast/103"]
"#,
        pbx.ami_port()
    );
    let mut host = Setup::new(config, &["asterisk"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    for line in ["ast/101", "ast/102", "ast/103"] {
        client.named("initialized", line).unwrap();
    }
    let mine = transfer(&pbx, &mut client);
    let seen = client.events.clone();
    assert!(host.stop().unwrap().success());
    let recording = folder(&host, "ast");
    let asterisk = library("asterisk");
    check(&recording, &asterisk);
    let played = events(&recording, &asterisk);
    client_saw(&seen, &played);
    let all = bytes(&recording);
    assert!(!all.windows(AMI_MIN_SECRET.len()).any(|window| window == AMI_MIN_SECRET.as_bytes()));

    let path = recording.to_str().unwrap();
    let why = says(&["explain", mine.as_str().unwrap(), path]);
    if let Some(file) = std::env::var_os("JACKFIELD_EXPLAINED") {
        std::fs::write(file, &why).unwrap();
    }
    // Read as a person reads it: the call, its consultation, what Asterisk said, what became of it.
    for part in ["| Event: ", "fact   line 0 call ", "callStarted", "held", "transferred", "callFinished"] {
        assert!(why.contains(part), "{part} is not in\n{why}");
    }
    assert!(why.lines().filter(|line| line.starts_with("with ")).count() >= 1, "no consultation:\n{why}");
    assert!(!why.contains("not published then"), "{why}");
    let told: Value = serde_json::from_str(&says(&["explain", mine.as_str().unwrap(), path, "--json"])).unwrap();
    let moments = told["moments"].as_array().unwrap();
    let names: Vec<&str> = moments
        .iter()
        .flat_map(|moment| moment["events"].as_array().unwrap())
        .filter_map(|event| event["method"].as_str())
        .collect();
    assert_eq!(names.iter().filter(|name| **name == "callStarted").count(), 2, "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "callFinished").count(), 2, "{names:?}");
    // By the phone system's own name for it, too.
    let native = played.iter().map(|event| &event["params"]["data"]["call"]).find(|call| call["callId"] == mine);
    let native = native.unwrap()["nativeId"].as_str().unwrap();
    assert_eq!(says(&["explain", native, path]), why);
}
