//! What goes wrong around calls: the service restarts, a driver closes its line, the adapter is replaced, agents, lines
//! that somebody else owns; and the sentences that an administrator reads.

use std::fs;

use jackfield_tests::host::Setup;
use jackfield_tests::scenarios::show;
use serde_json::{Value, json};

use super::BOTH;
use super::bed::{BOSS, Bed, ONE, OUTSIDE, Plan, TOKEN, TWO, library};

/// The calls of a line's last live snapshot after it was down.
fn back(bed: &mut Bed, line: &str) -> Vec<(Value, Value)> {
    bed.first("disconnected", line, |_| true);
    let snapshot = bed
        .client
        .event(|e| {
            e["method"] == "activeCallSnapshot"
                && e["params"]["line"] == line
                && e["params"]["data"]["reason"] == "reconciled"
        })
        .unwrap_or_else(|e| panic!("{e}\n{}", bed.host.log()));
    let calls = snapshot["params"]["data"]["activeCalls"].as_array().unwrap().iter();
    calls.map(|call| (call["callId"].clone(), call["state"].clone())).collect()
}

/// The telephony service wants everybody to begin anew; a call is up meanwhile and the same afterwards.
#[test]
fn the_service_begins_anew_during_a_call() {
    for isolation in BOTH {
        let mut bed = Plan::new(isolation).start();
        bed.next("service begins anew");
        let call = bed.incoming(ONE);
        bed.asks(ONE, "holdCall", json!({"callId": call}));
        bed.of("hold", ONE, &call);
        bed.tapi(json!({"do": "reinit"}));
        assert_eq!(back(&mut bed, ONE), [(call.clone(), json!("held"))]);
        bed.asks(ONE, "unholdCall", json!({"callId": call}));
        bed.of("unhold", ONE, &call);
        bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
        bed.of("callFinished", ONE, &call);
        bed.clean();
    }
}

/// The driver closes a line: the other one goes on; it is opened again, with its call.
#[test]
fn a_driver_closes_a_line_during_a_call() {
    let mut bed = Plan::new("process").start();
    bed.next("line closed");
    let call = bed.incoming(ONE);
    bed.tapi(json!({"do": "close", "line": 0}));
    let other = bed.incoming(TWO);
    assert_eq!(back(&mut bed, ONE), [(call.clone(), json!("connected"))]);
    bed.asks(TWO, "dropCall", json!({"callId": other}));
    bed.of("callFinished", TWO, &other);
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &call);
    assert!(!bed.client.events.iter().any(|e| e["method"] == "disconnected" && e["params"]["line"] == TWO));
    bed.clean();
}

/// A device is taken out and put in again; a phone is out of service for a while.
#[test]
fn devices_come_and_go() {
    let mut bed = Plan::new("process").start();
    bed.next("devices");
    bed.tapi(json!({"do": "service", "line": 1, "on": false}));
    let none = |e: &Value| e["params"]["data"]["line"]["features"] == json!([]);
    bed.first("lineStateChanged", TWO, none);
    bed.first("error", TWO, |e| e["params"]["data"]["code"] == "deviceOutOfService");
    bed.tapi(json!({"do": "service", "line": 1, "on": true}));
    bed.client.look_again();
    bed.first("lineStateChanged", TWO, |e| !none(e));
    bed.tapi(json!({"do": "remove", "line": 1}));
    bed.first("disconnected", TWO, |_| true);
    bed.tapi(json!({"do": "create", "line": {"name": "Line 102", "addresses": [{"number": "102"}]}}));
    bed.first("initialized", TWO, |_| true);
    let call = bed.incoming(TWO);
    bed.asks(TWO, "dropCall", json!({"callId": call}));
    bed.of("callFinished", TWO, &call);
    bed.clean();
}

/// The library of the adapter is replaced during a call: it begins afresh, because handles belong to a process, and
/// finds the call again.
#[test]
fn the_adapter_is_replaced_during_a_call() {
    let mut bed = Plan::new("host").start();
    bed.next("replaced");
    let call = bed.incoming(ONE);
    let said = bed.host.command(&["plugins", "swap", "tapi"]).unwrap();
    assert!(said.status.success(), "{said:?}");
    assert_eq!(back(&mut bed, ONE), [(call.clone(), json!("connected"))], "{}", bed.host.log());
    bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
    bed.of("callFinished", ONE, &call);
    bed.clean();
}

/// An agent handler at the service: states, reasons, groups.
#[test]
fn agents() {
    for isolation in BOTH {
        let mut plan = Plan::new(isolation);
        plan.tapi["lines"][0]["addresses"][0]["agent"] =
            json!({"groups": ["Sales", "Support"], "activities": ["Lunch", "Training"], "wrap_up": 200});
        plan.lines[0].1 = "agent_groups = [\"Sales\"]";
        let mut bed = plan.start();
        bed.client.look_again();
        let is = |state: &'static str| move |e: &Value| e["params"]["data"]["state"] == state;
        let before = bed.client.call("queryUserState", &json!({"line": ONE})).unwrap();
        assert!(before.to_string().contains("loggedOut"), "{before}");
        bed.asks(ONE, "loginAgent", json!({"id": "olena"}));
        bed.first("agentStateChanged", ONE, is("notReady"));
        bed.first("callCentreStateChanged", ONE, |e| e["params"]["data"]["isActive"] == true);
        bed.asks(ONE, "setUserState", json!({"code": "READY"}));
        let ready = bed.first("agentStateChanged", ONE, is("ready"));
        let reasons = ready["params"]["data"]["selectable"].as_array().unwrap().iter();
        let reasons = reasons.clone().find(|s| s["code"] == "NOTREADY").map(|s| s["reasons"].clone()).unwrap();
        let lunch = reasons.as_array().unwrap().iter().find(|r| r["label"] == "Lunch").unwrap()["code"].clone();
        bed.asks(ONE, "setUserState", json!({"code": "NOTREADY", "reason": lunch}));
        bed.first("agentStateChanged", ONE, |e| e["params"]["data"]["reason"]["label"] == "Lunch");
        bed.asks(ONE, "setUserState", json!({"code": "READY"}));
        let call = bed.incoming(ONE);
        bed.first("agentStateChanged", ONE, is("busy"));
        bed.asks(ONE, "dropCall", json!({"callId": call}));
        bed.first("agentStateChanged", ONE, is("afterCallWork"));
        bed.asks(ONE, "logoutAgent", json!({}));
        let refused = bed.try_asks(ONE, "setUserState", json!({"code": "NAPPING"})).unwrap_err();
        assert_eq!(refused["data"]["code"], "unknownState", "{refused}");
        bed.clean();
    }
}

/// Another program owns the calls: they are seen, and taken over where that is wanted.
#[test]
fn calls_of_another_program() {
    for take in [false, true] {
        let mut plan = Plan::new("process");
        plan.settings = format!("take_ownership = {take}");
        let mut bed = plan.start();
        bed.next("stolen");
        let call = bed.incoming(ONE);
        bed.tapi(json!({"do": "steal", "number": "101"}));
        if !take {
            let lost = |e: &Value| {
                let data = &e["params"]["data"];
                let features = data["features"].as_array();
                data["callId"] == call && features.is_some_and(|f| !f.contains(&json!("drop")))
            };
            bed.client.event(|e| e["method"] == "lineStateChanged" && lost(e)).unwrap();
            let refused = bed.try_asks(ONE, "holdCall", json!({"callId": call})).unwrap_err();
            assert_eq!(refused["data"]["code"], "invalidCallState", "{refused}");
            bed.tapi(json!({"do": "hangup", "number": OUTSIDE}));
        } else {
            bed.asks(ONE, "holdCall", json!({"callId": call}));
            bed.of("hold", ONE, &call);
            bed.asks(ONE, "dropCall", json!({"callId": call}));
        }
        bed.of("callFinished", ONE, &call);
        bed.clean();
    }
}

/// What the log of a host says whose connection cannot work.
fn log_of(connection: &str, settings: &str, file: Option<Vec<u8>>, config: &str, sentence: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(library().file_name().unwrap());
    if let Some(file) = file {
        fs::write(&path, file).unwrap();
        fs::write(path.with_extension("json"), config).unwrap();
    }
    let config = format!(
        "[[connection]]\nid = \"tapi\"\nplugin = \"tapi\"\n{connection}\n[connection.settings]\nlibrary = \"{}\"\n\
         {settings}\n[[line]]\nname = \"tapi/101\"\n[[user]]\nname = \"boss\"\nrole = \"admin\"\ntoken = \"{BOSS}\"\n",
        path.display()
    );
    let host = Setup::new(config, &["tapi"]).start().unwrap();
    let line = host.wait_log(sentence).unwrap();
    show(&format!("| {sentence} | {line} |"));
}

const GRANT: &str = "grant = [\"threads\", \"libraries\"]";

/// Without the grants it is not started, and says which are missing.
#[test]
fn refused_without_the_grants() {
    log_of("", "", None, "", "needs threads, libraries");
    log_of("grant = [\"threads\"]", "", None, "", "libraries");
}

#[test]
fn what_is_no_tapi_is_refused_in_words() {
    log_of(GRANT, "", None, "", "cannot be loaded");
    // A library without a single function of TAPI.
    let another = jackfield_tests::build::library("first", jackfield_tests::build::Version::Present).unwrap();
    log_of(GRANT, "", Some(fs::read(another).unwrap()), "", "is no TAPI library");
    let simulator = fs::read(library()).unwrap();
    // As Wine's own library does it.
    log_of(GRANT, "", Some(simulator.clone()), r#"{"quirks": {"stub": true}}"#, "is a stub");
    // A library of before TAPI 2.
    log_of(GRANT, "", Some(simulator.clone()), r#"{"api": ["1.3", "1.4"]}"#, "LINEERR_INCOMPATIBLEAPIVERSION");
    // A driver of before TAPI 2.
    let old = r#"{"lines": [{"name": "Line 101", "addresses": [{"number": "101"}], "api": ["1.3", "1.4"]}]}"#;
    log_of(GRANT, "", Some(simulator.clone()), old, "device 0 is left out");
    let wanted = r#"{"lines": [{"name": "Line 201", "addresses": [{"number": "201"}]}]}"#;
    log_of(GRANT, "", Some(simulator), wanted, "no line device of TAPI has the name or the address `101`");
}

/// A driver without some functions: what needs them is not offered, the rest works.
#[test]
fn a_driver_without_some_functions() {
    let mut plan = Plan::new("process");
    plan.tapi["lines"][0]["without"] =
        json!(["lineHold", "lineParkW", "lineSetupTransferW", "lineGetAddressStatusW", "lineGetLineDevStatusW"]);
    let mut bed = plan.start();
    bed.next("without");
    let call = bed.incoming(ONE);
    let shown = bed.client.call("queryLineState", &json!({"line": ONE})).unwrap();
    let text = shown.to_string();
    assert!(text.contains("drop") && !text.contains("\"hold\"") && !text.contains("park"), "{text}");
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    bed.clean();
    assert!(bed.host.client(TOKEN).is_ok());
}
