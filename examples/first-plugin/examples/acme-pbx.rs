//! A tiny ACME PBX, to see the adapter run: `cargo run -p jackfield-example-first-plugin --example acme-pbx`.
//!
//! It listens on 127.0.0.1:4000 (or the address given as argument), lets user `cti` in with the password `secret`, and
//! calls extension 101 every few seconds. Outside callers hang up after a while; outside numbers answer after three
//! seconds, except 600 (busy) and 000 (no such number). Calls go on while nobody is connected. It prints what it does.
#![allow(clippy::print_stdout, reason = "a program for the console")]

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

struct Call {
    way: &'static str,
    number: String,
    state: &'static str,
    /// When the other party does its next step: answers, or hangs up.
    next: Instant,
}

struct Pbx {
    calls: BTreeMap<u64, Call>,
    last: u64,
    next_call: Instant,
}

const EXTENSION: &str = "101";

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4000".into());
    let listener = TcpListener::bind(&address)?;
    listener.set_nonblocking(true)?;
    println!("ACME PBX listens on {}, user `cti`, password `secret`", listener.local_addr()?);
    let mut pbx = Pbx { calls: BTreeMap::new(), last: 16, next_call: Instant::now() + Duration::from_secs(3) };
    let (mut client, mut partial) = (None::<TcpStream>, Vec::new());
    loop {
        if let Ok((stream, from)) = listener.accept() {
            println!("-- {from} connects");
            stream.set_nonblocking(false)?;
            stream.set_read_timeout(Some(Duration::from_millis(100)))?;
            (client, partial) = (Some(stream), Vec::new());
        }
        let mut say = pbx.time_passes();
        if let Some(stream) = &mut client {
            let mut chunk = [0; 512];
            match stream.read(&mut chunk) {
                Ok(0) => client = None,
                Ok(count) => partial.extend_from_slice(&chunk[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => client = None,
            }
            while let Some(end) = partial.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = partial.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                println!("<- {line}");
                say.extend(pbx.command(&line.split_whitespace().collect::<Vec<_>>()));
            }
        } else {
            std::thread::sleep(Duration::from_millis(100));
        }
        for line in say {
            println!("{} {line}", if client.is_some() { "->" } else { "(nobody hears)" });
            if client.as_mut().is_some_and(|stream| stream.write_all(format!("{line}\n").as_bytes()).is_err()) {
                client = None;
            }
        }
    }
}

impl Pbx {
    /// One command of the adapter; returns what is said to it.
    fn command(&mut self, words: &[&str]) -> Vec<String> {
        match *words {
            ["HELLO", "cti", "secret"] => vec!["OK login".into()],
            ["HELLO", ..] => vec!["NO login wrong user or password".into()],
            ["STATUS"] => {
                let call = |(id, call): (&u64, &Call)| {
                    format!("STATUS {id} {EXTENSION} {} {} {}", call.way, call.number, call.state)
                };
                self.calls.iter().map(call).chain(["STATUS END".into()]).collect()
            }
            ["DIAL", tag, EXTENSION, number] if number != "000" => {
                let id = self.add("out", number, "dialing", 3);
                vec![format!("OK {tag} {id}"), format!("DIALING {id} {EXTENSION} {number}")]
            }
            ["DIAL", tag, ..] => vec![format!("NO {tag} no such number or extension")],
            [what, tag, id] => {
                let Some((id, call)) = id.parse().ok().and_then(|id| Some((id, self.calls.get_mut(&id)?))) else {
                    return vec![format!("NO {tag} no such call")];
                };
                let (event, state) = match (what, call.state) {
                    ("ANSWER", "ringing") => ("ANSWERED", "talking"),
                    ("HOLD", "talking") => ("HELD", "held"),
                    ("RESUME", "held") => ("RESUMED", "talking"),
                    ("HANGUP", state) => {
                        let why = if state == "talking" || state == "held" { "normal" } else { "cancelled" };
                        self.calls.remove(&id);
                        return vec![format!("OK {tag}"), format!("ENDED {id} {EXTENSION} {why}")];
                    }
                    (_, state) => return vec![format!("NO {tag} the call is {state}")],
                };
                call.state = state;
                call.next = Instant::now() + Duration::from_secs(20);
                vec![format!("OK {tag}"), format!("{event} {id} {EXTENSION}")]
            }
            _ => vec!["NO ? not understood".into()],
        }
    }

    /// What the other parties do by themselves.
    fn time_passes(&mut self) -> Vec<String> {
        let (now, mut say) = (Instant::now(), Vec::new());
        if now >= self.next_call {
            self.next_call = now + Duration::from_secs(15);
            if self.calls.is_empty() {
                let number = format!("+38044{:07}", self.last * 1_234_567 % 10_000_000);
                let id = self.add("in", &number, "ringing", 8);
                say.push(format!("RING {id} {EXTENSION} {number}"));
            }
        }
        self.calls.retain(|id, call| {
            if now < call.next {
                return true;
            }
            if call.state == "dialing" && call.number != "600" {
                call.state = "talking";
                call.next = now + Duration::from_secs(20);
                say.push(format!("ANSWERED {id} {EXTENSION}"));
                return true;
            }
            let why = match call.state {
                "dialing" => "busy",
                "ringing" => "cancelled",
                _ => "normal",
            };
            say.push(format!("ENDED {id} {EXTENSION} {why}"));
            false
        });
        say
    }

    fn add(&mut self, way: &'static str, number: &str, state: &'static str, seconds: u64) -> u64 {
        self.last += 1;
        let next = Instant::now() + Duration::from_secs(seconds);
        self.calls.insert(self.last, Call { way, number: number.to_owned(), state, next });
        self.last
    }
}
