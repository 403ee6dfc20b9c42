//! Random courses: whatever users, subscribers and broken clients do, the phone system stays sane and every call ends.

use jackfield_sim::{
    Data, Output, System as _,
    oktell::{Config, Simulator, hash},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const NUMBERS: [&str; 9] = ["101", "102", "103", "104", "700", "800", "79990000001", "79990000002", "79990000003"];

fn number() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NUMBERS[..])
}

/// A step: a command of the control channel, or a message of the user with this number.
#[derive(Debug, Clone)]
enum Step {
    Control(Value),
    Say(usize, Value),
    Wait(u64),
}

fn message() -> impl Strategy<Value = Value> {
    let plain = prop::sample::select(vec![
        "pbxanswercall",
        "pbxdeclinecall",
        "pbxabortcall",
        "pbxautocallabort",
        "getextendedlineinfo",
        "buildconferencefromcommutation",
        "connecttogathertoconference",
        "exitconference",
        "getconferenceinfo",
        "getcurrentqueue",
        "getchaincontent",
        "entercallcenter",
        "exitcallcenter",
    ]);
    prop_oneof![
        4 => plain.prop_map(|name| json!([name, {}])),
        3 => (number(), any::<bool>()).prop_map(|(number, own)| {
            json!(["pbxautocallstart", { "number": number, "sequence": if own { "user" } else { "abonent" } }])
        }),
        3 => any::<bool>().prop_map(|swap| json!(["pbxmakeflash", { "mode": if swap { "switch" } else { "abort" } }])),
        2 => number().prop_map(|number| json!(["pbxmaketransfer", { "transferto": number }])),
        1 => number().prop_map(|number| json!(["invitetoconference", { "competitors": [{ "number": number }] }])),
        1 => (number(), number()).prop_map(|(one, other)| {
            json!(["createnewconference", { "conference": { "name": "x" }, "competitors": [{ "number": one }, { "number": other }] }])
        }),
        1 => (0_u8..8, any::<bool>(), any::<bool>()).prop_map(|(state, centre, redirect)| {
            json!(["setuserstate", { "userstateid": state, "oncallcenter": centre, "onredirect": redirect }])
        }),
        1 => number().prop_map(|number| {
            json!(["saveredirectrules", { "redirectrule": { "id": "r", "state": 2, "destinationnumber": number } }])
        }),
        1 => (1_u64..5).prop_map(|user| {
            json!(["attachasghost", { "ghostedid": format!("00000001-0001-4000-8000-{user:012x}") }])
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let behaviour = prop_oneof![
        Just(json!("manual")),
        Just(json!("busy")),
        Just(json!({ "answer": { "after_ms": 500 } })),
        Just(json!({ "refuse": { "after_ms": 0 } })),
    ];
    prop_oneof![
        4 => (number(), number()).prop_map(|(from, to)| Step::Control(json!({ "do": "call", "from": from, "to": to }))),
        6 => (prop::sample::select(vec!["answer", "hangup", "decline", "flash", "return"]), number())
            .prop_map(|(what, number)| Step::Control(json!({ "do": what, "number": number }))),
        1 => (number(), number()).prop_map(|(a, b)| Step::Control(json!({ "do": "transfer", "number": a, "to": b }))),
        1 => (number(), any::<bool>())
            .prop_map(|(number, there)| Step::Control(json!({ "do": "phone", "number": number, "there": there }))),
        1 => (number(), behaviour)
            .prop_map(|(number, it)| Step::Control(json!({ "do": "outside", "number": number, "behaviour": it }))),
        12 => (0_usize..4, message()).prop_map(|(user, message)| Step::Say(user, message)),
        4 => (0_u64..4_000).prop_map(Step::Wait),
    ]
}

fn config() -> Config {
    Config { no_answer_ms: 10_000, outside_talk_ms: 5_000, ..Config::default() }
}

/// A phone system at which everybody is logged in and hears everything.
fn staffed() -> Simulator {
    let mut simulator = Simulator::new(config(), 1);
    for user in 1..=4_u64 {
        simulator.open(user, 0);
        let login = json!(["login", { "userlogin": format!("op{user}"), "Password": hash("Secret1"), "qid": "1" }]);
        simulator.receive(user, Data::Text(login.to_string()), 0);
        let events = json!(["subscribeevent", {
            "eventmethod": ["phoneevent", "linestatechanged", "flashstatechanged", "userstatechanged"], "qid": "2"
        }]);
        simulator.receive(user, Data::Text(events.to_string()), 0);
    }
    simulator.outputs();
    simulator
}

/// What a client believes from its events alone: whether its phone rings, whether it talks, whether it is dialled for.
#[derive(Debug, Default)]
struct Believes {
    rings: bool,
    talks: bool,
    dialled_for: bool,
}

impl Believes {
    /// Whatever has begun ends before it begins again.
    fn hear(&mut self, event: &str) -> Result<(), String> {
        let (flag, begins) = match event {
            "phoneevent_ringstarted" => (&mut self.rings, true),
            "phoneevent_ringstopped" => (&mut self.rings, false),
            "phoneevent_commstarted" | "phoneevent_ivrstarted" => (&mut self.talks, true),
            "phoneevent_commstopped" | "phoneevent_ivrstopped" => (&mut self.talks, false),
            "phoneevent_acmcallstarted" => (&mut self.dialled_for, true),
            "phoneevent_acmcallstopped" => (&mut self.dialled_for, false),
            _ => return Ok(()),
        };
        if std::mem::replace(flag, begins) == begins {
            return Err(format!("{event} comes twice"));
        }
        Ok(())
    }
}

/// Lets every client hear what was sent to it, and counts the replies with this qid.
fn hear(simulator: &mut Simulator, beliefs: &mut [Believes], qid: &str) -> Result<usize, String> {
    let mut replies = 0;
    for output in simulator.outputs() {
        let Output::Send { client: session, data: Data::Text(text), .. } = output else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        replies += usize::from(message[1]["qid"] == qid);
        let believes = &mut beliefs[usize::try_from(session).unwrap() - 1];
        believes.hear(message[0].as_str().unwrap()).map_err(|wrong| format!("op{session}: {wrong}"))?;
    }
    Ok(replies)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_phone_system_stays_sane_and_every_call_ends(steps in prop::collection::vec(step(), 1..60)) {
        let mut simulator = staffed();
        let mut now = 0;
        let mut asked = 0;
        let mut beliefs: Vec<Believes> = (0..4).map(|_| Believes::default()).collect();
        for step in &steps {
            let mut replies = 0;
            asked += 1;
            match step {
                Step::Control(command) => drop(simulator.control(command, now)),
                Step::Say(user, message) => {
                    let mut message = message.clone();
                    message[1]["qid"] = asked.to_string().into();
                    simulator.receive(*user as u64 + 1, Data::Text(message.to_string()), now);
                    replies = 1;
                }
                Step::Wait(time) => {
                    now += time;
                    simulator.tick(now);
                }
            }
            let sane = simulator.check().and_then(|()| hear(&mut simulator, &mut beliefs, &asked.to_string()));
            let answered = sane.map_err(|wrong| TestCaseError::fail(format!("after {step:?}: {wrong}")))?;
            prop_assert_eq!(answered, replies, "{:?}", step);
        }
        for number in ["101", "102", "103", "104"] {
            simulator.control(&json!({ "do": "phone", "number": number, "there": false }), now);
        }
        simulator.check().map_err(TestCaseError::fail)?;
        // Nobody does anything any more: what is left ends by itself, in a time that has a limit.
        while let Some(due) = simulator.due() {
            simulator.tick(due);
            prop_assert!(due < now + 3_600_000, "something goes on for ever");
        }
        prop_assert_eq!(simulator.calls(), 0);
        hear(&mut simulator, &mut beliefs, "").map_err(TestCaseError::fail)?;
        let idle = beliefs.iter().all(|one| !one.rings && !one.talks && !one.dialled_for);
        prop_assert!(idle, "{:?}", beliefs);
    }

    #[test]
    fn no_text_breaks_it(texts in prop::collection::vec(
        prop_oneof![
            any::<String>(),
            ("[a-z_]{1,30}", any::<String>()).prop_map(|(name, text)| json!([name, { "qid": text, "number": text }]).to_string()),
            message().prop_map(|mut message| { message[1] = json!({ "qid": {}, "userlogin": 3, "number": [], "mode": {} }); message.to_string() }),
            "[\\[\\]{}\",:a-z0-9]{0,60}",
        ], 1..40)) {
        let mut simulator = staffed();
        for text in &texts {
            simulator.receive(1, text.as_str().into(), 0);
            simulator.open(9, 0);
            simulator.receive(9, text.as_str().into(), 0);
            if let Ok(command) = serde_json::from_str(text) {
                simulator.control(&command, 0);
            }
            simulator.check().map_err(TestCaseError::fail)?;
        }
    }
}
