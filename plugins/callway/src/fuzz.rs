//! What the fuzz target does with its input: an ordinary function, so that stable tests run it too. Only compiled for
//! tests and with the feature `fuzz`.

use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{Fact, serde_json::json};

use crate::adapter::Callway;
use crate::wire::{Block, Framer};

/// The longest input that is looked at: longer ones find nothing more and take longer.
pub const MAX_INPUT: usize = 16 * 1024;

/// Cuts the input into blocks, however it is cut before; and gives it to an adapter that is logged in, twice: once whole,
/// once in pieces and with a swap between them. The facts must be the same.
///
/// # Panics
/// When they are not.
pub fn messages(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    let cut = usize::from(input.first().copied().unwrap_or(1)).max(1);
    assert_eq!(blocks(input, input.len().max(1)), blocks(input, cut), "blocks, cut into pieces of {cut} bytes");
    assert_eq!(
        facts(input, input.len().max(1), false),
        facts(input, cut, true),
        "facts, cut into pieces of {cut} bytes"
    );
}

fn blocks(input: &[u8], cut: usize) -> Vec<String> {
    let (mut framer, mut all) = (Framer::default(), Vec::new());
    for piece in input.chunks(cut) {
        framer.push(piece);
        while let Ok(Some(block)) = framer.next() {
            let text = String::from_utf8_lossy(block).into_owned();
            let _ = Block::read(&text).message();
            all.push(text);
        }
    }
    all
}

fn facts(input: &[u8], cut: usize, swaps: bool) -> Vec<Fact> {
    let settings = json!({"host": "h", "login": "cti", "password": "x", "ring_back_caller_id": "asterisk"});
    let Ok(mut driver) = Driver::<Callway>::new(&settings) else { return Vec::new() };
    let given = driver.started().and_then(|()| driver.line("210", &json!({}))).and_then(|_| driver.opened(0));
    let login = b"Message: AuthorizationResponse\r\nAuthorizationResult: Success\r\n\r\n";
    assert!(given.and_then(|()| driver.received(0, login)).is_ok(), "the login");
    let mut facts = Vec::new();
    for piece in input.chunks(cut) {
        assert!(driver.received(0, piece).is_ok(), "bytes are always taken");
        facts.extend(driver.facts());
        if swaps {
            assert!(matches!(driver.swap(&settings), Ok(true)), "a swap");
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_sound_and_so_is_what_is_broken_in_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/callway_messages");
        let mut read = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let seed = std::fs::read(file.unwrap().path()).unwrap();
            read += blocks(&seed, seed.len()).len();
            messages(&seed);
            for at in (0..seed.len()).step_by(11) {
                let mut broken = seed.clone();
                broken[at] = broken[at].wrapping_add(1);
                messages(&broken);
                messages(&seed[..at]);
            }
        }
        assert!(read > 20, "only {read} messages can be read");
    }
}
