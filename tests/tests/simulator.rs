//! A host with the simulator, as a client author meets it: a plain WebSocket, commands, events, rights, errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

const ALICE: &str = "alice-token-0123456789";
const BOB: &str = "bob-token-01234567890";
const BOSS: &str = "boss-token-0123456789";
const CRM: &str = "crm-token-01234567890";

const CONFIG: &str = r#"
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 1
[[user]]
name = "alice"
role = "agent"
token = "alice-token-0123456789"
lines = ["sim/101"]
[[user]]
name = "bob"
role = "agent"
token = { env = "BOB_TOKEN" }
lines = ["sim/102"]
[[user]]
name = "boss"
role = "supervisor"
token = "boss-token-0123456789"
lines = ["sim/*"]
[[user]]
name = "crm"
role = "service"
token = "crm-token-01234567890"
lines = ["sim/*"]
"#;

fn host() -> Host {
    let mut setup = Setup::new(CONFIG, &["simulator"]);
    setup.env.push(("BOB_TOKEN".to_owned(), BOB.to_owned()));
    setup.start().unwrap()
}

fn call_id(event: &Value) -> Value {
    event["params"]["data"]["call"]["callId"].clone()
}

/// Somebody outside calls this line.
fn ring(client: &mut Client, line: &str, more: &Value) -> Value {
    client
        .call("librarySpecificService", &json!({ "line": line, "name": "ring", "params": more }))
        .unwrap_or_else(|e| panic!("ring: {e}"))
}

fn error(result: Result<Value, String>) -> Value {
    serde_json::from_str(&result.expect_err("this should be refused")).unwrap()
}

#[test]
fn calls_start_connect_hold_and_end_by_commands() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({ "from": "+380441234567", "name": "Olena K." }));
    let started = alice.named("callStarted", "sim/101").unwrap();
    let call = &started["params"]["data"]["call"];
    assert_eq!(call["direction"], "in");
    assert_eq!(call["state"], "alerting");
    assert_eq!(call["caller"], json!({ "number": "+380441234567", "name": "Olena K." }));
    assert_eq!(started["params"]["currentCallId"], call["callId"]);
    let id = call_id(&started);
    for (command, event, state) in [
        ("answerCall", "commutationStarted", "connected"),
        ("holdCall", "hold", "held"),
        ("unholdCall", "unhold", "connected"),
        ("dropCall", "callFinished", "finished"),
    ] {
        let request = alice.send(command, &json!({ "line": "sim/101", "callId": id })).unwrap();
        let seen = alice.named(event, "sim/101").unwrap();
        assert_eq!(seen["params"]["data"]["call"]["state"], state, "{seen}");
        assert_eq!(seen["params"]["replyTo"]["id"], request, "who asked for it: {seen}");
        let answer = alice.answer(&json!(request)).unwrap();
        assert_eq!(answer["result"]["callId"], id, "{answer}");
    }
    let finished = alice.events.iter().find(|e| e["method"] == "callFinished").unwrap();
    assert_eq!(finished["params"]["cause"]["code"], "normalClearing");
    assert_eq!(finished["params"]["data"]["releasedBy"], "local");
    assert_eq!(finished["params"]["currentCallId"], Value::Null);
    assert_eq!(alice.core("sim/101"), ["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
}

#[test]
fn make_call_answers_with_the_call_it_made() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let mut bob = host.client(BOB).unwrap();
    let made = alice.call("makeCall", &json!({ "line": "sim/101", "to": "102" })).unwrap();
    let started = alice.named("callStarted", "sim/101").unwrap();
    assert_eq!(call_id(&started), made["callId"]);
    assert_eq!(started["params"]["data"]["call"]["direction"], "out");
    let ringing = bob.named("callStarted", "sim/102").unwrap();
    assert_eq!(ringing["params"]["data"]["call"]["caller"]["number"], "101");
    assert_ne!(call_id(&ringing), made["callId"], "each line has a call of its own");
    bob.call("answerCall", &json!({ "line": "sim/102", "callId": call_id(&ringing) })).unwrap();
    alice.named("commutationStarted", "sim/101").unwrap();
    bob.named("commutationStarted", "sim/102").unwrap();
    bob.call("dropCall", &json!({ "line": "sim/102", "callId": call_id(&ringing) })).unwrap();
    let finished = alice.named("callFinished", "sim/101").unwrap();
    assert_eq!(finished["params"]["data"]["releasedBy"], "remote");
}

#[test]
fn a_wrong_command_gets_an_error_that_helps() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({}));
    let id = call_id(&alice.named("callStarted", "sim/101").unwrap());
    let told = |e: &Value| e["message"].as_str().unwrap_or_default().to_owned();

    let e = error(alice.call("holdCall", &json!({ "line": "sim/101", "callId": id })));
    assert_eq!((&e["code"], &e["data"]["code"]), (&json!(-32000), &json!("invalidCallState")), "{e}");
    assert!(told(&e).contains("alerting"), "{e}");
    let e = error(alice.call("dropCall", &json!({ "line": "sim/101", "callId": "nope" })));
    assert_eq!(e["data"]["code"], "unknownCall", "{e}");
    let e = error(alice.call("dropCall", &json!({ "line": "sim/101" })));
    assert_eq!((&e["code"], &e["data"]["pointer"]), (&json!(-32602), &json!("/params")), "{e}");
    assert!(told(&e).contains("callId"), "{e}");
    let e = error(alice.call("dropCall", &json!({ "line": "sim/101", "callId": 5 })));
    assert_eq!(e["data"]["pointer"], "/params/callId", "{e}");
    let e = error(alice.call("makeCall", &json!({ "line": "sim/101", "to": "102", "form": "101" })));
    assert_eq!(e["data"]["pointer"], "/params/form", "{e}");
    let e = error(alice.call("makeCall", &json!({ "to": "102" })));
    assert_eq!(e["data"]["pointer"], "/params/line", "{e}");
    let e = error(alice.call("teleport", &json!({ "line": "sim/101" })));
    assert_eq!(e["code"], -32601, "{e}");
    // The phone system's own refusal.
    alice.call("dropCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    let fault = json!({ "kind": "refuse", "code": "deviceOutOfService", "text": "no dial tone" });
    alice.call("librarySpecificService", &json!({ "line": "sim/101", "name": "fault", "params": fault })).unwrap();
    let e = error(alice.call("makeCall", &json!({ "line": "sim/101", "to": "102" })));
    assert_eq!((&e["data"]["code"], &e["data"]["type"]), (&json!("deviceOutOfService"), &json!(5)), "{e}");
    assert!(told(&e).contains("no dial tone"), "{e}");
    // What the phone system accepts and cannot do is told by the call's end.
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "604" })).unwrap();
    let end = alice.event(|e| e["method"] == "callFinished" && e["params"]["cause"]["code"] == "invalidDestination");
    end.unwrap();
}

#[test]
fn a_client_that_comes_late_sees_the_present() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({ "from": "5551234" }));
    let id = call_id(&alice.named("callStarted", "sim/101").unwrap());
    alice.call("answerCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    let connected = alice.named("commutationStarted", "sim/101").unwrap();
    let line = alice.named("lineStateChanged", "sim/101").unwrap();

    let mut late = Client::connect(host.url(), Some(CRM)).unwrap();
    let hello = late.call("hello", &json!({ "lines": ["sim/101"] })).unwrap();
    let entry = &hello["lines"][0];
    assert_eq!((&entry["line"], &entry["state"], &entry["resumed"]), (&json!("sim/101"), &json!("up"), &json!(false)));
    let snapshot = late.named("activeCallSnapshot", "sim/101").unwrap();
    assert_eq!(snapshot["params"]["resent"], true);
    assert_eq!(snapshot["params"]["epoch"], connected["params"]["epoch"]);
    assert_eq!(snapshot["params"]["seq"], entry["seq"]);
    let calls = snapshot["params"]["data"]["activeCalls"].as_array().unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!((&calls[0]["callId"], &calls[0]["state"]), (&id, &json!("connected")));
    let resent = late.named("lineStateChanged", "sim/101").unwrap();
    assert_eq!(resent["params"]["data"]["features"], line["params"]["data"]["features"]);
    // And from now on the same as everybody.
    alice.call("dropCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    let mine = alice.named("callFinished", "sim/101").unwrap();
    assert_eq!(late.named("callFinished", "sim/101").unwrap(), mine);
}

#[test]
fn who_comes_back_gets_exactly_what_was_missed() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let mut first = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({}));
    let started = first.named("callStarted", "sim/101").unwrap();
    drop(first);
    let id = call_id(&started);
    alice.call("answerCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    alice.call("dropCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    alice.named("callFinished", "sim/101").unwrap();
    alice.read_for(Duration::from_millis(200));

    let mut second = Client::connect(host.url(), Some(ALICE)).unwrap();
    let seen = json!([{ "line": "sim/101", "epoch": started["params"]["epoch"], "seq": started["params"]["seq"] }]);
    let hello = second.call("hello", &json!({ "resume": seen })).unwrap();
    assert_eq!(hello["lines"][0]["resumed"], true, "{hello}");
    second.named("callFinished", "sim/101").unwrap();
    second.read_for(Duration::from_millis(200));
    let after = |events: &[Value]| -> Vec<Value> {
        events.iter().filter(|e| e["params"]["seq"].as_u64() > started["params"]["seq"].as_u64()).cloned().collect()
    };
    let missed = after(&second.events);
    assert!(!missed.is_empty() && missed.iter().all(|e| e["params"]["resent"] != true));
    assert_eq!(missed, after(&alice.events));

    let mut third = Client::connect(host.url(), Some(ALICE)).unwrap();
    let hello = third.call("hello", &json!({ "resume": [{ "line": "sim/101", "epoch": 5, "seq": 1 }] })).unwrap();
    assert_eq!(hello["lines"][0]["resumed"], false, "another epoch: {hello}");
    third.named("initialized", "sim/101").unwrap();
}

#[test]
fn nobody_gets_in_without_a_token_and_nobody_gets_another_ones_line() {
    let host = host();
    for token in [None, Some("wrong-token-0123456789"), Some("")] {
        let mut client = Client::connect(host.url(), token).unwrap();
        let e = error(client.call("hello", &json!({})));
        assert_eq!(e["data"]["code"], "authenticationFailed", "{e}");
        assert_eq!(client.until_closed().unwrap().0, 4401);
        assert_eq!(client.events, Vec::<Value>::new());
    }
    let mut bob = Client::connect(host.url(), Some(BOB)).unwrap();
    let e = error(bob.call("hello", &json!({ "lines": ["sim/101"] })));
    assert_eq!(e["data"]["code"], "forbidden", "{e}");
    assert_eq!(bob.until_closed().unwrap().0, 4403);
    assert_eq!(bob.events, Vec::<Value>::new());

    let mut bob = host.client(BOB).unwrap();
    let e = error(bob.call("makeCall", &json!({ "line": "sim/101", "to": "600" })));
    assert_eq!(e["data"]["code"], "forbidden", "{e}");
    let e = error(bob.call("makeCall", &json!({ "line": "sim/999", "to": "600" })));
    assert_eq!(e["data"]["code"], "forbidden", "whether it exists is not told: {e}");
    let e = error(bob.call("subscribe", &json!({ "lines": ["sim/101"] })));
    assert_eq!(e["data"]["code"], "forbidden", "{e}");
    let mut alice = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({}));
    alice.named("callStarted", "sim/101").unwrap();
    bob.read_for(Duration::from_millis(300));
    assert!(bob.events.iter().all(|e| e["params"]["line"] == "sim/102"), "{:?}", bob.events);
}

#[test]
fn a_supervisor_sees_but_does_not_command() {
    let host = host();
    let mut boss = host.client(BOSS).unwrap();
    let mut crm = host.client(CRM).unwrap();
    ring(&mut crm, "sim/102", &json!({}));
    let started = boss.named("callStarted", "sim/102").unwrap();
    let e = error(boss.call("answerCall", &json!({ "line": "sim/102", "callId": call_id(&started) })));
    assert_eq!(e["data"]["code"], "forbidden", "{e}");
    boss.call("queryActiveCallSnapshot", &json!({ "line": "sim/102" })).unwrap();
    crm.call("answerCall", &json!({ "line": "sim/102", "callId": call_id(&started) })).unwrap();
    boss.named("commutationStarted", "sim/102").unwrap();
}

#[test]
fn a_token_may_come_as_a_subprotocol_or_in_hello() {
    let host = host();
    let protocols = format!("jackfield.v1, bearer.{ALICE}");
    let mut browser = Client::with_headers(host.url(), &[("sec-websocket-protocol", &protocols)]).unwrap();
    assert_eq!(browser.call("hello", &json!({})).unwrap()["user"]["name"], "alice");
    let mut plain = Client::connect(host.url(), None).unwrap();
    assert_eq!(plain.call("hello", &json!({ "token": BOB })).unwrap()["user"]["name"], "bob");
}

#[test]
fn what_is_no_request_is_refused_by_the_protocols_own_codes() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    for (text, code) in [
        ("{", -32700),
        ("[]", -32600),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"goodbye"}]"#, -32600),
        (r#"{"jsonrpc":"2.0","method":"goodbye"}"#, -32600),
    ] {
        alice.send_text(text).unwrap();
        let answer = alice.answer(&Value::Null).unwrap();
        assert_eq!(answer["error"]["code"], code, "{text}: {answer}");
    }
    let e = error(alice.call("hello", &json!({})));
    assert_eq!(e["code"], -32600, "{e}");
    assert_eq!(alice.call("goodbye", &json!({})).unwrap(), json!({}));
    assert_eq!(alice.until_closed().unwrap().0, 1000);

    let mut rude = Client::connect(host.url(), Some(ALICE)).unwrap();
    error(rude.call("makeCall", &json!({ "line": "sim/101", "to": "600" })));
    assert_eq!(rude.until_closed().unwrap().0, 4400);
    let mut huge = host.client(ALICE).unwrap();
    huge.send_text(&"x".repeat(200_000)).unwrap();
    assert_eq!(huge.until_closed().unwrap().0, 4400);
    let mut silent = Client::connect(host.url(), Some(ALICE)).unwrap();
    assert_eq!(silent.until_closed().unwrap().0, 4401);
}

#[test]
fn pages_of_other_origins_are_refused() {
    let host = host();
    let page = |origin: &str| {
        let headers = [("sec-websocket-protocol", "jackfield.v1"), ("origin", origin)];
        Client::with_headers(host.url(), &headers).map(|_| ())
    };
    assert!(page("https://evil.example").unwrap_err().starts_with("HTTP 403"));
    assert!(page("null").unwrap_err().starts_with("HTTP 403"));
    page(&format!("http://{}", host.address())).unwrap();
    let bare = Client::with_headers(host.url(), &[]).map(|_| ());
    assert!(bare.unwrap_err().contains("jackfield.v1"), "the subprotocol is asked for");
}

#[test]
fn health_is_told_over_http() {
    let host = host();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(host.address()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get("/livez").starts_with("HTTP/1.1 200"));
    assert!(get("/readyz").starts_with("HTTP/1.1 200"));
    let missing = get("/nothing");
    assert!(missing.starts_with("HTTP/1.1 404") && missing.contains("application/problem+json"), "{missing}");
    assert!(get("/ws").starts_with("HTTP/1.1 426"));
}

#[test]
fn a_stopping_host_says_goodbye_in_order() {
    let mut host = host();
    let mut alice = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({}));
    let id = call_id(&alice.named("callStarted", "sim/101").unwrap());
    let status = host.stop().unwrap();
    assert!(status.success(), "{status}\n{}", host.log());
    assert_eq!(alice.until_closed().unwrap().0, 4503);
    let last: Vec<&str> = alice.events.iter().filter_map(|e| e["method"].as_str()).collect();
    assert_eq!(last[last.len() - 2..], ["disconnected", "reconnect"], "{last:?}");
    let gone = &alice.events[alice.events.len() - 2]["params"];
    assert_eq!(gone["data"]["willRetry"], false, "{gone}");
    assert_eq!(gone["data"]["activeCallIds"], json!([id]), "calls are not ended by it: {gone}");
}

#[test]
fn a_phone_system_that_goes_away_and_comes_back_loses_no_call() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    ring(&mut alice, "sim/101", &json!({}));
    let id = call_id(&alice.named("callStarted", "sim/101").unwrap());
    alice.call("answerCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    let fault = json!({ "line": "sim/101", "name": "fault", "params": { "kind": "drop", "seconds": 0.5 } });
    alice.call("librarySpecificService", &fault).unwrap();
    alice.named("disconnected", "sim/101").unwrap();
    alice.named("initialized", "sim/101").unwrap();
    let before = alice.named("activeCallSnapshot", "sim/101").unwrap();
    assert_eq!(before["params"]["data"]["reason"], "beforeReconcile");
    assert_eq!(before["params"]["data"]["activeCalls"][0]["state"], "unknown");
    let after = alice.event(|e| e["params"]["data"]["reason"] == "reconciled").unwrap();
    let call = &after["params"]["data"]["activeCalls"][0];
    assert_eq!((&call["callId"], &call["state"]), (&id, &json!("connected")));
}

#[test]
fn an_adapter_that_panics_is_started_again_and_told() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    let panic = json!({ "line": "sim/101", "name": "fault", "params": { "kind": "panic" } });
    alice.call("librarySpecificService", &panic).unwrap();
    let fault = alice.event(|e| e["method"] == "error").unwrap();
    assert_eq!(fault["params"]["line"], Value::Null);
    assert_eq!(fault["params"]["data"]["code"], "adapterFault", "{fault}");
    let gone = alice.named("disconnected", "sim/101").unwrap();
    assert_eq!(gone["params"]["cause"]["code"], "adapterFault");
    alice.named("initialized", "sim/101").unwrap();
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
    alice.named("commutationStarted", "sim/101").unwrap();
}

#[test]
fn two_tabs_get_the_same_events_and_queries_answer_the_asker_alone() {
    let host = host();
    let mut one = host.client(ALICE).unwrap();
    let mut two = host.client(ALICE).unwrap();
    ring(&mut one, "sim/101", &json!({}));
    let id = call_id(&one.named("callStarted", "sim/101").unwrap());
    let state = one.call("queryLineState", &json!({ "line": "sim/101" })).unwrap();
    assert_eq!(state["callId"], id);
    assert!(one.call("getCapabilities", &json!({ "line": "sim/101" })).unwrap()["call"].is_array());
    one.call("dropCall", &json!({ "line": "sim/101", "callId": id })).unwrap();
    one.named("callFinished", "sim/101").unwrap();
    two.named("callFinished", "sim/101").unwrap();
    one.read_for(Duration::from_millis(200));
    two.read_for(Duration::from_millis(200));
    let live = |client: &Client| -> Vec<Value> {
        client.events.iter().filter(|e| e["params"]["resent"] != true).cloned().collect()
    };
    assert_eq!(live(&one), live(&two));
    let resent = |client: &Client| client.events.iter().filter(|e| e["params"]["resent"] == true).count();
    assert_eq!(resent(&one), resent(&two) + 1);
}

#[test]
fn a_command_with_a_repeated_key_is_done_once() {
    let host = host();
    let mut one = host.client(ALICE).unwrap();
    let mut two = host.client(ALICE).unwrap();
    let make = json!({ "line": "sim/101", "to": "600", "idempotencyKey": "k-1" });
    let first = one.call("makeCall", &make).unwrap();
    assert_eq!(two.call("makeCall", &make).unwrap(), first, "the other tab gets the same answer");
    let other = json!({ "line": "sim/101", "to": "102", "idempotencyKey": "k-1" });
    let e = error(two.call("makeCall", &other));
    assert_eq!(e["data"]["pointer"], "/params/idempotencyKey", "{e}");
    let mut crm = host.client(CRM).unwrap();
    let e = error(crm.call("makeCall", &make));
    assert_eq!(e["data"]["code"], "invalidCallState", "another user's key is another key: {e}");
    one.named("callStarted", "sim/101").unwrap();
    one.read_for(Duration::from_millis(300));
    assert_eq!(one.core("sim/101").iter().filter(|m| *m == "callStarted").count(), 1);
}

#[test]
fn a_token_is_renewed_on_the_live_socket_but_not_changed_to_another_users() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    assert_eq!(alice.call("authenticate", &json!({ "token": ALICE })).unwrap(), json!({}));
    assert_eq!(error(alice.call("authenticate", &json!({ "token": BOB })))["data"]["code"], "forbidden");
    assert_eq!(error(alice.call("authenticate", &json!({ "token": "x" })))["data"]["code"], "authenticationFailed");
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
}

#[test]
fn numbers_are_told_to_who_may_read_them() {
    let host = host();
    let mut alice = host.client(ALICE).unwrap();
    alice.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
    alice.named("commutationStarted", "sim/101").unwrap();
    let get = |token: &str| host.metrics(token).unwrap();
    assert!(get("nobody").starts_with("HTTP/1.1 401"));
    assert!(get(ALICE).starts_with("HTTP/1.1 403"));
    let page = get(CRM);
    for line in [
        "cti_connection_up{connection=\"sim\"} 1",
        "cti_lines_up{connection=\"sim\"} 2",
        "cti_calls{connection=\"sim\"} 1",
        "cti_events_total{connection=\"sim\",event=\"callStarted\"} 1",
        "cti_repair_total{connection=\"sim\",rule=\"I2\"} 0",
        "cti_commands_total{connection=\"sim\",result=\"accepted\"} 1",
        "jackfield_sessions 1",
    ] {
        assert!(page.lines().any(|l| l == line), "`{line}` is not in\n{page}");
    }
}
