//! The host's part, played by a test.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::adapter::Adapter;
use crate::command::Command;
use crate::error::{ConfigError, RestoreError};
use crate::fact::Fact;
use crate::frame::input::{self, Decoded, InputFrame};
use crate::frame::output::Output;
use crate::frame::{Answer, frames};
use crate::ids::{CommandId, LineId, TimerId, TransportId};
use crate::input::{CloseReason, Message};
use crate::output::Host;
use crate::random::Random;
use crate::settings;
use crate::time::Timestamp;

/// The time at which every test begins.
const BEGIN: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);
const SEED: u64 = 1;

/// An input that could not be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// The settings do not fit.
    #[error("settings: {0}")]
    Settings(#[from] ConfigError),
    /// The state was refused.
    #[error("restore: {0}")]
    Restore(#[from] RestoreError),
    /// The adapter refused the input.
    #[error("{0}")]
    Input(String),
}

/// Plays the host for one adapter.
#[derive(Debug)]
pub struct Driver<A> {
    adapter: A,
    now: Timestamp,
    random: Random,
    out: Vec<u8>,
    timers: BTreeMap<TimerId, Timestamp>,
    lines: BTreeMap<String, LineId>,
    commands: u64,
}

impl<A: Adapter> Driver<A> {
    /// Makes the adapter with these settings. Its outputs are those of `new`; [`started`](Self::started) comes next.
    ///
    /// # Errors
    /// Settings that do not fit.
    pub fn new(settings: &Value) -> Result<Self, DriveError> {
        let config = settings::read(&settings.to_string())?;
        let (mut out, mut random) = (Vec::new(), Random::new(SEED));
        let mut host = Host { out: &mut out, now: BEGIN, random: &mut random, poster: None };
        let adapter = A::new(config, &mut host)?;
        let mut driver =
            Self { adapter, now: BEGIN, random, out, timers: BTreeMap::new(), lines: BTreeMap::new(), commands: 0 };
        driver.keep_timers();
        Ok(driver)
    }

    /// Replaces the adapter by one that is restored from what it saves, as a hot swap does. `false`: it does not save.
    ///
    /// # Errors
    /// Settings that do not fit, state that was refused.
    pub fn swap(&mut self, settings: &Value) -> Result<bool, DriveError> {
        let Some(saved) = self.adapter.save() else { return Ok(false) };
        let config = settings::read(&settings.to_string())?;
        self.out.clear();
        let mut host = Host { out: &mut self.out, now: self.now, random: &mut self.random, poster: None };
        self.adapter = A::restore(config, &saved, &mut host)?;
        self.keep_timers();
        Ok(true)
    }

    /// The adapter.
    #[must_use]
    pub fn adapter(&self) -> &A {
        &self.adapter
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Gives an input as a frame. Outputs of earlier inputs are forgotten.
    ///
    /// # Errors
    /// An input that the plugin's side cannot read (settings of a line that do not fit).
    pub fn give(&mut self, frame: &InputFrame<'_>) -> Result<(), DriveError> {
        self.out.clear();
        self.give_more(frame)
    }

    fn give_more(&mut self, frame: &InputFrame<'_>) -> Result<(), DriveError> {
        let mut host = Host { out: &mut self.out, now: self.now, random: &mut self.random, poster: None };
        match input::decode::<A::LineConfig>(frame.kind, frame.arg, &frame.head, &frame.body) {
            Decoded::Input(input) => self.adapter.handle(input, &mut host),
            Decoded::Unknown => {}
            Decoded::Refuse(id, error) => host.refuse(id, error),
            Decoded::Bad(refusal) => {
                let place = if refusal.path.is_empty() { String::new() } else { format!("{}: ", refusal.path) };
                return Err(DriveError::Input(format!("{place}{}", refusal.text)));
            }
        }
        self.keep_timers();
        Ok(())
    }

    fn keep_timers(&mut self) {
        let mut changes = Vec::new();
        for output in self.outputs() {
            match output {
                Output::SetTimer { timer, after } => changes.push((timer, Some(after))),
                Output::CancelTimer { timer } => changes.push((timer, None)),
                _ => {}
            }
        }
        for (timer, after) in changes {
            match after {
                Some(after) => self.timers.insert(timer, self.now + after),
                None => self.timers.remove(&timer),
            };
        }
    }

    /// The first input.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn started(&mut self) -> Result<(), DriveError> {
        self.give(&InputFrame::started())
    }

    /// A transport is open.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn opened(&mut self, transport: u32) -> Result<(), DriveError> {
        self.give(&InputFrame::opened(TransportId(transport)))
    }

    /// A transport is closed.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn closed(&mut self, transport: u32, reason: &CloseReason) -> Result<(), DriveError> {
        self.give(&InputFrame::closed(TransportId(transport), reason))
    }

    /// Bytes came.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn received(&mut self, transport: u32, bytes: impl AsRef<[u8]>) -> Result<(), DriveError> {
        self.give(&InputFrame::received(TransportId(transport), bytes.as_ref()))
    }

    /// A WebSocket text message came.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn text(&mut self, transport: u32, text: &str) -> Result<(), DriveError> {
        self.give(&InputFrame::message(TransportId(transport), Message::Text(text)))
    }

    /// A line is opened; its id is the next free one.
    ///
    /// # Errors
    /// Settings that do not fit.
    pub fn line(&mut self, name: &str, settings: &Value) -> Result<LineId, DriveError> {
        let next = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let line = *self.lines.entry(name.to_owned()).or_insert(LineId(next));
        self.give(&InputFrame::line_opened(line, name, &settings.to_string()))?;
        Ok(line)
    }

    /// The id of an open line.
    #[must_use]
    pub fn line_id(&self, name: &str) -> Option<LineId> {
        self.lines.get(name).copied()
    }

    /// Sends a command; its id is the next number, from 1.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn command(&mut self, line: LineId, command: &Command) -> Result<CommandId, DriveError> {
        self.commands += 1;
        let id = CommandId(self.commands);
        self.give(&InputFrame::command(id, line, command))?;
        Ok(id)
    }

    /// Lets time pass; timers that run out on the way do so in order. The outputs are those of all of them.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn advance(&mut self, by: Duration) -> Result<(), DriveError> {
        self.out.clear();
        let until = self.now + by;
        while let Some((timer, at)) = self.next_timer().filter(|(_, at)| *at <= until) {
            self.timers.remove(&timer);
            self.now = self.now.max(at);
            let earlier = std::mem::take(&mut self.out);
            self.give_more(&InputFrame::timer(timer))?;
            let later = std::mem::replace(&mut self.out, earlier);
            self.out.extend_from_slice(&later);
        }
        self.now = until;
        Ok(())
    }

    fn next_timer(&self) -> Option<(TimerId, Timestamp)> {
        self.timers.iter().map(|(timer, at)| (*timer, *at)).min_by_key(|(timer, at)| (*at, *timer))
    }

    /// What the adapter said to the last input. What cannot be read (there is no such thing from this crate's own
    /// [`Host`]) is left out.
    #[must_use]
    pub fn outputs(&self) -> Vec<Output<'_>> {
        frames(&self.out).filter_map(|frame| Output::decode(frame.ok()?).ok()?).collect()
    }

    /// The facts among the outputs.
    #[must_use]
    pub fn facts(&self) -> Vec<Fact> {
        self.outputs().into_iter().filter_map(|o| if let Output::Fact(fact) = o { Some(fact) } else { None }).collect()
    }

    /// The answers among the outputs.
    #[must_use]
    pub fn answers(&self) -> Vec<Answer> {
        self.outputs().into_iter().filter_map(|o| if let Output::Reply(a) = o { Some(*a) } else { None }).collect()
    }

    /// The bytes that the outputs send on a stream, together.
    #[must_use]
    pub fn sent(&self, transport: u32) -> Vec<u8> {
        let mut sent = Vec::new();
        for output in self.outputs() {
            match output {
                Output::Send { transport: t, bytes } if t.0 == transport => sent.extend_from_slice(bytes),
                Output::SendText { transport: t, text } if t.0 == transport => sent.extend_from_slice(text.as_bytes()),
                _ => {}
            }
        }
        sent
    }

    /// The outputs as lines of a script.
    #[must_use]
    pub fn rendered(&self) -> Vec<String> {
        self.outputs().iter().map(super::render).collect()
    }
}
