//! Consultations, transfers, conferences.

use jackfield_sim::System as _;
use jackfield_sim::avaya::{
    Config,
    config::{Merged, TransferClears},
};
use serde_json::json;

use crate::world::{ONE, World, connection, quiet};

/// 101 talks to somebody outside, has that on hold and talks to 102: the two calls.
fn consulting(config: Config) -> (World, u32, u32) {
    let mut world = World::with(config, &["101", "102", "103"]);
    let held = world.call(ONE, "101");
    world.answer(held, "101");
    world.heard();
    let active = world.consult(held, "101", "102");
    assert_eq!(
        world.heard(),
        [
            "1 Held 101 hold consultation",
            "1 ServiceInitiated 101 initiated consultation",
            "1 Originated 101 connected consultation",
            "1 Delivered 102 connected consultation",
            "2 Delivered 102 alerting consultation",
        ]
    );
    world.answer(active, "102");
    world.heard();
    (world, held, active)
}

#[test]
fn a_consultation_ends_in_a_transfer() {
    let (mut world, held, active) = consulting(quiet());
    let reply = world.pair("TransferCall", held, active, "101");
    assert_eq!(reply.find("transferredCall").unwrap().text("callID"), active.to_string());
    let events = world.events("TransferedEvent");
    assert_eq!(events.len(), 2);
    let device = |name: &str| events[0].find(name).unwrap().text("deviceIdentifier").to_owned();
    assert_eq!(
        (device("transferringDevice"), device("transferredToDevice")),
        ("101:CM1::0".into(), "102:CM1::0".into())
    );
    assert_eq!(events[0].find("primaryOldCall").unwrap().text("callID"), held.to_string());
    assert_eq!(events[0].text("localConnectionInfo"), "null");
    assert_eq!(events[1].text("localConnectionInfo"), "connected");
    world.at("hangup", ONE);
    assert_eq!(
        world.heard(),
        ["2 ConnectionCleared 380501112233 connected normalClearing", "2 ConnectionCleared 102 null normalClearing"]
    );
}

#[test]
fn a_transfer_has_whichever_id_and_may_be_told_with_clearings() {
    for (merged, clears, expected) in [
        (
            Merged::Held,
            TransferClears::Before,
            [
                "ConnectionCleared 101 null transfer",
                "ConnectionCleared 101 null transfer",
                "Transfered 102/1,380501112233/1 null transfer",
            ],
        ),
        (
            Merged::New,
            TransferClears::After,
            [
                "Transfered 102/3,380501112233/3 null transfer",
                "ConnectionCleared 101 null transfer",
                "ConnectionCleared 101 null transfer",
            ],
        ),
    ] {
        let (mut world, held, active) = consulting(Config { merged, transfer_clears: clears, ..quiet() });
        world.pair("TransferCall", held, active, "101");
        assert_eq!(world.heard_by(1), expected);
    }
}

#[test]
fn a_consultation_is_cancelled_or_ended_by_either() {
    let (mut world, held, active) = consulting(quiet());
    world.pair("ReconnectCall", held, active, "101");
    assert_eq!(
        world.heard(),
        [
            "1 ConnectionCleared 101 null normalClearing",
            "2 ConnectionCleared 101 connected normalClearing",
            "2 ConnectionCleared 102 null normalClearing",
            "1 Retrieved 101 connected normal",
        ]
    );
    let (mut world, _, active) = consulting(quiet());
    world.at("hangup", ONE);
    assert_eq!(
        world.heard(),
        ["1 ConnectionCleared 380501112233 hold normalClearing", "1 ConnectionCleared 101 null normalClearing"]
    );
    world.on("ClearConnection", "connectionToBeCleared", active, "101");
    assert_eq!(world.simulator.calls(), 0);
    let (mut world, held, _) = consulting(quiet());
    world.at("hangup", "102");
    world.on("RetrieveCall", "callToBeRetrieved", held, "101");
    world.control(&json!({ "do": "behave", "number": "102", "behaviour": "busy" }));
}

#[test]
fn a_call_is_transferred_before_anybody_has_answered() {
    let mut world = World::watching(&["101", "102"]);
    let held = world.call(ONE, "101");
    world.answer(held, "101");
    let active = world.consult(held, "101", "102");
    world.heard();
    world.pair("TransferCall", held, active, "101");
    assert_eq!(
        world.heard(),
        ["1 Transfered 102/2,380501112233/2 null transfer", "2 Transfered 102/2,380501112233/2 alerting transfer",]
    );
    world.answer(active, "102");
    assert_eq!(world.heard(), ["2 Established 102 connected normal"]);
    assert_eq!(world.control(&json!({ "do": "show" }))["calls"][0]["parties"].as_array().unwrap().len(), 2);
}

#[test]
fn a_call_is_transferred_in_one_step() {
    let mut world = World::watching(&["101", "102"]);
    let call = world.call(ONE, "101");
    world.answer(call, "101");
    world.heard();
    let inner =
        |to: &str| connection("activeCall", call, "101") + &format!("<transferredTo>{to}:CM1::0</transferredTo>");
    assert_eq!(world.refused(1, "SingleStepTransferCall", &inner("55")), "operation invalidDestination");
    let reply = world.done(1, "SingleStepTransferCall", &inner("102"));
    assert_eq!(reply.find("transferredCall").unwrap().text("callID"), "2");
    assert_eq!(reply.find("connections").unwrap().children.len(), 2);
    assert_eq!(
        world.heard(),
        ["1 Transfered 102/2,380501112233/2 null singleStepTransfer", "2 Delivered 102 alerting singleStepTransfer",]
    );
}

#[test]
fn two_outside_parties_do_not_talk_for_ever() {
    let (mut world, held, _) = consulting(quiet());
    world.at("hangup", "102");
    world.on("RetrieveCall", "callToBeRetrieved", held, "101");
    let active = world.consult(held, "101", "380509998877");
    world.at("answer", "380509998877");
    world.pair("TransferCall", held, active, "101");
    assert_eq!(world.simulator.calls(), 1);
    world.wait(30_000);
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn four_confer_and_leave_one_by_one() {
    let (mut world, held, active) = consulting(quiet());
    let reply = world.pair("ConferenceCall", held, active, "101");
    let conference: u32 = reply.find("conferenceCall").unwrap().text("callID").parse().unwrap();
    assert_eq!(
        world.heard(),
        [
            "1 Conferenced 101/2,102/2,380501112233/2 connected conference",
            "2 Conferenced 101/2,102/2,380501112233/2 connected conference",
        ]
    );
    let third = world.consult(conference, "101", "103");
    world.answer(third, "103");
    world.pair("ConferenceCall", conference, third, "101");
    assert_eq!(
        world.heard_by(3).last().unwrap(),
        "Conferenced 101/3,103/3,102/3,380501112233/3 connected conference",
        "four parties"
    );
    world.at("hangup", "102");
    assert_eq!(world.heard_by(3), ["ConnectionCleared 102 connected normalClearing"]);
    world.on("ClearConnection", "connectionToBeCleared", third, "101");
    world.at("hangup", ONE);
    assert_eq!(
        world.heard_by(3),
        [
            "ConnectionCleared 101 connected normalClearing",
            "ConnectionCleared 380501112233 connected normalClearing",
            "ConnectionCleared 103 null normalClearing",
        ]
    );
}

#[test]
fn a_conference_has_an_end_and_a_recorder_comes_unasked() {
    let (mut world, held, active) = consulting(Config { conference: 3, ..quiet() });
    let conference: u32 = world.pair("ConferenceCall", held, active, "101").text("callID").parse().unwrap();
    let inner = connection("activeCall", conference, "101") + "<deviceToJoin>104:CM1::0</deviceToJoin>";
    assert_eq!(
        world.refused(1, "SingleStepConferenceCall", &inner),
        "systemResourceAvailibility conferenceMemberLimitExceeded"
    );
    world.at("hangup", "102");
    world.heard();
    world.done(1, "SingleStepConferenceCall", &inner);
    assert_eq!(
        world.heard(),
        ["1 Conferenced 101/2,380501112233/2,104/2 connected singleStepConference"],
        "the id stays"
    );
    world.at("hangup", "104");
    world.control(&json!({ "do": "join", "number": "101", "to": "105" }));
    assert_eq!(world.control(&json!({ "do": "show" }))["calls"][0]["parties"].as_array().unwrap().len(), 3);
}
