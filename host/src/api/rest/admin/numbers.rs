//! `GET /api/v1/numbers`: how the host does, for people; what Prometheus reads is `/metrics`.

use std::time::SystemTime;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, Host, Operation, Shared, admin, memory};
use crate::api::pages;
use crate::api::rest::document::{Reply, schema_of};
use crate::metrics::page::{Buckets, Page};
use crate::store::Store;

/// How the host does. Counts are since its start; two answers and their times make rates.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    /// When this was so (RFC 3339).
    #[schemars(schema_with = "crate::api::rest::view::time")]
    at: String,
    /// The host's version.
    version: &'static str,
    /// Its process.
    process: u32,
    /// Since when it runs, in seconds.
    uptime_seconds: u64,
    /// The memory of its process, in bytes; adapters in processes of their own not counted.
    memory_bytes: Option<u64>,
    /// Clients that are connected, and how many may be.
    sessions: u64,
    /// See `sessions`.
    max_sessions: usize,
    /// Clients that fell behind and got a snapshot.
    overflows: u64,
    /// Clients that were dropped because they went silent.
    silent: u64,
    /// From the phone system's bytes to the first client's socket.
    latency: Spread,
    /// Each connection's.
    connections: Vec<OfConnection>,
    /// The history's; null: no calls are kept.
    store: Option<OfStore>,
    /// The pages that this program was built with.
    pages: Vec<&'static str>,
}

/// How long something took.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Spread {
    /// How often it was measured.
    count: u64,
    /// Half of them took this many seconds or less; rounded up to a bucket's bound. Null: none, or beyond all.
    p50: Option<f64>,
    /// Of a hundred, 99 did.
    p99: Option<f64>,
    /// How many took at most so long: seconds and their count, growing.
    buckets: Vec<(f64, u64)>,
}

impl From<Buckets> for Spread {
    fn from(buckets: Buckets) -> Self {
        Self { p50: buckets.within(0.5), p99: buckets.within(0.99), count: buckets.count, buckets: buckets.at_most }
    }
}

/// A connection's numbers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfConnection {
    /// Its id.
    connection: String,
    /// Calls that are up.
    calls: u64,
    /// Lines that are up.
    lines_up: u64,
    /// Events sent.
    events: u64,
    /// Commands that the phone system accepted.
    accepted: u64,
    /// Commands that were refused.
    refused: u64,
    /// Faults of the adapter.
    faults: u64,
    /// Adapters that took the place of another.
    exchanges: u64,
    /// What of the adapter's facts the host had to mend, or could not use.
    repairs: u64,
}

/// The history's numbers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfStore {
    /// Why calls are not stored now; they wait, and will be.
    trouble: Option<String>,
    /// Changes that are in the database.
    written: u64,
    /// Changes that nothing had room for.
    lost: u64,
    /// How long the database takes for a group of changes.
    commit: Spread,
}

/// What there is to see.
pub(super) fn show() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/numbers",
        id: "getNumbers",
        summary: "Health and numbers: clients, events, latency, the history (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[Reply {
            status: 200,
            about: "The numbers",
            content: Some(("application/json", schema_of::<Numbers>)),
        }],
        problems: &[401, 403],
        route: get(async |State(shared): Host, headers: HeaderMap| -> Answer {
            admin(&shared, &headers)?;
            Ok(Json(numbers(&shared)).into_response())
        }),
    }
}

fn numbers(shared: &Shared) -> Numbers {
    let text = shared.metrics.page();
    let page = Page::read(&text);
    let of = |connection: &String| {
        let sum = |name: &str| page.sum(name, &[("connection", connection)]);
        OfConnection {
            connection: connection.clone(),
            calls: sum("cti_calls"),
            lines_up: sum("cti_lines_up"),
            events: sum("cti_events_total"),
            accepted: page.sum("cti_commands_total", &[("connection", connection), ("result", "accepted")]),
            refused: page.sum("cti_commands_total", &[("connection", connection), ("result", "refused")]),
            faults: sum("cti_adapter_faults_total"),
            exchanges: sum("cti_adapter_exchanges_total"),
            repairs: sum("cti_repair_total") + sum("cti_dropped_facts_total"),
        }
    };
    Numbers {
        at: OffsetDateTime::from(SystemTime::now()).format(&Rfc3339).unwrap_or_default(),
        version: env!("CARGO_PKG_VERSION"),
        process: std::process::id(),
        uptime_seconds: shared.began.elapsed().as_secs(),
        memory_bytes: memory::of(std::process::id()),
        sessions: shared.hub.sessions(),
        max_sessions: shared.config.max_sessions,
        overflows: page.sum("jackfield_overflow_total", &[]),
        silent: page.sum("jackfield_silent_total", &[]),
        latency: page.buckets("jackfield_latency_seconds").into(),
        connections: shared.directory().by_id.keys().map(of).collect(),
        store: shared.store.as_ref().map(|store| OfStore {
            trouble: Store::trouble(store),
            written: page.sum("jackfield_store_written_total", &[]),
            lost: page.sum("jackfield_store_lost_total", &[]),
            commit: page.buckets("jackfield_store_commit_seconds").into(),
        }),
        pages: pages::built().iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect(),
    }
}
