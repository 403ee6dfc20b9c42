//! Pages of other origins: those that `server.origins` lists may ask what this host's own pages may (the Fetch standard
//! calls it CORS). No cookies are involved: who asks shows a token, and nothing else counts.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Shared;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_FIELDS: &str = "Authorization, Content-Type, If-Match, If-None-Match, Range";
const ANSWER_FIELDS: &str = "ETag, Content-Disposition, Retry-After, Content-Range, Accept-Ranges";
/// How long a browser may remember the answer, in seconds.
const REMEMBER: &str = "600";

/// Goes before every answer: says which pages may see it, and that no browser guesses what it is.
pub(super) async fn and_sniffing(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| origin.to_str().is_ok_and(|text| shared.directory().allows(text)));
    let asks_first = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && allowed.is_some();
    let is_data = request.uri().path().starts_with("/api/v1/");
    let mut response = if asks_first { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    if is_data && !headers.contains_key(header::CACHE_CONTROL) {
        // Whom somebody spoke with is written to no disk on the way.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if shared.directory().origins.is_empty() {
        return response;
    }
    // Another origin gets another answer, and caches must know.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = allowed else { return response };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let fields: &[(HeaderName, &'static str)] = if asks_first {
        &[
            (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_FIELDS),
            (header::ACCESS_CONTROL_MAX_AGE, REMEMBER),
        ]
    } else {
        &[(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_FIELDS)]
    };
    for (name, value) in fields {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
