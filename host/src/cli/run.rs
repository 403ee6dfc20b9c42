//! `jackfield run`.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::manager::Manager;
use super::{ConfigFile, Failure};
use crate::config::{self, Finding, Findings};
#[cfg(unix)]
use crate::control;
use crate::control::{Asked, Requests};
use crate::service::{Report, Service};
use crate::telemetry::{self, Levels};

/// So many wrong settings are named in the log of a start.
const MOST_TOLD: usize = 50;

/// Runs the host in the foreground until SIGTERM or Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  jackfield run
  JACKFIELD_LOG=jackfield=debug jackfield run --config jackfield.toml")]
pub(super) struct Run {
    #[command(flatten)]
    file: ConfigFile,
}

impl Run {
    pub(super) fn main(self) -> Result<(), Failure> {
        let levels = telemetry::start().map_err(Failure::new)?;
        let config = config::load(&self.file.config).map_err(|e| Failure::config(&e))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new(format!("the runtime: {e}")))?;
        let served = runtime.block_on(serve(self.file.config, config, levels));
        telemetry::flush();
        served
    }
}

/// What the main loop has in hand.
struct Running {
    file: PathBuf,
    service: Service,
    levels: Levels,
    manager: Manager,
}

async fn serve(file: PathBuf, config: config::Config, levels: Levels) -> Result<(), Failure> {
    // Random enough to tell one run from another; adapters and call ids need no secret.
    let seed = RandomState::new().hash_one(std::process::id());
    raise_file_limit(config.server.max_sessions);
    let mut signals = Signals::new().map_err(|e| Failure::new(format!("signals: {e}")))?;
    let mut requests = control(&file);
    let service = Service::start(config, seed).await.map_err(Failure::new)?;
    service.give_levels(levels.clone());
    tell_misfits(&file, service.misfits());
    tracing::info!("this program was built {}", crate::api::pages::in_words());
    tracing::info!("clients connect to {}", service.url());
    let mut running = Running { file, service, levels, manager: Manager::new() };
    running.manager.ready(&running.service.summary());
    loop {
        tokio::select! {
            signal = signals.next() => match signal {
                Signal::End => break,
                // The log says what became of it.
                Signal::Reload => drop(running.reload().await),
            },
            () = running.manager.beat() => running.manager.alive(&running.service.summary()),
            asked = requests.next() => {
                running.asked(asked).await;
            }
        }
    }
    running.manager.stopping();
    tracing::info!("stopping");
    running.service.stop().await;
    tracing::info!("stopped");
    Ok(())
}

impl Running {
    async fn asked(&mut self, Asked { method, params, answer }: Asked) {
        // Who has gone away does not want the answer any more.
        match method.as_str() {
            // The host has more to do than to wait for it.
            "swap" => match self.swap(&params) {
                Ok(swapped) => drop(tokio::spawn(async move { drop(answer.send(swapped.await)) })),
                Err(why) => drop(answer.send(Err(why))),
            },
            _ => drop(answer.send(self.answer(&method, &params).await)),
        }
    }

    /// `connection`, and what is to run there: `version`, `sha256` (or its beginning); neither: what is configured.
    fn swap(&self, params: &Value) -> Result<impl Future<Output = Result<Value, String>> + Send + use<>, String> {
        let text = |key: &str| match &params[key] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.as_str())),
            other => Err(format!("`{key}` is a text, or left out; found {other}")),
        };
        let connection = text("connection")?.ok_or("`connection` is missing")?;
        let (version, hash) = (text("version")?, text("sha256")?);
        tracing::info!(target: "audit", connection, version, sha256 = hash, "swap");
        self.service.swap(connection, version, hash)
    }

    async fn answer(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        match method {
            "status" => Ok(self.service.status().await),
            "reload" => self.reload().await.map(|report| json!(report)),
            "logLevels" => Ok(self.levels.shown()),
            "setLogLevel" => self.set_log_level(params),
            "login" => self.service.login(params["user"].as_str().unwrap_or_default(), params["at"].as_str()),
            "record" => {
                let connection = params["connection"].as_str().ok_or("`connection` is missing")?;
                let start = params["start"].as_bool().ok_or("`start` is true or false")?;
                self.service.record(connection, start).await
            }
            other => Err(format!(
                "there is no `{other}`; there are status, reload, swap, login, logLevels, setLogLevel, record"
            )),
        }
    }

    /// Reads the configuration again. What is wrong with it changes nothing.
    async fn reload(&mut self) -> Result<Report, String> {
        self.manager.reloading();
        let report = self.manager.during(reload(&self.file, &mut self.service)).await;
        self.levels.retain(|id| self.service.connection_ids().any(|there| there == id));
        let summary = self.service.summary();
        self.manager.ready(&match &report {
            Ok(_) => summary,
            Err(_) => format!("{summary}; the configuration file was refused, the one before stays in effect"),
        });
        report
    }

    /// `level`: none resets. `connection`: none is the whole host; a reset of the whole host resets everything.
    fn set_log_level(&self, params: &Value) -> Result<Value, String> {
        for key in ["connection", "level"] {
            if !params[key].is_null() && !params[key].is_string() {
                return Err(format!("`{key}` is a text, or left out; found {}", params[key]));
            }
        }
        let connection = params["connection"].as_str();
        if let Some(id) = connection
            && !self.service.connection_ids().any(|there| there == id)
        {
            let there: Vec<&str> = self.service.connection_ids().collect();
            return Err(format!("there is no connection `{id}` (there are: {})", there.join(", ")));
        }
        let level = params["level"].as_str().map(telemetry::level).transpose()?;
        // Told before it may be too low to be seen.
        tracing::info!(
            target: "audit", connection, level = params["level"].as_str().unwrap_or("as at the start"), "log level"
        );
        match (connection, level) {
            (None, None) => self.levels.reset(),
            _ => self.levels.set(connection, level),
        }
        Ok(self.levels.shown())
    }
}

/// An adapter says which setting it does not take; this says where in the file it stands, as `jackfield check` does.
fn tell_misfits(file: &Path, mut misfits: Vec<Finding>) {
    let more = misfits.len().saturating_sub(MOST_TOLD);
    misfits.truncate(MOST_TOLD);
    for finding in misfits {
        tracing::error!("configuration: {}", Findings { file: file.to_owned(), list: vec![finding] });
    }
    if more > 0 {
        tracing::error!("configuration: and {more} more findings; `jackfield check` shows them");
    }
}

/// Reads the configuration again. What is wrong with it changes nothing.
async fn reload(file: &Path, service: &mut Service) -> Result<Report, String> {
    let path = file.to_owned();
    let read = tokio::task::spawn_blocking(move || config::load(&path).map_err(|e| e.to_string())).await;
    let new = match read.map_err(|e| e.to_string()).flatten() {
        Ok(new) => new,
        Err(why) => {
            tracing::error!("the configuration is not taken, the one before stays in effect: {why}");
            return Err(why);
        }
    };
    let report = service.reload(new).await.map_err(|list| {
        let why = Findings { file: file.to_owned(), list }.to_string();
        tracing::error!("the configuration is not taken, the one before stays in effect: {why}");
        why
    })?;
    for what in &report.done {
        tracing::info!("configuration: {what}");
    }
    for what in &report.refused {
        tracing::error!("configuration: {what}");
    }
    for what in &report.restart {
        tracing::warn!("configuration: {what} takes effect when the host is started again");
    }
    if report == Report::default() {
        tracing::info!("configuration: nothing has changed");
    }
    Ok(report)
}

/// The socket for `jackfield status` and the like. A host runs without it, too.
#[cfg(unix)]
fn control(file: &Path) -> Requests {
    match control::socket_path(file).and_then(|path| control::listen(&path)) {
        Ok(requests) => requests,
        Err(why) => {
            tracing::warn!("`jackfield status` and `jackfield reload` cannot reach this host: {why}");
            Requests::none()
        }
    }
}

#[cfg(not(unix))]
fn control(_: &Path) -> Requests {
    Requests::none()
}

/// Every client is an open file: takes what the system grants, and says when that is less than `max_sessions` needs.
#[cfg(unix)]
fn raise_file_limit(max_sessions: usize) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Not being allowed to is told below.
    let _ = setrlimit(Resource::Nofile, limit);
    // Libraries, logs, phone systems.
    let needed = max_sessions as u64 + 256;
    if let Some(granted) = getrlimit(Resource::Nofile).current.filter(|granted| *granted < needed) {
        tracing::warn!(
            "the system grants {granted} open files, server.max_sessions = {max_sessions} needs {needed}; raise the \
             limit (LimitNOFILE= of systemd, ulimit -n) or lower max_sessions"
        );
    }
}

#[cfg(not(unix))]
const fn raise_file_limit(_: usize) {}

/// What the system asks of the host.
enum Signal {
    /// Stop in order.
    End,
    /// Read the configuration again.
    #[cfg_attr(not(unix), allow(dead_code, reason = "a signal of Unix"))]
    Reload,
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::End,
            _ = self.terminate.recv() => Signal::End,
            _ = self.hang_up.recv() => Signal::Reload,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        // Without signals the host runs until it is ended.
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::End,
            Err(_) => std::future::pending().await,
        }
    }
}
