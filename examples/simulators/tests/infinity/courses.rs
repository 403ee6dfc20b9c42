//! Random courses: whatever users and clients do, the phone system stays sane and every call ends.

use jackfield_sim::{
    Request, System as _,
    infinity::{Config, Simulator},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const NUMBERS: [&str; 9] = ["101", "102", "103", "104", "700", "800", "79990000001", "79990000002", "79990000003"];

fn number() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NUMBERS[..])
}

#[derive(Debug, Clone)]
enum Step {
    Control(Value),
    /// A method for the user with this extension, and the n-th of the user's calls.
    Ask(&'static str, &'static str, usize, &'static str),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let behaviour = prop_oneof![
        Just(json!("manual")),
        Just(json!("busy")),
        Just(json!({ "answer": { "after_ms": 500 } })),
        Just(json!({ "refuse": { "after_ms": 0 } })),
    ];
    let simple = vec!["answer", "hangup", "hold", "unhold", "finish-transfer", "conference"];
    let methods = vec![
        "make",
        "drop",
        "accept",
        "hold",
        "unhold",
        "quicktransfer",
        "starttransfer",
        "finishtransfer",
        "finishconference",
        "senddigits",
    ];
    prop_oneof![
        4 => (number(), number(), prop::bool::weighted(0.1)).prop_map(|(from, to, blinks)| {
            Step::Control(json!({ "do": "call", "from": from, "to": to, "blinks": blinks }))
        }),
        6 => (prop::sample::select(simple), number())
            .prop_map(|(what, number)| Step::Control(json!({ "do": what, "number": number }))),
        1 => (number(), any::<bool>())
            .prop_map(|(number, there)| Step::Control(json!({ "do": "phone", "number": number, "there": there }))),
        1 => (number(), behaviour)
            .prop_map(|(number, it)| Step::Control(json!({ "do": "outside", "number": number, "behaviour": it }))),
        1 => (number(), prop::sample::select(vec![300, 301, 399]))
            .prop_map(|(number, state)| Step::Control(json!({ "do": "state", "number": number, "state": state }))),
        14 => (prop::sample::select(methods), prop::sample::select(&NUMBERS[..4]), 0_usize..3, number())
            .prop_map(|(method, user, at, number)| Step::Ask(method, user, at, number)),
        4 => (0_u64..4_000).prop_map(Step::Wait),
    ]
}

struct Course {
    simulator: Simulator,
    now: u64,
    asked: u64,
}

impl Course {
    fn ask(&mut self, path: &str, query: String) -> Value {
        self.asked += 1;
        let path = path.to_owned();
        let request = Request { method: "GET".into(), path, query, headers: Vec::new(), body: Vec::new() };
        self.simulator.request(self.asked, request, self.now);
        let body = self.simulator.outputs().into_iter().find_map(|output| match output {
            jackfield_sim::Output::Respond { response, .. } => Some(response.body),
            _ => None,
        });
        serde_json::from_slice(&body.unwrap_or_default()).unwrap_or(Value::Null)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Control(command) => drop(self.simulator.control(command, self.now)),
            Step::Wait(time) => {
                self.now += time;
                self.simulator.tick(self.now);
            }
            Step::Ask(method, user, at, number) => {
                let list = self.ask("/call/getactivecalls/", format!("Extension={user}"));
                let id = list["result"]["Data"][*at]["ID"].as_str().unwrap_or("0").to_owned();
                let query = format!("Extension={user}&IDCall={id}&Number={number}&Digits={number}");
                self.ask(&format!("/call/{method}/"), query);
            }
        }
        self.simulator.outputs();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_course_ends(steps in prop::collection::vec(step(), 0..80), lines in 1_usize..4, returns: bool) {
        let mut config = Config {
            no_answer_ms: 10_000, outside_talk_ms: 5_000, inferred: true, lines, returns, ..Config::default()
        };
        config.answers.unescaped = false;
        let mut course = Course { simulator: Simulator::new(config, 1), now: 0, asked: 0 };
        for (index, step) in steps.iter().enumerate() {
            course.take(step);
            if let Err(wrong) = course.simulator.check() {
                panic!("after step {index}, {step:?}: {wrong}");
            }
        }
        for number in NUMBERS {
            for _ in 0..20 {
                course.take(&Step::Control(json!({ "do": "hangup", "number": number })));
            }
        }
        course.take(&Step::Wait(60_000));
        for number in NUMBERS {
            for _ in 0..20 {
                course.take(&Step::Control(json!({ "do": "hangup", "number": number })));
            }
        }
        prop_assert_eq!(course.simulator.calls(), 0);
    }
}
