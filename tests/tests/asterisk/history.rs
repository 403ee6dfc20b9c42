//! The host is killed while a real phone system goes on: calls keep their id and their row, and the history is what
//! Asterisk's own call records say.

use std::time::{Duration, Instant};

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, Cdr, Pbx, Phone};
use serde_json::{Value, json};

use crate::bed::{Bed, L101, TOKEN, call, config};

/// How often the host is killed; more by `JACKFIELD_KILLS`.
fn kills() -> u32 {
    std::env::var("JACKFIELD_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

fn row(bed: &Bed, id: &Value) -> Value {
    let id = id.as_str().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let row = bed.host.get(&format!("/api/v1/calls/{id}"), TOKEN).unwrap().json();
        if !row["endedAt"].is_null() {
            return row;
        }
        assert!(Instant::now() < until, "call {id} has no end: {row}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Seconds of the day, of `2026-11-21T10:20:30.400Z` or `2026-11-21 10:20:30`.
fn seconds(time: &str) -> f64 {
    let clock = &time[11..];
    let mut parts = clock.trim_end_matches('Z').split(':').map(|part| part.parse::<f64>().unwrap());
    let (h, m, s) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    h * 3_600.0 + m * 60.0 + s
}

/// Whether a time of the history is the record's, which has whole seconds, within a second.
fn same_second(ours: &Value, theirs: &str) -> bool {
    // The record's second was cut off; and midnight may lie between.
    let apart = (seconds(ours.as_str().unwrap()) - seconds(theirs) + 1.0).rem_euclid(86_400.0);
    apart < 3.0
}

fn record(bed: &Bed, caller: &str) -> Cdr {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(record) = bed.pbx.cdr().unwrap().into_iter().find(|record| record.src == caller) {
            return record;
        }
        assert!(Instant::now() < until, "Asterisk wrote no record of {caller}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn killed_in_the_middle_of_calls_the_history_is_what_asterisk_says() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let config =
        format!("[store]\nurl = \"sqlite://calls.db\"\n{}", config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET));
    let mut bed = Bed::with("host killed, history against CDR", pbx, config);
    let _phone = bed.pbx.phone_for("101", Phone::Answers { ring_ms: 200 }, kills() * 2).unwrap();
    for round in 0..kills() {
        let number = format!("7916{round:07}");
        let _caller = bed.pbx.call(&number, "5550101", Caller::Stays).unwrap();
        let of_caller = |name: &'static str| {
            let number = number.clone();
            move |e: &Value| e["method"] == name && call(e)["caller"]["number"] == number.as_str()
        };
        let id = call(&bed.find("an answer", of_caller("commutationStarted")))["callId"].clone();
        bed.host.kill();
        bed.host.start_again().unwrap();
        bed.client = bed.host.client(TOKEN).unwrap();
        let id_again = id.clone();
        bed.find("the call as it goes on", move |e| {
            let data = &e["params"]["data"];
            let calls = data["activeCalls"].as_array().into_iter().flatten();
            e["method"] == "activeCallSnapshot"
                && e["params"]["line"] == L101
                && calls.filter(|c| c["callId"] == id_again && c["state"] == "connected").count() == 1
        });
        bed.command("dropCall", L101, &json!({ "callId": id }));
        let row = row(&bed, &id);
        let record = record(&bed, &number);
        assert_eq!((&row["caller"]["number"], &row["estimated"]), (&json!(record.src), &json!(false)), "{row}");
        assert_eq!((&row["result"], record.disposition.as_str()), (&json!("answered"), "ANSWERED"), "{row}");
        for (ours, theirs) in [("startedAt", &record.start), ("connectedAt", &record.answer), ("endedAt", &record.end)]
        {
            assert!(same_second(&row[ours], theirs), "{ours} {} is not {theirs}: {row}", row[ours]);
        }
        let events: Vec<&str> =
            row["timeline"].as_array().unwrap().iter().map(|e| e["event"].as_str().unwrap()).collect();
        let answers = events.iter().filter(|event| **event == "commutationStarted").count();
        assert_eq!((events[0], answers, *events.last().unwrap()), ("callStarted", 1, "callFinished"), "{events:?}");
    }
    let list = bed.host.get("/api/v1/calls?limit=1000", TOKEN).unwrap().json();
    assert_eq!(list["calls"].as_array().unwrap().len(), kills() as usize, "as many calls as there were");
    let repairs = bed.host.repairs(TOKEN).unwrap();
    assert!(repairs.is_empty(), "{repairs:?}");
}
