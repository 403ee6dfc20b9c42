//! A history of many calls: a page of it, and all of it. The file is made by SQLite itself, in minutes instead of hours.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jackfield::store::query::{self, Cursor, Filter, Sees};
use jackfield::store::{Database, Source};

use crate::Scale;
use crate::host::Host;
use crate::measure::{ROUNDS, Spread};
use crate::sockets::TOKEN;
use crate::table::{Figure, Outcome};

/// Calls of the file; the goal's number with `--full`.
const CALLS: i64 = 300_000;
const CALLS_FULL: i64 = 5_000_000;
/// Lines that the calls are spread over.
const LINES: i64 = 500;
/// Calls that are made at once.
const BATCH: i64 = 100_000;
const START: i64 = 1_700_000_000_000_000;

pub(crate) fn run(scale: &Scale) -> Outcome {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let dir = tempfile::tempdir().map_err(|e| text(&e))?;
    let file = dir.path().join("calls.db");
    let source = Source::of(&format!("sqlite://{}", file.display()))?;
    let calls = if scale.fanout == Scale::FULL.fanout { CALLS_FULL } else { CALLS };
    let begin = Instant::now();
    make(source.open().map_err(|e| text(&e))?.as_mut(), calls).map_err(|e| text(&e))?;
    let size = std::fs::metadata(&file).map_err(|e| text(&e))?.len() as f64 / 1e9;
    eprintln!("{calls} calls, {size:.1} GB, made in {:.0} s", begin.elapsed().as_secs_f64());
    // Opened anew, as the host does it: with its own cache.
    let mut database = source.open_to_read().map_err(|e| text(&e))?;
    let mut figures = asking(database.as_mut(), calls)?;
    drop(database);
    figures.extend(exporting(&file, calls)?);
    Ok(figures)
}

/// Calls that are over, each with its events, as the host writes them.
fn make(database: &mut dyn Database, calls: i64) -> Result<(), jackfield::store::StoreError> {
    database.batch("PRAGMA synchronous = OFF")?;
    // Indexes whose order is not that of the calls are made afterwards: sorted, not row by row.
    let indexes = [
        "calls_by_line ON calls (line, started_at, call_id)",
        "calls_by_number ON calls (number_key, started_at)",
        "calls_by_conversation ON calls (conversation)",
    ];
    for index in indexes {
        database.batch(&format!("DROP INDEX {}", index.split(' ').next().unwrap_or_default()))?;
    }
    for from in (0..calls).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let to = (from + BATCH).min(calls) - 1;
        let numbers = format!("WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to})");
        let id = "printf('018bcfe5-6800-7000-8000-%012d', i)";
        let begin = format!("{START} + i * 1000000");
        database.batch(&format!(
            "BEGIN; INSERT INTO calls (call_id, connection, line, conversation, role, state, direction, scope, native_id, \
             caller_number, caller_name, called_number, queue_id, queue_name, agent, started_at, connected_at, ended_at, \
             ring_ms, talk_ms, hold_ms, hold_count, result, cause, released_by, estimated, details, number_key, search, \
             final, saved_at, change_no, revision) {numbers} SELECT {id}, 'ast', 'ast/' || (i % {LINES}), {id}, 'primary', \
             'finished', 'in', 'external', '1700000000.' || i, printf('+38044%07d', i * 7919 % 10000000), 'Olena Koval', \
             '101', 'support', 'Support', '8001', {begin}, {begin} + 5000000, {begin} + 65000000, 5000, 60000, 0, 0, \
             'answered', 'normalClearing', 'remote', 0, '{{\"nativeIds\":[\"1700000000.' || i || '\"]}}', \
             printf('%d%d%d%d%d%d%d44083', i * 7919 % 10, i * 7919 / 10 % 10, i * 7919 / 100 % 10, i * 7919 / 1000 % 10, \
             i * 7919 / 10000 % 10, i * 7919 / 100000 % 10, i * 7919 / 1000000 % 10), printf('+38044%07d', i * 7919 % \
             10000000) || ' olena koval 101  support', 1, {begin} + 65000000, 3, 3 FROM n; INSERT INTO timeline (call_id, \
             change_no, at, src_at, name, detail) {numbers}, e(number, name, after) AS (VALUES (1, 'callStarted', 0), (2, \
             'commutationStarted', 5000000), (3, 'callFinished', 65000000)) SELECT {id}, number, {begin} + after, NULL, \
             name, '{{\"state\":\"connected\"}}' FROM n, e; COMMIT"
        ))?;
    }
    for index in indexes {
        database.batch(&format!("CREATE INDEX {index}"))?;
    }
    database.batch("PRAGMA wal_checkpoint(TRUNCATE)")
}

fn asking(database: &mut dyn Database, calls: i64) -> Outcome {
    let mut time = |filter: &Filter| -> Result<f64, String> {
        let begin = Instant::now();
        let page = query::page(database, filter, 50).map_err(|e| e.to_string())?;
        if page.is_empty() {
            return Err("a page without calls".to_owned());
        }
        Ok(begin.elapsed().as_secs_f64() * 1e3)
    };
    let all = Filter::of(Sees::All);
    let middle = Cursor {
        started_at: START + calls / 2 * 1_000_000,
        call_id: format!("018bcfe5-6800-7000-8000-{:012}", calls / 2),
    };
    let lines = |from: i64, to: i64| Sees::Lines((from..to).map(|line| format!("ast/{line}")).collect());
    let mut figures = Vec::new();
    for (what, filter) in [
        ("the newest page", all.clone()),
        ("a page in the middle", Filter { after: Some(middle), ..all.clone() }),
        ("an agent's newest page (one line)", Filter::of(lines(7, 8))),
        ("a supervisor's newest page (100 lines)", Filter::of(lines(0, 100))),
        ("a number's newest page", Filter { number: Some("+380440007919".to_owned()), ..all }),
    ] {
        let cold = time(&filter)?;
        let times: Result<Vec<f64>, String> = (0..ROUNDS * 4).map(|_| time(&filter)).collect();
        let spread = Spread::of(times?);
        let met = spread.median <= 20.0;
        let what = format!("{what} of 50, of {calls} calls (the first time {cold:.1} ms)");
        figures.push(Figure::alone(what, "ms", spread).goal("≤ 20 ms", met));
    }
    Ok(figures)
}

/// All calls through a host's HTTP, and what memory that takes.
fn exporting(file: &Path, calls: i64) -> Outcome {
    let config = format!(
        "[store]\nurl = \"sqlite://{}\"\n[[user]]\nname = \"bench\"\nrole = \"admin\"\ntoken = \"{TOKEN}\"\n",
        file.display()
    );
    let host = Host::start(&[], &config)?;
    let mut figures = Vec::new();
    let mut pages = Vec::new();
    for _ in 0..ROUNDS * 4 {
        let begin = Instant::now();
        fetch(&host, "/api/v1/calls?limit=50", &AtomicU64::new(0))?;
        pages.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let spread = Spread::of(pages);
    let met = spread.median <= 20.0;
    let what = format!("the newest page of 50 by HTTP, of {calls} calls");
    figures.push(Figure::alone(what, "ms", spread).goal("≤ 20 ms", met));
    for (form, path, head) in [("NDJSON", "/api/v1/calls.ndjson", 0), ("CSV", "/api/v1/calls.csv", 1)] {
        let before = host.memory()?;
        let (done, most) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let watch = {
            let (pid, done, most) = (host.pid(), Arc::clone(&done), Arc::clone(&most));
            std::thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let now = crate::machine::resident(pid).unwrap_or(0.0) as u64;
                    most.fetch_max(now, Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(50));
                }
            })
        };
        let (lines, begin) = (AtomicU64::new(0), Instant::now());
        let fetched = fetch(&host, path, &lines);
        let took = begin.elapsed();
        done.store(true, Ordering::Relaxed);
        // It has only looked.
        let _ = watch.join();
        fetched?;
        let came = lines.into_inner();
        if came != calls.unsigned_abs() + head {
            return Err(format!("{came} lines came of {calls} calls"));
        }
        let rate = calls as f64 / took.as_secs_f64();
        let what = format!("{calls} calls exported as {form} by HTTP");
        figures.push(Figure::alone(what, "calls/s", Spread::of(vec![rate])).goal("≥ 50,000 rows/s", rate >= 50_000.0));
        let more = (most.load(Ordering::Relaxed) as f64 - before) / (1024.0 * 1024.0);
        let what = format!("memory that exporting {calls} calls as {form} takes, at most");
        figures.push(Figure::alone(what, "MiB", Spread::of(vec![more])).goal("flat", more <= 64.0));
    }
    Ok(figures)
}

/// Asks, and counts the lines of the answer as they come.
fn fetch(host: &Host, path: &str, lines: &AtomicU64) -> Result<(), String> {
    let text = |e: std::io::Error| format!("{path}: {e}");
    let mut stream = TcpStream::connect(host.address()).map_err(text)?;
    // HTTP/1.0: the body ends with the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n").map_err(text)?;
    let mut buffer = vec![0; 256 * 1024];
    let mut head = Vec::new();
    let mut in_body = false;
    loop {
        let count = stream.read(&mut buffer).map_err(text)?;
        if count == 0 {
            break;
        }
        let mut piece = &buffer[..count];
        if !in_body {
            head.extend_from_slice(piece);
            let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            if !head.starts_with(b"HTTP/1.0 200") && !head.starts_with(b"HTTP/1.1 200") {
                return Err(format!("{path}: {}", String::from_utf8_lossy(&head)));
            }
            in_body = true;
            let rest = head.len() - end - 4;
            piece = &piece[count - rest.min(count)..];
        }
        let found = piece.iter().filter(|byte| **byte == b'\n').count();
        lines.fetch_add(found as u64, Ordering::Relaxed);
    }
    if in_body { Ok(()) } else { Err(format!("{path}: no answer")) }
}
