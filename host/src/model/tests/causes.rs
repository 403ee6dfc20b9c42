//! Why an event is sent: its cause, the command behind it, the phone system's time.

use jackfield_plugin_api::{Cause, CauseCode};
use serde_json::{Value, json};

use super::bench::{Bench, busy, dials, rings, talks};
use crate::model::ReplyTo;

fn event<'b>(bench: &'b Bench, method: &str) -> &'b Value {
    bench.log.iter().rev().find(|event| event["method"] == method).expect("such an event came")
}

#[test]
fn what_the_phone_system_says_of_the_cause_is_told() {
    let mut bench = Bench::up();
    let cause = Cause::new(CauseCode::Busy).native(json!({"q850": 17})).text("user busy");
    bench.apply(dials("1")).says(busy("1").cause(cause), "callBusy(A) L(A)");
    let told = json!({"code": "busy", "text": "user busy", "native": {"q850": 17}});
    assert_eq!(event(&bench, "callBusy")["params"]["cause"], told);
    let mut bench = Bench::up();
    bench.apply(dials("1")).says(busy("1"), "callBusy(A) L(A)");
    assert_eq!(event(&bench, "callBusy")["params"]["cause"], json!({"code": "busy"}), "busy explains itself");
    let mut bench = Bench::up();
    let cause = Cause::new(CauseCode::Redirected);
    bench.apply(rings("1")).says(talks("1").cause(cause), "commutationStarted(A) L(A)");
    assert_eq!(event(&bench, "commutationStarted")["params"]["cause"]["code"], "redirected");
}

#[test]
fn a_command_whose_call_is_first_seen_connected_is_answered_by_its_start() {
    let tab = ReplyTo { session: "s-7".to_owned(), id: 12.into() };
    let mut bench = Bench::up();
    bench.apply_for(talks("1"), Some(&tab)).expect("callStarted(A)* commutationStarted(A)* L(A)");
    let told = json!({"session": "s-7", "id": 12});
    assert_eq!(event(&bench, "callStarted")["params"]["replyTo"], told);
    assert_eq!(event(&bench, "callStarted")["params"]["cause"]["code"], "firstSeen");
    assert_eq!(event(&bench, "lineStateChanged")["params"].get("replyTo"), None);
}
