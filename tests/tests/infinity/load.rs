//! What it costs the server, and how long it takes. Figures are printed; what is asserted holds on any machine.

use std::time::{Duration, Instant};

use jackfield_tests::host::{PATIENCE, Setup};
use jackfield_tests::sim::Sim;
use serde_json::{Value, json};

use crate::bed::{BOSS, Bed, ONE, OUTSIDE, PBX, TOKEN, config};

/// How often everything is done, for figures that mean something: `JACKFIELD_INFINITY_ROUNDS`.
fn rounds() -> u32 {
    std::env::var("JACKFIELD_INFINITY_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

/// Operators of one connection.
const OPERATORS: u32 = 500;

#[test]
fn five_hundred_operators_cost_what_the_readme_says() {
    let mut pbx = "outside = \"manual\"\nqueues = []\n".to_owned();
    for extension in 1_000..1_000 + OPERATORS {
        let id = extension - 90;
        pbx += &format!("[[users]]\nid = {id}\nlogin = \"u{id}\"\npassword = \"p\"\nextension = \"{extension}\"\n");
    }
    let mut infinity = Sim::start("infinity", &pbx).unwrap();
    let extensions: Vec<u32> = (1_000..1_000 + OPERATORS).collect();
    let host = Setup::new(config(infinity.url(), "process", &extensions, ""), &["infinity"]).start().unwrap();
    let mut client = host.client(TOKEN).unwrap();
    for extension in &extensions {
        client.look_again();
        client.named("initialized", &format!("inf/{extension}")).unwrap();
    }
    // An idle house, with the state of every operator.
    infinity.tell(&json!({"do": "requests", "fresh": true})).unwrap();
    let lists = u64::from(OPERATORS * rounds());
    let counted = infinity
        .wait_for(&json!({"do": "requests"}), |all| {
            all["paths"]["call/getactivecalls"].as_u64().is_some_and(|count| count >= lists)
        })
        .unwrap();
    let number = |name: &str| counted[name].as_u64().unwrap();
    let (total, over) = (number("total"), number("over_ms"));
    let paths = &counted["paths"];
    println!(
        "500 idle operators: {:.1} requests a second over {:.1} s ({paths}), {} in the busiest",
        total as f64 * 1_000.0 / over as f64,
        over as f64 / 1_000.0,
        number("busiest_second"),
    );
    assert!(total <= over / 10 + 130, "{total} requests in {over} ms: a hundred a second are allowed, and a burst");

    // Everybody's phone rings.
    infinity.tell(&json!({"do": "requests", "fresh": true})).unwrap();
    let began = Instant::now();
    for extension in &extensions {
        let from = format!("7999{extension:07}");
        infinity.tell(&json!({"do": "call", "from": from, "to": extension.to_string()})).unwrap();
    }
    for extension in &extensions {
        client.look_again();
        client.named("callStarted", &format!("inf/{extension}")).unwrap();
    }
    let counted = infinity.tell(&json!({"do": "requests"})).unwrap();
    let number = |name: &str| counted[name].as_u64().unwrap();
    println!("500 calls at once are seen within {:.1} s ({} requests)", began.elapsed().as_secs_f64(), number("total"));
    assert!(number("total") <= number("over_ms") / 10 + 130, "{counted}");
    assert_eq!(host.repairs(BOSS).unwrap(), [""; 0]);
}

/// How long it takes from a change in the phone system to the event at the client.
#[test]
fn a_change_is_seen_within_an_interval() {
    const INTERVAL: u64 = 200;
    let settings = format!("busy_ms = {INTERVAL}\nidle_ms = {INTERVAL}\nstate_ms = 1000\n");
    let mut bed = Bed::with("process", PBX, &settings);
    let mut took = Vec::new();
    let mut change = |bed: &mut Bed, what: Value, event: &str, pause: u64| {
        // Not always at the same place between two looks.
        std::thread::sleep(Duration::from_millis(pause));
        bed.phones(what);
        let began = Instant::now();
        bed.client.event(|e| e["method"] == event && e["params"]["line"] == ONE).unwrap();
        took.push(began.elapsed());
    };
    for round in 0..u64::from(rounds() * 15) {
        let pause = round * 37 % INTERVAL;
        change(&mut bed, json!({"do": "call", "from": OUTSIDE, "to": "101"}), "callStarted", pause);
        change(&mut bed, json!({"do": "answer", "number": "101"}), "commutationStarted", pause / 2);
        change(&mut bed, json!({"do": "hangup", "number": OUTSIDE}), "callFinished", pause / 3);
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    let late = took.iter().filter(|time| **time > Duration::from_millis(INTERVAL + 20)).count();
    println!(
        "{} changes, asked every {INTERVAL} ms: median {:.1} ms, p95 {:.1} ms, most {:.1} ms; {late} after more than {} ms",
        took.len(),
        at(50),
        at(95),
        at(100),
        INTERVAL + 20,
    );
    assert!(took.iter().all(|time| *time < PATIENCE));
    bed.sound("latency");
}
