//! What goes wrong on purpose, and the dialects in which all can be said.

use jackfield_sim::{
    Data, Output, System as _,
    avaya::{Config, config::Namespaces},
};
use serde_json::json;

use crate::world::{ONE, World, connection, quiet};

#[test]
fn events_come_twice_in_pairs_and_not_at_all() {
    let mut world = World::watching(&["101"]);
    world.control(&json!({ "do": "faults", "faults": { "duplicate_events": 2 } }));
    let call = world.call(ONE, "101");
    world.answer(call, "101");
    world.on("HoldCall", "callToBeHeld", call, "101");
    assert_eq!(
        world.heard(),
        [
            "1 Delivered 101 alerting newCall",
            "1 Established 101 connected normal",
            "1 Established 101 connected normal",
            "1 Held 101 hold normal",
        ]
    );
    world.control(&json!({ "do": "faults", "faults": { "reorder": true } }));
    world.on("RetrieveCall", "callToBeRetrieved", call, "101");
    world.on("HoldCall", "callToBeHeld", call, "101");
    assert_eq!(world.heard(), ["1 Held 101 hold normal", "1 Retrieved 101 connected normal"]);
}

#[test]
fn replies_come_late_and_change_places() {
    let mut world = World::watching(&["101"]);
    world.control(&json!({ "do": "faults", "faults": { "late_replies": true } }));
    let inner = "<MakeCall><callingDevice>101:CM1::0</callingDevice><calledDirectoryNumber>102</calledDirectoryNumber></MakeCall>";
    world.simulator.receive(1, Data::Bytes(crate::world::frame(77, inner.as_bytes())), 0);
    world.collect();
    let names: Vec<_> = world.said.drain(..).map(|(_, _, message)| message.name).collect();
    assert_eq!(names, ["ServiceInitiatedEvent", "MakeCallResponse"]);
    world.control(&json!({ "do": "faults", "faults": { "swap_replies": true } }));
    for invoke in [78, 79, 80] {
        world.simulator.receive(1, Data::Bytes(crate::world::frame(invoke, b"<GetLinkStatus/>")), 0);
    }
    world.collect();
    assert_eq!(world.said.drain(..).map(|(_, invoke, _)| invoke).collect::<Vec<_>>(), [79, 78]);
    world.control(&json!({ "do": "faults", "faults": {} }));
    assert_eq!(world.said.drain(..).map(|(_, invoke, _)| invoke).collect::<Vec<_>>(), [80]);
}

#[test]
fn frames_are_joined_and_cut_anywhere() {
    let mut world = World::watching(&["101"]);
    world.control(&json!({ "do": "faults", "faults": { "cut_every": 100 } }));
    world.simulator.control(&json!({ "do": "call", "from": ONE, "to": "101" }), 0);
    let pieces: Vec<usize> = world
        .simulator
        .outputs()
        .into_iter()
        .map(|output| match output {
            Output::Send { data, .. } => data.as_bytes().len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(pieces.len() > 5 && pieces[..pieces.len() - 1].iter().all(|piece| *piece == 100), "{pieces:?}");
}

#[test]
fn all_dialects_say_the_same() {
    let mut heard = Vec::new();
    for namespaces in [Namespaces::Standard, Namespaces::Prefixed, Namespaces::None] {
        let mut world = World::with(Config { namespaces, prolog: namespaces == Namespaces::None, ..quiet() }, &["101"]);
        let call = world.call(ONE, "101");
        world.answer(call, "101");
        heard.push(world.heard());
    }
    assert_eq!((heard[0].len(), &heard[0]), (2, &heard[1]));
    assert_eq!(heard[1], heard[2]);
    let mut world = World::watching(&["101"]);
    world.ordered = false;
    world.control(&json!({ "do": "faults", "faults": { "disorder": true } }));
    world.call(ONE, "101");
    let event = &world.events("DeliveredEvent")[0];
    assert_eq!((event.names()[0], event.names()[1]), ("monitorCrossRefID", "extensions"));
}

#[test]
fn answers_can_be_decided_beforehand() {
    let mut world = World::watching(&["101"]);
    let call = world.call(ONE, "101");
    world.answer(call, "101");
    let hold = connection("callToBeHeld", call, "101");
    for (category, value) in
        [("privateErrorCode", "URM Denied"), ("unspecified", ""), ("performanceManagement", "performanceLimitExceeded")]
    {
        world.control(&json!({ "do": "refuse", "service": "HoldCall", "category": category, "value": value }));
        assert_eq!(world.refused(1, "HoldCall", &hold).trim(), format!("{category} {value}").trim());
    }
    world.control(&json!({ "do": "refuse", "service": "HoldCall", "category": "operation", "value": "generic", "exception": true }));
    let reply = world.ask(1, "HoldCall", &hold);
    assert_eq!((reply.name.as_str(), reply.text("operation")), ("CSTAException", "generic"));
    world.control(&json!({ "do": "refuse", "service": "HoldCall", "times": 1 }));
    assert!(world.ask_raw(1, &format!("<HoldCall>{hold}</HoldCall>")).is_none(), "silence");
    world.done(1, "HoldCall", &hold);
    assert_eq!(world.refused(1, "DropEverything", ""), "operation serviceNotSupported");
    assert_eq!(world.ask_raw(1, "<HoldCall>").unwrap().name, "CSTAErrorCode");
    assert_eq!(world.control(&json!({ "do": "served" }))["served"]["HoldCall"], 6);
}

#[test]
fn pranks_are_what_they_say() {
    let mut world = World::watching(&["101"]);
    let mut sent = |kind: &str| {
        let answer = world.simulator.control(&json!({ "do": "prank", "number": "101", "kind": kind }), 0);
        assert_eq!(answer["sessions"], 1, "{answer}");
        let mut outputs = world.simulator.outputs();
        match outputs.pop() {
            Some(Output::Send { data, .. }) => data.as_bytes().to_vec(),
            other => panic!("{other:?}"),
        }
    };
    let length = |bytes: &[u8]| usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    let big = sent("big");
    assert!(length(&big) == big.len() && big.len() > 60_000);
    let (short, long) = (sent("too-short"), sent("too-long"));
    assert_eq!((length(&short) + 30, length(&long) - 30, length(&sent("empty"))), (short.len(), long.len(), 8));
    assert!(std::str::from_utf8(&sent("invalid-utf8")).is_err());
    assert!(sent("entities").starts_with(b"\0\0") && sent("format")[..2] != [0, 0]);
    assert_eq!(sent("deep").len(), 8 + 7 * 5_000);
    assert_eq!(
        (&sent("answer")[4..8], &sent("unknown")[4..8], &sent("no-xml")[4..8]),
        (&b"8765"[..], &b"9999"[..], &b"9999"[..])
    );
}

#[test]
fn whoever_is_meant_is_cut_off() {
    let mut world = World::watching(&["101"]);
    world.connect(2);
    for who in ["101", "cti", "all"] {
        world.cut.clear();
        world.at("cut", who);
        assert_eq!(world.cut, if who == "101" { vec![1] } else { vec![1, 2] }, "{who}");
    }
    let nobody = world.simulator.control(&json!({ "do": "cut", "number": "nobody" }), 0);
    assert_eq!(nobody["ok"], false);
}

#[test]
fn configurations_are_checked() {
    let read = Config::parse(
        "switch = \"CM7\"\nagent_ring_ms = 5000\nmerged = \"new\"\nclears = \"other\"\nnamespaces = \"prefixed\"\n\
         outside = { answer = { after_ms = 1 } }\n[[ranges]]\nfirst = 2000\ncount = 1000\n[faults]\ncut_every = 7\ndelay_ms = 3",
    );
    assert_eq!(read.unwrap().faults.own.cut_every, 7);
    for wrong in [
        "[[stations]]\nnumber = \"600\"",
        "[[vdns]]\nnumber = \"601\"\nsplit = \"9\"",
        "[[agents]]\nid = \"1\"\nsplits = []",
        "[[stations]]\nnumber = \"101\"\nbridges = [\"101\"]",
        "call_ids = { first = 1, last = 5 }",
        "duration = { shortest = 0, longest = 5 }",
        "conference = 2",
        "[[ranges]]\nfirst = 1\ncount = 4000000000",
        "[faults]\ncut = 1",
    ] {
        Config::parse(wrong).unwrap_err();
    }
}
