//! The journal: nothing is lost between the end that writes and the end that reads.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use proptest::prelude::*;

use super::super::journal::{Head, Tail, found, waiting};

const PLENTY: u64 = 1 << 40;

fn ends(folder: &Path) -> (Tail, Head) {
    let there = found(folder).unwrap();
    let numbers = there.into_iter().next().map(|(_, numbers)| numbers).unwrap_or_default();
    let next = numbers.last().map_or(0, |last| last + 1);
    let oldest = Arc::new(AtomicU64::new(next));
    let head = Head::new(folder, "sim", &numbers, next, Arc::clone(&oldest));
    (Tail::new(folder, "sim", next, oldest, PLENTY), head)
}

fn read(head: &mut Head, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    head.read(most, |line| lines.push(String::from_utf8_lossy(line).into_owned())).unwrap();
    lines
}

#[derive(Debug, Clone)]
enum Op {
    /// Appends a line so long.
    Append(usize),
    /// Reads up to so many, and has them committed or not.
    Read(usize, bool),
    /// The process is killed, and starts again.
    Die,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        1 => (0usize..900_000).prop_map(Op::Append),
        8 => (0usize..300).prop_map(Op::Append),
        4 => (1usize..20, any::<bool>()).prop_map(|(most, done)| Op::Read(most, done)),
        1 => Just(Op::Die),
    ];
    proptest::collection::vec(op, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens, lines come out in their order, none is missing, and only those come twice that were not
    /// committed.
    #[test]
    fn every_line_comes_out(ops in ops()) {
        let folder = tempfile::tempdir().unwrap();
        let (mut tail, mut head) = ends(folder.path());
        let (mut written, mut committed) = (0usize, 0usize);
        for op in ops {
            match op {
                Op::Append(length) => {
                    let filler = "x".repeat(length);
                    tail.append(format!("{written} {filler}\n").as_bytes()).unwrap();
                    written += 1;
                }
                Op::Read(most, done) => {
                    let lines = read(&mut head, most);
                    for (offset, line) in lines.iter().enumerate() {
                        let number: usize = line.split(' ').next().unwrap().parse().unwrap();
                        prop_assert_eq!(number, committed + offset);
                    }
                    if done {
                        committed += lines.len();
                        head.done();
                    } else {
                        head.again();
                    }
                }
                Op::Die => (tail, head) = ends(folder.path()),
            }
        }
        let rest = read(&mut head, usize::MAX);
        prop_assert_eq!(rest.len(), written - committed);
    }
}

#[test]
fn what_is_in_the_database_takes_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let (mut tail, mut head) = ends(folder.path());
    let line = format!("{}\n", "x".repeat(100_000));
    for _ in 0..200 {
        tail.append(line.as_bytes()).unwrap();
        read(&mut head, usize::MAX);
        head.done();
    }
    let segments = found(folder.path()).unwrap();
    assert_eq!(segments[0].1.len(), 1, "20 MB went through: {segments:?}");
    head.remove();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn only_so_much_may_wait_and_what_does_not_fit_waits_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let oldest = Arc::new(AtomicU64::new(0));
    let mut head = Head::new(folder.path(), "sim", &[], 0, Arc::clone(&oldest));
    let mut tail = Tail::new(folder.path(), "sim", 0, oldest, 8 * 1024 * 1024);
    let line = |number: usize| format!("{number} {}\n", "x".repeat(500_000));
    let mut refused = 0;
    for number in 0..30 {
        refused += usize::from(tail.append(line(number).as_bytes()).is_err());
    }
    assert!(refused > 0 && tail.is_behind() && tail.lost == 0, "{refused} of 30 lines wait in memory");
    let mut seen = 0;
    while seen < 30 {
        let lines = read(&mut head, usize::MAX);
        assert!(!lines.is_empty(), "{seen} of 30");
        for line in lines {
            assert!(line.starts_with(&format!("{seen} ")), "line {seen}");
            seen += 1;
        }
        head.done();
        // There is room again.
        let _ = tail.flush();
    }
    assert!(!tail.is_behind());
}

#[test]
fn a_line_that_was_cut_off_by_the_end_of_the_machine_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut tail, _) = ends(folder.path());
    tail.append(b"one\ntwo\nthr").unwrap();
    let (mut tail, mut head) = ends(folder.path());
    tail.append(b"four\n").unwrap();
    assert_eq!(read(&mut head, 10), ["one", "two", "four"]);
}

/// What is in the database does not lie here for ever, however little is told.
#[test]
fn an_old_segment_goes_once_the_database_has_it_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let (mut tail, mut head) = ends(folder.path());
    tail.age = std::time::Duration::ZERO;
    let numbers = || found(folder.path()).unwrap()[0].1.clone();
    for line in ["one\n", "two\n", "three\n"] {
        tail.append(line.as_bytes()).unwrap();
    }
    assert_eq!(numbers(), [0, 1], "what waits is in as few segments as ever");
    assert_eq!(waiting(folder.path()), 14);
    assert_eq!(read(&mut head, 2), ["one", "two"]);
    head.done();
    assert_eq!(waiting(folder.path()), 6);
    assert_eq!(read(&mut head, 10), ["three"]);
    head.done();
    assert_eq!((numbers(), waiting(folder.path())), (vec![1], 0));
    tail.append(b"four\n").unwrap();
    assert_eq!(read(&mut head, 10), ["four"]);
    head.done();
    assert_eq!(numbers(), [2]);
}

/// The mark of how far the database has come is written over, never emptied, and read as it was written before.
#[test]
fn the_mark_is_always_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("sim.done");
    let (mut tail, mut head) = ends(folder.path());
    tail.append(b"one\n").unwrap();
    assert_eq!(read(&mut head, 10), ["one"]);
    head.done();
    let length = fs::metadata(&mark).unwrap().len();
    tail.append(b"two\n").unwrap();
    assert_eq!(read(&mut head, 10), ["two"]);
    head.done();
    assert_eq!(fs::metadata(&mark).unwrap().len(), length);
    assert_eq!(read(&mut ends(folder.path()).1, 10), [""; 0], "it goes on behind the mark");
    fs::write(&mark, "0 4\n").unwrap();
    assert_eq!(read(&mut ends(folder.path()).1, 10), ["two"], "of a version before");
}
