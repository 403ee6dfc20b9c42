//! Streams that stop for a command, and what is said meanwhile.

use jackfield_plugin_api::testing::Answer;
use jackfield_plugin_api::{ErrorCode, Fact};

use super::{Bed, Names, events, messages, say, trace};

/// The facts since the last question, as lines.
pub(crate) fn facts(bed: &mut Bed, names: &mut Names) -> Vec<String> {
    bed.facts().iter().map(|fact| say(fact, names)).collect()
}

/// The key of the call that a fact told last, on line 101.
pub(crate) fn key(bed: &mut Bed) -> String {
    let line = bed.line("101");
    let found = bed.facts().into_iter().rev().find_map(|fact| match fact {
        Fact::Call(call) if call.line == line => Some(call.key.to_string()),
        _ => None,
    });
    found.expect("a call on line 101")
}

pub(crate) fn refused(answers: &[Answer]) -> (ErrorCode, &str) {
    match answers {
        [Answer { result: Err(error), .. }] => (error.code, &error.text),
        other => panic!("one refusal is expected: {other:?}"),
    }
}

/// A recorded stream that stops before the message which holds `needle`; the rest comes back.
pub(crate) fn play_until(bed: &mut Bed, name: &str, needle: &str) -> Vec<String> {
    let all = messages(&events(&trace(name)));
    let at = all.iter().position(|m| m.contains(needle)).unwrap();
    all[..at].iter().for_each(|m| bed.receive(m.as_bytes()));
    all[at..].to_vec()
}

/// A connected call of line 101 from outside; its key.
pub(crate) fn connected(bed: &mut Bed) -> String {
    play_until(bed, "mute-audio.ami", "Event: BridgeLeave");
    key(bed)
}

pub(crate) fn one(actions: Vec<String>) -> String {
    assert_eq!(actions.len(), 1, "{actions:?}");
    actions.into_iter().next().unwrap()
}

/// The facts since the last question, each call with a new letter.
pub(crate) fn said(bed: &mut Bed) -> Vec<String> {
    facts(bed, &mut Names::default())
}
