//! Sessions: login, life, loss and recovery; device ids and rights.

use std::collections::BTreeSet;

use jackfield_sim::System as _;
use jackfield_sim::avaya::{Config, config::User};
use serde_json::json;

use crate::world::{FILTER, INVERT, ONE, World, quiet};

#[test]
fn a_login_is_granted_or_refused_for_a_reason() {
    let mut world = World::empty(quiet());
    world.simulator.open_at(1, 0, 0);
    assert_eq!(
        world.refused(1, "SnapshotDevice", "<snapshotObject>101:CM1::0</snapshotObject>"),
        "security securityInfoViolated"
    );
    assert_eq!(world.start(1, "wrong", "60", "").text("definedError"), "invalidApplicationInfo");
    let granted = world.start(1, "Secret1", "60", "");
    assert_eq!(granted.text("actualSessionDuration"), "180");
    assert!(granted.text("actualProtocolVersion").ends_with("ed3/priv7"), "the first that both know");
    assert!(!world.start(1, "Secret1", "60", "").text("applError").is_empty(), "one session on a connection");
    world.control(&json!({ "do": "faults", "faults": { "sessions_refused": true } }));
    world.simulator.open_at(2, 0, 0);
    assert_eq!(world.start(2, "Secret1", "60", "").text("definedError"), "serverResourcesBusy");
    world.control(&json!({ "do": "faults", "faults": {} }));
    let mut config = Config { sessions: 1, ..quiet() };
    config.versions = vec!["3.0".into()];
    let mut world = World::empty(config);
    world.simulator.open_at(1, 0, 0);
    assert_eq!(world.start(1, "Secret1", "60", "").text("definedError"), "requestedProtocolVersionNotSupported");
    let mut world = World::with(Config { sessions: 1, ..quiet() }, &[]);
    world.simulator.open_at(2, 0, 0);
    assert_eq!(world.start(2, "Secret1", "60", "").text("definedError"), "maxNumberSessions");
}

#[test]
fn a_session_lives_as_long_as_its_timer_is_reset() {
    let mut world = World::empty(quiet());
    let id = world.connect(1);
    let reset =
        |id: &str| format!("<sessionID>{id}</sessionID><requestedSessionDuration>100</requestedSessionDuration>");
    world.wait(179_000);
    let reply = world.ask(1, "ResetApplicationSessionTimer", &reset(&id));
    assert_eq!(reply.text("actualSessionDuration"), "100");
    let reply = world.ask(1, "ResetApplicationSessionTimer", &reset("other"));
    assert_eq!(
        (reply.name.as_str(), reply.text("definedError")),
        ("ResetApplicationSessionTimerNegResponse", "invalidSessionID")
    );
    world.wait(99_999);
    assert!(world.said.is_empty() && world.cut.is_empty());
    world.wait(1);
    let farewell = world.events("ApplicationSessionTerminated");
    assert_eq!(
        (farewell[0].text("sessionID"), farewell[0].text("definedTermReason")),
        (id.as_str(), "sessionTimerExpired")
    );
    assert_eq!(world.cut, [1]);
}

#[test]
fn a_session_that_was_stopped_watches_nothing() {
    let mut world = World::empty(quiet());
    let id = world.connect(1);
    world.monitor(1, "101");
    let stop = format!(
        "<sessionID>{id}</sessionID><sessionEndReason><definedEndReason>normal</definedEndReason></sessionEndReason>"
    );
    assert_eq!(world.ask(1, "StopApplicationSession", &stop).name, "StopApplicationSessionPosResponse");
    world.call(ONE, "101");
    assert!(world.heard().is_empty());
    assert_eq!(world.ask(1, "StopApplicationSession", &stop).name, "StopApplicationSessionNegResponse");
}

/// A session with a monitor of 101 whose connection breaks; a call comes meanwhile.
fn broken(config: Config) -> (World, String) {
    let mut world = World::empty(config);
    let id = world.connect(1);
    world.monitor(1, "101");
    world.simulator.closed(1, 0);
    world.call(ONE, "101");
    world.wait(59_000);
    world.simulator.open_at(2, 0, world.now);
    (world, id)
}

#[test]
fn a_lost_session_is_taken_up_again_with_its_monitors() {
    let (mut world, id) = broken(quiet());
    let reply = world.start(2, "Secret1", "60", &id);
    assert_eq!((reply.name.as_str(), reply.text("sessionID")), ("StartApplicationSessionPosResponse", id.as_str()));
    assert!(world.heard().is_empty(), "what happened meanwhile is lost");
    world.at("answer", "101");
    assert_eq!(world.heard(), ["1 Established 101 connected normal"]);

    let (mut world, id) = broken(Config { replays: true, ..quiet() });
    world.start(2, "Secret1", "60", &id);
    assert_eq!(world.heard(), ["1 Delivered 101 alerting newCall"], "it may also have been kept");
}

#[test]
fn a_session_that_was_lost_too_long_ago_is_not_there() {
    let (mut world, id) = broken(quiet());
    world.wait(1_000);
    let reply = world.start(2, "Secret1", "60", &id);
    assert_eq!(reply.name, "StartApplicationSessionNegResponse");
    assert_eq!(world.start(2, "Secret1", "60", "").name, "StartApplicationSessionPosResponse");
    world.at("answer", "101");
    assert!(world.heard().is_empty(), "its monitors have gone with it");

    let (mut world, id) = broken(quiet());
    world.control(&json!({ "do": "faults", "faults": { "forget_sessions": true } }));
    assert_eq!(world.start(2, "Secret1", "60", &id).name, "StartApplicationSessionNegResponse");
}

#[test]
fn a_new_session_takes_over_what_a_lost_one_watched() {
    let (mut world, old) = broken(quiet());
    let new = world.start(2, "Secret1", "60", "").text("sessionID").to_owned();
    let both = |from: &str, to: &str| format!("<fromSessionID>{from}</fromSessionID><toSessionID>{to}</toSessionID>");
    assert_eq!(world.refused(2, "TransferMonitorObjects", &both(&new, &new)), "operation invalidParameterValue");
    world.done(2, "TransferMonitorObjects", &both(&old, &new));
    world.at("answer", "101");
    let heard: Vec<_> = world.said.iter().map(|(to, _, event)| (*to, event.name.as_str())).collect();
    assert_eq!(heard, [(2, "EstablishedEvent")]);
}

#[test]
fn device_ids_are_given_and_kept_from_others() {
    let mut world = World::watching(&[]);
    world.connect(2);
    let device = |number: &str, shared: bool| {
        format!(
            "<switchName>CM1</switchName><extension>{number}</extension>\
             <controllableByOtherSessions>{shared}</controllableByOtherSessions>"
        )
    };
    assert_eq!(world.done(1, "GetDeviceId", &device("101", false)).text("device"), "101:CM1::0");
    assert_eq!(world.refused(2, "GetDeviceId", &device("101", true)), "systemResourceAvailibility resourceBusy");
    world.done(1, "ReleaseDeviceId", "<device>101:CM1::0</device>");
    world.done(1, "GetDeviceId", &device("101", true));
    world.done(2, "GetDeviceId", &device("101", true));
    assert_eq!(world.refused(2, "GetDeviceId", &device("199", true)), "operation invalidDeviceID");
    let elsewhere = device("101", true).replace("CM1", "CM9");
    assert_eq!(world.refused(2, "GetDeviceId", &elsewhere), "operation invalidParameterValue");
    let anyone = format!("<switchName>cm1</switchName><extension>{ONE}</extension>");
    assert_eq!(world.done(1, "GetThirdPartyDeviceId", &anyone).text("device"), format!("{ONE}:CM1::0"));
}

#[test]
fn rights_and_licences_are_kept() {
    let mut config = Config { licences: 2, ..quiet() };
    config.users[0] = User {
        name: "cti".into(),
        password: "Secret1".into(),
        devices: BTreeSet::from(["101".into(), "102".into(), "104".into()]),
    };
    let mut world = World::with(config, &["101", "101", "102"]);
    let start = |number: &str| {
        format!("<monitorObject><deviceObject>{number}:CM1::0</deviceObject></monitorObject>{FILTER}{INVERT}")
    };
    assert_eq!(
        world.refused(1, "MonitorStart", &start("104")),
        "subscribedResourceAvailability objectMonitorLimitExceeded"
    );
    assert_eq!(world.refused(1, "MonitorStart", &start("103")), "operation privilegeViolationSpecifiedDevice");
    assert_eq!(world.refused(1, "MonitorStart", &start(ONE)), "operation invalidMonitorObject");
    for number in ["1", "2"] {
        world.done(1, "MonitorStop", &format!("<monitorCrossRefID>{number}</monitorCrossRefID>"));
    }
    world.monitor(1, "104");
    let stranger = "<callingDevice>103:CM1::0</callingDevice><calledDirectoryNumber>101:CM1::0</calledDirectoryNumber>";
    assert_eq!(world.refused(1, "MakeCall", stranger), "operation privilegeViolationSpecifiedDevice");
    assert_eq!(
        world.refused(1, "MonitorStop", "<monitorCrossRefID>1</monitorCrossRefID>"),
        "operation invalidMonitorCrossRefID"
    );
}

#[test]
fn a_filter_means_what_the_standard_says_unless_it_is_inverted() {
    let mut world = World::watching(&[]);
    let object = "<monitorObject><deviceObject>101:CM1::0</deviceObject></monitorObject>";
    let filter =
        "<requestedMonitorFilter><callcontrol><delivered>true</delivered></callcontrol></requestedMonitorFilter>";
    world.done(1, "MonitorStart", &format!("{object}{filter}{INVERT}"));
    world.done(1, "MonitorStart", &format!("{object}{filter}"));
    world.call(ONE, "101");
    world.at("answer", "101");
    assert_eq!(world.heard(), ["1 Delivered 101 alerting newCall", "2 Established 101 connected normal"]);
}

#[test]
fn the_link_to_the_switch_is_told_of() {
    let mut world = World::watching(&["101"]);
    assert_eq!(world.done(1, "SystemRegister", "").text("sysStatRegisterID"), "1");
    let listener = world.done(1, "CallInformationEventsStart", "").text("eventListenerId").to_owned();
    world.control(&json!({ "do": "link", "up": false }));
    let asked = world.said.iter().find(|(_, _, message)| message.name == "SystemStatus").cloned().unwrap();
    assert_eq!((asked.1, asked.2.text("systemStatus")), (1, "disabled"), "a question with an invoke id");
    assert!(world.ask_raw(1, "<SystemStatusResponse/>").is_none());
    let down = world.events("LinkDownEvent");
    assert_eq!((down[0].text("eventListenerId"), down[0].text("linkName")), (listener.as_str(), "CM1"));
    world.call(ONE, "101");
    assert!(world.heard().is_empty(), "there is nobody to tell it");
    let call = "<callingDevice>101:CM1::0</callingDevice><calledDirectoryNumber>102:CM1::0</calledDirectoryNumber>";
    assert_eq!(world.refused(1, "MakeCall", call), "systemResourceAvailibility resourceOutOfService");
    assert_eq!(world.done(1, "GetLinkStatus", "").text("linkStatus"), "down");
    world.control(&json!({ "do": "link", "up": true }));
    assert_eq!(world.events("LinkUpEvent").len(), 1);
    world.at("answer", "101");
    assert_eq!(world.heard(), ["1 Established 101 connected normal"], "the monitors are still there");
    world.control(&json!({ "do": "faults", "faults": { "link_stops_monitors": true } }));
    world.control(&json!({ "do": "link", "up": false }));
    assert_eq!(world.events("MonitorStop")[0].text("monitorCrossRefID"), "1");
}

#[test]
fn one_server_of_a_pair_fails_and_the_other_one_does_not() {
    let mut world = World::watching(&["101"]);
    world.simulator.open_at(2, 1, 0);
    world.start(2, "Secret1", "60", "");
    world.monitor(2, "101");
    world.control(&json!({ "do": "server", "number": 0, "up": false }));
    assert_eq!(world.cut, [1]);
    world.simulator.closed(1, 0);
    world.call(ONE, "101");
    let heard: Vec<_> = world.said.iter().map(|(to, _, event)| (*to, event.name.as_str())).collect();
    assert_eq!(heard, [(2, "DeliveredEvent")], "the switch is the same");
    world.simulator.open_at(3, 0, 0);
    world.collect();
    assert_eq!(world.cut, [1, 3], "nobody comes in");
    world.control(&json!({ "do": "server", "number": 0, "up": true }));
    world.connect(4);
}
