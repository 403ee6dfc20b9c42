//! `GET /api/v1/calls/{callId}/recordings` and `GET /api/v1/calls/{callId}/recordings/{number}`.
//!
//! A player asks for parts, and asks again: `Range`, `If-Range` and `If-None-Match` are answered. Who may see a call may
//! hear it; every download is in the audit.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

use super::document::{Operation, Reply, binary_schema, schema_of};
use super::view::recording_path;
use super::{Answer, Asker, Host, Refusal};
use crate::api::recordings::{self, Found};
use crate::recordings::{Trouble, Wanted};
use crate::store::{StoredCall, find};

/// A recording of a call.
#[derive(Debug, Serialize, JsonSchema)]
struct Recording {
    /// Its number within the call, from 1.
    number: usize,
    /// Where it is, below this host.
    url: String,
}

/// The recordings of a call.
#[derive(Debug, Serialize, JsonSchema)]
struct List {
    /// All that are known, oldest first.
    recordings: Vec<Recording>,
}

/// The list of a call's recordings.
pub(super) fn list() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/calls/{callId}/recordings",
        id: "listRecordings",
        summary: "The recordings of a call; the phone system is asked when it told of none",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[Reply { status: 200, about: "The list", content: Some(("application/json", schema_of::<List>)) }],
        problems: &[401, 404, 503],
        route: get(|State(shared): Host, Path(id): Path<String>, headers: HeaderMap| async move {
            let (_, call, found) = find_all(&shared, &headers, &id).await?;
            let numbers = 1..=found.names.len();
            let url = |number| recording_path(&call.record.call_id, number);
            let recordings = numbers.map(|number| Recording { number, url: url(number) }).collect();
            Ok::<_, Refusal>(Json(List { recordings }).into_response())
        }),
    }
}

/// A recording.
pub(super) fn one() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/calls/{callId}/recordings/{number}",
        id: "getRecording",
        summary: "A recording, whole or a `Range` of its bytes (RFC 9110)",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[
            Reply { status: 200, about: "All of it", content: Some(("*/*", binary_schema)) },
            Reply { status: 206, about: "The `Range`", content: Some(("*/*", binary_schema)) },
            Reply { status: 304, about: "It is as `If-None-Match` says", content: None },
        ],
        problems: &[401, 404, 416, 503],
        route: get(download),
    }
}

/// Who asks, the call, and its recordings.
async fn find_all(
    shared: &crate::api::Shared,
    headers: &HeaderMap,
    id: &str,
) -> Result<(Asker, StoredCall, Found), Refusal> {
    let asker = Asker::of(shared, headers)?;
    let (sees, wanted) = (asker.sees(), id.to_owned());
    let found = asker.store.read(move |database| find(database, &wanted)).await?;
    let Some(call) = found.filter(|call| sees.includes(&call.record.line)) else {
        let shown: String = id.chars().filter(|c| !c.is_control()).take(64).collect();
        tracing::info!(target: "audit", user = %asker.user.name, call = shown, "asked for recordings of no call of theirs");
        return Err(Refusal::no_call());
    };
    let directory = shared.directory();
    let found = recordings::of_call(&directory, &asker.user, &call)
        .await
        .map_err(|why| Refusal::new(StatusCode::NOT_FOUND, &why))?;
    Ok((asker, call, found))
}

async fn download(
    State(shared): Host,
    Path((id, number)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Answer {
    let (asker, call, found) = find_all(&shared, &headers, &id).await?;
    let nothing = || Refusal::new(StatusCode::NOT_FOUND, "there is no such recording of this call");
    let index = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).ok_or_else(nothing)?;
    let name = found.names.get(index).ok_or_else(nothing)?;
    let head = method == Method::HEAD;
    let mut conditions = HeaderMap::new();
    for field in [header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH] {
        // Only GET has parts.
        let counts = !head || field == header::IF_NONE_MATCH;
        if let Some(value) = headers.get(&field).filter(|_| counts) {
            conditions.insert(field, value.clone());
        }
    }
    let range = conditions.get(header::RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default().to_owned();
    let answer = found.place.read(name, Wanted { head, headers: conditions }).await;
    let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
    tracing::info!(
        target: "audit", user = %asker.user.name, call = call.record.call_id, line = call.record.line, recording = number,
        range, head, status, "fetches a recording"
    );
    match answer {
        Ok(answer) if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE => {
            let refusal = Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "the recording has no such bytes");
            let mut response = refusal.into_response();
            if let Some(all) = answer.headers().get(header::CONTENT_RANGE) {
                response.headers_mut().insert(header::CONTENT_RANGE, all.clone());
            }
            Ok(response)
        }
        Ok(answer) => Ok(dressed(answer, &call.record.call_id, index + 1, name)),
        Err(Trouble::NotThere(why)) => {
            tracing::warn!(call = call.record.call_id, "a recording is not there: {why}");
            Err(nothing())
        }
        Err(Trouble::Unavailable(why)) => {
            tracing::warn!(call = call.record.call_id, "a recording cannot be read: {why}");
            let text = "the recording cannot be read now; the log says why";
            let mut response = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            Ok(response)
        }
    }
}

/// The answer with what a browser needs to know: what it is, what to call it, and that nobody else may keep it.
fn dressed(mut answer: Response, call_id: &str, number: usize, name: &str) -> Response {
    let end = ending(name);
    let kind = kind(end);
    let headers = answer.headers_mut();
    if !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let end = if kind == UNKNOWN { "bin" } else { end };
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{call_id}-{number}.{end}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

const UNKNOWN: &str = "application/octet-stream";

/// The end of a recording's name.
fn ending(name: &str) -> &str {
    let path = name.split('?').next().unwrap_or_default();
    path.rsplit('/').next().and_then(|file| file.rsplit_once('.')).map_or("", |(_, end)| end)
}

/// What a file with this ending is.
fn kind(end: &str) -> &'static str {
    match end.to_ascii_lowercase().as_str() {
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "m4a" | "mp4" => "audio/mp4",
        "flac" => "audio/flac",
        "gsm" => "audio/gsm",
        _ => UNKNOWN,
    }
}
