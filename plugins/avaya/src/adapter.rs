//! The adapter: inputs from the host go to the link, and messages to the line that they are for.

use std::collections::BTreeMap;

use jackfield_csta::types::DeviceId;
use jackfield_csta::{Message, MonitorStop, ReleaseDeviceId};
use jackfield_plugin_api::{
    Adapter, CommandError, ConfigError, DeviceState, ErrorCode, ErrorFact, Host, Input, LineFact, LineId, Manifest,
    RestoreError, Secret, Severity, state,
};
use serde::{Deserialize, Serialize};

use crate::agenda::Task;
use crate::capabilities::implemented;
use crate::config::{Config, LineConfig, fits, is_extension};
use crate::line::{Line, Stage};
use crate::net::{Ask, Net, Owner};
use crate::setup::look;
use crate::watch::{self, WatchKind};
use crate::wire::Scene;
use crate::{agent, events};

/// The version of the state that is saved for a hot swap.
const STATE: u32 = 1;

/// The adapter for the AE Services in front of one Communication Manager.
#[derive(Debug)]
pub struct Avaya {
    pub(crate) config: Config,
    pub(crate) net: Net,
    pub(crate) lines: BTreeMap<LineId, Line>,
    /// Agents' passwords: they come with the lines' settings, and are no state.
    pub(crate) secrets: BTreeMap<LineId, Secret>,
}

/// All but the settings: what goes over in a hot swap. No secrets are in it.
#[derive(Serialize, Deserialize)]
struct Saved<N, L> {
    net: N,
    lines: L,
}

impl Adapter for Avaya {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Manifest::new("avaya", env!("CARGO_PKG_VERSION"), "Avaya Communication Manager", implemented())
            .description("Avaya Communication Manager over the DMCC protocol of Application Enablement Services")
            .saves(STATE, STATE)
    }

    fn new(config: Config, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        let net = Net { watches: watch::configured(&config), ..Net::default() };
        Ok(Self { config, net, lines: BTreeMap::new(), secrets: BTreeMap::new() })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        match input {
            Input::Started => self.open_server(host),
            Input::Opened { transport } => self.opened(transport, host),
            Input::Received { transport, bytes } => self.received(transport, bytes, host),
            Input::Closed { transport, reason } => self.closed(transport, &reason, host),
            Input::Timer { .. } => self.time(host),
            Input::LineOpened { line, name, settings } => self.open(line, &name, settings, host),
            Input::LineSettings { line, settings, .. } => self.keep_secret(line, settings.agent_password),
            Input::LineClosed { line } => self.close(line, host),
            Input::Command { id, line, command } => self.command(id, line, &command, host),
            Input::Stopping => self.stop(host),
            _ => {}
        }
        self.net.agenda.set_alarm(host);
    }

    fn save(&self) -> Option<Vec<u8>> {
        state::save(&Saved { net: &self.net, lines: &self.lines })
    }

    fn restore(config: Config, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        config.check()?;
        let Saved::<Net, BTreeMap<LineId, Line>> { net, lines } = state::restore(saved)?;
        let watched = |watches: &[crate::net::Watch]| {
            watches.iter().map(|watch| (watch.extension.clone(), watch.kind)).collect::<Vec<_>>()
        };
        if watched(&net.watches) != watched(&watch::configured(&config)) {
            return Err(RestoreError::new("the settings name other VDNs or skills than the saved state"));
        }
        if !net.server_name.is_empty() && config.servers.get(net.server) != Some(&net.server_name) {
            return Err(RestoreError::new("the settings name other servers than the saved state"));
        }
        if net.server >= config.servers.len() {
            return Err(RestoreError::new("the saved state names no server of the settings"));
        }
        let stations = lines.values().map(|line| line.extension.clone()).collect();
        Ok(Self { config, net: Net { stations, ..net }, lines, secrets: BTreeMap::new() })
    }
}

impl Avaya {
    /// What the handling of one message may use.
    pub(crate) fn scene<'a, 'h>(&'a mut self, host: &'a mut Host<'h>) -> Scene<'a, 'h> {
        Scene { config: &self.config, net: &mut self.net, host }
    }

    fn keep_secret(&mut self, line: LineId, secret: Option<Secret>) {
        match secret {
            Some(secret) => self.secrets.insert(line, secret),
            None => self.secrets.remove(&line),
        };
    }

    fn open(&mut self, id: LineId, name: &str, settings: LineConfig, host: &mut Host<'_>) {
        let line = Line::new(id, name, &settings);
        let texts = [&settings.agent, &settings.split];
        let secret = settings.agent_password.as_ref().map(Secret::reveal);
        let refused = if !is_extension(&line.extension) {
            let text =
                format!("line {name} is not opened: {:?} is no extension (1 to 30 of 0-9, * and #)", line.extension);
            Some((ErrorCode::ConfigInvalid, text))
        } else if !texts.iter().all(|text| text.as_ref().is_none_or(|text| fits(text)))
            || secret.is_some_and(|s| !fits(s))
        {
            let text =
                format!("line {name} is not opened: `agent`, `agent_password` and `split` must be one line of text");
            Some((ErrorCode::ConfigInvalid, text))
        } else if self.lines.values().any(|other| other.extension == line.extension && other.id != id) {
            let text = format!("line {name} is not opened: station {} has a line already", line.extension);
            Some((ErrorCode::DeviceClaimed, text))
        } else {
            None
        };
        if let Some((code, text)) = refused {
            return host.report(ErrorFact::new(code, Severity::Error, text).line(id));
        }
        self.close(id, host);
        self.keep_secret(id, settings.agent_password);
        self.net.stations.insert(line.extension.clone());
        self.lines.insert(id, line);
        self.set_up(id, host);
    }

    fn close(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.remove(&id) else { return };
        self.secrets.remove(&id);
        self.net.stations.remove(&line.extension);
        for task in [Task::Retry(id), Task::Poll(id), Task::Check(id), Task::Made(id)] {
            self.net.agenda.cancel(task);
        }
        self.net.queue.retain(|waiting| *waiting != id);
        self.net.in_setup.remove(&id);
        self.net.pieces.retain(|_, of| *of != id);
        let jobs = self.net.pending.take_where(|waiting| match &waiting.ask {
            Ask::Target(job) | Ask::Ringing(job) | Ask::Command(job) => job.line == id,
            _ => false,
        });
        for waiting in jobs {
            if let Ask::Target(job) | Ask::Ringing(job) | Ask::Command(job) = waiting.ask {
                host.refuse(job.id, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
            }
        }
        if let Some(monitor) = line.monitor {
            self.net.monitors.remove(&monitor);
            if self.net.session.is_up() {
                self.scene(host).ask(Ask::Nothing, MonitorStop { monitor, extensions: None });
            }
        }
        if let Some(device) = line.device.filter(|_| self.net.session.is_up()) {
            self.scene(host).ask(Ask::Nothing, ReleaseDeviceId { device: DeviceId::new(device) });
        }
        self.pump(host);
    }

    /// It is time to compare a line's calls with the switch.
    pub(crate) fn check_calls(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id).filter(|line| line.stage == Stage::Up) else { return };
        look(line, &mut Scene { config: &self.config, net: &mut self.net, host });
    }

    /// One message of the server.
    pub(crate) fn message(&mut self, invoke: u16, message: &Message, host: &mut Host<'_>) {
        match message {
            Message::SystemStatus(status) => return self.system_status(invoke, message, &status.status, host),
            Message::ApplicationSessionTerminated(end) => {
                let reason =
                    end.reason.defined.as_deref().or(end.reason.other.as_deref()).unwrap_or("without a reason");
                return self.terminated(&end.session, reason, host);
            }
            Message::MonitorStop(stop) => return self.monitor_lost(&stop.monitor, host),
            Message::LinkDownEvent(link) if self.is_our_link(&link.link) => {
                return self.switch_state(false, "link down", host);
            }
            Message::LinkUpEvent(link) if self.is_our_link(&link.link) => {
                return self.switch_state(true, "link up", host);
            }
            Message::SnapshotDeviceData(piece) => return self.piece(piece, host),
            _ => {}
        }
        if let Some(monitor) = monitor(message) {
            return self.event(monitor, message, host);
        }
        if let Some(waiting) = self.net.pending.take(invoke) {
            self.net.agenda.cancel(Task::Answer(invoke));
            self.answer(waiting, message, host);
        }
    }

    fn is_our_link(&self, link: &str) -> bool {
        link.is_empty() || link.eq_ignore_ascii_case(&self.config.switch)
    }

    /// The server has stopped a monitor: it is started again.
    fn monitor_lost(&mut self, monitor: &str, host: &mut Host<'_>) {
        match self.net.monitors.remove(monitor) {
            Some(Owner::Line(id)) => {
                if let Some(line) = self.lines.get_mut(&id) {
                    line.monitor = None;
                    self.net.in_setup.remove(&id);
                    self.set_up(id, host);
                }
            }
            Some(Owner::Watch(at)) => {
                if let Some(watch) = self.net.watches.get_mut(at) {
                    watch.monitor = None;
                    watch::begin(&mut self.scene(host));
                }
            }
            None => {}
        }
    }

    fn event(&mut self, monitor: &str, message: &Message, host: &mut Host<'_>) {
        let Some(owner) = self.net.monitors.get(monitor).copied() else { return };
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        let id = match owner {
            Owner::Line(id) => id,
            Owner::Watch(at) => {
                return match scene.net.watches.get(at).map(|watch| watch.kind) {
                    Some(WatchKind::Vdn) => events::at_vdn(message, &mut scene),
                    Some(WatchKind::Skill) => agent::at_skill(&mut self.lines, message, &mut scene),
                    None => {}
                };
            }
        };
        let Some(line) = self.lines.get_mut(&id) else { return };
        match message {
            Message::ForwardingEvent(event) => self.forwarding_event(id, event, host),
            Message::OutOfServiceEvent(_) => {
                host.report(LineFact::new(id).device_state(DeviceState::OutOfService));
            }
            Message::BackInServiceEvent(_) => {
                scene.host.report(LineFact::new(id).device_state(DeviceState::InService));
                if line.stage == Stage::Up {
                    look(line, &mut scene);
                }
            }
            Message::AgentLoggedOnEvent(_)
            | Message::AgentLoggedOffEvent(_)
            | Message::AgentReadyEvent(_)
            | Message::AgentNotReadyEvent(_)
            | Message::AgentWorkingAfterCallEvent(_)
            | Message::AgentBusyEvent(_)
            | Message::DoNotDisturbEvent(_) => agent::event(line, message, &mut scene),
            _ => events::event(line, message, &mut scene),
        }
    }
}

/// The monitor whose event a message is.
fn monitor(message: &Message) -> Option<&str> {
    macro_rules! of {
        ($($T:ident)*) => {
            match message {
                $(Message::$T(event) => Some(event.monitor.as_str()),)*
                _ => None,
            }
        };
    }
    of! {
        ServiceInitiatedEvent OriginatedEvent DeliveredEvent OfferedEvent NetworkReachedEvent EstablishedEvent HeldEvent
        RetrievedEvent QueuedEvent DivertedEvent FailedEvent BridgedEvent ConferencedEvent TransferedEvent
        ConnectionClearedEvent CallClearedEvent CallInformationEvent DigitsGeneratedEvent EnteredDigitsEvent
        AgentLoggedOnEvent AgentLoggedOffEvent AgentReadyEvent AgentNotReadyEvent AgentWorkingAfterCallEvent
        AgentBusyEvent ForwardingEvent DoNotDisturbEvent OutOfServiceEvent BackInServiceEvent
    }
}
