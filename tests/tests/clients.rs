//! Clients that break, lag, or are rude, under load: nobody misses an event, and nobody harms anybody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jackfield_tests::client::Client;
use jackfield_tests::host::{Host, Setup};
use jackfield_tests::raw::Raw;
use serde_json::{Value, json};

const CRM: &str = "crm-token-01234567890";

/// A host with robots that make and take many short calls.
fn busy_host(calls_per_minute: u32, replay: u32) -> Host {
    let lines: String =
        (101..=104).map(|n| format!("[[line]]\nname = \"sim/{n}\"\nsettings = {{ robot = true }}\n")).collect();
    let config = format!(
        r#"
[[connection]]
id = "sim"
plugin = "simulator"
replay = {replay}
[connection.settings]
seed = 7
[connection.settings.traffic]
calls_per_minute = {calls_per_minute}.0
ring = [0.02, 0.1]
talk = [0.05, 0.4]
hold = [0.02, 0.1]
patience = [0.1, 0.2]
[connection.settings.agents]
wrap_up = 0.0
{lines}
[[user]]
name = "crm"
role = "service"
token = "{CRM}"
lines = ["sim/*"]
"#
    );
    Setup::new(config, &["simulator"]).start().unwrap()
}

/// Live events of lines, as they came.
fn live(texts: &[String]) -> Vec<(String, u64, u64, String)> {
    texts
        .iter()
        .filter_map(|text| {
            let event: Value = serde_json::from_str(text).unwrap();
            let params = &event["params"];
            if params["resent"] == true {
                return None;
            }
            let line = params["line"].as_str()?.to_owned();
            Some((line, params["epoch"].as_u64()?, params["seq"].as_u64()?, text.clone()))
        })
        .collect()
}

/// xorshift64: cuts that can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

/// How often sockets are cut, all clients together: some hundred times in the usual run, as often as this variable
/// says in a long one.
const CUTS_VAR: &str = "JACKFIELD_CUTS";
/// Clients that are cut side by side.
const VICTIMS: u32 = 16;

/// What a client that was cut again and again has seen.
struct Cut {
    events: Vec<(String, u64, u64, String)>,
    resumed: usize,
}

/// Connects, reads a random number of bytes, is cut, comes back with what it has seen; in the end reads to the end.
fn victim(address: &str, seed: u64, cuts: u32) -> Cut {
    let mut random = Random(seed);
    let mut it = Cut { events: Vec::new(), resumed: 0 };
    // Where the client stands: what it was shown first, and every event since.
    let mut positions: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for cut in 0..=cuts {
        let mut raw = Raw::connect(address, CRM).unwrap();
        let resume: Vec<Value> =
            positions.iter().map(|(line, (epoch, seq))| json!({ "line": line, "epoch": epoch, "seq": seq })).collect();
        raw.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": { "resume": resume } })).unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        let mut left = random.below(9_000) as usize + 1;
        if cut == cuts {
            left = usize::MAX;
            raw.patience(Duration::from_millis(700)).unwrap();
        }
        while left > 0 && Instant::now() < until {
            match raw.read(left.min(4_096)) {
                Ok(0) | Err(_) => break,
                Ok(count) => left -= count,
            }
        }
        it.resumed += usize::from(raw.texts.first().is_some_and(|hello| hello.contains("\"resumed\":true")));
        for text in &raw.texts {
            let event: Value = serde_json::from_str(text).unwrap();
            let params = &event["params"];
            if let (Some(line), Some(epoch), Some(seq)) =
                (params["line"].as_str(), params["epoch"].as_u64(), params["seq"].as_u64())
            {
                positions.insert(line.to_owned(), (epoch, seq));
            }
        }
        it.events.extend(live(&raw.texts));
    }
    it
}

#[test]
fn a_client_cut_at_any_byte_resumes_without_a_gap_or_a_double() {
    let host = busy_host(6_000, 2_000);
    let address = host.address().to_owned();
    let cuts: u32 = std::env::var(CUTS_VAR).ok().and_then(|text| text.parse().ok()).unwrap_or(480);
    let stop = Arc::new(AtomicBool::new(false));
    let witness = {
        let (address, stop) = (address.clone(), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut raw = Raw::connect(&address, CRM).unwrap();
            raw.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": {} })).unwrap();
            raw.patience(Duration::from_millis(200)).unwrap();
            while !stop.load(Ordering::Relaxed) {
                let _ = raw.read(65_536);
            }
            while raw.read(65_536).is_ok_and(|count| count > 0) {}
            raw.texts
        })
    };
    let victims: Vec<_> = (0..VICTIMS)
        .map(|i| {
            let address = address.clone();
            std::thread::spawn(move || victim(&address, 42 + u64::from(i), cuts / VICTIMS))
        })
        .collect();
    let victims: Vec<Cut> = victims.into_iter().map(|v| v.join().unwrap()).collect();
    stop.store(true, Ordering::Relaxed);
    let all = by_line(&live(&witness.join().unwrap()));
    let (mut compared, mut events) = (0, 0);
    for cut in &victims {
        events += cut.events.len();
        for (line, mine) in by_line(&cut.events) {
            let numbers: BTreeSet<_> = mine.iter().map(|(epoch, seq, _)| (*epoch, *seq)).collect();
            assert_eq!(numbers.len(), mine.len(), "{line}: an event came twice");
            let (first, last) = (mine.first().unwrap().1, mine.last().unwrap().1);
            assert_eq!(mine.len() as u64, last - first + 1, "{line}: a gap");
            let theirs: BTreeMap<u64, &String> = all[&line].iter().map(|(_, seq, text)| (*seq, text)).collect();
            for (_, seq, text) in &mine {
                if let Some(theirs) = theirs.get(seq) {
                    assert_eq!(*theirs, text, "{line}: not the same bytes");
                    compared += 1;
                }
            }
        }
    }
    let resumed: usize = victims.iter().map(|v| v.resumed).sum();
    assert!(resumed > 0, "nothing was ever resumed");
    #[allow(clippy::print_stdout, reason = "what the test run shows")]
    {
        println!("{cuts} cuts, {resumed} resumed, {events} events, {compared} compared byte by byte");
    }
    assert!(compared > 100);
}

type ByLine = BTreeMap<String, Vec<(u64, u64, String)>>;

fn by_line(events: &[(String, u64, u64, String)]) -> ByLine {
    let mut lines = ByLine::new();
    for (line, epoch, seq, text) in events {
        lines.entry(line.clone()).or_default().push((*epoch, *seq, text.clone()));
    }
    lines
}

#[test]
fn a_client_that_reads_a_byte_at_a_time_is_given_the_present_and_others_notice_nothing() {
    let host = busy_host(6_000, 50);
    let mut slow = Raw::connect(host.address(), CRM).unwrap();
    slow.json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": {} })).unwrap();
    let mut quick = host.client(CRM).unwrap();
    let begin = Instant::now();
    let mut overflowed = false;
    while begin.elapsed() < Duration::from_secs(50) && !overflowed {
        let mut byte = [0];
        slow.stream.read_exact(&mut byte).unwrap();
        quick.read_for(Duration::from_millis(500));
        let page = host.metrics(CRM).unwrap();
        overflowed = page.lines().any(|l| l.starts_with("jackfield_overflow_total") && !l.ends_with(" 0"));
        if page.contains("jackfield_sessions 1") {
            panic!("the slow client was dropped instead");
        }
    }
    // How much a kernel buffers differs; what must hold does not: the quick one has every event, without a gap.
    let mut last = BTreeMap::new();
    for event in quick.events.iter().filter(|e| e["params"]["resent"] != true) {
        let (Some(line), Some(seq)) = (event["params"]["line"].as_str(), event["params"]["seq"].as_u64()) else {
            continue;
        };
        if let Some(before) = last.insert(line.to_owned(), seq) {
            assert_eq!(seq, before + 1, "a gap at the quick client");
        }
    }
    assert!(quick.events.len() > 500, "only {} events", quick.events.len());
}

#[test]
fn a_thousand_sockets_that_say_nothing_are_shown_the_door() {
    let host = busy_host(60, 100);
    let mut silent: Vec<Raw> = (0..1_000).map(|_| Raw::connect(host.address(), CRM).unwrap()).collect();
    // Meanwhile somebody works.
    let mut client = host.client(CRM).unwrap();
    client.call("queryLineState", &json!({ "line": "sim/101" })).unwrap();
    for raw in &mut silent {
        while raw.closed.is_none() {
            assert!(raw.read(1_024).unwrap() > 0, "closed without a word");
        }
        assert_eq!(raw.closed, Some(4401));
    }
    drop(silent);
    client.call("queryLineState", &json!({ "line": "sim/101" })).unwrap();
}

#[test]
fn floods_and_rubbish_are_answered_or_closed_and_the_host_lives_on() {
    let host = busy_host(60, 100);
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "hello", "params": { "lines": ["sim/101"] } });
    let open = || {
        let mut raw = Raw::connect(host.address(), CRM).unwrap();
        raw.json(&hello).unwrap();
        raw
    };
    // Pings are answered.
    let mut pings = open();
    for _ in 0..5_000 {
        pings.send(9, b"ping").unwrap();
    }
    // Requests beyond all measure are refused one by one.
    let mut flood = open();
    for id in 0..2_000 {
        flood
            .json(&json!({ "jsonrpc": "2.0", "id": id, "method": "queryLineState", "params": { "line": "sim/101" } }))
            .unwrap();
    }
    let begin = Instant::now();
    while !flood.texts.iter().any(|t| t.contains("rateLimited")) {
        assert!(begin.elapsed() < Duration::from_secs(30), "nothing was refused");
        flood.read(65_536).unwrap();
    }
    // A binary frame, a frame without a mask, reserved bits, a frame of terabytes, no UTF-8.
    for rude in [
        &[0x82, 0x80, 0, 0, 0, 0][..],
        &[0x81, 0x01, b'x'],
        &[0xf1, 0x80, 0, 0, 0, 0],
        &[0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0],
        &[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
    ] {
        let mut raw = open();
        std::io::Write::write_all(&mut raw.stream, rude).unwrap();
        while raw.read(65_536).is_ok_and(|count| count > 0) {}
        assert_eq!(raw.closed, Some(4400), "{rude:x?}");
    }
    // Not even HTTP.
    for rubbish in [&b"\x16\x03\x01\x02\x00"[..], b"GET / HTTP/9.9\r\n\r\n", &[0; 100_000]] {
        let mut stream = std::net::TcpStream::connect(host.address()).unwrap();
        let _ = std::io::Write::write_all(&mut stream, rubbish);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
    }
    let mut client: Client = host.client(CRM).unwrap();
    client.call("queryLineState", &json!({ "line": "sim/101" })).unwrap();
}
