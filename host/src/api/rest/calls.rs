//! `GET /api/v1/calls` and `GET /api/v1/calls/{callId}`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;

use super::document::{Operation, Reply, parameters_of, schema_of};
use super::question::{WhichPage, cursor, cursor_text, parameters};
use super::view::{Call, Page, WholeCall};
use super::{Answer, Asker, Host, Refusal};
use crate::store::query::{self, Cursor};

/// The most calls of a page.
const MOST: usize = 1_000;

/// The list of calls.
pub(super) fn list() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/calls",
        id: "listCalls",
        summary: "Calls, the newest first, a page at a time",
        parameters: parameters_of::<WhichPage>,
        headers: &[],
        body: None,
        replies: &[Reply { status: 200, about: "A page", content: Some(("application/json", schema_of::<Page>)) }],
        problems: &[400, 401, 404, 503],
        route: get(page),
    }
}

async fn page(State(shared): Host, headers: HeaderMap, uri: Uri) -> Answer {
    let asker = Asker::of(&shared, &headers)?;
    let (which, limit, after) = parameters::<WhichPage>(&uri)?.parts();
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::bad(&format!("`limit` is a number from 1 to {MOST}")));
    }
    let mut filter = which.filter(&asker)?;
    filter.after = cursor(after)?;
    // One more than wanted tells whether there is another page.
    let mut calls = asker.store.read(move |database| query::page(database, &filter, limit + 1)).await?;
    let more = calls.len() > limit;
    calls.truncate(limit);
    let next = calls
        .last()
        .filter(|_| more)
        .map(|call| cursor_text(&Cursor { started_at: call.record.started_at, call_id: call.record.call_id.clone() }));
    Ok(Json(Page { calls: calls.into_iter().map(Call::from).collect(), next }).into_response())
}

/// One call.
pub(super) fn one() -> Operation {
    Operation {
        method: "get",
        path: "/api/v1/calls/{callId}",
        id: "getCall",
        summary: "A call with its timeline and its conversation",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[
            Reply { status: 200, about: "The call", content: Some(("application/json", schema_of::<WholeCall>)) },
            Reply { status: 304, about: "It is as `If-None-Match` says", content: None },
        ],
        problems: &[401, 404, 503],
        route: get(whole),
    }
}

async fn whole(State(shared): Host, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    let asker = Asker::of(&shared, &headers)?;
    let (sees, wanted) = (asker.sees(), id);
    let found = asker.store.read(move |database| query::whole(database, &wanted, &sees)).await?;
    let found = found.ok_or_else(Refusal::no_call)?;
    let tag = etag(found.call.revision);
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let whole = WholeCall {
        call: found.call.into(),
        timeline: found.timeline.into_iter().map(Into::into).collect(),
        conversation: found.conversation.into_iter().map(Call::from).collect(),
    };
    Ok(tagged(tag, Json(whole).into_response()))
}

/// A row's revision as an entity tag.
pub(super) fn etag(revision: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

pub(super) fn tagged(tag: HeaderValue, mut response: Response) -> Response {
    response.headers_mut().insert(header::ETAG, tag);
    response
}
