//! The state machine and the room together, against the simulated library: the real functions, threads and memory, on
//! every system that this is built for.

#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod bed;

use std::time::{Duration, Instant};

use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{CallState, Fact};
use serde_json::{Value, json};

use crate::extensions::{Extension, ExtensionId};
use crate::sys::constants::{LINEERR_INCOMPATIBLEEXTVERSION, LINEERR_OPERATIONUNAVAIL, error};
use bed::{Bed, Driven, PATIENCE, TOLD, built, conference, courses, lines, path_text, without};

#[test]
fn calls_through_the_real_functions() {
    let mut bed = Bed::new(&lines(), &json!({}));
    courses(&mut bed);
    assert_eq!(
        bed.states(),
        [
            "1 alerting",
            "1 connected",
            "1 held",
            "1 connected",
            "1 held",
            "2 alerting",
            "2 connected",
            // The conference is there before its second member is in it.
            "1 connected",
            "1 conferenced",
            "2 finished",
            "1 connected",
            "1 finished",
            "3 alerting",
            "3 busy",
            "3 finished",
        ]
    );
    bed.is_empty();
}

/// A few hundred calls of all kinds; 10,000 and more with `JACKFIELD_TAPI_CALLS` in the environment.
#[test]
fn many_calls_leave_no_handle_behind() {
    let calls: u32 = std::env::var("JACKFIELD_TAPI_CALLS").map_or(200, |calls| calls.parse().unwrap());
    let mut bed = Bed::new(&lines(), &json!({}));
    for number in 0..calls {
        bed.facts.clear();
        match number % 4 {
            0 => courses(&mut bed),
            1 => {
                bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
                bed.call("alerting");
                bed.tapi(json!({"do": "hangup", "number": "380442752305"}));
                bed.call("finished");
            }
            2 => {
                bed.asks("makeCall", json!({"to": "0449111111"}));
                bed.call("busy");
                bed.call("finished");
            }
            _ => {
                bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
                let call = bed.call("alerting");
                bed.asks("answerCall", json!({ "callId": call }));
                bed.call("connected");
                bed.asks("dropCall", json!({ "callId": call }));
                bed.call("finished");
            }
        }
        bed.is_empty();
    }
}

/// A conference that comes to its end while it is dropped: it ends, whatever its driver thinks of the order.
#[test]
fn a_conference_is_dropped_while_it_comes_to_its_end() {
    let times: u32 = std::env::var("JACKFIELD_TAPI_DROPS").map_or(24, |times| times.parse().unwrap());
    let mut plain = lines();
    let mut both = lines();
    (plain["quirks"], both["quirks"]) =
        (json!({"end": "idle"}), json!({"end": "both", "drop": "both", "order": "states-first"}));
    for config in [lines(), plain, both] {
        let mut bed = Bed::new(&config, &json!({}));
        for number in 0..times {
            bed.facts.clear();
            let first = conference(&mut bed);
            // At once, a little later, and when the adapter has seen that somebody left.
            bed.tapi(json!({"do": "hangup", "number": if number % 2 == 0 { "102" } else { "380442752305" }}));
            match number % 3 {
                0 => {}
                1 => std::thread::sleep(Duration::from_micros(u64::from(number) * 100)),
                _ => {
                    bed.call("connected");
                }
            }
            bed.asks("dropCall", json!({ "callId": first }));
            let mut answers = bed.driver.answers();
            let until = Instant::now() + PATIENCE;
            while answers.is_empty()
                || bed.states().last() != Some(&format!("{} finished", first.trim_start_matches("1-")))
            {
                let left = until.saturating_duration_since(Instant::now());
                match bed.told.recv_timeout(left.min(Duration::from_millis(50))) {
                    Ok(told) => bed.driver.posted(told).unwrap(),
                    Err(_) => bed.driver.advance(Duration::from_millis(50)).unwrap(),
                }
                answers.extend(bed.driver.answers());
                let facts = bed.driver.facts();
                bed.facts.extend(facts);
                assert!(Instant::now() < until, "{number}: {answers:?} {:?}", bed.states());
            }
            assert!(matches!(answers.as_slice(), [answer] if answer.result.is_ok()), "{number}: {answers:?}");
            // Nobody rings again, and nobody is left talking.
            let calls: std::collections::BTreeSet<_> =
                bed.states().iter().map(|s| s.split(' ').next().unwrap().to_owned()).collect();
            assert_eq!(calls.len(), 2, "{number}: {:?}", bed.states());
            bed.is_empty();
        }
    }
}

/// Two addresses of one device are two lines and one open device, which is closed with the last of them. A line that comes
/// later finds what is up on its address, and nothing else.
#[test]
fn addresses_of_one_device() {
    let config = json!({"lines": [{"name": "Desk", "addresses": [{"number": "101"}, {"number": "102"}]}]});
    let mut bed = Bed::new(&config, &json!({}));
    let one = bed.line;
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let first = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": first }));
    bed.call("connected");
    // Nobody's yet.
    bed.tapi(json!({"do": "call", "from": "380442419707", "to": "102"}));
    bed.tapi(json!({"do": "answer", "number": "102"}));
    while bed.driver.adapter().machine.states() != ["CONNECTED", "CONNECTED"] {
        let told = bed.told.recv_timeout(PATIENCE).unwrap();
        bed.driver.posted(told).unwrap();
    }
    let (two, calls) = bed.line("102");
    let [other] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!((other.state, other.line), (CallState::Connected, two));
    assert_eq!(other.caller.as_ref().map(|caller| caller.number.as_str()), Some("380442419707"));
    bed.has_open(1);
    // Each is commanded as its own.
    let other = other.key.as_str().to_owned();
    bed.line = two;
    bed.asks("holdCall", json!({ "callId": other }));
    assert_eq!(bed.call("held"), other);
    bed.asks("holdCall", json!({ "callId": first }));
    assert!(matches!(bed.driver.answers().as_slice(), [answer] if answer.result.is_err()));
    bed.close(one);
    bed.tapi(json!({"do": "hangup", "number": "380442419707"}));
    assert_eq!(bed.call("finished"), other);
    bed.has_open(1);
    // Back again: what is up there is found.
    let (again, calls) = bed.line("101");
    assert_eq!(calls.iter().map(|call| call.state).collect::<Vec<_>>(), [CallState::Connected]);
    for line in [two, again] {
        bed.close(line);
    }
    bed.has_open(0);
}

/// As Wine's library lacks them, and more: what can be done without them is done.
#[test]
fn a_library_without_functions() {
    let dir = without(&[
        "lineParkW",
        "lineGetAddressStatusW",
        "lineGetLineDevStatusW",
        "lineGetAddressCapsW",
        "lineSetStatusMessages",
        "lineGetAgentStatusW",
        "lineBlindTransferW",
    ]);
    // Without its capabilities an address has no number: the device is found by its name.
    let lines = json!({"lines": [{"name": "101", "addresses": [{"number": "101"}]}]});
    let mut bed = Bed::at(dir, &lines, &json!({"agents": true}));
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let call = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": call }));
    bed.call("connected");
    bed.asks("blindTransferCall", json!({"callId": call, "to": "102"}));
    bed.asks("dropCall", json!({ "callId": call }));
    bed.call("finished");
    bed.is_empty();
}

/// Extensions of a driver, as settings name them: used in the version that both know, and never in the way.
#[test]
fn extensions_of_a_driver() {
    let mut lines = lines();
    lines["lines"][0]["extension"] = json!({"id": [1, 2, 3, 4], "versions": ["1.0", "1.2"]});
    let id = "00000001-00000002-00000003-00000004";
    let set = |from: &str, to: &str| json!({"extensions": [{"id": id, "from": from, "to": to}]});
    let known = |version, refused: Option<u32>| {
        let id = ExtensionId([1, 2, 3, 4]);
        (Some(Extension { id, version, refused: refused.map(error) }), true)
    };
    for (settings, expected) in [
        (json!({}), known(0, None)),
        (set("1.1", "7.0"), known(0x1_0002, None)),
        (set("1.3", "7.0"), known(0, Some(LINEERR_INCOMPATIBLEEXTVERSION))),
    ] {
        let mut bed = Bed::new(&lines, &settings);
        assert_eq!(bed.driver.adapter().machine.device(0), expected, "{settings}");
        assert_eq!(bed.driver.adapter().machine.device(1), (None, false));
        // The functions carry what was agreed on, and nothing else.
        let shown = bed.tapi(json!({"do": "show"}))["extensions"][0]["carried"].clone();
        let version = if matches!(expected.0, Some(Extension { version: 0x1_0002, .. })) { "1.2" } else { "0.0" };
        for function in ["lineGetDevCapsW", "lineGetAddressCapsW", "lineOpenW"] {
            assert_eq!(shown[function], version, "{shown}");
        }
        courses(&mut bed);
        bed.is_empty();
    }
    let dir = without(&["lineNegotiateExtVersion"]);
    let bed = Bed::at(dir, &lines, &set("1.0", "1.0"));
    assert_eq!(bed.driver.adapter().machine.device(0), known(0, Some(LINEERR_OPERATIONUNAVAIL)));
}

/// A driver that answers nothing, again and again: what its answers would be written to is not kept for ever. TAPI is
/// begun anew, and the call that is up is found again.
#[test]
fn a_driver_that_leaves_everything_unanswered() {
    let mut bed = Bed::new(&lines(), &json!({}));
    bed.tapi(json!({"do": "call", "from": "380442752305", "to": "101"}));
    let call = bed.call("alerting");
    bed.asks("answerCall", json!({ "callId": call }));
    bed.call("connected");
    bed.tapi(json!({"do": "fault", "fault": {"on": "lineSetCallData", "reply": "lost"}}));
    for _ in 0..80 {
        bed.asks("setUserData", json!({"callId": call, "map": {"order": "17"}}));
    }
    let Fact::Down(down) = bed.until(|fact| matches!(fact, Fact::Down(_))) else { unreachable!() };
    assert!(down.text.contains("requests wait for an answer"), "{}", down.text);
    bed.tapi(json!({"do": "faults", "faults": []}));
    while bed.driver.adapter().machine.states().is_empty() {
        if let Ok(told) = bed.told.recv_timeout(Duration::from_millis(20)) {
            bed.driver.posted(told).unwrap();
        } else {
            bed.driver.advance(Duration::from_millis(500)).unwrap();
        }
    }
    let Fact::Snapshot(found) = bed.until(|fact| matches!(fact, Fact::Snapshot(_))) else { unreachable!() };
    assert_eq!(found.calls.iter().map(|call| call.state).collect::<Vec<_>>(), [CallState::Connected]);
    let key = found.calls[0].key.as_str().to_owned();
    bed.asks("dropCall", json!({ "callId": key }));
    assert_eq!(bed.call("finished"), key);
    bed.is_empty();
}

/// Wine's own library, and the simulator as that behaves: refused in words.
#[test]
fn a_stub_is_refused() {
    let stub = |settings: Value| {
        let mut driver = Driver::<Driven>::new(&settings).unwrap();
        let told = TOLD.take().unwrap();
        driver.started().unwrap();
        let told = told.recv_timeout(PATIENCE).unwrap();
        driver.posted(told).unwrap();
        match driver.facts().as_slice() {
            [Fact::Down(down)] => down.text.clone(),
            other => panic!("{other:?}"),
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(built().file_name().unwrap());
    std::fs::copy(built(), &path).unwrap();
    std::fs::write(path.with_extension("json"), json!({"quirks": {"stub": true}}).to_string()).unwrap();
    let text = stub(json!({ "library": path_text(&path) }));
    assert!(text.contains("it is a stub"), "{text}");
    let dir = without(&["lineGetMessage"]);
    let path = dir.path().join(built().file_name().unwrap());
    let text = stub(json!({ "library": path_text(&path) }));
    assert!(text.contains("it has no lineGetMessage"), "{text}");
    #[cfg(windows)]
    {
        // There is a real one on Windows, and none on Wine.
        let text = stub(json!({}));
        assert!(text.contains("it is a stub") || text.contains("lineInitializeEx"), "{text}");
    }
}
