//! Sessions, by both dialects of the table.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::time::Duration;

use jackfield_csta::dialect::{AVAYA, OPENSCAPE};
use jackfield_csta::monitor::{self, Purpose};
use jackfield_csta::{
    Beat, Login, Message, ResetApplicationSessionTimerPosResponse, Session, StartApplicationSessionPosResponse, Started,
};

const LOGIN: Login<'_> =
    Login { application: "test", user: "cti", password: "Secret-1", protocols: &[], duration: 180, cleanup_delay: 60 };

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn accepted(session: &str, duration: u32) -> Message {
    StartApplicationSessionPosResponse { session: session.to_owned(), version: None, duration: Some(duration) }.into()
}

fn refused(word: &str) -> Message {
    let text = format!(
        "<StartApplicationSessionNegResponse><errorCode><definedError>{word}</definedError></errorCode>\
         </StartApplicationSessionNegResponse>"
    );
    Message::parse(&text).unwrap()
}

fn kept() -> Message {
    ResetApplicationSessionTimerPosResponse { duration: Some(180) }.into()
}

fn up(session: &mut Session) {
    session.start(&AVAYA, &LOGIN, at(0));
    let started = session.started(&AVAYA, &LOGIN, &accepted("A-0", 180), at(0));
    assert_eq!(started, Started::Up { recovered: false });
}

#[test]
fn a_session_begins_with_a_login_and_a_version() {
    let mut session = Session::default();
    let text = session.start(&AVAYA, &LOGIN, at(0)).write(&AVAYA);
    for part in [
        "<acx:userName>cti</acx:userName><acx:password>Secret-1</acx:password>",
        "<acx:sessionCleanupDelay>60</acx:sessionCleanupDelay></acx:SessionLoginInfo>",
        "csta/ed3/priv7</protocolVersion></requestedProtocolVersions><requestedSessionDuration>180<",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!session.is_up() && session.is_starting());
    let versions = ["a".to_owned(), "b".to_owned()];
    let login = Login { protocols: &versions, ..LOGIN };
    let text = session.start(&AVAYA, &login, at(0)).write(&AVAYA);
    assert!(text.contains("<protocolVersion>a</protocolVersion><protocolVersion>b</protocolVersion>"), "{text}");
}

#[test]
fn it_is_kept_alive_in_thirds_and_lost_after_two_silences() {
    let mut session = Session::default();
    up(&mut session);
    assert_eq!(session.next(&AVAYA), Some(at(60)));
    assert_eq!(session.beat(&AVAYA, at(59)), None);
    for second in [60, 120, 180] {
        assert!(matches!(session.beat(&AVAYA, at(second)), Some(Beat::Send(_))), "at {second}");
        assert!(session.kept(&kept()));
    }
    assert!(matches!(session.beat(&AVAYA, at(240)), Some(Beat::Send(_))));
    assert!(matches!(session.beat(&AVAYA, at(300)), Some(Beat::Send(_))));
    assert_eq!(session.beat(&AVAYA, at(360)), Some(Beat::Lost));
    let no = "<ResetApplicationSessionTimerNegResponse><errorCode><definedError>invalidSessionID</definedError></errorCode>\
              </ResetApplicationSessionTimerNegResponse>";
    assert!(!session.kept(&Message::parse(no).unwrap()), "one refusal is enough");
}

#[test]
fn the_duration_is_the_servers() {
    let mut session = Session::default();
    session.start(&AVAYA, &LOGIN, at(10));
    session.started(&AVAYA, &LOGIN, &accepted("A-0", 30), at(10));
    assert_eq!(session.next(&AVAYA), Some(at(20)));
}

#[test]
fn after_a_break_the_old_session_goes_on_while_the_server_knows_it() {
    let mut session = Session::default();
    up(&mut session);
    session.link_lost(&LOGIN, at(100));
    let text = session.start(&AVAYA, &LOGIN, at(130)).write(&AVAYA);
    assert!(text.contains("<acx:sessionID>A-0</acx:sessionID>"), "{text}");
    assert_eq!(session.started(&AVAYA, &LOGIN, &accepted("A-0", 180), at(131)), Started::Up { recovered: true });

    // Later than that it is not asked for.
    session.link_lost(&LOGIN, at(200));
    let text = session.start(&AVAYA, &LOGIN, at(260)).write(&AVAYA);
    assert!(!text.contains("sessionID"), "{text}");
    assert_eq!(session.started(&AVAYA, &LOGIN, &accepted("B-1", 180), at(260)), Started::Up { recovered: false });

    // The server may know it no more, or give another one.
    session.link_lost(&LOGIN, at(300));
    session.start(&AVAYA, &LOGIN, at(301));
    assert_eq!(session.started(&AVAYA, &LOGIN, &refused("invalidSessionID"), at(301)), Started::Again);
    let text = session.start(&AVAYA, &LOGIN, at(301)).write(&AVAYA);
    assert!(!text.contains("sessionID"), "{text}");
    session.started(&AVAYA, &LOGIN, &accepted("C-2", 180), at(301));
    session.link_lost(&LOGIN, at(400));
    session.start(&AVAYA, &LOGIN, at(401));
    assert_eq!(session.started(&AVAYA, &LOGIN, &accepted("D-3", 180), at(401)), Started::Up { recovered: false });
    assert_eq!(session.id(), Some("D-3"));
}

#[test]
fn a_refusal_has_a_word() {
    let mut session = Session::default();
    session.start(&AVAYA, &LOGIN, at(0));
    let answer = session.started(&AVAYA, &LOGIN, &refused("invalidApplicationInfo"), at(0));
    assert_eq!(answer, Started::Refused("invalidApplicationInfo".to_owned()));
    assert_eq!(session.started(&AVAYA, &LOGIN, &accepted("A-0", 180), at(0)), Started::Unexpected);
    assert!(session.stop().is_none(), "there is nothing to stop");
}

#[test]
fn it_is_stopped_by_its_id() {
    let mut session = Session::default();
    up(&mut session);
    let text = session.stop().unwrap().write(&AVAYA);
    assert!(text.contains("<sessionID>A-0</sessionID><sessionEndReason><definedEndReason>normal<"), "{text}");
    assert!(!session.is_up());
}

#[test]
fn another_dialect_has_no_login_and_asks_nothing() {
    let mut session = Session::default();
    let status = Message::parse("<SystemStatus><systemStatus>normal</systemStatus></SystemStatus>").unwrap();
    let (answer, starts) = session.heard(&OPENSCAPE, &status).unwrap();
    assert!(
        starts
            && answer.write(&OPENSCAPE).starts_with(
                "<SystemStatusResponse xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed4\">"
            )
    );
    assert!(session.heard(&AVAYA, &status).is_some_and(|(_, starts)| !starts), "Avaya's waits to be spoken to");
    let text = session.start(&OPENSCAPE, &LOGIN, at(0)).write(&OPENSCAPE);
    assert!(session.heard(&OPENSCAPE, &status).is_some_and(|(_, starts)| !starts), "once is enough");
    assert!(!text.contains("Secret-1") && text.contains("csta/ed4</protocolVersion>"), "{text}");
    assert_eq!(session.started(&OPENSCAPE, &LOGIN, &accepted("1", 600), at(0)), Started::Up { recovered: false });
    assert_eq!((session.next(&OPENSCAPE), session.beat(&OPENSCAPE, at(10_000))), (None, None));
    // A monitor names the device by its number.
    let device = OPENSCAPE.device("2101").unwrap();
    let text = Message::from(monitor::start(&OPENSCAPE, device, Purpose::Station)).write(&OPENSCAPE);
    assert!(text.contains("<deviceObject>2101</deviceObject>"), "{text}");
    assert_eq!(AVAYA.device("2101"), None);
    // Nothing of it outlives the link.
    session.link_lost(&LOGIN, at(1));
    assert!(!session.start(&OPENSCAPE, &LOGIN, at(2)).write(&OPENSCAPE).contains("sessionID"));
}
