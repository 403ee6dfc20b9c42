//! The other commands, what is offered, and answers that do not come.

mod common;

use common::{Bed, Names, connected, events, facts, field, key, messages, one, play_until, refused, settings, trace};
use jackfield_plugin_api::{CallFeatures, ErrorCode, Fact};
use serde_json::json;

#[test]
fn dropping_ends_the_call_and_says_by_whom() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "mute-audio.ami", "Event: BridgeLeave");
    let call = key(&mut bed);
    bed.command("101", "dropCall", json!({"callId": call}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Channel").unwrap(), "PJSIP/101-00000026");
    assert_eq!(field(&action, "Cause").unwrap(), "16");
    bed.reply(&action, "Success", "Channel Hungup");
    rest.iter().for_each(|m| bed.receive(m.as_bytes()));
    assert!(bed.answers()[0].result.is_ok());
    assert_eq!(facts(&mut bed, &mut Names::default())[0], "101 A finished normalClearing by local <- command 1");
    bed.command("101", "dropCall", json!({"callId": call}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::UnknownCall);
}

#[test]
fn a_ringing_call_is_rejected() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "reject-by-ami.ami", "Event: DialEnd");
    let call = key(&mut bed);
    bed.command("101", "dropCall", json!({"callId": call}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Cause").unwrap(), "21");
    rest.iter().for_each(|m| bed.receive(m.as_bytes()));
    assert_eq!(facts(&mut bed, &mut Names::default())[0], "101 A finished rejected by local <- command 1");
}

#[test]
fn a_phone_is_answered_and_held_only_where_the_settings_say_so() {
    let mut bed = Bed::up();
    let call = connected(&mut bed);
    bed.command("101", "holdCall", json!({"callId": call}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::NotAnswerableHere);

    let mut bed = Bed::with(&settings(), &json!({"remote_control": "notify"}));
    bed.connect();
    let rest = play_until(&mut bed, "hold-unhold.ami", "ChannelStateDesc: Up");
    let call = key(&mut bed);
    bed.command("101", "answerCall", json!({"callId": call}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "Action").unwrap(), "PJSIPNotify");
    assert_eq!(field(&action, "Variable").unwrap(), "Event=talk");
    bed.reply(&action, "Success", "NOTIFY sent");
    let mut names = Names::default();
    for message in &rest {
        if message.starts_with("Event: Hold") {
            bed.command("101", "holdCall", json!({"callId": call}));
        }
        if message.starts_with("Event: Unhold") {
            bed.command("101", "holdCall", json!({"callId": call}));
            assert!(bed.answers().last().unwrap().result.as_ref().unwrap().noop);
            bed.command("101", "unholdCall", json!({"callId": call}));
        }
        bed.receive(message.as_bytes());
    }
    let said = facts(&mut bed, &mut names);
    for line in [
        "101 A connected in from 79161234567 \"Outside\" (5550101) with 79161234567 <- command 1",
        "101 A held in from 79161234567 \"Outside\" (5550101) with 79161234567 <- command 2",
        "101 A connected in from 79161234567 \"Outside\" (5550101) with 79161234567 <- command 4",
    ] {
        assert!(said.iter().any(|l| l == line), "{line} in {said:#?}");
    }
    let variables: Vec<_> = bed.actions().iter().map(|a| field(a, "Variable").unwrap()).collect();
    assert_eq!(variables, ["Event=hold", "Event=talk"]);
}

#[test]
fn digits_for_the_other_party_go_to_its_leg_and_are_confirmed_one_by_one() {
    let mut bed = Bed::up();
    let call = connected(&mut bed);
    bed.command("101", "sendDtmf", json!({"callId": call, "digits": "1#"}));
    let actions = bed.actions();
    assert_eq!(actions.iter().map(|a| field(a, "Digit").unwrap()).collect::<String>(), "1#");
    assert!(actions.iter().all(|a| field(a, "Channel").unwrap().starts_with("PJSIP/trunk-")));
    bed.reply(&actions[0], "Success", "DTMF successfully queued");
    assert!(bed.answers().is_empty());
    bed.reply(&actions[1], "Success", "DTMF successfully queued");
    assert!(bed.answers()[0].result.is_ok());
    assert_eq!(facts(&mut bed, &mut Names::default()), ["101 A digit 1 local", "101 A digit # local"]);
    bed.command("101", "sendDtmf", json!({"callId": call, "digits": "12x"}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::InvalidDigits);
}

#[test]
fn mute_is_known_from_the_answer() {
    let mut bed = Bed::up();
    let call = connected(&mut bed);
    bed.command("101", "mute", json!({"callId": call}));
    let action = one(bed.actions());
    assert_eq!((field(&action, "Direction").unwrap(), field(&action, "State").unwrap()), ("in".into(), "on".into()));
    let id = field(&action, "ActionID").unwrap();
    bed.receive(format!("Response: Success\r\nActionID: {id}\r\n\r\n").as_bytes());
    assert!(facts(&mut bed, &mut Names::default())[0].ends_with("muted"));
    bed.answers();
    bed.command("101", "mute", json!({"callId": call}));
    assert!(bed.answers()[0].result.as_ref().unwrap().noop);
}

#[test]
fn a_recording_has_a_name_and_states() {
    let mut bed = Bed::up();
    let rest = play_until(&mut bed, "recording.ami", "Event: MixMonitorStart");
    let call = key(&mut bed);
    bed.command("101", "recordCall", json!({"callId": call, "action": "start"}));
    let action = one(bed.actions());
    assert_eq!(field(&action, "File").unwrap(), format!("101-{call}.wav"));
    bed.receive(rest[0].as_bytes());
    bed.reply(&action, "Success", "");
    let reference =
        bed.facts().into_iter().find_map(|f| if let Fact::Recording(r) = f { Some(r) } else { None }).unwrap();
    assert_eq!(reference.reference.unwrap(), format!("101-{call}.wav"));
    assert_eq!(reference.command.unwrap().0, 1);
    assert!(bed.answers()[0].result.is_ok());
    bed.command("101", "recordCall", json!({"callId": call, "action": "start"}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::InvalidCallState);
    bed.command("101", "recordCall", json!({"callId": call, "action": "pause"}));
    assert_eq!(field(&one(bed.actions()), "Action").unwrap(), "MixMonitorMute");
}

#[test]
fn an_agent_pauses_with_a_reason_and_logs_in_and_out() {
    let mut bed = Bed::with(&settings(), &json!({"queues": ["support", "sales"]}));
    bed.connect();
    bed.facts();
    bed.command("101", "setUserState", json!({"code": "paused", "reason": "lunch"}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::AgentStateForbids);
    bed.command("101", "loginAgent", json!({"id": "101"}));
    let actions = bed.actions();
    assert_eq!(actions.iter().map(|a| field(a, "Queue").unwrap()).collect::<Vec<_>>(), ["support", "sales"]);
    bed.reply(&actions[0], "Success", "Added interface to queue");
    bed.reply(&actions[1], "Success", "Added interface to queue");
    let stream = messages(&events(&trace("queue-agent-states.ami")));
    stream.iter().take_while(|m| !m.contains("Paused: 1")).for_each(|m| bed.receive(m.as_bytes()));
    assert!(bed.answers()[0].result.is_ok());
    let fact = bed.facts().into_iter().find_map(|f| if let Fact::Agent(a) = f { Some(a) } else { None }).unwrap();
    assert_eq!((fact.command.unwrap().0, fact.call_centre), (2, Some(true)));
    assert_eq!(fact.selectable[1].reasons[0].label.as_deref(), Some("Lunch"));

    bed.command("101", "setUserState", json!({"code": "paused", "reason": "lunch"}));
    let action = one(bed.actions());
    assert_eq!((field(&action, "Paused").unwrap(), field(&action, "Reason").unwrap()), ("true".into(), "lunch".into()));
    assert_eq!(field(&action, "Queue"), None, "in all queues");
    bed.reply(&action, "Success", "Interface paused successfully");
    stream.iter().filter(|m| m.contains("Paused: 1")).for_each(|m| bed.receive(m.as_bytes()));
    assert_eq!(
        facts(&mut bed, &mut Names::default()).last().unwrap(),
        "101 agent notReady paused (lunch) sales=notReady support=notReady"
    );
    bed.command("101", "setUserState", json!({"code": "paused", "reason": "fishing"}));
    assert_eq!(refused(&bed.answers().split_off(1)).0, ErrorCode::ReasonRequired);
    bed.command("101", "logoutAgent", json!({}));
    assert_eq!(bed.actions().len(), 2);
}

#[test]
fn who_may_do_less_is_offered_less() {
    let mut bed = Bed::new();
    bed.pbx.may = vec!["Hangup", "CoreShowChannels", "QueueStatus", "Ping", "Login"];
    bed.connect();
    let up = bed.facts().into_iter().find_map(|f| if let Fact::Up(up) = f { Some(up) } else { None }).unwrap();
    let offered = up.capabilities.call;
    assert!(offered.contains(CallFeatures::DROP));
    for missing in [CallFeatures::DIAL, CallFeatures::MUTE, CallFeatures::RECORD, CallFeatures::BLIND_TRANSFER] {
        assert!(!offered.contains(missing), "{missing:?}");
    }
    bed.command("101", "makeCall", json!({"to": "102"}));
    let answers = bed.answers();
    assert_eq!(refused(&answers).0, ErrorCode::CommandNotSupported);
    assert!(refused(&answers).1.contains("Originate"));
}

#[test]
fn commands_are_answered_when_asterisk_is_silent_or_gone() {
    let mut bed = Bed::up();
    let call = connected(&mut bed);
    bed.command("101", "dropCall", json!({"callId": call}));
    bed.wait(11_000);
    assert_eq!(refused(&bed.answers()).0, ErrorCode::Timeout);
    bed.command("101", "mute", json!({"callId": call}));
    bed.command("101", "makeCall", json!({"to": "102"}));
    bed.command("101", "makeConsultCall", json!({"callId": call, "to": "102"}));
    bed.close();
    let answers = bed.answers();
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|a| a.result.as_ref().unwrap_err().code == ErrorCode::ConnectionLost), "{answers:?}");
    bed.command("101", "mute", json!({"callId": call}));
    assert_eq!(refused(&bed.answers()).0, ErrorCode::LinkDown);
}
