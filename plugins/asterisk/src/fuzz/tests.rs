//! The targets without a fuzzer: the seeds, what once failed, and mutations of them that are the same in every run.

use std::fs;
use std::path::PathBuf;

fn inputs(target: &str) -> Vec<Vec<u8>> {
    let mut inputs = Vec::new();
    for kind in ["seeds", "regressions"] {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(kind).join(target);
        // A target may have had no failure yet.
        let Ok(files) = fs::read_dir(&folder) else { continue };
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort_unstable();
        inputs.extend(files.into_iter().map(|file| fs::read(file).unwrap()));
    }
    assert!(!inputs.is_empty(), "seeds of {target}");
    inputs
}

/// A generator of the same numbers in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(number).unwrap_or(0) % limit.max(1)
    }
}

/// Tears inputs apart as broken networks and odd phone systems do: lines lost, doubled, swapped, cut, mixed with those
/// of another input; bytes changed.
fn mutate(inputs: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> =
        inputs[numbers.below(inputs.len())].split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let other: Vec<&[u8]> = inputs[numbers.below(inputs.len())].split_inclusive(|b| *b == b'\n').collect();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(lines.len());
        match numbers.below(7) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 if !lines.is_empty() => lines.insert(at, lines[at].clone()),
            2 if !lines.is_empty() => {
                let with = numbers.below(lines.len());
                lines.swap(at, with);
            }
            3 => lines.truncate(at.max(1)),
            4 if !lines.is_empty() && !lines[at].is_empty() => {
                let byte = numbers.below(lines[at].len());
                lines[at][byte] = u8::try_from(numbers.below(256)).unwrap_or(0);
            }
            5 => {
                let from = numbers.below(other.len());
                let some = other.iter().skip(from).take(1 + numbers.below(40)).map(|line| line.to_vec());
                drop(lines.splice(at..at, some));
            }
            _ => {
                let until = (at + numbers.below(30)).min(lines.len());
                drop(lines.drain(at..until));
            }
        }
    }
    lines.concat()
}

fn run(target: &str, mutations: u32, body: fn(&[u8])) {
    let inputs = inputs(target);
    for input in &inputs {
        body(input);
    }
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for _ in 0..mutations {
        let input = mutate(&inputs, &mut numbers);
        let held = std::panic::catch_unwind(|| body(&input));
        assert!(held.is_ok(), "this input fails:\n{}", input.escape_ascii().to_string().replace("\\n", "\\n\n"));
    }
}

#[test]
fn the_framing_reads_torn_streams_as_a_plain_reading_does() {
    run("ami_framing", 5000, super::framing);
}

#[test]
fn the_adapter_survives_torn_conversations() {
    run("asterisk_adapter", 400, super::adapter);
}
