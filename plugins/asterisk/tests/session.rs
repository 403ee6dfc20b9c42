//! The session: login, keep-alive, its end.

mod common;

use common::{Bed, events, field, said, settings, trace};
use jackfield_plugin_api::testing::{Driver, Output};
use jackfield_plugin_api::{CloseKind, CloseReason, Fact, TimestampSource};
use jackfield_plugin_asterisk::Asterisk;
use serde_json::json;

#[test]
fn the_login_answers_a_challenge_and_never_shows_the_password() {
    let mut driver = Driver::<Asterisk>::new(&settings()).unwrap();
    driver.started().unwrap();
    assert_eq!(driver.rendered(), ["open 0 tcp pbx.example:5038"]);
    driver.opened(0).unwrap();
    assert!(driver.sent(0).is_empty(), "the server speaks first");
    driver.received(0, b"Asterisk Call Manager/11.0.0\r\n").unwrap();
    let challenge = String::from_utf8(driver.sent(0)).unwrap();
    assert_eq!(field(&challenge, "Action").unwrap(), "Challenge");
    let id = field(&challenge, "ActionID").unwrap();
    driver.received(0, format!("Response: Success\r\nActionID: {id}\r\nChallenge: 941134803\r\n\r\n")).unwrap();
    let login = String::from_utf8(driver.sent(0)).unwrap();
    // The digest that Asterisk accepted for this challenge and this password.
    assert_eq!(field(&login, "Key").unwrap(), "e4f2a32e847361d29a149061e7afffb5");
    assert_eq!(field(&login, "Username").unwrap(), "cti");
    assert!(!login.contains("cti-secret"));
    assert!(!format!("{:?}", driver.adapter()).contains("cti-secret"));
}

#[test]
fn a_plain_login_and_tls_are_settings() {
    let mut settings = settings();
    settings["auth"] = "plain".into();
    settings["tls"] = json!({"ca": "/etc/pbx.pem"});
    settings["port"] = 5039.into();
    let mut driver = Driver::<Asterisk>::new(&settings).unwrap();
    driver.started().unwrap();
    assert_eq!(driver.rendered(), ["open 0 tls pbx.example:5039"]);
    driver.opened(0).unwrap();
    driver.received(0, b"Asterisk Call Manager/5.0.4\r\n").unwrap();
    assert_eq!(field(&String::from_utf8(driver.sent(0)).unwrap(), "Secret").unwrap(), "cti-secret");
}

#[test]
fn settings_that_make_no_sense_are_refused_with_their_place() {
    for (key, value, words) in [
        ("host", json!(""), "host: "),
        ("ping", json!(0), "at least 1"),
        ("features", json!({"swap": "x"}), "features.swap: "),
        ("prot", json!(5038), "unknown field `prot`"),
        ("auth", json!("md4"), "auth: "),
    ] {
        let mut settings = settings();
        settings[key] = value;
        let error = Driver::<Asterisk>::new(&settings).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_refused_login_is_not_tried_again_at_once() {
    let mut bed = Bed::new();
    bed.pbx.refuses = true;
    bed.connect();
    assert!(bed.reconnect.take().unwrap().contains("user `cti`"));
    assert_eq!(said(&mut bed), ["down authenticationFailed no retry"]);
    bed.close();
    assert!(bed.facts().is_empty(), "it has been told why");
}

#[test]
fn two_pings_without_an_answer_make_a_new_connection() {
    let mut bed = Bed::up();
    bed.wait(15_000);
    bed.answer_all();
    bed.wait(15_000);
    bed.pbx.mute = true;
    bed.answer_all();
    bed.wait(14_000);
    assert!(bed.reconnect.is_none());
    bed.wait(31_000);
    assert!(bed.reconnect.clone().unwrap().contains("pings"));
    assert_eq!(said(&mut bed), ["down connectionLost"]);
}

#[test]
fn a_connection_on_which_something_comes_is_alive() {
    let mut bed = Bed::up();
    bed.pbx.mute = true;
    for _ in 0..20 {
        bed.wait(10_000);
        bed.answer_all();
        bed.event("DeviceStateChange", &[("Device", "Queue:support"), ("State", "NOT_INUSE")]);
    }
    assert!(bed.reconnect.is_none());
}

#[test]
fn who_does_not_see_fully_booted_comes_up_all_the_same() {
    let mut bed = Bed::new();
    bed.driver.opened(0).unwrap();
    bed.receive(b"Asterisk Call Manager/11.0.0\r\n");
    bed.answer_all();
    bed.wait(11_000);
    bed.answer_all();
    assert_eq!(said(&mut bed)[0], "up Asterisk 22.10.1");
    assert!(bed.log().iter().any(|l| l.contains("`system`")));
}

#[test]
fn a_refused_connection_and_a_failed_tls_are_told_apart() {
    let mut bed = Bed::new();
    bed.driver.closed(0, &CloseReason::new(CloseKind::Refused, "connection refused")).unwrap();
    assert_eq!(
        bed.driver.rendered().last().unwrap(),
        "down connectionFailed \"no connection to Asterisk: connection refused\""
    );
    bed.driver.closed(0, &CloseReason::new(CloseKind::Tls, "certificate expired")).unwrap();
    assert!(bed.driver.rendered().last().unwrap().starts_with("down tlsFailed"));
}

#[test]
fn a_shutdown_says_so() {
    let mut bed = Bed::up();
    bed.event("Shutdown", &[("Shutdown", "Cleanly"), ("Restart", "True")]);
    bed.close();
    assert_eq!(said(&mut bed), ["down phoneSystemUnavailable"]);
}

#[test]
fn asterisks_own_time_is_used_when_it_gives_one() {
    let mut bed = Bed::new();
    bed.driver.opened(0).unwrap();
    bed.receive(b"Asterisk Call Manager/11.0.0\r\n");
    bed.answer_all();
    bed.receive(b"Event: FullyBooted\r\nTimestamp: 1795196610.130885\r\nStatus: Fully Booted\r\n\r\n");
    bed.answer_all();
    let all = bed.facts();
    let Fact::Up(up) = &all[0] else { panic!() };
    assert_eq!(up.capabilities.timestamps, TimestampSource::Native);
    let text = String::from_utf8(events(&trace("inbound-caller-gives-up.ami"))).unwrap();
    bed.receive(
        text.replace("SystemName: testpbx", "Timestamp: 1795196611.5\r\nTimestamp: 1795196611.500000").as_bytes(),
    );
    bed.receive(text.replace("SystemName: testpbx", "Timestamp: 1795196611.500000").as_bytes());
    let timed = bed
        .facts()
        .iter()
        .any(|f| matches!(f, Fact::Call(c) if c.native_time.is_some_and(|t| t.micros() == 1_795_196_611_500_000)));
    assert!(timed);
}

#[test]
fn stopping_logs_off() {
    let mut bed = Bed::up();
    bed.driver.give(&jackfield_plugin_api::frame::input::InputFrame::stopping()).unwrap();
    let sent = bed
        .driver
        .outputs()
        .into_iter()
        .any(|o| matches!(o, Output::Send { bytes, .. } if bytes.starts_with(b"Action: Logoff")));
    assert!(sent);
}
