//! Adapters in processes of their own, beside the same adapters inside the host.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jackfield::plugins::Place;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::ami::{Pass, READ};
use super::latency::Watch;
use crate::Scale;
use crate::acme::{self, Pbx};
use crate::ami::{Asterisk, another_day, load, streams};
use crate::host::{Host, built, library};
use crate::machine;
use crate::measure::{ROUNDS, Spread, Turns, process_cpu, thread_cpu};
use crate::sockets::{Client, TOKEN};
use crate::table::{Figure, Outcome};

/// Lines and clients of the latency's row.
const CLIENTS: usize = 200;
/// Reads that go over together when a socket has brought more than the adapter has handled.
const TOGETHER: usize = 32;
/// Bytes of the phone system that warm an adapter, and those that are counted in a turn.
const WARM: usize = 2 << 20;
const COUNTED: usize = 8 << 20;
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
        let copies = (WARM + COUNTED) / stream.len().max(1) + 1;
        let days: Vec<u8> = (0..).take(copies).flat_map(|day| another_day(&stream, day)).collect();
        let counted = &days[warm(&days)..];
        let events = counted.windows(7).filter(|w| w == b"Event: ").count();
        let rate = |time: Duration| events as f64 / 1e6 / time.as_secs_f64();
        // On a core each both sleep in turns, and each wakes the other's core; together on one they only change places.
        for (cores, where_) in [(Cores::All, "a core for each"), (Cores::One, "both on one core")] {
            let mut turns = Turns::default();
            for round in 0..=ROUNDS {
                let (apart, inside) = (apart(&plugin, &days, cores)?, inside(&plugin, &days)?);
                if apart.made != inside.made {
                    return Err(format!("{} bytes of outputs in a process, {} in the host", apart.made, inside.made));
                }
                if round > 0 {
                    turns.add(rate(apart.time), rate(inside.time));
                }
            }
            let pair = turns.pair();
            let what = format!("AMI to facts, {name}, {TOGETHER} reads of 2 KiB together, {where_}");
            let figure = Figure::compared(what, "M events/CPU s of both processes", pair, "adapter in the host");
            figures.push(figure.goal("ratio ≥ 0.6", pair.ratio.median >= 0.6));
        }
    }
    Ok(figures)
}

/// Where the two processes may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cores {
    All,
    One,
}

/// This thread, and a process's first thread, share a core until this goes.
struct Bound(CpuSet);

impl Bound {
    fn together(process: Pid) -> Result<Self, String> {
        let text = |e: rustix::io::Errno| format!("binding to one core: {e}");
        let before = sched_getaffinity(None).map_err(text)?;
        let first = (0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu)).ok_or("there is no core")?;
        let mut one = CpuSet::new();
        one.set(first);
        for who in [None, Some(process)] {
            sched_setaffinity(who, &one).map_err(text)?;
        }
        Ok(Self(before))
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        // What it may not do now it may not have done before.
        let _ = sched_setaffinity(None, &self.0);
    }
}

/// How much of a stream is only for warming up: a new process has touched none of its pages.
fn warm(stream: &[u8]) -> usize {
    stream.len().min(WARM) / READ * READ
}

/// Gives a whole stream, a batch at a time; what is counted begins after the warming up.
fn pass(
    stream: &[u8],
    cpu: impl Fn() -> Result<Duration, String>,
    mut give: impl FnMut(&[&[u8]]) -> Result<usize, String>,
) -> Result<Pass, String> {
    let (first, rest) = stream.split_at(warm(stream));
    let (first, rest): (Vec<&[u8]>, Vec<&[u8]>) = (first.chunks(READ).collect(), rest.chunks(READ).collect());
    let mut made = 0;
    for reads in first.chunks(TOGETHER) {
        made += give(reads)?;
    }
    let before = cpu()?;
    for reads in rest.chunks(TOGETHER) {
        made += give(reads)?;
    }
    let time = cpu()? - before;
    if made == 0 {
        return Err("nothing came of the recorded streams".to_owned());
    }
    Ok(Pass { time, made })
}

/// CPU time of both processes.
fn apart(plugin: &jackfield::plugins::LoadedPlugin, stream: &[u8], cores: Cores) -> Result<Pass, String> {
    let place = Place::Process { name: "bench", memory: 256 * 1024 * 1024, patience: PATIENCE };
    let mut asterisk = Asterisk::up_in(plugin, place)?;
    let runner = asterisk.process().ok_or("the adapter has no process")?;
    let pid = i32::try_from(runner).ok().and_then(Pid::from_raw).ok_or("a process without a number")?;
    let _bound = if cores == Cores::One { Some(Bound::together(pid)?) } else { None };
    // The runner waits at both looks, so the kernel's account of it is up to date.
    pass(stream, || Ok(thread_cpu() + process_cpu(runner)?), |reads| asterisk.received_together(reads))
}

fn inside(plugin: &jackfield::plugins::LoadedPlugin, stream: &[u8]) -> Result<Pass, String> {
    let mut asterisk = Asterisk::up(plugin)?;
    let one_by_one = |reads: &[&[u8]]| {
        let mut made = 0;
        for read in reads {
            made += std::hint::black_box(asterisk.received(read)?).len();
        }
        Ok(made)
    };
    pass(stream, || Ok(thread_cpu()), one_by_one)
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
    let mut memory = Vec::new();
    let usual = killed(&simulators(1), &mut memory)?;
    let soon = simulators(1).replace("[connection.settings]", "backoff = { first = \"1ms\" }\n[connection.settings]");
    let soon = killed(&soon, &mut memory)?;
    let memory = Spread::of(memory);
    Ok(vec![
        Figure::alone("from SIGKILL of a runner to reconciled, back-off included", "ms", usual)
            .goal("< 1,000", usual.median < 1_000.0),
        Figure::alone("the same without a back-off", "ms", soon),
        Figure::alone("memory of a runner's own (simulator)", "MiB", memory).goal("≤ 6", memory.median <= 6.0),
    ])
}

/// Milliseconds from the end of a runner until its line is up again.
fn killed(config: &str, memory: &mut Vec<f64>) -> Result<Spread, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let mut back = Vec::new();
    runtime.block_on(async {
        for _ in 0..ROUNDS {
            // Another host each time: an adapter that falls again and again waits longer.
            let host = Host::start(&["simulator"], config)?;
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
    Ok(Spread::of(back))
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
