//! Infinity's own requests: they say when to look, and never what there is.

use jackfield_tests::host::Setup;
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::bed::{BOSS, Bed, ONE, OUTSIDE, TOKEN, call_id, config};

const SECRET: &str = "hook-secret-0123456789";
/// Nobody is asked for ten minutes, unless there is a reason.
const SLOW: &str = "busy_ms = 60000\nidle_ms = 600000\nstate_ms = 0\n";
const PBX: &str = "outside = \"manual\"\ncall_events = \"/call/OnStateChanged/\"\n";

fn bed(isolation: &str, allow: &str) -> Bed {
    let mut infinity = Sim::start("infinity", PBX).unwrap();
    let hooks = format!("[connection.hooks]\nallow = [\"{allow}\"]\nsecret = {{ env = \"HOOK_SECRET\" }}\n[[line]]");
    let text = config(infinity.url(), isolation, &[101, 102], SLOW).replacen("[[line]]", &hooks, 1);
    let mut setup = Setup::new(text, &["infinity"]);
    setup.env.push(("HOOK_SECRET".to_owned(), SECRET.to_owned()));
    let host = setup.start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    for method in ["lineStateChanged", "agentStateChanged"] {
        client.look_again();
        client.named(method, ONE).unwrap();
    }
    let url = format!("http://{}/hooks/inf/{SECRET}", host.address());
    infinity.tell(&json!({"do": "events-url", "url": url})).unwrap();
    Bed { infinity, host, client }
}

fn total(bed: &mut Bed) -> u64 {
    bed.phones(json!({"do": "requests"}))["total"].as_u64().unwrap()
}

/// A request to the hooks as anybody could make it: the answer's status.
fn says(bed: &Bed, secret: &str, what: &str) -> u16 {
    bed.host.request("GET", &format!("/hooks/inf/{secret}{what}"), "", &[], "").unwrap().status
}

fn triggers(isolation: &str) {
    let mut bed = bed(isolation, "127.0.0.1");
    // Each is told twice, as networks do.
    bed.phones(json!({"do": "faults", "faults": {"double_hooks": true}}));
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let call = call_id(&bed.first("callStarted", ONE, |_| true));
    bed.phones(json!({"do": "answer", "number": "101"}));
    bed.of("commutationStarted", ONE, &call);
    bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &call);
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished"]);
    bed.phones(json!({"do": "state", "number": "101", "state": 301}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["code"] == "301");

    // A lie is a reason to look, and what is seen is the truth.
    let before = bed.client.events.len();
    for lie in [
        "/user/OnStateChanged/?IDUser=11&IDUserState=399",
        "/call/OnStateChanged/?IDCall=1&IDUser=11&State=21",
        "/call/OnStateChanged/?Extension=101&State=1",
        "/anything?IDUser=11",
        "/%00/..%2f?IDUser=11&IDUser=12&x=%",
        "",
    ] {
        let asked = total(&mut bed);
        assert_eq!(says(&bed, SECRET, lie), 200, "{lie}");
        bed.infinity
            .wait_for(&json!({"do": "requests"}), |all| all["total"].as_u64().is_some_and(|total| total > asked))
            .unwrap();
    }
    bed.asks(ONE, "getCapabilities", json!({}));
    // Something true behind all of that: had a lie been believed, it would be known by now.
    bed.phones(json!({"do": "state", "number": "101", "state": 302}));
    bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["code"] == "302");
    // That the call from before is in the history is told whenever it is.
    let since = bed.client.events[before..].iter().filter(|e| e["method"] != "callSaved");
    let told: Vec<(&Value, &Value)> = since.map(|e| (&e["method"], &e["params"]["data"]["code"])).collect();
    assert_eq!(told, [(&json!("agentStateChanged"), &json!("302"))]);

    // Without the secret nothing happens.
    let asked = total(&mut bed);
    for secret in ["", "x", "hook-secret-0123456780"] {
        assert_eq!(says(&bed, secret, "/user/OnStateChanged/?IDUser=11"), 404);
    }
    bed.host.wait_metric(BOSS, "cti_hooks_total{connection=\"inf\",result=\"secret\"} 3").unwrap();
    // After a reason a line is asked often for five seconds; not more than that.
    assert!(total(&mut bed) <= asked + 4, "somebody without the secret was believed");
    assert!(!bed.host.log().contains(SECRET), "the secret is shown");
    bed.sound("hooks");
}

#[test]
fn hooks_are_reasons_to_look_isolated() {
    triggers("process");
}

#[test]
fn hooks_are_reasons_to_look_in_the_host() {
    triggers("host");
}

/// Calls that begin and end while nobody asks; Infinity's client opens its address for each.
#[test]
fn a_call_that_was_over_before_anybody_looked_is_told_all_the_same() {
    // Nothing is told of calls but what the client opens.
    let mut bed = bed("process", "127.0.0.1");
    bed.phones(json!({"do": "events-url", "url": ""}));
    let mut told = Vec::new();
    for answered in [true, false] {
        let calls = bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}))["calls"].clone();
        let id = calls.as_array().unwrap().last().unwrap().clone();
        if answered {
            bed.phones(json!({"do": "answer", "number": "101"}));
            // A talk of no time is none.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        bed.phones(json!({"do": "hangup", "number": OUTSIDE}));
        bed.infinity.wait_for(&json!({"do": "show"}), |all| all["talks"] == 0).unwrap();
        assert_eq!(says(&bed, SECRET, &format!("/pop?phone={OUTSIDE}&phoneid={id}&userid=11&type=incoming")), 200);
        let end = bed.first("callFinished", ONE, |e| !told.contains(&call_id(e)));
        assert_eq!(end["params"]["data"]["missed"], !answered, "{end}");
        let call = &end["params"]["data"]["call"];
        assert_eq!((&call["caller"]["number"], &call["direction"]), (&json!(OUTSIDE), &json!("in")), "{end}");
        assert_eq!(call["nativeId"].as_str().unwrap(), id.to_string());
        told.push(call_id(&end));
        // Opened once more, it is no other call.
        assert_eq!(says(&bed, SECRET, &format!("/pop?phoneid={id}&userid=11")), 200);
    }
    bed.core(ONE, &["callStarted", "commutationStarted", "callFinished", "callStarted", "callFinished"]);
    bed.sound("short calls");
}

#[test]
fn an_address_that_is_not_allowed_is_heard_by_nobody() {
    let mut bed = bed("process", "203.0.113.9");
    let asked = total(&mut bed);
    bed.phones(json!({"do": "state", "number": "101", "state": 301}));
    bed.host.wait_metric(BOSS, "cti_hooks_total{connection=\"inf\",result=\"address\"} 1").unwrap();
    assert_eq!(says(&bed, SECRET, "/user/OnStateChanged/?IDUser=11&IDUserState=301"), 404);
    bed.asks(ONE, "getCapabilities", json!({}));
    assert_eq!(total(&mut bed), asked);
    assert!(!bed.client.events.iter().any(|e| e["params"]["data"]["code"] == "301"));
}
