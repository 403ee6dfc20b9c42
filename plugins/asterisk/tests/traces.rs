//! What a real Asterisk sent, and what the adapter makes of it.
//!
//! `traces/NAME.ami` is recorded, `traces/NAME.facts` is what must come of it: the truth of the scenario in words, then
//! a line for each fact. `traces/NAME.times`, where time matters, has the real reads. A stream gives the same facts
//! however it is cut. When the adapter is replaced on the way, everything that it says is the same: facts, what is sent to
//! Asterisk, timers, log lines.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use std::cell::Cell;

use common::{Bed, Cut, Names, events, has_times, say, settings, trace};
use jackfield_plugin_api::testing::{Swaps, same_with_swaps};
use serde_json::json;

fn play(name: &str, cut: Cut, swaps: Swaps) -> Bed {
    let mut bed = Bed::swapping(&settings(), &json!({}), swaps);
    bed.connect();
    bed.facts();
    match has_times(name) {
        true => bed.stream_in_time(name),
        false => bed.stream(&events(&trace(&format!("{name}.ami"))), cut),
    }
    bed.wait(3_000);
    bed
}

fn replay(name: &str, cut: Cut) -> Vec<String> {
    let mut names = Names::default();
    play(name, cut, Swaps::NEVER).facts().iter().map(|fact| say(fact, &mut names)).collect()
}

fn expected(name: &str) -> Vec<String> {
    let facts = String::from_utf8(trace(&format!("{name}.facts"))).unwrap();
    facts.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(str::to_owned).collect()
}

fn all() -> Vec<String> {
    let folder = format!("{}/tests/traces", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|file| file.unwrap().file_name().into_string().unwrap().strip_suffix(".facts").map(str::to_owned))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn every_trace_gives_the_facts_that_are_true() {
    let mut wrong = Vec::new();
    for name in all() {
        let (is, must) = (replay(&name, Cut::Messages), expected(&name));
        if is != must {
            wrong.push(format!("{name}:\n--- must\n{}\n--- is\n{}", must.join("\n"), is.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn cuts_do_not_matter() {
    for name in all() {
        let must = expected(&name);
        for cut in [Cut::Whole, Cut::Bytes, Cut::Pieces(2048), Cut::Pieces(777)] {
            assert_eq!(replay(&name, cut), must, "{name}, {cut:?}");
        }
    }
}

/// How often the adapter is replaced in each trace when reads are cut into bytes: not after each of some ten thousand, but
/// after every so-manieth, a prime number, so that the places differ from message to message. `JACKFIELD_SWAPS=1` in the
/// environment: after each.
fn sample() -> u64 {
    std::env::var("JACKFIELD_SWAPS").ok().and_then(|n| n.parse().ok()).unwrap_or(499)
}

#[test]
fn a_swap_after_every_message_changes_nothing() {
    for name in all() {
        let swapped = Cell::new(0);
        let same = same_with_swaps(&[Swaps::EACH_INPUT], |swaps| {
            let bed = play(&name, Cut::Messages, swaps);
            swapped.set(bed.driver.swapped());
            bed.all
        });
        assert_eq!(same, Ok(()), "{name}");
        assert!(swapped.get() > 20, "{name}: {} swaps", swapped.get());
    }
}

#[test]
fn a_swap_in_the_middle_of_a_message_changes_nothing() {
    for name in all() {
        let modes = [Swaps::every(sample()).cut(1), Swaps::every(7).cut(1021)];
        assert_eq!(same_with_swaps(&modes, |swaps| play(&name, Cut::Whole, swaps).all), Ok(()), "{name}");
    }
}
