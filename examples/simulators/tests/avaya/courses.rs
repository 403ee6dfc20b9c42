//! Random courses: whatever programs and handsets do, the switch stays sane, every message has the standard's order,
//! and every call ends.

use jackfield_sim::System as _;
use jackfield_sim::avaya::{
    Config,
    config::{Strategy, TransferClears},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{ONE, TWO, World, connection, quiet};

const NUMBERS: [&str; 10] = ["101", "102", "103", "104", "105", "600", "700", ONE, TWO, "55"];

fn number() -> impl Strategy_<Value = &'static str> {
    prop::sample::select(&NUMBERS[..])
}

/// The name is taken by the configuration's.
use proptest::strategy::Strategy as Strategy_;

/// A step: a command of the control channel, or a request; those that name calls name the n-th of those there are.
#[derive(Debug, Clone)]
enum Step {
    Control(Value),
    Call { service: &'static str, name: &'static str, call: usize, leg: usize, more: String },
    Pair { service: &'static str, station: usize },
    Make(&'static str, &'static str, bool),
    Wait(u64),
}

fn single() -> impl Strategy_<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("AnswerCall", "callToBeAnswered"),
        ("ClearConnection", "connectionToBeCleared"),
        ("ClearCall", "callToBeCleared"),
        ("HoldCall", "callToBeHeld"),
        ("RetrieveCall", "callToBeRetrieved"),
        ("ConsultationCall", "existingCall"),
        ("SingleStepTransferCall", "activeCall"),
        ("SingleStepConferenceCall", "activeCall"),
        ("DeflectCall", "callToBeDiverted"),
        ("DirectedPickupCall", "callToBePickedUp"),
        ("GenerateDigits", "connectionToSendDigits"),
        ("SnapshotCall", "snapshotObject"),
    ])
}

fn step() -> impl Strategy_<Value = Step> {
    let behaviour = prop_oneof![
        Just(json!("manual")),
        Just(json!("busy")),
        Just(json!({ "answer": { "after_ms": 500 } })),
        Just(json!({ "refuse": { "after_ms": 0 } })),
    ];
    let modes = prop::sample::select(vec![
        json!("auto-in"),
        json!("manual-in"),
        json!("aux-work"),
        json!("after-call-work"),
        json!(null),
    ]);
    let agents = prop::sample::select(vec!["9001", "9002", "9003"]);
    prop_oneof![
        4 => (number(), number()).prop_map(|(from, to)| Step::Control(json!({ "do": "call", "from": from, "to": to }))),
        6 => (prop::sample::select(vec!["answer", "hangup", "hold", "lift"]), number())
            .prop_map(|(what, number)| Step::Control(json!({ "do": what, "number": number }))),
        1 => (prop::sample::select(vec!["dial", "join"]), number(), number())
            .prop_map(|(what, a, b)| Step::Control(json!({ "do": what, "number": a, "to": b }))),
        1 => (number(), any::<bool>()).prop_map(|(it, there)| Step::Control(json!({ "do": "phone", "number": it, "there": there }))),
        1 => (number(), behaviour).prop_map(|(it, what)| Step::Control(json!({ "do": "behave", "number": it, "behaviour": what }))),
        3 => (number(), agents, modes)
            .prop_map(|(it, id, mode)| Step::Control(json!({ "do": "agent", "number": it, "id": id, "mode": mode }))),
        10 => (single(), 0_usize..6, 0_usize..4, number()).prop_map(|((service, name), call, leg, to)| {
            let more = match service {
                "ConsultationCall" => format!("<consultedDevice>{to}:CM1::0</consultedDevice>"),
                "SingleStepTransferCall" => format!("<transferredTo>{to}:CM1::0</transferredTo>"),
                "SingleStepConferenceCall" => format!("<deviceToJoin>{to}:CM1::0</deviceToJoin>"),
                "DeflectCall" => format!("<newDestination>{to}:CM1::0</newDestination>"),
                "DirectedPickupCall" => format!("<requestingDevice>{to}:CM1::0</requestingDevice>"),
                _ => "<charactersToSend>1</charactersToSend>".to_owned(),
            };
            Step::Call { service, name, call, leg, more }
        }),
        5 => (prop::sample::select(vec!["TransferCall", "ConferenceCall", "AlternateCall", "ReconnectCall"]), 0_usize..5)
            .prop_map(|(service, station)| Step::Pair { service, station }),
        4 => (number(), number(), any::<bool>()).prop_map(|(from, to, prompt)| Step::Make(from, to, prompt)),
        1 => (number(), number(), any::<bool>()).prop_map(|(of, to, on)| {
            Step::Call {
                service: "SetForwarding",
                name: "",
                call: 0,
                leg: 0,
                more: format!("<device>{of}:CM1::0</device><activateForward>{on}</activateForward><forwardDN>{to}</forwardDN>"),
            }
        }),
        4 => (0_u64..4_000).prop_map(Step::Wait),
    ]
}

fn config() -> impl Strategy_<Value = Config> {
    (any::<bool>(), any::<bool>(), 0_usize..3, 0_usize..3).prop_map(|(ring_all, late, merged, clears)| {
        use jackfield_sim::avaya::config::{Clears, Merged};
        let mut config = Config { no_answer_ms: 6_000, agent_ring_ms: 5_000, busy_tone_ms: 2_000, ..quiet() };
        config.outside_talk_ms = 5_000;
        config.splits[0].strategy = if ring_all { Strategy::RingAll } else { Strategy::MostIdle };
        config.clears = if late { Clears::Other } else { Clears::Leaver };
        config.merged = [Merged::Active, Merged::Held, Merged::New][merged];
        config.clears_all = ring_all;
        config.transfer_clears = [TransferClears::None, TransferClears::Before, TransferClears::After][clears];
        config.stations[1].bridges = vec!["101".into()];
        config.stations[2].coverage = Some("104".into());
        config.call_ids.last = 101;
        config
    })
}

/// The calls that there are: their ids, and the numbers and states in them.
fn calls(world: &mut World) -> Vec<(u32, Vec<(String, String)>)> {
    let show = world.simulator.control(&json!({ "do": "show" }), world.now);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let calls = show["calls"].as_array().unwrap().iter();
    calls
        .map(|call| {
            let legs = call["parties"].as_array().unwrap().iter();
            let legs = legs.map(|leg| (text(&leg["number"]), text(&leg["state"]))).collect();
            (u32::try_from(call["call"].as_u64().unwrap()).unwrap(), legs)
        })
        .collect()
}

fn run(world: &mut World, step: Step) {
    match step {
        Step::Control(command) => drop(world.simulator.control(&command, world.now)),
        Step::Call { service, name: "", more, .. } => drop(world.ask(1, service, &more)),
        Step::Call { service, name, call, leg, more } => {
            let calls = calls(world);
            let Some((id, legs)) = calls.get(call % calls.len().max(1)) else { return };
            let number = &legs[leg % legs.len()].0;
            world.ask(1, service, &(connection(name, *id, number) + &more));
        }
        Step::Pair { service, station } => {
            let number = NUMBERS[station];
            let calls = calls(world);
            let with = |state: &str| {
                calls.iter().find(|(_, legs)| legs.contains(&(number.to_owned(), state.to_owned()))).map(|(id, _)| *id)
            };
            if let (Some(held), Some(active)) = (with("hold"), with("connected")) {
                world.ask(
                    1,
                    service,
                    &(connection("heldCall", held, number) + &connection("activeCall", active, number)),
                );
            }
        }
        Step::Make(from, to, prompt) => {
            let prompt = if prompt { "prompt" } else { "doNotPrompt" };
            let inner = format!(
                "<callingDevice>{from}:CM1::0</callingDevice><calledDirectoryNumber>{to}:CM1::0</calledDirectoryNumber>\
                 <autoOriginate>{prompt}</autoOriginate>"
            );
            world.ask(1, "MakeCall", &inner);
        }
        Step::Wait(time) => world.wait(time),
    }
    world.collect();
}

/// What a program knows of 101's calls from the events alone: none is begun twice, none goes on after its end.
fn follow(known: &mut std::collections::BTreeSet<String>, event: &crate::xml::Element) -> Result<(), String> {
    let id = event.text("callID").to_owned();
    let null = event.text("localConnectionInfo") == "null";
    match event.name.as_str() {
        "TransferedEvent" | "ConferencedEvent" => {
            for old in ["primaryOldCall", "secondaryOldCall"] {
                known.remove(event.find(old).map_or("", |old| old.text("callID")));
            }
            if !null {
                let list = event.find("transferredConnections").or_else(|| event.find("conferenceConnections"));
                known.insert(list.unwrap().children[0].text("callID").to_owned());
            }
        }
        "ServiceInitiatedEvent" if !known.insert(id.clone()) => return Err(format!("{id} begins twice")),
        _ if event.find("localConnectionInfo").is_none() => {}
        _ if null => drop(known.remove(&id)),
        "DeliveredEvent" | "EstablishedEvent" => drop(known.insert(id)),
        "ServiceInitiatedEvent" => {}
        _ if !known.contains(&id) => return Err(format!("{} of call {id}, which is not known", event.name)),
        _ => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_course_stays_sane_and_ends(config in config(), steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::with(config, &["101", "102", "103", "104", "105", "700"]);
        world.monitor_calls(1, "600");
        let mut known = std::collections::BTreeSet::new();
        for step in steps {
            run(&mut world, step);
            for (_, _, event) in std::mem::take(&mut world.said) {
                if event.text("monitorCrossRefID") == "1" {
                    follow(&mut known, &event).map_err(TestCaseError::fail)?;
                }
            }
        }
        world.simulator.control(&json!({ "do": "end" }), world.now);
        world.collect();
        prop_assert_eq!(world.simulator.calls(), 0);
        for (_, _, event) in std::mem::take(&mut world.said) {
            if event.text("monitorCrossRefID") == "1" {
                follow(&mut known, &event).map_err(TestCaseError::fail)?;
            }
        }
        prop_assert!(known.is_empty(), "{known:?} never ended");
    }
}
