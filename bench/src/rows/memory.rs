//! What a connected client holds in the host's memory.

use std::net::TcpListener;
use std::time::Duration;

use crate::Scale;
use crate::acme::{self, Pbx};
use crate::host::Host;
use crate::machine;
use crate::measure::Spread;
use crate::sockets::Client;
use crate::table::{Figure, Outcome};

/// Turns of the phone system in a burst: two events each.
const TURNS: usize = 500;
/// Clients that come first, so that what is there once for all is there.
const FIRST: usize = 100;

pub(crate) fn run(scale: &Scale) -> Outcome {
    let clients = scale.clients.min(machine::files() - FIRST);
    let text = |e: std::io::Error| e.to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let host = Host::start(&["acme"], &acme::config(port, 1))?;
    let mut pbx = Pbx::accept(&listener, 1)?;
    runtime.block_on(async {
        let mut connected = Vec::new();
        let mut memory = Vec::new();
        for count in [FIRST, clients] {
            for _ in 0..count {
                connected.push(Client::connect(host.address(), "acme/0", None).await?.0);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            memory.push(host.memory()?);
        }
        // What the burst leaves in the line's log is there once, however many clients there are: first fill it.
        for round in 0..2 {
            for turn in 0..TURNS {
                pbx.turn(0)?;
                // Nobody falls behind: what is measured is who reads.
                if turn % 50 == 49 {
                    drain(&mut connected);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            for _ in 0..50 {
                drain(&mut connected);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            if round == 1 {
                memory.push(host.memory()?);
            }
        }
        let kib = |more: f64| more / 1024.0 / clients as f64;
        let idle = kib(memory[1] - memory[0]);
        let burst = kib(memory[2] - memory[1]);
        let once = |value: f64| Spread::of(vec![value]);
        let what = format!("memory of the host a client, {clients} clients, plain, idle");
        let grown = format!("the same after two bursts of {} events for everybody: more by", 2 * TURNS);
        Ok(vec![
            Figure::alone(what, "KiB", once(idle)).goal("≤ 6", idle <= 6.0),
            Figure::alone(grown, "KiB", once(burst)).goal("≤ 1", burst <= 1.0),
        ])
    })
}

fn drain(clients: &mut [Client]) {
    let mut buffer = vec![0; 256 * 1024];
    for client in clients {
        while let Ok(1..) = client.stream.try_read(&mut buffer) {}
    }
}
