//! What all of these tests need: recordings, and the commands that read them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jackfield_tests::build::{self, Version};
use jackfield_tests::host::Host;
use serde_json::Value;

/// The table that turns recording on.
pub(crate) const RECORD: &str = "[connection.record]\nmib = 16\n";

/// The folder of a connection's recording.
pub(crate) fn folder(host: &Host, connection: &str) -> PathBuf {
    host.dir().join("recorder").join(connection)
}

/// The files of a recording, oldest first.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    files
}

/// All bytes of a recording.
pub(crate) fn bytes(folder: &Path) -> Vec<u8> {
    files(folder).iter().flat_map(|file| fs::read(file).unwrap()).collect()
}

/// Runs `jackfield` with these arguments.
pub(crate) fn jackfield(arguments: &[&str]) -> Output {
    let program = build::jackfield(Version::Present).unwrap();
    Command::new(program).args(arguments).env("NO_COLOR", "1").env_remove("JACKFIELD_CONFIG").output().unwrap()
}

/// The same; what it prints, when it ends well.
pub(crate) fn says(arguments: &[&str]) -> String {
    let output = jackfield(arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "jackfield {arguments:?} ended with {}\n{out}{err}", output.status);
    out.into_owned()
}

/// The path of a plugin's library.
pub(crate) fn library(plugin: &str) -> String {
    build::library(plugin, Version::Present).unwrap().to_str().unwrap().to_owned()
}

/// Plays a recording again: every answer and every event must be as they were. How many events there were.
pub(crate) fn check(recording: &Path, library: &str) -> u64 {
    let told = says(&["replay", recording.to_str().unwrap(), "--plugin", library, "--check", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["different"], 0, "{told}");
    assert_eq!(told["otherEvents"], 0, "{told}");
    assert!(told["inputs"].as_u64().unwrap() > 0, "{told}");
    told["events"].as_u64().unwrap()
}

/// The events of a recording as they are played again.
pub(crate) fn events(recording: &Path, library: &str) -> Vec<Value> {
    let told = says(&["replay", recording.to_str().unwrap(), "--plugin", library, "--json"]);
    told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The numbered events of the lines, line by line: what a client sees of each is in order, of several it need not be.
pub(crate) fn of_lines(events: &[Value]) -> Vec<Value> {
    let numbered = |event: &&Value| {
        let params = &event["params"];
        params["line"].is_string()
            && params["seq"].is_u64()
            && params["resent"] != true
            && event["method"] != "rawMessage"
    };
    let mut events: Vec<Value> = events.iter().filter(numbered).cloned().collect();
    let place = |event: &Value| {
        let params = &event["params"];
        let number = |key: &str| params[key].as_u64().unwrap_or_default();
        (params["line"].as_str().unwrap_or_default().to_owned(), number("epoch"), number("seq"))
    };
    events.sort_by_key(place);
    events
}

/// Where an event stands: its line, epoch and number.
fn place(event: &Value) -> [String; 3] {
    ["line", "epoch", "seq"].map(|key| event["params"][key].to_string())
}

/// Every event that the client saw is played again as it was.
pub(crate) fn client_saw(seen: &[Value], played: &[Value]) {
    let seen = of_lines(seen);
    assert!(!seen.is_empty());
    // Another life of the host may have begun with the same numbers.
    let mut there: HashMap<[String; 3], Vec<Value>> = HashMap::new();
    for event in of_lines(played) {
        there.entry(place(&event)).or_default().push(event);
    }
    for event in &seen {
        let found = there.get(&place(event)).map(Vec::as_slice).unwrap_or_default();
        assert!(found.contains(event), "{event} is not played; there is {found:?}");
    }
}
