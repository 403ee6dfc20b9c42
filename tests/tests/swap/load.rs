//! Many replacements, and replacements while much happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::bed::{Bed, LINES, Plan, TOKEN, same};
use crate::{VERSIONS, two};
use jackfield_tests::library::Turnover;

/// For how long; JACKFIELD_SWAP_SECONDS makes it longer.
fn seconds() -> u64 {
    std::env::var("JACKFIELD_SWAP_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3)
}

#[test]
fn of_three_replacements_within_a_second_the_last_one_wins_in_order() {
    let mut bed = Bed::start(Plan::new("process"), &[Turnover::version("1.0.0")]);
    let expected = bed.course(|_, _| {});
    let came = bed.course(|bed, at| {
        if at == 3 {
            for version in ["1.1.0", "1.2.0", "1.3.0"] {
                bed.install("build0", &Turnover::version(version));
                std::thread::sleep(Duration::from_millis(200));
            }
            bed.until("the last one runs", |status| status["adapter"]["version"] == "1.3.0");
        }
    });
    same(&expected, &came, "three replacements");
    let log = bed.host.log();
    let swapped: Vec<&str> =
        log.lines().filter_map(|l| l.split("swapped: turnover ").nth(1)?.split(' ').next()).collect();
    assert!(swapped.is_sorted() && swapped.last() == Some(&"1.3.0"), "{swapped:?}");
    assert_eq!((bed.pbx.accepted(), bed.pbx.heard("HELLO").len()), (1, 1));
}

/// Two thousand changes of calls a second, while the adapter is replaced again and again.
fn under_load(isolation: &'static str) {
    let bed = two(Plan::new(isolation));
    let Bed { host, pbx, mut alice, .. } = bed;
    let keys: Vec<String> = (0..LINES).map(|line| pbx.ring(&(101 + line).to_string(), "555")).collect();
    let over = Arc::new(AtomicBool::new(false));
    let reader = {
        let over = Arc::clone(&over);
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                alice.read_for(Duration::from_millis(100));
            }
            // What is still under way.
            alice.read_for(Duration::from_secs(1));
            alice
        })
    };
    // Twenty lines every ten milliseconds; a swap whenever the last one is done.
    let until = Instant::now() + Duration::from_secs(seconds());
    let sender = std::thread::spawn(move || {
        let mut sent = 0usize;
        let mut next = Instant::now();
        while Instant::now() < until {
            for to in ["connected", "held"] {
                let told: String = keys.iter().map(|key| pbx.quietly(key, to)).collect();
                pbx.raw(&told);
                sent += 1;
            }
            next += Duration::from_millis(10);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        (pbx, sent)
    });
    let mut swaps = 0;
    let mut next = VERSIONS.iter().cycle();
    while Instant::now() < until {
        let output = host.command(&["plugins", "swap", "pbx", "--version", next.next().unwrap()]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("goes on for"), "{said} {output:?}\n{}", host.log());
        swaps += 1;
    }
    let (pbx, rounds) = sender.join().unwrap();
    // The first time that a call is connected is neither.
    let (expected, holds) = (rounds - 1, rounds / 2 * LINES as usize);
    let line = format!("cti_events_total{{connection=\"pbx\",event=\"hold\"}} {holds}");
    host.wait_metric(TOKEN, &line).unwrap_or_else(|e| panic!("{rounds} rounds: {e}"));
    over.store(true, Ordering::Relaxed);
    let alice = reader.join().unwrap();
    let mut seqs: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    let mut changes: BTreeMap<&str, usize> = BTreeMap::new();
    for event in alice.events.iter().filter(|e| e["params"]["resent"] != true && e["params"]["seq"].is_u64()) {
        let line = event["params"]["line"].as_str().unwrap();
        seqs.entry(line).or_default().push(event["params"]["seq"].as_u64().unwrap());
        if ["hold", "unhold"].iter().any(|m| event["method"] == *m) {
            *changes.entry(line).or_default() += 1;
        }
    }
    assert_eq!(changes.len(), LINES as usize);
    for (line, seqs) in &seqs {
        assert!(seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{line}: each number once, in order");
        assert_eq!(changes[line], expected, "{line}: every change once");
    }
    assert!(alice.events.iter().all(|e| e["method"] != "disconnected"));
    assert_eq!((pbx.accepted(), pbx.heard("HELLO").len()), (1, 1));
    assert_eq!(host.repairs(TOKEN).unwrap(), Vec::<String>::new());
    println!("{isolation}: {swaps} swaps among {} changes in {} s", rounds * LINES as usize, seconds());
}

#[test]
fn under_two_thousand_events_a_second_none_is_lost_or_doubled() {
    under_load("process");
}

#[test]
fn nor_inside_the_host() {
    under_load("host");
}
