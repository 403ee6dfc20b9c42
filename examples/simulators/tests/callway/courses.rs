//! Random courses: whatever operators, callers and broken clients do, the phone system stays sane, what it tells is a
//! story that can be, and every call ends.

use std::collections::BTreeMap;

use jackfield_sim::{
    Data, Output, System as _,
    callway::{Config, Simulator},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{Message, block, field, messages};

const NUMBERS: [&str; 10] =
    ["210", "211", "212", "213", "214", "700", "800", "79990000001", "79990000002", "79990000003"];

fn number() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NUMBERS[..])
}

fn operator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NUMBERS[..5])
}

/// A step: a command of the control channel, or a message of the client. A call is named by its place in the list of
/// those that the client knows.
#[derive(Debug, Clone)]
enum Step {
    Control(Value),
    Say(&'static str, &'static str, usize, usize, &'static str),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let behaviour = prop_oneof![
        Just(json!("manual")),
        Just(json!("busy")),
        Just(json!({ "answer": { "after_ms": 500 } })),
        Just(json!({ "refuse": { "after_ms": 0 } })),
    ];
    let said = vec![
        "MakeCall",
        "Originate",
        "Answer",
        "Answer",
        "Drop",
        "Hold",
        "UnHold",
        "Transfer",
        "TransferToCall",
        "DialDTMF",
        "SetOperatorState",
        "GetOperatorState",
        "ListenCall",
        "Dance",
    ];
    prop_oneof![
        4 => (number(), number()).prop_map(|(from, to)| Step::Control(json!({ "do": "call", "from": from, "to": to }))),
        5 => (prop::sample::select(vec!["answer", "hangup", "decline", "hold", "unhold", "join"]), number())
            .prop_map(|(what, number)| Step::Control(json!({ "do": what, "number": number }))),
        1 => (number(), number()).prop_map(|(a, b)| Step::Control(json!({ "do": "transfer", "number": a, "to": b }))),
        1 => number().prop_map(|number| Step::Control(json!({ "do": "press", "number": number, "digits": "21" }))),
        1 => (operator(), prop::sample::select(vec!["Available", "Busy"]))
            .prop_map(|(number, state)| Step::Control(json!({ "do": "state", "number": number, "state": state }))),
        1 => (number(), behaviour)
            .prop_map(|(number, it)| Step::Control(json!({ "do": "outside", "number": number, "behaviour": it }))),
        16 => (prop::sample::select(said), operator(), 0_usize..6, 0_usize..6, number())
            .prop_map(|(kind, operator, one, two, number)| Step::Say(kind, operator, one, two, number)),
        4 => (0_u64..4_000).prop_map(Step::Wait),
    ]
}

/// Every way in which the real server may be.
fn config() -> impl Strategy<Value = String> {
    let either = |one: &'static str, other: &'static str| prop::sample::select(vec![one, other]);
    (
        either("unique_id = \"leg\"", "unique_id = \"call\""),
        either("ring_back_ends = \"with-call\"", "ring_back_ends = \"when-lifted\""),
        either("transfer_ends = \"second\"", "transfer_ends = \"first\""),
        (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
    )
        .prop_map(|(id, ring_back, ends, (system, one_talk, returns, early, again, talking))| {
            let talking = if talking { "Talk" } else { "" };
            format!(
                "no_answer_ms = 10000\noutside_talk_ms = 5000\n{id}\n{ring_back}\n{ends}\nsystem_calls = {system}\n\
                 one_talk = {one_talk}\nreturns = {returns}\nearly_transfer = {early}\nids_again = {again}\n\
                 talking_state = \"{talking}\"\nafter_queue_state = \"{talking}\""
            )
        })
}

/// What a client believes of a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    Begun,
    Talks,
    Held,
    Left,
}

/// The legs that a client knows of, from its events alone.
#[derive(Debug, Default)]
struct Believes(BTreeMap<(String, String), Leg>);

impl Believes {
    fn hear(&mut self, message: &Message) -> Result<(), String> {
        let key = (field(message, "OperatorId").to_owned(), field(message, "UniqueId").to_owned());
        let state = match message.0.as_str() {
            "NewCall" => "NewCall",
            "CallStateChanged" => field(message, "State"),
            _ => return Ok(()),
        };
        let leg = self.0.get(&key).copied();
        let next = match (state, leg) {
            ("NewCall", None) => Leg::Begun,
            ("Bridge", Some(Leg::Begun)) => Leg::Talks,
            ("Hold", Some(Leg::Talks)) => Leg::Held,
            ("Unhold", Some(Leg::Held)) => Leg::Talks,
            ("Transfer", Some(Leg::Begun | Leg::Talks | Leg::Held)) => Leg::Left,
            ("Hangup", Some(_)) => {
                self.0.remove(&key);
                return Ok(());
            }
            _ => return Err(format!("{state} of {key:?}, which is {leg:?}")),
        };
        self.0.insert(key, next);
        Ok(())
    }

    /// The id of one of the calls of an operator, or something that is none.
    fn id(&self, operator: &str, which: usize) -> String {
        let own = self.0.keys().filter(|(id, _)| id == operator).map(|(_, id)| id.clone());
        own.cycle().nth(which).unwrap_or_else(|| "none".into())
    }
}

fn hear(simulator: &mut Simulator, believes: &mut Believes) -> Result<(), String> {
    let mut text = String::new();
    for output in simulator.outputs() {
        if let Output::Send { data: Data::Bytes(bytes), .. } = output {
            text += &String::from_utf8(bytes).map_err(|error| error.to_string())?;
        }
    }
    messages(&text).iter().try_for_each(|message| believes.hear(message))
}

fn staffed(config: &str) -> Simulator {
    let mut simulator = Simulator::new(Config::parse(config).unwrap(), 1);
    simulator.open(1, 0);
    let login = block("AuthorizationRequest", &[("Login", "integration"), ("Password", "Secret1")]);
    simulator.receive(1, login.as_bytes().into(), 0);
    simulator
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_phone_system_stays_sane_and_every_call_ends(config in config(), steps in prop::collection::vec(step(), 1..80)) {
        let mut simulator = staffed(&config);
        let (mut now, mut believes) = (0, Believes::default());
        for step in &steps {
            match step {
                Step::Control(command) => drop(simulator.control(command, now)),
                Step::Say(kind, operator, one, two, number) => {
                    let (one, two) = (believes.id(operator, *one), believes.id(operator, *two));
                    let text = block(kind, &[
                        ("OperatorId", operator), ("NumberA", operator), ("NumberB", number), ("Number", number),
                        ("UniqueId", &one), ("UniqueIdA", &one), ("UniqueIdB", &two), ("Digit", "1"), ("State", "Available"),
                    ]);
                    simulator.receive(1, text.as_bytes().into(), now);
                }
                Step::Wait(time) => {
                    now += time;
                    simulator.tick(now);
                }
            }
            let sane = simulator.check().and_then(|()| hear(&mut simulator, &mut believes));
            sane.map_err(|wrong| TestCaseError::fail(format!("after {step:?}: {wrong}")))?;
        }
        // Operators go home, and nobody outside does anything any more: what is left ends by itself.
        for _ in 0..100 {
            for operator in &NUMBERS[..5] {
                simulator.control(&json!({ "do": "state", "number": operator, "state": "Off" }), now);
                simulator.control(&json!({ "do": "hangup", "number": operator }), now);
            }
            if simulator.calls() == 0 {
                break;
            }
            now = now.max(simulator.due().unwrap_or(now));
            simulator.tick(now);
            simulator.check().map_err(TestCaseError::fail)?;
        }
        while let Some(due) = simulator.due() {
            simulator.tick(due);
            prop_assert!(due < now + 3_600_000, "something goes on for ever");
        }
        prop_assert_eq!(simulator.calls(), 0);
        hear(&mut simulator, &mut believes).map_err(TestCaseError::fail)?;
        prop_assert!(believes.0.is_empty(), "{:?}", believes);
    }

    #[test]
    fn no_bytes_break_it(texts in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            any::<String>().prop_map(String::into_bytes),
            ("[A-Za-z]{1,20}", any::<String>(), "[0-9. ]{0,9}").prop_map(|(kind, text, number)| block(
                &kind, &[("OperatorId", "210"), ("Number", &number), ("State", &text), ("UniqueId", &text)]).into_bytes()),
            "[:\\r\\nMesag210 ]{0,60}".prop_map(String::into_bytes),
        ], 1..40)) {
        let mut simulator = staffed("");
        for text in &texts {
            simulator.receive(1, text[..].into(), 0);
            simulator.open(9, 0);
            simulator.receive(9, text[..].into(), 0);
            if let Ok(command) = serde_json::from_slice(text) {
                simulator.control(&command, 0);
            }
            simulator.check().map_err(TestCaseError::fail)?;
        }
    }
}
