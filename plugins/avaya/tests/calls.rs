//! Conversations about single calls, queues, shared lines, and calls over a break.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use common::*;
use serde_json::json;

#[test]
fn incoming_calls() {
    let mut bed = Bed::up(&settings());
    bed.note("1: answered, held, taken back; the caller hangs up.");
    bed.rings(1, "312", "2101", "0445550100", "2101");
    bed.command("2101", "answerCall", &of("312")).accept("AnswerCall").answered(1, "312", "2101", "0445550100", "2101");
    bed.command("2101", "holdCall", &of("312")).accept("HoldCall").held(1, "312", "2101");
    bed.command("2101", "unholdCall", &of("312")).accept("RetrieveCall").retrieved(1, "312", "2101");
    bed.cleared(1, "312", "0445550100", "connected", "normalClearing");
    bed.cleared(1, "312", "2101", "null", "normalClearing");

    bed.note("2: missed: the caller gives up.");
    bed.rings(1, "313", "2101", "0445550100", "2101");
    bed.cleared(1, "313", "0445550100", "alerting", "normalClearing").cleared(
        1,
        "313",
        "2101",
        "null",
        "normalClearing",
    );

    bed.note("2: missed: nobody answers, and the call goes to coverage.");
    bed.rings(1, "314", "2101", "0445550100", "2101");
    bed.event(&diverted(1, "314", "2101", "2150", "null", "callForwardNoAnswer"));

    bed.note("3: sent elsewhere, unanswered: a ringing call cannot be declined here.");
    bed.rings(1, "315", "2101", "0445550100", "2101");
    bed.command("2101", "deflectCall", &json!({"callId": key("315"), "to": "2150"})).target().accept("DeflectCall");
    bed.event(&diverted(1, "315", "2101", "2150", "null", "redirected"));

    bed.note("The far end holds, and takes the call back.");
    talking(&mut bed, "316", "2102");
    bed.held(1, "316", "2102").retrieved(1, "316", "2102");

    bed.note("Digits, sent and told of a second time; digits that the caller entered.");
    bed.command("2101", "sendDtmf", &json!({"callId": key("316"), "digits": "12#"})).accept("GenerateDigits");
    let generated = |digits: &str| {
        let inner = format!(
            "{}{}<digitGeneratedList>{digits}</digitGeneratedList>",
            xref(1),
            conn("connection", "316", "2101")
        );
        csta("DigitsGeneratedEvent", &inner)
    };
    bed.event(&generated("12#")).event(&generated("9"));
    let entered = format!("{}{}<digits>77</digits>", xref(1), conn("connection", "316", "2101"));
    bed.event(&avaya("EnteredDigitsEvent", &entered));
    bed.command("2101", "dropCall", &of("316")).accept("ClearConnection");
    bed.cleared(1, "316", "2101", "null", "normalClearing");
    bed.keep("incoming", "Incoming calls of a station.");
}

#[test]
fn a_ringing_call_can_be_declined_where_the_switch_lets() {
    let mut bed = Bed::up(&with(&json!({"clears_ringing": true})));
    bed.rings(1, "312", "2101", "0445550100", "2101");
    bed.command("2101", "dropCall", &of("312")).accept("ClearConnection");
    bed.cleared(1, "312", "2101", "null", "normalClearing");
    bed.keep("declined", "3: a ringing call is declined, where the settings say that the switch lets one.");
}

#[test]
fn outgoing_calls() {
    let mut bed = Bed::up(&settings());
    let made = |call: &str| {
        let data =
            private("MakeCallResponsePrivateData", &linked(call).replace("callLinkageData", "acx:callLinkageData"));
        csta("MakeCallResponse", &format!("{}{data}", conn("callingDevice", call, "2101")))
    };
    bed.note("4: made from here over a trunk, answered, ended at the phone. The answer comes before the events.");
    bed.command("2101", "makeCall", &json!({"to": "0445550100", "userData": {"order": "17"}})).target();
    bed.answer("MakeCall", &made("320")).dialled(1, "320", "2101", "0445550100", "makeCall");
    let reached = format!(
        "{}{}{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>{}{}",
        xref(1),
        conn("outboundConnection", "320", "T210#3"),
        subject("networkInterfaceUsed", "T210#3"),
        subject("callingDevice", "2101"),
        subject("calledDevice", "0445550100"),
        local("connected"),
        cause("normal")
    );
    bed.event(&csta("NetworkReachedEvent", &reached)).answered(1, "320", "T210#3", "2101", "0445550100");
    bed.cleared(1, "320", "2101", "null", "normalClearing");

    bed.note("4: the events come before the answer; the number is known by now and not asked for again.");
    bed.command("2101", "makeCall", &json!({"to": "0445550100"})).dialled(1, "321", "2101", "0445550100", "makeCall");
    bed.answer("MakeCall", &made("321")).rings(1, "321", "0445550100", "2101", "0445550100");
    bed.answered(1, "321", "0445550100", "2101", "0445550100");
    bed.cleared(1, "321", "0445550100", "connected", "normalClearing").cleared(
        1,
        "321",
        "2101",
        "null",
        "normalClearing",
    );

    bed.note("5: busy.");
    bed.command("2101", "makeCall", &json!({"to": "2102"})).target().answer("MakeCall", &made("322"));
    bed.dialled(1, "322", "2101", "2102", "makeCall").event(&failed(1, "322", "2102", "2101", "busy"));
    bed.command("2101", "dropCall", &of("322")).accept("ClearConnection");
    bed.cleared(1, "322", "2101", "null", "normalClearing");

    bed.note("6: given up before the answer.");
    bed.command("2101", "makeCall", &json!({"to": "2102"})).answer("MakeCall", &made("323"));
    bed.dialled(1, "323", "2101", "2102", "makeCall").rings(1, "323", "2102", "2101", "2102");
    bed.command("2101", "dropCall", &of("323")).accept("ClearConnection");
    bed.cleared(1, "323", "2101", "null", "callCancelled");

    bed.note("6: dialled at the phone, and nobody answers.");
    bed.dialled(1, "324", "2101", "2102", "newCall").rings(1, "324", "2102", "2101", "2102");
    bed.cleared(1, "324", "2102", "connected", "callNotAnswered").cleared(1, "324", "2101", "null", "normalClearing");

    bed.note("There is no such number: the switch takes the call, and it fails.");
    bed.dialled(1, "325", "2101", "2999", "newCall").event(&failed(1, "325", "2999", "2101", "destNotObtainable"));
    bed.cleared(1, "325", "2101", "null", "normalClearing");

    bed.note("Refused at once.");
    bed.command("2101", "makeCall", &json!({"to": "2998"}));
    bed.refuse("GetThirdPartyDeviceId", "operation", "invalidDeviceID");
    bed.command("2101", "makeCall", &json!({"to": "2102"})).refuse(
        "MakeCall",
        "systemResourceAvailibility",
        "resourceBusy",
    );
    bed.command("2101", "makeCall", &json!({"to": "ten"}));
    bed.command("2101", "makeCall", &json!({"to": "+380445550100"}));
    bed.command("2101", "makeCall", &json!({"to": "2102", "anonymous": true}));
    bed.command("2101", "makeCall", &json!({"to": "2102"}));
    let wrong = bed.take("MakeCall");
    bed.frame(wrong.invoke, &csta("HoldCallResponse", ""));
    bed.command("2101", "makeCall", &json!({"to": "2102"})).wait(11);
    bed.note("Accepted, and no event comes: the switch is asked, and has it.");
    bed.open.clear();
    bed.command("2101", "makeCall", &json!({"to": "2102"})).answer("MakeCall", &made("330")).wait(10);
    bed.calls(&info("330", "2101", "connected", "alerting"));
    bed.answer("SnapshotCall", &parties("330", &[("2101", "connected"), ("2102", "alerting")], "2101", "2102"));
    bed.cleared(1, "330", "2101", "null", "normalClearing");
    bed.keep("outgoing", "Outgoing calls of a station.");
}

#[test]
fn whoever_stays_keeps_the_call() {
    let mut bed = Bed::up(&settings());
    bed.note("16: the other party transfers us; the call gets another id.");
    talking(&mut bed, "312", "2102");
    bed.event(&merged(
        "TransferedEvent",
        1,
        ("312", Some("313"), "313"),
        ("2102", "2103"),
        &["2101", "2103"],
        "connected",
    ));
    bed.cleared(1, "313", "2103", "connected", "normalClearing").cleared(1, "313", "2101", "null", "normalClearing");

    bed.note("It rings here for a consultation, and whoever consults transfers before we answer.");
    bed.rings(1, "315", "2101", "2102", "2101");
    bed.event(&merged(
        "TransferedEvent",
        1,
        ("314", Some("315"), "314"),
        ("2102", "2101"),
        &["2101", "0445550100"],
        "alerting",
    ));
    bed.answered(1, "314", "2101", "0445550100", "2101");

    bed.note("Others make a conference of it.");
    let three = ["2101", "0445550100", "2104"];
    bed.event(&merged("ConferencedEvent", 1, ("314", Some("316"), "317"), ("0445550100", "2104"), &three, "connected"));
    bed.cleared(1, "317", "2101", "null", "normalClearing");
    bed.keep("renamed", "Calls whose id changes while they live.");
}

#[test]
fn queues() {
    let settings = with(&json!({"vdns": ["6200"], "names": {"6200": "Hotline", "7050": "Support"}}));
    let mut bed = Bed::new(&settings);
    bed.line("2101", &json!({}));
    bed.line("2102", &json!({}));
    bed.opened(0).log_in("S-0").devices().idle();
    bed.target();
    bed.answer("MonitorStart", &csta("MonitorStartResponse", &xref(9)));
    bed.note("A call waits at a VDN, then rings at every station of the split; one answers, the others lose it.");
    bed.event(&queued(9, "312", "7050", "0445550100", "6200"));
    bed.rings(1, "312", "2101", "0445550100", "6200").rings(2, "312", "2102", "0445550100", "6200");
    bed.event(&rings(1, "312", "2102", "0445550100", "6200", "alerting"));
    bed.event(&answered(1, "312", "2102", "0445550100", "6200").replace(">connected<", ">alerting<"));
    bed.answered(2, "312", "2102", "0445550100", "6200");
    bed.event(&diverted(1, "312", "2101", "2102", "null", "redirected"));
    bed.cleared(2, "312", "2102", "null", "normalClearing");
    bed.event(&csta("CallClearedEvent", &format!("{}{}", xref(9), conn("clearedCall", "312", "6200"))));

    bed.note("What Avaya says of an ACD call.");
    let more = private(
        "DeliveredEventPrivateData",
        "<acx:trunkGroup>210</acx:trunkGroup><acx:trunkMember>3</acx:trunkMember><acx:acdGroup>7050:CM::0</acx:acdGroup>\
         <acx:userEnteredCode><acx:data>4711</acx:data></acx:userEnteredCode><acx:distributingVDN><deviceIdentifier>6200:CM::0\
         </deviceIdentifier></acx:distributingVDN>",
    );
    let text = rings(1, "313", "2101", "0445550100", "6200", "alerting")
        .replace("<cause>", "<userData><string>6F726465723D31373B6C616E673D756B</string></userData><cause>")
        .replace("</DeliveredEvent>", &format!("{more}</DeliveredEvent>"));
    bed.event(&text).cleared(1, "313", "2101", "null", "callNotAnswered");

    bed.note("Transferred to a VDN: the consultation waits in the queue, and is completed there.");
    talking(&mut bed, "314", "0445550100");
    bed.command("2101", "makeConsultCall", &json!({"callId": key("314"), "to": "6200"})).target();
    bed.consulted("315");
    bed.held(1, "314", "2101").dialled(1, "315", "2101", "6200", "consultation");
    bed.event(&queued(1, "315", "7050", "2101", "6200"));
    bed.command("2101", "transferCall", &pair("314", "315")).accept("TransferCall");
    bed.event(&merged(
        "TransferedEvent",
        1,
        ("314", Some("315"), "315"),
        ("2101", "6200"),
        &["7050", "0445550100"],
        "null",
    ));

    bed.note("Picked up at another station.");
    bed.rings(1, "316", "2101", "0445550100", "2101");
    bed.event(&diverted(1, "316", "2101", "2105", "null", "callPickup"));
    bed.keep("queues", "Splits, skills and VDNs.");
}

#[test]
fn shared_lines() {
    let mut bed = Bed::up(&settings());
    let bridged = |call: &str| {
        let inner = format!(
            "{}{}{}{}{}",
            xref(1),
            conn("bridgedConnection", call, "2101"),
            subject("bridgedAppearance", "2101"),
            local("queued"),
            cause("normal")
        );
        csta("BridgedEvent", &inner)
    };
    bed.note("It rings at two appearances; the other one answers, and this one is idle.");
    bed.rings(1, "312", "2101", "0445550100", "2101");
    bed.event(&bridged("312"));
    bed.note("Later this one joins: that is a new call. It leaves; the other one goes on.");
    bed.answered(1, "312", "2101", "0445550100", "2101");
    bed.note("(It comes shortly after the first one's end, so the switch is asked whether it is true.)");
    bed.calls(&info("312", "2101", "connected", "connected"));
    bed.answer(
        "SnapshotCall",
        &parties("312", &[("2101", "connected"), ("0445550100", "connected")], "0445550100", "2101"),
    );
    bed.event(&bridged("312"));
    bed.note("The switch may tell the same by the other one's answer.");
    bed.rings(1, "313", "2101", "0445550100", "2101");
    bed.event(&answered(1, "313", "2103", "0445550100", "2101").replace(">connected<", ">queued<"));
    bed.keep("shared", "A station with a bridged appearance.");
}

#[test]
fn breaks() {
    let mut bed = Bed::up(&settings());
    bed.note(
        "14: the link breaks with two calls up and a command without an answer. AE Services still know the session.",
    );
    talking(&mut bed, "312", "0445550100");
    consulted(&mut bed, "312", "313");
    bed.command("2101", "alternateCall", &json!({"callId": key("312"), "otherCallId": key("313")}));
    bed.bytes(b"\x00\x00\x01").closed("lost", "connection reset").wait(2).opened(0);
    let text = bed.open[0].text.clone();
    assert!(text.contains("<acx:sessionID>S-0</acx:sessionID>"), "{text}");
    bed.log_in("S-0");
    assert!(!bed.has("GetDeviceId") && !bed.has("MonitorStart"), "they are still there");
    bed.note("One call is held still, one has ended, one is new. What events say meanwhile counts.");
    let infos = format!("{}{}", info("312", "2101", "hold", "connected"), info("314", "2101", "alerting", "connected"));
    bed.calls(&infos);
    bed.answer("SnapshotCall", &parties("312", &[("2101", "hold"), ("0445550100", "connected")], "0445550100", "2101"));
    bed.retrieved(1, "312", "2101");
    bed.answer(
        "SnapshotCall",
        &parties("314", &[("2101", "alerting"), ("0445550101", "connected")], "0445550101", "2101"),
    );
    bed.quiet();

    bed.note("Longer away than the session lives: all is set up anew.");
    bed.closed("lost", "connection reset").wait(90).opened(0).log_in("S-1").devices();
    bed.calls(&info("312", "2101", "connected", "connected"));
    bed.note("19: an event of a call that is not known leads to a question.");
    bed.answer(
        "SnapshotCall",
        &parties("312", &[("2101", "connected"), ("0445550100", "connected")], "0445550100", "2101"),
    );
    bed.quiet();
    bed.held(1, "399", "2101").calls(&info("312", "2101", "connected", "connected"));
    bed.answer("SnapshotCall", &csta("CSTAErrorCode", "<operation>generic</operation>"));

    bed.note("The server's link to the switch goes, and comes back.");
    let status = |status: &str| csta("SystemStatus", &format!("<systemStatus>{status}</systemStatus>"));
    bed.frame(4711, &status("disabled")).command("2101", "holdCall", &of("312")).frame(4712, &status("normal"));
    bed.calls("").quiet();
    bed.keep("breaks", "Links that break with calls up.");
}
