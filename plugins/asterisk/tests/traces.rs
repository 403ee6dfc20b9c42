//! What a real Asterisk sent, and what the adapter makes of it.
//!
//! `traces/NAME.ami` is recorded, `traces/NAME.facts` is what must come of it: the truth of the scenario in words, then
//! a line for each fact. `traces/NAME.times`, where time matters, has the real reads. A stream gives the same facts
//! however it is cut, and when the adapter is replaced (saved and restored) after every read.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod common;

use common::{Bed, Cut, Names, events, has_times, say, trace};

fn replay(name: &str, cut: Cut, swaps: bool) -> Vec<String> {
    let mut bed = Bed::up();
    bed.swaps = swaps;
    match has_times(name) {
        true => bed.stream_in_time(name),
        false => bed.stream(&events(&trace(&format!("{name}.ami"))), cut),
    }
    bed.wait(3_000);
    let mut names = Names::default();
    bed.facts().iter().map(|fact| say(fact, &mut names)).collect()
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
        let (is, must) = (replay(&name, Cut::Messages, false), expected(&name));
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
            assert_eq!(replay(&name, cut, false), must, "{name}, {cut:?}");
        }
    }
}

#[test]
fn a_hot_swap_after_every_message_does_not_matter() {
    for name in all() {
        assert_eq!(replay(&name, Cut::Messages, true), expected(&name), "{name}");
    }
}
