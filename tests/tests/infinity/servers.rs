//! Servers that differ in what nobody describes: what they show of calls, how they hold, how they write.

use serde_json::json;

use crate::bed::{Bed, FAST, ONE, OTHER, OUTSIDE, PATHS, PBX, TWO, call_id};

/// A server that shows of a call only what public programs read: the recording's file tells that somebody talks.
#[test]
fn four_members_are_enough_for_calls_to_come_and_go() {
    let pbx = format!("{PBX}[answers]\nmembers = \"few\"\n");
    let mut bed = Bed::with("process", &pbx, FAST);
    bed.phones(json!({"do": "call", "from": OUTSIDE, "to": "101"}));
    let started = bed.first("callStarted", ONE, |_| true);
    assert_eq!(started["params"]["data"]["call"]["direction"], "in");
    let call = call_id(&started);
    bed.asks(ONE, "answerCall", json!({"callId": call}));
    bed.of("commutationStarted", ONE, &call);
    bed.asks(ONE, "dropCall", json!({"callId": call}));
    bed.of("callFinished", ONE, &call);
    let call = bed.asks(ONE, "makeCall", json!({"to": OTHER}))["callId"].clone();
    assert_eq!(bed.of("callStarted", ONE, &call)["params"]["data"]["call"]["direction"], "out");
    bed.infinity.wait_for(&json!({"do": "show"}), |all| all["users"][0]["calls"][0]["state"] == 13).unwrap();
    bed.phones(json!({"do": "answer", "number": OTHER}));
    bed.of("commutationStarted", ONE, &call);
    bed.phones(json!({"do": "hangup", "number": OTHER}));
    bed.of("callFinished", ONE, &call);
    let course = ["callStarted", "commutationStarted", "callFinished"];
    bed.core(ONE, &[course, course].concat());
    bed.sound("few members");
}

/// Numbers instead of texts, a consultation that is state 51 and comes back by itself, calls that are listed after their
/// end, letters of Windows-1251, no slash.
#[test]
fn another_server_and_other_settings() {
    let pbx = format!(
        "{PBX}returns = true\ntransfer_state = 51\nended_ms = 400\n[answers]\ntexts = false\nunescaped = false\nno_file = \
         \"\"\nencoding = \"windows-1251\"\n[[users]]\nid = 11\nlogin = \"a\"\npassword = \"a\"\nextension = \
         \"101\"\n[[users]]\nid = 12\nlogin = \"b\"\npassword = \"b\"\nextension = \"102\"\nname = \"Оля Ж.\"\n"
    );
    let pbx = format!("queues = []\n{pbx}");
    let mut bed = Bed::with("process", &pbx, &format!("slash = false\nencoding = \"windows-1251\"\n{FAST}{PATHS}"));
    let first = bed.incoming();
    let (consult, theirs) = bed.consult(&first);
    let started = bed.of("callStarted", ONE, &consult);
    assert_eq!(started["params"]["data"]["call"]["called"], json!({"number": "102", "name": "Оля Ж."}));
    // The colleague hangs up: the call that was held comes back, with nobody having asked for it.
    bed.asks(TWO, "dropCall", json!({"callId": theirs}));
    bed.of("callFinished", ONE, &consult);
    bed.of("unhold", ONE, &first);
    bed.asks(ONE, "dropCall", json!({"callId": first}));
    bed.of("callFinished", ONE, &first);
    bed.core(
        ONE,
        &[
            "callStarted",
            "commutationStarted",
            "hold",
            "callStarted",
            "commutationStarted",
            "callFinished",
            "unhold",
            "callFinished",
        ],
    );
    bed.sound("another server");
}
