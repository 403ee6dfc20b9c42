//! `POST /api/v1/login`, `POST` and `DELETE /api/v1/token`: how a page comes by a token, keeps it fresh, and gives it
//! back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{delete, post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::document::{Operation, Reply, schema_of};
use super::{Answer, Host, Refusal, json_body, user_of};
use crate::api::Shared;
use crate::api::auth::User;
use crate::api::login::token::Claims;
use crate::api::server::Peer;

/// The largest body.
const LARGEST: usize = 4 * 1024;
const NOT_VALID: &str = "the code or token is not valid; a code is good once, for five minutes";

/// One of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shown {
    /// A code of `jackfield login USER`.
    #[serde(default)]
    code: Option<String>,
    /// A user's token of the configuration.
    #[serde(default)]
    token: Option<String>,
}

/// A token that ends.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LoggedIn {
    /// The token.
    token: String,
    /// When it ends (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    expires_at: String,
    /// In how many seconds.
    expires_in: u64,
    /// Until when it can be renewed (RFC 3339).
    #[schemars(schema_with = "super::view::time")]
    login_ends_at: String,
    /// Whose it is.
    user: Name,
    /// The user's lines, in their order; the first is the panel's default.
    lines: Vec<String>,
}

/// A user.
#[derive(Serialize, JsonSchema)]
struct Name {
    /// The name.
    name: String,
    /// What they may do.
    role: &'static str,
}

/// The login.
pub(super) fn log_in() -> Operation {
    Operation {
        method: "post",
        path: "/api/v1/login",
        id: super::document::OPEN_TO_ALL,
        summary: "Exchanges a one-time code, or a configured token, for a token that ends",
        parameters: |_| Vec::new(),
        headers: &[],
        body: Some(("application/json", schema_of::<Shown>)),
        replies: &[Reply { status: 200, about: "A token", content: Some(("application/json", schema_of::<LoggedIn>)) }],
        problems: &[400, 401, 408, 413, 415, 429, 503],
        route: post(exchange),
    }
}

async fn exchange(State(shared): Host, peer: Option<Extension<Peer>>, headers: HeaderMap, body: Body) -> Answer {
    let from = peer.map_or(IpAddr::from([0, 0, 0, 0]), |Extension(Peer(from))| from);
    if let Err(wait) = shared.logins.may_try(from) {
        tracing::warn!(target: "audit", %from, "a login was refused: too many wrong ones came from there");
        let mut refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong codes or tokens; wait a little");
        refusal.0.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        return Err(refusal);
    }
    let shown: Shown = json_body(&headers, body, LARGEST).await?;
    let (user, how) = match &shown {
        Shown { code: Some(code), token: None } => (by_code(&shared, code), "code"),
        Shown { code: None, token: Some(token) } => (by_token(&shared, token), "token"),
        _ => return Err(Refusal::bad("the body is {\"code\": …} or {\"token\": …}")),
    };
    let Some(user) = user else {
        shared.logins.failed(from);
        tracing::warn!(target: "audit", %from, how, "a login was refused");
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, NOT_VALID));
    };
    tracing::info!(target: "audit", user = %user.name, role = user.role.as_str(), %from, how, "logged in");
    let name = shared.logins.name().map_err(|why| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, &why))?;
    let now = SystemTime::now();
    Ok(given(&user, &Claims::new(&user.name, name, now), now))
}

fn by_code(shared: &Shared, code: &str) -> Option<Arc<User>> {
    shared.directory().users.named(&shared.logins.redeem(code)?).cloned()
}

/// A configured token, and no other: a login does not renew itself for ever.
fn by_token(shared: &Shared, token: &str) -> Option<Arc<User>> {
    shared.authenticate(token).filter(|user| user.login().is_none())
}

fn given(user: &User, claims: &Claims, now: SystemTime) -> Response {
    let text = |at: SystemTime| OffsetDateTime::from(at).format(&Rfc3339).unwrap_or_default();
    let answer = LoggedIn {
        token: user.sign(claims),
        expires_at: text(claims.ends()),
        expires_in: claims.ends().duration_since(now).unwrap_or_default().as_secs(),
        login_ends_at: text(claims.login_ends()),
        user: Name { name: user.name.clone(), role: user.role.as_str() },
        lines: user.lines.iter().map(|(name, _)| name.clone()).collect(),
    };
    // It is a secret: nobody on the way keeps it.
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(answer)).into_response()
}

/// The renewal.
pub(super) fn renew() -> Operation {
    Operation {
        method: "post",
        path: "/api/v1/token",
        id: "renewToken",
        summary: "A new token of the same login; the one before stays good until its own end",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[Reply { status: 200, about: "A token", content: Some(("application/json", schema_of::<LoggedIn>)) }],
        problems: &[400, 401],
        route: post(renewed),
    }
}

async fn renewed(State(shared): Host, headers: HeaderMap) -> Answer {
    let user = user_of(&shared, &headers)?;
    let claims = user.login().ok_or_else(not_of_a_login)?;
    let now = SystemTime::now();
    Ok(given(&user, &claims.renewed(now), now))
}

/// The end.
pub(super) fn log_out() -> Operation {
    Operation {
        method: "delete",
        path: "/api/v1/token",
        id: "logOut",
        summary: "Ends the login of this token: all its tokens, and the sockets that they opened",
        parameters: |_| Vec::new(),
        headers: &[],
        body: None,
        replies: &[Reply { status: 204, about: "It has ended", content: None }],
        problems: &[400, 401],
        route: delete(ended),
    }
}

async fn ended(State(shared): Host, headers: HeaderMap) -> Answer {
    let user = user_of(&shared, &headers)?;
    let claims = user.login().ok_or_else(not_of_a_login)?;
    tracing::info!(target: "audit", user = %user.name, "logged out");
    shared.log_out(claims);
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn not_of_a_login() -> Refusal {
    Refusal::bad("this is a token of the configuration: it has no end, and is withdrawn there")
}
