//! `GET /api/v1/statistics/calls`: calls counted by line, queue or day.

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{Operation, Reply, parameters_of, schema_of};
use super::question::{Which, parameters};
use super::view::text;
use super::{Answer, Asker, Host, Refusal};
use crate::store::query::{self, Bucket, By};

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// The farthest that a clock is from Greenwich, in minutes.
const FARTHEST: i64 = 14 * 60;

/// By what.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Key {
    /// By line.
    Line,
    /// By queue.
    Queue,
    /// By day.
    Day,
}

/// Which calls are counted, and by what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Count {
    /// What calls are counted by.
    by: Key,
    /// Minutes that the clock of the day is ahead of UTC, for `by=day`: 120 is 02:00 east of Greenwich.
    #[serde(default, rename = "utcOffset")]
    #[schemars(range(min = -840, max = 840))]
    utc_offset: i64,
    /// Calls that began at this time or later (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    #[serde(default)]
    from: Option<String>,
    /// Calls that began before this time (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    #[serde(default)]
    to: Option<String>,
    /// Calls of this line.
    #[serde(default)]
    line: Option<String>,
}

/// The calls of a line, a queue or a day.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// The line, the queue's id, or the day (`2026-11-21`); null: calls without a queue.
    key: Option<String>,
    /// All calls that are over.
    calls: i64,
    /// Incoming ones.
    incoming: i64,
    /// Outgoing ones.
    outgoing: i64,
    /// Answered ones.
    answered: i64,
    /// Incoming ones that nobody took.
    missed: i64,
    /// Milliseconds rung, in all.
    ring_ms: i64,
    /// Milliseconds talked, in all.
    talk_ms: i64,
    /// Milliseconds on hold, in all.
    hold_ms: i64,
}

/// The counts.
#[derive(Debug, Serialize, JsonSchema)]
struct Counts {
    /// One for each line, queue or day that has calls.
    rows: Vec<Row>,
}

/// The counts of calls.
pub(super) fn calls() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/statistics/calls",
        id: "countCalls",
        summary: "Calls that are over, counted by line, queue or day",
        parameters: parameters_of::<Count>,
        headers: &[],
        body: None,
        replies: &[Reply {
            status: 200,
            about: "The counts",
            content: Some(("application/json", schema_of::<Counts>)),
        }],
        problems: &[400, 401, 404, 503],
        route: get(count),
    }
}

async fn count(State(shared): Host, headers: HeaderMap, uri: Uri) -> Answer {
    let asker = Asker::of(&shared, &headers)?;
    let Count { by, utc_offset, from, to, line } = parameters(&uri)?;
    if utc_offset.abs() > FARTHEST {
        return Err(Refusal::bad(&format!("`utcOffset` is a number from -{FARTHEST} to {FARTHEST}")));
    }
    let filter = Which { from, to, line, ..Which::default() }.filter(&asker)?;
    let key = match by {
        Key::Line => By::Line,
        Key::Queue => By::Queue,
        Key::Day => By::Day { offset: utc_offset },
    };
    let buckets = asker.store.read(move |database| query::statistics(database, &filter, key)).await?;
    let row = |bucket: Bucket| Row {
        key: match by {
            Key::Day => bucket.key.and_then(|day| day.parse::<i64>().ok()).map(day_text),
            _ => bucket.key,
        },
        calls: bucket.calls,
        incoming: bucket.incoming,
        outgoing: bucket.outgoing,
        answered: bucket.answered,
        missed: bucket.missed,
        ring_ms: bucket.ring_ms,
        talk_ms: bucket.talk_ms,
        hold_ms: bucket.hold_ms,
    };
    Ok(Json(Counts { rows: buckets.into_iter().map(row).collect() }).into_response())
}

/// A day counted from 1970-01-01, as a date.
fn day_text(day: i64) -> String {
    let mut text = text(day.saturating_mul(DAY));
    text.truncate(10);
    text
}
