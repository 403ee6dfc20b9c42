//! A model written down as a whole, and taken up again: what a recording begins with.
//!
//! Unlike [`Model::restore`] this is no restart: the model goes on as if nothing had been, with the next number of
//! every line, the next call id, and all that waits.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_plugin_api::frame::{pack, unpack};
use jackfield_plugin_api::{Capabilities, Timestamp};
use serde::{Deserialize, Serialize};

use super::call::Text;
use super::config::{Loss, ModelConfig};
use super::event::Place;
use super::ids::UuidV7Ids;
use super::limits::{MAX_CALLS, MAX_WAITING_FACTS};
use super::line::Line;
use super::lines::Model;
use super::repairs::Repairs;
use super::work::{Link, Shared};

/// Lines of one model that are taken up: more than any configuration has.
const MOST_LINES: usize = 1_000_000;
/// No epoch, number or time of a real model is greater; sums of such cannot overflow.
const MOST: u64 = 1 << 53;

#[derive(Debug, Serialize, Deserialize)]
struct Kept<L> {
    config: ModelConfig,
    ids: UuidV7Ids,
    link: Link,
    capabilities: Capabilities,
    phone_system: Text,
    loss: Option<Loss>,
    closed_epoch: u64,
    now: Timestamp,
    lines: L,
}

impl Model {
    /// The whole model. `None`: its call ids come from where nobody can say how they go on. Counters of repairs stay
    /// behind.
    #[must_use]
    pub fn keep(&self) -> Option<Vec<u8>> {
        let Shared { config, link, capabilities, phone_system, loss, closed_epoch, .. } = &self.shared;
        Some(pack(&Kept {
            config: config.clone(),
            ids: self.shared.ids.mark()?,
            link: *link,
            capabilities: capabilities.clone(),
            phone_system: phone_system.clone(),
            loss: loss.clone(),
            closed_epoch: *closed_epoch,
            now: self.now,
            lines: self.lines.values().collect::<Vec<_>>(),
        }))
    }

    /// A model that goes on where the kept one was.
    ///
    /// # Errors
    /// The bytes are none of a model, in words.
    pub fn take_up(bytes: &[u8]) -> Result<Self, String> {
        let kept: Kept<Vec<Line>> = unpack(bytes).map_err(|why| format!("this is no model: {why}"))?;
        if kept.lines.len() > MOST_LINES {
            return Err(format!("a model of {} lines, at most {MOST_LINES} are possible", kept.lines.len()));
        }
        if kept.closed_epoch > MOST || kept.now.micros().unsigned_abs() > MOST {
            return Err("a model with numbers that no model has".to_owned());
        }
        for line in &kept.lines {
            if !is_sane(line) {
                return Err(format!("line {} is as no line of a model is", line.id));
            }
        }
        let place = std::sync::Arc::new(Place { connection: kept.config.connection.clone(), line: None });
        let ids: Vec<_> = kept.lines.iter().map(|line| line.id).collect();
        let mut model = Self {
            shared: Shared {
                config: kept.config,
                ids: Box::new(kept.ids),
                repairs: Repairs::default(),
                link: kept.link,
                capabilities: kept.capabilities,
                phone_system: kept.phone_system,
                loss: kept.loss,
                closed_epoch: kept.closed_epoch,
                place,
            },
            lines: kept.lines.into_iter().map(|line| (line.id, line)).collect::<BTreeMap<_, _>>(),
            deadlines: BTreeSet::new(),
            now: kept.now,
        };
        for id in ids {
            if let Some(line) = model.lines.get_mut(&id) {
                line.indexed = None;
            }
            model.index(id);
        }
        Ok(model)
    }
}

/// What the model itself sees to of its lines, and what its sums rely on.
fn is_sane(line: &Line) -> bool {
    let near = |at: Timestamp| at.micros().unsigned_abs() <= MOST;
    let call = |leg: &super::leg::Leg| {
        let times = [leg.unknown_since, leg.busy_until, leg.ending.as_ref().map(|ending| ending.at)];
        leg.totals.is_below(MOST)
            && times.into_iter().flatten().all(near)
            && leg.call.hold_count < u32::MAX / 2
            && leg.call.totals().iter().all(|ms| *ms < MOST)
    };
    let current = line.current.as_ref().is_none_or(|id| line.index(id).is_some());
    current
        && line.epoch <= MOST
        && line.seq <= MOST
        && line.legs.len() <= MAX_CALLS
        && line.waiting.len() <= MAX_WAITING_FACTS
        && line.consult.as_ref().is_none_or(|(_, until)| near(*until))
        && line.reorder.due().is_none_or(near)
        && line.legs.iter().all(call)
}
