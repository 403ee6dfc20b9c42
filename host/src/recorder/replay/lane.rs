//! An adapter that is given a recording's inputs.

use jackfield_plugin_api::Timestamp;
use jackfield_plugin_api::frame::input::{self as inputs, InputFrame};
use tokio::sync::mpsc;

use super::super::entry::Made;
use super::super::hide::Hide;
use super::super::life::OpenLine;
use super::super::mask::Masks;
use crate::plugins::{Fault, LoadedPlugin, Place, Port, Prepared};

/// What an adapter did with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Did {
    /// It answered with these frames.
    Answered(Vec<u8>),
    /// It refused, or is gone.
    Failed {
        /// Whether it is gone.
        gone: bool,
        /// What it said.
        text: String,
    },
    /// There is no adapter that could have been given it.
    Nothing,
}

/// A library, and the adapter that was made from it last.
pub(super) struct Lane {
    plugin: LoadedPlugin,
    place: LanePlace,
    port: Option<Port>,
    hide: Hide,
    masks: Masks,
    /// Threads of an adapter may post; what they posted then is in the recording.
    posts: (mpsc::Sender<Vec<u8>>, mpsc::Receiver<Vec<u8>>),
}

/// Where it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LanePlace {
    /// In a process of its own.
    Process,
    /// In this one.
    Here,
}

/// Memory and time of the process: as a connection's.
const MEMORY: u64 = 256 * 1024 * 1024;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

impl Lane {
    pub(super) fn new(plugin: LoadedPlugin, place: LanePlace) -> Self {
        let (hide, masks) = (Hide::default(), Masks::default());
        Self { plugin, place, port: None, hide, masks, posts: mpsc::channel(1) }
    }

    pub(super) fn name(&self) -> String {
        let manifest = &self.plugin.manifest;
        format!("{} {} ({})", manifest.name, manifest.version, self.plugin.hash.get(..8).unwrap_or_default())
    }

    /// Makes an adapter as one was made then. What it answered to being made.
    pub(super) async fn make(&mut self, at: Timestamp, made: &Made, settled: Option<&[u32]>) -> Did {
        self.port = None;
        if made.name != self.plugin.manifest.name {
            let text = format!("it is `{}`, and what was recorded is `{}`", self.plugin.manifest.name, made.name);
            return Did::Failed { gone: true, text };
        }
        match settled {
            Some(settled) => self.hide.go_on(settled.iter().copied()),
            None if made.kind == inputs::NEW => self.hide.begin(),
            None => {}
        }
        let place = match self.place {
            LanePlace::Here => Place::Host,
            LanePlace::Process => Place::Process { name: "replay", memory: MEMORY, patience: PATIENCE },
        };
        let at = if made.at == Timestamp::default() { at } else { made.at };
        let begun = async {
            let posted = self.posts.0.clone();
            let mut prepared = Prepared::new(&self.plugin, place, &made.start.granted, posted).await?;
            let mut port = match made.kind {
                inputs::NEW => prepared.make(at, &made.start).await?,
                _ => prepared.restore(at, &made.start, &made.state, PATIENCE).await?,
            };
            let mut answered = port.outputs().to_vec();
            for OpenLine { line, name, settings } in &made.lines {
                answered.extend_from_slice(port.handle(at, &InputFrame::line_settings(*line, name, settings)).await?);
            }
            Ok((port, answered))
        };
        match begun.await {
            Ok((port, answered)) => {
                self.port = Some(port);
                Did::Answered(answered)
            }
            Err(fault) => failed(&fault),
        }
    }

    /// The adapter that ran then was gone.
    pub(super) fn gone(&mut self) {
        self.port = None;
    }

    /// Whether there is an adapter.
    pub(super) const fn runs(&self) -> bool {
        self.port.is_some()
    }

    /// Gives several inputs at once, where that is faster; each is asked for with [`answer`](Self::answer).
    pub(super) fn say<'a>(&mut self, inputs: impl Iterator<Item = (Timestamp, InputFrame<'a>)>) {
        if let Some(port) = self.port.as_mut().filter(|port| port.is_apart()) {
            inputs.for_each(|(at, frame)| port.say(at, false, &frame));
        }
    }

    /// What the adapter answered to an input.
    pub(super) async fn answer(&mut self, at: Timestamp, frame: &InputFrame<'_>) -> Did {
        let Some(port) = &mut self.port else { return Did::Nothing };
        let answer = if port.is_apart() {
            port.answer().await.map(Option::unwrap_or_default)
        } else {
            port.handle_here(at, frame)
        };
        match answer {
            Ok(frames) => Did::Answered(frames.to_vec()),
            Err(fault) => {
                let did = failed(&fault);
                if matches!(did, Did::Failed { gone: true, .. }) {
                    self.port = None;
                }
                did
            }
        }
    }

    /// What a recording would have of an answer.
    pub(super) fn shown(&mut self, frames: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        self.hide.outputs(&mut self.masks, frames, &mut shown);
        shown
    }

    /// An input, for what is hidden of the answers to come.
    pub(super) fn sees(&mut self, frame: &InputFrame<'_>) {
        self.hide.input(frame.kind, frame.arg);
    }
}

fn failed(fault: &Fault) -> Did {
    Did::Failed { gone: !matches!(fault, Fault::Refused { .. }), text: fault.to_string() }
}
