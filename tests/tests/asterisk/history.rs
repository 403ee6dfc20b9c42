//! The host is killed while a real phone system goes on: calls keep their id and their row, and the history is what
//! Asterisk's own call records say.

use std::time::{Duration, Instant};

use jackfield_tests::asterisk::{AMI_MIN_SECRET, AMI_MIN_USER, Caller, Cdr, Pbx, Phone};
use jackfield_tests::host::PATIENCE;
use serde_json::{Value, json};

use crate::bed::{Bed, CALLER, L101, TOKEN, call, config};

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
fn a_recording_that_asterisk_writes_is_downloaded_through_the_host() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let folder = pbx.monitor_dir();
    let place = format!("[connection.recordings]\nfolder = {:?}\n[[user]]", folder.to_str().unwrap());
    let config = config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET).replacen("[[user]]", &place, 1);
    let mut bed = Bed::with("recorded, and heard", pbx, format!("[store]\nurl = \"sqlite://calls.db\"\n{config}"));
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    bed.command("recordCall", L101, &json!({ "callId": id, "action": "start" }));
    bed.call_is(&id, "recorded", |call| call["recording"] == true);
    let written = || -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|file| file.path());
        files.filter(|file| std::fs::metadata(file).is_ok_and(|found| found.len() > 10_000)).collect()
    };
    let until = Instant::now() + PATIENCE;
    while written().is_empty() {
        assert!(Instant::now() < until, "Asterisk writes nothing into {}", folder.display());
        std::thread::sleep(Duration::from_millis(50));
    }
    bed.command("recordCall", L101, &json!({ "callId": id, "action": "stop" }));
    bed.call_is(&id, "not recorded any more", |call| call["recording"] == false);
    bed.drop_call(L101, &id);
    let row = row(&bed, &id);
    assert_eq!(row["recordings"].as_array().map(Vec::len), Some(1), "{row}");
    let [file] = &*written() else { panic!("one recording: {:?}", written()) };
    let url = row["recordings"][0].as_str().unwrap();
    // The mixer is done with it a moment after the call.
    let until = Instant::now() + PATIENCE;
    let heard = loop {
        let heard = bed.host.get(url, TOKEN).unwrap();
        if heard.bytes == std::fs::read(file).unwrap() {
            break heard;
        }
        assert!(Instant::now() < until, "{} of {} bytes", heard.bytes.len(), file.display());
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!((heard.status, heard.header("content-type")), (200, Some("audio/wav")));
    assert_eq!((&heard.bytes[..4], &heard.bytes[8..12]), (&b"RIFF"[..], &b"WAVE"[..]));
    let end = bed.host.request("GET", url, TOKEN, &[("Range", "bytes=-1000")], "").unwrap();
    assert_eq!((end.status, end.bytes.as_slice()), (206, &heard.bytes[heard.bytes.len() - 1_000..]));
    let told = bed.command("queryCallRecords", L101, &json!({ "callId": id }));
    assert_eq!(told["urls"], row["recordings"]);
}

/// AMI tells call records while they are written and to nobody afterwards, so the host cannot ask for the end of a call
/// that it missed. What it tells is when the call was last known to live; and when it was known to be over.
#[test]
fn a_call_that_ends_while_the_host_is_dead_has_its_end_between_two_known_times() {
    let Some(pbx) = Pbx::for_test().unwrap() else { return };
    let config =
        format!("[store]\nurl = \"sqlite://calls.db\"\n{}", config(pbx.ami_port(), AMI_MIN_USER, AMI_MIN_SECRET));
    let mut bed = Bed::with("ended while the host was dead", pbx, config);
    let (_phone, _caller, id) = bed.talk(Phone::Answers { ring_ms: 200 });
    bed.host.kill();
    bed.pbx.cli("channel request hangup all").unwrap();
    let record = record(&bed, CALLER);
    bed.host.start_again().unwrap();
    let row = row(&bed, &id);
    assert_eq!((&row["estimated"], &row["result"]), (&json!(true), &json!("answered")), "{row}");
    for (ours, theirs) in [("startedAt", &record.start), ("connectedAt", &record.answer)] {
        assert!(same_second(&row[ours], theirs), "{ours} {} is not {theirs}: {row}", row[ours]);
    }
    let known = row["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(known["event"], "callFinished");
    // Whole seconds of the record; and midnight may lie between.
    let after = |later: &str, earlier: &str| {
        let apart = (seconds(later) - seconds(earlier) + 1.5).rem_euclid(86_400.0);
        assert!(apart < 3_600.0, "{later} is before {earlier}: {row}");
    };
    after(&record.end, row["endedAt"].as_str().unwrap());
    after(known["at"].as_str().unwrap(), &record.end);
    let actions = bed.pbx.cli("manager show commands").unwrap().to_lowercase();
    assert!(actions.contains("originate") && !actions.contains("cdr"), "there is a way to ask, after all:\n{actions}");
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
