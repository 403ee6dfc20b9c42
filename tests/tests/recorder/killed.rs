//! A host that is killed while it records: everything that a client was told is there.

use std::fs;
use std::time::Duration;

use jackfield_tests::host::Setup;

use super::bed::{RECORD, check, client_saw, events, files, folder, library, says};

const TOKEN: &str = "alice-token-0123456789";
/// How often the host is killed: `JACKFIELD_RECORDER_KILLS=100` is the long run.
const KILLS: &str = "JACKFIELD_RECORDER_KILLS";
const FEW: usize = 3;

/// Calls come and go by themselves, as fast as the simulator makes them.
fn config() -> String {
    format!(
        r#"
[[connection]]
id = "sim"
plugin = "simulator"
{RECORD}
[connection.settings.traffic]
calls_per_minute = 6000.0
ring = [0.01, 0.05]
talk = [0.01, 0.1]
hold = [0.01, 0.05]
patience = [0.05, 0.2]
[connection.lines]
robot = true
[[user]]
name = "alice"
role = "admin"
token = "{TOKEN}"
lines = ["sim/101", "sim/102", "sim/103", "sim/104"]
"#
    )
}

#[test]
fn what_a_client_saw_is_in_the_file_however_the_host_ended() {
    let kills = std::env::var(KILLS).ok().and_then(|text| text.parse().ok()).unwrap_or(FEW);
    let mut host = Setup::new(config(), &["simulator"]).start().unwrap();
    let recording = folder(&host, "sim");
    for kill in 0..kills {
        let mut client = host.client(TOKEN).unwrap();
        while client.events.len() < 200 {
            client.read_for(Duration::from_millis(20));
        }
        host.kill();
        // What was on its way to the client when the host ended.
        client.read_for(Duration::from_millis(200));
        check(&recording, &library("simulator"));
        let played = events(&recording, &library("simulator"));
        client_saw(&client.events, &played);
        assert_eq!(files(&recording).len(), kill + 1, "each life has a file of its own");
        host.start_again().unwrap();
    }
}

#[test]
fn a_file_may_end_anywhere() {
    let mut host = Setup::new(config(), &["simulator"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    while client.events.len() < 100 {
        client.read_for(Duration::from_millis(20));
    }
    host.kill();
    let whole = fs::read(&files(&folder(&host, "sim"))[0]).unwrap();
    let cut = host.dir().join("cut.jfrec");
    let all = events(&folder(&host, "sim"), &library("simulator"));
    let mut last = 0;
    for part in 1..=7 {
        let end = whole.len() * part / 7 - usize::from(part < 7);
        fs::write(&cut, &whole[..end]).unwrap();
        let played = events(&cut, &library("simulator"));
        assert!(played.len() >= last && played[..] == all[..played.len()], "cut at {end}");
        last = played.len();
    }
    // One byte is another one: what stands before it is played, and it is said that the rest is not.
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0x55;
    fs::write(&cut, &damaged).unwrap();
    let output = super::bed::jackfield(&["replay", cut.to_str().unwrap(), "--plugin", &library("simulator"), "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("checksum") || said.contains("bytes"), "{said}");
    let count = String::from_utf8_lossy(&output.stdout).lines().count();
    assert!(count > 10 && count < all.len(), "{count} of {}", all.len());
    assert!(
        says(&["replay", folder(&host, "sim").to_str().unwrap(), "--plugin", &library("simulator"), "--check"])
            .contains("0 answered otherwise")
    );
}
