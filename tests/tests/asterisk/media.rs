//! What is done within a call: digits, mute, recording, data.

use jackfield_tests::asterisk::{Caller, Phone};
use serde_json::{Value, json};

use crate::bed::{Bed, CALLER, L101, L102, call};

const TALKED: &[&str] = &["callStarted", "commutationStarted", "callFinished"];

#[test]
fn a_command_sends_digits() {
    let Some(mut bed) = Bed::new("digits by command") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    bed.command("sendDtmf", L101, &json!({ "callId": id, "digits": "42#" }));
    assert_eq!(bed.refused("sendDtmf", L101, &json!({ "callId": id, "digits": "4x" })), "invalidDigits");
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
    assert_eq!(bed.digits(&id), "4l2l#l");
}

#[test]
fn digits_between_two_lines() {
    let Some(mut bed) = Bed::new("digits by command, between two lines") else { return };
    let _phone = bed.pbx.phone("102", Phone::Answers { ring_ms: 200 }).unwrap();
    let _caller = bed.pbx.call("101", "102", Caller::Stays).unwrap();
    let there = call(&bed.wait("commutationStarted", L102))["callId"].clone();
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    bed.command("sendDtmf", L101, &json!({ "callId": id, "digits": "17" }));
    bed.drop_call(L101, &id);
    bed.wait("callFinished", L102);
    bed.expect(&[(L101, TALKED), (L102, TALKED)]);
    assert_eq!(bed.digits(&id), "1l7l");
    assert!(["", "1r7r"].contains(&bed.digits(&there).as_str()), "{}", bed.digits(&there));
}

#[test]
fn digits_for_a_service() {
    let Some(mut bed) = Bed::new("digits by command, to 602") else { return };
    let mut ami = bed.pbx.ami().unwrap();
    let _caller = bed.pbx.call("101", "602", Caller::Stays).unwrap();
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    bed.command("sendDtmf", L101, &json!({ "callId": id, "digits": "1234" }));
    let heard = ami.event("UserEvent", jackfield_tests::asterisk::PATIENCE, |e| e.get("UserEvent") == "IvrDigits");
    assert_eq!(heard.unwrap().get("Digits"), "1234");
    bed.wait("callFinished", L101);
    bed.expect(&[(L101, TALKED)]);
    assert_eq!(bed.digits(&id), "1l2l3l4l");
    assert_eq!(bed.end(&id).0, "normalClearing");
}

#[test]
fn the_phone_enters_digits() {
    let Some(mut bed) = Bed::new("digits at the phone") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::SendsDtmf { ring_ms: 200, talk_ms: 300 });
    bed.find("the third digit", |e| e["method"] == "dtmfEntered" && e["params"]["data"]["digits"] == "3");
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
    let digits = bed.digits(&id);
    assert!(digits.starts_with("1l2l3l"), "{digits}");
}

#[test]
fn the_other_side_enters_digits() {
    let Some(mut bed) = Bed::new("digits from the other side") else { return };
    let _phone = bed.pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let _caller = bed.pbx.call(CALLER, "5550101", Caller::SendsDtmf { talk_ms: 300 }).unwrap();
    let id = call(&bed.wait("commutationStarted", L101))["callId"].clone();
    bed.find("the third digit", |e| e["method"] == "dtmfEntered" && e["params"]["data"]["digits"] == "6");
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
    let digits = bed.digits(&id);
    assert!(digits.starts_with("4r5r6r"), "{digits}");
}

#[test]
fn what_a_consultation_types_is_nobodys_digit() {
    let Some(mut bed) = Bed::new("no digits of a consultation") else { return };
    let (_phone, _caller, first) = bed.talk(Phone::Answers { ring_ms: 200 });
    let _asked = bed.pbx.phone("102", Phone::Answers { ring_ms: 300 }).unwrap();
    let made = bed.command("makeConsultCall", L101, &json!({ "callId": first, "to": "102" }));
    let second = made["callId"].clone();
    let there = call(&bed.wait("commutationStarted", L102))["callId"].clone();
    bed.call_is(&second, "talking to 102", |c| c["state"] == "connected");
    bed.command("sendDtmf", L101, &json!({ "callId": second, "digits": "5" }));
    bed.command("cancelTransfer", L101, &json!({ "callId": first, "consultCallId": second }));
    bed.wait("unhold", L101);
    bed.command("sendDtmf", L101, &json!({ "callId": first, "digits": "6" }));
    bed.drop_call(L101, &first);
    bed.wait("callFinished", L102);
    assert_eq!((bed.digits(&first), bed.digits(&second)), ("6l".into(), "5l".into()));
    assert!(["", "5r"].contains(&bed.digits(&there).as_str()), "{}", bed.digits(&there));
    let begins = ["callStarted", "commutationStarted", "hold", "callStarted", "commutationStarted"];
    let ends = ["callFinished", "unhold", "callFinished"];
    bed.expect(&[(L101, &[&begins[..], &ends].concat()), (L102, TALKED)]);
}

#[test]
fn a_call_is_recorded() {
    let Some(mut bed) = Bed::new("recorded: start, pause, resume, stop") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    let mut recordings = Vec::new();
    for (action, recording) in [("start", true), ("pause", false), ("resume", true), ("stop", false)] {
        bed.command("recordCall", L101, &json!({ "callId": id, "action": action }));
        recordings.push(recording);
        let told = |bed: &Bed| -> Vec<Value> {
            let changed = bed.client.events.iter().filter(|e| {
                e["method"] == "callInfoChanged"
                    && e["params"]["data"]["changed"].as_array().unwrap().contains(&json!("recording"))
            });
            changed.map(|e| call(e)["recording"].clone()).collect()
        };
        let wanted = recordings.len();
        while told(&bed).len() < wanted {
            bed.wait("callInfoChanged", L101);
        }
        assert_eq!(told(&bed), recordings.iter().map(|r| json!(r)).collect::<Vec<_>>());
    }
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
}

#[test]
fn a_call_is_muted() {
    let Some(mut bed) = Bed::new("muted and unmuted") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    bed.command("mute", L101, &json!({ "callId": id }));
    bed.call_is(&id, "muted", |c| c["muted"] == true);
    bed.may(&id, "unmute");
    bed.command("unmute", L101, &json!({ "callId": id }));
    bed.call_is(&id, "not muted any more", |c| c["muted"] == false);
    bed.may(&id, "mute");
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
}

#[test]
fn data_is_attached_to_a_call() {
    let Some(mut bed) = Bed::new("data attached to a call") else { return };
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    bed.command("setUserData", L101, &json!({ "callId": id, "map": { "order": "A, 17" } }));
    bed.call_is(&id, "with data", |c| c["userData"]["order"] == "A, 17");
    let channels = bed.pbx.cli("core show channels concise").unwrap();
    let leg = channels.lines().find(|l| l.starts_with("PJSIP/101-")).unwrap().split('!').next().unwrap().to_owned();
    let shown = bed.pbx.cli(&format!("core show channel {leg}")).unwrap();
    assert!(shown.contains("JF_ORDER="), "the dialplan can read it:\n{shown}");
    bed.drop_call(L101, &id);
    bed.expect(&[(L101, TALKED)]);
}
