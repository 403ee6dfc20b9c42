//! The adapter: inputs from the host go to the link, or to the operator that they are for.

use std::collections::BTreeMap;

use jackfield_plugin_api::{
    Adapter, CommandError, ConfigError, ErrorCode, ErrorFact, Host, Input, LineFact, LineId, Manifest, RawDirection,
    RestoreError, Severity, Timestamp, TransportId, state,
};
use serde::{Deserialize, Serialize};

use crate::calls::{self, Scene};
use crate::capabilities::{configured, implemented};
use crate::config::{Config, LineConfig};
use crate::effects::{Effect, Effects};
use crate::line::Line;
use crate::session::{Link, show};
use crate::wire::{Block, Framer, fits};
use crate::{agent, commands};

/// The one link to the server.
pub(crate) const PBX: TransportId = TransportId(0);
/// The version of the state that is saved for a hot swap.
const STATE: u32 = 1;

/// The adapter for one CallWay server.
#[derive(Debug)]
pub struct Callway {
    pub(crate) config: Config,
    pub(crate) link: Link,
    pub(crate) framer: Framer,
    pub(crate) lines: BTreeMap<LineId, Line>,
    /// Lines by operator.
    pub(crate) operators: BTreeMap<String, LineId>,
    pub(crate) effects: Effects,
    /// When the timer runs out, if it runs.
    pub(crate) alarm: Option<Timestamp>,
}

/// All but the settings: what goes over in a hot swap. No secrets are in it.
#[derive(Serialize, Deserialize)]
struct Saved<L, F, E> {
    link: Link,
    framer: F,
    lines: L,
    effects: E,
    alarm: Option<Timestamp>,
}

impl Adapter for Callway {
    type Config = Config;
    type LineConfig = LineConfig;

    fn manifest() -> Manifest {
        Manifest::new("callway", env!("CARGO_PKG_VERSION"), "CallWay", implemented())
            .description("CallWay over its integration protocol")
            .saves(STATE, STATE)
    }

    fn new(config: Config, _: &mut Host<'_>) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config,
            link: Link::Closed,
            framer: Framer::default(),
            lines: BTreeMap::new(),
            operators: BTreeMap::new(),
            effects: Effects::default(),
            alarm: None,
        })
    }

    fn handle(&mut self, input: Input<'_, LineConfig>, host: &mut Host<'_>) {
        match input {
            Input::Started => host.open(PBX, &self.config.transport()),
            Input::Opened { .. } => self.opened(host),
            Input::Received { bytes, .. } => self.received(bytes, host),
            Input::Closed { reason, .. } => self.closed(&reason, host),
            Input::Timer { .. } => self.time(host),
            Input::LineOpened { line, name, settings } => self.open(line, &name, &settings, host),
            Input::LineClosed { line } => self.close(line, host),
            Input::Command { id, line, command } => {
                let Some(line) = self.lines.get_mut(&line) else {
                    let text = "the line is not open: see its settings in the host's log";
                    return host.refuse(id, CommandError::new(ErrorCode::DeviceOutOfService, text));
                };
                if !matches!(self.link, Link::Up { .. }) {
                    let text = "CallWay is not connected";
                    return host.refuse(id, CommandError::new(ErrorCode::ConnectionLost, text).retryable());
                }
                commands::command(line, id, &command, &mut self.effects, &self.config, host);
            }
            _ => {}
        }
        self.set_alarm(host);
    }

    fn save(&self) -> Option<Vec<u8>> {
        let Self { link, framer, lines, effects, alarm, .. } = self;
        state::save(&Saved { link: *link, framer, lines, effects, alarm: *alarm })
    }

    fn restore(config: Config, saved: &[u8], _: &mut Host<'_>) -> Result<Self, RestoreError> {
        config.check()?;
        let saved: Saved<BTreeMap<LineId, Line>, Framer, Effects> = state::restore(saved)?;
        let Saved { link, framer, lines, effects, alarm } = saved;
        let operators = lines.values().map(|line| (line.operator.clone(), line.id)).collect();
        Ok(Self { config, link, framer, lines, operators, effects, alarm })
    }
}

impl Callway {
    fn open(&mut self, id: LineId, name: &str, settings: &LineConfig, host: &mut Host<'_>) {
        let operator = settings.operator.clone().unwrap_or_else(|| name.to_owned());
        let refused = if !fits(&operator) || settings.routing_rule.as_ref().is_some_and(|rule| !fits(rule)) {
            let text = format!("line {name} is not opened: `operator` and `routing_rule` must be one line of text");
            Some((ErrorCode::ConfigInvalid, text))
        } else if self.operators.get(&operator).is_some_and(|other| *other != id) {
            let text = format!("line {name} is not opened: operator {operator} has a line already");
            Some((ErrorCode::DeviceClaimed, text))
        } else {
            None
        };
        if let Some((code, text)) = refused {
            return host.report(ErrorFact::new(code, Severity::Error, text).line(id));
        }
        let line = Line::new(id, operator.clone(), settings, &self.config);
        if !line.softphone {
            host.report(LineFact::new(id).capabilities(configured(&self.config, false)));
        }
        if matches!(self.link, Link::Up { .. }) {
            self.ask_state(&line, host);
        }
        self.operators.insert(operator, id);
        self.lines.insert(id, line);
    }

    fn close(&mut self, id: LineId, host: &mut Host<'_>) {
        let Some(line) = self.lines.remove(&id) else { return };
        self.operators.remove(&line.operator);
        for waiting in self.effects.take_line(id) {
            if !matches!(waiting.effect, Effect::Call { own_rings: true, .. }) {
                host.refuse(waiting.id, CommandError::new(ErrorCode::Cancelled, "the line was closed"));
            }
        }
    }

    /// One message of the server.
    pub(crate) fn block(&mut self, text: &str, host: &mut Host<'_>) {
        let block = Block::read(text);
        if self.config.raw {
            show(RawDirection::In, text, host);
        }
        let message = block.message();
        if message == Some("AuthorizationResponse") {
            return self.authorization(&block, host);
        }
        // Before the login nobody has anything to tell.
        if !matches!(self.link, Link::Up { .. }) {
            return;
        }
        let operator = block.get("OperatorId").and_then(|operator| self.operators.get(operator));
        let Some(line) = operator.and_then(|id| self.lines.get_mut(id)) else { return };
        let mut scene = Scene { config: &self.config, effects: &mut self.effects, host };
        match message {
            Some("NewCall") => calls::new_call(line, &block, &mut scene),
            Some("CallStateChanged") => calls::state_changed(line, &block, &mut scene),
            Some("OperatorState") => agent::operator_state(line, &block, &mut scene),
            // A newer server may say more than this adapter knows: no fault.
            _ => {}
        }
    }
}
