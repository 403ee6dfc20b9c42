//! HTTP requests that an adapter makes, bounded in time and size: one connection each, or those that are kept for
//! requests that may be repeated.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use jackfield_plugin_api::frame::input::InputFrame;
use jackfield_plugin_api::{CloseKind, CloseReason, HttpRequest, HttpResponse, RequestId, TransportSpec};
use tokio::task::{AbortHandle, JoinSet};

use super::dial::{self, Link};
use super::kept::{Connection, Kept};

/// Requests of one connection at a time.
const MOST: usize = 256;
/// The largest response.
const MOST_BODY: usize = 16 * 1024 * 1024;
/// The longest an adapter may wait (long polling).
const LONGEST: Duration = Duration::from_secs(300);

/// Status, header fields, body.
type Fetched = (u16, Vec<(String, String)>, Bytes);

/// A response, or why there is none.
pub(super) struct Done {
    request: RequestId,
    outcome: Result<Fetched, CloseReason>,
}

impl Done {
    #[cfg(test)]
    pub(super) fn is_good(&self) -> bool {
        self.outcome.is_ok()
    }

    pub(super) fn frame(&self) -> InputFrame<'_> {
        let response = match &self.outcome {
            Ok((status, headers, body)) => Ok(response(*status, headers.clone(), body)),
            Err(reason) => Err(reason),
        };
        InputFrame::http(self.request, response)
    }
}

fn response(status: u16, headers: Vec<(String, String)>, body: &Bytes) -> HttpResponse<'_> {
    HttpResponse::new(status, headers, body)
}

/// The requests under way, and connections that are kept for the next.
#[derive(Default)]
pub(super) struct Https {
    tasks: JoinSet<Done>,
    /// Those that are questions: given up at any time, nothing is lost.
    questions: Vec<AbortHandle>,
    kept: Kept,
}

impl Https {
    pub(super) fn start(&mut self, request: RequestId, http: HttpRequest) {
        if self.tasks.len() >= MOST {
            let reason = CloseReason::new(CloseKind::Limit, format!("{MOST} requests are under way already"));
            self.tasks.spawn(async move { Done { request, outcome: Err(reason) } });
            return;
        }
        let (kept, is_question) = (self.kept.clone(), http.repeatable);
        let task = self.tasks.spawn(async move {
            let timeout = Duration::from_millis(http.timeout_ms).min(LONGEST);
            let outcome = match tokio::time::timeout(timeout, fetch(http, kept).boxed()).await {
                Ok(outcome) => outcome,
                Err(_) => Err(CloseReason::new(CloseKind::Timeout, format!("no response within {timeout:?}"))),
            };
            Done { request, outcome }
        });
        if is_question {
            self.questions.retain(|question| !question.is_finished());
            self.questions.push(task);
        }
    }

    /// The next that is done. Cancel safe; never while there is none.
    pub(super) async fn next(&mut self) -> Option<Done> {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(done)) => return Some(done),
                Some(Err(_)) => {}
                None => std::future::pending::<()>().await,
            }
        }
    }

    /// Gives up what only asks.
    pub(super) fn drop_questions(&mut self) {
        self.questions.drain(..).for_each(|question| question.abort());
    }

    /// Waits until what is under way is answered, or for so long; the answers are nobody's.
    pub(super) async fn finish(&mut self, patience: Duration) {
        let answered = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(patience, answered).await;
        self.abort_all();
    }

    /// Breaks everything off.
    pub(super) fn abort_all(&mut self) {
        self.tasks.abort_all();
        self.questions.clear();
        self.kept.clear();
    }
}

async fn fetch(request: HttpRequest, kept: Kept) -> Result<Fetched, CloseReason> {
    let url = request.url.clone();
    let bad = |text: String| {
        let shown = url.split('?').next().unwrap_or_default();
        CloseReason::new(CloseKind::Refused, format!("{shown}: {text}"))
    };
    let uri: http::Uri = request.url.parse().map_err(|e: http::uri::InvalidUri| bad(e.to_string()))?;
    let host = uri.host().ok_or_else(|| bad("the URL has no host".to_owned()))?.trim_matches(['[', ']']).to_owned();
    let secure = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(bad("the URL begins with http:// or https://".to_owned())),
    };
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let spec = match secure {
        true => TransportSpec::tls(host, port, request.tls.clone()),
        false => TransportSpec::tcp(host, port),
    };
    let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(path)
        .header(http::header::HOST, uri.authority().map_or("", http::uri::Authority::as_str));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let outgoing = builder.body(Full::new(Bytes::from(request.body))).map_err(|e| bad(e.to_string()))?;
    // A kept one that the server has closed meanwhile fails at once; what may be repeated then goes over a new one.
    if request.repeatable
        && let Some(connection) = kept.take(&spec)
        && let Ok((fetched, connection)) = exchange(connection, outgoing.clone()).await
    {
        kept.keep(spec, connection);
        return Ok(fetched);
    }
    let connection = connect(&spec).await?.map_err(&bad)?;
    let (fetched, connection) = exchange(connection, outgoing).await.map_err(&bad)?;
    if request.repeatable {
        kept.keep(spec, connection);
    }
    Ok(fetched)
}

/// A connection for this target alone.
async fn connect(spec: &TransportSpec) -> Result<Result<Connection, String>, CloseReason> {
    Ok(match dial::dial(spec).await? {
        Link::Tcp(stream, _) => Connection::over(TokioIo::new(stream)).await,
        Link::Tls(stream, _) => Connection::over(TokioIo::new(*stream)).await,
        Link::WebSocket(_) => Err("no HTTP".to_owned()),
    })
}

async fn exchange(
    mut connection: Connection,
    request: http::Request<Full<Bytes>>,
) -> Result<(Fetched, Connection), String> {
    let response = connection.sender.send_request(request).await.map_err(|e| e.to_string())?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MOST_BODY).collect().await.map_err(|e| e.to_string())?.to_bytes();
    let text = |v: &http::HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(((parts.status.as_u16(), headers, body), connection))
}
