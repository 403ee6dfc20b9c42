//! What happens between operators and the world outside, and what the client is told of it.

use jackfield_sim::System as _;
use serde_json::json;

use crate::world::{ONE, TWO, World, field, id};

#[test]
fn an_incoming_call_is_answered_held_taken_back_and_ended_outside() {
    let mut world = World::new();
    world.talk();
    let leg = id(2);
    let on = [("UniqueId", leg.as_str()), ("OperatorId", "210")];
    assert_eq!(world.say("Hold", &on), ["210 Hold 2"]);
    assert!(world.say("Hold", &on).is_empty());
    assert_eq!(world.say("UnHold", &on), ["210 Unhold 2"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["210 Hangup 2"]);
    assert_eq!(world.simulator.calls(), 0);
    let journal = world.answer(&json!({ "do": "journal" }));
    assert_eq!((&journal["calls"][0]["from"], &journal["calls"][0]["cause"]), (&json!(ONE), &json!("outside left")));
}

#[test]
fn a_new_call_has_all_its_fields() {
    let mut world = World::new();
    world.answer(&json!({ "do": "call", "from": ONE, "to": "210" }));
    let sent = world.sent();
    let names: Vec<&str> = sent[0].1.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["OperatorId", "Number", "Direction", "QueueId", "UniqueId", "RoutingRule"]);
    assert_eq!((field(&sent[0], "QueueId"), field(&sent[0], "RoutingRule")), ("", ""));
}

#[test]
fn an_incoming_call_is_missed_or_refused() {
    let mut world = World::new();
    let call = json!({ "do": "call", "from": ONE, "to": "210" });
    world.control(&call);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["210 Hangup 2"]);
    world.control(&call);
    assert_eq!(world.say("Drop", &[("UniqueId", &id(4)), ("OperatorId", "210")]), ["210 Hangup 4"]);
    world.control(&call);
    assert!(world.wait(29_999).is_empty());
    assert_eq!(world.wait(1), ["210 Hangup 6"]);
    let journal = world.answer(&json!({ "do": "journal" }));
    let causes: Vec<_> = journal["calls"].as_array().unwrap().iter().map(|call| call["cause"].clone()).collect();
    assert_eq!(causes, ["outside left", "declined", "no answer"]);
}

#[test]
fn an_outgoing_call_is_answered_busy_refused_or_never_taken() {
    let mut world = World::new();
    let dial = [("OperatorId", "210"), ("Number", ONE)];
    assert_eq!(world.say("MakeCall", &dial), [format!("210 New {ONE} Outgoing 1")]);
    assert_eq!(world.control(&json!({ "do": "answer", "number": ONE })), ["210 Bridge 1"]);
    assert_eq!(world.say("Drop", &[("UniqueId", &id(1)), ("OperatorId", "210")]), ["210 Hangup 1"]);

    world.control(&json!({ "do": "outside", "number": ONE, "behaviour": "busy" }));
    assert_eq!(world.say("MakeCall", &dial).len(), 1);
    assert!(world.wait(999).is_empty());
    assert_eq!(world.wait(1), ["210 Hangup 2"]);

    world.control(&json!({ "do": "outside", "number": ONE, "behaviour": { "refuse": { "after_ms": 50 } } }));
    world.say("MakeCall", &dial);
    assert_eq!(world.wait(50), ["210 Hangup 3"]);

    world.control(&json!({ "do": "outside", "number": ONE, "behaviour": "manual" }));
    world.say("MakeCall", &dial);
    assert_eq!(world.wait(30_000), ["210 Hangup 4"]);
    world.control(&json!({ "do": "outside", "number": ONE, "behaviour": { "answer": { "after_ms": 700 } } }));
    world.say("MakeCall", &dial);
    assert!(world.wait(699).is_empty());
    assert_eq!(world.wait(1), ["210 Bridge 5"]);
}

#[test]
fn a_desk_phone_is_rung_first_and_its_own_leg_ends_with_the_call() {
    let mut world = World::new();
    let originate = [("NumberA", "213"), ("NumberB", ONE), ("RoutingRule", "Kyiv: east")];
    assert_eq!(world.say("Originate", &originate), ["213 New asterisk Incoming 2"]);
    world.answer(&json!({ "do": "answer", "number": "213" }));
    let sent = world.sent();
    assert_eq!((sent[0].0.as_str(), field(&sent[0], "State")), ("CallStateChanged", "Bridge"));
    assert_eq!(
        (field(&sent[1], "Number"), field(&sent[1], "UniqueId"), field(&sent[1], "RoutingRule")),
        (ONE, id(1).as_str(), "Kyiv: east")
    );
    assert_eq!(world.control(&json!({ "do": "answer", "number": ONE })), ["213 Bridge 1"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["213 Hangup 1", "213 Hangup 2"]);

    // It is not taken: the number is never dialled.
    assert_eq!(world.say("Originate", &originate), ["213 New asterisk Incoming 4"]);
    assert_eq!(world.control(&json!({ "do": "decline", "number": "213" })), ["213 Hangup 4"]);
    // MakeCall and Answer are the softphone's.
    assert!(world.say("MakeCall", &[("OperatorId", "213"), ("Number", ONE)]).is_empty());
    assert!(world.ignored().contains("no softphone"));
    assert_eq!(
        world.control(&json!({ "do": "call", "from": ONE, "to": "213" })),
        [format!("213 New {ONE} Incoming 6")]
    );
    assert!(world.say("Answer", &[("UniqueId", &id(6)), ("OperatorId", "213")]).is_empty());
    assert_eq!(world.control(&json!({ "do": "answer", "number": "213" })), ["213 Bridge 6"]);
    // The handset is all the same.
    assert_eq!(world.control(&json!({ "do": "hold", "number": "213" })), ["213 Hold 6"]);
    assert_eq!(world.control(&json!({ "do": "unhold", "number": "213" })), ["213 Unhold 6"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": "213" })), ["213 Hangup 6"]);
}

#[test]
fn a_consultation_connects_the_two_others() {
    let mut world = World::new();
    world.consult();
    let (a, b) = (id(2), id(3));
    let join = [("UniqueIdA", a.as_str()), ("UniqueIdB", b.as_str()), ("OperatorId", "210")];
    assert_eq!(
        world.say("TransferToCall", &join),
        ["210 Transfer 3", "210 Hangup 3", "210 Transfer 2", "210 Hangup 2"]
    );
    assert_eq!(world.simulator.calls(), 1);
    // 211 talks to ONE now, which nothing tells.
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["211 Hangup 4"]);
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_consultation_is_cancelled_and_the_first_call_waits_to_be_taken_back() {
    let mut world = World::new();
    world.consult();
    assert_eq!(
        world.say("Drop", &[("UniqueId", &id(3)), ("OperatorId", "210")]),
        ["210 Hangup 3".to_owned(), "211 Hangup 4".to_owned()].into_iter().rev().collect::<Vec<_>>()
    );
    assert!(world.wait(60_000).is_empty());
    assert_eq!(world.say("UnHold", &[("UniqueId", &id(2)), ("OperatorId", "210")]), ["210 Unhold 2"]);
}

#[test]
fn a_ringing_consultation_is_connected_where_that_works() {
    for early in [false, true] {
        let mut world = World::with(&format!("early_transfer = {early}"));
        world.talk();
        world.say("MakeCall", &[("OperatorId", "210"), ("Number", "211")]);
        let (a, b) = (id(2), id(3));
        let join = [("UniqueIdA", a.as_str()), ("UniqueIdB", b.as_str()), ("OperatorId", "210")];
        let told = world.say("TransferToCall", &join);
        if !early {
            assert!(told.is_empty() && world.ignored().contains("connected"));
            continue;
        }
        assert_eq!(told, ["210 Transfer 3", "210 Hangup 3", "210 Transfer 2", "210 Hangup 2"]);
        assert_eq!(world.control(&json!({ "do": "answer", "number": "211" })), ["211 Bridge 4"]);
        assert_eq!(world.control(&json!({ "do": "hangup", "number": "211" })), ["211 Hangup 4"]);
        assert_eq!(world.simulator.calls(), 0);
    }
}

#[test]
fn the_held_party_leaves_during_a_consultation() {
    let mut world = World::new();
    world.consult();
    assert_eq!(world.control(&json!({ "do": "hangup", "number": ONE })), ["210 Hangup 2"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": "211" })), ["211 Hangup 4", "210 Hangup 3"]);
}

#[test]
fn two_calls_are_exchanged() {
    let mut world = World::new();
    world.consult();
    let taken = world.say("UnHold", &[("UniqueId", &id(2)), ("OperatorId", "210")]);
    assert_eq!(taken, ["210 Hold 3", "210 Unhold 2"]);
    let taken = world.say("UnHold", &[("UniqueId", &id(3)), ("OperatorId", "210")]);
    assert_eq!(taken, ["210 Hold 2", "210 Unhold 3"]);
}

#[test]
fn a_blind_transfer_goes_inside_outside_and_nowhere() {
    let mut world = World::new();
    world.talk();
    let transfer = |number| [("UniqueId", "1700000001.2"), ("Number", number), ("OperatorId", "210")];
    // Not to oneself, not to who is there already.
    assert!(world.say("Transfer", &transfer("210")).is_empty() && world.say("Transfer", &transfer(ONE)).is_empty());
    let told = world.say("Transfer", &transfer("211"));
    assert_eq!(told, ["210 Transfer 2".to_owned(), "210 Hangup 2".into(), format!("211 New {ONE} Incoming 3")]);
    assert_eq!(world.control(&json!({ "do": "answer", "number": "211" })), ["211 Bridge 3"]);
    // Outside with outside: they talk on for a while.
    let told = world.control(&json!({ "do": "transfer", "number": "211", "to": TWO }));
    assert_eq!(told, ["211 Transfer 3", "211 Hangup 3"]);
    world.control(&json!({ "do": "answer", "number": TWO }));
    world.wait(30_000);
    assert_eq!(world.simulator.calls(), 0);

    // Who is transferred by the one that he called, and the target is busy.
    world.say("MakeCall", &[("OperatorId", "210"), ("Number", "211")]);
    world.control(&json!({ "do": "answer", "number": "211" }));
    world.control(&json!({ "do": "outside", "number": TWO, "behaviour": "busy" }));
    let told = world.control(&json!({ "do": "transfer", "number": "211", "to": TWO }));
    assert_eq!(told, ["211 Transfer 5", "211 Hangup 5"]);
    assert_eq!(world.wait(1_000), ["210 Hangup 4"]);
}

#[test]
fn three_calls_at_one_operator_and_no_more_than_there_are_lines() {
    let mut world = World::with("lines = 3");
    world.talk();
    assert_eq!(
        world.control(&json!({ "do": "call", "from": TWO, "to": "210" })),
        [format!("210 New {TWO} Incoming 4")]
    );
    assert_eq!(world.say("Answer", &[("UniqueId", &id(4)), ("OperatorId", "210")]), ["210 Hold 2", "210 Bridge 4"]);
    assert_eq!(
        world.say("MakeCall", &[("OperatorId", "210"), ("Number", "212")])[..2],
        ["210 Hold 4".to_owned(), "210 New 212 Internal 5".into()]
    );
    assert!(world.control(&json!({ "do": "call", "from": "79990000003", "to": "210" })).is_empty());
    assert!(world.say("MakeCall", &[("OperatorId", "210"), ("Number", TWO)]).is_empty());
    assert!(world.ignored().contains("no line left"));
    let show = world.answer(&json!({ "do": "show" }));
    let held: Vec<_> = show["calls"].as_array().unwrap().iter().map(|call| call["called"]["held"].clone()).collect();
    assert_eq!(held[..2], [true, true]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": "210", "call": id(4) })), ["210 Hangup 4"]);
    world.control(&json!({ "do": "end" }));
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_queue_goes_round_until_somebody_is_there() {
    let mut world = World::new();
    world.control(&json!({ "do": "state", "number": "210", "state": "Break" }));
    assert_eq!(
        world.control(&json!({ "do": "call", "from": ONE, "to": "700" })),
        [format!("211 New {ONE} Incoming 2 queue 700")]
    );
    // Who does not take it is asked again after the others; 210 comes back from the break.
    assert_eq!(
        world.control(&json!({ "do": "state", "number": "210", "state": "Available" })),
        ["210 is Available".to_owned()]
    );
    assert_eq!(
        world.control(&json!({ "do": "decline", "number": "211" })),
        ["211 Hangup 2".to_owned(), format!("210 New {ONE} Incoming 3 queue 700")]
    );
    assert_eq!(world.wait(30_000)[0], "210 Hangup 3");
    let told = world.control(&json!({ "do": "answer", "number": "211" }));
    assert_eq!(told, ["211 Bridge 4"]);
    assert_eq!(world.control(&json!({ "do": "hangup", "number": "211" })), ["211 Hangup 4"]);
}

#[test]
fn a_script_talks_takes_keys_and_sends_on() {
    let mut world = World::new();
    assert!(world.control(&json!({ "do": "call", "from": ONE, "to": "800" })).is_empty());
    world.wait(0);
    world.wait(4_999);
    world.now += 1;
    world.simulator.tick(world.now);
    let sent = world.sent();
    assert_eq!((field(&sent[0], "QueueId"), field(&sent[0], "IVRId")), ("700", "Welcome"));
    world.control(&json!({ "do": "end" }));

    world.control(&json!({ "do": "call", "from": ONE, "to": "800" }));
    world.wait(0);
    let told = world.control(&json!({ "do": "press", "number": ONE, "digits": "9#1" }));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with(&format!("212 New {ONE} Incoming")), "{told:?}");
    world.control(&json!({ "do": "end" }));

    // An operator at the machine: it answers, and hears the digits.
    let told = world.say("MakeCall", &[("OperatorId", "210"), ("Number", "800")]);
    let leg = told[0].rsplit(' ').next().unwrap().to_owned();
    assert_eq!(world.wait(0), [format!("210 Bridge {leg}")]);
    let leg = format!("1700000001.{leg}");
    let told = world.say("DialDTMF", &[("UniqueId", &leg), ("Digit", "1"), ("OperatorId", "210")]);
    assert!(told[0].starts_with("212 New 210 Internal"), "{told:?}");
    assert!(world.say("DialDTMF", &[("UniqueId", &leg), ("Digit", "x"), ("OperatorId", "210")]).is_empty());
    assert!(!world.ignored().is_empty());
}

#[test]
fn digits_are_heard_at_the_other_end() {
    let mut world = World::new();
    world.talk();
    world.say("DialDTMF", &[("UniqueId", &id(2)), ("Digit", "12#"), ("OperatorId", "210")]);
    world.say("DialDTMF", &[("UniqueId", &id(2)), ("Digit", "*"), ("OperatorId", "210")]);
    assert_eq!(world.answer(&json!({ "do": "show" }))["calls"][0]["called"]["digits"], "12#*");
}

#[test]
fn states_are_set_asked_and_told() {
    let mut world = World::new();
    assert_eq!(world.say("GetOperatorState", &[("OperatorId", "210")]), ["210 is Available"]);
    assert!(world.say("GetOperatorState", &[("OperatorId", "999")]).is_empty());
    let set = [("State", "Обід: до 14"), ("OperatorId", "210")];
    assert_eq!(world.say("SetOperatorState", &set), ["210 is Обід: до 14"]);
    assert_eq!(world.say("SetOperatorState", &set), ["210 is Обід: до 14"]);
    assert!(world.say("SetOperatorState", &[("OperatorId", "210")]).is_empty());
    assert_eq!(world.control(&json!({ "do": "state", "number": "210", "state": "Busy" })), ["210 is Busy"]);
}

#[test]
fn a_recording_is_played_at_the_operators_phone() {
    let mut world = World::new();
    world.talk();
    world.wait(7_000);
    world.control(&json!({ "do": "hangup", "number": ONE }));
    let listen = |call| [("UniqueId", call), ("OperatorId", "211")];
    assert!(world.say("ListenCall", &listen("1.1")).is_empty());
    assert_eq!(world.say("ListenCall", &listen("1700000001.2")), ["211 New record Internal 4"]);
    assert_eq!(world.control(&json!({ "do": "answer", "number": "211" })), ["211 Bridge 4"]);
    assert!(world.wait(6_999).is_empty());
    assert_eq!(world.wait(1), ["211 Hangup 4"]);
}

#[test]
fn nobody_who_is_not_in_is_told_or_obeyed() {
    let mut world = World::new();
    world.simulator.open(2, 0);
    world.simulator.receive(2, "Message: MakeCall\r\nOperatorId: 210\r\nNumber: 211\r\n\r\n".into(), 0);
    assert_eq!((world.simulator.calls(), world.ignored().as_str()), (0, "nobody is logged in"));
    // A second one that is in hears and does the same as the first.
    world.simulator.receive(
        2,
        "Message: AuthorizationRequest\r\nPassword: Secret1\r\nLogin: integration\r\n\r\n".into(),
        0,
    );
    world.told();
    world.simulator.receive(2, "Message: MakeCall\r\nOperatorId: 210\r\nNumber: 211\r\n\r\n".into(), 0);
    assert_eq!(world.told(), ["210 New 211 Internal 1", "211 New 210 Internal 2"]);
    assert_eq!(world.say("AuthorizationRequest", &[("Login", "integration")]), ["AuthorizationResponse Failed"]);
    assert!(world.say("Drop", &[("UniqueId", &id(1)), ("OperatorId", "210")]).is_empty());
    assert_eq!(world.simulator.calls(), 1);
    let visits = world.answer(&json!({ "do": "visits" }))["visits"].to_string();
    assert_eq!(visits.matches("\"login\"},").count() + visits.matches("\"refused\"").count(), 3, "{visits}");
    let heard = world.answer(&json!({ "do": "heard" })).to_string();
    assert!(heard.contains("AuthorizationRequest") && !heard.contains("Secret1"), "{heard}");
}

#[test]
fn a_call_of_another_operator_is_nobodys() {
    let mut world = World::new();
    world.consult();
    for kind in ["Drop", "Hold", "Answer"] {
        assert!(world.say(kind, &[("UniqueId", &id(2)), ("OperatorId", "211")]).is_empty());
        assert!(!world.ignored().is_empty());
    }
    assert!(world.say("Dance", &[("OperatorId", "211")]).is_empty());
    assert_eq!(world.ignored(), "it is no command");
}

#[test]
fn what_is_told_out_of_the_blue_is_told_as_it_is() {
    let mut world = World::new();
    world.answer(&json!({ "do": "say", "message": "News", "fields": [["Text", "a: b: c"], ["OperatorId", "210"]] }));
    assert_eq!(
        world.sent()[0],
        ("News".into(), vec![("Text".into(), "a: b: c".into()), ("OperatorId".into(), "210".into())])
    );
    let refused = world.refused(&json!({ "do": "say", "message": "News", "fields": [["Text", "a\r\nb"]] }));
    assert!(refused.contains("line ends"), "{refused}");
    for bad in [
        json!({ "do": "call", "from": "1\r\n", "to": "210" }),
        json!({ "do": "call", "from": "700", "to": "210" }),
        json!({ "do": "call", "from": ONE, "to": "" }),
        json!({ "do": "answer", "number": "210" }),
        json!({ "do": "hold", "number": "999" }),
        json!({ "do": "join", "number": "210" }),
        json!({ "do": "press", "number": ONE, "digits": "1" }),
    ] {
        world.refused(&bad);
    }
    let told = world.control(&json!({ "do": "call", "from": "380: 44 «Дзвінок»", "to": "210" }));
    assert_eq!(told[0], "210 New 380: 44 «Дзвінок» Incoming 2");
}
