//! The adapter: inputs from the host go to the line that they are for; then whoever is due is asked.

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    Adapter, CommandError, ConfigError, ErrorCode, ErrorFact, Host, Input, LineFact, LineId, Manifest, RequestId,
    RestoreError, Severity, Timestamp, state,
};
use serde::{Deserialize, Serialize};

use crate::answers::Waiting;
use crate::capabilities::{configured, implemented};
use crate::config::{Config, LineConfig};
use crate::line::Line;
use crate::query::fits;
use crate::schedule::Pace;

/// The version of the state that is saved for a hot swap.
const STATE: u32 = 1;

/// The adapter for one Infinity server.
#[derive(Debug)]
pub struct Infinity {
    pub(crate) config: Config,
    pub(crate) started: bool,
    pub(crate) is_up: bool,
    /// Questions for calls in a row without a good answer, and those for states.
    pub(crate) failed: u32,
    pub(crate) states_failed: u32,
    pub(crate) lines: BTreeMap<LineId, Line>,
    pub(crate) waiting: BTreeMap<RequestId, Waiting>,
    pub(crate) last_request: u32,
    pub(crate) pace: Pace,
    /// When the timer runs out, if it runs.
    pub(crate) alarm: Option<Timestamp>,
}

/// All but the settings: what goes over in a hot swap. No secrets are in it.
#[derive(Serialize, Deserialize)]
struct Saved<L, W, P> {
    started: bool,
    is_up: bool,
    failed: u32,
    #[serde(default)]
    states_failed: u32,
    lines: L,
    waiting: W,
    last_request: u32,
    pace: P,
    alarm: Option<Timestamp>,
}

impl Adapter for Infinity {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Manifest::new("infinity", env!("CARGO_PKG_VERSION"), "Infinity", implemented())
            .description("Infinity over its HTTP integration module")
            .saves(STATE, STATE)
    }

    fn new(config: Config, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config,
            started: false,
            is_up: false,
            failed: 0,
            states_failed: 0,
            lines: BTreeMap::new(),
            waiting: BTreeMap::new(),
            last_request: 0,
            pace: Pace::default(),
            alarm: None,
        })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        match input {
            Input::Started => self.started = true,
            Input::Timer { .. } => self.alarm = None,
            Input::HttpResponse { request, response } => self.answered(request, response, host),
            Input::LineOpened { line, name, settings } => self.open(line, &name, &settings, host),
            Input::LineClosed { line } => self.close(line, host),
            Input::Command { id, line, command } => self.command(id, line, &command, host),
            Input::Webhook(hook) => self.hook(&hook, host),
            Input::Stopping => self.started = false,
            _ => {}
        }
        self.ask_who_is_due(host);
    }

    fn save(&self) -> Option<Vec<u8>> {
        let Self { started, is_up, failed, states_failed, lines, waiting, last_request, pace, alarm, .. } = self;
        state::save(&Saved {
            started: *started,
            is_up: *is_up,
            failed: *failed,
            states_failed: *states_failed,
            lines,
            waiting,
            last_request: *last_request,
            pace,
            alarm: *alarm,
        })
    }

    fn restore(config: Config, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        config.check()?;
        let saved: Saved<BTreeMap<LineId, Line>, BTreeMap<RequestId, Waiting>, Pace> = state::restore(saved)?;
        let Saved { started, is_up, failed, states_failed, lines, waiting, last_request, pace, alarm } = saved;
        Ok(Self { config, started, is_up, failed, states_failed, lines, waiting, last_request, pace, alarm })
    }
}

impl Infinity {
    pub(crate) fn encoding(&self) -> &'static encoding_rs::Encoding {
        self.config.text_encoding().unwrap_or(encoding_rs::UTF_8)
    }

    fn open(&mut self, id: LineId, name: &str, settings: &LineConfig, host: &mut Host<'_>) {
        let extension = settings.extension.clone().unwrap_or_else(|| name.to_owned());
        let refused = if !fits(&extension) || settings.user.as_ref().is_some_and(|user| !fits(user)) {
            let text = format!("line {name} is not opened: `extension` and `user` must be one line of text");
            Some((ErrorCode::ConfigInvalid, text))
        } else if self.lines.values().any(|line| line.extension == extension && line.id != id) {
            let text = format!("line {name} is not opened: extension {extension} has a line already");
            Some((ErrorCode::DeviceClaimed, text))
        } else {
            None
        };
        if let Some((code, text)) = refused {
            return host.report(ErrorFact::new(code, Severity::Error, text).line(id));
        }
        if settings.user.is_none() {
            host.report(LineFact::new(id).capabilities(configured(&self.config, false)));
        }
        self.lines.insert(id, Line::new(id, extension, settings, host.now()));
    }

    fn close(&mut self, id: LineId, host: &mut Host<'_>) {
        self.lines.remove(&id);
        let commands = self.waiting.extract_if(.., |_, waiting| match waiting {
            Waiting::Question { line, .. } | Waiting::Missed { line, .. } | Waiting::Command { line, .. } => {
                *line == id
            }
        });
        for (_, waiting) in commands.collect::<Vec<_>>() {
            if let Waiting::Command { id, .. } = waiting {
                host.refuse(id, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
            }
        }
    }
}
