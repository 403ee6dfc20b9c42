//! What is not live: health.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::json;

use super::Shared;
use super::websocket;

/// The routes of the host.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/ws", get(websocket::upgrade))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .fallback(async || problem(StatusCode::NOT_FOUND, "there is nothing here; clients connect to /ws"))
        .with_state(shared)
}

/// Ready: clients are let in. Whether phone systems answer is each line's state, not the host's.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    if shared.is_stopping() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the host is stopping");
    }
    "ok\n".into_response()
}

/// An RFC 9457 problem.
pub(super) fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("problem");
    let body = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    let mut response = (status, Json(body)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
