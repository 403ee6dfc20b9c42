//! Lines that are open only while somebody asks for them: opened for their first client, closed a while after the last.
//!
//! The hub knows who sees a line; here is decided what follows from it. Nothing of this lies on the way of an event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{CommandError, ErrorCode, LineId};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::task::Task;
use crate::config::OpenMode;
use crate::hub::{Audience, LineKey};
use crate::metrics::{ConnectionMetrics, count};

/// How soon a line is looked at again that nobody sees and that cannot be closed, because a call is up on it.
const AGAIN: Duration = Duration::from_secs(1);

/// The lines of a connection that are opened on demand.
#[derive(Debug)]
pub(super) struct Presence {
    linger: Duration,
    lines: BTreeMap<LineId, Demand>,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct Demand {
    audience: Arc<Audience>,
    open: bool,
    /// When it is closed, unless somebody comes before.
    close_at: Option<Instant>,
}

impl Presence {
    pub(super) fn new(linger: Duration) -> Self {
        Self { linger, lines: BTreeMap::new(), changed: Arc::default() }
    }

    /// Another time from now on; what waits already keeps its own.
    pub(super) const fn set_linger(&mut self, linger: Duration) {
        self.linger = linger;
    }

    /// A line that is opened on demand from now on; what the hub is to be told.
    fn add(&mut self, line: LineId, open: bool, now: Instant) -> Arc<Audience> {
        let audience = Audience::new(&self.changed);
        let close_at = open.then(|| now + self.linger);
        self.lines.insert(line, Demand { audience: Arc::clone(&audience), open, close_at });
        audience
    }

    /// A line that is not. `false`: it was not before.
    fn remove(&mut self, line: LineId) -> bool {
        self.lines.remove(&line).is_some()
    }

    /// Whether a line is opened on demand.
    pub(super) fn has(&self, line: LineId) -> bool {
        self.lines.contains_key(&line)
    }

    /// Whether a line waits for its first client.
    pub(super) fn is_closed(&self, line: LineId) -> bool {
        self.lines.get(&line).is_some_and(|demand| !demand.open)
    }

    /// How many lines wait for their first client.
    fn closed(&self) -> usize {
        self.lines.values().filter(|demand| !demand.open).count()
    }

    /// A line is open now. Whoever asked for it may not be known to the hub yet: it stays open for a while in any case.
    fn opened(&mut self, line: LineId, now: Instant) {
        if let Some(demand) = self.lines.get_mut(&line) {
            demand.open = true;
            demand.close_at = (!demand.audience.is_there()).then(|| now + self.linger);
        }
    }

    /// Somebody has come or gone: which lines are to be opened.
    fn look(&mut self, now: Instant) -> Vec<LineId> {
        let mut wanted = Vec::new();
        for (line, demand) in &mut self.lines {
            match (demand.audience.is_there(), demand.open) {
                (true, true) => demand.close_at = None,
                (true, false) => wanted.push(*line),
                (false, true) => {
                    demand.close_at.get_or_insert(now + self.linger);
                }
                (false, false) => {}
            }
        }
        wanted
    }

    /// When the next line is to be closed.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lines.values().filter_map(|demand| demand.close_at).min()
    }

    /// The lines that nobody has seen for long enough. They are looked at again soon, unless they are closed.
    fn due(&mut self, now: Instant) -> Vec<LineId> {
        let mut due = Vec::new();
        for (line, demand) in &mut self.lines {
            if demand.close_at.is_some_and(|at| at <= now) {
                let there = demand.audience.is_there();
                demand.close_at = (!there).then(|| now + AGAIN);
                due.extend((!there).then_some(*line));
            }
        }
        due
    }

    fn close(&mut self, line: LineId) {
        if let Some(demand) = self.lines.get_mut(&line) {
            (demand.open, demand.close_at) = (false, None);
        }
    }

    fn tell(&self, metrics: &ConnectionMetrics) {
        metrics.lines_waiting.set(count(self.closed()));
    }
}

/// Waits until somebody has come to a line, or the last one has gone.
pub(super) async fn changed(presence: &Presence) {
    presence.changed.notified().await;
}

impl Task {
    /// The lines that the configuration wants opened on demand, at the start: none of them is open.
    pub(super) async fn expect_clients(&mut self) {
        let lines: Vec<(LineKey, LineId)> = self.keys.iter().map(|(key, id)| (*key, *id)).collect();
        for (key, id) in lines {
            if self.lines.get(&id).is_some_and(|plan| plan.open == OpenMode::OnDemand) {
                self.expect_client(id, key, false).await;
            }
        }
    }

    /// A line is opened on demand from now on.
    pub(super) async fn expect_client(&mut self, id: LineId, key: LineKey, open: bool) {
        let audience = self.presence.add(id, open, Instant::now());
        self.hub.audience(key, Some(audience)).await;
        self.presence.tell(&self.metrics);
    }

    /// A line is no longer opened on demand, whatever it is now.
    pub(super) async fn expect_nobody(&mut self, id: LineId, key: LineKey) {
        if self.presence.remove(id) {
            self.hub.audience(key, None).await;
            self.presence.tell(&self.metrics);
        }
    }

    /// Somebody has come to a line, or the last one has gone.
    pub(super) async fn audience_changed(&mut self) {
        for id in self.presence.look(Instant::now()) {
            self.open_for_client(id).await;
        }
    }

    /// Opens a line that waits for its first client; one that does not is left alone.
    pub(super) async fn open_for_client(&mut self, id: LineId) {
        let Some(plan) = self.lines.get(&id).filter(|_| self.presence.is_closed(id)).cloned() else { return };
        tracing::info!(connection = %self.config.id, line = %plan.name, "opened: a client asks for it");
        self.begin_on_demand(id);
        self.publish().await;
        self.open_line(id, &plan).await;
    }

    /// A line that was closed is one of the model's from now on.
    pub(super) fn begin_on_demand(&mut self, id: LineId) {
        let Some(plan) = self.lines.get(&id) else { return };
        let device = plan.device.clone();
        self.presence.opened(id, Instant::now());
        self.presence.tell(&self.metrics);
        let now = self.now();
        self.model.open_line(now, id, &device, &mut self.events);
    }

    /// Closes the lines that nobody has seen for long enough; never one with a call, or with a command that waits.
    pub(super) async fn close_unseen(&mut self, now: Instant) {
        for id in self.presence.due(now) {
            if self.model.calls(id) > 0 || self.commands.waits_for(id) {
                continue;
            }
            let name = self.lines.get(&id).map_or("", |plan| &plan.name);
            tracing::info!(connection = %self.config.id, line = name, "closed: nobody has asked for it for a while");
            self.presence.close(id);
            self.presence.tell(&self.metrics);
            self.input(&InputFrame::line_closed(id)).await;
            let now = self.now();
            self.model.close_line(now, id, &mut self.events);
            self.publish().await;
        }
    }

    /// Why a command is not taken on a line that waits for its first client.
    pub(super) fn is_open(&self, id: LineId, command: &str) -> Result<(), CommandError> {
        if !self.presence.is_closed(id) {
            return Ok(());
        }
        let name = self.lines.get(&id).map_or("", |plan| &plan.name);
        let text =
            format!("`{command}`: line {name} is opened when a client subscribes to it; subscribe, then try again");
        Err(CommandError::new(ErrorCode::ConnectionFailed, text).retryable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: LineId = LineId(1);
    const OTHER: LineId = LineId(2);
    const LINGER: Duration = Duration::from_secs(60);

    fn presence() -> (Presence, Arc<Audience>, Instant) {
        let mut presence = Presence::new(LINGER);
        let now = Instant::now();
        let audience = presence.add(LINE, false, now);
        presence.add(OTHER, false, now);
        (presence, audience, now)
    }

    #[tokio::test]
    async fn a_line_is_open_from_its_first_client_until_a_while_after_the_last() {
        let (mut presence, audience, now) = presence();
        assert!(presence.is_closed(LINE) && presence.deadline().is_none() && presence.look(now).is_empty());
        audience.set(true);
        changed(&presence).await;
        assert_eq!(presence.look(now), [LINE]);
        presence.opened(LINE, now);
        assert!(presence.look(now).is_empty() && presence.deadline().is_none() && presence.is_closed(OTHER));
        audience.set(false);
        changed(&presence).await;
        assert!(presence.look(now).is_empty());
        assert_eq!(presence.deadline(), Some(now + LINGER));
        assert!(presence.due(now + LINGER / 2).is_empty());
        assert_eq!(presence.due(now + LINGER), [LINE]);
        presence.close(LINE);
        assert!(presence.is_closed(LINE) && presence.deadline().is_none());
    }

    #[test]
    fn who_comes_back_in_time_keeps_it_open_and_who_leaves_again_has_the_whole_while() {
        let (mut presence, audience, now) = presence();
        presence.opened(LINE, now);
        audience.set(true);
        presence.look(now);
        audience.set(false);
        presence.look(now);
        audience.set(true);
        // Also when it is seen only at the last moment.
        assert!(presence.due(now + LINGER).is_empty() && presence.deadline().is_none());
        audience.set(false);
        let later = now + 2 * LINGER;
        presence.look(later);
        assert_eq!(presence.deadline(), Some(later + LINGER));
    }

    #[test]
    fn whoever_opened_it_may_be_late_and_never_come() {
        let (mut presence, _, now) = presence();
        presence.opened(LINE, now);
        assert_eq!(presence.deadline(), Some(now + LINGER));
        assert_eq!(presence.due(now + LINGER), [LINE]);
        // A call was up: it is looked at again.
        assert_eq!(presence.deadline(), Some(now + LINGER + AGAIN));
        assert_eq!(presence.due(now + LINGER + AGAIN), [LINE]);
    }
}
