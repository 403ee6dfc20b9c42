//! An HTTP door: every request is a client of its own, and waits for what the phone system answers.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::mpsc, time::timeout};

use super::{Input, LONGEST, Numbers, PATIENCE, Stream, UNANSWERED, outbox::Outbox, twice::Twice};
use crate::{Arrives, Output, Request};

type Answer = hyper::Response<Sent>;

pub(super) async fn serve(stream: Box<dyn Stream>, numbers: &Numbers, inputs: &mpsc::Sender<Input>) {
    let twice = Arc::new(AtomicBool::new(false));
    let service = service_fn(|request| answer(request, numbers, inputs, &twice));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(Twice::new(stream, Arc::clone(&twice))), service);
    // A client that breaks off, and an answer that is kept back, both end the connection and nothing else.
    drop(connection.await);
}

/// An answer; an error, which drops the connection, when there is none.
async fn answer(
    request: hyper::Request<Incoming>,
    numbers: &Numbers,
    inputs: &mpsc::Sender<Input>,
    twice: &AtomicBool,
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
        Some(Output::Respond { response, .. }) if response.arrives != Arrives::Nothing => {
            twice.store(response.arrives == Arrives::Twice, Ordering::Relaxed);
            let answer = hyper::Response::builder()
                .status(response.status)
                .header("content-type", response.content_type)
                .body(Sent::new(response.body.into(), response.arrives == Arrives::Half));
            Ok(answer.unwrap_or_else(|_| plain(500)))
        }
        _ => Err(Unanswered),
    }
}

fn plain(status: u16) -> Answer {
    let mut answer = hyper::Response::new(Sent::new(Bytes::new(), false));
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    answer
}

/// The phone system does not answer.
#[derive(Debug, thiserror::Error)]
#[error("there is no answer")]
struct Unanswered;

/// A body, or the half of one.
struct Sent {
    left: Option<Bytes>,
    length: u64,
    breaks: bool,
    /// The half is on its way: what came before an error is written only if the error does not come at once.
    waited: bool,
}

impl Sent {
    fn new(body: Bytes, breaks: bool) -> Self {
        let length = body.len() as u64;
        let left = if breaks { body.slice(..body.len() / 2) } else { body };
        Self { left: Some(left).filter(|left| !left.is_empty()), length, breaks, waited: false }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = Unanswered;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unanswered>>> {
        if let Some(left) = self.left.take() {
            return Poll::Ready(Some(Ok(Frame::data(left))));
        }
        if !self.breaks {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut self.waited, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Unanswered)))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
