//! Calls of two parties, and what is done with them.

use jackfield_sim::System as _;
use jackfield_sim::avaya::{
    Config,
    config::{CallIds, Clears, OutsideIds},
};
use serde_json::json;

use crate::world::{ONE, TWO, World, connection, quiet};

#[test]
fn a_call_comes_in_is_held_and_ends_outside() {
    let mut world = World::watching(&["101"]);
    let call = world.call(ONE, "101");
    let delivered = &world.events("DeliveredEvent")[0];
    assert_eq!(delivered.find("callingDevice").unwrap().text("deviceIdentifier"), format!("{ONE}:CM1::0"));
    assert_eq!(delivered.text("trunkGroup"), "538");
    let ucid = delivered.text("globallyUniqueCallLinkageID").to_owned();
    assert_eq!((ucid.len(), &ucid[..5]), (20, "00001"));
    world.answer(call, "101");
    world.on("HoldCall", "callToBeHeld", call, "101");
    assert_eq!(
        world.refused(1, "HoldCall", &connection("callToBeHeld", call, "101")),
        "stateIncompatibility invalidConnectionState"
    );
    assert_eq!(
        world.refused(1, "ClearConnection", &connection("connectionToBeCleared", call, "101")),
        "stateIncompatibility invalidConnectionState",
        "what is on hold cannot be cleared"
    );
    world.on("RetrieveCall", "callToBeRetrieved", call, "101");
    world.at("hangup", ONE);
    assert_eq!(
        world.heard(),
        [
            "1 Established 101 connected normal",
            "1 Held 101 hold normal",
            "1 Retrieved 101 connected normal",
            "1 ConnectionCleared 380501112233 connected normalClearing",
            "1 ConnectionCleared 101 null normalClearing",
        ]
    );
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn the_own_end_may_also_be_told_first() {
    let mut world = World::with(Config { clears: Clears::Other, ..quiet() }, &["101"]);
    let call = world.call(ONE, "101");
    world.answer(call, "101");
    world.heard();
    world.at("hangup", ONE);
    assert_eq!(
        world.heard(),
        ["1 ConnectionCleared 101 null normalClearing", "1 ConnectionCleared 380501112233 null normalClearing"]
    );
}

#[test]
fn a_call_that_nobody_answers_is_given_up_by_who_calls() {
    let mut world = World::watching(&["101"]);
    let call = world.call(ONE, "101");
    assert_eq!(
        world.refused(1, "ClearConnection", &connection("connectionToBeCleared", call, "101")),
        "stateIncompatibility invalidConnectionState",
        "what rings cannot be cleared"
    );
    world.at("hangup", ONE);
    assert_eq!(
        world.heard(),
        [
            "1 Delivered 101 alerting newCall",
            "1 ConnectionCleared 380501112233 alerting normalClearing",
            "1 ConnectionCleared 101 null normalClearing",
        ]
    );
    let mut world = World::with(Config { patience_ms: 9_000, ..quiet() }, &["101"]);
    world.call(ONE, "101");
    world.wait(9_000);
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_call_goes_out_and_is_answered_or_not() {
    let mut world = World::watching(&["101"]);
    let call = world.make_call("101", ONE);
    assert_eq!(
        world.heard(),
        [
            "1 ServiceInitiated 101 initiated makeCall",
            "1 Originated 101 connected newCall",
            "1 NetworkReached T538#5 connected normal",
            "1 Delivered 380501112233 connected newCall",
        ]
    );
    assert_eq!(
        world.refused(1, "HoldCall", &connection("callToBeHeld", call, "101")),
        "stateIncompatibility invalidConnectionState"
    );
    world.at("answer", ONE);
    world.on("ClearConnection", "connectionToBeCleared", call, "101");
    assert_eq!(
        world.heard(),
        ["1 Established 380501112233 connected normal", "1 ConnectionCleared 101 null normalClearing"]
    );
    world.control(&json!({ "do": "behave", "number": TWO, "behaviour": "busy" }));
    let busy = world.make_call("101", TWO);
    assert_eq!(world.heard()[3..], ["1 Failed 380502223344 connected busy"]);
    world.on("ClearConnection", "connectionToBeCleared", busy, "101");
    assert_eq!(world.heard(), ["1 ConnectionCleared 101 null normalClearing"]);
    world.make_call("101", "55");
    assert_eq!(world.heard()[2..], ["1 Failed 55 connected numberUnallocated"]);
    world.at("hangup", "101");
    let refused = "<callingDevice>101:CM1::0</callingDevice><calledDirectoryNumber>12x:CM1::0</calledDirectoryNumber>";
    assert_eq!(world.refused(1, "MakeCall", refused), "operation invalidDestination");
}

#[test]
fn the_busy_tone_ends_by_itself_and_the_network_may_say_little() {
    let config = Config { busy_tone_ms: 4_000, network_rings: false, outside_ids: OutsideIds::Trunk, ..quiet() };
    let mut world = World::with(config, &["101"]);
    world.make_call("101", ONE);
    world.at("answer", ONE);
    let heard = world.heard();
    assert!(!heard.iter().any(|event| event.contains("Delivered")), "{heard:?}");
    assert_eq!(heard[3], "1 Established T538#5 connected normal", "a trunk");
    world.at("hangup", ONE);
    world.control(&json!({ "do": "behave", "number": ONE, "behaviour": "busy" }));
    world.make_call("101", ONE);
    world.wait(4_000);
    assert_eq!(world.simulator.calls(), 0);
}

#[test]
fn a_program_may_leave_it_to_the_handset() {
    let mut world = World::watching(&["101", "102"]);
    let inner = "<callingDevice>101:CM1::0</callingDevice><calledDirectoryNumber>102:CM1::0</calledDirectoryNumber>\
                 <userData><string>68656C6C6F</string></userData>";
    world.done(1, "MakeCall", inner);
    assert_eq!(world.heard(), ["1 ServiceInitiated 101 initiated makeCall"]);
    world.at("answer", "101");
    let delivered = world.events("DeliveredEvent");
    assert_eq!(delivered[0].find("userData").unwrap().text("string"), "68656C6C6F");
    world.at("answer", "102");
    assert_eq!(world.heard(), ["1 Established 102 connected normal", "2 Established 102 connected normal"]);
    world.at("hangup", "102");
    world.control(&json!({ "do": "lift", "number": "101" }));
    world.control(&json!({ "do": "dial", "number": "101", "to": "102" }));
    world.at("hangup", "101");
    assert_eq!(
        world.heard_by(1)[2..],
        [
            "ServiceInitiated 101 initiated normal",
            "Originated 101 connected newCall",
            "Delivered 102 connected newCall",
            "ConnectionCleared 101 null normalClearing",
        ]
    );
}

#[test]
fn a_second_call_is_answered_and_the_first_one_waits() {
    let mut world = World::watching(&["101"]);
    let first = world.call(ONE, "101");
    world.answer(first, "101");
    let second = world.call(TWO, "101");
    world.heard();
    world.answer(second, "101");
    assert_eq!(world.heard(), ["1 Held 101 hold normal", "1 Established 101 connected normal"]);
    world.pair("AlternateCall", first, second, "101");
    assert_eq!(world.heard(), ["1 Held 101 hold alternate", "1 Retrieved 101 connected alternate"]);
    world.at("hangup", TWO);
    assert_eq!(
        world.heard(),
        ["1 ConnectionCleared 380502223344 hold normalClearing", "1 ConnectionCleared 101 null normalClearing"],
        "far-end hang-up in hold"
    );
    world.call("380503334455", "101");
    world.call("380504445566", "101");
    world.heard();
    world.call("380505556677", "101");
    assert!(world.heard().is_empty(), "three appearances and no more");
}

#[test]
fn calls_are_forwarded_deflected_covered_and_kept_away() {
    let mut config = quiet();
    config.no_answer_ms = 20_000;
    config.stations[1].coverage = Some("103".into());
    let mut world = World::with(config, &["101", "102", "103"]);
    let forward = "<device>101:CM1::0</device><forwardingType>forwardImmediate</forwardingType><activateForward>true</activateForward>\
                   <forwardDN>102:CM1::0</forwardDN>";
    world.done(1, "SetForwarding", forward);
    assert_eq!(world.heard(), ["1 Forwarding 101"]);
    assert_eq!(world.done(1, "GetForwarding", "<device>101:CM1::0</device>").text("forwardDN"), "102:CM1::0");
    assert_eq!(world.refused(1, "SetForwarding", &forward.replace("Immediate", "Busy")), "operation invalidFeature");
    let call = world.call(ONE, "101");
    let delivered = world.events("DeliveredEvent");
    assert_eq!(delivered[0].find("lastRedirectionDevice").unwrap().text("numberDialed"), "101:CM1::0");
    assert_eq!(delivered[0].text("cause"), "callForwardImmediate");
    world.wait(20_000);
    assert_eq!(
        world.heard(),
        ["2 Diverted 102 null callForwardNoAnswer", "3 Delivered 103 alerting callForwardNoAnswer"]
    );
    let deflect = connection("callToBeDiverted", call, "103") + "<newDestination>104:CM1::0</newDestination>";
    world.done(1, "DeflectCall", &deflect);
    assert_eq!(world.heard(), ["3 Diverted 103 null redirected"]);
    assert_eq!(world.refused(1, "DeflectCall", &deflect), "operation invalidConnectionID");
    world.done(1, "SetDoNotDisturb", "<device>102:CM1::0</device><doNotDisturbOn>true</doNotDisturbOn>");
    assert_eq!(world.done(1, "GetDoNotDisturb", "<device>102:CM1::0</device>").text("doNotDisturbOn"), "true");
    world.make_call("103", "102");
    assert_eq!(world.heard().last().unwrap(), "3 Failed 102 connected doNotDisturb");
    let off = "<device>101:CM1::0</device><activateForward>false</activateForward>";
    world.done(1, "SetForwarding", off);
    assert_eq!(world.done(1, "GetForwarding", "<device>101:CM1::0</device>").text("forwardStatus"), "false");
}

#[test]
fn a_call_is_picked_up_elsewhere() {
    let mut world = World::watching(&["101", "102"]);
    let call = world.call(ONE, "101");
    let inner = connection("callToBePickedUp", call, "101") + "<requestingDevice>102:CM1::0</requestingDevice>";
    world.done(1, "DirectedPickupCall", &inner);
    assert_eq!(world.heard()[1..], ["1 Diverted 101 null callPickup", "2 Established 102 connected callPickup"]);
}

#[test]
fn digits_and_data_travel() {
    let mut world = World::watching(&["101"]);
    let call = world.call(ONE, "101");
    world.answer(call, "101");
    world.heard();
    let digits = |text: &str| {
        connection("connectionToSendDigits", call, "101") + &format!("<charactersToSend>{text}</charactersToSend>")
    };
    world.done(1, "GenerateDigits", &digits("12#"));
    assert_eq!(world.events("DigitsGeneratedEvent")[0].text("digitGeneratedList"), "12#");
    assert_eq!(world.refused(1, "GenerateDigits", &digits("12x")), "operation invalidParameterValue");
    world.control(&json!({ "do": "digits", "number": ONE, "digits": "77" }));
    assert_eq!(world.events("EnteredDigitsEvent")[0].text("digits"), "77");
    world.control(&json!({ "do": "info", "number": "101", "uui": "6162" }));
    assert_eq!(world.events("CallInformationEvent")[0].find("userData").unwrap().text("string"), "6162");
}

#[test]
fn a_withheld_number_is_not_told() {
    let mut world = World::watching(&["101"]);
    world.call("*380501112233", "101");
    let delivered = &world.events("DeliveredEvent")[0];
    assert_eq!(delivered.find("callingDevice").unwrap().names(), ["restricted"]);
    assert!(delivered.text("deviceID").starts_with("101"));
}

#[test]
fn a_telephone_goes_and_comes_back() {
    let mut world = World::watching(&["101"]);
    let call = world.call(ONE, "101");
    world.answer(call, "101");
    world.heard();
    world.control(&json!({ "do": "phone", "number": "101", "there": false }));
    world.control(&json!({ "do": "phone", "number": "101", "there": true }));
    assert_eq!(
        world.heard(),
        ["1 ConnectionCleared 101 null normalClearing", "1 OutOfService 101", "1 BackInService 101"]
    );
}

#[test]
fn call_ids_are_used_again() {
    let mut world = World::with(Config { call_ids: CallIds { first: 100, last: 200 }, ..quiet() }, &["101"]);
    let first = world.call(ONE, "101");
    assert_eq!(first, 100);
    for _ in 0..101 {
        let call = world.call(TWO, "102");
        assert!((101..=200).contains(&call), "{call}: never one that is in use");
        world.at("hangup", TWO);
    }
}

#[test]
fn snapshots_show_what_is_there() {
    let mut world = World::watching(&["101"]);
    let device = "<snapshotObject>101:CM1::0</snapshotObject>";
    assert!(world.done(1, "SnapshotDevice", device).find("snapshotData").unwrap().children.is_empty());
    let first = world.call(ONE, "101");
    world.answer(first, "101");
    world.on("HoldCall", "callToBeHeld", first, "101");
    world.call(TWO, "101");
    let reply = world.done(1, "SnapshotDevice", device);
    let states = |info: &crate::xml::Element| {
        let states = &info.find("compoundCallState").unwrap().children;
        states.iter().map(|state| state.text.clone()).collect::<Vec<_>>()
    };
    let infos = &reply.find("snapshotData").unwrap().children;
    assert_eq!(
        (states(&infos[0]), states(&infos[1])),
        (vec!["hold".into(), "connected".into()], vec!["alerting".into(), "connected".into()])
    );
    let reply = world.done(1, "SnapshotCall", &connection("snapshotObject", first, "101"));
    assert_eq!(reply.find("snapshotData").unwrap().children.len(), 2);
    assert_eq!(reply.find("callingDevice").unwrap().text("deviceIdentifier"), format!("{ONE}:CM1::0"));
    let ucid = reply.text("globallyUniqueCallLinkageID").to_owned();
    let again = world.done(1, "GetCallLinkageData", &connection("call", first, "101"));
    assert_eq!(again.text("globallyUniqueCallLinkageID"), ucid);
    assert_eq!(world.refused(1, "SnapshotCall", &connection("snapshotObject", 999, "101")), "operation invalidCallID");

    let mut world = World::with(Config { simple_snapshots: true, snapshot_parts: 1, ..quiet() }, &["101"]);
    let first = world.call(ONE, "101");
    world.answer(first, "101");
    world.call(TWO, "101");
    let reply = world.done(1, "SnapshotDevice", device);
    let reference = reply.text("serviceCrossRefID").to_owned();
    let parts = world.events("SnapshotDeviceData");
    let parts: Vec<_> = parts
        .iter()
        .map(|it| {
            (it.text("serviceCrossRefID"), it.text("segmentID"), it.text("lastSegment"), it.text("simpleCallState"))
        })
        .collect();
    let reference = reference.as_str();
    assert_eq!(parts, [(reference, "1", "false", "callEstablished"), (reference, "2", "true", "callReceived")]);
}
