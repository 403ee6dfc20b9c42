//! What is not known of the real server can be either way, and things go wrong.

use jackfield_sim::{Data, Output, System as _, callway::Config};
use serde_json::json;

use crate::world::{ONE, TWO, World, block, id};

#[test]
fn the_end_of_a_ring_back_leg_may_come_early() {
    let mut world = World::with("ring_back_ends = \"when-lifted\"\nring_back_caller_id = \"pbx\"");
    world.say("Originate", &[("NumberA", "213"), ("NumberB", ONE)]);
    let told = world.control(&json!({ "do": "answer", "number": "213" }));
    assert_eq!(told[..2], ["213 Bridge 2", "213 Hangup 2"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": "213" })), ["213 Hangup 1"]);
    // A phone that is lifted by itself.
    let mut world = World::with("lift_ms = 500");
    world.say("Originate", &[("NumberA", "213"), ("NumberB", "214")]);
    assert_eq!(world.wait(500), ["213 Bridge 2", "213 New 214 Internal 1", "214 New 213 Internal 3"]);
}

#[test]
fn desk_phones_may_be_called_by_the_system_first() {
    let mut world = World::with("system_calls = true");
    let rings = world.control(&json!({ "do": "call", "from": ONE, "to": "213" }));
    assert_eq!(rings, ["213 New asterisk Incoming 3"]);
    let told = world.control(&json!({ "do": "answer", "number": "213" }));
    assert_eq!(told, ["213 Bridge 3".to_owned(), format!("213 New {ONE} Incoming 2"), "213 Bridge 2".into()]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["213 Hangup 2", "213 Hangup 3"]);
    world.control(&json!({ "do": "call", "from": ONE, "to": "213" }));
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["213 Hangup 6"]);
}

#[test]
fn both_operators_of_a_call_may_see_one_id_and_the_callers_number() {
    let mut world = World::with("unique_id = \"call\"\ninternal_number = \"caller\"");
    assert_eq!(
        world.say("MakeCall", &[("OperatorId", "210"), ("Number", "211")]),
        ["210 New 210 Internal 1", "211 New 210 Internal 1"]
    );
    assert_eq!(world.say("Answer", &[("UniqueId", &id(1)), ("OperatorId", "211")]), ["211 Bridge 1", "210 Bridge 1"]);
    assert_eq!(world.say("Hold", &[("UniqueId", &id(1)), ("OperatorId", "211")]), ["211 Hold 1"]);
    assert_eq!(world.say("Drop", &[("UniqueId", &id(1)), ("OperatorId", "210")]), ["211 Hangup 1", "210 Hangup 1"]);
}

#[test]
fn ids_of_ended_calls_may_come_again() {
    let mut world = World::with("ids_again = true");
    for _ in 0..2 {
        world.say("MakeCall", &[("OperatorId", "210"), ("Number", ONE)]);
        assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["210 Hangup 1"]);
    }
}

#[test]
fn phones_may_hold_nothing_by_themselves_or_take_back_by_themselves() {
    let mut world = World::with("one_talk = false");
    world.talk();
    let told = world.say("MakeCall", &[("OperatorId", "210"), ("Number", "211")]);
    assert_eq!(told, ["210 New 211 Internal 3", "211 New 210 Internal 4"]);
    let mut world = World::with("returns = true");
    world.consult();
    assert_eq!(
        world.say("Drop", &[("UniqueId", &id(3)), ("OperatorId", "210")]),
        ["211 Hangup 4", "210 Hangup 3", "210 Unhold 2"]
    );
}

#[test]
fn transfers_may_end_otherwise() {
    let mut world = World::with("tells_transfer = false\ntransfer_ends = \"first\"");
    world.consult();
    assert_eq!(world.control(&json!({ "do": "join", "number": "210" })), ["210 Hangup 2", "210 Hangup 3"]);
}

#[test]
fn states_may_follow_calls() {
    let mut world = World::with("talking_state = \"Talk\"\nafter_queue_state = \"Busy\"\nstates = [\"Available\"]");
    assert!(world.say("SetOperatorState", &[("OperatorId", "210"), ("State", "Lunch")]).is_empty());
    assert!(world.ignored().contains("no state"));
    world.control(&json!({ "do": "call", "from": ONE, "to": "700" }));
    assert_eq!(world.control(&json!({ "do": "answer", "number": "210" })), ["210 Bridge 2", "210 is Talk"]);
    assert_eq!(world.control(&json!({ "do": "hold", "number": "210" })), ["210 Hold 2", "210 is Available"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["210 Hangup 2", "210 is Busy"]);
    // In after-call work, the queue asks the other one.
    assert_eq!(
        world.control(&json!({ "do": "call", "from": TWO, "to": "700" })),
        [format!("211 New {TWO} Incoming 4 queue 700")]
    );
}

#[test]
fn letters_travel_in_the_encoding_that_was_chosen() {
    let mut world = World::with("encoding = \"windows-1251\"");
    let (text, _, _) =
        encoding_rs::WINDOWS_1251.encode("Message: SetOperatorState\r\nOperatorId: 210\r\nState: Їжа\r\n\r\n");
    world.simulator.receive(1, text[..].into(), 0);
    let Some(Output::Send { data, .. }) = world.simulator.outputs().pop() else { panic!("nothing is told") };
    let (told, _, _) = encoding_rs::WINDOWS_1251.decode(data.as_bytes());
    assert_eq!(told, block("OperatorState", &[("OperatorId", "210"), ("State", "Їжа")]));
}

#[test]
fn faults_come_and_go() {
    let mut world = World::new();
    let faults = |world: &mut World, faults: serde_json::Value| {
        world.control(&json!({ "do": "faults", "faults": faults }));
    };
    faults(&mut world, json!({ "twice": 2, "strange": 2 }));
    assert_eq!(world.control(&json!({ "do": "state", "number": "210", "state": "A" })), ["210 is A"]);
    assert_eq!(
        world.control(&json!({ "do": "state", "number": "210", "state": "B" })),
        ["SomethingNew", "210 is B", "210 is B"]
    );
    faults(&mut world, json!({ "garbage": 1 }));
    assert_eq!(world.control(&json!({ "do": "state", "number": "210", "state": "A" })), ["no message", "210 is A"]);
    faults(&mut world, json!({ "ignore_commands": 2, "unhold_fails": true }));
    world.simulator.control(&json!({ "do": "faults", "faults": { "unhold_fails": true } }), 0);
    world.talk();
    world.say("Hold", &[("UniqueId", &id(2)), ("OperatorId", "210")]);
    assert!(world.say("UnHold", &[("UniqueId", &id(2)), ("OperatorId", "210")]).is_empty());
    faults(&mut world, json!({ "ignore_commands": 1 }));
    assert!(world.say("UnHold", &[("UniqueId", &id(2)), ("OperatorId", "210")]).is_empty());
    assert!(world.ignored().contains("fault"));
    faults(&mut world, json!({ "refuse_logins": true }));
    assert_eq!(
        world.say("AuthorizationRequest", &[("Login", "integration"), ("Password", "Secret1")]),
        ["AuthorizationResponse Failed"]
    );
    world.refused(&json!({ "do": "faults", "faults": { "no_such": 1 } }));
}

#[test]
fn connections_end_for_their_silence_and_for_too_much() {
    let mut world = World::new();
    world.simulator.open(2, 0);
    world.wait(59_999);
    assert!(world.ended.is_empty());
    world.wait(1);
    assert_eq!(std::mem::take(&mut world.ended), [2]);
    world.control(&json!({ "do": "faults", "faults": { "idle_close_ms": 90_000 } }));
    world.say("GetOperatorState", &[("OperatorId", "210")]);
    world.wait(89_999);
    assert!(world.ended.is_empty());
    world.wait(1);
    assert_eq!(std::mem::take(&mut world.ended), [1]);
    // It is over, whatever it still says.
    assert!(world.say("GetOperatorState", &[("OperatorId", "210")]).is_empty());

    let mut world = World::new();
    world.simulator.receive(1, Data::Bytes(vec![b'x'; 200_000]), 0);
    world.told();
    assert_eq!(world.ended, [1]);
}

#[test]
fn a_restart_tells_nobody() {
    let mut world = World::new();
    world.talk();
    world.control(&json!({ "do": "state", "number": "211", "state": "Break" }));
    assert!(world.control(&json!({ "do": "restart" })).is_empty());
    assert_eq!((world.ended.as_slice(), world.simulator.calls()), ([1].as_slice(), 0));
    let answer = world.answer(&json!({ "do": "call", "from": ONE, "to": "210" }));
    assert_eq!(answer["uniqueId"], "1700001001.1");
    assert_eq!(world.answer(&json!({ "do": "show" }))["operators"][1]["state"], "Available");
}

#[test]
fn configurations_are_judged() {
    assert!(Config::parse("lift_ms = 0\noutside = { answer = { after_ms = 10 } }\n[faults]\nreorder = true").is_ok());
    for (bad, why) in [
        ("lift = 1", "unknown field"),
        ("[[queues]]\nnumber = \"210\"\nmembers = []", "twice"),
        ("[[queues]]\nnumber = \"9\"\nmembers = [\"nobody\"]", "no operator"),
        ("encoding = \"utf-9\"", "no such encoding"),
        ("encoding = \"utf-16\"", "no such encoding"),
        ("lines = 0", "1 to 16"),
        ("states = [\"a\\nb\"]", "control character"),
        ("unique_id = \"both\"", "unknown variant"),
    ] {
        let said = Config::parse(bad).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}
