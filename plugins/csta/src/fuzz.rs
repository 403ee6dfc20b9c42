//! What the fuzz targets do with their input: ordinary functions, so that stable tests run them too. Only compiled for
//! tests and with the feature `fuzz`.

use crate::Message;
use crate::dialect::{AVAYA, DIALECTS};
use crate::frame::{Framer, encode};

/// The longest input that is looked at: longer ones find nothing more and take longer.
pub const MAX_INPUT: usize = 70 * 1024;

/// Cuts the input into frames, however it is cut before, and writes them again: the bytes must be the same.
///
/// # Panics
/// When they are not.
pub fn framing(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    let cut = usize::from(input.first().copied().unwrap_or(1)).max(1);
    let (whole, ended) = frames(input, input.len().max(1));
    assert_eq!((&whole, ended), (&frames(input, cut).0, frames(input, cut).1), "cut into pieces of {cut} bytes");
    let mut again = Vec::new();
    for (invoke, body) in &whole {
        let mut frame = encode(*invoke, "").unwrap_or_default();
        let length = u16::try_from(body.len() + frame.len()).unwrap_or_default();
        frame[2..4].copy_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(body);
        again.extend(frame);
    }
    assert!(input.starts_with(&again), "what was read is not what was written");
}

fn frames(input: &[u8], cut: usize) -> (Vec<(u16, Vec<u8>)>, bool) {
    let (mut framer, mut all) = (Framer::default(), Vec::new());
    for piece in input.chunks(cut) {
        framer.push(piece);
        loop {
            match framer.next_frame() {
                Ok(Some(frame)) => all.push((frame.invoke, frame.body.to_vec())),
                Ok(None) => break,
                Err(_) => return (all, true),
            }
        }
    }
    (all, false)
}

/// Reads the input as a message, writes it in every dialect, and reads it again: it must be the same.
///
/// # Panics
/// When it is not.
pub fn xml(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    let text = String::from_utf8_lossy(input);
    let Ok(message) = Message::parse(&text) else { return };
    if matches!(message, Message::Other(_)) {
        return;
    }
    let written = message.write(&AVAYA);
    let again = Message::parse(&written);
    assert!(again.is_ok(), "cannot read what was written: {written}");
    let Ok(again) = again else { return };
    // Once more: what the first reading has left out or mended is the same from then on.
    assert_eq!(again.write(&AVAYA), written, "written again");
    for dialect in DIALECTS {
        assert_eq!(Message::parse(&again.write(dialect)).as_ref(), Ok(&again), "in the dialect {}", dialect.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(target: &str) -> Vec<Vec<u8>> {
        let folder = format!("{}/../../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }

    #[test]
    fn the_seeds_are_sound_and_so_is_what_is_broken_in_them() {
        let mut read = 0;
        for seed in seeds("csta_framing") {
            read += frames(&seed, seed.len()).0.len();
            for at in (0..seed.len()).step_by(7) {
                let mut broken = seed.clone();
                broken[at] = broken[at].wrapping_add(1);
                framing(&broken);
                framing(&seed[..at]);
            }
        }
        for seed in seeds("csta_xml") {
            read += usize::from(Message::parse(&String::from_utf8_lossy(&seed)).is_ok());
            for at in (0..seed.len()).step_by(13) {
                let mut broken = seed.clone();
                broken[at] = broken[at].wrapping_add(1);
                xml(&broken);
                xml(&seed[..at]);
            }
        }
        assert!(read > 15, "only {read} can be read");
    }

    /// SplitMix64: the same numbers in every run.
    fn next(state: &mut u64) -> usize {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 16).unwrap()
    }

    /// A few changes: a byte, a piece left out, doubled, or taken from another seed.
    fn mutated(seeds: &[Vec<u8>], state: &mut u64) -> Vec<u8> {
        let mut bytes = seeds[next(state) % seeds.len()].clone();
        for _ in 0..=next(state) % 4 {
            if bytes.is_empty() {
                break;
            }
            let (from, length) = (next(state) % bytes.len(), next(state) % 60);
            let piece = from..(from + length).min(bytes.len());
            match next(state) % 4 {
                0 => bytes[from] = next(state).to_le_bytes()[0],
                1 => drop(bytes.drain(piece)),
                2 => {
                    let copy = bytes[piece].to_vec();
                    bytes.splice(from..from, copy);
                }
                _ => {
                    let other = &seeds[next(state) % seeds.len()];
                    let at = next(state) % other.len().max(1);
                    let copy = other[at..(at + length).min(other.len())].to_vec();
                    bytes.splice(piece, copy);
                }
            }
        }
        bytes
    }

    /// How many of each kind; `JACKFIELD_MUTATIONS` in the environment says otherwise.
    #[test]
    fn mutations_of_the_seeds_do_no_harm() {
        let rounds = std::env::var("JACKFIELD_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
        let (framings, xmls) = (seeds("csta_framing"), seeds("csta_xml"));
        let (mut state, mut read) = (1, 0);
        for _ in 0..rounds {
            framing(&mutated(&framings, &mut state));
            let text = mutated(&xmls, &mut state);
            read += u32::from(Message::parse(&String::from_utf8_lossy(&text)).is_ok());
            xml(&text);
        }
        assert!(read > rounds / 50, "{read} of {rounds} can be read");
    }
}
