//! The adapter: inputs from the host go to the line that they are for.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::{
    Adapter, ConfigError, Down, ErrorCode, ErrorFact, Host, Input, LineId, Manifest, Message, RestoreError, Severity,
    state,
};
use serde::{Deserialize, Serialize};

use crate::capabilities::implemented;
use crate::config::{Config, LineConfig};
use crate::directory::Directory;
use crate::line::{Common, Line, Say};

/// The version of the state that is saved for a hot swap.
const STATE: u32 = 1;

/// The adapter for one Oktell server.
#[derive(Debug, Serialize, Deserialize)]
pub struct Oktell {
    common: Common,
    lines: BTreeMap<LineId, Line>,
}

impl Adapter for Oktell {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Manifest::new("oktell", env!("CARGO_PKG_VERSION"), "Oktell", implemented())
            .description("Oktell over its WebSocket protocol, with a login for each user")
            .saves(STATE, STATE)
    }

    fn new(config: Config, host: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        let common = Common {
            config,
            directory: Directory::default(),
            live: BTreeSet::new(),
            prefix: format!("jf{:016x}", host.random()),
            openings: 0,
        };
        Ok(Self { common, lines: BTreeMap::new() })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        let now = host.now();
        let mut say = Say { host, now, common: &mut self.common };
        let say = &mut say;
        let line = match &input {
            Input::Opened { transport } | Input::Closed { transport, .. } | Input::Message { transport, .. } => {
                LineId(transport.0)
            }
            Input::Timer { timer } => LineId(timer.0),
            Input::LineOpened { line, .. }
            | Input::LineSettings { line, .. }
            | Input::LineClosed { line }
            | Input::Command { line, .. } => *line,
            Input::Stopping => {
                for line in self.lines.values_mut() {
                    line.log_out(say);
                }
                return;
            }
            _ => return,
        };
        match input {
            Input::LineOpened { line, name, settings } => return open(&mut self.lines, line, name, settings, say),
            Input::LineClosed { line } => return close(&mut self.lines, line, say),
            _ => {}
        }
        let Some(line) = self.lines.get_mut(&line) else { return };
        match input {
            Input::LineSettings { settings, .. } => return line.renew(settings, say),
            Input::Opened { .. } => line.opened(say),
            Input::Closed { reason, .. } => line.closed(&reason, say),
            Input::Message { message: Message::Text(text), .. } => line.received(text, say),
            Input::Message { message: Message::Binary(bytes), .. } => {
                line.received(&String::from_utf8_lossy(bytes), say);
            }
            Input::Timer { .. } => line.time(say),
            Input::Command { id, command, .. } => line.command(id, command, say),
            _ => {}
        }
        line.set_alarm(say);
        keep_directory(&mut self.lines, say);
    }

    fn save(&self) -> Option<Vec<u8>> {
        state::save(self)
    }

    fn restore(config: Config, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        config.check()?;
        let mut adapter: Self = state::restore(saved)?;
        adapter.common.config = config;
        Ok(adapter)
    }
}

fn open(lines: &mut BTreeMap<LineId, Line>, id: LineId, name: String, settings: LineConfig, say: &mut Say<'_, '_>) {
    let same = |line: &&Line| line.id != id && line.login.to_lowercase() == settings.login.to_lowercase();
    let wrong = if settings.login.trim().is_empty() {
        let text = format!("line {name} is not opened: its `login` is empty; it is the name of a user of Oktell");
        Some((ErrorCode::ConfigInvalid, text))
    } else {
        lines.values().find(same).map(|other| {
            let (other, login) = (&other.name, &settings.login);
            let text = format!("line {name} is not opened: line {other} logs in as `{login}`; a user is one line only");
            (ErrorCode::DeviceClaimed, text)
        })
    };
    if let Some((code, text)) = wrong {
        return say.host.report(ErrorFact::new(code, Severity::Error, text).line(id));
    }
    let line = Line::new(id, name, settings, say);
    say.host.open(line.transport(), &say.common.config.transport(false));
    lines.insert(id, line);
}

fn close(lines: &mut BTreeMap<LineId, Line>, id: LineId, say: &mut Say<'_, '_>) {
    let Some(mut line) = lines.remove(&id) else { return };
    line.log_out(say);
    line.drop_work("the line was closed", say);
    say.host.close(line.transport());
    if line.alarm.is_some() {
        say.host.cancel_timer(jackfield_plugin_api::TimerId(id.0));
    }
    if say.common.directory.keeper == Some(id) {
        say.common.directory.keeper = None;
    }
    // With no line left nothing is wrong: whoever opens one logs in.
    if say.common.live.remove(&id) && say.common.live.is_empty() && !lines.is_empty() {
        say.host.report(Down::new(ErrorCode::ConnectionLost, "no user is logged in to Oktell any more"));
    }
    keep_directory(lines, say);
}

/// When the line is gone that listened for everybody, another one does.
fn keep_directory(lines: &mut BTreeMap<LineId, Line>, say: &mut Say<'_, '_>) {
    if say.common.directory.keeper.is_some() {
        return;
    }
    let next = say.common.live.first().copied();
    if let Some(line) = next.and_then(|id| lines.get_mut(&id)) {
        line.keep_directory(say);
        line.set_alarm(say);
    }
}
