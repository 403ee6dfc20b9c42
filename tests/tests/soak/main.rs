//! A day in a few seconds: four phone systems on one host, phones and clients doing whatever comes to their minds,
//! and somebody who pulls plugs, breaks messages, kills adapters and changes them. At the end everybody hangs up, and
//! then nothing may be left: not in the tables, not in the history, not in the host.
//!
//! `JACKFIELD_SOAK=600` lets it go on for so many seconds, `JACKFIELD_SOAK_SEED` begins another day.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

mod bed;
mod chance;
mod clients;
mod hands;
mod remains;
mod systems;
mod trouble;

use std::time::{Duration, Instant};

use bed::Bed;
use chance::Chance;

/// How long the day is, in seconds, unless somebody asks for more.
const SHORT: u64 = 12;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn after_a_day_of_calls_and_troubles_nothing_is_left() {
    let seconds = asked("JACKFIELD_SOAK").unwrap_or(SHORT);
    let seed = asked("JACKFIELD_SOAK_SEED").unwrap_or(20_261_201);
    let mut chance = Chance::new(seed);
    let mut bed = Bed::start();
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(seconds) {
        for _ in 0..20 {
            bed.move_a_phone(&mut chance);
            bed.clients.command(&mut chance);
            bed.clients.read();
        }
        bed.trouble(&mut chance);
    }
    bed.quiet();
    let told = bed.judge();
    jackfield_tests::scenarios::show(&format!("seed {seed}, {seconds} s: {told}"));
}
