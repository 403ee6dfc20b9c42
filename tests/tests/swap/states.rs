//! What goes over: commands that wait, requests under way, timers, a link that is down, a list that is coming in; and
//! what happens where nothing can go over.

use std::io::{Read, Write};
use std::net::TcpListener;

use jackfield_tests::library::Turnover;
use serde_json::{Value, json};

use crate::bed::{Bed, LINE, Plan};
use crate::{two, unnoticed};

#[test]
fn commands_that_wait_get_their_one_answer() {
    let mut bed = two(Plan::new("process"));
    let key = bed.pbx.ring("101", "555");
    let call = bed.wait("callStarted")["params"]["data"]["call"]["callId"].clone();
    bed.pbx.now(&key, "connected");
    bed.wait("commutationStarted");
    bed.pbx.mute(true);
    let waiting = bed.alice.send("holdCall", &json!({ "line": LINE, "callId": call })).unwrap();
    let dialling = bed.alice.send("makeCall", &json!({ "line": "pbx/102", "to": "777" })).unwrap();
    bed.pbx.wait_heard("DIAL", 1);
    bed.swap(&["--version", "1.0.0"]);
    bed.swap(&["--version", "1.1.0"]);
    bed.pbx.mute(false);
    let held = bed.alice.answer(&json!(waiting)).unwrap();
    assert_eq!(held["result"]["callId"], call, "{held}");
    let dialled = bed.alice.answer(&json!(dialling)).unwrap();
    let began = bed.alice.named("callStarted", "pbx/102").unwrap();
    assert_eq!(dialled["result"]["callId"], began["params"]["data"]["call"]["callId"], "{dialled}");
    unnoticed(&bed, 2);
}

#[test]
fn a_request_under_way_is_answered_to_who_goes_on() {
    let mut bed = two(Plan::new("process"));
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", server.local_addr().unwrap());
    let params = json!({ "line": LINE, "name": "fetch", "params": { "url": url } });
    let waiting = bed.alice.send("librarySpecificService", &params).unwrap();
    let (mut stream, _) = server.accept().unwrap();
    let mut asked = [0; 4];
    stream.read_exact(&mut asked).unwrap();
    bed.swap(&["--version", "1.0.0"]);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").unwrap();
    let answer = bed.alice.answer(&json!(waiting)).unwrap();
    assert_eq!(answer["result"]["said"], "hello", "{answer}");
    unnoticed(&bed, 1);
}

#[test]
fn timers_run_on_and_a_newer_version_reads_an_older_state() {
    let plan = Plan { settings: "tick_ms = 20".to_owned(), ..Plan::new("process") };
    let (old, new) = (Turnover::version("1.0.0").states("1-2"), Turnover::version("1.1.0").states("1-2"));
    let mut bed = Bed::start(plan, &[old, new]);
    for (number, version) in ["1.0.0", "1.1.0", "1.0.0", "1.1.0"].iter().enumerate() {
        bed.pbx.wait_heard("TICK", number * 5 + 5);
        bed.swap(&["--version", version]);
    }
    bed.pbx.wait_heard("TICK", 40);
    let ticks = bed.pbx.heard("TICK");
    for (number, tick) in ticks.iter().enumerate() {
        // The first may have run out before the login.
        let first: usize = ticks[0][5..].parse().unwrap();
        assert_eq!(*tick, format!("TICK {}", number + first), "each once, in order: {ticks:?}");
    }
    // What was asked for by name would stay.
    bed.swap(&[]);
    unnoticed(&bed, 5);

    // One that knows only states of version 1 cannot read this; then the other way round.
    bed.installed("other", &Turnover::version("1.2.0").states("1-1"), "1.2.0");
    bed.until("1.2.0 runs", |status| status["adapter"]["version"] == "1.2.0" && status["adapter"]["running"] == true);
    let status = bed.status();
    assert_eq!(status["lastSwap"]["outcome"], "restarted", "{status}");
    let why = status["lastSwap"]["text"].as_str().unwrap();
    assert!(why.contains("saves state of version 2") && why.ends_with("reads 1"), "{why}");
    bed.pbx.wait_heard("HELLO", 2);
    bed.alice.event(|e| e["method"] == "initialized" && e["params"]["line"] == LINE).unwrap();
    bed.swap(&["--version", "1.1"]);
    assert_eq!(bed.service("state", &json!({}))["build"], "1.1.0");
}

#[test]
fn what_cannot_save_is_restarted_as_ever_and_calls_survive() {
    let mut bed = Bed::start(Plan::new("process"), &[Turnover::version("1.0.0").states("-")]);
    let key = bed.pbx.ring("101", "555");
    let call = bed.wait("callStarted")["params"]["data"]["call"]["callId"].clone();
    for (version, states, why) in
        [("1.1.0", "1-1", "does not save its state"), ("1.2.0", "-", "does not take over any")]
    {
        bed.install("build0", &Turnover::version(version).states(states));
        let gone = bed.wait("disconnected");
        assert_eq!(gone["params"]["data"]["activeCallIds"], json!([call]), "{gone}");
        let again = reconciled(&mut bed);
        assert_eq!((again.len(), &again[0]["callId"]), (1, &call), "{again:?}");
        let status = bed.until("told", |status| status["lastSwap"]["to"]["version"] == version);
        assert!(status["lastSwap"]["text"].as_str().unwrap().contains(why), "{status}");
    }
    bed.pbx.now(&key, "connected");
    bed.wait("commutationStarted");
}

fn reconciled(bed: &mut Bed) -> Vec<Value> {
    let table = |e: &Value| e["params"]["line"] == LINE && e["params"]["data"]["reason"] == "reconciled";
    let table = bed.alice.event(table).unwrap();
    table["params"]["data"]["activeCalls"].as_array().unwrap().clone()
}

#[test]
fn a_swap_while_the_line_is_down_and_while_calls_are_reconciled() {
    let mut bed = two(Plan::new("process"));
    let key = bed.pbx.ring("101", "555");
    let call = bed.wait("callStarted")["params"]["data"]["call"]["callId"].clone();
    bed.pbx.close();
    bed.wait("disconnected");
    bed.swap(&["--version", "1.0.0"]);
    // The list of calls is cut in its middle.
    bed.pbx.silent(true);
    bed.pbx.open();
    bed.pbx.wait_heard("HELLO", 2);
    let list = bed.pbx.list();
    let (before, after) = list.split_at(list.find(" in ").unwrap());
    bed.pbx.raw(before);
    bed.swap(&["--version", "1.1.0"]);
    bed.pbx.raw(after);
    let again = reconciled(&mut bed);
    assert_eq!((again.len(), &again[0]["callId"]), (1, &call), "{again:?}");
    assert_eq!(bed.pbx.heard("HELLO").len(), 2, "one for each time that it was reached");
    bed.pbx.now(&key, "connected");
    bed.wait("commutationStarted");
}
