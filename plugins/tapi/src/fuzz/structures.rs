//! Structures that a driver has filled, with anything in them.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_INPUT;
use crate::sys::{names, read, write};
use crate::told::{AgentGroup, Forward, Given, Named, Seen};

/// The longest text that comes of a structure, in UTF-16 units, and the longest list.
const LONGEST_TEXT: usize = 512;
const LONGEST_LIST: usize = 100;

/// The first byte chooses a structure, the others are what a driver has filled it with. What is read is bounded, has no
/// control characters, and can be told and understood again.
///
/// # Panics
/// When it is not.
pub fn structures(input: &[u8]) {
    let input = &input[..input.len().min(MAX_INPUT)];
    let Some((which, bytes)) = input.split_first() else { return };
    match which % 14 {
        0 => {
            let caps = read::device(bytes);
            [&caps.provider, &caps.switch, &caps.name].into_iter().for_each(|text| is_text(text));
            is_told(&caps);
        }
        1 => {
            let address = read::address(bytes);
            is_text(&address.number);
            is_told(&address);
        }
        2 => {
            let info = read::call_info(bytes);
            for party in [&info.caller, &info.called, &info.connected, &info.redirection, &info.redirecting] {
                [&party.number, &party.name].into_iter().flatten().for_each(|text| is_text(text));
            }
            assert!(info.data.len() <= 4_096, "data of an application are bounded");
            is_told(&Seen { call: 1, info: Some(info), status: Some(read::call_status(bytes)) });
        }
        3 => is_told(&read::call_status(bytes)),
        4 => is_told(&read::line_status(bytes)),
        5 => {
            let status = read::address_status(bytes);
            assert!(status.forwards.len() <= LONGEST_LIST, "a list is bounded");
            status.forwards.iter().for_each(|forward| is_text(&forward.to));
            is_written(&status.forwards);
            is_told(&status);
        }
        6 => assert!(read::call_list(bytes).len() <= LONGEST_LIST, "a list is bounded"),
        7 => {
            let status = read::agent_status(bytes);
            is_text(&status.activity_name);
            are_groups(&status.groups);
            is_told(&Given::Agent(status));
        }
        8 => {
            let groups = read::agent_groups(bytes);
            are_groups(&groups);
            is_told(&Given::Groups(groups));
        }
        9 => are_named(read::agent_activities(bytes)),
        10 => are_named(read::providers(bytes)),
        11 => is_text(&read::var_string(bytes)),
        12 => {
            let (_, id, [p1, p2, p3]) = read::message(bytes);
            let words = [names::one("LINE_", id), names::bits("LINECALLFEATURE_", p1), names::error(p2.cast_signed())];
            assert!(words.iter().all(|word| !word.is_empty() && word.len() < 1_024), "{words:?} {p3}");
        }
        _ => {
            let needed = read::needed(bytes);
            assert!(needed.is_none_or(|needed| needed > bytes.len()), "what fits need not grow");
        }
    }
}

fn is_text(text: &str) {
    assert!(text.encode_utf16().count() <= LONGEST_TEXT, "a text is bounded");
    assert!(!text.contains(char::is_control) && text.trim() == text, "{text:?}");
}

fn are_groups(groups: &[AgentGroup]) {
    assert!(groups.len() <= LONGEST_LIST, "a list is bounded");
    groups.iter().for_each(|group| is_text(&group.name));
    // They go back to the agent handler: what is written is read as the same ids.
    let written = read::agent_groups(&write::groups(groups));
    assert!(written.iter().map(|group| group.id).eq(groups.iter().map(|group| group.id)), "{groups:?}");
}

fn are_named(all: Vec<Named>) {
    assert!(all.len() <= LONGEST_LIST, "a list is bounded");
    all.iter().for_each(|one| is_text(&one.name));
    is_told(&Given::Activities(all));
}

/// Forwardings go back to the driver as they came from it: what is written has a size of its own and leads nowhere else.
fn is_written(forwards: &[Forward]) {
    let written = write::forwards(forwards);
    let total = written.first_chunk().map(|size| u32::from_le_bytes(*size));
    assert_eq!(total.map(|size| size as usize), Some(written.len()), "{forwards:?}");
}

/// What one thread tells, the other understands.
fn is_told<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let told = serde_json::to_vec(value).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<T>(&told).ok().as_ref(), Some(value), "it is told as it was read");
}
