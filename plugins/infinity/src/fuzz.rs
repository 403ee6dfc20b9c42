//! What the fuzz target does with its input: an ordinary function, so that stable tests run it too. Only compiled for
//! tests and with the feature `fuzz`.

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::serde_json::json;
use jackfield_plugin_api::testing::Driver;
use jackfield_plugin_api::{Fact, HttpResponse, RequestId};

use crate::adapter::Infinity;

/// The longest input that is looked at: longer ones find nothing more and take longer.
pub const MAX_INPUT: usize = 16 * 1024;

/// Lines of the input are answers, one after the other, each with the status that its first byte chooses; an empty one
/// lets a second pass, as every line does while nothing is asked. They go to an adapter, and to one that is swapped after
/// each: the facts must be the same.
///
/// # Panics
/// When they are not.
pub fn answers(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    assert_eq!(facts(input, false), facts(input, true), "with and without swaps");
}

fn facts(input: &[u8], swaps: bool) -> Vec<Fact> {
    let settings = json!({"url": "http://infinity.example:10080", "gone_after": 2});
    let Ok(mut driver) = Driver::<Infinity>::new(&settings) else { return Vec::new() };
    assert!(driver.started().and_then(|()| driver.line("101", &json!({"user": "7"}))).is_ok(), "a line");
    let mut facts = Vec::new();
    let mut open = asked(&driver);
    for answer in input.split(|byte| *byte == b'\n') {
        let passes = open.is_empty() || answer.is_empty();
        let Some(request) = (!passes).then(|| open.remove(0)) else {
            assert!(driver.advance(std::time::Duration::from_secs(1)).is_ok(), "time passes");
            facts.extend(driver.facts());
            open.extend(asked(&driver));
            continue;
        };
        let status = match answer.first() {
            Some(b'!') => 406,
            Some(b'?') => 500,
            _ => 200,
        };
        let response = HttpResponse::new(status, Vec::new(), answer);
        assert!(driver.give(&InputFrame::http(request, Ok(response))).is_ok(), "an answer is always taken");
        facts.extend(driver.facts());
        open.extend(asked(&driver));
        if swaps {
            assert!(matches!(driver.swap(&settings), Ok(true)), "a swap");
        }
    }
    facts
}

fn asked(driver: &Driver<Infinity>) -> Vec<RequestId> {
    driver
        .outputs()
        .iter()
        .filter_map(|o| if let Output::Http { request, .. } = o { Some(*request) } else { None })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_sound_and_so_is_what_is_broken_in_them() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/infinity_answers");
        let mut found = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let seed = std::fs::read(file.unwrap().path()).unwrap();
            found += facts(&seed, false).len();
            answers(&seed);
            for at in (0..seed.len()).step_by(13) {
                let mut broken = seed.clone();
                broken[at] = broken[at].wrapping_add(1);
                answers(&broken);
                answers(&seed[..at]);
            }
        }
        assert!(found > 10, "only {found} facts");
    }
}
