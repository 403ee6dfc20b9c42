//! REST under `/api/v1`: logging in, the history, what an administrator sees and does; and its description at
//! `/api/openapi.json`.
//!
//! [`operations`] is the list of everything there is; the routes and the description are both made from it, so that
//! one cannot say what the other does not do. Who asks is who connects by WebSocket: the same tokens, the same lines.
//! A call of a line that one may not see is not there.

mod admin;
mod calls;
mod document;
mod edit;
mod export;
mod login;
mod question;
mod recordings;
mod statistics;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::Shared;
use super::auth::User;
use super::http::problem;
use super::server::PATIENCE;
use super::websocket;
use crate::config::Role;
use crate::store::query::Sees;
use crate::store::{Store, StoreError};

use document::Operation;
pub use document::document;
pub(super) use view::recording_path;

/// Everything there is.
fn operations() -> Vec<Operation> {
    let mut all = vec![login::log_in(), login::renew(), login::log_out()];
    all.extend(admin::operations());
    all.extend([calls::list(), calls::one(), edit::change(), export::csv(), export::ndjson(), statistics::calls()]);
    all.extend([recordings::list(), recordings::one()]);
    all
}

/// The routes.
pub(super) fn router() -> Router<Arc<Shared>> {
    let routes =
        operations().into_iter().fold(Router::new(), |router, operation| router.route(operation.path, operation.route));
    routes.route("/api/openapi.json", get(async || Json(document())))
}

/// Why a request is not answered as it wishes.
struct Refusal(Box<Response>);

impl Refusal {
    fn new(status: StatusCode, detail: &str) -> Self {
        Self(Box::new(problem(status, detail)))
    }

    fn bad(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The call is not there, or is not for who asks: nobody can tell the one from the other.
    fn no_call() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such call")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!("a question to the history is not answered: {error}");
        let mut refusal =
            Self::new(StatusCode::SERVICE_UNAVAILABLE, "the history cannot be asked now; the log says why");
        refusal.0.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        refusal
    }
}

type Answer = Result<Response, Refusal>;

/// Who asks.
fn user_of(shared: &Shared, headers: &HeaderMap) -> Result<Arc<User>, Refusal> {
    let user = websocket::bearer(headers).and_then(|token| shared.authenticate(&token));
    user.ok_or_else(|| {
        let text = "a token is needed (Authorization: Bearer …), and is not there or not valid";
        let mut refusal = Refusal::new(StatusCode::UNAUTHORIZED, text);
        refusal.0.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        refusal
    })
}

/// A body that has an end in size and time: who sends it byte by byte keeps nobody else's place.
async fn whole_body(body: Body, largest: usize) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, largest)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let text = format!("the body has more than {largest} bytes, or did not come whole");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &text))
        }
        Err(_) => {
            let text = format!("the body did not come within {} s", PATIENCE.as_secs());
            Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, &text))
        }
    }
}

/// A body of JSON.
async fn json_body<T: DeserializeOwned>(headers: &HeaderMap, body: Body, largest: usize) -> Result<T, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // Also what keeps a page of another origin from sending it unasked.
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let text = "the body is JSON (Content-Type: application/json)";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let body = whole_body(body, largest).await?;
    // An object first: a list would be taken for one, field by field. Nothing of the body is repeated: it may be secret.
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&body).map_err(|_| Refusal::bad("the body is not a JSON object"))?;
    serde_json::from_value(object.into()).map_err(|e| match e.to_string() {
        e if e.starts_with("unknown field") || e.starts_with("missing field") => {
            Refusal::bad(&format!("the body: {e}"))
        }
        _ => Refusal::bad("the body has a field of the wrong type; /api/openapi.json says which there are"),
    })
}

/// Who asks, and what they ask.
struct Asker {
    user: Arc<User>,
    store: Store,
}

impl Asker {
    fn of(shared: &Shared, headers: &HeaderMap) -> Result<Self, Refusal> {
        let user = user_of(shared, headers)?;
        let Some(store) = shared.store.clone() else {
            return Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "this host keeps no calls; [store] in its configuration says where",
            ));
        };
        Ok(Self { user, store })
    }

    /// Which calls they may see.
    fn sees(&self) -> Sees {
        match self.user.role {
            Role::Admin => Sees::All,
            _ => Sees::Lines(self.user.lines.iter().map(|(name, _)| name.clone()).collect()),
        }
    }
}

/// What every handler begins with.
type Host = State<Arc<Shared>>;
