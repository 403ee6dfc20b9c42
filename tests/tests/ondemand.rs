//! Lines that are opened on demand at a phone system with one link for all, and what a crash leaves of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use serde_json::{Value, json};

const CRM: &str = "crm-token-01234567890";
const BOSS: &str = "boss-token-0123456789";

fn config(linger: &str) -> String {
    format!(
        "[store]\nurl = \"sqlite://calls.db\"\n[[connection]]\nid = \"sim\"\nplugin = \"simulator\"\nopen = \
         \"on-demand\"\nlinger = \"{linger}\"\n[connection.settings]\nseed = 1\n[[user]]\nname = \"crm\"\nrole = \
         \"service\"\ntoken = \"{CRM}\"\nlines = [\"sim/101\", \"sim/102\", \"sim/103\"]\n[[user]]\nname = \
         \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n"
    )
}

fn client(host: &Host, lines: Value) -> (Client, Value) {
    let mut client = Client::connect(host.url(), Some(CRM)).unwrap();
    let hello = client.call("hello", &json!({ "lines": lines })).unwrap();
    (client, hello["lines"].clone())
}

#[test]
fn lines_of_one_link_are_opened_one_by_one() {
    let host = Setup::new(config("0s"), &["simulator"]).start().unwrap();
    host.wait_metric(BOSS, "cti_connection_up{connection=\"sim\"} 1").unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 3").unwrap();
    let (mut one, hello) = client(&host, json!(["sim/101"]));
    // The answer to `hello` and the line race; a line that lost says so.
    let (state, epoch) = (&hello[0]["state"], &hello[0]["epoch"]);
    assert!(state == "up" || (state == "notStarted" && *epoch == 0), "{hello}");
    assert!(hello[0]["capabilities"]["call"].is_array() || hello[0]["capabilities"].is_object(), "{hello}");
    one.named("lineStateChanged", "sim/101").unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 2").unwrap();

    // Two more come together; one of their phones is called, and they go while it talks.
    let (mut two, hello) = client(&host, json!(["sim/102", "sim/103"]));
    assert_eq!(hello.as_array().map(Vec::len), Some(2));
    for line in ["sim/102", "sim/103"] {
        two.look_again();
        two.event(|e| e["method"] == "lineStateChanged" && e["params"]["line"] == line).unwrap();
    }
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 0").unwrap();
    one.call("makeCall", &json!({ "line": "sim/101", "to": "102" })).unwrap();
    let call = one.named("callStarted", "sim/101").unwrap()["params"]["data"]["call"]["callId"].clone();
    two.look_again();
    let theirs = two.named("callStarted", "sim/102").unwrap()["params"]["data"]["call"]["callId"].clone();
    two.call("answerCall", &json!({ "line": "sim/102", "callId": theirs })).unwrap();
    one.named("commutationStarted", "sim/101").unwrap();
    drop(two);
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 1").unwrap();
    host.wait_metric(BOSS, "cti_calls{connection=\"sim\"} 2").unwrap();
    one.call("dropCall", &json!({ "line": "sim/101", "callId": call })).unwrap();
    one.named("callFinished", "sim/101").unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 2").unwrap();
    host.wait_metric(BOSS, "cti_calls{connection=\"sim\"} 0").unwrap();

    // Who sees a line only for its raw messages, or only asks for it, opens nothing.
    let mut boss = Client::connect(host.url(), Some(BOSS)).unwrap();
    boss.call("hello", &json!({ "lines": [] })).unwrap();
    boss.call("subscribeRaw", &json!({ "lines": ["sim/103"] })).unwrap();
    assert!(boss.call("queryLineState", &json!({ "line": "sim/103" })).is_err());
    boss.call("getCapabilities", &json!({ "line": "sim/103" })).unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 2").unwrap();
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

#[test]
fn a_call_that_a_crash_left_behind_has_its_end_seen_though_nobody_asks() {
    let mut host = Setup::new(config("0s"), &["simulator"]).start().unwrap();
    let (mut one, _) = client(&host, json!(["sim/101"]));
    one.named("lineStateChanged", "sim/101").unwrap();
    one.call("makeCall", &json!({ "line": "sim/101", "to": "600" })).unwrap();
    one.named("commutationStarted", "sim/101").unwrap();
    let id = one.named("callSaved", "sim/101").unwrap()["params"]["data"]["callId"].clone();
    drop(one);
    host.kill();
    host.start_again().unwrap();
    // The phone system was inside the adapter: it does not know the call any more.
    host.wait_log("calls are taken up again").unwrap();
    host.wait_metric(BOSS, "cti_events_total{connection=\"sim\",event=\"callFinished\"} 1").unwrap();
    host.wait_metric(BOSS, "cti_lines_waiting{connection=\"sim\"} 3").unwrap();
    let saved = host.get(&format!("/api/v1/calls/{}", id.as_str().unwrap()), BOSS).unwrap().json();
    assert_eq!((saved["endedAt"].is_string(), &saved["cause"]), (true, &json!("lost")), "{saved}");
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}
