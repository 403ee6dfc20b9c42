//! Messages as they travel: read, written, and read again.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "common/order.rs"]
mod order;

use std::fs;

use jackfield_csta::dialect::{AVAYA, DIALECTS, OPENSCAPE};
use jackfield_csta::frame::{self, Framer};
use jackfield_csta::types::LocalState;
use jackfield_csta::xml::XmlError;
use jackfield_csta::{Message, xml};

/// The messages of `tests/messages`, by the file's name.
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap().trim_end().to_owned())
        })
        .collect();
    all.sort();
    all
}

fn example(name: &str) -> String {
    examples().into_iter().find(|(file, _)| file == name).unwrap().1
}

#[test]
fn every_message_is_read_and_written_byte_for_byte() {
    let examples = examples();
    assert!(examples.len() >= 105, "{} messages", examples.len());
    for (name, text) in &examples {
        let message = Message::parse(text).unwrap();
        assert!(!matches!(message, Message::Other(_)), "{name} is not known");
        assert!(name.starts_with(message.name()), "{name} is read as {}", message.name());
        assert_eq!(message.write(&AVAYA), *text, "{name}");
    }
}

#[test]
fn the_declaration_and_line_ends_change_nothing() {
    for (name, text) in examples() {
        let other = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{text}\r\n");
        assert_eq!(Message::parse(&other).unwrap(), Message::parse(&text).unwrap(), "{name}");
    }
}

#[test]
fn namespaces_and_prefixes_are_passed_over() {
    for (name, text) in examples() {
        let plain = Message::parse(&text).unwrap();
        let none = text.replace(" xmlns=\"", " xmlns:old=\"").replace("acx:", "").replace("c:", "x:");
        assert_eq!(Message::parse(&none).unwrap(), plain, "{name}");
    }
}

#[test]
fn elements_stand_in_the_order_of_the_schemas() {
    let mut looked_at = 0;
    for (name, text) in examples() {
        if order::wrong(&text).is_some_and(|wrong| wrong.contains("not in the table")) {
            assert!(
                name.ends_with("Response") || name.ends_with("Event") || name.starts_with("CSTAErrorCode"),
                "{name}: what we send is in the table"
            );
            continue;
        }
        assert_eq!(order::wrong(&Message::parse(&text).unwrap().write(&AVAYA)), None, "{name}");
        looked_at += 1;
    }
    assert!(looked_at > 75, "{looked_at} messages");
    let swapped = "<HoldCall><extensions/><callToBeHeld/></HoldCall>";
    assert!(order::wrong(swapped).unwrap().contains("too late"));
    // A reader does not mind.
    let Message::ReconnectCall(reconnect) = Message::parse(
        "<ReconnectCall><heldCall><deviceID>a</deviceID><callID>1</callID></heldCall><activeCall><callID>2</callID></activeCall></ReconnectCall>",
    )
    .unwrap() else {
        panic!()
    };
    assert_eq!(
        (reconnect.held.call.as_str(), reconnect.held.device_id(), reconnect.active.call.as_str()),
        ("1", "a", "2")
    );
}

#[test]
fn each_dialect_writes_its_own_namespaces() {
    for (name, text) in examples() {
        let message = Message::parse(&text).unwrap();
        for dialect in DIALECTS {
            let written = message.write(dialect);
            assert_eq!(Message::parse(&written).unwrap(), message, "{name} of {}", dialect.name);
            let own = dialect.name == AVAYA.name;
            let uri = |dialect: &jackfield_csta::dialect::Dialect| format!("=\"{}\"", dialect.csta);
            assert_eq!(written.contains(&uri(dialect)), text.contains(&uri(&AVAYA)), "{name} of {}", dialect.name);
            assert!(!own || written == text, "{name} of {}", dialect.name);
        }
    }
    let hold = Message::parse(&example("HoldCall")).unwrap().write(&OPENSCAPE);
    assert!(hold.starts_with("<HoldCall xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed4\">"));
}

#[test]
fn what_a_switch_permits_is_read() {
    let services = |text: &str| {
        let Message::HeldEvent(event) = Message::parse(text).unwrap() else { panic!() };
        event.services.map(|services| services.of_calls().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(services(&example("HeldEvent")), None);
    assert_eq!(services(&example("HeldEvent-services")), Some(vec!["retrieveCall".to_owned()]));
    let text = "<HeldEvent><servicesPermitted><callAssociatedServices><generateDigits>true</generateDigits>\
                </callAssociatedServices><callControlServices><holdCall>false</holdCall><clearConnection/>\
                </callControlServices></servicesPermitted></HeldEvent>";
    assert_eq!(services(text), Some(vec!["clearConnection".to_owned(), "generateDigits".to_owned()]));
    assert_eq!(services("<HeldEvent><servicesPermitted/></HeldEvent>"), Some(vec![]));
}

#[test]
fn what_matters_of_an_event_is_there() {
    let Message::DeliveredEvent(event) = Message::parse(&example("DeliveredEvent-incoming-acd")).unwrap() else {
        panic!()
    };
    assert_eq!((event.monitor.as_str(), event.connection.call.as_str()), ("1", "312"));
    assert_eq!((event.calling.number(), event.called.number()), (Some("0445550100"), Some("6200")));
    assert_eq!(event.local, Some(LocalState::Alerting));
    assert_eq!(event.user_data.as_ref().unwrap().bytes().unwrap(), b"caseA");
    assert_eq!(event.linkage.as_ref().unwrap().ucid(), Some("00001003181796000002"));
    let data = event.extensions.as_ref().unwrap().call().unwrap();
    assert_eq!(data.acd_group.as_ref().unwrap().number(), "7050");
    assert_eq!(data.distributing_vdn.as_ref().unwrap().number(), Some("6200"));
    assert_eq!(data.entered.as_ref().unwrap().data.as_deref(), Some("1234"));
    let Message::MakeCallResponse(made) = Message::parse(&example("MakeCallResponse")).unwrap() else { panic!() };
    assert_eq!(made.extensions.unwrap().ucid(), Some("00001003171796000001"));
}

#[test]
fn unknown_messages_and_elements_are_no_fault() {
    assert_eq!(Message::parse("<x:New xmlns:x='u'><a/></x:New>").unwrap(), Message::Other("New".to_owned()));
    let held = example("HeldEvent");
    let more = held.replace("<heldConnection>", "<later a='1'><b>2</b></later><heldConnection>");
    assert_eq!(Message::parse(&more).unwrap(), Message::parse(&held).unwrap());
    let word = held.replace(">hold<", ">resting<");
    let Message::HeldEvent(held) = Message::parse(&word).unwrap() else { panic!() };
    assert_eq!(held.local, Some(LocalState::Unknown));
}

#[test]
fn bombs_do_not_go_off() {
    let lol =
        "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><HeldEvent>&b;</HeldEvent>";
    assert_eq!(Message::parse(lol).unwrap_err(), XmlError::DocumentType);
    let outside = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><HeldEvent>&a;</HeldEvent>";
    assert_eq!(Message::parse(outside).unwrap_err(), XmlError::DocumentType);
    assert!(matches!(Message::parse("<HeldEvent>&a;</HeldEvent>"), Err(XmlError::Entity(_))));
    let deep = format!("<HeldEvent>{}{}</HeldEvent>", "<a>".repeat(10_000), "</a>".repeat(10_000));
    assert_eq!(Message::parse(&deep).unwrap_err(), XmlError::Deep);
    let wide = format!("<HeldEvent>{}</HeldEvent>", "<a/>".repeat(xml::MOST_ELEMENTS + 1));
    assert_eq!(Message::parse(&wide).unwrap_err(), XmlError::Large);
    let attributes = format!("<HeldEvent {}/>", (0..5_000).map(|n| format!("a{n}='1' ")).collect::<String>());
    assert!(Message::parse(&attributes).is_ok(), "many attributes are nobody's business");
}

#[test]
fn a_message_of_sixty_kilobytes_goes_through_a_frame() {
    let one = "<snapshotDeviceResponseInfo><connectionIdentifier><callID>1</callID><deviceID>2101:CMHQ::0</deviceID>\
               </connectionIdentifier></snapshotDeviceResponseInfo>";
    let count = 61_000 / one.len();
    let text = format!(
        "<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData>{}</snapshotData></crossRefIDorSnapshotData>\
         </SnapshotDeviceResponse>",
        one.repeat(count)
    );
    assert!(text.len() > 60_000);
    let mut framer = Framer::default();
    for piece in frame::encode(frame::EVENT, &text).unwrap().chunks(1_460) {
        framer.push(piece);
    }
    let body = framer.next_frame().unwrap().unwrap().body.to_vec();
    let Message::SnapshotDeviceResponse(response) = Message::parse(std::str::from_utf8(&body).unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!(response.found.data.unwrap().calls.len(), count);
}

#[test]
fn frames_of_recorded_shape_are_read() {
    // What a request, its refusal and an event look like on the wire.
    let texts = [
        (7, example("ResetApplicationSessionTimer")),
        (7, example("CSTAErrorCode-operation")),
        (frame::EVENT, example("HeldEvent")),
    ];
    let bytes: Vec<u8> = texts.iter().flat_map(|(invoke, text)| frame::encode(*invoke, text).unwrap()).collect();
    let length = u16::try_from(texts[0].1.len() + 8).unwrap().to_be_bytes();
    assert_eq!(&bytes[..8], [0, 0, length[0], length[1], b'0', b'0', b'0', b'7']);
    let mut framer = Framer::default();
    framer.push(&bytes);
    for (invoke, text) in &texts {
        let frame = framer.next_frame().unwrap().unwrap();
        assert_eq!((frame.invoke, frame.body), (*invoke, text.as_bytes()));
    }
    assert_eq!(framer.next_frame(), Ok(None));
}
