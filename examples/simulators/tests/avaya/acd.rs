//! Agents, splits, numbers for splits, and appearances of a number at other telephones.

use jackfield_sim::System as _;
use jackfield_sim::avaya::{
    Config,
    config::{AnsweredElsewhere, Strategy},
};
use serde_json::json;

use crate::world::{ONE, TWO, World, connection, quiet};

fn set(number: &str, state: &str, more: &str) -> String {
    format!("<device>{number}:CM1::0</device><requestedAgentState>{state}</requestedAgentState>{more}")
}

fn private(mode: &str, reason: u32, pending: bool) -> String {
    format!(
        "<extensions><privateData><private><SetAgentStatePrivateData><workMode>{mode}</workMode>\
         <reasonCode>{reason}</reasonCode><enablePending>{pending}</enablePending></SetAgentStatePrivateData></private>\
         </privateData></extensions>"
    )
}

#[test]
fn an_agent_works_through_all_states() {
    let mut world = World::watching(&["101", "700"]);
    let login = |id: &str, password: &str| {
        set(
            "101",
            "loggedOn",
            &format!("<agentID>{id}</agentID><password>{password}</password>{}", private("auxWork", 0, false)),
        )
    };
    assert_eq!(world.refused(1, "SetAgentState", &login("9999", "31323334")), "operation invalidAgentIdentifier");
    assert_eq!(world.refused(1, "SetAgentState", &login("9001", "30")), "operation invalidAgentPassword");
    world.done(1, "SetAgentState", &login("9001", "31323334"));
    assert_eq!(world.heard(), ["1 AgentLoggedOn 101", "2 AgentLoggedOn 101"]);
    assert_eq!(world.refused(1, "SetAgentState", &login("9002", "31323334")), "operation invalidAgentState");
    world.done(1, "SetAgentState", &set("101", "notReady", &private("auxWork", 3, false)));
    assert_eq!(world.events("AgentNotReadyEvent")[0].text("reasonCode"), "3");
    let state = |world: &mut World| {
        let reply = world.done(1, "GetAgentState", "<device>101:CM1::0</device>");
        ["agentState", "workMode", "talkState", "reasonCode"].map(|name| reply.text(name).to_owned()).join(" ")
    };
    assert_eq!(state(&mut world), "agentNotReady auxWork idle 3");
    assert_eq!(
        world.refused(1, "SetAgentState", &set("101", "notReady", &private("auxWork", 100, false))),
        "operation valueOutOfRange"
    );
    world.done(1, "SetAgentState", &set("101", "ready", &private("manualIn", 0, false)));
    assert_eq!(world.heard_by(1), ["AgentReady 101"]);

    let call = world.call(ONE, "600");
    world.answer(call, "101");
    assert_eq!(
        world.heard_by(1),
        ["Delivered 101 alerting newCall", "Established 101 connected normal", "AgentBusy 101"]
    );
    assert_eq!(state(&mut world), "agentBusy manualIn onCall ");
    assert_eq!(
        world.refused(1, "SetAgentState", &set("101", "notReady", &private("auxWork", 5, false))),
        "operation invalidAgentState"
    );
    world.at("hangup", ONE);
    assert_eq!(world.heard_by(1).last().unwrap(), "AgentWorkingAfterCall 101");
    world.done(1, "SetAgentState", &set("101", "ready", &private("autoIn", 0, false)));

    let call = world.call(ONE, "600");
    world.answer(call, "101");
    let reply = world.done(1, "SetAgentState", &set("101", "notReady", &private("auxWork", 5, true)));
    assert_eq!(reply.text("pendingAgentState"), "agentNotReady");
    let reply = world.done(1, "GetAgentState", "<device>101:CM1::0</device>");
    assert_eq!((reply.text("agentState"), reply.text("pendingAgentState")), ("agentBusy", "agentNotReady"));
    world.heard();
    world.at("hangup", ONE);
    assert_eq!(world.events("AgentNotReadyEvent")[0].text("reasonCode"), "5");
    world.done(1, "SetAgentState", &set("101", "workingAfterCall", ""));
    world.done(1, "SetAgentState", &set("101", "loggedOff", ""));
    assert_eq!(world.heard_by(1), ["AgentWorkingAfterCall 101", "AgentLoggedOff 101"]);
    assert_eq!(state(&mut world), "agentNull   ");
}

#[test]
fn monitors_of_telephones_may_hear_nothing_of_agents() {
    let config = Config { agent_events: false, busy_is_ready: true, ..quiet() };
    let mut world = World::with(config, &["101", "700"]);
    world.agent("101", "9001", "auto-in");
    assert_eq!(world.heard(), ["2 AgentLoggedOn 101"]);
    let call = world.call(ONE, "600");
    world.answer(call, "101");
    let reply = world.done(1, "GetAgentState", "<device>101:CM1::0</device>");
    assert_eq!((reply.text("agentState"), reply.text("talkState")), ("agentReady", "onCall"));
}

#[test]
fn a_call_waits_for_whoever_has_been_idle_longest() {
    let mut config = quiet();
    config.vdns[0].digits = Some("42".into());
    let mut world = World::with(config, &["101", "102"]);
    world.monitor_calls(1, "600");
    let call = world.control(&json!({ "do": "call", "from": ONE, "to": "600", "uui": "6162" }));
    assert_eq!(world.heard(), ["3 Delivered 600 newCall", "3 Queued 700 enteringDistribution"]);
    world.agent("101", "9001", "auto-in");
    let events = world.events("DeliveredEvent");
    assert_eq!(events.len(), 2);
    let delivered = &events[0];
    assert_eq!(delivered.find("calledDevice").unwrap().text("deviceIdentifier"), "600:CM1::0");
    assert_eq!(delivered.find("distributingVDN").unwrap().text("deviceIdentifier"), "600:CM1::0");
    let texts = ["acdGroup", "data", "cause"].map(|name| delivered.text(name));
    assert_eq!(texts, ["700:CM1::0", "42", "distributed"]);
    assert_eq!(delivered.find("userData").unwrap().text("string"), "6162");
    world.answer(u32::try_from(call["call"].as_u64().unwrap()).unwrap(), "101");
    world.agent("102", "9002", "auto-in");
    world.at("hangup", ONE);
    assert_eq!(world.heard().last().unwrap(), "1 AgentReady 101");
    world.call(TWO, "600");
    assert_eq!(
        world.heard()[1..],
        ["2 Delivered 102 alerting newCall", "3 Delivered 102 newCall"],
        "102 has waited longer"
    );
    world.at("hangup", TWO);
    assert_eq!(world.heard().last().unwrap(), "3 CallCleared 600 normalClearing");
}

#[test]
fn an_agent_who_does_not_answer_is_not_ready() {
    let mut world = World::with(Config { agent_ring_ms: 10_000, ..quiet() }, &["101", "102"]);
    world.agent("101", "9001", "auto-in");
    world.agent("102", "9002", "auto-in");
    world.heard();
    world.call(ONE, "600");
    world.wait(10_000);
    assert_eq!(
        world.heard(),
        [
            "1 Delivered 101 alerting newCall",
            "1 Diverted 101 null callForwardNoAnswer",
            "1 AgentNotReady 101",
            "2 Delivered 102 alerting distributed",
        ]
    );
    world.wait(10_000);
    let show = world.control(&json!({ "do": "show" }));
    assert_eq!(show["calls"][0]["parties"][1], json!({ "number": "700", "state": "queued" }), "back in the queue");
}

#[test]
fn all_ring_and_one_answers() {
    let mut config = quiet();
    config.splits[0].strategy = Strategy::RingAll;
    let mut world = World::with(config, &["101", "102", "103"]);
    for (number, id) in [("101", "9001"), ("102", "9002"), ("103", "9003")] {
        world.agent(number, id, "auto-in");
    }
    world.heard();
    let call = world.call(ONE, "600");
    let delivered = world.heard();
    for own in
        ["1 Delivered 101 alerting newCall", "2 Delivered 102 alerting newCall", "3 Delivered 103 alerting newCall"]
    {
        assert!(delivered.contains(&own.to_owned()), "{delivered:?}");
    }
    world.answer(call, "102");
    assert_eq!(world.heard_by(1), ["Established 102 alerting normal", "ConnectionCleared 101 null callPickup"]);
    world.at("hangup", ONE);
    assert_eq!(
        world.heard_by(2)[..2],
        ["ConnectionCleared 380501112233 connected normalClearing", "ConnectionCleared 102 null normalClearing"]
    );
}

#[test]
fn a_call_is_transferred_to_a_number_for_a_split() {
    let mut world = World::watching(&["101", "102"]);
    let held = world.call(ONE, "101");
    world.answer(held, "101");
    let active = world.consult(held, "101", "600");
    assert_eq!(world.heard().last().unwrap(), "1 Queued 700 connected enteringDistribution");
    world.pair("TransferCall", held, active, "101");
    assert_eq!(world.heard(), ["1 Transfered 600/2,380501112233/2 null transfer"]);
    world.agent("102", "9002", "auto-in");
    let delivered = &world.events("DeliveredEvent")[0];
    let device = |name: &str| delivered.find(name).unwrap().children[0].text.clone();
    assert_eq!(
        ["callingDevice", "calledDevice", "lastRedirectionDevice"].map(device),
        [format!("{ONE}:CM1::0"), "600:CM1::0".into(), "101:CM1::0".into()]
    );
    world.answer(active, "102");
    assert_eq!(world.simulator.calls(), 1);
}

#[test]
fn an_appearance_elsewhere_rings_and_answers() {
    for (told, expected) in [
        (AnsweredElsewhere::Cleared, "ConnectionCleared 101 null callPickup"),
        (AnsweredElsewhere::Bridged, "Bridged 101 null callPickup"),
    ] {
        let mut config = Config { answered_elsewhere: told, ..quiet() };
        config.stations[1].bridges = vec!["101".into()];
        let mut world = World::with(config, &["101", "102"]);
        let call = world.call(ONE, "101");
        world.answer(call, "102");
        assert_eq!(
            world.heard_by(1),
            [
                "Delivered 101 alerting newCall",
                "Delivered 102 alerting newCall",
                "Established 102 alerting normal",
                expected
            ]
        );
        world.done(1, "ClearCall", &connection("callToBeCleared", call, "102"));
        assert_eq!(world.simulator.calls(), 0);
    }
}
