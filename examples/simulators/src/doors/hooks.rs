//! Requests that a phone system makes by itself, one after the other: their order means something.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::mpsc, time::timeout};

use super::{LONGEST, PATIENCE, outbox::Outbox};
use crate::{Hook, Output};

/// The end that hooks are given to, and the task that makes them.
pub(crate) fn run() -> (mpsc::Sender<Output>, impl Future<Output = ()> + Send) {
    let (sender, mut outbox) = Outbox::new();
    let task = async move {
        while let Some(output) = outbox.next().await {
            if let Output::Hook { hook, .. } = output {
                // Whoever does not answer misses it, as with a real one.
                drop(timeout(PATIENCE, make(hook)).await);
            }
        }
    };
    (sender, task)
}

async fn make(hook: Hook) -> Option<()> {
    let url: http::Uri = hook.url.parse().ok()?;
    let host = url.host().filter(|_| url.scheme_str() == Some("http"))?;
    let authority = url.authority()?.as_str();
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), url.port_u16().unwrap_or(80))).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let connection = tokio::spawn(connection);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let mut request = http::Request::builder().method(hook.method).uri(path).header("host", authority);
    let body = match hook.body {
        Some((content_type, body)) => {
            request = request.header("content-type", content_type);
            body
        }
        None => Vec::new(),
    };
    let answer = sender.send_request(request.body(Full::new(Bytes::from(body))).ok()?).await;
    if let Ok(answer) = answer {
        drop(Limited::new(answer.into_body(), LONGEST).collect().await);
    }
    connection.abort();
    Some(())
}
