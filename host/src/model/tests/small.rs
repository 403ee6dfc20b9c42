//! The small parts: ids, texts, counters.

use std::collections::BTreeSet;

use jackfield_plugin_api::{CallState, Timestamp};

use super::bench::{Bench, START, busy, dials, fact, hangs_up, held, rings, talks};
use crate::model::limits::{MAX_TEXT, clip, cut};
use crate::model::{CallIds, Changed, Dropped, Repairs, Rule, UuidV7Ids};

#[test]
fn uuids_are_version_7_and_grow() {
    let mut ids = UuidV7Ids::new(7);
    let mut clock = START.millis();
    let mut last = String::new();
    let mut seen = BTreeSet::new();
    for step in 0..20_000_i64 {
        // A clock that stands still, steps back, and goes on.
        clock += match step % 9_000 {
            0 => 1,
            1 => -5,
            _ => 0,
        };
        let id = ids.next(Timestamp::from_millis(clock)).to_string();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "7", "the version");
        assert!("89ab".contains(&id[19..20]), "the variant");
        assert!(id > last, "{id} after {last}");
        assert!(seen.insert(id.clone()));
        last = id;
    }
    let millis = u64::from_str_radix(&last.replace('-', "")[..12], 16).expect("hexadecimal");
    assert!(millis.abs_diff(clock.unsigned_abs()) < 40);
}

#[test]
fn uuids_of_one_seed_are_equal() {
    let (mut one, mut other) = (UuidV7Ids::new(1), UuidV7Ids::new(1));
    assert_eq!(one.next(START), other.next(START));
    assert_ne!(UuidV7Ids::new(2).next(START), UuidV7Ids::new(1).next(START));
}

#[test]
fn uuids_are_laid_out_as_rfc_9562_says() {
    // What SplitMix64 gives for this seed, as published with it.
    let [first, second, third] = [6_457_827_717_110_365_317_u64, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
    let millis = START.millis();
    let text = |counter: u64, random: u64| {
        let tail = random & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        let hex = format!("{millis:012x}7{counter:03x}{tail:016x}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    };
    let mut ids = UuidV7Ids::new(1_234_567);
    assert_eq!(ids.next(START).as_str(), text(first & 0x7ff, second));
    assert_eq!(ids.next(START).as_str(), text((first & 0x7ff) + 1, third), "within one millisecond the counter grows");
}

#[test]
fn an_event_that_tells_of_a_call_carries_it() {
    let mut bench = Bench::up();
    bench.apply(rings("1")).apply(talks("1")).apply(held("1")).apply(dials("2")).apply(busy("2"));
    let mut seen = BTreeSet::new();
    for fact in [talks("2"), hangs_up("2"), fact("1", CallState::Held).muted(true), talks("1"), hangs_up("1")] {
        bench.apply(fact);
        for event in &bench.last {
            let json: serde_json::Value = serde_json::from_str(&event.to_json()).expect("an event is JSON");
            let told = json["params"]["data"]["call"]["callId"].as_str();
            assert_eq!(event.body.call().map(|call| call.id.as_str()), told, "{json}");
            seen.insert(event.method());
        }
    }
    assert!(seen.contains("callFinished") && seen.contains("currentCallChanged") && seen.contains("lineStateChanged"));
}

#[test]
fn texts_are_cut_between_characters() {
    assert_eq!(cut("абв", 3), "а");
    assert_eq!(cut("абв", 6), "абв");
    assert_eq!(clip(&"ä".repeat(MAX_TEXT)).len(), MAX_TEXT);
    let mut bench = Bench::up();
    bench.apply(rings("1"));
    let long = "9".repeat(MAX_TEXT + 5);
    bench.says(fact("1", CallState::Alerting).native_id(long.clone()), "callInfoChanged(A:nativeId)");
    bench.says(fact("1", CallState::Alerting).native_id(long), "");
}

#[test]
fn counters_have_labels_that_differ() {
    let rules: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(rules.len(), Rule::ALL.len());
    let reasons: BTreeSet<&str> = Dropped::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(reasons.len(), Dropped::ALL.len());
    assert_eq!(Repairs::default().total(), 0);
}

#[test]
fn what_changed_is_named() {
    let changed = Changed::STATE | Changed::PARTICIPANTS;
    assert_eq!(changed.names().collect::<Vec<_>>(), ["state", "participants"]);
    assert!(changed.contains(Changed::STATE) && !changed.contains(Changed::ROLE));
    assert!(Changed::NONE.is_empty());
    assert_eq!(changed | Changed::STATE, changed);
}
