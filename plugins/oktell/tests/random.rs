//! Random servers: whatever one says, in whatever order, every command is answered once, every call ends at most once
//! and speaks no more, keys are never used again, and an adapter that is replaced goes on as if it had not been.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that fails says where")]
#![allow(clippy::needless_pass_by_value, reason = "`json!` in the argument is easier to read than `&json!`")]

mod common;

use std::collections::BTreeSet;

use common::{Bench, dials, holding, idle, merge, only_holding, rings, talks, with};
use jackfield_plugin_api::testing::{Swaps, same_with_swaps};
use jackfield_plugin_api::{CallState, Fact};
use proptest::prelude::*;
use serde_json::{Value, json};

const EVENTS: [&str; 17] = [
    "phoneevent_ringstarted",
    "phoneevent_ringstopped",
    "phoneevent_acmcallstarted",
    "phoneevent_acmcallstopped",
    "phoneevent_commstarted",
    "phoneevent_commstopped",
    "phoneevent_ivrstarted",
    "linestatechanged",
    "flashstatechanged 1",
    "flashstatechanged 3",
    "flashstatechanged 4",
    "flashstatechanged 5",
    "flashstatechanged 7",
    "confcompositionchanged",
    "confcompetitorstatechanged",
    "customevent",
    "phoneevent_faxstarted",
];

const COMMANDS: [&str; 12] = [
    "makeCall",
    "makeConsultCall",
    "answerCall",
    "dropCall",
    "holdCall",
    "unholdCall",
    "blindTransferCall",
    "transferCall",
    "cancelTransfer",
    "alternateCall",
    "conferenceCall",
    "setDnd",
];

#[derive(Debug, Clone)]
enum Step {
    /// The line is this from now on, and this event tells.
    Becomes(Value, &'static str),
    Wait(u64),
    Command(usize),
    User(i64),
    /// The server refuses, or does not answer, this request from now on.
    Refuses(&'static str),
    Deaf(&'static str),
    Text(String),
    Lost,
}

fn number() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("102"), Just("79990000001"), Just("79990000002"), Just("")]
}

fn chain() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("c1"), Just("c2"), Just("c3"), Just(common::ZERO)]
}

fn info() -> impl Strategy<Value = Value> {
    let flag = prop_oneof![
        Just("isringing"),
        Just("isautocall"),
        Just("iscommutated"),
        Just("iswaitinginflash"),
        Just("iswaitingforanswer"),
        Just("isconference"),
        Just("isivr"),
    ];
    let wild =
        (number(), chain(), proptest::collection::vec(flag, 0..4), any::<bool>()).prop_map(|(n, c, flags, acm)| {
            let mut all = json!({});
            for flag in flags {
                merge(&mut all, &json!({flag: true}));
            }
            if acm {
                merge(&mut all, &json!({"direction": "acm_callback"}));
            }
            if all.get("isconference").is_some() {
                merge(&mut all, &json!({"conferenceid": "conf"}));
            }
            with(n, c, all)
        });
    let here = prop_oneof![
        3 => Just(idle()),
        2 => (number(), chain()).prop_map(|(n, c)| rings(n, c)),
        2 => (number(), chain()).prop_map(|(n, c)| dials(n, c)),
        4 => (number(), chain()).prop_map(|(n, c)| talks(n, c)),
        2 => wild,
    ];
    prop_oneof![
        4 => here.clone(),
        2 => (here, number(), chain()).prop_map(|(info, n, c)| holding(info, n, c)),
        1 => (number(), chain()).prop_map(|(n, c)| only_holding(n, c)),
        1 => Just(json!({"linestatestr": "lsReserved"})),
        1 => Just(json!({"abonent": 7, "chainid": [], "isflashing": true, "flashed": "x"})),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let request = prop_oneof![
        Just("getextendedlineinfo"),
        Just("pbxautocallstart"),
        Just("pbxabortcall"),
        Just("pbxmakeflash"),
        Just("getconferenceinfo"),
        Just("login"),
        Just("getuserstate"),
    ];
    prop_oneof![
        12 => (info(), proptest::sample::select(&EVENTS[..])).prop_map(|(info, event)| Step::Becomes(info, event)),
        6 => prop_oneof![Just(50u64), Just(400), Just(1000), Just(11_000)].prop_map(Step::Wait),
        8 => (0..COMMANDS.len()).prop_map(Step::Command),
        2 => (0i64..9).prop_map(Step::User),
        1 => request.clone().prop_map(Step::Refuses),
        1 => request.prop_map(Step::Deaf),
        1 => ".{0,60}".prop_map(Step::Text),
        1 => Just(Step::Lost),
    ]
}

/// Commands as the host would let them through: only with calls that are up.
fn command(bench: &mut Bench, at: usize) {
    let live = bench.live();
    let (one, other) = (live.first().cloned(), live.get(1).cloned());
    let params = match (COMMANDS[at], one, other) {
        ("makeCall", None, _) => json!({"to": "102"}),
        ("setDnd", _, _) => json!({"on": true}),
        ("makeConsultCall" | "blindTransferCall", Some(one), _) => json!({"callId": one, "to": "103"}),
        ("answerCall" | "dropCall" | "holdCall" | "unholdCall", Some(one), _) => json!({"callId": one}),
        ("alternateCall", Some(one), Some(other)) => json!({"callId": one, "otherCallId": other}),
        ("transferCall" | "cancelTransfer" | "conferenceCall", Some(one), Some(other)) => {
            json!({"callId": one, "consultCallId": other})
        }
        _ => return,
    };
    bench.command(COMMANDS[at], params);
}

fn run(steps: &[Step], swaps: Swaps) -> Bench {
    let mut bench = Bench::swapping(&json!({}), swaps).with_a_line();
    for step in steps {
        match step {
            Step::Becomes(info, event) => bench.becomes(info.clone(), &[event]),
            Step::Wait(millis) => bench.wait(*millis),
            Step::Command(at) => command(&mut bench, *at),
            Step::User(state) => bench.event("userstatechanged", json!({"userstateid": state})),
            Step::Refuses(request) => {
                bench.side(0).replies.insert((*request).to_owned(), json!({"result": 0, "error": 9}));
            }
            Step::Deaf(request) => bench.side(0).deaf.push(request),
            Step::Text(text) => bench.text(0, text),
            Step::Lost => {
                bench.closed(0);
                bench.side(0).deaf.clear();
                for request in ["login", "getextendedlineinfo", "getuserstate"] {
                    let fresh = Bench::up().side(0).replies.remove(request);
                    match fresh {
                        Some(reply) => drop(bench.side(0).replies.insert(request.to_owned(), reply)),
                        None => drop(bench.side(0).replies.remove(request)),
                    }
                }
                bench.opened(0);
            }
        }
    }
    bench.wait(25_000);
    bench
}

/// What must be true of all facts of one line, whatever the server said.
fn check(bench: &Bench) {
    let mut live: BTreeSet<String> = BTreeSet::new();
    let mut over: BTreeSet<String> = BTreeSet::new();
    for fact in &bench.facts {
        match fact {
            Fact::Call(call) => {
                let key = call.key.to_string();
                assert!(!over.contains(&key), "call {key} speaks after its end");
                if call.state == CallState::Finished {
                    assert!(live.remove(&key), "call {key} ends and never began");
                    assert!(call.cause.is_some() && call.released_by.is_some());
                    over.insert(key);
                } else {
                    assert!(call.direction.is_some() && call.participants.is_some() && call.features.is_some());
                    live.insert(key);
                }
                assert!(live.len() <= 3, "one is there, one is held, one is on its way: {live:?}");
            }
            Fact::Snapshot(snapshot) => {
                let shown: BTreeSet<String> = snapshot.calls.iter().map(|call| call.key.to_string()).collect();
                assert!(shown.is_disjoint(&over), "a snapshot shows what is over");
                over.extend(live.difference(&shown).cloned());
                live = shown;
            }
            _ => {}
        }
    }
    for (command, answered) in &bench.commands {
        assert!(answered, "command {command} was never answered");
    }
}

/// How many servers to try; `PROPTEST_CASES` asks for more of them than a build has time for.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_server_makes_the_adapter_contradict_itself(steps in proptest::collection::vec(step(), 1..40)) {
        let same = same_with_swaps(&[Swaps::EACH_INPUT], |swaps| {
            let bench = run(&steps, swaps);
            check(&bench);
            bench.all
        });
        prop_assert_eq!(same, Ok(()));
    }

    #[test]
    fn no_text_makes_the_adapter_panic(
        texts in proptest::collection::vec(
            ("[a-z_]{0,12}|phoneevent_ringstarted|userstatechanged|multipart|confcompositionchanged|websocketredirect",
             "\\{.{0,40}\\}|\\{\\}|null|\\{\"eventinfo\":\\{\"conferenceid\":\"c\",\"competitorlist\":[0-9]\\}\\}"),
            0..20,
        )
    ) {
        let mut bench = Bench::up();
        for (name, body) in texts {
            bench.text(0, &format!("[\"{name}\",{body}]"));
        }
        bench.wait(2000);
        check(&bench);
    }
}
