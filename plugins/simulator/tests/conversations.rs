//! Conversations with the simulator, one file per subject.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use jackfield_plugin_api::testing::script;
use jackfield_plugin_simulator::Simulator;

#[test]
fn the_conversations_go_as_written() {
    let folder = format!("{}/tests/conversations", env!("CARGO_MANIFEST_DIR"));
    let mut scripts: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    let failures: Vec<String> = scripts.iter().filter_map(|path| script::check::<Simulator>(path).err()).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
