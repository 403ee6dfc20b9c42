//! Every script in `tests/conversations` goes as it is written, also with the adapter replaced after every input, and with
//! streams that come byte by byte and a replacement every now and then (after every byte with `JACKFIELD_EACH_BYTE=1` in the
//! environment, which takes minutes).

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use jackfield_plugin_api::testing::{Swaps, same_with_swaps, script};
use jackfield_plugin_avaya::Avaya;

#[test]
fn the_conversations_go_as_written() {
    let folder = format!("{}/tests/conversations", env!("CARGO_MANIFEST_DIR"));
    let each_byte = std::env::var_os("JACKFIELD_EACH_BYTE").is_some();
    let bytes = if each_byte { Swaps::EACH_BYTE } else { Swaps::every(211).cut(1) };
    let mut played = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let script = std::fs::read_to_string(&path).unwrap();
        let said = script::play::<Avaya>(&script).unwrap();
        let wrong = script.lines().zip(said.lines()).find(|(expected, said)| expected != said);
        assert!(said == script, "{}: expected, and said: {wrong:#?}", path.display());
        let lines = |swaps| match script::play_with::<Avaya>(&script, swaps) {
            Ok(played) => played.lines().map(str::to_owned).collect(),
            Err(error) => vec![error],
        };
        same_with_swaps(&[Swaps::EACH_INPUT, bytes], lines).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        played += 1;
    }
    assert!(played >= 15, "{played} conversations");
}
