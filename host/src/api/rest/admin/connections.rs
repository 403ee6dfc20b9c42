//! `/api/v1/connections`: how each is, with its lines; and what can be done to it.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json};
use axum::routing::{get, post};
use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Host, Operation, Refusal, Shared, admin, memory};
use crate::api::rest::document::{Reply, schema_of};
use crate::api::rest::json_body;
use crate::connection::{ConnectionHandle, Deed};

/// How long a connection may take to say how it is.
const STATUS: Duration = Duration::from_secs(2);
/// How long something that is done to it may take: it logs out of its phone system.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long another library may take to take over: a process is started for it, and all lines may be told.
const SWAP: Duration = Duration::from_secs(45);
/// The largest body.
const LARGEST: usize = 4 * 1024;

/// All connections.
#[derive(Serialize, JsonSchema)]
struct Connections {
    /// By their ids.
    connections: Vec<Connection>,
}

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Condition {
    /// The phone system is connected.
    Up,
    /// It is not.
    Down,
    /// An administrator has paused it; a resume, a restart, or a start of the host ends that.
    Paused,
    /// There is no adapter for it; `waitsFor` says why.
    Waits,
    /// It does not answer: its adapter hangs.
    Hangs,
}

/// A connection to a phone system.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Connection {
    /// Its id.
    id: String,
    /// The plugin that the configuration names.
    plugin: String,
    /// How it is.
    state: Condition,
    /// Since when it is connected, or not (RFC 3339); null: it has not been connected since the host was started.
    since: Option<String>,
    /// Why there is no adapter.
    waits_for: Option<String>,
    /// Why something that lies in the plugins' folder is not taken.
    warning: Option<String>,
    /// What went wrong last, as far as it still matters.
    last_error: Option<Trouble>,
    /// The adapter.
    adapter: Option<Adapter>,
    /// What became of the last swap.
    last_swap: Option<Swap>,
    /// Calls that are up.
    calls: u64,
    /// Its lines.
    lines: Vec<Line>,
}

/// One library that took the place of another, or did not.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Swap {
    /// When (RFC 3339).
    #[serde(default)]
    at: Option<String>,
    /// How it ended: `swapped` (nobody noticed), `restarted`, `notTaken`, `takenBack`.
    outcome: String,
    /// The same in words.
    text: String,
    /// How long inputs of the phone system waited, in microseconds.
    #[serde(default)]
    pause_us: Option<u64>,
}

/// What is to run; both left out: what the configuration asks for, made anew.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// A version.
    #[serde(default)]
    version: Option<String>,
    /// The SHA-256 of a file, or its beginning.
    #[serde(default)]
    sha256: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Trouble {
    /// The stable name of it.
    code: String,
    /// What was found, and what to do.
    text: String,
}

/// An adapter.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Adapter {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
    /// SHA-256 of its file.
    sha256: String,
    /// The phone system, as people call it.
    phone_system: String,
    /// It runs now.
    running: bool,
    /// `process`: in a process of its own; `host`: inside the host.
    isolation: String,
    /// Its process.
    #[serde(default)]
    process: Option<u32>,
    /// The memory that this has, in bytes.
    #[serde(default)]
    memory_bytes: Option<u64>,
}

/// A line.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Line {
    /// Its name.
    line: String,
    /// `up`, `down`, `notStarted`.
    #[serde(default)]
    state: String,
    /// Calls that are up.
    #[serde(default)]
    calls: u64,
    /// The number of its last event, in its epoch.
    #[serde(default)]
    seq: u64,
    /// Milliseconds since 1970 when its numbers began anew: at the last login, mostly.
    #[serde(default)]
    epoch: u64,
    /// It is opened when a client asks for it, and none does.
    #[serde(default)]
    waits_for_client: bool,
    /// Why it is down.
    #[serde(default)]
    last_error: Option<Trouble>,
}

/// What the connection says of itself.
fn seen(id: &str, status: Option<Value>) -> Connection {
    let hangs = status.is_none();
    let mut status = status.unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let lines: Vec<Line> = serde_json::from_value(status["lines"].take()).unwrap_or_default();
    let mut adapter: Option<Adapter> = serde_json::from_value(status["adapter"].take()).unwrap_or_default();
    if let Some(adapter) = &mut adapter {
        adapter.memory_bytes = adapter.process.and_then(memory::of);
    }
    let waits_for = text(&status["waitsFor"]);
    let state = match () {
        () if hangs => Condition::Hangs,
        () if status["paused"] == true => Condition::Paused,
        () if waits_for.is_some() => Condition::Waits,
        () if status["up"] == true => Condition::Up,
        () => Condition::Down,
    };
    let last_error = lines.iter().find_map(|line| line.last_error.clone()).filter(|_| state != Condition::Up);
    Connection {
        id: id.to_owned(),
        plugin: text(&status["plugin"]).unwrap_or_default(),
        state,
        since: text(&status["since"]),
        waits_for,
        warning: text(&status["warning"]),
        last_error,
        last_swap: serde_json::from_value(status["lastSwap"].take()).unwrap_or_default(),
        adapter,
        calls: lines.iter().map(|line| line.calls).sum(),
        lines,
    }
}

async fn ask(id: &str, handle: &ConnectionHandle) -> Connection {
    seen(id, tokio::time::timeout(STATUS, handle.status()).await.ok().flatten())
}

/// The list.
pub(super) fn list() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/connections",
        id: "listConnections",
        summary: "The connections with their lines: state, last error, adapter (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[Reply {
            status: 200,
            about: "The connections",
            content: Some(("application/json", schema_of::<Connections>)),
        }],
        problems: &[401, 403],
        route: get(all),
    }
}

async fn all(State(shared): Host, headers: HeaderMap) -> Answer {
    admin(&shared, &headers)?;
    let directory = shared.directory();
    let connections = join_all(directory.by_id.iter().map(|(id, handle)| ask(id, handle))).await;
    Ok(Json(Connections { connections }).into_response())
}

/// One of them.
pub(super) fn one() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/connections/{connectionId}",
        id: "getConnection",
        summary: "A connection with its lines (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: REPLIES,
        problems: &[401, 403, 404],
        route: get(whole),
    }
}

const REPLIES: &[Reply] =
    &[Reply { status: 200, about: "The connection", content: Some(("application/json", schema_of::<Connection>)) }];

async fn whole(State(shared): Host, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    admin(&shared, &headers)?;
    Ok(Json(ask(&id, &find(&shared, &id)?).await).into_response())
}

fn find(shared: &Shared, id: &str) -> Result<ConnectionHandle, Refusal> {
    let there = shared.directory().by_id.get(id).cloned();
    there.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "there is no such connection"))
}

/// What can be done to one.
pub(super) fn deeds() -> Vec<Operation> {
    let deed = |path, id, summary, route| Operation {
        method: "post",
        path,
        id,
        summary,
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: REPLIES,
        problems: &[401, 403, 404, 503],
        route,
    };
    vec![
        deed(
            "/api/v1/connections/{connectionId}/restart",
            "restartConnection",
            "Logs a connection out and in again, with its adapter made anew; calls survive it (admin)",
            post(async |host: Host, id: Path<String>, headers: HeaderMap| done(host, id, headers, Deed::Restart).await),
        ),
        deed(
            "/api/v1/connections/{connectionId}/pause",
            "pauseConnection",
            "Logs a connection out, until it is resumed or the host is started again (admin)",
            post(async |host: Host, id: Path<String>, headers: HeaderMap| done(host, id, headers, Deed::Pause).await),
        ),
        deed(
            "/api/v1/connections/{connectionId}/resume",
            "resumeConnection",
            "Lets a paused connection go on (admin)",
            post(async |host: Host, id: Path<String>, headers: HeaderMap| done(host, id, headers, Deed::Resume).await),
        ),
    ]
}

/// Another library.
pub(super) fn swap() -> Operation {
    Operation {
        method: "post",
        path: "/api/v1/connections/{connectionId}/swap",
        id: "swapAdapter",
        summary: "Lets another library, or the same one anew, go on for the adapter in the middle of calls (admin)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: Some(("application/json", schema_of::<Wanted>)),
        replies: &[Reply {
            status: 200,
            about: "What became of it; `notTaken` and `takenBack` are answers, too",
            content: Some(("application/json", schema_of::<Swap>)),
        }],
        problems: &[400, 401, 403, 404, 408, 409, 413, 415, 503],
        route: post(swapped),
    }
}

async fn swapped(State(shared): Host, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let user = admin(&shared, &headers)?;
    let handle = find(&shared, &id)?;
    let Wanted { version, sha256 } = json_body(&headers, body, LARGEST).await?;
    if ask(&id, &handle).await.state == Condition::Paused {
        return Err(Refusal::new(StatusCode::CONFLICT, "the connection is paused: nothing runs that could be swapped"));
    }
    let chosen = (shared.choose)(&id, version.as_deref(), sha256.as_deref());
    let plugin = chosen.map_err(|why| Refusal::new(StatusCode::CONFLICT, &why))?;
    tracing::info!(target: "audit", user = %user.name, connection = %id, version, sha256, "swap");
    let told = match tokio::time::timeout(SWAP, handle.swap(plugin)).await {
        Ok(told) => told.map_err(|why| Refusal::new(StatusCode::CONFLICT, &why))?,
        Err(_) => {
            let text = "it takes long; the connection's status tells what becomes of it";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text));
        }
    };
    Ok(Json(told).into_response())
}

async fn done(State(shared): Host, Path(id): Path<String>, headers: HeaderMap, deed: Deed) -> Answer {
    let user = admin(&shared, &headers)?;
    let handle = find(&shared, &id)?;
    let word = match deed {
        Deed::Restart => "restart",
        Deed::Pause => "pause",
        Deed::Resume => "resume",
    };
    let ended = tokio::time::timeout(PATIENCE, handle.deed(deed)).await;
    let result = match ended {
        Ok(true) => "done",
        Ok(false) => "the connection is gone",
        Err(_) => "no answer",
    };
    tracing::info!(target: "audit", user = %user.name, connection = %id, deed = word, "{result}");
    match ended {
        Ok(true) => Ok(Json(ask(&id, &handle).await).into_response()),
        Ok(false) => Err(Refusal::new(StatusCode::NOT_FOUND, "the connection is gone")),
        Err(_) => {
            let text = "the connection does not answer yet; it does it when it can, the log tells";
            Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_connection_is_in_one_condition() {
        let of = |status: Value| seen("ast", Some(status)).state;
        assert_eq!(seen("ast", None).state, Condition::Hangs);
        assert_eq!(of(json!({ "up": true })), Condition::Up);
        assert_eq!(of(json!({ "up": false })), Condition::Down);
        assert_eq!(of(json!({ "up": false, "paused": true, "waitsFor": "x" })), Condition::Paused);
        assert_eq!(of(json!({ "up": false, "waitsFor": "x" })), Condition::Waits);
    }

    #[test]
    fn the_last_error_is_that_of_a_line_and_matters_while_it_is_down() {
        let lines = json!([
            { "line": "ast/101", "state": "up", "calls": 2 },
            { "line": "ast/102", "state": "down", "calls": 1, "lastError": { "code": "connectionLost", "text": "x" } },
        ]);
        let down = seen("ast", Some(json!({ "up": false, "lines": lines })));
        assert_eq!((down.calls, down.last_error.map(|e| e.code).as_deref()), (3, Some("connectionLost")));
        assert!(seen("ast", Some(json!({ "up": true, "lines": lines }))).last_error.is_none());
    }
}
