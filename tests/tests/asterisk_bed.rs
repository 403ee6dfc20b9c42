//! The Asterisk test bed itself works: what other tests rely on, shown on the real thing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::time::Duration;

use jackfield_tests::asterisk::{AMI_READ_ONLY_SECRET, AMI_READ_ONLY_USER, Ami, Caller, Message, PATIENCE, Pbx, Phone};

const CUSTOMER: &str = "79161234567";

/// The PBX, or the end of the test on a machine that cannot run one.
macro_rules! pbx_or_return {
    () => {
        match Pbx::for_test().unwrap() {
            Some(pbx) => pbx,
            None => return,
        }
    };
}

fn notify(ami: &mut Ami, channel: &str, event: &str) -> Result<Message, String> {
    ami.action("PJSIPNotify", &[("Channel", channel), ("Variable", &format!("Event={event}"))])
}

/// The channel of phone 101 once its call is up and connected to the other party's.
fn connected_101(ami: &mut Ami) -> Result<String, String> {
    ami.event("BridgeEnter", PATIENCE, |m| m.is_of("trunk"))?;
    Ok(ami.event("BridgeEnter", PATIENCE, |m| m.is_of("101"))?.get("Channel").to_owned())
}

#[test]
fn an_answered_call_is_in_the_call_records() {
    let pbx = pbx_or_return!();
    let mut phone = pbx.phone("101", Phone::Answers { ring_ms: 300 }).unwrap();
    let mut caller = pbx.call_as("Ivan Petrov", CUSTOMER, "5550101", Caller::Talks { ms: 1200 }).unwrap();
    caller.wait(PATIENCE).unwrap();
    phone.wait(PATIENCE).unwrap();
    let cdr = pbx.wait_cdr(PATIENCE, |c| c.src == CUSTOMER).unwrap();
    assert_eq!((cdr.disposition.as_str(), cdr.dst.as_str()), ("ANSWERED", "101"));
    assert_eq!(cdr.caller_id, format!("\"Ivan Petrov\" <{CUSTOMER}>"));
    assert!(cdr.channel.starts_with("PJSIP/trunk-") && cdr.dst_channel.starts_with("PJSIP/101-"), "{cdr:?}");
    assert!(cdr.billsec >= 1 && cdr.duration >= cdr.billsec, "{cdr:?}");
    assert!(pbx.cli("core show version").unwrap().contains("Asterisk"));
}

#[test]
fn hold_and_resume_from_either_side() {
    let pbx = pbx_or_return!();
    let mut ami = pbx.ami().unwrap();
    // The agent's phone holds.
    let mut phone = pbx.phone("101", Phone::Holds { ring_ms: 200, talk_ms: 300, held_ms: 500 }).unwrap();
    let mut caller = pbx.call(CUSTOMER, "5550101", Caller::Stays).unwrap();
    let channel = ami.event("Hold", PATIENCE, |m| m.is_of("101")).unwrap().get("Channel").to_owned();
    ami.event("Unhold", PATIENCE, |m| m.get("Channel") == channel).unwrap();
    ami.action("Hangup", &[("Channel", &channel)]).unwrap();
    phone.wait(PATIENCE).unwrap();
    caller.wait(PATIENCE).unwrap();
    // The customer's phone holds.
    ami.mark().unwrap();
    let mut phone = pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let mut caller = pbx.call(CUSTOMER, "5550101", Caller::Holds { talk_ms: 300, held_ms: 500 }).unwrap();
    ami.event("Hold", PATIENCE, |m| m.is_of("trunk")).unwrap();
    ami.event("Unhold", PATIENCE, |m| m.is_of("trunk")).unwrap();
    caller.wait(PATIENCE).unwrap();
    phone.wait(PATIENCE).unwrap();
}

#[test]
fn busy_declined_unanswered_and_given_up() {
    let pbx = pbx_or_return!();
    let mut ami = pbx.ami().unwrap();
    let ends = [
        (Phone::Busy, Caller::Refused, "BUSY"),
        (Phone::Declines { ring_ms: 200 }, Caller::Refused, "NOANSWER"),
        (Phone::NeverAnswers, Caller::GivesUp { ring_ms: 300 }, "CANCEL"),
    ];
    for (phone, caller, status) in ends {
        ami.mark().unwrap();
        let mut called = pbx.phone("101", phone).unwrap();
        let mut calling = pbx.call(CUSTOMER, "5550101", caller).unwrap();
        let end = ami.event("DialEnd", PATIENCE, |m| m.get("DestChannel").starts_with("PJSIP/101-")).unwrap();
        assert_eq!(end.get("DialStatus"), status, "{phone:?}");
        called.wait(PATIENCE).unwrap();
        calling.wait(PATIENCE).unwrap();
    }
    // The phone never picked up: the errors of a script that ran otherwise than written are told.
    let mut called = pbx.phone("101", Phone::Busy).unwrap();
    let mut calling = pbx.call(CUSTOMER, "5550101", Caller::Talks { ms: 100 }).unwrap();
    called.wait(PATIENCE).unwrap();
    let told = calling.wait(PATIENCE).unwrap_err();
    assert!(told.contains("486 Busy Here"), "{told}");
    assert!(pbx.phone("301", Phone::Busy).unwrap_err().contains("301"));
}

#[test]
fn click_to_call() {
    let pbx = pbx_or_return!();
    let mut ami = pbx.ami().unwrap();
    let mut agent = pbx.phone("101", Phone::Answers { ring_ms: 200 }).unwrap();
    let mut customer = pbx.outside(Phone::HangsUp { ring_ms: 300, talk_ms: 300 }).unwrap();
    let order = [
        ("Channel", "PJSIP/101"),
        ("Context", "internal"),
        ("Exten", CUSTOMER),
        ("Priority", "1"),
        ("Async", "true"),
        ("ChannelId", "click-1"),
    ];
    ami.action("Originate", &order).unwrap();
    let answer = ami.event("OriginateResponse", PATIENCE, |_| true).unwrap();
    assert_eq!((answer.get("Response"), answer.get("Uniqueid")), ("Success", "click-1"));
    connected_101(&mut ami).unwrap();
    customer.wait(PATIENCE).unwrap();
    agent.wait(PATIENCE).unwrap();
    let cdr = pbx.wait_cdr(PATIENCE, |c| c.unique_id == "click-1").unwrap();
    assert_eq!((cdr.dst.as_str(), cdr.disposition.as_str()), (CUSTOMER, "ANSWERED"));
}

#[test]
fn a_phone_under_remote_control() {
    let pbx = pbx_or_return!();
    let mut ami = pbx.ami().unwrap();
    let mut phone = pbx.phone("101", Phone::Remote).unwrap();
    let mut caller = pbx.call(CUSTOMER, "5550101", Caller::Stays).unwrap();
    let ringing = |m: &Message| m.is_of("101") && m.get("ChannelStateDesc") == "Ringing";
    let channel = ami.event("Newstate", PATIENCE, ringing).unwrap().get("Channel").to_owned();
    notify(&mut ami, &channel, "hold").unwrap(); // means nothing yet
    notify(&mut ami, &channel, "talk").unwrap(); // answer
    assert_eq!(connected_101(&mut ami).unwrap(), channel);
    for _ in 0..3 {
        ami.mark().unwrap();
        notify(&mut ami, &channel, "talk").unwrap(); // it talks already
        notify(&mut ami, &channel, "hold").unwrap();
        ami.event("Hold", PATIENCE, |m| m.get("Channel") == channel).unwrap();
        notify(&mut ami, &channel, "hold").unwrap(); // it holds already
        notify(&mut ami, &channel, "talk").unwrap(); // resume
        ami.event("Unhold", PATIENCE, |m| m.get("Channel") == channel).unwrap();
        let events = ami.seen().iter().filter(|m| matches!(m.event(), "Hold" | "Unhold")).count();
        assert_eq!(events, 2);
    }
    // Hung up while on hold.
    ami.mark().unwrap();
    notify(&mut ami, &channel, "hold").unwrap();
    ami.event("Hold", PATIENCE, |m| m.get("Channel") == channel).unwrap();
    ami.action("Hangup", &[("Channel", &channel)]).unwrap();
    phone.wait(PATIENCE).unwrap();
    caller.wait(PATIENCE).unwrap();

    // Cancelled while it rings.
    let mut phone = pbx.phone("101", Phone::Remote).unwrap();
    pbx.call(CUSTOMER, "5550101", Caller::GivesUp { ring_ms: 200 }).unwrap().wait(PATIENCE).unwrap();
    phone.wait(PATIENCE).unwrap();

    // The phone that only answers.
    ami.mark().unwrap();
    let mut phone = pbx.phone("102", Phone::AnswersOnNotify).unwrap();
    let mut caller = pbx.call("101", "102", Caller::Talks { ms: 300 }).unwrap();
    let ringing = |m: &Message| m.is_of("102") && m.get("ChannelStateDesc") == "Ringing";
    let channel = ami.event("Newstate", PATIENCE, ringing).unwrap().get("Channel").to_owned();
    notify(&mut ami, &channel, "talk").unwrap();
    caller.wait(PATIENCE).unwrap();
    phone.wait(PATIENCE).unwrap();
}

#[test]
fn transfers_tones_and_registration() {
    let pbx = pbx_or_return!();
    let mut ami = pbx.ami().unwrap();
    // 101 calls out and transfers the customer to 102, who sends tones.
    let mut customer = pbx.outside(Phone::Answers { ring_ms: 100 }).unwrap();
    let mut target = pbx.phone("102", Phone::SendsDtmf { ring_ms: 100, talk_ms: 200 }).unwrap();
    let mut agent = pbx.call("101", CUSTOMER, Caller::Transfers { talk_ms: 300, to: "102" }).unwrap();
    agent.wait(PATIENCE).unwrap();
    ami.event("BlindTransfer", PATIENCE, |m| m.get("Extension") == "102" && m.get("Result") == "Success").unwrap();
    let last = ami.event("DTMFEnd", PATIENCE, |m| m.is_of("102") && m.get("Digit") == "#").unwrap();
    ami.action("Hangup", &[("Channel", last.get("Channel"))]).unwrap();
    target.wait(PATIENCE).unwrap();
    customer.wait(PATIENCE).unwrap();
    // A caller sends tones to the dialplan.
    pbx.call(CUSTOMER, "5550602", Caller::SendsDtmf { talk_ms: 200 }).unwrap().wait(PATIENCE).unwrap();
    ami.event("UserEvent", PATIENCE, |m| m.get("UserEvent") == "IvrDigits" && m.get("Digits") == "456").unwrap();
    // A phone with a password: registered it is called, unregistered it is not.
    pbx.register("201", 3600).unwrap();
    let mut phone = pbx.phone("201", Phone::Answers { ring_ms: 100 }).unwrap();
    pbx.call(CUSTOMER, "5550201", Caller::Talks { ms: 200 }).unwrap().wait(PATIENCE).unwrap();
    phone.wait(PATIENCE).unwrap();
    pbx.register("201", 0).unwrap();
    pbx.call(CUSTOMER, "5550201", Caller::Refused).unwrap().wait(PATIENCE).unwrap();
    // The rest of the phones and callers.
    let mut phone = pbx.phone_for("103", Phone::NoMedia { ring_ms: 100 }, 3).unwrap();
    pbx.calls(CUSTOMER, "5550103", Caller::NoMedia { talk_ms: 200 }, 3, 10).unwrap().wait(PATIENCE).unwrap();
    phone.wait(PATIENCE).unwrap();
    let mut phone = pbx.phone("104", Phone::StaysHeld { ring_ms: 100, talk_ms: 100 }).unwrap();
    let mut caller = pbx.call(CUSTOMER, "5550104", Caller::Stays).unwrap();
    let held = ami.event("Hold", PATIENCE, |m| m.is_of("104")).unwrap();
    ami.action("Hangup", &[("Channel", held.get("Channel"))]).unwrap();
    phone.wait(PATIENCE).unwrap();
    caller.wait(PATIENCE).unwrap();
}

#[test]
fn kill_and_restart() {
    let pbx = pbx_or_return!();
    let (ami_port, sip_port) = (pbx.ami_port(), pbx.sip_port());
    let mut ami = pbx.ami().unwrap();
    pbx.call(CUSTOMER, "5550600", Caller::Talks { ms: 200 }).unwrap().wait(PATIENCE).unwrap();
    pbx.wait_cdr(PATIENCE, |c| c.dst == "600").unwrap();

    pbx.kill().unwrap();
    assert!(!pbx.is_up());
    assert!(ami.action("Ping", &[]).is_err());
    assert!(pbx.ami().unwrap_err().contains("cannot connect"));
    assert!(pbx.cli("core show version").is_err());

    pbx.restart().unwrap();
    assert_eq!((pbx.ami_port(), pbx.sip_port()), (ami_port, sip_port));
    assert_eq!(pbx.cdr().unwrap().len(), 1, "the call records of before are kept");
    pbx.call(CUSTOMER, "5550600", Caller::Talks { ms: 200 }).unwrap().wait(PATIENCE).unwrap();
    pbx.restart().unwrap(); // in good order, while it runs
    assert_eq!(pbx.cdr().unwrap().len(), 2);

    // Two at once, and a user who may only look.
    let other = Pbx::start().unwrap();
    assert_ne!(other.ami_port(), pbx.ami_port());
    let mut looker = Ami::connect(other.ami_port(), AMI_READ_ONLY_USER, AMI_READ_ONLY_SECRET).unwrap();
    assert!(looker.action("Originate", &[("Channel", "PJSIP/101")]).unwrap_err().contains("Permission denied"));
    let none = looker.event("Hold", Duration::from_millis(50), |_| true).unwrap_err();
    assert!(none.contains("no such Hold event"), "{none}");
    assert!(other.ami().unwrap().list("CoreShowChannels", &[]).unwrap().is_empty());
}
