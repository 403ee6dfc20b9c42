//! `/hooks/<connection>/…`: requests that phone systems make, on their way to the adapter.
//!
//! Whoever is not expected gets the answer of an address where nothing is: another address, another secret and a
//! connection without hooks look the same from outside. Who is, is answered at once; what follows from the request comes
//! as events.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Shared;
use super::http::problem;
use super::pages;
use super::server::Peer;
use crate::config::{HooksConfig, Network};
use crate::connection::{ConnectionHandle, Hooked};
use crate::metrics::HookMetrics;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many requests may wait for one connection's adapter.
const WAITING: usize = 64;

/// The hooks of one connection.
#[derive(Debug)]
pub struct Hooks {
    allow: Vec<Network>,
    /// As a hash: neither a dump nor the time of comparing it tells the secret.
    secret: Option<[u8; 32]>,
    most_body: usize,
    pace: Pace,
    room: Arc<Semaphore>,
    connection: ConnectionHandle,
    metrics: HookMetrics,
}

impl Hooks {
    /// The hooks as they are configured.
    #[must_use]
    pub fn new(config: &HooksConfig, connection: ConnectionHandle, metrics: HookMetrics) -> Self {
        Self {
            allow: config.allow.clone(),
            secret: config.secret.as_ref().map(|secret| Sha256::digest(secret.reveal()).into()),
            most_body: usize::try_from(config.body_kib).unwrap_or(usize::MAX).saturating_mul(1024),
            pace: Pace::new(config.rate),
            room: Arc::new(Semaphore::new(WAITING)),
            connection,
            metrics,
        }
    }

    /// What stands in the path behind the secret, if the right one stands there.
    fn below<'path>(&self, path: &'path str) -> Option<&'path str> {
        let Some(secret) = &self.secret else { return Some(path) };
        let path = path.strip_prefix('/')?;
        let (shown, below) = path.split_at(path.find('/').unwrap_or(path.len()));
        let shown: [u8; 32] = Sha256::digest(shown).into();
        bool::from(shown.ct_eq(secret)).then_some(below)
    }
}

/// Takes a request of a phone system.
pub(super) async fn take(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(from)): Extension<Peer>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let directory = shared.directory();
    let path = head.uri.path().strip_prefix("/hooks/").unwrap_or_default();
    let (id, path) = path.split_at(path.find('/').unwrap_or(path.len()));
    let Some(hooks) = directory.hooks.get(id) else { return pages::nothing(&head) };
    let from = from.to_canonical();
    if !hooks.allow.iter().any(|network| network.has(from)) {
        hooks.metrics.address.inc();
        // Whose address is missing in `allow`, an administrator wants to know; what it asked for may be the secret.
        tracing::debug!(connection = hooks.connection.id(), %from, "a request to the hooks from an address that may not");
        return pages::nothing(&head);
    }
    let Some(path) = hooks.below(path) else {
        hooks.metrics.secret.inc();
        tracing::debug!(connection = hooks.connection.id(), %from, "a request to the hooks without the right secret");
        return pages::nothing(&head);
    };
    if !hooks.pace.take(Instant::now()) {
        hooks.metrics.rate.inc();
        return later(StatusCode::TOO_MANY_REQUESTS, "too many requests; see `rate` of [connection.hooks]");
    }
    let Ok(place) = Arc::clone(&hooks.room).try_acquire_owned() else {
        hooks.metrics.busy.inc();
        return later(StatusCode::SERVICE_UNAVAILABLE, "the connection's adapter is behind with its work");
    };
    let path = path.to_owned();
    let body = match read(&head, body, hooks.most_body).await {
        Ok(body) => body,
        Err(refused) => {
            hooks.metrics.body.inc();
            return *refused;
        }
    };
    let hooked = Hooked { head: described(&head, path, from), body, place };
    if shared.is_stopping() || !hooks.connection.hooked(hooked).await {
        hooks.metrics.busy.inc();
        return later(StatusCode::SERVICE_UNAVAILABLE, "the host is stopping");
    }
    hooks.metrics.taken.inc();
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], "{}").into_response()
}

/// Reads a body that has an end in size and time.
async fn read(head: &Parts, body: Body, most: usize) -> Result<Vec<u8>, Box<Response>> {
    let too_long = || {
        let text = format!("at most {most} bytes; see `body_kib` of [connection.hooks]");
        Box::new(problem(StatusCode::PAYLOAD_TOO_LARGE, &text))
    };
    let told = head.headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if told.is_some_and(|length: u64| length > most as u64) {
        return Err(too_long());
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(problem(StatusCode::BAD_REQUEST, "the body broke off").into()),
        Err(_) => Err(problem(StatusCode::REQUEST_TIMEOUT, "the body did not come in time").into()),
    }
}

/// A request as the adapter sees it: less what led it here.
fn described(head: &Parts, path: String, from: IpAddr) -> crate::connection::HookHead {
    let text = |(name, value): (&header::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    crate::connection::HookHead {
        method: head.method.as_str().to_owned(),
        path,
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().filter_map(text).collect(),
        from: from.to_string(),
    }
}

fn later(status: StatusCode, why: &str) -> Response {
    let mut response = problem(status, why);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// So many a second, and as many at once; a clock of what has been used up (GCRA), without a lock.
#[derive(Debug)]
struct Pace {
    /// What one costs, in nanoseconds.
    each: u64,
    began: Instant,
    /// Until when it is used up, in nanoseconds after `began`.
    used: AtomicU64,
}

impl Pace {
    fn new(rate: u32) -> Self {
        Self { each: 1_000_000_000 / u64::from(rate.max(1)), began: Instant::now(), used: AtomicU64::new(0) }
    }

    /// Takes one. `false`: there is none left.
    fn take(&self, now: Instant) -> bool {
        let now = u64::try_from(now.duration_since(self.began).as_nanos()).unwrap_or(u64::MAX);
        let room = now.saturating_add(1_000_000_000);
        let next = |used: u64| Some(used.max(now).saturating_add(self.each)).filter(|used| *used <= room);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_no_more() {
        let pace = Pace::new(10);
        let at = |millis| pace.began + Duration::from_millis(millis);
        assert_eq!((0..100).filter(|_| pace.take(at(0))).count(), 10);
        assert!(!pace.take(at(99)) && pace.take(at(100)) && !pace.take(at(100)));
        assert_eq!((0..100).filter(|_| pace.take(at(60_000))).count(), 10);
    }
}
