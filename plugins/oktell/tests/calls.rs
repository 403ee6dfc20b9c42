//! Calls: what the line says in answer to looks, and what becomes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod common;

use common::{Bench, CHAIN, CHAIN_2, OUTSIDE, dials, holding, idle, merge, only_holding, rings, talks, with};
use jackfield_plugin_api::{CallState, PartyRole, PartyState, ReleasedBy};
use serde_json::json;

const COLLEAGUE: &str = "102";

/// An incoming call that was answered.
fn talking() -> Bench {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_ringstopped", "phoneevent_commstarted", "linestatechanged"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A alerting/ringing in 79990000001", "A connected in 79990000001"]);
    bench
}

/// The same with a consultation that was answered.
fn consulting() -> Bench {
    let mut bench = talking();
    let a = bench.key('A');
    bench.side(0).info = holding(dials(COLLEAGUE, CHAIN_2), OUTSIDE, CHAIN);
    bench.command("makeConsultCall", json!({"callId": a, "to": COLLEAGUE}));
    bench.becomes(
        holding(dials(COLLEAGUE, CHAIN_2), OUTSIDE, CHAIN),
        &["phoneevent_acmcallstarted", "flashstatechanged 1", "phoneevent_commstopped"],
    );
    bench.becomes(
        holding(talks(COLLEAGUE, CHAIN_2), OUTSIDE, CHAIN),
        &["phoneevent_acmcallstopped", "phoneevent_commstarted"],
    );
    bench.wait(1000);
    assert_eq!(
        bench.take(),
        [
            "A held in 79990000001",
            "B alerting/dialing out 102 consult <- 1",
            "ok 1",
            "A changed",
            "B connected out 102 consult"
        ]
    );
    bench
}

#[test]
fn what_cannot_be_mistaken_is_told_at_once() {
    let mut bench = talking();
    bench.becomes(idle(), &["phoneevent_commstopped", "linestatechanged"]);
    assert_eq!(bench.take(), [""; 0], "talk may stop for a hold");
    bench.event("userstatechanged", json!({"userstateid": 5}));
    bench.event("userstatechanged", json!({"userstateid": 1}));
    let said = bench.take();
    assert!(said.contains(&"A finished normalClearing by unknown".to_owned()), "{said:?}");
}

#[test]
fn an_end_that_only_the_line_tells_is_believed_when_it_lasts() {
    let mut bench = talking();
    bench.becomes(idle(), &["phoneevent_commstopped", "linestatechanged"]);
    bench.wait(600);
    assert_eq!(bench.take(), [""; 0]);
    bench.wait(200);
    assert_eq!(bench.take(), ["A finished normalClearing by unknown"]);
}

#[test]
fn a_line_that_is_empty_on_the_way_to_a_hold_ends_nothing() {
    let mut bench = talking();
    let a = bench.key('A');
    bench.command("holdCall", json!({"callId": a}));
    bench.becomes(idle(), &["phoneevent_commstopped"]);
    bench.becomes(only_holding(OUTSIDE, CHAIN), &["flashstatechanged 1"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["ok 1", "A held in 79990000001 <- 1"]);
}

#[test]
fn missed_and_declined_are_told_apart() {
    let mut bench = Bench::up();
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    bench.becomes(idle(), &["phoneevent_ringstopped"]);
    assert_eq!(bench.take(), ["A alerting/ringing in 79990000001", "A finished cancelled by unknown"]);
    bench.becomes(rings(OUTSIDE, CHAIN_2), &["phoneevent_ringstarted"]);
    let b = bench.key('B');
    bench.command("dropCall", json!({"callId": b}));
    bench.becomes(idle(), &["phoneevent_ringstopped"]);
    assert_eq!(bench.take(), ["B alerting/ringing in 79990000001", "ok 1", "B finished rejected by local <- 1"]);
    assert_eq!(bench.side(0).take(&["pbxdeclinecall"]).len(), 1);
}

#[test]
fn a_consultation_that_is_completed_transfers_both() {
    let mut bench = consulting();
    let (a, b) = (bench.key('A'), bench.key('B'));
    bench.command("transferCall", json!({"callId": a, "consultCallId": b}));
    bench.becomes(idle(), &["flashstatechanged 5", "phoneevent_commstopped"]);
    assert_eq!(bench.take(), ["ok 2", "B finished transferred by local <- 2", "A finished transferred by local <- 2"]);
    assert_eq!(bench.last_call('A').redirection.unwrap().number, COLLEAGUE);
    assert_eq!(bench.last_call('B').redirection.unwrap().number, OUTSIDE);
    assert_eq!(bench.side(0).take(&["pbxabortcall"]).len(), 1);
}

#[test]
fn a_transfer_by_hanging_up_the_phone_is_told_by_the_flash_event() {
    let mut bench = consulting();
    bench.becomes(idle(), &["flashstatechanged 5", "phoneevent_commstopped", "linestatechanged"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["B finished transferred by local", "A finished transferred by local"]);
}

#[test]
fn a_consultation_that_is_given_up_returns_to_the_first_call() {
    let mut bench = consulting();
    let (a, b) = (bench.key('A'), bench.key('B'));
    bench.command("cancelTransfer", json!({"callId": a, "consultCallId": b}));
    bench.becomes(talks(OUTSIDE, CHAIN), &["flashstatechanged 2", "phoneevent_commstarted"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["ok 2", "B finished normalClearing by local <- 2", "A connected in 79990000001 <- 2"]);
    let sent = bench.side(0).take(&["pbxmakeflash"]);
    assert_eq!(sent[0][1]["mode"], "abort");
}

#[test]
fn a_held_party_that_is_lost_leaves_the_consultation() {
    let mut bench = consulting();
    bench.becomes(talks(COLLEAGUE, CHAIN_2), &["flashstatechanged 4"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A finished normalClearing by remote", "B changed"]);
    assert_eq!(bench.last_call('B').role, None, "there is nothing left to consult about");
}

#[test]
fn swapping_holds_the_one_before_it_takes_the_other() {
    let mut bench = consulting();
    let (a, b) = (bench.key('A'), bench.key('B'));
    bench.command("alternateCall", json!({"callId": a, "otherCallId": b}));
    bench.becomes(holding(talks(OUTSIDE, CHAIN), COLLEAGUE, CHAIN_2), &["flashstatechanged 7"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["ok 2", "B held out 102 consult <- 2", "A connected in 79990000001 <- 2"]);
}

#[test]
fn a_chain_that_changes_renames_the_call() {
    let mut bench = talking();
    assert_eq!(bench.last_call('A').native_id.as_deref(), Some(&*format!("{CHAIN}:{OUTSIDE}")));
    bench.becomes(talks(OUTSIDE, CHAIN_2), &["linestatechanged"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A changed"]);
    assert_eq!(bench.last_call('A').native_id.as_deref(), Some(&*format!("{CHAIN_2}:{OUTSIDE}")));
}

#[test]
fn a_consultation_in_the_same_chain_is_a_call_of_its_own() {
    let mut bench = talking();
    let a = bench.key('A');
    bench.command("makeConsultCall", json!({"callId": a, "to": COLLEAGUE}));
    // The consultation is there before the hold is.
    bench.becomes(dials(COLLEAGUE, CHAIN), &["phoneevent_acmcallstarted"]);
    bench.becomes(holding(dials(COLLEAGUE, CHAIN), OUTSIDE, CHAIN), &["flashstatechanged 1"]);
    bench.becomes(
        holding(talks(COLLEAGUE, CHAIN), OUTSIDE, CHAIN),
        &["phoneevent_acmcallstopped", "phoneevent_commstarted"],
    );
    bench.wait(1000);
    let said = bench.take();
    let states: Vec<_> = said.iter().filter(|word| !word.ends_with("changed")).collect();
    assert_eq!(
        states,
        ["B alerting/dialing out 102 consult <- 1", "ok 1", "A held in 79990000001", "B connected out 102 consult"]
    );
}

#[test]
fn the_far_end_that_was_transferred_is_the_same_call() {
    let mut bench = talking();
    bench.becomes(talks("79990000005", CHAIN), &["phoneevent_commstopped", "phoneevent_commstarted"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A changed"]);
    let call = bench.last_call('A');
    assert_eq!(
        (call.caller.unwrap().number.as_str(), call.redirection.unwrap().number.as_str()),
        (OUTSIDE, "79990000005")
    );
}

#[test]
fn the_far_end_that_was_transferred_into_another_chain_is_the_same_call() {
    let mut bench = talking();
    bench.becomes(talks("79990000005", CHAIN_2), &["phoneevent_commstopped", "phoneevent_commstarted"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A changed"]);
    assert_eq!(bench.last_call('A').redirection.unwrap().number, "79990000005");
}

#[test]
fn a_call_that_goes_on_ringing_for_another_caller_is_the_same_call() {
    let mut bench = Bench::up();
    bench.becomes(rings("103", CHAIN), &["phoneevent_ringstarted"]);
    bench.becomes(rings(OUTSIDE, CHAIN_2), &["linestatechanged"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A alerting/ringing in 103", "A alerting/ringing in 79990000001"]);
    bench.becomes(rings("104", "c9"), &["phoneevent_ringstarted"]);
    bench.wait(1000);
    let said = bench.take();
    assert!(said.contains(&"B alerting/ringing in 104".to_owned()), "{said:?}");
}

#[test]
fn another_party_that_was_announced_is_another_call() {
    let mut bench = talking();
    bench.event("phoneevent_ringstarted", json!({}));
    bench.becomes(talks("79990000005", CHAIN_2), &["phoneevent_commstopped", "phoneevent_commstarted"]);
    bench.wait(1000);
    let said = bench.take();
    assert!(said.contains(&"B connected in 79990000005".to_owned()), "{said:?}");
    assert!(said.contains(&"A finished normalClearing by unknown".to_owned()), "{said:?}");
}

#[test]
fn a_call_that_was_answered_before_anybody_looked_is_incoming() {
    let mut bench = Bench::up();
    bench.becomes(talks(OUTSIDE, CHAIN), &["phoneevent_commstarted"]);
    assert_eq!(bench.take(), ["A connected in 79990000001"]);
}

#[test]
fn a_service_that_answers_is_a_connected_call() {
    let mut bench = Bench::up();
    bench.command("makeCall", json!({"to": "700"}));
    let menu = json!({"linestatestr": "lsCommutated", "chainid": CHAIN, "isflashing": false,
        "abonent": {"isivr": true, "ivrname": "Menu"}});
    bench.becomes(menu, &["phoneevent_ivrstarted"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A connected out 700 <- 1", "ok 1"]);
    let participants = bench.last_call('A').participants.unwrap();
    assert_eq!((participants[1].role, participants[1].name.as_deref()), (PartyRole::Ivr, Some("Menu")));
}

#[test]
fn who_holds_us_is_told_by_the_participants() {
    let mut bench = talking();
    bench.becomes(with(OUTSIDE, CHAIN, json!({"iswaitinginflash": true})), &["flashstatechanged 11"]);
    bench.wait(1000);
    assert_eq!(bench.take(), ["A changed"]);
    let participants = bench.last_call('A').participants.unwrap();
    assert_eq!(participants[1].state, PartyState::Held);
}

#[test]
fn two_calls_become_a_conference_and_it_is_left() {
    let mut bench = consulting();
    let (a, b) = (bench.key('A'), bench.key('B'));
    let members = json!({"competitors": [
        {"competitorid": "m1", "userid": "aaaaaaaa-0000-4000-8000-000000000101", "number": "101"},
        {"competitorid": "m2", "number": OUTSIDE}, {"competitorid": "m3", "number": COLLEAGUE},
    ]});
    bench.side(0).replies.insert("getconferenceinfo".into(), members);
    bench.side(0).replies.insert("checkcanconnecttogathertoconference".into(), json!({"canconnecttogather": true}));
    bench.command("conferenceCall", json!({"callId": a, "consultCallId": b}));
    let conference = json!({"linestatestr": "lsCommutated", "chainid": CHAIN, "isflashing": false,
        "abonent": {"isconference": true, "conferenceid": "conf-1"}});
    bench.becomes(conference, &["phoneevent_commstarted", "confcompositionchanged"]);
    bench.wait(1000);
    let said = bench.take();
    let first = ["ok 2", "A conferenced in 79990000001 <- 2", "B finished conferenced by local <- 2"];
    assert_eq!(said[..3], first, "what remains is told before what ends: {said:?}");
    let call = bench.last_call('A');
    assert_eq!((call.state, call.participants.unwrap().len()), (CallState::Conferenced, 3));
    bench.command("dropCall", json!({"callId": a}));
    bench.becomes(idle(), &["phoneevent_commstopped"]);
    assert_eq!(bench.take(), ["ok 3", "A finished normalClearing by local <- 3"]);
    assert_eq!(bench.side(0).take(&["exitconference"])[0][1]["conferenceid"], "conf-1");
}

#[test]
fn members_of_a_conference_come_and_go() {
    let mut bench = talking();
    let conference = json!({"linestatestr": "lsCommutated", "chainid": CHAIN, "isflashing": false,
        "abonent": {"isconference": true, "conferenceid": "conf-1"}});
    bench.side(0).info = conference;
    let list = |numbers: &[&str]| {
        let members: Vec<_> = numbers.iter().map(|n| json!({"competitorid": n, "number": n})).collect();
        json!({"eventinfo": {"conferenceid": "conf-1", "competitorlist": members}})
    };
    bench.event("confcompositionchanged", list(&["101", OUTSIDE]));
    bench.event("confcompositionchanged", list(&["101", OUTSIDE, "103"]));
    assert_eq!(bench.last_call('A').state, CallState::Conferenced);
    bench.event("confcompositionchanged", list(&["101", "103"]));
    bench.wait(1000);
    assert_eq!(bench.last_call('A').state, CallState::Connected);
}

#[test]
fn who_only_listens_makes_no_conference() {
    let mut bench = talking();
    let conference = json!({"linestatestr": "lsCommutated", "chainid": CHAIN, "isflashing": false,
        "abonent": {"isconference": true, "conferenceid": "conf-1"}});
    bench.becomes(conference, &["phoneevent_commstarted"]);
    let members = |ghost: bool| {
        json!({"eventinfo": {"conferenceid": "conf-1", "competitorlist": [
            {"competitorid": "a", "number": OUTSIDE}, {"competitorid": "b", "number": "103", "isghost": ghost},
        ]}})
    };
    bench.event("confcompositionchanged", members(true));
    assert_eq!(bench.last_call('A').state, CallState::Connected);
    assert_eq!(bench.last_call('A').participants.unwrap()[2].role, PartyRole::Supervisor);
    bench.event("confcompositionchanged", members(false));
    assert_eq!(bench.last_call('A').state, CallState::Conferenced);
}

#[test]
fn a_call_that_was_announced_and_never_came_colours_no_later_one() {
    let mut bench = Bench::up();
    bench.event("phoneevent_acmcallstarted", json!({}));
    bench.wait(1000);
    bench.becomes(rings(OUTSIDE, CHAIN), &["phoneevent_ringstarted"]);
    assert_eq!(bench.take(), ["A alerting/ringing in 79990000001"]);
}

#[test]
fn what_the_server_does_not_say_changes_nothing() {
    let mut bench = talking();
    bench.becomes(json!({"linestatestr": "lsCommutated", "chainid": CHAIN}), &["linestatechanged"]);
    bench.becomes(json!({"linestatestr": "lsReserved", "chainid": CHAIN, "abonent": {}}), &["linestatechanged"]);
    bench.wait(2000);
    assert_eq!(bench.take(), [""; 0]);
    bench.side(0).replies.insert("getextendedlineinfo".into(), json!({"result": 0, "errormsg": "busy"}));
    bench.event("linestatechanged", json!({}));
    bench.wait(2000);
    assert_eq!(bench.take(), [""; 0]);
}

#[test]
fn a_call_is_looked_at_though_no_event_comes() {
    let mut bench = talking();
    bench.side(0).info = idle();
    bench.wait(16_000);
    assert_eq!(bench.take(), ["A finished normalClearing by unknown"]);
    bench.side(0).requests.clear();
    bench.wait(60_000);
    assert_eq!(bench.side(0).take(&["getextendedlineinfo"]).len(), 0, "an idle line is left alone");
}

#[test]
fn talk_time_comes_from_the_server_when_it_counts() {
    let mut bench = Bench::up();
    let mut info = talks(OUTSIDE, CHAIN);
    merge(&mut info, &json!({"timertalklensec": 40}));
    bench.becomes(info, &["linestatechanged"]);
    let since = bench.driver.now().since(bench.last_call('A').connected_at.unwrap());
    assert_eq!(since.as_secs(), 40);
}

#[test]
fn events_of_somebody_else_are_left_alone() {
    let mut bench = Bench::up();
    bench.side(0).info = rings(OUTSIDE, CHAIN);
    let other = json!(["phoneevent_ringstarted", {"qid": "e", "userid": "bbbb", "userlogin": "op102"}]);
    bench.text(0, &other.to_string());
    assert_eq!((bench.take(), bench.side(0).requests.len()), (vec![], 0));
    bench.text(0, r#"["phoneevent_ringstarted",{"qid":"e"}]"#);
    assert_eq!(bench.take(), ["A alerting/ringing in 79990000001"]);
    assert_eq!(bench.last_call('A').released_by, None::<ReleasedBy>);
}
