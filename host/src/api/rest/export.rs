//! `GET /api/v1/calls.csv` and `GET /api/v1/calls.ndjson`: all calls of a question, streamed.
//!
//! An export is a walk from page to page: it holds no long transaction, and a client that reads slowly costs one page of
//! memory. Calls that come while it runs are newer than where it began, and are not in it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::sync::mpsc;

use super::document::{Operation, Reply, parameters_of, schema_of, text_schema};
use super::question::{Which, parameters};
use super::view::{Call, text};
use super::{Answer, Asker, Host, Shared};
use crate::store::query::{self, Cursor, Filter};
use crate::store::{Store, StoredCall};

/// Calls that are fetched at once.
const PAGE: usize = 1_000;
/// Pages that may wait for the client.
const AHEAD: usize = 2;

/// As comma-separated values.
pub(super) fn csv() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/calls.csv",
        id: "exportCallsAsCsv",
        summary: "All calls of a question as comma-separated values (RFC 4180), the newest first",
        parameters: parameters_of::<Which>,
        headers: &[],
        body: None,
        replies: &[Reply { status: 200, about: "The calls", content: Some(("text/csv", text_schema)) }],
        problems: &[400, 401, 404, 503],
        route: get(|State(shared): Host, headers: HeaderMap, uri: Uri| export(shared, headers, uri, Form::Csv)),
    }
}

/// As lines of JSON.
pub(super) fn ndjson() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/calls.ndjson",
        id: "exportCallsAsNdjson",
        summary: "All calls of a question, each a line of JSON, the newest first",
        parameters: parameters_of::<Which>,
        headers: &[],
        body: None,
        replies: &[Reply {
            status: 200,
            about: "The calls",
            content: Some(("application/x-ndjson", schema_of::<Call>)),
        }],
        problems: &[400, 401, 404, 503],
        route: get(|State(shared): Host, headers: HeaderMap, uri: Uri| export(shared, headers, uri, Form::Ndjson)),
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Csv,
    Ndjson,
}

async fn export(shared: Arc<Shared>, headers: HeaderMap, uri: Uri, form: Form) -> Answer {
    let asker = Asker::of(&shared, &headers)?;
    let filter = parameters::<Which>(&uri)?.filter(&asker)?;
    tracing::info!(target: "audit", user = %asker.user.name, question = uri.query(), "exports calls");
    // The first page before the first byte: what cannot be asked is told with a status.
    let (filter, first) = fetch(&asker.store, filter).await?;
    let (pages, mut ready) = mpsc::channel::<Result<Bytes, crate::store::StoreError>>(AHEAD);
    tokio::spawn(walk(asker.store, filter, first, form, pages));
    let body = Body::from_stream(stream::poll_fn(move |cx| ready.poll_recv(cx)));
    Ok(answer(form, body))
}

fn answer(form: Form, body: Body) -> Response {
    let (kind, name) = match form {
        Form::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"calls.csv\""),
        Form::Ndjson => ("application/x-ndjson", "attachment; filename=\"calls.ndjson\""),
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    (headers, body).into_response()
}

async fn fetch(store: &Store, filter: Filter) -> Result<(Filter, Vec<StoredCall>), crate::store::StoreError> {
    store
        .read(move |database| {
            let calls = query::page(database, &filter, PAGE)?;
            Ok((filter, calls))
        })
        .await
}

async fn walk(
    store: Store,
    mut filter: Filter,
    mut calls: Vec<StoredCall>,
    form: Form,
    pages: mpsc::Sender<Result<Bytes, crate::store::StoreError>>,
) {
    let mut begin = match form {
        Form::Csv => HEAD.join(",") + "\r\n",
        Form::Ndjson => String::new(),
    };
    loop {
        let last = calls
            .last()
            .map(|call| Cursor { started_at: call.record.started_at, call_id: call.record.call_id.clone() });
        let is_last = calls.len() < PAGE;
        let mut page = std::mem::take(&mut begin).into_bytes();
        for call in calls {
            match form {
                Form::Csv => csv_line(&call, &mut page),
                Form::Ndjson => {
                    // Into memory: it cannot fail.
                    let _ = serde_json::to_writer(&mut page, &Call::from(call));
                    page.push(b'\n');
                }
            }
        }
        // A client that has gone away wants no more.
        if pages.send(Ok(page.into())).await.is_err() || is_last {
            return;
        }
        filter.after = last;
        match fetch(&store, filter).await {
            Ok((same, more)) => (filter, calls) = (same, more),
            Err(error) => {
                tracing::warn!("an export breaks off: {error}");
                // The body breaks off, so that nobody takes it for complete.
                let _ = pages.send(Err(error)).await;
                return;
            }
        }
    }
}

const HEAD: [&str; 24] = [
    "callId",
    "line",
    "conversationId",
    "direction",
    "scope",
    "callerNumber",
    "callerName",
    "calledNumber",
    "calledName",
    "queue",
    "agent",
    "startedAt",
    "connectedAt",
    "endedAt",
    "ringMs",
    "talkMs",
    "holdMs",
    "result",
    "cause",
    "releasedBy",
    "estimated",
    "nativeId",
    "comment",
    "links",
];

fn csv_line(call: &StoredCall, out: &mut Vec<u8>) {
    let record = &call.record;
    let number =
        |party: &Option<crate::store::record::Party>| party.as_ref().map_or(String::new(), |p| p.number.clone());
    let name =
        |party: &Option<crate::store::record::Party>| party.as_ref().and_then(|p| p.name.clone()).unwrap_or_default();
    let links: Vec<String> = call.links.iter().map(|link| format!("{}:{}", link.kind, link.id)).collect();
    let queue = record.queue.as_ref().map(|queue| queue.name.clone().unwrap_or_else(|| queue.id.clone()));
    let cells = [
        record.call_id.clone(),
        record.line.clone(),
        record.conversation.clone(),
        record.direction.as_str().to_owned(),
        record.scope.as_str().to_owned(),
        number(&record.caller),
        name(&record.caller),
        number(&record.called),
        name(&record.called),
        queue.unwrap_or_default(),
        record.agent.clone().unwrap_or_default(),
        text(record.started_at),
        record.connected_at.map(text).unwrap_or_default(),
        record.ended_at.map(text).unwrap_or_default(),
        record.ring_ms.to_string(),
        record.talk_ms.to_string(),
        record.hold_ms.to_string(),
        record.result.map_or("", crate::store::Outcome::as_str).to_owned(),
        record.cause.map_or("", jackfield_plugin_api::CauseCode::as_str).to_owned(),
        record.released_by.map_or("", jackfield_plugin_api::ReleasedBy::as_str).to_owned(),
        record.estimated.to_string(),
        record.native_id.clone().unwrap_or_default(),
        call.comment.clone().unwrap_or_default(),
        links.join(" "),
    ];
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(csv_cell(cell).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// A cell as it may be opened by a spreadsheet: what would be taken for a formula begins with an apostrophe. A phone
/// number with its plus is none.
pub(super) fn csv_cell(cell: &str) -> String {
    let is_number =
        cell.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    let is_formula =
        cell.trim_start_matches([' ', '"']).starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_number;
    let guarded = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if guarded.contains([',', '"', '\r', '\n']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}
