//! How long inputs wait while one adapter goes on for another, under load; and what clients see of it.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::latency::Watch;
use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::measure::Spread;
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Lines, each with a client and a call.
const CLIENTS: usize = 200;
/// Turns of three seconds with two events a thousand times a second, each with swaps one after the other.
const TURNS: usize = 6;
/// The goal.
const MOST_MS: f64 = 10.0;

pub(crate) fn run(_: &Scale) -> Outcome {
    let mut figures = Vec::new();
    for (isolation, place) in [("process", "a process of its own"), ("host", "the host")] {
        figures.extend(swaps(isolation, place)?);
    }
    Ok(figures)
}

fn swaps(isolation: &str, place: &str) -> Outcome {
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let config = acme::config(port, CLIENTS).replace("isolation = \"host\"", &format!("isolation = \"{isolation}\""));
    let host = Host::start(&["acme"], &config)?;
    let mut pbx = Pbx::accept(&listener, CLIENTS)?;
    let watch = Watch::new(CLIENTS);
    runtime.block_on(async {
        for number in 0..CLIENTS {
            let (client, _) = Client::connect(host.address(), &format!("acme/{number}"), None).await?;
            tokio::spawn(Arc::clone(&watch).read(number, client.stream));
        }
        Ok::<(), String>(())
    })?;
    let (_, quiet) = watch.turn(|line| pbx.turn(line))?;
    let over = AtomicBool::new(false);
    let (pauses, late) = std::thread::scope(|scope| {
        let swapping = scope.spawn(|| {
            let mut pauses = Vec::new();
            while !over.load(Ordering::Relaxed) {
                pauses.push(swap(&host)?);
            }
            Ok::<Vec<f64>, String>(pauses)
        });
        let turns: Result<Vec<f64>, String> = (0..TURNS).map(|_| Ok(watch.turn(|line| pbx.turn(line))?.1)).collect();
        over.store(true, Ordering::Relaxed);
        let pauses = swapping.join().map_err(|_| "the thread that swaps has panicked".to_owned())??;
        Ok::<_, String>((pauses, turns?))
    })?;
    let mut sorted = pauses;
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| sorted.get((sorted.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    let most = sorted.last().copied().unwrap_or(f64::NAN);
    let one = |value: f64| Spread { least: at(0.0), median: value, most };
    let what = |kind: &str| {
        format!("pause of a swap under 2,000 events/s, the adapter in {place}, {} swaps: {kind}", sorted.len())
    };
    let seen = format!("phone system to client meanwhile, the adapter in {place}: p99 (without swaps {quiet:.0})");
    Ok(vec![
        Figure::alone(what("p50"), "ms", one(at(0.5))),
        Figure::alone(what("p99"), "ms", one(at(0.99))).goal(format!("≤ {MOST_MS}"), at(0.99) <= MOST_MS),
        Figure::alone(seen, "µs", Spread::of(late)),
    ])
}

/// Swaps to the library that runs; the pause in milliseconds, as the host tells it.
fn swap(host: &Host) -> Result<f64, String> {
    let told = host.command(&["plugins", "swap", "acme", "--json"])?;
    let told: Value = serde_json::from_str(&told).map_err(|e| format!("{e}: {told}"))?;
    match (told["outcome"].as_str(), told["pauseUs"].as_f64()) {
        (Some("swapped"), Some(pause)) => Ok(pause / 1e3),
        _ => Err(format!("the adapter was not swapped: {told}")),
    }
}
