//! Somebody sets the machine's clock while a connection is recorded.

use jackfield_tests::clock::Clock;
use jackfield_tests::host::Setup;

use super::bed::{RECORD, check, client_saw, events, folder, library, says};
use super::simulated::{TOKEN, command, config, talk};

#[test]
fn a_clock_that_is_set_is_played_again_as_it_went() {
    let Some(clock) = Clock::new().unwrap() else { return };
    let mut setup = Setup::new(config(RECORD), &["simulator"]);
    setup.env = clock.env();
    let mut host = setup.start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("initialized", "sim/101").unwrap();
    let mut seen = Vec::new();
    let mut calls = Vec::new();
    for off in [0, -3_600, 7_200, 1, -86_400 * 3] {
        clock.set(off).unwrap();
        calls.push(talk(&mut client, "sim/101"));
    }
    let recording = folder(&host, "sim");
    let path = recording.to_str().unwrap();
    let simulator = library("simulator");
    // Set back by days: a file holds more than was asked for, not less.
    let fault = host.dir().join("fault.jfrec");
    command(&host, &["record", "cut", "sim", "--last", "10m", "-o", fault.to_str().unwrap()]);
    assert!(check(&fault, &simulator) > 20);
    client_saw(&client.events, &events(&fault, &simulator));
    seen.append(&mut client.events);

    // It dies, and starts again two days before its files began.
    host.kill();
    clock.set(-86_400 * 5).unwrap();
    host.start_again().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    client.named("initialized", "sim/102").unwrap();
    calls.push(talk(&mut client, "sim/102"));
    seen.append(&mut client.events);
    assert!(host.stop().unwrap().success());
    assert!(check(&recording, &simulator) > 20);
    let played = events(&recording, &simulator);
    client_saw(&seen, &played);
    for call in calls {
        let why = says(&["explain", call.as_str().unwrap(), path]);
        assert!(why.contains("callStarted") && why.contains("callFinished"), "{call}: {why}");
        assert!(!why.contains("not published then"), "{why}");
    }
}
