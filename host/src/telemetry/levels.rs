//! Levels that change while the host runs: of everything, or of what concerns one connection.
//!
//! What was set at the start (`JACKFIELD_LOG`) is the base. Nothing set over it: callsites are decided once, by the base
//! alone, and an event costs one look at whether that is still so.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

/// The field that says which connection an event concerns.
const CONNECTION: &str = "connection";
/// What is said of who did what follows the host's level and is never below `info`, unless the host is `off`.
const AUDIT: &str = "audit";
/// What belongs to this program: other libraries stay at `info` at most.
const OWN: &str = "jackfield";

/// The levels of a running host. Cheap to clone; every clone changes the same levels.
#[derive(Debug, Clone)]
pub struct Levels(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: EnvFilter,
    chosen: ArcSwap<Chosen>,
}

/// What is set over the base.
#[derive(Debug, Clone, Default, PartialEq)]
struct Chosen {
    host: Option<LevelFilter>,
    connections: BTreeMap<String, LevelFilter>,
}

/// A level by its name: `off`, `error`, `warn`, `info`, `debug`, `trace`.
///
/// # Errors
/// It is none of them.
pub fn level(name: &str) -> Result<LevelFilter, String> {
    let levels = [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::WARN,
        LevelFilter::INFO,
        LevelFilter::DEBUG,
        LevelFilter::TRACE,
    ];
    levels
        .into_iter()
        .find(|level| level.to_string() == name)
        .ok_or_else(|| format!("`{name}` is no level; there are off, error, warn, info, debug, trace"))
}

impl Levels {
    /// Levels with this base.
    #[must_use]
    pub fn new(base: EnvFilter) -> Self {
        Self(Arc::new(Inner { base, chosen: ArcSwap::default() }))
    }

    /// Sets the level of the host, or of one connection. None: as at the start.
    pub fn set(&self, connection: Option<&str>, level: Option<LevelFilter>) {
        self.change(|chosen| match (connection, level) {
            (None, level) => chosen.host = level,
            (Some(id), Some(level)) => drop(chosen.connections.insert(id.to_owned(), level)),
            (Some(id), None) => drop(chosen.connections.remove(id)),
        });
    }

    /// Everything as at the start.
    pub fn reset(&self) {
        self.change(|chosen| *chosen = Chosen::default());
    }

    /// Forgets connections that are no more.
    pub fn retain(&self, is_there: impl Fn(&str) -> bool) {
        if self.0.chosen.load().connections.keys().any(|id| !is_there(id)) {
            self.change(|chosen| chosen.connections.retain(|id, _| is_there(id)));
        }
    }

    /// The levels as they are: `{ "start": "info", "host": null, "connections": { "ast": "debug" } }`.
    #[must_use]
    pub fn shown(&self) -> Value {
        let chosen = self.0.chosen.load();
        let connections: BTreeMap<_, _> = chosen.connections.iter().map(|(id, l)| (id, l.to_string())).collect();
        json!({
            "start": self.0.base.to_string(),
            "host": chosen.host.map(|level| level.to_string()),
            "connections": connections,
        })
    }

    fn change(&self, change: impl Fn(&mut Chosen)) {
        self.0.chosen.rcu(|before| {
            let mut after = Chosen::clone(before);
            change(&mut after);
            after
        });
        // Every callsite remembers what was decided for it.
        tracing_core::callsite::rebuild_interest_cache();
    }

    /// What the host's level says, whatever connection it concerns.
    fn general<S>(&self, chosen: &Chosen, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        match chosen.host {
            None => self.0.base.enabled(metadata, context),
            Some(level) => *metadata.level() <= of_target(level, metadata.target()),
        }
    }
}

/// A level set at run time, for a target.
fn of_target(level: LevelFilter, target: &str) -> LevelFilter {
    if level == LevelFilter::OFF || target == OWN || target.starts_with("jackfield::") {
        level
    } else if target == AUDIT {
        level.max(LevelFilter::INFO)
    } else {
        level.min(LevelFilter::INFO)
    }
}

impl Chosen {
    /// The most that any connection is to say.
    fn most(&self) -> Option<LevelFilter> {
        self.connections.values().max().copied()
    }

    /// Whether an event is shown because of its connection's level; none: that has no say.
    fn says<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> Option<bool>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if self.connections.is_empty() || event.metadata().target() == AUDIT {
            return None;
        }
        let mut own = Connection::default();
        event.record(&mut own);
        let level = match own.0 {
            Some(id) => self.connections.get(&id),
            None => context.event_scope(event)?.find_map(|span| {
                span.extensions().get::<Connection>()?.0.as_deref().and_then(|id| self.connections.get(id))
            }),
        };
        level.map(|level| event.metadata().level() <= level)
    }
}

/// Which connection a span or an event concerns.
#[derive(Debug, Default)]
struct Connection(Option<String>);

impl Visit for Connection {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == CONNECTION {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == CONNECTION {
            self.0 = Some(format!("{value:?}"));
        }
    }
}

impl<S> Layer<S> for Levels
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let chosen = self.0.chosen.load();
        if **chosen == Chosen::default() {
            return Layer::<S>::register_callsite(&self.0.base, metadata);
        }
        // The base learns of every callsite all the same: it may be asked about it.
        let _ = Layer::<S>::register_callsite(&self.0.base, metadata);
        Interest::sometimes()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let chosen = self.0.chosen.load();
        let general = match chosen.host {
            None => Layer::<S>::max_level_hint(&self.0.base)?,
            Some(LevelFilter::OFF) => LevelFilter::OFF,
            // The audit.
            Some(level) => level.max(LevelFilter::INFO),
        };
        Some(general.max(chosen.most().unwrap_or(LevelFilter::OFF)))
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        let chosen = self.0.chosen.load();
        // Its fields are not known yet; what concerns no such connection is sorted out when they are.
        let perhaps = chosen.most().is_some_and(|most| *metadata.level() <= of_target(most, metadata.target()));
        perhaps || self.general(&chosen, metadata, context)
    }

    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        let chosen = self.0.chosen.load();
        if chosen.connections.is_empty() {
            return true;
        }
        match chosen.says(event, &context) {
            Some(shown) => shown,
            None => self.general(&chosen, event.metadata(), context),
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.base.on_new_span(attributes, id, context.clone());
        if self.0.chosen.load().connections.is_empty() || attributes.metadata().fields().field(CONNECTION).is_none() {
            return;
        }
        let mut connection = Connection::default();
        attributes.record(&mut connection);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(connection);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.base.on_record(id, values, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.0.base.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.0.base.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.0.base.on_close(id, context);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The same seven things are said; which of them are seen?
    fn seen(lines: &Lines) -> Vec<String> {
        lines.0.lock().unwrap().clear();
        let id = "b".to_owned();
        tracing::debug!(target: "jackfield::x", connection = "a", "a-debug");
        tracing::debug!(target: "jackfield::x", connection = %id, "b-debug");
        tracing::info!(target: "jackfield::x", connection = %id, "b-info");
        tracing::info!(target: "audit", connection = "b", "b-audit");
        tracing::debug!(target: "jackfield::x", "host-debug");
        tracing::debug!(target: "hyper", "foreign-debug");
        let span = tracing::debug_span!(target: "jackfield::input", "input", connection = "a").entered();
        tracing::debug!(target: "jackfield::input", "a-within");
        drop(span);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_whitespace().find(|w| w.contains('-')).unwrap().to_owned()).collect()
    }

    fn with(base: &str, test: impl FnOnce(&Levels, &Lines)) {
        let (levels, lines) = (Levels::new(EnvFilter::new(base)), Lines::default());
        let writer = lines.clone();
        let print = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_target(false)
            .without_time()
            .fmt_fields(tracing_subscriber::fmt::format::debug_fn(|writer, field, value| {
                if field.name() == "message" { write!(writer, "{value:?} ") } else { Ok(()) }
            }))
            .with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(levels.clone()).with(print);
        tracing::subscriber::with_default(subscriber, || test(&levels, &lines));
    }

    #[test]
    fn one_connection_says_more_and_the_others_what_they_did() {
        with("info", |levels, lines| {
            assert_eq!(seen(lines), ["b-info", "b-audit"]);
            levels.set(Some("a"), Some(LevelFilter::DEBUG));
            assert_eq!(seen(lines), ["a-debug", "b-info", "b-audit", "a-within"]);
            levels.set(Some("b"), Some(LevelFilter::WARN));
            assert_eq!(seen(lines), ["a-debug", "b-audit", "a-within"], "the audit is nobody's to silence");
            levels.set(Some("a"), None);
            assert_eq!(seen(lines), ["b-audit"]);
            levels.reset();
            assert_eq!(seen(lines), ["b-info", "b-audit"]);
            assert_eq!(levels.shown(), json!({ "start": "info", "host": null, "connections": {} }));
        });
    }

    #[test]
    fn the_whole_host_says_more_or_less() {
        with("warn,jackfield::input=debug", |levels, lines| {
            assert_eq!(seen(lines), ["a-within"]);
            levels.set(None, Some(LevelFilter::DEBUG));
            assert_eq!(seen(lines), ["a-debug", "b-debug", "b-info", "b-audit", "host-debug", "a-within"]);
            levels.set(None, Some(LevelFilter::WARN));
            assert_eq!(seen(lines), ["b-audit"]);
            levels.set(Some("b"), Some(LevelFilter::DEBUG));
            assert_eq!(seen(lines), ["b-debug", "b-info", "b-audit"]);
            levels.set(None, Some(LevelFilter::OFF));
            assert_eq!(seen(lines), ["b-debug", "b-info"]);
            levels.retain(|id| id == "a");
            assert!(seen(lines).is_empty());
            levels.reset();
            assert_eq!(seen(lines), ["a-within"]);
        });
    }

    #[test]
    fn levels_have_names() {
        assert_eq!(level("debug"), Ok(LevelFilter::DEBUG));
        assert!(level("loud").unwrap_err().starts_with("`loud` is no level; there are off, error"));
    }
}
