//! An HTTP door: every request is a client of its own, and waits for what the phone system answers.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::mpsc, time::timeout};

use super::{Input, LONGEST, Numbers, PATIENCE, Stream, UNANSWERED, outbox::Outbox};
use crate::{Output, Request};

type Answer = hyper::Response<Full<Bytes>>;

pub(super) async fn serve(stream: Box<dyn Stream>, numbers: &Numbers, inputs: &mpsc::Sender<Input>) {
    let service = service_fn(|request| answer(request, numbers, inputs));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    // A client that breaks off, and an answer that is kept back, both end the connection and nothing else.
    drop(connection.await);
}

/// An answer; an error, which drops the connection, when there is none.
async fn answer(
    request: hyper::Request<Incoming>,
    numbers: &Numbers,
    inputs: &mpsc::Sender<Input>,
) -> Result<Answer, Unanswered> {
    let (head, body) = request.into_parts();
    let body = match timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(_)) => return Ok(plain(413)),
        Err(_) => return Ok(plain(408)),
    };
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let request = Request {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().filter_map(text).collect(),
        body,
    };
    let client = numbers.next();
    let (sender, mut outbox) = Outbox::new();
    inputs.send(Input::Request(client, request, sender)).await.map_err(|_| Unanswered)?;
    let output = timeout(UNANSWERED, outbox.next()).await.ok().flatten();
    drop(inputs.send(Input::Answered(client)).await);
    match output {
        Some(Output::Respond { response, .. }) => {
            let answer = hyper::Response::builder()
                .status(response.status)
                .header("content-type", response.content_type)
                .body(Full::new(Bytes::from(response.body)));
            Ok(answer.unwrap_or_else(|_| plain(500)))
        }
        _ => Err(Unanswered),
    }
}

fn plain(status: u16) -> Answer {
    let mut answer = hyper::Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// The phone system does not answer.
#[derive(Debug, thiserror::Error)]
#[error("there is no answer")]
struct Unanswered;
