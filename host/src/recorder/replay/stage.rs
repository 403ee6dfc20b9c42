//! The model of a recording, told again what it was told then.

use std::collections::HashMap;

use jackfield_plugin_api::frame::frames;
use jackfield_plugin_api::frame::output::Output;
use jackfield_plugin_api::{CommandId, Timestamp};

use super::super::entry::Answered;
use super::super::play::{command_of, fact};
use super::super::told::Told;
use crate::model::{Event, Model, ReplyTo};

/// A model, and what it has said since it was last asked.
#[derive(Debug)]
pub(in super::super) struct Stage {
    model: Model,
    events: Vec<Event>,
}

impl Stage {
    /// A model as a checkpoint has it.
    ///
    /// # Errors
    /// It is none.
    pub(in super::super) fn new(model: &[u8]) -> Result<Self, String> {
        Ok(Self { model: Model::take_up(model)?, events: Vec::new() })
    }

    /// What an adapter answered.
    pub(in super::super) fn outputs(&mut self, at: Timestamp, answered: &Answered, bytes: &[u8]) {
        let origins: HashMap<CommandId, &ReplyTo> = answered.origins.iter().map(|(id, origin)| (*id, origin)).collect();
        for frame in frames(bytes) {
            if let Ok(Ok(Some(Output::Fact(told)))) = frame.map(Output::decode) {
                let origin = command_of(&told).and_then(|id| origins.get(&id).copied());
                fact(&mut self.model, at, &told, origin, answered.retry_in_ms, &mut self.events);
            }
        }
    }

    /// A word of the host.
    pub(in super::super) fn told(&mut self, at: Timestamp, told: Told) {
        told.tell(&mut self.model, at, &mut self.events);
    }

    /// What came of it.
    pub(in super::super) fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Whether something came of it.
    pub(in super::super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The model.
    pub(in super::super) const fn model(&self) -> &Model {
        &self.model
    }
}
