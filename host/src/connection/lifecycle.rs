//! The adapter's life: made, given inputs, started again after a fault, stopped.

use std::time::Duration;

use jackfield_plugin_api::frame::Start;
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{ErrorCode, ErrorFact, LineId, Severity};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::commands::Answers;
use super::swap;
use super::task::{POST_QUEUE, Task};
use crate::config::{ConnectionConfig, Isolation, LinePlan};
use crate::model::Loss;
use crate::plugins::{Fault, LoadedPlugin, Place, Port};
use crate::recorder::Birth;

/// How long answers may take to the last requests of an adapter that stops.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// An adapter that was up for so long is at fault for the first time: it is started again at once. (One that comes up
/// and falls soon waits longer each time.)
const GOOD: Duration = Duration::from_secs(30);
const MIB: u64 = 1024 * 1024;

/// What an adapter's threads post.
pub(super) type Posts = (mpsc::Sender<Vec<u8>>, mpsc::Receiver<Vec<u8>>);

/// An adapter that was made, and what its threads will post.
pub(super) struct Made {
    pub(super) port: Port,
    pub(super) posts: Posts,
    /// How it was made: for a recording.
    pub(super) birth: Birth,
}

/// Where an adapter is to run.
pub(super) fn place(config: &ConnectionConfig) -> Place<'_> {
    match config.isolation {
        Isolation::Process if cfg!(target_os = "linux") => {
            Place::Process { name: &config.id, memory: u64::from(config.memory) * MIB, patience: config.input_timeout }
        }
        _ => Place::Host,
    }
}

impl Task {
    /// Makes the adapter and opens its lines, unless somebody has paused the connection.
    pub(super) async fn start(&mut self) {
        if self.standing.paused {
            return;
        }
        let plugin = match &self.plugin {
            Ok(plugin) => plugin.clone(),
            Err(why) => {
                let why = why.clone();
                tracing::error!(connection = %self.config.id, "no adapter: {why}");
                return self.fail(ErrorCode::AdapterLoadFailed, why, false).await;
            }
        };
        match self.make(&plugin).await {
            Ok(made) => self.run_adapter(&plugin, made).await,
            Err(Fault::Refused { path, text }) => {
                let at = if path.is_empty() { String::new() } else { format!(".{path}") };
                let why = format!("connection `{}`: settings{at}: {text}", self.config.id);
                tracing::error!(connection = %self.config.id, "{why}");
                self.fail(ErrorCode::ConfigInvalid, why, false).await;
            }
            Err(fault) => self.fault(&fault).await,
        }
    }

    /// Makes an adapter; nothing of it is obeyed yet.
    pub(super) async fn make(&mut self, plugin: &LoadedPlugin) -> Result<Made, Fault> {
        let (now, start) = (self.now(), self.start_frame(plugin, 0));
        // What threads of an adapter before this one still post is nobody's.
        let posts = mpsc::channel(POST_QUEUE);
        let port = Port::create(plugin, place(&self.config), now, &start, posts.0.clone()).await?;
        Ok(Made { port, posts, birth: Birth::new(now, start) })
    }

    /// What an adapter is made from; `state_version` is that of the state that it is given, if it is.
    pub(super) fn start_frame(&mut self, plugin: &LoadedPlugin, state_version: u32) -> Start {
        self.seed = self.seed.wrapping_add(1);
        Start {
            seed: self.seed,
            connection: self.config.id.clone(),
            settings: json_text(&self.config.settings),
            state_version,
            granted: plugin.granted(&self.config.grant),
        }
    }

    /// Gives the adapter the connection.
    pub(super) async fn run_adapter(&mut self, plugin: &LoadedPlugin, Made { port, posts, birth }: Made) {
        tracing::info!(
            connection = %self.config.id, adapter = %plugin.manifest.name,
            version = %plugin.manifest.version, lines = self.lines.len(), process = port.process(), "adapter started"
        );
        if self.config.isolation == Isolation::Process && port.process().is_none() {
            tracing::warn!(
                connection = %self.config.id,
                "the adapter runs inside the host: processes of their own exist on Linux only; trust it, or do without"
            );
        }
        let made = port.outputs().to_vec();
        self.secrets_change();
        self.model.tape.made(plugin, &birth, &[]);
        self.birth = Some(birth);
        self.port = Some(port);
        self.posts = posts;
        self.swap.seat = Some(swap::seat(&self.config));
        self.swap.refused.clear();
        self.metrics.running.set(1);
        self.obey(&made);
        self.publish().await;
        self.input(&InputFrame::started()).await;
        let lines = self.lines.iter().filter(|(id, _)| !self.presence.is_closed(**id));
        let lines: Vec<_> = lines.map(|(id, plan)| (*id, plan.clone())).collect();
        for (id, plan) in lines {
            self.open_line(id, &plan).await;
        }
        #[cfg(feature = "growth")]
        self.input(&InputFrame::later()).await;
    }

    pub(super) async fn open_line(&mut self, id: LineId, plan: &LinePlan) {
        let settings = json_text(&plan.settings);
        let Some(refused) = self.give(&InputFrame::line_opened(id, &plan.device, &settings)).await else {
            self.swap.refused.remove(&id);
            return self.publish().await;
        };
        match refused {
            Fault::Refused { path, text } => {
                let at = if path.is_empty() { String::new() } else { format!(".{path}") };
                let why = format!("line `{}`: settings{at}: {text}", plan.name);
                tracing::error!(connection = %self.config.id, line = %plan.name, "{why}");
                self.swap.refused.insert(id);
                let now = self.now();
                let error = ErrorFact::new(ErrorCode::ConfigInvalid, Severity::Error, why).line(id);
                self.model.apply(now, &error.into(), &mut self.events);
                self.publish().await;
            }
            fault => self.fault(&fault).await,
        }
    }

    /// An input, and everything that follows from it.
    pub(super) async fn input(&mut self, frame: &InputFrame<'_>) {
        let fault = self.give(frame).await;
        self.given(frame.kind, fault).await;
    }

    /// What follows from an input that was given.
    pub(super) async fn given(&mut self, kind: u32, fault: Option<Fault>) {
        match fault {
            None => self.publish().await,
            Some(Fault::Refused { text, .. }) => {
                tracing::warn!(connection = %self.config.id, kind, "the adapter refused an input: {text}");
            }
            Some(fault) => self.fault(&fault).await,
        }
    }

    /// Gives an input to the adapter and obeys its outputs.
    pub(super) async fn give(&mut self, frame: &InputFrame<'_>) -> Option<Fault> {
        let mut port = self.port.take()?;
        let span = self.span(frame);
        let now = self.now();
        self.shadow_hears(now, false, frame);
        self.model.tape.input(now, frame);
        if !port.is_apart() {
            // An adapter inside the host may take it down: what it was given is written before.
            self.model.tape.flush();
        }
        let handled = port.handle(now, frame).await;
        let given = span.in_scope(|| self.handled(handled));
        if let Some(old) = self.beside(now, frame, &mut port, &given).await {
            self.port = Some(old);
            return None;
        }
        self.keep(port, given)
    }

    /// Obeys what an adapter answers.
    pub(super) fn handled(&mut self, handled: Result<&[u8], Fault>) -> Result<(), Fault> {
        if let Err(fault) = &handled {
            self.model.tape.failed(self.clock.last(), fault);
        }
        let given = handled.map(|outputs| self.obey(outputs));
        tracing::debug!(target: "jackfield::input", events = self.events.len(), "handled");
        given
    }

    /// Keeps an adapter that lives on.
    pub(super) fn keep(&mut self, port: Port, given: Result<(), Fault>) -> Option<Fault> {
        match given {
            Ok(()) => self.port = Some(port),
            Err(fault @ Fault::Refused { .. }) => {
                self.port = Some(port);
                return Some(fault);
            }
            Err(fault) => return Some(fault),
        }
        None
    }

    /// The adapter is at fault: this connection begins anew, its calls wait for what the phone system says.
    pub(super) async fn fault(&mut self, fault: &Fault) {
        self.port = None;
        if self.steps_in(fault).await {
            return;
        }
        self.metrics.faults.inc();
        self.go_back(fault).await;
        let wait = if self.up_since.take().is_some_and(|since| since.elapsed() >= GOOD) {
            self.restart.reset();
            Duration::ZERO
        } else {
            self.restart.next()
        };
        self.restart_at = Some(Instant::now() + wait);
        let text = format!("the adapter is at fault: {fault}; it is started again in {} ms", wait.as_millis());
        tracing::error!(connection = %self.config.id, "{text}");
        self.retry_in_ms = u64::try_from(wait.as_millis()).ok();
        self.fail(ErrorCode::AdapterFault, text, true).await;
        self.retry_in_ms = None;
    }

    /// Nothing works: tells everybody, and gives up what the adapter had.
    pub(super) async fn fail(&mut self, code: ErrorCode, text: String, will_retry: bool) {
        self.transports.dismiss_all();
        self.stands(false);
        self.metrics.running.set(0);
        self.https.abort_all();
        self.timers.clear();
        let now = self.now();
        let error = ErrorFact::new(code, Severity::Fatal, text.clone());
        self.model.apply(now, &error.into(), &mut self.events);
        let loss = Loss { code, text: text.clone(), native: None, will_retry, retry_in_ms: self.retry_in_ms };
        self.model.lost(now, &loss, &mut self.events);
        self.publish().await;
        self.lose_commands(&text).await;
    }

    pub(super) async fn lose_commands(&mut self, why: &str) {
        let mut answers = Answers::new();
        self.commands.lose_all(why, &mut answers);
        self.send(answers).await;
    }

    pub(super) async fn lose_commands_of(&mut self, line: LineId, why: &str) {
        let mut answers = Answers::new();
        self.commands.lose_line(line, why, &mut answers);
        self.send(answers).await;
    }

    pub(super) async fn stop(&mut self) {
        self.let_go("the host is stopping");
        let text = "the host is stopping".to_owned();
        let loss = Loss { code: ErrorCode::ConnectionLost, text, native: None, will_retry: false, retry_in_ms: None };
        self.leave(&loss).await;
        tracing::info!(connection = %self.config.id, "stopped");
    }

    /// Ends the adapter in order: it logs out, everybody is told, its transports are closed.
    pub(super) async fn leave(&mut self, loss: &Loss) {
        self.before = None;
        self.swap.probation = None;
        // Commands that are under way, and what the adapter asks for last, are still answered; its questions are not.
        self.https.drop_questions();
        self.input(&InputFrame::stopping()).await;
        self.port = None;
        self.restart_at = None;
        self.timers.clear();
        self.stands(false);
        self.metrics.running.set(0);
        let now = self.now();
        self.model.lost(now, loss, &mut self.events);
        self.publish().await;
        self.lose_commands(&loss.text).await;
        let ended = async {
            // A logout may be on a transport, or a request.
            tokio::join!(self.transports.close_all(), self.https.finish(LAST_ANSWERS));
        };
        tokio::pin!(ended);
        loop {
            // A transport that waits for somebody to take what it read does not hear that it is to close.
            tokio::select! {
                () = &mut ended => return,
                Some(_) = self.transport_events.recv() => {}
            }
        }
    }
}

/// Settings as an adapter gets them.
pub(super) fn json_text(table: &toml::Table) -> String {
    // TOML has no value that JSON cannot carry but dates, which serialise as texts in a table of their own.
    serde_json::to_string(table).unwrap_or_else(|_| "{}".to_owned())
}
