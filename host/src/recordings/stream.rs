//! Bodies that are read in pieces by somebody else, who waits for the client and not for ever.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Pieces that may wait for the client.
const AHEAD: usize = 2;
/// How long a client may take for a piece.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the pieces of a body go.
pub(super) struct Pieces {
    to: mpsc::Sender<Result<Bytes, std::io::Error>>,
    /// Given back when the last piece has gone.
    _turn: OwnedSemaphorePermit,
}

impl Pieces {
    /// A piece. `false`: the client is gone, or does not read.
    pub(super) async fn send(&self, piece: Bytes) -> bool {
        matches!(tokio::time::timeout(PATIENCE, self.to.send(Ok(piece))).await, Ok(Ok(())))
    }

    /// The body breaks off, so that nobody takes it for complete.
    pub(super) async fn break_off(&self, why: std::io::Error) {
        // Who has gone away need not know.
        let _ = tokio::time::timeout(PATIENCE, self.to.send(Err(why))).await;
    }
}

/// A body, and where its pieces go.
pub(super) fn body(turn: OwnedSemaphorePermit) -> (Pieces, Body) {
    let (to, mut from) = mpsc::channel(AHEAD);
    (Pieces { to, _turn: turn }, Body::from_stream(stream::poll_fn(move |cx| from.poll_recv(cx))))
}
