//! What the switch allows, what it cannot complete, who is inside, and calls that are taken from elsewhere.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by a panic")]

mod common;

use common::*;
use jackfield_plugin_api::{
    CallFact, CallFeatures as F, CallState, CauseCode, ErrorCode, Fact, PartyState, Phase, Scope,
};
use serde_json::json;

/// What was told of a call last.
fn last(bed: &Bed, call: &str) -> CallFact {
    let of_call = |fact: &Fact| match fact {
        Fact::Call(fact) if fact.key.as_str() == key(call) => Some((**fact).clone()),
        Fact::Snapshot(snapshot) => snapshot.calls.iter().find(|fact| fact.key.as_str() == key(call)).cloned(),
        _ => None,
    };
    bed.facts.iter().rev().find_map(of_call).unwrap()
}

/// An event, with what the switch permits after it.
fn permitting(event: &str, services: &[&str]) -> String {
    let each = |name: &&str| format!("<{name}>true</{name}>");
    let (associated, control): (Vec<&str>, Vec<&str>) = services.iter().partition(|name| **name == "generateDigits");
    let all = |names: &[&str]| names.iter().map(each).collect::<String>();
    let permitted = format!(
        "</cause><servicesPermitted><callControlServices>{}</callControlServices><callAssociatedServices>{}\
         </callAssociatedServices><mediaAttachementServices/><routeingServices/><voiceServices/></servicesPermitted>",
        all(&control),
        all(&associated)
    );
    assert!(event.contains("</cause>"));
    event.replace("</cause>", &permitted)
}

#[test]
fn a_call_that_cannot_be_completed_shows_it_before_its_end() {
    let mut bed = Bed::up(&settings());
    bed.note("There is no such number; a tone is heard until the phone is hung up.");
    bed.dialled(1, "325", "2101", "2999", "newCall").event(&failed(1, "325", "2999", "2101", "destNotObtainable"));
    let fact = last(&bed, "325");
    assert_eq!((fact.state, fact.phase), (CallState::Alerting, Some(Phase::None)));
    let cause = fact.cause.unwrap();
    assert_eq!((cause.code, cause.native), (CauseCode::InvalidDestination, Some(json!({"csta": "destNotObtainable"}))));
    let other = fact.participants.unwrap().into_iter().find(|party| !party.local).unwrap();
    assert_eq!((other.number.as_str(), other.state), ("2999", PartyState::Failed));
    assert_eq!(fact.features, Some(F::DROP | F::COMPLETE_TRANSFER | F::CANCEL_TRANSFER | F::ALTERNATE | F::CONFERENCE));
    bed.cleared(1, "325", "2101", "null", "normalClearing");
    assert_eq!(last(&bed, "325").cause.unwrap().code, CauseCode::InvalidDestination);

    bed.note("All trunks are busy: our own end fails.");
    bed.dialled(1, "326", "2101", "0445550100", "newCall").event(&failed(1, "326", "2101", "2101", "trunksBusy"));
    let fact = last(&bed, "326");
    assert_eq!((fact.state, fact.cause.unwrap().code), (CallState::Alerting, CauseCode::NetworkError));
    assert_eq!(fact.participants.unwrap()[0].state, PartyState::Failed);
    bed.cleared(1, "326", "2101", "null", "normalClearing");
    assert_eq!(last(&bed, "326").cause.unwrap().code, CauseCode::NetworkError);

    bed.note("It failed, and coverage takes it all the same.");
    bed.dialled(1, "327", "2101", "2102", "newCall").event(&failed(1, "327", "2102", "2101", "destOutOfOrder"));
    bed.rings(1, "327", "2150", "2101", "2102").answered(1, "327", "2150", "2101", "2102");
    let fact = last(&bed, "327");
    assert_eq!((fact.state, fact.cause), (CallState::Connected, None));
    assert_eq!(fact.participants.unwrap().len(), 2, "the one that failed is no party");
    bed.keep("failing", "Outgoing calls that cannot be completed.");
}

#[test]
fn what_the_switch_permits_is_what_can_be_done() {
    let mut bed = Bed::up(&settings());
    bed.note("A phone that must be lifted; what rings may be declined.");
    let ringing = rings(1, "312", "2101", "0445550100", "2101", "alerting");
    bed.event(&permitting(&ringing, &["clearConnection", "deflectCall", "acceptCall"]));
    assert_eq!(last(&bed, "312").features, Some(F::DROP | F::DEFLECT));
    let talks = answered(1, "312", "2101", "0445550100", "2101");
    bed.event(&permitting(&talks, &["holdCall", "consultationCall", "generateDigits"]));
    assert_eq!(last(&bed, "312").features, Some(F::HOLD | F::MAKE_CONSULT_CALL | F::DTMF));

    bed.note("On hold it may be ended here, though the settings know nothing of it.");
    bed.event(&permitting(&held(1, "312", "2101"), &["retrieveCall", "clearConnection"]));
    assert_eq!(last(&bed, "312").features, Some(F::UNHOLD | F::DROP));
    bed.note("What a pair may do is told with the consultation, and holds for both.");
    bed.event(&initiated(1, "313", "2101", "consultation")).event(&originated(1, "313", "2101", "2102"));
    let both = answered(1, "313", "2102", "2101", "2102");
    bed.event(&permitting(&both, &["clearConnection", "transferCall", "reconnectCall"]));
    assert_eq!(last(&bed, "312").features, Some(F::UNHOLD | F::DROP | F::COMPLETE_TRANSFER | F::CANCEL_TRANSFER));
    assert_eq!(last(&bed, "313").features, Some(F::DROP | F::COMPLETE_TRANSFER | F::CANCEL_TRANSFER));
    bed.command("2101", "dropCall", &of("312")).accept("ClearConnection");
    bed.cleared(1, "312", "2101", "null", "normalClearing");

    bed.note("An event that says nothing of it: what can be done follows from the state.");
    bed.held(1, "313", "2101");
    assert!(last(&bed, "313").features.unwrap().contains(F::UNHOLD | F::CONFERENCE));
    bed.command("2101", "dropCall", &of("313"));
    assert!(!bed.has("ClearConnection"));
    bed.cleared(1, "313", "2101", "null", "normalClearing");

    bed.note("A look at the station tells it as well.");
    bed.event(&csta("BackInServiceEvent", &format!("{}{}", xref(1), subject("device", "2101"))));
    let services = permitting("</cause>", &["answerCall"]).replace("</cause>", "");
    let info = info("314", "2101", "alerting", "connected")
        .replace("</localCallState>", &format!("</localCallState>{services}"));
    bed.calls(&info);
    bed.answer(
        "SnapshotCall",
        &parties("314", &[("2101", "alerting"), ("0445550100", "connected")], "0445550100", "2101"),
    );
    assert_eq!(last(&bed, "314").features, Some(F::ANSWER));
    bed.keep("permitted", "A switch that says what may be done with each call.");
}

#[test]
fn who_is_inside() {
    let lines = [("2101", json!({})), ("2102", json!({}))];
    let mut bed = Bed::up_with(&with(&json!({"internal_digits": [4], "recorders": ["0800"]})), &lines);
    bed.note("A call between two lines; a call from outside; one of which nothing is known.");
    bed.rings(1, "312", "2101", "2102", "2101");
    assert_eq!(last(&bed, "312").scope, Some(Scope::Internal));
    bed.cleared(1, "312", "2101", "null", "normalClearing");
    bed.rings(1, "313", "2101", "0445550100", "2101");
    assert_eq!(last(&bed, "313").scope, None);
    bed.cleared(1, "313", "2101", "null", "normalClearing");
    bed.note("By the length of its number; a conference with somebody of another length is not internal.");
    bed.dialled(1, "314", "2101", "2999", "newCall").rings(1, "314", "2999", "2101", "2999");
    bed.answered(1, "314", "2999", "2101", "2999");
    assert_eq!(last(&bed, "314").scope, Some(Scope::Internal));
    let three = ["2101", "2999", "0445550100"];
    bed.event(&merged("ConferencedEvent", 1, ("314", None, "314"), ("2999", "0445550100"), &three, "connected"));
    assert_eq!(last(&bed, "314").scope, Some(Scope::Unknown));

    // Without the setting, only lines are known to be the switch's own.
    let mut bed = Bed::up_with(&settings(), &lines);
    bed.dialled(1, "315", "2101", "2999", "newCall");
    assert_eq!(last(&bed, "315").scope, None);
    bed.cleared(1, "315", "2101", "null", "normalClearing");
    bed.dialled(1, "316", "2101", "2102", "newCall");
    assert_eq!(last(&bed, "316").scope, Some(Scope::Internal));
    bed.close_line("2102");
    bed.rings(1, "316", "2102", "2101", "2102");
    assert_eq!(last(&bed, "316").scope, Some(Scope::Unknown), "it is no line any more");
}

/// The refusal of the last command.
fn refusal(bed: &mut Bed) -> ErrorCode {
    bed.driver.answers().pop().unwrap().result.unwrap_err().code
}

#[test]
fn calls_are_picked_up() {
    let mut bed = Bed::up(&settings());
    bed.note("It rings at 2105; the switch says which call that is, and it is taken.");
    bed.command("2101", "pickupCall", &json!({"target": "2105"})).target();
    let infos =
        format!("{}{}", info("311", "2105", "connected", "connected"), info("312", "2105", "alerting", "connected"));
    bed.calls(&infos);
    let sent = bed.take("DirectedPickupCall");
    assert!(sent.text.contains("<callID>312</callID>") && sent.text.contains("2105:CM::0"), "{}", sent.text);
    let picked = conn("pickedCall", "312", "2101");
    bed.frame(sent.invoke, &csta("DirectedPickupCallResponse", &picked));
    bed.event(&answered(1, "312", "2101", "0445550100", "2105").replace(">normal<", ">callPickup<"));
    let fact = last(&bed, "312");
    assert_eq!((fact.state, fact.called.unwrap().number.as_str()), (CallState::Connected, "2105"));
    assert!(fact.command.is_some(), "whose command it was");
    bed.cleared(1, "312", "2101", "null", "normalClearing");

    bed.note("Nothing rings there; the switch refuses; it is silent; no station is named.");
    bed.command("2101", "pickupCall", &json!({"target": "2105"})).calls(&info("311", "2105", "connected", "connected"));
    assert_eq!(refusal(&mut bed), ErrorCode::NothingToPickUp);
    bed.command("2101", "pickupCall", &json!({"target": "2105"}));
    bed.refuse("SnapshotDevice", "operation", "privilegeViolationSpecifiedDevice");
    assert_eq!(refusal(&mut bed), ErrorCode::Forbidden);
    bed.command("2101", "pickupCall", &json!({"target": "2105"})).calls(&info("312", "2105", "alerting", "connected"));
    bed.refuse("DirectedPickupCall", "stateIncompatibility", "noCallToAnswer");
    assert_eq!(refusal(&mut bed), ErrorCode::InvalidCallState);
    bed.command("2101", "pickupCall", &json!({"target": "2105"})).wait(11);
    assert_eq!(refusal(&mut bed), ErrorCode::Timeout);
    bed.open.clear();
    bed.command("2101", "pickupCall", &json!({}));
    assert_eq!(refusal(&mut bed), ErrorCode::CommandNotSupported);
    bed.keep("picked-up", "Calls that ring at another station are taken.");
}
