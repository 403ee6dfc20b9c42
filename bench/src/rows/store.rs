//! The history: rows on the disk. The reference is SQLite itself with a bare table.

use std::time::{Duration, Instant};

use jackfield::store::entry::{CallChange, TimelineEvent};
use jackfield::store::record::CallRecord;
use jackfield::store::{Database, Source, commit};
use serde_json::json;

use crate::Scale;
use crate::measure::{Spread, turns};
use crate::table::{Figure, Outcome};

/// Calls of one commit.
const GROUP: i64 = 100;
/// Commits of one turn.
const COMMITS: i64 = 100;
/// Lines that the calls are spread over.
const LINES: i64 = 500;
const START: i64 = 1_700_000_000_000_000;

/// A call that is over, as a phone system tells it.
fn change(number: i64) -> Result<CallChange, String> {
    let value = json!({
        "callId": format!("018bcfe5-6800-7000-8000-{number:012}"), "connection": "ast",
        "line": format!("ast/{}", number % LINES), "conversation": format!("018bcfe5-6800-7000-8000-{number:012}"),
        "parent": null, "role": "primary", "state": "finished", "direction": "in", "scope": "external",
        "nativeId": format!("1700000000.{number}"),
        "caller": { "number": format!("+38044{:07}", number * 7919 % 10_000_000), "name": "Olena Koval" },
        "called": { "number": "101" }, "queue": { "id": "support", "name": "Support" }, "agent": "8001",
        "startedAt": START + number * 1_000_000, "connectedAt": START + number * 1_000_000 + 5_000_000,
        "endedAt": START + number * 1_000_000 + 65_000_000, "ringMs": 5000, "talkMs": 60000, "holdMs": 0,
        "holdCount": 0, "result": "answered", "cause": "normalClearing", "releasedBy": "remote", "estimated": false,
        "details": {},
    });
    let record: CallRecord = serde_json::from_value(value).map_err(|e| e.to_string())?;
    let event = TimelineEvent {
        at: record.started_at,
        src_at: None,
        name: "callFinished".to_owned(),
        detail: Default::default(),
    };
    Ok(CallChange { change: 1, record, event, merged: Vec::new() })
}

fn changes(from: i64, count: i64) -> Result<Vec<CallChange>, String> {
    (from..from + count).map(change).collect()
}

pub(crate) fn run(_: &Scale) -> Outcome {
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let source = Source::of(&format!("sqlite://{}", dir.path().join("calls.db").display()))?;
    let mut database = source.open().map_err(|e| e.to_string())?;
    writing(database.as_mut())
}

/// Groups of calls, each with its event, on the disk; beside the same bytes in a bare table of SQLite.
fn writing(database: &mut dyn Database) -> Outcome {
    let mut next = 0;
    let mut commits: Vec<Duration> = Vec::new();
    let told = |e: &dyn std::fmt::Display| e.to_string();
    database.batch("CREATE TABLE bare (id TEXT PRIMARY KEY, line TEXT)").map_err(|e| told(&e))?;
    let database = std::cell::RefCell::new(database);
    let failed = std::cell::RefCell::new(None);
    let pair = turns(
        || {
            let groups: Vec<Vec<CallChange>> =
                (0..COMMITS).filter_map(|group| changes(next + group * GROUP, GROUP).ok()).collect();
            next += COMMITS * GROUP;
            let begin = Instant::now();
            for group in &groups {
                let one = Instant::now();
                if let Err(error) = commit(*database.borrow_mut(), group, &[], START) {
                    failed.replace(Some(error.to_string()));
                }
                commits.push(one.elapsed());
            }
            (COMMITS * GROUP) as f64 / begin.elapsed().as_secs_f64()
        },
        || {
            let begin = Instant::now();
            for _ in 0..COMMITS {
                let mut database = database.borrow_mut();
                let mut sql = String::from("BEGIN IMMEDIATE;");
                for _ in 0..GROUP {
                    sql.push_str("INSERT INTO bare VALUES (lower(hex(randomblob(16))), 'ast/101');");
                }
                sql.push_str("COMMIT");
                if let Err(error) = database.batch(&sql) {
                    failed.replace(Some(error.to_string()));
                }
            }
            (COMMITS * GROUP) as f64 / begin.elapsed().as_secs_f64()
        },
    );
    if let Some(why) = failed.into_inner() {
        return Err(why);
    }
    commits.sort_unstable();
    let p99 = commits.get(commits.len() * 99 / 100).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3);
    let (met, p99_met) = (pair.ours.median >= 100_000.0, p99 <= 5.0);
    Ok(vec![
        Figure::compared(
            "calls written durably in groups of 100, each with its event",
            "calls/s",
            pair,
            "SQLite, a bare table",
        )
        .goal("≥ 100,000 rows/s", met),
        Figure::alone("commit of 100 calls and 100 events, p99", "ms", Spread::of(vec![p99])).goal("≤ 5 ms", p99_met),
    ])
}
