//! Oktell through the whole host: a server of a WebSocket per user, the adapter in a process of its own or in the host,
//! and clients that see what CRM authors see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod ondemand;
mod recordings;
mod scenarios;
mod server;
mod simulated;

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};
use server::{CHAIN, CHAIN_2, OUTSIDE, Server, holding, idle, with};

const TOKEN: &str = "crm-token-01234567890";
const BOSS: &str = "boss-token-0123456789";

fn start(server: &Server, isolation: &str, users: &[&str]) -> Host {
    host_at(&server.url(), isolation, users, "op", 0)
}

/// A host with one line for each user; a user's login is the line's number less `less`.
fn host_at(url: &str, isolation: &str, users: &[&str], login: &str, less: u32) -> Host {
    Setup::new(config_at(url, isolation, users, login, less), &["oktell"]).start().unwrap()
}

/// Its configuration.
fn config_at(url: &str, isolation: &str, users: &[&str], login: &str, less: u32) -> String {
    let mut config = format!(
        "[[connection]]\nid = \"okt\"\nplugin = \"oktell\"\nisolation = \"{isolation}\"\nbackoff = {{ first = \"100ms\", \
         most = \"300ms\" }}\n[connection.settings]\nurl = \"{url}\"\n"
    );
    for user in users {
        let number = user.parse::<u32>().unwrap() - less;
        config += &format!(
            "[[line]]\nname = \"okt/{user}\"\n[line.settings]\nlogin = \"{login}{number}\"\npassword = \"Secret1\"\n"
        );
    }
    config += &format!("[[user]]\nname = \"crm\"\nrole = \"service\"\ntoken = \"{TOKEN}\"\nlines = [\"okt/*\"]\n");
    config += &format!("[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n");
    config
}

fn call_id(event: &Value) -> Value {
    event["params"]["data"]["call"]["callId"].clone()
}

/// A command on line 101.
fn command(client: &mut Client, name: &str, more: Value) -> Value {
    let mut params = json!({"line": "okt/101"});
    for (key, value) in more.as_object().unwrap() {
        params[key] = value.clone();
    }
    client.call(name, &params).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// A client that has seen line 101 come up.
fn client(host: &Host) -> Client {
    let mut client = host.client(TOKEN).unwrap();
    client.named("lineStateChanged", "okt/101").unwrap();
    client
}

/// An outgoing call with hold, taking back and end.
fn outgoing(isolation: &str) {
    let server = Server::start(&["op101"]);
    let host = start(&server, isolation, &["101"]);
    let mut client = client(&host);
    let id = client.send("makeCall", &json!({"line": "okt/101", "to": OUTSIDE})).unwrap();
    server.wait_for("op101", "pbxautocallstart");
    server.becomes(
        "op101",
        with("", CHAIN, "direction=acm_callback"),
        &["phoneevent_acmcallstarted", "phoneevent_ringstarted", "userstatechanged 5"],
    );
    let started = client.named("callStarted", "okt/101").unwrap();
    let call = call_id(&started);
    assert_eq!(started["params"]["data"]["call"]["phase"], "ownRinging");
    assert_eq!(started["params"]["data"]["call"]["called"]["number"], OUTSIDE);
    assert_eq!(client.answer(&json!(id)).unwrap()["result"]["callId"], call);
    server.becomes("op101", with(OUTSIDE, CHAIN, "iswaitingforanswer"), &["phoneevent_ringstopped"]);
    server.becomes(
        "op101",
        with(OUTSIDE, CHAIN, "iscommutated"),
        &["phoneevent_acmcallstopped", "phoneevent_commstarted"],
    );
    client.named("commutationStarted", "okt/101").unwrap();
    command(&mut client, "holdCall", json!({"callId": call}));
    server.wait_for("op101", "pbxmakeflash");
    server.becomes("op101", holding(idle(), OUTSIDE, CHAIN), &["phoneevent_commstopped", "flash 1"]);
    let held = client.named("hold", "okt/101").unwrap();
    assert!(held["params"]["replyTo"].is_object(), "{held}");
    command(&mut client, "unholdCall", json!({"callId": call}));
    server.wait_for("op101", "pbxmakeflash");
    server.becomes("op101", with(OUTSIDE, CHAIN, "iscommutated"), &["flash 2", "phoneevent_commstarted"]);
    client.named("unhold", "okt/101").unwrap();
    command(&mut client, "dropCall", json!({"callId": call}));
    server.wait_for("op101", "pbxabortcall");
    server.becomes("op101", idle(), &["phoneevent_commstopped", "userstatechanged 1"]);
    let finished = client.named("callFinished", "okt/101").unwrap();
    assert_eq!(finished["params"]["cause"]["code"], "normalClearing");
    assert_eq!(finished["params"]["data"]["releasedBy"], "local");
    assert_eq!(client.core("okt/101"), ["callStarted", "commutationStarted", "hold", "unhold", "callFinished"]);
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

/// An incoming call, a consultation, and the two others connected.
fn consultation(isolation: &str) {
    let server = Server::start(&["op101"]);
    let host = start(&server, isolation, &["101"]);
    let mut client = client(&host);
    server.becomes("op101", with(OUTSIDE, CHAIN, "isringing"), &["phoneevent_ringstarted", "userstatechanged 5"]);
    let first = call_id(&client.named("callStarted", "okt/101").unwrap());
    let id = client.send("answerCall", &json!({"line": "okt/101", "callId": first})).unwrap();
    server.wait_for("op101", "pbxanswercall");
    server.becomes(
        "op101",
        with(OUTSIDE, CHAIN, "iscommutated"),
        &["phoneevent_ringstopped", "phoneevent_commstarted"],
    );
    client.named("commutationStarted", "okt/101").unwrap();
    assert_eq!(client.answer(&json!(id)).unwrap()["result"]["callId"], first);
    let id = client.send("makeConsultCall", &json!({"line": "okt/101", "callId": first, "to": "102"})).unwrap();
    server.wait_for("op101", "pbxautocallstart");
    server.becomes(
        "op101",
        holding(with("102", CHAIN_2, "iswaitingforanswer"), OUTSIDE, CHAIN),
        &["phoneevent_acmcallstarted", "flash 1", "phoneevent_commstopped"],
    );
    let started = client.named("callStarted", "okt/101").unwrap();
    let consult = call_id(&started);
    assert_eq!(started["params"]["data"]["call"]["role"], "consult");
    assert_eq!(client.answer(&json!(id)).unwrap()["result"]["callId"], consult);
    server.becomes(
        "op101",
        holding(with("102", CHAIN_2, "iscommutated"), OUTSIDE, CHAIN),
        &["phoneevent_acmcallstopped", "phoneevent_commstarted"],
    );
    client.named("commutationStarted", "okt/101").unwrap();
    client
        .event(|e| {
            let features = &e["params"]["data"]["features"];
            e["method"] == "lineStateChanged"
                && features.as_array().is_some_and(|f| f.contains(&json!("completeTransfer")))
        })
        .unwrap();
    command(&mut client, "transferCall", json!({"callId": first, "consultCallId": consult}));
    server.wait_for("op101", "pbxabortcall");
    server.becomes("op101", idle(), &["flash 5", "phoneevent_commstopped", "userstatechanged 1"]);
    for ended in [&consult, &first] {
        let finished = client.named("callFinished", "okt/101").unwrap();
        assert_eq!((&call_id(&finished), &finished["params"]["cause"]["code"]), (ended, &json!("transferred")));
    }
    assert_eq!(
        client.core("okt/101"),
        [
            "callStarted",
            "commutationStarted",
            "hold",
            "callStarted",
            "commutationStarted",
            "callFinished",
            "unhold",
            "callFinished",
        ]
    );
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn an_outgoing_call_is_held_taken_back_and_ended_isolated() {
    outgoing("process");
}

#[test]
fn an_outgoing_call_is_held_taken_back_and_ended_in_the_host() {
    outgoing("host");
}

#[test]
fn a_consultation_connects_the_two_others_isolated() {
    consultation("process");
}

#[test]
fn a_consultation_connects_the_two_others_in_the_host() {
    consultation("host");
}

#[test]
fn a_refused_login_and_a_cut_one_leave_the_others_alone() {
    let server = Server::start(&["op101", "op102", "op103"]);
    server.refuses("op103", true);
    let host = start(&server, "process", &["101", "102", "103"]);
    let mut client = client(&host);
    client.look_again();
    client.named("lineStateChanged", "okt/102").unwrap();
    client.look_again();
    let error = client.event(|e| e["method"] == "error").unwrap();
    assert_eq!(
        (&error["params"]["line"], &error["params"]["data"]["code"]),
        (&Value::Null, &json!("authenticationFailed"))
    );
    assert!(error["params"]["data"]["message"].as_str().unwrap().contains("line 103"), "{error}");

    // In a call, line 101's link breaks; the other line's calls go on meanwhile.
    server.becomes("op101", with(OUTSIDE, CHAIN, "isringing"), &["phoneevent_ringstarted"]);
    let call = call_id(&client.named("callStarted", "okt/101").unwrap());
    server.becomes("op101", with(OUTSIDE, CHAIN, "iscommutated"), &["phoneevent_commstarted"]);
    client.named("commutationStarted", "okt/101").unwrap();
    server.cut("op101");
    let lost = client.named("disconnected", "okt/101").unwrap();
    assert_eq!(
        (&lost["params"]["data"]["scope"], &lost["params"]["data"]["activeCallIds"]),
        (&json!("line"), &json!([call]))
    );
    server.becomes("op102", with(OUTSIDE, CHAIN_2, "isringing"), &["phoneevent_ringstarted"]);
    client.named("callStarted", "okt/102").unwrap();
    let back = client
        .event(|e| {
            e["method"] == "activeCallSnapshot"
                && e["params"]["line"] == "okt/101"
                && e["params"]["data"]["reason"] == "reconciled"
        })
        .unwrap();
    let calls = &back["params"]["data"]["activeCalls"];
    assert_eq!((&calls[0]["callId"], &calls[0]["state"], &calls[1]), (&call, &json!("connected"), &Value::Null));
    assert!(!client.events.iter().any(|e| e["method"] == "disconnected" && e["params"]["line"] == "okt/102"));

    // The password is set right; its link is tried again by itself.
    server.refuses("op103", false);
    client.named("initialized", "okt/103").unwrap();
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}
