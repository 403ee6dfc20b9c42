//! What may be done when (M8, M13.6).

use jackfield_plugin_api::{
    CallFeatures as F, CallState, Capabilities, DeviceState, Direction, LineFact, Participant, PartyState, Phase,
};

use super::bench::{Bench, LINE, busy, conference, consults, dials, everything, fact, held, rings, talks};

const PAIR: F = F::COMPLETE_TRANSFER.with(F::ALTERNATE).with(F::CONFERENCE);

fn line(bench: &Bench) -> u64 {
    let told = bench.log.iter().rev().find(|event| event["method"] == "lineStateChanged").expect("the line spoke");
    told["params"]["data"]["line"]["featuresMask"].as_u64().expect("a mask")
}

#[test]
fn of_a_call_alone() {
    let connected = F::DROP
        | F::HOLD
        | F::MAKE_CONSULT_CALL
        | F::BLIND_TRANSFER
        | F::DTMF
        | F::MUTE
        | F::UNMUTE
        | F::CONFERENCE
        | F::PARK
        | F::RECORD
        | F::VIDEO
        | F::SETUP_TRANSFER
        | F::SET_USER_DATA;
    let conferenced = F::DROP
        | F::HOLD
        | F::MAKE_CONSULT_CALL
        | F::DTMF
        | F::MUTE
        | F::UNMUTE
        | F::CONFERENCE
        | F::RECORD
        | F::SET_USER_DATA;
    let out = |phase| dials("1").phase(phase);
    for (facts, features) in [
        (vec![rings("1")], F::ANSWER | F::DROP | F::DEFLECT),
        (vec![out(Phase::Dialing)], F::DROP),
        (vec![out(Phase::Initiated)], F::DROP | F::DIAL),
        (vec![out(Phase::OwnRinging)], F::DROP | F::ANSWER),
        (vec![out(Phase::Early)], F::DROP | F::DTMF),
        (vec![rings("1"), talks("1")], connected),
        (vec![rings("1"), talks("1").muted(true)], connected.without(F::MUTE)),
        (vec![rings("1"), talks("1").muted(false)], connected.without(F::UNMUTE)),
        (vec![rings("1"), talks("1"), conference("1")], conferenced),
        (vec![rings("1"), talks("1"), held("1")], F::DROP | F::UNHOLD | F::MAKE_CONSULT_CALL | F::SET_USER_DATA),
        (vec![dials("1"), busy("1")], F::DROP | F::RECALL),
        (vec![rings("1"), talks("1").features(F::DROP | F::ANSWER)], F::DROP),
    ] {
        let mut bench = Bench::up();
        for fact in &facts {
            bench.apply(fact.clone());
        }
        assert_eq!(bench.call("A").features, features, "{:?}", facts.last());
        assert_eq!(line(&bench), u64::from(features.bits()), "the line speaks of the current call");
    }
}

#[test]
fn of_a_line_without_a_call() {
    let mut bench = Bench::up();
    assert_eq!(line(&bench), u64::from((F::DIAL | F::PICKUP).bits()));
    bench.says(LineFact::new(LINE).features(F::PICKUP), "L");
    assert_eq!(line(&bench), u64::from(F::PICKUP.bits()));
    bench.says(LineFact::new(LINE).features(F::PICKUP), "");
    bench.says(LineFact::new(LINE).device_state(DeviceState::OutOfService), "L");
    assert_eq!(line(&bench), 0);
    bench.apply(rings("1"));
    assert!(!bench.call("A").features.contains(F::DIAL), "not while there is a call");
}

#[test]
fn what_a_line_cannot_do_its_calls_cannot() {
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    bench.says(LineFact::new(LINE).capabilities(Capabilities::new(F::DROP)), "L(A)");
    assert_eq!(bench.call("A").features, F::DROP);
    bench.says(LineFact::new(LINE).capabilities(everything()), "L(A)");
}

#[test]
fn of_a_consult_pair() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1"));
    assert_eq!(bench.call("A").features, F::CANCEL_TRANSFER, "while the consultation only rings");
    assert_eq!(bench.call("B").features, F::DROP);
    bench.apply(talks("2"));
    assert_eq!(bench.call("A").features, F::DROP | PAIR | F::CANCEL_TRANSFER);
    let consult = bench.call("B").features;
    assert!(consult.contains(PAIR | F::HOLD | F::DTMF) && !consult.contains(F::MAKE_CONSULT_CALL));
    bench.apply(held("2"));
    assert_eq!(bench.call("A").features, F::DROP | F::UNHOLD | F::CANCEL_TRANSFER, "both on hold: take one back");
    bench.apply(talks("1"));
    let primary = bench.call("A").features;
    assert!(primary.contains(PAIR | F::CANCEL_TRANSFER | F::HOLD) && !primary.contains(F::MAKE_CONSULT_CALL));
    assert!(bench.call("B").features.contains(PAIR | F::UNHOLD));
}

#[test]
fn an_early_transfer_where_the_phone_system_can() {
    let mut early = everything();
    early.early_transfer = true;
    let mut bench = Bench::up_with(early);
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(consults("2", "1"));
    assert_eq!(bench.call("A").features, F::CANCEL_TRANSFER | F::COMPLETE_TRANSFER);
    bench.apply(busy("2"));
    assert_eq!(bench.call("A").features, F::CANCEL_TRANSFER);
}

#[test]
fn of_any_held_and_connected_pair() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(rings("2"));
    assert!(!bench.call("A").features.contains(F::ALTERNATE), "it only rings");
    bench.apply(talks("2"));
    assert_eq!(bench.call("A").features, F::DROP | F::UNHOLD | F::MAKE_CONSULT_CALL | F::SET_USER_DATA | PAIR);
    assert!(bench.call("B").features.contains(PAIR));
    assert!(!bench.call("B").features.contains(F::MAKE_CONSULT_CALL));
}

#[test]
fn drop_of_a_pair_only_where_it_means_that_one() {
    let mut together = everything();
    together.drops_one_of_pair = false;
    let mut bench = Bench::up_with(together);
    bench.apply(rings("1")).apply(talks("1"));
    assert!(bench.call("A").features.contains(F::DROP));
    bench.apply(held("1")).apply(consults("2", "1"));
    assert!(!bench.call("B").features.contains(F::DROP), "hanging up may complete the transfer");
    bench.apply(talks("2"));
    assert!(!bench.call("A").features.contains(F::DROP));
    assert!(!bench.call("B").features.contains(F::DROP));
}

#[test]
fn a_consult_pair_of_a_system_that_does_not_know_of_hold_can_be_joined() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(consults("2", "1")).apply(talks("2"));
    assert!(bench.call("A").features.contains(PAIR | F::CANCEL_TRANSFER));
    assert!(bench.call("B").features.contains(PAIR));
}

#[test]
fn a_room_with_two_is_a_connected_call() {
    let two: Vec<Participant> =
        (0..2).map(|n| Participant::new(format!("{n}"), "1", n == 0, PartyState::Connected)).collect();
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    bench.says(conference("1").participants(two), "commutationStarted(A) L(A)");
    assert_eq!(bench.call("A").state, CallState::Connected);
}

#[test]
fn features_untold_by_the_events_of_other_calls_are_told() {
    // A's features change for the length of one fact; whoever follows the stream must end with the right ones.
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1"));
    bench.apply(rings("2")).apply(talks("2")).apply(held("2")).apply(rings("3")).apply(talks("3"));
    bench.apply(super::bench::shows([held("1"), talks("4")]));
}

#[test]
fn a_call_of_unknown_direction_can_be_dropped() {
    let mut bench = Bench::up();
    bench.apply(fact("1", CallState::Alerting));
    assert_eq!(bench.call("A").features, F::DROP);
    bench.says(fact("1", CallState::Alerting).direction(Direction::In), "callInfoChanged(A:direction) L(A)");
}
