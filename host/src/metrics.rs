//! Numbers for Prometheus, at `/metrics`. Counting never waits: every counter is looked up once and then only added to.

pub mod page;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::connection::Outcome;
use crate::model::{Dropped, EventName, Repairs, Rule};
use crate::plugins::{Catalogue, State};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    connection: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEvent {
    connection: String,
    event: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRule {
    connection: String,
    rule: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    connection: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    connection: String,
    outcome: &'static str,
}

/// Seconds that inputs waited for an adapter that went on for another.
fn pauses() -> Histogram {
    Histogram::new([1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 0.2, 0.5, 1.0, 2.0])
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResult {
    connection: String,
    result: &'static str,
}

/// All numbers of a host.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    up: Family<Of, Gauge>,
    lines_up: Family<Of, Gauge>,
    lines_waiting: Family<Of, Gauge>,
    calls: Family<Of, Gauge>,
    events: Family<OfEvent, Counter>,
    repairs: Family<OfRule, Counter>,
    dropped: Family<OfReason, Counter>,
    commands: Family<OfResult, Counter>,
    hooks: Family<OfResult, Counter>,
    faults: Family<Of, Counter>,
    adapters: Family<Of, Gauge>,
    exchanges: Family<Of, Counter>,
    swaps: Family<OfOutcome, Counter>,
    pauses: Family<Of, Histogram, fn() -> Histogram>,
    /// What the plugins' folder holds.
    pub plugins: PluginMetrics,
    /// What the hub counts.
    pub hub: HubMetrics,
    /// What the history counts.
    pub store: StoreMetrics,
}

/// What the history counts.
#[derive(Debug, Clone)]
pub struct StoreMetrics {
    /// Changes of calls and lines that are in the database.
    pub written: Counter,
    /// Changes that could be kept nowhere, or that the database cannot take.
    pub lost: Counter,
    /// Whether the history cannot be written now.
    pub failing: Gauge,
    /// Seconds that the database takes for a group of changes.
    pub commit: Histogram,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        let bounds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
        Self {
            written: Counter::default(),
            lost: Counter::default(),
            failing: Gauge::default(),
            commit: Histogram::new(bounds),
        }
    }
}

/// What the plugins' folder holds.
#[derive(Debug, Clone, Default)]
pub struct PluginMetrics {
    files: Family<OfState, Gauge>,
    /// Libraries in this process.
    mapped: Gauge,
    restart_due: Gauge,
    /// Connections that have no adapter to run.
    pub waiting: Gauge,
}

impl PluginMetrics {
    /// Whether so many libraries were exchanged that a restart is due.
    #[must_use]
    pub fn is_restart_due(&self) -> bool {
        self.restart_due.get() == 1
    }

    /// Takes over what was found.
    pub fn tell(&self, found: &Catalogue) {
        let of = |state| self.files.get_or_create(&OfState { state }).clone();
        let (loaded, refused, waits) = (of("loaded"), of("refused"), of("waits"));
        let are = |of: fn(&State) -> bool| count(found.entries.iter().filter(|e| of(&e.state)).count());
        loaded.set(are(|state| matches!(state, State::Loaded(_))));
        refused.set(are(|state| matches!(state, State::Refused(_))));
        waits.set(are(|state| matches!(state, State::Waits(_))));
        self.mapped.set(count(found.mapped));
        self.restart_due.set(i64::from(found.restart_due()));
    }
}

/// A number of things, as a gauge takes it.
pub(crate) fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}

/// What the hub counts.
#[derive(Debug, Clone)]
pub struct HubMetrics {
    /// Clients now.
    pub sessions: Gauge,
    /// Clients that fell out of a line's log.
    pub overflows: Counter,
    /// Clients dropped because they went silent.
    pub silent: Counter,
    /// Seconds from the phone system's bytes to the first client's socket.
    pub latency: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Numbers that all begin at zero.
    #[must_use]
    pub fn new() -> Self {
        let buckets = [20e-6, 50e-6, 100e-6, 200e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 50e-3, 0.2, 1.0];
        let metrics = Self {
            registry: Registry::default(),
            up: Family::default(),
            lines_up: Family::default(),
            lines_waiting: Family::default(),
            calls: Family::default(),
            events: Family::default(),
            repairs: Family::default(),
            dropped: Family::default(),
            commands: Family::default(),
            hooks: Family::default(),
            faults: Family::default(),
            adapters: Family::default(),
            exchanges: Family::default(),
            swaps: Family::default(),
            pauses: Family::new_with_constructor(pauses),
            plugins: PluginMetrics::default(),
            hub: HubMetrics {
                sessions: Gauge::default(),
                overflows: Counter::default(),
                silent: Counter::default(),
                latency: Histogram::new(buckets),
            },
            store: StoreMetrics::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register("cti_connection_up", "1 when the phone system is connected", self.up.clone());
        r.register("cti_lines_up", "Lines whose events flow", self.lines_up.clone());
        let what = "Lines that are opened on demand and wait for their first client";
        r.register("cti_lines_waiting", what, self.lines_waiting.clone());
        r.register("cti_calls", "Calls that are up", self.calls.clone());
        r.register("cti_events", "Events sent, by name", self.events.clone());
        r.register("cti_repair", "Invariants that an adapter broke and the host mended", self.repairs.clone());
        r.register("cti_dropped_facts", "Facts of an adapter that could not be used", self.dropped.clone());
        r.register("cti_commands", "Commands, by how they were answered", self.commands.clone());
        r.register("cti_hooks", "Requests of phone systems, by what became of them", self.hooks.clone());
        r.register("cti_adapter_faults", "Faults of an adapter (panics)", self.faults.clone());
        r.register("cti_adapter_running", "1 while the connection has an adapter", self.adapters.clone());
        let what = "Adapters that took the place of another version";
        r.register("cti_adapter_exchanges", what, self.exchanges.clone());
        r.register("cti_adapter_swaps", "Replacements of an adapter, by what became of them", self.swaps.clone());
        let what = "Seconds that inputs waited while one adapter went on for another";
        r.register("cti_adapter_swap_pause_seconds", what, self.pauses.clone());
        let plugins = &self.plugins;
        r.register("jackfield_plugin_files", "Libraries of the plugins' folder, by state", plugins.files.clone());
        let what = "Libraries that were loaded since the start; none can be unloaded";
        r.register("jackfield_plugin_libraries", what, plugins.mapped.clone());
        let what = "1 when so many libraries were exchanged that a restart is due";
        r.register("jackfield_restart_due", what, plugins.restart_due.clone());
        let what = "Connections that wait for their adapter";
        r.register("jackfield_connections_waiting", what, plugins.waiting.clone());
        r.register("jackfield_sessions", "Clients connected", self.hub.sessions.clone());
        r.register("jackfield_overflow", "Clients that fell behind and got a snapshot", self.hub.overflows.clone());
        r.register("jackfield_silent", "Clients dropped because they went silent", self.hub.silent.clone());
        let what = "Seconds from the phone system's bytes to a client's socket";
        r.register("jackfield_latency_seconds", what, self.hub.latency.clone());
        let store = &self.store;
        r.register("jackfield_store_written", "Changes that are in the history", store.written.clone());
        r.register("jackfield_store_lost", "Changes that the history could not take", store.lost.clone());
        r.register("jackfield_store_failing", "1 while the history cannot be written", store.failing.clone());
        let what = "Seconds that the database takes for a group of changes";
        r.register("jackfield_store_commit_seconds", what, store.commit.clone());
        self
    }

    /// The page that Prometheus reads (OpenMetrics text).
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = String::new();
        // Writing into a text cannot fail.
        let _ = encode(&mut page, &self.registry);
        page
    }

    /// The numbers of one connection.
    #[must_use]
    pub fn connection(&self, id: &str) -> ConnectionMetrics {
        let connection = || id.to_owned();
        let of = Of { connection: connection() };
        let event = |name: &EventName| {
            self.events.get_or_create(&OfEvent { connection: connection(), event: name.as_str() }).clone()
        };
        let rule =
            |rule: &Rule| self.repairs.get_or_create(&OfRule { connection: connection(), rule: rule.as_str() }).clone();
        let reason = |reason: &Dropped| {
            self.dropped.get_or_create(&OfReason { connection: connection(), reason: reason.as_str() }).clone()
        };
        let result = |result| self.commands.get_or_create(&OfResult { connection: connection(), result }).clone();
        let swaps = |outcome: &Outcome| {
            let outcome = outcome.as_str();
            (outcome, self.swaps.get_or_create(&OfOutcome { connection: connection(), outcome }).clone())
        };
        ConnectionMetrics {
            up: self.up.get_or_create(&of).clone(),
            lines_up: self.lines_up.get_or_create(&of).clone(),
            lines_waiting: self.lines_waiting.get_or_create(&of).clone(),
            calls: self.calls.get_or_create(&of).clone(),
            events: EventName::ALL.iter().map(event).collect(),
            repairs: Rule::ALL.iter().map(rule).collect(),
            dropped: Dropped::ALL.iter().map(reason).collect(),
            faults: self.faults.get_or_create(&of).clone(),
            running: self.adapters.get_or_create(&of).clone(),
            exchanges: self.exchanges.get_or_create(&of).clone(),
            swaps: Outcome::ALL.iter().map(swaps).collect(),
            pauses: self.pauses.get_or_create(&of).clone(),
            accepted: result("accepted"),
            refused: result("refused"),
            seen: Arc::default(),
        }
    }

    /// What is counted of a connection's hooks.
    #[must_use]
    pub fn hooks(&self, id: &str) -> HookMetrics {
        let result = |result| self.hooks.get_or_create(&OfResult { connection: id.to_owned(), result }).clone();
        HookMetrics {
            taken: result("taken"),
            address: result("address"),
            secret: result("secret"),
            rate: result("rate"),
            body: result("body"),
            busy: result("busy"),
        }
    }

    /// Whether a connection's phone system is connected, how many of its lines are up, and how many wait for their
    /// first client.
    #[must_use]
    pub fn connection_up(&self, id: &str) -> (bool, i64, i64) {
        let of = Of { connection: id.to_owned() };
        let lines = |family: &Family<Of, Gauge>| family.get_or_create(&of).get();
        (self.up.get_or_create(&of).get() == 1, lines(&self.lines_up), lines(&self.lines_waiting))
    }
}

/// What is counted of a connection's hooks: requests that the adapter got, and why the others were refused.
#[derive(Debug)]
pub struct HookMetrics {
    /// They went to the adapter.
    pub taken: Counter,
    /// From an address that is not allowed.
    pub address: Counter,
    /// Without the right secret.
    pub secret: Counter,
    /// Too many.
    pub rate: Counter,
    /// The body was too long, broke off or did not come.
    pub body: Counter,
    /// The adapter is behind, or the host is stopping.
    pub busy: Counter,
}

/// The numbers of one connection, looked up once.
#[derive(Debug)]
pub struct ConnectionMetrics {
    /// 1 when the phone system is connected.
    pub up: Gauge,
    /// Lines whose events flow.
    pub lines_up: Gauge,
    /// Lines that wait for their first client.
    pub lines_waiting: Gauge,
    /// Calls that are up.
    pub calls: Gauge,
    events: Vec<Counter>,
    repairs: Vec<Counter>,
    dropped: Vec<Counter>,
    /// Faults of the adapter.
    pub faults: Counter,
    /// 1 while there is an adapter.
    pub running: Gauge,
    /// Adapters that took the place of another.
    pub exchanges: Counter,
    swaps: Vec<(&'static str, Counter)>,
    pauses: Histogram,
    /// Commands that the phone system accepted.
    pub accepted: Counter,
    /// Commands that were refused.
    pub refused: Counter,
    seen: Arc<AtomicU64>,
}

impl ConnectionMetrics {
    /// An event was sent.
    pub fn event(&self, name: EventName) {
        if let Some(counter) = EventName::ALL.iter().position(|n| *n == name).and_then(|i| self.events.get(i)) {
            counter.inc();
        }
    }

    /// A replacement ended so; inputs waited so long.
    pub(crate) fn swap(&self, outcome: Outcome, pause: Option<Duration>) {
        if let Some((_, counter)) = self.swaps.iter().find(|(name, _)| *name == outcome.as_str()) {
            counter.inc();
        }
        if let Some(pause) = pause {
            self.pauses.observe(pause.as_secs_f64());
        }
    }

    /// Takes over what the model has repaired and dropped.
    pub fn repairs(&self, repairs: &Repairs) {
        let all = repairs.total() + Dropped::ALL.iter().map(|d| repairs.dropped(*d)).sum::<u64>();
        if self.seen.swap(all, Ordering::Relaxed) == all {
            return;
        }
        for (rule, counter) in Rule::ALL.iter().zip(&self.repairs) {
            counter.inc_by(repairs.rule(*rule).saturating_sub(counter.get()));
        }
        for (reason, counter) in Dropped::ALL.iter().zip(&self.dropped) {
            counter.inc_by(repairs.dropped(*reason).saturating_sub(counter.get()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_what_was_counted() {
        let metrics = Metrics::new();
        let connection = metrics.connection("ast");
        connection.event(EventName::CallStarted);
        connection.event(EventName::CallStarted);
        connection.up.set(1);
        metrics.hub.latency.observe(0.0001);
        let page = metrics.page();
        assert!(page.contains("cti_events_total{connection=\"ast\",event=\"callStarted\"} 2"), "{page}");
        assert!(page.contains("cti_connection_up{connection=\"ast\"} 1"), "{page}");
        assert!(page.contains("cti_repair_total{connection=\"ast\",rule=\"I2\"} 0"), "{page}");
        assert!(page.contains("jackfield_latency_seconds_count 1"), "{page}");
        assert!(page.ends_with("# EOF\n"), "{page}");
    }
}
