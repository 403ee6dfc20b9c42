//! Runners that are killed from outside, and a host that is: nothing is left behind.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use jackfield_tests::host::PATIENCE;
use jackfield_tests::library::stripped;
use jackfield_tests::process::{Process, children};
use jackfield_tests::scenarios::show;

use crate::bed::{Bed, Plan};
use crate::remains::resident;

/// How many runners are killed: `JACKFIELD_KILLS=1000` is the long run.
const KILLS: &str = "JACKFIELD_KILLS";
const FEW: usize = 12;

fn kill(process: Process) {
    // It may have ended meanwhile.
    let _ = Command::new("kill").arg("-KILL").arg(process.pid.to_string()).status();
}

fn wait_gone(processes: &BTreeSet<Process>) -> Duration {
    let begin = Instant::now();
    while processes.iter().any(|process| process.lives()) {
        assert!(begin.elapsed() < PATIENCE, "{processes:?} are still there");
        std::thread::sleep(Duration::from_millis(1));
    }
    begin.elapsed()
}

#[test]
fn runners_that_are_killed_under_load_leave_nothing() {
    let kills = std::env::var(KILLS).ok().and_then(|text| text.parse().ok()).unwrap_or(FEW);
    let mut bed = Bed::start(&Plan::new("process", stripped("hostile").unwrap()));
    let host = bed.host.pid();
    let (mut first, mut longest) = (0, Duration::ZERO);
    for killed in 0..kills {
        // Load: its call changes as fast as it can be said.
        for _ in 0..100 {
            bed.pbx.say("CALL 1 101 555 held");
            bed.pbx.say("CALL 1 101 555 connected");
        }
        let hellos = bed.pbx.hellos();
        let now = children(host);
        let begin = Instant::now();
        now.iter().for_each(|runner| kill(*runner));
        bed.pbx.wait_hello(hellos);
        longest = longest.max(begin.elapsed());
        wait_gone(&now);
        bed.read();
        if killed == kills / 10 {
            first = resident(host);
        }
    }
    bed.bad_came_back();
    bed.as_before("the kills");
    let (last, most) = (resident(host), longest.as_millis());
    show(&format!(
        "| {kills} times every runner killed | host {first} KiB, then {last} KiB | back after {most} ms at most |"
    ));
    // What a loss costs the host is not kept: a kilobyte each would be seen in the long run.
    assert!(last < first + 16 * 1_024, "the host has grown from {first} to {last} KiB");
}

#[test]
fn no_runner_outlives_its_host() {
    let mut bed = Bed::start(&Plan::new("process", stripped("hostile").unwrap()));
    let runners = children(bed.host.pid());
    assert!(runners.len() >= 2, "{runners:?}");
    // One of them never looks at its socket again.
    bed.pbx.deed("endless-loop");
    bed.host.kill();
    let took = wait_gone(&runners);
    show(&format!("| the host killed | {} runners gone after {} ms |", runners.len(), took.as_millis()));
}
