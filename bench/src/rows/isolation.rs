//! Adapters in processes of their own, beside the same adapters inside the host.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jackfield::plugins::Place;
use rustix::process::{Pid, Signal, kill_process};

use super::ami::{PASSES, READ};
use super::latency::Watch;
use crate::Scale;
use crate::acme::{self, Pbx};
use crate::ami::{Asterisk, load, streams};
use crate::host::{Host, built, library};
use crate::machine;
use crate::measure::{ROUNDS, Spread, Turns, process_cpu, thread_cpu};
use crate::sockets::{Client, TOKEN};
use crate::table::{Figure, Outcome};

/// Lines and clients of the latency's row.
const CLIENTS: usize = 200;
/// Reads that go over together when a socket has brought more than the adapter has handled.
const TOGETHER: usize = 32;
/// Connections of the row about starting.
const CONNECTIONS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(_: &Scale) -> Outcome {
    let mut figures = latency()?;
    figures.extend(throughput()?);
    figures.extend(crash()?);
    figures.push(many()?);
    Ok(figures)
}

/// A host with the example adapter, its phone system, and clients that read.
struct Under {
    _host: Host,
    pbx: Pbx,
    watch: Arc<Watch>,
    _runtime: tokio::runtime::Runtime,
}

impl Under {
    fn start(isolation: &str) -> Result<Self, String> {
        let text = |e: std::io::Error| e.to_string();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(text)?;
        let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let port = listener.local_addr().map_err(text)?.port();
        let config =
            acme::config(port, CLIENTS).replace("isolation = \"host\"", &format!("isolation = \"{isolation}\""));
        let host = Host::start(&["acme"], &config)?;
        let pbx = Pbx::accept(&listener, CLIENTS)?;
        let watch = Watch::new(CLIENTS);
        runtime.block_on(async {
            for number in 0..CLIENTS {
                let (client, _) = Client::connect(host.address(), &format!("acme/{number}"), None).await?;
                tokio::spawn(Arc::clone(&watch).read(number, client.stream));
            }
            Ok::<(), String>(())
        })?;
        Ok(Self { _host: host, pbx, watch, _runtime: runtime })
    }

    fn turn(&mut self) -> Result<(f64, f64), String> {
        let pbx = &mut self.pbx;
        self.watch.turn(|line| pbx.turn(line))
    }
}

fn latency() -> Outcome {
    let (mut apart, mut inside) = (Under::start("process")?, Under::start("host")?);
    let (mut half, mut most, mut added) = (Turns::default(), Turns::default(), Vec::new());
    for round in 0..=ROUNDS {
        let (ours, theirs) = (apart.turn()?, inside.turn()?);
        if round > 0 {
            half.add(ours.0, theirs.0);
            most.add(ours.1, theirs.1);
            added.push(ours.0 - theirs.0);
        }
    }
    let added = Spread::of(added);
    let what = |kind: &str| format!("phone system to client, 2 events 1000 times a second: {kind}");
    Ok(vec![
        Figure::compared(what("p50"), "µs", half.pair(), "adapter in the host"),
        Figure::alone(what("p50, added by the process"), "µs", added).goal("≤ 30", added.median <= 30.0),
        Figure::compared(what("p99"), "µs", most.pair(), "adapter in the host"),
    ])
}

fn throughput() -> Outcome {
    jackfield::plugins::run_adapters_with(&built()?.join("jackfield"));
    let traces = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/asterisk/tests/traces");
    let plugin = load(&library("asterisk")?)?;
    let mut figures = Vec::new();
    for (name, all_classes) in [("all classes", true), ("least privilege", false)] {
        let stream = streams(&traces, all_classes)?;
        let counted = &stream[warm(&stream)..];
        let events = counted.windows(7).filter(|w| w == b"Event: ").count() * PASSES;
        let rate = |time: Duration| events as f64 / 1e6 / time.as_secs_f64();
        let mut turns = Turns::default();
        for round in 0..=ROUNDS {
            let (apart, inside) = (apart(&plugin, &stream)?, inside(&plugin, &stream)?);
            if round > 0 {
                turns.add(rate(apart), rate(inside));
            }
        }
        let pair = turns.pair();
        let what = format!("AMI to facts, {name}, {TOGETHER} reads of 2 KiB together");
        let figure = Figure::compared(what, "M events/CPU s of both processes", pair, "adapter in the host");
        figures.push(figure.goal("ratio ≥ 0.6", pair.ratio.median >= 0.6));
    }
    Ok(figures)
}

/// How much of a stream is only for warming up: a new process has touched none of its pages.
fn warm(stream: &[u8]) -> usize {
    stream.len() / 3 / READ * READ
}

/// CPU time of both processes.
fn apart(plugin: &jackfield::plugins::LoadedPlugin, stream: &[u8]) -> Result<Duration, String> {
    let mut time = Duration::ZERO;
    for _ in 0..PASSES {
        let place = Place::Process { name: "bench", memory: 256 * 1024 * 1024, patience: PATIENCE };
        let mut asterisk = Asterisk::up_in(plugin, place)?;
        let runner = asterisk.process().ok_or("the adapter has no process")?;
        // The runner waits at both looks, so the kernel's account of it is up to date.
        let cpu = || Ok::<Duration, String>(thread_cpu() + process_cpu(runner)?);
        let (first, rest) = stream.split_at(warm(stream));
        let mut made = 0;
        for reads in first.chunks(READ).collect::<Vec<_>>().chunks(TOGETHER) {
            made += asterisk.received_together(reads)?;
        }
        let before = cpu()?;
        for reads in rest.chunks(READ).collect::<Vec<_>>().chunks(TOGETHER) {
            made += asterisk.received_together(reads)?;
        }
        time += cpu()? - before;
        if made == 0 {
            return Err("nothing came of the recorded streams".to_owned());
        }
    }
    Ok(time)
}

fn inside(plugin: &jackfield::plugins::LoadedPlugin, stream: &[u8]) -> Result<Duration, String> {
    let mut time = Duration::ZERO;
    for _ in 0..PASSES {
        let mut asterisk = Asterisk::up(plugin)?;
        let (first, rest) = stream.split_at(warm(stream));
        for read in first.chunks(READ) {
            std::hint::black_box(asterisk.received(read)?);
        }
        let before = thread_cpu();
        for read in rest.chunks(READ) {
            std::hint::black_box(asterisk.received(read)?);
        }
        time += thread_cpu() - before;
    }
    Ok(time)
}

/// `count` connections to simulated phone systems, one line each.
fn simulators(count: usize) -> String {
    let mut text = String::new();
    for number in 0..count {
        text.push_str(&format!(
            "[[connection]]\nid = \"sim{number}\"\nplugin = \"simulator\"\n[connection.settings]\nseed = 1\n\
             [[line]]\nname = \"sim{number}/101\"\n"
        ));
    }
    text + &format!("[[user]]\nname = \"bench\"\nrole = \"admin\"\ntoken = \"{TOKEN}\"\nlines = [\"sim0/101\"]\n")
}

/// A runner is killed: until its line is up again. And how much memory it had for itself.
fn crash() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let (mut back, mut memory) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        for _ in 0..ROUNDS {
            // Another host each time: an adapter that falls again and again waits longer.
            let host = Host::start(&["simulator"], &simulators(1))?;
            let (mut client, _) = Client::connect(host.address(), "sim0/101", None).await?;
            let runner = *machine::children(host.pid()).first().ok_or("no runner is to be seen")?;
            memory.push(machine::own_memory(runner)? / 1024.0 / 1024.0);
            let begin = Instant::now();
            let pid = i32::try_from(runner).ok().and_then(Pid::from_raw).ok_or("a strange process")?;
            kill_process(pid, Signal::KILL).map_err(|e| e.to_string())?;
            loop {
                let event: serde_json::Value =
                    serde_json::from_slice(&client.text().await?).map_err(|e| e.to_string())?;
                if event["method"] == "initialized" && event["params"]["resent"] != true {
                    break;
                }
            }
            back.push(begin.elapsed().as_secs_f64() * 1e3);
        }
        Ok::<(), String>(())
    })?;
    let (back, memory) = (Spread::of(back), Spread::of(memory));
    Ok(vec![
        Figure::alone("from SIGKILL of a runner to reconciled, back-off included", "ms", back)
            .goal("< 1,000", back.median < 1_000.0),
        Figure::alone("memory of a runner's own (simulator)", "MiB", memory).goal("≤ 6", memory.median <= 6.0),
    ])
}

/// Many connections, each with a process: until all are up.
fn many() -> Result<Figure, String> {
    let mut took = Vec::new();
    for round in 0..=ROUNDS {
        let begin = Instant::now();
        let host = Host::start(&["simulator"], &simulators(CONNECTIONS))?;
        while ups(&host)? < CONNECTIONS {
            if begin.elapsed() > PATIENCE {
                return Err(format!("{} of {CONNECTIONS} connections came up", ups(&host)?));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if round > 0 {
            took.push(begin.elapsed().as_secs_f64());
        }
    }
    let took = Spread::of(took);
    let what = format!("start of a host until {CONNECTIONS} connections are up, each in its own process");
    Ok(Figure::alone(what, "s", took).goal("< 2", took.median < 2.0))
}

fn ups(host: &Host) -> Result<usize, String> {
    let text = |e: std::io::Error| e.to_string();
    let mut stream = TcpStream::connect(host.address()).map_err(text)?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n")
        .map_err(text)?;
    let mut page = String::new();
    stream.read_to_string(&mut page).map_err(text)?;
    Ok(page.lines().filter(|line| line.starts_with("cti_connection_up{") && line.ends_with(" 1")).count())
}
