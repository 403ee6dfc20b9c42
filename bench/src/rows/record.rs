//! What a recording costs the host, at 20,000 events a second; and how fast it is played again.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::{Host, built, library};
use crate::measure::Spread;
use crate::table::{Figure, Outcome};

/// Lines, each with a call.
const LINES: usize = 200;
/// Lines of the phone system a millisecond; each makes two events.
const BURST: usize = 10;
/// A turn.
const TURN: Duration = Duration::from_secs(3);
/// Turns with and without a recording, one after the other.
const TURNS: usize = 5;
/// Of one processor, at 20,000 events a second.
const MOST_PERCENT: f64 = 5.0;
/// Lines a second of the load that is played again.
const LOAD: u32 = 100;
/// How long it lasts.
const LOAD_SECONDS: u32 = 20;

pub(crate) fn run(_: &Scale) -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let mut figures = Vec::new();
    for (isolation, place) in [("process", "a process of its own"), ("host", "the host")] {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let port = listener.local_addr().map_err(text)?.port();
        let config = acme::config(port, LINES).replace("isolation = \"host\"", &format!("isolation = \"{isolation}\""));
        let host = Host::start(&["acme"], &config)?;
        let mut pbx = Pbx::accept(&listener, LINES)?;
        let (mut without, mut with, mut more) = (Vec::new(), Vec::new(), Vec::new());
        for turn in 0..=TURNS {
            let off = percent(&host, &mut pbx)?;
            host.command(&["record", "start", "acme"])?;
            let on = percent(&host, &mut pbx)?;
            host.command(&["record", "stop", "acme"])?;
            // The first turn warms up.
            if turn > 0 {
                without.push(off);
                with.push(on);
                more.push(on - off);
            }
        }
        let more = Spread::of(more);
        let met = more.median <= MOST_PERCENT;
        let what = |kind: &str| format!("CPU of the host at 20,000 events/s, the adapter in {place}: {kind}");
        figures.push(Figure::alone(what("not recorded"), "%", Spread::of(without)));
        figures.push(Figure::alone(what("recorded"), "%", Spread::of(with)));
        figures.push(
            Figure::alone(what("what the recording adds"), "points", more).goal(format!("≤ {MOST_PERCENT}"), met),
        );
    }
    figures.extend(replayed()?);
    Ok(figures)
}

/// A turn at full rate: percent of one processor.
fn percent(host: &Host, pbx: &mut Pbx) -> Result<f64, String> {
    let (begin, before) = (Instant::now(), host.cpu()?);
    let mut bursts = 0u32;
    while begin.elapsed() < TURN {
        let due = Duration::from_millis(1) * bursts;
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
        pbx.burst((0..BURST).map(|nth| (bursts as usize * BURST + nth) % LINES))?;
        bursts += 1;
    }
    let (cpu, time) = (host.cpu()? - before, begin.elapsed());
    if f64::from(bursts) < time.as_secs_f64() * 900.0 {
        return Err("the machine is too busy to make 20,000 events a second".to_owned());
    }
    Ok(100.0 * cpu.as_secs_f64() / time.as_secs_f64())
}

/// A load that lasts a while, recorded, and played again by `jackfield replay --check`.
fn replayed() -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let host = Host::start(&["acme"], &acme::config(port, LINES))?;
    let mut pbx = Pbx::accept(&listener, LINES)?;
    host.command(&["record", "start", "acme"])?;
    let begin = Instant::now();
    for nth in 0..LOAD * LOAD_SECONDS {
        std::thread::sleep((Duration::from_secs(1) * nth / LOAD).saturating_sub(begin.elapsed()));
        pbx.turn(nth as usize % LINES)?;
    }
    std::thread::sleep(Duration::from_millis(200));
    let dir = tempfile::tempdir().map_err(text)?;
    let file = dir.path().join("load.jfrec");
    let file = file.to_str().ok_or("no UTF-8 in the name of a folder")?;
    host.command(&["record", "cut", "acme", "-o", file])?;
    let library = library("acme")?;
    let (mut times, mut rates) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let begin = Instant::now();
        let output = Command::new(built()?.join(format!("jackfield{}", std::env::consts::EXE_SUFFIX)))
            .args(["replay", file, "--check", "--json", "--plugin"])
            .arg(&library)
            .output()
            .map_err(text)?;
        let took = begin.elapsed().as_secs_f64();
        let told: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
        if !output.status.success() {
            return Err(format!("it is not played again as it was: {told}"));
        }
        times.push(f64::from(LOAD_SECONDS) / took);
        rates.push(told["events"].as_f64().unwrap_or_default() / took);
    }
    let times = Spread::of(times);
    let met = times.median >= 100.0;
    let load = LOAD * 2;
    Ok(vec![
        Figure::alone(format!("a load of {load} events/s for {LOAD_SECONDS} s, played again"), "× real time", times)
            .goal("≥ 100", met),
        Figure::alone("events played again, the start of the program included", "events/s", Spread::of(rates)),
    ])
}
