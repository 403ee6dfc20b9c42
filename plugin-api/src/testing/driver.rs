//! The host's part, played by a test.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::swaps::Swaps;
use crate::adapter::Adapter;
use crate::command::Command;
use crate::error::{ConfigError, RestoreError};
use crate::fact::Fact;
use crate::frame::input::{self, Decoded, InputFrame};
use crate::frame::output::Output;
use crate::frame::saved::{self, SavedHead};
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
    /// A replacement by [`Swaps`] could be noticed.
    #[error("swap after input {input}: {text}")]
    Swap {
        /// How many inputs there were.
        input: u64,
        /// What could be noticed.
        text: String,
    },
}

/// Plays the host for one adapter.
#[derive(Debug)]
pub struct Driver<A> {
    pub(super) adapter: A,
    now: Timestamp,
    random: Random,
    pub(super) out: Vec<u8>,
    timers: BTreeMap<TimerId, Timestamp>,
    lines: BTreeMap<String, LineId>,
    commands: u64,
    pub(super) settings: Value,
    /// The open lines, as their inputs told them.
    pub(super) open: BTreeMap<LineId, Vec<u8>>,
    /// The secrets of the settings with their places, once somebody asked.
    pub(super) secrets: Option<Vec<(String, String)>>,
    pub(super) swaps: Swaps,
    pub(super) inputs: u64,
    pub(super) swapped: u64,
}

impl<A: Adapter> Driver<A> {
    /// Makes the adapter with these settings. Its outputs are those of `new`; [`started`](Self::started) comes next.
    ///
    /// # Errors
    /// Settings that do not fit.
    pub fn new(settings: &Value) -> Result<Self, DriveError> {
        let config = settings::read(&settings.to_string())?;
        let (mut out, mut random) = (Vec::new(), Random::new(SEED));
        let adapter = A::new(config, &mut Host::new(&mut out, BEGIN, &mut random))?;
        let mut driver = Self {
            adapter,
            now: BEGIN,
            random,
            out,
            timers: BTreeMap::new(),
            lines: BTreeMap::new(),
            commands: 0,
            settings: settings.clone(),
            open: BTreeMap::new(),
            secrets: None,
            swaps: Swaps::NEVER,
            inputs: 0,
            swapped: 0,
        };
        driver.keep_timers(0);
        Ok(driver)
    }

    /// What the adapter saves, as a host gets it. `None`: it does not save.
    ///
    /// # Errors
    /// More than 64 MiB.
    pub fn save(&self) -> Result<Option<Vec<u8>>, DriveError> {
        let Some(state) = self.adapter.save() else { return Ok(None) };
        let head = SavedHead::new(A::manifest(), self.random.state());
        saved::write(&head, &state).map(Some).map_err(DriveError::Input)
    }

    /// A driver like this one, with an adapter that is restored from `saved`: the same time, timers and lines.
    ///
    /// # Errors
    /// Settings that do not fit, state that was refused.
    pub fn restored(&self, settings: &Value, saved: &[u8]) -> Result<Self, DriveError> {
        let (head, state) = saved::read(saved)?;
        head.fits(&A::manifest())?;
        let config = settings::read(&settings.to_string())?;
        let (mut out, mut random) = (Vec::new(), Random::new(head.random));
        let mut host = Host::new(&mut out, self.now, &mut random);
        host.saved_version = head.state_version;
        let mut driver = Self {
            adapter: A::restore(config, state, &mut host)?,
            now: self.now,
            random,
            out,
            timers: self.timers.clone(),
            lines: self.lines.clone(),
            commands: self.commands,
            settings: settings.clone(),
            open: self.open.clone(),
            secrets: None,
            swaps: self.swaps,
            inputs: self.inputs,
            swapped: self.swapped,
        };
        driver.keep_timers(0);
        for (line, head) in &self.open {
            driver.handle(&InputFrame {
                kind: input::LINE_SETTINGS,
                arg: line.0,
                head: head.into(),
                body: [][..].into(),
            })?;
        }
        Ok(driver)
    }

    /// Replaces the adapter by one that is restored from what it saves, as a hot swap does; the outputs are those of
    /// the restore. `false`: it does not save.
    ///
    /// # Errors
    /// Settings that do not fit, state that was refused.
    pub fn swap(&mut self, settings: &Value) -> Result<bool, DriveError> {
        let Some(saved) = self.save()? else { return Ok(false) };
        *self = self.restored(settings, &saved)?;
        self.swapped += 1;
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
        let cut = self.swaps.cut_at();
        if frame.kind != input::RECEIVED || frame.body.len() <= cut {
            return self.give_one(frame);
        }
        for piece in frame.body.chunks(cut) {
            let said = self.out.len();
            self.give_one(&InputFrame::received(TransportId(frame.arg), piece))?;
            // What comes after it on a link that the adapter gives up is not for it.
            if self.gave_up(TransportId(frame.arg), said) {
                break;
            }
        }
        Ok(())
    }

    fn gave_up(&self, which: TransportId, since: usize) -> bool {
        self.outputs_since(since).iter().any(|output| match output {
            Output::Reconnect { transport, .. } | Output::Close { transport } => *transport == which,
            _ => false,
        })
    }

    fn give_one(&mut self, frame: &InputFrame<'_>) -> Result<(), DriveError> {
        // One that was only just made can be replaced, too.
        if self.inputs == 0 {
            self.maybe_swap()?;
        }
        self.handle(frame)?;
        match frame.kind {
            input::LINE_OPENED => {
                self.open.insert(LineId(frame.arg), frame.head.to_vec());
                self.secrets = None;
            }
            input::LINE_CLOSED => drop(self.open.remove(&LineId(frame.arg))),
            _ => {}
        }
        self.inputs += 1;
        self.maybe_swap()
    }

    fn handle(&mut self, frame: &InputFrame<'_>) -> Result<(), DriveError> {
        let said = self.out.len();
        let mut host = Host::new(&mut self.out, self.now, &mut self.random);
        match input::decode::<A::LineConfig>(frame.kind, frame.arg, &frame.head, &frame.body) {
            Decoded::Input(input) => self.adapter.handle(input, &mut host),
            Decoded::Unknown => {}
            Decoded::Refuse(id, error) => host.refuse(id, error),
            Decoded::Bad(refusal) => {
                let place = if refusal.path.is_empty() { String::new() } else { format!("{}: ", refusal.path) };
                return Err(DriveError::Input(format!("{place}{}", refusal.text)));
            }
        }
        self.keep_timers(said);
        Ok(())
    }

    fn keep_timers(&mut self, since: usize) {
        let mut changes = Vec::new();
        for output in self.outputs_since(since) {
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

    /// A thread of the adapter brings something.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    pub fn posted(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), DriveError> {
        self.give(&InputFrame::posted(bytes.as_ref()))
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

    /// The settings of the open lines.
    pub(super) fn line_settings(&self) -> Vec<Value> {
        let settings = self.open.values().filter_map(|head| input::settings_of(head));
        settings.filter_map(|json| serde_json::from_str(&json).ok()).collect()
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
            self.give_more(&InputFrame::timer(timer))?;
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
        self.outputs_since(0)
    }

    fn outputs_since(&self, since: usize) -> Vec<Output<'_>> {
        frames(&self.out[since..]).filter_map(|frame| Output::decode(frame.ok()?).ok()?).collect()
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
