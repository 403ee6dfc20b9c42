//! The connection's task: inputs in, outputs obeyed, events out.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::frame::{Answer, LogLine, Start, frames};
use jackfield_plugin_api::{
    CloseReason, CommandId, ErrorCode, ErrorFact, Fact, LineId, LogLevel, Message, Severity, Timestamp, TransportId,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::backoff::BackOff;
use super::commands::{Answers, Commands};
use super::http::Https;
use super::outbox::Outbox;
use super::timers::Timers;
use super::transports::{Happened, Order, TransportEvent, Transports};
use super::{ConnectionPlan, ToConnection};
use crate::config::{ConnectionConfig, LinePlan};
use crate::hub::{Hub, LineKey};
use crate::model::{Event, EventName, Loss, Model, ModelConfig, ReplyTo, UuidV7Ids};
use crate::plugins::{Fault, LoadedPlugin, Port};

/// What may wait from all transports: beyond it the phone system's sockets wait.
const TRANSPORT_QUEUE: usize = 64;
/// What an adapter's threads may post before they are told to wait.
const POST_QUEUE: usize = 1_024;
/// Answered commands whose sender is still named in later events.
const MOST_ORIGINS: usize = 4_096;

pub(super) struct Task {
    pub(super) config: ConnectionConfig,
    pub(super) plugin: Result<LoadedPlugin, String>,
    pub(super) hub: Hub,
    pub(super) lines: BTreeMap<LineId, LinePlan>,
    pub(super) keys: BTreeMap<LineKey, LineId>,
    pub(super) model: Model,
    pub(super) outbox: Outbox,
    pub(super) commands: Commands,
    origins: BTreeMap<CommandId, ReplyTo>,
    transports: Transports,
    transport_events: mpsc::Receiver<TransportEvent>,
    https: Https,
    timers: Timers,
    pub(super) port: Option<Port>,
    posts: (mpsc::Sender<Vec<u8>>, mpsc::Receiver<Vec<u8>>),
    /// Events that one input made.
    pub(super) events: Vec<Event>,
    answers: Vec<Answer>,
    /// While a closed transport is being told: when it is tried again.
    retry_in_ms: Option<u64>,
    restart: BackOff,
    restart_at: Option<Instant>,
    seed: u64,
    last_time: Timestamp,
}

impl Task {
    pub(super) fn new(plan: ConnectionPlan, hub: Hub) -> Self {
        let ConnectionPlan { config, lines, plugin, seed } = plan;
        let (sender, transport_events) = mpsc::channel(TRANSPORT_QUEUE);
        let (adapter, adapter_version, capabilities) = match &plugin {
            Ok(plugin) => {
                let manifest = &plugin.manifest;
                (manifest.name.clone(), manifest.version.clone(), manifest.capabilities.clone())
            }
            Err(_) => (config.plugin.clone(), String::new(), jackfield_plugin_api::Capabilities::default()),
        };
        let mut model_config = ModelConfig::new(config.id.as_str(), adapter, adapter_version, capabilities);
        model_config.stale_timeout = config.stale_timeout;
        model_config.busy_timeout = config.busy_timeout;
        model_config.reorder_window = config.reorder_window;
        let numbered = || (0u32..).map(LineId).zip(&lines);
        let outbox = Outbox::new(numbered().map(|(id, (_, key))| (id, *key)).collect());
        let keys = numbered().map(|(id, (_, key))| (*key, id)).collect();
        Self {
            model: Model::new(model_config, Box::new(UuidV7Ids::new(seed))),
            outbox,
            keys,
            lines: (0u32..).map(LineId).zip(lines.into_iter().map(|(plan, _)| plan)).collect(),
            commands: Commands::default(),
            origins: BTreeMap::new(),
            transports: Transports::new(sender, BackOff::new(config.backoff, seed)),
            transport_events,
            https: Https::default(),
            timers: Timers::default(),
            port: None,
            posts: mpsc::channel(POST_QUEUE),
            events: Vec::new(),
            answers: Vec::new(),
            retry_in_ms: None,
            restart: BackOff::new(config.backoff, seed.rotate_left(17)),
            restart_at: None,
            seed,
            last_time: Timestamp::default(),
            config,
            plugin,
            hub,
        }
    }

    pub(super) async fn run(mut self, mut from: mpsc::Receiver<ToConnection>) {
        for (id, plan) in &self.lines {
            let now = Timestamp::from_micros(0);
            self.model.open_line(now, *id, &plan.device, &mut self.events);
        }
        for key in self.keys.keys() {
            self.hub.line(*key, self.config.replay).await;
        }
        self.start().await;
        loop {
            let deadline = self.deadline();
            tokio::select! {
                message = from.recv() => match message {
                    Some(ToConnection::Command(command)) => self.command(*command).await,
                    Some(ToConnection::View { session, line, reason }) => self.view(session, line, reason).await,
                    Some(ToConnection::Stop { done }) => {
                        self.stop().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return self.stop().await,
                },
                Some(event) = self.transport_events.recv() => self.transport(event).await,
                Some(done) = self.https.next() => self.input(&done.frame()).await,
                Some(bytes) = self.posts.1.recv() => self.input(&InputFrame::posted(&bytes)).await,
                () = sleep_until(deadline) => self.time().await,
            }
        }
    }

    /// The time of an input: the wall clock, but never backwards.
    pub(super) fn now(&mut self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        self.last_time = self.last_time.max(now);
        self.last_time
    }

    fn deadline(&mut self) -> Option<Instant> {
        let now = self.now();
        let model = self.model.next_deadline().map(|at| Instant::now() + at.since(now));
        [self.timers.next(), self.commands.next_timeout(), self.restart_at, model].into_iter().flatten().min()
    }

    /// Something has run out.
    async fn time(&mut self) {
        let now = Instant::now();
        while let Some(timer) = self.timers.due(now) {
            self.input(&InputFrame::timer(timer)).await;
        }
        let mut late = Answers::new();
        self.commands.time_out(now, &mut late);
        self.send(late).await;
        if self.restart_at.is_some_and(|at| at <= now) {
            self.restart_at = None;
            self.start().await;
        }
        let now = self.now();
        self.model.tick(now, &mut self.events);
        self.publish().await;
    }

    /// Makes the adapter and opens its lines.
    async fn start(&mut self) {
        let plugin = match &self.plugin {
            Ok(plugin) => plugin.clone(),
            Err(why) => {
                let why = why.clone();
                tracing::error!(connection = %self.config.id, "no adapter: {why}");
                return self.fail(ErrorCode::AdapterLoadFailed, why, false).await;
            }
        };
        let now = self.now();
        self.seed = self.seed.wrapping_add(1);
        let start = Start {
            seed: self.seed,
            connection: self.config.id.clone(),
            settings: json_text(&self.config.settings),
            state_version: 0,
            granted: self.config.grant.clone(),
        };
        match Port::create(&plugin, now, &start, self.posts.0.clone()) {
            Ok(port) => {
                tracing::info!(
                    connection = %self.config.id, adapter = %plugin.manifest.name,
                    version = %plugin.manifest.version, lines = self.lines.len(), "adapter started"
                );
                let made = port.outputs().to_vec();
                self.port = Some(port);
                self.obey(&made);
                self.publish().await;
                self.input(&InputFrame::started()).await;
                let lines: Vec<_> = self.lines.iter().map(|(id, plan)| (*id, plan.clone())).collect();
                for (id, plan) in lines {
                    self.open_line(id, &plan).await;
                }
                #[cfg(feature = "growth")]
                self.input(&InputFrame::later()).await;
            }
            Err(Fault::Refused { path, text }) => {
                let at = if path.is_empty() { String::new() } else { format!(".{path}") };
                let why = format!("connection `{}`: settings{at}: {text}", self.config.id);
                tracing::error!(connection = %self.config.id, "{why}");
                self.fail(ErrorCode::ConfigInvalid, why, false).await;
            }
            Err(fault) => self.fault(&fault).await,
        }
    }

    async fn open_line(&mut self, id: LineId, plan: &LinePlan) {
        let settings = json_text(&plan.settings);
        let Some(refused) = self.give(&InputFrame::line_opened(id, &plan.device, &settings)) else {
            return self.publish().await;
        };
        match refused {
            Fault::Refused { path, text } => {
                let at = if path.is_empty() { String::new() } else { format!(".{path}") };
                let why = format!("line `{}`: settings{at}: {text}", plan.name);
                tracing::error!(connection = %self.config.id, line = %plan.name, "{why}");
                let now = self.now();
                let error = ErrorFact::new(ErrorCode::ConfigInvalid, Severity::Error, why).line(id);
                self.model.apply(now, &error.into(), None, &mut self.events);
                self.publish().await;
            }
            fault => self.fault(&fault).await,
        }
    }

    /// An input, and everything that follows from it.
    pub(super) async fn input(&mut self, frame: &InputFrame<'_>) {
        match self.give(frame) {
            None => self.publish().await,
            Some(Fault::Refused { text, .. }) => {
                tracing::warn!(connection = %self.config.id, kind = frame.kind, "the adapter refused an input: {text}");
            }
            Some(fault) => self.fault(&fault).await,
        }
    }

    /// Gives an input to the adapter and obeys its outputs.
    fn give(&mut self, frame: &InputFrame<'_>) -> Option<Fault> {
        let mut port = self.port.take()?;
        let now = self.now();
        let given = port.handle(now, frame).map(|outputs| self.obey(outputs));
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

    fn obey(&mut self, outputs: &[u8]) {
        for frame in frames(outputs) {
            match frame.and_then(Output::decode) {
                Ok(Some(output)) => self.obey_one(output),
                Ok(None) => tracing::debug!(connection = %self.config.id, "an output of a later version: skipped"),
                Err(error) => tracing::warn!(connection = %self.config.id, "an output that cannot be read: {error}"),
            }
        }
    }

    fn obey_one(&mut self, output: Output<'_>) {
        match output {
            Output::Open { transport, spec: Ok(spec) } => {
                if let Err(why) = self.transports.open(transport, spec) {
                    tracing::warn!(connection = %self.config.id, "the adapter opens a transport: {why}");
                }
            }
            Output::Open { transport, spec: Err(why) } => {
                tracing::warn!(connection = %self.config.id, %transport, "a transport of a later version: {why}");
            }
            Output::Send { transport, bytes } => self.order(transport, Order::Send(bytes.to_vec())),
            Output::SendText { transport, text } => self.order(transport, Order::Text(text.to_owned())),
            Output::SendBinary { transport, bytes } => self.order(transport, Order::Binary(bytes.to_vec())),
            Output::Close { transport } => self.order(transport, Order::Close),
            Output::Reconnect { transport, why } => {
                tracing::warn!(connection = %self.config.id, %transport, "the adapter reconnects: {why}");
                self.order(transport, Order::Reconnect(why.to_owned()));
            }
            Output::Http { request, http } => self.https.start(request, *http),
            Output::SetTimer { timer, after } => {
                if !self.timers.set(timer, Instant::now(), after) {
                    tracing::warn!(connection = %self.config.id, %timer, "the adapter has too many timers");
                }
            }
            Output::CancelTimer { timer } => self.timers.cancel(timer),
            Output::Reply(answer) => self.answers.push(*answer),
            Output::Log(line) => self.log(&line),
            Output::Fact(fact) => self.fact(&fact),
            // Raw messages reach nobody until a client can subscribe to them.
            _ => {}
        }
    }

    fn order(&mut self, transport: TransportId, order: Order) {
        if !self.transports.order(transport, order) {
            tracing::debug!(connection = %self.config.id, %transport, "sent on a transport that is not open: dropped");
        }
    }

    fn log(&self, LogLine { level, text }: &LogLine) {
        let connection = &self.config.id;
        match level {
            LogLevel::Error => tracing::error!(%connection, "{text}"),
            LogLevel::Warn => tracing::warn!(%connection, "{text}"),
            LogLevel::Debug => tracing::debug!(%connection, "{text}"),
            LogLevel::Trace => tracing::trace!(%connection, "{text}"),
            _ => tracing::info!(%connection, "{text}"),
        }
    }

    fn fact(&mut self, fact: &Fact) {
        let now = self.now();
        match fact {
            Fact::Up(up) => {
                tracing::info!(connection = %self.config.id, "up: {}", up.phone_system);
                self.transports.order_all(|| Order::Settled);
                self.restart.reset();
            }
            Fact::Down(down) => {
                tracing::warn!(connection = %self.config.id, code = %down.code, "down: {}", down.text);
                if !down.retry {
                    self.transports.order_all(|| Order::Slow);
                }
                let loss = Loss {
                    code: down.code,
                    text: down.text.clone(),
                    native: down.native.clone(),
                    will_retry: true,
                    retry_in_ms: self.retry_in_ms,
                };
                return self.model.lost(now, &loss, &mut self.events);
            }
            Fact::Error(error) => {
                tracing::warn!(connection = %self.config.id, code = %error.code, "{}", error.text);
            }
            _ => {}
        }
        let origin =
            command_of(fact).and_then(|id| self.commands.origin(id).or_else(|| self.origins.get(&id).cloned()));
        self.model.apply(now, fact, origin.as_ref(), &mut self.events);
    }

    /// Publishes events, then answers: who reads both in order sees the effect no later than the answer.
    pub(super) async fn publish(&mut self) {
        let down = self.events.iter().any(|e| e.name() == EventName::Disconnected);
        self.outbox.publish(&self.hub, &mut self.events).await;
        let mut answers = Answers::new();
        for answer in std::mem::take(&mut self.answers) {
            self.answer(answer, &mut answers);
        }
        let model = &self.model;
        self.commands.settle(|line, key| model.call_id(line, key).map(ToString::to_string), &mut answers);
        if down {
            self.commands.lose_all("the phone system is gone", &mut answers);
        }
        self.send(answers).await;
    }

    async fn send(&mut self, answers: Answers) {
        for (session, frame) in answers {
            self.hub.frame(session, frame).await;
        }
    }

    fn answer(&mut self, answer: Answer, out: &mut Answers) {
        let Answer { id, result } = answer;
        if let Some(origin) = self.commands.origin(id) {
            self.origins.insert(id, origin);
            if self.origins.len() > MOST_ORIGINS {
                self.origins.pop_first();
            }
        }
        let model = &self.model;
        let call_id = |line, key: &_| model.call_id(line, key).map(ToString::to_string);
        if !self.commands.answer(id, result, call_id, out) {
            tracing::debug!(connection = %self.config.id, command = %id, "an answer that nothing waits for");
        }
    }

    async fn transport(&mut self, event: TransportEvent) {
        if !self.transports.is_current(&event) {
            return;
        }
        let TransportEvent { transport, happened, .. } = event;
        match happened {
            Happened::Opened => {
                tracing::info!(connection = %self.config.id, %transport, "connected");
                self.input(&InputFrame::opened(transport)).await;
            }
            Happened::Received(bytes) => self.input(&InputFrame::received(transport, &bytes)).await,
            Happened::Text(text) => self.input(&InputFrame::message(transport, Message::Text(&text))).await,
            Happened::Binary(bytes) => self.input(&InputFrame::message(transport, Message::Binary(&bytes))).await,
            Happened::Closed(reason) => self.closed(transport, &reason).await,
        }
    }

    async fn closed(&mut self, transport: TransportId, reason: &CloseReason) {
        let retry = reason.retry_in_ms.map_or_else(String::new, |ms| format!("; next try in {ms} ms"));
        tracing::warn!(connection = %self.config.id, %transport, kind = %reason.kind, "{}{retry}", reason.text);
        self.retry_in_ms = reason.retry_in_ms;
        self.input(&InputFrame::closed(transport, reason)).await;
        self.retry_in_ms = None;
    }

    /// The adapter is at fault: this connection begins anew, its calls wait for what the phone system says.
    async fn fault(&mut self, fault: &Fault) {
        self.port = None;
        let wait = self.restart.next();
        self.restart_at = Some(Instant::now() + wait);
        let text = format!("the adapter is at fault: {fault}; it is started again in {} ms", wait.as_millis());
        tracing::error!(connection = %self.config.id, "{text}");
        self.retry_in_ms = u64::try_from(wait.as_millis()).ok();
        self.fail(ErrorCode::AdapterFault, text, true).await;
        self.retry_in_ms = None;
    }

    /// Nothing works: tells everybody, and gives up what the adapter had.
    async fn fail(&mut self, code: ErrorCode, text: String, will_retry: bool) {
        self.transports.abort_all();
        self.https.abort_all();
        self.timers.clear();
        let now = self.now();
        let error = ErrorFact::new(code, Severity::Fatal, text.clone());
        self.model.apply(now, &error.into(), None, &mut self.events);
        let loss = Loss { code, text: text.clone(), native: None, will_retry, retry_in_ms: self.retry_in_ms };
        self.model.lost(now, &loss, &mut self.events);
        self.publish().await;
        self.lose_commands(&text).await;
    }

    async fn lose_commands(&mut self, why: &str) {
        let mut answers = Answers::new();
        self.commands.lose_all(why, &mut answers);
        self.send(answers).await;
    }

    async fn stop(&mut self) {
        self.input(&InputFrame::stopping()).await;
        self.transports.order_all(|| Order::Close);
        let text = "the host is stopping".to_owned();
        let loss = Loss { code: ErrorCode::ConnectionLost, text, native: None, will_retry: false, retry_in_ms: None };
        let now = self.now();
        self.model.lost(now, &loss, &mut self.events);
        self.publish().await;
        self.lose_commands("the host is stopping").await;
        tracing::info!(connection = %self.config.id, "stopped");
    }
}

fn command_of(fact: &Fact) -> Option<CommandId> {
    match fact {
        Fact::Call(f) => f.command,
        Fact::Agent(f) => f.command,
        Fact::Line(f) => f.command,
        Fact::Dtmf(f) => f.command,
        Fact::Recording(f) => f.command,
        Fact::Error(f) => f.command,
        _ => None,
    }
}

fn json_text(table: &toml::Table) -> String {
    // TOML has no value that JSON cannot carry but dates, which serialise as texts in a table of their own.
    serde_json::to_string(table).unwrap_or_else(|_| "{}".to_owned())
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
