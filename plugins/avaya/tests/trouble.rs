//! Conversations about what goes wrong: logins, licences, rights, servers, bytes.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use common::*;
use jackfield_csta::frame::encode;
use serde_json::json;

fn refused(bed: &mut Bed, word: &str) {
    let inner = format!("<errorCode><definedError>{word}</definedError></errorCode>");
    bed.answer("StartApplicationSession", &session("StartApplicationSessionNegResponse", &inner));
}

#[test]
fn a_session_that_is_refused() {
    let mut bed = Bed::new(&settings());
    bed.line("2101", &json!({}));
    for word in
        ["invalidApplicationInfo", "requestedProtocolVersionNotSupported", "maxNumberSessions", "serverResourcesBusy"]
    {
        bed.opened(0);
        refused(&mut bed, word);
        bed.closed("local", "gave up");
    }
    bed.note("In the server's own words.");
    bed.opened(0);
    let inner = "<errorCode><applError>No DMCC license available</applError></errorCode>";
    bed.answer("StartApplicationSession", &session("StartApplicationSessionNegResponse", inner))
        .closed("local", "gave up");
    bed.note("Not at all.");
    bed.opened(0).wait(11).closed("local", "gave up");
    bed.note("It is something else.");
    bed.opened(0).bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n").closed("local", "gave up");
    bed.opened(0).answer("StartApplicationSession", &csta("Hello", "")).closed("local", "gave up");
    bed.command("2101", "makeCall", &json!({"to": "2102"}));
    bed.keep("refused", "A session that is refused, in all ways.");
}

#[test]
fn the_session_is_kept_alive_and_ended() {
    let mut bed = Bed::up(&settings());
    let kept = session("ResetApplicationSessionTimerPosResponse", "<actualSessionDuration>180</actualSessionDuration>");
    bed.wait(61).answer("ResetApplicationSessionTimer", &kept).wait(60).answer("ResetApplicationSessionTimer", &kept);
    bed.note("Two keep-alives without an answer.");
    bed.wait(60).wait(60).wait(60).closed("local", "gave up");
    bed.note("The server does not know the session any more.");
    bed.opened(0).log_in("S-1").devices().idle().wait(61);
    let no = session(
        "ResetApplicationSessionTimerNegResponse",
        "<errorCode><definedError>invalidSessionID</definedError></errorCode>",
    );
    bed.answer("ResetApplicationSessionTimer", &no).closed("local", "gave up");
    bed.note("The server ends it; that of another session is nobody's.");
    bed.opened(0).log_in("S-2").devices().idle();
    let end = |id: &str| {
        let inner = format!(
            "<sessionID>{id}</sessionID><sessionTermReason><definedTermReason>resourceLimitation</definedTermReason></sessionTermReason>"
        );
        session("ApplicationSessionTerminated", &inner)
    };
    bed.event(&end("S-0")).event(&end("S-2")).closed("local", "gave up");
    bed.note("We end it.");
    bed.opened(0).log_in("S-3").devices().idle().stop();
    bed.keep("session", "A session that is kept alive, lost, ended.");
}

#[test]
fn another_server_has_its_turn() {
    let mut bed = Bed::new(&with(&json!({"servers": ["aes1.example", "aes2.example:5000"]})));
    bed.line("2101", &json!({}));
    bed.note("The first does not answer, the second has no room; after a while it goes round again.");
    bed.closed("refused", "connection refused").opened(1);
    refused(&mut bed, "serverResourcesBusy");
    bed.wait(3).opened(0).log_in("S-0").devices().idle();
    bed.rings(1, "312", "2101", "0445550100", "2101");
    bed.note("It breaks with a call up, and is not back: the other one takes over.");
    bed.closed("lost", "connection reset").closed("refused", "connection refused").opened(1).log_in("T-0").devices();
    bed.calls("").quiet();
    bed.note("One that takes the link and says nothing, or something else, is left, too.");
    bed.closed("lost", "connection reset").opened(1).wait(11).opened(0).bytes(b"SSH-2.0\r\n").wait(3).opened(1);
    bed.log_in("T-1").devices().calls("").quiet();
    bed.note("A wrong password is wrong everywhere.");
    bed.closed("lost", "connection reset").opened(1);
    bed.note("(This server is asked for its old session first.)");
    refused(&mut bed, "invalidSessionID");
    refused(&mut bed, "invalidApplicationInfo");
    bed.keep("failover", "Two servers.");
}

#[test]
fn lines_that_cannot_be_set_up() {
    let mut bed = Bed::new(&with(&json!({"vdns": ["6200"], "parallel": 2})));
    for name in ["2101", "2102", "2103", "2104"] {
        bed.line(name, &json!({}));
    }
    bed.line("again", &json!({"extension": "2101"}));
    bed.line("reception", &json!({}));
    bed.opened(0).log_in("S-0");
    bed.note("Unknown to the switch; not the user's.");
    bed.refuse("GetDeviceId", "operation", "invalidDeviceID");
    bed.refuse("GetDeviceId", "operation", "privilegeViolationSpecifiedDevice");
    bed.note("No licence for another monitor; controlled by somebody else.");
    bed.answer("GetDeviceId", &avaya("GetDeviceIdResponse", &dev("device", "2103")));
    bed.refuse("MonitorStart", "subscribedResourceAvailability", "objectMonitorLimitExceeded");
    bed.refuse("GetDeviceId", "systemResourceAvailibility", "resourceBusy");
    bed.command("2104", "makeCall", &json!({"to": "2102"}));
    bed.note("The VDN is not known either; lines do without it.");
    bed.refuse("GetThirdPartyDeviceId", "operation", "invalidDeviceID");
    bed.note("What may pass is tried again soon, then the monitor is lost and started again.");
    bed.wait(6).answer("GetDeviceId", &avaya("GetDeviceIdResponse", &dev("device", "2104")));
    bed.answer("MonitorStart", &csta("MonitorStartResponse", &xref(1))).calls("").quiet();
    bed.event(&csta("MonitorStop", &xref(1)))
        .answer("MonitorStart", &csta("MonitorStartResponse", &xref(2)))
        .calls("")
        .quiet();
    bed.note("What does not is tried seldom.");
    bed.live(5);
    for _ in 0..2 {
        bed.refuse("GetDeviceId", "operation", "invalidDeviceID");
    }
    bed.refuse("MonitorStart", "subscribedResourceAvailability", "objectMonitorLimitExceeded");
    bed.close_line("2104");
    bed.keep("lines", "Lines that cannot be set up: numbers, rights, licences.");
}

#[test]
fn bytes_and_messages_that_are_none() {
    let mut bed = Bed::up(&with(&json!({"raw": true})));
    bed.note("A message that no one can read, one that is no UTF-8, one with entities, an unknown one.");
    bed.event("<DeliveredEvent><monitorCrossRefID>1");
    let text = rings(1, "312", "2101", "0445550100", "2101", "alerting");
    let mut bytes = encode(9_999, &text.replace("<cause>newCall</cause>", "<cause>newC_ll</cause>")).unwrap();
    let at = bytes.iter().position(|byte| *byte == b'_').unwrap();
    bytes[at] = 0xe4;
    bed.bytes(&bytes);
    bed.event("<!DOCTYPE x [<!ENTITY a \"b\">]><HeldEvent>&a;</HeldEvent>");
    bed.event("<New xmlns=\"urn:later\"><monitorCrossRefID>1</monitorCrossRefID></New>");
    bed.note("An answer that cannot be read is one all the same.");
    bed.command("2101", "answerCall", &json!({"callId": "00001003121796000000"}));
    bed.answer("AnswerCall", "<AnswerCallResponse");
    bed.note("Answers to nobody, events of no monitor.");
    bed.frame(7, &csta("HoldCallResponse", "")).event(&held(77, "312", "2101"));
    bed.note("A header with a length that cannot be.");
    bed.bytes(b"\x00\x00\x00\x079999").closed("local", "gave up");
    bed.keep("bytes", "Bytes and messages that are none.");
}

#[test]
fn answers_in_other_shapes() {
    let mut bed = Bed::new(&settings());
    bed.line("2101", &json!({}));
    bed.note("Without namespaces, with other prefixes, children in another order, a declaration, line ends.");
    bed.opened(0);
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<StartApplicationSessionPosResponse>\r\n  <actualSessionDuration>\
                180</actualSessionDuration>\r\n  <sessionID>S-0</sessionID>\r\n</StartApplicationSessionPosResponse>\r\n";
    bed.answer("StartApplicationSession", text);
    bed.answer(
        "GetDeviceId",
        "<a:GetDeviceIdResponse xmlns:a=\"urn:a\"><a:device>2101:CM:10.0.0.1:0</a:device></a:GetDeviceIdResponse>",
    );
    bed.note(
        "A monitor's first event comes before its answer, and several messages at once. Answers come out of order.",
    );
    let monitor = bed.take("MonitorStart");
    let register = bed.take("SystemRegister");
    let mut bytes = encode(9_999, &rings(1, "312", "2101", "0445550100", "2101", "alerting")).unwrap();
    bytes.extend(
        encode(monitor.invoke, "<MonitorStartResponse><monitorCrossRefID>1</monitorCrossRefID></MonitorStartResponse>")
            .unwrap(),
    );
    bytes.extend(encode(register.invoke, &csta("SystemRegisterResponse", "")).unwrap());
    bed.bytes(&bytes);
    bed.note("The snapshot comes in pieces, under a reference; an event comes between them.");
    let reference = "<crossRefIDorSnapshotData><serviceCrossRefID>R1</serviceCrossRefID></crossRefIDorSnapshotData>";
    bed.answer("SnapshotDevice", &csta("SnapshotDeviceResponse", reference));
    let piece = |last: bool, call: &str, state: &str| {
        let info = format!(
            "<snapshotDeviceResponseInfo><localCallState><simpleCallState>{state}</simpleCallState></localCallState>{}\
             </snapshotDeviceResponseInfo>",
            conn("connectionIdentifier", call, "2101")
        );
        let inner = format!(
            "<serviceCrossRefID>R1</serviceCrossRefID><segmentID>1</segmentID><lastSegment>{last}</lastSegment><snapshotData>{info}\
             </snapshotData>"
        );
        csta("SnapshotDeviceData", &inner)
    };
    bed.event(&piece(false, "312", "callReceived")).answered(1, "312", "2101", "0445550100", "2101");
    bed.event(&piece(true, "313", "callEstablishedOnHold"));
    bed.answer(
        "SnapshotCall",
        &parties("312", &[("2101", "connected"), ("0445550100", "connected")], "0445550100", "2101"),
    );
    bed.answer("SnapshotCall", &parties("313", &[("2101", "hold"), ("2102", "connected")], "2101", "2102")).quiet();
    bed.note("Devices are told with another address, in other letters, or without the element around them.");
    let text = held(1, "312", "2101")
        .replace("2101:CM::0", "2101:cm:10.0.0.2:1")
        .replace("deviceIdentifier", "x:deviceIdentifier");
    bed.event(&text.replace("xmlns=", "xmlns:x=\"urn:x\" xmlns="));
    bed.keep("shapes", "Answers and events in other shapes than expected.");
}

#[test]
fn a_message_of_sixty_kilobytes() {
    let mut bed = Bed::new(&settings());
    bed.line("2101", &json!({}));
    bed.opened(0).log_in("S-0").devices();
    // One call among many that are idle appearances.
    let idle = |call: u32| {
        format!(
            "<snapshotDeviceResponseInfo>{}<localCallState><simpleCallState>callNull</simpleCallState></localCallState>\
             </snapshotDeviceResponseInfo>",
            conn("connectionIdentifier", &call.to_string(), "2101")
        )
    };
    let mut infos: String = (1_000..1_215).map(idle).collect();
    infos.push_str(&idle(312).replace("callNull", "callEstablished"));
    assert!(infos.len() > 55_000 && infos.len() < 64_000, "{}", infos.len());
    bed.calls(&infos);
    assert!(bed.has("SnapshotCall"), "the one call is asked about");
    bed.refuse("SnapshotCall", "operation", "generic");
    let facts = bed
        .facts
        .iter()
        .filter(|fact| matches!(fact, jackfield_plugin_api::Fact::Snapshot(all) if all.calls.len() == 1));
    assert_eq!(facts.count(), 1);
}

/// Each of the lines has two last words, and there are fewer ids for requests than that.
#[test]
fn the_session_is_ended_however_many_lines_there_are() {
    let mut bed = Bed::new(&with(&json!({"agent_poll_ms": 0})));
    for line in 0..5_000 {
        bed.driver.line(&(20_000 + line).to_string(), &json!({})).unwrap();
    }
    bed.opened(0).log_in("S-0");
    while bed.has("GetDeviceId") || bed.has("SnapshotDevice") {
        bed.devices().idle();
    }
    bed.stop();
    let count = |name: &str| bed.open.iter().filter(|sent| sent.message.name() == name).count();
    assert_eq!((count("MonitorStop"), count("ReleaseDeviceId")), (5_000, 5_000));
    assert_eq!(bed.open.last().unwrap().message.name(), "StopApplicationSession");
}
