//! The connection's task: inputs in, outputs obeyed, events out.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use jackfield_plugin_api::frame::Answer;
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{CommandId, LineId, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::backoff::BackOff;
use super::clock::Clock;
use super::commands::{Answers, Commands};
use super::deeds::Standing;
use super::http::Https;
use super::keeping::{self, Keeping};
use super::loudness::Loudness;
use super::outbox::Outbox;
use super::presence::{self, Presence};
use super::probation::Probation;
use super::raw::RawCount;
use super::recent::Recent;
use super::records::Questions;
use super::signals::Signal;
use super::span::InputSpan;
use super::swap::{self, Swapping};
use super::timers::Timers;
use super::transports::{TransportEvent, Transports};
use super::{ConnectionPlan, Supply, ToConnection};
use crate::config::{ConnectionConfig, LinePlan, OpenMode};
use crate::hub::{Hub, LineKey};
use crate::metrics::ConnectionMetrics;
use crate::model::{Event, Model, ModelConfig, ReplyTo, UuidV7Ids};
use crate::plugins::{Fault, LoadedPlugin, Port};
use crate::recorder::{Birth, Taped};

/// What may wait from all transports: beyond it the phone system's sockets wait.
const TRANSPORT_QUEUE: usize = 64;
/// What an adapter's threads may post before they are told to wait.
pub(super) const POST_QUEUE: usize = 1_024;

pub(super) struct Task {
    pub(super) config: ConnectionConfig,
    /// The adapter that runs, or is to be started.
    pub(super) plugin: Result<LoadedPlugin, String>,
    pub(super) supply: watch::Receiver<Supply>,
    /// Why what lies in the folder does not run.
    pub(super) warning: Option<String>,
    /// The hash of an adapter that cannot run here, whatever the folder says.
    pub(super) unfit: Option<String>,
    /// The adapter before this one, until this one has come up.
    pub(super) before: Option<LoadedPlugin>,
    /// The adapter after this one.
    pub(super) swap: Swapping,
    pub(super) hub: Hub,
    pub(super) lines: BTreeMap<LineId, LinePlan>,
    pub(super) keys: BTreeMap<LineKey, LineId>,
    /// Lines that are opened on demand.
    pub(super) presence: Presence,
    /// The highest line id that was ever given out after the start.
    pub(super) last_line: u32,
    pub(super) model: Taped,
    pub(super) outbox: Outbox,
    pub(super) commands: Commands,
    /// What the host itself asks the phone system.
    pub(super) questions: Questions,
    pub(super) origins: BTreeMap<CommandId, ReplyTo>,
    pub(super) transports: Transports,
    pub(super) transport_events: mpsc::Receiver<TransportEvent>,
    pub(super) https: Https,
    pub(super) timers: Timers,
    pub(super) port: Option<Port>,
    /// How the adapter that runs was made: for a recording.
    pub(super) birth: Option<Birth>,
    pub(super) posts: (mpsc::Sender<Vec<u8>>, mpsc::Receiver<Vec<u8>>),
    /// Events that one input made.
    pub(super) events: Vec<Event>,
    pub(super) answers: Vec<Answer>,
    /// While a closed transport is being told: when it is tried again.
    pub(super) retry_in_ms: Option<u64>,
    pub(super) restart: BackOff,
    pub(super) restart_at: Option<Instant>,
    /// Since when the adapter that runs has been up, counted from the first time.
    pub(super) up_since: Option<Instant>,
    pub(super) standing: Standing,
    pub(super) loudness: Loudness,
    pub(super) seed: u64,
    pub(super) clock: Clock,
    /// When the bytes came that are being handled.
    pub(super) born: Option<Instant>,
    pub(super) metrics: ConnectionMetrics,
    pub(super) raw_count: RawCount,
    pub(super) recent: Recent,
    /// Raw messages that somebody wants, and their lines.
    pub(super) raws: Vec<(Option<LineId>, Bytes)>,
    pub(super) signals: Vec<Signal>,
    pub(super) span: InputSpan,
    /// Where calls are kept, if they are.
    pub(super) keeping: Option<Keeping>,
}

impl Task {
    pub(super) fn new(plan: ConnectionPlan, hub: Hub) -> Self {
        let ConnectionPlan { config, lines, mut supply, seed, metrics, history } = plan;
        let Supply { plugin, warning } = supply.borrow_and_update().clone();
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
            model: Taped::new(Model::new(model_config, Box::new(UuidV7Ids::new(seed))), &config.id),
            outbox,
            keys,
            presence: Presence::new(config.linger),
            last_line: 0,
            lines: (0u32..).map(LineId).zip(lines.into_iter().map(|(plan, _)| plan)).collect(),
            commands: Commands::default(),
            questions: Questions::default(),
            origins: BTreeMap::new(),
            transports: Transports::new(sender, BackOff::new(config.backoff, seed)),
            transport_events,
            https: Https::default(),
            timers: Timers::default(),
            port: None,
            birth: None,
            posts: mpsc::channel(POST_QUEUE),
            events: Vec::new(),
            answers: Vec::new(),
            retry_in_ms: None,
            restart: BackOff::new(config.backoff, seed.rotate_left(17)),
            restart_at: None,
            up_since: None,
            standing: Standing::default(),
            loudness: Loudness::default(),
            seed,
            clock: Clock::new(std::time::Instant::now()),
            born: None,
            metrics,
            raw_count: RawCount::default(),
            recent: Recent::default(),
            raws: Vec::new(),
            signals: Vec::new(),
            span: InputSpan::default(),
            keeping: history.map(|history| Keeping::new(&config.id, &history)),
            config,
            plugin,
            supply,
            warning,
            unfit: None,
            before: None,
            swap: Swapping::default(),
            hub,
        }
    }

    pub(super) async fn run(mut self, mut from: mpsc::Receiver<ToConnection>) {
        self.record_by_configuration().await;
        for (id, plan) in self.lines.iter().filter(|(_, plan)| plan.open == OpenMode::Always) {
            let now = Timestamp::from_micros(0);
            self.model.open_line(now, *id, &plan.device, &mut self.events);
        }
        for key in self.keys.keys() {
            self.hub.line(*key, self.config.replay).await;
        }
        self.expect_clients().await;
        self.restore().await;
        self.start().await;
        loop {
            let deadline = self.deadline();
            tokio::select! {
                message = from.recv() => match message {
                    Some(ToConnection::Command(command)) => self.command(*command).await,
                    Some(ToConnection::Hooked(hooked)) => self.hooked(*hooked).await,
                    Some(ToConnection::View { session, line, reason }) => self.view(session, line, reason).await,
                    Some(ToConnection::Status { answer }) => {
                        let _ = answer.send(self.whole_status());
                    }
                    Some(ToConnection::Records { line, native_id, answer }) => {
                        self.ask_records(line, &native_id, answer).await;
                    }
                    Some(ToConnection::Deed { deed, done }) => {
                        self.deed(deed).await;
                        let _ = done.send(());
                    }
                    Some(ToConnection::Change { change, done }) => {
                        self.reconfigure(*change, done).await;
                    }
                    Some(ToConnection::Swap { plugin, done }) => {
                        // Who has gone away does not want to know.
                        let asked = Box::new(move |told| drop(done.send(told)));
                        self.swap_to(*plugin, asked).await;
                    }
                    Some(ToConnection::Record { start, answer }) => {
                        let _ = answer.send(self.record_order(start).await);
                    }
                    Some(ToConnection::Stop { done }) => {
                        self.stop().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return self.stop().await,
                },
                Ok(()) = self.supply.changed() => self.supplied().await,
                loaded = swap::loaded(&mut self.swap) => self.prepared(loaded).await,
                Some(event) = self.transport_events.recv() => self.transport(event).await,
                Some(done) = self.https.next() => self.input(&done.frame()).await,
                fault = idle(&mut self.port) => self.fault(&fault).await,
                Some(bytes) = self.posts.1.recv() => self.input(&InputFrame::posted(&bytes)).await,
                () = presence::changed(&self.presence) => self.audience_changed().await,
                Some(notice) = keeping::next(&mut self.keeping) => self.noticed(notice).await,
                () = sleep_until(deadline) => self.time().await,
            }
            if self.model.tape.is_due() {
                self.record_on().await;
            }
        }
    }

    /// The time of an input.
    pub(super) fn now(&mut self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
        self.clock.tell(now, std::time::Instant::now())
    }

    fn deadline(&mut self) -> Option<Instant> {
        let now = self.now();
        let model = self.model.next_deadline().map(|at| Instant::now() + at.since(now));
        let keeping = self.keeping.as_ref().and_then(Keeping::deadline);
        let probation = self.swap.probation.as_ref().map(Probation::until);
        let unseen = self.presence.deadline();
        let own = [self.timers.next(), self.commands.next_timeout(), self.restart_at];
        own.into_iter().chain([model, keeping, probation, unseen]).flatten().min()
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
        if self.swap.probation.as_ref().is_some_and(|probation| probation.until() <= now) {
            self.end_probation();
        }
        if self.restart_at.is_some_and(|at| at <= now) {
            self.restart_at = None;
            self.start().await;
        }
        self.close_unseen(now).await;
        let now = self.now();
        self.model.tick(now, &mut self.events);
        self.publish().await;
        self.keep_waiting();
    }
}

/// An adapter that ends by itself.
async fn idle(port: &mut Option<Port>) -> Fault {
    match port {
        Some(port) => port.idle().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
