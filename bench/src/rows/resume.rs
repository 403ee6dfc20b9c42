//! Clients that come back, all at once, and have missed twenty events.

use std::net::TcpListener;
use std::time::Instant;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::machine;
use crate::measure::{ROUNDS, Spread};
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Turns of the phone system that are missed: two events each.
const TURNS: usize = 10;

pub(crate) fn run(scale: &Scale) -> Outcome {
    let clients = scale.clients.min(machine::files());
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let host = Host::start(&["acme"], &acme::config(port, 1))?;
    let mut pbx = Pbx::accept(&listener, 1)?;
    runtime.block_on(async {
        let (mut witness, status) = Client::connect(host.address(), "acme/0", None).await?;
        let epoch = status["epoch"].as_u64().ok_or_else(|| format!("no epoch: {status}"))?;
        let mut last = status["seq"].as_u64().ok_or_else(|| format!("no number: {status}"))?;
        let (mut cpu, mut wall) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let seen = last;
            for _ in 0..TURNS {
                pbx.turn(0)?;
            }
            last += 2 * TURNS as u64;
            witness.until(last).await?;
            let expected: Vec<u64> = (seen + 1..=last).collect();
            let (before, begin) = (host.cpu()?, Instant::now());
            let tasks: Vec<_> = (0..clients)
                .map(|_| {
                    let (address, expected) = (host.address().to_owned(), expected.clone());
                    tokio::spawn(async move {
                        let (mut client, status) = Client::connect(&address, "acme/0", Some((epoch, seen))).await?;
                        let numbers = client.until(last).await?;
                        if numbers == expected && status["resumed"] == true {
                            return Ok(client);
                        }
                        Err(format!("a client that missed {expected:?} got {numbers:?}; {status}"))
                    })
                })
                .collect();
            let mut connected = Vec::new();
            for task in tasks {
                connected.push(task.await.map_err(|e| e.to_string())??);
            }
            if round > 0 {
                cpu.push((host.cpu()? - before).as_secs_f64() * 1e6 / clients as f64);
                wall.push(begin.elapsed().as_secs_f64());
            }
            drop(connected);
            // Their leaving is not part of the next turn.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        let (cpu, wall) = (Spread::of(cpu), Spread::of(wall));
        let what = format!("{clients} clients come back at once, {} missed events each", 2 * TURNS);
        Ok(vec![
            Figure::alone(format!("{what}: each"), "µs CPU", cpu).goal("≤ 80", cpu.median <= 80.0),
            Figure::alone(format!("{what}: until all have all, once each"), "s", wall)
                .goal("≤ 1 for 10,000, in proportion", wall.median * 10_000.0 / clients as f64 <= 1.0),
        ])
    })
}
