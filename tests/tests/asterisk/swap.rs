//! The adapter is replaced at every step of a call, and nobody notices: the scenarios of the other rooms, whose events must
//! come as ever, with a replacement before each command and before each event that is waited for.
//!
//! Beside what a scenario itself expects: no line begins another epoch, no replacement was anything but one that went on, the
//! old adapter (which goes on beside the new one for a while) never said anything else than the new one, and for Asterisk it
//! is the same session of the same socket all the time.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, Pbx, Phone};
use jackfield_tests::host::Host;
use jackfield_tests::proxy::Proxy;
use jackfield_tests::scenarios::show;
use serde_json::Value;

use crate::bed::{Bed, CALLER, L101, TOKEN, config};
use crate::{calls, consultations, queues, transfers, two_calls};

/// How adapters are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// At every step, by a command of the administrator; in this isolation.
    Steps(&'static str),
    /// At every step, from a process of its own into the host, and back.
    Between,
    /// All the time, as fast as it goes, whatever happens meanwhile.
    AllTheTime,
}

thread_local! {
    /// The test on this thread wants replacements.
    static WAY: Cell<Option<Way>> = const { Cell::new(None) };
    /// How many there were, in scenarios that came to their end.
    static SWAPPED: Cell<u64> = const { Cell::new(0) };
}

/// Replaces the adapter of a [`Bed`](crate::bed::Bed).
pub(crate) struct Swapper {
    way: Way,
    config: String,
    /// Asterisk's sessions of our user as they were before.
    sessions: Vec<String>,
    swapped: u64,
    /// How long inputs waited for each, in microseconds, as far as it was told.
    pauses: Vec<u64>,
    /// Who does it all the time, and the word to stop.
    busy: Option<(JoinHandle<u64>, Arc<AtomicBool>)>,
}

/// The configuration with this isolation.
fn isolated(config: &str, isolation: &str) -> String {
    config.replace("\nplugin = ", &format!("{isolation}plugin = "))
}

const PROCESS: &str = "\nisolation = \"process\"\n";
const HOST: &str = "\nisolation = \"host\"\n";

impl Swapper {
    /// The configuration with the isolation that is wanted.
    pub(crate) fn config(config: String) -> String {
        let isolation = match WAY.get() {
            Some(Way::Steps("host")) => HOST,
            Some(_) => PROCESS,
            None => return config,
        };
        isolated(&config, isolation)
    }

    /// `None`: nobody wants it on this thread.
    pub(crate) fn new(host: &Host, pbx: &Pbx, config: String) -> Option<Self> {
        let way = WAY.get()?;
        let busy = (way == Way::AllTheTime).then(|| {
            let stop = Arc::new(AtomicBool::new(false));
            let (stopped, mut command) = (stop.clone(), host.prepared(&["plugins", "swap", "ast"]));
            let swapping = move || {
                let mut swapped = 0;
                while !stopped.load(Ordering::Relaxed) {
                    let output = command.output().unwrap();
                    assert!(output.status.success(), "{output:?}");
                    swapped += 1;
                }
                swapped
            };
            (std::thread::spawn(swapping), stop)
        });
        Some(Self { way, config, sessions: sessions(pbx), swapped: 0, pauses: Vec::new(), busy })
    }

    /// Another adapter goes on.
    pub(crate) fn swap(&mut self, host: &Host) {
        let output = match self.way {
            Way::Steps(_) => host.command(&["plugins", "swap", "ast"]),
            Way::Between => {
                let there = self.config.contains(PROCESS);
                let (from, to) = if there { (PROCESS, HOST) } else { (HOST, PROCESS) };
                self.config = self.config.replace(from, to);
                host.write_config(&self.config).unwrap();
                host.command(&["reload"])
            }
            Way::AllTheTime => return,
        };
        let output = output.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let unnoticed = said.contains("goes on for") || said.contains("unnoticed");
        assert!(output.status.success() && unnoticed, "{output:?}\n{}", host.log());
        self.swapped += 1;
        let pause = said.split("inputs waited ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        self.pauses.extend(pause);
    }

    /// At the end of a scenario: nothing of it could be noticed.
    pub(crate) fn unnoticed(mut self, name: &str, host: &Host, pbx: &Pbx, events: &[Value]) {
        if let Some((busy, stop)) = self.busy.take() {
            stop.store(true, Ordering::Relaxed);
            self.swapped = busy.join().unwrap();
        }
        let epochs: BTreeSet<(&str, u64)> = events
            .iter()
            .filter_map(|e| Some((e["params"]["line"].as_str()?, e["params"]["epoch"].as_u64()?)))
            .collect();
        let lines: BTreeSet<&str> = epochs.iter().map(|(line, _)| *line).collect();
        assert_eq!(epochs.len(), lines.len(), "a line has begun another epoch: {epochs:?}");
        assert_eq!(sessions(pbx), self.sessions, "Asterisk has another session");
        let page = host.metrics(TOKEN).unwrap();
        let outcomes: Vec<&str> =
            page.lines().filter(|l| l.starts_with("cti_adapter_swaps_total") && !l.ends_with(" 0")).collect();
        assert_eq!(outcomes.len(), 1, "{outcomes:#?}");
        assert!(
            outcomes[0].contains("swapped") && outcomes[0].ends_with(&format!(" {}", self.swapped)),
            "{outcomes:?}"
        );
        let log = host.log();
        // For who wants to read it: docs/hot-swap.md shows one.
        if let Some(file) = std::env::var_os("JACKFIELD_SWAP_LOG") {
            std::fs::write(file, &log).unwrap();
        }
        assert!(!log.contains("does not stand by any more"), "the old adapter said something else:\n{log}");
        self.pauses.sort_unstable();
        let pauses = match (self.pauses.first(), self.pauses.last()) {
            (Some(least), Some(most)) => format!(", inputs waited {least} to {most} µs"),
            _ => String::new(),
        };
        show(&format!("| {name} | {:?} | {} swaps{pauses} |", self.way, self.swapped));
        SWAPPED.set(SWAPPED.get() + self.swapped);
    }
}

/// The sessions of our AMI user, each with the time at which it began and the number of its socket.
fn sessions(pbx: &Pbx) -> Vec<String> {
    let told = pbx.cli("manager show connected").unwrap();
    let ours: Vec<String> = told
        .lines()
        .filter(|line| line.trim_start().starts_with(AMI_MIN_USER))
        .map(|line| {
            // Name, address, start, seconds since then, socket, …
            let columns: Vec<&str> = line.split_whitespace().collect();
            [columns[0], columns[1], columns[2], columns[4]].join(" ")
        })
        .collect();
    assert!(!ours.is_empty(), "{told}");
    ours
}

/// Plays scenarios with replacements; there must be some, where there is an Asterisk.
fn swapped(way: Way, scenarios: &[fn()]) {
    WAY.set(Some(way));
    for scenario in scenarios {
        let before = SWAPPED.get();
        scenario();
        let swaps = SWAPPED.get() - before;
        let there_is_none = before == 0 && swaps == 0 && Pbx::for_test().unwrap().is_none();
        assert!(there_is_none || swaps > 0, "{swaps} swaps");
    }
    WAY.set(None);
}

#[test]
fn at_every_step_of_a_ringing_call_a_talk_and_a_hold() {
    swapped(Way::Steps("process"), &[calls::one_phone_calls_another_is_held_and_dropped_by_a_command]);
}

#[test]
fn at_every_step_of_an_attended_transfer() {
    swapped(Way::Steps("process"), &[consultations::a_consultation_is_completed]);
}

#[test]
fn at_every_step_of_a_blind_transfer_in_the_host() {
    swapped(Way::Steps("host"), &[transfers::a_call_is_transferred_blindly_by_a_command]);
}

#[test]
fn at_every_step_of_a_queue_call_from_one_isolation_to_the_other() {
    swapped(Way::Between, &[queues::two_members_ring_and_one_wins]);
}

#[test]
fn all_the_time_in_a_consultation() {
    swapped(Way::AllTheTime, &[consultations::a_consultation_is_completed]);
}

/// Half of a message has come when the adapter is replaced; the other half is for the new one.
#[test]
fn in_the_middle_of_every_kind_of_message() {
    // In a name, in the end of a line, in the first field, and before the empty line's own line feed.
    let places = [
        ("Event: Newchannel\r\n", 10),
        ("Event: Newstate\r\n", 16),
        ("Event: DialBegin\r\n", 17),
        ("Event: DialEnd\r\n", 1),
        ("Event: BridgeEnter\r\n", 20),
        ("Event: BridgeLeave\r\n", 6),
        ("Event: Hangup\r\n", 15),
        ("\r\n\r\n", 3),
    ];
    for isolation in [PROCESS, HOST] {
        let Some(pbx) = Pbx::for_test().unwrap() else { return };
        let proxy = Proxy::to(pbx.ami_port()).unwrap();
        let config = isolated(&config(proxy.port(), AMI_MIN_USER, AMI_MIN_SECRET), isolation);
        let mut bed = Bed::with("swapped in the middle of messages", pbx, config);
        let before = sessions(&bed.pbx);
        let calls = u32::try_from(places.len()).unwrap();
        let _phone = bed.pbx.phone_for("101", Phone::Answers { ring_ms: 200 }, calls).unwrap();
        for (text, keep) in places {
            proxy.stop_in(text, keep);
            let _caller = bed.pbx.call(CALLER, "5550101", Caller::Talks { ms: 300 }).unwrap();
            proxy.stopped().unwrap();
            let output = bed.host.command(&["plugins", "swap", "ast"]).unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains("goes on for"), "{text:?} {keep}: {output:?}\n{}", bed.host.log());
            proxy.go();
            bed.wait("callFinished", L101);
        }
        let call = ["callStarted", "commutationStarted", "callFinished"];
        bed.expect(&[(L101, &call.repeat(places.len()))]);
        assert_eq!(sessions(&bed.pbx), before, "Asterisk has another session");
        assert!(!bed.host.log().contains("does not stand by any more"), "{}", bed.host.log());
    }
}

/// Everything in every way: `JACKFIELD_SWAPS=all` in the environment; it takes minutes.
#[test]
fn all_scenarios_in_all_ways() {
    if std::env::var("JACKFIELD_SWAPS").as_deref() != Ok("all") {
        return;
    }
    for way in [Way::Steps("process"), Way::Steps("host"), Way::Between, Way::AllTheTime] {
        swapped(
            way,
            &[
                calls::one_phone_calls_another_is_held_and_dropped_by_a_command,
                calls::a_caller_gives_up,
                calls::a_phone_holds_and_resumes,
                consultations::a_consultation_is_completed,
                consultations::a_consultation_is_completed_while_it_rings,
                transfers::a_call_is_transferred_blindly_by_a_command,
                transfers::a_phone_transfers_after_asking,
                queues::two_members_ring_and_one_wins,
                two_calls::two_calls_are_alternated,
            ],
        );
    }
}
