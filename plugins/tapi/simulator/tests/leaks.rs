//! The adapter's finished library gives everything back: every handle of a call, every line, itself.

#![allow(clippy::unwrap_used, reason = "a test")]

mod driver;
mod host;

use host::Host;
use serde_json::{Value, json};

/// How many of everything the simulator has, and has had.
fn count(simulator: &driver::Commander) -> Value {
    simulator.done(&json!({"do": "count"}))
}

/// Sixty calls; as many as `JACKFIELD_TAPI_CALLS` says.
#[test]
fn every_line_is_closed_and_every_handle_given_back() {
    let times: usize = std::env::var("JACKFIELD_TAPI_CALLS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let outside = json!([{"number": "0449*", "fate": "busy"}, {"number": "044*", "answers_after": 0}]);
    let quick = json!({"reply": 0, "dial": 0, "proceed": 0, "release": 0, "busy": 1});
    let mut host = Host::start(None, json!({"outside": outside, "times": quick}));
    let simulator = driver::Commander::of(&host.simulator());
    host.until("up");
    host.line(0, "101");
    host.line(1, "102");
    for number in 0..times {
        let call = host.keys.len();
        match number % 3 {
            0 => {
                host.command(0, "makeCall", json!({"to": "0441111111"}));
                host.is(0, call, "connected");
                host.about(call, "dropCall");
            }
            1 => host.command(0, "makeCall", json!({"to": "0449111111"})),
            // Two ends of one call, each with its handle.
            _ => {
                host.command(0, "makeCall", json!({"to": "102"}));
                host.until("line 1 call ");
                // Which of the two is told of first is nobody's promise.
                let theirs = host.last(1);
                let ours = if theirs == call { call + 1 } else { call };
                host.is(0, ours, "alerting");
                host.about(ours, "dropCall");
                host.is(1, theirs, "finished");
                host.is(0, ours, "finished");
                host.rewind();
                continue;
            }
        }
        host.is(0, call, "finished");
        host.rewind();
    }
    // Somebody may still be about to give the last one back.
    simulator.until(|count| ["handles", "calls", "requests"].iter().all(|key| count[*key] == 0));
    let made = count(&simulator)["made"].clone();
    assert!(made["handles"].as_u64().unwrap() >= u64::try_from(times).unwrap(), "{made}");
    assert_eq!((&made["handles"], &made["lines"]), (&made["given_back"], &json!(2)), "{made}");
    host.stop();
    simulator.until(|count| count["programs"] == 0);
    let left = count(&simulator);
    for key in ["programs", "lines", "handles", "calls", "requests"] {
        assert_eq!(left[key], 0, "{left}");
    }
    // By `lineClose`, not by the end of the program.
    assert_eq!(left["made"]["closed"], 2, "{left}");
}
