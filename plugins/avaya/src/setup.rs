//! A line is made known to the server, monitored, and its calls are looked at; a few lines at a time.

use std::time::Duration;

use jackfield_csta::monitor::{self, Purpose};
use jackfield_csta::types::DeviceId;
use jackfield_csta::{
    GetAgentState, GetDeviceId, GetDoNotDisturb, GetForwarding, Message, MonitorStop, SnapshotDevice, dialect,
};
use jackfield_plugin_api::{Down, Host, LineId};

use crate::adapter::Avaya;
use crate::agenda::Task;
use crate::errors::{Refusal, refusal, understand, unexpected};
use crate::line::{Line, Look, Stage};
use crate::net::{Ask, Owner};
use crate::wire::Scene;

/// After a refusal that may pass: how long until the line is tried again, at first and at most.
const FIRST_RETRY: Duration = Duration::from_secs(5);
const LONGEST_RETRY: Duration = Duration::from_secs(300);

impl Avaya {
    /// All lines are set up, or looked at once more.
    pub(crate) fn set_up_all(&mut self, host: &mut Host<'_>) {
        let lines: Vec<LineId> = self.lines.keys().copied().collect();
        for line in lines {
            self.set_up(line, host);
        }
    }

    /// One line waits for its turn.
    pub(crate) fn set_up(&mut self, id: LineId, host: &mut Host<'_>) {
        if !self.net.is_up() || self.net.queue.contains(&id) || self.net.in_setup.contains(&id) {
            return;
        }
        if let Some(line) = self.lines.get_mut(&id) {
            line.stage = Stage::Waiting;
            line.look = None;
            self.net.agenda.cancel(Task::Retry(id));
            self.net.queue.push_back(id);
            self.pump(host);
        }
    }

    /// Lines whose turn it is.
    pub(crate) fn pump(&mut self, host: &mut Host<'_>) {
        let most = usize::try_from(self.config.parallel).unwrap_or(1);
        while self.net.is_up() && self.net.in_setup.len() < most {
            let Some(id) = self.net.queue.pop_front() else { return };
            let Some(line) = self.lines.get_mut(&id) else { continue };
            self.net.in_setup.insert(id);
            line.stage = Stage::Setup;
            let mut scene = Scene { config: &self.config, net: &mut self.net, host };
            next_step(line, &mut scene);
        }
    }

    /// A line's device id has come.
    pub(crate) fn device_known(&mut self, id: LineId, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Message::GetDeviceIdResponse(found) = answer else {
            return self.not_set_up(id, "cannot be used", answer, host);
        };
        if found.device.id.is_empty() || found.device.id.len() > 128 {
            return self.not_set_up(id, "cannot be used", answer, host);
        }
        line.device = Some(found.device.id.clone());
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        next_step(line, &mut scene);
    }

    /// Its monitor.
    pub(crate) fn monitor_started(&mut self, id: LineId, answer: &Message, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        let Message::MonitorStartResponse(started) = answer else {
            return self.not_set_up(id, "cannot be monitored", answer, host);
        };
        line.monitor = Some(started.monitor.clone());
        self.net.monitors.insert(started.monitor.clone(), Owner::Line(id));
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        next_step(line, &mut scene);
    }

    /// A line cannot be set up: it is down, and tried again.
    pub(crate) fn not_set_up(&mut self, id: LineId, what: &str, answer: &Message, host: &mut Host<'_>) {
        let error = understand(&refusal(answer).unwrap_or_else(|| unexpected(answer)));
        self.line_failed(id, what, &error, host);
    }

    pub(crate) fn line_failed(&mut self, id: LineId, what: &str, error: &Refusal, host: &mut Host<'_>) {
        let server = self.server();
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.stage = Stage::Failed;
        line.look = None;
        let first = line.failures == 0;
        line.failures = line.failures.saturating_add(1);
        let pause = FIRST_RETRY.saturating_mul(1 << line.failures.saturating_sub(1).min(6)).min(LONGEST_RETRY);
        // What does not pass by itself is tried seldom.
        let pause = if error.retryable { pause } else { LONGEST_RETRY };
        self.net.agenda.set(Task::Retry(id), host.now() + pause);
        self.net.in_setup.remove(&id);
        if line.failures > 1 {
            // Once more from the beginning.
            line.device = None;
            if let Some(monitor) = line.monitor.take() {
                self.net.monitors.remove(&monitor);
                let mut scene = Scene { config: &self.config, net: &mut self.net, host };
                scene.ask(Ask::Nothing, MonitorStop { monitor, extensions: None });
            }
        }
        if first {
            let text = format!("station {} {what} at {server}: {}", line.extension, error.text);
            let down = Down::new(error.code, text).line(id);
            host.report(if error.retryable { down } else { down.no_retry() });
        }
        self.pump(host);
    }

    /// A line's calls are known: it is up, and what is of less importance is asked for.
    pub(crate) fn line_up(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        self.net.in_setup.remove(&id);
        let first = line.stage != Stage::Up;
        line.stage = Stage::Up;
        line.failures = 0;
        let mut scene = Scene { config: &self.config, net: &mut self.net, host };
        if first {
            ask_agent(line, &mut scene);
            let Some(device) = line.device.clone() else { return };
            if !scene.net.missing.contains("GetForwarding") {
                let device = DeviceId::new(device.as_str());
                scene.ask(Ask::Forwarding(id), GetForwarding { device, extensions: None });
            }
            if !scene.net.missing.contains("GetDoNotDisturb") {
                scene.ask(Ask::Dnd(id), GetDoNotDisturb { device: DeviceId::new(device), extensions: None });
            }
        }
        if self.config.check > 0 {
            let at = host.now() + Duration::from_secs(u64::from(self.config.check));
            self.net.agenda.set(Task::Check(id), at);
        }
        self.pump(host);
    }
}

/// What is to be done next for a line that is being set up.
fn next_step(line: &mut Line, scene: &mut Scene<'_, '_>) {
    let Some(device) = &line.device else {
        let request = GetDeviceId {
            switch: Some(scene.config.switch.clone()),
            address: scene.config.switch_address.clone(),
            extension: line.extension.clone(),
            instance: None,
            shared: Some(true),
        };
        scene.ask(Ask::Device(line.id), request);
        return;
    };
    if line.monitor.is_none() {
        let request = monitor::start(&dialect::AVAYA, DeviceId::new(device.as_str()), Purpose::Station);
        scene.ask(Ask::Monitor(line.id), request);
        return;
    }
    look(line, scene);
}

/// Asks which calls are at a station, unless that is asked already.
pub(crate) fn look(line: &mut Line, scene: &mut Scene<'_, '_>) {
    if let Some(look) = &mut line.look {
        look.again = true;
        return;
    }
    let Some(device) = &line.device else { return };
    let request = SnapshotDevice { device: DeviceId::new(device.as_str()), extensions: None };
    if scene.ask(Ask::Calls(line.id), request) {
        line.look = Some(Look::default());
    }
}

/// Asks for the agent's state, unless that is of no use or asked already.
pub(crate) fn ask_agent(line: &mut Line, scene: &mut Scene<'_, '_>) {
    let Some(device) = &line.device else { return };
    if line.agent.asked || scene.net.missing.contains("GetAgentState") {
        return;
    }
    let request = GetAgentState { device: DeviceId::new(device.as_str()), group: None, extensions: None };
    line.agent.asked = scene.ask(Ask::Agent(line.id), request);
}
