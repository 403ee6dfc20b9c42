//! What is not live: health.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get};
use serde_json::json;

use super::Shared;
use super::{cors, hooks, pages, rest, websocket};
use crate::config::Role;
use crate::store::Store;

/// The routes of the host.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/ws", get(websocket::upgrade))
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/hooks/{*path}", any(hooks::take))
        .merge(rest::router())
        .fallback(pages::serve)
        .method_not_allowed_fallback(other_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), cors::and_sniffing))
        .with_state(shared)
}

/// Something is there, and is asked for in another way; the field `Allow` says in which.
async fn other_method() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "this is not done here; the header field Allow says what is")
}

/// Ready: clients are let in. Whether phone systems answer is each line's state, not the host's.
async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    if shared.is_stopping() {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "the host is stopping");
    }
    if let Some(why) = shared.store.as_ref().and_then(Store::trouble) {
        return format!("ok, but calls are not stored now, and will be: {why}\n").into_response();
    }
    match shared.metrics.plugins.waiting.get() {
        0 => "ok\n".into_response(),
        1 => "ok, but 1 connection waits for its adapter\n".into_response(),
        many => format!("ok, but {many} connections wait for their adapters\n").into_response(),
    }
}

/// Numbers tell how busy a business is: not for everybody.
async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let user = websocket::bearer(&headers).and_then(|token| shared.authenticate(&token));
    match user.map(|u| u.role) {
        Some(Role::Admin | Role::Service | Role::Supervisor) => {
            let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
            ([(header::CONTENT_TYPE, kind)], shared.metrics.page()).into_response()
        }
        Some(Role::Agent) => problem(StatusCode::FORBIDDEN, "agents do not read /metrics"),
        None => {
            let text = "/metrics needs the token of a service, supervisor or admin (Authorization: Bearer …)";
            let mut response = problem(StatusCode::UNAUTHORIZED, text);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
    }
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
