//! The snapshot: what was there before, and what changes while it is read.

mod common;

use common::{Bed, Names, events, messages, said, say, trace};
use jackfield_plugin_api::{Fact, HoldDetection, SnapshotSupport, TimestampSource};
use serde_json::json;

const HELD: &[(&str, &str)] = &[
    ("BridgeList", "Event: BridgeListItem\r\nActionID: ACTIONID\r\nBridgeUniqueid: b1\r\nBridgeType: basic\r\n\r\n"),
    (
        "CoreShowChannels",
        "Event: CoreShowChannel\r\nActionID: ACTIONID\r\nChannel: PJSIP/trunk-00000021\r\nChannelState: 6\r\n\
         CallerIDNum: 79161234567\r\nCallerIDName: Outside\r\nConnectedLineNum: 101\r\nExten: 101\r\n\
         Uniqueid: testpbx-1795196587.39\r\nLinkedid: testpbx-1795196587.39\r\nApplication: Dial\r\nDuration: 00:00:03\r\n\
         BridgeId: b1\r\n\r\n",
    ),
    (
        "CoreShowChannels",
        "Event: CoreShowChannel\r\nActionID: ACTIONID\r\nChannel: PJSIP/101-00000022\r\nChannelState: 6\r\n\
         CallerIDNum: 101\r\nConnectedLineNum: 79161234567\r\nConnectedLineName: Outside\r\nExten: \r\n\
         Uniqueid: testpbx-1795196587.40\r\nLinkedid: testpbx-1795196587.39\r\nApplication: AppDial\r\n\
         Duration: 00:00:03\r\nBridgeId: b1\r\n\r\n",
    ),
    ("QueueStatus", "Event: QueueParams\r\nActionID: ACTIONID\r\nQueue: support\r\n\r\n"),
    (
        "QueueStatus",
        "Event: QueueMember\r\nActionID: ACTIONID\r\nQueue: support\r\nName: Agent 101\r\nLocation: PJSIP/101\r\n\
         StateInterface: PJSIP/101\r\nStatus: 2\r\nPaused: 0\r\nPausedReason: \r\n\r\n",
    ),
    ("DeviceStateList", "Event: DeviceStateChange\r\nActionID: ACTIONID\r\nDevice: PJSIP/101\r\nState: INUSE\r\n\r\n"),
    (
        "DeviceStateList",
        "Event: DeviceStateChange\r\nActionID: ACTIONID\r\nDevice: PJSIP/201\r\nState: UNAVAILABLE\r\n\r\n",
    ),
];

fn lists(of: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    of.iter().map(|(list, item)| (*list, (*item).to_owned())).collect()
}

#[test]
fn up_comes_with_what_is_there() {
    let mut bed = Bed::new();
    bed.pbx.lists = lists(HELD);
    bed.connect();
    let all = bed.facts();
    let Fact::Up(up) = &all[0] else { panic!("{all:?}") };
    assert_eq!(up.phone_system, "Asterisk 22.10.1");
    assert_eq!(up.capabilities.timestamps, TimestampSource::Arrival);
    assert_eq!(up.capabilities.snapshot, SnapshotSupport::Full);
    assert_eq!(up.capabilities.hold_detection, HoldDetection::Native);
    let mut names = Names::default();
    let said: Vec<_> = all.iter().map(|fact| say(fact, &mut names)).collect();
    assert_eq!(
        said[1..],
        [
            "101 snapshot [A connected in from 79161234567 \"Outside\" (101) with 79161234567]",
            "101 device inService",
            "101 agent busy inUse support=busy",
            "102 snapshot []",
            "102 device unknown",
            "201 snapshot []",
            "201 device outOfService",
        ]
    );
}

#[test]
fn what_no_list_tells_is_kept_over_a_gap() {
    let mut bed = Bed::up();
    let stream = messages(&events(&trace("reconnect-mid-call.ami")));
    let gone = stream.iter().position(|m| m.starts_with("Event: HangupRequest")).unwrap();
    stream[..gone].iter().for_each(|m| bed.receive(m.as_bytes()));
    let before = bed.facts();
    let Some(Fact::Call(held)) = before.iter().rev().find(|f| matches!(f, Fact::Call(_))) else { panic!() };
    bed.close();
    assert_eq!(said(&mut bed), ["down connectionLost"]);
    bed.wait(2_000);
    bed.pbx.lists = lists(HELD);
    bed.connect();
    let after = bed.facts();
    let Some(Fact::Snapshot(snapshot)) = after.iter().find(|f| matches!(f, Fact::Snapshot(_))) else { panic!() };
    assert_eq!(snapshot.calls[0].key, held.key, "the same call");
    assert_eq!(snapshot.calls[0].state.as_str(), "held", "no list tells who holds");
    assert_eq!(snapshot.calls[0].called.as_ref().unwrap().number, "5550101", "nor what the caller dialled");
    stream[gone..].iter().for_each(|m| bed.receive(m.as_bytes()));
    assert_eq!(said(&mut bed)[0], "101 A finished normalClearing by remote");
}

#[test]
fn a_call_that_ended_in_the_gap_is_not_in_the_snapshot() {
    let mut bed = Bed::up();
    let stream = messages(&events(&trace("reconnect-mid-call.ami")));
    stream.iter().take_while(|m| !m.starts_with("Event: HangupRequest")).for_each(|m| bed.receive(m.as_bytes()));
    bed.close();
    bed.facts();
    bed.connect();
    assert!(said(&mut bed).contains(&"101 snapshot []".to_owned()));
    stream.iter().skip_while(|m| !m.starts_with("Event: HangupRequest")).for_each(|m| bed.receive(m.as_bytes()));
    assert!(!said(&mut bed).iter().any(|l| l.starts_with("101 A")), "events of calls long gone");
}

#[test]
fn events_while_the_snapshot_is_read_are_neither_lost_nor_told_twice() {
    let mut bed = Bed::new();
    bed.driver.opened(0).unwrap();
    bed.receive(b"Asterisk Call Manager/11.0.0\r\n");
    bed.answer_all();
    bed.pbx.lists = lists(HELD);
    bed.receive(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
    // The hold comes before the list that does not tell it, the end of another call before the list that still has it.
    bed.event("Hold", &[("Channel", "PJSIP/101-00000022"), ("Uniqueid", "testpbx-1795196587.40")]);
    bed.event("Hangup", &[("Channel", "PJSIP/102-00000001"), ("Uniqueid", "9.9"), ("Cause", "16")]);
    bed.pbx.lists.push((
        "CoreShowChannels",
        "Event: CoreShowChannel\r\nActionID: ACTIONID\r\nChannel: PJSIP/102-00000001\r\nChannelState: 5\r\nUniqueid: 9.9\r\n\r\n".into(),
    ));
    // What was on its way comes after the lists: it is older than they are.
    let late =
        "Event: Newstate\r\nChannel: PJSIP/101-00000022\r\nChannelState: 5\r\nUniqueid: testpbx-1795196587.40\r\n\r\n";
    let answers = String::from_utf8(bed.pbx.answers()).unwrap();
    let barrier = answers.find("Ping: Pong").unwrap();
    let barrier = answers[..barrier].rfind("Response:").unwrap();
    bed.receive(&answers.as_bytes()[..barrier]);
    bed.receive(late.as_bytes());
    assert!(bed.facts().is_empty(), "nothing is told before all of it is there");
    bed.receive(&answers.as_bytes()[barrier..]);
    let said = said(&mut bed);
    assert!(said[1].starts_with("101 snapshot [A held in from 79161234567"), "{said:#?}");
    assert!(said.contains(&"102 snapshot []".to_owned()), "{said:#?}");
}

#[test]
fn a_line_that_is_opened_later_finds_its_calls() {
    let mut bed = Bed::up();
    bed.close_line("101");
    let stream = messages(&events(&trace("mute-audio.ami")));
    stream.iter().take_while(|m| !m.starts_with("Event: BridgeLeave")).for_each(|m| bed.receive(m.as_bytes()));
    assert!(bed.facts().is_empty(), "a closed line has no facts");
    bed.driver.line("101", &json!({"device": "PJSIP/101"})).unwrap();
    bed.wait(0);
    let opened = bed.driver.line("101", &json!({"device": "PJSIP/101"})).map(|_| bed.driver.rendered()).unwrap();
    assert!(opened[0].starts_with("snapshot") && opened[0].contains("\"state\":\"connected\""), "{opened:?}");
}

#[test]
fn a_device_has_one_line() {
    let mut bed = Bed::up();
    bed.driver.line("9101", &json!({"device": "PJSIP/101"})).unwrap();
    let said = bed.driver.rendered();
    assert!(said[0].contains("deviceClaimed"), "{said:?}");
}
