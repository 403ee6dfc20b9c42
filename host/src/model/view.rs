//! The state as it is now, told again: for a session that has come, asked, or fallen behind (M4, M13.3).

use std::sync::Arc;

use jackfield_plugin_api::{Capabilities, ErrorCode, Timestamp};

use super::body::{ActiveCallSnapshot, Body, LineStateChanged, LossScope, SnapshotReason};
use super::clock::Mark;
use super::config::Loss;
use super::epoch::{disconnected, initialized, loss_cause};
use super::event::{Event, EventCause};
use super::features::line_features;
use super::line::Line;
use super::work::{Link, Shared};

/// Whether a line works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStage {
    /// Its events flow.
    Up,
    /// Its connection is lost, or could not be made.
    Down,
    /// Its connection has not come up yet, or its calls are not known yet.
    NotStarted,
}

impl LineStage {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::NotStarted => "notStarted",
        }
    }
}

/// A line as the answer to `hello` tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct LineStatus {
    /// Whether it works.
    pub state: LineStage,
    /// The current epoch, or the last one; 0 before the first.
    pub epoch: u64,
    /// The number of its last event; 0 before the first.
    pub seq: u64,
    /// Why it does not work.
    pub last_error: Option<Loss>,
    /// What it can do.
    pub capabilities: Capabilities,
}

/// Whether a line works.
pub(super) fn line_stage(shared: &Shared, line: &Line) -> LineStage {
    if line.up {
        LineStage::Up
    } else if line.ever_up || shared.link == Link::Down || matches!(line.loss, Some((_, LossScope::Line))) {
        LineStage::Down
    } else {
        LineStage::NotStarted
    }
}

/// The line as the answer to `hello` tells it.
pub(super) fn status(shared: &Shared, line: &Line) -> LineStatus {
    LineStatus {
        state: line_stage(shared, line),
        epoch: line.epoch,
        seq: line.seq,
        last_error: last_error(shared, line).map(|(loss, _)| loss.clone()),
        capabilities: line.capabilities.clone(),
    }
}

/// Why a line does not work, and whether it is alone in that.
pub(super) fn last_error<'a>(shared: &'a Shared, line: &'a Line) -> Option<(&'a Loss, LossScope)> {
    if line.up {
        return None;
    }
    let own = line.loss.as_ref().map(|(loss, scope)| (loss, *scope));
    own.or_else(|| shared.loss.as_ref().map(|loss| (loss, LossScope::Connection)))
}

/// The `lineStateChanged` that tells the line as a whole: of the current call, if there is one.
pub(super) fn line_state_changed(line: &Line) -> LineStateChanged {
    LineStateChanged { call: line.current.clone(), features: line_features(line), line: line.state() }
}

/// All that a session must know of a line to follow its events from here on.
pub(super) fn view(shared: &Shared, line: &Line, now: Timestamp, reason: SnapshotReason) -> Vec<Event> {
    let resent = |cause: Option<EventCause>, body: Body| Event {
        line: Some(line.id),
        place: Arc::clone(&line.place),
        epoch: Some(line.epoch),
        seq: Some(line.seq),
        at: now,
        src_at: None,
        synthetic: false,
        resent: true,
        cause,
        reply_to: None,
        current: line.current.clone(),
        body,
    };
    let mut events = Vec::with_capacity(4);
    match line_stage(shared, line) {
        LineStage::NotStarted => return events,
        LineStage::Down => {
            let unknown = Loss::new(ErrorCode::ConnectionLost, "the line is down");
            let (loss, scope) = last_error(shared, line).unwrap_or((&unknown, LossScope::Connection));
            let body = Body::Disconnected(disconnected(line, loss, scope));
            events.push(resent(Some(loss_cause(loss)), body));
        }
        LineStage::Up => events.push(resent(None, Body::Initialized(Box::new(initialized(shared, line))))),
    }
    let mark = Mark::new(now, None);
    let calls = line.legs.iter().map(|leg| {
        let mut call = Arc::clone(&leg.call);
        let totals = leg.totals.at(mark, call.totals());
        if totals != call.totals() {
            Arc::make_mut(&mut call).set_totals(totals);
        }
        call
    });
    let snapshot = ActiveCallSnapshot {
        as_of_seq: line.seq,
        reason,
        calls: calls.collect(),
        line: line.state(),
        agent: line.agent.clone(),
        call_centre_active: line.call_centre_mode(),
    };
    events.push(resent(None, Body::ActiveCallSnapshot(Box::new(snapshot))));
    if line.up {
        if let Some(agent) = line.agent.clone() {
            events.push(resent(None, Body::AgentStateChanged { agent, previous: None }));
        }
        events.push(resent(None, Body::LineStateChanged(line_state_changed(line))));
    }
    events
}
