//! Recordings at a web server: the host asks for them, so that clients need neither its address nor its password.
//!
//! Only addresses below the configured one are asked for, and no redirection is followed: what an adapter says, and
//! what the server answers, cannot send the host elsewhere.

use std::time::Duration;

use axum::body::Body;
use axum::http::{self, HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use jackfield_plugin_api::{TlsOptions, TransportSpec};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::AbortHandle;

use super::stream::{self, Pieces};
use super::{LONGEST_NAME, Trouble, Wanted};
use crate::config::RecordingsConfig;
use crate::connection::dial::{self, Link};

/// How long the server may take for the header of its answer, and for a piece of its body.
const PATIENCE: Duration = Duration::from_secs(30);
/// The largest recording.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// The longest path and query that is asked for.
const LONGEST: usize = 4_096;
/// What is passed on of a request.
const ASKED: [header::HeaderName; 3] = [header::RANGE, header::IF_RANGE, header::IF_NONE_MATCH];
/// What is passed on of an answer.
const TOLD: [header::HeaderName; 6] = [
    header::ACCEPT_RANGES,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
];

/// A place at a web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    secure: bool,
    host: String,
    port: u16,
    /// Ends with a slash.
    path: String,
}

/// The place of an address.
pub(super) fn base(url: &str) -> Result<Base, String> {
    let expected = || "`http://` or `https://`, a host and a path, without user, password and query".to_owned();
    let uri: Uri = url.parse().map_err(|_| expected())?;
    let place = place(&uri).ok_or_else(expected)?;
    if uri.query().is_some() || url.contains(['@', '#']) || !plain(&place.path) {
        return Err(expected());
    }
    Ok(place)
}

fn place(uri: &Uri) -> Option<Base> {
    let secure = match uri.scheme_str()? {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let host = uri.host()?.trim_matches(['[', ']']).to_ascii_lowercase();
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let mut path = uri.path().to_owned();
    if !path.ends_with('/') {
        path.push('/');
    }
    (!host.is_empty()).then_some(Base { secure, host, port, path })
}

/// Whether a path stays where it is: no way up, by whatever letters.
fn plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let decoded = lower.replace("%2e", ".");
    !lower.contains("%2f")
        && !lower.contains("%5c")
        && !lower.contains("%00")
        && !lower.contains('\\')
        && !decoded.split('/').any(|part| part == ".." || part == ".")
}

impl Base {
    /// The path and query of a name: an address below this place, a path below it, or the name of a file in it.
    pub(super) fn target(&self, name: &str) -> Option<String> {
        let sound = (1..=LONGEST).contains(&name.len()) && !name.chars().any(|c| c.is_control() || c == '\\');
        if !sound {
            return None;
        }
        let is_address = ["http://", "https://"].iter().any(|scheme| name.starts_with(scheme));
        if !is_address && !name.starts_with('/') {
            let below = super::folder::relative(name).filter(|_| name.len() <= LONGEST_NAME)?;
            return Some(format!("{}{}", self.path, encoded(below.to_str()?)));
        }
        let uri: Uri = name.parse().ok()?;
        if is_address {
            let other = place(&uri)?;
            let same = (other.secure, &other.host, other.port) == (self.secure, &self.host, self.port);
            let authority = uri.authority()?.as_str();
            if !same || authority.contains('@') {
                return None;
            }
        }
        let below = uri.path().starts_with(&self.path) && plain(uri.path());
        below.then(|| uri.path_and_query().map(|both| both.as_str().to_owned())).flatten()
    }

    fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// The name of a file as a part of a path.
fn encoded(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => path.push(char::from(byte)),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

/// Reads a recording.
pub(super) async fn read(
    config: &RecordingsConfig,
    url: &str,
    name: &str,
    wanted: &Wanted,
    turn: OwnedSemaphorePermit,
) -> Result<Response<Body>, Trouble> {
    let base = base(url).map_err(Trouble::Unavailable)?;
    let target = base.target(name).ok_or_else(|| {
        // It may carry a password in its query.
        let shown: String = name.split('?').next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
        Trouble::NotThere(format!("`{shown:.200}` is not below {url}"))
    })?;
    let head = wanted.head;
    let request = request(config, &base, &target, wanted)?;
    let spec = match base.secure {
        true => {
            let ca = config.ca.as_ref().map(|ca| ca.to_string_lossy().into_owned());
            let tls = TlsOptions { ca, ..TlsOptions::default() };
            TransportSpec::tls(base.host.clone(), base.port, tls)
        }
        false => TransportSpec::tcp(base.host.clone(), base.port),
    };
    let answered = async {
        match dial::dial(&spec).await.map_err(|reason| reason.text)? {
            Link::Tcp(stream, _) => ask(TokioIo::new(stream), request).await,
            Link::Tls(stream, _) => ask(TokioIo::new(*stream), request).await,
            Link::WebSocket(_) => Err("no HTTP".to_owned()),
        }
    };
    let gone = |why: String| Trouble::Unavailable(format!("{url}: {why}"));
    let (answer, driver) = tokio::time::timeout(PATIENCE, answered)
        .await
        .map_err(|_| gone(format!("no answer within {} s", PATIENCE.as_secs())))?
        .map_err(gone)?;
    let driver = Driver(driver);
    judge(&answer).map_err(|why| match answer.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => Trouble::NotThere(format!("{url}: {why}")),
        _ => gone(why),
    })?;
    let (parts, incoming) = answer.into_parts();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = parts.status;
    *response.headers_mut() = told(&parts.headers);
    if !head && matches!(parts.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        let (pieces, body) = stream::body(turn);
        tokio::spawn(pass_on(incoming, pieces, driver));
        *response.body_mut() = body;
    }
    Ok(response)
}

fn request(
    config: &RecordingsConfig,
    base: &Base,
    target: &str,
    wanted: &Wanted,
) -> Result<http::Request<Empty<Bytes>>, Trouble> {
    let mut request = http::Request::builder()
        .method(if wanted.head { http::Method::HEAD } else { http::Method::GET })
        .uri(target)
        .header(header::HOST, base.authority())
        .header(header::ACCEPT_ENCODING, "identity");
    for name in ASKED {
        if let Some(value) = wanted.headers.get(&name) {
            request = request.header(name, value);
        }
    }
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{}", password.reveal()));
        let mut value =
            HeaderValue::try_from(format!("Basic {both}")).map_err(|e| Trouble::Unavailable(e.to_string()))?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(Empty::new()).map_err(|e| Trouble::NotThere(e.to_string()))
}

/// The connection to the server, which ends with the answer.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn ask<S>(
    stream: S,
    request: http::Request<Empty<Bytes>>,
) -> Result<(Response<hyper::body::Incoming>, AbortHandle), String>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(|e| e.to_string())?;
    let driver = tokio::spawn(connection).abort_handle();
    let answer = sender.send_request(request).await.map_err(|e| e.to_string())?;
    Ok((answer, driver))
}

/// Whether an answer is a recording, or part of one.
fn judge(answer: &Response<hyper::body::Incoming>) -> Result<(), String> {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_media = ["audio/", "video/", "application/octet-stream", "application/ogg"]
        .iter()
        .any(|known| kind.to_ascii_lowercase().starts_with(known));
    match answer.status() {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT if is_media || kind.is_empty() => Ok(()),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
            Err(format!("the server answers with `{kind:.100}`, which is no recording"))
        }
        StatusCode::NOT_MODIFIED | StatusCode::RANGE_NOT_SATISFIABLE => Ok(()),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(format!("the server answers {status}; see `user` and `password` of [connection.recordings]"))
        }
        status => Err(format!("the server answers {status}")),
    }
}

fn told(headers: &HeaderMap) -> HeaderMap {
    TOLD.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

async fn pass_on(mut incoming: hyper::body::Incoming, pieces: Pieces, _driver: Driver) {
    let mut all = 0u64;
    loop {
        let frame = match tokio::time::timeout(PATIENCE, incoming.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return pieces.break_off(std::io::Error::other(error)).await,
            Err(_) => return pieces.break_off(std::io::ErrorKind::TimedOut.into()).await,
        };
        let Ok(data) = frame.into_data() else { continue };
        all += data.len() as u64;
        if all > LARGEST {
            return pieces.break_off(std::io::Error::other("the recording has more than 4 GiB")).await;
        }
        if !pieces.send(data).await {
            return;
        }
    }
}
