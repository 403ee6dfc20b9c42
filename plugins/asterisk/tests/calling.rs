//! Commands that call the own phone: click-to-call and pickup.

mod common;

use common::{Bed, Cut, Names, events, facts, field, messages, one, play_until, refused, said, settings, trace};
use jackfield_plugin_api::ErrorCode;
use serde_json::json;

#[test]
fn a_click_to_call_is_outgoing_though_the_own_phone_rings() {
    let mut bed = Bed::up();
    let mut names = Names::default();
    let command = bed.command("101", "makeCall", json!({"to": "+7 (903) 111-22-33", "userData": {"case": "a, b"}}));
    let action = one(bed.actions());
    let expected = [
        ("Action", "Originate"),
        ("Channel", "PJSIP/101"),
        ("CallerID", "\"101\" <101>"),
        ("Timeout", "30000"),
        ("Async", "true"),
        ("Context", "internal"),
        ("Exten", "+79031112233"),
        ("Priority", "1"),
        ("Variable", "JF_CASE=a%2C%20b"),
    ];
    for (name, value) in expected {
        assert_eq!(field(&action, name).as_deref(), Some(value), "{name}");
    }
    bed.reply(&action, "Success", "Originate successfully queued");
    assert!(bed.answers().is_empty(), "the answer waits for the phone");

    let id = field(&action, "ChannelId").unwrap();
    let stream = String::from_utf8(events(&trace("originate-answered.ami"))).unwrap();
    let stream = stream
        .replace("cti-0001", &id)
        .replace("ActionID: a2", &format!("ActionID: {}", field(&action, "ActionID").unwrap()));
    let (own, rest) = stream.split_once("Event: Newstate").unwrap();
    bed.receive(own.as_bytes());
    assert!(bed.facts().is_empty(), "nothing is shown before the phone rings");
    bed.receive(format!("Event: Newstate{rest}").as_bytes());

    let answers = bed.answers();
    assert_eq!(answers.len(), 1);
    assert_eq!(
        (answers[0].id.0, answers[0].result.as_ref().unwrap().call.as_ref().unwrap().as_str()),
        (command, id.as_str())
    );
    assert_eq!(
        facts(&mut bed, &mut names),
        [
            "101 A alerting/ownRinging out to +79031112233 with +79031112233(initiated) <- command 1",
            "101 device inService",
            "101 A alerting/dialing out to +79031112233 with +79031112233(initiated)",
            "101 A alerting/ringing out to +79031112233 with +79031112233(alerting)",
            "101 A connected out to +79031112233 with 79031112233",
            "101 A finished normalClearing by unknown",
        ]
    );
}

#[test]
fn a_click_to_call_through_the_dialplan_finds_its_leg_by_the_family() {
    let mut settings = settings();
    settings["originate"] = "Local/{number}@{context}/n".into();
    let mut bed = Bed::with(&settings, &json!({}));
    bed.connect();
    bed.facts();
    bed.command("101", "makeCall", json!({"to": "79031112233"}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Channel").unwrap(), "Local/101@internal/n");
    let id = field(&action, "ChannelId").unwrap();
    assert_eq!(field(&action, "OtherChannelId").unwrap(), format!("{id}-b"));
    let stream = String::from_utf8(events(&trace("originate-local-channel.ami"))).unwrap();
    bed.receive(stream.replace("cti-0002", &id).as_bytes());
    assert_eq!(
        facts(&mut bed, &mut Names::default()),
        [
            "101 A alerting/ownRinging out to 79031112233 with 79031112233(initiated) <- command 1",
            "101 device inService",
            "101 A alerting/dialing out to 79031112233 with 79031112233(initiated)",
            "101 A alerting/ringing out to 79031112233 with 79031112233(alerting)",
            "101 A connected out to 79031112233 with 79031112233",
            "101 A finished normalClearing by remote",
        ]
    );
}

#[test]
fn a_phone_that_cannot_be_called_is_told_by_the_refusal_and_by_no_call() {
    let mut bed = Bed::up();
    bed.command("101", "makeCall", json!({"to": "102"}));
    let action = one(bed.actions());
    bed.reply(&action, "Success", "Originate successfully queued");
    let id = field(&action, "ActionID").unwrap();
    bed.event(
        "OriginateResponse",
        &[
            ("ActionID", &id),
            ("Response", "Failure"),
            ("Channel", "PJSIP/101"),
            ("Reason", "0"),
            ("Uniqueid", "<unknown>"),
        ],
    );
    assert_eq!(refused(&bed.answers()).0, ErrorCode::DeviceOutOfService);

    bed.command("101", "makeCall", json!({"to": "102"}));
    let action = one(bed.actions());
    bed.reply(&action, "Error", "Extension does not exist.");
    let answers = bed.answers();
    assert_eq!(refused(&answers), (ErrorCode::InvalidDestination, "Asterisk refused: Extension does not exist."));
    assert!(bed.facts().is_empty());
    bed.wait(120_000);
    assert!(bed.answers().is_empty(), "answered once");
}

#[test]
fn what_the_own_phone_says_no_to_is_told() {
    let mut bed = Bed::up();
    bed.command("101", "makeCall", json!({"to": "102"}));
    let id = field(&one(bed.actions()), "ChannelId").unwrap();
    let leg = [("Channel", "PJSIP/101-00000001"), ("ChannelState", "0"), ("Uniqueid", &*id), ("Linkedid", &*id)];
    bed.event("Newchannel", &leg);
    bed.event("HangupRequest", &[&leg[..], &[("Cause", "17")]].concat());
    bed.event("Hangup", &[&leg[..], &[("Cause", "17"), ("TechCause", "486")]].concat());
    assert_eq!(refused(&bed.answers()), (ErrorCode::DeviceBusy, "the own phone is busy"));
    assert!(bed.facts().is_empty());
}

#[test]
fn no_client_writes_actions_or_dial_strings() {
    let mut bed = Bed::up();
    for to in ["101\r\nAction: Command", "1,2", "101&PJSIP/900", "x@y", "${SHELL(id)}", "", "тест"] {
        bed.command("101", "makeCall", json!({"to": to}));
        assert_eq!(refused(&bed.answers()).0, ErrorCode::InvalidDestination, "{to}");
    }
    bed.command("101", "makeCall", json!({"to": "1", "userData": {"a\r\nAction: x": "b\r\n\r\nAction: Originate"}}));
    let action = one(bed.actions());
    assert_eq!(action.lines().filter(|l| l.starts_with("Action:")).count(), 1);
    bed.command("101", "makeCall", json!({"to": "1", "userData": {"long": "x".repeat(2000)}}));
    let answers = bed.answers();
    assert!(refused(&answers).1.contains("longer than"), "{answers:?}");
    assert!(bed.actions().is_empty());
}

#[test]
fn a_pickup_is_an_incoming_call() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "pickup-by-originate.ami", "-p1");
    bed.facts();
    bed.command("102", "pickupCall", json!({"target": "101"}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Application").unwrap(), "PickupChan");
    assert!(field(&action, "Data").unwrap().starts_with("PJSIP/101-"));
    let id = field(&action, "ChannelId").unwrap();
    rest.iter().for_each(|m| bed.receive(m.replace("jf-p1", &id).as_bytes()));
    assert_eq!(
        facts(&mut bed, &mut Names::default()),
        [
            "102 A alerting/ownRinging in from 79161234567 \"Outside\" (102) with 79161234567 <- command 1",
            "102 device inService",
            "102 A alerting/dialing in from 79161234567 \"Outside\" (102) with 79161234567",
            "102 A alerting/dialing in from 79161234567 \"Outside\" (5550101) with 79161234567",
            "101 A finished pickedUpElsewhere by remote",
            "102 A also features",
            "102 A connected in from 79161234567 \"Outside\" (5550101) with 79161234567",
            "102 A also global_ids",
            "102 A finished normalClearing by unknown",
        ]
    );
    bed.command("102", "pickupCall", json!({"target": "101"}));
    assert_eq!(refused(&bed.answers().split_off(1)).0, ErrorCode::NothingToPickUp);
}

/// Events of different topics overtake each other: a phone that rings may be told before who dials it.
#[test]
fn who_dials_may_be_told_after_the_ringing() {
    let name = "inbound-answered-remote-hangup.ami";
    let mut all = messages(&events(&trace(name)));
    let dial = all.iter().position(|m| m.starts_with("Event: DialBegin")).unwrap();
    let rings = all.iter().position(|m| m.contains("ChannelStateDesc: Ringing")).unwrap();
    assert!(dial < rings, "as it was recorded");
    let dial_begin = all.remove(dial);
    all.insert(rings, dial_begin);
    let mut bed = Bed::up();
    all.iter().for_each(|m| bed.receive(m.as_bytes()));
    let late = said(&mut bed);
    let mut bed = Bed::up();
    bed.stream(&events(&trace(name)), Cut::Messages);
    assert_eq!(late, said(&mut bed));
    assert!(late[0].ends_with("(5550101) with 79161234567"), "what was dialled is there from the start: {late:#?}");

    // Nobody ever says: it rings all the same.
    let mut bed = Bed::up();
    let not_told = all.iter().filter(|m| !m.starts_with("Event: Dial"));
    let answered = not_told.clone().position(|m| m.contains("Channel: PJSIP/101") && m.contains("ChannelState: 6"));
    not_told.take(answered.unwrap()).for_each(|m| bed.receive(m.as_bytes()));
    assert!(bed.facts().iter().all(|f| !matches!(f, jackfield_plugin_api::Fact::Call(_))));
    bed.wait(600);
    let late = said(&mut bed);
    assert!(late[0].starts_with("101 A alerting/ringing in from 79161234567"), "{late:#?}");
}

/// The own phone is up, and the dialplan plays a tone to it: nothing in the stream tells that from an answer.
#[test]
fn a_tone_is_no_answer() {
    for (application, told, end) in [
        ("Busy", Some("101 A busy out to 603 with 603(failed)"), "101 A finished busy by remote"),
        ("Congestion", None, "101 A finished networkError by system"),
        ("VoiceMailMain", Some("101 A connected out to 603 with 603"), "101 A finished normalClearing by unknown"),
    ] {
        let mut bed = Bed::up();
        let mut names = Names::default();
        bed.command("101", "makeCall", json!({"to": "603"}));
        let action = one(bed.actions());
        bed.reply(&action, "Success", "Originate successfully queued");
        let id = field(&action, "ChannelId").unwrap();
        let leg = |state| [("Channel", "PJSIP/101-00000001"), ("ChannelState", state), ("Uniqueid", &*id)];
        bed.event("Newchannel", &leg("0"));
        bed.event("DialBegin", &[("DestUniqueid", &id)]);
        bed.event("Newstate", &leg("5"));
        bed.event("DialEnd", &[("DestUniqueid", &id), ("DialStatus", "ANSWER")]);
        bed.event("Newstate", &leg("6"));
        facts(&mut bed, &mut names);
        bed.pbx.status = Some(format!(
            "Event: Status\r\nActionID: ACTIONID\r\nUniqueid: {id}\r\nApplication: {application}\r\n\r\n\
             Event: StatusComplete\r\nActionID: ACTIONID\r\nEventList: Complete\r\n\r\n"
        ));
        bed.wait(1_000);
        assert_eq!(facts(&mut bed, &mut names), Vec::from_iter(told), "{application}");
        bed.event("Hangup", &[&leg("6")[..], &[("Cause", "16")]].concat());
        assert_eq!(facts(&mut bed, &mut names), [end], "{application}");
    }
}
