//! `GET` and `PUT /api/v1/log-levels`: how much the host says, without a restart.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json};
use axum::routing::{get, put};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, Host, Operation, Refusal, Shared, admin};
use crate::api::rest::document::{Reply, schema_of};
use crate::api::rest::json_body;
use crate::telemetry::{self, Levels};

/// The largest body.
const LARGEST: usize = 4 * 1024;

/// The levels as they are.
#[derive(Serialize, JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest: `Levels::shown` writes it")]
struct Shown {
    /// What the host began with.
    start: String,
    /// What was set for the whole host since.
    host: Option<String>,
    /// What was set for connections.
    connections: BTreeMap<String, String>,
}

/// What is to be logged from now on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Only for this connection; left out or null: the whole host.
    #[serde(default)]
    connection: Option<String>,
    /// `off`, `error`, `warn`, `info`, `debug`, `trace`; null: as at the start.
    #[serde(default)]
    level: Option<String>,
}

const REPLIES: &[Reply] =
    &[Reply { status: 200, about: "The levels now", content: Some(("application/json", schema_of::<Shown>)) }];

/// What is set.
pub(super) fn levels() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/log-levels",
        id: "getLogLevels",
        summary: "The levels of the log (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: REPLIES,
        problems: &[401, 403, 404],
        route: get(async |State(shared): Host, headers: HeaderMap| -> Answer {
            admin(&shared, &headers)?;
            Ok(Json(levels_of(&shared)?.shown()).into_response())
        }),
    }
}

/// The change.
pub(super) fn set() -> Operation {
    Operation {
        method: "put",
        path: "/api/v1/log-levels",
        id: "setLogLevel",
        summary: "Sets the level of the log, of the host or of a connection, until the host is started again (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: Some(("application/json", schema_of::<Change>)),
        replies: REPLIES,
        problems: &[400, 401, 403, 404, 408, 413, 415],
        route: put(change),
    }
}

async fn change(State(shared): Host, headers: HeaderMap, body: Body) -> Answer {
    let user = admin(&shared, &headers)?;
    let levels = levels_of(&shared)?;
    let Change { connection, level } = json_body(&headers, body, LARGEST).await?;
    if let Some(id) = &connection
        && !shared.directory().by_id.contains_key(id)
    {
        return Err(Refusal::bad("there is no such connection"));
    }
    let parsed = level.as_deref().map(telemetry::level).transpose();
    let parsed = parsed.map_err(|_| Refusal::bad("`level` is off, error, warn, info, debug, trace, or null"))?;
    // Told before it may be too low to be seen.
    let named = level.as_deref().unwrap_or("as at the start");
    tracing::info!(target: "audit", user = %user.name, connection, level = named, "log level");
    match (&connection, parsed) {
        (None, None) => levels.reset(),
        (connection, level) => levels.set(connection.as_deref(), level),
    }
    Ok(Json(levels.shown()).into_response())
}

fn levels_of(shared: &Shared) -> Result<&Levels, Refusal> {
    let text = "this host's log has no levels that can be changed";
    shared.levels.get().ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, text))
}
