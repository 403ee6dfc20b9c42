//! How fast messages are read: text to types, and bytes to types through frames.
//!
//! `cargo bench -p jackfield-csta --bench parse`; CPU time of this thread, the best of nine rounds.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people at a terminal")]

use std::hint::black_box;
use std::time::Duration;

use jackfield_csta::frame::{Framer, encode};
use jackfield_csta::xml::Tree;
use jackfield_csta::{Message, dialect};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: usize = 9;
const TIMES: usize = 400;

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn best(mut run: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let begin = cpu();
        run();
        best = best.min((cpu() - begin).as_secs_f64());
    }
    best
}

/// The events of the tests' messages: what a server sends all day.
fn events() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.file_stem().unwrap().to_string_lossy().contains("Event"));
    files.sort_unstable();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap().trim_end().to_owned()).collect()
}

fn main() {
    let events = events();
    let bytes: usize = events.iter().map(String::len).sum();
    let megabytes = (bytes * TIMES) as f64 / 1e6;
    let messages = (events.len() * TIMES) as f64;
    println!("{} events, {} bytes each on the average", events.len(), bytes / events.len());
    let show = |what: &str, seconds: f64| {
        println!("{what:<28} {:>6.0} MB/s {:>9.0} messages a CPU second", megabytes / seconds, messages / seconds);
    };
    show(
        "text to a tree",
        best(|| {
            for text in events.iter().cycle().take(events.len() * TIMES) {
                black_box(Tree::parse(text).unwrap());
            }
        }),
    );
    show(
        "text to types",
        best(|| {
            for text in events.iter().cycle().take(events.len() * TIMES) {
                black_box(Message::parse(text).unwrap());
            }
        }),
    );
    let stream: Vec<u8> = events.iter().flat_map(|text| encode(9_999, text).unwrap()).collect();
    show(
        "frames, 2 KiB reads, to types",
        best(|| {
            let mut framer = Framer::default();
            for _ in 0..TIMES {
                for piece in stream.chunks(2_048) {
                    framer.push(piece);
                    while let Some(frame) = framer.next_frame().unwrap() {
                        black_box(Message::parse(std::str::from_utf8(frame.body).unwrap()).unwrap());
                    }
                }
            }
        }),
    );
    let parsed: Vec<_> = events.iter().map(|text| Message::parse(text).unwrap()).collect();
    show(
        "types to text",
        best(|| {
            for message in parsed.iter().cycle().take(events.len() * TIMES) {
                black_box(message.write(&dialect::AVAYA));
            }
        }),
    );
}
