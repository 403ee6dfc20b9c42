//! What is offered, and that nothing else is.
//!
//! Everything that a line offers is used by a scenario against the real Asterisk:
//!
//! | offered | used in |
//! |---|---|
//! | recall | `click_to_call::a_busy_number_is_called_again` |
//! | dial | `click_to_call` |
//! | answer | `calls::one_phone_calls_another_is_held_and_dropped_by_a_command`, `two_calls`, `queues` |
//! | drop | nearly all |
//! | hold, unhold | `calls::one_phone_calls_another_is_held_and_dropped_by_a_command`, `two_calls` |
//! | completeTransfer | `consultations::a_consultation_is_completed`, `two_calls::two_calls_are_joined_by_a_transfer` |
//! | blindTransfer | `transfers::a_call_is_transferred_blindly_by_a_command` |
//! | makeConsultCall | `consultations` |
//! | dtmf | `media::a_command_sends_digits` |
//! | mute, unmute | `media::a_call_is_muted` |
//! | cancelTransfer | `consultations::a_consultation_is_given_up` |
//! | alternate | `consultations::a_consultation_is_alternated_and_completed`, `two_calls::two_calls_are_alternated` |
//! | conference | `consultations::a_consultation_becomes_a_conference`, `two_calls::two_calls_become_a_conference` |
//! | deflect | `transfers::a_ringing_call_is_deflected` |
//! | pickup | `pickup_and_parking::a_command_picks_up_what_rings_at_a_number` |
//! | park | `pickup_and_parking::a_call_is_parked_and_retrieved` |
//! | record | `media::a_call_is_recorded` |
//! | setUserData | `media::data_is_attached_to_a_call` |
//! | callCentreMode | `queues::the_call_centre_mode_is_membership` |
//! | login, setState, reasons | `queues::a_member_pauses_with_a_reason_and_goes_on` |

use jackfield_tests::asterisk::{AMI_READ_ONLY_SECRET, AMI_READ_ONLY_USER, Caller, PATIENCE, Pbx, Phone};
use serde_json::{Value, json};

use crate::bed::{Bed, CALLER, L101, L102, call, config};

const CALL: [&str; 20] = [
    "alternate",
    "answer",
    "blindTransfer",
    "cancelTransfer",
    "completeTransfer",
    "conference",
    "deflect",
    "dial",
    "drop",
    "dtmf",
    "hold",
    "makeConsultCall",
    "mute",
    "park",
    "pickup",
    "recall",
    "record",
    "setUserData",
    "unhold",
    "unmute",
];
const AGENT: [&str; 4] = ["callCentreMode", "login", "reasons", "setState"];

fn sorted(names: &Value) -> Vec<String> {
    let mut names: Vec<String> = names.as_array().unwrap().iter().map(|n| n.as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_is_offered_is_what_the_scenarios_use() {
    let Some(mut bed) = Bed::new("what is offered") else { return };
    let offered = bed.command("getCapabilities", L101, &json!({}));
    assert_eq!(sorted(&offered["call"]), CALL);
    assert_eq!(sorted(&offered["agent"]), AGENT);
    let initialized = bed.find("initialized", |e| e["method"] == "initialized" && e["params"]["line"] == L101);
    assert_eq!(initialized["params"]["data"]["capabilities"], offered, "two answers to one question");
    assert_eq!((&offered["snapshot"], &offered["holdDetection"]), (&json!("full"), &json!("native")));
    assert_eq!((&offered["busyDetection"], &offered["dropsOneOfPair"]), (&json!(true), &json!(true)));
    bed.expect(&[(L101, &[])]);
}

#[test]
fn what_is_not_offered_is_refused() {
    let Some(mut bed) = Bed::new("refused: what is not offered") else { return };
    for (method, params) in [
        ("setForwarding", json!({ "kind": "all", "to": "102" })),
        ("setDnd", json!({ "on": true })),
        ("setWrapUpUserState", json!({ "active": true })),
        ("hookup", json!({})),
        ("queryCallRecords", json!({ "nativeId": "1" })),
        ("librarySpecificService", json!({ "name": "x", "params": {} })),
    ] {
        assert_eq!(bed.refused(method, L101, &params), "commandNotSupported", "{method}");
    }
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    for (method, params) in
        [("setVideoState", json!({ "callId": id, "active": true })), ("setupTransferCall", json!({ "callId": id }))]
    {
        assert_eq!(bed.refused(method, L101, &params), "commandNotSupported", "{method}");
    }
    let refused = bed.refused("parkCall", L101, &json!({ "callId": id, "slot": "705" }));
    assert_eq!(refused, "commandNotSupported", "Asterisk chooses the slot");
    bed.drop_call(L101, &id);
    assert_eq!(bed.refused("dropCall", L101, &json!({ "callId": id })), "unknownCall");
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "callFinished"])]);
}

#[test]
fn an_ami_user_who_may_only_look_sees_calls_and_steers_none() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let config = config(pbx.ami_port(), AMI_READ_ONLY_USER, AMI_READ_ONLY_SECRET);
    let mut bed = Bed::with("AMI user who may only look", pbx, config);
    let offered = bed.command("getCapabilities", L101, &json!({}));
    assert_eq!((&offered["call"], &offered["agent"]), (&json!(["setUserData"]), &json!([])), "{offered}");
    assert_eq!(bed.refused("makeCall", L101, &json!({ "to": "102" })), "commandNotSupported");
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let mut caller = bed.pbx.call(CALLER, "5550101", Caller::Talks { ms: 1_500 }).unwrap();
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    for (method, params) in [
        ("dropCall", json!({ "callId": id })),
        ("holdCall", json!({ "callId": id })),
        ("blindTransferCall", json!({ "callId": id, "to": "102" })),
        ("sendDtmf", json!({ "callId": id, "digits": "1" })),
        ("loginAgent", json!({ "id": "101" })),
        ("pickupCall", json!({})),
    ] {
        assert_eq!(bed.refused(method, L101, &params), "commandNotSupported", "{method}");
    }
    bed.wait("callFinished", L101);
    caller.wait(PATIENCE).unwrap();
    bed.expect(&[(L101, &["callStarted", "commutationStarted", "callFinished"]), (L102, &[])]);
    assert_eq!(bed.end(&id), ("normalClearing".into(), "remote".into()));
}
