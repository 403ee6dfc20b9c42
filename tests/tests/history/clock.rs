//! Somebody sets the machine's clock while calls are up: `libfaketime` between the host and the system does it.
#![cfg(target_os = "linux")]

use jackfield_tests::clock::Clock;
use serde_json::Value;

use super::*;

/// Seconds of the day at which the host takes it to be now, by the next event that it tells.
fn talk_around(host: &Host, client: &mut Client, step: impl FnOnce()) -> Value {
    let id = ring(client, "sim/101", "+380441234567", "Olena K.");
    let on_call = json!({ "line": "sim/101", "callId": id });
    client.call("answerCall", &on_call).unwrap();
    client.named("commutationStarted", "sim/101").unwrap();
    step();
    client.read_for(std::time::Duration::from_millis(500));
    client.call("dropCall", &on_call).unwrap();
    saved(client, &id);
    host.get(&format!("/api/v1/calls/{id}"), ALICE).unwrap().json()
}

fn text<'a>(call: &'a Value, field: &str) -> &'a str {
    call[field].as_str().unwrap_or_else(|| panic!("no {field}: {call}"))
}

fn in_order(call: &Value) {
    let (start, answer, end) = (text(call, "startedAt"), text(call, "connectedAt"), text(call, "endedAt"));
    assert!(start <= answer && answer <= end, "{call}");
    let events = call["timeline"].as_array().unwrap();
    let times: Vec<&str> = events.iter().map(|event| event["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[test]
fn a_clock_that_is_set_back_and_forth_puts_no_call_out_of_order() {
    let Some(clock) = Clock::new().unwrap() else { return };
    let mut setup = Setup::new(config("url = \"sqlite://calls.db\""), &["simulator"]);
    setup.env = clock.env();
    let mut host = setup.start().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let first = talk_around(&host, &mut alice, || {});
    let back = talk_around(&host, &mut alice, || clock.set(-3_600).unwrap());
    in_order(&back);
    assert_eq!(back["estimated"], false);
    assert!(back["talkMs"].as_i64().unwrap() >= 400, "half a second was talked, and is told: {back}");
    assert!(back["talkMs"].as_i64().unwrap() < 60_000, "{back}");
    let after = talk_around(&host, &mut alice, || {});
    in_order(&after);
    assert!(text(&first, "endedAt") <= text(&back, "startedAt") && text(&back, "endedAt") <= text(&after, "startedAt"));
    // An hour forward: the call is an hour long, since nobody else tells the time.
    let forth = talk_around(&host, &mut alice, || clock.set(3_600).unwrap());
    in_order(&forth);

    // The host dies with a call up, and the clock is two hours behind when it starts again.
    let lost = ring(&mut alice, "sim/101", "+380441234567", "Olena K.");
    wait_for("it is written", || match host.get(&format!("/api/v1/calls/{lost}"), ALICE)?.status {
        200 => Ok(()),
        other => Err(other.to_string()),
    });
    let epoch = |client: &Client| client.events.iter().filter_map(|e| e["params"]["epoch"].as_u64()).max().unwrap();
    let before = epoch(&alice);
    host.kill();
    clock.set(-3_600).unwrap();
    host.start_again().unwrap();
    let mut alice = host.client(ALICE).unwrap();
    let call = wait_for("the call is over", || {
        let call = host.get(&format!("/api/v1/calls/{lost}"), ALICE)?.json();
        if call["endedAt"].is_null() { Err(call.to_string()) } else { Ok(call) }
    });
    assert_eq!(call["estimated"], true);
    assert!(text(&call, "startedAt") <= text(&call, "endedAt"), "{call}");
    let again = talk_around(&host, &mut alice, || {});
    in_order(&again);
    assert!(epoch(&alice) > before, "clients that come back see another epoch");
    let list = host.get("/api/v1/calls", ALICE).unwrap().json();
    assert_eq!(list["calls"].as_array().map(Vec::len), Some(6), "{list}");
    assert!(host.metrics(ADMIN).unwrap().contains("jackfield_store_lost_total 0"));
}
