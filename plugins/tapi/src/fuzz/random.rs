//! Random messages and answers, in every order: nothing panics, no call is told wrongly, and what is over is let go.

use std::collections::BTreeMap;

use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{CallState, Command, Fact};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::scripted::Scripted;

/// What may come from TAPI. Handles and ids are few, so that they meet.
fn told() -> impl Strategy<Value = Value> {
    let bit = (0_u32..16).prop_map(|bit| 1 << bit);
    let seen =
        (0_u32..6, bit.clone(), any::<u32>(), 0_u32..8, 0_u32..3).prop_map(|(call, state, features, origin, id)| {
            json!({
                "call": 0x200 + call,
                "info": {"line": 0x100, "id": id, "origin": 1 << origin, "owners": id},
                "status": {"state": state, "privilege": 4, "features": features},
            })
        });
    let call = (0_u32..6).prop_map(|call| 0x200 + call);
    let message = (call, 0_u32..3, bit, 0_u32..0x210, seen.clone(), any::<bool>()).prop_map(
        |(call, id, state, p2, seen, known)| {
            let id = [2, 2, 1][usize::try_from(id).unwrap()];
            let mut message = json!({"device": call, "id": id, "p1": state, "p2": p2});
            if known {
                message["call"] = seen;
                message["call"]["call"] = call.into();
            }
            json!({ "message": message })
        },
    );
    let new = (0_u32..6, seen).prop_map(
        |(call, seen)| json!({"message": {"device": 0x100, "id": 23, "p2": 0x200 + call, "p3": 4, "call": seen}}),
    );
    let code = prop_oneof![Just(0), Just(5), Just(-2_147_483_620), Just(-2_147_483_575)];
    let answer = (1_u64..40, code, 0_u32..6, any::<bool>()).prop_map(|(request, code, call, reply)| {
        let given = if code == 0 { json!({"calls": [0x200 + call]}) } else { json!("nothing") };
        let kind = if reply { "replied" } else { "returned" };
        json!({ kind: {"request": request, "code": code, "given": given} })
    });
    let other = (prop_oneof![Just(3), Just(7), Just(8), Just(9), Just(22), Just(25)], any::<u32>(), any::<u32>())
        .prop_map(|(id, p1, p2)| json!({"message": {"device": 0x100, "id": id, "p1": p1, "p2": p2}}));
    prop_oneof![8 => message, 3 => new, 4 => answer, 1 => other]
}

fn opened() -> Vec<Value> {
    vec![
        json!({"device": {"device": 0, "version": 0x20002, "caps": {"name": "101"}, "addresses": [{"number": "101"}]}}),
        json!({"ready": {"version": 0x20002, "devices": 1, "missing": []}}),
        json!({"opened": {"device": 0, "line": 0x100, "privileges": 6, "status": {}, "addresses": [null]}}),
        // No agent handler.
        json!({"returned": {"request": 1, "code": -2_147_483_575}}),
    ]
}

fn command(which: usize, keys: &[String]) -> Option<Command> {
    let key = keys.last()?;
    let other = keys.first()?;
    let (name, params) = [
        ("dropCall", json!({ "callId": key })),
        ("holdCall", json!({ "callId": key })),
        ("makeConsultCall", json!({"callId": key, "to": "102"})),
        ("transferCall", json!({"callId": key, "consultCallId": other})),
        ("conferenceCall", json!({"callId": key, "consultCallId": other})),
        ("cancelTransfer", json!({"callId": key, "consultCallId": other})),
        ("makeCall", json!({"to": "103"})),
        ("sendDtmf", json!({"callId": key, "digits": "1"})),
    ]
    .into_iter()
    .nth(which)?;
    Command::decode(name, params)?.ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_calls_end_once_and_all_is_let_go(
        course in prop::collection::vec((told(), 0_usize..40), 1..120)
    ) {
        let course_text = course.iter().map(|(value, which)| format!("{which} {value}")).collect::<Vec<_>>().join("\n");
        let mut driver = Driver::<Scripted>::new(&json!({"library": "/lib/tapi.so", "hang_timeout": 3600})).unwrap();
        driver.started().unwrap();
        let line = driver.line("101", &json!({})).unwrap();
        let mut told: BTreeMap<String, CallState> = BTreeMap::new();
        for value in opened().into_iter().map(|value| (value, 99)).chain(course) {
            let (value, which) = value;
            driver.posted(value.to_string()).unwrap();
            let mut facts = driver.facts();
            let keys: Vec<String> =
                told.iter().filter(|(_, state)| **state != CallState::Finished).map(|(key, _)| key.clone()).collect();
            if let Some(command) = command(which, &keys) {
                driver.command(line, &command).unwrap();
                facts.extend(driver.facts());
            }
            for fact in facts {
                match fact {
                    Fact::Call(call) => {
                        let before = told.insert(call.key.as_str().to_owned(), call.state);
                        prop_assert_ne!(before, Some(CallState::Finished), "{} is over already", call.key);
                        if before.is_none() {
                            prop_assert!(call.direction.is_some() && call.state != CallState::Finished, "{call:?}\n{course_text}");
                        }
                    }
                    Fact::Snapshot(all) => {
                        told.extend(all.calls.into_iter().map(|call| (call.key.as_str().to_owned(), call.state)));
                    }
                    // The driver closed its line: what was up comes with the next snapshot, under other names.
                    Fact::Down(_) => told.values_mut().for_each(|state| *state = CallState::Finished),
                    _ => {}
                }
            }
        }
        // All calls are over, all answers have come or their time is.
        for call in 0..6 {
            driver.posted(json!({"message": {"device": 0x200 + call, "id": 2, "p1": 1}}).to_string()).unwrap();
        }
        driver.advance(std::time::Duration::from_secs(15)).unwrap();
        driver.advance(std::time::Duration::from_secs(700)).unwrap();
        let (legs, talks, pending, early) = driver.adapter().counts();
        prop_assert_eq!((talks, early), (0, 0), "{}", course_text);
        prop_assert!(legs <= 1 && pending <= 1, "{legs} handles, {pending} requests\n{course_text}");
    }
}
