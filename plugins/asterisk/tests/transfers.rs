//! Transfer, consultation, deflection, parking.

mod common;

use common::{Bed, Names, connected, events, facts, field, key, messages, one, play_until, refused, trace};
use jackfield_plugin_api::{ErrorCode, Fact};
use serde_json::{Value, json};

#[test]
fn a_consultation_is_begun_and_given_up() {
    let mut bed = Bed::up();
    let mut names = Names::default();
    let rest = play_until(&mut bed, "atxfer-cancel-talking.ami", "Event: DTMFEnd");
    let first = key(&mut bed);
    bed.command("101", "makeConsultCall", json!({"callId": first, "to": "102"}));
    let action = one(bed.actions());
    assert_eq!((field(&action, "Action").unwrap(), field(&action, "Exten").unwrap()), ("Atxfer".into(), "102#".into()));
    bed.reply(&action, "Success", "Atxfer successfully queued");
    assert!(bed.answers().is_empty(), "accepted is not begun");

    let cancel = rest.iter().rposition(|m| m.starts_with("Event: DTMFEnd")).unwrap() - 1;
    rest[..cancel].iter().for_each(|m| bed.receive(m.as_bytes()));
    let answers = bed.answers();
    let consult = answers[0].result.as_ref().unwrap().call.as_ref().unwrap().to_string();
    assert_eq!(consult, format!("{first}/1"));
    let said = facts(&mut bed, &mut names);
    assert_eq!(
        said[1..5],
        [
            "101 A also features",
            "101 B alerting/dialing out to 102 with 102(initiated) consult <- command 1",
            "101 B alerting/dialing out to 102 with 102(initiated) consult",
            "101 B alerting/dialing out to 102 \"Agent 102\" with 102(initiated) consult",
        ]
    );

    bed.command("101", "dropCall", json!({"callId": consult}));
    let answers = bed.answers();
    assert!(refused(&answers).1.contains("completes the transfer"));
    assert!(bed.actions().is_empty(), "dropping never completes a transfer");

    bed.command("101", "cancelTransfer", json!({"callId": first, "consultCallId": consult}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Action").unwrap(), "CancelAtxfer");
    bed.reply(&action, "Success", "Atxfer cancelled");
    rest[cancel..].iter().for_each(|m| bed.receive(m.as_bytes()));
    let said = facts(&mut bed, &mut names);
    assert!(said.contains(&"101 B finished normalClearing by local <- command 3".to_owned()), "{said:#?}");
    assert!(said.iter().any(|l| l.starts_with("101 A connected") && l.ends_with("<- command 3")), "{said:#?}");
}

#[test]
fn a_consultation_that_does_not_begin_is_refused_with_the_reason() {
    let mut bed = Bed::up();
    let call = connected(&mut bed);
    bed.command("101", "makeConsultCall", json!({"callId": call, "to": "102"}));
    let action = one(bed.actions());
    bed.reply(&action, "Success", "Atxfer successfully queued");
    bed.wait(9_000);
    assert!(bed.answers().is_empty());
    bed.wait(2_000);
    let answers = bed.answers();
    assert!(refused(&answers).1.contains("features.conf"), "{answers:?}");
}

#[test]
fn a_consultation_is_completed_by_hanging_up() {
    let mut bed = Bed::up();
    let mut names = Names::default();
    let rest = play_until(&mut bed, "attended-transfer-completed.ami", "Event: BridgeMerge");
    let line = bed.line("101");
    let mut keys: Vec<String> = Vec::new();
    for fact in bed.facts() {
        if let Fact::Call(call) = fact
            && call.line == line
            && !keys.contains(&call.key.to_string())
        {
            keys.push(call.key.to_string());
        }
    }
    bed.command("101", "transferCall", json!({"callId": keys[0], "consultCallId": keys[1]}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Action").unwrap(), "Hangup");
    bed.reply(&action, "Success", "Channel Hungup");
    rest.iter().for_each(|m| bed.receive(m.as_bytes()));
    let said: Vec<_> = facts(&mut bed, &mut names).into_iter().filter(|l| l.contains("finished")).collect();
    assert_eq!(
        said[..2],
        [
            "101 A finished transferred by local to 102 \"Agent 102\" <- command 1",
            "101 B finished transferred by local to 102 \"Agent 102\" <- command 1",
        ]
    );
}

#[test]
fn two_calls_on_two_legs_are_joined_by_their_far_ends() {
    let mut bed = Bed::up();
    let mut names = Names::default();
    let all = messages(&events(&trace("two-calls-bridge.ami")));
    let at = all.iter().position(|m| m.starts_with("Event: BridgeLeave")).unwrap();
    all[..at].iter().for_each(|m| bed.receive(m.as_bytes()));
    let mut keys: Vec<String> = Vec::new();
    for fact in bed.facts() {
        if let Fact::Call(call) = fact
            && !keys.contains(&call.key.to_string())
        {
            keys.push(call.key.to_string());
        }
    }
    bed.command("101", "transferCall", json!({"callId": keys[0], "consultCallId": keys[1]}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Action").unwrap(), "Bridge");
    assert!(field(&action, "Channel1").unwrap().starts_with("PJSIP/trunk-"));
    assert!(field(&action, "Channel2").unwrap().starts_with("PJSIP/trunk-"));
    bed.reply(&action, "Success", "Channels have been bridged");
    all[at..].iter().for_each(|m| bed.receive(m.as_bytes()));
    assert_eq!(
        facts(&mut bed, &mut names),
        [
            "101 A finished transferred by local to 79161234567 <- command 1",
            "101 B finished transferred by local to 79167654321 <- command 1",
        ]
    );
}

#[test]
fn a_blind_transfer_names_where_it_went() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "blind-transfer.ami", "Event: Unhold");
    let call = key(&mut bed);
    bed.command("101", "blindTransferCall", json!({"callId": call, "to": "102"}));
    let action = one(bed.actions());
    assert_eq!(
        (field(&action, "Action").unwrap(), field(&action, "Context").unwrap()),
        ("BlindTransfer".into(), "internal".into())
    );
    bed.reply(&action, "Success", "Transfer succeeded");
    rest.iter().for_each(|m| bed.receive(m.as_bytes()));
    let said = facts(&mut bed, &mut Names::default());
    assert_eq!(said[0], "101 A finished transferred by local to 102 <- command 1");
}

#[test]
fn a_ringing_call_is_sent_elsewhere_only_where_it_rings_alone() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "deflect.ami", "Event: DialEnd");
    let call = key(&mut bed);
    bed.command("101", "deflectCall", json!({"callId": call, "to": "102"}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Action").unwrap(), "Redirect");
    assert!(field(&action, "Channel").unwrap().starts_with("PJSIP/trunk-"));
    bed.reply(&action, "Success", "Redirect successful");
    rest.iter().for_each(|m| bed.receive(m.as_bytes()));
    let said = facts(&mut bed, &mut Names::default());
    assert_eq!(said[0], "101 A finished redirected by system to 102 <- command 1");

    let mut bed = Bed::up();
    play_until(&mut bed, "queue-ringall-answered.ami", "DialStatus: ANSWER");
    let call = key(&mut bed);
    bed.command("101", "deflectCall", json!({"callId": call, "to": "102"}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::InvalidCallState);
}

#[test]
fn parking_is_answered_with_the_slot() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "parking.ami", "BridgeType: parking");
    let call = key(&mut bed);
    bed.command("101", "parkCall", json!({"callId": call}));
    let action = one(bed.actions());
    assert!(field(&action, "Channel").unwrap().starts_with("PJSIP/trunk-"));
    bed.reply(&action, "Success", "Park successful\n");
    rest.iter().for_each(|m| bed.receive(m.as_bytes()));
    let answers = bed.answers();
    assert_eq!(answers[0].result.as_ref().unwrap().values["slot"], Value::from("701"));
    let said = facts(&mut bed, &mut Names::default());
    assert!(said.contains(&"101 A finished parked by local to 701 <- command 1".to_owned()), "{said:#?}");
}

/// Whichever leg ends first: the held call's end is told before that of the call that is spoken on.
#[test]
fn two_calls_that_are_joined_end_together() {
    for (held, order) in [(0, ["101 A", "101 B"]), (1, ["101 B", "101 A"])] {
        let mut bed = Bed::up();
        let mut names = Names::default();
        let all = messages(&events(&trace("two-calls-bridge.ami")));
        let at = all.iter().position(|m| m.starts_with("Event: BridgeLeave")).unwrap();
        all[..at].iter().for_each(|m| bed.receive(m.as_bytes()));
        let mut keys: Vec<String> = Vec::new();
        for fact in bed.facts() {
            if let Fact::Call(call) = &fact
                && !keys.contains(&call.key.to_string())
            {
                keys.push(call.key.to_string());
            }
            common::say(&fact, &mut names);
        }
        bed.event("Hold", &[("Channel", "PJSIP/101-1"), ("Uniqueid", &keys[held])]);
        bed.command("101", "transferCall", json!({"callId": keys[0], "consultCallId": keys[1]}));
        let action = one(bed.actions());
        bed.reply(&action, "Success", "Channels have been bridged");
        facts(&mut bed, &mut names);
        all[at..].iter().for_each(|m| bed.receive(m.as_bytes()));
        let told = facts(&mut bed, &mut names);
        assert_eq!(told.len(), 2, "{told:#?}");
        for (line, of) in told.iter().zip(order) {
            assert!(line.starts_with(&format!("{of} finished transferred by local")), "{told:#?}");
        }
    }
}

/// The other call is resumed once the first is held, not before: for a moment both would hear the agent.
#[test]
fn two_calls_on_two_legs_are_swapped_one_after_the_other() {
    let swap = |phone_holds: bool| {
        let mut bed = Bed::with(&common::settings(), &json!({"remote_control": "notify"}));
        bed.connect();
        let all = messages(&events(&trace("two-calls-conference.ami")));
        let at = all.iter().position(|m| m.starts_with("Event: BridgeLeave")).unwrap();
        all[..at].iter().for_each(|m| bed.receive(m.as_bytes()));
        let mut keys: Vec<String> = Vec::new();
        for fact in bed.facts() {
            if let Fact::Call(call) = fact
                && !keys.contains(&call.key.to_string())
            {
                keys.push(call.key.to_string());
            }
        }
        bed.event("Hold", &[("Channel", "PJSIP/101-1"), ("Uniqueid", &keys[0])]);
        bed.command("101", "alternateCall", json!({"callId": keys[1], "otherCallId": keys[0]}));
        let hold = one(bed.actions());
        assert_eq!(field(&hold, "Variable").unwrap(), "Event=hold");
        bed.reply(&hold, "Success", "NOTIFY sent");
        assert!(bed.actions().is_empty() && bed.answers().is_empty());
        if phone_holds {
            bed.event("Hold", &[("Channel", "PJSIP/101-2"), ("Uniqueid", &keys[1])]);
            let talk = one(bed.actions());
            assert_eq!(field(&talk, "Variable").unwrap(), "Event=talk");
            assert_ne!(field(&talk, "Channel"), field(&hold, "Channel"));
            bed.reply(&talk, "Success", "NOTIFY sent");
            assert!(bed.answers()[0].result.is_ok());
        } else {
            bed.wait(11_000);
            assert!(refused(&bed.answers()).1.contains("did not hold"));
            assert!(bed.actions().is_empty());
        }
    };
    swap(true);
    swap(false);
}

/// The phone holds one of two calls: in a conference nobody would hear it there. Whoever is named first, the other
/// leg goes on.
#[test]
fn of_two_calls_the_one_that_is_spoken_on_becomes_the_conference() {
    let mut settings = common::settings();
    settings["conference_context"] = "cti-conf".into();
    for held in [0, 1] {
        let mut bed = Bed::with(&settings, &json!({}));
        bed.connect();
        let all = messages(&events(&trace("two-calls-conference.ami")));
        let at = all.iter().position(|m| m.starts_with("Event: BridgeLeave")).unwrap();
        all[..at].iter().for_each(|m| bed.receive(m.as_bytes()));
        let (mut keys, mut names): (Vec<String>, Names) = Default::default();
        for fact in bed.facts() {
            common::say(&fact, &mut names);
            if let Fact::Call(call) = fact
                && !keys.contains(&call.key.to_string())
            {
                keys.push(call.key.to_string());
            }
        }
        let leg = |number: usize| {
            let of_leg = |m: &&String| m.starts_with("Event: Newchannel") && m.contains("Channel: PJSIP/101-");
            let message = all.iter().filter(of_leg).nth(number).unwrap();
            field(message, "Channel").unwrap().trim().to_owned()
        };
        bed.event("Hold", &[("Channel", &leg(held)), ("Uniqueid", &keys[held])]);
        bed.command("101", "conferenceCall", json!({"callId": keys[0], "consultCallId": keys[1]}));
        let actions = bed.actions();
        assert_eq!(actions.len(), 2, "{actions:?}");
        assert_eq!(field(&actions[1], "ExtraChannel").unwrap().trim(), leg(1 - held), "the leg that speaks");
        // In the recorded stream the first call's leg is the one that went into the room.
        if held == 0 {
            continue;
        }
        bed.reply(&actions[0], "Success", "Redirect successful");
        bed.reply(&actions[1], "Success", "Dual Redirect successful");
        facts(&mut bed, &mut names);
        all[at..].iter().for_each(|m| bed.receive(m.as_bytes()));
        let told = facts(&mut bed, &mut names);
        let place =
            |what: &str| told.iter().position(|l| l.contains(what)).unwrap_or_else(|| panic!("{what}: {told:#?}"));
        assert!(place("101 A conferenced") < place("101 B finished conferenced"), "{told:#?}");
    }
}
