//! The lines: devices that are watched.

use std::collections::BTreeMap;

use jackfield_plugin_api::{CommandError, DeviceState, ErrorCode, ErrorFact, LineFact, LineId, Severity};
use serde::{Deserialize, Serialize};

use crate::config::{LineConfig, RemoteControl};
use crate::pbx::{Pbx, Say};
use crate::table::device_of;

/// A line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) device: String,
    pub(crate) number: String,
    pub(crate) context: Option<String>,
    pub(crate) caller_id: Option<String>,
    pub(crate) notify: bool,
    pub(crate) consult: bool,
    pub(crate) member: String,
    pub(crate) queues: Vec<String>,
    pub(crate) member_name: String,
}

impl Line {
    fn new(name: &str, settings: LineConfig) -> Self {
        let number = settings.number.unwrap_or_else(|| name.to_owned());
        Self {
            name: name.to_owned(),
            member: settings.member.unwrap_or_else(|| settings.device.clone()),
            member_name: settings.member_name.unwrap_or_else(|| number.clone()),
            number,
            context: settings.context,
            caller_id: settings.caller_id,
            notify: settings.remote_control == RemoteControl::Notify,
            consult: settings.consult,
            queues: settings.queues,
            device: settings.device,
        }
    }
}

/// All lines.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lines {
    lines: BTreeMap<LineId, Line>,
    by_device: BTreeMap<String, LineId>,
}

impl Lines {
    pub(crate) fn get(&self, id: LineId) -> Option<&Line> {
        self.lines.get(&id)
    }

    /// The line of a channel's name.
    pub(crate) fn of_channel(&self, name: &[u8]) -> Option<LineId> {
        let device = device_of(std::str::from_utf8(name).ok()?)?;
        self.by_device.get(device).copied()
    }

    /// The line of a device.
    pub(crate) fn of_device(&self, device: &str) -> Option<LineId> {
        self.by_device.get(device).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (LineId, &Line)> {
        self.lines.iter().map(|(id, line)| (*id, line))
    }

    pub(crate) fn ids(&self) -> Vec<LineId> {
        self.lines.keys().copied().collect()
    }
}

impl Pbx {
    /// A line is to be watched from now on.
    pub(crate) fn open_line(&mut self, id: LineId, name: &str, settings: LineConfig, say: &mut Say<'_, '_>) {
        let line = Line::new(name, settings);
        if let Some(other) = self.lines.of_device(&line.device).filter(|other| *other != id) {
            let other = self.lines.get(other).map_or("", |l| l.name.as_str());
            let text = format!(
                "line {name} is not watched: its device {} is that of line {other}; give each line a device of its own",
                line.device
            );
            let fact = ErrorFact::new(ErrorCode::DeviceClaimed, Severity::Error, text).line(id);
            return say.host.report(fact);
        }
        self.lines.by_device.insert(line.device.clone(), id);
        self.lines.lines.insert(id, line);
        self.adopt(id, say);
        if self.live {
            self.say_line(id, say);
            self.flush(say);
        }
    }

    /// The settings of a line that is watched already, after a hot swap: this version may read more in them than the one
    /// before did.
    pub(crate) fn renew_line(&mut self, id: LineId, name: &str, settings: LineConfig) {
        if let Some(line) = self.lines.lines.get_mut(&id).filter(|line| line.device == settings.device) {
            *line = Line::new(name, settings);
        }
    }

    /// Legs that are up already are calls of the new line.
    fn adopt(&mut self, id: LineId, say: &Say<'_, '_>) {
        for channel in self.table.ids() {
            let of_line = self.table.channel(channel).and_then(|c| self.lines.of_channel(c.name.as_bytes()));
            if of_line != Some(id) {
                continue;
            }
            if let Some(channel) = self.table.channel_mut(channel) {
                channel.line = Some(id);
            }
            self.consider(channel, say.now);
        }
    }

    /// A line is no more to be watched.
    pub(crate) fn close_line(&mut self, id: LineId, say: &mut Say<'_, '_>) {
        let Some(line) = self.lines.lines.remove(&id) else { return };
        self.lines.by_device.remove(&line.device);
        for call in self.calls.of_line(id).map(|(call, _)| call).collect::<Vec<_>>() {
            self.take_call(call);
        }
        for channel in self.table.ids() {
            if let Some(channel) = self.table.channel_mut(channel).filter(|c| c.line == Some(id)) {
                channel.line = None;
            }
        }
        self.queues.forget_line(id);
        for command in self.effects.take_line(id) {
            let text = "the line was closed; whether this was done is not known";
            self.refuse(command, CommandError::new(ErrorCode::Cancelled, text), say);
        }
    }

    /// `DeviceStateChange`, live or listed.
    pub(crate) fn device_state(&mut self, device: &str, state: &[u8], say: &mut Say<'_, '_>) {
        // Queues, parking slots, mailboxes and hints have pseudo-devices.
        if !device.contains('/') || device.contains(':') {
            return;
        }
        let works = !matches!(state, b"UNAVAILABLE" | b"INVALID");
        match self.devices.get_mut(device) {
            Some(before) if *before == works => return,
            Some(before) => *before = works,
            None => {
                self.devices.insert(device.to_owned(), works);
            }
        }
        if let Some(line) = self.lines.of_device(device) {
            self.say_line_state(line, say);
        }
    }

    pub(crate) fn say_line_state(&self, line: LineId, say: &mut Say<'_, '_>) {
        let Some(of_line) = self.lines.get(line) else { return };
        let mut fact = LineFact::new(line);
        fact.device_state = Some(match self.devices.get(&of_line.device) {
            Some(true) => DeviceState::InService,
            Some(false) => DeviceState::OutOfService,
            None => DeviceState::Unknown,
        });
        fact.capabilities = Some(self.line_capabilities(of_line));
        self.say_fact(fact, say);
    }
}
