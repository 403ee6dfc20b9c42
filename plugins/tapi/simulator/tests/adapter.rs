//! The adapter's finished library, loaded as a host loads it, with this simulator as its TAPI: the whole way over both
//! C interfaces and through the adapter's threads. What it says of calls is the same on every system.

#![allow(clippy::unwrap_used, reason = "a test")]

mod driver;
mod host;

use host::Host;
use serde_json::json;

#[test]
fn calls_are_told_the_same_way_on_every_system() {
    let mut host = Host::start(
        None,
        json!({"outside": [{"number": "0449*", "fate": "busy"}, {"number": "0441111111", "answers_after": 20}]}),
    );
    host.until("up");
    host.line(0, "101");
    host.line(1, "102");

    host.telephone(json!({"do": "call", "from": "0447654321", "name": "Zoë", "to": "101"}));
    host.until("ringing");
    host.about(0, "answerCall");
    host.until("connected");
    host.about(0, "holdCall");
    host.until("held");
    host.about(0, "unholdCall");
    host.until("connected");
    host.telephone(json!({"do": "hangup", "number": "0447654321"}));
    host.until("finished");

    host.command(0, "makeCall", json!({"to": "0449000000"}));
    host.until("busy");
    host.until("finished");

    host.command(0, "makeCall", json!({"to": "0441111111"}));
    host.until("connected");
    host.about(2, "dropCall");
    host.until("finished");

    host.command(0, "makeCall", json!({"to": "102"}));
    host.until("line 1 call 4 in 101 > 102: alerting ringing");
    host.telephone(json!({"do": "hangup", "number": "102"}));
    host.until("line 1 call 4 - - > -: finished");
    host.until("line 0 call 3 - - > -: finished");

    let of = |line: &str| host.said.iter().filter(|said| said.starts_with(line)).cloned().collect::<Vec<_>>();
    assert_eq!(of("line 0"), EXPECTED_AT_101, "{:#?}", host.said);
    assert_eq!(of("line 1"), EXPECTED_AT_102, "{:#?}", host.said);
}

/// Each line by itself: what is said of two lines may be said in either order.
const EXPECTED_AT_101: &[&str] = &[
    "line 0 has 0 calls",
    "line 0 call 0 in 0447654321 > 101: alerting offered -",
    "line 0 call 0 in 0447654321 > 101: alerting ringing -",
    "line 0 call 0 in 0447654321 > 101: connected none -",
    "line 0 call 0 in 0447654321 > 101: held none -",
    "line 0 call 0 in 0447654321 > 101: connected none -",
    "line 0 call 0 - - > -: finished - normalClearing",
    "line 0 call 1 out 101 > 0449000000: alerting initiated -",
    "line 0 call 1 out 101 > 0449000000: alerting dialing -",
    "line 0 call 1 out 101 > 0449000000: busy none busy",
    "line 0 call 1 - - > -: finished - busy",
    "line 0 call 2 out 101 > 0441111111: alerting initiated -",
    "line 0 call 2 out 101 > 0441111111: alerting dialing -",
    "line 0 call 2 out 101 > 0441111111: alerting ringing -",
    "line 0 call 2 out 101 > 0441111111: connected none -",
    "line 0 call 2 - - > -: finished - normalClearing",
    "line 0 call 3 out 101 > 102: alerting initiated -",
    "line 0 call 3 out 101 > 102: alerting dialing -",
    "line 0 call 3 out 101 > 102: alerting ringing -",
    "line 0 call 3 - - > -: finished - rejected",
];
const EXPECTED_AT_102: &[&str] = &[
    "line 1 has 0 calls",
    "line 1 call 4 in 101 > 102: alerting offered -",
    "line 1 call 4 in 101 > 102: alerting ringing -",
    "line 1 call 4 - - > -: finished - cancelled",
];

/// The states of a line's calls, each once: the call by its place among those of the line, its state, and why it ended.
fn states(host: &Host, line: &str) -> Vec<String> {
    let mut calls = Vec::new();
    let mut last = std::collections::BTreeMap::new();
    let mut states = Vec::new();
    for said in &host.said {
        let Some(about) = said.strip_prefix(line).and_then(|rest| rest.strip_prefix(" call ")) else { continue };
        let (call, state) = (about.split(' ').next().unwrap(), about.rsplit_once(": ").unwrap().1);
        let mut words = state.split(' ');
        let (state, cause) = (words.next().unwrap(), words.nth(1).unwrap());
        let place = calls.iter().position(|known| *known == call).unwrap_or_else(|| {
            calls.push(call);
            calls.len() - 1
        });
        let told = format!("{place} {state} {cause}");
        if last.insert(call, told.clone()).as_ref() != Some(&told) {
            states.push(told);
        }
    }
    states
}

/// Consultations that are handed over, taken back and joined.
#[test]
fn what_is_done_with_two_calls_is_told_the_same_way_on_every_system() {
    let mut host = Host::start(None, json!({"outside": [{"number": "044*", "answers_after": 20}]}));
    host.until("up");
    host.line(0, "101");
    host.line(1, "102");
    for course in ["transferCall", "cancelTransfer", "conferenceCall"] {
        let first = host.keys.len();
        host.command(0, "makeCall", json!({"to": "0441111111"}));
        host.until(&format!("line 0 call {first} out 101 > 0441111111: connected"));
        let key = host.keys[first].clone();
        host.command(0, "makeConsultCall", json!({"callId": key, "to": "102"}));
        host.until(&format!("line 0 call {first} out 101 > 0441111111: held"));
        host.until("line 1 call ");
        let theirs = host.last(1);
        host.telephone(json!({"do": "answer", "number": "102"}));
        host.until(&format!("line 1 call {theirs} in 101 > 102: connected"));
        // Which of its two ends is told of first is nobody's promise.
        let consult = if theirs == first + 1 { first + 2 } else { first + 1 };
        host.is(0, consult, "connected");
        let both = json!({"callId": key, "consultCallId": host.keys[consult].clone()});
        host.command(0, course, both);
        match course {
            "transferCall" => {
                host.is(0, first, "finished");
                host.is(0, consult, "finished");
                host.telephone(json!({"do": "hangup", "number": "0441111111"}));
            }
            "cancelTransfer" => {
                host.is(0, consult, "finished");
                host.is(0, first, "connected");
                host.about(first, "dropCall");
            }
            _ => {
                host.is(0, first, "conferenced");
                host.telephone(json!({"do": "hangup", "number": "102"}));
                host.is(0, first, "connected");
                host.about(first, "dropCall");
            }
        }
        host.is(0, first, "finished");
        host.is(1, theirs, "finished");
    }
    assert_eq!(states(&host, "line 0"), TWO_CALLS_AT_101, "{:#?}", host.said);
    assert_eq!(states(&host, "line 1"), TWO_CALLS_AT_102, "{:#?}", host.said);
}

/// The three courses: handed over, taken back, joined. The conference is there before its second member is in it.
const TWO_CALLS_AT_101: &[&str] = &[
    "0 alerting -",
    "0 connected -",
    "0 held -",
    "1 alerting -",
    "1 connected -",
    "1 finished transferred",
    "0 finished transferred",
    "2 alerting -",
    "2 connected -",
    "2 held -",
    "3 alerting -",
    "3 connected -",
    "3 finished normalClearing",
    "2 connected -",
    "2 finished normalClearing",
    "4 alerting -",
    "4 connected -",
    "4 held -",
    "5 alerting -",
    "5 connected -",
    "4 connected -",
    "4 conferenced -",
    "5 finished conferenced",
    "4 connected -",
    "4 finished normalClearing",
];
const TWO_CALLS_AT_102: &[&str] = &[
    "0 alerting -",
    "0 connected -",
    "0 finished normalClearing",
    "1 alerting -",
    "1 connected -",
    "1 finished normalClearing",
    "2 alerting -",
    "2 connected -",
    "2 finished normalClearing",
];

#[cfg(windows)]
#[test]
fn wines_own_tapi_is_refused_in_words() {
    let mut host = Host::start(Some("tapi32.dll"), json!({}));
    host.until("down");
    let said = host.said.join("\n");
    assert!(said.contains("stub"), "{said}");
    println!("{said}");
}
