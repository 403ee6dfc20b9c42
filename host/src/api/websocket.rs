//! The handshake of `/ws` (RFC 6455): origin, subprotocol, token; then the socket changes hands.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Shared;
use super::http::problem;
use super::server::Stream;
use super::session;
use crate::hub::PING_EVERY;

/// The subprotocol that both sides speak.
pub const SUBPROTOCOL: &str = "jackfield.v1";
/// A token may come as a second subprotocol, for browsers, which cannot set header fields.
const BEARER: &str = "bearer.";

/// Answers a request for `/ws`.
pub async fn upgrade(State(shared): State<Arc<Shared>>, mut request: Request) -> Response {
    let headers = request.headers();
    if let Err(refused) = check(&shared, headers) {
        return *refused;
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return problem(StatusCode::BAD_REQUEST, "the header Sec-WebSocket-Key is missing");
    };
    let accept = derive_accept_key(key.as_bytes());
    let token = bearer(headers);
    let upgrade = hyper::upgrade::on(&mut request);
    let (give, own) = oneshot::channel();
    let beginning = Box::pin(async move {
        let (Ok(upgraded), Ok(own)) = (upgrade.await, own.await) else { return None };
        match upgraded.downcast::<TokioIo<Stream>>() {
            Ok(parts) => session::begin(shared, parts.io.into_inner(), parts.read_buf, token, own).await,
            Err(_) => {
                tracing::error!("an upgraded connection is not one of ours");
                None
            }
        }
    });
    let task = tokio::spawn(session::serve(beginning));
    // It waits for this, so it is there.
    let _ = give.send(task.abort_handle());
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    if let Ok(accept) = HeaderValue::try_from(accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

fn check(shared: &Shared, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let has = |name: header::HeaderName, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .any(|v| v.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    if !has(header::UPGRADE, "websocket") || !has(header::CONNECTION, "upgrade") {
        let mut response = problem(StatusCode::UPGRADE_REQUIRED, "/ws speaks WebSocket only");
        response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        return Err(response.into());
    }
    if !has(header::SEC_WEBSOCKET_VERSION, "13") {
        return Err(problem(StatusCode::BAD_REQUEST, "WebSocket version 13 is needed").into());
    }
    if !has(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        let text = format!("the subprotocol `{SUBPROTOCOL}` must be asked for (Sec-WebSocket-Protocol)");
        return Err(problem(StatusCode::BAD_REQUEST, &text).into());
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        if !is_allowed(shared, origin, headers) {
            tracing::warn!(target: "audit", origin, "a page of another origin was refused");
            let text = "pages of this origin may not connect; the administrator lists them in server.origins";
            return Err(problem(StatusCode::FORBIDDEN, text).into());
        }
    }
    if shared.is_stopping() {
        let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "the host is stopping");
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(PING_EVERY.as_secs()));
        return Err(response.into());
    }
    if shared.hub.sessions() >= shared.config.max_sessions as u64 {
        return Err(problem(StatusCode::SERVICE_UNAVAILABLE, "there are too many clients (server.max_sessions)").into());
    }
    Ok(())
}

/// A page may connect when it is listed, or when this host served it. What is no page sends no origin.
fn is_allowed(shared: &Shared, origin: &str, headers: &HeaderMap) -> bool {
    if shared.directory().allows(origin) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    let scheme = if shared.config.tls.is_some() { "https" } else { "http" };
    !host.is_empty() && origin.eq_ignore_ascii_case(&format!("{scheme}://{host}"))
}

/// The token of the handshake, if one came with it.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if let Some((scheme, token)) = authorization.and_then(|v| v.split_once(' '))
        && scheme.eq_ignore_ascii_case("bearer")
    {
        return Some(token.trim().to_owned());
    }
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .find_map(|part| part.trim().strip_prefix(BEARER).map(ToOwned::to_owned))
}
