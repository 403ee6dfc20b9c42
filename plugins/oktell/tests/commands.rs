//! Commands: what is sent for each, and when it is answered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod common;

use common::{Bench, CHAIN, CHAIN_2, OUTSIDE, dials, holding, idle, only_holding, rings, talks, with};
use jackfield_plugin_api::{Fact, ForwardingKind};
use serde_json::{Value, json};

/// A request of this name, without what ties it to its reply and the login.
fn sent(bench: &mut Bench, name: &str) -> Value {
    let mut requests = bench.side(0).take(&[name]);
    assert_eq!(requests.len(), 1, "{name}: {requests:?}");
    let mut body = requests.remove(0)[1].take();
    for key in ["qid", "userlogin"] {
        body.as_object_mut().unwrap().remove(key);
    }
    body
}

#[test]
fn a_call_by_click_is_answered_when_it_shows() {
    let mut bench = Bench::up();
    bench.command("makeCall", json!({"to": OUTSIDE, "userData": {"case": "7"}}));
    assert_eq!(sent(&mut bench, "pbxautocallstart"), json!({"number": OUTSIDE, "sequence": "user"}));
    assert_eq!(bench.take(), [""; 0]);
    bench.becomes(
        with("", CHAIN, json!({"isringing": true, "direction": "acm_callback"})),
        &["phoneevent_acmcallstarted", "phoneevent_ringstarted"],
    );
    assert_eq!(bench.take(), ["A alerting/ownRinging out 79990000001 <- 1", "ok 1"]);
    assert_eq!(bench.last_call('A').user_data.unwrap()["case"], "7");
    bench.becomes(dials(OUTSIDE, CHAIN), &["phoneevent_ringstopped"]);
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_acmcallstopped", "phoneevent_commstarted"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A alerting/dialing out 79990000001", "A connected out 79990000001"]);
}

#[test]
fn a_call_that_shows_before_its_request_is_answered_is_answered_once() {
    let mut bench = Bench::up();
    bench.side(0).deaf.push("pbxautocallstart");
    bench.command("makeCall", json!({"to": "102"}));
    bench.becomes(dials("102", CHAIN), &["phoneevent_acmcallstarted"]);
    assert_eq!(bench.take(), ["A alerting/dialing out 102 <- 1", "ok 1"]);
    bench.wait(11_000);
    assert_eq!(bench.take(), [""; 0]);
}

#[test]
fn a_number_that_is_dialled_otherwise_is_the_same_call() {
    let mut bench = Bench::up();
    bench.command("makeCall", json!({"to": OUTSIDE}));
    bench.becomes(
        with("", CHAIN, json!({"isringing": true, "direction": "acm_callback"})),
        &["phoneevent_acmcallstarted"],
    );
    bench.becomes(dials("989990000001", CHAIN), &["phoneevent_ringstopped"]);
    bench.becomes(talks("989990000001", CHAIN), &["phoneevent_acmcallstopped", "phoneevent_commstarted"]);
    bench.wait(1000);
    assert_eq!(
        bench.take(),
        [
            "A alerting/ownRinging out 79990000001 <- 1",
            "ok 1",
            "A alerting/dialing out 989990000001",
            "A connected out 989990000001"
        ]
    );
    assert_eq!(bench.last_call('A').redirection, None);
    // Answered before anybody looked, and dialled with a digit for the outside line.
    let mut bench = Bench::up();
    bench.command("makeCall", json!({"to": OUTSIDE}));
    bench.becomes(talks("979990000001", CHAIN), &["phoneevent_commstarted"]);
    assert_eq!(bench.take(), ["A connected out 979990000001 <- 1", "ok 1"]);
}

#[test]
fn a_call_that_never_shows_is_refused() {
    let mut bench = Bench::up();
    bench.command("makeCall", json!({"to": "102"}));
    bench.command("makeCall", json!({"to": "103"}));
    assert_eq!(bench.take(), ["refused 2 invalidCallState"]);
    bench.wait(10_100);
    assert_eq!(bench.take(), ["refused 1 timeout"]);
    bench.side(0).replies.insert("pbxautocallstart".into(), json!({"result": 0, "error": 77, "errormsg": "no"}));
    bench.command("makeCall", json!({"to": "103"}));
    bench.command("makeCall", json!({"to": "103", "anonymous": true}));
    assert_eq!(bench.take(), ["refused 3 commandFailed", "refused 4 commandNotSupported"]);
}

#[test]
fn commands_are_answered_when_the_link_breaks() {
    let mut bench = Bench::up();
    bench.side(0).deaf.extend(["setuserstate", "pbxautocallstart"]);
    bench.command("makeCall", json!({"to": "102"}));
    bench.command("setDnd", json!({"on": true}));
    bench.closed(0);
    assert_eq!(bench.take(), ["refused 1 connectionLost", "refused 2 connectionLost", "down connectionLost"]);
    bench.command("makeCall", json!({"to": "102"}));
    assert_eq!(bench.take(), ["refused 3 connectionLost"]);
}

#[test]
fn a_request_that_is_not_answered_is_refused_in_time() {
    let mut bench = Bench::up();
    bench.side(0).deaf.push("setuserstate");
    bench.command("setDnd", json!({"on": true}));
    bench.wait(10_100);
    assert_eq!(bench.take(), ["refused 1 timeout"]);
}

#[test]
fn a_phone_that_cannot_answer_by_itself_is_told() {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    let a = bench.key('A');
    bench.command("answerCall", json!({"callId": a}));
    bench.wait(2900);
    assert_eq!(bench.take(), ["A alerting/ringing in 79990000001"]);
    bench.wait(200);
    assert_eq!(bench.take(), ["refused 1 notAnswerableHere"]);
    bench.command("answerCall", json!({"callId": a}));
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_ringstopped", "phoneevent_commstarted"]);
    assert_eq!(bench.take(), ["A connected in 79990000001 <- 2", "ok 2"]);
    bench.becomes(idle(), &["userstatechanged"]);
}

#[test]
fn a_call_that_ends_before_it_is_answered_refuses_the_answer() {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    let a = bench.key('A');
    bench.command("answerCall", json!({"callId": a}));
    bench.becomes(idle(), &["phoneevent_ringstopped"]);
    assert_eq!(bench.take()[1..], ["A finished cancelled by unknown", "refused 1 invalidCallState"]);
}

#[test]
fn every_state_of_a_call_has_its_own_way_to_end_it() {
    let back_ring = with(OUTSIDE, CHAIN, json!({"isringing": true, "direction": "acm_callback"}));
    let auto = with(OUTSIDE, CHAIN, json!({"isautocall": true}));
    for (info, request) in [
        (rings(OUTSIDE, CHAIN), "pbxdeclinecall"),
        (back_ring, "pbxdeclinecall"),
        (auto, "pbxautocallabort"),
        (dials(OUTSIDE, CHAIN), "pbxabortcall"),
        (talks(OUTSIDE, CHAIN), "pbxabortcall"),
        (only_holding(OUTSIDE, CHAIN), "pbxabortcall"),
    ] {
        let mut bench = Bench::up();
        bench.becomes(info, &["linestatechanged"]);
        let a = bench.key('A');
        bench.command("dropCall", json!({"callId": a}));
        sent(&mut bench, request);
        bench.becomes(idle(), &["linestatechanged"]);
        assert!(bench.take().last().unwrap().ends_with("by local <- 1"), "{request}");
    }
}

#[test]
fn ending_the_call_beside_a_held_one_returns_to_it() {
    for info in [dials("102", CHAIN_2), talks("102", CHAIN_2)] {
        let mut bench = Bench::up();
        bench.becomes(only_holding(OUTSIDE, CHAIN), &["flashstatechanged 1"]);
        bench.becomes(holding(info, OUTSIDE, CHAIN), &["phoneevent_acmcallstarted"]);
        let b = bench.key('B');
        bench.command("dropCall", json!({"callId": b}));
        assert_eq!(sent(&mut bench, "pbxmakeflash"), json!({"mode": "abort"}));
        bench.becomes(talks(OUTSIDE, CHAIN), &["flashstatechanged 2"]);
        let said = bench.take();
        assert_eq!(said[said.len() - 1], "A connected unknown 79990000001", "{said:?}");
    }
}

#[test]
fn what_one_way_does_not_end_the_other_one_may() {
    let mut bench = Bench::up();
    bench.becomes(with(OUTSIDE, CHAIN, json!({"isautocall": true})), &["phoneevent_acmcallstarted"]);
    bench.side(0).replies.insert("pbxautocallabort".into(), json!({"result": 0}));
    let a = bench.key('A');
    bench.command("dropCall", json!({"callId": a}));
    sent(&mut bench, "pbxabortcall");
    assert_eq!(bench.take().last().map(String::as_str), Some("ok 1"));
}

#[test]
fn a_blind_transfer_names_where_the_call_went() {
    let mut bench = Bench::up();
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    let a = bench.key('A');
    bench.command("blindTransferCall", json!({"callId": a, "to": " 102 "}));
    assert_eq!(sent(&mut bench, "pbxmaketransfer"), json!({"transferto": "102"}));
    bench.becomes(idle(), &["phoneevent_commstopped", "linestatechanged"]);
    assert_eq!(bench.take()[1..], ["ok 1", "A finished transferred by local <- 1"]);
    assert_eq!(bench.last_call('A').redirection.unwrap().number, "102");
}

#[test]
fn states_of_the_user_are_set_and_told() {
    let mut bench = Bench::up();
    bench.command("setUserState", json!({"code": "readyCC"}));
    assert_eq!(sent(&mut bench, "setuserstate"), json!({"userstateid": 1, "oncallcenter": true, "onredirect": false}));
    assert_eq!(bench.take(), ["ok 1", "agent ready readyCC cc=true"]);
    for (code, reason, refusal) in [
        ("break", None, "reasonRequired"),
        ("break", Some("9"), "unknownState"),
        ("noPhone", None, "unknownState"),
        ("redirect", None, "commandFailed"),
    ] {
        bench.command("setUserState", json!({"code": code, "reason": reason}));
        let said = bench.take();
        assert!(said[0].ends_with(refusal), "{code}: {said:?}");
    }
    bench.command("setUserState", json!({"code": "break", "reason": "2"}));
    let on_break = json!({"userstateid": 2, "onredirect": false, "lunchreasonid": 2});
    assert_eq!(sent(&mut bench, "setuserstate"), on_break);
    assert_eq!(bench.take()[1], "agent notReady break (2) cc=true");
    bench.command("changeCallCentreState", json!({"active": true}));
    bench.command("changeCallCentreState", json!({"active": false}));
    assert_eq!(bench.take(), ["noop 7", "ok 8", "agent notReady break (2) cc=false"]);
    bench.command("setDnd", json!({"on": true}));
    assert_eq!(bench.take(), ["ok 9", "agent notReady dnd cc=false"]);
    bench.command("setDnd", json!({"on": false}));
    assert_eq!(bench.take(), ["ok 10", "agent ready ready cc=false"]);
}

#[test]
fn a_redirection_is_a_rule_and_a_flag() {
    let mut bench = Bench::up();
    bench.command("setForwarding", json!({"kind": "busy", "to": "102"}));
    bench.command("setForwarding", json!({"kind": "all", "to": null}));
    assert_eq!(bench.take(), ["refused 1 commandNotSupported", "noop 2"]);
    bench.command("setForwarding", json!({"kind": "all", "to": "102"}));
    assert_eq!(bench.take(), ["ok 3", "agent notReady redirect cc=false"]);
    let requests = bench.side(0).take(&["saveredirectrules", "setuserstate"]);
    assert_eq!(requests[0][1]["redirectrule"]["destinationnumber"], "102");
    assert_eq!(requests[1][1]["onredirect"], true);
    let told = bench.facts.iter().rev().find_map(|f| if let Fact::Line(line) = f { Some(line.clone()) } else { None });
    let told = told.unwrap();
    let forwarding = &told.forwarding.unwrap()[0];
    assert_eq!((forwarding.kind, forwarding.to.as_str()), (ForwardingKind::All, "102"));
    assert_eq!(told.command.map(|command| command.0), Some(3));
}

/// The values of the answer to a command.
fn values(bench: &mut Bench, name: &str, params: Value) -> Value {
    bench.command(name, params);
    bench.values.clone()
}

#[test]
fn recordings_are_addresses_with_a_password_for_a_while() {
    let mut bench = Bench::up();
    let native = format!("{CHAIN}:{OUTSIDE}");
    bench.side(0).replies.insert("getpbxcalljournal".into(), json!({"data": []}));
    bench.command("queryCallRecords", json!({"nativeId": native}));
    assert_eq!(bench.take(), ["refused 1 recordNotFound"]);
    let rows = json!({"data": [{"recordlink": "/download/rec/1"}, {"recordlink": "http://evil.example/"}]});
    bench.side(0).replies.insert("getpbxcalljournal".into(), rows);
    bench.side(0).replies.insert("gettemphttppass".into(), json!({"password": "t&1"}));
    let values = values(&mut bench, "queryCallRecords", json!({"nativeId": native}));
    assert_eq!(values, json!({"urls": ["http://oktell.example:80/download/rec/1?temppass=t%261"]}));
    let filter = &bench.side(0).take(&["getpbxcalljournal"])[1][1]["filter"];
    assert_eq!(*filter, json!({"idchain": CHAIN, "showcallcenter": true}));
}

#[test]
fn services_say_what_has_no_place_in_the_model() {
    let mut bench = Bench::up();
    let numbers = json!({"numbers": [{"number": "102", "name": "Operator Two", "state": "ready"}]});
    assert_eq!(values(&mut bench, "librarySpecificService", json!({"name": "numbers"})), numbers);
    bench.event("pbxnumberstatechanged", json!({"numbers": [{"num": "102", "numstateid": 5}]}));
    let busy = json!({"numbers": [{"number": "102", "name": "Operator Two", "state": "busy"}]});
    assert_eq!(values(&mut bench, "librarySpecificService", json!({"name": "numbers"})), busy);
    bench.side(0).replies.insert("getcurrentqueue".into(), json!({"queue": [{"number": "1", "chainid": "c"}, {}]}));
    let queue = json!({"queue": [{"number": "1", "name": null, "chain": "c"}]});
    assert_eq!(values(&mut bench, "librarySpecificService", json!({"name": "queue"})), queue);
    bench.take();
    bench.command("librarySpecificService", json!({"name": "intercom", "params": {}}));
    bench.command("librarySpecificService", json!({"name": "inviteToConference", "params": {"number": "103"}}));
    bench.command("librarySpecificService", json!({"name": "fly"}));
    assert_eq!(
        bench.take(),
        ["refused 4 invalidDestination", "refused 5 invalidCallState", "refused 6 commandNotSupported"]
    );
    bench.command("librarySpecificService", json!({"name": "intercom", "params": {"number": "102"}}));
    let intercom = json!({"sequence": "user", "intercom": true, "number": "102"});
    assert_eq!(sent(&mut bench, "pbxautocallstart"), intercom);
}

#[test]
fn somebody_is_invited_when_the_conference_is_there() {
    let mut bench = Bench::up();
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    bench.take();
    bench.command("librarySpecificService", json!({"name": "inviteToConference", "params": {"number": "103"}}));
    assert_eq!(bench.take(), [""; 0]);
    let conference = json!({"linestatestr": "lsCommutated", "chainid": CHAIN, "isflashing": false,
        "abonent": {"isconference": true, "conferenceid": "conf-1"}});
    bench.becomes(conference, &["phoneevent_commstarted"]);
    assert_eq!(bench.take().last().map(String::as_str), Some("ok 1"));
    let invited = json!({"conferenceid": "conf-1", "competitors": [{"number": "103"}]});
    assert_eq!(sent(&mut bench, "invitetoconference"), invited);
}
