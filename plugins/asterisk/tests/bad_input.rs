//! What broken, foreign and odd servers send.

mod common;

use common::{Bed, Cut, events, said, trace};

#[test]
fn a_list_that_never_ends_is_not_waited_for() {
    let mut bed = Bed::new();
    bed.driver.opened(0).unwrap();
    bed.receive(b"Asterisk Call Manager/11.0.0\r\n");
    bed.answer_all();
    bed.receive(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
    bed.wait(30_000);
    assert!(bed.reconnect.is_some());
    assert_eq!(said(&mut bed), ["down timeout"]);
}

#[test]
fn a_silent_server_is_not_waited_for() {
    let mut bed = Bed::new();
    bed.driver.opened(0).unwrap();
    bed.wait(11_000);
    assert!(bed.reconnect.is_some());
    assert_eq!(said(&mut bed), ["down timeout"]);
}

#[test]
fn what_is_not_ami_is_told_in_words() {
    for garbage in
        [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"\x16\x03\x01\x02\x00", b"SSH-2.0-OpenSSH_9.6\r\n", &[0; 5000]]
    {
        let mut bed = Bed::new();
        bed.driver.opened(0).unwrap();
        bed.stream(garbage, Cut::Pieces(7));
        assert!(bed.reconnect.clone().unwrap().contains("Asterisk Manager Interface"));
        assert_eq!(said(&mut bed), ["down protocolError"]);
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_makes_a_new_connection() {
    let mut bed = Bed::up();
    let piece = [b'x'; 64 * 1024];
    bed.receive(b"Event: ");
    let mut pieces = 0;
    while bed.reconnect.is_none() && pieces < 1600 {
        bed.receive(&piece);
        pieces += 1;
    }
    assert!(pieces < 10, "{pieces}");
    assert_eq!(said(&mut bed), ["down protocolError"]);
    bed.close();
    bed.connect();
    assert_eq!(said(&mut bed)[0], "up Asterisk 22.10.1");
}

#[test]
fn binary_between_messages_is_survived() {
    let mut bed = Bed::up();
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    bed.stream(&bytes, Cut::Pieces(1000));
    bed.receive(b"\r\n\r\n");
    bed.stream(&events(&trace("mute-audio.ami")), Cut::Whole);
    assert!(said(&mut bed).iter().any(|l| l.starts_with("101 A connected")));
}

#[test]
fn events_of_channels_never_seen_are_ignored() {
    let mut bed = Bed::up();
    for i in 0..20_000 {
        let uid = format!("{i}.1");
        let name = format!("PJSIP/101-{i:08x}");
        let fields = [("Channel", &*name), ("ChannelState", "6"), ("Uniqueid", &*uid), ("BridgeUniqueid", "b")];
        bed.event(["Newstate", "BridgeEnter", "Hold", "Hangup", "DTMFEnd"][i % 5], &fields);
    }
    assert!(bed.facts().is_empty());
}

#[test]
fn answers_to_nothing_are_logged_and_harm_nothing() {
    let mut bed = Bed::up();
    bed.receive(b"Response: Error\r\nMessage: Missing action in request\r\n\r\n");
    bed.receive(b"Response: Success\r\nActionID: somebody-elses\r\n\r\n");
    bed.receive(b"garbage without a colon\r\n\r\n");
    assert_eq!(bed.log(), ["Asterisk complains, of nothing we know: Missing action in request"]);
    assert!(bed.facts().is_empty());
}

#[test]
fn names_may_be_latin_1_and_keys_may_repeat() {
    let mut bed = Bed::up();
    let stream = events(&trace("inbound-answered-remote-hangup.ami"));
    let text: String = stream.iter().copied().map(char::from).collect();
    let text =
        text.replace("Ivan Petrov", "J\u{fc}rgen").replace("Exten: 5550101\r\n", "Exten: 5550101\r\nExten: 666\r\n");
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    bed.stream(&latin, Cut::Pieces(100));
    assert_eq!(said(&mut bed)[0], "101 A alerting/ringing in from 79161234567 \"Jürgen\" (5550101) with 79161234567");
}

#[test]
fn several_contacts_of_a_phone_ring_for_one_call() {
    let mut bed = Bed::up();
    let leg = |n: &'static str, state: &'static str| {
        [
            ("Channel", ["PJSIP/101-0000000a", "PJSIP/101-0000000b"][usize::from(n == "3")]),
            ("ChannelState", state),
            ("ConnectedLineNum", "555"),
            ("Uniqueid", n),
            ("Linkedid", "1"),
        ]
    };
    let caller = [
        ("Channel", "PJSIP/trunk-00000001"),
        ("ChannelState", "4"),
        ("Exten", "5550101"),
        ("Uniqueid", "1"),
        ("Linkedid", "1"),
    ];
    bed.event("Newchannel", &caller);
    for n in ["2", "3"] {
        bed.event("Newchannel", &leg(n, "0"));
        bed.event("DialBegin", &[("Uniqueid", "1"), ("DestUniqueid", n)]);
        bed.event("Newstate", &leg(n, "5"));
    }
    bed.event("Newstate", &leg("3", "6"));
    bed.event("DialEnd", &[("Uniqueid", "1"), ("DestUniqueid", "3"), ("DialStatus", "ANSWER")]);
    bed.event("Hangup", &[&leg("2", "5")[..], &[("Cause", "26")]].concat());
    for (n, name) in [("3", "PJSIP/101-0000000b"), ("1", "PJSIP/trunk-00000001")] {
        bed.event("BridgeEnter", &[("BridgeUniqueid", "b"), ("Channel", name), ("ChannelState", "6"), ("Uniqueid", n)]);
    }
    bed.event("Hangup", &[&leg("3", "6")[..], &[("Cause", "16")]].concat());
    let mut said = said(&mut bed);
    said.retain(|l| !l.contains("also"));
    assert_eq!(
        said,
        [
            "101 A alerting/ringing in from 555 (5550101) with 555",
            "101 A connected in from 555 (5550101) with 555",
            "101 A finished normalClearing by unknown",
        ]
    );
}

#[test]
fn a_long_list_may_take_its_time() {
    let mut bed = Bed::new();
    bed.driver.opened(0).unwrap();
    bed.receive(b"Asterisk Call Manager/11.0.0\r\n");
    bed.answer_all();
    bed.receive(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
    let answers = String::from_utf8(bed.pbx.answers()).unwrap();
    let id = answers.lines().rev().find_map(|l| l.strip_prefix("ActionID: ")).unwrap().to_owned();
    for i in 0..6 {
        bed.wait(9_000);
        let channel = format!("PJSIP/102-{i:08x}");
        bed.event(
            "CoreShowChannel",
            &[("ActionID", &id), ("Channel", &channel), ("Uniqueid", &channel), ("ChannelState", "0")],
        );
    }
    bed.receive(answers.as_bytes());
    assert!(bed.reconnect.is_none());
    assert_eq!(said(&mut bed)[0], "up Asterisk 22.10.1");
}
