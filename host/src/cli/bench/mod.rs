//! `jackfield bench`: what this machine can carry.

mod client;
mod histogram;
mod process;
mod report;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{ConfigFile, Failure, output};
use crate::config;
use crate::plugins::{Folder, State};
use histogram::Histogram;
use process::Process;
use report::Report;

/// How long after the last client the calls run before anything is counted.
const WARM_UP: Duration = Duration::from_secs(3);
/// Files of this process that are no clients, with room to spare.
#[cfg(unix)]
const OTHER_FILES: u64 = 100;

/// Measures what this machine can carry: a host of its own, simulated calls, clients over real sockets.
///
/// The host is a second process on a free port of the loopback, with its files in a temporary directory; a host that
/// runs here as a service is not touched. The clients share the machine with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield bench
  jackfield bench --lines 200 --clients 1000 --seconds 60")]
pub(super) struct Bench {
    #[command(flatten)]
    file: ConfigFile,
    /// The folder with the simulator's library; else the configuration's.
    #[arg(long, value_name = "DIR")]
    plugins: Option<PathBuf>,
    /// Lines, each played by a robot.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    lines: u32,
    /// Clients; each sees one line, as an agent's panel does.
    #[arg(long, value_name = "M", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    clients: u32,
    /// For how long events are counted.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    seconds: u32,
    /// Calls that begin in a minute, over all lines; else four per line.
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    calls_per_minute: Option<u32>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub(super) fn main(self) -> Result<(), Failure> {
        let folder = match &self.plugins {
            Some(folder) => folder.clone(),
            None => config::load(&self.file.config).map_err(|e| Failure::config(&e))?.plugins.folder,
        };
        let library = simulator(&folder)?;
        enough_files(self.clients)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        let report = runtime.block_on(async {
            tokio::select! {
                report = self.measure(&library) => report.map_err(Failure::new),
                _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted; nothing was measured")),
            }
        })?;
        output::say(&if self.json { report.json().to_string() } else { report.text() })
    }

    async fn measure(&self, library: &Path) -> Result<Report, String> {
        let calls_per_minute = self.calls_per_minute.unwrap_or(self.lines.saturating_mul(4).min(1_000_000));
        progress("starting a host");
        let process = Process::start(library, self.lines, self.clients, calls_per_minute).await?;
        let memory_empty = process.memory();
        let (took, mut clients) = (Arc::new(Histogram::default()), tokio::task::JoinSet::new());
        for number in 0..self.clients {
            let client = client::connect(&process, number % self.lines).await?;
            clients.spawn(client::listen(client, Arc::clone(&took)));
            if number % 100 == 99 {
                progress(&format!("{} of {} clients are connected", number + 1, self.clients));
            }
        }
        progress("calls begin");
        wait(WARM_UP, &mut clients).await?;
        took.clear();
        let (begin, cpu) = (Instant::now(), process.cpu());
        for second in 0..self.seconds {
            wait((begin + Duration::from_secs(u64::from(second) + 1)).duration_since(Instant::now()), &mut clients)
                .await?;
            progress(&format!("{} of {} s, {} events came at clients", second + 1, self.seconds, took.count()));
        }
        let report = Report {
            lines: self.lines,
            clients: self.clients,
            calls_per_minute,
            seconds: begin.elapsed().as_secs_f64(),
            took: took.percentiles(),
            delivered: took.count(),
            cpu: process.cpu().zip(cpu).map(|(after, before)| after.saturating_sub(before)),
            memory: process.memory(),
            memory_empty,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
        };
        if report.delivered == 0 {
            return Err(format!("no event came in {} s; the host said: {}", self.seconds, process.last_words()));
        }
        Ok(report)
    }
}

/// Waits, and fails when a client ends: a figure without it would say nothing.
async fn wait(time: Duration, clients: &mut tokio::task::JoinSet<String>) -> Result<(), String> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        Some(ended) = clients.join_next() => Err(ended.unwrap_or_else(|e| e.to_string())),
    }
}

/// Finds the simulator among the libraries of a folder.
fn simulator(folder: &Path) -> Result<PathBuf, Failure> {
    let found = Folder::once(folder).map_err(Failure::new)?;
    let is_simulator = |state: &State| matches!(state, State::Loaded(plugin) if plugin.manifest.name == "simulator");
    found.entries.into_iter().find(|entry| is_simulator(&entry.state)).map(|entry| entry.path).ok_or_else(|| {
        let folder = folder.display();
        Failure::new(format!("{folder}: the simulator is not there, and it makes the calls; put its library there"))
    })
}

/// A word about what goes on, on a terminal.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        output::note(&format!("-- {text}"));
    }
}

/// Every client is an open file here, and another one in the host.
#[cfg(unix)]
fn enough_files(clients: u32) -> Result<(), Failure> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Not being allowed to is told below.
    let _ = setrlimit(Resource::Nofile, limit);
    match getrlimit(Resource::Nofile).current.filter(|granted| *granted < u64::from(clients) + OTHER_FILES) {
        None => Ok(()),
        Some(granted) => Err(Failure::new(format!(
            "the system grants {granted} open files, {clients} clients need {}; raise the limit (ulimit -n) or take \
             fewer --clients",
            u64::from(clients) + OTHER_FILES
        ))),
    }
}

#[cfg(not(unix))]
fn enough_files(_: u32) -> Result<(), Failure> {
    Ok(())
}
