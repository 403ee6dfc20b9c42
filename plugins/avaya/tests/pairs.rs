//! Conversations about several calls of one station: consultations, transfers, conferences.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use common::*;
use serde_json::json;

#[test]
fn consultations() {
    let mut bed = Bed::up(&settings());
    bed.note("7: completed by a command.");
    talking(&mut bed, "312", "0445550100");
    consulted(&mut bed, "312", "313");
    bed.command("2101", "transferCall", &pair("312", "313")).accept("TransferCall");
    bed.event(&merged(
        "TransferedEvent",
        1,
        ("312", Some("313"), "313"),
        ("2101", "2102"),
        &["2102", "0445550100"],
        "null",
    ));

    bed.note("7: completed at the phone, while it still rings.");
    talking(&mut bed, "314", "0445550100");
    consulting(&mut bed, "314", "315", "2102");
    bed.event(&merged(
        "TransferedEvent",
        1,
        ("314", Some("315"), "315"),
        ("2101", "2102"),
        &["2102", "0445550100"],
        "null",
    ));

    bed.note("8: cancelled.");
    talking(&mut bed, "316", "0445550100");
    consulted(&mut bed, "316", "317");
    bed.command("2101", "cancelTransfer", &pair("316", "317")).accept("ReconnectCall");
    bed.cleared(1, "317", "2101", "null", "normalClearing").retrieved(1, "316", "2101");

    bed.note("9: the first caller hangs up during the consultation.");
    consulted(&mut bed, "316", "318");
    bed.cleared(1, "316", "0445550100", "hold", "normalClearing").cleared(1, "316", "2101", "null", "normalClearing");
    bed.command("2101", "dropCall", &of("318")).accept("ClearConnection");
    bed.cleared(1, "318", "2101", "null", "normalClearing");

    bed.note("10: whom is consulted is busy.");
    talking(&mut bed, "319", "0445550100");
    bed.command("2101", "makeConsultCall", &json!({"callId": key("319"), "to": "2102"}));
    bed.consulted("320");
    bed.held(1, "319", "2101").dialled(1, "320", "2101", "2102", "consultation");
    bed.event(&failed(1, "320", "2102", "2101", "busy"));
    bed.command("2101", "cancelTransfer", &pair("319", "320")).accept("ReconnectCall");
    bed.cleared(1, "320", "2101", "null", "normalClearing").retrieved(1, "319", "2101");

    bed.note("Swapped, there and back.");
    consulted(&mut bed, "319", "321");
    for (held, active) in [("319", "321"), ("321", "319")] {
        bed.command("2101", "alternateCall", &json!({"callId": key(active), "otherCallId": key(held)}));
        bed.accept("AlternateCall");
        let (h, r) = (held_event(active), retrieved_event(held));
        bed.events(&[h, r]);
    }
    bed.command("2101", "transferCall", &pair("321", "319")).refuse(
        "TransferCall",
        "stateIncompatibility",
        "invalidConnectionState",
    );
    bed.command("2101", "holdCall", &of("319"));

    bed.note("11: transferred without asking.");
    bed.command("2101", "dropCall", &of("321")).accept("ClearConnection").cleared(
        1,
        "321",
        "2101",
        "null",
        "normalClearing",
    );
    bed.command("2101", "unholdCall", &of("319")).accept("RetrieveCall").retrieved(1, "319", "2101");
    bed.command("2101", "blindTransferCall", &json!({"callId": key("319"), "to": "2103"})).target();
    bed.accept("SingleStepTransferCall");
    bed.event(&merged("TransferedEvent", 1, ("319", None, "322"), ("2101", "2103"), &["2103", "0445550100"], "null"));
    bed.note("Nobody answers it there: it comes back as another call, which the first one is the parent of.");
    let back = rings(1, "322", "2101", "0445550100", "2101", "alerting").replace(">newCall<", ">recall<");
    bed.event(&back.replace(&linked("322"), &linked("319"))).cleared(1, "322", "2101", "null", "callCancelled");
    bed.keep("consultations", "Two calls of one station: consultations and transfers.");
}

fn held_event(call: &str) -> String {
    held(1, call, "2101")
}

fn retrieved_event(call: &str) -> String {
    retrieved(1, call, "2101")
}

#[test]
fn several_calls() {
    let mut bed = Bed::up(&settings());
    bed.note("12: a second call comes while talking, and is answered.");
    talking(&mut bed, "312", "0445550100");
    bed.rings(1, "313", "2101", "0445550101", "2101");
    bed.command("2101", "answerCall", &of("313")).accept("AnswerCall");
    bed.held(1, "312", "2101").answered(1, "313", "2101", "0445550101", "2101");

    bed.note("17: a third one rings.");
    bed.rings(1, "314", "2101", "0445550102", "2101").cleared(1, "314", "2101", "null", "callCancelled");

    bed.note("13: the held party hangs up; the switch tells first of its end, then of ours.");
    bed.cleared(1, "312", "0445550100", "hold", "normalClearing");
    bed.event(&cleared(1, "312", "2101", "0445550100", "null", "normalClearing"));

    bed.note("13: the same in the other order; what is said of it afterwards is late.");
    bed.held(1, "313", "2101").event(&cleared(1, "313", "2101", "0445550101", "null", "normalClearing"));
    bed.cleared(1, "313", "0445550101", "null", "normalClearing").held(1, "313", "2101");
    bed.keep("several", "Several calls of one station, and a far end that hangs up in hold.");
}

#[test]
fn conferences() {
    let mut bed = Bed::up(&settings());
    bed.note("18: three parties; one leaves, then another one.");
    talking(&mut bed, "312", "0445550100");
    consulted(&mut bed, "312", "313");
    bed.command("2101", "conferenceCall", &pair("312", "313")).accept("ConferenceCall");
    let three = ["2101", "2102", "0445550100"];
    bed.event(&merged("ConferencedEvent", 1, ("312", Some("313"), "313"), ("2101", "2102"), &three, "connected"));
    bed.cleared(1, "313", "2102", "connected", "normalClearing");
    bed.cleared(1, "313", "0445550100", "connected", "normalClearing").cleared(
        1,
        "313",
        "2101",
        "null",
        "normalClearing",
    );

    bed.note("Four parties, by a second consultation; it is held and taken back as one.");
    talking(&mut bed, "314", "0445550100");
    consulted(&mut bed, "314", "315");
    bed.event(&merged("ConferencedEvent", 1, ("314", Some("315"), "315"), ("2101", "2102"), &three, "connected"));
    bed.command("2101", "makeConsultCall", &json!({"callId": key("314"), "to": "2103"})).target();
    bed.consulted("316");
    bed.held(1, "315", "2101")
        .dialled(1, "316", "2101", "2103", "consultation")
        .rings(1, "316", "2103", "2101", "2103");
    bed.answered(1, "316", "2103", "2101", "2103");
    bed.command("2101", "conferenceCall", &pair("314", "316")).accept("ConferenceCall");
    let four = ["2101", "2102", "2103", "0445550100"];
    bed.event(&merged("ConferencedEvent", 1, ("315", Some("316"), "316"), ("2101", "2103"), &four, "connected"));
    bed.held(1, "316", "2101").retrieved(1, "316", "2101");

    bed.note("We leave; the others go on.");
    bed.command("2101", "dropCall", &of("314")).accept("ClearConnection").cleared(
        1,
        "316",
        "2101",
        "null",
        "normalClearing",
    );
    bed.keep("conferences", "Conferences of three and of four.");
}

#[test]
fn a_recorder_makes_no_conference() {
    let mut bed = Bed::up(&with(&json!({"recorders": ["2190"]})));
    talking(&mut bed, "312", "0445550100");
    bed.note("The recorder steps in without asking, and leaves.");
    let parties = ["2101", "0445550100", "2190"];
    bed.event(&merged("ConferencedEvent", 1, ("312", None, "312"), ("2190", "2190"), &parties, "connected"));
    bed.cleared(1, "312", "2190", "connected", "normalClearing");

    bed.note("A supervisor is joined by a service of Avaya's own.");
    let params = json!({"name": "singleStepConference", "params": {"nativeId": "312", "device": "2103", "participation": "silent"}});
    bed.command("2101", "librarySpecificService", &params).target();
    bed.answer(
        "SingleStepConferenceCall",
        &csta("SingleStepConferenceCallResponse", &conn("conferencedCall", "312", "2103")),
    );
    let parties = ["2101", "0445550100", "2103"];
    bed.event(&merged("ConferencedEvent", 1, ("312", None, "312"), ("2103", "2103"), &parties, "connected"));
    bed.keep("recorder", "Who steps into a call unasked.");
}
